// adapters/cli/context.hpp: what every command of `iro` needs: the options that
// all share, the event types, the key file, a client, and a voice.
//
// One Context lives in main(); commands borrow it. Answers go to standard
// output, everything else to standard error, so that output can be piped. Main
// thread only, but for lang and json.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "adapters/cli/texts.hpp"
#include "adapters/client/client.hpp"
#include "hub/base/clock.hpp"
#include "hub/base/error.hpp"
#include "hub/schema/registry.hpp"

namespace iro::cli {

namespace fs = std::filesystem;
namespace json = boost::json;

/// What the process answers its caller.
enum Exit : int { ok = 0, failed = 1, usage = 2, unreachable = 69, corrupt = 74 };
Exit exit_of(Errc code);

struct GlobalOptions {
  bool json = false;
  std::string lang;
  fs::path key;
  fs::path hub;
  double timeout_s = 10;
};

class Context {
 public:
  explicit Context(Lang lang) : text(lang) {}

  GlobalOptions options;
  Texts text;
  SystemClock clock;
  std::function<Result<int>()> run;  // what the chosen command does; set while parsing

  /// The event types of this build.
  const schema::Registry& registry();
  /// A type by its full or short name; unknown_type otherwise.
  Result<const schema::EventType*> type(std::string_view name);

  /// --key, else the operator's of --hub, else $IRO_KEY, else ./key.toml.
  [[nodiscard]] fs::path key_path() const;
  Result<client::KeyFile> key();
  [[nodiscard]] std::chrono::milliseconds timeout() const;

  /// A client whose first WELCOME has come. `data_folder` empty: it publishes nothing and has no
  /// durable consumers; `client_name` empty: a random one, so that many can run side by side.
  /// Waits (up to the timeout) while another `iro` holds the data folder.
  Result<std::unique_ptr<client::Client>> connect(const fs::path& data_folder = {}, std::string client_name = {});
  /// The same as the holder of other keys than the key file's.
  Result<std::unique_ptr<client::Client>> connect_as(client::KeyFile keys, const fs::path& data_folder = {},
                                                     std::string client_name = {});
  /// A view of the hub, its pages joined to one value; over a client of its own when none is given.
  Result<json::value> query(std::string_view view, const json::object& args, client::Client* client = nullptr);
  /// `at_least` is for commands that take their time.
  Result<json::value> control(std::string_view command, const json::object& args,
                              std::chrono::milliseconds at_least = std::chrono::milliseconds(0));

  /// Answers: as JSON (one line) or as text for people.
  void print_json(const json::value& value) const;
  static void print(std::string_view line);
  /// To standard error; not with --json. Any thread.
  void note(std::string_view line) const;
  void print_error(const Error& error) const;
  /// Is standard error a terminal that wants to see progress?
  [[nodiscard]] bool wants_progress() const;

 private:
  std::unique_ptr<schema::Registry> registry_;
};

/// SIGINT and SIGTERM, asked for instead of suffered. Make it before any thread starts (before connect()).
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  /// True when one has come, at the latest after `time`.
  bool wait(std::chrono::milliseconds time);

 private:
  sigset_t set_{};
  sigset_t before_{};
};

/// A folder that is gone when this is.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> create();
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~TemporaryFolder();
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

/// 12 random characters of hexadecimal, for names that must not meet.
std::string random_name();

}  // namespace iro::cli

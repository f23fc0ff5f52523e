// tests/plugins/support/plugin_hub.hpp: what a hub does with the runner, in a few lines, for tests.
//
// It makes plugins ready in a temporary folder, calls them and waits for the
// result (never longer than ten seconds), answers their questions of state, and
// applies what they write. Everything that they print is kept.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hub/reaction/process_runner.hpp"
#include "hub/schema/registry.hpp"
#include "tests/support/temp_folder.hpp"

namespace iro::test {

inline constexpr std::string_view closed_type = "nl.placements.risk.closed.v1";
inline constexpr std::string_view escalated_type = "nl.placements.risk.escalated.v1";

struct PluginWish {
  std::string object{};  // "good": the test plugin good.so
  std::string id{};      // "" = as the object
  std::string version = "1.0.0";
  std::string abi = "1.0";
  std::string judges{};  // TOML list elements, as reacts and emits
  std::string reacts = "\"nl.placements.risk.closed.v1\"";
  std::string emits = "\"nl.placements.risk.closed.v1\"";
  std::string budget{"event_ms = 1000"};  // lines of [budget]; patient, for tests run beside other work
  std::string config{};                   // [config.x] tables
  std::string sha256{};                   // "" = the right one
  std::string settings = "{}";
};

/// The text of its plugin.toml.
std::string manifest_text(const PluginWish& wish);

const schema::Registry& builtin_types();
/// A payload of closed_type.
Bytes closed_payload();
std::filesystem::path test_object(const std::string& name);
/// The object and its plugin.toml in a new folder: what an operator would be given.
void make_folder(const PluginWish& wish, const std::filesystem::path& folder);

class PluginHub {
 public:
  explicit PluginHub(bool log_denied = false);

  /// Copies the object into a folder of its own, with a plugin.toml. Fails as the hub's own loading does.
  iro::Result<reaction::ProcessPlugin> make(const PluginWish& wish);
  /// The same, which must succeed, and it is added to the runner.
  void add(const PluginWish& wish);

  /// An event whose subject is `what`. It lives as long as the hub.
  reaction::CallEvent event(const std::string& what, bool judged = false);
  /// One call with these events; waits for its result, and applies the state of its outcomes.
  reaction::Result ask(const std::string& plugin, std::vector<reaction::CallEvent> events, bool alone = false);
  reaction::Result ask(const std::string& plugin, const std::string& what) { return ask(plugin, {event(what)}); }
  /// What the plugin explained on one event: the notes' English, parted by " | ".
  std::string told(const std::string& plugin, const std::string& what);
  iro::Result<std::string> show(const std::string& plugin, const std::string& view);

  /// A call without waiting; its number.
  std::uint64_t begin(const std::string& plugin, std::vector<reaction::CallEvent> events, bool alone = false);
  reaction::Result wait_result(const std::string& plugin);

  [[nodiscard]] reaction::ProcessRunner& runner() { return *runner_; }
  void end_runner() { runner_.reset(); }
  [[nodiscard]] std::vector<std::string>& log() { return *log_; }
  /// Whether a line with `text` is there, or comes: what a plugin prints goes by another way than its answers, and may
  /// be read after them.
  [[nodiscard]] bool logged(const std::string& text);
  std::map<std::string, std::map<std::string, std::string>>& state() { return state_; }
  std::size_t asked = 0;     // questions of state so far
  bool answer_state = true;  // false: a hub that is busy

  /// Looks at the children, waiting at most `ms`.
  void turn(int ms);

 private:
  void answer(const reaction::StateAsk& ask);

  TempFolder folder_;
  std::shared_ptr<std::vector<std::string>> log_ = std::make_shared<std::vector<std::string>>();
  std::unique_ptr<reaction::ProcessRunner> runner_;
  std::map<std::string, std::map<std::string, std::string>> state_;
  std::deque<std::string> texts_;
  std::deque<reaction::Result> results_;
  std::deque<reaction::ViewAnswer> views_;
  std::uint64_t no_ = 0;
  std::uint32_t item_ = 100;
  int folders_ = 0;
};

}  // namespace iro::test

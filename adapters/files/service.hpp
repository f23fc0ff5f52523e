// adapters/files/service.hpp: one process that serves the folders of many members.
//
// The service looks at every member's outbox/ each second, takes the files that
// are complete (a transaction of one, then of the next member, so that a long
// file holds nobody up), and writes what arrives into inbox/. All members share
// one network thread; each has its own key, session and data.
//
// A file is complete when its size and time have been the same for two seconds;
// names that begin with a point or end in .part or .tmp wait until renamed.
//
// round(), run() and drain() belong to one thread; status_json() to any.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "adapters/client/client.hpp"
#include "adapters/files/format.hpp"
#include "adapters/files/intake.hpp"
#include "hub/base/clock.hpp"
#include "hub/schema/registry.hpp"

namespace iro::files {

struct MemberConfig {
  std::filesystem::path folder;
  std::filesystem::path key;  // the member's key file
};

struct ServiceConfig {
  std::vector<MemberConfig> members;
  std::filesystem::path mappings;  // a folder with mappings for all; "" = only the built-in ones
  std::int64_t poll_ms = 1'000;
  std::int64_t quiet_ms = 2'000;  // how long a file must stay the same

  /// A TOML file (README.md has an example); paths in it are relative to it.
  /// Fails with config_invalid and the line.
  static Result<ServiceConfig> load(const std::filesystem::path& path);
};

/// How a client is opened: client::Client::open, or a twin in tests.
using OpenClient = std::function<Result<std::unique_ptr<client::Client>>(client::Options)>;

/// What happened, for whoever watches: one call a finished file or a new kind of trouble, from any thread.
struct Note {
  std::string member;
  std::string text;                 // for people, without personal data
  const TakenFile* file = nullptr;  // the file that is finished, if it is that
};

class ServedMember;

class FilesService {
 public:
  /// Opens every member's client; a hub that is down is no error.
  static Result<std::unique_ptr<FilesService>> open(ServiceConfig config, const Clock& clock,
                                                    const OpenClient& open_client,
                                                    const std::function<void(const Note&)>& on_note = {});
  ~FilesService();

  /// One look at every folder and one transaction for each member with a file. True when anything was done.
  bool round();
  /// Until `stop`.
  void run(const std::atomic<bool>& stop);
  /// Until all outboxes are empty and the hub has decided on everything, or
  /// `stop`. Fails with timeout, or with the trouble that keeps a file from being taken.
  Status drain(std::chrono::milliseconds timeout, const std::atomic<bool>& stop);

  /// {"members": [{"member", "connected", "waiting_files", "current", "files", "counts", "publish", "received", ...}]}
  [[nodiscard]] std::string status_json() const;

 private:
  FilesService(ServiceConfig config, const Clock& clock, schema::Registry registry);

  ServiceConfig config_;
  const Clock& clock_;
  schema::Registry registry_;
  std::vector<std::unique_ptr<ServedMember>> members_;
};

}  // namespace iro::files

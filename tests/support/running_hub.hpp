// tests/support/running_hub.hpp: a real irod in a folder of its own, for tests that kill it.
//
// Started on a free loopback port; the port is kept over restarts, so that
// clients find it again. Only processes started here are ended, by their id.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "adapters/client/client.hpp"
#include "tests/support/temp_folder.hpp"

namespace iro::test {

class RunningHub {
 public:
  /// Makes a hub in a fresh folder under `base`; not started yet.
  explicit RunningHub(const std::filesystem::path& base);
  ~RunningHub();
  RunningHub(const RunningHub&) = delete;
  RunningHub& operator=(const RunningHub&) = delete;

  /// Start irod and wait until it says "ready". Throws when it does not within 20 s.
  void start();
  /// SIGKILL, and wait until it is gone.
  void kill();
  /// What it logs from the next start on goes to this file, at `level`.
  void log_to(const std::filesystem::path& file, const std::string& level);
  /// Send a signal and go on.
  void signal(int number);
  /// SIGTERM, and wait; the exit code.
  int stop();
  /// Wait for it to end by itself; the exit code, or -1 after `seconds`.
  int wait_exit(int seconds);
  [[nodiscard]] bool running() const { return pid_ > 0; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// The processes of its plugins that are there now.
  [[nodiscard]] std::vector<pid_t> children() const;

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path data() const { return folder_ / "data"; }
  [[nodiscard]] const client::KeyFile& operator_key() const { return operator_key_; }
  /// Enrol a member through the operator; its key file.
  client::KeyFile enrol(const std::string& slug, const std::vector<std::string>& roles);

 private:
  std::filesystem::path folder_;
  client::KeyFile operator_key_;
  pid_t pid_ = -1;
  int output_ = -1;
  std::filesystem::path log_file_;
};

}  // namespace iro::test

// Concern: `irod --check-config` names every problem at once, with its line and what to do.
// Plan: a sound folder, then folders with one fault each, then one with all of them.
#include <algorithm>
#include <fstream>

#include "hub/daemon/config_check.hpp"
#include "tests/catch.hpp"
#include "tests/support/running_hub.hpp"

namespace iro::test {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> checks(const fs::path& folder) {
  std::vector<std::string> out;
  for (const auto& p : daemon::check_config(folder)) {
    CHECK_FALSE(p.fix.empty());
    out.push_back(p.check);
  }
  std::ranges::sort(out);
  return out;
}
void write(const fs::path& file, const std::string& text) { std::ofstream(file) << text; }

}  // namespace

TEST_CASE("check-config: a folder that `iro init` made is sound") {
  TempFolder folder;
  const RunningHub hub(folder.path());
  CHECK(checks(hub.folder()).empty());
}

TEST_CASE("check-config: every problem is named at once, with its line") {
  TempFolder folder;
  const RunningHub hub(folder.path());
  write(hub.folder() / "hub.toml",
        "name = \"\"\noin = \"12\"\nlog_level = \"loud\"\nendpoints = [\"tcp://nowhere\", \"ipc:///a\", \"ipc:///a\"]\n"
        "drain_ms = 5\ninput_queue_mib = \"much\"\nport = 7\n");
  fs::permissions(hub.folder() / "secrets.toml", fs::perms::owner_all | fs::perms::others_read);
  fs::permissions(hub.data(), fs::perms::all);
  const auto problems = daemon::check_config(hub.folder());
  CHECK(checks(hub.folder()) == std::vector<std::string>{"data_mode", "drain_ms", "endpoints", "endpoints",
                                                         "input_queue_mib", "log_level", "name", "oin", "secrets_mode",
                                                         "unknown_setting"});
  const auto port = std::ranges::find(problems, std::string("unknown_setting"), &daemon::Problem::check);
  REQUIRE(port != problems.end());
  CHECK(port->line == 7);
  CHECK_THAT(port->text(), ContainsSubstring("hub.toml:7: unknown_setting: unknown setting 'port'"));
}

TEST_CASE("check-config: what is missing or no TOML is told, and no secret is shown") {
  TempFolder folder;
  const RunningHub hub(folder.path());
  write(hub.folder() / "hub.toml", "name = \"x\"\nname = ");
  write(hub.folder() / "secrets.toml", "curve_public = 'a secret that is too short'\n");
  fs::remove_all(hub.data());
  const auto problems = daemon::check_config(hub.folder());
  for (const auto& p : problems) CHECK(p.text().find("too short") == std::string::npos);
  CHECK(checks(hub.folder()) == std::vector<std::string>{"data_folder", "hub_toml", "secrets_keys", "secrets_keys",
                                                         "secrets_keys", "secrets_keys", "secrets_keys"});
  CHECK(checks(folder.path() / "nowhere") == std::vector<std::string>{"folder"});
}

}  // namespace iro::test

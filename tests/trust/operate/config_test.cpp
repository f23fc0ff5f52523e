// Concern: `irod --check-config` names every problem at once, with its line and what to do.
// Plan: a sound folder, then folders with one fault each, then one with all of them.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>

#include "hub/daemon/config_check.hpp"
#include "tests/catch.hpp"
#include "tests/support/running_hub.hpp"

namespace iro::test {
namespace {

namespace fs = std::filesystem;

/// What keeps irod from running; `warnings`: what does not.
std::vector<std::string> checks(const fs::path& folder, bool warnings = false) {
  std::vector<std::string> out;
  for (const auto& p : daemon::check_config(folder)) {
    CHECK_FALSE(p.fix.empty());
    if (p.warning == warnings) out.push_back(p.check);
  }
  std::ranges::sort(out);
  return out;
}
std::vector<std::string> warnings(const fs::path& folder) { return checks(folder, true); }
void write(const fs::path& file, const std::string& text) { std::ofstream(file) << text; }

/// A folder on a file system in memory, to stand for another disk.
struct OtherVolume {
  OtherVolume() {
    std::string name = "/dev/shm/iro-config-XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) path = name;
  }
  ~OtherVolume() {
    if (!path.empty()) fs::remove_all(path);
  }
  [[nodiscard]] bool is_other_than(const fs::path& folder) const {
    struct stat a {};
    struct stat b {};
    return !path.empty() && ::stat(path.c_str(), &a) == 0 && ::stat(folder.c_str(), &b) == 0 && a.st_dev != b.st_dev;
  }
  fs::path path;
};

}  // namespace

TEST_CASE("check-config: a folder that `iro init` made is sound") {
  TempFolder folder;
  const RunningHub hub(folder.path());
  CHECK(checks(hub.folder()).empty());
  CHECK(warnings(hub.folder()) == std::vector<std::string>{"witness_volume"});  // nobody has chosen a disk for it yet
}

TEST_CASE("check-config: every setting that hub.toml may hold is looked at") {
  TempFolder folder;
  const RunningHub hub(folder.path());
  std::string wrong;
  for (const auto& name : daemon::known_settings()) wrong += name + " = [[]]\n";  // right for none of them
  write(hub.folder() / "hub.toml", wrong);
  const auto found = checks(hub.folder());
  for (const auto& name : daemon::known_settings()) {
    INFO(name);
    CHECK(std::ranges::find(found, name) != found.end());
    write(hub.folder() / "hub.toml", name + " = [[]]\n");  // and irod does not run with it either
    const auto home = daemon::Home::load(hub.folder());
    if (name != "endpoints") CHECK((!home && home.error().code == Errc::config_invalid));
  }
}

TEST_CASE("check-config: the witness needs a folder that is there or can be made, and wants another volume") {
  TempFolder folder;
  const RunningHub hub(folder.path());
  const auto with = [&](const std::string& place) {
    write(hub.folder() / "hub.toml", "witness = \"" + place + "\"\n");
    return daemon::check_config(hub.folder());
  };
  with((folder.path() / "not" / "yet").string());
  CHECK(checks(hub.folder()).empty());
  CHECK_FALSE(fs::exists(folder.path() / "not"));  // it was asked, not tried
  write(folder.path() / "file", "x");
  for (const char* bad : {"file", "file/below"}) {
    const auto problems = with((folder.path() / bad).string());
    CHECK(checks(hub.folder()) == std::vector<std::string>{"witness"});
    CHECK(problems.front().line == 1);
    CHECK_THAT(problems.front().text(), ContainsSubstring("file is no folder"));
  }
  with("");
  CHECK(checks(hub.folder()) == std::vector<std::string>{"witness"});
  if (::geteuid() != 0) {  // root may write anywhere
    fs::create_directory(folder.path() / "shut");
    fs::permissions(folder.path() / "shut", fs::perms::owner_read | fs::perms::owner_exec);
    CHECK_THAT(with((folder.path() / "shut" / "w").string()).front().text(), ContainsSubstring("may not write"));
  }
  const OtherVolume other;
  if (!other.is_other_than(hub.data())) {
    WARN("no second volume on this machine");
    return;
  }
  with((other.path / "witness").string());
  CHECK(checks(hub.folder()).empty());
  CHECK(warnings(hub.folder()).empty());
}

TEST_CASE("check-config: copies of the keys need a folder that can be written, and do not belong inside data/") {
  TempFolder folder;
  const RunningHub hub(folder.path());
  const auto with = [&](const std::string& place) {
    write(hub.folder() / "hub.toml", "keys_backup = \"" + place + "\"\n");
    const auto told = warnings(hub.folder());
    return std::pair(checks(hub.folder()),
                     std::set<std::string>(told.begin(), told.end()).contains("keys_backup_place"));
  };
  using Found = std::pair<std::vector<std::string>, bool>;
  CHECK(with((folder.path() / "keys").string()) == Found({}, false));
  CHECK(with("") == Found({}, false));  // nowhere, as when it is not there
  CHECK(with("data-keys") == Found({}, false));
  for (const char* inside : {"data", "data/keys", "./witness/../data/keys/more"}) {
    INFO(inside);
    CHECK(with(inside) == Found({}, true));
  }
  fs::create_directory_symlink(hub.data(), folder.path() / "link");
  CHECK(with((folder.path() / "link" / "keys").string()) == Found({}, true));
  write(folder.path() / "file", "x");
  CHECK(with((folder.path() / "file").string()) == Found({"keys_backup"}, false));
}

TEST_CASE("check-config: the scrubber's pace has a range, and irod keeps to it") {
  TempFolder folder;
  const RunningHub hub(folder.path());
  for (const std::int64_t good : {std::int64_t{0}, std::int64_t{1}, limits::scrub_most_bytes_per_second}) {
    write(hub.folder() / "hub.toml", "scrub_bytes_per_second = " + std::to_string(good) + "\n");
    CHECK(checks(hub.folder()).empty());
    CHECK(daemon::Home::load(hub.folder()).value().config.scrub_bytes_per_second == static_cast<std::size_t>(good));
  }
  const std::string too_many = std::to_string(limits::scrub_most_bytes_per_second + 1);
  for (const std::string& bad : std::vector<std::string>{"-1", "\"fast\"", "1.5", too_many}) {
    write(hub.folder() / "hub.toml", "scrub_bytes_per_second = " + bad + "\n");
    CHECK(checks(hub.folder()) == std::vector<std::string>{"scrub_bytes_per_second"});
    CHECK_FALSE(daemon::Home::load(hub.folder()));
  }
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
                                                         "secrets_keys", "secrets_keys", "secrets_keys",
                                                         "secrets_keys"});
  CHECK(checks(folder.path() / "nowhere") == std::vector<std::string>{"folder"});
}

}  // namespace iro::test

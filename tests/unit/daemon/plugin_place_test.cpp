// Concern: a plugin's folder changes hands whole or not at all, and the way back is never lost to a crash.
// Plan: switches and ways back in a temporary folder; then every state that a crash between two steps leaves, mended.
#include <fstream>
#include <sstream>

#include "hub/daemon/plugin_place.hpp"
#include "tests/catch.hpp"
#include "tests/support/temp_folder.hpp"

using namespace iro;
using namespace iro::daemon;
using iro::test::TempFolder;
namespace fs = std::filesystem;

namespace {

void write_version(const fs::path& folder, const std::string& version) {
  fs::create_directories(folder / "schemas");
  std::ofstream(folder / "plugin.toml") << version;
  std::ofstream(folder / "schemas" / "one.bfbs") << version;
}

/// "-" when nothing whole is there.
std::string version_in(const fs::path& folder) {
  std::ifstream in(folder / "plugin.toml");
  std::ostringstream text;
  text << in.rdbuf();
  return in && fs::exists(folder / "schemas" / "one.bfbs") ? text.str() : "-";
}

struct Hub {
  TempFolder temp;
  fs::path plugins = temp.path() / "plugins";
  fs::path now = plugins / "rule";
  fs::path old = plugins / ".rule.old";
  fs::path fresh = plugins / ".rule.new";
  fs::path back = plugins / ".rule.back";
  fs::path build(const std::string& version) const {
    const fs::path folder = temp.path() / ("build-" + version);
    write_version(folder, version);
    return folder;
  }
  [[nodiscard]] std::string state() const {
    return version_in(now) + " " + version_in(old) + " " + version_in(fresh) + " " + version_in(back);
  }
};

}  // namespace

TEST_CASE("plugins: a version takes the place of another, and the way back takes it away again") {
  const Hub hub;
  REQUIRE(put_plugin(hub.plugins, "rule", hub.build("1")));
  CHECK(hub.state() == "1 - - -");
  CHECK(put_plugin_back(hub.plugins, "rule").error().code == Errc::not_found);
  REQUIRE(put_plugin(hub.plugins, "rule", hub.build("2")));
  CHECK(hub.state() == "2 1 - -");
  REQUIRE(put_plugin(hub.plugins, "rule", hub.build("3")));
  CHECK(hub.state() == "3 2 - -");
  REQUIRE(put_plugin_back(hub.plugins, "rule"));
  CHECK(hub.state() == "2 3 - -");
  REQUIRE(put_plugin_back(hub.plugins, "rule"));
  CHECK(hub.state() == "3 2 - -");
  REQUIRE(mend_plugins(hub.plugins));
  CHECK(hub.state() == "3 2 - -");
}

TEST_CASE("plugins: a version that cannot be copied leaves the one in force") {
  const Hub hub;
  REQUIRE(put_plugin(hub.plugins, "rule", hub.build("1")));
  CHECK(put_plugin(hub.plugins, "rule", hub.temp.path() / "nowhere").error().code == Errc::io);
  REQUIRE(mend_plugins(hub.plugins));
  CHECK(hub.state() == "1 - - -");
}

TEST_CASE("plugins: what a crash between two steps leaves is finished or undone") {
  const Hub hub;
  const auto mended = [&] {
    REQUIRE(mend_plugins(hub.plugins));
    return hub.state();
  };
  fs::create_directories(hub.plugins);
  SECTION("a copy that was not complete, of a first version") {
    fs::create_directories(hub.fresh);
    CHECK(mended() == "- - - -");
    CHECK_FALSE(fs::exists(hub.fresh));
  }
  SECTION("a copy that was not complete, of a next version") {
    write_version(hub.now, "1");
    fs::create_directories(hub.fresh);
    CHECK(mended() == "1 - - -");
    CHECK_FALSE(fs::exists(hub.fresh));
  }
  SECTION("the one in force was moved away") {
    write_version(hub.old, "1");
    write_version(hub.fresh, "2");
    CHECK(mended() == "2 1 - -");
  }
  SECTION("a way back, after its first step") {
    write_version(hub.back, "2");
    write_version(hub.old, "1");
    CHECK(mended() == "1 2 - -");
  }
  SECTION("a way back, after its second step") {
    write_version(hub.back, "2");
    write_version(hub.now, "1");
    CHECK(mended() == "1 2 - -");
  }
}

TEST_CASE("plugins: nothing is mended where nothing is") {
  const TempFolder temp;
  CHECK(mend_plugins(temp.path() / "nowhere"));
}

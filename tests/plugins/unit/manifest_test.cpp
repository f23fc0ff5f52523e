// Concern: a wrong plugin.toml is refused with the line and what is allowed, before anything of the plugin is touched.
// Plan: one good manifest, changed in one place at a time; folders with several problems, all of which are named.
#include "hub/reaction/manifest.hpp"

#include <fmt/format.h>

#include <fstream>

#include "hub/base/crypto.hpp"
#include "hub/base/limits.hpp"
#include "tests/catch.hpp"
#include "tests/support/temp_folder.hpp"

using namespace iro;
using namespace iro::reaction;

namespace {

const std::string sample = R"([plugin]
id = "first-year-weeks"
version = "1.4.0-rc.1"
abi = "1.0"
object = "rule.so"
sha256 = "00000000000000000000000000000000000000000000000000000000000000ff"
nl = "Weken in het eerste jaar"
en = "Weeks in the first year"
on_unavailable = "pass"
[events]
judges = ["nl.placements.placement.begun.v1"]
reacts = ["nl.placements.risk.closed.v1", "nl.placements.handover.requested.v1"]
emits = ["nl.placements.risk.escalated.v1"]
[schemas]
files = ["own.bfbs"]
[budget]
memory_mib = 128
event_ms = 100
[config.weeks]
type = "integer"
default = 6
min = 1
max = 52
nl = "Weken"
en = "Weeks"
[config.share]
type = "number"
default = 0.5
min = 0
max = 1
nl = "Deel"
en = "Share"
[config.branches]
type = "list"
default = ["general_practice"]
max = 3
nl = "Branches"
en = "Branches"
[config.strict]
type = "boolean"
default = false
nl = "Streng"
en = "Strict"
[config.title]
type = "text"
default = "é"
max = 4
nl = "Titel"
en = "Title"
[[view]]
name = "overview"
kind = "table"
nl = "Overzicht"
en = "Overview"
)";

std::string changed(const std::string& from, const std::string& to) {
  std::string out = sample;
  const auto at = out.find(from);
  REQUIRE(at != std::string::npos);
  return out.replace(at, from.size(), to);
}

std::string refusal(const std::string& toml) {
  const auto manifest = Manifest::parse(toml, "x/plugin.toml");
  if (manifest) return "";
  CHECK(manifest.error().code == Errc::config_invalid);
  return manifest.error().message;
}

Manifest good() {
  auto manifest = Manifest::parse(sample, "x/plugin.toml");
  if (!manifest) FAIL(manifest.error().message);
  return *manifest;
}

std::string config_refusal(const std::string& text) {
  const auto json = config_json(good(), text, "hub.toml");
  return json ? "" : json.error().message;
}

}  // namespace

TEST_CASE("plugin manifest: everything in it is read") {
  const Manifest m = good();
  CHECK(m.spec.id == "first-year-weeks");
  CHECK(m.version == "1.4.0-rc.1");
  CHECK(m.abi_major == 1);
  CHECK(m.abi_minor == 0);
  CHECK(m.object == "x/rule.so");
  CHECK(m.sha256[31] == 0xff);
  CHECK(m.spec.on_unavailable == OnUnavailable::pass);
  CHECK(m.spec.judges == std::vector<std::string>{"nl.placements.placement.begun.v1"});
  CHECK(m.spec.reacts.size() == 2);
  CHECK(m.spec.emits.size() == 1);
  CHECK(m.schemas.at(0) == "x/own.bfbs");
  CHECK(m.memory_mib == 128);
  CHECK(m.event_ms == 100);
  CHECK(m.spec.state_bytes == 64U << 20);
  CHECK(m.settings.size() == 5);
  CHECK(m.spec.views.at(0).kind == "table");
}

TEST_CASE("plugin manifest: each mistake is told with its line and what is allowed") {
  CHECK(refusal(sample).empty());
  CHECK(refusal(changed("id = \"first-year-weeks\"", "id = \"First\"")) ==
        "x/plugin.toml:2: 'id' must be 2 to 40 of a-z, 0-9 and -, a letter first");
  CHECK_THAT(refusal(changed("version = \"1.4.0-rc.1\"", "version = \"1.4\"")),
             ContainsSubstring("plugin.toml:3: 'version'"));
  CHECK_THAT(refusal(changed("\"1.0\"", "\"nine\"")), ContainsSubstring("plugin.toml:4: 'abi'"));
  CHECK_THAT(refusal(changed("\"rule.so\"", "\"../rule.so\"")), ContainsSubstring("plugin.toml:5: 'object'"));
  CHECK_THAT(refusal(changed("00ff\"", "00f\"")), ContainsSubstring("plugin.toml:6: 'sha256' must be 64 digits"));
  CHECK_THAT(refusal(changed("nl = \"Weken in het eerste jaar\"\n", "")), ContainsSubstring("'nl' is missing"));
  CHECK_THAT(refusal(changed("\"pass\"", "\"drop\"")),
             ContainsSubstring("plugin.toml:9: 'on_unavailable' must be hold, reject or pass"));
  CHECK_THAT(refusal(changed("judges =", "judge =")),
             ContainsSubstring("plugin.toml:11: unknown key 'judge'; known here: judges"));
  CHECK_THAT(refusal(changed("risk.closed.v1", "risk closed")),
             ContainsSubstring("plugin.toml:12: 'reacts': each must be"));
  CHECK_THAT(refusal(changed("risk.escalated.v1", "hub.member-left.v1")),
             ContainsSubstring("plugin.toml:13: nl.placements.hub.member-left.v1 is the hub's own"));
  CHECK_THAT(refusal(changed("memory_mib = 128", "memory_mib = 4")),
             ContainsSubstring("plugin.toml:17: 'memory_mib' must be a whole number, 8 to 1024"));
  CHECK_THAT(refusal(changed("event_ms = 100", "event_ms = 2000")),
             ContainsSubstring("'event_ms' must be a whole number, 10 to 1000"));
  CHECK_THAT(refusal(changed("type = \"integer\"", "type = \"int\"")),
             ContainsSubstring("plugin.toml:20: 'type' must be one of integer, number, text, boolean, list"));
  CHECK_THAT(refusal(changed("default = 6", "default = 60")),
             ContainsSubstring("plugin.toml:21: 'default' must be a whole number, 1 to 52"));
  CHECK_THAT(refusal(changed("default = 6\n", "")), ContainsSubstring("'default' is missing"));
  CHECK_THAT(refusal(changed("kind = \"table\"", "kind = \"pie\"")),
             ContainsSubstring("'kind' must be table, board, timeline or chart"));
  CHECK_THAT(refusal("[plugin"), ContainsSubstring("x/plugin.toml:1:"));
  // Two mistakes are both told.
  CHECK_THAT(refusal(changed("abi = \"1.0\"\nobject = \"rule.so\"", "abi = \"x\"\nobject = \".rule\"")),
             ContainsSubstring("'abi'") && ContainsSubstring("'object'"));
}

TEST_CASE("plugin manifest: the configuration has every setting, from the operator or the default") {
  const Manifest m = good();
  CHECK(*config_json(m, "", "hub.toml") ==
        R"({"branches":["general_practice"],"share":5E-1,"strict":false,"title":"é","weeks":6})");
  CHECK(*config_json(m, "weeks = 8\nshare = 1\ntitle = \"éééé\"\n", "hub.toml") ==
        R"({"branches":["general_practice"],"share":1E0,"strict":false,"title":"éééé","weeks":8})");
  CHECK(*config_json(m, R"({"strict": true, "branches": []})", "hub.json") ==
        R"({"branches":[],"share":5E-1,"strict":true,"title":"é","weeks":6})");
}

TEST_CASE("plugin manifest: a setting that is unknown, of another type or out of range is refused") {
  CHECK(config_refusal("weeks = \"six\"") == "hub.toml:1: 'weeks' must be a whole number, 1 to 52");
  CHECK(config_refusal("weeks = 53") == "hub.toml:1: 'weeks' must be a whole number, 1 to 52");
  CHECK(config_refusal("\nweeks = 1.5") == "hub.toml:2: 'weeks' must be a whole number, 1 to 52");
  CHECK(config_refusal("title = \"ééééé\"") == "hub.toml:1: 'title' must be a text, 4 characters or less");
  CHECK(config_refusal("branches = [\"a\", \"b\", \"c\", \"d\"]") ==
        "hub.toml:1: 'branches' must be a list of texts, 3 items or less");
  CHECK(config_refusal("branches = [1]") == "hub.toml:1: 'branches' must be a list of texts, 3 items or less");
  CHECK(config_refusal("share = nan") == "hub.toml:1: 'share' must be a number, 0 to 1");
  CHECK(config_refusal("strict = 1") == "hub.toml:1: 'strict' must be true or false");
  CHECK_THAT(config_refusal("week = 6"), ContainsSubstring("hub.toml:1: unknown setting 'week'; there are:") &&
                                             ContainsSubstring("weeks (integer)"));
  CHECK_THAT(config_refusal(R"({"weeks": "x"})"), ContainsSubstring("hub.toml: 'weeks' must be a whole number"));
  CHECK_FALSE(config_refusal("{").empty());
  CHECK_FALSE(config_refusal("weeks =").empty());
}

namespace {

void make_plugin(const std::filesystem::path& folder, const std::string& toml, const std::string& object, bool seal) {
  std::filesystem::create_directory(folder);
  std::ofstream(folder / "rule.so") << object;
  std::string text = toml;
  const std::string zero = "00000000000000000000000000000000000000000000000000000000000000ff";
  if (seal) text.replace(text.find(zero), zero.size(), to_hex(sha256(as_bytes(object))));
  std::ofstream(folder / "plugin.toml") << text;
}

}  // namespace

TEST_CASE("plugin folder: sealed plugins are loaded in the order of their folders") {
  test::TempFolder folder;
  make_plugin(folder / "b", sample, "object b", true);
  std::string other = changed("judges = [\"nl.placements.placement.begun.v1\"]\n", "");
  other.replace(other.find("first-year-weeks"), 16, "other");
  make_plugin(folder / "a", other, "object a", true);
  std::ofstream(folder / "a" / "own.bfbs") << "schema";
  std::filesystem::create_directory(folder / "empty");
  const auto all = load_all(folder.path());
  if (!all) FAIL(all.error().message);
  REQUIRE(all->size() == 2);
  CHECK(all->at(1).spec.id == "first-year-weeks");
  CHECK_FALSE(read_schemas(all->at(1)).has_value());
  CHECK(read_schemas(all->at(0))->size() == 1);
}

TEST_CASE("plugin folder: what begins with a dot is no plugin, and another version can count in place of one") {
  test::TempFolder folder;
  test::TempFolder next;
  make_plugin(folder / "first-year-weeks", sample, "object", true);
  make_plugin(folder / ".first-year-weeks.old", sample, "object", true);
  make_plugin(next.path(), changed("version = \"1.4.0-rc.1\"", "version = \"1.5.0\""), "next object", true);
  REQUIRE(load_all(folder.path()));
  CHECK(load_all(folder.path())->front().version == "1.4.0-rc.1");
  const auto with_next = load_all(folder.path(), next.path());
  if (!with_next) FAIL(with_next.error().message);
  REQUIRE(with_next->size() == 1);
  CHECK(with_next->front().version == "1.5.0");
  CHECK(load_all(folder / "nowhere", next.path())->size() == 1);
}

TEST_CASE("plugin folder: two ids, a judge conflict, a wrong hash and a broken manifest are all in one message") {
  test::TempFolder folder;
  make_plugin(folder / "a", sample, "object", true);
  make_plugin(folder / "b", sample, "object", true);                                 // the same id, and judge
  make_plugin(folder / "c", changed("first-year-weeks", "third"), "object", false);  // wrong hash, and judge
  make_plugin(folder / "d", changed("abi = \"1.0\"", "abi = \"x\""), "object", true);
  make_plugin(folder / "e", changed("first-year-weeks", "fifth"), "object", true);
  std::filesystem::remove(folder / "e" / "rule.so");
  const auto all = load_all(folder.path());
  REQUIRE_FALSE(all.has_value());
  CHECK(all.error().code == Errc::config_invalid);
  const std::string& message = all.error().message;
  CHECK_THAT(message, ContainsSubstring("the plugin id 'first-year-weeks' is in"));
  CHECK_THAT(message, ContainsSubstring("a/plugin.toml and ") && ContainsSubstring("b/plugin.toml"));
  CHECK_THAT(
      message,
      ContainsSubstring(
          "nl.placements.placement.begun.v1 is judged by first-year-weeks and first-year-weeks and third and fifth"));
  CHECK_THAT(message, ContainsSubstring("c/rule.so: its sha256 is"));
  CHECK_THAT(message, ContainsSubstring("d/plugin.toml:4: 'abi'"));
  CHECK_THAT(message, ContainsSubstring("e/rule.so: No such file"));
  CHECK_FALSE(load_all(folder / "nowhere").has_value());
}

TEST_CASE("plugin folder: files beyond their limits are not read") {
  test::TempFolder folder;
  std::ofstream(folder / "plugin.toml") << std::string(limits::plugin_manifest_bytes + 1, '#');
  CHECK(Manifest::load(folder / "plugin.toml").error().code == Errc::limit_reached);
  Manifest m = good();
  m.object = folder / "huge.so";
  std::ofstream(m.object) << "x";
  std::filesystem::resize_file(m.object, limits::plugin_object_bytes + 1);
  CHECK(check_object(m).error().code == Errc::limit_reached);
  m.schemas = {folder / "huge.bfbs"};
  std::ofstream(m.schemas[0]) << "x";
  std::filesystem::resize_file(m.schemas[0], limits::plugin_schema_bytes + 1);
  CHECK(read_schemas(m).error().code == Errc::limit_reached);
}

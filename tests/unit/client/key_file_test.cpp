// Key files: what save() writes, load() reads, and nobody else may.
#include <fstream>

#include "adapters/client/client.hpp"
#include "tests/unit/client/client_fixture.hpp"

using namespace iro;
using namespace iro::client;

namespace {

KeyFile sample() {
  const auto [pub, sec] = make_curve_keys();
  KeyFile keys;
  keys.endpoint = "tcp://127.0.0.1:7411";
  keys.hub_public_key = make_curve_keys().first;
  keys.member = "school-a";
  keys.source = "urn:nld:oin:00000099000000001000:systeem:sis";
  keys.public_key = pub;
  keys.secret_key = sec;
  return keys;
}

}  // namespace

TEST_CASE("client: a key file reads back as it was written, for its owner alone") {
  const TempFolder folder;
  const auto path = folder.path() / "school-a.keys";
  const KeyFile keys = sample();
  REQUIRE(keys.save(path).has_value());
  CHECK(std::filesystem::status(path).permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  const auto loaded = KeyFile::load(path);
  REQUIRE(loaded.has_value());
  CHECK(loaded->endpoint == keys.endpoint);
  CHECK(loaded->hub_public_key == keys.hub_public_key);
  CHECK(loaded->member == keys.member);
  CHECK(loaded->source == keys.source);
  CHECK(loaded->public_key == keys.public_key);
  CHECK(loaded->secret_key == keys.secret_key);
  CHECK_FALSE(loaded->readable_by_others);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);  // no draft is left
}

TEST_CASE("client: a key file is never written over another") {
  const TempFolder folder;
  const auto path = folder.path() / "school-a.keys";
  const KeyFile first = sample();
  REQUIRE(first.save(path).has_value());
  const Status second = sample().save(path);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == Errc::exists);
  CHECK(KeyFile::load(path)->secret_key == first.secret_key);
}

TEST_CASE("client: a key file that others can read is loaded, and says so") {
  const TempFolder folder;
  const auto path = folder.path() / "school-a.keys";
  REQUIRE(sample().save(path).has_value());
  std::filesystem::permissions(path, std::filesystem::perms::group_read, std::filesystem::perm_options::add);
  const auto loaded = KeyFile::load(path);
  REQUIRE(loaded.has_value());
  CHECK(loaded->readable_by_others);
}

TEST_CASE("client: a key file that cannot be used is refused with the place of the mistake") {
  const TempFolder folder;
  const auto path = folder.path() / "bad.keys";
  const auto load = [&](const std::string& text) {
    std::ofstream(path) << text;
    return KeyFile::load(path);
  };
  CHECK(load("[hub\n").error().code == Errc::config_invalid);
  CHECK_THAT(load("[hub\n").error().message, ContainsSubstring("bad.keys:1"));
  CHECK_THAT(load("[hub]\n").error().message, ContainsSubstring("hub.endpoint"));
  CHECK_THAT(load("[hub]\nendpoint = \"tcp://x:1\"\npublic_key = \"short\"\n").error().message,
             ContainsSubstring("hub.public_key"));
  CHECK(KeyFile::load(folder.path() / "none").error().code == Errc::io);
}

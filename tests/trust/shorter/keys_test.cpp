// Concern: what was erased stays erased, whatever copy of keys.db comes back; and copies of keys.db do not live for
// ever.
// Plan: a key ring with its tombstone file; older copies of keys.db, and none, are put in place; backups grow old.
#include <fstream>

#include "hub/base/limits.hpp"
#include "hub/log/sqlite/keys_backup.hpp"
#include "hub/log/sqlite/sqlite_key_ring.hpp"
#include "tests/catch.hpp"
#include "tests/unit/log/folder.hpp"

using namespace iro;
using namespace iro::log;
using namespace iro::log::test;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t day_ms = 24 * 3'600'000LL;
ManualClock noon(TimeMs(1'795'000'000'000));

struct Ring {
  explicit Ring(const Folder& folder, const fs::path& tombstones) {
    SqliteKeyRingOptions options;
    options.tombstones = tombstones;
    auto opened = SqliteKeyRing::open(folder.path(), noon, options);
    REQUIRE(opened);
    ring = std::move(*opened);
  }
  PersonKey key(std::string_view owner) {
    const auto made = ring->get_or_create(owner, 24);
    REQUIRE(made);
    REQUIRE(ring->flush());
    return *made;
  }
  std::unique_ptr<SqliteKeyRing> ring;
};

bool holds(const fs::path& file, const PersonKey& key) {
  const Bytes bytes = file_bytes(file);
  return std::search(bytes.begin(), bytes.end(), key.key.begin(), key.key.end()) != bytes.end();
}

}  // namespace

TEST_CASE("tombstones: a key that was destroyed after the copy was made is destroyed again when the copy comes back") {
  const Folder folder;
  const Folder old;
  const fs::path stones = folder.path() / "elsewhere" / "tombstones";
  PersonKey erased;
  PersonKey kept;
  {
    Ring r(folder, stones);
    erased = r.key("student-a");
    kept = r.key("student-b");
  }
  fs::copy(folder.path() / "keys.db", old.path() / "keys.db");
  REQUIRE(holds(old.path() / "keys.db", erased));
  {
    Ring r(folder, stones);
    REQUIRE(r.ring->destroy(erased.no, "asked for", noon.now()));
  }
  Ring r(old, stones);
  CHECK(r.ring->buried_again() == 1);
  CHECK(r.ring->find(erased.no)->has_value() == false);
  CHECK(r.ring->destroyed(erased.no).value());
  CHECK(r.ring->find(kept.no)->value() == kept);
  CHECK_FALSE(holds(old.path() / "keys.db", erased));  // nor does any byte of it stand in the file
  CHECK(holds(old.path() / "keys.db", kept));
  CHECK(r.key("student-a").no.value() > kept.no.value());
}

TEST_CASE("tombstones: what is in keys.db and not in the file is noted there, and a torn end is written over") {
  const Folder folder;
  const fs::path stones = folder.path() / "tombstones";
  PersonKey a;
  PersonKey b;
  {
    Ring r(folder, {});  // before there was such a file
    a = r.key("student-a");
    b = r.key("student-b");
    REQUIRE(r.ring->destroy(a.no, "asked for", noon.now()));
  }
  { const Ring r(folder, stones); }
  REQUIRE(TombstoneFile::open(stones)->has(a.no));
  fs::resize_file(stones, fs::file_size(stones) + 11);  // a crash in the middle of the next one
  {
    Ring r(folder, stones);
    REQUIRE(r.ring->destroy(b.no, "asked for", noon.now()));
  }
  const auto file = TombstoneFile::open(stones);
  REQUIRE(file);
  CHECK(file->all() == std::vector<Tombstone>{{a.no, noon.now()}, {b.no, noon.now()}});
}

TEST_CASE("tombstones: a damaged record is refused, and keys.db is not touched") {
  const Folder folder;
  const fs::path stones = folder.path() / "tombstones";
  {
    Ring r(folder, stones);
    for (const char* owner : {"a", "b", "c"}) REQUIRE(r.ring->destroy(r.key(owner).no, "asked for", noon.now()));
  }
  const auto size = fs::file_size(stones);
  for (std::uint64_t byte = 0; byte < size; ++byte) {
    flip_bit(stones, byte, static_cast<int>(byte % 8));
    REQUIRE(TombstoneFile::open(stones).error().code == Errc::witness_damaged);
    flip_bit(stones, byte, static_cast<int>(byte % 8));
  }
  CHECK(TombstoneFile::open(stones)->all().size() == 3);
}

TEST_CASE("keys: the numbers between an old copy and today count as destroyed, and are not given again") {
  const Folder folder;
  Ring r(folder, {});
  const PersonKey known = r.key("student-a");
  REQUIRE(r.ring->give_up(PersonKeyNo(5'000)));
  CHECK(r.ring->destroyed(PersonKeyNo(4'999)).value());
  CHECK_FALSE(r.ring->destroyed(known.no).value());
  CHECK(r.ring->find(known.no)->value() == known);
  CHECK(r.key("student-b").no == PersonKeyNo(5'001));
  r.ring.reset();
  Ring again(folder, {});
  CHECK(again.key("student-c").no == PersonKeyNo(5'002));
}

TEST_CASE("keys backup: a copy is apart, complete and for its owner only, and goes after thirty days") {
  const Folder folder;
  const Folder root;
  Ring r(folder, {});
  const PersonKey key = r.key("student-a");
  const auto made = backup_keys(folder.path(), root.path(), noon.now());
  REQUIRE(made);
  CHECK(made->parent_path() == root.path());
  CHECK(fs::status(*made).permissions() == fs::perms::owner_all);
  CHECK(backup_keys(folder.path(), root.path(), noon.now()).error().code == Errc::exists);
  std::ofstream(root.path() / "notes.txt") << "not ours";
  fs::create_directory(root.path() / "keys-of-the-car");

  static_assert(limits::keys_backup_days == 30);
  CHECK(prune_keys_backups(root.path(), noon.now().plus(29 * day_ms)).value() == 0);
  const Folder restored;
  fs::copy(*made / "keys.db", restored.path() / "keys.db");
  Ring copy(restored, {});
  CHECK(copy.ring->find(key.no)->value() == key);

  CHECK(prune_keys_backups(root.path(), noon.now().plus(30 * day_ms)).value() == 1);
  CHECK_FALSE(fs::exists(*made));
  CHECK(fs::exists(root.path() / "notes.txt"));
  CHECK(fs::exists(root.path() / "keys-of-the-car"));
  CHECK(prune_keys_backups(root.path() / "nowhere", noon.now()).value() == 0);
}

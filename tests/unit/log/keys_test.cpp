#include "hub/log/keys.hpp"

#include "hub/log/sqlite/fault_vfs.hpp"
#include "hub/log/sqlite/sqlite_key_ring.hpp"
#include "tests/catch.hpp"
#include "tests/unit/log/folder.hpp"

using namespace iro;
using namespace iro::log;
using namespace iro::log::test;

namespace {

const ManualClock noon(TimeMs(1'795'000'000'000));

std::unique_ptr<SqliteKeyRing> open_ring(const Folder& folder, const SqliteKeyRingOptions& options = {}) {
  auto ring = SqliteKeyRing::open(folder.path(), noon, options);
  REQUIRE(ring);
  return std::move(*ring);
}

/// Does this stand anywhere in the folder's files?
bool stands_in_folder(const Folder& folder, ByteView wanted) {
  for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
    const Bytes bytes = file_bytes(file.path());
    if (std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end()) != bytes.end()) return true;
  }
  return false;
}

void keep_the_contract(KeyRing& ring) {
  const PersonKey a = *ring.get_or_create("student-a", 24);
  const PersonKey long_a = *ring.get_or_create("student-a", 84);
  const PersonKey b = *ring.get_or_create("student-b", 24);
  CHECK(a.no != long_a.no);
  CHECK(a.key != b.key);
  CHECK(*ring.get_or_create("student-a", 24) == a);
  REQUIRE(ring.flush());
  CHECK(*ring.get_or_create("student-a", 24) == a);
  CHECK(**ring.find(a.no) == a);
  CHECK(*ring.keys_of("student-a") == std::map<std::uint32_t, PersonKeyNo>{{24, a.no}, {84, long_a.no}});

  REQUIRE(ring.destroy(a.no, "erasure request 7", TimeMs(5)));
  REQUIRE(ring.destroy(a.no, "once more", TimeMs(6)));
  CHECK_FALSE(ring.find(a.no)->has_value());
  CHECK(*ring.destroyed(a.no));
  CHECK_FALSE(*ring.destroyed(b.no));
  CHECK(**ring.find(long_a.no) == long_a);
  const PersonKey again = *ring.get_or_create("student-a", 24);
  CHECK(again.no > b.no);
  CHECK(again.key != a.key);
}

}  // namespace

TEST_CASE("keys: a ring in memory and one on disk keep the same contract") {
  MemoryKeyRing memory;
  keep_the_contract(memory);
  const Folder folder;
  keep_the_contract(*open_ring(folder));
}

TEST_CASE("keys: what was flushed is there after a restart, and no number is used twice") {
  const Folder folder;
  PersonKey a;
  PersonKey b;
  {
    auto ring = open_ring(folder);
    a = *ring->get_or_create("student-a", 24);
    b = *ring->get_or_create("student-b", 24);
    REQUIRE(ring->flush());
    REQUIRE(ring->destroy(b.no, "erasure", TimeMs(1)));
    (void)ring->get_or_create("never flushed", 24);
  }
  auto ring = open_ring(folder);
  CHECK(*ring->get_or_create("student-a", 24) == a);
  CHECK(ring->get_or_create("student-c", 24)->no > b.no);
  CHECK(*ring->destroyed(b.no));
}

TEST_CASE("keys: the cache is bounded, and what it forgot is found on disk") {
  const Folder folder;
  SqliteKeyRingOptions options;
  options.cache_keys = 8;
  auto ring = open_ring(folder, options);
  std::vector<PersonKey> keys;
  for (int i = 0; i < 100; ++i) keys.push_back(*ring->get_or_create("student-" + std::to_string(i), 24));
  for (std::size_t i = 0; i < 100; ++i) CHECK(**ring->find(keys[i].no) == keys[i]);
  REQUIRE(ring->flush());
  for (std::size_t i = 0; i < 100; ++i) CHECK(*ring->get_or_create("student-" + std::to_string(i), 24) == keys[i]);
}

TEST_CASE("keys: no byte of a destroyed key is left in the files, and the files name nobody") {
  const Folder folder;
  auto ring = open_ring(folder);
  std::vector<PersonKey> keys;
  // Enough pages to split and merge, keys destroyed in no order: copies may stand between the cells of a page.
  for (int i = 0; i < 400; ++i) {
    keys.push_back(*ring->get_or_create("student-" + std::to_string(i), 24));
    if (i % 7 == 0) REQUIRE(ring->flush());
  }
  REQUIRE(ring->flush());
  CHECK(stands_in_folder(folder, keys[5].key));
  CHECK_FALSE(stands_in_folder(folder, as_bytes("student-5")));
  std::mt19937_64 random(3);
  std::shuffle(keys.begin(), keys.end(), random);
  for (std::size_t i = 0; i < 300; ++i) {
    REQUIRE(ring->destroy(keys[i].no, "erasure", TimeMs(1)));
    if (i % 20 == 0) REQUIRE_FALSE(stands_in_folder(folder, keys[i].key));
  }
  for (std::size_t i = 0; i < 300; ++i) REQUIRE_FALSE(stands_in_folder(folder, keys[i].key));
  CHECK(**ring->find(keys[350].no) == keys[350]);
}

TEST_CASE("keys: after a failed fsync nothing is written until the ring is resumed, and then no key is lost") {
  const Folder folder;
  SimulatedDisk disk(9);
  FaultVfs vfs("faulty-keys", disk);
  REQUIRE(register_page_vfs("iro-faulty-keys", "faulty-keys"));
  SqliteKeyRingOptions options;
  options.vfs = "iro-faulty-keys";
  auto ring = open_ring(folder, options);
  const PersonKey key = *ring->get_or_create("student-a", 24);
  disk.fail_at(Fault::sync_error, 1);
  CHECK(ring->flush().error().code == Errc::storage_failed);
  CHECK(ring->flush().error().code == Errc::storage_failed);
  REQUIRE(ring->resume());
  REQUIRE(ring->flush());
  CHECK(**ring->find(key.no) == key);
}

TEST_CASE("keys: a sealed body opens for its own event and key only, and every flipped bit is noticed") {
  MemoryKeyRing ring;
  const PersonKey key = *ring.get_or_create("student-a", 24);
  const PersonKey other = *ring.get_or_create("student-b", 24);
  EventId id;
  id.b.fill(3);
  const Bytes sealed = seal(key, id, as_bytes("the payload"));
  CHECK(sealed.size() == 11 + seal_overhead_bytes);
  CHECK(*open(key, id, sealed) == to_bytes("the payload"));
  CHECK_FALSE(open(other, id, sealed));
  CHECK_FALSE(open(key, EventId{}, sealed));
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Bytes bad = sealed;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    REQUIRE_FALSE(open(key, id, bad));
  }
  for (std::size_t n = 0; n < sealed.size(); ++n) REQUIRE_FALSE(open(key, id, ByteView(sealed).first(n)));
}

#include "hub/views/index.hpp"

#include <fstream>

#include "tests/catch.hpp"
#include "tests/unit/views/region.hpp"

using namespace iro;
using namespace iro::views;
using namespace iro::views::test;

namespace {

/// Bring the index up to the end of the log.
void catch_up(Index& index, Region& region) {
  ChunkSource source(region.log().reader());
  while (index.indexed_through().next() < region.next_seq()) {
    const auto chunk = source.holding(index.indexed_through().next());
    REQUIRE(chunk);
    REQUIRE(index.add(**chunk));
  }
}

bool has(const std::vector<Seq>& found, Seq seq) { return std::ranges::find(found, seq) != found.end(); }

/// Everything that was written is found by each of its values.
void check_finds_all(Index& index, Region& region) {
  const Stretch everything{Seq(1), region.next_seq()};
  log::Snapshot snapshot = *region.log().load();
  const Catalogue catalogue(std::move(snapshot.atoms), std::move(snapshot.sets));
  for (const Written& w : region.written()) {
    const auto by_id = index.find(index.by_id(w.id), everything);
    REQUIRE(by_id);
    CHECK(has(*by_id, w.seq));
    const auto by_subject = index.find(index.by_subject(w.subject), everything);
    REQUIRE(by_subject);
    CHECK(std::ranges::is_sorted(*by_subject));
    CHECK(has(*by_subject, w.seq));
    CHECK(has(*index.find(index.by_type(catalogue.find(w.type)), everything), w.seq));
    if (!w.correlation.is_zero()) CHECK(has(*index.find(index.by_correlation(w.correlation), everything), w.seq));
  }
}

}  // namespace

TEST_CASE("index: everything is found by id, subject, type and correlation, whatever the runs") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed " << seed);
  TempFolder folder;
  Region region(seed);
  region.fill(30, 40);
  for (const std::size_t run_events : {1UL, 90UL, 100'000UL}) {
    const std::string name = "index-" + std::to_string(run_events) + ".db";
    auto index = region.index(folder / name.c_str(), run_events);
    REQUIRE(index);
    catch_up(*index, region);
    check_finds_all(*index, region);
  }
}

TEST_CASE("index: a value with more postings than a block holds is found entirely") {
  TempFolder folder;
  Region region(1);
  for (int i = 0; i < 1'700; ++i) {
    Region::Wish wish;
    wish.subject = i % 5 == 0 ? "rare-" + std::to_string(i) : "common";
    region.add(wish);
    if (i % 100 == 99) region.commit();
  }
  auto index = region.index(folder / "index.db", 1'500);
  REQUIRE(index);
  catch_up(*index, region);
  CHECK(index->stored_through() == Seq(1'500));
  const auto common = index->find(index->by_subject("common"), {Seq(1), Seq(1'701)});
  REQUIRE(common);
  CHECK(common->size() == 1'360);
  check_finds_all(*index, region);
}

TEST_CASE("index: a look-up stays in the stretch that it was given") {
  TempFolder folder;
  Region region(2);
  for (int i = 0; i < 50; ++i) {
    Region::Wish wish;
    wish.subject = "the same";
    region.add(wish);
    region.commit();
  }
  auto index = region.index(folder / "index.db", 16);
  catch_up(*index, region);
  const auto found = index->find(index->by_subject("the same"), {Seq(10), Seq(41)});
  REQUIRE(found);
  CHECK(found->size() == 31);
  CHECK(found->front() == Seq(10));
  CHECK(found->back() == Seq(40));
  CHECK(index->stretch_of(Seq(17)).from == Seq(17));
  CHECK(index->stretch_of(Seq(16)).before == Seq(17));
}

TEST_CASE("index: after a restart it knows what it had stored and goes on from there") {
  TempFolder folder;
  Region region(3);
  region.fill(40, 20);
  {
    auto index = region.index(folder / "index.db", 100);
    REQUIRE(index);
    catch_up(*index, region);
  }
  auto index = region.index(folder / "index.db", 100);
  REQUIRE(index);
  CHECK(index->indexed_through() == index->stored_through());
  CHECK(index->stored_through().value() > region.next_seq().value() - 130);
  catch_up(*index, region);
  check_finds_all(*index, region);
}

TEST_CASE("index: one that is ahead of the log is begun anew") {
  TempFolder folder;
  Region region(4);
  region.fill(20, 10);
  const auto earlier = region.log().copy();
  region.fill(20, 10);
  {
    auto index = region.index(folder / "index.db", 10);
    catch_up(*index, region);
  }
  const auto restored = Index::open(folder / "index.db", *earlier->reader(), {10});
  REQUIRE(restored);
  CHECK(restored->indexed_through() == Seq(0));
}

TEST_CASE("index: one of another log is begun anew, also when the positions fit") {
  TempFolder folder;
  Region one(5);
  Region other(6);
  for (Region* region : {&one, &other}) {
    for (int i = 0; i < 40; ++i) {
      region->add();
      region->commit();
    }
  }
  {
    auto index = one.index(folder / "index.db", 10);
    catch_up(*index, one);
    CHECK(index->stored_through() == Seq(30));
  }
  auto index = other.index(folder / "index.db", 10);
  REQUIRE(index);
  CHECK(index->indexed_through() == Seq(0));
  catch_up(*index, other);
  check_finds_all(*index, other);
}

TEST_CASE("index: a damaged file is begun anew, wherever the damage is") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  TempFolder folder;
  Region region(7);
  region.fill(12, 25);
  const auto path = folder / "index.db";
  for (int round = 0; round < 15; ++round) {
    {
      auto index = region.index(path, 50);
      REQUIRE(index);
      catch_up(*index, region);
    }
    const auto at = static_cast<std::streamoff>(random() % std::filesystem::file_size(path));
    INFO("byte " << at);
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const char changed = static_cast<char>(file.get() ^ 0x10);
    file.seekp(at);
    file.put(changed);
    file.close();
    auto index = region.index(path, 50);
    REQUIRE(index);
    // Damage that open() did not meet is met by the look-up that reads the page; nothing is ever answered from it.
    bool noticed = index->indexed_through() == Seq(0);
    for (const Written& w : region.written()) {
      if (index->indexed_through() < w.seq || noticed) break;
      const auto found = index->find(index->by_id(w.id), {Seq(1), region.next_seq()});
      if (found) {
        CHECK(has(*found, w.seq));
      } else {
        CHECK(found.error().code == Errc::corrupt);
        noticed = true;
      }
    }
    if (noticed) REQUIRE(index->start_over());
    catch_up(*index, region);
    check_finds_all(*index, region);
  }
}

TEST_CASE("index: no SQLite file at all is begun anew") {
  TempFolder folder;
  Region region(8);
  region.fill(5, 5);
  std::ofstream(folder / "index.db") << std::string(10'000, 'x');
  auto index = region.index(folder / "index.db");
  REQUIRE(index);
  catch_up(*index, region);
  check_finds_all(*index, region);
}

TEST_CASE("index: a folder that is not there is an error, not an empty index") {
  TempFolder folder;
  Region region(9);
  CHECK_FALSE(region.index(folder / "nowhere/index.db"));
}

TEST_CASE("index: the blocks that may hold a hash include the one in which it begins") {
  const std::vector<std::uint32_t> fences{5, 9, 9, 12};
  const auto range = [&](std::uint32_t hash) {
    const BlockRange r = blocks_for(fences, hash);
    return std::pair(r.first, r.end);
  };
  CHECK(range(4) == std::pair<std::size_t, std::size_t>(0, 0));
  CHECK(range(5) == std::pair<std::size_t, std::size_t>(0, 1));
  CHECK(range(8) == std::pair<std::size_t, std::size_t>(0, 1));
  CHECK(range(9) == std::pair<std::size_t, std::size_t>(0, 3));
  CHECK(range(10) == std::pair<std::size_t, std::size_t>(2, 3));
  CHECK(range(13) == std::pair<std::size_t, std::size_t>(3, 4));
}

// unit_views "[speed]" prints how fast the index takes events; not run by itself.
TEST_CASE("index: speed", "[.][speed]") {
  TempFolder folder;
  Region region(10);
  region.fill_with_copies(1'024, 1'000);
  const auto reader = region.log().reader();
  const auto start = std::chrono::steady_clock::now();
  auto index = region.index(folder / "index.db", IndexOptions{}.run_events);
  REQUIRE(index);
  catch_up(*index, region);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const auto events = static_cast<double>(region.next_seq().value() - 1);
  const auto size = static_cast<double>(std::filesystem::file_size(folder / "index.db"));
  const auto look = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < 1'000; ++i) {
    REQUIRE_FALSE(index->find(index->by_id(region.written()[i * 997].id), {Seq(1), region.next_seq()})->empty());
  }
  const std::chrono::duration<double, std::micro> looked = std::chrono::steady_clock::now() - look;
  WARN(events / took.count() << " events/s, " << size / events << " bytes an event, " << looked.count() / 1'000
                             << " us a look-up by id");
}

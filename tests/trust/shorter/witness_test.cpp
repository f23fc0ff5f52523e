// Concern: a log that was cut short or exchanged is noticed at start, by what stood outside of it.
// Plan: a real log.db and a real witness file; each is replaced, damaged or removed, and the log is opened.
#include "hub/log/witness.hpp"

#include "hub/log/sqlite/sqlite_log.hpp"
#include "tests/catch.hpp"
#include "tests/unit/log/folder.hpp"

using namespace iro;
using namespace iro::log;
using namespace iro::log::test;
namespace fs = std::filesystem;

namespace {

const ManualClock noon(TimeMs(1'795'000'000'000));
constexpr Witness::Seed seed{1, 2, 3};

/// Adds commits to the log of a folder; what a witness would say of it then.
Testimony write_log(const Folder& folder, int commits, std::uint64_t random = 42) {
  auto log = SqliteLog::open(folder.path(), noon);
  REQUIRE(log);
  Writer writer(*(*log)->load());
  writer.random.seed(random);
  for (int i = 0; i < commits; ++i) {
    const Commit commit = writer.commit();
    REQUIRE((*log)->commit(commit));
    writer.took(commit);
  }
  return (*log)->testimony();
}

/// ok, or why the log was not opened.
Errc open_with(const Folder& folder, const Testimony& witness) {
  SqliteLogOptions options;
  options.witness = witness;
  const auto log = SqliteLog::open(folder.path(), noon, options);
  return log ? Errc::ok : log.error().code;
}

}  // namespace

TEST_CASE("witness: what was written is read, and the first time there is nothing") {
  const Folder folder;
  const Witness witness(folder.path() / "elsewhere", seed);
  CHECK(witness.read().value() == std::nullopt);
  Testimony t{{9, 8}, LogEpoch(3), Seq(77), Hash{5}, 12, TimeMs(1'795'000'000'000)};
  REQUIRE(witness.write(t));
  CHECK(witness.read().value() == t);
  t.position = Seq(78);
  REQUIRE(witness.write(t));
  CHECK(witness.read().value() == t);
  CHECK(std::distance(fs::directory_iterator(witness.folder()), {}) == 1);
}

TEST_CASE("witness: a forged, cut or damaged file is refused with its own code") {
  const Folder folder;
  const Witness witness(folder.path(), seed);
  const Testimony t{{9, 8}, LogEpoch(3), Seq(77), Hash{5}, 12, TimeMs(1'795'000'000'000)};
  REQUIRE(witness.write(t));
  const Bytes sound = file_bytes(witness.file());
  for (std::size_t byte = 0; byte < sound.size(); ++byte) {
    flip_bit(witness.file(), byte, static_cast<int>(byte % 8));
    REQUIRE(witness.read().error().code == Errc::witness_damaged);
    flip_bit(witness.file(), byte, static_cast<int>(byte % 8));
  }
  for (std::size_t size = 0; size < sound.size(); ++size) {
    fs::resize_file(witness.file(), sound.size());
    fs::resize_file(witness.file(), size);
    REQUIRE(witness.read().error().code == Errc::witness_damaged);
  }
  constexpr Witness::Seed other{7};
  REQUIRE(Witness(folder.path(), other).write(t));  // by somebody with another key
  CHECK(witness.read().error().code == Errc::witness_damaged);
}

TEST_CASE("witness: a folder that cannot be written says so, and names it") {
  const Folder folder;
  const fs::path in_the_way = folder.path() / "file";
  REQUIRE(std::ofstream(in_the_way).put('x'));
  const Status written = Witness(in_the_way, seed).write({});
  REQUIRE_FALSE(written);
  CHECK(written.error().code == Errc::io);
  CHECK_THAT(written.error().message, ContainsSubstring(in_the_way.string()));
}

TEST_CASE("start: a log that has grown since its witness is opened") {
  const Folder folder;
  const Testimony before = write_log(folder, 5);
  write_log(folder, 5);
  CHECK(open_with(folder, before) == Errc::ok);
}

TEST_CASE("start: an old backup put in place by hand is noticed, and the file stays as it is") {
  const Folder folder;
  const Folder backup;
  write_log(folder, 5);
  fs::copy(folder.path() / "log.db", backup.path() / "log.db");
  const Testimony now = write_log(folder, 5);
  const Bytes before = file_bytes(backup.path() / "log.db");
  SqliteLogOptions options;
  options.witness = now;
  const auto log = SqliteLog::open(backup.path(), noon, options);
  REQUIRE_FALSE(log);
  CHECK(log.error().code == Errc::log_behind_witness);
  CHECK_THAT(log.error().message, ContainsSubstring("15 events before what was acknowledged"));
  CHECK(file_bytes(backup.path() / "log.db") == before);
}

TEST_CASE("start: a log with another history, another log, and no log at all are noticed") {
  const Folder folder;
  const Folder copy;
  write_log(folder, 5);
  fs::copy(folder.path() / "log.db", copy.path() / "log.db");
  const Testimony now = write_log(folder, 5);
  write_log(copy, 8, 43);
  CHECK(open_with(copy, now) == Errc::log_behind_witness);
  const Folder other;
  write_log(other, 20);
  CHECK(open_with(other, now) == Errc::log_behind_witness);
  const Folder empty;
  CHECK(open_with(empty, now) == Errc::log_behind_witness);
  CHECK_FALSE(fs::exists(empty.path() / "log.db"));  // none was made in its place
}

TEST_CASE("start: a missing change of state is noticed too, and so is an earlier epoch") {
  const Folder folder;
  const Folder copy;
  write_log(folder, 2);
  fs::copy(folder.path() / "log.db", copy.path() / "log.db");
  Testimony now;
  {
    auto log = SqliteLog::open(folder.path(), noon);
    Commit acked;
    acked.consumers.push_back({ConsumerNo(1), MemberNo(1), "sis", "", Seq(6), noon.now()});
    REQUIRE((*log)->commit(acked));
    now = (*log)->testimony();
  }
  CHECK(open_with(folder, now) == Errc::ok);
  CHECK(open_with(copy, now) == Errc::log_behind_witness);
  {
    auto log = SqliteLog::open(folder.path(), noon);
    REQUIRE((*log)->raise_epoch());
    now = (*log)->testimony();
  }
  CHECK(open_with(folder, now) == Errc::ok);
  CHECK(open_with(copy, now) == Errc::log_behind_witness);
}

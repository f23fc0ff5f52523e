// Concern: no flipped bit and no truncation of database, WAL or witness changes or shortens what is served without
// being noticed.
// Plan: a log with rows in every state table, half of it still in the WAL, a witness ten commits old, and a client
// that holds the last receipt. 2,000 copies get one bit flipped, or are cut short. Each is then started, loaded, read,
// compared with the receipt and scrubbed, as a hub does. Either something is noticed, or all that is served is the same
// byte for byte.
#include <fmt/format.h>

#include <iostream>
#include <map>

#include "hub/log/sqlite/connection.hpp"
#include "hub/log/sqlite/sqlite_log.hpp"
#include "hub/log/sqlite/sqlite_reader.hpp"
#include "hub/log/sqlite/verify.hpp"
#include "tests/catch.hpp"
#include "tests/unit/log/folder.hpp"

using namespace iro;
using namespace iro::log;
using namespace iro::log::test;
namespace fs = std::filesystem;

namespace {

constexpr int damages = 2'000;
constexpr Witness::Seed seed{4, 5, 6};
const ManualClock noon(TimeMs(1'795'000'000'000));

/// Rows for every state table beside the events.
void add_state(Commit& commit, std::mt19937_64& random) {
  const auto no = static_cast<std::uint32_t>(random() % 40);
  const std::string text = fmt::format("{:016x}", random());
  commit.members.push_back({MemberNo(no), fmt::format("member-{}", no), R"({"name":")" + text + "\"}"});
  ProducerRow producer;
  producer.id.b[0] = static_cast<std::uint8_t>(no + 100);
  producer.member = MemberNo(no);
  producer.last_seq = ProducerSeq(random() % 9'999);
  producer.receipts.push_back({producer.last_seq, Seq(1)});
  commit.producers.push_back(producer);
  commit.deviations.push_back(
      {ConsumerNo(1), Seq(no + 1), DeviationState::retry, no, TimeMs(5), "subject-" + text, "later"});
  ForeignRow foreign;
  foreign.hash[3] = static_cast<std::uint8_t>(no);
  foreign.recorded = TimeMs(static_cast<std::int64_t>(random() % 99'999));
  commit.foreign_ids.push_back(foreign);
  commit.audit.push_back({TimeMs(7), MemberNo(no), "audit", text});
  commit.plugin_state.push_back({"plugin", to_bytes(fmt::format("key-{}", no)), PersonKeyNo(no), to_bytes(text)});
  commit.plugin_cursors.push_back({fmt::format("plugin-{}", no % 5), Seq(1)});
  commit.timers.push_back({"plugin", to_bytes(fmt::format("key-{}", no)), TimeMs(12)});
}

/// All that the hub serves from, and what people are shown.
struct Served {
  Snapshot state;
  std::vector<Chunk> chunks;
  std::string audit;
  bool operator==(const Served&) const = default;
};

/// What a hub that was killed has left, and what others know of it.
struct Original {
  Original() {
    auto log = SqliteLog::open(folder.path(), noon);
    REQUIRE(log);
    grow(**log, 40);
    REQUIRE((*log)->truncate_wal());
    grow(**log, 20);
    REQUIRE(witness.write((*log)->testimony()));
    grow(**log, 10);
    receipt = (*log)->testimony();
    // Copied while it is open: the WAL is full of what no checkpoint has seen.
    for (const char* name : {"log.db", "log.db-wal"}) fs::copy(folder.path() / name, killed.path() / name);
    fs::copy(witness.file(), killed.path() / "log.witness");
  }
  void grow(SqliteLog& log, int commits) {
    Writer writer(*log.load());
    writer.random.seed(++seeds);
    for (int i = 0; i < commits; ++i) {
      Commit commit = writer.commit();
      add_state(commit, writer.random);
      REQUIRE(log.commit(commit));
      writer.took(commit);
    }
  }
  std::uint64_t seeds = 0;
  Folder folder;
  Folder killed;
  Witness witness{folder.path(), seed};
  Testimony receipt;
};

/// How it was noticed; "" when it was not.
struct Outcome {
  std::string noticed;
  Served served;
};

Outcome serve(const fs::path& folder, const Testimony& receipt) {
  Outcome out;
  const auto at = [&](const char* stage) {
    out.noticed = stage;
    return out;
  };
  const auto seen = Witness(folder, seed).read();
  if (!seen) return at("witness file");
  SqliteLogOptions options;
  options.witness = *seen;
  auto log = SqliteLog::open(folder, noon, options);
  if (!log) return at(log.error().code == Errc::log_behind_witness ? "witness" : "start");
  auto state = (*log)->load();
  if (!state) return at("load");
  out.served.state = std::move(*state);
  // The client is back with its receipt, before it is served.
  auto reader = SqliteReader::open(folder);
  if (!reader) return at("read");
  if (receipt.position >= out.served.state.next_seq) return at("receipt");
  const auto head = (*reader)->head_at(receipt.position);
  if (!head) return at("read");
  if (*head != receipt.head) return at("receipt");
  for (Seq next(1); next < out.served.state.next_seq;) {
    auto chunks = (*reader)->read(next, 1U << 20, std::nullopt);
    if (!chunks) return at("read");
    for (const auto& chunk : *chunks) {
      next = chunk->last_seq().next();
      out.served.chunks.push_back(*chunk);
    }
  }
  const auto report = verify(folder);
  if (!report || !report->sound()) return at("scrub");
  auto db = open_connection(folder / "log.db", {});
  if (!db) return at("read");
  const auto audit = guarded(**db, "audit", [&] {
    return (*db)->execAndGet("SELECT group_concat(no||at_ms||actor||action||detail) FROM audit").getString();
  });
  if (!audit) return at("read");
  out.served.audit = *audit;
  return out;
}

}  // namespace

TEST_CASE("damage: 2,000 flipped bits and truncations of database, WAL and witness; none goes unnoticed") {
  const auto random_seed = std::random_device{}();
  INFO("seed " << random_seed);
  std::mt19937_64 random(random_seed);
  const Original original;
  const Folder trials;
  const auto lay_out = [&](int n) {
    const fs::path folder = trials.path() / std::to_string(n);
    fs::copy(original.killed.path(), folder);
    return folder;
  };
  const Outcome whole = serve(lay_out(-1), original.receipt);
  REQUIRE(whole.noticed.empty());
  REQUIRE(whole.served.chunks.size() == 70);

  std::map<std::string, int> noticed;
  int harmless = 0;
  for (int n = 0; n < damages; ++n) {
    const fs::path folder = lay_out(n);
    const auto pick = random() % 10;
    const fs::path file = folder / (pick < 5 ? "log.db" : pick < 9 ? "log.db-wal" : "log.witness");
    const std::uint64_t size = fs::file_size(file);
    const std::uint64_t where = random() % size;
    const bool cut = random() % 5 == 0;
    const int bit = static_cast<int>(random() % 8);
    if (cut) {
      fs::resize_file(file, where);
    } else {
      flip_bit(file, where, bit);
    }
    INFO(fmt::format("{} {} byte {} of {}, bit {}", cut ? "cut" : "flip", file.filename().string(), where, size, bit));
    const Outcome outcome = serve(folder, original.receipt);
    if (outcome.noticed.empty()) {
      REQUIRE(outcome.served == whole.served);
      ++harmless;
    } else {
      ++noticed[outcome.noticed];
    }
    fs::remove_all(folder);
  }
  std::cout << fmt::format("{} damages: {} changed nothing that is served", damages, harmless);
  for (const auto& [stage, count] : noticed) std::cout << fmt::format(", {} by {}", count, stage);
  std::cout << '\n';
  // Each guard was needed: without it these would have gone unnoticed.
  for (const char* stage : {"witness file", "witness", "start", "receipt"}) {
    INFO(stage);
    CHECK(noticed[stage] > 0);
  }
}

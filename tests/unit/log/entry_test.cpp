#include "hub/log/entry.hpp"

#include <rapidcheck.h>

#include "tests/catch.hpp"
#include "tests/unit/log/chunks.hpp"

using namespace iro;
using namespace iro::log;
using namespace iro::log::test;

namespace {

Result<ChunkView> open(const Chunk& chunk) { return ChunkView::open(std::make_shared<const Chunk>(chunk)); }

/// Touches everything that a view offers: under a sanitizer this finds reads outside.
std::size_t read_all(const ChunkView& view) {
  std::size_t n = view.definitions().size() + view.union_members().size();
  for (std::uint32_t i = 0; i < view.count(); ++i) {
    const EntryView e = view.entry(i);
    n += e.subject.size() + e.foreign_id.size() + e.reasons.size();
    if (const auto body = view.body(e)) n += body->size();
    n += view.commitment_holds(i) ? 1 : 0;
  }
  return n;
}

/// What the writer sets by itself, so that a given entry can be compared with the one read.
void compare(const Entry& given, const EntryView& read) {
  CHECK(read.id == given.id);
  CHECK(read.type == given.type);
  CHECK(read.revision == given.revision);
  CHECK(read.source == given.source);
  CHECK(read.sender == given.sender);
  CHECK(read.producer == given.producer);
  CHECK(read.producer_seq == given.producer_seq);
  CHECK(read.time == given.time);
  CHECK(read.recordedtime == given.recordedtime);
  CHECK(read.expirytime == given.expirytime);
  CHECK(read.hop == given.hop);
  CHECK(read.routing == given.routing);
  CHECK(read.gate == given.gate);
  CHECK((read.flags & held) == (given.flags & held));
  CHECK(read.expiry_month == given.expiry_month);
  CHECK(read.correlationid == given.correlationid);
  CHECK(read.causationid == given.causationid);
  CHECK(read.full == given.full);
  CHECK(read.masked == given.masked);
  CHECK(read.reasons == given.reasons);
  CHECK(read.subject == given.subject);
  CHECK(read.traceparent == given.traceparent);
  CHECK(read.datacategory == given.datacategory);
  CHECK(read.foreign_id == given.foreign_id);
}

}  // namespace

TEST_CASE("entry: what was put into a chunk is read from it") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 50; ++round) {
    std::vector<Entry> entries;
    std::vector<Bytes> bodies;
    ChunkBuilder builder(Seq(100), TimeMs(5), Hash{});
    for (std::size_t i = 0; i < 1 + random() % 20; ++i) {
      entries.push_back(random_entry(random));
      bodies.push_back(random_body(random, random() % 400));
      builder.add(entries.back(), bodies.back());
    }
    const Definition atom{DefinitionKind::atom, 1, to_bytes("nl.placements.vacancy.opened.v1")};
    const Definition set{DefinitionKind::set, 1, encode_set(std::vector{MemberNo(1), MemberNo(2)})};
    builder.define(atom);
    builder.define(set);
    const std::vector<MemberNo> everybody{MemberNo(1), MemberNo(2), MemberNo(3), MemberNo(9)};
    auto view = open(std::move(builder).finish(everybody));
    REQUIRE(view);
    REQUIRE(view->count() == entries.size());
    CHECK(view->definitions() == std::vector{atom, set});
    CHECK(view->union_members() == everybody);
    CHECK(view->concerns(MemberNo(9)));
    CHECK_FALSE(view->concerns(MemberNo(8)));
    for (std::uint32_t i = 0; i < view->count(); ++i) {
      compare(entries[i], view->entry(i));
      CHECK(to_bytes(*view->body(view->entry(i))) == bodies[i]);
      CHECK(view->commitment_holds(i));
    }
  }
}

TEST_CASE("entry: the format does not change unnoticed") {
  Entry e;
  for (std::size_t i = 0; i < 16; ++i) e.id.b[i] = static_cast<std::uint8_t>(0x10 + i);
  e.type = AtomNo(1);
  e.revision = 3;
  e.source = AtomNo(2);
  e.sender = MemberNo(4);
  e.producer.b.fill(0x77);
  e.producer_seq = ProducerSeq(5);
  e.time = TimeMs(0x0102);
  e.recordedtime = TimeMs(0x0304);
  e.expirytime = TimeMs(0x0506);
  e.hop = 1;
  e.routing = schema::Routing::regional;
  e.gate = schema::Gate::consent;
  e.flags = held;
  e.expiry_month = 24'322;
  e.person_key = PersonKeyNo(9);
  e.correlationid.b.fill(0x88);
  e.full.inline_members = {MemberNo(4), MemberNo(5)};
  e.masked.set = SetId(6);
  e.masked.set_hash.fill(0x99);
  e.reasons = {{MemberNo(4), Rule::party, 2}};
  e.subject = "v1";
  e.datacategory = "none";
  ChunkBuilder builder(Seq(1), TimeMs(0x0304), first_head({}));
  builder.define({DefinitionKind::atom, 1, to_bytes("t")});
  builder.add(e, as_bytes("body"));
  // Written down by a Python program that knows docs/log-format.md and nothing of this one.
  const Chunk chunk = std::move(builder).finish({MemberNo(4), MemberNo(5), MemberNo(7)});
  CHECK(to_hex(chunk.dir) ==
        "010000000100000001000000100000000a000000320000000400000002000000070000000100000001010000000100000074"
        "3a39f3a05f5dc7e790a09796c3c5752a778a79a4397755287de814e8067dc171101112131415161718191a1b1c1d1e1f0100"
        "0000030002000000040000007777777777777777777777777777777705000000000000000201000000000000040300000000"
        "0000060500000000000001020109025f00000000040000000900000000000000888888888888888888888888888888880204"
        "00000005000000ff0600000099999999999999990104000000030202007631000004006e6f6e650000");
  CHECK(to_hex(chunk.head) == "24a800f6e08a89d961e79b443a69676f266e09d57b935c5687304577b3e4df74");
  CHECK(chunk.bodies == std::map<std::uint16_t, Bytes>{{24'322, to_bytes("body")}});
}

TEST_CASE("entry: a flipped bit in a directory is corrupt, and never read past the end") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const Chunk good = random_chunk(random, Seq(1), Hash{}, 4);
  REQUIRE(open(good));
  for (std::size_t bit = 0; bit < good.dir.size() * 8; ++bit) {
    Chunk bad = good;
    bad.dir[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    const auto as_found = open(bad);
    REQUIRE_FALSE(as_found);
    REQUIRE(as_found.error().code == Errc::corrupt);
    // A forger makes the head fit. What then opens must be readable to the end.
    if (const auto forged = open(with_fitting_head(bad))) {
      REQUIRE(read_all(*forged) > 0);
      std::uint32_t broken = 0;
      for (std::uint32_t i = 0; i < forged->count(); ++i) broken += forged->commitment_holds(i) ? 0 : 1;
      REQUIRE(broken <= 1);
    }
  }
}

TEST_CASE("entry: a flipped bit in a body breaks exactly that event's commitment") {
  std::mt19937_64 random(7);
  const Chunk good = random_chunk(random, Seq(1), Hash{}, 6);
  for (const auto& [month, bytes] : good.bodies) {
    for (std::size_t at = 0; at < bytes.size(); at += 13) {
      Chunk bad = good;
      bad.bodies[month][at] ^= 4;
      const auto view = open(bad);
      REQUIRE(view);
      int broken = 0;
      for (std::uint32_t i = 0; i < view->count(); ++i) broken += view->commitment_holds(i) ? 0 : 1;
      REQUIRE(broken == 1);
    }
  }
}

TEST_CASE("entry: arbitrary bytes under a fitting head are refused or readable") {
  rc::check([](const std::vector<std::uint8_t>& dir, std::uint8_t count) {
    Chunk chunk;
    chunk.first_seq = Seq(1);
    chunk.count = count;
    chunk.dir = dir;
    if (const auto view = open(with_fitting_head(chunk))) read_all(*view);
  });
  std::mt19937_64 random(11);
  const Chunk good = random_chunk(random, Seq(1), Hash{}, 3);
  rc::check([&](std::uint16_t cut, std::uint16_t at, std::uint32_t value) {
    Chunk bad = good;
    if (cut < bad.dir.size()) bad.dir.resize(bad.dir.size() - cut);
    if (bad.dir.size() >= 4) std::memcpy(bad.dir.data() + at % (bad.dir.size() - 3), &value, 4);
    if (const auto view = open(with_fitting_head(bad))) read_all(*view);
  });
}

TEST_CASE("entry: a body row that is missing is no error, one of the wrong length is") {
  std::mt19937_64 random(3);
  ChunkBuilder builder(Seq(1), TimeMs(1), Hash{});
  Entry e = random_entry(random);
  e.expiry_month = 24'322;
  builder.add(e, as_bytes("first"));
  builder.add(e, as_bytes("second"));
  builder.add(e, {});
  Chunk chunk = std::move(builder).finish({});
  Chunk longer = chunk;
  longer.bodies[24'322].push_back(0);
  CHECK(open(longer).error().code == Errc::corrupt);
  Chunk other_month = chunk;
  other_month.bodies[24'323] = to_bytes("x");
  CHECK(open(other_month).error().code == Errc::corrupt);
  chunk.bodies.clear();
  const auto view = open(chunk);
  REQUIRE(view);
  CHECK_FALSE(view->body(view->entry(0)));
  CHECK(view->commitment_holds(0));
  CHECK(view->body(view->entry(2))->empty());
}

TEST_CASE("entry: a directory of a later version is told apart from damage") {
  std::mt19937_64 random(3);
  Chunk chunk = random_chunk(random, Seq(1), Hash{}, 1);
  chunk.dir[0] = 2;
  CHECK(open(chunk).error().code == Errc::corrupt);
  CHECK(open(with_fitting_head(chunk)).error().code == Errc::format_newer);
}

TEST_CASE("entry: at most 255 reasons are kept") {
  Entry e;
  for (std::uint32_t i = 0; i < 300; ++i) e.reasons.push_back({MemberNo(i), Rule::grant, 0});
  ChunkBuilder builder(Seq(1), TimeMs(1), Hash{});
  builder.add(e, as_bytes("x"));
  const auto view = open(std::move(builder).finish({}));
  REQUIRE(view);
  CHECK(view->entry(0).reasons.size() == most_reasons);
}

TEST_CASE("entry: what eight bytes can say of everybody is said in eight bytes") {
  Entry e;
  std::vector<MemberNo> everybody;
  for (std::uint32_t i = 1; i <= 5'000; ++i) everybody.emplace_back(i);
  ChunkBuilder few(Seq(1), TimeMs(1), Hash{});
  few.add(e, as_bytes("x"));
  ChunkBuilder many(Seq(1), TimeMs(1), Hash{});
  many.add(e, as_bytes("x"));
  const Chunk for_few = std::move(few).finish({MemberNo(1)});
  const Chunk for_many = std::move(many).finish(everybody);
  CHECK(for_many.dir.size() == for_few.dir.size());
  CHECK(open(for_many)->union_members() == everybody);
}

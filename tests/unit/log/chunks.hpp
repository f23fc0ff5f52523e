// tests/unit/log/chunks.hpp: events and chunks made up from a seed, for the
// tests of the log.
#pragma once

#include <random>

#include "hub/base/crypto.hpp"
#include "hub/log/entry.hpp"

namespace iro::log::test {

inline Bytes random_body(std::mt19937_64& random, std::size_t size) {
  Bytes out(size);
  for (std::uint8_t& b : out) b = static_cast<std::uint8_t>(random());
  return out;
}

inline EventId random_event_id(std::mt19937_64& random) {
  EventId id;
  for (std::uint8_t& b : id.b) b = static_cast<std::uint8_t>(random());
  return id;
}

inline Audience random_audience(std::mt19937_64& random) {
  Audience a;
  if (random() % 8 == 0) {
    a.set = SetId(1);
    const std::vector<MemberNo> members{MemberNo(1), MemberNo(2)};
    a.set_hash = set_hash(members);
    return a;
  }
  const auto n = random() % 4;
  for (std::uint64_t i = 0; i < n; ++i) a.inline_members.emplace_back(static_cast<std::uint32_t>(3 * i + random() % 3));
  return a;
}

/// An entry in which every optional part is there or not, by chance.
inline Entry random_entry(std::mt19937_64& random) {
  Entry e;
  e.id = random_event_id(random);
  e.type = AtomNo(1);
  e.revision = 2;
  e.source = AtomNo(2);
  e.sender = MemberNo(static_cast<std::uint32_t>(random() % 9));
  e.producer.b[0] = static_cast<std::uint8_t>(random());
  e.producer_seq = ProducerSeq(random() % 1'000'000);
  e.time = TimeMs(1'795'000'000'000);
  e.recordedtime = TimeMs(1'795'000'000'123);
  if (random() % 2 == 0) e.expirytime = TimeMs(1'800'000'000'000);
  e.hop = static_cast<std::uint8_t>(random() % 17);
  e.routing = static_cast<schema::Routing>(1 + random() % 5);
  e.gate = static_cast<schema::Gate>(random() % 3);
  if (random() % 4 == 0) e.flags |= held;
  if (random() % 3 == 0) e.expiry_month = static_cast<std::uint16_t>(24'322 + random() % 3);
  if (random() % 2 == 0) e.correlationid = random_event_id(random);
  if (random() % 2 == 0) e.causationid = random_event_id(random);
  e.full = random_audience(random);
  e.masked = random_audience(random);
  const auto reasons = random() % 3;
  for (std::uint64_t i = 0; i < reasons; ++i) {
    e.reasons.push_back({MemberNo(static_cast<std::uint32_t>(i)), static_cast<Rule>(1 + random() % 4), 7});
  }
  e.subject = "vacancy-" + std::to_string(random() % 100);
  if (random() % 2 == 0) e.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  e.datacategory = "none";
  if (random() % 4 == 0) e.foreign_id = "urn:x:" + std::to_string(random() % 100);
  if (random() % 4 == 0) e.released_from = Seq(1 + random() % 1'000);
  return e;
}

inline Chunk random_chunk(std::mt19937_64& random, Seq first, const Hash& prev, std::size_t events,
                          TimeMs recorded = TimeMs(1'795'000'000'123)) {
  ChunkBuilder builder(first, recorded, prev);
  for (std::size_t i = 0; i < events; ++i) builder.add(random_entry(random), random_body(random, random() % 300));
  return std::move(builder).finish({MemberNo(0), MemberNo(1), MemberNo(2), MemberNo(3), MemberNo(7)});
}

/// The same chunk with the head that its directory has: what a forger would write.
inline Chunk with_fitting_head(Chunk c) {
  c.head = chunk_head(c.prev_head, c.first_seq, c.count, c.recorded, c.dir);
  return c;
}

}  // namespace iro::log::test

#include "hub/log/entry.hpp"

#include <algorithm>
#include <cstring>

#include "hub/base/assert.hpp"
#include "hub/base/crypto.hpp"

namespace iro::log {
namespace {

// The layout of docs/log-format.md, "Entry".
constexpr std::size_t commitment_bytes = 32;
constexpr std::size_t fixed_entry_bytes = 132;  // up to and with the person key
constexpr std::size_t reason_bytes = 6;
constexpr std::size_t set_audience_bytes = 1 + 4 + 8;
constexpr std::uint8_t audience_is_set = 255;

/// Writes into memory whose size the caller has worked out beforehand: one
/// growth of the buffer an event instead of one a field.
class Put {
 public:
  explicit Put(std::uint8_t* at) : at_(at) {}
  template <typename T>
  void number(T v) {
    std::memcpy(at_, &v, sizeof v);
    at_ += sizeof v;
  }
  void bytes(ByteView v) {
    if (!v.empty()) std::memcpy(at_, v.data(), v.size());
    at_ += v.size();
  }
  void text(std::string_view v) {
    number(static_cast<std::uint16_t>(v.size()));
    bytes(as_bytes(v));
  }
  [[nodiscard]] const std::uint8_t* at() const { return at_; }

 private:
  std::uint8_t* at_;
};

std::size_t audience_size(const Audience& a) {
  return a.set.value() != 0 ? set_audience_bytes : 1 + 4 * a.inline_members.size();
}

template <typename Text>
std::size_t entry_size(const BasicEntry<Text>& e) {
  std::size_t n = fixed_entry_bytes + audience_size(e.full) + audience_size(e.masked);
  if ((e.flags & has_correlation) != 0) n += 16;
  if ((e.flags & has_causation) != 0) n += 16;
  if ((e.flags & released) != 0) n += 8;
  n += 1 + reason_bytes * std::min(e.reasons.size(), most_reasons);
  return n + 8 + e.subject.size() + e.traceparent.size() + e.datacategory.size() + e.foreign_id.size();
}

void put_audience(Put& out, const Audience& a) {
  if (a.set.value() != 0) {
    out.number(audience_is_set);
    out.number(a.set.value());
    out.bytes(a.set_hash);
    return;
  }
  IRO_ASSERT(a.inline_members.size() <= limits::inline_audience, "a larger audience is interned");
  IRO_ASSERT(std::ranges::is_sorted(a.inline_members), "the members of an audience ascend");
  out.number(static_cast<std::uint8_t>(a.inline_members.size()));
  for (const MemberNo m : a.inline_members) out.number(m.value());
}

template <typename Text>
void put_fixed(Put& out, const BasicEntry<Text>& e) {
  out.bytes(e.commitment);
  out.bytes(e.id.b);
  out.number(e.type.value());
  out.number(e.revision);
  out.number(e.source.value());
  out.number(e.sender.value());
  out.bytes(e.producer.b);
  out.number(e.producer_seq.value());
  out.number(e.time.value());
  out.number(e.recordedtime.value());
  out.number(e.expirytime.value());
  out.number(e.hop);
  out.number(static_cast<std::uint8_t>(e.routing));
  out.number(static_cast<std::uint8_t>(e.gate));
  out.number(e.flags);
  out.number(e.expiry_month);
  out.number(e.body_offset);
  out.number(e.body_length);
  out.number(e.person_key.value());
}

template <typename Text>
void put_entry(Put& out, const BasicEntry<Text>& e) {
  put_fixed(out, e);
  if ((e.flags & has_correlation) != 0) out.bytes(e.correlationid.b);
  if ((e.flags & has_causation) != 0) out.bytes(e.causationid.b);
  if ((e.flags & released) != 0) out.number(e.released_from.value());
  put_audience(out, e.full);
  put_audience(out, e.masked);
  const std::size_t reasons = std::min(e.reasons.size(), most_reasons);
  out.number(static_cast<std::uint8_t>(reasons));
  for (std::size_t i = 0; i < reasons; ++i) {
    out.number(e.reasons[i].member.value());
    out.number(static_cast<std::uint8_t>(e.reasons[i].rule));
    out.number(e.reasons[i].index);
  }
  out.text(e.subject);
  out.text(e.traceparent);
  out.text(e.datacategory);
  out.text(e.foreign_id);
}

}  // namespace

std::size_t Chunk::size_bytes() const {
  std::size_t n = dir.size();
  for (const auto& [month, bytes] : bodies) n += bytes.size();
  return n;
}

Bytes encode_set(std::span<const MemberNo> members) {
  Bytes out(members.size() * 4);
  Put put(out.data());
  for (const MemberNo m : members) put.number(m.value());
  return out;
}

Bytes encode_tombstones(std::span<const PersonKeyNo> keys) {
  Bytes out(keys.size() * 8);
  Put put(out.data());
  for (const PersonKeyNo k : keys) put.number(k.value());
  return out;
}

std::optional<std::vector<PersonKeyNo>> decode_tombstones(ByteView bytes) {
  if (bytes.empty() || bytes.size() % 8 != 0) return std::nullopt;
  ByteReader in(bytes);
  std::vector<PersonKeyNo> out;
  while (in.left() > 0) out.emplace_back(in.u64());
  return out;
}

std::array<std::uint8_t, 8> set_hash(std::span<const MemberNo> members) {
  const Hash full = sha256(encode_set(members));
  std::array<std::uint8_t, 8> out{};
  std::copy_n(full.begin(), out.size(), out.begin());
  return out;
}

Hash first_head(const std::array<std::uint8_t, 16>& log_id) {
  Sha256 sha;
  sha.update(as_bytes("iro log 1"));
  sha.update(log_id);
  return sha.finish();
}

Hash chunk_head(const Hash& prev_head, Seq first_seq, std::uint32_t count, TimeMs recorded, ByteView dir) {
  std::array<std::uint8_t, 20> numbers{};
  Put put(numbers.data());
  put.number(first_seq.value());
  put.number(count);
  put.number(recorded.value());
  Sha256 sha;
  sha.update(prev_head);
  sha.update(numbers);
  sha.update(dir);
  return sha.finish();
}

ChunkBuilder::ChunkBuilder(Seq first_seq, TimeMs recorded, const Hash& prev_head)
    : first_seq_(first_seq), recorded_(recorded), prev_head_(prev_head) {}

template <typename Text>
void ChunkBuilder::add(BasicEntry<Text> entry, ByteView stored_body) {
  // An empty body has no row to stand in; every other one is appended to its month's.
  if (!stored_body.empty()) {
    Bytes& row = bodies_[entry.expiry_month];
    entry.body_offset = static_cast<std::uint32_t>(row.size());
    row.insert(row.end(), stored_body.begin(), stored_body.end());
  } else {
    entry.body_offset = 0;
  }
  entry.body_length = static_cast<std::uint32_t>(stored_body.size());
  entry.flags = static_cast<std::uint8_t>(entry.flags & ~(has_correlation | has_causation | released));
  if (!entry.correlationid.is_zero()) entry.flags |= has_correlation;
  if (!entry.causationid.is_zero()) entry.flags |= has_causation;
  if (entry.released_from.value() != 0) entry.flags |= released;

  const std::size_t start = entries_.size();
  const std::size_t size = entry_size(entry);
  entries_.resize(start + size);
  std::uint8_t* const at = entries_.data() + start;
  Put put(at);
  put_entry(put, entry);
  IRO_ASSERT(put.at() == at + size, "an entry is as long as entry_size() says");

  Sha256 sha;
  sha.update({at + commitment_bytes, size - commitment_bytes});
  sha.update(stored_body);
  const Hash commitment = sha.finish();
  std::memcpy(at, commitment.data(), commitment.size());

  starts_.push_back(static_cast<std::uint32_t>(start));
  bytes_ += 4 + size + stored_body.size();
  IRO_ASSERT(bytes_ < (1U << 30), "a chunk stays far below what SQLite can store");
}
template void ChunkBuilder::add(BasicEntry<std::string>, ByteView);
template void ChunkBuilder::add(BasicEntry<std::string_view>, ByteView);

void ChunkBuilder::define(Definition definition) {
  definitions_.u8(static_cast<std::uint8_t>(definition.kind));
  definitions_.u32(definition.number);
  definitions_.blob32(definition.bytes);
  ++definition_count_;
  bytes_ += 9 + definition.bytes.size();
}

namespace {

/// Ascending members as runs of consecutive numbers: a chunk for everybody costs 8 bytes, not 4 a member.
Bytes encode_union(const std::vector<MemberNo>& members) {
  ByteWriter out;
  for (std::size_t i = 0; i < members.size();) {
    std::size_t end = i + 1;
    while (end < members.size() && members[end].value() == members[end - 1].value() + 1) ++end;
    out.u32(members[i].value());
    out.u32(static_cast<std::uint32_t>(end - i));
    i = end;
  }
  return out.take();
}

}  // namespace

Chunk ChunkBuilder::finish(const std::vector<MemberNo>& union_members) && {
  IRO_ASSERT(!starts_.empty(), "a chunk has at least one event");
  IRO_ASSERT(std::ranges::is_sorted(union_members), "the members of the union ascend");
  const Bytes runs = encode_union(union_members);
  const std::size_t entries_at = 20 + 4 * starts_.size() + runs.size() + definitions_.size();

  Chunk chunk;
  chunk.first_seq = first_seq_;
  chunk.count = count();
  chunk.recorded = recorded_;
  chunk.prev_head = prev_head_;
  chunk.dir.resize(entries_at + entries_.size());
  Put put(chunk.dir.data());
  put.number(std::uint16_t{1});
  put.number(std::uint16_t{0});
  put.number(chunk.count);
  put.number(definition_count_);
  put.number(static_cast<std::uint32_t>(runs.size()));
  put.number(static_cast<std::uint32_t>(definitions_.size()));
  for (const std::uint32_t start : starts_) put.number(static_cast<std::uint32_t>(entries_at + start));
  put.bytes(runs);
  put.bytes(definitions_.view());
  put.bytes(entries_);
  chunk.head = chunk_head(prev_head_, first_seq_, chunk.count, recorded_, chunk.dir);
  chunk.bodies = std::move(bodies_);
  return chunk;
}

}  // namespace iro::log

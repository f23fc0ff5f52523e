// The reading half of entry.hpp. Everything here may be handed bytes that an
// attacker or a dying disk chose.
#include <algorithm>
#include <cstring>

#include "hub/base/assert.hpp"
#include "hub/base/crypto.hpp"
#include "hub/log/entry.hpp"

namespace iro::log {
namespace {

constexpr std::size_t commitment_bytes = 32;
constexpr std::uint8_t audience_is_set = 255;
constexpr std::uint8_t all_flags = has_correlation | has_causation | encrypted | held | released | by_rule;
constexpr std::uint64_t most_positions = std::uint64_t{1} << 44;  // a body's id has no room for more

template <typename Id>
Id read_id16(ByteReader& in) {
  Id id;
  const ByteView b = in.bytes(16);
  if (b.size() == 16) std::memcpy(id.b.data(), b.data(), 16);
  return id;
}

bool read_audience(ByteReader& in, Audience& out) {
  out.inline_members.clear();
  out.set = SetId(0);
  out.set_hash = {};
  const std::uint8_t n = in.u8();
  if (n == audience_is_set) {
    out.set = SetId(in.u32());
    const ByteView hash = in.bytes(out.set_hash.size());
    if (hash.size() == out.set_hash.size()) std::ranges::copy(hash, out.set_hash.begin());
    return out.set.value() != 0;
  }
  if (n > limits::inline_audience) return false;
  for (std::uint8_t i = 0; i < n; ++i) {
    const MemberNo m(in.u32());
    if (!out.inline_members.empty() && out.inline_members.back() >= m) return false;
    out.inline_members.push_back(m);
  }
  return true;
}

bool read_reasons(ByteReader& in, std::vector<Reason>& out) {
  out.clear();
  const std::uint8_t n = in.u8();
  for (std::uint8_t i = 0; i < n; ++i) {
    Reason reason;
    reason.member = MemberNo(in.u32());
    const std::uint8_t rule = in.u8();
    reason.rule = static_cast<Rule>(rule);
    reason.index = in.u8();
    if (rule < 1 || rule > 4) return false;
    out.push_back(reason);
  }
  return true;
}

/// False when a value is none that the format knows.
bool read_fixed(ByteReader& in, EntryView& e) {
  const ByteView commitment = in.bytes(commitment_bytes);
  if (commitment.size() == commitment_bytes) std::ranges::copy(commitment, e.commitment.begin());
  e.id = read_id16<EventId>(in);
  e.type = AtomNo(in.u32());
  e.revision = in.u16();
  e.source = AtomNo(in.u32());
  e.sender = MemberNo(in.u32());
  e.producer = read_id16<ProducerId>(in);
  e.producer_seq = ProducerSeq(in.u64());
  e.time = TimeMs(static_cast<std::int64_t>(in.u64()));
  e.recordedtime = TimeMs(static_cast<std::int64_t>(in.u64()));
  e.expirytime = TimeMs(static_cast<std::int64_t>(in.u64()));
  e.hop = in.u8();
  const std::uint8_t routing = in.u8();
  const std::uint8_t gate = in.u8();
  e.routing = static_cast<schema::Routing>(routing);
  e.gate = static_cast<schema::Gate>(gate);
  e.flags = in.u8();
  e.expiry_month = in.u16();
  e.body_offset = in.u32();
  e.body_length = in.u32();
  e.person_key = PersonKeyNo(in.u64());
  return routing >= 1 && routing <= 5 && gate <= 2 && (e.flags & ~all_flags) == 0;
}

/// False when these bytes are no entry. Sets every field of `e`, so that one can be used again.
bool read_entry(ByteReader& in, EntryView& e) {
  if (!read_fixed(in, e)) return false;
  e.correlationid = (e.flags & has_correlation) != 0 ? read_id16<EventId>(in) : EventId{};
  e.causationid = (e.flags & has_causation) != 0 ? read_id16<EventId>(in) : EventId{};
  e.released_from = Seq((e.flags & released) != 0 ? in.u64() : 0);
  if ((e.flags & released) != 0 && e.released_from.value() == 0) return false;
  if (!read_audience(in, e.full) || !read_audience(in, e.masked) || !read_reasons(in, e.reasons)) return false;
  e.subject = in.text16();
  e.traceparent = in.text16();
  e.datacategory = in.text16();
  e.foreign_id = in.text16();
  return in.ok();
}

bool read_definition(ByteReader& in, Definition& d) {
  d.kind = static_cast<DefinitionKind>(in.u8());
  d.number = in.u32();
  d.bytes = to_bytes(in.blob32());
  if (!in.ok() || d.number == 0) return false;
  switch (d.kind) {
    case DefinitionKind::atom:
      return true;
    case DefinitionKind::set:
      return decode_set(d.bytes).has_value();
    case DefinitionKind::tombstones:
      return decode_tombstones(d.bytes).has_value();
    case DefinitionKind::schema: {
      ByteReader inner(d.bytes);
      (void)inner.bytes(32);
      (void)inner.text16();
      return inner.ok() && inner.left() == 0;
    }
  }
  return true;  // of a later version: numbers that no entry of ours refers to
}

/// Runs of consecutive member numbers, ascending and apart from each other.
bool read_union(ByteView runs, std::vector<MemberNo>& out) {
  if (runs.size() % 8 != 0) return false;
  ByteReader in(runs);
  std::uint64_t lowest = 0;  // that the next run may start with
  while (in.left() > 0) {
    const std::uint64_t first = in.u32();
    const std::uint64_t count = in.u32();
    if (first < lowest || count == 0 || first + count > 0xFFFFFFFFULL) return false;
    if (out.size() + count > limits::members + 1) return false;  // 65,535 and the operator
    for (std::uint64_t i = 0; i < count; ++i) out.emplace_back(static_cast<std::uint32_t>(first + i));
    lowest = first + count + 1;
  }
  return true;
}

/// The parts of a directory, cut out but not looked into.
struct Layout {
  ByteView starts;
  ByteView runs;
  ByteView definitions;
  std::uint32_t definition_count = 0;
  std::uint32_t entries_at = 0;
};

std::optional<Layout> read_layout(ByteView dir, std::uint32_t count) {
  ByteReader in(dir);
  Layout layout;
  const std::uint32_t version = in.u32();
  const std::uint32_t entries = in.u32();
  layout.definition_count = in.u32();
  const std::uint32_t runs = in.u32();
  const std::uint32_t definitions = in.u32();
  layout.starts = in.bytes(std::size_t{4} * entries);
  layout.runs = in.bytes(runs);
  layout.definitions = in.bytes(definitions);
  layout.entries_at = static_cast<std::uint32_t>(in.at());
  if (!in.ok() || version != 1 || entries != count || dir.size() > 0xFFFFFFFFULL) return std::nullopt;
  return layout;
}

/// Bodies of a month stand behind one another: `sizes` holds where the next one of each must start.
bool add_body(std::map<std::uint16_t, std::uint64_t>& sizes, const EntryView& e) {
  if (e.body_length == 0) return e.body_offset == 0;
  std::uint64_t& end = sizes[e.expiry_month];
  if (e.body_offset != end) return false;
  end += e.body_length;
  return true;
}

/// Months may be absent; those that are there have exactly the bytes that entries speak of.
bool rows_fit(const std::map<std::uint16_t, std::uint64_t>& sizes, const std::map<std::uint16_t, Bytes>& bodies) {
  return std::ranges::all_of(bodies, [&](const auto& row) {
    const auto at = sizes.find(row.first);
    return at != sizes.end() && at->second == row.second.size();
  });
}

Error damaged(const Chunk& chunk, const char* what) {
  return {Errc::corrupt, "chunk at " + std::to_string(chunk.first_seq.value()) + ": " + what};
}

}  // namespace

std::optional<std::vector<MemberNo>> decode_set(ByteView bytes) {
  if (bytes.size() % 4 != 0) return std::nullopt;
  ByteReader in(bytes);
  std::vector<MemberNo> out;
  out.reserve(bytes.size() / 4);
  while (in.left() > 0) {
    const MemberNo m(in.u32());
    if (!out.empty() && out.back() >= m) return std::nullopt;
    out.push_back(m);
  }
  return out;
}

Result<ChunkView> ChunkView::open(std::shared_ptr<const Chunk> chunk) {
  const Chunk& c = *chunk;
  if (c.count == 0 || c.first_seq.value() == 0 || c.first_seq.value() + c.count > most_positions) {
    return fail(damaged(c, "positions out of range"));
  }
  if (chunk_head(c.prev_head, c.first_seq, c.count, c.recorded, c.dir) != c.head) {
    return fail(damaged(c, "the head does not fit"));
  }
  if (c.dir.size() >= 2 && c.dir[0] + 256 * c.dir[1] > 1) {
    return fail(Errc::format_newer, "chunk at " + std::to_string(c.first_seq.value()) + ": unknown directory version");
  }
  const auto layout = read_layout(c.dir, c.count);
  if (!layout) return fail(damaged(c, "the directory's parts do not fit"));

  ChunkView view;
  if (!read_union(layout->runs, view.union_)) return fail(damaged(c, "the union is no set"));
  ByteReader definitions(layout->definitions);
  Definition definition;
  for (std::uint32_t i = 0; i < layout->definition_count; ++i) {
    if (!read_definition(definitions, definition)) return fail(damaged(c, "a definition cannot be read"));
  }
  if (definitions.left() != 0) return fail(damaged(c, "bytes behind the definitions"));

  // Entries stand behind one another and fill the rest: each starts where the one before ended.
  view.starts_.reserve(c.count + 1);
  ByteReader starts(layout->starts);
  ByteReader entries(ByteView(c.dir).subspan(layout->entries_at));
  EntryView entry;
  for (std::uint32_t i = 0; i < c.count; ++i) {
    const auto at = static_cast<std::uint32_t>(layout->entries_at + entries.at());
    if (starts.u32() != at || !read_entry(entries, entry)) return fail(damaged(c, "an entry cannot be read"));
    if (!add_body(view.body_sizes_, entry)) return fail(damaged(c, "a body is not where it must be"));
    view.starts_.push_back(at);
  }
  view.starts_.push_back(static_cast<std::uint32_t>(c.dir.size()));
  if (entries.left() != 0) return fail(damaged(c, "bytes behind the entries"));
  if (!rows_fit(view.body_sizes_, c.bodies)) return fail(damaged(c, "a row of bodies has the wrong length"));
  view.chunk_ = std::move(chunk);
  return view;
}

Result<ChunkView> ChunkView::with_bodies(std::map<std::uint16_t, Bytes> bodies) const {
  if (!rows_fit(body_sizes_, bodies)) return fail(damaged(*chunk_, "a row of bodies has the wrong length"));
  auto chunk = std::make_shared<Chunk>(*chunk_);
  chunk->bodies = std::move(bodies);
  ChunkView view = *this;
  view.chunk_ = std::move(chunk);
  return view;
}

ByteView ChunkView::entry_bytes(std::uint32_t i) const {
  IRO_ASSERT(i < count(), "an entry of this chunk");
  return ByteView(chunk_->dir).subspan(starts_[i], starts_[i + 1] - starts_[i]);
}

EntryView ChunkView::entry(std::uint32_t i) const {
  ByteReader in(entry_bytes(i));
  EntryView e;
  IRO_ASSERT(read_entry(in, e), "open() has read this entry before");
  return e;
}

std::optional<ByteView> ChunkView::body(const EntryView& entry) const {
  if (entry.body_length == 0) return ByteView{};
  const auto row = chunk_->bodies.find(entry.expiry_month);
  if (row == chunk_->bodies.end()) return std::nullopt;
  IRO_ASSERT(std::uint64_t{entry.body_offset} + entry.body_length <= row->second.size(), "open() has checked this");
  return ByteView(row->second).subspan(entry.body_offset, entry.body_length);
}

bool ChunkView::concerns(MemberNo member) const { return std::ranges::binary_search(union_, member); }

std::vector<Definition> ChunkView::definitions() const {
  const auto layout = read_layout(chunk_->dir, chunk_->count);
  ByteReader in(layout->definitions);
  std::vector<Definition> out(layout->definition_count);
  for (Definition& d : out) IRO_ASSERT(read_definition(in, d), "open() has read this definition before");
  return out;
}

bool ChunkView::commitment_holds(std::uint32_t i) const {
  const EntryView e = entry(i);
  const auto stored = body(e);
  if (!stored) return true;
  Sha256 sha;
  sha.update(entry_bytes(i).subspan(commitment_bytes));
  sha.update(*stored);
  return sha.finish() == e.commitment;
}

schema::EventView erased_attributes_of(const EntryView& entry) {
  schema::EventView event;
  event.id = entry.id;
  event.subject = entry.subject;
  event.time = entry.time;
  event.recordedtime = entry.recordedtime;
  return event;
}

schema::EventView attributes_of(const EntryView& entry) {
  schema::EventView event = erased_attributes_of(entry);
  event.revision = entry.revision;
  event.correlationid = entry.correlationid;
  event.causationid = entry.causationid;
  event.hop = entry.hop;
  event.expirytime = entry.expirytime;
  event.traceparent = entry.traceparent;
  event.datacategory = entry.datacategory;
  event.foreign_id = entry.foreign_id;
  return event;
}

}  // namespace iro::log

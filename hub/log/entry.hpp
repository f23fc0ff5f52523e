// hub/log/entry.hpp: one event as the log's directory describes it, and how a
// chunk is put together and taken apart (docs/log-format.md).
//
// All of this is pure: no SQLite, no clock. ChunkBuilder is used by the core,
// one thread; ChunkView may be read from any thread.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hub/base/error.hpp"
#include "hub/base/limits.hpp"
#include "hub/schema/event.hpp"
#include "hub/schema/registry.hpp"

namespace iro::log {

/// Who gets an event: nobody, up to eight members, or an interned set. Members ascend.
struct Audience {
  std::vector<MemberNo> inline_members;  // when set == 0
  SetId set;                             // 0: inline
  std::array<std::uint8_t, 8> set_hash{};
  [[nodiscard]] bool nobody() const { return set.value() == 0 && inline_members.empty(); }
  bool operator==(const Audience&) const = default;
};

enum class Rule : std::uint8_t { publik = 1, grant = 2, party = 3, role = 4 };  // permanent: on disk
struct Reason {
  MemberNo member;
  Rule rule = Rule::publik;
  std::uint8_t index = 0;  // of the party field or role within the type
  bool operator==(const Reason&) const = default;
};

inline constexpr std::size_t most_reasons = 255;  // in an entry; the writer leaves out what is beyond

enum EntryFlag : std::uint8_t {
  has_correlation = 1,
  has_causation = 2,
  encrypted = 4,
  held = 8,
  released = 16,
  by_rule = 32  // with held: a judge's hold, not a gate; with released: out of one
};              // permanent

inline constexpr std::uint16_t kept_for_ever = 32'767;  // an expiry month that never comes

/// Everything about an event but its payload.
template <typename Text>
struct BasicEntry {
  Hash commitment{};
  EventId id;
  AtomNo type;
  std::uint16_t revision = 1;
  AtomNo source;
  MemberNo sender;
  ProducerId producer;
  ProducerSeq producer_seq;
  TimeMs time;
  TimeMs recordedtime;
  TimeMs expirytime;
  std::uint8_t hop = 0;
  schema::Routing routing = schema::Routing::parties;
  schema::Gate gate = schema::Gate::none;
  std::uint8_t flags = 0;  // has_correlation, has_causation and released are set by the writer of the entry
  std::uint16_t expiry_month = kept_for_ever;
  std::uint32_t body_offset = 0;
  std::uint32_t body_length = 0;
  PersonKeyNo person_key;
  EventId correlationid;
  EventId causationid;
  Seq released_from;  // where the event waited that goes out here; 0 = it did not wait
  Audience full;
  Audience masked;
  std::vector<Reason> reasons;
  Text subject{};
  Text traceparent{};
  Text datacategory{};
  Text foreign_id{};
};
using Entry = BasicEntry<std::string>;
using EntryView = BasicEntry<std::string_view>;  // texts point into the chunk

/// The event's attributes as its entry has them. Type, source and payload stand elsewhere. Views into the chunk.
schema::EventView attributes_of(const EntryView& entry);
/// Those that are left of an event whose content is erased, for a plugin's marker: id, subject and times.
schema::EventView erased_attributes_of(const EntryView& entry);

enum class DefinitionKind : std::uint8_t { atom = 1, set = 2, schema = 3, tombstones = 4 };  // permanent
struct Definition {
  DefinitionKind kind = DefinitionKind::atom;
  std::uint32_t number = 0;
  Bytes bytes;
  bool operator==(const Definition&) const = default;
};
/// The `bytes` of a set's definition, and the reverse (nothing when it is not a set: members ascend).
Bytes encode_set(std::span<const MemberNo> members);
std::optional<std::vector<MemberNo>> decode_set(ByteView bytes);

/// The keys that one erasure ended, as the `bytes` of its definition, and the reverse (nothing when it is not that).
Bytes encode_tombstones(std::span<const PersonKeyNo> keys);
std::optional<std::vector<PersonKeyNo>> decode_tombstones(ByteView bytes);

/// A finished chunk: what one commit adds to the log.
struct Chunk {
  Seq first_seq;
  std::uint32_t count = 0;
  TimeMs recorded;
  Hash prev_head{};
  Hash head{};
  Bytes dir;
  std::map<std::uint16_t, Bytes> bodies;  // by expiry month; a month that was deleted is absent
  [[nodiscard]] Seq last_seq() const { return first_seq.plus(count - 1); }
  [[nodiscard]] std::size_t size_bytes() const;
  bool operator==(const Chunk&) const = default;
};

/// Collects the events of one commit. A chunk has at least one event; the
/// caller closes it at limits::batch_bytes, long before offsets could overflow.
class ChunkBuilder {
 public:
  ChunkBuilder(Seq first_seq, TimeMs recorded, const Hash& prev_head);

  /// Add an event. body_offset, body_length, commitment and the correlation and
  /// causation flags of `entry` are set here. `stored_body` is what goes to disk.
  /// Asserts what only a bug can break: at most eight inline members, ascending.
  template <typename Text>
  void add(BasicEntry<Text> entry, ByteView stored_body);
  void define(Definition definition);

  [[nodiscard]] std::uint32_t count() const { return static_cast<std::uint32_t>(starts_.size()); }
  [[nodiscard]] std::size_t size_bytes() const { return bytes_; }
  /// `union_members`, ascending: everybody in any audience.
  Chunk finish(const std::vector<MemberNo>& union_members) &&;

 private:
  Seq first_seq_;
  TimeMs recorded_;
  Hash prev_head_;
  std::vector<std::uint32_t> starts_;  // within entries_
  Bytes entries_;
  ByteWriter definitions_;
  std::uint32_t definition_count_ = 0;
  std::map<std::uint16_t, Bytes> bodies_;
  std::size_t bytes_ = 0;
};
extern template void ChunkBuilder::add(BasicEntry<std::string>, ByteView);
extern template void ChunkBuilder::add(BasicEntry<std::string_view>, ByteView);

/// Reads a chunk that came from disk, whatever bytes that may be. open() checks
/// the head and then the whole directory's shape, so that later reads cannot
/// fail; it fails with Errc::corrupt, or with Errc::format_newer when the head
/// fits and the directory is of a version that this program does not know.
/// Commitments are not checked here: they cost as much again (commitment_holds).
class ChunkView {
 public:
  static Result<ChunkView> open(std::shared_ptr<const Chunk> chunk);

  [[nodiscard]] const Chunk& chunk() const { return *chunk_; }
  [[nodiscard]] const std::shared_ptr<const Chunk>& shared() const { return chunk_; }
  [[nodiscard]] std::uint32_t count() const { return chunk_->count; }
  [[nodiscard]] Seq seq(std::uint32_t i) const { return chunk_->first_seq.plus(i); }
  [[nodiscard]] EntryView entry(std::uint32_t i) const;
  /// The stored body; nothing when its month was deleted or was not read.
  [[nodiscard]] std::optional<ByteView> body(const EntryView& entry) const;
  [[nodiscard]] const std::vector<MemberNo>& union_members() const { return union_; }
  [[nodiscard]] bool concerns(MemberNo member) const;
  [[nodiscard]] std::vector<Definition> definitions() const;
  /// Bytes of bodies by expiry month: the rows that the chunk has, or had.
  [[nodiscard]] const std::map<std::uint16_t, std::uint64_t>& body_sizes() const { return body_sizes_; }
  /// The same chunk with other rows of bodies, for one whose directory was read
  /// first; nothing is checked twice. corrupt when a row does not fit.
  [[nodiscard]] Result<ChunkView> with_bodies(std::map<std::uint16_t, Bytes> bodies) const;
  /// Does entry `i`'s commitment fit its header and body? True when the body is gone.
  [[nodiscard]] bool commitment_holds(std::uint32_t i) const;

 private:
  [[nodiscard]] ByteView entry_bytes(std::uint32_t i) const;

  std::shared_ptr<const Chunk> chunk_;
  std::vector<MemberNo> union_;
  std::vector<std::uint32_t> starts_;  // and the end of the last
  std::map<std::uint16_t, std::uint64_t> body_sizes_;
};

/// What a log's first chunk has as prev_head.
Hash first_head(const std::array<std::uint8_t, 16>& log_id);
Hash chunk_head(const Hash& prev_head, Seq first_seq, std::uint32_t count, TimeMs recorded, ByteView dir);
/// The first 8 bytes of SHA-256 over the members as u32.
std::array<std::uint8_t, 8> set_hash(std::span<const MemberNo> members);

}  // namespace iro::log

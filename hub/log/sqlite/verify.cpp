#include "hub/log/sqlite/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "hub/base/clock.hpp"
#include "hub/base/crypto.hpp"
#include "hub/log/sqlite/chunk_rows.hpp"
#include "hub/log/sqlite/connection.hpp"
#include "hub/log/sqlite/tables.hpp"
#include "hub/log/sqlite/verify_pages.hpp"

namespace iro::log {
namespace {

constexpr std::size_t findings_kept = 20;
constexpr std::size_t slice_bytes = limits::read_slice_bytes;  // in one transaction

class Verifier {
 public:
  Verifier(SQLite::Database& db, const VerifyProgress& progress) : db_(db), progress_(progress), rows_(db) {}

  Result<VerifyReport> run(const std::filesystem::path& folder, const std::string& vfs);

 private:
  void finding(Seq position, std::string where, std::string reason);
  void tell(std::string_view step, std::uint64_t done, std::uint64_t of) const {
    if (progress_) progress_(step, done, of);
  }

  void read_explanations(const std::filesystem::path& folder, const std::string& vfs);
  void chain();
  bool slice();
  void chunk(const ChunkRows::Moment& found);
  void definitions(const ChunkView& view);
  void definition(const ChunkView& view, const Definition& d);
  void events(const ChunkView& view);
  void audience(const ChunkView& view, std::uint32_t i, const Audience& a, std::set<std::uint32_t>& seen);
  void missing_bodies(const ChunkView& view);

  void tables();
  void compare_interned(const char* table, const char* sql, std::size_t defined,
                        const std::function<bool(const Use&, std::size_t no)>& same);
  void schemas();
  void tombstones();
  void positions();
  void pages();
  void quick_check();

  SQLite::Database& db_;
  const VerifyProgress& progress_;
  ChunkRows rows_;
  VerifyReport report_;

  // What the chunks read so far lead to.
  Seq next_{1};
  Hash head_{};
  TimeMs recorded_;
  std::vector<std::string> atoms_;
  struct Set {
    std::vector<MemberNo> members;
    std::array<std::uint8_t, 8> hash{};
  };
  std::vector<Set> sets_;
  std::vector<Bytes> schemas_;
  std::size_t erasures_ = 0;
  std::map<std::uint64_t, std::uint32_t> buried_;  // person key -> the erasure that ended it
  std::uint16_t deleted_month_ = 0;
  std::set<std::uint64_t> erased_keys_;
};

void Verifier::finding(Seq position, std::string where, std::string reason) {
  if (++report_.findings_total <= findings_kept) {
    report_.findings.push_back({position, std::move(where), std::move(reason)});
  }
}

Result<VerifyReport> Verifier::run(const std::filesystem::path& folder, const std::string& vfs) {
  const Meta meta = read_meta(db_);
  if (meta.format > log_format) return fail(Errc::format_newer, fmt::format("the log has format {}", meta.format));
  if (meta.format < 1) return fail(Errc::not_found, "the file holds no log");
  head_ = first_head(meta.log_id);
  // Each part says what it finds, and a part that cannot go on does not keep the others from looking.
  const auto part = [&](const char* name, auto&& work) {
    const Status done = guarded(db_, name, work);
    if (!done) finding(Seq(0), name, done.error().message);
  };
  part("retention", [&] { read_explanations(folder, vfs); });
  part("chain", [&] { chain(); });
  part("pages", [&] { pages(); });
  part("quick_check", [&] { quick_check(); });
  report_.head = head_;
  return std::move(report_);
}

void Verifier::read_explanations(const std::filesystem::path& folder, const std::string& vfs) {
  Statement retention("SELECT month, at_ms FROM retention ORDER BY month");
  Use row(db_, retention);
  while (row.step()) {
    deleted_month_ = static_cast<std::uint16_t>(row.number(0));
    if (deleted_month_ > month_of(TimeMs(row.number(1)))) {
      finding(Seq(0), "table retention", fmt::format("month {} was deleted before it began", deleted_month_));
    }
  }
  ConnectionOptions options;
  options.vfs = vfs;
  auto keys = open_connection(folder / "keys.db", options);
  if (!keys) return;  // without it no tombstone explains anything
  Statement tombstones("SELECT no FROM tombstone");
  Use stone(**keys, tombstones);
  while (stone.step()) erased_keys_.insert(static_cast<std::uint64_t>(stone.number(0)));
}

// -- The chain --------------------------------------------------------------

void Verifier::chain() {
  while (slice()) tell("events", report_.events, 0);
}

/// Some chunks in one transaction. At the end of the log the tables are compared in the same one. False at the end.
bool Verifier::slice() {
  SQLite::Transaction moment(db_);  // only reads: rolled back
  Statement next("SELECT first_seq, recorded_ms, count FROM chunk WHERE first_seq>? ORDER BY first_seq LIMIT 1");
  for (std::size_t bytes = 0; bytes < slice_bytes;) {
    Use row(db_, next, Seq(next_.value() - 1));
    if (!row.step()) {
      tables();
      return false;
    }
    const Seq first(static_cast<std::uint64_t>(row.number(0)));
    const std::uint64_t count = std::clamp<std::int64_t>(row.number(2), 1, 0xFFFFFFFF);
    chunk({first, TimeMs(row.number(1)), first.plus(count)});
    bytes += 64U * count;
  }
  return true;
}

void Verifier::chunk(const ChunkRows::Moment& found) {
  ++report_.chunks;
  if (found.first_seq != next_) {
    finding(next_, "chunk", fmt::format("positions {} to {} are missing", next_.value(), found.first_seq.value() - 1));
  }
  next_ = found.next_seq;
  report_.events += found.next_seq.value() - found.first_seq.value();
  const auto bare = rows_.at_or_after(found.first_seq);
  if (!bare || !*bare) {
    finding(found.first_seq, "chunk", bare ? "it is gone" : bare.error().message);
    head_ = {};  // the next one cannot be compared; its own finding says so
    return;
  }
  const Chunk& c = (*bare)->chunk();
  if (c.prev_head != head_) finding(c.first_seq, "chunk", "it does not follow the chunk before: the heads differ");
  if (c.recorded < recorded_) finding(c.first_seq, "chunk", "it was recorded before the chunk before it");
  head_ = c.head;
  recorded_ = c.recorded;
  definitions(**bare);
  const auto full = rows_.with_bodies(**bare);
  if (!full) finding(c.first_seq, "body", full.error().message);
  events(full ? *full : **bare);
}

void Verifier::definitions(const ChunkView& view) {
  for (const Definition& d : view.definitions()) definition(view, d);
}

void Verifier::definition(const ChunkView& view, const Definition& d) {
  const auto in_order = [&](std::size_t known, const char* what) {
    if (d.number == known + 1) return true;
    finding(view.chunk().first_seq, "definition", fmt::format("{} {} comes after {}", what, d.number, known));
    return false;
  };
  switch (d.kind) {
    case DefinitionKind::atom:
      if (in_order(atoms_.size(), "atom")) atoms_.emplace_back(as_text(d.bytes));
      break;
    case DefinitionKind::set:
      if (in_order(sets_.size(), "set")) {
        auto members = *decode_set(d.bytes);
        const auto hash = set_hash(members);
        sets_.push_back({std::move(members), hash});
      }
      break;
    case DefinitionKind::schema:
      if (in_order(schemas_.size(), "schema")) schemas_.push_back(d.bytes);
      break;
    case DefinitionKind::tombstones:
      if (in_order(erasures_, "erasure")) {
        ++erasures_;
        const auto keys = *decode_tombstones(d.bytes);
        for (const PersonKeyNo key : keys) buried_[key.value()] = d.number;
      }
      break;
  }
}

void Verifier::events(const ChunkView& view) {
  std::set<std::uint32_t> seen;  // sets whose members were looked up in this chunk's union
  for (std::uint32_t i = 0; i < view.count(); ++i) {
    const EntryView e = view.entry(i);
    const auto stored = view.body(e);
    if (stored) ++report_.bodies;
    if (!view.commitment_holds(i)) finding(view.seq(i), "body", "header and body are not what was committed");
    if (e.type.value() == 0 || e.type.value() > atoms_.size() || e.source.value() == 0 ||
        e.source.value() > atoms_.size()) {
      finding(view.seq(i), "event", "its type or source is not defined up to here");
    }
    audience(view, i, e.full, seen);
    audience(view, i, e.masked, seen);
  }
  missing_bodies(view);
}

void Verifier::audience(const ChunkView& view, std::uint32_t i, const Audience& a, std::set<std::uint32_t>& seen) {
  const auto in_union = [&](MemberNo m) { return view.concerns(m); };
  const std::vector<MemberNo>* members = &a.inline_members;
  if (const std::uint32_t no = a.set.value(); no != 0) {
    if (no > sets_.size() || sets_[no - 1].hash != a.set_hash) {
      finding(view.seq(i), "event", fmt::format("its audience, set {}, is not the one that was defined", no));
      return;
    }
    if (!seen.insert(no).second) return;
    members = &sets_[no - 1].members;
  }
  if (!std::ranges::all_of(*members, in_union)) {
    finding(view.seq(i), "event", "somebody in its audience is not in the chunk's union, and would never get it");
  }
}

void Verifier::missing_bodies(const ChunkView& view) {
  for (const auto& [month, size] : view.body_sizes()) {
    if (view.chunk().bodies.contains(month)) continue;
    for (std::uint32_t i = 0; i < view.count(); ++i) {
      const EntryView e = view.entry(i);
      if (e.expiry_month != month || e.body_length == 0) continue;
      if (month <= deleted_month_ || erased_keys_.contains(e.person_key.value())) {
        ++report_.bodies_gone;
      } else {
        finding(view.seq(i), "body", "it is missing, and neither a retention row nor a tombstone says why");
      }
    }
  }
}

// -- The tables -------------------------------------------------------------

void Verifier::tables() {
  compare_interned("table atom", "SELECT no, text FROM atom ORDER BY no", atoms_.size(),
                   [&](const Use& row, std::size_t no) { return row.text(1) == atoms_[no - 1]; });
  compare_interned("table audience_set", "SELECT no, members FROM audience_set ORDER BY no", sets_.size(),
                   [&](const Use& row, std::size_t no) { return decode_set(row.bytes(1)) == sets_[no - 1].members; });
  schemas();
  tombstones();
  positions();
}

/// What an erasure ended must be known from the chain, and the table must say the same: it is what a restore goes by.
void Verifier::tombstones() {
  Statement select("SELECT person_key, erasure FROM tombstone ORDER BY person_key");
  Use row(db_, select);
  std::size_t rows = 0;
  while (row.step()) {
    ++rows;
    const auto at = buried_.find(static_cast<std::uint64_t>(row.number(0)));
    if (at == buried_.end() || at->second != row.number(1)) {
      finding(Seq(0), "table tombstone", fmt::format("the chain knows no erasure of key {}", row.number(0)));
    }
  }
  if (rows < buried_.size()) {
    finding(Seq(0), "table tombstone", fmt::format("it has {} of {} keys", rows, buried_.size()));
  }
}

void Verifier::compare_interned(const char* table, const char* sql, std::size_t defined,
                                const std::function<bool(const Use&, std::size_t no)>& same) {
  Statement select(sql);
  Use row(db_, select);
  std::size_t rows = 0;
  while (row.step()) {
    const auto no = static_cast<std::size_t>(row.number(0));
    ++rows;
    if (no != rows || no > defined || !same(row, no)) {
      finding(Seq(0), table, fmt::format("row {} is not what the chunks define", no));
      return;
    }
  }
  if (rows != defined) finding(Seq(0), table, fmt::format("{} rows, but the chunks define {}", rows, defined));
}

void Verifier::schemas() {
  Statement select("SELECT no, hash, name, bfbs FROM schema ORDER BY no");
  Use row(db_, select);
  std::map<std::int64_t, Bytes> in_table;
  while (row.step()) {
    ByteWriter definition;
    definition.bytes(row.bytes(1));
    definition.text16(row.text(2));
    in_table[row.number(0)] = definition.take();
    const Hash hash = sha256(row.bytes(3));
    if (!std::ranges::equal(hash, row.bytes(1))) {
      finding(Seq(0), "table schema", fmt::format("the schema in row {} does not have its hash", row.number(0)));
    }
  }
  // A schema may be loaded and not yet used by any event: only the table has it then.
  for (std::size_t i = 0; i < schemas_.size(); ++i) {
    const auto at = in_table.find(static_cast<std::int64_t>(i + 1));
    if (at == in_table.end() || at->second != schemas_[i]) {
      finding(Seq(0), "table schema", fmt::format("row {} is not what the chunks define", i + 1));
    }
  }
}

void Verifier::positions() {
  const auto none_beyond = [&](const char* table, const char* sql) {
    Statement select(sql);
    Use row(db_, select, next_);
    if (row.step() && row.number(0) > 0) {
      finding(Seq(0), table, fmt::format("{} rows speak of positions that the log does not have", row.number(0)));
    }
  };
  none_beyond("table consumer", "SELECT count(*) FROM consumer WHERE cursor>=?");
  none_beyond("table deviation", "SELECT count(*) FROM deviation WHERE seq>=?");
  none_beyond("table plugin_cursor", "SELECT count(*) FROM plugin_cursor WHERE seq>=?");
}

// -- The file ---------------------------------------------------------------

void Verifier::pages() {
  const auto done = check_pages(
      db_, [&](std::uint32_t page) { finding(Seq(0), fmt::format("page {}", page), "the checksum does not fit"); },
      [&](std::uint64_t read, std::uint64_t of) { tell("pages", read, of); });
  if (done) report_.pages = *done;
  if (!done) finding(Seq(0), "pages", done.error().message);
}

void Verifier::quick_check() {
  tell("structure", 0, 0);
  Statement check("PRAGMA quick_check(20)");
  Use row(db_, check);
  while (row.step()) {
    if (const std::string said = row.text(0); said != "ok") finding(Seq(0), "quick_check", said);
  }
}

}  // namespace

std::string Finding::text() const {
  if (position.value() == 0) return fmt::format("{}: {}", where, reason);
  return fmt::format("position {}, {}: {}", position.value(), where, reason);
}

Result<VerifyReport> verify(const std::filesystem::path& folder, const VerifyProgress& progress,
                            const VerifyOptions& options) {
  ConnectionOptions connection;
  connection.vfs = options.vfs;
  auto db = open_connection(folder / options.file_name, connection);
  if (!db) return fail(db.error().within("verify"));
  return guarded(**db, "verify", [&] { return Verifier(**db, progress).run(folder, options.vfs); });
}

}  // namespace iro::log

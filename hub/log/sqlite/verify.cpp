#include "hub/log/sqlite/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "hub/base/clock.hpp"
#include "hub/base/crypto.hpp"
#include "hub/log/sqlite/connection.hpp"
#include "hub/log/sqlite/tables.hpp"
#include "hub/log/sqlite/verifier.hpp"
#include "hub/log/sqlite/verify_pages.hpp"

namespace iro::log {
namespace {

constexpr std::size_t findings_kept = 20;
constexpr std::size_t slice_bytes = limits::read_slice_bytes;  // in one transaction
constexpr std::uint32_t slice_pages = 4'096;

}  // namespace

void Verifier::finding(Seq position, std::string where, std::string reason) {
  if (++report_.findings_total <= findings_kept) {
    report_.findings.push_back({position, std::move(where), std::move(reason)});
  }
}

Status Verifier::begin() {
  const Meta meta = read_meta(db_);
  if (meta.format > log_format) return fail(Errc::format_newer, fmt::format("the log has format {}", meta.format));
  if (meta.format < 1) return fail(Errc::not_found, "the file holds no log");
  head_ = report_.head = first_head(meta.log_id);
  if (!witness_) return {};
  if (witness_->log_id != meta.log_id) finding(Seq(0), "witness", "it saw another log than this one");
  if (witness_->epoch > meta.log_epoch) finding(Seq(0), "witness", "it saw a later epoch of the log");
  // A restore has begun a new epoch and not written its witness yet: the old one says nothing of it.
  if (witness_->epoch < meta.log_epoch || witness_->position == Seq(0)) witness_.reset();
  return {};
}

void Verifier::read_explanations() {
  explained_lately_ = true;
  Statement retention("SELECT month, at_ms FROM retention ORDER BY month");
  Use row(db_, retention);
  while (row.step()) {
    deleted_month_ = static_cast<std::uint16_t>(row.number(0));
    if (deleted_month_ > month_of(TimeMs(row.number(1)))) {
      finding(Seq(0), "table retention", fmt::format("month {} was deleted before it began", deleted_month_));
    }
  }
  ConnectionOptions options;
  options.vfs = vfs_;
  auto keys = open_connection(keys_folder_ / "keys.db", options);
  if (!keys) return;  // without it no tombstone explains anything
  Statement tombstones("SELECT no FROM tombstone");
  Use stone(**keys, tombstones);
  while (stone.step()) erased_keys_.insert(static_cast<std::uint64_t>(stone.number(0)));
}

// -- The chain --------------------------------------------------------------

bool Verifier::chain_slice(std::size_t bytes) {
  SQLite::Transaction moment(db_);  // only reads: rolled back
  explained_lately_ = false;
  if (next_ == Seq(1)) read_explanations();
  Statement next("SELECT first_seq, recorded_ms, count FROM chunk WHERE first_seq>? ORDER BY first_seq LIMIT 1");
  for (const std::uint64_t until = bytes_read_ + bytes; bytes_read_ < until;) {
    Use row(db_, next, Seq(next_.value() - 1));
    if (!row.step()) {
      tables();
      return false;
    }
    const Seq first(static_cast<std::uint64_t>(row.number(0)));
    const std::uint64_t count = std::clamp<std::int64_t>(row.number(2), 1, 0xFFFFFFFF);
    chunk({first, TimeMs(row.number(1)), first.plus(count)});
  }
  return true;
}

void Verifier::chunk(const ChunkRows::Moment& found) {
  ++report_.chunks;
  bytes_read_ += 64;  // at least, so that a slice of damaged chunks ends too
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
  head_ = report_.head = c.head;
  recorded_ = c.recorded;
  if (witness_ && witness_->position == c.last_seq() && witness_->head == c.head) witnessed_ = true;
  definitions(**bare);
  const auto full = rows_.with_bodies(**bare);
  bytes_read_ += full ? full->chunk().size_bytes() : c.size_bytes();
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
  const auto explained = [&](const EntryView& e) {
    return e.expiry_month <= deleted_month_ || erased_keys_.contains(e.person_key.value());
  };
  for (const auto& [month, size] : view.body_sizes()) {
    if (view.chunk().bodies.contains(month)) continue;
    for (std::uint32_t i = 0; i < view.count(); ++i) {
      const EntryView e = view.entry(i);
      if (e.expiry_month != month || e.body_length == 0) continue;
      // A scrub takes hours: it may have been deleted meanwhile.
      if (!explained(e) && !explained_lately_) read_explanations();
      if (explained(e)) {
        ++report_.bodies_gone;
      } else {
        finding(view.seq(i), "body", "it is missing, and neither a retention row nor a tombstone says why");
      }
    }
  }
}

// -- The file ---------------------------------------------------------------

bool Verifier::pages_slice(std::uint32_t count) {
  const auto of = check_pages(db_, static_cast<std::uint32_t>(report_.pages) + 1, count, [&](std::uint32_t page) {
    finding(Seq(0), fmt::format("page {}", page), "the checksum does not fit");
  });
  if (!of) {
    finding(Seq(0), "pages", of.error().message);
    return false;
  }
  pages_in_file_ = *of;
  const std::uint64_t read = std::min<std::uint64_t>(count, *of - std::min(*of, report_.pages));
  report_.pages += read;
  bytes_read_ += read * limits::page_bytes;
  return report_.pages < *of;
}

void Verifier::quick_check() {
  Statement check("PRAGMA quick_check(20)");
  Use row(db_, check);
  while (row.step()) {
    if (const std::string said = row.text(0); said != "ok") finding(Seq(0), "quick_check", said);
  }
}

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
  Verifier verifier(**db, options.keys_folder.empty() ? folder : options.keys_folder, options.vfs);
  if (options.witness) verifier.expect(*options.witness);
  IRO_TRY(guarded(**db, "read the log's description", [&] { return verifier.begin(); }), "verify");
  const auto tell = [&](std::string_view step, std::uint64_t done, std::uint64_t of) {
    if (progress) progress(step, done, of);
  };
  // Each part says what it finds, and a part that cannot go on does not keep the others from looking.
  const auto part = [&](const char* name, auto&& work) {
    const Status done = guarded(**db, name, work);
    if (!done) verifier.finding(Seq(0), name, done.error().message);
  };
  part("chain", [&] {
    while (verifier.chain_slice(slice_bytes)) tell("events", verifier.report().events, 0);
  });
  part("pages", [&] {
    while (verifier.pages_slice(slice_pages)) tell("pages", verifier.report().pages, verifier.pages_in_file());
  });
  tell("structure", 0, 0);
  part("quick_check", [&] { verifier.quick_check(); });
  return verifier.report();
}

}  // namespace iro::log

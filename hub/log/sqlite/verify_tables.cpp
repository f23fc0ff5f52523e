// What the state tables must agree on with the chunks.
#include <fmt/format.h>

#include <algorithm>

#include "hub/base/crypto.hpp"
#include "hub/log/sqlite/verifier.hpp"

namespace iro::log {

void Verifier::tables() {
  compare_interned("table atom", "SELECT no, text FROM atom ORDER BY no", atoms_.size(),
                   [&](const Use& row, std::size_t no) { return row.text(1) == atoms_[no - 1]; });
  compare_interned("table audience_set", "SELECT no, members FROM audience_set ORDER BY no", sets_.size(),
                   [&](const Use& row, std::size_t no) { return decode_set(row.bytes(1)) == sets_[no - 1].members; });
  schemas();
  tombstones();
  positions();
  compare_witness();
}

void Verifier::compare_witness() {
  if (!witness_ || witnessed_) return;
  finding(witness_->position, "witness",
          witness_->position >= next_ ? fmt::format("the log ends at position {}, before it", next_.value() - 1)
                                      : std::string("the log holds something else there"));
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
  none_beyond("table plugin_cursor", "SELECT count(*) FROM plugin_cursor WHERE seq>?");
  none_beyond("table plugin_parked", "SELECT count(*) FROM plugin_parked WHERE seq>=?");
}

}  // namespace iro::log

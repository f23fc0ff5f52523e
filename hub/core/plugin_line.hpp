// hub/core/plugin_line.hpp: where the core stands with one plugin.
//
//   inline   it is asked about each event in the event's own commit
//   behind   it reads the log with a cursor of its own, because it is new (and reads who the members are),
//            was too slow, or failed; back inline when it has kept up for a second
//   suspended  it is asked nothing; its cursor stays
//
// What it has done in the open batch is undone with the batch: `pending` is the
// open batch's, `committed` what the log has.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hub/log/event_log.hpp"
#include "hub/reaction/plugin.hpp"

namespace iro::core {

/// What a plugin keeps, against its budget. Overwriting a value is counted as if nothing was there before, so `most()`
/// is an upper bound; only when that passes the budget is the log asked, and not before another sixteenth of the budget
/// was written. So a plugin is over by a sixteenth at most, and by what it writes while the log answers.
struct StateSize {
  static constexpr std::uint64_t parts = 16;
  std::optional<std::uint64_t> measured;  // bytes of keys and values
  std::uint64_t written = 0;              // since the log was asked
  bool asked = false;

  [[nodiscard]] std::uint64_t most() const { return measured.value_or(0) + written; }
  [[nodiscard]] bool must_measure(std::uint64_t budget) const {
    if (asked) return false;
    return !measured || (most() > budget && written >= budget / parts);
  }
};

struct PluginLine {
  reaction::PluginSpec spec;
  log::PluginCursorRow committed;
  log::PluginCursorRow pending;
  bool wrote = false;  // the open batch has effects of it
  StateSize size;

  /// A call that has no result yet.
  struct Outstanding {
    std::uint64_t no = 0;
    bool trailing = false;  // of what is in the log; else of the open batch
    bool alone = false;
    bool retry = false;                       // of one parked event: the cursor stays where it is
    TimeMs now;                               // what the plugin is told: when the batch was, or is, recorded
    std::vector<std::uint32_t> items;         // inline: where in the batch
    std::vector<Seq> seqs;                    // where in the log; of a late inline call known when the batch is built
    std::vector<reaction::CallEvent> events;  // as they were asked
    std::vector<std::shared_ptr<const void>> memory;
  };
  std::optional<Outstanding> outstanding;
  std::uint64_t last_call = 0;

  std::optional<std::uint32_t> falls_behind_at;  // item of the open batch that it is shown next
  bool alone_next = false;                       // what it is asked next may be what it fails on
  bool tried_again = false;                      // what it was asked last was a parked event: the log is next
  Seq suspect;                                   // failed once; tried alone
  int failed_starts = 0;
  TimeMs retry_at;
  std::optional<std::uint64_t> read;  // the ReadChunks that is on its way
  std::optional<TimeMs> kept_up_since;

  std::map<Seq, log::PluginParkedRow> parked;                        // as committed and with the open batch
  std::map<Seq, std::optional<log::PluginParkedRow>> parked_before;  // what the open batch has changed

  [[nodiscard]] bool suspended() const { return !pending.suspended.empty(); }
  [[nodiscard]] bool is_inline() const { return pending.seq.value() == 0 && !suspended() && !falls_behind_at; }
  /// Later events of these subjects wait until the parked one is dealt with.
  [[nodiscard]] bool holds_subject(std::string_view subject) const {
    if (subject.empty()) return false;
    for (const auto& [seq, row] : parked) {
      if (row.subject == subject) return true;
    }
    return false;
  }
  [[nodiscard]] std::optional<Seq> retry() const {
    for (const auto& [seq, row] : parked) {
      if (row.state == log::PluginParkedState::retry) return seq;
    }
    return std::nullopt;
  }
  void put_parked(log::PluginParkedRow row) {
    remember(row.seq);
    const Seq seq = row.seq;
    parked[seq] = std::move(row);
  }
  void remove_parked(Seq seq) {
    remember(seq);
    parked.erase(seq);
  }
  [[nodiscard]] bool changed() const { return pending != committed || !parked_before.empty(); }

  void collect(log::Commit& commit) const {
    if (pending != committed) commit.plugin_cursors.push_back(pending);
    for (const auto& [seq, before] : parked_before) {
      const auto now = parked.find(seq);
      if (now == parked.end()) {
        commit.plugin_parked_removed.emplace_back(spec.id, seq);
      } else {
        commit.plugin_parked.push_back(now->second);
      }
    }
  }
  void commit_staged() {
    committed = pending;
    parked_before.clear();
    wrote = false;
  }
  void drop_staged() {
    pending = committed;
    for (const auto& [seq, before] : parked_before) {
      if (before) {
        parked[seq] = *before;
      } else {
        parked.erase(seq);
      }
    }
    parked_before.clear();
    falls_behind_at.reset();
    wrote = false;
  }

 private:
  void remember(Seq seq) {
    const auto at = parked.find(seq);
    parked_before.try_emplace(seq, at == parked.end() ? std::nullopt : std::optional(at->second));
  }
};

}  // namespace iro::core

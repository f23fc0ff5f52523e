// A plugin that could not keep up, or failed, goes on by itself: it reads the log with its own cursor, and what it does
// joins the next commit together with that cursor. An event that it fails on twice, alone in a fresh process, is
// parked, and what comes later on the same subject waits behind it; everything else goes on.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "hub/base/assert.hpp"
#include "hub/core/core.hpp"
#include "hub/schema/json.hpp"

namespace iro::core {
void Core::trail_all(TimeMs now, Actions& out) {
  for (auto& [id, line] : lines_) {
    mind_budget(line, out);
    trail(line, now, out);
  }
}

/// Give it something to do, if there is anything and it does nothing. What is tried again goes first, but never twice
/// without a call of the log between: whoever redrives without end keeps it from nothing.
void Core::trail(PluginLine& line, TimeMs now, Actions& out) {
  if (phase_ != Phase::open || fault_ || refusing_ || line.suspended() || line.outstanding || line.read) return;
  if (line.falls_behind_at || now < line.retry_at) return;
  const bool log_is_next = line.tried_again && !line.is_inline();
  if (line.retry() && !log_is_next) return try_again(line, *line.retry(), out);
  if (line.is_inline()) return;
  follow_log(line, now, out);
  if (line.retry() && !line.outstanding && !line.read && !fault_) try_again(line, *line.retry(), out);
}

/// One parked event once more, alone.
void Core::try_again(PluginLine& line, Seq seq, Actions& out) {
  PluginLine::Outstanding asked;
  asked.trailing = true;
  if (!gather(line, seq, seq.next(), true, asked, out)) return;
  asked.alone = true;
  asked.retry = true;
  if (asked.events.empty()) return parked_done(line, seq);  // its content is gone
  line.tried_again = true;
  call_plugin(line, std::move(asked), out);
}

/// Ask it about the next events of the log, if there are any.
void Core::follow_log(PluginLine& line, TimeMs now, Actions& out) {
  PluginLine::Outstanding asked;
  asked.trailing = true;
  const Seq before = line.pending.seq;
  const bool alone = line.alone_next || line.suspect.value() != 0;
  const bool in_memory = gather(line, before, next_seq_, false, asked, out);
  if (alone && asked.events.size() > 1) {
    asked.events.resize(1);
    asked.seqs.resize(1);
    asked.memory.resize(1);
  }
  if (asked.events.empty()) {
    line.pending.seq = asked.seqs.empty() ? gathered_to_ : line.pending.seq;
    if (in_memory && line.pending.seq == next_seq_ && !line.kept_up_since) line.kept_up_since = now;
    if (in_memory || line.pending.seq == before) return;
    return follow_log(line, now, out);
  }
  if (asked.seqs.front().value() + limits::batch_events < next_seq_.value()) line.kept_up_since.reset();
  asked.alone = alone;
  line.tried_again = false;
  call_plugin(line, std::move(asked), out);
}

/// Events of [from, to) that concern the plugin, as many as one call takes; `again`: also parked ones. False when a
/// read is on its way.
bool Core::gather(PluginLine& line, Seq from, Seq to, bool again, PluginLine::Outstanding& asked, Actions& out) {
  std::size_t bytes = 0;
  gathered_to_ = from;
  while (gathered_to_ < to && asked.events.size() < limits::trailing_events && bytes < limits::trailing_bytes) {
    auto ready = recent(gathered_to_);
    if (ready) {
      ahead_.erase(line.spec.id);
    } else {
      ready = read_ahead(line.spec.id, gathered_to_);
    }
    if (!ready) {
      if (!asked.events.empty()) return true;
      line.read = next_read_;
      out.emplace_back(ReadChunks{next_read_++, gathered_to_, std::nullopt});
      return false;
    }
    // One call, one time: that of the chunk.
    if (!asked.events.empty() && asked.now != ready->view.chunk().recorded) return true;
    asked.now = ready->view.chunk().recorded;
    const auto index = static_cast<std::uint32_t>(gathered_to_.value() - ready->view.chunk().first_seq.value());
    bytes += show(line, ready, index, again, asked);
    if (fault_) return false;
    gathered_to_ = gathered_to_.next();
  }
  return true;
}

/// The chunk with `seq`, of those that were read for the plugin; the ones before it are not needed any more.
std::shared_ptr<const Core::Ready> Core::read_ahead(const std::string& plugin, Seq seq) {
  const auto at = ahead_.find(plugin);
  if (at == ahead_.end()) return nullptr;
  auto& chunks = at->second;
  while (!chunks.empty() && chunks.front()->view.chunk().last_seq() < seq) chunks.pop_front();
  if (chunks.empty() || seq < chunks.front()->view.chunk().first_seq) return nullptr;
  return chunks.front();
}

/// Add one entry to the call if it concerns the plugin. Gives how large it is.
std::size_t Core::show(PluginLine& line, const std::shared_ptr<const Ready>& ready, std::uint32_t index, bool again,
                       PluginLine::Outstanding& asked) {
  const log::EntryView& e = ready->entries[index];
  const schema::EventType* type = ready->types[index];
  const Seq seq = ready->view.seq(index);
  if (type == nullptr || (seq < line.pending.since && !reaction::is_reference(type->name))) return 0;
  const auto lists = [&](const std::vector<std::string>& types) {
    return std::ranges::find(types, type->name) != types.end();
  };
  const bool timer = type->name == timer_fired_type && e.subject == line.spec.id;
  const bool by_rule = (e.flags & log::by_rule) != 0;
  const bool judges = lists(line.spec.judges);
  const bool out_again = (e.flags & log::released) != 0;
  bool judged = false;
  if (!timer) {
    if (!judges && !lists(line.spec.reacts)) return 0;
    // Judges see what is held, the others what comes out; what waits for a gate was shown when it came.
    if (judges ? out_again : by_rule ? !out_again : out_again) return 0;
    judged = judges && by_rule;
  }
  if (!again && line.parked.contains(seq)) return 0;
  if (!again && line.holds_subject(e.subject)) {
    line.put_parked({line.spec.id, seq, log::PluginParkedState::waits, now_, std::string(e.subject), {}});
    return 0;
  }
  struct Shown {
    std::shared_ptr<const Ready> ready;
    std::deque<Bytes> arena;
  };
  auto memory = std::make_shared<Shown>();
  memory->ready = ready;
  reaction::CallEvent shown;
  if (readable(*ready, e)) {
    if (const Status made = materialise({ready.get(), index, false}, shown.event, memory->arena); !made) {
      fault_ = made.error();
      return 0;
    }
    memory->arena.push_back(to_bytes(shown.event.payload));  // aligned, as in a chunk it need not be
    shown.event.payload = memory->arena.back();
    shown.person = registry_.facts(*type, shown.event.payload).person;
  } else {
    if (fault_ || timer) return 0;
    shown.kind = reaction::EventKind::erased;
    shown.event = log::erased_attributes_of(e);
    shown.event.type = type->name;
    judged = false;
  }
  if (timer) {
    shown.kind = reaction::EventKind::timer;
    const auto said = boost::json::parse(registry_.to_json(*type, shown.event.payload).value());
    shown.key = schema::from_base64(std::string_view(said.at("key").as_string())).value();
    shown.due = parse_time(std::string(said.at("due").as_string())).value();
  }
  shown.judged = judged;
  shown.item = static_cast<std::uint32_t>(asked.events.size());
  shown.sender = sender_name(e.sender, e.producer);
  asked.events.push_back(std::move(shown));
  asked.seqs.push_back(seq);
  asked.memory.push_back(std::shared_ptr<const void>(memory, memory.get()));
  return e.body_length + 256;
}

void Core::on_trail_chunks(PluginLine& line, const ChunksRead& read, TimeMs now, Actions& out) {
  line.read.reset();
  if (!read.chunks) {
    out.emplace_back(LogLine{
        Level::error, fmt::format("plugin {}: reading the log failed: {}", line.spec.id, read.chunks.error().text())});
    if (read.chunks.error().code == Errc::corrupt) fault_ = read.chunks.error();
    return;
  }
  auto& chunks = ahead_[line.spec.id];
  chunks.clear();
  for (const auto& chunk : *read.chunks) {
    auto ready = make_ready(chunk);
    if (!ready) {
      fault_ = ready.error();
      return;
    }
    chunks.push_back(std::move(*ready));
  }
  trail(line, now, out);
}

void Core::trailing_answer(PluginLine& line, reaction::Result result, TimeMs now, Actions& out) {
  const PluginLine::Outstanding asked = std::move(*line.outstanding);
  line.outstanding.reset();
  if (!batch_.recorded) batch_.recorded = std::max(now, last_recorded_);
  const std::size_t done = std::min(result.outcomes.size(), asked.events.size());
  for (std::size_t i = 0; i < done; ++i) late_outcome(line, asked, i, result.outcomes[i]);
  if (done > 0) {
    line.suspect = {};
    line.failed_starts = 0;
    line.alone_next = false;
    if (asked.retry) {
      parked_done(line, asked.seqs.front());
    } else if (line.pending.seq.value() != 0) {
      line.pending.seq = asked.seqs[done - 1].next();
    }
  }
  if (result.failure != reaction::Failure::none && result.failure != reaction::Failure::stopped &&
      done < asked.seqs.size()) {
    note_failure(line, result, now, out);
    if (!line.suspended() && result.failure != reaction::Failure::start)
      failed_on(line, asked.seqs[done], asked, done, result, out);
  }
  trail(line, now, out);
}

/// One outcome of an event that is in the log already.
void Core::late_outcome(PluginLine& line, const PluginLine::Outstanding& asked, std::size_t i,
                        const reaction::Outcome& outcome) {
  const reaction::CallEvent& event = asked.events[i];
  const schema::EventType* type = registry_.find(event.event.type);
  const Cause cause{event.event, asked.memory[i], std::string(event.person), type};
  if (event.judged && outcome.ruling == reaction::Ruling::reject) {
    if (const auto* row = gates_.held_by(hold_key(line.spec.id, event.event.id))) {
      if (row->sender == admission::operator_no) tell_maker(cause, outcome.verdict.code);
      refuse_held(line.spec.id, cause, event.event.id, row->sender, Errc::rejected_by_rule, outcome.verdict);
    }
    return;
  }
  if (event.judged && outcome.ruling == reaction::Ruling::accept)
    batch_.let_out.push_back(hold_key(line.spec.id, event.event.id));
  keep(line, outcome, *type);
  speak(line, cause, outcome);
}

/// Once more, alone in a fresh process; failing again it is parked.
void Core::failed_on(PluginLine& line, Seq seq, const PluginLine::Outstanding& asked, std::size_t index,
                     const reaction::Result& result, Actions& out) {
  if (!asked.alone) {
    line.suspect = seq;
    return;
  }
  line.suspect = {};
  line.alone_next = false;
  const std::string why = fmt::format("{}: {}", reaction::name_of(result.failure), result.why);
  line.put_parked({line.spec.id, seq, log::PluginParkedState::parked, now_,
                   std::string(asked.events[index].event.subject), why.substr(0, limits::plugin_note_bytes)});
  if (line.pending.seq == seq) line.pending.seq = seq.next();
  ++counters_.plugin_parked;
  out.emplace_back(LogLine{Level::error, fmt::format("plugin {} failed twice on {}: parked", line.spec.id,
                                                     to_string(asked.events[index].event.id))});
  if (line.parked.size() > limits::plugin_parked) suspend(line, "too many events are parked", out);
}

/// A parked event was handled or is skipped: what waits behind it comes next, one after another.
void Core::parked_done(PluginLine& line, Seq seq) {
  const auto at = line.parked.find(seq);
  if (at == line.parked.end()) return;
  const std::string subject = at->second.subject;
  line.remove_parked(seq);
  for (const auto& [next, row] : line.parked) {
    if (subject.empty() || row.subject != subject) continue;
    log::PluginParkedRow again = row;
    if (again.state == log::PluginParkedState::waits) again.state = log::PluginParkedState::retry;
    line.put_parked(std::move(again));
    break;
  }
}

void Core::note_failure(PluginLine& line, const reaction::Result& result, TimeMs now, Actions& out) {
  ++counters_.plugin_failures;
  line.alone_next = result.failure != reaction::Failure::start;
  out.emplace_back(LogLine{
      Level::error, fmt::format("plugin {} {}: {}", line.spec.id, reaction::name_of(result.failure), result.why)});
  if (result.failure != reaction::Failure::start) return;
  line.retry_at = TimeMs(now.value() + (limits::plugin_start_wait_ms << line.failed_starts));
  if (++line.failed_starts >= limits::plugin_starts)
    suspend(line, fmt::format("it does not start: {}", result.why), out);
}

void Core::suspend(PluginLine& line, const std::string& why, Actions& out) {
  if (line.pending.seq.value() == 0 && !line.falls_behind_at) line.pending.seq = next_seq_;
  line.pending.suspended = why;
  out.emplace_back(LogLine{Level::error, fmt::format("plugin {} is suspended: {}. `iro plugin resume {}` when it is "
                                                     "mended",
                                                     line.spec.id, why, line.spec.id)});
}

/// Waited for again, when it has kept up for a while.
void Core::come_back(PluginLine& line, TimeMs now) const {
  if (line.is_inline() || line.suspended() || line.outstanding || line.retry() || line.pending.seq != next_seq_) return;
  if (!line.kept_up_since || now.value() - line.kept_up_since->value() < limits::inline_again_ms) return;
  line.pending.seq = Seq(0);
  line.kept_up_since.reset();
}

}  // namespace iro::core

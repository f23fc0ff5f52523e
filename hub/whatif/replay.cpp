#include "hub/whatif/replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "hub/base/limits.hpp"
#include "hub/reaction/emission.hpp"
#include "hub/reaction/firing.hpp"
#include "hub/whatif/candidate.hpp"
#include "hub/whatif/kept.hpp"
#include "hub/whatif/ledger.hpp"
#include "hub/whatif/shown.hpp"

namespace iro::whatif {
namespace {

namespace json = boost::json;
using reaction::EventKind;
using reaction::explained_type;
using reaction::held_refused_type;
using reaction::refused_type;

Named named(const reaction::CallEvent& shown) {
  return {shown.event.id, std::string(shown.event.type), std::string(shown.event.subject), shown.event.recordedtime};
}

bool lists(const std::vector<std::string>& types, std::string_view type) {
  return std::ranges::find(types, type) != types.end();
}

class Replay {
 public:
  Replay(const Region& region, const Trial& trial, Recording recording);
  Result<Report> run();

 private:
  struct Type {
    const schema::EventType* known = nullptr;
    bool judged = false;  // by the candidate
    bool heard = false;
    bool others = false;  // another plugin judges it
    bool firing = false;
    bool about_rules = false;  // the hub's word on what a rule said
  };

  Status chunk(const log::ChunkView& view);
  Status entry(const log::ChunkView& view, std::uint32_t index);
  Status own_event(const log::ChunkView& view, const log::EntryView& e);
  Status own_firing(const log::EntryView& e);
  Result<bool> about_the_rule(const log::ChunkView& view, const log::EntryView& e);
  void note_hold(const log::EntryView& e, const Type& type);
  Status show(const log::ChunkView& view, std::uint32_t index);
  void unseen(const EventId& event);

  Status fire_due(TimeMs until);
  void queue_timer(const Candidate::Due& timer, TimeMs time);
  void done(const Shown& shown, const reaction::Outcome& outcome);
  void missed(const Shown& shown, const std::string& why);
  void say(const Shown& cause, const reaction::Emit& emit, std::uint32_t ordinal);
  Status flush();
  Status settle();
  void describe();

  const Type& type_of(AtomNo no);
  const Region& region_;
  const Trial& trial_;
  Recording recording_;
  Report report_;
  Ledger ledger_;
  Candidate candidate_;
  Seq heard_from_;                          // before, it is only shown who the members are
  std::vector<std::optional<Type>> types_;  // by atom
  std::map<MemberNo, std::string> members_;
  std::vector<Shown> queue_;
  std::vector<Shown> own_;  // said by the candidate, and it hears such events itself
  Seq at_;                  // of what is being handled
  TimeMs now_;
};

Replay::Replay(const Region& region, const Trial& trial, Recording recording)
    : region_(region),
      trial_(trial),
      recording_(std::move(recording)),
      ledger_({trial.since, trial.examples}, region.registry, recording_, report_),
      candidate_(
          trial.spec, trial.runner,
          [this](const Shown& shown, const reaction::Outcome& outcome) { done(shown, outcome); },
          [this](const Shown& shown, const std::string& why) { missed(shown, why); }) {
  members_[MemberNo(0)] = "operator";
  for (const log::MemberRow& row : region.record.members) members_[row.no] = row.slug;
  if (region.record.cursor && !trial.from_the_beginning) heard_from_ = region.record.cursor->since;
}

const Replay::Type& Replay::type_of(AtomNo no) {
  if (types_.size() < no.value()) types_.resize(recording_.atoms.size());
  std::optional<Type>& slot = types_[no.value() - 1];
  if (slot) return *slot;
  const std::string& name = recording_.text(no);
  slot = Type{
      region_.registry.find(name),        lists(trial_.spec.judges, name),
      lists(trial_.spec.reacts, name),    trial_.others_judge.contains(name),
      name == reaction::timer_fired_type, name == refused_type || name == held_refused_type || name == explained_type};
  return *slot;
}

Result<Report> Replay::run() {
  Seq through = region_.record.through;
  if (trial_.until) {
    const auto end = region_.reader.position_at(trial_.until->plus(1));
    if (!end) return fail(end.error());
    through = std::min(through, Seq(end->value() - 1));
  }
  const Status read = each_chunk(region_.reader, Seq(1), through, true, [&](const log::ChunkView& view) -> Status {
    IRO_TRY(chunk(view), fmt::format("position {}", view.chunk().first_seq.value()));
    if (trial_.progress) trial_.progress(view.chunk().last_seq().value(), through.value());
    return {};
  });
  if (!read) return fail(read.error());
  ledger_.finish(now_);
  if (through == region_.record.through)
    IRO_TRY(compare_kept(region_.record, region_.keys, candidate_, trial_.examples, report_), "state of the rule");
  describe();
  return std::move(report_);
}

void Replay::describe() {
  report_.plugin = trial_.spec.id;
  report_.version = trial_.version;
  report_.since = trial_.since;
  report_.until = now_;
  report_.through = region_.record.through;
  report_.head = region_.record.head;
  report_.recorded_parked = region_.record.parked;
  const auto& cursor = region_.record.cursor;
  report_.recorded_before = cursor.has_value() || !recording_.emitted.empty();
  if (!cursor) return;
  report_.recorded_behind = cursor->seq.value() != 0 && cursor->seq <= region_.record.through;
}

// ------------------------------------------------------------ the way through the log

Status Replay::chunk(const log::ChunkView& view) {
  at_ = Seq(view.chunk().first_seq.value() - 1);
  IRO_TRY(fire_due(view.chunk().recorded), "timers");
  now_ = view.chunk().recorded;
  for (std::uint32_t i = 0; i < view.count(); ++i) {
    at_ = view.seq(i);
    if (Status shown = entry(view, i); !shown) return shown;
  }
  return settle();
}

Status Replay::entry(const log::ChunkView& view, std::uint32_t index) {
  const log::EntryView e = view.entry(index);
  const Type& type = type_of(e.type);
  const Seq at = view.seq(index);
  const bool out_again = (e.flags & log::released) != 0;
  ++report_.events;
  if (at == heard_from_ && at.value() > 1) report_.heard_from = e.recordedtime;
  if (!out_again && !recording_.causes.empty()) {
    if (const auto cause = recording_.causes.find(e.id); cause != recording_.causes.end()) {
      cause->second.type = e.type;
      cause->second.at = e.recordedtime;
    }
  }
  if (!out_again && recording_.emitted.contains(e.id)) return own_event(view, e);
  if (type.firing && e.subject == trial_.spec.id) return own_firing(e);
  if (type.known == nullptr) return {};
  if (type.about_rules) {
    const auto ours = about_the_rule(view, e);
    if (!ours) return fail(ours.error());
    if (*ours) return {};
  }
  note_hold(e, type);
  if (!type.judged && !type.heard) return {};
  if (at < heard_from_ && !reaction::is_reference(type.known->name)) return {};
  const bool by_rule = (e.flags & log::by_rule) != 0;
  // A judge sees what comes, also what was held; the others what is let out; what waits for a gate was shown when it
  // came.
  if (type.judged ? out_again : by_rule ? !out_again : out_again) return {};
  return show(view, index);
}

/// What the old version said: the candidate is shown its own instead, if it said it too.
Status Replay::own_event(const log::ChunkView& view, const log::EntryView& e) {
  const auto payload = content_of(region_, view, e);
  if (!payload) return fail(payload.error());
  if (Status asked = flush(); !asked) return asked;
  ledger_.recorded(e.causationid, e.recordedtime,
                   {recording_.text(e.type), e.subject, *payload ? std::optional<ByteView>(**payload) : std::nullopt});
  const auto own = std::ranges::find(own_, e.id, [](const Shown& shown) { return shown.event.event.id; });
  if (own == own_.end()) return {};
  queue_.push_back(std::move(*own));
  own_.erase(own);
  return {};
}

/// A timer of the old version fired here. If the candidate has set the same, it fires here too.
Status Replay::own_firing(const log::EntryView& e) {
  if (Status asked = flush(); !asked) return asked;
  const auto timer = candidate_.timer_of(e.id);
  if (!timer) return {};
  queue_timer(*timer, e.time);
  return {};
}

/// The hub's words on what the old version did: of its verdicts, and not for the candidate. True when they are that.
Result<bool> Replay::about_the_rule(const log::ChunkView& view, const log::EntryView& e) {
  const auto payload = content_of(region_, view, e);
  if (!payload) return fail(payload.error());
  if (!*payload) return false;
  const Type& type = type_of(e.type);
  if (!region_.registry.verify(*type.known, **payload)) return false;
  const json::value said = json::parse(region_.registry.to_json(*type.known, **payload).value_or("{}"));
  const auto text = [&](const char* field) {
    const json::value* value = said.as_object().if_contains(field);
    return value != nullptr && value->is_string() ? std::string_view(value->as_string()) : std::string_view();
  };
  if (text("plugin") != trial_.spec.id) return false;
  const auto event = parse_event_id(text("event_id"));
  if (!event) return true;
  if (type.known->name == held_refused_type) ledger_.recorded_refused(*event);
  if (type.known->name == explained_type && text("verdict") == "hold") ledger_.recorded_by_rule(*event);
  return true;
}

/// A judge held this, or let it out. Which one the log does not say: another plugin's types are left to it.
void Replay::note_hold(const log::EntryView& e, const Type& type) {
  if ((e.flags & log::by_rule) == 0 || type.others) return;
  if ((e.flags & log::released) != 0) {
    ledger_.recorded_out(e.id);
  } else if ((e.flags & log::held) != 0) {
    ledger_.recorded_held({e.id, type.known->name, std::string(e.subject), e.recordedtime});
  }
}

Status Replay::show(const log::ChunkView& view, std::uint32_t index) {
  const log::EntryView e = view.entry(index);
  const Type& type = type_of(e.type);
  auto content = content_of(region_, view, e);
  if (!content) return fail(content.error());
  if (!*content) {
    ++(view.body(e) ? report_.unseen.erased : report_.unseen.expired);
    unseen(e.id);
  } else if (e.routing == schema::Routing::sealed) {
    ++report_.unseen.sealed;
  }
  const bool of_the_hub = e.producer.is_zero() && e.sender.value() == 0;
  queue_.push_back(show_event(region_, view, index,
                              {*type.known, recording_.text(e.source), of_the_hub ? "hub" : members_[e.sender],
                               type.judged, std::move(*content)}));
  return {};
}

/// The candidate cannot say what it makes of this: whatever hangs on it is not compared.
void Replay::unseen(const EventId& event) {
  ledger_.not_judged(event);
  if (const auto cause = recording_.causes.find(event); cause != recording_.causes.end()) cause->second.unseen = true;
}

// ------------------------------------------------------------ the candidate's own

/// Timers that have become due before the next events of the log. Those that fired in the log fire there.
Status Replay::fire_due(TimeMs until) {
  for (std::size_t again = 0; again < limits::timers_a_step;) {
    auto due = candidate_.due(until);
    std::erase_if(due, [&](const Candidate::Due& timer) {
      return Recording::later(recording_.firings, reaction::firing_id(trial_.spec.id, timer.key, timer.due), at_);
    });
    if (due.empty()) return {};
    // A rule that sets timers in the past again and again must not keep the replay here for ever.
    again += due.front().due <= now_ ? 1 : 0;
    now_ = std::max(now_, due.front().due);
    for (const Candidate::Due& timer : due) {
      if (timer.due <= now_) queue_timer(timer, now_);
    }
    if (Status settled = settle(); !settled) return settled;
  }
  return {};
}

void Replay::queue_timer(const Candidate::Due& timer, TimeMs time) {
  queue_.push_back(show_timer(region_, trial_, timer, time, now_));
  candidate_.remove_timer(timer.key);
  ++report_.firings;
}

void Replay::done(const Shown& shown, const reaction::Outcome& outcome) {
  if (shown.event.kind == EventKind::event) ++report_.shown;
  if (shown.event.judged) {
    ledger_.replayed_ruling(named(shown.event), shown.event.event.expirytime, outcome.ruling, outcome.verdict);
    if (outcome.ruling == reaction::Ruling::reject) return;  // it never happened
  }
  std::uint32_t ordinal = 0;
  for (const auto& emit : outcome.emits) say(shown, emit, ordinal++);
  for (const auto& word : outcome.held) {
    if (!ledger_.replayed_word(word) && shown.event.event.recordedtime >= trial_.since)
      report_.refused.add({named(shown.event), to_string(word.event), Errc::not_found}, trial_.examples);
  }
}

void Replay::missed(const Shown& shown, const std::string& why) {
  unseen(shown.event.event.id);
  if (why.empty()) {
    ++report_.unseen.waiting;
  } else {
    report_.failed.add({named(shown.event), why}, trial_.examples);
  }
}

/// What the hub looks at before it takes an event from a plugin (hub/core/react.cpp, apply_emit).
void Replay::say(const Shown& cause, const reaction::Emit& emit, std::uint32_t ordinal) {
  const schema::EventView& answered = cause.event.event;
  if (const Errc code = reaction::refusal_of(trial_.spec, region_.registry, emit, answered.hop); code != Errc::ok) {
    if (answered.recordedtime >= trial_.since)
      report_.refused.add({named(cause.event), emit.type, code}, trial_.examples);
    return;
  }
  Shown own = show_own(region_, trial_, cause, emit, ordinal, now_);
  const schema::EventView& said = own.event.event;
  ledger_.replayed(named(cause.event), {said.type, said.subject, said.payload});
  if (own.event.judged || lists(trial_.spec.reacts, said.type)) own_.push_back(std::move(own));
}

Status Replay::flush() {
  if (queue_.empty()) return {};
  return candidate_.ask(now_, std::exchange(queue_, {}));
}

/// Ask, and go on until the candidate says nothing more that it hears itself.
Status Replay::settle() {
  for (;;) {
    if (Status asked = flush(); !asked) return asked;
    std::vector<Shown> later;
    for (Shown& own : own_) {
      const bool in_the_log = Recording::later(recording_.emitted, own.event.event.id, at_);
      (in_the_log ? later : queue_).push_back(std::move(own));
    }
    own_ = std::move(later);
    if (queue_.empty()) return {};
  }
}

}  // namespace

Result<Report> replay(const Region& region, const Trial& trial) {
  auto recording = read_recording(region.reader, region.record.through, trial.spec.id);
  if (!recording) return fail(recording.error().within("what the log holds of the rule"));
  return Replay(region, trial, std::move(*recording)).run();
}

}  // namespace iro::whatif

#include "hub/whatif/shown.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "hub/reaction/emission.hpp"
#include "hub/reaction/firing.hpp"
#include "hub/schema/json.hpp"

namespace iro::whatif {
namespace {

/// What an event of the log needs as long as it is shown.
struct Memory {
  std::shared_ptr<const log::Chunk> chunk;
  Bytes payload;
};

}  // namespace

Result<std::optional<Bytes>> content_of(const Region& region, const log::ChunkView& view, const log::EntryView& e) {
  using Content = std::optional<Bytes>;
  const auto stored = view.body(e);
  if (!stored || e.expiry_month <= region.record.deleted_month) return Content();
  if ((e.flags & log::encrypted) == 0) return Content(to_bytes(*stored));
  const auto key = region.keys(e.person_key);
  if (!key) return fail(key.error());
  if (!*key) return Content();
  auto open = log::open(**key, e.id, *stored);
  if (!open) return fail(open.error());
  return Content(std::move(*open));
}

Shown show_event(const Region& region, const log::ChunkView& view, std::uint32_t index, FromLog from) {
  const log::EntryView e = view.entry(index);
  auto memory = std::make_shared<Memory>();
  memory->chunk = view.shared();
  Shown shown;
  shown.event.sender = from.sender;
  auto& event = shown.event.event;
  if (from.content) {
    memory->payload = std::move(*from.content);
    event = log::attributes_of(e);
    event.type = from.type.name;
    event.source = from.source;
    event.payload = memory->payload;
    shown.event.person = region.registry.facts(from.type, event.payload).person;
    shown.event.judged = from.judged;
  } else {
    shown.event.kind = reaction::EventKind::erased;
    event = log::erased_attributes_of(e);
    event.type = from.type.name;
  }
  shown.memory = std::move(memory);
  return shown;
}

Shown show_timer(const Region& region, const Trial& trial, const Candidate::Due& timer, TimeMs time, TimeMs now) {
  const schema::EventType& type = *region.registry.find(reaction::timer_fired_type);
  auto made = std::make_shared<schema::Event>();
  made->id = reaction::firing_id(trial.spec.id, timer.key, timer.due);
  made->type = type.name;
  made->revision = type.revision;
  made->source = fmt::format("urn:nld:oin:{}:systeem:hub", trial.hub_oin);
  made->subject = trial.spec.id;
  made->time = time;
  made->recordedtime = now;
  made->causationid = reaction::timer_id(trial.spec.id, timer.key, timer.due);
  made->correlationid = made->causationid;
  made->hop = 1;
  const boost::json::object payload{
      {"plugin", trial.spec.id}, {"key", schema::to_base64(timer.key)}, {"due", format_time(timer.due)}};
  made->payload = region.registry.from_json(type, boost::json::serialize(payload)).value_or(Bytes());
  Shown shown;
  shown.event.kind = reaction::EventKind::timer;
  shown.event.event = schema::view_of(*made);
  shown.event.sender = "hub";
  shown.event.key = timer.key;
  shown.event.due = timer.due;
  shown.memory = std::move(made);
  return shown;
}

Shown show_own(const Region& region, const Trial& trial, const Shown& cause, const reaction::Emit& emit,
               std::uint32_t ordinal, TimeMs now) {
  const schema::EventType& type = *region.registry.find(emit.type);
  auto made = reaction::following_event(trial.spec.id, trial.hub_oin, cause.event.event, ordinal, type, emit.payload);
  const schema::Facts facts = region.registry.facts(type, made->payload);
  made->subject = facts.subject;
  made->recordedtime = now;
  Shown shown;
  shown.event.event = schema::view_of(*made);
  shown.event.judged = std::ranges::find(trial.spec.judges, type.name) != trial.spec.judges.end();
  shown.event.sender = "hub";
  shown.event.person = facts.person;
  shown.memory = std::move(made);
  return shown;
}

}  // namespace iro::whatif

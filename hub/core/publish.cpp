// PUB: admission gives each event its verdict; what is accepted joins the open batch.
#include <fmt/format.h>

#include "hub/admission/commands.hpp"
#include "hub/core/core.hpp"

namespace iro::core {
namespace {

bool temporary(Errc code) { return info(code).permanence == Permanence::T; }

}  // namespace

void Core::refuse_rest(Waiter& waiter, ProducerSeq from, Errc code, std::string reason, std::uint32_t retry_ms) {
  waiter.ack.refused_from = from;
  waiter.ack.refused_code = code;
  waiter.ack.refused_reason = std::move(reason);
  waiter.ack.retry_after_ms = retry_ms;
  ++counters_.refusals[code];
}

void Core::on_pub(Session& session, wire::Message& message, TimeMs now, Actions& out) {
  const auto& pub = std::get<wire::Pub>(message.body);
  if (session.producer.is_zero()) {
    send_error(session.connection, session.epoch, Errc::session_required, "HELLO named no producer", 0, out);
    return;
  }
  answered_.erase(session.producer);
  auto [at, fresh] = producers_.try_emplace(session.producer);
  Producer& producer = at->second;
  if (fresh) producer.row.id = session.producer, producer.row.member = session.who.member;

  Waiter waiter{session.connection, session.epoch, session.who.member, session.producer, pub.first_sequence, {}};
  ProducerSeq sequence = pub.first_sequence;
  if (const auto why = closed()) {
    refuse_rest(waiter, producer.pending.next(), why->code, why->message,
                why->code == Errc::index_behind ? 100 : 1'000);
  } else if (sequence > producer.pending.next()) {
    refuse_rest(waiter, producer.pending.next(), Errc::sequence_gap,
                fmt::format("{} came; {} is next", sequence.value(), producer.pending.next().value()), 0);
  } else {
    for (const auto& event : pub.events) {
      if (sequence <= producer.pending) {
        ++counters_.repeated;
      } else if (!take_event(session, event, message.memory, producer, waiter, now)) {
        break;
      }
      sequence = sequence.next();
    }
  }
  waiter.ack.up_to = std::min(producer.pending, sequence.plus(static_cast<std::uint64_t>(-1)));
  if (waiter.ack.refused_from.value() != 0)
    waiter.ack.up_to = waiter.ack.refused_from.plus(static_cast<std::uint64_t>(-1));
  if (producer.touched) batch_.producers.insert(session.producer);
  batch_.waiters.push_back(std::move(waiter));
}

std::optional<Error> Core::closed() const {
  if (refusing_) return refusing_;
  if (draining_) return Error{Errc::draining, "the hub is going down"};
  if (throttled_) return Error{Errc::index_behind, fmt::format("the index is {} events behind", index_lag_)};
  return std::nullopt;
}

/// False when it was refused for now, and with it the rest.
bool Core::take_event(Session& session, const schema::EventView& event, const std::shared_ptr<const Bytes>& memory,
                      Producer& producer, Waiter& waiter, TimeMs now) {
  const ProducerSeq sequence = producer.pending.next();
  const admission::Member& sender = *members_->find(session.who.member);
  auto verdict = admission_.admit(event, sender, now);
  std::optional<std::pair<Errc, std::string>> refused;
  if (!verdict) {
    if (temporary(verdict.error().code)) {
      refuse_rest(waiter, sequence, verdict.error().code, verdict.error().reason, verdict.error().retry_after_ms);
      return false;
    }
    refused = {verdict.error().code, std::move(verdict.error().reason)};
  } else if (session.enrolment && event.type != admission::keys_presented_type) {
    refused = {Errc::enrolment_only, "an invitation's key may publish its member's keys only"};
  } else if (admission::is_command(event.type)) {
    refused = command(event, *verdict->type, session.who, now);
    if (!refused && event.type == "nl.placements.hub.subject-erased.v1") refused = plan_erasure(*verdict);
    if (!refused && event.type == "nl.placements.hub.backfill-ordered.v1")
      refused = plan_backfill(registry_.to_json(*verdict->type, event.payload).value());
  }
  // A permanent refusal uses its number up, so the producer is touched either way.
  producer.pending = sequence;
  producer.pending_hash = schema::event_hash(event.id, event.payload);
  producer.touched = true;
  if (refused) {
    ++counters_.refused;
    ++counters_.refusals[refused->first];
    waiter.ack.exceptions.push_back({sequence, refused->first, std::move(refused->second)});
    return true;
  }
  if (verdict->foreign) {
    admission_.remember(*verdict->foreign, now);
    batch_.foreign.push_back(*verdict->foreign);
  }
  batch_.bytes += event.payload.size() + 256;
  Item item;
  item.event = event;
  item.memory = memory;
  item.sender = session.who.member;
  item.producer = session.producer;
  item.sequence = sequence;
  item.admitted = std::move(*verdict);
  batch_.items.push_back(std::move(item));
  return true;
}

/// What an event changes about the members is done on a copy, which takes effect with the commit.
std::optional<std::pair<Errc, std::string>> Core::command(const schema::EventView& event, const schema::EventType& type,
                                                          const Principal& actor, TimeMs now) {
  auto payload = registry_.to_json(type, event.payload);
  if (!payload) return std::pair{payload.error().code, payload.error().message};
  if (!batch_.members) batch_.members = std::make_shared<admission::Membership>(*members_);
  const auto before = batch_.members->all();
  if (const Status done = admission::apply_command(*batch_.members, actor, event.type, *payload, now); !done) {
    return std::pair{done.error().code, done.error().message};
  }
  const auto& after = batch_.members->all();
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (i >= before.size() || before[i] != after[i])
      batch_.members_changed.insert(MemberNo(static_cast<std::uint32_t>(i)));
  }
  batch_.audit.push_back({now, actor.member, std::string(event.type), to_string(event.id)});
  return std::nullopt;
}

}  // namespace iro::core

#include "hub/views/explain.hpp"

#include <algorithm>

#include "hub/views/sight.hpp"

namespace iro::views {
namespace {

using admission::Member;
using admission::Receive;

Ground ground_of_class(schema::Routing routing) {
  switch (routing) {
    case schema::Routing::publik:
      return Ground::publik;
    case schema::Routing::regional:
      return Ground::grant;
    case schema::Routing::operators:
      return Ground::operators;
    default:
      return Ground::not_stored;
  }
}

const log::Reason* stored_reason(const log::EntryView& entry, MemberNo member) {
  const auto at = std::ranges::find(entry.reasons, member, &log::Reason::member);
  return at == entry.reasons.end() ? nullptr : &*at;
}

Since since_commit(const ExplainInput& in, const admission::Membership& today, const Entitled& e) {
  const Member* m = today.find(e.member);
  if (m == nullptr || !m->active) return Since::inactive;
  if (in.type == nullptr) return Since::same;
  const Receive receive = m->grant(in.type->name).receive;
  if (receive == Receive::denied) return Since::denied;
  const Sight now = sight({in.entry.routing, !e.masked, e.masked, receive, true});
  if (now == Sight::nothing) return Since::taken;
  return now == Sight::masked && !e.masked ? Since::masked : Since::same;
}

Entitled entitled(const ExplainInput& in, MemberNo member, bool masked) {
  Entitled out{member, masked, ground_of_class(in.entry.routing), 0, Since::same};
  if (const log::Reason* r = stored_reason(in.entry, member)) {
    out.ground = r->rule == log::Rule::party   ? Ground::party
                 : r->rule == log::Rule::role  ? Ground::role
                 : r->rule == log::Rule::grant ? Ground::grant
                                               : Ground::publik;
    out.index = r->index;
  }
  out.since = since_commit(in, in.today, out);
  return out;
}

/// What the class of the event asks of a member who is there and not denied; nothing when it fulfils it.
std::optional<Barrier> barrier_of_class(const ExplainInput& in, const Member& m, Receive receive) {
  const schema::Routing routing = in.entry.routing;
  if (m.no == admission::operator_no) {
    return routing == schema::Routing::operators ? std::nullopt : std::optional(Barrier::the_operator);
  }
  if (routing == schema::Routing::operators) return Barrier::operators_only;
  if (routing == schema::Routing::publik) return std::nullopt;
  if (routing == schema::Routing::regional) {
    const bool granted = receive == Receive::full || receive == Receive::masked;
    return granted ? std::nullopt : std::optional(Barrier::no_grant);
  }
  return stored_reason(in.entry, m.no) != nullptr ? std::nullopt : std::optional(Barrier::not_a_party);
}

Barrier barrier_at(const ExplainInput& in, const admission::Membership& then, MemberNo member) {
  const Member* m = then.find(member);
  if (m == nullptr) return Barrier::not_yet_member;
  if (!m->active) return Barrier::inactive;
  const Receive receive = in.type == nullptr ? Receive::none : m->grant(in.type->name).receive;
  if (receive == Receive::denied) return Barrier::denied;
  if (const auto no = barrier_of_class(in, *m, receive)) return *no;
  return in.entry.gate != schema::Gate::none ? Barrier::gate_closed : Barrier::held_by_rule;
}

/// What goes out when a gate opens goes to those who were entitled when it was committed, and still are.
Barrier barrier(const ExplainInput& in, MemberNo member) {
  if (in.waited == nullptr) return barrier_at(in, in.then, member);
  const ExplainInput first{*in.waited, in.type, in.catalogue, in.then, in.today};
  const Barrier before = barrier_at(first, in.then, member);
  return before == Barrier::gate_closed && in.at_release != nullptr ? barrier_at(in, *in.at_release, member) : before;
}

/// The core knows how far a consumer is; whether it wants the event is for its filter to say.
Delivery delivery(const ExplainInput& in, const ConsumerFact& consumer, bool masked) {
  Delivery out{consumer, masked};
  if (in.narrowed.contains(consumer.member)) out.masked.reset();
  const log::EntryView& e = in.entry;
  const std::string id = to_string(e.id);
  const std::string correlation = e.correlationid.is_zero() ? std::string() : to_string(e.correlationid);
  const bool undecided = consumer.state == DeliveryState::acknowledged || consumer.state == DeliveryState::not_reached;
  if (undecided && consumer.wants &&
      !consumer.wants(
          {in.catalogue.text(e.type), in.catalogue.text(e.source), e.subject, e.datacategory, id, correlation})) {
    out.consumer.state = DeliveryState::filtered;
  }
  const bool shut = e.gate != schema::Gate::none && in.deliveries->gate_shut;
  const bool doubtful = in.content_gone || shut || in.narrowed.contains(consumer.member);
  if (out.consumer.state == DeliveryState::acknowledged && doubtful) out.consumer.state = DeliveryState::passed;
  return out;
}

}  // namespace

std::string_view name_of(Ground ground) {
  static constexpr std::string_view names[] = {"public", "grant", "party", "role", "operators", "not_stored"};
  return names[static_cast<std::size_t>(ground)];
}

std::string_view name_of(Barrier barrier) {
  static constexpr std::string_view names[] = {"not_yet_member", "inactive",       "denied",
                                               "operator",       "operators_only", "no_grant",
                                               "not_a_party",    "gate_closed",    "held_by_rule"};
  return names[static_cast<std::size_t>(barrier)];
}

std::string_view name_of(Since since) {
  static constexpr std::string_view names[] = {"same", "masked", "taken", "denied", "inactive"};
  return names[static_cast<std::size_t>(since)];
}

std::string_view name_of(DeliveryState state) {
  static constexpr std::string_view names[] = {"not_reached", "sent",         "acknowledged", "retry", "parked",
                                               "waits",       "before_start", "filtered",     "passed"};
  return names[static_cast<std::size_t>(state)];
}

void add_narrowed(const ExplainInput& in, const admission::Membership& members, std::set<MemberNo>& narrowed) {
  for (const auto* audience : {&in.entry.full, &in.entry.masked}) {
    for (const MemberNo no : in.catalogue.members(*audience)) {
      const Entitled e{no, audience == &in.entry.masked, Ground::not_stored, 0, Since::same};
      if (since_commit(in, members, e) != Since::same) narrowed.insert(no);
    }
  }
}

Explanation explain(const ExplainInput& in) {
  Explanation out;
  for (const auto& m : in.today.all()) {  // everybody ever: numbers are never reused
    const bool full = in.catalogue.contains(in.entry.full, m->no);
    if (full || in.catalogue.contains(in.entry.masked, m->no)) {
      out.audience.push_back(entitled(in, m->no, !full));
    } else {
      out.kept_out.push_back({m->no, barrier(in, m->no)});
    }
  }
  if (in.deliveries == nullptr) return out;
  for (const Entitled& e : out.audience) {
    for (const ConsumerFact& c : in.deliveries->consumers) {
      if (c.member == e.member) out.deliveries.push_back(delivery(in, c, e.masked));
    }
  }
  return out;
}

void trim(Explanation& explanation, MemberNo asking, Seen seen, const std::vector<MemberNo>& named) {
  if (asking == admission::operator_no) return;
  const auto others = [&](const auto& line) { return line.member != asking; };
  const auto of_others = [&](const Delivery& d) { return d.consumer.member != asking; };
  if (seen == Seen::sent) {
    // Whether it arrived is the sender's to know; how another member runs its programs is not, nor what others may
    // hear.
    std::erase_if(explanation.kept_out,
                  [&](const KeptOut& k) { return std::ranges::find(named, k.member) == named.end(); });
    for (Delivery& d : explanation.deliveries) {
      if (!of_others(d)) continue;
      d.consumer.name.clear();
      d.consumer.reason.clear();
    }
    return;
  }
  std::erase_if(explanation.audience, others);
  std::erase_if(explanation.kept_out, others);
  std::erase_if(explanation.deliveries, of_others);
}

}  // namespace iro::views

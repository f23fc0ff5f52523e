// "explain" and "why_not": the query thread reads the log, and only the core knows how far each consumer is. So the
// event's position is found first, and the question goes on with a snapshot of every consumer's state at it.
#include <boost/json.hpp>

#include "hub/core/core.hpp"

namespace iro::core {
namespace json = boost::json;
namespace {

std::optional<EventId> id_in(std::string_view args) {
  boost::system::error_code ec;
  const json::value v = json::parse(args.empty() ? "{}" : args, ec);
  const auto* id = !ec && v.is_object() ? v.get_object().if_contains("id") : nullptr;
  return id != nullptr && id->is_string() ? parse_event_id(id->get_string()) : std::nullopt;
}

views::DeliveryState state_of(const delivery::Consumer& c, Seq seq) {
  using views::DeliveryState;
  if (c.is_out(seq)) return DeliveryState::sent;
  if (const auto at = c.deviations().find(seq); at != c.deviations().end()) {
    switch (at->second.state) {
      case log::DeviationState::retry:
        return DeliveryState::retry;
      case log::DeviationState::parked:
        return DeliveryState::parked;
      case log::DeviationState::waits:
        return DeliveryState::waits;
    }
  }
  if (seq <= c.start()) return DeliveryState::before_start;
  // What reading has gone past is out, set aside, acknowledged, or was nothing for this consumer.
  const bool done = seq <= c.cursor() || (c.attached() && seq < c.next());
  return done ? DeliveryState::acknowledged : DeliveryState::not_reached;
}

}  // namespace

bool Core::explains(std::string_view view) { return view == "explain" || view == "why_not"; }

void Core::ask_explanation(const Session& session, const wire::Query& query, Actions& out) {
  const auto id = id_in(query.args);
  RunView ask = view_asked(session, query);
  if (!id) {  // the view says what is wrong with the arguments
    out.emplace_back(std::move(ask));
    return;
  }
  pending_explanations_.emplace(next_read_, std::move(ask));
  out.emplace_back(FindPosition{next_read_++, *id, session.who.member, true});
}

bool Core::go_on_explaining(const PositionFound& found, Actions& out) {
  const auto at = pending_explanations_.find(found.read);
  if (at == pending_explanations_.end()) return false;
  RunView ask = std::move(at->second);
  pending_explanations_.erase(at);
  if (found.position) {
    ask.deliveries = std::make_shared<const views::DeliveryFacts>(
        delivery_facts(found.position->plus(static_cast<std::uint64_t>(-1))));
  }
  out.emplace_back(std::move(ask));  // an event that was not found is not found again, and that is the answer
  return true;
}

views::DeliveryFacts Core::delivery_facts(Seq seq) const {
  views::DeliveryFacts facts{seq, !gates_.may_go(seq, now_), {}};
  for (const auto& [no, c] : consumers_) {
    views::ConsumerFact fact;
    fact.member = c.member();
    fact.name = c.name();
    fact.attached = c.attached();
    fact.state = state_of(c, seq);
    if (const auto at = c.deviations().find(seq); at != c.deviations().end()) {
      fact.attempts = at->second.attempts;
      fact.due = at->second.due;
      fact.reason = at->second.reason;
    }
    if (!c.filter().everything()) {
      fact.wants = [filter = c.filter()](const views::FilterFacts& f) {
        return filter.matches({f.type, f.source, f.subject, f.datacategory, f.id, f.correlationid});
      };
    }
    facts.consumers.push_back(std::move(fact));
  }
  return facts;
}

}  // namespace iro::core

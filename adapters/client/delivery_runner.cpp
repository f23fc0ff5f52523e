#include "adapters/client/delivery_runner.hpp"

#include <sqlite3.h>

#include <exception>

#include "hub/base/limits.hpp"

namespace iro::client {
namespace {

using Kind = Verdict::Kind;

/// Stands for the fence while the frame is handled; run() puts the number in its place.
constexpr std::uint32_t this_frame = 0;

std::string shortened(std::string reason) {
  if (reason.size() > limits::attribute_bytes) reason.resize(limits::attribute_bytes);
  return reason;
}

/// The frames that tell the hub; NAK and PARK come before the ACK that passes them.
std::vector<wire::Body> answers_to(const wire::Deliver& deliver, std::vector<std::optional<Verdict>> outcomes) {
  std::vector<wire::Body> answers;
  std::uint64_t number = deliver.first_number;
  for (auto& outcome : outcomes) {
    if (outcome && outcome->kind == Kind::park) {
      answers.emplace_back(wire::Park{deliver.consumer, number, shortened(std::move(outcome->reason))});
    } else if (outcome && outcome->kind != Kind::done) {
      answers.emplace_back(wire::Nak{deliver.consumer, number, outcome->delay_ms, outcome->kind == Kind::failed,
                                     shortened(std::move(outcome->reason))});
    }
    ++number;
  }
  if (!outcomes.empty()) answers.emplace_back(wire::Ack{deliver.consumer, number - 1, {}});
  return answers;
}

}  // namespace

void DeliveryRunner::add(const Subscription& subscription, Handler handler) {
  Consumer consumer;
  consumer.handler = std::move(handler);
  consumer.deduplicate = subscription.deduplicate && !subscription.ephemeral && inbox_.durable();
  consumers_.insert_or_assign(subscription.consumer, std::move(consumer));
}

void DeliveryRunner::remove(std::string_view consumer) {
  if (const auto at = consumers_.find(consumer); at != consumers_.end()) consumers_.erase(at);
}

std::optional<Handled> DeliveryRunner::run(const DeliverWork& work) {
  const auto at = consumers_.find(work.consumer);
  if (at == consumers_.end()) return std::nullopt;
  Consumer& consumer = at->second;
  if (consumer.epoch != work.epoch) {
    consumer.epoch = work.epoch;
    consumer.gate.clear();  // a new session sends all that is not acknowledged, in order
  }
  const auto& deliver = std::get<wire::Deliver>(work.message.body);
  const std::uint32_t fence = ++last_fence_ == 0 ? ++last_fence_ : last_fence_;

  auto outcomes = handle_all(consumer, work, deliver);
  if (!outcomes) {
    troubles_.push_back(outcomes.error());
    outcomes = put_off_all(consumer, deliver);
  }
  bool blocked = false;
  for (std::size_t i = 0; i < outcomes->size(); ++i) {
    if (!(*outcomes)[i] || (*outcomes)[i]->kind == Kind::done) continue;
    consumer.gate.block(deliver.events[i].subject, deliver.events[i].id, fence);
    blocked = true;
  }
  return Handled{work.epoch, work.consumer, answers_to(deliver, std::move(*outcomes)), deliver.up_to,
                 blocked ? fence : 0};
}

/// Nothing of the frame was kept: the first event of each subject is put off, and holds back the others.
std::vector<DeliveryRunner::Outcome> DeliveryRunner::put_off_all(Consumer& consumer, const wire::Deliver& deliver) {
  consumer.gate.lift(this_frame);
  std::vector<Outcome> outcomes;
  for (const schema::EventView& event : deliver.events) {
    const bool first = consumer.gate.admits(event.subject, event.id);
    if (first) consumer.gate.block(event.subject, event.id, this_frame);
    outcomes.push_back(first ? Outcome(Verdict::later(inbox_retry_ms)) : std::nullopt);
  }
  return outcomes;
}

void DeliveryRunner::run(const FenceWork& work) {
  const auto at = consumers_.find(work.consumer);
  if (at != consumers_.end() && at->second.epoch == work.epoch) at->second.gate.lift(work.fence);
}

Result<std::vector<DeliveryRunner::Outcome>> DeliveryRunner::handle_all(Consumer& consumer, const DeliverWork& work,
                                                                        const wire::Deliver& deliver) {
  auto outcomes = guarded("inbox.db", [&]() -> Result<std::vector<Outcome>> {
    std::vector<Outcome> all;
    inbox_.begin(deliver.events);
    for (const schema::EventView& event : deliver.events) all.push_back(handle(consumer, work, deliver, event));
    inbox_.commit();
    return all;
  });
  if (!outcomes) inbox_.roll_back();
  return outcomes;
}

DeliveryRunner::Outcome DeliveryRunner::handle(Consumer& consumer, const DeliverWork& work,
                                               const wire::Deliver& deliver, const schema::EventView& event) {
  if (!consumer.gate.admits(event.subject, event.id)) return std::nullopt;
  Verdict verdict;
  if (!consumer.deduplicate || !inbox_.seen(work.consumer, event.id)) {
    inbox_.set_savepoint();
    const bool replayed = deliver.attempt > 1 || inbox_.interrupted(event.id);
    verdict = call(consumer, {event, work.consumer, deliver.attempt, replayed, inbox_.db()});
    if (sqlite3_get_autocommit(inbox_.db().getHandle()) != 0) {
      troubles_.push_back({Errc::internal, "the handler of " + work.consumer + " ended the inbox's transaction"});
      inbox_.begin(deliver.events);
      return Verdict::failed("the handler ended the inbox's transaction");
    }
    if (verdict.kind == Kind::done) {
      if (consumer.deduplicate) inbox_.remember(work.consumer, event.id);
      inbox_.keep_savepoint();
    } else {
      inbox_.undo_savepoint();
    }
  }
  if (verdict.kind == Kind::done) {
    consumer.gate.done(event.subject);
  } else {
    consumer.gate.block(event.subject, event.id, this_frame);
  }
  return verdict;
}

Verdict DeliveryRunner::call(Consumer& consumer, const Delivery& delivery) {
  try {
    return consumer.handler(delivery);
  } catch (const std::exception& e) {
    return Verdict::failed(e.what());
  } catch (...) {
    return Verdict::failed("the handler threw something that is no std::exception");
  }
}

}  // namespace iro::client

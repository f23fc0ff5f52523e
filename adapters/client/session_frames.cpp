// What the session makes of the hub's frames.
#include <fmt/format.h>

#include <algorithm>

#include "adapters/client/session.hpp"
#include "hub/base/limits.hpp"

namespace iro::client {
namespace {

constexpr std::int64_t quick_end_ms = 1'000;  // a session that ends this soon is not begun again at once

template <typename T, typename... Known>
inline constexpr bool one_of = (std::is_same_v<T, Known> || ...);

}  // namespace

void ClientSession::on_frame(ByteView frame, Ticks now) {
  last_heard_ = now;
  auto message = wire::decode(frame);
  if (!message) return trouble(message.error().within("a frame of the hub"));
  std::visit(
      [&](auto& body) {
        using T = std::remove_cvref_t<decltype(body)>;
        constexpr bool opens = one_of<T, wire::Welcome, wire::ErrorMessage>;
        if constexpr (opens) {
          on_body(body, *message, now);
        } else if constexpr (one_of<T, wire::PubAck, wire::Subscribed, wire::Deliver, wire::Answer, wire::Ping,
                                    wire::Pong, wire::Drain>) {
          if (state_ == State::up && message->epoch == epoch()) on_body(body, *message, now);
        } else {
          trouble({Errc::frame_malformed, "the hub sent a verb that only clients send"});
        }
      },
      message->body);
}

void ClientSession::on_body(wire::Welcome& body, wire::Message& /*message*/, Ticks now) {
  if (state_ == State::away) return;  // of a connection that is gone
  lose_session();
  notice_restore(body);
  if (window_) {
    const auto started = window_->start(body);
    if (!started) {
      trouble(started.error());
      return rest(hopeless_retry_ms, Then::greet, now);
    }
    if (*started == PublishWindow::Start::hello_again) return greet(now);
  }
  welcome_ = body;
  welcome_at_ = now;
  refusal_.reset();
  refusals_ = 0;
  state_ = State::up;
  for (auto& [name, consumer] : consumers_) send_sub(name, consumer, now);
  send_questions(now);
  pump(now);
}

/// The hub gave up what it had acknowledged to us: the outbox sends again what it keeps, and consumers get some events
/// again.
void ClientSession::notice_restore(const wire::Welcome& welcome) {
  const auto receipt = source_ != nullptr ? source_->last_receipt() : std::nullopt;
  if (!receipt || receipt->log_epoch >= welcome.log_epoch || restored_epoch_ == welcome.log_epoch) return;
  restored_epoch_ = welcome.log_epoch;
  trouble({Errc::log_restored, "the hub was restored from a backup: what it lost is sent again"});
}

void ClientSession::on_body(wire::PubAck& body, wire::Message& /*message*/, Ticks now) {
  if (!window_) return;
  if (body.receipt) hide_receipt_ = false;
  if (!window_->on_puback(body, now)) {
    trouble({Errc::sequence_gap, "the hub counts otherwise than this outbox: asking it again"});
    return rest(next_backoff(), Then::greet, now);
  }
  pump(now);
}

void ClientSession::on_body(wire::Subscribed& body, wire::Message& /*message*/, Ticks /*now*/) {
  const auto at = by_request(body.request);
  if (at == consumers_.end()) return;
  Consumer& consumer = at->second;
  consumer.number = body.consumer;
  consumer.known = true;
  consumer.request = 0;
  consumer.ask_again = never;
  if (consumer.resume.is_zero()) consumer.resume = body.token;
  finish_subscribe(consumer, {});
}

ClientSession::Consumers::iterator ClientSession::by_request(std::uint32_t request) {
  return std::ranges::find_if(consumers_,
                              [&](const auto& entry) { return request != 0 && entry.second.request == request; });
}

void ClientSession::on_body(wire::Deliver& body, wire::Message& message, Ticks /*now*/) {
  const auto at =
      std::ranges::find_if(consumers_, [&](const auto& entry) { return entry.second.number == body.consumer; });
  if (at == consumers_.end()) return;  // unsubscribed while this was on its way
  actions_.work.emplace_back(DeliverWork{epoch(), at->first, std::move(message)});
}

void ClientSession::on_body(wire::Answer& body, wire::Message& /*message*/, Ticks /*now*/) {
  questions_.on_answer(std::move(body));
}

void ClientSession::on_body(wire::Ping& body, wire::Message& /*message*/, Ticks now) { say(wire::Pong{body.n}, now); }

void ClientSession::on_body(wire::Pong& body, wire::Message& /*message*/, Ticks /*now*/) {
  const auto at = fences_.find(body.n);
  if (at == fences_.end()) return;
  actions_.work.emplace_back(FenceWork{epoch(), at->second, body.n});
  fences_.erase(at);
}

void ClientSession::on_body(wire::Drain& body, wire::Message& /*message*/, Ticks now) {
  drain_until_ = now.plus(body.deadline_ms);
}

void ClientSession::on_body(wire::ErrorMessage& body, wire::Message& message, Ticks now) {
  Error error{body.code, body.text.empty() ? std::string(info(body.code).en) : body.text};
  if (state_ == State::away) return;
  if (message.epoch.value() != 0 && message.epoch != epoch()) return;  // about an earlier session
  if (state_ == State::up && body.request != 0) {
    if (questions_.on_error(body.request, error)) return;
    if (const auto at = by_request(body.request); at != consumers_.end()) return on_subscribe_error(at, error, now);
  }
  if (state_ == State::up) return on_session_error(std::move(error), now);
  if (state_ == State::greeting) on_refused_hello(std::move(error), now);
}

void ClientSession::on_subscribe_error(Consumers::iterator at, Error error, Ticks now) {
  if (info(error.code).permanence == Permanence::T) {
    at->second.request = 0;
    at->second.ask_again = now.plus(next_backoff());
    return;
  }
  error = error.within("subscribe " + at->first);
  if (at->second.ticket) {
    finish_subscribe(at->second, fail(std::move(error)));
  } else {
    trouble(std::move(error));
  }
  consumers_.erase(at);
}

void ClientSession::on_refused_hello(Error error, Ticks now) {
  if (!refusal_ || refusal_->code != error.code) trouble(error);
  if (error.code == Errc::receipt_invalid && !hide_receipt_) {
    hide_receipt_ = true;
    return rest(first_retry_ms, Then::greet, now);
  }
  const bool passes = info(error.code).permanence == Permanence::T;
  refusal_ = std::move(error);
  rest(passes ? next_backoff() : hopeless_retry_ms, Then::greet, now);
}

void ClientSession::on_session_error(Error error, Ticks now) {
  switch (error.code) {
    case Errc::session_stale:
    case Errc::session_required:
      if (now.value() - welcome_at_.value() < quick_end_ms) return rest(quick_end_ms, Then::greet, now);
      return greet(now);
    // One of our frames was not taken, and nobody says which: begin anew, and send again what is not acknowledged.
    case Errc::busy:
    case Errc::draining:
      return rest(quick_end_ms, Then::greet, now);
    case Errc::frame_malformed:
    case Errc::frame_oversize:
    case Errc::unknown_key:
    case Errc::enrolment_over:
      trouble(error);
      refusal_ = std::move(error);
      return rest(hopeless_retry_ms, Then::greet, now);
    default:
      return trouble(std::move(error));
  }
}

}  // namespace iro::client

// The session's own moves: greeting, leases, pauses, and what the client asks of it.
#include "adapters/client/session.hpp"

#include <algorithm>

#include "hub/base/limits.hpp"

namespace iro::client {
namespace {

constexpr std::size_t consumer_name_bytes = 64;

}  // namespace

bool valid_consumer_name(std::string_view name) {
  return !name.empty() && name.size() <= consumer_name_bytes && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

ClientSession::ClientSession(SessionConfig config, PublishSource* source, std::uint64_t jitter)
    : config_(std::move(config)), source_(source), jitter_(jitter | 1) {
  if (source_ != nullptr) window_.emplace(*source_);
}

ClientSession::Actions ClientSession::take_actions() {
  for (Answered& answered : questions_.take_answered()) actions_.answered.push_back(std::move(answered));
  return std::exchange(actions_, {});
}

Status ClientSession::send(const wire::Body& body, Ticks now) {
  Bytes frame = wire::encode(epoch(), body);
  // A larger one would cost us the connection: the hub's socket ends it.
  if (frame.size() > limits::frame_bytes) return fail(Errc::frame_oversize, "it does not fit in a frame of 1 MiB");
  actions_.frames.push_back(std::move(frame));
  last_sent_ = now;
  return {};
}

void ClientSession::say(const wire::Body& body, Ticks now) {
  if (const Status sent = send(body, now); !sent) trouble(sent.error());
}

void ClientSession::greet(Ticks now) {
  lose_session();
  wire::Hello hello;
  hello.software = config_.software;
  hello.client_name = config_.client_name;
  hello.start_number = config_.start_number;
  if (source_ != nullptr) {
    const PublishSource::Position ours = source_->position();
    hello.producer = ours.producer;
    hello.start_number = ours.start_number;
    if (!hide_receipt_) hello.last_receipt = source_->last_receipt();
  }
  state_ = State::greeting;
  say(hello, now);
}

void ClientSession::lose_session() {
  welcome_.reset();
  drain_until_ = never;
  retry_at_ = never;
  if (window_) window_->stop();
  questions_.session_lost();
  fences_.clear();
  for (auto& [name, consumer] : consumers_) {
    consumer.number.reset();
    consumer.request = 0;
    consumer.ask_again = never;
    finish_subscribe(consumer, {});  // it goes on in the background
  }
}

void ClientSession::rest(std::int64_t ms, Then then, Ticks now) {
  lose_session();
  // Up to a quarter more, so that a hub that was away does not meet all its clients in one moment.
  jitter_ = jitter_ * 6364136223846793005ULL + 1442695040888963407ULL;
  const auto extra = static_cast<std::int64_t>((jitter_ >> 33) % (static_cast<std::uint64_t>(ms) / 4 + 1));
  state_ = State::resting;
  after_rest_ = then;
  retry_at_ = now.plus(ms + extra);
}

std::int64_t ClientSession::next_backoff() {
  const std::int64_t ms = std::min(most_retry_ms, first_retry_ms << std::min(refusals_, 8U));
  ++refusals_;
  return ms;
}

void ClientSession::reopen() {
  lose_session();
  state_ = State::away;
  actions_.reopen = true;
}

std::int64_t ClientSession::lease_ms() const {
  return welcome_ && welcome_->lease_ms != 0 ? welcome_->lease_ms : limits::lease_ms;
}

void ClientSession::on_connected(Ticks now) {
  last_heard_ = now;
  greet(now);
}

void ClientSession::on_disconnected() {
  if (state_ == State::resting && after_rest_ == Then::reopen) return;  // a refused handshake ends so, too
  lose_session();
  state_ = State::away;
}

void ClientSession::on_key_refused(Ticks now) {
  const Error error{Errc::unknown_key, "the hub does not know this key"};
  if (!refusal_) trouble(error);
  refusal_ = error;
  rest(hopeless_retry_ms, Then::reopen, now);  // ZeroMQ does not try again by itself
}

void ClientSession::on_handshake_failed(Ticks now) {
  refusal_ = Error{Errc::unreachable, "the handshake failed: is this the hub's address, and its public key?"};
  rest(next_backoff(), Then::reopen, now);
}

void ClientSession::on_tick(Ticks now) {
  questions_.on_tick(now);
  switch (state_) {
    case State::away:
      return;
    case State::resting:
      if (now < retry_at_) return;
      return after_rest_ == Then::reopen ? reopen() : greet(now);
    case State::greeting:
      if (now.value() - last_heard_.value() >= limits::lease_ms) return reopen();
      if (now.value() - last_sent_.value() >= hello_answer_ms) greet(now);
      return;
    case State::up:
      return tick_up(now);
  }
}

void ClientSession::tick_up(Ticks now) {
  if (now >= drain_until_ || now.value() - last_heard_.value() >= lease_ms()) return reopen();
  for (auto& [name, consumer] : consumers_) {
    if (now < consumer.ask_again) continue;
    finish_subscribe(consumer, {});
    send_sub(name, consumer, now);
  }
  pump(now);
  if (now.value() - last_sent_.value() >= ping_after_ms) say(wire::Ping{0}, now);
}

Ticks ClientSession::wakes_at() const {
  Ticks soonest = questions_.wakes_at();
  switch (state_) {
    case State::away:
      break;
    case State::resting:
      soonest = std::min(soonest, retry_at_);
      break;
    case State::greeting:
      soonest = std::min({soonest, last_heard_.plus(limits::lease_ms), last_sent_.plus(hello_answer_ms)});
      break;
    case State::up:
      soonest = std::min({soonest, drain_until_, last_heard_.plus(lease_ms()), last_sent_.plus(ping_after_ms)});
      if (window_) soonest = std::min(soonest, window_->wakes_at());
      for (const auto& [name, consumer] : consumers_) soonest = std::min(soonest, consumer.ask_again);
      break;
  }
  return soonest;
}

void ClientSession::pump(Ticks now) {
  if (state_ != State::up || !window_ || drain_until_ != never) return;
  while (writable_) {
    auto frame = window_->next(epoch(), now);
    if (!frame) {
      trouble(frame.error());
      return rest(hopeless_retry_ms, Then::greet, now);
    }
    if (!*frame) return;
    actions_.frames.push_back(std::move(**frame));
    last_sent_ = now;
  }
}

void ClientSession::subscribe(Subscription subscription, Ticket ticket, Ticks now) {
  const std::string name = subscription.consumer;
  const auto [at, fresh] = consumers_.try_emplace(name);
  if (!fresh) {
    actions_.answered.push_back({ticket, fail(Errc::exists, "this client is subscribed to " + name + " already")});
    return;
  }
  if (subscription.filter.size() > limits::payload_bytes) {
    actions_.answered.push_back({ticket, fail(Errc::filter_invalid, "the filter is longer than 256 KiB")});
    consumers_.erase(at);
    return;
  }
  at->second.subscription = std::move(subscription);
  at->second.ticket = ticket;
  if (state_ == State::up) return send_sub(name, at->second, now);
  finish_subscribe(at->second, {});
}

void ClientSession::send_sub(const std::string& name, Consumer& consumer, Ticks now) {
  const Subscription& wanted = consumer.subscription;
  wire::Sub sub{name,         wanted.filter,        wanted.from,         wanted.token,    wanted.time,
                wanted.event, wanted.credit_events, wanted.credit_bytes, ++last_request_, wanted.ephemeral};
  if (wanted.ephemeral && !consumer.resume.is_zero()) {
    sub.from = wire::From::token;
    sub.token = consumer.resume;
  } else if (!wanted.ephemeral && consumer.known) {
    sub.from = wire::From::cursor;
  }
  consumer.request = sub.request;
  consumer.ask_again = now.plus(subscribe_answer_ms);
  say(sub, now);
}

void ClientSession::finish_subscribe(Consumer& consumer, Result<std::vector<std::string>> result) {
  if (!consumer.ticket) return;
  actions_.answered.push_back({*std::exchange(consumer.ticket, std::nullopt), std::move(result)});
}

void ClientSession::unsubscribe(std::string_view consumer, Ticks now) {
  const auto at = consumers_.find(consumer);
  if (at == consumers_.end()) return;
  if (state_ == State::up && at->second.number) say(wire::Unsub{*at->second.number}, now);
  finish_subscribe(at->second, {});
  consumers_.erase(at);
}

void ClientSession::ask(Ticket ticket, Questions::Body body, Ticks deadline, Ticks now) {
  questions_.add(ticket, std::move(body), deadline);
  if (state_ == State::up) send_questions(now);
}

void ClientSession::send_questions(Ticks now) {
  for (const wire::Body& question : questions_.unsent()) {
    const Status sent = send(question, now);
    if (sent) continue;
    const auto id = [](const auto& body) -> std::uint32_t {
      if constexpr (requires { body.id; }) return body.id;
      return 0;
    };
    questions_.on_error(std::visit(id, question), sent.error());
  }
}

void ClientSession::on_handled(const Handled& handled, Ticks now) {
  if (state_ != State::up || handled.epoch != epoch()) return;  // the hub will send those events again
  for (const wire::Body& answer : handled.answers) say(answer, now);
  if (const auto at = consumers_.find(handled.consumer); at != consumers_.end()) at->second.resume = handled.up_to;
  if (handled.fence == 0) return;
  fences_[handled.fence] = handled.consumer;
  say(wire::Ping{handled.fence}, now);
}

}  // namespace iro::client

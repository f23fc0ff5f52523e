// Step one of the line: a frame, its session, its verb.
#include <fmt/format.h>

#include "hub/base/assert.hpp"
#include "hub/core/core.hpp"

namespace iro::core {
namespace {

/// What a session of an invitation's key may say.
bool for_enrolment(const wire::Body& body) {
  return std::holds_alternative<wire::Pub>(body) || std::holds_alternative<wire::Ping>(body) ||
         std::holds_alternative<wire::Pong>(body);
}

/// The number by which whoever asked knows its question again; 0: it has none.
std::uint32_t request_of(const wire::Body& body) {
  return std::visit(
      [](const auto& b) -> std::uint32_t {
        if constexpr (requires { b.id; }) return b.id;
        if constexpr (requires { b.request; }) return b.request;
        return 0;
      },
      body);
}

}  // namespace

void Core::step(Input input, TimeMs machine_now, Actions& out) {
  if (fault_) return;
  const TimeMs now = follow_clock(machine_now, out);
  now_ = now;
  if (timers_due(now)) fire_timers(now);
  std::visit(
      [&](auto& in) {
        using T = std::remove_cvref_t<decltype(in)>;
        if constexpr (std::is_same_v<T, Frame>)
          on_frame(std::move(in), now, out);
        else if constexpr (std::is_same_v<T, Flush>)
          close_batch(now, out);
        else if constexpr (std::is_same_v<T, Committed>)
          on_committed(std::move(in), now, out);
        else if constexpr (std::is_same_v<T, ChunksRead>)
          on_chunks(std::move(in), now, out);
        else if constexpr (std::is_same_v<T, PositionFound>)
          on_position(std::move(in), now, out);
        else if constexpr (std::is_same_v<T, IndexLag>)
          on_index_lag(in);
        else if constexpr (std::is_same_v<T, PluginAnswered>)
          on_plugin(std::move(in), now, out);
        else if constexpr (std::is_same_v<T, ConnectionGone>) {
          std::erase_if(pending_hellos_, [&](const auto& p) { return p.second.from == in.connection; });
          end_session(in.connection);
        } else if constexpr (std::is_same_v<T, HeadRead>)
          on_head(std::move(in), now, out);
        else if constexpr (std::is_same_v<T, Damaged>)
          fault_ = std::move(in.error);
        else if constexpr (std::is_same_v<T, Tick>)
          on_tick(now, out);
        else if constexpr (std::is_same_v<T, Probed>)
          on_probed(in, now, out);
        else if constexpr (std::is_same_v<T, Accessed>)
          on_accessed(in);
        else if constexpr (std::is_same_v<T, PluginAsks>)
          on_state_ask(std::move(in.ask), out);
        else if constexpr (std::is_same_v<T, PluginShown>)
          on_shown(std::move(in.answer), out);
        else if constexpr (std::is_same_v<T, PluginStateMeasured>)
          on_state_measured(std::move(in), out);
        else if constexpr (std::is_same_v<T, OutOfPatience>)
          out_of_patience(now, out);
        else if constexpr (std::is_same_v<T, Machine>)
          machine_ = std::move(in);
        else if constexpr (std::is_same_v<T, Reconfigure>)
          config_.hub_name = std::move(in.hub_name), config_.input_queue_bytes = in.input_queue_bytes;
        else
          on_drain(in, out);
      },
      input);
  if (fault_) {
    out.emplace_back(LogLine{Level::error, fault_->text()});
    out.emplace_back(Stop{exit_code(*fault_), fault_->message, proof_});
  }
}

/// The time that holds: the machine's, unless that leapt.
TimeMs Core::follow_clock(TimeMs machine_now, Actions& out) {
  if (!config_.guard_clock) return machine_now;
  const std::int64_t before_ms = guard_.held_ms();
  const TimeMs now = guard_.hold(machine_now);
  if (guard_.held_ms() == before_ms) return now;
  admission_.allow_ahead(guard_.held_ms());  // the members' clocks may be right
  out.emplace_back(
      guard_.held_ms() > before_ms
          ? LogLine{Level::error, fmt::format("the clock leapt {} s ahead: not followed. Set it, or `iro clock "
                                              "accept` when it is right",
                                              (guard_.held_ms() - before_ms) / 1'000)}
          : LogLine{Level::info, "the clock came back"});
  return now;
}

void Core::send(const Session& session, const wire::Body& body, Actions& out) {
  out.emplace_back(Send{session.connection, wire::encode(session.epoch, body)});
}

void Core::send_error(ConnectionNo to, SessionEpoch epoch, Errc code, std::string text, std::uint32_t request,
                      Actions& out) {
  out.emplace_back(Send{to, wire::encode(epoch, wire::ErrorMessage{code, std::move(text), request})});
}

void Core::on_frame(Frame frame, TimeMs now, Actions& out) {
  if (phase_ != Phase::open) {
    // The batch is being decided or written: frames wait their turn, in order.
    if (waiting_bytes_ + frame.bytes.size() > config_.input_queue_bytes) {
      ++counters_.busy;
      send_error(frame.from, SessionEpoch(), Errc::busy, "the hub has too much input waiting", 0, out);
      return;
    }
    waiting_bytes_ += frame.bytes.size();
    waiting_.push_back(std::move(frame));
    return;
  }
  auto message = wire::decode(frame.bytes);
  if (!message) {
    ++counters_.refusals[message.error().code];
    send_error(frame.from, SessionEpoch(), message.error().code, message.error().message, 0, out);
    return;
  }
  dispatch(frame, std::move(*message), now, out);
  const bool full = batch_.items.size() >= limits::batch_events || batch_.bytes >= limits::batch_bytes;
  // What comes after an erasure must not be under the keys that it ends.
  if (full || !batch_.erased.empty()) close_batch(now, out);
}

void Core::drain_waiting(TimeMs now, Actions& out) {
  while (phase_ == Phase::open && !waiting_.empty()) {
    Frame frame = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= frame.bytes.size();
    on_frame(std::move(frame), now, out);
  }
}

Core::Session* Core::session_of(const Frame& frame, SessionEpoch epoch, Actions& out) {
  const auto at = sessions_.find(frame.from);
  if (at == sessions_.end() || at->second.epoch != epoch || at->second.who != frame.who) {
    const bool none = at == sessions_.end() && epoch.value() == 0;
    send_error(frame.from, epoch, none ? Errc::session_required : Errc::session_stale,
               none ? "say HELLO first" : "this session has ended", 0, out);
    return nullptr;
  }
  return &at->second;
}

void Core::dispatch(const Frame& frame, wire::Message message, TimeMs now, Actions& out) {
  if (const auto* hello = std::get_if<wire::Hello>(&message.body)) return on_hello(frame, *hello, now, out);
  Session* session = session_of(frame, message.epoch, out);
  if (session == nullptr) return;
  session->last_seen = now;
  if (session->enrolment && !for_enrolment(message.body)) {
    send_error(frame.from, message.epoch, Errc::enrolment_only, "this session may only present keys",
               request_of(message.body), out);
    return;
  }
  std::visit(
      [&](auto& body) {
        using T = std::remove_cvref_t<decltype(body)>;
        if constexpr (std::is_same_v<T, wire::Pub>)
          on_pub(*session, message, now, out);
        else if constexpr (std::is_same_v<T, wire::Sub>)
          on_sub(*session, body, now, out);
        else if constexpr (std::is_same_v<T, wire::Unsub>)
          on_unsub(*session, body.consumer);
        else if constexpr (std::is_same_v<T, wire::Ack>)
          on_ack(*session, body, now, out);
        else if constexpr (std::is_same_v<T, wire::Nak>)
          on_nak(*session, body, now, out);
        else if constexpr (std::is_same_v<T, wire::Park>)
          on_park(*session, body, now, out);
        else if constexpr (std::is_same_v<T, wire::Query>)
          on_query(*session, body, now, out);
        else if constexpr (std::is_same_v<T, wire::Control>)
          on_control(*session, body, now, out);
        else if constexpr (std::is_same_v<T, wire::Ping>)
          send(*session, wire::Pong{body.n}, out);
        else if constexpr (std::is_same_v<T, wire::Credit>) {
          if (auto* consumer = consumer_of(*session, body.consumer)) {
            consumer->set_credit({std::min<std::uint32_t>(body.events, limits::consumer_credit_events),
                                  std::min<std::uint32_t>(body.bytes, limits::consumer_credit_bytes)});
            pump(*consumer, now, out);
          }
        } else if constexpr (!std::is_same_v<T, wire::Pong>) {
          send_error(frame.from, message.epoch, Errc::frame_malformed, "clients do not send this verb", 0, out);
        }
      },
      message.body);
}

std::optional<wire::ErrorMessage> Core::refuse_hello(const Frame& frame, const wire::Hello& hello, TimeMs now) {
  const auto refuse = [](Errc code, std::string text) {
    return std::optional(wire::ErrorMessage{code, std::move(text), 0});
  };
  if (!members_->key_active(frame.who, now))
    return refuse(Errc::unknown_key, "this key is not enrolled, or was revoked");
  if (hello.protocol != wire::major_version)
    return refuse(Errc::protocol_version,
                  fmt::format("protocol {}; the hub speaks {}", hello.protocol, wire::major_version));
  if (hello.client_name.empty() || hello.client_name.size() > limits::attribute_bytes)
    return refuse(Errc::frame_malformed, "the client's name has 1 to 255 bytes");
  if (draining_) return refuse(Errc::draining, "the hub is going down");
  if (!hello.producer.is_zero()) {
    const auto at = producers_.find(hello.producer);
    if (at != producers_.end() && at->second.row.member != frame.who.member)
      return refuse(Errc::producer_foreign, "this outbox belongs to another member");
  }
  // After a rotation the outbox comes back under its new key; an older copy of it does not.
  if (const auto other = same_outbox(frame.from, frame.who, hello);
      other.value() != 0 && hello.start_number < sessions_.at(other).start_number)
    return refuse(Errc::session_busy, "this outbox is alive under another key");
  const auto held = session_by_name_.find({frame.who.member, frame.who.key, hello.client_name});
  if (held == session_by_name_.end() || held->second == frame.from) return std::nullopt;
  const Session& other = sessions_.at(held->second);
  const bool restarted =
      !hello.producer.is_zero() && other.producer == hello.producer && hello.start_number > other.start_number;
  // The same opening on a new connection: the network broke, not the client.
  const bool reconnected =
      other.producer == hello.producer && hello.start_number == other.start_number && hello.start_number != 0;
  const bool expired = now.value() - other.last_seen.value() >= limits::lease_ms;
  if (restarted || reconnected || expired) return std::nullopt;
  return refuse(Errc::session_busy, fmt::format("'{}' is alive on another connection", hello.client_name));
}

/// The session of the same outbox under another key of its member; 0: there is none.
ConnectionNo Core::same_outbox(ConnectionNo from, Principal who, const wire::Hello& hello) const {
  if (hello.producer.is_zero()) return {};
  for (const auto& [connection, session] : sessions_) {
    if (connection != from && session.producer == hello.producer && session.who.member == who.member &&
        session.who.key != who.key)
      return connection;
  }
  return {};
}

void Core::on_hello(const Frame& frame, const wire::Hello& hello, TimeMs now, Actions& out) {
  if (auto no = refuse_hello(frame, hello, now)) {
    ++counters_.refusals[no->code];
    out.emplace_back(Send{frame.from, wire::encode(SessionEpoch(), *no)});
    return;
  }
  on_receipt(frame, hello, now, out);
}

void Core::open_session(ConnectionNo from, Principal who, const wire::Hello& hello, TimeMs now, Actions& out) {
  if (const auto held = session_by_name_.find({who.member, who.key, hello.client_name});
      held != session_by_name_.end()) {
    const Session old = sessions_.at(held->second);
    if (old.connection != from)
      send_error(old.connection, old.epoch, Errc::session_stale, "another session took over", 0, out);
    end_session(old.connection);
  }
  if (const auto other = same_outbox(from, who, hello); other.value() != 0) {
    const Session old = sessions_.at(other);
    send_error(other, old.epoch, Errc::session_stale, "the same outbox came back under another key", 0, out);
    end_session(other);
  }
  end_session(from);
  Session session;
  session.connection = from;
  session.who = who;
  session.client_name = hello.client_name;
  session.producer = hello.producer;
  session.start_number = hello.start_number;
  session.epoch = SessionEpoch(next_epoch_++);
  session.last_seen = now;
  session.enrolment = members_->find_key(who)->enrolment;
  session_by_name_[{who.member, who.key, hello.client_name}] = from;

  wire::Welcome welcome;
  welcome.epoch = session.epoch;
  welcome.log_epoch = log_epoch_;
  welcome.hub = config_.hub_name;
  welcome.member = members_->find(who.member)->slug;
  welcome.now = now;
  welcome.frame_bytes = limits::frame_bytes;
  welcome.payload_bytes = limits::payload_bytes;
  welcome.events_per_pub = limits::events_per_pub;
  welcome.window_events = limits::publish_window_events;
  welcome.window_bytes = limits::publish_window_bytes;
  welcome.lease_ms = static_cast<std::uint32_t>(limits::lease_ms);
  if (const auto at = producers_.find(hello.producer); !hello.producer.is_zero() && at != producers_.end()) {
    // Only what is on disk: the client will hold everything up to here for acknowledged. What the open batch has of it
    // comes again and is known as a repeat.
    welcome.producer_last_sequence = at->second.row.last_seq;
    welcome.producer_last_hash = at->second.row.last_hash;
  }
  send(session, welcome, out);
  sessions_.emplace(from, std::move(session));
}

void Core::end_session(ConnectionNo connection) {
  const auto at = sessions_.find(connection);
  if (at == sessions_.end()) return;
  for (const ConsumerNo no : std::set<ConsumerNo>(at->second.consumers)) on_unsub(at->second, no);
  session_by_name_.erase({at->second.who.member, at->second.who.key, at->second.client_name});
  sessions_.erase(at);
}

/// Sessions whose key is no longer good are told so and end, and with them what they have not been sent yet.
void Core::end_unproven(TimeMs now, Actions& out) {
  std::vector<ConnectionNo> ended;
  for (const auto& [connection, session] : sessions_) {
    if (!members_->key_active(session.who, now)) ended.push_back(connection);
  }
  for (const ConnectionNo c : ended) {
    const bool enrolment = sessions_.at(c).enrolment;
    send_error(c, sessions_.at(c).epoch, enrolment ? Errc::enrolment_over : Errc::unknown_key,
               enrolment ? "this invitation is over" : "this key was revoked", 0, out);
    end_session(c);
  }
  next_expiry_ = members_->next_expiry(now);
  out.emplace_back(KeysChanged{});
}

/// An invitation ends by itself.
void Core::end_expired(TimeMs now, Actions& out) {
  if (!next_expiry_ || now < *next_expiry_) return;
  end_unproven(now, out);
}

void Core::on_tick(TimeMs now, Actions& out) {
  end_expired(now, out);
  std::vector<ConnectionNo> silent;
  for (const auto& [connection, session] : sessions_) {
    if (now.value() - session.last_seen.value() >= limits::lease_ms) silent.push_back(connection);
  }
  for (const ConnectionNo c : silent) end_session(c);
  if (refusing_ && refusing_->code == Errc::disk_full && now.value() - last_probe_.value() >= 1'000) {
    last_probe_ = now;
    out.emplace_back(Probe{});
  }
  if (phase_ != Phase::open) return;
  if (clock_is_sound(now)) retain(now);
  fetch_opening(out);
  fetch_backfill(out);
  expire_held(now);
  trail_all(now, out);
  for (auto& [id, line] : lines_) come_back(line, now);
  pump_all(now, out);
}

/// Publishers wait while the index falls further behind; they go on as soon as it gains on the log.
void Core::on_index_lag(const IndexLag& lag) {
  throttled_ = lag.events > limits::index_lag_events && lag.events >= index_lag_;
  index_lag_ = lag.events;
}

void Core::on_drain(const Drain& drain, Actions& out) {
  draining_ = true;
  for (const auto& [connection, session] : sessions_) send(session, wire::Drain{drain.deadline_ms}, out);
}

bool Core::idle() const {
  return phase_ == Phase::open && batch_.items.empty() && batch_.waiters.empty() && waiting_.empty() &&
         releases_.empty() && accesses_.empty();
}

}  // namespace iro::core

#include "hub/bus/zmq_bus.hpp"

#include <pthread.h>

#include <algorithm>
#include <csignal>

#include "hub/base/assert.hpp"
#include "hub/base/limits.hpp"

namespace iro::bus {
namespace {

constexpr long stalled_poll_ms = 2;    // a full pipe tells nobody when it empties (a ROUTER's POLLOUT is always set)
constexpr long idle_poll_ms = 10'000;  // for the sweep; everything else wakes us
constexpr std::size_t copy_below_bytes = 1'024;  // under this a copy is cheaper than handing over the buffer
constexpr auto relaxed = std::memory_order_relaxed;

/// A buffer on its way through libzmq, which frees it on a thread of its own. libzmq's queues order the
/// two threads; the flag says so again in a way that ThreadSanitizer can see.
struct Parcel {
  Bytes bytes;
  std::atomic<bool> posted = false;
};

void free_parcel(void* /*data*/, void* hint) {
  const std::unique_ptr<Parcel> owner(static_cast<Parcel*>(hint));
  static_cast<void>(owner->posted.load(std::memory_order_acquire));
}

/// A message of `bytes`; large ones move into it.
zmq::message_t message_of(Bytes& bytes) {
  if (bytes.size() < copy_below_bytes) return zmq::message_t(bytes.data(), bytes.size());
  auto parcel = std::make_unique<Parcel>();
  parcel->bytes = std::move(bytes);
  Bytes& content = parcel->bytes;
  parcel->posted.store(true, std::memory_order_release);
  return zmq::message_t(content.data(), content.size(), free_parcel, parcel.release());
}

/// Signals are for the main thread.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

ByteView view_of(const zmq::message_t& m) { return {static_cast<const std::uint8_t*>(m.data()), m.size()}; }

}  // namespace

ZmqBus::ZmqBus(Parts parts, std::size_t queue_bytes) : parts_(std::move(parts)), exchange_(queue_bytes) {
  for (const Door& door : parts_.doors) endpoints_.push_back(door.endpoint);
  thread_ = std::thread([this] { run(); });
}

ZmqBus::~ZmqBus() {
  exchange_.stop();
  thread_.join();
}

Bus::Counters ZmqBus::counters() const {
  return {tally_.frames_in.load(relaxed), tally_.frames_out.load(relaxed), tally_.bytes_in.load(relaxed),
          tally_.bytes_out.load(relaxed), tally_.refused.load(relaxed),    tally_.dropped.load(relaxed)};
}

void ZmqBus::run() {
  block_signals();
  bool reading = true;
  for (;;) {
    wait(reading);
    now_ = ticks_now();
    Exchange::Orders orders = exchange_.take_orders();
    retry_stalled();
    send_all(std::move(orders.frames_before));
    apply_keys(orders.keys);
    answer_zap();
    send_all(std::move(orders.frames));
    if (orders.stop) return;
    reading = !orders.congested;
    if (reading) read_round();
    forget_silent();
    tally_.dropped.fetch_add(exchange_.hand_in(batch_, gone_, keys_), relaxed);
  }
}

void ZmqBus::wait(bool reading) {
  std::vector<zmq_pollitem_t> items;
  items.push_back({nullptr, exchange_.bus_fd(), ZMQ_POLLIN, 0});
  if (keys_) items.push_back({parts_.zap.socket().handle(), 0, ZMQ_POLLIN, 0});
  for (Door& door : parts_.doors) {
    if (reading) items.push_back({door.router.handle(), 0, ZMQ_POLLIN, 0});
  }
  // An interrupted wait is a short one.
  zmq_poll(items.data(), static_cast<int>(items.size()), stalled_.empty() ? idle_poll_ms : stalled_poll_ms);
}

void ZmqBus::apply_keys(const std::shared_ptr<const KeyTable>& keys) {
  if (keys == keys_) return;
  keys_ = keys;
  const auto cut_off = connections_.remove_if([&](const Connection& c) { return !keys_->enrolled(c.principal); });
  gone_.insert(gone_.end(), cut_off.begin(), cut_off.end());
}

/// Until the first set_keys() questions wait in their socket: those who come while the hub starts are let in then.
void ZmqBus::answer_zap() {
  if (!keys_) return;
  tally_.refused.fetch_add(parts_.zap.answer(*keys_, now_, [](ByteView) { return false; }), relaxed);
}

void ZmqBus::read_round() {
  std::size_t left = frames_per_round;
  const std::size_t doors = parts_.doors.size();
  for (std::size_t i = 0; i < doors; ++i) {
    const std::size_t door = (first_door_ + i) % doors;
    while (left > 0 && read_one(door)) --left;
  }
  ++first_door_;
}

bool ZmqBus::read_one(std::size_t door) {
  zmq::socket_t& router = parts_.doors[door].router;
  zmq::message_t routing_id;
  if (!router.recv(routing_id, zmq::recv_flags::dontwait)) return false;
  zmq::message_t body;
  [[maybe_unused]] const auto size = router.recv(body, zmq::recv_flags::none);  // a message arrives whole
  const bool sound = !body.more() && body.size() <= limits::frame_bytes;
  for (bool more = body.more(); more;) {
    zmq::message_t rest;
    [[maybe_unused]] const auto skipped = router.recv(rest, zmq::recv_flags::none);
    more = rest.more();
  }
  Connection* from = sound ? sender_of(door, routing_id, body) : nullptr;
  if (from == nullptr) {
    tally_.dropped.fetch_add(1, relaxed);
    return true;
  }
  from->last_heard = now_;
  tally_.frames_in.fetch_add(1, relaxed);
  tally_.bytes_in.fetch_add(body.size(), relaxed);
  batch_.push_back({from->number, from->principal, to_bytes(view_of(body))});
  return true;
}

/// Whose message it is, by the name that ZAP gave its connection. Nobody's when that
/// name is no longer enrolled, or the client chose its routing id itself.
Connection* ZmqBus::sender_of(std::size_t door, const zmq::message_t& routing_id, zmq::message_t& body) {
  const char* name = zmq_msg_gets(body.handle(), user_id_property);
  const auto route = route_of(door, view_of(routing_id));
  if (name == nullptr || !route) return nullptr;
  if (Connection* known = connections_.find(*route)) {
    if (known->user_id == name) return known;
    give_up(known->number);
  }
  const auto principal = parse_user_id(name);
  if (!principal || !keys_ || !keys_->enrolled(*principal)) return nullptr;
  const char* chosen = zmq_msg_gets(body.handle(), chosen_id_property);
  if (chosen != nullptr && *chosen != '\0') return nullptr;
  return &connections_.add(*route, *principal, name);
}

void ZmqBus::send_all(std::vector<OutFrame> frames) {
  for (OutFrame& frame : frames) {
    Connection* to = connections_.find(frame.connection);
    if (to == nullptr) {
      gone_.push_back(frame.connection);
      tally_.dropped.fetch_add(1, relaxed);
      continue;
    }
    const Sent sent = to->backlog.empty() ? try_send(*to, frame.bytes) : Sent::full;
    if (sent == Sent::full) keep_for_later(*to, std::move(frame.bytes));
    if (sent == Sent::gone) give_up(frame.connection);
  }
}

ZmqBus::Sent ZmqBus::try_send(const Connection& to, Bytes& bytes) {
  zmq::socket_t& router = parts_.doors[door_of(to.route)].router;
  const auto id = routing_id_of(to.route);
  // The verdict falls on the routing id; behind it ZeroMQ takes the body in any case.
  if (zmq_send(router.handle(), id.data(), id.size(), ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
    return zmq_errno() == EAGAIN ? Sent::full : Sent::gone;
  }
  const std::size_t size = bytes.size();
  zmq::message_t body = message_of(bytes);
  [[maybe_unused]] const auto taken = router.send(body, zmq::send_flags::dontwait);
  tally_.frames_out.fetch_add(1, relaxed);
  tally_.bytes_out.fetch_add(size, relaxed);
  return Sent::yes;
}

void ZmqBus::keep_for_later(Connection& to, Bytes bytes) {
  if (to.backlog_bytes + bytes.size() > backlog_bytes) return give_up(to.number);
  if (to.backlog.empty()) stalled_.push_back(to.number);
  to.backlog_bytes += bytes.size();
  to.backlog.push_back(std::move(bytes));
}

void ZmqBus::retry_stalled() {
  for (const ConnectionNo number : std::exchange(stalled_, {})) {
    Connection* to = connections_.find(number);
    if (to == nullptr) continue;
    Sent sent = Sent::yes;
    while (!to->backlog.empty()) {
      const std::size_t size = to->backlog.front().size();
      sent = try_send(*to, to->backlog.front());
      if (sent != Sent::yes) break;
      to->backlog_bytes -= size;
      to->backlog.pop_front();
    }
    if (sent == Sent::full) stalled_.push_back(number);
    if (sent == Sent::gone) give_up(number);
  }
}

void ZmqBus::give_up(ConnectionNo number) {
  if (const Connection* lost = connections_.find(number)) {
    tally_.dropped.fetch_add(lost->backlog.size(), relaxed);
    connections_.remove(number);
  }
  gone_.push_back(number);
}

/// ZeroMQ does not tell when a peer leaves; a send does. This bounds those that nothing is sent to.
void ZmqBus::forget_silent() {
  if (now_ < next_sweep_) return;
  next_sweep_ = now_.plus(idle_poll_ms);
  const auto silent = connections_.remove_if([&](const Connection& c) { return c.last_heard.plus(silent_ms) < now_; });
  gone_.insert(gone_.end(), silent.begin(), silent.end());
}

}  // namespace iro::bus

#include "adapters/client/network_client.hpp"

#include <algorithm>

#include "hub/base/crypto.hpp"

namespace iro::client {
namespace {

std::uint64_t random_number() {
  std::array<std::uint8_t, 8> bytes{};
  random_bytes(bytes);
  return ByteReader(bytes).u64();
}

}  // namespace

NetworkClient::NetworkClient(zmq::context_t& context, KeyFile keys, SessionConfig config, Outbox* outbox, Exits exits)
    : keys_(std::move(keys)),
      link_(context, keys_),
      outbox_(outbox),
      session_(std::move(config), outbox, random_number()),
      exits_(std::move(exits)) {}

void NetworkClient::add_poll_items(std::vector<zmq_pollitem_t>& items) {
  if (link_.socket() == nullptr) return;
  const short events = pending_.empty() ? ZMQ_POLLIN : ZMQ_POLLIN | ZMQ_POLLOUT;
  items.push_back({link_.socket(), 0, events, 0});
  items.push_back({link_.monitor(), 0, ZMQ_POLLIN, 0});
}

void NetworkClient::take_turn(Ticks now) {
  hear_events(now);
  hear_frames(now);
  send_pending();
  session_.on_tick(now);
  session_.pump(now);
  act();
  if (outbox_ == nullptr) return;
  if (save_at_ == never && outbox_->unsaved()) save_at_ = now.plus(save_after_ms);
  if (now < save_at_) return;
  save_at_ = never;
  exits_.save();
}

Ticks NetworkClient::wakes_at() const { return std::min(save_at_, session_.wakes_at()); }

void NetworkClient::hear_events(Ticks now) {
  while (const auto event = link_.next_event()) {
    pending_.clear();  // of a connection that is not there any more, or has only begun
    switch (*event) {
      case Link::Event::connected:
        session_.on_connected(now);
        break;
      case Link::Event::disconnected:
        session_.on_disconnected();
        break;
      case Link::Event::key_refused:
        session_.on_key_refused(now);
        break;
      case Link::Event::other:
        session_.on_handshake_failed(now);
        break;
    }
    act();
  }
}

void NetworkClient::hear_frames(Ticks now) {
  zmq::message_t frame;
  for (std::size_t i = 0; i < frames_per_turn && link_.receive(frame); ++i) {
    session_.on_frame({static_cast<const std::uint8_t*>(frame.data()), frame.size()}, now);
    act();
  }
}

void NetworkClient::act() {
  ClientSession::Actions actions = session_.take_actions();
  if (actions.reopen) reopen();
  for (Bytes& frame : actions.frames) pending_.push_back(std::move(frame));
  send_pending();
  for (Work& work : actions.work) {
    if (working_) exits_.work(std::move(work));
  }
  for (Answered& answered : actions.answered) exits_.answered(std::move(answered));
  for (const Error& trouble : actions.troubles) exits_.trouble(trouble);
  exits_.status(session_);
}

void NetworkClient::send_pending() {
  while (!pending_.empty() && link_.send(pending_.front())) pending_.pop_front();
  session_.set_writable(pending_.empty());
}

void NetworkClient::reopen() {
  pending_.clear();
  link_.close(0);
  if (const Status opened = link_.open(); !opened) exits_.trouble(opened.error());
}

void NetworkClient::say_goodbye(const std::vector<std::string>& consumers, Ticks now) {
  for (const std::string& consumer : consumers) session_.unsubscribe(consumer, now);
  act();
  link_.close(goodbye_ms);
}

}  // namespace iro::client

#include "adapters/client/link.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cstring>

#include "hub/base/limits.hpp"

namespace iro::client {
namespace {

constexpr std::size_t curve_overhead_bytes = 33;  // ZeroMQ counts the encrypted message: name, nonce, MAC and flags
constexpr int handshake_ms = 5'000;
constexpr int heartbeat_ms = 10'000;
constexpr int heartbeat_timeout_ms = 30'000;
constexpr int reconnect_ms = 100;
constexpr int reconnect_most_ms = 5'000;
constexpr int watched = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                        ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;

}  // namespace

void Link::set_options() {
  socket_.set(zmq::sockopt::immediate, true);  // a frame is taken by a connection, or not at all
  socket_.set(zmq::sockopt::linger, 0);
  socket_.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(limits::frame_bytes + curve_overhead_bytes));
  socket_.set(zmq::sockopt::handshake_ivl, handshake_ms);
  socket_.set(zmq::sockopt::heartbeat_ivl, heartbeat_ms);
  socket_.set(zmq::sockopt::heartbeat_timeout, heartbeat_timeout_ms);
  socket_.set(zmq::sockopt::heartbeat_ttl, heartbeat_timeout_ms);
  socket_.set(zmq::sockopt::reconnect_ivl, reconnect_ms);  // ZeroMQ adds a random part of its own
  socket_.set(zmq::sockopt::reconnect_ivl_max, reconnect_most_ms);
  socket_.set(zmq::sockopt::curve_serverkey, keys_.hub_public_key);
  socket_.set(zmq::sockopt::curve_publickey, keys_.public_key);
  socket_.set(zmq::sockopt::curve_secretkey, keys_.secret_key);
}

Status Link::open() {
  // A name of its own each time: libzmq frees an inproc name some time after the socket was closed.
  static std::atomic<std::uint64_t> opened = 0;
  try {
    socket_ = zmq::socket_t(context_, zmq::socket_type::dealer);
    set_options();
    const std::string name = fmt::format("inproc://iro.link.{}", ++opened);
    if (zmq_socket_monitor(socket_.handle(), name.c_str(), watched) != 0) {
      return fail(Errc::internal, fmt::format("watch the connection: {}", zmq_strerror(zmq_errno())));
    }
    monitor_ = zmq::socket_t(context_, zmq::socket_type::pair);
    monitor_.set(zmq::sockopt::linger, 0);
    monitor_.connect(name);
    socket_.connect(keys_.endpoint);
    return {};
  } catch (const zmq::error_t& e) {
    close(0);
    return fail(Errc::config_invalid, fmt::format("connect to {}: {}", keys_.endpoint, e.what()));
  }
}

void Link::close(int linger_ms) {
  if (!socket_) return;
  zmq_socket_monitor(socket_.handle(), nullptr, 0);  // before the PAIR closes, or libzmq writes into nothing
  zmq_setsockopt(socket_.handle(), ZMQ_LINGER, &linger_ms, sizeof linger_ms);
  monitor_ = zmq::socket_t();
  socket_ = zmq::socket_t();
}

bool Link::send(Bytes& frame) {
  return socket_ && zmq_send(socket_.handle(), frame.data(), frame.size(), ZMQ_DONTWAIT) >= 0;
}

bool Link::receive(zmq::message_t& frame) {
  return socket_ && zmq_msg_recv(frame.handle(), socket_.handle(), ZMQ_DONTWAIT) >= 0;
}

std::optional<Link::Event> Link::next_event() {
  zmq::message_t event;
  if (!monitor_ || zmq_msg_recv(event.handle(), monitor_.handle(), ZMQ_DONTWAIT) < 0) return std::nullopt;
  zmq::message_t address;
  zmq_msg_recv(address.handle(), monitor_.handle(), 0);  // a message arrives whole
  std::uint16_t number = 0;
  std::memcpy(&number, event.data(), sizeof number);
  switch (number) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
      return Event::connected;
    case ZMQ_EVENT_DISCONNECTED:
      return Event::disconnected;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      return Event::key_refused;
    default:
      return Event::other;
  }
}

}  // namespace iro::client

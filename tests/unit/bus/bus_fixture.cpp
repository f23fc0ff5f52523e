#include "tests/unit/bus/bus_fixture.hpp"

#include <cstring>

namespace iro::bus {
namespace {

/// Wait for `socket` to be readable; false when the time is over.
bool readable(zmq::socket_t& socket, std::chrono::milliseconds within) {
  zmq::pollitem_t item{socket.handle(), 0, ZMQ_POLLIN, 0};
  return zmq::poll(&item, 1, within) > 0;
}

}  // namespace

TestClient::TestClient(zmq::context_t& context, const std::string& endpoint, const std::string& hub_key,
                       const Keys& keys, const std::string& chosen_id)
    : socket_(context, zmq::socket_type::dealer), monitor_(context, zmq::socket_type::pair) {
  static int number = 0;
  socket_.set(zmq::sockopt::linger, 0);
  socket_.set(zmq::sockopt::sndhwm, 0);
  socket_.set(zmq::sockopt::curve_serverkey, hub_key);
  socket_.set(zmq::sockopt::curve_publickey, keys.public_key);
  socket_.set(zmq::sockopt::curve_secretkey, keys.secret_key);
  if (!chosen_id.empty()) socket_.set(zmq::sockopt::routing_id, chosen_id);
  const std::string name = "inproc://test-client-" + std::to_string(++number);
  const int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
  REQUIRE(zmq_socket_monitor(socket_.handle(), name.c_str(), events) == 0);
  monitor_.connect(name);
  socket_.connect(endpoint);
}

TestClient::~TestClient() { zmq_socket_monitor(socket_.handle(), nullptr, 0); }

std::optional<std::string> TestClient::receive(std::chrono::milliseconds within) {
  if (!readable(socket_, within)) return std::nullopt;
  zmq::message_t message;  // no Catch macros here: the client may be another thread's
  if (!socket_.recv(message)) return std::nullopt;
  return message.to_string();
}

TestClient::Handshake TestClient::handshake() {
  if (!readable(monitor_, patience)) return Handshake::none;
  zmq::message_t event;
  zmq::message_t address;
  REQUIRE(monitor_.recv(event).has_value());
  REQUIRE(monitor_.recv(address).has_value());
  std::uint16_t number = 0;
  std::memcpy(&number, event.data(), sizeof number);
  return number == ZMQ_EVENT_HANDSHAKE_SUCCEEDED ? Handshake::succeeded : Handshake::refused;
}

}  // namespace iro::bus

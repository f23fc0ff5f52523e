// tests/support/raw_client.hpp: a publisher and a consumer straight on the protocol, without
// outbox and inbox: what is measured or watched is the hub, not the client's disk.
//
// One thread uses one object; both block.
#pragma once

#include <zmq.hpp>

#include <optional>
#include <stdexcept>
#include <string>

#include "adapters/client/client.hpp"
#include "hub/schema/frames.hpp"

namespace iro::test {

class RawClient {
 public:
  RawClient(zmq::context_t& context, const client::KeyFile& keys, const std::string& name)
      : socket_(context, zmq::socket_type::dealer) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::sndhwm, 1'000);
    socket_.set(zmq::sockopt::curve_serverkey, keys.hub_public_key);
    socket_.set(zmq::sockopt::curve_publickey, keys.public_key);
    socket_.set(zmq::sockopt::curve_secretkey, keys.secret_key);
    socket_.connect(keys.endpoint);
    wire::Hello hello;
    hello.software = "test";
    hello.client_name = name;
    hello.producer = make_producer_id();
    hello.start_number = 1;
    send(hello);
    const wire::Message answer = receive();
    if (const auto* e = std::get_if<wire::ErrorMessage>(&answer.body)) throw std::runtime_error(e->text);
    epoch_ = std::get<wire::Welcome>(answer.body).epoch;
  }

  void send(const wire::Body& body) {
    const Bytes frame = wire::encode(epoch_, body);
    socket_.send(zmq::buffer(frame), zmq::send_flags::none);
  }

  wire::Message receive() {
    zmq::message_t in;
    if (!socket_.recv(in)) throw std::runtime_error("interrupted");
    auto message = wire::decode({static_cast<const std::uint8_t*>(in.data()), in.size()});
    if (!message) throw std::runtime_error(message.error().text());
    return std::move(*message);
  }

  /// A message if there is one within `ms`.
  std::optional<wire::Message> receive_within(int ms) {
    zmq::pollitem_t item{socket_.handle(), 0, ZMQ_POLLIN, 0};
    zmq::poll(&item, 1, std::chrono::milliseconds(ms));
    if ((item.revents & ZMQ_POLLIN) == 0) return std::nullopt;
    return receive();
  }

  /// The sequence up to which everything is committed, by the next PUBACK. Throws when something was refused.
  std::uint64_t acknowledged() {
    while (true) {
      const wire::Message m = receive();
      const auto* ack = std::get_if<wire::PubAck>(&m.body);
      if (ack == nullptr) continue;
      if (!ack->exceptions.empty() || ack->refused_from.value() != 0)
        throw std::runtime_error("refused: " + ack->refused_reason);
      return ack->up_to.value();
    }
  }

  ConsumerNo subscribe(const std::string& consumer, wire::From from) {
    wire::Sub sub;
    sub.consumer = consumer;
    sub.from = from;
    sub.request = 1;
    sub.ephemeral = true;
    send(sub);
    while (true) {
      const wire::Message m = receive();
      if (const auto* s = std::get_if<wire::Subscribed>(&m.body)) return s->consumer;
      if (const auto* e = std::get_if<wire::ErrorMessage>(&m.body)) throw std::runtime_error(e->text);
    }
  }

 private:
  zmq::socket_t socket_;
  SessionEpoch epoch_;
};

}  // namespace iro::test

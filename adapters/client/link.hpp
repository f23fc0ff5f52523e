// adapters/client/link.hpp: one DEALER to the hub, and what its monitor tells.
//
// ZeroMQ connects and reconnects by itself, but gives up for good after a refused
// handshake; then the link has to be opened anew. Network thread only.
#pragma once

#include <optional>
#include <zmq.hpp>

#include "adapters/client/client.hpp"

namespace iro::client {

class Link {
 public:
  Link(zmq::context_t& context, const KeyFile& keys) : context_(context), keys_(keys) {}
  ~Link() { close(0); }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  /// Begin to connect. Fails with config_invalid when the endpoint or a key cannot be used.
  Status open();
  /// Frames that were sent may still leave for `linger_ms`.
  void close(int linger_ms);

  /// Fails (false) while nothing can be sent; then the frame is as it was.
  bool send(Bytes& frame);
  bool receive(zmq::message_t& frame);

  enum class Event { connected, disconnected, key_refused, other };
  std::optional<Event> next_event();

  [[nodiscard]] void* socket() { return socket_.handle(); }
  [[nodiscard]] void* monitor() { return monitor_.handle(); }

 private:
  void set_options();

  zmq::context_t& context_;
  const KeyFile& keys_;
  zmq::socket_t socket_;
  zmq::socket_t monitor_;
};

}  // namespace iro::client

// hub/bus/bus.hpp: the hub's sockets. It moves bytes and knows who sent them;
// what they mean is the core's business.
//
// A Bus owns a ZeroMQ context and one thread, which owns every socket: the
// ROUTERs (one an endpoint), and the ZAP handler. Frames cross to the core by
// queue and eventfd, in batches; so do the core's sends. All functions may be
// called from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hub/base/error.hpp"
#include "hub/base/ids.hpp"
#include "hub/base/peer.hpp"

namespace iro::bus {

struct InFrame {
  ConnectionNo connection;
  Principal from;
  Bytes bytes;
};
struct OutFrame {
  ConnectionNo connection;
  Bytes bytes;
};

struct BusOptions {
  std::vector<std::string> endpoints;  // "tcp://127.0.0.1:7411", "ipc:///run/iro/hub.sock"
  std::string public_key;              // Z85
  std::string secret_key;
  std::size_t input_queue_bytes = 64U << 20;
};

class Bus {
 public:
  /// Binds ZAP first, then the endpoints; then connects with a key that was made
  /// this moment and sees it refused, and with an enrolled test key and sees it
  /// let in. Fails with zap_open when the unknown key gets in, `locked` when an
  /// ipc path or a port is taken, and then has let nobody in. An ipc path is
  /// absolute, in a folder that others may not enter: it is made with mode 0750,
  /// and config_invalid says so when it is there and open.
  static Result<std::unique_ptr<Bus>> open(const BusOptions& options);
  virtual ~Bus() = default;

  /// The whole list of keys that may connect: 32 raw bytes each. Takes effect
  /// for the next handshake; connections of keys no longer in it are cut off at
  /// once: their frames are dropped, and nothing is handed to them but what was given to send() before,
  /// so that a session's last answer reaches it. Until the
  /// first call whoever knocks waits. A key number names one key for ever.
  struct EnrolledKey {
    std::array<std::uint8_t, 32> public_key{};
    Principal principal;
  };
  virtual void set_keys(std::vector<EnrolledKey> keys) = 0;

  /// Take what has come in since the last call. `ready_fd` is readable when
  /// there is something, or somebody is gone. When more than input_queue_bytes wait, the bus stops
  /// reading its sockets until there is room (senders are held by TCP) and
  /// `congested()` is true.
  virtual std::vector<InFrame> receive() = 0;
  [[nodiscard]] virtual int ready_fd() const = 0;
  [[nodiscard]] virtual bool congested() const = 0;

  /// Hand over frames; they are sent in order per connection. A frame for a
  /// connection that is gone is dropped and reported by take_gone().
  virtual void send(std::vector<OutFrame> frames) = 0;
  /// Connections that are gone, since the last call: a send found it, the peer
  /// fell more than 8 MiB behind, its key was revoked, or it was silent for 60 s.
  virtual std::vector<ConnectionNo> take_gone() = 0;

  struct Counters {
    std::uint64_t frames_in = 0, frames_out = 0, bytes_in = 0, bytes_out = 0, handshakes_refused = 0, dropped = 0;
  };
  [[nodiscard]] virtual Counters counters() const = 0;
  /// Where it is bound, with real port numbers for "tcp://127.0.0.1:*".
  [[nodiscard]] virtual std::vector<std::string> endpoints() const = 0;
};

}  // namespace iro::bus

// hub/bus/access.hpp: who gets in. CURVE on every ROUTER, ZAP to ask about each
// key, and the proof that both work.
//
// ZeroMQ fails open: CURVE without a bound ZAP handler, or with an empty domain,
// accepts every key. Hence three rules: the handler is bound before any ROUTER,
// the domain is never empty and is enforced, and nobody is served before a key
// that nobody knows has been seen to be refused.
//
// Everything here runs on the thread that owns the sockets.
#pragma once

#include <functional>
#include <zmq.hpp>

#include "hub/bus/handshake_quota.hpp"
#include "hub/bus/key_table.hpp"

namespace iro::bus {

/// The two halves of the lock, as a seam: tests replace one by a broken half and
/// see that the bus refuses to start. Everybody else takes the defaults.
struct AccessControl {
  /// Make `router` a CURVE server that asks ZAP.
  std::function<void(zmq::socket_t& router, const std::string& secret_key)> guard;
  /// Whose key this is, or nobody's.
  std::function<std::optional<Principal>(const KeyTable&, ByteView public_key)> judge;

  AccessControl();
};

/// Answers ZeroMQ's questions about keys (ZeroMQ RFC 27, at inproc://zeromq.zap.01).
class ZapHandler {
 public:
  /// Binds. Fails with zap_open when the context has a handler already.
  static Result<ZapHandler> open(zmq::context_t& context, const AccessControl& access);

  [[nodiscard]] zmq::socket_ref socket() { return socket_; }
  /// Which unknown keys are told to come back rather than refused: a refusal ends a ZeroMQ connection for good.
  using ComesBack = std::function<bool(ByteView public_key)>;
  /// Answer every question that waits; the number of handshakes not let through.
  std::size_t answer(const KeyTable& keys, Ticks now, const ComesBack& comes_back);

 private:
  ZapHandler(zmq::socket_t socket, const AccessControl& access);
  bool answer_one(const KeyTable& keys, Ticks now, const ComesBack& comes_back,
                  const std::vector<zmq::message_t>& question);

  zmq::socket_t socket_;
  AccessControl access_;
  HandshakeQuota quota_;
};

/// One bound ROUTER and what a client needs to find it.
struct Door {
  zmq::socket_t router;
  std::string endpoint;        // as ZeroMQ bound it, with the real port
  std::string hub_public_key;  // Z85
};

/// Knock at `door` twice: a key made this moment must be refused, an enrolled one
/// let in and known by its name. Fails with zap_open otherwise, also when no
/// answer comes: what cannot be shown is not assumed. Everybody else is told to come back.
Status prove_access(zmq::context_t& context, ZapHandler& zap, Door& door);

}  // namespace iro::bus

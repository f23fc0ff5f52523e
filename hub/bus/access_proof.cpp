// The proof of access.hpp: knock with two keys and see what happens.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <limits>

#include "hub/base/assert.hpp"
#include "hub/base/z85.hpp"
#include "hub/bus/access.hpp"

namespace iro::bus {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A handshake on the same machine takes about a millisecond; a busy one gets 5 s, then the bus stays shut.
constexpr milliseconds patience{5'000};
constexpr std::string_view knock_text = "knock";

struct KeyPair {
  std::array<char, 41> public_key{};
  std::array<char, 41> secret_key{};
};

KeyPair make_keys() {
  KeyPair keys;
  const int made = zmq_curve_keypair(keys.public_key.data(), keys.secret_key.data());
  IRO_ASSERT(made == 0, "libzmq is built with CURVE");
  return keys;
}

/// What became of a knock. `silent`: neither let in nor refused within our patience.
enum class Outcome { refused, let_in, silent };

/// A client with a monitor, for as long as one knock takes.
class Knocker {
 public:
  Knocker(zmq::context_t& context, const Door& door, const KeyPair& keys)
      : client_(context, zmq::socket_type::dealer), monitor_(context, zmq::socket_type::pair) {
    client_.set(zmq::sockopt::linger, 0);
    client_.set(zmq::sockopt::curve_serverkey, door.hub_public_key);
    client_.set(zmq::sockopt::curve_publickey, keys.public_key.data());
    client_.set(zmq::sockopt::curve_secretkey, keys.secret_key.data());
    // Named after the key, as libzmq frees the name of an earlier monitor some time after it was closed.
    const std::string monitor_endpoint = fmt::format("inproc://iro.proof.{}", keys.public_key.data());
    const int watched = zmq_socket_monitor(client_.handle(), monitor_endpoint.c_str(),
                                           ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    IRO_ASSERT(watched == 0, "the name of a new key is free");
    monitor_.set(zmq::sockopt::linger, 0);
    monitor_.connect(monitor_endpoint);
    client_.connect(door.endpoint);
    client_.send(zmq::buffer(knock_text));  // waits in the pipe until the handshake is through
  }
  ~Knocker() {
    zmq_socket_monitor(client_.handle(), nullptr, 0);  // before the PAIR closes, or libzmq writes into nothing
  }
  Knocker(const Knocker&) = delete;
  Knocker& operator=(const Knocker&) = delete;

  [[nodiscard]] void* monitor() { return monitor_.handle(); }
  /// The verdict that the monitor has seen, if any.
  std::optional<Outcome> verdict() {
    zmq::message_t event;
    if (!monitor_.recv(event, zmq::recv_flags::dontwait)) return std::nullopt;
    zmq::message_t address;
    [[maybe_unused]] const auto size = monitor_.recv(address, zmq::recv_flags::none);
    std::uint16_t number = 0;
    std::memcpy(&number, event.data(), sizeof number);
    return number == ZMQ_EVENT_HANDSHAKE_SUCCEEDED ? Outcome::let_in : Outcome::refused;
  }

 private:
  zmq::socket_t client_;
  zmq::socket_t monitor_;
};

/// The name under which the knock came through the ROUTER, if it did.
std::optional<std::string> knock_heard(zmq::socket_t& router) {
  zmq::message_t routing_id;
  if (!router.recv(routing_id, zmq::recv_flags::dontwait)) return std::nullopt;
  zmq::message_t body;
  [[maybe_unused]] const auto size = router.recv(body, zmq::recv_flags::none);
  const char* name = zmq_msg_gets(body.handle(), user_id_property);
  return name == nullptr ? "" : name;
}

struct Observed {
  Outcome outcome = Outcome::silent;
  std::optional<std::string> heard_as;
};

/// Serve ZAP with `admitted` alone until the knock is answered; one that is let in must also be heard.
Observed knock(zmq::context_t& context, ZapHandler& zap, Door& door, const KeyPair& keys, const KeyTable& admitted) {
  Knocker knocker(context, door, keys);
  const auto own_key = z85_decode_key(keys.public_key.data());
  IRO_ASSERT(own_key.has_value(), "libzmq writes keys that it can read");
  const auto somebody_else = [&](ByteView key) { return !std::ranges::equal(key, *own_key); };
  Observed seen;
  const auto until = steady_clock::now() + patience;
  while (steady_clock::now() < until) {
    std::array<zmq::pollitem_t, 3> items{{{zap.socket().handle(), 0, ZMQ_POLLIN, 0},
                                          {knocker.monitor(), 0, ZMQ_POLLIN, 0},
                                          {door.router.handle(), 0, ZMQ_POLLIN, 0}}};
    zmq::poll(items.data(), items.size(), std::chrono::duration_cast<milliseconds>(until - steady_clock::now()));
    zap.answer(admitted, ticks_now(), somebody_else);
    if (const auto verdict = knocker.verdict()) seen.outcome = *verdict;
    if (auto name = knock_heard(door.router)) seen.heard_as = std::move(name);
    if (seen.outcome == Outcome::refused || seen.heard_as) return seen;
  }
  return seen;
}

}  // namespace

Status prove_access(zmq::context_t& context, ZapHandler& zap, Door& door) {
  // Numbers that no member has; the table that holds them is gone when this function returns.
  const Principal tester{MemberNo(std::numeric_limits<std::uint32_t>::max()),
                         KeyNo(std::numeric_limits<std::uint32_t>::max())};
  const KeyPair enrolled = make_keys();
  const auto raw = z85_decode_key(enrolled.public_key.data());
  IRO_ASSERT(raw.has_value(), "libzmq writes keys that it can read");
  const KeyTable only_tester({{*raw, tester}});

  const Observed stranger = knock(context, zap, door, make_keys(), only_tester);
  if (stranger.outcome != Outcome::refused || stranger.heard_as) {
    return fail(Errc::zap_open,
                fmt::format("{}: a key that nobody knows was {}", door.endpoint,
                            stranger.outcome == Outcome::silent && !stranger.heard_as ? "not answered" : "let in"));
  }
  const Observed known = knock(context, zap, door, enrolled, only_tester);
  if (known.outcome == Outcome::refused || known.heard_as != user_id(tester)) {
    return fail(Errc::zap_open, fmt::format("{}: an enrolled key was {}", door.endpoint,
                                            known.heard_as ? "let in under another name" : "not let in"));
  }
  return {};
}

}  // namespace iro::bus

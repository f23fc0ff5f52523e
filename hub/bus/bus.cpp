// How a bus opens: ZAP first, then the endpoints, then the proof. Nobody is served before it holds.
#include "hub/bus/bus.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <zmq.hpp>

#include "hub/base/crypto.hpp"
#include "hub/base/limits.hpp"
#include "hub/base/z85.hpp"
#include "hub/bus/zmq_bus.hpp"

namespace iro::bus {
namespace {

constexpr std::size_t curve_overhead_bytes = 33;  // ZeroMQ counts the encrypted message: name, nonce, MAC and flags
constexpr int receive_hwm = 8;                    // what a sender can park in our memory, times 1 MiB
constexpr int send_hwm = 128;                     // above the 64 frames that a consumer's credit allows
constexpr int backlog = 1'024;                    // a region's clients coming back at once
constexpr int handshake_ms = 5'000;
constexpr int heartbeat_ms = 10'000;
constexpr int heartbeat_timeout_ms = 30'000;

void set_options(zmq::socket_t& router) {
  router.set(zmq::sockopt::router_mandatory, true);  // a send to nobody is an error, not a silence
  router.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(limits::frame_bytes + curve_overhead_bytes));
  router.set(zmq::sockopt::linger, 0);
  router.set(zmq::sockopt::rcvhwm, receive_hwm);
  router.set(zmq::sockopt::sndhwm, send_hwm);
  router.set(zmq::sockopt::backlog, backlog);
  router.set(zmq::sockopt::handshake_ivl, handshake_ms);
  router.set(zmq::sockopt::heartbeat_ivl, heartbeat_ms);
  router.set(zmq::sockopt::heartbeat_timeout, heartbeat_timeout_ms);
  router.set(zmq::sockopt::heartbeat_ttl, heartbeat_timeout_ms);
}

Result<Door> open_door(zmq::context_t& context, const std::string& endpoint, const BusOptions& options,
                       const AccessControl& access) {
  try {
    Door door{zmq::socket_t(context, zmq::socket_type::router), "", options.public_key};
    set_options(door.router);
    access.guard(door.router, options.secret_key);
    door.router.bind(endpoint);
    door.endpoint = door.router.get(zmq::sockopt::last_endpoint);
    return door;
  } catch (const zmq::error_t& e) {
    const Errc code = e.num() == EADDRINUSE ? Errc::locked : Errc::config_invalid;
    return fail(code, fmt::format("bind {}: {}", endpoint, e.what()));
  }
}

/// libzmq starts a ROUTER's routing ids at rand(), which it does not seed: every hub
/// would begin with the same number, and a member could guess whose comes next.
void seed_routing_ids() {
  std::array<std::uint8_t, sizeof(unsigned)> seed{};
  random_bytes(seed);
  std::srand(std::bit_cast<unsigned>(seed));
}

Status check(const BusOptions& options) {
  if (options.endpoints.empty()) return fail(Errc::config_invalid, "a bus needs an endpoint");
  if (!z85_decode_key(options.public_key) || !z85_decode_key(options.secret_key)) {
    return fail(Errc::config_invalid, "the hub's CURVE keys are not 40 characters of Z85");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Bus>> open_bus(const BusOptions& options, const AccessControl& access) {
  IRO_TRY(check(options), "open bus");
  seed_routing_ids();
  auto context = std::make_unique<zmq::context_t>();
  context->set(zmq::ctxopt::blocky, false);
  auto zap = ZapHandler::open(*context, access);
  if (!zap) return fail(zap.error().within("open bus"));

  std::vector<IpcPath> paths;
  std::vector<Door> doors;
  for (const std::string& endpoint : options.endpoints) {
    if (IpcPath::is_ipc(endpoint)) {
      auto path = IpcPath::take(endpoint);
      if (!path) return fail(path.error().within("open bus"));
      paths.push_back(std::move(*path));
    }
    auto door = open_door(*context, endpoint, options, access);
    if (!door) return fail(door.error().within("open bus"));
    doors.push_back(std::move(*door));
  }
  try {
    for (Door& door : doors) IRO_TRY(prove_access(*context, *zap, door), "open bus");
  } catch (const zmq::error_t& e) {
    return fail(Errc::zap_open, std::string("open bus: the proof could not be made: ") + e.what());
  }
  return std::make_unique<ZmqBus>(
      ZmqBus::Parts{std::move(context), std::move(*zap), std::move(doors), std::move(paths)},
      options.input_queue_bytes);
}

Result<std::unique_ptr<Bus>> Bus::open(const BusOptions& options) { return open_bus(options, AccessControl()); }

}  // namespace iro::bus

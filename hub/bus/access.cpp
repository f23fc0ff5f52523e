#include "hub/bus/access.hpp"

#include <array>

namespace iro::bus {
namespace {

constexpr const char* zap_endpoint = "inproc://zeromq.zap.01";
constexpr std::string_view zap_version = "1.0";
constexpr std::string_view zap_domain = "iro";
// ZMQ_ZAP_ENFORCE_DOMAIN: by number, because the name is only in the headers of draft builds of some systems.
constexpr int enforce_domain_option = 93;
// A question has seven parts: version, request id, domain, address, identity, mechanism, then the key.
constexpr std::size_t question_parts = 7;
constexpr std::size_t key_bytes = 32;

std::string_view text_of(const zmq::message_t& part) { return {static_cast<const char*>(part.data()), part.size()}; }

std::vector<zmq::message_t> receive_all(zmq::socket_t& socket) {
  std::vector<zmq::message_t> parts;
  zmq::message_t part;
  if (!socket.recv(part, zmq::recv_flags::dontwait)) return parts;
  bool more = part.more();
  parts.push_back(std::move(part));
  while (more) {
    zmq::message_t next;
    [[maybe_unused]] const auto size = socket.recv(next, zmq::recv_flags::none);  // a message arrives whole
    more = next.more();
    parts.push_back(std::move(next));
  }
  return parts;
}

void guard_with_curve(zmq::socket_t& router, const std::string& secret_key) {
  router.set(zmq::sockopt::curve_server, true);
  router.set(zmq::sockopt::curve_secretkey, secret_key);
  router.set(zmq::sockopt::zap_domain, std::string(zap_domain));
  const int yes = 1;
  // A libzmq without the option says so here; whether that matters, the proof at open() finds out.
  [[maybe_unused]] const int enforced = zmq_setsockopt(router.handle(), enforce_domain_option, &yes, sizeof yes);
}

}  // namespace

AccessControl::AccessControl()
    : guard(guard_with_curve), judge([](const KeyTable& keys, ByteView key) { return keys.find(key); }) {}

Result<ZapHandler> ZapHandler::open(zmq::context_t& context, const AccessControl& access) {
  try {
    zmq::socket_t socket(context, zmq::socket_type::rep);
    socket.set(zmq::sockopt::linger, 0);
    socket.bind(zap_endpoint);
    return ZapHandler(std::move(socket), access);
  } catch (const zmq::error_t& e) {
    return fail(Errc::zap_open, std::string("bind the ZAP handler: ") + e.what());
  }
}

ZapHandler::ZapHandler(zmq::socket_t socket, const AccessControl& access)
    : socket_(std::move(socket)), access_(access) {}

std::size_t ZapHandler::answer(const KeyTable& keys, Ticks now, const ComesBack& comes_back) {
  std::size_t refused = 0;
  for (;;) {
    const auto question = receive_all(socket_);
    if (question.empty()) return refused;
    if (!answer_one(keys, now, comes_back, question)) ++refused;
  }
}

bool ZapHandler::answer_one(const KeyTable& keys, Ticks now, const ComesBack& comes_back,
                            const std::vector<zmq::message_t>& question) {
  const bool sound = question.size() == question_parts && text_of(question[0]) == zap_version &&
                     text_of(question[2]) == zap_domain && text_of(question[5]) == "CURVE" &&
                     question[6].size() == key_bytes;
  const ByteView key = sound ? as_bytes(text_of(question[6])) : ByteView();
  std::optional<Principal> who;
  if (sound) who = access_.judge(keys, key);
  bool later = sound && !who && comes_back(key);
  if (who && !quota_.take(*who, now)) {
    who.reset();
    later = true;
  }
  // libzmq wants exactly seven parts, of which REP sends the first, empty one. With
  // 400 the client learns that it is refused; after 300 it tries again by itself.
  const std::array<std::string, 6> reply = {std::string(zap_version),
                                            question.size() > 1 ? std::string(text_of(question[1])) : std::string(),
                                            who ? "200" : (later ? "300" : "400"),
                                            who ? "OK" : (later ? "not now" : "unknown key"),
                                            who ? user_id(*who) : "",
                                            ""};
  for (std::size_t i = 0; i < reply.size(); ++i) {
    socket_.send(zmq::buffer(reply[i]), i + 1 < reply.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
  }
  return who.has_value();
}

}  // namespace iro::bus

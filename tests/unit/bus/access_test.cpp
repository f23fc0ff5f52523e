// Who gets in, and that the bus stays shut when that cannot be shown.
#include "hub/bus/access.hpp"

#include "hub/base/z85.hpp"
#include "hub/bus/zmq_bus.hpp"
#include "tests/unit/bus/bus_fixture.hpp"

using namespace iro;
using namespace iro::bus;

namespace {

BusOptions options_of(const Keys& hub, std::string endpoint = "tcp://127.0.0.1:*") {
  return {{std::move(endpoint)}, hub.public_key, hub.secret_key};
}

}  // namespace

TEST_CASE("bus: an unknown key is refused and an enrolled one let in") {
  Loopback net;
  const Keys member = make_keys();
  net.hub()->set_keys({enrol(member, 7, 3)});
  const auto stranger = net.client(make_keys());
  const auto known = net.client(member);
  stranger->send("let me in");
  known->send("hello");
  CHECK(stranger->handshake() == TestClient::Handshake::refused);
  CHECK(known->handshake() == TestClient::Handshake::succeeded);
  REQUIRE(net.hub().wait_frames(1));
  CHECK(as_text(net.hub().frames()[0].bytes) == "hello");
  CHECK(net.hub().frames()[0].from == Principal{MemberNo(7), KeyNo(3)});
  CHECK(net.hub()->counters().handshakes_refused >= 1);
}

TEST_CASE("bus: a client that comes before the keys do waits, and gets in when they are there") {
  Loopback net;
  const Keys member = make_keys();
  const auto early = net.client(member);
  early->send("hello");
  CHECK_FALSE(early->receive(std::chrono::milliseconds(50)).has_value());
  net.hub()->set_keys({enrol(member, 1, 1)});
  CHECK(early->handshake() == TestClient::Handshake::succeeded);
  CHECK(net.hub().wait_frames(1));
  CHECK(net.hub()->counters().handshakes_refused == 0);
}

TEST_CASE("bus: one key's handshakes are limited, and come back with time") {
  HandshakeQuota quota;
  const Principal eager{MemberNo(1), KeyNo(1)};
  int let_in = 0;
  while (let_in < 100'000 && quota.take(eager, Ticks(1'000))) ++let_in;
  CHECK(let_in == static_cast<int>(handshake_burst));
  CHECK(quota.take({MemberNo(2), KeyNo(2)}, Ticks(1'000)));
  CHECK_FALSE(quota.take(eager, Ticks(1'100)));
  CHECK(quota.take(eager, Ticks(1'200)));
}

TEST_CASE("bus: without enforcement of ZAP it refuses to start") {
  AccessControl access;
  access.guard = [](zmq::socket_t& router, const std::string& secret_key) {
    router.set(zmq::sockopt::curve_server, true);
    router.set(zmq::sockopt::curve_secretkey, secret_key);
  };
  const auto opened = open_bus(options_of(make_keys()), access);
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == Errc::zap_open);
}

TEST_CASE("bus: without CURVE it refuses to start") {
  AccessControl access;
  access.guard = [](zmq::socket_t& router, const std::string&) { router.set(zmq::sockopt::zap_domain, "iro"); };
  const auto opened = open_bus(options_of(make_keys()), access);
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == Errc::zap_open);
}

TEST_CASE("bus: a judge that lets everybody in keeps it from starting") {
  AccessControl access;
  access.judge = [](const KeyTable&, ByteView) { return Principal{MemberNo(1), KeyNo(1)}; };
  const auto opened = open_bus(options_of(make_keys()), access);
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == Errc::zap_open);
  CHECK_THAT(opened.error().message, ContainsSubstring("let in"));
}

TEST_CASE("bus: a judge that lets nobody in keeps it from starting") {
  AccessControl access;
  access.judge = [](const KeyTable&, ByteView) { return std::optional<Principal>(); };
  const auto opened = open_bus(options_of(make_keys()), access);
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == Errc::zap_open);
}

TEST_CASE("bus: a judge that mixes members up keeps it from starting") {
  AccessControl access;
  access.judge = [](const KeyTable& keys, ByteView key) {
    auto who = keys.find(key);
    if (who) who->member = MemberNo(0);
    return who;
  };
  const auto opened = open_bus(options_of(make_keys()), access);
  REQUIRE_FALSE(opened.has_value());
  CHECK_THAT(opened.error().message, ContainsSubstring("another name"));
}

TEST_CASE("bus: a refused start leaves its port and its ipc path free") {
  TempFolder folder;
  const std::string endpoint = "ipc://" + (folder.path() / "hub.sock").string();
  AccessControl broken;
  broken.judge = [](const KeyTable&, ByteView) { return Principal{}; };
  const Keys hub = make_keys();
  REQUIRE_FALSE(open_bus(options_of(hub, endpoint), broken).has_value());
  const auto second = Bus::open(options_of(hub, endpoint));
  CHECK(second.has_value());
}

TEST_CASE("bus: keys that are not Z85 are refused before anything is bound") {
  const Keys hub = make_keys();
  auto options = options_of(hub);
  options.secret_key = "too short";
  const auto opened = Bus::open(options);
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == Errc::config_invalid);
  CHECK_FALSE(z85_decode_key(std::string(40, '~')).has_value());
  CHECK(z85_encode_key(z85_decode_key(hub.public_key).value()) == hub.public_key);
}

TEST_CASE("bus: a revoked key is cut off in an open session, for in and out") {
  Loopback net;
  const Keys leaver = make_keys();
  const Keys stayer = make_keys();
  net.hub()->set_keys({enrol(leaver, 1, 1), enrol(stayer, 2, 2)});
  const auto leaving = net.client(leaver);
  const auto staying = net.client(stayer);
  leaving->send("hello");
  staying->send("hello");
  REQUIRE(net.hub().wait_frames(2));
  const auto connection_of = [&](std::uint32_t member) {
    for (const InFrame& f : net.hub().frames()) {
      if (f.from.member == MemberNo(member)) return f.connection;
    }
    return ConnectionNo();
  };
  const ConnectionNo cut = connection_of(1);
  const ConnectionNo kept = connection_of(2);

  net.hub()->set_keys({enrol(stayer, 2, 2)});
  net.hub()->send({{cut, to_bytes("secret")}, {kept, to_bytes("news")}});
  leaving->send("still here");
  CHECK(staying->receive() == "news");
  REQUIRE(net.hub().wait([&] { return net.hub()->counters().dropped >= 2; }));  // one each way
  CHECK(net.hub().frames().size() == 2);
  CHECK(std::ranges::find(net.hub().gone(), cut) != net.hub().gone().end());
  CHECK_FALSE(leaving->receive(std::chrono::milliseconds(0)).has_value());

  net.hub()->set_keys({enrol(leaver, 1, 1), enrol(stayer, 2, 2)});
  leaving->send("back again");
  REQUIRE(net.hub().wait_frames(3));
  CHECK(net.hub().frames()[2].connection != cut);  // a connection's number is never used twice
}

TEST_CASE("bus: the last answer of a session reaches it also when its key is revoked in the same breath") {
  Loopback net;
  const Keys leaver = make_keys();
  net.hub()->set_keys({enrol(leaver, 1, 1)});
  const auto leaving = net.client(leaver);
  for (int i = 0; i < 20; ++i) {
    leaving->send("my keys");
    REQUIRE(net.hub().wait_frames(static_cast<std::size_t>(i) + 1));
    const ConnectionNo from = net.hub().frames().back().connection;
    net.hub()->send({{from, to_bytes("taken")}});
    net.hub()->set_keys({});
    net.hub()->send({{from, to_bytes("too late")}});
    CHECK(leaving->receive() == "taken");
    REQUIRE(net.hub().wait([&] { return net.hub()->counters().dropped == static_cast<std::size_t>(i) + 1; }));
    net.hub()->set_keys({enrol(leaver, 1, 1)});
  }
}

TEST_CASE("bus: frames that wait when their key is revoked are not handed out") {
  Exchange exchange(1U << 20);
  const Principal one{MemberNo(1), KeyNo(1)};
  const Principal two{MemberNo(2), KeyNo(2)};
  Bus::EnrolledKey first{{}, one};
  Bus::EnrolledKey second{{}, two};
  second.public_key[0] = 1;
  exchange.set_keys(KeyTable({first, second}));
  const auto both = exchange.take_orders().keys;
  std::vector<InFrame> frames = {{ConnectionNo(1), one, to_bytes("a")}, {ConnectionNo(2), two, to_bytes("b")}};
  std::vector<ConnectionNo> gone;
  exchange.hand_in(frames, gone, both);
  exchange.set_keys(KeyTable({second}));
  frames = {{ConnectionNo(1), one, to_bytes("c")}};  // read before the thread saw the new list
  CHECK(exchange.hand_in(frames, gone, both) == 1);
  const auto received = exchange.receive();
  REQUIRE(received.size() == 1);
  CHECK(received[0].from == two);
}

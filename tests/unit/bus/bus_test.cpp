// Frames in and out: order, limits, and peers that are not what they should be.
#include "hub/bus/bus.hpp"

#include <map>
#include <set>
#include <thread>

#include "hub/base/limits.hpp"
#include "hub/bus/zmq_bus.hpp"
#include "tests/unit/bus/bus_fixture.hpp"

using namespace iro;
using namespace iro::bus;

TEST_CASE("bus: ten thousand frames of eight clients come back in order, each to its own sender") {
  constexpr int clients = 8;
  constexpr int each = 1'250;
  Loopback net;
  std::vector<Keys> keys;
  std::vector<Bus::EnrolledKey> enrolled;
  for (std::uint32_t i = 0; i < clients; ++i) {
    keys.push_back(make_keys());
    enrolled.push_back(enrol(keys.back(), i + 1, i + 1));
  }
  net.hub()->set_keys(enrolled);

  std::vector<std::unique_ptr<TestClient>> peers;
  for (const Keys& own : keys) peers.push_back(net.client(own));
  std::vector<std::thread> threads;
  std::vector<int> in_order(clients, 0);
  for (std::size_t i = 0; i < clients; ++i) {
    threads.emplace_back([&client = *peers[i], &good = in_order[i], i] {
      const auto text = [&](int n) { return std::to_string(i) + ":" + std::to_string(n); };
      for (int n = 0; n < each; ++n) client.send(text(n));
      while (good < each && client.receive() == text(good)) ++good;
    });
  }
  std::size_t echoed = 0;
  const bool all = net.hub().wait([&] {
    std::vector<OutFrame> answers;
    for (; echoed < net.hub().frames().size(); ++echoed) {
      answers.push_back({net.hub().frames()[echoed].connection, net.hub().frames()[echoed].bytes});
    }
    net.hub()->send(std::move(answers));
    return echoed == std::size_t{clients} * each;
  });
  for (auto& thread : threads) thread.join();
  REQUIRE(all);
  CHECK(in_order == std::vector<int>(clients, each));

  std::map<ConnectionNo, std::set<MemberNo>> owners;
  for (const InFrame& f : net.hub().frames()) owners[f.connection].insert(f.from.member);
  CHECK(owners.size() == clients);
  for (const auto& [connection, members] : owners) CHECK(members.size() == 1);
  const auto counted = net.hub()->counters();
  CHECK(counted.frames_in == std::size_t{clients} * each);
  CHECK(counted.frames_out == counted.frames_in);
  CHECK(counted.bytes_out == counted.bytes_in);
  CHECK(counted.dropped == 0);
}

TEST_CASE("bus: a message of several parts is dropped whole, and the next one is read") {
  Loopback net;
  const Keys member = make_keys();
  net.hub()->set_keys({enrol(member, 1, 1)});
  const auto client = net.client(member);
  client->socket().send(zmq::str_buffer("one"), zmq::send_flags::sndmore);
  client->socket().send(zmq::str_buffer("two"), zmq::send_flags::sndmore);
  client->socket().send(zmq::str_buffer("three"), zmq::send_flags::none);
  client->send("single");
  REQUIRE(net.hub().wait_frames(1));
  CHECK(as_text(net.hub().frames()[0].bytes) == "single");
  CHECK(net.hub()->counters().dropped == 1);
}

TEST_CASE("bus: a frame of the largest size passes, and one byte more ends the connection") {
  Loopback net;
  const Keys member = make_keys();
  net.hub()->set_keys({enrol(member, 1, 1)});
  const auto client = net.client(member);
  REQUIRE(client->handshake() == TestClient::Handshake::succeeded);
  client->send(std::string(limits::frame_bytes, 'x'));
  REQUIRE(net.hub().wait_frames(1));
  CHECK(net.hub().frames()[0].bytes.size() == limits::frame_bytes);
  client->send(std::string(limits::frame_bytes + 1, 'x'));
  REQUIRE(client->handshake() == TestClient::Handshake::succeeded);  // ZeroMQ has connected anew
  client->send("small");
  REQUIRE(net.hub().wait_frames(2));
  CHECK(as_text(net.hub().frames()[1].bytes) == "small");
  CHECK(net.hub().frames()[1].connection != net.hub().frames()[0].connection);
}

TEST_CASE("bus: a send to somebody who has left is reported as gone") {
  Loopback net;
  const Keys member = make_keys();
  net.hub()->set_keys({enrol(member, 1, 1)});
  {
    const auto client = net.client(member);
    client->send("hello");
    REQUIRE(net.hub().wait_frames(1));
  }
  const ConnectionNo left = net.hub().frames()[0].connection;
  REQUIRE(net.hub().wait([&] {
    net.hub()->send({{left, to_bytes("are you there?")}});
    return !net.hub().gone().empty();
  }));
  CHECK(net.hub().gone().front() == left);
  net.hub()->send({{ConnectionNo(4711), to_bytes("nobody")}});
  CHECK(net.hub().wait([&] { return net.hub().gone().back() == ConnectionNo(4711); }));
}

TEST_CASE("bus: a peer that does not read is given up beyond its backlog, and others are served") {
  Loopback net;
  const Keys slow = make_keys();
  const Keys quick = make_keys();
  net.hub()->set_keys({enrol(slow, 1, 1), enrol(quick, 2, 2)});
  const auto stuck = net.client(slow);
  const auto reader = net.client(quick);
  stuck->socket().set(zmq::sockopt::rcvhwm, 1);
  stuck->send("hello");
  REQUIRE(net.hub().wait_frames(1));
  reader->send("hello");
  REQUIRE(net.hub().wait_frames(2));
  const ConnectionNo behind = net.hub().frames()[0].connection;
  REQUIRE(net.hub().wait([&] {
    std::vector<OutFrame> burst;
    for (int i = 0; i < 8; ++i) burst.push_back({behind, Bytes(limits::frame_bytes, 1)});
    net.hub()->send(std::move(burst));
    return std::ranges::find(net.hub().gone(), behind) != net.hub().gone().end();
  }));
  net.hub()->send({{net.hub().frames()[1].connection, to_bytes("news")}});
  CHECK(reader->receive() == "news");
}

TEST_CASE("bus: with its queue full it stops reading, and nothing is lost") {
  constexpr std::size_t frames = 400;
  constexpr std::size_t bytes = 16U << 10;
  Loopback net(32 * bytes);
  const Keys member = make_keys();
  net.hub()->set_keys({enrol(member, 1, 1)});
  const auto client = net.client(member);
  for (std::size_t i = 0; i < frames; ++i) client->send(std::string(bytes, static_cast<char>('a' + i % 26)));
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!net.hub()->congested() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  REQUIRE(net.hub()->congested());
  CHECK(net.hub()->counters().frames_in < frames);
  REQUIRE(net.hub().wait_frames(frames));
  for (std::size_t i = 0; i < frames; ++i) {
    REQUIRE(net.hub().frames()[i].bytes.front() == static_cast<std::uint8_t>('a' + i % 26));
  }
  CHECK_FALSE(net.hub()->congested());
}

TEST_CASE("bus: a client that chooses its own routing id is not served") {
  Loopback net;
  const Keys member = make_keys();
  net.hub()->set_keys({enrol(member, 1, 1)});
  const auto disguised = net.client(member, "i am school-b");
  disguised->send("hello");
  REQUIRE(net.hub().wait([&] { return net.hub()->counters().dropped == 1; }));
  CHECK(net.hub().frames().empty());
}

TEST_CASE("bus: two buses on one ipc path, the second is refused and the first goes on") {
  TempFolder folder;
  const std::string endpoint = "ipc://" + (folder.path() / "run" / "hub.sock").string();
  const Keys keys = make_keys();
  auto first = Bus::open({{endpoint}, keys.public_key, keys.secret_key});
  if (!first) FAIL(first.error().text());
  Hub hub(std::move(*first));
  const auto mode = std::filesystem::status(folder.path() / "run").permissions();
  CHECK((mode & std::filesystem::perms::others_all) == std::filesystem::perms::none);

  const auto second = Bus::open({{endpoint}, keys.public_key, keys.secret_key});
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == Errc::locked);

  const Keys member = make_keys();
  hub->set_keys({enrol(member, 1, 1)});
  zmq::context_t context;
  TestClient client(context, endpoint, keys.public_key, member);
  client.send("over ipc");
  CHECK(hub.wait_frames(1));
}

TEST_CASE("bus: a port that is taken is refused as locked, a folder open to others as a mistake") {
  Loopback net;
  const Keys keys = make_keys();
  const auto same_port = Bus::open({net.hub()->endpoints(), keys.public_key, keys.secret_key});
  REQUIRE_FALSE(same_port.has_value());
  CHECK(same_port.error().code == Errc::locked);

  TempFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  const auto open_to_all =
      Bus::open({{"ipc://" + (folder.path() / "hub.sock").string()}, keys.public_key, keys.secret_key});
  REQUIRE_FALSE(open_to_all.has_value());
  CHECK(open_to_all.error().code == Errc::config_invalid);
}

TEST_CASE("bus: user ids read back what was written, and nothing else") {
  const Principal p{MemberNo(12), KeyNo(4294967295U)};
  CHECK(user_id(p) == "m12k4294967295");
  CHECK(parse_user_id(user_id(p)) == p);
  for (const char* bad : {"", "m", "m1", "k1m1", "m1k", "m1k2 ", "m-1k2", "m4294967296k1", "M1k1"}) {
    CHECK_FALSE(parse_user_id(bad).has_value());
  }
}

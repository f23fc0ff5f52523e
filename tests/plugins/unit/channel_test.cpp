// Concern: whole messages arrive, whatever the socket takes at a time; a peer that ends or cheats is noticed. Plan: a
// socketpair, both ends in this process, nonblocking, driven by hand.
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "hub/base/limits.hpp"
#include "hub/reaction/child_channel.hpp"
#include "tests/catch.hpp"

using namespace iro;
using reaction::ChildChannel;

namespace {

struct Ends {
  std::unique_ptr<ChildChannel> hub;
  int raw = -1;  // the other end, for packets by hand
  std::unique_ptr<ChildChannel> child;
};

Ends ends(bool raw = false) {
  std::array<int, 2> fds{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds.data()) == 0);
  Ends out;
  out.hub = std::make_unique<ChildChannel>(fds[0], ChildChannel::Mode::nonblocking, limits::plugin_answer_bytes);
  if (raw) {
    out.raw = fds[1];
  } else {
    out.child = std::make_unique<ChildChannel>(fds[1], ChildChannel::Mode::nonblocking, limits::plugin_message_bytes);
  }
  return out;
}

Bytes pattern(std::size_t size, std::uint8_t seed) {
  Bytes out(size);
  for (std::size_t n = 0; n < size; ++n) out[n] = static_cast<std::uint8_t>(n * 31 + seed + (n >> 8));
  return out;
}

void send_raw(int fd, const Bytes& packet) {
  REQUIRE(::send(fd, packet.data(), packet.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(packet.size()));
}

}  // namespace

TEST_CASE("child channel: messages of any size arrive whole and in order") {
  Ends e = ends();
  const std::array<std::size_t, 7> sizes{
      1,         2, limits::plugin_packet_bytes - 1, limits::plugin_packet_bytes, limits::plugin_packet_bytes + 1,
      5'000'000, 17};
  for (std::size_t n = 0; n < sizes.size(); ++n) {
    CHECK(e.hub->send(pattern(sizes[n], static_cast<std::uint8_t>(n))));
  }
  CHECK(e.hub->sending());
  std::size_t got = 0;
  for (int turns = 0; got < sizes.size() && turns < 1'000; ++turns) {
    e.hub->flush();
    while (const auto message = e.child->receive()) {
      CHECK(to_bytes(*message) == pattern(sizes[got], static_cast<std::uint8_t>(got)));
      ++got;
    }
  }
  CHECK(got == sizes.size());
  CHECK_FALSE(e.hub->sending());
}

TEST_CASE("child channel: a full queue refuses a message whole, and goes on when there is room") {
  Ends e = ends();
  const Bytes large = pattern(limits::plugin_send_queue_bytes / 4, 1);
  std::size_t sent = 0;
  while (e.hub->send(large)) ++sent;
  CHECK(sent >= 4);
  CHECK_FALSE(e.hub->send(Bytes(limits::plugin_send_queue_bytes / 4)));
  std::size_t got = 0;
  for (int turns = 0; got < sent && turns < 100'000; ++turns) {
    e.hub->flush();
    while (const auto message = e.child->receive()) {
      CHECK(message->size() == large.size());
      ++got;
    }
  }
  CHECK(got == sent);
  CHECK(e.hub->send(large));
}

TEST_CASE("child channel: what a peer sent before it ended is received, then it is gone") {
  Ends e = ends();
  CHECK(e.hub->send(pattern(100, 1)));  // it will leave this unread
  CHECK(e.child->send(pattern(200, 2)));
  CHECK(e.child->send(pattern(300, 3)));
  e.child.reset();
  CHECK(e.hub->send(pattern(5'000'000, 4)));  // no signal, and no wait
  CHECK_FALSE(e.hub->sending());
  CHECK_FALSE(e.hub->gone());
  CHECK(e.hub->receive()->size() == 200);
  CHECK(e.hub->receive()->size() == 300);
  CHECK_FALSE(e.hub->receive().has_value());
  CHECK(e.hub->gone());
  CHECK(e.hub->broken().empty());
}

TEST_CASE("child channel: packets that make no sense break it") {
  const auto broken_by = [](const std::vector<Bytes>& packets) {
    Ends e = ends(true);
    for (const Bytes& packet : packets) send_raw(e.raw, packet);
    while (e.hub->receive()) {
    }
    ::close(e.raw);
    return e.hub->broken();
  };
  CHECK(broken_by({{3, 'x'}}).empty());
  CHECK(broken_by({{1, 'x'}, {2, 'y'}}).empty());
  CHECK(broken_by({{4, 'x'}}) == "a packet that is none");
  CHECK(broken_by({{3}}) == "a packet that is none");
  CHECK(broken_by({{2, 'x'}}) == "packets out of order");
  CHECK(broken_by({{0, 'x'}}) == "packets out of order");
  CHECK(broken_by({{1, 'x'}, {1, 'x'}}) == "packets out of order");
  Bytes large(limits::plugin_packet_bytes + 2, 3);
  CHECK(broken_by({large}) == "a message or packet is larger than it may be");
}

TEST_CASE("child channel: a message beyond the limit breaks it, before it is all in memory") {
  Ends e = ends(true);
  Bytes packet(limits::plugin_packet_bytes + 1, 0);
  packet[0] = 1;
  for (std::size_t n = 0; n <= limits::plugin_answer_bytes / limits::plugin_packet_bytes; ++n) {
    send_raw(e.raw, packet);
    packet[0] = 0;
    CHECK_FALSE(e.hub->receive().has_value());
  }
  CHECK(e.hub->broken() == "a message is larger than it may be");
  ::close(e.raw);
}

TEST_CASE("child channel: a last word goes out without memory, and arrives as a message") {
  Ends e = ends(true);
  const Bytes word{23, 1};
  ChildChannel::send_now(e.raw, word);
  CHECK(to_bytes(*e.hub->receive()) == word);
  ::close(e.raw);
}

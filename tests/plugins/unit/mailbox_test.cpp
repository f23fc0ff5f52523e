// Concern: the memory that the hub shares with a plugin: a message is put there only for a peer that looks and has had
// everything before, order holds whichever way each message takes, and nothing that a peer writes there breaks the
// other.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <random>
#include <set>
#include <thread>

#include "hub/base/limits.hpp"
#include "hub/reaction/child_channel.hpp"
#include "hub/reaction/child_mailbox.hpp"
#include "tests/catch.hpp"

using namespace iro;
using reaction::Box;
using reaction::ChildChannel;
using reaction::Mailbox;

namespace {

std::uint64_t seed_of_run() {
  const char* given = std::getenv("IRO_SEED");
  return given == nullptr ? std::random_device{}() : std::strtoull(given, nullptr, 10);
}

struct Ends {
  Mailbox mailbox = std::move(*Mailbox::create());
  std::unique_ptr<ChildChannel> hub;
  std::unique_ptr<ChildChannel> child;  // it waits, as in iro-plugin-host

  Ends() {
    std::array<int, 2> fds{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds.data()) == 0);
    hub = std::make_unique<ChildChannel>(fds[0], ChildChannel::Mode::nonblocking, limits::plugin_answer_bytes);
    child = std::make_unique<ChildChannel>(fds[1], ChildChannel::Mode::blocking, limits::plugin_message_bytes);
    hub->share(mailbox.to_hub(), mailbox.to_child());
    child->share(mailbox.to_child(), mailbox.to_hub());
  }
};

/// A message that says which one it is.
Bytes numbered(std::uint32_t number, std::size_t size) {
  Bytes out(std::max(size, sizeof number), static_cast<std::uint8_t>(number));
  std::memcpy(out.data(), &number, sizeof number);
  return out;
}
std::uint32_t number_of(ByteView message) {
  std::uint32_t number = 0;
  std::memcpy(&number, message.data(), sizeof number);
  return number;
}

}  // namespace

TEST_CASE("mailbox: a message is put only for one who has received all that was sent before") {
  const Mailbox mailbox = std::move(*Mailbox::create());
  const Box box = mailbox.to_child();
  const Bytes message{1, 2, 3};
  CHECK(box.put(1, message) == Box::Put::no);  // one is still on its way over the socket
  CHECK(box.put(0, Bytes(limits::plugin_mail_bytes + 1)) == Box::Put::no);
  CHECK_FALSE(box.more(0));
  CHECK(box.put(0, message) == Box::Put::for_one_who_sleeps);
  CHECK(box.put(1, message) == Box::Put::no);  // it is not taken yet
  box.look(0);
  CHECK(box.has(0));  // what has come stays
  Bytes to(100);
  CHECK(box.take(0, to) == 3U);
  to.resize(3);
  CHECK(to == message);
  CHECK(box.put(1, message) == Box::Put::no);  // it may still be read
  box.clear(1);
  box.look(1);
  CHECK(box.put(1, message) == Box::Put::for_one_who_looks);
  box.close(1);  // too late
  CHECK(box.has(1));
  box.clear(2);
  box.look(2);
  box.close(2);
  CHECK_FALSE(box.more(2));
  box.count(3);  // over the socket
  CHECK(box.more(2));
  CHECK(box.put(3, message) == Box::Put::no);
  CHECK_FALSE(mailbox.to_hub().more(0));  // the other direction has its own
}

TEST_CASE("mailbox: one who sleeps is rung for, and what was rung for in vain does no harm") {
  Ends ends;
  const Bytes message{1, 2, 3};
  REQUIRE(ends.child->send(message));  // the hub does not look
  pollfd fd{ends.hub->fd(), POLLIN, 0};
  CHECK(::poll(&fd, 1, 0) == 1);
  CHECK(ends.mailbox.to_hub().has(0));
  const auto first = ends.hub->receive();
  REQUIRE(first);
  CHECK(to_bytes(*first) == message);
  CHECK_FALSE(ends.hub->receive());
  CHECK(::poll(&fd, 1, 0) == 0);
  // Ringing without end keeps nobody: after some of it there is nothing for now.
  const std::uint8_t ring = 4;
  for (int n = 0; n < 100; ++n) REQUIRE(::send(ends.child->fd(), &ring, 1, 0) == 1);
  CHECK_FALSE(ends.hub->receive());
  CHECK(::poll(&fd, 1, 0) == 1);
  REQUIRE(ends.child->send(message));
  const auto second = ends.hub->receive();
  REQUIRE(second);
  CHECK(to_bytes(*second) == message);
  CHECK(ends.hub->broken().empty());
}

TEST_CASE("mailbox: who is hurried sees it once each time, without a message") {
  Ends ends;
  CHECK_FALSE(ends.child->was_hurried());
  ends.hub->hurry();
  CHECK_FALSE(ends.hub->was_hurried());  // the other direction has its own
  CHECK(ends.child->was_hurried());
  CHECK_FALSE(ends.child->was_hurried());
  ends.hub->hurry();
  ends.hub->hurry();
  CHECK(ends.child->was_hurried());
  CHECK_FALSE(ends.child->was_hurried());
  ends.hub->look();
  CHECK_FALSE(ends.hub->has_mail());
}

TEST_CASE("mailbox: messages keep their order, whichever way each takes") {
  const std::uint64_t seed = seed_of_run();
  INFO("IRO_SEED=" << seed);
  constexpr std::uint32_t rounds = 20'000;
  Ends ends;
  std::uint32_t wrong = 0;
  // The child answers each message with one or two of its own; a message of number 0 ends it.
  std::atomic<bool> child_ended = false;
  std::thread child([&] {
    std::mt19937_64 dice(seed + 1);
    std::uint32_t expected = 1;
    std::uint32_t said = 0;
    while (const auto message = ends.child->receive()) {
      if (number_of(*message) == 0) break;
      if (number_of(*message) != expected++) ++wrong;
      for (std::uint64_t n = dice() % 2 + 1; n > 0; --n) {
        const bool sent = ends.child->send(numbered(++said, dice() % 50 == 0 ? 300'000 : dice() % 300));
        if (!sent) ++wrong;
      }
    }
    child_ended = true;
  });
  std::mt19937_64 dice(seed);
  std::uint32_t heard = 0;
  std::uint32_t out_of_order = 0;
  std::size_t by_mail = 0;
  const auto hear = [&] {
    while (const auto message = ends.hub->receive()) {
      if (number_of(*message) != ++heard) ++out_of_order;
    }
  };
  for (std::uint32_t n = 1; n <= rounds; ++n) {
    REQUIRE(ends.hub->send(numbered(n, dice() % 50 == 0 ? 300'000 : dice() % 3'000)));
    if (dice() % 4 != 0) {
      ends.hub->look();
      for (std::uint64_t looks = dice() % 2'000; looks > 0 && !ends.hub->has_mail(); --looks) reaction::breathe();
      ends.hub->rest();
      by_mail += ends.mailbox.to_hub().has(heard) ? 1 : 0;
    }
    if (dice() % 8 != 0) hear();
    ends.hub->flush();
  }
  REQUIRE(ends.hub->send(numbered(0, 4)));
  // The child's end waits when the socket is full: it is heard until it has ended.
  while (!child_ended) {
    ends.hub->flush();
    hear();
  }
  child.join();
  hear();
  CHECK(wrong == 0);
  CHECK(out_of_order == 0);
  CHECK(heard >= rounds);
  CHECK(by_mail > 0);
  CHECK(by_mail < rounds);
  CHECK(ends.hub->broken().empty());
}

TEST_CASE("mailbox: a peer that writes what it likes there breaks its own channel at most") {
  const std::uint64_t seed = seed_of_run();
  INFO("IRO_SEED=" << seed);
  std::mt19937_64 dice(seed);
  // In steps of eight bytes: how the box stands, what was sent, how often we were hurried, the size.
  constexpr std::size_t words_at[] = {0, 1, 2, 8};
  std::set<std::string> ends_seen;
  for (int run = 0; run < 2'000; ++run) {
    Ends ends;
    // The same pages, as the plugin has them.
    auto theirs = Mailbox::open(::dup(ends.mailbox.fd()));
    REQUIRE(theirs);
    auto* words = theirs->to_hub().memory();
    for (const std::size_t at : words_at) {
      const std::uint64_t value = dice() % 2 == 0 ? dice() % 8 : dice();
      std::memcpy(words + at * 8, &value, sizeof value);
    }
    ends.hub->look();
    for (const std::size_t at : words_at) {
      const std::uint64_t value = dice() % 2 == 0 ? dice() % 8 : dice();
      if (dice() % 2 == 0) std::memcpy(words + at * 8, &value, sizeof value);
    }
    static_cast<void>(ends.hub->has_mail());
    ends.hub->rest();
    const auto message = ends.hub->receive();
    CHECK((!message || message->size() <= limits::plugin_mail_bytes));
    CHECK_FALSE(ends.hub->gone());
    ends_seen.insert(message ? "a message" : ends.hub->broken());
  }
  CHECK(ends_seen.contains("a message in the mailbox that is none"));
  CHECK(ends_seen.contains("a message"));
  CHECK(ends_seen.contains(""));
}

TEST_CASE("mailbox: its memory cannot be made smaller under the hub") {
  const Mailbox mailbox = std::move(*Mailbox::create());
  CHECK(::ftruncate(mailbox.fd(), 0) != 0);
}

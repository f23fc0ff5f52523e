// The session, with the test as its hub: no sockets, no threads, time as we say.
#include "adapters/client/session.hpp"

#include "tests/unit/client/client_fixture.hpp"

using namespace iro;
using namespace iro::client;

namespace {

constexpr Ticks t0{1'000'000};

/// A session, and what it has done since the last look.
class Peer {
 public:
  explicit Peer(PublishSource* source) : session({"sis", "test", 42}, source, 1) {}
  ClientSession session;
  ClientSession::Actions done;
  Ticks now = t0;

  /// Do something, and collect what the session makes of it.
  template <typename Action>
  void after(Action&& action) {
    action();
    done = session.take_actions();
  }
  void hub_says(std::uint64_t epoch, const wire::Body& body) {
    after([&] { session.on_frame(hub_frame(epoch, body), now); });
  }
  void pass_ms(std::int64_t ms) {
    now = now.plus(ms);
    after([&] { session.on_tick(now); });
  }
  void connect() {
    after([&] { session.on_connected(now); });
  }
  /// Through HELLO and WELCOME.
  void begin(std::uint64_t epoch = 7, std::uint64_t last = 0) {
    connect();
    wire::Welcome welcome;
    welcome.epoch = SessionEpoch(epoch);
    welcome.lease_ms = 30'000;
    welcome.producer_last_sequence = ProducerSeq(last);
    hub_says(epoch, welcome);
  }
  /// The frames of the last step that hold a T.
  template <typename T>
  [[nodiscard]] std::vector<T> said() const {
    std::vector<T> found;
    for (const Bytes& frame : done.frames) {
      const auto message = wire::decode(frame);
      REQUIRE(message.has_value());
      if (const T* body = std::get_if<T>(&message->body)) found.push_back(*body);
    }
    return found;
  }
  void subscribe(const std::string& consumer, wire::From from = wire::From::beginning, bool ephemeral = false) {
    Subscription subscription;
    subscription.consumer = consumer;
    subscription.from = from;
    subscription.ephemeral = ephemeral;
    after([&] { session.subscribe(subscription, Ticket(100), now); });
  }
};

wire::ErrorMessage error(Errc code, std::uint32_t request = 0) { return {code, "because", request}; }

}  // namespace

TEST_CASE("session: it says HELLO when connected, and publishes when it is welcome") {
  MemorySource source;
  source.add(make_event(1));
  Peer peer(&source);
  peer.pass_ms(60'000);
  CHECK(peer.done.frames.empty());  // not before there is a connection
  peer.connect();
  REQUIRE(peer.said<wire::Hello>().size() == 1);
  const wire::Hello hello = peer.said<wire::Hello>()[0];
  CHECK(hello.client_name == "sis");
  CHECK(hello.producer == source.position().producer);
  CHECK(hello.start_number == 7);

  wire::Welcome welcome;
  welcome.epoch = SessionEpoch(9);
  peer.hub_says(9, welcome);
  REQUIRE(peer.said<wire::Pub>().size() == 1);
  CHECK(wire::decode(peer.done.frames[0])->epoch == SessionEpoch(9));
  wire::PubAck ack;
  ack.up_to = ProducerSeq(1);
  peer.hub_says(8, ack);
  CHECK(source.position().acked == ProducerSeq(0));  // of another epoch
  peer.hub_says(9, ack);
  CHECK(source.position().acked == ProducerSeq(1));
}

TEST_CASE("session: without an outbox it names no producer, and a number that tells it from other processes") {
  Peer peer(nullptr);
  peer.connect();
  REQUIRE(peer.said<wire::Hello>().size() == 1);
  CHECK(peer.said<wire::Hello>()[0].producer.is_zero());
  CHECK(peer.said<wire::Hello>()[0].start_number == 42);
}

TEST_CASE("session: a busy name is tried again, later each time, until it is free") {
  Peer peer(nullptr);
  peer.connect();
  std::int64_t last_wait = 0;
  for (int i = 0; i < 4; ++i) {
    peer.hub_says(0, error(Errc::session_busy));
    CHECK(peer.session.refusal()->code == Errc::session_busy);
    const std::int64_t wait = peer.session.wakes_at().value() - peer.now.value();
    CHECK(wait > last_wait);
    last_wait = wait;
    peer.pass_ms(wait - 1);
    CHECK(peer.done.frames.empty());
    peer.pass_ms(1);
    REQUIRE(peer.said<wire::Hello>().size() == 1);
  }
  wire::Welcome welcome;
  welcome.epoch = SessionEpoch(3);
  peer.hub_says(3, welcome);
  CHECK(peer.session.welcome().has_value());
  CHECK_FALSE(peer.session.refusal().has_value());
}

TEST_CASE("session: a stale session says HELLO again and sends what is not acknowledged") {
  MemorySource source;
  source.add(make_event(1));
  Peer peer(&source);
  peer.begin(7);
  REQUIRE(peer.said<wire::Pub>().size() == 1);
  peer.now = peer.now.plus(5'000);
  peer.hub_says(7, error(Errc::session_stale));
  REQUIRE(peer.said<wire::Hello>().size() == 1);
  peer.hub_says(7, error(Errc::session_stale));  // about a frame of the old session
  CHECK(peer.done.frames.size() <= 1);
  wire::Welcome welcome;
  welcome.epoch = SessionEpoch(8);
  peer.pass_ms(2'000);
  peer.hub_says(8, welcome);
  CHECK(peer.said<wire::Pub>().size() == 1);
}

TEST_CASE("session: idle, it pings; without an answer for a lease it opens a new connection") {
  Peer peer(nullptr);
  peer.begin();
  peer.pass_ms(9'999);
  CHECK(peer.done.frames.empty());
  peer.pass_ms(1);
  REQUIRE(peer.said<wire::Ping>().size() == 1);
  peer.hub_says(7, wire::Pong{0});
  peer.pass_ms(10'000);
  CHECK(peer.said<wire::Ping>().size() == 1);
  CHECK_FALSE(peer.done.reopen);
  peer.pass_ms(20'000);
  CHECK(peer.done.reopen);
  CHECK_FALSE(peer.session.welcome().has_value());
  peer.hub_says(7, wire::Ping{5});
  CHECK(peer.done.frames.empty());  // of the connection that was closed
  peer.begin(8);
  peer.hub_says(8, wire::Ping{5});
  REQUIRE(peer.said<wire::Pong>().size() == 1);
  CHECK(peer.said<wire::Pong>()[0].n == 5);
}

TEST_CASE("session: a refused key is told once, and tried again over a new connection") {
  Peer peer(nullptr);
  peer.after([&] { peer.session.on_key_refused(peer.now); });
  REQUIRE(peer.done.troubles.size() == 1);
  CHECK(peer.done.troubles[0].code == Errc::unknown_key);
  peer.after([&] { peer.session.on_disconnected(); });  // ZeroMQ reports both
  peer.now = peer.session.wakes_at();
  peer.pass_ms(0);
  CHECK(peer.done.reopen);
  peer.after([&] { peer.session.on_key_refused(peer.now); });
  CHECK(peer.done.troubles.empty());
}

TEST_CASE("session: a consumer starts where it is told, and after a reconnect where it was") {
  Peer peer(nullptr);
  peer.subscribe("planner");
  REQUIRE(peer.done.answered.size() == 1);  // nobody waits for a hub that is down
  CHECK(peer.done.answered[0].pages.has_value());
  peer.begin();
  REQUIRE(peer.said<wire::Sub>().size() == 1);
  CHECK(peer.said<wire::Sub>()[0].from == wire::From::beginning);
  peer.hub_says(7, wire::Subscribed{peer.said<wire::Sub>()[0].request, ConsumerNo(3), {}});
  peer.after([&] { peer.session.on_disconnected(); });
  peer.begin(8);
  REQUIRE(peer.said<wire::Sub>().size() == 1);
  CHECK(peer.said<wire::Sub>()[0].from == wire::From::cursor);
}

TEST_CASE("session: an ephemeral consumer goes on behind the last events that were handled") {
  Peer peer(nullptr);
  peer.subscribe("screen", wire::From::now, true);
  peer.begin();
  peer.hub_says(7, wire::Subscribed{peer.said<wire::Sub>()[0].request, ConsumerNo(3), {{1}}});
  const Token behind{{2}};
  peer.after([&] {
    peer.session.on_handled({SessionEpoch(7), "screen", {wire::Ack{ConsumerNo(3), 4, {}}}, behind, 0}, peer.now);
  });
  CHECK(peer.said<wire::Ack>().size() == 1);
  peer.after([&] { peer.session.on_disconnected(); });
  peer.begin(8);
  REQUIRE(peer.said<wire::Sub>().size() == 1);
  CHECK(peer.said<wire::Sub>()[0].from == wire::From::token);
  CHECK(peer.said<wire::Sub>()[0].token == behind);
}

TEST_CASE("session: a refused subscription is told to whoever asked; a busy hub is asked again") {
  Peer peer(nullptr);
  peer.begin();
  peer.subscribe("planner");
  REQUIRE(peer.said<wire::Sub>().size() == 1);
  CHECK(peer.done.answered.empty());
  peer.hub_says(7, error(Errc::limit_reached, peer.said<wire::Sub>()[0].request));
  REQUIRE(peer.done.answered.size() == 1);
  CHECK(peer.done.answered[0].ticket == Ticket(100));
  CHECK(peer.done.answered[0].pages.error().code == Errc::limit_reached);

  peer.subscribe("planner");  // the name is free again
  const auto request = peer.said<wire::Sub>()[0].request;
  peer.hub_says(7, error(Errc::consumer_paused, request));
  CHECK(peer.done.answered.empty());
  peer.now = peer.session.wakes_at();
  peer.pass_ms(0);
  CHECK(peer.said<wire::Sub>().size() == 1);
}

TEST_CASE("session: deliveries go to the worker under the consumer's name, and only while subscribed") {
  Peer peer(nullptr);
  peer.begin();
  peer.subscribe("planner");
  peer.hub_says(7, wire::Subscribed{peer.said<wire::Sub>()[0].request, ConsumerNo(3), {}});
  const schema::Event event = make_event(1);
  const wire::Deliver deliver{ConsumerNo(3), 1, 1, {}, {schema::view_of(event)}};
  peer.hub_says(7, deliver);
  REQUIRE(peer.done.work.size() == 1);
  CHECK(std::get<DeliverWork>(peer.done.work[0]).consumer == "planner");
  peer.after([&] { peer.session.unsubscribe("planner", peer.now); });
  CHECK(peer.said<wire::Unsub>().size() == 1);
  peer.hub_says(7, deliver);
  CHECK(peer.done.work.empty());
}

TEST_CASE("session: a fence asked for behind a NAK comes back to the worker with its answer") {
  Peer peer(nullptr);
  peer.begin();
  Handled handled{SessionEpoch(7),
                  "planner",
                  {wire::Nak{ConsumerNo(3), 1, 0, true, "no room"}, wire::Ack{ConsumerNo(3), 1, {}}},
                  {},
                  77};
  peer.after([&] { peer.session.on_handled(handled, peer.now); });
  REQUIRE(peer.done.frames.size() == 3);
  CHECK(std::holds_alternative<wire::Nak>(wire::decode(peer.done.frames[0])->body));
  CHECK(std::holds_alternative<wire::Ack>(wire::decode(peer.done.frames[1])->body));
  REQUIRE(peer.said<wire::Ping>().size() == 1);
  peer.hub_says(7, wire::Pong{77});
  REQUIRE(peer.done.work.size() == 1);
  CHECK(std::get<FenceWork>(peer.done.work[0]).fence == 77);
  handled.epoch = SessionEpoch(6);
  peer.after([&] { peer.session.on_handled(handled, peer.now); });
  CHECK(peer.done.frames.empty());  // the work of an earlier session is not acknowledged in this one
}

TEST_CASE("session: the pages of an answer are joined, and a refusal is told") {
  Peer peer(nullptr);
  peer.begin();
  peer.after([&] { peer.session.ask(Ticket(1), wire::Query{0, "status", "{}", {}}, peer.now.plus(1'000), peer.now); });
  REQUIRE(peer.said<wire::Query>().size() == 1);
  const auto id = peer.said<wire::Query>()[0].id;
  peer.hub_says(7, wire::Answer{id, 0, false, Errc::ok, "", "[1]"});
  CHECK(peer.done.answered.empty());
  peer.hub_says(7, wire::Answer{id, 1, true, Errc::ok, "", "[2]"});
  REQUIRE(peer.done.answered.size() == 1);
  CHECK(peer.done.answered[0].ticket == Ticket(1));
  CHECK(*peer.done.answered[0].pages == std::vector<std::string>{"[1]", "[2]"});

  peer.after([&] { peer.session.ask(Ticket(2), wire::Query{0, "nope", "", {}}, peer.now.plus(1'000), peer.now); });
  peer.hub_says(7, wire::Answer{peer.said<wire::Query>()[0].id, 0, true, Errc::view_unknown, "no view nope", ""});
  REQUIRE(peer.done.answered.size() == 1);
  CHECK(peer.done.answered[0].pages.error().code == Errc::view_unknown);
}

TEST_CASE("session: a question without an answer ends with its time, asked or not") {
  Peer peer(nullptr);
  peer.after([&] { peer.session.ask(Ticket(1), wire::Query{}, peer.now.plus(100), peer.now); });
  CHECK(peer.session.wakes_at() == peer.now.plus(100));
  peer.pass_ms(100);
  REQUIRE(peer.done.answered.size() == 1);
  CHECK(peer.done.answered[0].pages.error().code == Errc::unreachable);

  peer.begin();
  peer.after([&] { peer.session.ask(Ticket(2), wire::Query{}, peer.now.plus(100), peer.now); });
  peer.pass_ms(99);
  CHECK(peer.done.answered.empty());
  peer.pass_ms(1);
  REQUIRE(peer.done.answered.size() == 1);
  CHECK(peer.done.answered[0].pages.error().code == Errc::timeout);
}

TEST_CASE("session: when it breaks, a query is asked again and a command is not") {
  Peer peer(nullptr);
  peer.begin();
  peer.after([&] {
    peer.session.ask(Ticket(1), wire::Query{0, "status", "", {}}, peer.now.plus(60'000), peer.now);
    peer.session.ask(Ticket(2), wire::Control{0, "redrive", "{}"}, peer.now.plus(60'000), peer.now);
  });
  peer.after([&] { peer.session.on_disconnected(); });
  REQUIRE(peer.done.answered.size() == 1);
  CHECK(peer.done.answered[0].ticket == Ticket(2));
  CHECK(peer.done.answered[0].pages.error().code == Errc::unreachable);
  peer.begin(8);
  CHECK(peer.said<wire::Query>().size() == 1);
  CHECK(peer.said<wire::Control>().empty());
}

TEST_CASE("session: a hub that drains gets nothing new, and is left at its deadline") {
  MemorySource source;
  Peer peer(&source);
  peer.begin();
  peer.hub_says(7, wire::Drain{3'000});
  source.add(make_event(1));
  peer.after([&] { peer.session.pump(peer.now); });
  CHECK(peer.said<wire::Pub>().empty());
  peer.pass_ms(3'000);
  CHECK(peer.done.reopen);
  peer.begin(8);
  CHECK(peer.said<wire::Pub>().size() == 1);
}

TEST_CASE("session: a hub too busy for one of our frames is greeted anew") {
  Peer peer(nullptr);
  peer.begin();
  peer.hub_says(0, error(Errc::busy));
  CHECK(peer.done.frames.empty());
  peer.now = peer.session.wakes_at();
  peer.pass_ms(0);
  CHECK(peer.said<wire::Hello>().size() == 1);
}

TEST_CASE("session: nothing that a peer can send ends in more than a trouble") {
  Peer peer(nullptr);
  peer.begin();
  const schema::Event event = make_event(1);
  Bytes frame = hub_frame(7, wire::Deliver{ConsumerNo(3), 1, 1, {}, {schema::view_of(event)}});
  for (std::size_t cut = 0; cut <= frame.size(); cut += 3) {
    peer.after([&] { peer.session.on_frame(ByteView(frame).first(cut), peer.now); });
  }
  for (std::size_t at = 0; at < frame.size(); ++at) {
    frame[at] = static_cast<std::uint8_t>(frame[at] ^ 0xFF);
    peer.after([&] { peer.session.on_frame(frame, peer.now); });
    frame[at] = static_cast<std::uint8_t>(frame[at] ^ 0xFF);
  }
  peer.hub_says(7, wire::Hello{});
  CHECK(peer.done.troubles.size() == 1);
}

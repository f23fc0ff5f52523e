// Go back N: limits as properties, and a hub that refuses, forgets and breaks off.
#include "adapters/client/publish_window.hpp"

#include <rapidcheck.h>

#include "hub/base/limits.hpp"
#include "tests/unit/client/client_fixture.hpp"

using namespace iro;
using namespace iro::client;

namespace {

wire::Welcome welcome(std::uint64_t last = 0, Hash hash = {}) {
  wire::Welcome w;
  w.epoch = SessionEpoch(1);
  w.producer_last_sequence = ProducerSeq(last);
  w.producer_last_hash = hash;
  return w;
}

/// The hub's side of publishing, with refusals as they come.
class HubModel {
 public:
  /// Take a PUB; `take` of its new events at most, then refuse with `code`.
  wire::PubAck on_pub(const wire::Pub& pub, std::size_t take, Errc code) {
    wire::PubAck ack;
    ProducerSeq n = pub.first_sequence;
    if (n > last_.next()) return refuse(Errc::sequence_gap);
    for (const schema::EventView& event : pub.events) {
      if (n > last_) {
        if (take == 0) return refuse(code);
        --take;
        log_.push_back(event.id);
        last_ = n;
        hash_ = schema::event_hash(event.id, event.payload);
      }
      n = n.next();
    }
    ack.up_to = std::min(last_, ProducerSeq(n.value() - 1));
    return ack;
  }
  [[nodiscard]] const std::vector<EventId>& log() const { return log_; }
  [[nodiscard]] wire::Welcome hello() const { return welcome(last_.value(), hash_); }

 private:
  wire::PubAck refuse(Errc code) const {
    wire::PubAck ack;
    ack.up_to = last_;
    ack.refused_from = last_.next();
    ack.refused_code = code;
    ack.retry_after_ms = code == Errc::sequence_gap ? 0 : 100;
    return ack;
  }
  std::vector<EventId> log_;
  ProducerSeq last_;
  Hash hash_{};
};

/// rapidcheck under Catch: prints its seed and the smallest case that fails.
template <typename Property>
void check_property(const std::string& what, Property&& property) {
  CHECK(rc::check(what, std::forward<Property>(property)));
}

}  // namespace

TEST_CASE("window: no frame and no flight is ever beyond the hub's limits") {
  check_property("limits hold", [] {
    MemorySource source;
    const auto sizes =
        *rc::gen::container<std::vector<int>>(rc::gen::oneOf(rc::gen::inRange(0, 400), rc::gen::inRange(0, 262'145)));
    const auto small = *rc::gen::inRange<std::uint64_t>(0, 6'000);
    std::uint64_t n = 0;
    for (const int bytes : sizes) source.add(make_event(++n, "s", static_cast<std::size_t>(bytes)));
    for (std::uint64_t i = 0; i < small; ++i) source.add(make_event(++n, "s", 16));

    PublishWindow window(source);
    RC_ASSERT(window.start(welcome()).has_value());
    std::uint64_t next = 1;
    while (next <= n) {
      std::size_t frames = 0;
      for (auto frame = window.next(SessionEpoch(1), Ticks(0)); frame && *frame;
           frame = window.next(SessionEpoch(1), Ticks(0))) {
        RC_ASSERT((*frame)->size() <= limits::frame_bytes);
        const auto message = wire::decode(**frame);
        RC_ASSERT(message.has_value());
        const auto& pub = std::get<wire::Pub>(message->body);
        RC_ASSERT(pub.first_sequence == ProducerSeq(next));
        RC_ASSERT(pub.events.size() <= limits::events_per_pub);
        next += pub.events.size();
        ++frames;
      }
      RC_ASSERT(frames > 0u);
      RC_ASSERT(window.events_in_flight() <= limits::publish_window_events);
      RC_ASSERT(window.bytes_in_flight() <= limits::publish_window_bytes);
      RC_ASSERT(window.frames_in_flight() <= pub_frames_in_flight);
      wire::PubAck ack;
      ack.up_to = ProducerSeq(next - 1);
      RC_ASSERT(window.on_puback(ack, Ticks(0)));
      RC_ASSERT(window.events_in_flight() == 0u);
    }
  });
}

TEST_CASE("window: whatever the hub refuses for now, every event arrives once and in order") {
  check_property("go back N", [] {
    MemorySource source;
    HubModel hub;
    PublishWindow window(source);
    RC_ASSERT(window.start(hub.hello()).has_value());
    std::deque<Bytes> to_hub;
    std::deque<wire::PubAck> to_client;
    std::uint64_t published = 0;
    Ticks now(0);
    const auto step = [&](int what, std::size_t amount) {
      now = now.plus(10);
      if (what == 0) {
        for (std::size_t i = 0; i < amount; ++i) source.add(make_event(++published));
      } else if (what == 1) {
        const auto frame = window.next(SessionEpoch(1), now);
        RC_ASSERT(frame.has_value());
        if (*frame) to_hub.push_back(**frame);
      } else if (what <= 3 && !to_hub.empty()) {
        const auto message = wire::decode(to_hub.front());
        to_client.push_back(
            hub.on_pub(std::get<wire::Pub>(message->body), what == 2 ? SIZE_MAX : amount / 4, Errc::busy));
        to_hub.pop_front();
      } else if (what == 4 && !to_client.empty()) {
        RC_ASSERT(window.on_puback(to_client.front(), now));
        to_client.pop_front();
      } else if (what == 5) {  // the connection breaks: what is on its way is lost
        to_hub.clear();
        to_client.clear();
        RC_ASSERT(window.start(hub.hello()) == PublishWindow::Start::ready);
      }
    };
    const auto steps = *rc::gen::container<std::vector<std::pair<int, std::size_t>>>(
        rc::gen::pair(rc::gen::weightedElement<int>({{3, 0}, {8, 1}, {6, 2}, {2, 3}, {8, 4}, {1, 5}}),
                      rc::gen::inRange<std::size_t>(1, 40)));
    for (const auto& [what, amount] : steps) step(what, amount);
    for (int i = 0; i < 10'000 && source.position().acked.value() < published; ++i) {
      for (const int what : {1, 2, 4}) step(what, 1);
    }
    RC_ASSERT(source.position().acked == ProducerSeq(published));
    RC_ASSERT(hub.log().size() == published);
    for (std::uint64_t n = 1; n <= published; ++n) RC_ASSERT(hub.log()[n - 1] == numbered_id(n));
  });
}

TEST_CASE("window: a refusal for now is waited out before sending again from there") {
  MemorySource source;
  for (std::uint64_t n = 1; n <= 5; ++n) source.add(make_event(n));
  PublishWindow window(source);
  REQUIRE(window.start(welcome()).has_value());
  REQUIRE(window.next(SessionEpoch(1), Ticks(0))->has_value());
  wire::PubAck ack;
  ack.up_to = ProducerSeq(2);
  ack.refused_from = ProducerSeq(3);
  ack.refused_code = Errc::quota_exceeded;
  ack.retry_after_ms = 500;
  REQUIRE(window.on_puback(ack, Ticks(1'000)));
  CHECK(window.wakes_at() == Ticks(1'500));
  CHECK_FALSE(window.next(SessionEpoch(1), Ticks(1'499))->has_value());
  const auto again = window.next(SessionEpoch(1), Ticks(1'500));
  REQUIRE(again->has_value());
  CHECK(std::get<wire::Pub>(wire::decode(**again)->body).first_sequence == ProducerSeq(3));
}

TEST_CASE("window: while frames are out, what comes is coalesced into the next") {
  MemorySource source;
  PublishWindow window(source);
  REQUIRE(window.start(welcome()).has_value());
  std::uint64_t n = 0;
  for (std::size_t i = 0; i < pub_frames_in_flight; ++i) {
    source.add(make_event(++n));
    REQUIRE(window.next(SessionEpoch(1), Ticks(0))->has_value());  // at once, alone
  }
  for (int i = 0; i < 500; ++i) source.add(make_event(++n));
  CHECK_FALSE(window.next(SessionEpoch(1), Ticks(0))->has_value());
  wire::PubAck ack;
  ack.up_to = ProducerSeq(1);
  REQUIRE(window.on_puback(ack, Ticks(0)));
  const auto frame = window.next(SessionEpoch(1), Ticks(0));
  REQUIRE(frame->has_value());
  CHECK(std::get<wire::Pub>(wire::decode(**frame)->body).events.size() == 500);
}

TEST_CASE("window: an answer about numbers that were never given begins the session anew") {
  MemorySource source;
  source.add(make_event(1));
  PublishWindow window(source);
  REQUIRE(window.start(welcome()).has_value());
  wire::PubAck ack;
  ack.up_to = ProducerSeq(2);
  CHECK_FALSE(window.on_puback(ack, Ticks(0)));
}

TEST_CASE("continuation: what the hub's last number and hash say about an outbox") {
  using Kind = Continuation::Kind;
  const Hash one{1};
  const Hash two{2};
  PublishSource::Position ours;
  ours.last = ProducerSeq(20);
  ours.acked = ProducerSeq(10);
  ours.oldest = ProducerSeq(5);
  const auto decide = [&](std::uint64_t last, Hash hub, std::optional<Hash> own) {
    return decide_continuation(ours, ProducerSeq(last), hub, own);
  };
  CHECK(decide(10, one, one) == Continuation{});
  CHECK(decide(15, one, one) == Continuation{});                                     // acks were lost on the way
  CHECK(decide(15, one, two) == Continuation{Kind::new_producer, ProducerSeq(10)});  // we are an old copy
  CHECK(decide(21, one, std::nullopt) == Continuation{Kind::new_producer, ProducerSeq(10)});
  CHECK(decide(7, one, one) == Continuation{Kind::rewind, ProducerSeq(7)});  // the hub lost 8 to 10
  CHECK(decide(4, one, std::nullopt) == Continuation{Kind::rewind, ProducerSeq(4)});
  CHECK(decide(3, one, std::nullopt) == Continuation{Kind::new_producer, ProducerSeq(4)});  // 4 is not kept any more
  CHECK(decide(10, Hash{}, one) == Continuation{});
}

TEST_CASE("window: a restored outbox becomes a new producer and says HELLO again") {
  MemorySource source;
  for (std::uint64_t n = 1; n <= 5; ++n) source.add(make_event(n));
  const ProducerId before = source.position().producer;
  PublishWindow window(source);
  const auto started = window.start(welcome(3, Hash{9, 9, 9}));
  REQUIRE(started.has_value());
  CHECK(*started == PublishWindow::Start::hello_again);
  CHECK(source.position().producer != before);
  CHECK(source.position().last == ProducerSeq(5));
  CHECK_FALSE(window.next(SessionEpoch(1), Ticks(0))->has_value());  // not before the hub knows the new id
}

// The codec of protocol 1: what goes in comes out, and what strangers send is judged.
#include "hub/schema/frames.hpp"

#include <rapidcheck.h>

#include "hub/base/limits.hpp"
#include "schemas/bus_generated.h"
#include "tests/catch.hpp"
#include "tests/unit/schema/property.hpp"

namespace {

using namespace iro;
using namespace iro::wire;

Bytes random_payload() {
  const auto bytes = *rc::gen::container<Bytes>(rc::gen::arbitrary<std::uint8_t>());
  return bytes;
}
template <typename Id>
Id random_id() {
  Id id;
  if (!*rc::gen::weightedElement<bool>({{1, true}, {4, false}})) {
    for (auto& b : id.b) b = *rc::gen::arbitrary<std::uint8_t>();
  }
  return id;
}
std::string random_text() { return *rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~')); }

schema::Event random_event() {
  schema::Event e;
  e.id = random_id<EventId>();
  e.type = random_text();
  e.revision = *rc::gen::arbitrary<std::uint16_t>();
  e.source = random_text();
  e.subject = random_text();
  e.time = TimeMs(*rc::gen::arbitrary<std::int64_t>());
  e.recordedtime = TimeMs(*rc::gen::arbitrary<std::int64_t>());
  e.correlationid = random_id<EventId>();
  e.causationid = random_id<EventId>();
  e.hop = *rc::gen::arbitrary<std::uint8_t>();
  e.expirytime = TimeMs(*rc::gen::arbitrary<std::int64_t>());
  e.traceparent = random_text();
  e.datacategory = random_text();
  e.foreign_id = random_text();
  e.masked = *rc::gen::arbitrary<bool>();
  e.payload = random_payload();
  return e;
}

bool same(const schema::EventView& a, const schema::EventView& b) {
  return a.id == b.id && a.type == b.type && a.revision == b.revision && a.source == b.source &&
         a.subject == b.subject && a.time == b.time && a.recordedtime == b.recordedtime &&
         a.correlationid == b.correlationid && a.causationid == b.causationid && a.hop == b.hop &&
         a.expirytime == b.expirytime && a.traceparent == b.traceparent && a.datacategory == b.datacategory &&
         a.foreign_id == b.foreign_id && a.masked == b.masked && std::ranges::equal(a.payload, b.payload);
}
bool same(std::span<const schema::EventView> a, std::span<const schema::EventView> b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) { return same(x, y); });
}
bool aligned(std::span<const schema::EventView> events) {
  return std::ranges::all_of(events,
                             [](const auto& e) { return reinterpret_cast<std::uintptr_t>(e.payload.data()) % 8 == 0; });
}

struct Batch {
  std::vector<schema::Event> owned;
  std::vector<schema::EventView> views;
};
Batch random_batch(std::size_t most) {
  Batch out;
  const auto n = *rc::gen::inRange<std::size_t>(0, most + 1);
  for (std::size_t i = 0; i < n; ++i) out.owned.push_back(random_event());
  for (const auto& e : out.owned) out.views.push_back(view_of(e));
  return out;
}

template <typename T>
T through(const T& message) {
  const Bytes frame = encode(SessionEpoch(7), message);
  const auto decoded = decode(frame);
  REQUIRE(decoded.has_value());
  CHECK(decoded->epoch == SessionEpoch(7));
  REQUIRE(std::holds_alternative<T>(decoded->body));
  return std::get<T>(decoded->body);
}

Errc refusal(ByteView frame) {
  const auto decoded = decode(frame);
  return decoded ? Errc::ok : decoded.error().code;
}

Receipt some_receipt() {
  Receipt r{LogEpoch(3), {}, {}, {}};
  r.token.b.fill(1);
  r.head.fill(2);
  r.mac.fill(4);
  return r;
}

}  // namespace

TEST_CASE("frames: any PUB comes back as it was sent, its payloads aligned to 8") {
  property("PUB round trip", [] {
    const Batch batch = random_batch(20);
    const Bytes frame = encode(SessionEpoch(9), Pub{ProducerSeq(5), batch.views});
    const auto decoded = decode(frame);
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(decoded->epoch == SessionEpoch(9));
    const auto& pub = std::get<Pub>(decoded->body);
    RC_ASSERT(pub.first_sequence == ProducerSeq(5));
    RC_ASSERT(same(pub.events, batch.views));
    RC_ASSERT(aligned(pub.events));
  });
}

TEST_CASE("frames: a block's frames differ only in what is the consumer's own") {
  property("DeliverBlock", [] {
    const Batch batch = random_batch(8);
    const DeliverBlock block(batch.views);
    RC_ASSERT(block.events() == batch.views.size());
    for (int i = 0; i < 3; ++i) {
      const Deliver sent{ConsumerNo(*rc::gen::arbitrary<std::uint32_t>()), *rc::gen::arbitrary<std::uint64_t>(),
                         *rc::gen::arbitrary<std::uint16_t>(), random_id<Token>(), batch.views};
      const SessionEpoch epoch(*rc::gen::arbitrary<std::uint64_t>());
      const Bytes frame = block.frame(epoch, sent.consumer, sent.first_number, sent.attempt, sent.up_to);
      RC_ASSERT(frame.size() == block.bytes());
      const auto decoded = decode(frame);
      RC_ASSERT(decoded.has_value());
      RC_ASSERT(decoded->epoch == epoch);
      const auto& got = std::get<Deliver>(decoded->body);
      RC_ASSERT(got.consumer == sent.consumer);
      RC_ASSERT(got.first_number == sent.first_number);
      RC_ASSERT(got.attempt == sent.attempt);
      RC_ASSERT(got.up_to == sent.up_to);
      RC_ASSERT(same(got.events, batch.views));
      RC_ASSERT(aligned(got.events));
    }
  });
}

TEST_CASE("frames: event_wire_size is never below what the frame takes") {
  property("event_wire_size", [] {
    const Batch batch = random_batch(10);
    if (batch.views.empty()) return;
    std::size_t bound = 0;
    for (const auto& e : batch.views) bound += event_wire_size(e);
    RC_ASSERT(encode(SessionEpoch(1), Pub{ProducerSeq(1), batch.views}).size() <= bound);
    RC_ASSERT(DeliverBlock(batch.views).bytes() <= bound);
  });
}

TEST_CASE("frames: every other message comes back as it was sent") {
  const Hello hello = through(Hello{1, "iro 0.1", "sis", {}, 12, some_receipt()});
  CHECK((hello.software == "iro 0.1" && hello.client_name == "sis" && hello.start_number == 12));
  CHECK((hello.producer.is_zero() && hello.last_receipt == some_receipt()));
  CHECK_FALSE(through(Hello{}).last_receipt.has_value());

  Welcome w;
  w.epoch = SessionEpoch(5);
  w.hub = "regio";
  w.member = "school-a";
  w.lease_ms = 30'000;
  w.window_bytes = 8U << 20;
  w.producer_last_sequence = ProducerSeq(77);
  w.producer_last_hash.fill(9);
  const Welcome welcome = through(w);
  CHECK((welcome.epoch == w.epoch && welcome.hub == w.hub && welcome.member == w.member));
  CHECK((welcome.lease_ms == w.lease_ms && welcome.window_bytes == w.window_bytes));
  CHECK((welcome.producer_last_sequence == w.producer_last_sequence &&
         welcome.producer_last_hash == w.producer_last_hash));

  PubAck a;
  a.up_to = ProducerSeq(9);
  a.receipt = some_receipt();
  a.exceptions = {{ProducerSeq(3), Errc::missing_grant, "no"}};
  a.refused_from = ProducerSeq(10);
  a.refused_code = Errc::busy;
  a.refused_reason = "later";
  a.retry_after_ms = 50;
  a.held = {{ProducerSeq(4), Errc::ok, ""}, {ProducerSeq(5), Errc::ok, "gate"}};
  const PubAck ack = through(a);
  CHECK((ack.up_to == a.up_to && ack.receipt == a.receipt && ack.refused_from == a.refused_from));
  CHECK((ack.refused_code == Errc::busy && ack.refused_reason == "later" && ack.retry_after_ms == 50));
  REQUIRE((ack.exceptions.size() == 1 && ack.held.size() == 2));
  CHECK((ack.exceptions[0].code == Errc::missing_grant && ack.held[1].reason == "gate"));

  Sub s;
  s.consumer = "main";
  s.filter = "{}";
  s.from = From::event;
  s.event.b.fill(3);
  s.token.b.fill(4);
  s.time = TimeMs(5);
  s.ephemeral = true;
  s.request = 8;
  const Sub sub = through(s);
  CHECK((sub.consumer == "main" && sub.filter == "{}" && sub.from == From::event && sub.event == s.event));
  CHECK((sub.token == s.token && sub.time == s.time && sub.ephemeral && sub.request == 8));

  CHECK(through(Subscribed{1, ConsumerNo(2), s.token}).token == s.token);
  CHECK(through(Unsub{ConsumerNo(2)}).consumer == ConsumerNo(2));
  CHECK(through(Ack{ConsumerNo(2), 40, {}}).up_to == 40);
  const std::vector<std::uint64_t> far = {UINT64_MAX - 5, UINT64_MAX, UINT64_MAX - 2};
  CHECK(through(Ack{ConsumerNo(2), 0, far}).set == far);
  CHECK(through(Nak{ConsumerNo(2), 3, 100, true, "no"}).failure);
  CHECK(through(Park{ConsumerNo(2), 3, "why"}).reason == "why");
  CHECK(through(Credit{ConsumerNo(2), 3, 4}).bytes == 4);
  CHECK(through(Query{1, "events", "{}", s.token}).at_least == s.token);
  CHECK(through(Control{1, "resume", "{}"}).command == "resume");
  CHECK(through(Answer{1, 2, false, Errc::not_found, "r", "b"}).code == Errc::not_found);
  CHECK(through(Ping{5}).n == 5);
  CHECK(through(Pong{6}).n == 6);
  CHECK(through(Drain{500}).deadline_ms == 500);
  CHECK(through(ErrorMessage{Errc::busy, "t", 3}).code == Errc::busy);
}

TEST_CASE("frames: header faults are told apart") {
  Bytes frame = encode(SessionEpoch(1), Ping{1});
  CHECK(refusal(frame) == Errc::ok);
  const auto with = [&](std::size_t at, std::uint8_t value) {
    Bytes changed = frame;
    changed[at] = value;
    return refusal(changed);
  };
  CHECK(with(0, 'X') == Errc::frame_malformed);
  CHECK(with(4, 2) == Errc::protocol_version);
  CHECK(with(5, 0) == Errc::frame_malformed);
  CHECK(with(5, 20) == Errc::frame_malformed);
  CHECK(with(6, 1) == Errc::frame_malformed);
  CHECK(refusal({}) == Errc::frame_malformed);
  CHECK(refusal(ByteView(frame).first(16)) == Errc::frame_malformed);
  frame.resize(limits::frame_bytes + 1);
  CHECK(refusal(frame) == Errc::frame_oversize);
}

TEST_CASE("frames: a PUB of 1,024 events is read, one more is malformed") {
  std::vector<schema::EventView> events(limits::events_per_pub);
  CHECK(refusal(encode(SessionEpoch(1), Pub{ProducerSeq(1), events})) == Errc::ok);
  events.emplace_back();
  CHECK(refusal(encode(SessionEpoch(1), Pub{ProducerSeq(1), events})) == Errc::frame_malformed);
}

TEST_CASE("frames: a missing id is zero, for admission to judge") {
  const std::vector<schema::EventView> events(1);
  const auto decoded = decode(encode(SessionEpoch(1), Pub{ProducerSeq(1), events}));
  REQUIRE(decoded.has_value());
  CHECK(std::get<Pub>(decoded->body).events.at(0).id.is_zero());
}

namespace {

/// A PUB of another implementation, that shares one payload and does not align it.
Bytes foreign_pub(std::size_t events, std::size_t payload_bytes) {
  flatbuffers::FlatBufferBuilder b;
  const auto text = b.CreateString("abc");
  const std::vector<std::uint8_t> data(payload_bytes, 0x55);
  std::vector<flatbuffers::Offset<fb::Event>> list;
  for (std::size_t i = 0; i < events; ++i) {
    const auto payload = b.CreateVector(data);
    list.push_back(
        fb::CreateEvent(b, nullptr, text, 1, text, text, 0, 0, nullptr, nullptr, 0, 0, 0, 0, 0, false, payload));
  }
  b.Finish(fb::CreatePub(b, 1, b.CreateVector(list)));
  Bytes frame = encode(SessionEpoch(1), Pub{});
  frame.resize(16);
  frame.insert(frame.end(), b.GetBufferPointer(), b.GetBufferPointer() + b.GetSize());
  return frame;
}

}  // namespace

TEST_CASE("frames: payloads that the sender did not align are aligned here") {
  bool some_were_not = false;
  for (std::size_t size = 1; size < 24; ++size) {
    const Bytes frame = foreign_pub(5, size);
    for (const fb::Event* e : *flatbuffers::GetRoot<fb::Pub>(frame.data() + 16)->events()) {
      some_were_not = some_were_not || (e->payload()->data() - frame.data()) % 8 != 0;
    }
    const auto decoded = decode(frame);
    REQUIRE(decoded.has_value());
    const auto& pub = std::get<Pub>(decoded->body);
    REQUIRE(pub.events.size() == 5);
    CHECK(aligned(pub.events));
    for (const auto& e : pub.events) {
      CHECK(to_bytes(e.payload) == Bytes(size, 0x55));
      CHECK(e.type == "abc");
    }
  }
  CHECK(some_were_not);
}

TEST_CASE("frames: events that share one payload are malformed") {
  flatbuffers::FlatBufferBuilder b;
  const auto payload = b.CreateVector(std::vector<std::uint8_t>(1'000, 0x55));
  std::vector<flatbuffers::Offset<fb::Event>> list;
  for (int i = 0; i < 100; ++i) {
    list.push_back(fb::CreateEvent(b, nullptr, 0, 1, 0, 0, 0, 0, nullptr, nullptr, 0, 0, 0, 0, 0, false, payload));
  }
  b.Finish(fb::CreatePub(b, 1, b.CreateVector(list)));
  Bytes frame = encode(SessionEpoch(1), Pub{});
  frame.resize(16);
  frame.insert(frame.end(), b.GetBufferPointer(), b.GetBufferPointer() + b.GetSize());
  CHECK(refusal(frame) == Errc::frame_malformed);
}

TEST_CASE("frames: a text that is not UTF-8 is malformed") {
  schema::EventView e;
  e.subject = "v-\xC0\xA0";
  CHECK(refusal(encode(SessionEpoch(1), Pub{ProducerSeq(1), {e}})) == Errc::frame_malformed);
}

TEST_CASE("frames: whatever bytes are flipped, decode refuses or gives views inside its memory") {
  property("bit flips", [] {
    const Batch batch = random_batch(4);
    Bytes frame = encode(SessionEpoch(1), Pub{ProducerSeq(1), batch.views});
    const auto flips = *rc::gen::inRange(1, 6);
    for (int i = 0; i < flips; ++i) {
      frame[*rc::gen::inRange<std::size_t>(16, frame.size())] ^=
          static_cast<std::uint8_t>(1U << *rc::gen::inRange(0, 8));
    }
    const auto decoded = decode(frame);
    if (!decoded) return;
    const ByteView memory(*decoded->memory);
    for (const auto& e : std::get<Pub>(decoded->body).events) {
      if (e.payload.empty()) continue;
      RC_ASSERT(e.payload.data() >= memory.data());
      RC_ASSERT(e.payload.data() + e.payload.size() <= memory.data() + memory.size());
    }
  });
}

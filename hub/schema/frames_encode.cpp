// The half of frames.hpp that makes frames.
#include <algorithm>
#include <bit>

#include "hub/base/assert.hpp"
#include "hub/schema/frame_layout.hpp"
#include "schemas/bus_generated.h"

namespace iro::wire {
namespace {

using flatbuffers::Offset;
using flatbuffers::String;
using Builder = flatbuffers::FlatBufferBuilder;

template <typename Tag>
fb::Id16 id16(const Id16<Tag>& id) {
  return std::bit_cast<fb::Id16>(id.b);
}

/// Absent stands for the empty text.
Offset<String> text(Builder& b, std::string_view value) {
  return value.empty() ? Offset<String>() : b.CreateString(value.data(), value.size());
}

/// Neighbouring events mostly have the same type and source: those are written once.
class RepeatedText {
 public:
  Offset<String> put(Builder& b, std::string_view value) {
    if (value.empty()) return {};
    if (value != last_) {
      last_ = value;
      at_ = b.CreateString(value.data(), value.size());
    }
    return at_;
  }

 private:
  std::string_view last_;
  Offset<String> at_;
};

struct EventTexts {
  RepeatedText type;
  RepeatedText source;
  RepeatedText datacategory;
};

Offset<flatbuffers::Vector<std::uint8_t>> payload_of(Builder& b, ByteView payload) {
  if (payload.empty()) return {};
  b.ForceVectorAlignment(payload.size(), 1, payload_alignment);
  return b.CreateVector(payload.data(), payload.size());
}

Offset<fb::Event> event_of(Builder& b, const schema::EventView& e, EventTexts& texts) {
  const auto payload = payload_of(b, e.payload);
  const auto type = texts.type.put(b, e.type);
  const auto source = texts.source.put(b, e.source);
  const auto datacategory = texts.datacategory.put(b, e.datacategory);
  const auto subject = text(b, e.subject);
  const auto traceparent = text(b, e.traceparent);
  const auto foreign_id = text(b, e.foreign_id);
  const fb::Id16 id = id16(e.id);
  const fb::Id16 correlationid = id16(e.correlationid);
  const fb::Id16 causationid = id16(e.causationid);
  fb::EventBuilder out(b);
  out.add_time(e.time.value());
  out.add_recordedtime(e.recordedtime.value());
  out.add_expirytime(e.expirytime.value());
  out.add_payload(payload);
  out.add_type(type);
  out.add_source(source);
  out.add_subject(subject);
  out.add_traceparent(traceparent);
  out.add_datacategory(datacategory);
  out.add_foreign_id(foreign_id);
  if (!e.id.is_zero()) out.add_id(&id);
  if (!e.correlationid.is_zero()) out.add_correlationid(&correlationid);
  if (!e.causationid.is_zero()) out.add_causationid(&causationid);
  out.add_revision(e.revision);
  out.add_hop(e.hop);
  out.add_masked(e.masked);
  return out.Finish();
}

Offset<flatbuffers::Vector<Offset<fb::Event>>> events_of(Builder& b, std::span<const schema::EventView> events) {
  EventTexts texts;
  std::vector<Offset<fb::Event>> out;
  out.reserve(events.size());
  for (const auto& e : events) out.push_back(event_of(b, e, texts));
  return b.CreateVector(out);
}

Offset<fb::Receipt> receipt_of(Builder& b, const std::optional<Receipt>& receipt) {
  if (!receipt) return {};
  const auto token = id16(receipt->token);
  const auto head = std::bit_cast<fb::Hash32>(receipt->head);
  const auto mac = std::bit_cast<fb::Id16>(receipt->mac);
  return fb::CreateReceipt(b, receipt->log_epoch.value(), &token, &head, &mac);
}

Offset<flatbuffers::Vector<Offset<fb::Refusal>>> refusals_of(Builder& b, const std::vector<Refusal>& refusals) {
  if (refusals.empty()) return {};
  std::vector<Offset<fb::Refusal>> out;
  out.reserve(refusals.size());
  for (const Refusal& r : refusals) {
    const auto reason = text(b, r.reason);
    out.push_back(fb::CreateRefusal(b, r.sequence.value(), static_cast<std::uint16_t>(r.code), reason));
  }
  return b.CreateVector(out);
}

std::uint16_t number(Errc code) { return static_cast<std::uint16_t>(code); }

// One overload a message: the table that protocol.md names for it.

auto table(Builder& b, const Hello& m) {
  const auto software = text(b, m.software);
  const auto client_name = text(b, m.client_name);
  const auto receipt = receipt_of(b, m.last_receipt);
  const auto producer = id16(m.producer);
  return fb::CreateHello(b, m.protocol, software, client_name, m.producer.is_zero() ? nullptr : &producer,
                         m.start_number, receipt);
}
auto table(Builder& b, const Welcome& m) {
  const auto hub = text(b, m.hub);
  const auto member = text(b, m.member);
  const auto hash = std::bit_cast<fb::Hash32>(m.producer_last_hash);
  return fb::CreateWelcome(b, m.epoch.value(), m.log_epoch.value(), hub, member, m.now.value(), m.frame_bytes,
                           m.payload_bytes, m.events_per_pub, m.window_events, m.window_bytes, m.lease_ms,
                           m.producer_last_sequence.value(), &hash);
}
auto table(Builder& b, const Pub& m) {
  const auto events = events_of(b, m.events);
  return fb::CreatePub(b, m.first_sequence.value(), events);
}
auto table(Builder& b, const PubAck& m) {
  const auto receipt = receipt_of(b, m.receipt);
  const auto exceptions = refusals_of(b, m.exceptions);
  const auto held = refusals_of(b, m.held);
  const auto reason = text(b, m.refused_reason);
  return fb::CreatePubAck(b, m.up_to.value(), receipt, exceptions, m.refused_from.value(), number(m.refused_code),
                          reason, m.retry_after_ms, held);
}
auto table(Builder& b, const Sub& m) {
  const auto consumer = text(b, m.consumer);
  const auto filter = text(b, m.filter);
  const auto token = id16(m.token);
  const auto event = id16(m.event);
  return fb::CreateSub(b, consumer, filter, static_cast<fb::From>(m.from), &token, m.time.value(), &event,
                       m.credit_events, m.credit_bytes, m.request, m.ephemeral);
}
auto table(Builder& b, const Subscribed& m) {
  const auto token = id16(m.token);
  return fb::CreateSubscribed(b, m.request, m.consumer.value(), &token);
}
auto table(Builder& b, const Unsub& m) { return fb::CreateUnsub(b, m.consumer.value()); }
auto table(Builder& b, const Deliver& m) {
  const auto events = events_of(b, m.events);
  const auto up_to = id16(m.up_to);
  return fb::CreateDeliver(b, m.consumer.value(), m.first_number, m.attempt, &up_to, events);
}
auto table(Builder& b, const Ack& m) {
  const std::uint64_t base = m.set.empty() ? 0 : *std::ranges::min_element(m.set);
  std::vector<std::uint32_t> relative;
  relative.reserve(m.set.size());
  for (const std::uint64_t n : m.set) {
    IRO_ASSERT(n - base <= UINT32_MAX, "the numbers of one ACK lie within the credit window");
    relative.push_back(static_cast<std::uint32_t>(n - base));
  }
  const auto set = relative.empty() ? Offset<flatbuffers::Vector<std::uint32_t>>() : b.CreateVector(relative);
  return fb::CreateAck(b, m.consumer.value(), m.up_to, set, base);
}
auto table(Builder& b, const Nak& m) {
  const auto reason = text(b, m.reason);
  return fb::CreateNak(b, m.consumer.value(), m.number, m.delay_ms, m.failure, reason);
}
auto table(Builder& b, const Park& m) {
  const auto reason = text(b, m.reason);
  return fb::CreatePark(b, m.consumer.value(), m.number, reason);
}
auto table(Builder& b, const Credit& m) { return fb::CreateCredit(b, m.consumer.value(), m.events, m.bytes); }
auto table(Builder& b, const Query& m) {
  const auto view = text(b, m.view);
  const auto args = text(b, m.args);
  const auto at_least = id16(m.at_least);
  return fb::CreateQuery(b, m.id, view, args, m.at_least.is_zero() ? nullptr : &at_least);
}
auto table(Builder& b, const Control& m) {
  const auto command = text(b, m.command);
  const auto args = text(b, m.args);
  return fb::CreateControl(b, m.id, command, args);
}
auto table(Builder& b, const Answer& m) {
  const auto reason = text(b, m.reason);
  const auto body = text(b, m.body);
  return fb::CreateAnswer(b, m.id, m.page, m.last, number(m.code), reason, body);
}
auto table(Builder& b, const Ping& m) { return fb::CreatePing(b, m.n); }
auto table(Builder& b, const Pong& m) { return fb::CreatePing(b, m.n); }
auto table(Builder& b, const Drain& m) { return fb::CreateDrain(b, m.deadline_ms); }
auto table(Builder& b, const ErrorMessage& m) {
  const auto words = text(b, m.text);
  return fb::CreateErrorMessage(b, number(m.code), words, m.request);
}

std::size_t size_guess(std::span<const schema::EventView> events) {
  std::size_t out = 256;
  for (const auto& e : events) out += event_wire_size(e);
  return out;
}

/// The header and the finished buffer of `b`.
Bytes frame_of(SessionEpoch epoch, Verb verb, const Builder& b) {
  Bytes out;
  out.reserve(header_bytes + b.GetSize());
  out.resize(header_bytes);
  write_header(out, verb, epoch);
  out.insert(out.end(), b.GetBufferPointer(), b.GetBufferPointer() + b.GetSize());
  return out;
}

}  // namespace

Bytes encode(SessionEpoch epoch, const Body& body) {
  return std::visit(
      [&](const auto& message) {
        std::size_t guess = 1'024;
        if constexpr (requires { message.events.size(); }) guess = size_guess(message.events);
        Builder b(guess);
        b.Finish(table(b, message));
        return frame_of(epoch, verb_of(body), b);
      },
      body);
}

std::size_t event_wire_size(const schema::EventView& event) {
  // The event's own table, vtable and place in the vector take at most 176
  // bytes; the rest of the constant pays for the frame around a single event.
  std::size_t out = 304;
  for (const std::string_view s :
       {event.type, event.source, event.subject, event.traceparent, event.datacategory, event.foreign_id}) {
    if (!s.empty()) out += s.size() + 8;  // length, terminator, padding
  }
  if (!event.payload.empty()) out += event.payload.size() + 4 + 2 * payload_alignment;
  return out;
}

DeliverBlock::DeliverBlock(std::span<const schema::EventView> events) : count_(events.size()) {
  Builder b(size_guess(events));
  const auto list = events_of(b, events);
  const fb::Id16 up_to;
  // Present even when zero, so that frame() has a place to write each into.
  b.ForceDefaults(true);
  b.Finish(fb::CreateDeliver(b, 0, 0, 1, &up_to, list));
  template_ = frame_of(SessionEpoch(0), Verb::deliver, b);
}

Bytes DeliverBlock::frame(SessionEpoch epoch, ConsumerNo consumer, std::uint64_t first_number, std::uint16_t attempt,
                          const Token& up_to) const {
  Bytes out = template_;
  write_header(out, Verb::deliver, epoch);
  auto* deliver = flatbuffers::GetMutableRoot<fb::Deliver>(out.data() + header_bytes);
  const bool patched = deliver->mutate_consumer(consumer.value()) && deliver->mutate_first_number(first_number) &&
                       deliver->mutate_attempt(attempt);
  IRO_ASSERT(patched, "the template has every field that differs between consumers");
  *deliver->mutable_up_to() = id16(up_to);
  return out;
}

}  // namespace iro::wire

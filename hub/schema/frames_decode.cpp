// The half of frames.hpp that reads what strangers send.
//
// In order: header, aligned copy, structure (FlatBuffers' verifier, bounded),
// payloads (bounded, aligned), and only then the message as a value.
#include <bit>
#include <new>

#include "hub/base/limits.hpp"
#include "hub/schema/frame_layout.hpp"
#include "hub/schema/utf8.hpp"
#include "schemas/bus_generated.h"

namespace iro::wire {
namespace {

static_assert(__STDCPP_DEFAULT_NEW_ALIGNMENT__ >= payload_alignment, "a Bytes starts aligned");

// No message nests deeper than PubAck > Refusal, and the largest, a PubAck for
// a full window with every event refused, has one table an event.
constexpr std::uint32_t max_depth = 4;
constexpr std::uint32_t max_tables = 2 * limits::publish_window_events + 64;

/// Reads texts, and remembers whether one of them was not UTF-8.
class Texts {
 public:
  std::string_view view(const flatbuffers::String* s) {
    if (s == nullptr) return {};
    const std::string_view out(s->c_str(), s->size());
    ok_ = ok_ && schema::is_utf8(out);
    return out;
  }
  std::string own(const flatbuffers::String* s) { return std::string(view(s)); }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  bool ok_ = true;
};

template <typename Id>
Id id_from(const fb::Id16* id) {
  Id out;
  if (id != nullptr) out.b = std::bit_cast<decltype(out.b)>(*id);
  return out;
}
Hash hash_from(const fb::Hash32* hash) { return hash == nullptr ? Hash{} : std::bit_cast<Hash>(*hash); }

ByteView payload_from(const fb::Event& e) {
  const auto* p = e.payload();
  return p == nullptr || p->size() == 0 ? ByteView() : ByteView(p->data(), p->size());
}

std::optional<Receipt> receipt_from(const fb::Receipt* r) {
  if (r == nullptr) return std::nullopt;
  Receipt out;
  out.log_epoch = LogEpoch(r->log_epoch());
  out.token = id_from<Token>(r->token());
  out.head = hash_from(r->head());
  out.mac = id_from<Token>(r->mac()).b;
  return out;
}

std::vector<Refusal> refusals_from(const flatbuffers::Vector<flatbuffers::Offset<fb::Refusal>>* list, Texts& texts) {
  std::vector<Refusal> out;
  if (list == nullptr) return out;
  out.reserve(list->size());
  for (const fb::Refusal* r : *list) {
    out.push_back({ProducerSeq(r->sequence()), code_from_wire(r->code()), texts.own(r->reason())});
  }
  return out;
}

schema::EventView event_from(const fb::Event& e, Texts& texts) {
  schema::EventView out;
  out.id = id_from<EventId>(e.id());
  out.type = texts.view(e.type());
  out.revision = e.revision();
  out.source = texts.view(e.source());
  out.subject = texts.view(e.subject());
  out.time = TimeMs(e.time());
  out.recordedtime = TimeMs(e.recordedtime());
  out.correlationid = id_from<EventId>(e.correlationid());
  out.causationid = id_from<EventId>(e.causationid());
  out.hop = e.hop();
  out.expirytime = TimeMs(e.expirytime());
  out.traceparent = texts.view(e.traceparent());
  out.datacategory = texts.view(e.datacategory());
  out.foreign_id = texts.view(e.foreign_id());
  out.masked = e.masked();
  out.payload = payload_from(e);
  return out;
}

template <typename Table>
const Table& root(const Bytes& memory) {
  return *flatbuffers::GetRoot<Table>(memory.data() + header_bytes);
}

bool is_aligned(ByteView payload) { return reinterpret_cast<std::uintptr_t>(payload.data()) % payload_alignment == 0; }
std::size_t padded(std::size_t size) { return (size + payload_alignment - 1) / payload_alignment * payload_alignment; }

/// Checks the payloads of a verified PUB or DELIVER, and makes room behind the
/// frame for those that the sender did not align. Moves `memory`: ask for the
/// root again.
template <typename Table>
Status prepare_payloads(Bytes& memory) {
  const auto* list = root<Table>(memory).events();
  if (list == nullptr) return {};
  if (list->size() > limits::events_per_pub) return fail(Errc::frame_malformed, "more than 1,024 events in one frame");
  std::size_t total = 0;
  std::size_t to_copy = 0;
  for (const fb::Event* e : *list) {
    const ByteView payload = payload_from(*e);
    total += payload.size();
    if (!is_aligned(payload)) to_copy += padded(payload.size());
  }
  // Events that share one payload would let a small frame fill a large log.
  if (total > memory.size()) return fail(Errc::frame_malformed, "payloads overlap");
  if (to_copy > 0) memory.resize(padded(memory.size()) + to_copy);
  return {};
}

/// The events behind prepare_payloads(); `spare` is the room that it made.
std::vector<schema::EventView> events_from(const flatbuffers::Vector<flatbuffers::Offset<fb::Event>>* list,
                                           std::uint8_t* spare, Texts& texts) {
  std::vector<schema::EventView> out;
  if (list == nullptr) return out;
  out.reserve(list->size());
  for (const fb::Event* e : *list) {
    out.push_back(event_from(*e, texts));
    ByteView& payload = out.back().payload;
    if (is_aligned(payload)) continue;
    std::memcpy(spare, payload.data(), payload.size());
    payload = {spare, payload.size()};
    spare += padded(payload.size());
  }
  return out;
}

/// What a message is read from: a verified frame in aligned memory.
struct Input {
  Bytes& memory;
  std::size_t frame_size;
  Texts& texts;
  [[nodiscard]] std::uint8_t* spare() const { return memory.data() + padded(frame_size); }
};

// One function a message, each given its verified table.

Result<Body> read(const fb::Hello& t, Input& in) {
  Hello m;
  m.protocol = t.protocol();
  m.software = in.texts.own(t.software());
  m.client_name = in.texts.own(t.client_name());
  m.producer = id_from<ProducerId>(t.producer());
  m.start_number = t.start_number();
  m.last_receipt = receipt_from(t.last_receipt());
  return m;
}
Result<Body> read(const fb::Welcome& t, Input& in) {
  Welcome m;
  m.epoch = SessionEpoch(t.epoch());
  m.log_epoch = LogEpoch(t.log_epoch());
  m.hub = in.texts.own(t.hub());
  m.member = in.texts.own(t.member());
  m.now = TimeMs(t.now());
  m.frame_bytes = t.frame_bytes();
  m.payload_bytes = t.payload_bytes();
  m.events_per_pub = t.events_per_pub();
  m.window_events = t.window_events();
  m.window_bytes = t.window_bytes();
  m.lease_ms = t.lease_ms();
  m.producer_last_sequence = ProducerSeq(t.producer_last_sequence());
  m.producer_last_hash = hash_from(t.producer_last_hash());
  return m;
}
Result<Body> read(const fb::Pub& t, Input& in) {
  return Pub{ProducerSeq(t.first_sequence()), events_from(t.events(), in.spare(), in.texts)};
}
Result<Body> read(const fb::PubAck& t, Input& in) {
  PubAck m;
  m.up_to = ProducerSeq(t.up_to());
  m.receipt = receipt_from(t.receipt());
  m.exceptions = refusals_from(t.exceptions(), in.texts);
  m.refused_from = ProducerSeq(t.refused_from());
  m.refused_code = code_from_wire(t.refused_code());
  m.refused_reason = in.texts.own(t.refused_reason());
  m.retry_after_ms = t.retry_after_ms();
  m.held = refusals_from(t.held(), in.texts);
  return m;
}
Result<Body> read(const fb::Sub& t, Input& in) {
  if (t.from() > fb::From::MAX) return fail(Errc::frame_malformed, "SUB starts from an unknown kind of place");
  Sub m;
  m.consumer = in.texts.own(t.consumer());
  m.filter = in.texts.own(t.filter());
  m.from = static_cast<From>(t.from());
  m.token = id_from<Token>(t.token());
  m.time = TimeMs(t.time());
  m.event = id_from<EventId>(t.event());
  m.credit_events = t.credit_events();
  m.credit_bytes = t.credit_bytes();
  m.request = t.request();
  m.ephemeral = t.ephemeral();
  return m;
}
Result<Body> read(const fb::Subscribed& t, Input&) {
  return Subscribed{t.request(), ConsumerNo(t.consumer()), id_from<Token>(t.token())};
}
Result<Body> read(const fb::Unsub& t, Input&) { return Unsub{ConsumerNo(t.consumer())}; }
Result<Body> read(const fb::Deliver& t, Input& in) {
  return Deliver{ConsumerNo(t.consumer()), t.first_number(), t.attempt(), id_from<Token>(t.up_to()),
                 events_from(t.events(), in.spare(), in.texts)};
}
Result<Body> read(const fb::Ack& t, Input&) {
  Ack m{ConsumerNo(t.consumer()), t.up_to(), {}};
  if (t.set() == nullptr) return m;
  m.set.reserve(t.set()->size());
  for (const std::uint32_t n : *t.set()) {
    if (n > UINT64_MAX - t.set_base()) return fail(Errc::frame_malformed, "ACK names a number beyond 64 bits");
    m.set.push_back(t.set_base() + n);
  }
  return m;
}
Result<Body> read(const fb::Nak& t, Input& in) {
  return Nak{ConsumerNo(t.consumer()), t.number(), t.delay_ms(), t.failure(), in.texts.own(t.reason())};
}
Result<Body> read(const fb::Park& t, Input& in) {
  return Park{ConsumerNo(t.consumer()), t.number(), in.texts.own(t.reason())};
}
Result<Body> read(const fb::Credit& t, Input&) { return Credit{ConsumerNo(t.consumer()), t.events(), t.bytes()}; }
Result<Body> read(const fb::Query& t, Input& in) {
  return Query{t.id(), in.texts.own(t.view()), in.texts.own(t.args()), id_from<Token>(t.at_least())};
}
Result<Body> read(const fb::Control& t, Input& in) {
  return Control{t.id(), in.texts.own(t.command()), in.texts.own(t.args())};
}
Result<Body> read(const fb::Answer& t, Input& in) {
  return Answer{t.id(), t.page(), t.last(), code_from_wire(t.code()), in.texts.own(t.reason()), in.texts.own(t.body())};
}
Result<Body> read(const fb::Ping& t, Input&) { return Ping{t.n()}; }
Result<Body> read_pong(const fb::Ping& t, Input&) { return Pong{t.n()}; }
Result<Body> read(const fb::Drain& t, Input&) { return Drain{t.deadline_ms()}; }
Result<Body> read(const fb::ErrorMessage& t, Input& in) {
  return ErrorMessage{code_from_wire(t.code()), in.texts.own(t.text()), t.request()};
}

template <typename Table>
Result<Body> message(Bytes& memory, Result<Body> (*read_table)(const Table&, Input&) = read) {
  const std::size_t frame_size = memory.size();
  flatbuffers::Verifier verifier(memory.data() + header_bytes, frame_size - header_bytes, max_depth, max_tables);
  if (!verifier.VerifyBuffer<Table>(nullptr)) return fail(Errc::frame_malformed, "the frame's table does not verify");
  if constexpr (requires(const Table& t) { t.events()->size(); }) {
    if (Status ready = prepare_payloads<Table>(memory); !ready) return fail(ready.error());
  }
  Texts texts;
  Input in{memory, frame_size, texts};
  Result<Body> out = read_table(root<Table>(memory), in);
  if (out && !texts.ok()) return fail(Errc::frame_malformed, "a text is not UTF-8");
  return out;
}

Result<Body> body(Verb verb, Bytes& memory) {
  switch (verb) {
    case Verb::hello:
      return message<fb::Hello>(memory);
    case Verb::welcome:
      return message<fb::Welcome>(memory);
    case Verb::pub:
      return message<fb::Pub>(memory);
    case Verb::puback:
      return message<fb::PubAck>(memory);
    case Verb::sub:
      return message<fb::Sub>(memory);
    case Verb::subscribed:
      return message<fb::Subscribed>(memory);
    case Verb::unsub:
      return message<fb::Unsub>(memory);
    case Verb::deliver:
      return message<fb::Deliver>(memory);
    case Verb::ack:
      return message<fb::Ack>(memory);
    case Verb::nak:
      return message<fb::Nak>(memory);
    case Verb::park:
      return message<fb::Park>(memory);
    case Verb::credit:
      return message<fb::Credit>(memory);
    case Verb::query:
      return message<fb::Query>(memory);
    case Verb::answer:
      return message<fb::Answer>(memory);
    case Verb::control:
      return message<fb::Control>(memory);
    case Verb::ping:
      return message<fb::Ping>(memory);
    case Verb::pong:
      return message<fb::Ping>(memory, read_pong);
    case Verb::drain:
      return message<fb::Drain>(memory);
    case Verb::error:
      return message<fb::ErrorMessage>(memory);
  }
  return fail(Errc::frame_malformed, "unknown verb");
}

Status check_header(ByteView frame) {
  if (frame.size() > limits::frame_bytes) return fail(Errc::frame_oversize, "the frame is larger than 1 MiB");
  if (frame.size() < header_bytes || std::memcmp(frame.data(), magic, sizeof magic) != 0) {
    return fail(Errc::frame_malformed, "the frame does not start with IRO1");
  }
  if (frame[4] != major_version) return fail(Errc::protocol_version, "the frame is not of protocol 1");
  if (frame[6] != 0 || frame[7] != 0) return fail(Errc::frame_malformed, "the frame has unknown flags");
  return {};
}

}  // namespace

Result<Message> decode(ByteView frame) {
  if (Status header = check_header(frame); !header) return fail(header.error());
  auto memory = std::make_shared<Bytes>(frame.begin(), frame.end());
  std::uint64_t epoch = 0;
  std::memcpy(&epoch, frame.data() + 8, sizeof epoch);
  Result<Body> read = body(static_cast<Verb>(frame[5]), *memory);
  if (!read) return fail(read.error());
  return Message{SessionEpoch(epoch), std::move(*read), std::move(memory)};
}

}  // namespace iro::wire

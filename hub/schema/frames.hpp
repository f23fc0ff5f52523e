// hub/schema/frames.hpp: the messages of protocol 1 as values, and the codec
// between them and frames (docs/protocol.md).
//
// decode() accepts arbitrary bytes from strangers: it copies to aligned memory
// before it verifies, and the views in the result point into that copy, which
// the Message owns. encode() gives a frame ready to send. Any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "hub/base/error.hpp"
#include "hub/schema/event.hpp"

namespace iro::wire {

inline constexpr std::uint8_t major_version = 1;

enum class Verb : std::uint8_t {  // permanent
  hello = 1,
  welcome = 2,
  pub = 3,
  puback = 4,
  sub = 5,
  subscribed = 6,
  unsub = 7,
  deliver = 8,
  ack = 9,
  nak = 10,
  park = 11,
  credit = 12,
  query = 13,
  answer = 14,
  control = 15,
  ping = 16,
  pong = 17,
  drain = 18,
  error = 19,
};

/// The hub's promise that everything up to `token` is on disk.
struct Receipt {
  LogEpoch log_epoch;
  Token token;
  Hash head{};
  std::array<std::uint8_t, 16> mac{};
  bool operator==(const Receipt&) const = default;
};

struct Hello {
  std::uint16_t protocol = 1;
  std::string software;
  std::string client_name;
  ProducerId producer;             // zero: publishes nothing
  std::uint64_t start_number = 0;  // goes up each time the outbox is opened
  std::optional<Receipt> last_receipt;
};
struct Welcome {
  SessionEpoch epoch;
  LogEpoch log_epoch;
  std::string hub;
  std::string member;  // slug
  TimeMs now;
  std::uint32_t frame_bytes = 0, payload_bytes = 0, events_per_pub = 0, window_events = 0, window_bytes = 0,
                lease_ms = 0;
  ProducerSeq producer_last_sequence;
  Hash producer_last_hash{};
};
struct Pub {
  ProducerSeq first_sequence;
  std::vector<schema::EventView> events;  // borrow from the Message (or from the caller, when encoding)
};
struct Refusal {
  ProducerSeq sequence;
  Errc code = Errc::ok;
  std::string reason;
};
struct PubAck {
  ProducerSeq up_to;  // everything up to here is decided, and on disk unless excepted
  std::optional<Receipt> receipt;
  std::vector<Refusal> exceptions;  // permanent; the number is consumed
  ProducerSeq refused_from;         // temporary; 0 = none: this and all after it were not taken
  Errc refused_code = Errc::ok;
  std::string refused_reason;
  std::uint32_t retry_after_ms = 0;
  std::vector<Refusal> held;  // committed, for nobody yet
};
enum class From : std::uint8_t { cursor = 0, beginning = 1, now = 2, token = 3, time = 4, event = 5 };
struct Sub {
  std::string consumer;  // durable per member; [a-z0-9._-]{1,64}
  std::string filter;    // JSON, CloudEvents Subscriptions dialects; "" = everything
  From from = From::cursor;
  Token token;
  TimeMs time;
  EventId event;
  std::uint32_t credit_events = 0;  // 0: the hub's most
  std::uint32_t credit_bytes = 0;
  std::uint32_t request = 0;
  bool ephemeral = false;  // forgotten with the session
};
struct Subscribed {
  std::uint32_t request = 0;
  ConsumerNo consumer;
  Token token;
};
struct Unsub {
  ConsumerNo consumer;
};
struct Deliver {
  ConsumerNo consumer;
  std::uint64_t first_number = 0;  // session numbers: first_number + index
  std::uint16_t attempt = 1;
  Token up_to;  // resume point behind the last event
  std::vector<schema::EventView> events;
};
struct Ack {
  ConsumerNo consumer;
  std::uint64_t up_to = 0;
  std::vector<std::uint64_t> set;
};
struct Nak {
  ConsumerNo consumer;
  std::uint64_t number = 0;
  std::uint32_t delay_ms = 0;
  bool failure = false;
  std::string reason;
};
struct Park {
  ConsumerNo consumer;
  std::uint64_t number = 0;
  std::string reason;
};
struct Credit {
  ConsumerNo consumer;
  std::uint32_t events = 0;
  std::uint32_t bytes = 0;
};
struct Query {
  std::uint32_t id = 0;
  std::string view;
  std::string args;
  Token at_least;
};
struct Control {
  std::uint32_t id = 0;
  std::string command;
  std::string args;
};
struct Answer {
  std::uint32_t id = 0;
  std::uint32_t page = 0;
  bool last = true;
  Errc code = Errc::ok;
  std::string reason;
  std::string body;
};
struct Ping {
  std::uint32_t n = 0;
};
struct Pong {
  std::uint32_t n = 0;
};
struct Drain {
  std::uint32_t deadline_ms = 0;
};
struct ErrorMessage {
  Errc code = Errc::internal;
  std::string text;
  std::uint32_t request = 0;
};

using Body = std::variant<Hello, Welcome, Pub, PubAck, Sub, Subscribed, Unsub, Deliver, Ack, Nak, Park, Credit, Query,
                          Answer, Control, Ping, Pong, Drain, ErrorMessage>;

struct Message {
  SessionEpoch epoch;
  Body body;
  std::shared_ptr<const Bytes> memory;  // what the views point into
};

/// Fails with frame_malformed, frame_oversize or protocol_version. In a Pub,
/// payload sizes and attribute lengths are not judged here: admission does.
Result<Message> decode(ByteView frame);

/// The frame of one message. For Pub and Deliver the caller keeps the result
/// below limits::frame_bytes: event_wire_size() is an upper bound per event.
Bytes encode(SessionEpoch epoch, const Body& body);
std::size_t event_wire_size(const schema::EventView& event);

/// Deliver messages to many consumers share their events: encode the events
/// once, then make each consumer's frame from the same block by copying it.
class DeliverBlock {
 public:
  explicit DeliverBlock(std::span<const schema::EventView> events);
  [[nodiscard]] Bytes frame(SessionEpoch epoch, ConsumerNo consumer, std::uint64_t first_number, std::uint16_t attempt,
                            const Token& up_to) const;
  [[nodiscard]] std::size_t events() const { return count_; }
  [[nodiscard]] std::size_t bytes() const { return template_.size(); }

 private:
  Bytes template_;  // a complete frame in which only fixed-size fields are patched
  std::size_t count_ = 0;
};

}  // namespace iro::wire

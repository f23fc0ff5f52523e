// hub/schema/event.hpp: an event, as it is handed from module to module.
//
// EventView borrows: its texts and its payload point into a frame, a chunk or
// an Event that must outlive it. Event owns. Both hold the same attributes
// (CloudEvents 1.0, NL GOV profile): `time` is when the sender logged it,
// `recordedtime` when the hub committed it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hub/base/bytes.hpp"
#include "hub/base/clock.hpp"
#include "hub/base/ids.hpp"

namespace iro::schema {

template <typename Text, typename Data>
struct BasicEvent {
  EventId id;
  Text type{};                 // "nl.placements.vacancy.opened.v1"
  std::uint16_t revision = 1;  // of the schema it was built with
  Text source{};               // "urn:nld:oin:00000099000000001000:systeem:sis"
  Text subject{};              // a thing's id, never a person's pseudonym
  TimeMs time;
  TimeMs recordedtime;    // 0 before the commit
  EventId correlationid;  // the case; zero means none
  EventId causationid;    // what it answers; zero means none
  std::uint8_t hop = 0;
  TimeMs expirytime;  // 0 means never
  Text traceparent{};
  Text datacategory{};
  Text foreign_id{};    // its id in another system; "" means none
  bool masked = false;  // personal fields were left out for this reader
  Data payload{};       // FlatBuffer of the type's table
};

using Event = BasicEvent<std::string, Bytes>;
using EventView = BasicEvent<std::string_view, ByteView>;

template <typename To, typename From>
To convert_event(const From& e) {
  To out;
  out.id = e.id;
  out.type = typename std::remove_cvref_t<decltype(out.type)>(e.type);
  out.revision = e.revision;
  out.source = decltype(out.source)(e.source);
  out.subject = decltype(out.subject)(e.subject);
  out.time = e.time;
  out.recordedtime = e.recordedtime;
  out.correlationid = e.correlationid;
  out.causationid = e.causationid;
  out.hop = e.hop;
  out.expirytime = e.expirytime;
  out.traceparent = decltype(out.traceparent)(e.traceparent);
  out.datacategory = decltype(out.datacategory)(e.datacategory);
  out.foreign_id = decltype(out.foreign_id)(e.foreign_id);
  out.masked = e.masked;
  out.payload = decltype(out.payload)(e.payload.begin(), e.payload.end());
  return out;
}
inline EventView view_of(const Event& e) { return convert_event<EventView>(e); }
inline Event own(const EventView& e) { return convert_event<Event>(e); }

/// What a client can compute too: SHA-256 over the 16-byte id and the payload.
/// WELCOME carries it for a producer's last event, so that a restored outbox is noticed.
Hash event_hash(const EventId& id, ByteView payload);

}  // namespace iro::schema

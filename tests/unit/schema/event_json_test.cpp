// Whole events as CloudEvents, and back.
#include "hub/schema/registry.hpp"
#include "tests/catch.hpp"
#include "tests/unit/schema/fixtures.hpp"

namespace {

using namespace iro;
using namespace iro::schema;

const std::string whole =
    R"({"specversion":"1.0","id":"0190b2c4-7e1f-7abc-8def-0123456789ab",)"
    R"("source":"urn:nld:oin:00000099000000001000:systeem:sis","type":"nl.placements.demand.registered.v1",)"
    R"("subject":"d-1","time":"2026-11-21T22:16:36.123Z","recordedtime":"2026-11-21T22:16:37.000Z",)"
    R"("correlationid":"0190b2c4-7e1f-7abc-8def-000000000001","causationid":"0190b2c4-7e1f-7abc-8def-000000000002",)"
    R"("hop":3,"expirytime":"2027-01-01T00:00:00.000Z",)"
    R"("traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","datacategory":"none",)"
    R"("foreignid":"sis-4711","schemarevision":2,"datacontenttype":"application/json",)"
    R"("data":{"demand_id":"d-1","school":"school-a","needs":[{"students":3}],"note":"één \"plek\"\n"}})";

std::string refusal(std::string_view json) {
  const auto event = builtin().event_from_json(json);
  return event ? "" : event.error().message;
}

}  // namespace

TEST_CASE("schema: an event with every attribute comes back from JSON as it was") {
  const auto event = builtin().event_from_json(whole);
  INFO((event ? "" : event.error().text()));
  REQUIRE(event.has_value());
  CHECK((event->hop == 3 && event->revision == 2 && event->foreign_id == "sis-4711"));
  CHECK(builtin().event_to_json(view_of(*event)).value() == whole);
}

TEST_CASE("schema: id, time and source may be absent; the subject is the payload's own") {
  const auto event = builtin().event_from_json(
      R"({"specversion":"1.0","type":"nl.placements.demand.registered.v1","time":null,
          "data":{"demand_id":"d-7","school":"school-a","needs":[]}})");
  REQUIRE(event.has_value());
  CHECK((event->id.is_zero() && event->time.value() == 0 && event->source.empty()));
  CHECK(event->subject == "d-7");
}

TEST_CASE("schema: an id that is no UUID is kept as the foreign id") {
  const auto event = builtin().event_from_json(
      R"({"specversion":"1.0","id":"4711/a","type":"nl.placements.demand.registered.v1",
          "data":{"demand_id":"d-7","school":"school-a","needs":[]}})");
  REQUIRE(event.has_value());
  CHECK((event->id.is_zero() && event->foreign_id == "4711/a"));
}

TEST_CASE("schema: an event that cannot be kept whole is refused with the place where") {
  const std::string head = R"({"specversion":"1.0","type":"nl.placements.demand.registered.v1",)";
  const std::string data = R"("data":{"demand_id":"d","school":"s","needs":[]}})";
  CHECK(refusal(head + data).empty());
  CHECK(refusal(head + R"("sequence":"5","sequencetype":"Integer",)" + data).empty());
  CHECK(refusal("[]") == "$: an object is expected");
  CHECK(refusal(R"({"type":"x",)" + data) == "$.specversion: is required, and absent");
  CHECK(refusal(R"({"specversion":"0.3","type":"x",)" + data) == "$.specversion: \"1.0\" is expected");
  CHECK(refusal(R"({"specversion":"1.0",)" + data) == "$.type: is required, and absent");
  CHECK(refusal(R"({"specversion":"1.0","type":"nl.x.v1"})") == "$.data: is required, and absent");
  CHECK(refusal(head + R"("colour":"red",)" + data) == "$.colour: the hub has no place for this attribute");
  CHECK(refusal(head + R"("time":"yesterday",)" + data) == "$.time: a time of RFC 3339 is expected");
  CHECK(refusal(head + R"("correlationid":"5",)" + data) == "$.correlationid: a UUID is expected");
  CHECK(refusal(head + R"("hop":256,)" + data) == "$.hop: a small whole number is expected");
  CHECK(refusal(head + R"("datacontenttype":"text/xml",)" + data) ==
        "$.datacontenttype: \"application/json\" is expected");
  CHECK(refusal(head + R"("data":{"demand_id":"d","school":"s","needs":[{"level":300}]}})") ==
        "$.data.needs[0].level: a whole number (ubyte) is expected");
  const auto unknown = builtin().event_from_json(R"({"specversion":"1.0","type":"nl.x.y.v1","data":{}})");
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().code == Errc::unknown_type);
}

TEST_CASE("schema: a masked event is shown only when it says that it is masked") {
  const EventType& t = *builtin().find_loosely("placement.started");
  const auto full = builtin().from_json(t, R"({"placement_id":"p-1","student":"stud-0001","school":"school-a"})");
  REQUIRE(full.has_value());
  const Bytes masked = builtin().mask(t, *full).value();
  EventView event;
  event.type = t.name;
  event.payload = masked;
  CHECK_FALSE(builtin().event_to_json(event).has_value());
  event.masked = true;
  const auto json = builtin().event_to_json(event);
  REQUIRE(json.has_value());
  CHECK_THAT(*json, ContainsSubstring("\"masked\":true"));
  CHECK(json->find("stud-0001") == std::string::npos);
}

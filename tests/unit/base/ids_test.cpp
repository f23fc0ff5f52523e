// Ids: their text, their versions, and that derived ones repeat.
#include "hub/base/ids.hpp"

#include <set>

#include "tests/catch.hpp"

using namespace iro;

TEST_CASE("base: an event id is written as a UUID and read back") {
  const auto id = parse_event_id("0190b2c4-7e1f-7abc-8def-0123456789ab");
  REQUIRE(id.has_value());
  CHECK(to_string(*id) == "0190b2c4-7e1f-7abc-8def-0123456789ab");
  CHECK(parse_event_id("0190B2C4-7E1F-7ABC-8DEF-0123456789AB") == id);
}

TEST_CASE("base: a text that is no UUID is no event id") {
  for (const char* text : {"", "0190b2c47e1f7abc8def0123456789ab", "0190b2c4-7e1f-7abc-8def-0123456789a",
                           "0190b2c4-7e1f-7abc-8def-0123456789abc", "0190b2c4-7e1f-7abc-8def-0123456789ag",
                           "0190b2c47-e1f-7abc-8def-0123456789ab", "{190b2c4-7e1f-7abc-8def-0123456789a}"}) {
    INFO(text);
    CHECK_FALSE(parse_event_id(text).has_value());
  }
}

TEST_CASE("base: new event ids are UUIDs of version 7, ordered by time and never the same") {
  std::set<EventId> seen;
  EventId last;
  for (std::uint64_t ms = 1'790'000'000'000; ms < 1'790'000'000'500; ++ms) {
    const EventId id = make_event_id(ms);
    CHECK((id.b[6] >> 4 == 7 && id.b[8] >> 6 == 2));
    CHECK(last < id);
    last = id;
    seen.insert(id);
  }
  CHECK(seen.size() == 500);
  CHECK(make_event_id(5) != make_event_id(5));
}

TEST_CASE("base: a derived id depends on plugin, source and ordinal, and on nothing else") {
  const EventId source = make_event_id(1'790'000'000'000);
  const EventId id = derive_event_id("warm_handover", source, 0);
  CHECK(id == derive_event_id("warm_handover", source, 0));
  CHECK((id.b[6] >> 4 == 8 && id.b[8] >> 6 == 2));
  CHECK(std::equal(id.b.begin(), id.b.begin() + 6, source.b.begin()));
  CHECK(id != derive_event_id("warm_handover", source, 1));
  CHECK(id != derive_event_id("stage_bureau", source, 0));
  CHECK(id != derive_event_id("warm_handover", make_event_id(1'790'000'000'000), 0));
}

TEST_CASE("base: ids of two kinds do not mix") {
  static_assert(!std::is_convertible_v<Seq, MemberNo>);
  static_assert(!std::is_convertible_v<std::uint64_t, Seq>);
  static_assert(!std::is_convertible_v<Token, EventId>);
  CHECK(Seq(4).next() == Seq(5));
  CHECK(Seq(4).plus(3) > Seq(6));
  CHECK(make_producer_id() != make_producer_id());
  CHECK(EventId{}.is_zero());
}

// The registry with the types of this build: privacy by attribute, verification, masking, JSON.
#include "hub/schema/registry.hpp"

#include <algorithm>
#include <set>

#include "schemas/handover_generated.h"
#include "schemas/vacancy_generated.h"
#include "tests/catch.hpp"
#include "tests/unit/schema/fixtures.hpp"

namespace {

using namespace iro;
using namespace iro::schema;

const EventType& type(std::string_view name) {
  const EventType* found = builtin().find_loosely(name);
  REQUIRE(found != nullptr);
  return *found;
}
Bytes payload(std::string_view name, std::string_view json) {
  auto out = builtin().from_json(type(name), json);
  INFO((out ? "" : out.error().text()));
  REQUIRE(out.has_value());
  return *out;
}
Error json_error(std::string_view name, std::string_view json) {
  const auto out = builtin().from_json(type(name), json);
  REQUIRE_FALSE(out.has_value());
  return out.error();
}

}  // namespace

TEST_CASE("schema: the types of this build load, and each has a table and a page") {
  const auto types = builtin().types();
  CHECK(types.size() >= 120);
  for (const EventType* t : types) {
    INFO(t->name);
    CHECK(builtin().find(t->name) == t);
    CHECK_THAT(builtin().describe(*t, "nl"), ContainsSubstring(t->nl));
    CHECK_THAT(builtin().describe(*t, "en"), ContainsSubstring(t->en));
    CHECK_THAT(builtin().describe_json(*t), ContainsSubstring("\"type\":\"" + t->name + "\""));
    CHECK(t->revision >= 1);  // that it goes up with each field, conform_test says
  }
  CHECK(builtin().files().size() == 22);
}

TEST_CASE("schema: every event says from when it holds, but for the one that must not be linked to a day") {
  for (const EventType* t : builtin().types()) {
    INFO(t->name);
    const bool dated = builtin().describe_json(*t).find("\"effective_on\"") != std::string::npos;
    CHECK(dated == (t->name != "nl.placements.dropout.counted.v1"));
  }
}

TEST_CASE("schema: what says that a student is at risk reaches the school alone and has no free text") {
  for (const char* name :
       {"student.at-risk", "risk.owner-assigned", "risk.followed-up", "risk.escalated", "risk.closed"}) {
    INFO(name);
    const EventType& t = type(name);
    CHECK(t.routing == Routing::parties);
    CHECK(t.roles.empty());
    const Bytes p = payload(name, R"({"risk_id":"r-1","student":"stud-0001","school":"school-a"})");
    const Facts facts = builtin().facts(t, p);
    REQUIRE(facts.parties.size() == 1);
    CHECK(facts.parties[0].field == "school");
    CHECK(facts.parties[0].member == "school-a");
    CHECK(builtin().describe_json(t).find("\"kind\":\"string\",\"comment\"") == std::string::npos);
    int texts = 0;
    builtin().visit_texts(t, p, [&](auto, auto) { ++texts; });
    CHECK(texts == 0);
  }
}

TEST_CASE("schema: a counted dropout has no person, no party, no subject and no day") {
  const EventType& t = type("dropout.counted");
  CHECK(t.routing == Routing::operators);
  CHECK_FALSE(t.has_person);
  const Bytes p =
      payload("dropout.counted", R"({"month":"2026-09","profile":"overload","branch":"hospital","year":1})");
  const Facts facts = builtin().facts(t, p);
  CHECK((facts.subject.empty() && facts.person.empty() && facts.parties.empty()));
}

TEST_CASE("schema: an invitation and its answers name no student") {
  for (const char* name :
       {"handover.invited", "handover.accepted", "handover.declined", "handover.invitation-expired"}) {
    INFO(name);
    CHECK_FALSE(type(name).has_person);
    CHECK(type(name).datacategory == "none");
  }
}

TEST_CASE("schema: the present provider is no party to a handover request") {
  const Bytes p = payload("handover.requested", R"({"handover_id":"h-1","student":"stud-0001","school":"school-a",
      "present_provider":"hospital-b","goals_open":[{"code":"G1","text":"wondzorg"}]})");
  const Facts facts = builtin().facts(type("handover.requested"), p);
  REQUIRE(facts.parties.size() == 1);
  CHECK(facts.parties[0].member == "school-a");
  CHECK(type("handover.requested").roles == std::vector<std::string>{"bureau"});
}

TEST_CASE("schema: sealed and gated types are the ones that must be") {
  std::set<std::string> sealed;
  std::set<std::string> gated;
  for (const EventType* t : builtin().types()) {
    if (t->routing == Routing::sealed) sealed.insert(t->name);
    if (t->gate != Gate::none) gated.insert(t->name + " " + std::string(name_of(t->gate)));
  }
  CHECK(sealed == std::set<std::string>{"nl.placements.dossier.item-sealed.v1", "nl.placements.dossier.rectified.v1",
                                        "nl.placements.handover.identity-disclosed.v1",
                                        "nl.placements.placement.identity-disclosed.v1"});
  CHECK(gated == std::set<std::string>{"nl.placements.dossier.item-sealed.v1 consent",
                                       "nl.placements.dossier.rectified.v1 consent",
                                       "nl.placements.placement.identity-disclosed.v1 match-date"});
}

TEST_CASE("schema: no public type has a person or personal data") {
  for (const EventType* t : builtin().types()) {
    if (t->routing == Routing::publik) CHECK(t->datacategory == "none");
  }
}

TEST_CASE("schema: a type is found by its full or its short name") {
  CHECK(builtin().find("vacancy.opened") == nullptr);
  CHECK(builtin().find_loosely("vacancy.opened") == builtin().find("nl.placements.vacancy.opened.v1"));
  CHECK(builtin().find_loosely("nl.placements.vacancy.opened.v1") != nullptr);
  CHECK(builtin().find_loosely("vacancy.closed") == nullptr);
}

TEST_CASE("schema: what generated code builds is accepted, and its facts are read") {
  const Bytes p = sample_vacancy();
  const EventType& t = type("vacancy.opened");
  const Status verified = builtin().verify(t, p);
  INFO((verified ? "" : verified.error().text()));
  CHECK(verified.has_value());
  const Facts facts = builtin().facts(t, p);
  CHECK(facts.subject == "v-2026-0001");
  CHECK(facts.person.empty());
  REQUIRE(facts.parties.size() == 1);
  CHECK(facts.parties[0].field == "provider");
  CHECK(facts.parties[0].member == "hospital-a");
}

TEST_CASE("schema: texts are shown with their path, official numbers and names of parties are not") {
  std::vector<std::string> seen;
  builtin().visit_texts(type("vacancy.opened"), sample_vacancy(), [&](std::string_view path, std::string_view text) {
    seen.push_back(std::string(path) + "=" + std::string(text));
  });
  CHECK(seen == std::vector<std::string>{"offer.ward_id=ward-3", "offer.goals[0].text=wondzorg",
                                         "offer.goals[1].text=medicatie", "offer.area=3511"});
}

TEST_CASE("schema: a payload with an unknown field is refused as newer than the hub") {
  // VacancyReoffered has one more field than VacancyOpened, in a slot that the latter does not know.
  const Bytes newer = payload("vacancy.reoffered", R"({"vacancy_id":"v-1","provider":"p-1","offer":{},
      "respond_by":"2026-11-21","effective_on":"2026-11-21"})");
  const Status verified = builtin().verify(type("vacancy.opened"), newer);
  REQUIRE_FALSE(verified.has_value());
  CHECK(verified.error().code == Errc::schema_newer_than_hub);
}

TEST_CASE("schema: a payload without a required field, with an unknown code or with a broken text is invalid") {
  flatbuffers::FlatBufferBuilder b;
  const auto refused = [&](const EventType& t) {
    const Status verified = builtin().verify(t, {b.GetBufferPointer(), b.GetSize()});
    REQUIRE_FALSE(verified.has_value());
    CHECK(verified.error().code == Errc::payload_invalid);
    b.Clear();
    return verified.error().message;
  };
  const auto cancelled = [&](std::string_view student, std::uint8_t code) {
    const auto id = b.CreateString("h-1");
    const auto person = b.CreateString(flatbuffers::string_view(student));
    const auto school = b.CreateString("school-a");
    events::HandoverCancelledBuilder out(b);
    out.add_handover_id(id);
    if (!student.empty()) out.add_student(person);
    out.add_school(school);
    out.add_code(static_cast<events::HandoverCancelCode>(code));
    b.Finish(flatbuffers::Offset<void>(b.EndTable(out.start_)));
  };
  cancelled("", 0);
  CHECK_THAT(refused(type("handover.cancelled")), ContainsSubstring("HandoverCancelled.student: it is required"));
  cancelled("stud-0001", 44);
  CHECK_THAT(refused(type("handover.cancelled")), ContainsSubstring("does not name"));
  cancelled("stud-\xFF", 0);
  CHECK_THAT(refused(type("handover.cancelled")), ContainsSubstring("UTF-8"));
}

TEST_CASE("schema: a masked payload has no byte of what is hidden, and reads as masked") {
  const std::string json =
      R"({"handover_id":"h-1","student":"PSEUDONYM-0001","school":"school-a","method":"in_person"})";
  const EventType& t = type("handover.student-agreed");
  const auto masked = builtin().mask(t, payload("handover.student-agreed", json));
  REQUIRE(masked.has_value());
  CHECK(as_text(*masked).find("PSEUDONYM") == std::string_view::npos);
  CHECK_FALSE(builtin().verify(t, *masked).has_value());
  CHECK(builtin().verify_masked(t, *masked).has_value());
  CHECK(builtin().facts(t, *masked).person.empty());
  CHECK(builtin().to_json(t, *masked).value() == R"({"handover_id":"h-1","school":"school-a","method":"in_person"})");
}

TEST_CASE("schema: JSON shows dates, weeks, times and codes as people write them") {
  const std::string vacancy =
      R"({"vacancy_id":"v-1","provider":"hospital-a","offer":{"ward_kind":"learning_department","branch":"hospital",)"
      R"("programmes":["25655"],"levels":[4],"learning_paths":["bol","hbo_dual"],"begin_on":"2026-11-21",)"
      R"("seats":[{"week":"2026-W40","seats":2},{"week":"2026-W53","seats":0}],"expenses_covered":false},)"
      R"("effective_on":"1970-01-01"})";
  CHECK(builtin().to_json(type("vacancy.opened"), payload("vacancy.opened", vacancy)).value() == vacancy);
  const std::string sealed =
      R"({"handover_id":"h","student":"stud-0001","author":"a","recipient":"b","item":"goals","content":{"scheme":"s",)"
      R"("keys":[{"key_id":"k","sealed_key":"AQID"}],"content":"AAE="},"valid_until":"2026-11-21T22:16:36.123Z","school":"s-1"})";
  CHECK(builtin().to_json(type("dossier.item-sealed"), payload("dossier.item-sealed", sealed)).value() == sealed);
}

TEST_CASE("schema: JSON that does not fit is refused with the place where") {
  const auto message = [](std::string_view json) { return json_error("vacancy.opened", json).message; };
  CHECK(message("[]") == "$: an object is expected");
  CHECK_THAT(message("{"), ContainsSubstring("no JSON"));
  CHECK(message(R"({"provider":"p","offer":{}})") == "$.vacancy_id: is required, and absent");
  CHECK(message(R"({"vacancy_id":null,"provider":"p","offer":{}})") == "$.vacancy_id: is required, and absent");
  CHECK(message(R"({"vacancy":"v"})") == "$.vacancy: there is no such field");
  CHECK(message(R"({"vacancy_id":5})") == "$.vacancy_id: a text is expected");
  CHECK(message(R"({"offer":{"branch":"zoo"}})") == "$.offer.branch: \"zoo\" is no code of iro.events.Branch");
  CHECK(message(R"({"offer":{"levels":[4,70000]}})") == "$.offer.levels[1]: a whole number (ushort) is expected");
  CHECK(message(R"({"offer":{"levels":[4,1.5]}})") == "$.offer.levels[1]: a whole number (ushort) is expected");
  CHECK(message(R"({"offer":{"begin_on":"21-11-2026"}})") == "$.offer.begin_on: a date is expected");
  CHECK(message(R"({"offer":{"begin_on":"2026-02-30"}})") == "$.offer.begin_on: a date is expected");
  CHECK(message(R"({"offer":{"seats":[{"week":"2026-W54"}]}})") == "$.offer.seats[0].week: a week is expected");
  CHECK(message(R"({"offer":{"seats":{}}})") == "$.offer.seats: a list is expected");
  CHECK(message(R"({"offer":{"expenses_covered":1}})") == "$.offer.expenses_covered: true or false is expected");
  CHECK(json_error("vacancy.opened", "{}").code == Errc::payload_invalid);
}

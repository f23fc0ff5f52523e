// Bad input gets a clear refusal with a permanent code, and nothing is lost. The core with everything around it in
// memory.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <random>

#include "hub/admission/commands.hpp"
#include "hub/base/z85.hpp"
#include "hub/schema/personal_number.hpp"
#include "hub/schema/plan.hpp"
#include "plugins/scenario/harness.hpp"
#include "tests/catch.hpp"

namespace {

using namespace iro;
using namespace iro::scenario;
namespace json = boost::json;

constexpr const char* vacancy = R"({"vacancy_id": "vac-1", "provider": "hospital-a", "offer": {}})";

struct Region {
  Harness hub;
  Client* hospital = nullptr;
  Client* school = nullptr;
  Region() {
    hub.enrol("hospital-a", {"care_provider"});
    hub.enrol("school-a", {"school"});
    hospital = &hub.connect("hospital-a");
    school = &hub.connect("school-a");
  }
};

/// A payload in which every field is filled with something harmless.
json::object fill(const schema::TypePlan& plan, const schema::TablePlan& table, int depth);

json::value value_of(const schema::TypePlan& plan, const schema::Step& step, schema::Kind kind, int depth) {
  using schema::Format;
  using schema::Kind;
  if (kind == Kind::table) return fill(plan, plan.tables[step.table], depth + 1);
  if (kind == Kind::text) return "text";
  if (kind == Kind::blob) return "AAAA";
  if (kind == Kind::boolean) return true;
  if (step.enumeration != schema::no_index) {
    const auto& e = plan.enums[step.enumeration];
    for (std::uint64_t v = 0; v < 64; ++v) {
      if (e.has(v)) return json::value(e.names[v]);
    }
  }
  switch (step.format) {
    case Format::date:
      return "2026-09-01";
    case Format::timestamp:
      return "2026-09-01T08:00:00Z";
    case Format::week:
      return "2026-W40";
    case Format::month:
      return "2026-09";
    case Format::none:
      break;
  }
  return 1;
}

json::object fill(const schema::TypePlan& plan, const schema::TablePlan& table, int depth) {
  json::object out;
  for (std::size_t i = 0; i < table.steps.size(); ++i) {
    const schema::Step& step = table.steps[i];
    if (step.table != schema::no_index && depth > 3) continue;
    out[table.fields[i].name] = step.kind == schema::Kind::list
                                    ? json::value(json::array{value_of(plan, step, step.element, depth)})
                                    : value_of(plan, step, step.kind, depth);
  }
  return out;
}

/// Pointers to every text that a person may type, in a payload made by fill().
void free_texts(const schema::TypePlan& plan, const schema::TablePlan& table, const std::string& at, int depth,
                std::vector<std::string>& out) {
  for (std::size_t i = 0; i < table.steps.size(); ++i) {
    const schema::Step& step = table.steps[i];
    if (step.table != schema::no_index && depth > 3) continue;
    const bool list = step.kind == schema::Kind::list;
    const std::string here = at + "/" + table.fields[i].name + (list ? "/0" : "");
    const schema::Kind kind = list ? step.element : step.kind;
    if (kind == schema::Kind::table) free_texts(plan, plan.tables[step.table], here, depth + 1, out);
    if (kind == schema::Kind::text && step.is(schema::detected)) out.push_back(here);
  }
}

}  // namespace

TEST_CASE("security: a BSN or onderwijsnummer in any free-text field of any type is refused") {
  Harness hub;
  const char* const numbers[] = {"111222333", "mijn bsn is 111.222.333", "nr 1112 22 333 graag", "100000010"};
  REQUIRE(schema::find_personal_number("100000010") == schema::PersonalNumber::bsn);
  admission::Admission admission(registry());
  std::size_t fields = 0;
  for (const auto* type : registry().types()) {
    admission::Member sender;
    sender.no = admission::is_command(type->name) ? admission::operator_no : MemberNo(1);
    sender.oin = "00000099000000000001";
    sender.slug = "text";  // what fill() writes into the field of a speaker
    sender.source_system = "sis";
    sender.grants[type->name].publish = true;
    const auto& plan = *type->plan;
    json::object payload = fill(plan, plan.tables[0], 0);
    if (plan.person != schema::no_index) payload[plan.tables[0].fields[plan.person].name] = "pseudonym-1";
    const auto verdict = [&](const json::object& o) {
      schema::Event e;
      e.id = make_event_id(1);
      e.type = type->name;
      e.source = sender.default_source();
      e.time = hub.clock.now();
      auto bytes = registry().from_json(*type, json::serialize(o));
      INFO(type->name << " " << json::serialize(o));
      REQUIRE(bytes.has_value());
      e.payload = std::move(*bytes);
      const auto admitted = admission.admit(schema::view_of(e), sender, hub.clock.now());
      return admitted ? Errc::ok : admitted.error().code;
    };
    INFO(type->name);
    REQUIRE(verdict(payload) == Errc::ok);
    std::vector<std::string> texts;
    free_texts(plan, plan.tables[0], "", 0, texts);
    for (const auto& pointer : texts) {
      for (const char* number : numbers) {
        json::value changed = payload;
        changed.at_pointer(pointer) = number;
        INFO(pointer << " = " << number);
        CHECK(verdict(changed.as_object()) == Errc::personal_number);
      }
      ++fields;
    }
  }
  CHECK(fields > 20);
}

TEST_CASE("security: numbers that only look like it pass, numbers that are it do not") {
  using schema::find_personal_number;
  CHECK_FALSE(find_personal_number(""));
  CHECK_FALSE(find_personal_number("123456789"));
  CHECK_FALSE(find_personal_number("op 20230201 begonnen"));
  CHECK_FALSE(find_personal_number("00000099000000001000"));
  CHECK_FALSE(find_personal_number("000000000"));
  CHECK(find_personal_number("111222333"));
  CHECK(find_personal_number("x111222333y"));
  CHECK(find_personal_number("111-222-333"));
  CHECK(find_personal_number("kamer 12 111222333"));
}

TEST_CASE("security: an id made of a personal number is refused, the digits of a hash are chance") {
  using schema::find_personal_number_in_id;
  CHECK(find_personal_number_in_id("111222333"));
  CHECK(find_personal_number_in_id("student-111222333"));
  CHECK(find_personal_number_in_id("111222333_1"));
  CHECK_FALSE(find_personal_number_in_id("9f111222333c"));
  CHECK_FALSE(find_personal_number_in_id("a111222333"));
  CHECK_FALSE(find_personal_number_in_id("1112223334"));
  CHECK_FALSE(find_personal_number_in_id(""));
}

TEST_CASE("security: a payload that does not verify is refused and its number used up") {
  Region r;
  schema::Event e = r.hub.make(*r.hospital, "vacancy.opened", vacancy);
  e.payload = {1, 2, 3, 4, 5, 6, 7, 8};
  CHECK(r.hub.publish(*r.hospital, {e, r.hub.make(*r.hospital, "vacancy.opened", vacancy)}) ==
        std::vector{Errc::payload_invalid, Errc::ok});
  e.payload = {};
  CHECK(r.hub.publish(*r.hospital, {e}) == std::vector{Errc::payload_invalid});
}

TEST_CASE("security: a payload of another type, or with fields this hub does not know, is refused") {
  Region r;
  schema::Event e = r.hub.make(*r.hospital, "vacancy.opened", vacancy);
  e.type = registry().find_loosely("vacancy.withdrawn")->name;
  const Errc code = r.hub.publish(*r.hospital, {e}).front();
  CHECK((code == Errc::payload_invalid || code == Errc::schema_newer_than_hub));
  schema::Event newer = r.hub.make(*r.hospital, "vacancy.opened", vacancy);
  newer.revision = 99;
  CHECK(r.hub.publish(*r.hospital, {newer}).front() == Errc::schema_newer_than_hub);
}

TEST_CASE("security: an oversize payload is refused, the largest allowed one is not refused for its size") {
  Region r;
  schema::Event e = r.hub.make(*r.hospital, "vacancy.opened", vacancy);
  e.payload.resize(limits::payload_bytes + 1);
  CHECK(r.hub.publish(*r.hospital, {e}).front() == Errc::payload_oversize);
  e.payload.resize(limits::payload_bytes);
  CHECK(r.hub.publish(*r.hospital, {e}).front() != Errc::payload_oversize);
}

TEST_CASE("security: an oversize frame and a malformed one are answered with their code") {
  Region r;
  r.hub.send_raw(*r.hospital, Bytes(limits::frame_bytes + 1, 0));
  REQUIRE_FALSE(r.hospital->errors.empty());
  CHECK(r.hospital->errors.back().code == Errc::frame_oversize);
  r.hub.send_raw(*r.hospital, Bytes{'I', 'R', 'O', '1', 1, 3, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9});
  CHECK(r.hospital->errors.back().code == Errc::frame_malformed);
}

TEST_CASE("security: random bytes in place of frames never get past the decoder") {
  Region r;
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  Bytes valid = wire::encode(r.hospital->epoch, wire::Ping{1});
  const auto accepted = r.hub.core->counters().accepted;
  for (int i = 0; i < 20'000; ++i) {
    Bytes frame = valid;
    if (i % 2 == 0) frame.resize(16 + random() % 200);
    for (int k = 0; k < 8; ++k) frame[random() % frame.size()] = static_cast<std::uint8_t>(random());
    r.hub.step(core::Frame{r.hospital->connection, r.hospital->who, std::move(frame)});
  }
  CHECK(r.hub.core->counters().accepted == accepted);
}

TEST_CASE("security: nobody can publish the operator's events, and the operator is no reader") {
  Region r;
  const auto* type = registry().find_loosely("hub.grant-changed");
  r.hub.grant("hospital-a", type->name, true, "none");  // even with a grant
  CHECK(r.hub.publish_one(*r.hospital, type->name, R"({"member": "hospital-a", "type": "x", "publish": true})") ==
        Errc::missing_grant);
  Client& op = r.hub.connect("operator", "reading");
  r.hub.subscribe(op, "all");
  const auto before = op.received.size();
  CHECK(r.hub.publish_one(*r.hospital, "vacancy.opened", vacancy) == Errc::ok);
  CHECK(op.received.size() == before);
}

TEST_CASE("security: a revoked key's session ends with the commit, and a new one is refused") {
  Region r;
  r.hub.subscribe(*r.school, "all");
  const MemberNo school = r.hub.core->membership()->find("school-a")->no;
  const auto key = r.hub.core->membership()->find(school)->keys.front();
  REQUIRE(
      r.hub.operate("nl.placements.hub.key-revoked.v1", fmt::format(R"({{"member": "school-a", "public_key": "{}"}})",
                                                                    z85_encode_key(key.public_key))) == Errc::ok);
  CHECK_FALSE(r.hub.core->membership()->key_active({school, key.no}, r.hub.clock.now()));
  const auto before = r.school->received.size();
  CHECK(r.hub.publish_one(*r.hospital, "vacancy.opened", vacancy) == Errc::ok);
  CHECK(r.school->received.size() == before);
  r.hub.hello(*r.school);
  CHECK(r.school->errors.back().code == Errc::unknown_key);
}

TEST_CASE("security: a member that leaves hears nothing more, and its keys open nothing") {
  Region r;
  r.hub.subscribe(*r.school, "all");
  REQUIRE(r.hub.operate("nl.placements.hub.member-left.v1", R"({"member": "school-a"})") == Errc::ok);
  const auto before = r.school->received.size();
  CHECK(r.hub.publish_one(*r.hospital, "vacancy.opened", vacancy) == Errc::ok);
  CHECK(r.school->received.size() == before);
  r.hub.hello(*r.school);
  CHECK(r.school->errors.back().code == Errc::unknown_key);
}

TEST_CASE("security: a slow consumer is sent what it has credit for and slows nobody") {
  Region r;
  r.hub.enrol("school-b", {"school"});
  Client& quick = r.hub.connect("school-b");
  r.hub.subscribe(quick, "all");
  r.hub.subscribe(*r.school, "all", "", wire::From::cursor, [](wire::Sub& s) { s.credit_events = 10; });
  for (int i = 0; i < 100; ++i) {
    REQUIRE(r.hub.publish_one(
                *r.hospital, "vacancy.opened",
                fmt::format(R"({{"vacancy_id": "vac-{}", "provider": "hospital-a", "offer": {{}}}})", i)) == Errc::ok);
    r.hub.ack_all(quick);
  }
  CHECK(quick.received.size() == 100);
  CHECK(r.school->received.size() == 10);
  for (int i = 0; i < 20; ++i) r.hub.ack_all(*r.school);
  CHECK(r.school->received.size() == 100);
}

TEST_CASE("security: a quota refuses for now, tells when, and takes the same event later") {
  Region r;
  REQUIRE(r.hub.operate("nl.placements.hub.quota-changed.v1",
                        R"({"member": "hospital-a", "events_per_second": 2, "burst_events": 2})") == Errc::ok);
  const schema::Event e = r.hub.make(*r.hospital, "vacancy.opened", vacancy);
  CHECK(r.hub.publish(*r.hospital, {e, e, e}) == std::vector{Errc::ok, Errc::ok, Errc::quota_exceeded});
  CHECK(r.hospital->acks.back().retry_after_ms > 0);
  r.hub.clock.advance_ms(r.hospital->acks.back().retry_after_ms);
  CHECK(r.hub.publish(*r.hospital, {e}).front() == Errc::ok);
}

TEST_CASE(
    "security: a second session under one name is refused while the first is alive, and another member's outbox for "
    "ever") {
  Region r;
  Client copy = *r.hospital;
  copy.connection = ConnectionNo(999);
  copy.producer = ProducerId{{9}};
  copy.start_number = 1;
  r.hub.clients[999] = copy;
  r.hub.hello(r.hub.clients[999]);
  CHECK(r.hub.clients[999].errors.back().code == Errc::session_busy);
  r.hub.clients[999].producer = r.hospital->producer;
  REQUIRE(r.hub.publish_one(*r.hospital, "vacancy.opened", vacancy) == Errc::ok);
  r.hub.clients[999].who = r.school->who;
  r.hub.hello(r.hub.clients[999], "other");
  CHECK(r.hub.clients[999].errors.back().code == Errc::producer_foreign);
}

TEST_CASE("security: WELCOME tells a producer only what is on disk, whatever the open batch holds") {
  Region r;
  const schema::Event e = r.hub.make(*r.hospital, "vacancy.opened", vacancy);
  const wire::Pub pub{ProducerSeq(1), {schema::view_of(e)}};
  // Taken into the batch, not committed, when the same outbox comes back on a new connection.
  r.hub.step(core::Frame{r.hospital->connection, r.hospital->who, wire::encode(r.hospital->epoch, pub)});
  Client& again = r.hub.connect("hospital-a");
  REQUIRE(again.welcome);
  CHECK(again.welcome->producer_last_sequence == ProducerSeq(0));
  // What it sends again is the same event, stored once.
  CHECK(r.hub.publish(again, {e}).front() == Errc::ok);
  CHECK(r.hub.core->counters().by_type.at(e.type) == 1);
}

TEST_CASE("security: a token of another member does not open") {
  Region r;
  r.hub.subscribe(*r.hospital, "all");
  REQUIRE(r.hub.publish_one(*r.hospital, "vacancy.opened", vacancy) == Errc::ok);
  const Token foreign = r.hospital->acks.back().receipt->token;
  r.hub.subscribe(*r.school, "stolen", "", wire::From::token, [&](wire::Sub& s) { s.token = foreign; });
  CHECK(r.school->errors.back().code == Errc::token_invalid);
}

TEST_CASE("security: a full disk refuses for now, loses nothing, and recovers by itself") {
  Region r;
  r.hub.subscribe(*r.school, "all");
  r.hub.log->fail_next_commit(Errc::disk_full);
  const schema::Event e = r.hub.make(*r.hospital, "vacancy.opened", vacancy);
  CHECK(r.hub.publish(*r.hospital, {e}).front() == Errc::disk_full);
  CHECK(r.hub.publish(*r.hospital, {e}).front() == Errc::disk_full);
  r.hub.log->room();
  r.hub.advance_ms(2'000);
  CHECK(r.hub.publish(*r.hospital, {e}).front() == Errc::ok);
  CHECK(r.school->received.size() == 1);
}

TEST_CASE("security: damage that a commit meets ends the hub with 74") {
  Region r;
  r.hub.log->fail_next_commit(Errc::corrupt);
  CHECK(r.hub.publish_one(*r.hospital, "vacancy.opened", vacancy) != Errc::ok);
  REQUIRE(r.hub.stops.size() == 1);
  CHECK(r.hub.stops.front().exit_code == 74);
}

// Every limit of the core: reaching it is an explicit refusal or a stop, never a loss.
#include <fmt/format.h>

#include "hub/base/limits.hpp"
#include "plugins/scenario/harness.hpp"
#include "tests/catch.hpp"

namespace {

using namespace iro;
using namespace iro::scenario;

struct Region {
  explicit Region(HarnessOptions options = {}) : hub(std::move(options)) {
    hub.enrol("hospital-a", {"care_provider"});
    hub.enrol("school-a", {"school"});
    hospital = &hub.connect("hospital-a");
    school = &hub.connect("school-a");
  }
  schema::Event withdrawn(const std::string& id, std::size_t note_bytes = 0) {
    if (note_bytes == 0)
      return hub.make(*hospital, "vacancy.withdrawn",
                      fmt::format(R"({{"vacancy_id": "{}", "provider": "hospital-a"}})", id));
    return hub.make(*hospital, "vacancy.opened",
                    fmt::format(R"({{"vacancy_id": "{}", "provider": "hospital-a", "offer": {{"note": "{}"}}}})", id,
                                std::string(note_bytes, 'n')));
  }
  void publish(std::size_t n, std::size_t note_bytes = 0) {
    std::vector<schema::Event> events;
    for (std::size_t i = 0; i < n; ++i) events.push_back(withdrawn(fmt::format("vac-{}", made++), note_bytes));
    for (const Errc code : hub.publish(*hospital, events)) REQUIRE(code == Errc::ok);
  }
  Harness hub;
  Client* hospital = nullptr;
  Client* school = nullptr;
  std::size_t made = 0;
};

}  // namespace

TEST_CASE("limits: nobody is sent more than consumer_credit_events, whatever it asks for") {
  Region r;
  r.hub.subscribe(*r.school, "all", "", wire::From::cursor, [](wire::Sub& s) { s.credit_events = 1'000'000; });
  for (int i = 0; i < 4; ++i) r.publish(500);
  CHECK(r.school->received.size() == limits::consumer_credit_events);
}

TEST_CASE("limits: nobody is sent more than consumer_credit_bytes and one event") {
  Region r;
  r.hub.subscribe(*r.school, "all");
  for (int i = 0; i < 60; ++i) r.publish(1, 120'000);
  std::size_t bytes = 0;
  for (const auto& got : r.school->received) bytes += got.event.payload.size();
  CHECK(bytes <= limits::consumer_credit_bytes + 121'000);
  CHECK(r.school->received.size() < 60);
}

TEST_CASE("limits: at most consumer_frames are on their way to a consumer") {
  Region r;
  r.hub.subscribe(*r.school, "all");
  for (std::size_t i = 0; i < limits::consumer_frames + 10; ++i) r.publish(1);
  CHECK(r.school->received.size() == limits::consumer_frames);
  r.hub.ack_all(*r.school);
  CHECK(r.school->received.size() == limits::consumer_frames + 10);
}

TEST_CASE("limits: a session has at most consumers_per_session") {
  Region r;
  for (std::size_t i = 0; i < limits::consumers_per_session; ++i) r.hub.subscribe(*r.school, fmt::format("c{}", i));
  CHECK(r.school->errors.empty());
  r.hub.subscribe(*r.school, "one-too-many");
  REQUIRE(r.school->errors.size() == 1);
  CHECK(r.school->errors.front().code == Errc::limit_reached);
}

TEST_CASE("limits: a session that is silent for lease_ms ends, one that speaks does not") {
  Region r;
  r.hub.advance_ms(limits::lease_ms - 2'000);
  r.hub.send(*r.school, wire::Ping{1});
  r.hub.advance_ms(3'000);
  r.hub.send(*r.hospital, wire::Ping{1});
  REQUIRE_FALSE(r.hospital->errors.empty());
  CHECK((r.hospital->errors.back().code == Errc::session_stale ||
         r.hospital->errors.back().code == Errc::session_required));
  r.hub.send(*r.school, wire::Ping{2});
  CHECK(r.school->errors.empty());
}

TEST_CASE("limits: hop and clock_ahead_ms are refused beyond, taken at the limit") {
  Region r;
  schema::Event e = r.withdrawn("vac-x");
  e.hop = limits::hop;
  e.time = r.hub.clock.now().plus(limits::clock_ahead_ms);
  CHECK(r.hub.publish(*r.hospital, {e}).front() == Errc::ok);
  e.hop = limits::hop + 1;
  CHECK(r.hub.publish(*r.hospital, {e}).front() == Errc::hop_limit);
  e.hop = 0;
  e.time = e.time.plus(1);
  CHECK(r.hub.publish(*r.hospital, {e}).front() == Errc::time_invalid);
}

TEST_CASE("limits: two rules that answer each other stop at the hop limit, and what they said before stands") {
  HarnessOptions options;
  const std::string type = registry().find_loosely("vacancy.unfilled")->name;
  options.plugins = {{"echo", {type}, {}, {type}}};
  Region r(options);
  r.hub.plugins["echo"] = [&](const reaction::CallEvent& e) {
    reaction::Outcome out;
    out.emits.push_back({type, to_bytes(e.event.payload)});
    return out;
  };
  r.hub.subscribe(*r.school, "all");
  Client& op = r.hub.connect("operator", "watching");
  r.hub.subscribe(op, "refusals", R"({"suffix": {"type": "hub.refused.v1"}})");
  const auto* known = registry().find(type);
  r.hub.grant("hospital-a", type, true, "none");
  const schema::Event first =
      r.hub.make(*r.hospital, known->name, R"({"vacancy_id": "vac-1", "provider": "hospital-a"})");
  CHECK(r.hub.publish(*r.hospital, {first}).front() == Errc::ok);
  CHECK(r.school->received.size() == limits::hop + 1U);
  CHECK(r.hub.core->counters().refusals.at(Errc::hop_limit) == 1);
  // The refusal is an event too, behind the one that the rule answered.
  REQUIRE(op.received.size() == 1);
  const auto& refused = op.received.front().event;
  CHECK(refused.type == "nl.placements.hub.refused.v1");
  CHECK(refused.causationid == r.school->received.back().event.id);
  CHECK(refused.correlationid == first.id);
  CHECK(registry().to_json(*registry().find(refused.type), refused.payload).value().find("213") != std::string::npos);
}

TEST_CASE("limits: what a rule answers to a refusal is refused without another one, so that it ends") {
  HarnessOptions options;
  const std::string refused = "nl.placements.hub.refused.v1";
  options.plugins = {{"stubborn", {registry().find_loosely("vacancy.withdrawn")->name, refused}}};
  Region r(options);
  r.hub.plugins["stubborn"] = [&](const reaction::CallEvent&) {
    reaction::Outcome out;
    out.emits.push_back({"nl.placements.no-such.thing.v1", {}});
    return out;
  };
  Client& op = r.hub.connect("operator", "watching");
  r.hub.subscribe(op, "refusals", R"({"suffix": {"type": "hub.refused.v1"}})");
  CHECK(r.hub.publish(*r.hospital, {r.withdrawn("vac-1")}).front() == Errc::ok);
  CHECK(op.received.size() == 1);
  CHECK(r.hub.core->counters().refusals.at(Errc::unknown_type) == 2);
}

TEST_CASE("limits: at most `backfills` are under way") {
  Region r;
  REQUIRE(r.hub.publish(*r.hospital, {r.withdrawn("vac-1")}).front() == Errc::ok);
  Client& op = r.hub.connect("operator", "ordering");
  std::vector<schema::Event> orders;
  for (std::size_t i = 0; i <= limits::backfills; ++i)
    orders.push_back(r.hub.make(op, "hub.backfill-ordered",
                                fmt::format(R"({{"backfill_id": "bf-{}", "member": "school-a", )"
                                            R"("types": ["nl.placements.vacancy.withdrawn.v1"]}})",
                                            i)));
  const auto codes = r.hub.publish(op, orders);
  CHECK(std::ranges::count(codes, Errc::ok) == static_cast<std::ptrdiff_t>(limits::backfills));
  CHECK(codes.back() == Errc::command_invalid);
  r.hub.advance_ms(10'000);
  CHECK(r.hub.publish(op, {orders.back()}).front() == Errc::ok);  // they are done: there is room again
}

TEST_CASE("limits: publishers wait while the index is index_lag_events behind and losing, and go on when it gains") {
  Region r;
  const schema::Event e = r.withdrawn("vac-1");
  r.hub.step(core::IndexLag{limits::index_lag_events});
  CHECK(r.hub.publish(*r.hospital, {e}).front() == Errc::ok);
  r.hub.step(core::IndexLag{limits::index_lag_events + 1});
  CHECK(r.hub.publish(*r.hospital, {e}).front() == Errc::index_behind);
  CHECK(r.hospital->acks.back().retry_after_ms > 0);
  r.hub.step(core::IndexLag{limits::index_lag_events + 1});
  CHECK(r.hub.publish(*r.hospital, {e}).front() == Errc::index_behind);
  r.hub.step(core::IndexLag{limits::index_lag_events - 500});
  CHECK(r.hub.publish(*r.hospital, {e}).front() == Errc::ok);
}

TEST_CASE("limits: a batch is closed at batch_events and batch_bytes") {
  Region r;
  const auto commits = r.hub.core->counters().commits;
  wire::Pub pub;
  std::vector<schema::Event> events;
  for (std::size_t i = 0; i < limits::events_per_pub; ++i) events.push_back(r.withdrawn(fmt::format("vac-{}", i)));
  for (const auto& e : events) pub.events.push_back(schema::view_of(e));
  for (std::size_t i = 0; i < limits::batch_events / limits::events_per_pub; ++i) {
    pub.first_sequence = ProducerSeq(1 + i * limits::events_per_pub);
    r.hub.step(core::Frame{r.hospital->connection, r.hospital->who, wire::encode(r.hospital->epoch, pub)});
  }
  CHECK(r.hub.core->counters().commits == commits + 1);  // without a Flush
  std::size_t frames = 0;
  const schema::Event large = r.withdrawn("vac-large", 200'000);
  while (r.hub.core->counters().commits == commits + 1 && frames < 100) {
    r.hub.step(core::Frame{r.hospital->connection, r.hospital->who,
                           wire::encode(r.hospital->epoch, wire::Pub{ProducerSeq(limits::batch_events + 1 + frames),
                                                                     {schema::view_of(large)}})});
    ++frames;
  }
  CHECK(frames <= limits::batch_bytes / 200'000 + 1);
}

TEST_CASE("limits: input beyond input_queue_bytes while a batch is decided is refused busy") {
  HarnessOptions options;
  options.plugins = {{"slow", {registry().find_loosely("vacancy.withdrawn")->name}, {}}};
  Region r(options);
  core::Actions actions;
  const auto step = [&](core::Input in) { r.hub.core->step(std::move(in), r.hub.clock.now(), actions); };
  const schema::Event e = r.withdrawn("vac-1");
  step(core::Frame{r.hospital->connection, r.hospital->who,
                   wire::encode(r.hospital->epoch, wire::Pub{ProducerSeq(1), {schema::view_of(e)}})});
  step(core::Flush{});  // the plugin is asked and does not answer
  const Bytes frame(limits::frame_bytes, 1);
  for (std::size_t i = 0; i < limits::input_queue_bytes / limits::frame_bytes + 2; ++i)
    step(core::Frame{r.school->connection, r.school->who, frame});
  CHECK(r.hub.core->counters().busy == 2);
}

TEST_CASE("limits: the last receipts_per_producer are kept, no more") {
  Region r;
  for (std::size_t i = 0; i < limits::receipts_per_producer + 10; ++i) r.publish(1);
  const auto snapshot = r.hub.log->load();
  REQUIRE(snapshot);
  std::size_t most = 0;
  for (const auto& row : snapshot->producers) most = std::max(most, row.receipts.size());
  CHECK(most == limits::receipts_per_producer);
}

TEST_CASE("limits: a foreign id is remembered for foreign_id_days") {
  Region r;
  schema::Event e = r.withdrawn("vac-1");
  e.foreign_id = "row-1";
  CHECK(r.hub.publish(*r.hospital, {e}).front() == Errc::ok);
  r.hub.clock.advance_ms(limits::foreign_id_days * 86'400'000 - 60'000);
  r.hub.hello(*r.hospital);
  CHECK(r.hub.publish(*r.hospital, {e}).front() == Errc::duplicate_event);
  r.hub.clock.advance_ms(120'000);
  r.hub.hello(*r.hospital);
  r.publish(1);  // its commit forgets what is too old
  CHECK(r.hub.publish(*r.hospital, {e}).front() == Errc::ok);
}

TEST_CASE("limits: a consumer pauses when held_subjects wait, says so, and goes on when they are skipped") {
  Region r;
  r.hub.subscribe(*r.school, "all");
  std::uint64_t number = 1;
  for (std::size_t i = 0; i < limits::held_subjects; ++i) {
    r.publish(1);
    r.hub.send(*r.school, wire::Park{r.school->consumers.at("all"), number++, "aside"});
  }
  const auto before = r.school->received.size();
  r.publish(1);
  CHECK(r.school->received.size() == before);
  r.hub.send(*r.school, wire::Query{1, "consumers", "", {}});
  CHECK_THAT(r.school->answers.back().body, ContainsSubstring("\"paused\":true"));
  r.hub.send(*r.school, wire::Control{2, "parked.skip", R"({"consumer": "all"})"});
  r.hub.advance_ms(1'000);
  CHECK(r.school->received.size() == before + 1);
}

TEST_CASE(
    "limits: after delivery_attempts failures an event is parked; waits grow from retry_first_ms to retry_most_ms") {
  Region r;
  r.hub.subscribe(*r.school, "all");
  r.publish(1);
  std::vector<std::int64_t> waits;
  for (std::uint32_t attempt = 1; attempt <= limits::delivery_attempts; ++attempt) {
    REQUIRE(r.school->received.size() == attempt);
    CHECK(r.school->received.back().attempt == attempt);
    r.hub.send(*r.school,
               wire::Nak{r.school->consumers.at("all"), r.school->received.back().number, 0, true, "failed"});
    std::int64_t waited = 0;
    while (attempt < limits::delivery_attempts && r.school->received.size() == attempt && waited < 200'000) {
      r.hub.send(*r.school, wire::Ping{1});  // its lease goes on
      r.hub.advance_ms(100);
      waited += 100;
    }
    if (attempt < limits::delivery_attempts) waits.push_back(waited);
  }
  CHECK(waits.front() >= limits::retry_first_ms);
  CHECK(waits.front() <= 2 * limits::retry_first_ms);
  CHECK(waits.back() >= waits.front());
  CHECK(waits.back() <= limits::retry_most_ms + limits::retry_most_ms / 4 + 100);
  r.hub.send(*r.school, wire::Query{1, "parked", "", {}});
  CHECK_THAT(r.school->answers.back().body, ContainsSubstring("\"state\":\"parked\""));
}

// Concern: whoever was given an event about a person stands in the access log: delivered, asked, explained or exported;
// the
//   log holds no pseudonym, and is read by the school and the operator only.
// Plan: small regions in the harness with the views beside the core; what clients received is compared with the log.
#include <boost/json.hpp>
#include <set>

#include "plugins/scenario/harness.hpp"
#include "tests/catch.hpp"

namespace iro::test {
using namespace scenario;
namespace {

namespace json = boost::json;

const std::string pseudonym = "pseudo-0001";

struct Small {
  Small()
      : hub([] {
          HarnessOptions o;
          o.views = true;
          return o;
        }()) {
    hub.enrol("school-a", {"school"});
    hub.enrol("school-b", {"school"});
    hub.enrol("hospital-a", {"care_provider"});
    hub.enrol("bureau-a", {"bureau"});
  }
  std::string adopt(const std::string& person = pseudonym) {
    Client& c = hub.connect("school-a", "pub");
    const schema::Event e =
        hub.make(c, "nl.placements.placement.adopted.v1",
                 R"({"placement_id":"p-1","student":")" + person + R"(","school":"school-a","provider":"hospital-a"})");
    REQUIRE(hub.publish(c, {e}).front() == Errc::ok);
    return to_string(e.id);
  }
  wire::Answer ask(const std::string& slug, const std::string& view, const std::string& args) {
    return hub.ask(hub.connect(slug, "asker"), view, args);
  }
  json::array access(const std::string& slug, const std::string& person = pseudonym) {
    hub.advance_ms(1'500);
    const auto answer = ask(slug, "access", R"({"person":")" + person + R"("})");
    INFO(answer.reason);
    REQUIRE(answer.code == Errc::ok);
    return json::parse(answer.body).as_array();
  }
  /// "delivered hospital-a main full"
  std::multiset<std::string> told(const std::string& slug) {
    std::multiset<std::string> out;
    for (const auto& v : access(slug)) {
      std::string line;
      for (const char* field : {"outcome", "member", "client", "share"})
        line += std::string(line.empty() ? "" : " ") + std::string(v.at(field).as_string());
      out.insert(line);
    }
    return out;
  }
  Harness hub;
};

}  // namespace

TEST_CASE("access: each delivery of an event about a person is kept: whom, when, what and what for") {
  Small r;
  r.hub.subscribe(r.hub.connect("hospital-a", "main"), "all");
  r.hub.subscribe(r.hub.connect("bureau-a", "desk"), "all");
  const auto id = r.adopt();
  CHECK(r.told("operator") ==
        std::multiset<std::string>{"delivered bureau-a desk full", "delivered hospital-a main full"});
  const auto line = r.access("school-a").at(0).as_object();
  CHECK(std::string(line.at("event").as_string()) == id);
  CHECK(line.at("type") == "nl.placements.placement.adopted.v1");
  CHECK(line.at("sender") == "school-a");
  CHECK_FALSE(line.at("purpose").as_string().empty());
  for (const char* field : {"at", "organisation", "oin", "roles"}) CHECK(line.contains(field));
}

TEST_CASE(
    "access: an answer that shows the person is kept with the purpose that was given, and one that shows nothing is "
    "not") {
  Small r;
  const auto id = r.adopt();
  REQUIRE(r.ask("hospital-a", "event", R"({"id":")" + id + R"(","purpose":"a call from the ward"})").code == Errc::ok);
  REQUIRE(r.ask("bureau-a", "explain", R"({"id":")" + id + R"("})").code == Errc::ok);
  REQUIRE(r.ask("operator", "event", R"({"id":")" + id + R"("})").code == Errc::ok);  // sees no content
  REQUIRE(r.ask("school-b", "event", R"({"id":")" + id + R"("})").code == Errc::not_found);
  CHECK(r.told("school-a") ==
        std::multiset<std::string>{"asked hospital-a asker full", "explained bureau-a asker full"});
  bool purpose = false;
  for (const auto& v : r.access("school-a")) purpose = purpose || v.at("purpose") == "a call from the ward";
  CHECK(purpose);
}

TEST_CASE("access: what is taken away about a person stands there as exported, each page of it, with its purpose") {
  Small r;
  std::set<std::string> events;
  for (int i = 0; i < 3; ++i) events.insert(r.adopt());
  r.adopt("pseudo-0002");
  std::string args = R"({"person":")" + pseudonym + R"(","order":"oldest","data":true,"export":true,"limit":2,)" +
                     R"("purpose":"asked by the student")";
  const auto first = r.ask("hospital-a", "events", args + "}");
  REQUIRE(first.code == Errc::ok);
  const std::string next(json::parse(first.body).at("next").as_string());
  REQUIRE(r.ask("hospital-a", "events", args + R"(,"from":")" + next + R"("})").code == Errc::ok);
  CHECK(r.told("school-a") == std::multiset<std::string>{"exported hospital-a asker full",
                                                         "exported hospital-a asker full",
                                                         "exported hospital-a asker full"});
  std::set<std::string> told;
  for (const auto& v : r.access("school-a")) {
    CHECK(v.at("purpose") == "asked by the student");
    told.insert(std::string(v.at("event").as_string()));
  }
  CHECK(told == events);
  r.hub.advance_ms(1'500);
  CHECK(r.ask("school-a", "access", R"({"person":"pseudo-0002"})").code == Errc::not_found);
  // The same question without the word is a question, and an export is of one person.
  REQUIRE(r.ask("hospital-a", "events", R"({"person":"pseudo-0002","data":true,"export":false})").code == Errc::ok);
  CHECK(r.access("school-a", "pseudo-0002").at(0).at("outcome") == "asked");
  CHECK(r.ask("hospital-a", "events", R"({"export":true})").code == Errc::arguments_invalid);
}

TEST_CASE("access: only the school that speaks about the person, and the operator, read it; others learn nothing") {
  Small r;
  r.hub.subscribe(r.hub.connect("hospital-a", "main"), "all");
  r.adopt();
  r.hub.advance_ms(1'500);
  const std::string args = R"({"person":")" + pseudonym + R"("})";
  for (const char* other : {"school-b", "hospital-a", "bureau-a"}) {
    const auto about_known = r.ask(other, "access", args);
    const auto about_nobody = r.ask(other, "access", R"({"person":"pseudo-9999"})");
    CHECK(about_known.code == Errc::not_found);
    CHECK(about_known.reason == about_nobody.reason);
  }
  CHECK(r.ask("school-a", "access", "{}").code == Errc::arguments_invalid);
  CHECK(r.access("school-a").size() == 1);
}

TEST_CASE("access: neither the record nor what is delivered of it holds the pseudonym, and nobody receives it") {
  Small r;
  Client& op = r.hub.connect("operator", "tail");
  r.hub.subscribe(op, "all");
  const auto connection = op.connection.value();
  r.hub.subscribe(r.hub.connect("hospital-a", "main"), "all");
  r.adopt();
  r.hub.advance_ms(1'500);
  for (const auto& received : r.hub.clients.at(connection).received)
    CHECK(received.event.type != "nl.placements.hub.accessed.v1");
  CHECK(r.access("operator").size() == 1);
  auto reader = r.hub.log->reader();
  const auto chunks = reader->read(Seq(1), 64U << 20, std::nullopt);
  REQUIRE(chunks);
  for (const auto& chunk : *chunks) {
    for (const auto& [month, bytes] : chunk->bodies) CHECK(as_text(bytes).find(pseudonym) == std::string_view::npos);
    CHECK(as_text(chunk->dir).find(pseudonym) == std::string_view::npos);
  }
}

TEST_CASE("access: what a failed commit carried stands in the next one, once") {
  Small r;
  r.hub.subscribe(r.hub.connect("hospital-a", "main"), "all");
  r.adopt();
  r.hub.log->fail_next_commit(Errc::disk_full);
  r.hub.advance_ms(2'500);
  r.hub.log->room();
  r.hub.advance_ms(2'500);
  CHECK(r.told("operator") == std::multiset<std::string>{"delivered hospital-a main full"});
}

TEST_CASE("access: the cursor of a delivery is never on disk before its access is") {
  Small r;
  Client& hospital = r.hub.connect("hospital-a", "main");
  r.hub.subscribe(hospital, "all");
  const auto connection = hospital.connection.value();
  for (int i = 0; i < 20; ++i) {
    r.adopt();
    r.hub.ack_all(r.hub.clients.at(connection));
    if (i % 3 == 0) r.hub.advance_ms(1'100);
    const auto state = r.hub.log->load().value();
    Seq cursor;
    for (const auto& c : state.consumers) cursor = std::max(cursor, c.cursor);
    std::size_t delivered = 0;
    std::size_t recorded = 0;
    auto reader = r.hub.log->reader();
    const auto chunks = reader->read(Seq(1), 64U << 20, std::nullopt).value();
    for (const auto& chunk : chunks) {
      const auto view = log::ChunkView::open(chunk).value();
      for (std::uint32_t e = 0; e < view.count(); ++e) {
        const auto entry = view.entry(e);
        if (entry.person_key.value() != 0 && view.seq(e) <= cursor) ++delivered;
        const auto body = view.body(entry);
        if (entry.subject == "access" && body) {
          const auto* type = registry().find("nl.placements.hub.accessed.v1");
          recorded += json::parse(registry().to_json(*type, to_bytes(*body)).value()).at("accesses").as_array().size();
        }
      }
    }
    CHECK(recorded >= delivered);
  }
}

}  // namespace iro::test

// Named cases of explain and why_not.
//
// Concern: what an explanation says, in the shape that programs read, and who may ask for it.
// Plan: small regions in the harness, with the views beside the core as in irod.
#include <boost/json.hpp>

#include "plugins/scenario/harness.hpp"
#include "tests/catch.hpp"

namespace iro::test {
using namespace scenario;
namespace {

namespace json = boost::json;

struct Small {
  static HarnessOptions with_views() {
    HarnessOptions o;
    o.views = true;
    return o;
  }
  Small() : hub(with_views()) {
    hub.enrol("school-a", {"school"});
    hub.enrol("hospital-a", {"care_provider"});
    hub.enrol("bureau-a", {"bureau"});
    hub.enrol("hospital-b", {"care_provider"});
  }
  std::string publish(const std::string& slug, const std::string& type, const std::string& data) {
    Client& c = hub.connect(slug, "pub");
    const schema::Event e = hub.make(c, registry().find_loosely(type)->name, data);
    REQUIRE(hub.publish(c, {e}).front() == Errc::ok);
    return to_string(e.id);
  }
  wire::Answer ask(const std::string& slug, const std::string& view, const std::string& args) {
    return hub.ask(hub.connect(slug, "asker"), view, args);
  }
  json::object explain(const std::string& slug, const std::string& id) {
    const auto answer = ask(slug, "explain", R"({"id":")" + id + R"("})");
    INFO(answer.reason);
    REQUIRE(answer.code == Errc::ok);
    return json::parse(answer.body).as_object();
  }
  json::object why_not(const std::string& slug, const std::string& id, const std::string& member) {
    const auto answer = ask(slug, "why_not", R"({"id":")" + id + R"(","member":")" + member + R"("})");
    INFO(answer.reason);
    REQUIRE(answer.code == Errc::ok);
    return json::parse(answer.body).as_object();
  }
  Harness hub;
};

const std::string confirmed =
    R"({"placement_id":"p-1","student":"pseudo-0001","school":"school-a","provider":"hospital-a"})";

}  // namespace

TEST_CASE("explain: the operator hears who, why, who not and why not, and no content") {
  Small r;
  const auto id = r.publish("hospital-a", "placement.confirmed", confirmed);
  const auto said = r.explain("operator", id);
  const std::string all = json::serialize(said);
  CHECK(all.find("pseudo-0001") == std::string::npos);
  CHECK(said.at("audience").as_array().size() == 3);
  CHECK(all.find(R"({"member":"school-a","share":"full","rule":"party","field":"school","since":"same"})") !=
        std::string::npos);
  CHECK(all.find(R"({"member":"bureau-a","share":"full","rule":"role","role":"bureau","since":"same"})") !=
        std::string::npos);
  CHECK(all.find(R"({"member":"hospital-b","reason":"not_a_party"})") != std::string::npos);
  CHECK(said.at("commit").as_object().contains("chunk"));
}

TEST_CASE("explain: what was decided then stands, what changed since is said apart") {
  Small r;
  const auto id = r.publish("hospital-a", "placement.confirmed", confirmed);
  r.hub.grant("school-a", "nl.placements.placement.confirmed.v1", false, "denied");
  r.hub.grant("hospital-b", "nl.placements.placement.confirmed.v1", false, "full");
  CHECK(r.why_not("operator", id, "school-a").at("since") == "denied");
  CHECK(r.why_not("operator", id, "school-a").at("rule") == "party");
  CHECK(r.why_not("operator", id, "hospital-b").at("reason") == "not_a_party");
}

TEST_CASE("explain: a recipient hears of itself only, and who may not know of it hears nothing") {
  Small r;
  const auto id = r.publish("hospital-a", "placement.confirmed", confirmed);
  const auto said = r.explain("school-a", id);
  CHECK(said.at("audience").as_array().size() == 1);
  CHECK_FALSE(said.contains("kept_out"));
  CHECK_FALSE(said.contains("checks"));
  CHECK(r.ask("hospital-b", "explain", R"({"id":")" + id + R"("})").code == Errc::not_found);
  CHECK(r.ask("hospital-b", "why_not", R"({"id":")" + id + R"(","member":"hospital-b"})").code == Errc::not_found);
  CHECK(r.ask("school-a", "why_not", R"({"id":")" + id + R"(","member":"bureau-a"})").code == Errc::missing_grant);
}

TEST_CASE("explain: deliveries are told with their state, attempts and reason") {
  Small r;
  Client& school = r.hub.connect("school-a", "main");
  r.hub.subscribe(school, "all");
  const auto connection = school.connection.value();
  const auto id = r.publish("hospital-a", "placement.confirmed", confirmed);
  const auto state = [&] { return r.why_not("operator", id, "school-a").at("deliveries").at(0).as_object(); };
  CHECK(state().at("state") == "sent");
  Client& again = r.hub.clients.at(connection);
  r.hub.send(again, wire::Nak{again.consumers.at("all"), 1, 60'000, true, "database away"});
  CHECK(state().at("state") == "retry");
  CHECK(state().at("attempts") == 1);
  CHECK(state().at("reason") == "database away");
  CHECK(state().contains("due"));
  r.hub.advance_ms(29'000);
  r.hub.send(again, wire::Ping{1});
  r.hub.advance_ms(29'000);
  r.hub.send(again, wire::Ping{2});
  r.hub.advance_ms(5'000);
  CHECK(state().at("state") == "sent");
  r.hub.ack_all(again);
  CHECK(state().at("state") == "acknowledged");
}

TEST_CASE("explain: what a rule emitted is the region's, not the operator's to read") {
  HarnessOptions options;
  options.views = true;
  options.plugins = {
      {"echo", {"nl.placements.placement.confirmed.v1"}, {}, {registry().find_loosely("placement.adopted")->name}}};
  Harness hub(options);
  hub.plugins["echo"] = [](const reaction::CallEvent&) {
    const auto* type = registry().find_loosely("placement.adopted");
    reaction::Outcome out;
    out.emits.push_back({type->name, *registry().from_json(*type, confirmed)});
    return out;
  };
  hub.enrol("school-a", {"school"});
  hub.enrol("hospital-a", {"care_provider"});
  Client& c = hub.connect("hospital-a", "pub");
  const schema::Event e = hub.make(c, "nl.placements.placement.confirmed.v1", confirmed);
  REQUIRE(hub.publish(c, {e}).front() == Errc::ok);
  const std::string derived = to_string(derive_event_id("echo", e.id, 0));
  const auto answer = hub.ask(hub.connect("operator", "asker"), "event", R"({"id":")" + derived + R"("})");
  REQUIRE(answer.code == Errc::ok);
  CHECK(answer.body.find("pseudo-0001") == std::string::npos);
  CHECK(answer.body.find("not_yours") != std::string::npos);
}

TEST_CASE("explain: what a rule said stands with its event, for who may read the event") {
  HarnessOptions options;
  options.views = true;
  options.plugins = {{"talker", {"nl.placements.placement.confirmed.v1"}}};
  Harness hub(options);
  hub.plugins["talker"] = [](const reaction::CallEvent& e) {
    reaction::Outcome out;
    out.item = e.item;
    out.notes.push_back({"because", "daarom", "that is why"});
    return out;
  };
  hub.enrol("school-a", {"school"});
  hub.enrol("hospital-a", {"care_provider"});
  hub.enrol("hospital-b", {"care_provider"});
  Client& c = hub.connect("hospital-a", "pub");
  const schema::Event e = hub.make(c, "nl.placements.placement.confirmed.v1", confirmed);
  REQUIRE(hub.publish(c, {e}).front() == Errc::ok);
  const auto told = [&](const std::string& slug) {
    const auto answer = hub.ask(hub.connect(slug, "asker"), "explain", R"({"id":")" + to_string(e.id) + R"("})");
    if (answer.code != Errc::ok) return std::string("no answer");
    const json::array lines = json::parse(answer.body).at("case").as_array();
    REQUIRE(lines.size() == 1);  // the hub's record of it is no line of its own
    return json::serialize(lines.at(0).at("rules"));
  };
  const std::string words = R"([{"rule":"talker","words":[{"code":"because","nl":"daarom","en":"that is why"}]}])";
  CHECK(told("hospital-a") == words);
  CHECK(told("school-a") == words);
  CHECK(told("operator") == R"([{"rule":"talker","words":[{"code":"because"}]}])");
  CHECK(told("hospital-b") == "no answer");
}

TEST_CASE("explain: an event that a rule held is explained where it went out, and stands in its case once") {
  HarnessOptions options;
  options.views = true;
  options.plugins = {{"judge", {}, {"nl.placements.placement.confirmed.v1"}}};
  Harness hub(options);
  hub.plugins["judge"] = [](const reaction::CallEvent& e) {
    reaction::Outcome out;
    out.item = e.item;
    return out;
  };
  hub.enrol("school-a", {"school"});
  hub.enrol("hospital-a", {"care_provider"});
  hub.moods["judge"] = Mood::late;
  Client& c = hub.connect("hospital-a", "pub");
  const schema::Event e = hub.make(c, "nl.placements.placement.confirmed.v1", confirmed);
  REQUIRE(hub.publish(c, {e}).front() == Errc::ok);
  const auto told = [&] {
    const auto answer = hub.ask(hub.connect("school-a", "asker"), "explain", R"({"id":")" + to_string(e.id) + R"("})");
    return answer.code == Errc::ok ? answer.body : std::string("no answer");
  };
  CHECK(told() == "no answer");  // nobody may know of it yet
  hub.moods["judge"] = Mood::prompt;
  hub.answer_late();
  hub.advance_ms(1'000);
  const std::string body = told();
  CHECK_THAT(body, ContainsSubstring(R"("audience":[{"member":"school-a","share":"full","rule":"party")"));
  const auto answer = json::parse(body);
  CHECK(answer.at("case").as_array().size() == 1);
  CHECK(answer.as_object().contains("waited"));
}

TEST_CASE("trace: before it is sent: who would get it, in full or masked, and why; nothing is recorded") {
  Small r;
  r.hub.grant("hospital-b", "nl.placements.vacancy.opened.v1", true, "masked");
  const auto trace = [&](const std::string& slug, const std::string& event, const std::string& as) {
    return r.ask(slug, "trace", R"({"event":)" + event + (as.empty() ? "" : R"(,"as":")" + as + "\"") + "}");
  };
  const std::string event =
      R"({"specversion":"1.0","type":"nl.placements.placement.confirmed.v1","data":)" + confirmed + "}";
  const Seq before = r.hub.core->next_seq();
  const auto said = trace("hospital-a", event, "");
  INFO(said.reason);
  REQUIRE(said.code == Errc::ok);
  CHECK_THAT(said.body, ContainsSubstring(R"("verdict":"accepted")"));
  CHECK_THAT(said.body, ContainsSubstring(R"({"member":"school-a","share":"full","rule":"party","field":"school")"));
  CHECK_THAT(said.body, !ContainsSubstring("hospital-b"));  // what others may not hear is not the sender's to know
  CHECK_THAT(trace("operator", event, "hospital-a").body,
             ContainsSubstring(R"("member":"hospital-b","reason":"not_a_party")"));
  CHECK_THAT(trace("school-a", event, "").body, ContainsSubstring("missing_grant"));
  CHECK_THAT(trace("school-a", event, "").body, !ContainsSubstring("audience"));
  CHECK(trace("school-a", event, "hospital-a").code == Errc::missing_grant);
  CHECK(trace("hospital-a", "7", "").code == Errc::arguments_invalid);
  CHECK(r.hub.core->next_seq() == before);
  const auto id = r.publish("hospital-a", "placement.confirmed", confirmed);
  const auto then = r.explain("operator", id);
  const auto traced = json::parse(trace("operator", event, "hospital-a").body).as_object();
  CHECK(traced.at("audience") == then.at("audience"));
  CHECK(traced.at("kept_out") == then.at("kept_out"));
}

TEST_CASE("explain: arguments that are no event's id are refused by name") {
  Small r;
  CHECK(r.ask("school-a", "explain", "{}").code == Errc::arguments_invalid);
  CHECK(r.ask("school-a", "explain", R"({"id":"x"})").code == Errc::arguments_invalid);
  CHECK(r.ask("school-a", "why_not", R"({"id":"0190b2c4-7e1f-7abc-8def-0123456789ab"})").code ==
        Errc::arguments_invalid);
}

}  // namespace iro::test

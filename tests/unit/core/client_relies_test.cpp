// Concern: what the client's recovery rests on (docs/protocol.md): order of PONG, cumulative ACK, the hash in WELCOME.
#include "hub/schema/event.hpp"
#include "plugins/scenario/harness.hpp"
#include "tests/catch.hpp"

using namespace iro;
using namespace iro::scenario;

namespace {

std::string vacancy(int n) {
  return R"({"vacancy_id": "vac-)" + std::to_string(n) + R"(", "provider": "hospital-a", "offer": {}})";
}

struct Region {
  Region() {
    hub.enrol("school-a", {"school"});
    hub.enrol("hospital-a", {"care_provider"});
    school = &hub.connect("school-a");
    hospital = &hub.connect("hospital-a");
  }
  Harness hub;
  Client* school = nullptr;
  Client* hospital = nullptr;
};

}  // namespace

TEST_CASE("core: what came before a PING has been dealt with when its PONG leaves") {
  Region r;
  r.hub.subscribe(*r.school, "all");
  for (int n = 1; n <= 3; ++n) REQUIRE(r.hub.publish_one(*r.hospital, "vacancy.opened", vacancy(n)) == Errc::ok);
  // While a batch is being decided both wait, in their order.
  r.hub.send(*r.school, wire::Nak{r.school->consumers.at("all"), 1, 60'000, true, "not now"});
  r.hub.send(*r.school, wire::Ping{7});
  REQUIRE(r.school->pongs == std::vector<std::uint32_t>{7});
  REQUIRE(r.school->received.size() == 3);
  r.hub.send(*r.school, wire::Query{1, "parked", "{}", {}});
  CHECK(r.school->answers.back().body.find("retry") != std::string::npos);
}

TEST_CASE("core: a cumulative ACK does not acknowledge what an earlier NAK or PARK set aside") {
  Region r;
  r.hub.subscribe(*r.school, "all");
  const char* changed = R"({"vacancy_id": "vac-1", "provider": "hospital-a"})";
  REQUIRE(r.hub.publish_one(*r.hospital, "vacancy.opened", vacancy(1)) == Errc::ok);
  REQUIRE(r.hub.publish_one(*r.hospital, "vacancy.withdrawn", changed) == Errc::ok);
  REQUIRE(r.hub.publish_one(*r.hospital, "vacancy.opened", vacancy(2)) == Errc::ok);
  const ConsumerNo consumer = r.school->consumers.at("all");
  const bool park = GENERATE(false, true);
  CAPTURE(park);
  if (park) {
    r.hub.send(*r.school, wire::Park{consumer, 1, "not for me"});
  } else {
    r.hub.send(*r.school, wire::Nak{consumer, 1, 500, true, "not now"});
  }
  r.hub.ack(*r.school, "all", 3);
  const auto before = r.school->received.size();
  if (park) r.hub.send(*r.school, wire::Control{1, "parked.redrive", R"({"consumer": "all"})"});
  r.hub.advance_ms(2'000);
  REQUIRE(r.school->received.size() == before + 1);
  CHECK(r.school->received.back().event.type == "nl.placements.vacancy.opened.v1");
  CHECK(r.school->received.back().event.id == r.school->received.front().event.id);
  // Its subject's later event was taken back with it, and follows.
  r.hub.ack_all(*r.school);
  r.hub.advance_ms(1'000);
  REQUIRE(r.school->received.size() == before + 2);
  CHECK(r.school->received.back().event.type == "nl.placements.vacancy.withdrawn.v1");
}

TEST_CASE("core: WELCOME names the hash of the last event under the last number, also when that one was refused") {
  Region r;
  REQUIRE(r.hub.publish_one(*r.hospital, "vacancy.opened", vacancy(1)) == Errc::ok);
  schema::Event refused = r.hub.make(*r.hospital, "vacancy.opened", vacancy(2));
  refused.source = "urn:nld:oin:00000099999999999999:systeem:sis";
  REQUIRE(r.hub.publish(*r.hospital, {refused}).front() == Errc::wrong_source);
  r.hub.restart();
  Client& again = r.hub.connect("hospital-a");
  REQUIRE(again.welcome);
  CHECK(again.welcome->producer_last_sequence == ProducerSeq(2));
  CHECK(again.welcome->producer_last_hash == schema::event_hash(refused.id, refused.payload));
}

TEST_CASE("core: a probe that comes back after a worse failure does not make the disk sound") {
  Region r;
  r.hub.log->fail_next_commit(Errc::storage_failed);
  REQUIRE(r.hub.publish_one(*r.hospital, "vacancy.opened", vacancy(1)) == Errc::storage_failed);
  core::Actions out;
  r.hub.core->step(core::Probed{Status()}, r.hub.clock.now(), out);  // asked for while the disk was only full
  CHECK(out.empty());  // it goes on refusing by itself: nothing more is tried at that disk
  CHECK(r.hub.publish_one(*r.hospital, "vacancy.opened", vacancy(2)) == Errc::storage_failed);
}

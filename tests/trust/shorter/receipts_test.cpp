// Concern: a hub that lost what it acknowledged is found out by the first client that comes back.
// Plan: a core in memory; its log is replaced by an older copy, or by another one of the same length; clients say
// HELLO with the receipts that they hold, with forged ones, and with those of an earlier epoch.
#include "plugins/scenario/harness.hpp"
#include "tests/catch.hpp"

using namespace iro;
using namespace iro::scenario;

namespace {

constexpr const char* demand = R"({"demand_id": "dem-1", "school": "school-a", "needs": []})";

struct Region {
  Region() {
    hub.enrol("school-a", {"school"});
    publish(3);
  }
  void publish(int events) {
    Client& school = hub.connect("school-a");
    for (int i = 0; i < events; ++i) REQUIRE(hub.publish_one(school, "demand.registered", demand) == Errc::ok);
    receipt = school.receipt.value();
  }
  /// A client that comes back with what it was given.
  Client& come_back(const std::optional<wire::Receipt>& with) {
    Client& c = hub.connect("school-a", "again");
    hub.disconnect(c);
    Client& again = hub.connect("school-a", "another");
    again.welcome.reset();
    again.receipt = with;
    hub.hello(again, "another");
    return again;
  }
  Harness hub;
  wire::Receipt receipt;
};

}  // namespace

TEST_CASE("receipts: a client that comes back with its receipt is welcome, at the head and inside the log") {
  Region r;
  CHECK(r.come_back(r.receipt).welcome);
  const wire::Receipt old = r.receipt;
  r.publish(5);
  CHECK(r.come_back(old).welcome);
  CHECK(r.come_back(std::nullopt).welcome);
  CHECK(r.hub.stops.empty());
}

TEST_CASE("receipts: an old backup put in place is found out by the first client that reconnects") {
  Region r;
  auto backup = r.hub.log->copy();
  r.publish(4);
  r.hub.log = std::move(backup);
  r.hub.restart();
  CHECK(r.hub.stops.empty());  // in itself it is sound
  Client& c = r.come_back(r.receipt);
  CHECK_FALSE(c.welcome);
  REQUIRE(c.errors.size() == 1);
  CHECK(c.errors.front().code == Errc::receipt_beyond_log);
  REQUIRE(r.hub.stops.size() == 1);
  CHECK(r.hub.stops.front().exit_code == 74);
  CHECK_THAT(r.hub.stops.front().why, ContainsSubstring("4 before it") && ContainsSubstring("iro restore"));
  REQUIRE(r.hub.stops.front().proof);
  CHECK(r.hub.stops.front().proof->head == r.receipt.head);
  const std::size_t commits = r.hub.core->counters().commits;
  r.hub.advance_ms(5'000);
  CHECK(r.hub.core->counters().commits == commits);  // nothing is served or written any more
}

TEST_CASE("receipts: a log of the same length that holds something else is found out, at the head and inside") {
  for (const int more : {0, 3}) {
    Region r;
    auto other = r.hub.log->copy();
    r.publish(2);
    r.hub.log = std::move(other);
    r.hub.restart();
    Client& op = r.hub.connect(std::string(admission::operator_slug), "operator");
    Client& school = r.hub.connect("school-a", "new-outbox");
    for (int i = 0; i < 2 + more; ++i) REQUIRE(r.hub.publish_one(school, "demand.registered", demand) == Errc::ok);
    CHECK(op.welcome);
    CHECK(r.hub.stops.empty());
    CHECK_FALSE(r.come_back(r.receipt).welcome);
    REQUIRE(r.hub.stops.size() == 1);
    CHECK(r.hub.stops.front().exit_code == 74);
    CHECK_THAT(r.hub.stops.front().why, ContainsSubstring("something else"));
  }
}

TEST_CASE("receipts: a forged receipt is refused and counted, and stops nothing") {
  Region r;
  const auto forged = [&](auto&& change) {
    wire::Receipt receipt = r.receipt;
    change(receipt);
    Client& c = r.come_back(receipt);
    CHECK_FALSE(c.welcome);
    REQUIRE(c.errors.size() == 1);
    CHECK(c.errors.front().code == Errc::receipt_invalid);
    c.receipt.reset();
    r.hub.hello(c, "another");
    CHECK(c.welcome);
  };
  forged([](wire::Receipt& x) { x.mac[3] ^= 1; });
  forged([](wire::Receipt& x) { x.head[31] ^= 128; });
  forged([](wire::Receipt& x) { x.token.b[0] ^= 1; });
  forged([](wire::Receipt& x) { x.log_epoch = LogEpoch(7); });
  r.hub.enrol("school-b", {"school"});
  Client& thief = r.hub.connect("school-b");
  thief.welcome.reset();
  thief.receipt = r.receipt;  // a real one, of somebody else
  r.hub.hello(thief);
  CHECK_FALSE(thief.welcome);
  CHECK(thief.errors.back().code == Errc::receipt_invalid);
  CHECK(r.hub.core->counters().refusals.at(Errc::receipt_invalid) == 5);
  CHECK(r.hub.stops.empty());
}

TEST_CASE("receipts: after an accepted loss old receipts stop nothing, and a log of before it is found out") {
  Region r;
  auto backup = r.hub.log->copy();
  r.publish(4);
  const wire::Receipt lost = r.receipt;
  auto undo = backup->copy();
  backup->raise_epoch(LogEpoch(1), r.hub.clock.now());
  r.hub.log = std::move(backup);
  r.hub.restart();
  r.hub.step(core::Flush{});
  Client& c = r.come_back(lost);
  REQUIRE(c.welcome);
  CHECK(c.welcome->log_epoch == LogEpoch(2));
  r.publish(1);
  CHECK(r.receipt.log_epoch == LogEpoch(2));
  r.hub.log = std::move(undo);
  r.hub.restart();
  CHECK_FALSE(r.come_back(r.receipt).welcome);
  REQUIRE(r.hub.stops.size() == 1);
  CHECK(r.hub.stops.front().exit_code == 74);
}

TEST_CASE("receipts: the first event of a new epoch tells every member, and tokens lead to what is shared") {
  Region r;
  Client* school = &r.hub.connect("school-a");
  r.hub.subscribe(*school, "all", "", wire::From::beginning);
  const std::size_t before = school->received.size();
  auto backup = r.hub.log->copy();
  // A token behind the point that the backup reaches.
  REQUIRE(r.hub.publish_one(*school, "demand.registered", demand) == Errc::ok);
  const Token beyond = school->receipt->token;
  const Seq kept = r.hub.core->next_seq();
  backup->raise_epoch(LogEpoch(1), r.hub.clock.now());
  r.hub.log = std::move(backup);
  r.hub.restart();
  const Seq first = r.hub.core->next_seq();
  CHECK(first < kept);
  r.hub.step(core::Flush{});
  CHECK(r.hub.core->next_seq() == first.next());
  r.hub.restart();
  r.hub.step(core::Flush{});
  CHECK(r.hub.core->next_seq() == first.next());  // once
  CHECK(r.hub.log->audit().back().action == "log.restored");

  school = &r.hub.connect("school-a");
  r.hub.subscribe(*school, "fresh", "", wire::From::token, [&](wire::Sub& sub) { sub.token = beyond; });
  CHECK(school->errors.empty());
  REQUIRE(school->received.size() == 1);
  CHECK(school->received.front().event.type == "nl.placements.hub.log-restored.v1");
  r.hub.subscribe(*school, "all2", "", wire::From::beginning);
  CHECK(school->received.size() == 1 + before + 1);
}

// Handlers and the inbox: exactly once, in order per subject, whatever fails.
#include <sqlite3.h>

#include <algorithm>

#include "adapters/client/delivery_runner.hpp"
#include "tests/unit/client/client_fixture.hpp"

using namespace iro;
using namespace iro::client;

namespace {

constexpr ConsumerNo consumer{3};

std::unique_ptr<Inbox> open(const std::filesystem::path& folder, std::uint64_t kept = ids_per_consumer) {
  auto inbox = Inbox::open(folder, kept);
  if (!inbox) FAIL(inbox.error().text());
  return std::move(*inbox);
}

DeliverWork deliver(std::uint64_t first, const std::vector<schema::Event>& events, std::uint16_t attempt = 1,
                    std::uint64_t epoch = 1) {
  wire::Deliver body{consumer, first, attempt, {}, {}};
  for (const schema::Event& event : events) body.events.push_back(schema::view_of(event));
  auto message = wire::decode(hub_frame(epoch, body));
  REQUIRE(message.has_value());
  return {SessionEpoch(epoch), "planner", std::move(*message)};
}

Subscription planner() {
  Subscription subscription;
  subscription.consumer = "planner";
  return subscription;
}

/// A handler that writes each event it has handled into a table of its own, and does as it is told.
struct Recorder {
  std::function<Verdict(const Delivery&)> decide = [](const Delivery&) { return Verdict::done(); };
  std::vector<EventId> called;
  std::vector<bool> replayed;
  Handler handler() {
    return [this](const Delivery& delivery) {
      called.push_back(delivery.event.id);
      replayed.push_back(delivery.replayed);
      delivery.inbox.exec("CREATE TABLE IF NOT EXISTS done(id BLOB NOT NULL)");
      SQLite::Statement put(delivery.inbox, "INSERT INTO done VALUES(?)");
      bind_blob(put, 1, delivery.event.id.view());
      put.exec();
      return decide(delivery);
    };
  }
};

int done_count(Inbox& inbox, std::uint64_t n) {
  SQLite::Statement count(inbox.db(), "SELECT count(*) FROM done WHERE id=?");
  const EventId id = numbered_id(n);
  bind_blob(count, 1, id.view());
  count.executeStep();
  return count.getColumn(0).getInt();
}

std::string story(const Handled& handled) {
  std::string text;
  for (const wire::Body& body : handled.answers) {
    if (const auto* nak = std::get_if<wire::Nak>(&body)) {
      text += (nak->failure ? "failed " : "later ") + std::to_string(nak->number) + ", ";
    }
    if (const auto* park = std::get_if<wire::Park>(&body)) text += "park " + std::to_string(park->number) + ", ";
    if (const auto* ack = std::get_if<wire::Ack>(&body)) text += "ack " + std::to_string(ack->up_to);
  }
  return text;
}

}  // namespace

TEST_CASE("inbox: an event that comes again is acknowledged and not handled again, also after a restart") {
  const TempFolder folder;
  const std::vector events{make_event(1), make_event(2)};
  {
    auto inbox = open(folder.path());
    Recorder recorder;
    DeliveryRunner runner(*inbox);
    runner.add(planner(), recorder.handler());
    CHECK(story(*runner.run(deliver(1, events))) == "ack 2");
    CHECK(story(*runner.run(deliver(3, events, 2))) == "ack 4");
    CHECK(recorder.called.size() == 2);
  }
  auto inbox = open(folder.path());
  Recorder recorder;
  DeliveryRunner runner(*inbox);
  runner.add(planner(), recorder.handler());
  CHECK(story(*runner.run(deliver(1, {make_event(1), make_event(2), make_event(3)}))) == "ack 3");
  CHECK(recorder.called == std::vector{numbered_id(3)});
  for (std::uint64_t n = 1; n <= 3; ++n) CHECK(done_count(*inbox, n) == 1);
}

TEST_CASE("inbox: a handler that fails undoes its own event, and the others of the frame stand") {
  const TempFolder folder;
  auto inbox = open(folder.path());
  Recorder recorder;
  recorder.decide = [](const Delivery& d) {
    if (d.event.id == numbered_id(2)) return Verdict::failed("no such ward");
    if (d.event.id == numbered_id(3)) return Verdict::park("look at this");
    if (d.event.id == numbered_id(4)) return Verdict::later(1'000);
    return Verdict::done();
  };
  DeliveryRunner runner(*inbox);
  runner.add(planner(), recorder.handler());
  const auto handled = runner.run(
      deliver(1, {make_event(1, "a"), make_event(2, "b"), make_event(3, "c"), make_event(4, "d"), make_event(5, "e")}));
  CHECK(story(*handled) == "failed 2, park 3, later 4, ack 5");
  CHECK(handled->fence != 0);
  CHECK(done_count(*inbox, 1) == 1);
  for (std::uint64_t n = 2; n <= 4; ++n) CHECK(done_count(*inbox, n) == 0);
  CHECK(done_count(*inbox, 5) == 1);
}

TEST_CASE("inbox: an exception of a handler is a failure of that event") {
  const TempFolder folder;
  auto inbox = open(folder.path());
  Recorder recorder;
  recorder.decide = [](const Delivery& d) -> Verdict {
    if (d.event.id == numbered_id(1)) d.inbox.exec("INSERT INTO no_such_table VALUES(1)");
    return Verdict::done();
  };
  DeliveryRunner runner(*inbox);
  runner.add(planner(), recorder.handler());
  CHECK(story(*runner.run(deliver(1, {make_event(1, "a"), make_event(2, "b")}))) == "failed 1, ack 2");
  CHECK(done_count(*inbox, 1) == 0);
  CHECK(done_count(*inbox, 2) == 1);
}

TEST_CASE("inbox: later events of a subject wait behind the one that failed, until the hub sends them again") {
  const TempFolder folder;
  auto inbox = open(folder.path());
  bool broken = true;
  Recorder recorder;
  recorder.decide = [&](const Delivery& d) {
    return broken && d.event.id == numbered_id(1) ? Verdict::failed("not now") : Verdict::done();
  };
  DeliveryRunner runner(*inbox);
  runner.add(planner(), recorder.handler());
  const auto first = runner.run(deliver(1, {make_event(1, "a"), make_event(2, "a"), make_event(3, "b")}));
  CHECK(story(*first) == "failed 1, ack 3");
  CHECK(story(*runner.run(deliver(4, {make_event(4, "a")}))) == "ack 4");  // was on its way: not handled
  CHECK(recorder.called == std::vector{numbered_id(1), numbered_id(3)});

  broken = false;
  CHECK(story(*runner.run(deliver(5, {make_event(1, "a")}, 2))) == "ack 5");
  runner.run(FenceWork{SessionEpoch(1), "planner", first->fence});
  CHECK(story(*runner.run(deliver(6, {make_event(2, "a"), make_event(4, "a")}))) == "ack 7");
  CHECK(recorder.called == std::vector{numbered_id(1), numbered_id(3), numbered_id(1), numbered_id(2), numbered_id(4)});
}

TEST_CASE("inbox: behind the fence a parked event's subject goes on as the hub says") {
  const TempFolder folder;
  auto inbox = open(folder.path());
  Recorder recorder;
  recorder.decide = [](const Delivery& d) {
    return d.event.id == numbered_id(1) ? Verdict::park("broken") : Verdict::done();
  };
  DeliveryRunner runner(*inbox);
  runner.add(planner(), recorder.handler());
  const auto parked = runner.run(deliver(1, {make_event(1, "a")}));
  runner.run(FenceWork{SessionEpoch(1), "planner", parked->fence + 1});  // another fence
  runner.run(deliver(2, {make_event(2, "a")}));
  CHECK(recorder.called.size() == 1);
  runner.run(FenceWork{SessionEpoch(1), "planner", parked->fence});
  runner.run(deliver(3, {make_event(2, "a")}));  // somebody has skipped the parked one
  CHECK(recorder.called.size() == 2);
}

TEST_CASE("inbox: a new session begins without what the last one held back") {
  const TempFolder folder;
  auto inbox = open(folder.path());
  Recorder recorder;
  recorder.decide = [&](const Delivery&) {
    return recorder.called.size() == 1 ? Verdict::failed("x") : Verdict::done();
  };
  DeliveryRunner runner(*inbox);
  runner.add(planner(), recorder.handler());
  runner.run(deliver(1, {make_event(1, "a")}));
  CHECK(story(*runner.run(deliver(1, {make_event(2, "a")}, 1, 2))) == "ack 1");
  CHECK(recorder.called.size() == 2);
}

TEST_CASE("inbox: when it cannot be written nothing is acknowledged, and the first of each subject is put off") {
  const TempFolder folder;
  auto inbox = open(folder.path());
  Recorder recorder;
  DeliveryRunner runner(*inbox);
  runner.add(planner(), recorder.handler());
  SQLite::Database other((folder.path() / "inbox.db").string(), SQLite::OPEN_READWRITE);
  sqlite3_busy_timeout(inbox->db().getHandle(), 0);
  other.exec("BEGIN IMMEDIATE");
  const auto handled = runner.run(deliver(1, {make_event(1, "a"), make_event(2, "a"), make_event(3, "b")}));
  CHECK(story(*handled) == "later 1, later 3, ack 3");
  CHECK(recorder.called.empty());
  CHECK(runner.take_troubles().size() == 1);
  other.exec("ROLLBACK");
  CHECK(story(*runner.run(deliver(4, {make_event(1, "a")}, 2))) == "ack 4");
  CHECK(done_count(*inbox, 1) == 1);
}

TEST_CASE("inbox: a handler that ends the transaction itself is found out") {
  const TempFolder folder;
  auto inbox = open(folder.path());
  Recorder recorder;
  recorder.decide = [](const Delivery& d) {
    if (d.event.id == numbered_id(1)) d.inbox.exec("COMMIT");
    return Verdict::done();
  };
  DeliveryRunner runner(*inbox);
  runner.add(planner(), recorder.handler());
  CHECK(story(*runner.run(deliver(1, {make_event(1, "a"), make_event(2, "b")}))) == "failed 1, ack 2");
  CHECK(runner.take_troubles().size() == 1);
  CHECK(done_count(*inbox, 2) == 1);
}

TEST_CASE("inbox: an event whose handler was cut off by a crash says so when it comes again") {
  const TempFolder folder;
  {
    auto inbox = open(folder.path());
    const std::vector events{make_event(1)};
    const std::vector views{schema::view_of(events[0])};
    inbox->begin(views);  // and the process ends here
    inbox->roll_back();
  }
  auto inbox = open(folder.path());
  Recorder recorder;
  DeliveryRunner runner(*inbox);
  runner.add(planner(), recorder.handler());
  runner.run(deliver(1, {make_event(1, "a"), make_event(2, "b")}));
  runner.run(deliver(3, {make_event(3, "c")}, 2));
  CHECK(recorder.replayed == std::vector{true, false, true});
}

TEST_CASE("inbox: each consumer remembers its newest ids, and no more than its share") {
  const TempFolder folder;
  auto inbox = open(folder.path(), 10);
  for (std::uint64_t n = 1; n <= 25; ++n) {
    inbox->begin({});
    inbox->remember("busy", numbered_id(n));
    inbox->commit();
  }
  inbox->begin({});
  inbox->remember("quiet", numbered_id(1));
  for (std::uint64_t n = 1; n <= 15; ++n) CHECK_FALSE(inbox->seen("busy", numbered_id(n)));
  for (std::uint64_t n = 16; n <= 25; ++n) CHECK(inbox->seen("busy", numbered_id(n)));
  CHECK(inbox->seen("quiet", numbered_id(1)));
  inbox->commit();
}

TEST_CASE("inbox: without deduplication, and without a folder, every delivery is handled") {
  const TempFolder folder;
  auto kept = open(folder.path());
  auto passing = open({});
  for (Inbox* inbox : {kept.get(), passing.get()}) {
    Recorder recorder;
    DeliveryRunner runner(*inbox);
    Subscription subscription = planner();
    subscription.deduplicate = inbox == passing.get();
    runner.add(subscription, recorder.handler());
    runner.run(deliver(1, {make_event(1)}));
    runner.run(deliver(2, {make_event(1)}, 2));
    CHECK(recorder.called.size() == 2);
  }
}

TEST_CASE("inbox: nobody is called for a consumer that was unsubscribed") {
  const TempFolder folder;
  auto inbox = open(folder.path());
  Recorder recorder;
  DeliveryRunner runner(*inbox);
  runner.add(planner(), recorder.handler());
  runner.remove("planner");
  CHECK_FALSE(runner.run(deliver(1, {make_event(1)})).has_value());
}

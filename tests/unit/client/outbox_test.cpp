// The outbox: durable when publish returns, in order, and with an end to everything.
#include "adapters/client/outbox.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "hub/base/limits.hpp"
#include "tests/unit/client/client_fixture.hpp"

using namespace iro;
using namespace iro::client;

namespace {

constexpr TimeMs start_time{1'700'000'000'000};
constexpr std::int64_t day_ms = 86'400'000;

std::unique_ptr<Outbox> open(const std::filesystem::path& folder, const Clock& clock, std::size_t most = 1'000'000) {
  auto outbox = Outbox::open({folder, "urn:nld:oin:00000099000000001000:systeem:sis", most}, clock);
  if (!outbox) FAIL(outbox.error().text());
  return std::move(*outbox);
}

void publish(Outbox& outbox, std::uint64_t from, std::uint64_t to) {
  std::vector<schema::Event> events;
  for (std::uint64_t n = from; n <= to; ++n) events.push_back(make_event(n));
  REQUIRE(outbox.append(events).has_value());
}

std::vector<EventId> ids_from(Outbox& outbox, std::uint64_t from) {
  std::vector<EventId> ids;
  const auto rows = outbox.read(ProducerSeq(from), 1'000'000, SIZE_MAX);
  REQUIRE(rows.has_value());
  for (const StoredEvent& row : *rows) {
    const auto message = wire::decode(row.frame);
    REQUIRE(message.has_value());
    REQUIRE(row.sequence.value() == from + ids.size());  // gap-free
    ids.push_back(std::get<wire::Pub>(message->body).events.at(0).id);
  }
  return ids;
}

void acknowledge(Outbox& outbox, std::uint64_t up_to, std::vector<wire::Refusal> exceptions = {}) {
  wire::PubAck ack;
  ack.up_to = ProducerSeq(up_to);
  ack.exceptions = std::move(exceptions);
  outbox.acknowledge(ack);
}

}  // namespace

TEST_CASE("outbox: what the hub holds is accepted, and told once with its reason") {
  const TempFolder folder;
  const ManualClock clock(start_time);
  auto outbox = open(folder.path(), clock);
  publish(*outbox, 1, 3);
  wire::PubAck ack;
  ack.up_to = ProducerSeq(2);
  ack.held = {{ProducerSeq(2), Errc::ok, "consent"}, {ProducerSeq(3), Errc::ok, "not yet decided"}};
  outbox->acknowledge(ack);
  outbox->acknowledge(ack);  // a repeat
  const auto held = outbox->take_held();
  REQUIRE(held.size() == 1);
  CHECK(held.front().id == numbered_id(2));
  CHECK(held.front().reason == "consent");
  CHECK(outbox->take_held().empty());
  CHECK(outbox->stats().accepted == 2);
  CHECK(outbox->stats().held == 1);
}

TEST_CASE("outbox: what was published is there after a restart, under the same numbers") {
  const TempFolder folder;
  const ManualClock clock(start_time);
  PublishSource::Position before;
  {
    auto outbox = open(folder.path(), clock);
    publish(*outbox, 1, 3);
    publish(*outbox, 4, 5);
    before = outbox->position();
  }
  auto outbox = open(folder.path(), clock);
  const auto after = outbox->position();
  CHECK(after.producer == before.producer);
  CHECK(after.start_number == before.start_number + 1);
  CHECK(after.last == ProducerSeq(5));
  const auto ids = ids_from(*outbox, 1);
  REQUIRE(ids.size() == 5);
  for (std::uint64_t n = 1; n <= 5; ++n) CHECK(ids[n - 1] == numbered_id(n));
}

TEST_CASE("outbox: an event without id, time and source gets them") {
  const TempFolder folder;
  const ManualClock clock(start_time);
  auto outbox = open(folder.path(), clock);
  schema::Event bare;
  bare.type = "nl.placements.vacancy.opened.v1";
  const auto ids = outbox->append(std::vector{bare});
  REQUIRE(ids.has_value());
  const auto message = wire::decode(outbox->read(ProducerSeq(1), 1, 0)->front().frame);
  const schema::EventView& stored = std::get<wire::Pub>(message->body).events.front();
  CHECK(stored.id == ids->front());
  CHECK_FALSE(stored.id.is_zero());
  CHECK(stored.time == start_time);
  CHECK(stored.source == "urn:nld:oin:00000099000000001000:systeem:sis");
}

TEST_CASE("outbox: what the hub would refuse for its size takes up no number") {
  const TempFolder folder;
  const ManualClock clock(start_time);
  auto outbox = open(folder.path(), clock);
  const auto code_of = [&](schema::Event event) { return outbox->append(std::vector{std::move(event)}).error().code; };
  CHECK(code_of(make_event(1, "s", limits::payload_bytes + 1)) == Errc::payload_oversize);
  CHECK(code_of(make_event(1, std::string(limits::attribute_bytes + 1, 's'))) == Errc::attribute_oversize);
  schema::Event untyped = make_event(1);
  untyped.type.clear();
  CHECK(code_of(untyped) == Errc::invalid_argument);
  CHECK(outbox->position().last == ProducerSeq(0));
  CHECK(outbox->append(std::vector{make_event(1, "s", limits::payload_bytes)}).has_value());
}

TEST_CASE("outbox: with its limit reached it takes nothing more until the hub has decided") {
  const TempFolder folder;
  const ManualClock clock(start_time);
  auto outbox = open(folder.path(), clock, 10);
  publish(*outbox, 1, 8);
  const auto refused = outbox->append(std::vector{make_event(9), make_event(10), make_event(11)});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::outbox_full);
  CHECK(outbox->position().last == ProducerSeq(8));  // all of them or none
  acknowledge(*outbox, 5);
  publish(*outbox, 9, 11);
  CHECK(outbox->stats().waiting == 6);
}

TEST_CASE("outbox: concurrent publishers share the disk and nothing is lost or doubled") {
  constexpr std::uint64_t threads = 8;
  constexpr std::uint64_t each = 50;
  const TempFolder folder;
  const ManualClock clock(start_time);
  auto outbox = open(folder.path(), clock);
  std::vector<std::thread> publishers;
  std::atomic<int> failed = 0;
  for (std::uint64_t t = 0; t < threads; ++t) {
    publishers.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < each; ++i) {
        if (!outbox->append(std::vector{make_event(t * each + i + 1)})) ++failed;
      }
    });
  }
  for (auto& thread : publishers) thread.join();
  CHECK(failed == 0);
  const auto ids = ids_from(*outbox, 1);
  CHECK(ids.size() == threads * each);
  CHECK(std::set<EventId>(ids.begin(), ids.end()).size() == threads * each);
  std::vector<std::uint64_t> next(threads, 0);
  for (const EventId& id : ids) {
    std::uint64_t n = 0;
    for (std::size_t i = 8; i < 16; ++i) n = n << 8 | id.b[i];
    CHECK((n - 1) % each == next[(n - 1) / each]++);  // in the order of each publisher
  }
}

TEST_CASE("outbox: events and notes of a transaction become durable together, or not at all") {
  const TempFolder folder;
  const ManualClock clock(start_time);
  {
    auto outbox = open(folder.path(), clock);
    REQUIRE(outbox
                ->transaction([](OutboxTransaction& t) -> Status {
                  IRO_TRY(t.publish(make_event(1)), "publish");
                  t.put("files", "vacancies.csv", "row 12");
                  t.put("files", "gone.csv", "row 1");
                  t.erase("files", "gone.csv");
                  CHECK(t.get("files", "vacancies.csv") == "row 12");
                  return {};
                })
                .has_value());
    const Status given_up = outbox->transaction([](OutboxTransaction& t) -> Status {
      IRO_TRY(t.publish(make_event(2)), "publish");
      t.put("files", "vacancies.csv", "row 99");
      return fail(Errc::csv_value, "row 13 cannot be read");
    });
    CHECK(given_up.error().code == Errc::csv_value);
  }
  auto outbox = open(folder.path(), clock);
  CHECK(outbox->position().last == ProducerSeq(1));
  CHECK(outbox
            ->transaction([](OutboxTransaction& t) -> Status {
              CHECK(t.get("files", "vacancies.csv") == "row 12");
              CHECK_FALSE(t.get("files", "gone.csv").has_value());
              CHECK_FALSE(t.get("mail", "vacancies.csv").has_value());
              return {};
            })
            .has_value());
}

TEST_CASE("outbox: a body that overlooks a failed publish commits nothing") {
  const TempFolder folder;
  const ManualClock clock(start_time);
  auto outbox = open(folder.path(), clock);
  const Status status = outbox->transaction([](OutboxTransaction& t) -> Status {
    static_cast<void>(t.publish(make_event(1)).has_value());
    static_cast<void>(t.publish(make_event(2, "s", limits::payload_bytes + 1)).has_value());
    return {};
  });
  CHECK(status.error().code == Errc::payload_oversize);
  CHECK(outbox->position().last == ProducerSeq(0));
}

TEST_CASE("outbox: publishing around an open transaction is refused, not waited for") {
  const TempFolder folder;
  const ManualClock clock(start_time);
  auto outbox = open(folder.path(), clock);
  CHECK(outbox
            ->transaction([&](OutboxTransaction&) -> Status {
              CHECK(outbox->append(std::vector{make_event(1)}).error().code == Errc::invalid_argument);
              CHECK(outbox->transaction([](OutboxTransaction&) -> Status { return {}; }).error().code ==
                    Errc::invalid_argument);
              return {};
            })
            .has_value());
}

TEST_CASE("outbox: permanent refusals are told, counted and kept in their table") {
  const TempFolder folder;
  const ManualClock clock(start_time);
  auto outbox = open(folder.path(), clock);
  publish(*outbox, 1, 4);
  acknowledge(*outbox, 3, {{ProducerSeq(2), Errc::missing_grant, "no grant for vacancies"}});
  CHECK(outbox->stats().accepted == 2);
  CHECK(outbox->stats().refused == 1);
  CHECK(outbox->stats().waiting == 1);
  const auto refused = outbox->take_refused();
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].id == numbered_id(2));
  CHECK(refused[0].type == "nl.placements.vacancy.opened.v1");
  CHECK(refused[0].code == Errc::missing_grant);
  CHECK(outbox->take_refused().empty());
  CHECK_FALSE(outbox->wait_decided(std::chrono::milliseconds(0)));
  acknowledge(*outbox, 4);
  CHECK(outbox->wait_decided(std::chrono::milliseconds(0)));

  REQUIRE(outbox->unsaved());
  REQUIRE(outbox->save().has_value());
  CHECK_FALSE(outbox->unsaved());
  SQLite::Database db((folder.path() / "outbox.db").string());
  CHECK(db.execAndGet("SELECT reason FROM refused").getString() == "no grant for vacancies");
}

TEST_CASE("outbox: acknowledged events stay seven days, and then go in slices") {
  const TempFolder folder;
  ManualClock clock(start_time);
  auto outbox = open(folder.path(), clock);
  publish(*outbox, 1, 20);
  acknowledge(*outbox, 10);
  REQUIRE(outbox->save().has_value());
  clock.advance_ms(6 * day_ms);
  acknowledge(*outbox, 15);
  REQUIRE(outbox->save().has_value());
  CHECK(outbox->position().oldest == ProducerSeq(1));
  clock.advance_ms(2 * day_ms);
  acknowledge(*outbox, 16);
  REQUIRE(outbox->save().has_value());
  CHECK(outbox->position().oldest == ProducerSeq(11));  // 11 to 15 are two days old
  clock.advance_ms(30 * day_ms);
  acknowledge(*outbox, 20);
  REQUIRE(outbox->save().has_value());
  clock.advance_ms(30 * day_ms);
  publish(*outbox, 21, 21);
  acknowledge(*outbox, 21);
  REQUIRE(outbox->save().has_value());
  CHECK(outbox->position().oldest == ProducerSeq(21));  // the last one acknowledged always stays
  CHECK(outbox->hash_of(ProducerSeq(21)).has_value());
}

TEST_CASE("outbox: what is over is overwritten in its file, too") {
  const TempFolder folder;
  ManualClock clock(start_time);
  auto outbox = open(folder.path(), clock);
  const auto in_files = [&](const std::string& text) {
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string bytes(std::istreambuf_iterator<char>(in), {});
      if (bytes.find(text) != std::string::npos) return true;
    }
    return false;
  };
  std::vector<schema::Event> about;
  for (std::uint64_t n = 1; n <= 200; ++n) about.push_back(make_event(n, "pseudonym-of-somebody"));
  REQUIRE(outbox->append(about).has_value());
  CHECK(in_files("pseudonym-of-somebody"));
  for (const std::uint64_t up_to : {150, 200}) {
    acknowledge(*outbox, up_to);
    REQUIRE(outbox->save().has_value());
    clock.advance_ms(8 * day_ms);
  }
  publish(*outbox, 201, 201);
  for (int i = 0; i < 2; ++i) {
    acknowledge(*outbox, 201);
    REQUIRE(outbox->save().has_value());
    clock.advance_ms(8 * day_ms);
  }
  CHECK(outbox->position().oldest == ProducerSeq(201));
  outbox.reset();  // the last one to close the file takes its WAL along
  CHECK_FALSE(in_files("pseudonym-of-somebody"));
}

TEST_CASE("outbox: as a new producer it has what was not acknowledged, numbered from 1") {
  const TempFolder folder;
  const ManualClock clock(start_time);
  ProducerId before;
  {
    auto outbox = open(folder.path(), clock);
    before = outbox->position().producer;
    publish(*outbox, 1, 9);
    acknowledge(*outbox, 6);
    REQUIRE(outbox->renumber(ProducerSeq(6)).has_value());
    CHECK(outbox->position().acked == ProducerSeq(0));
    CHECK_FALSE(outbox->wait_decided(std::chrono::milliseconds(0)));
    acknowledge(*outbox, 3);
    CHECK(outbox->wait_decided(std::chrono::milliseconds(0)));
  }
  auto outbox = open(folder.path(), clock);
  CHECK(outbox->position().producer != before);
  CHECK(ids_from(*outbox, 1) == std::vector{numbered_id(7), numbered_id(8), numbered_id(9)});
}

TEST_CASE("outbox: the last receipt is the one on disk") {
  const TempFolder folder;
  const ManualClock clock(start_time);
  wire::PubAck ack;
  ack.up_to = ProducerSeq(1);
  ack.receipt = wire::Receipt{LogEpoch(2), {{1, 2, 3}}, {4, 5, 6}, {7, 8, 9}};
  {
    auto outbox = open(folder.path(), clock);
    publish(*outbox, 1, 1);
    outbox->acknowledge(ack);
    CHECK_FALSE(outbox->last_receipt().has_value());
    REQUIRE(outbox->save().has_value());
    CHECK(outbox->last_receipt() == ack.receipt);
  }
  CHECK(open(folder.path(), clock)->last_receipt() == ack.receipt);
}

TEST_CASE("outbox: a file of a newer version and a folder in use are left alone") {
  const TempFolder folder;
  const ManualClock clock(start_time);
  open(folder.path(), clock);
  {
    SQLite::Database db((folder.path() / "outbox.db").string(), SQLite::OPEN_READWRITE);
    db.exec("UPDATE meta SET value = CAST('2' AS BLOB) WHERE key = 'format'");
  }
  const auto newer = Outbox::open({folder.path(), "", 10}, clock);
  REQUIRE_FALSE(newer.has_value());
  CHECK(newer.error().code == Errc::format_newer);

  const auto held = take_folder(folder.path());
  REQUIRE(held.has_value());
  CHECK(take_folder(folder.path()).error().code == Errc::locked);
}

TEST_CASE("outbox: after kill -9 everything that publish had promised is there") {
  const TempFolder folder;
  const ManualClock clock(start_time);
  std::uint64_t promised = 0;
  for (int round = 0; round < 3; ++round) {
    int fds[2];
    REQUIRE(::pipe2(fds, O_CLOEXEC) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      // Only what publish() has returned for is written into the pipe; then we are killed somewhere.
      auto outbox = Outbox::open({folder.path(), "", 10'000'000}, clock);
      if (!outbox) ::_exit(1);
      for (std::uint64_t n = (*outbox)->position().last.value() + 1;; n += 3) {
        const std::vector batch{make_event(n), make_event(n + 1), make_event(n + 2)};
        if (!(*outbox)->append(batch)) ::_exit(2);
        const std::uint64_t done = n + 2;
        if (::write(fds[1], &done, sizeof done) != sizeof done) ::_exit(3);
      }
    }
    ::close(fds[1]);
    std::uint64_t done = 0;
    for (int i = 0; i < 40; ++i) REQUIRE(::read(fds[0], &done, sizeof done) == sizeof done);
    REQUIRE(::kill(child, SIGKILL) == 0);
    while (::read(fds[0], &done, sizeof done) == sizeof done) promised = done;
    ::close(fds[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    promised = std::max(promised, done);

    auto outbox = open(folder.path(), clock);
    const auto ids = ids_from(*outbox, 1);
    CHECK(ids.size() >= promised);
    CHECK(ids.size() % 3 == 0);  // each call's events together
    for (std::uint64_t n = 1; n <= ids.size(); ++n) REQUIRE(ids[n - 1] == numbered_id(n));
  }
}

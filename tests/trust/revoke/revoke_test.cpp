// Concern: P4: after a revocation nothing reaches the key's holder a second later, also when the hub is busy.
// Plan: a real irod; two publishers and four readers at full speed, straight on the protocol; the operator revokes the
// keys of two readers and one publisher; for three seconds more every frame is counted with the time of its arrival.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "hub/schema/registry.hpp"
#include "tests/catch.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/running_hub.hpp"

namespace {

using namespace iro;
using namespace iro::test;
using Steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

const schema::Registry& types() {
  static const schema::Registry registry = std::move(*schema::Registry::builtin());
  return registry;
}

/// What came in at one client, and when.
struct Seen {
  std::mutex mutex;
  std::vector<std::pair<Steady::time_point, std::uint64_t>> frames;  // arrival, events or acknowledged events in it
  std::vector<Errc> errors;

  void add(std::uint64_t events) {
    const std::scoped_lock lock(mutex);
    frames.emplace_back(Steady::now(), events);
  }
  void add_error(Errc code) {
    const std::scoped_lock lock(mutex);
    errors.push_back(code);
  }
  std::uint64_t events_after(Steady::time_point from) {
    const std::scoped_lock lock(mutex);
    std::uint64_t out = 0;
    for (const auto& [at, events] : frames) out += at > from ? events : 0;
    return out;
  }
  std::uint64_t frames_after(Steady::time_point from) {
    const std::scoped_lock lock(mutex);
    return static_cast<std::uint64_t>(std::ranges::count_if(frames, [&](const auto& f) { return f.first > from; }));
  }
};

struct Load {
  zmq::context_t context;
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  ~Load() {
    stop = true;
    for (auto& t : threads) t.join();
  }

  void read(const client::KeyFile& keys, Seen& seen) {
    auto client = std::make_shared<RawClient>(context, keys, "reader");
    const ConsumerNo consumer = client->subscribe("load", wire::From::now);
    threads.emplace_back([this, client, consumer, &seen] {
      while (!stop) {
        const auto message = client->receive_within(50);
        if (!message) continue;
        if (const auto* error = std::get_if<wire::ErrorMessage>(&message->body)) seen.add_error(error->code);
        const auto* deliver = std::get_if<wire::Deliver>(&message->body);
        if (deliver == nullptr) continue;
        seen.add(deliver->events.size());
        client->send(wire::Ack{consumer, deliver->first_number + deliver->events.size() - 1, {}});
      }
    });
  }

  void publish(const client::KeyFile& keys, Seen& seen) {
    auto client = std::make_shared<RawClient>(context, keys, "publisher");
    schema::Event event;
    event.type = "nl.placements.vacancy.opened.v1";
    event.source = keys.source;
    event.payload =
        types()
            .from_json(*types().find(event.type),
                       fmt::format(R"({{"vacancy_id": "vac-1", "provider": "{}", "offer": {{}}}})", keys.member))
            .value();
    threads.emplace_back([this, client, event, &seen]() mutable {
      constexpr std::uint64_t portion = 256;
      constexpr std::uint64_t window = 1'024;
      std::uint64_t sent = 0;
      std::uint64_t acked = 0;
      while (!stop) {
        while (sent - acked + portion <= window) {
          wire::Pub pub;
          pub.first_sequence = ProducerSeq(sent + 1);
          std::vector<schema::Event> events(portion, event);
          for (auto& e : events) {
            e.time = TimeMs(std::chrono::duration_cast<std::chrono::milliseconds>(
                                std::chrono::system_clock::now().time_since_epoch())
                                .count());
            e.id = make_event_id(static_cast<std::uint64_t>(e.time.value()));
            pub.events.push_back(schema::view_of(e));
          }
          client->send(pub);
          sent += portion;
        }
        const auto message = client->receive_within(50);
        if (!message) continue;
        if (const auto* error = std::get_if<wire::ErrorMessage>(&message->body)) seen.add_error(error->code);
        const auto* ack = std::get_if<wire::PubAck>(&message->body);
        if (ack == nullptr) continue;
        seen.add(ack->up_to.value() - acked);
        acked = std::max(acked, ack->up_to.value());
        if (ack->refused_from.value() != 0) sent = ack->refused_from.value() - 1;
      }
    });
  }
};

void revoke(const RunningHub& hub, const std::filesystem::path& folder, const std::vector<client::KeyFile>& whose) {
  client::Options options;
  options.keys = hub.operator_key();
  options.client_name = "revoke";
  options.data_folder = folder;
  auto op = client::Client::open(std::move(options));
  REQUIRE(op);
  const auto* type = types().find_loosely("hub.key-revoked");
  std::vector<schema::Event> events;
  for (const auto& keys : whose) {
    schema::Event e;
    e.type = type->name;
    e.payload =
        types()
            .from_json(*type, fmt::format(R"({{"member": "{}", "public_key": "{}"}})", keys.member, keys.public_key))
            .value();
    events.push_back(std::move(e));
  }
  REQUIRE((*op)->publish(events));
  REQUIRE((*op)->flush(20s));
  REQUIRE((*op)->take_refused().empty());
}

}  // namespace

TEST_CASE("revoke: under load no frame is handed over a second after it, and everybody else is served on") {
  TempFolder folder;
  RunningHub hub(folder.path());
  hub.start();
  std::vector<client::KeyFile> readers;
  for (int i = 0; i < 4; ++i) readers.push_back(hub.enrol(fmt::format("school-{}", i), {"school"}));
  const client::KeyFile staying = hub.enrol("hospital-0", {"care_provider"});
  const client::KeyFile leaving = hub.enrol("hospital-1", {"care_provider"});
  std::vector<Seen> heard(readers.size());
  Seen staying_acks;
  Seen leaving_acks;
  Load load;
  for (std::size_t i = 0; i < readers.size(); ++i) load.read(readers[i], heard[i]);
  load.publish(staying, staying_acks);
  load.publish(leaving, leaving_acks);

  constexpr std::uint64_t warm = 5'000;
  const auto warm_by = Steady::now() + 60s;
  const auto is_warm = [&] {
    return leaving_acks.events_after({}) >= warm &&
           std::ranges::all_of(heard, [&](Seen& s) { return s.events_after({}) >= warm; });
  };
  while (!is_warm() && Steady::now() < warm_by)
    std::this_thread::sleep_for(20ms);  // style: sleep-in-test, because spinning would take a core from the load
  REQUIRE(is_warm());

  revoke(hub, folder.path() / "operator-revokes", {readers[0], readers[1], leaving});
  const auto second = Steady::now() + 1s;
  std::this_thread::sleep_until(second + 3s);  // style: sleep-in-test, because what must not come is waited for

  for (int i : {0, 1}) {
    CHECK(heard[static_cast<std::size_t>(i)].frames_after(second) == 0);
    CHECK(heard[static_cast<std::size_t>(i)].errors == std::vector{Errc::unknown_key});
  }
  CHECK(leaving_acks.frames_after(second) == 0);
  for (int i : {2, 3}) {
    CHECK(heard[static_cast<std::size_t>(i)].events_after(second) > warm);
    CHECK(heard[static_cast<std::size_t>(i)].errors.empty());
  }
  CHECK(staying_acks.events_after(second) > warm);
  std::uint64_t before = 0;
  for (Seen& s : heard) before += s.events_after({});
  WARN(fmt::format("{} events delivered to four readers; {} to the two that stayed in the three seconds counted",
                   before, heard[2].events_after(second) + heard[3].events_after(second)));
}

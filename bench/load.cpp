#include "bench/load.hpp"

#include <fmt/format.h>

#include <cstring>
#include <stdexcept>

namespace iro::bench {
namespace {

constexpr int students = 1'000;

std::uint64_t next_number() {
  thread_local std::uint64_t n = 0;
  return ++n;
}

}  // namespace

Clock::time_point in(double seconds) {
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}
double seconds_since(Clock::time_point begun) { return std::chrono::duration<double>(Clock::now() - begun).count(); }

Bytes payload_of(const schema::Registry& registry, std::string_view type, const std::string& json) {
  auto made = registry.from_json(*registry.find(type), json);
  if (!made) throw std::runtime_error(made.error().text());
  return std::move(*made);
}

Load opened_vacancy(const schema::Registry& registry) {
  constexpr auto type = "nl.placements.vacancy.opened.v1";
  const std::string json = fmt::format(
      R"({{"vacancy_id":"vac-000001","provider":"hospital-a","offer":{{"branch":"hospital","note":"{}"}},"effective_on":"2026-09-01"}})",
      std::string(96, 'n'));
  return {type, {payload_of(registry, type, json)}};
}

Load between_parties(const schema::Registry& registry, bool person) {
  Load load{person ? "nl.placements.handover.check-done.v1" : "nl.placements.handover.invited.v1", {}};
  for (int i = 0; i < students; ++i) {
    const std::string parties =
        fmt::format(R"("handover_id":"ho-{:06}","school":"school-a","provider":"hospital-0")", i);
    const std::string rest = person ? fmt::format(R"("student":"p-{:06}-aaaaaaaaaaaa","done_on":"2026-09-01")", i)
                                    : fmt::format(R"("vacancy_id":"v-{:06}-aaaaaaaaaaaa","begin_on":"2026-09-01")", i);
    load.payloads.push_back(payload_of(registry, load.type, fmt::format("{{{},{}}}", parties, rest)));
  }
  return load;
}

schema::EventView event_of(const client::KeyFile& keys, const Load& load, std::size_t i) {
  const SystemClock clock;
  schema::EventView e;
  e.id = make_event_id(static_cast<std::uint64_t>(clock.now().value()));
  e.type = load.type;
  e.source = keys.source;
  e.time = clock.now();
  e.payload = load.payloads[i % load.payloads.size()];
  return e;
}

std::uint64_t publish(zmq::context_t& context, const client::KeyFile& keys, const std::string& name,
                      std::size_t outstanding, Clock::time_point until, const Load& load) {
  test::RawClient client(context, keys, name);
  std::vector<schema::EventView> events;
  // Ids are made beforehand: their randomness is the client's cost, not the hub's.
  for (std::size_t i = 0; i < outstanding; ++i) events.push_back(event_of(keys, load, i));
  std::uint64_t acked = 0;
  std::uint64_t sent = 0;
  while (Clock::now() < until) {
    const std::size_t room = outstanding - static_cast<std::size_t>(sent - acked);
    if (room > 0) {
      for (std::size_t i = 0; i < room; ++i) {
        const std::uint64_t number = next_number();
        std::memcpy(events[i].id.b.data() + 8, &number, sizeof number);
      }
      client.send(
          wire::Pub{ProducerSeq(sent + 1), {events.begin(), events.begin() + static_cast<std::ptrdiff_t>(room)}});
      sent += room;
    }
    acked = client.acknowledged();
  }
  return acked;
}

}  // namespace iro::bench

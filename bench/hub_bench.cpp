// bench/hub_bench.cpp: a real irod with everything on (CURVE, admission, detectors, encryption at rest where the
// type asks it, FULL commits), beside Redis Streams and the disk's own fdatasync rate in the same run.
//
// A publisher keeps `outstanding` events in flight and sends what is free in one PUB.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <thread>

#include "bench/peers.hpp"
#include "bench/raw_client.hpp"
#include "hub/schema/registry.hpp"
#include "tests/support/running_hub.hpp"

namespace iro::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Row {
  std::string what;
  double hub = 0;
  double redis = 0;
  std::string unit;
  double ratio = 0;  // to the row before, where that is what counts; 0: to Redis
};

/// What a publisher says again and again.
struct Load {
  std::string type;
  std::vector<Bytes> payloads;  // in turn
};

Clock::time_point in(double seconds) {
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

/// A vacancy whose payload has about 256 bytes.
Bytes payload(const schema::Registry& registry) {
  const std::string note(96, 'n');
  auto made = registry.from_json(
      *registry.find_loosely("vacancy.opened"),
      fmt::format(
          R"({{"vacancy_id":"vac-000001","provider":"hospital-a","offer":{{"branch":"hospital","note":"{}"}},"effective_on":"2026-09-01"}})",
          note));
  if (!made) throw std::runtime_error(made.error().text());
  return std::move(*made);
}

constexpr int students = 1'000;

/// Two types for the same two parties, of about the same size: with a person in it, or without one.
Load between_parties(const schema::Registry& registry, bool person) {
  Load load{person ? "nl.placements.handover.check-done.v1" : "nl.placements.handover.invited.v1", {}};
  for (int i = 0; i < students; ++i) {
    const std::string parties =
        fmt::format(R"("handover_id":"ho-{:06}","school":"school-a","provider":"hospital-0")", i);
    const std::string rest = person ? fmt::format(R"("student":"p-{:06}-aaaaaaaaaaaa","done_on":"2026-09-01")", i)
                                    : fmt::format(R"("vacancy_id":"v-{:06}-aaaaaaaaaaaa","begin_on":"2026-09-01")", i);
    auto made = registry.from_json(*registry.find(load.type), fmt::format("{{{},{}}}", parties, rest));
    if (!made) throw std::runtime_error(made.error().text());
    load.payloads.push_back(std::move(*made));
  }
  return load;
}

class Bench {
 public:
  Bench(double seconds)
      : seconds_(seconds),
        hub_(folder_.path()),
        registry_(std::move(*schema::Registry::builtin())),
        vacancy_{"nl.placements.vacancy.opened.v1", {payload(registry_)}} {
    hub_.start();
    for (int i = 0; i < 8; ++i) publishers_.push_back(hub_.enrol(fmt::format("hospital-{}", i), {"care_provider"}));
    school_ = hub_.enrol("school-a", {"school"});
  }

  const std::filesystem::path& folder() const { return folder_.path(); }
  std::size_t payload_bytes() const { return vacancy_.payloads.front().size(); }
  [[nodiscard]] double idle_mib() const {
    std::ifstream status(fmt::format("/proc/{}/status", hub_.pid()));
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmRSS:")) return std::strtod(line.c_str() + 6, nullptr) / 1024;
    }
    return 0;
  }

  double publish_rate(int publishers, std::size_t outstanding) {
    std::atomic<std::uint64_t> done{0};
    const auto start = Clock::now();
    const auto until = in(seconds_);
    std::vector<std::thread> threads;
    for (int i = 0; i < publishers; ++i) {
      threads.emplace_back([&, i] {
        done += publish(publishers_[static_cast<std::size_t>(i)], fmt::format("{}x{}-{}", publishers, outstanding, i),
                        outstanding, until, vacancy_);
      });
    }
    for (auto& t : threads) t.join();
    return static_cast<double>(done) / std::chrono::duration<double>(Clock::now() - start).count();
  }

  /// Microseconds from the PUB to the DELIVER, at 1,000 events a second: p50 and p99.
  std::pair<double, double> latency() {
    RawClient consumer(context_, school_, "latency");
    const ConsumerNo no = consumer.subscribe("latency", wire::From::now);
    RawClient publisher(context_, publishers_[0], "latency-pub");
    std::vector<double> micros;
    ProducerSeq sequence(1);
    auto next = Clock::now();
    for (int i = 0; i < static_cast<int>(seconds_ * 1'000); ++i) {
      next += std::chrono::milliseconds(1);
      std::this_thread::sleep_until(next);
      const auto sent = Clock::now();
      publisher.send(wire::Pub{sequence, {event(publishers_[0], vacancy_, static_cast<std::size_t>(i))}});
      sequence = sequence.next();
      while (true) {
        const wire::Message m = consumer.receive();
        const auto* d = std::get_if<wire::Deliver>(&m.body);
        if (d == nullptr) continue;
        micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - sent).count());
        consumer.send(wire::Ack{no, d->first_number + d->events.size() - 1, {}});
        break;
      }
      while (publisher.receive_within(0)) {
      }
    }
    std::ranges::sort(micros);
    return {micros[micros.size() / 2], micros[micros.size() * 99 / 100]};
  }

  /// Deliveries a second to `readers` consumers of one member, while one publisher sends 1024 at a time.
  double fan_out(int readers) {
    std::atomic<std::uint64_t> got{0};
    std::atomic<int> ready{0};
    std::atomic<bool> stop{false};
    // Sessions are cheap, threads are not: a few threads serve many consumers.
    std::vector<std::thread> threads;
    constexpr int per_session = 50;
    for (int t = 0; t < readers / per_session; ++t) {
      threads.emplace_back([&, t] {
        RawClient client(context_, school_, fmt::format("fan-{}", t));
        for (int k = 0; k < per_session; ++k) client.subscribe(fmt::format("fan-{}-{}", t, k), wire::From::now);
        ++ready;
        while (!stop) {
          const auto m = client.receive_within(50);
          const auto* d = m ? std::get_if<wire::Deliver>(&m->body) : nullptr;
          if (d == nullptr) continue;
          got += d->events.size();
          client.send(wire::Ack{d->consumer, d->first_number + d->events.size() - 1, {}});
        }
      });
    }
    while (ready < readers / per_session) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const auto start = Clock::now();
    publish(publishers_[0], "fan-out", 1'024, in(seconds_), vacancy_);
    const double rate = static_cast<double>(got) / std::chrono::duration<double>(Clock::now() - start).count();
    stop = true;
    for (auto& t : threads) t.join();
    return rate;
  }

  /// Events of one type a second, from the school's PUB to the provider's acknowledgement (or, without a consumer, to
  /// the PUBACK only). Of types with a person each delivery stands in the access log.
  struct Persons {
    double plain = 0;
    double person = 0;
    [[nodiscard]] double ratio() const { return person / plain; }
  };
  Persons persons(bool delivered) {
    const Load plain = between_parties(registry_, false);
    const Load person = between_parties(registry_, true);
    deliver(person, delivered, seconds_ / 4);  // keys are made at first sight: that is not what is measured
    Persons out;
    constexpr int rounds = 3;  // in turn, so that what else the machine does befalls both
    for (int i = 0; i < rounds; ++i) {
      out.plain += deliver(plain, delivered, seconds_ / rounds) / rounds;
      out.person += deliver(person, delivered, seconds_ / rounds) / rounds;
    }
    return out;
  }

 private:
  double deliver(const Load& load, bool delivered, double seconds) {
    std::atomic<std::uint64_t> got{0};
    std::atomic<bool> ready{!delivered};
    std::atomic<bool> stop{false};
    const std::string name = fmt::format("persons-{}", ++runs_);  // the one before keeps its lease for a while
    std::thread consumer([&] {
      if (!delivered) return;
      RawClient client(context_, publishers_[0], name);
      const ConsumerNo no = client.subscribe(name, wire::From::now);
      ready = true;
      while (!stop) {
        const auto m = client.receive_within(20);
        const auto* d = m ? std::get_if<wire::Deliver>(&m->body) : nullptr;
        if (d == nullptr) continue;
        got += d->events.size();
        client.send(wire::Ack{no, d->first_number + d->events.size() - 1, {}});
      }
      client.send(wire::Unsub{no});
      (void)client.receive_within(100);  // or the socket would be closed before it has left
    });
    while (!ready) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const auto start = Clock::now();
    const std::uint64_t sent = publish(school_, name, 1'024, in(seconds), load);
    const auto patience = in(20);
    while (delivered && got < sent && Clock::now() < patience)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const double rate = static_cast<double>(delivered ? got.load() : sent) /
                        std::chrono::duration<double>(Clock::now() - start).count();
    stop = true;
    consumer.join();
    if (delivered && got < sent)
      throw std::runtime_error(fmt::format("{} of {} events were delivered", got.load(), sent));
    return rate;
  }

  schema::EventView event(const client::KeyFile& keys, const Load& load, std::size_t i) {
    schema::EventView e;
    e.id = make_event_id(static_cast<std::uint64_t>(clock_.now().value()));
    e.type = load.type;
    e.source = keys.source;
    e.time = clock_.now();
    e.payload = load.payloads[i % load.payloads.size()];
    return e;
  }

  std::uint64_t publish(const client::KeyFile& keys, const std::string& name, std::size_t outstanding,
                        Clock::time_point until, const Load& load) {
    RawClient client(context_, keys, name);
    std::vector<schema::EventView> events;
    // Ids are made beforehand: their randomness is the client's cost, not the hub's.
    for (std::size_t i = 0; i < outstanding; ++i) events.push_back(event(keys, load, i));
    std::uint64_t acked = 0;
    std::uint64_t sent = 0;
    while (Clock::now() < until) {
      const std::size_t room = outstanding - static_cast<std::size_t>(sent - acked);
      if (room > 0) {
        for (std::size_t i = 0; i < room; ++i) std::memcpy(events[i].id.b.data() + 8, &(++counter_local()), 8);
        client.send(
            wire::Pub{ProducerSeq(sent + 1), {events.begin(), events.begin() + static_cast<std::ptrdiff_t>(room)}});
        sent += room;
      }
      const wire::Message m = client.receive();
      if (const auto* ack = std::get_if<wire::PubAck>(&m.body)) {
        if (!ack->exceptions.empty() || ack->refused_from.value() != 0)
          throw std::runtime_error("refused: " + ack->refused_reason);
        acked = ack->up_to.value();
      }
    }
    return acked;
  }
  static std::uint64_t& counter_local() {
    thread_local std::uint64_t n = 0;
    return n;
  }

  double seconds_;
  test::TempFolder folder_;
  test::RunningHub hub_;
  SystemClock clock_;
  schema::Registry registry_;
  Load vacancy_;
  int runs_ = 0;
  zmq::context_t context_;
  std::vector<client::KeyFile> publishers_;
  client::KeyFile school_;
};

double ratio_of(const Row& r) { return r.ratio > 0 ? r.ratio : r.redis > 0 ? r.hub / r.redis : 0; }

void print(const std::vector<Row>& rows, const std::string& format) {
  if (format == "--json") {
    for (const auto& r : rows)
      std::cout << fmt::format(R"({{"what":"{}","hub":{:.1f},"redis":{:.1f},"ratio":{:.3f},"unit":"{}"}})", r.what,
                               r.hub, r.redis, ratio_of(r), r.unit)
                << "\n";
    return;
  }
  std::cout << fmt::format("{:<34}{:>12}{:>12}{:>9}\n", "", "hub", "redis", "ratio");
  for (const auto& r : rows) {
    std::cout << fmt::format("{:<34}{:>12.1f}{:>12}{:>9}  {}\n", r.what, r.hub,
                             r.redis > 0 ? fmt::format("{:.1f}", r.redis) : "-",
                             ratio_of(r) > 0 ? fmt::format("{:.2f}", ratio_of(r)) : "-", r.unit);
  }
}

/// What a person in an event costs: a key and the encryption of its body, and once delivered a line in the access log.
void measure_persons(Bench& bench, std::vector<Row>& rows) {
  for (const bool delivered : {false, true}) {
    const std::string what = delivered ? "delivered to one" : "taken in only";
    std::cerr << what << ", with a person and without ...\n";
    const Bench::Persons p = bench.persons(delivered);
    rows.push_back({what + ", no person", p.plain / 1'000, 0, "thousand events/s"});
    rows.push_back({what + ", a person", p.person / 1'000, 0, "thousand events/s", p.ratio()});
  }
}

int run(double seconds, const std::string& format, bool only_persons) {
  Bench bench(seconds);
  std::vector<Row> rows;
  if (only_persons) {
    measure_persons(bench, rows);
    print(rows, format);
    return 0;
  }
  rows.push_back({"idle memory", bench.idle_mib(), 0, "MiB"});
  rows.push_back({"fdatasync of 4 KiB", fdatasync_rate(bench.folder(), seconds), 0, "a second"});
  for (const auto& [publishers, outstanding] : {std::pair{1, 1}, {1, 64}, {1, 1'024}, {8, 64}}) {
    std::cerr << fmt::format("publish {}x{} ...\n", publishers, outstanding);
    const double hub = bench.publish_rate(publishers, static_cast<std::size_t>(outstanding)) / 1'000;
    const double redis = redis_rate(bench.folder(), publishers, outstanding, bench.payload_bytes(), seconds) / 1'000;
    rows.push_back({fmt::format("publish {}x{}, {} B", publishers, outstanding, bench.payload_bytes()), hub, redis,
                    "thousand events/s"});
  }
  std::cerr << "publish to delivered ...\n";
  const auto [p50, p99] = bench.latency();
  rows.push_back({"publish to delivered at 1,000/s, p50", p50, 0, "us"});
  rows.push_back({"publish to delivered at 1,000/s, p99", p99, 0, "us"});
  std::cerr << "fan-out to 100 ...\n";
  rows.push_back({"fan-out to 100 consumers", bench.fan_out(100) / 1'000, 0, "thousand deliveries/s"});
  measure_persons(bench, rows);
  print(rows, format);
  return 0;
}

}  // namespace
}  // namespace iro::bench

int main(int argc, char** argv) try {
  double seconds = 3;
  std::string format;
  bool only_persons = false;
  for (int i = 1; i < argc; ++i) {
    const std::string a = argv[i];
    if (a == "--json")
      format = a;
    else if (a == "--persons")
      only_persons = true;
    else if (a == "--seconds" && i + 1 < argc)
      seconds = std::strtod(argv[++i], nullptr);
    else {
      std::cerr << "usage: hub-bench [--seconds S] [--json] [--persons]\n";
      return 2;
    }
  }
  return iro::bench::run(seconds, format, only_persons);
} catch (const std::exception& e) {
  std::fprintf(stderr, "bench: %s\n", e.what());
  return 1;
}

// bench/hub_bench.cpp: a real irod with everything on (CURVE, admission, detectors, encryption at rest where the
// type asks it, FULL commits), beside Redis Streams and the disk's own fdatasync rate in the same run; then with rules
// in its line (`plugin_rows.hpp`).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <thread>

#include "bench/call_rows.hpp"
#include "bench/load.hpp"
#include "bench/peers.hpp"
#include "bench/plugin_rows.hpp"
#include "bench/rows.hpp"
#include "tests/support/running_hub.hpp"

namespace iro::bench {
namespace {

class Bench {
 public:
  Bench(double seconds)
      : seconds_(seconds),
        hub_(folder_.path()),
        registry_(std::move(*schema::Registry::builtin())),
        vacancy_(opened_vacancy(registry_)) {
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
        done += publish(context_, publishers_[static_cast<std::size_t>(i)],
                        fmt::format("{}x{}-{}", publishers, outstanding, i), outstanding, until, vacancy_);
      });
    }
    for (auto& t : threads) t.join();
    return static_cast<double>(done) / seconds_since(start);
  }

  /// Microseconds from the PUB to the DELIVER, at 1,000 events a second: p50 and p99.
  Quantiles latency() {
    test::RawClient consumer(context_, school_, "latency");
    const ConsumerNo no = consumer.subscribe("latency", wire::From::now);
    test::RawClient publisher(context_, publishers_[0], "latency-pub");
    std::vector<double> micros;
    ProducerSeq sequence(1);
    auto next = Clock::now();
    for (int i = 0; i < static_cast<int>(seconds_ * 1'000); ++i) {
      next += std::chrono::milliseconds(1);
      std::this_thread::sleep_until(next);
      const auto sent = Clock::now();
      publisher.send(wire::Pub{sequence, {event_of(publishers_[0], vacancy_, static_cast<std::size_t>(i))}});
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
    return quantiles(std::move(micros));
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
        test::RawClient client(context_, school_, fmt::format("fan-{}", t));
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
    publish(context_, publishers_[0], "fan-out", 1'024, in(seconds_), vacancy_);
    const double rate = static_cast<double>(got) / seconds_since(start);
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
      test::RawClient client(context_, publishers_[0], name);
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
    const std::uint64_t sent = publish(context_, school_, name, 1'024, in(seconds), load);
    const auto patience = in(20);
    while (delivered && got < sent && Clock::now() < patience)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const double rate = static_cast<double>(delivered ? got.load() : sent) / seconds_since(start);
    stop = true;
    consumer.join();
    if (delivered && got < sent)
      throw std::runtime_error(fmt::format("{} of {} events were delivered", got.load(), sent));
    return rate;
  }

  double seconds_;
  test::TempFolder folder_;
  test::RunningHub hub_;
  schema::Registry registry_;
  Load vacancy_;
  int runs_ = 0;
  zmq::context_t context_;
  std::vector<client::KeyFile> publishers_;
  client::KeyFile school_;
};

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

void measure_hub(Bench& bench, double seconds, std::vector<Row>& rows) {
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
}

}  // namespace
}  // namespace iro::bench

int main(int argc, char** argv) try {
  using namespace iro::bench;
  CLI::App app{"Measures a hub beside Redis Streams and the disk, and what rules cost it. Asserts nothing."};
  double seconds = 3;
  bool as_json = false;
  bool only_persons = false;
  bool only_plugins = false;
  app.add_option("--seconds", seconds, "of each measurement")->capture_default_str()->check(CLI::Range(0.1, 600.0));
  app.add_flag("--json", as_json, "one object a row");
  auto* persons = app.add_flag("--persons", only_persons, "only what a person in an event costs");
  app.add_flag("--plugins", only_plugins, "only what rules cost")->excludes(persons);
  CLI11_PARSE(app, argc, argv);

  std::vector<Row> rows;
  if (!only_plugins) {
    Bench bench(seconds);
    if (!only_persons) measure_hub(bench, seconds, rows);
    measure_persons(bench, rows);
  }
  if (!only_persons) {
    measure_calls(rows);
    measure_plugins(seconds, rows);
  }
  print(rows, as_json);
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "bench: %s\n", e.what());
  return 1;
}

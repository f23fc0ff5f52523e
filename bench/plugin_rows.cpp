#include "bench/plugin_rows.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <iostream>
#include <stdexcept>
#include <thread>

#include "bench/load.hpp"
#include "tests/support/must.hpp"
#include "tests/support/running_hub.hpp"

namespace iro::bench {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using test::must;

constexpr auto stopping_type = "nl.placements.vacancy.withdrawn.v1";  // the loop's rule reacts to it
constexpr auto plain_type = "nl.placements.vacancy.unfilled.v1";      // no rule does
constexpr double loop_deadline_ms = 100;                              // event_ms in rules/loop.toml
constexpr int loops = 20;

/// A hub with these rules.
class RuledHub {
 public:
  explicit RuledHub(const std::vector<std::string>& rules) : hub_(folder_.path()) {
    fs::create_directories(hub_.folder() / "plugins");
    for (const auto& rule : rules)
      fs::copy(fs::path(BENCH_RULES) / rule, hub_.folder() / "plugins" / rule, fs::copy_options::recursive);
    hub_.start();
    for (int i = 0; i < 2; ++i) hospitals_.push_back(hub_.enrol(fmt::format("hospital-{}", i), {"care_provider"}));
    client::Options o;
    o.client_name = "operator";
    o.keys = hub_.operator_key();
    operator_ = must(client::Client::open(o), "operator");
  }

  [[nodiscard]] const client::KeyFile& hospital(std::size_t i) const { return hospitals_[i]; }
  [[nodiscard]] const test::RunningHub& hub() const { return hub_; }

  struct Standing {
    std::uint64_t lag = 0;  // of the one that is behind most
    std::uint64_t parked = 0;
    bool any_behind = false;
  };
  Standing standing() {
    Standing out;
    for (const auto& page : must(operator_->query("plugins", "{}", std::chrono::seconds(20)), "plugins")) {
      const json::value rows = json::parse(page);
      for (const auto& row : rows.as_array()) {
        if (row.at("state") == "suspended")
          throw std::runtime_error("a rule is suspended: " + json::serialize(row.at("why")));
        out.lag = std::max(out.lag, row.at("lag").to_number<std::uint64_t>());
        out.parked += row.at("parked").to_number<std::uint64_t>();
        out.any_behind = out.any_behind || row.at("state") == "behind";
      }
    }
    return out;
  }
  /// Until `done` of the rules' standing. Throws after a minute.
  template <typename Done>
  void wait_until(Done done) {
    const auto patience = in(60);
    while (!done(standing())) {
      if (Clock::now() > patience) throw std::runtime_error("the rules do not come to rest");
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

 private:
  test::TempFolder folder_;
  test::RunningHub hub_;
  std::vector<client::KeyFile> hospitals_;
  std::unique_ptr<client::Client> operator_;
};

/// One publisher, one event at a time.
class OneByOne {
 public:
  OneByOne(zmq::context_t& context, const client::KeyFile& keys, const std::string& name)
      : keys_(keys), client_(context, keys, name) {}
  /// Microseconds until it is committed.
  double say(const Load& load) {
    const auto begun = Clock::now();
    client_.send(wire::Pub{ProducerSeq(++said_), {event_of(keys_, load, said_)}});
    client_.acknowledged();
    return seconds_since(begun) * 1e6;
  }

 private:
  const client::KeyFile& keys_;
  test::RawClient client_;
  std::uint64_t said_ = 0;
};

/// Until all rules are waited for: who was late keeps up for a second first, and that shows with the next event.
void bring_in_line(RuledHub& hub, OneByOne& publisher, const Load& load) {
  hub.wait_until([&](const RuledHub::Standing& now) {
    publisher.say(load);
    return !now.any_behind;
  });
}

void measure_chain(const schema::Registry& registry, double seconds, std::vector<Row>& rows) {
  std::cerr << "a chain of three rules ...\n";
  RuledHub without({});
  RuledHub with({"bench-chain-1", "bench-chain-2", "bench-chain-3"});
  zmq::context_t context;
  OneByOne plain(context, without.hospital(0), "plain");
  OneByOne chained(context, with.hospital(0), "chained");
  const Load load = opened_vacancy(registry);
  for (int i = 0; i < 100; ++i) chained.say(load);
  bring_in_line(with, chained, load);
  std::vector<double> us_plain;
  std::vector<double> us_chained;
  for (const auto until = in(seconds); Clock::now() < until;) {  // in turn: what else the machine does befalls both
    us_plain.push_back(plain.say(load));
    us_chained.push_back(chained.say(load));
  }
  if (with.standing().any_behind) std::cerr << "a rule of the chain was not waited for at the end\n";
  const double p50 = quantiles(std::move(us_plain)).p50;
  const double p50_chained = quantiles(std::move(us_chained)).p50;
  rows.push_back({"publish to committed, p50", p50, 0, "us"});
  rows.push_back({"with a chain of three rules, p50", p50_chained, 0, "us", p50_chained / p50});
}

/// Seconds of processor time that a process has used, with all its threads; without its children.
double cpu_seconds(pid_t pid) {
  clockid_t clock = 0;
  timespec used{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0)
    throw std::runtime_error("the hub is gone while it is measured");
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

struct SourceRate {
  double a_second = 0;  // source events, until the last rule has done its work
  double cpu_us = 0;    // of the hub's process, for each
};

SourceRate source_rate(RuledHub& hub, const Load& load, double seconds, int round) {
  zmq::context_t context;
  const auto begun = Clock::now();
  const double cpu_before = cpu_seconds(hub.hub().pid());
  const std::uint64_t sent =
      publish(context, hub.hospital(0), fmt::format("source-{}", round), 1'024, in(seconds), load);
  hub.wait_until([](const RuledHub::Standing& now) { return now.lag == 0; });
  return {static_cast<double>(sent) / seconds_since(begun),
          (cpu_seconds(hub.hub().pid()) - cpu_before) * 1e6 / static_cast<double>(sent)};
}

void measure_rate(const schema::Registry& registry, double seconds, std::vector<Row>& rows) {
  std::cerr << "three rules on every event ...\n";
  RuledHub without({});
  RuledHub with({"bench-tally-1", "bench-tally-2", "bench-tally-3"});
  // A thousand subjects, as a region has: the rules keep a state for each.
  Load load{"nl.placements.vacancy.opened.v1", {}};
  for (int i = 0; i < 1'000; ++i) {
    load.payloads.push_back(payload_of(
        registry, load.type,
        fmt::format(R"({{"vacancy_id":"vac-{:06}","provider":"hospital-0","offer":{{"branch":"hospital"}}}})", i)));
  }
  source_rate(with, load, seconds / 10, 0);
  zmq::context_t context;
  OneByOne publisher(context, with.hospital(1), "one by one");
  constexpr int rounds = 3;
  SourceRate plain;
  SourceRate ruled;
  const auto add = [](SourceRate& mean, const SourceRate& one) {
    mean.a_second += one.a_second / rounds;
    mean.cpu_us += one.cpu_us / rounds;
  };
  for (int i = 1; i <= rounds; ++i) {
    add(plain, source_rate(without, load, seconds / rounds, i));
    bring_in_line(with, publisher, load);
    add(ruled, source_rate(with, load, seconds / rounds, i));
  }
  rows.push_back({"source events 1x1024", plain.a_second / 1'000, 0, "thousand events/s"});
  rows.push_back({"with three rules on each: state, event", ruled.a_second / 1'000, 0, "thousand events/s",
                  ruled.a_second / plain.a_second});
  rows.push_back({"processor time of the hub for each source event", plain.cpu_us, 0, "us"});
  rows.push_back({"  with three rules on each", ruled.cpu_us, 0, "us", ruled.cpu_us / plain.cpu_us});
}

/// Milliseconds until a process has ended.
double lives(pid_t pid, Clock::time_point since) {
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) throw std::runtime_error("the rule's process is gone before it was asked");
  pollfd one{fd, POLLIN, 0};
  const int ended = ::poll(&one, 1, 10'000);
  const double ms = seconds_since(since) * 1'000;
  ::close(fd);
  if (ended != 1) throw std::runtime_error("an endless loop was not ended within 10 s");
  return ms;
}

void measure_loop(const schema::Registry& registry, std::vector<Row>& rows) {
  std::cerr << "an endless loop ...\n";
  RuledHub hub({"bench-loop"});
  zmq::context_t context;
  const auto load = [&](std::string_view type, const std::string& vacancy) {
    return Load{std::string(type),
                {payload_of(registry, type, fmt::format(R"({{"vacancy_id":"{}","provider":"hospital-0"}})", vacancy))}};
  };
  std::atomic<bool> looping = false;
  std::atomic<bool> stop = false;
  std::vector<double> us_quiet;
  std::vector<double> us_looping;
  std::thread other([&] {
    OneByOne publisher(context, hub.hospital(1), "other");
    const Load plain = load(plain_type, "vac-other");
    while (!stop) {
      const bool before = looping;
      const double us = publisher.say(plain);
      (before || looping ? us_looping : us_quiet).push_back(us);
    }
  });
  std::vector<double> ms_late;
  try {
    OneByOne publisher(context, hub.hospital(0), "looping");
    for (int i = 0; i < loops; ++i) {
      publisher.say(load(stopping_type, "vac-good"));
      hub.wait_until([&](const RuledHub::Standing& now) {
        return !now.any_behind && now.parked == static_cast<std::uint64_t>(i);
      });
      const auto processes = hub.hub().children();
      if (processes.size() != 1) throw std::runtime_error("the rule has no process, or two");
      looping = true;
      const auto begun = Clock::now();
      publisher.say(load(stopping_type, fmt::format("vac-loop-{}", i)));
      ms_late.push_back(lives(processes.front(), begun) - loop_deadline_ms);
      // Tried once more alone, in a fresh process, and parked.
      hub.wait_until([&](const RuledHub::Standing& now) { return now.parked == static_cast<std::uint64_t>(i) + 1; });
      looping = false;
    }
  } catch (...) {
    stop = true;
    other.join();
    throw;
  }
  stop = true;
  other.join();
  const double most = *std::ranges::max_element(ms_late);
  const Quantiles quiet = quantiles(std::move(us_quiet));
  const Quantiles meanwhile = quantiles(std::move(us_looping));
  rows.push_back({"an endless loop is ended after its deadline, p50", quantiles(std::move(ms_late)).p50, 0, "ms"});
  rows.push_back({"  the latest of 20", most, 0, "ms"});
  rows.push_back({"others' events, publish to committed, p50", quiet.p50, 0, "us"});
  rows.push_back({"  while a rule loops, p50", meanwhile.p50, 0, "us", meanwhile.p50 / quiet.p50});
  rows.push_back({"others' events, publish to committed, p99", quiet.p99, 0, "us"});
  rows.push_back({"  while a rule loops, p99", meanwhile.p99, 0, "us", meanwhile.p99 / quiet.p99});
}

}  // namespace

void measure_plugins(double seconds, std::vector<Row>& rows) {
  const schema::Registry registry = must(schema::Registry::builtin(), "schemas");
  measure_chain(registry, seconds, rows);
  measure_rate(registry, seconds, rows);
  measure_loop(registry, rows);
}

}  // namespace iro::bench

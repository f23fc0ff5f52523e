// Concern: whatever befalls the disk, nothing acknowledged is lost, nothing is broken, and no key that an erasure ended
//   is left once the erasure was acknowledged, or the hub has started again.
// Plan: the real log and key ring on a simulated disk, with every mishap we know of, while all that a hub commits goes
//   through it: events and state, gates, releases, backfills, accesses, erasures, retention, epochs (script.cpp).
//
// IRO_CRASH_POINTS (20000) says how many crashes, IRO_SEED (random) which ones,
// IRO_FAULT_COMMITS (30) how long the scripts are whose every operation fails once.
// A failure prints its seed: run it again with IRO_SEED=that.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "tests/catch.hpp"
#include "tests/crash/vfs/machine.hpp"

using namespace iro;
using namespace iro::log;
using namespace iro::log::test;

namespace {

constexpr std::uint64_t crashes_a_life = 40;  // then a new disk

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// The folder lock is real, everything else is on the simulated disk: in memory, or each start would wait for the
/// journal of a file system that others keep busy.
std::filesystem::path place() {
  const std::filesystem::path memory("/dev/shm");
  return std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path();
}

struct Workshop {
  std::filesystem::path folder = place() / fmt::format("crash_vfs.{}", ::getpid());
  SimulatedDisk nothing{0};
  FaultVfs vfs{"faulty", nothing};
  Workshop() {
    std::filesystem::create_directories(folder);
    REQUIRE(register_page_vfs("iro-faulty", "faulty"));
  }
  ~Workshop() { std::filesystem::remove_all(folder); }
  Machine machine(std::uint64_t seed, const Conditions& how) { return Machine(seed, vfs, "iro-faulty", folder, how); }
};
Workshop& workshop() {
  static Workshop one;
  return one;
}

struct Tally {
  std::uint64_t lives = 0;
  std::uint64_t crashes = 0;
  std::uint64_t events = 0;
  std::uint64_t lost = 0;
  std::uint64_t broken = 0;
  std::uint64_t erasures = 0;
  std::uint64_t retentions = 0;
  std::uint64_t epochs = 0;
  std::string first;
  void count(const Machine& m) {
    events += m.events();
    erasures += m.erasures();
    retentions += m.retentions();
    epochs += m.epochs();
  }
  void add(const Verdict& v) {
    lost += v.lost ? 1 : 0;
    broken += v.broken ? 1 : 0;
    if (first.empty()) first = v.what;
  }
};

/// A disk's life: start, work until the power goes or the process is killed, start again.
void live(std::uint64_t seed, const Conditions& how, Tally& tally) {
  Machine machine = workshop().machine(seed, how);
  for (std::uint64_t crash = 0; crash < crashes_a_life && machine.verdict().good(); ++crash, ++tally.crashes) {
    // Most often while it works, at times while it starts.
    machine.disk().power_off_at(1 + machine.random() % (machine.random() % 4 == 0 ? 8 : 120));
    if (machine.start()) {
      while (machine.commit()) machine.tend();
    }
    machine.stop();
    if (machine.random() % 4 == 0) {
      machine.disk().restart_process();
    } else {
      machine.disk().power_on();
    }
  }
  if (machine.verdict().good() && machine.start()) machine.inspect();
  ++tally.lives;
  tally.count(machine);
  tally.add(machine.verdict());
}

Tally live_many(std::uint64_t seed, std::uint64_t crashes, const Conditions& how) {
  Tally tally;
  for (std::uint64_t life = 0; tally.crashes < crashes; ++life) live(seed + life, how, tally);
  return tally;
}

std::uint64_t seed() {
  static const std::uint64_t one = number_from_environment("IRO_SEED", std::random_device{}());
  return one;
}

const char* name_of(Fault fault) {
  return fault == Fault::io_error ? "EIO" : fault == Fault::no_space ? "ENOSPC" : "a failed fsync";
}

/// A script of commits in which the `k`-th operation that `fault` can happen to fails once. False when it is too short
/// for that.
bool survive_fault(Fault fault, std::uint64_t k, const Conditions& how, Verdict& verdict, Tally& tally) {
  static const auto commits = number_from_environment("IRO_FAULT_COMMITS", 30);
  Machine machine = workshop().machine(seed(), how);
  machine.expect_fault(fault, k);
  const auto happened = [&] { return !machine.disk().fault_pending(); };
  bool up = machine.start();
  std::uint64_t left = commits;
  for (bool was = false; left > 0 && machine.verdict().good(); --left) {
    // The power goes soon after most faults, before later checkpoints write again what a lost write had missed.
    if (happened() && !std::exchange(was, true) && k % 5 != 0) left = std::min(left, 1 + k % 5);
    if (!up) {
      machine.stop();
      up = machine.start();
      continue;
    }
    if (!machine.commit()) up = machine.recover();
    if (up) machine.tend();
  }
  const bool had_its_fault = happened();
  // What was believed after the fault must survive a power failure.
  machine.stop();
  machine.disk().power_off();
  machine.disk().power_on();
  if (machine.verdict().good() && machine.start()) machine.inspect();
  verdict = machine.verdict();
  tally.count(machine);
  return had_its_fault;
}

}  // namespace

TEST_CASE("crash: no acknowledged event is lost, and no log is broken, wherever the power fails") {
  const auto crashes = number_from_environment("IRO_CRASH_POINTS", 20'000);
  const auto start = std::chrono::steady_clock::now();
  const Tally tally = live_many(seed(), crashes, {});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::cout << fmt::format(
      "seed {}: {} crash points, {} events kept, {} erasures, {} retentions, {} epochs, {} lost, {} broken; {:.0f} "
      "crash "
      "points a second\n",
      seed(), tally.crashes, tally.events, tally.erasures, tally.retentions, tally.epochs, tally.lost, tally.broken,
      static_cast<double>(tally.crashes) / took.count());
  INFO(tally.first);
  CHECK(tally.lost == 0);
  CHECK(tally.broken == 0);
  for (const std::uint64_t often : {tally.erasures, tally.retentions, tally.epochs}) CHECK(often > 0);
}

TEST_CASE("crash: the same harness sees the losses of synchronous=NORMAL and of a disk that lies") {
  const auto crashes = number_from_environment("IRO_CRASH_POINTS", 20'000) / 20;
  Conditions normal;
  normal.synchronous = "NORMAL";
  Conditions lying;
  lying.lying_disk = true;
  const Tally with_normal = live_many(seed(), crashes, normal);
  const Tally with_lies = live_many(seed(), crashes, lying);
  std::cout << fmt::format(
      "seed {}: NORMAL lost something in {} of {} lives, a lying disk in {} (and {} broken) of {}\n", seed(),
      with_normal.lost, with_normal.lives, with_lies.lost, with_lies.broken, with_lies.lives);
  CHECK(with_normal.lost > 0);
  CHECK(with_lies.lost > 0);
}

TEST_CASE("crash: each I/O operation may fail once, by EIO, ENOSPC or a failed fsync, and nothing is lost") {
  for (const Fault fault : {Fault::io_error, Fault::no_space, Fault::sync_error}) {
    std::uint64_t k = 1;
    Tally tally;
    for (Verdict verdict; survive_fault(fault, k, {}, verdict, tally); ++k) {
      INFO("fault " << static_cast<int>(fault) << " at operation " << k << ": " << verdict.what);
      REQUIRE(verdict.good());
    }
    std::cout << fmt::format("seed {}: {} at each of {} operations, nothing lost; {} erasures, no key left\n", seed(),
                             name_of(fault), k - 1, tally.erasures);
    for (const std::uint64_t often : {tally.erasures, tally.retentions, tally.epochs}) CHECK(often > 0);
  }
}

TEST_CASE("crash: the same harness sees that believing the page cache after a failed fsync loses events") {
  Conditions believing;
  believing.keeps_cache = true;
  std::uint64_t bad = 0;
  std::uint64_t k = 1;
  Tally tally;
  for (Verdict verdict; survive_fault(Fault::sync_error, k, believing, verdict, tally); ++k)
    bad += verdict.lost ? 1 : 0;
  std::cout << fmt::format("seed {}: without dropping the cache {} of {} failed fsyncs lose something\n", seed(), bad,
                           k - 1);
  CHECK(bad > 0);
}

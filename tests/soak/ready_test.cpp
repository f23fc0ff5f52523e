// tests/soak/ready_test.cpp: a hub is ready 2 s after a start, however long its log (P6).
//
// Writes a log of ten million events through the real SqliteLog, drops it from
// the page cache, starts irod on it and measures until it says "ready"; then it
// must still answer and take an event.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <stdexcept>

#include "hub/log/sqlite/sqlite_log.hpp"
#include "hub/schema/registry.hpp"
#include "tests/support/must.hpp"
#include "tests/support/running_hub.hpp"

namespace {

using namespace iro;
using test::must;
using Timer = std::chrono::steady_clock;

constexpr std::uint32_t chunk_events = 1'024;
constexpr double ready_within_s = 2.0;

double seconds_since(Timer::time_point start) { return std::chrono::duration<double>(Timer::now() - start).count(); }

/// Vacancies of one producer, heard by two members: what a year of a region looks like, many times over.
void write_log(const std::filesystem::path& data, std::uint64_t events) {
  const auto registry = must(schema::Registry::builtin(), "schemas");
  const auto* type = registry.find_loosely("vacancy.opened");
  const Bytes payload =
      must(registry.from_json(*type, R"({"vacancy_id":"vac-1","provider":"hospital-a","offer":{"branch":"hospital"}})"),
           "payload");
  SystemClock clock;
  auto log = must(log::SqliteLog::open(data, clock), "open");
  const auto snapshot = must(log->load(), "load");
  auto no = static_cast<std::uint32_t>(snapshot.atoms.size());
  Seq next = snapshot.next_seq;
  Hash head = snapshot.head;
  const ProducerId producer = make_producer_id();
  std::uint64_t sequence = 0;
  for (bool first = true; next.value() <= events; first = false) {
    log::ChunkBuilder builder(next, clock.now(), head);
    log::Commit commit;
    if (first) {
      commit.definitions = {{log::DefinitionKind::atom, no + 1, to_bytes(type->name)},
                            {log::DefinitionKind::atom, no + 2,
                             to_bytes(std::string_view("urn:nld:oin:00000099000000000001:systeem:sis"))}};
      for (const auto& d : commit.definitions) builder.define(d);
    }
    for (std::uint32_t i = 0; i < chunk_events; ++i) {
      log::EntryView e;
      e.id = make_event_id(static_cast<std::uint64_t>(clock.now().value()));
      e.type = AtomNo(no + 1);
      e.source = AtomNo(no + 2);
      e.producer = producer;
      e.producer_seq = ProducerSeq(++sequence);
      e.time = clock.now();
      e.recordedtime = clock.now();
      e.full.inline_members = {MemberNo(1), MemberNo(2)};
      e.subject = "vac-1";
      builder.add(e, payload);
    }
    auto chunk = std::make_shared<const log::Chunk>(std::move(builder).finish({MemberNo(1), MemberNo(2)}));
    next = chunk->last_seq().next();
    head = chunk->head;
    commit.chunk = chunk;
    must(log->commit(commit), "commit");
    if (next.value() / 1'000'000 != (next.value() - chunk_events) / 1'000'000)
      std::cout << fmt::format("{} million events\n", next.value() / 1'000'000) << std::flush;
  }
}

/// Nothing of the folder is left in memory, as after a reboot.
void make_cold(const std::filesystem::path& folder) {
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const int fd = ::open(file.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    ::fdatasync(fd);
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    ::close(fd);
  }
}

int run(std::uint64_t events) {
  test::TempFolder folder;
  test::RunningHub hub(folder.path());
  hub.start();  // the operator's row, as every log has it
  hub.enrol("school-a", {"school"});
  if (hub.stop() != 0) throw std::runtime_error("the hub did not stop well");
  const auto writing = Timer::now();
  write_log(hub.data(), events);
  std::cout << fmt::format("{} events written in {:.1f} s, {:.1f} GiB\n", events, seconds_since(writing),
                           static_cast<double>(std::filesystem::file_size(hub.data() / "log.db")) / (1ULL << 30));
  make_cold(hub.data());
  const auto starting = Timer::now();
  hub.start();
  const double ready = seconds_since(starting);
  std::cout << fmt::format("ready {:.3f} s after a cold start on {} events\n", ready, events);
  hub.enrol("school-b", {"school"});  // it works, and the index being made anew does not keep it from working
  if (hub.stop() != 0) throw std::runtime_error("the hub did not stop well");
  if (ready > ready_within_s)
    throw std::runtime_error(fmt::format("ready after {:.3f} s; promised within {:.0f} s", ready, ready_within_s));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t events = argc == 3 ? std::strtoull(argv[2], nullptr, 10) : 10'000'000;
  try {
    return run(events);
  } catch (const std::exception& e) {
    std::cout << "FAILED: " << e.what() << "\n";
    return 1;
  }
}

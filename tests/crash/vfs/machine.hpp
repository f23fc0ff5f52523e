// tests/crash/vfs/machine.hpp: a hub's store on a disk that fails, and beside
// it a MemoryLog that knows what the store has acknowledged.
//
// A Machine commits what a Script makes up, and after each mishap compares: the
// store must hold what was acknowledged, or that and the one commit whose
// outcome nobody was told; and of a key that an erasure ended no byte may stand
// in any file once the erasure was acknowledged, or the hub has started again.
// Everything follows from one seed.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>

#include "hub/base/clock.hpp"
#include "hub/log/memory_log.hpp"
#include "hub/log/sqlite/fault_vfs.hpp"
#include "hub/log/sqlite/sqlite_key_ring.hpp"
#include "hub/log/sqlite/sqlite_log.hpp"

namespace iro::log::test {

/// How the store is run. The defaults are the product's.
struct Conditions {
  std::string synchronous = "FULL";
  bool lying_disk = false;
  bool keeps_cache = false;  // drop_cache() is ignored
};

/// What went wrong that must not: the first line of a report, with the seed.
struct Verdict {
  bool lost = false;    // something acknowledged is not there
  bool broken = false;  // the database does not open, verify or match
  std::string what;
  [[nodiscard]] bool good() const { return !lost && !broken; }
};

class Machine {
 public:
  Machine(std::uint64_t seed, FaultVfs& vfs, std::string page_vfs, std::filesystem::path folder, const Conditions& how);
  ~Machine();

  SimulatedDisk& disk() { return disk_; }
  /// The `n`-th operation from now that `fault` can happen to fails, once.
  void expect_fault(Fault fault, std::uint64_t n);
  std::uint64_t random() { return random_(); }

  /// Start the process: open keys and log, and compare. False when the disk
  /// failed meanwhile (then stop() and try again), or the verdict is bad.
  bool start();
  /// The process is gone; nothing of it reaches the disk any more.
  void stop();
  /// One commit made up by chance, as the core does it: keys first. False when it failed.
  bool commit();
  /// What an operator does after a commit that failed: probe until there is
  /// room, or resume. Compares. False when that failed too.
  bool recover();
  /// A slice of housekeeping now and then.
  void tend();
  /// Everything: each event with its body and key, and the verifier.
  void inspect();

  [[nodiscard]] const Verdict& verdict() const { return verdict_; }
  [[nodiscard]] std::uint64_t commits() const { return commits_; }
  [[nodiscard]] std::uint64_t events() const { return last_seq_; }
  /// Of those acknowledged: that a run without any would show nothing.
  [[nodiscard]] std::uint64_t erasures() const { return erasures_; }
  [[nodiscard]] std::uint64_t retentions() const { return retentions_; }
  [[nodiscard]] std::uint64_t epochs() const { return epochs_; }

 private:
  /// False when the disk kept us from it, or the verdict is bad.
  bool compare();
  bool compare_state(const Snapshot& found);
  bool compare_chunks(Seq from);
  bool check_keys(const std::vector<std::shared_ptr<const Chunk>>& chunks);
  /// Is this error what the disk was told to do? If not, it is judged.
  void excuse(const char* what, const Error& error);
  void judge(bool lost, const std::string& what);
  Commit make_commit();
  std::shared_ptr<const Chunk> make_chunk(Commit& commit);
  void make_rows(Commit& commit);
  bool make_keys();
  Chunk without_expired(Chunk chunk) const;

  // script.cpp
  static constexpr std::uint64_t owners = 12;
  static std::string owner(std::uint64_t which);
  bool raise_epoch();
  void retain(Commit& commit);
  [[nodiscard]] std::uint16_t in_months(std::uint64_t months) const;
  schema::GateKey gate_key();
  void wait_at_gate(Commit& commit, const Entry& e, Seq at);
  const HeldRow* one_that_waits();
  void release(Commit& commit, ChunkBuilder& builder, const HeldRow& row);
  void note_access(ChunkBuilder& builder);
  void make_gates(Commit& commit);
  void make_backfill(Commit& commit);

  // forget.cpp
  [[nodiscard]] bool buried(PersonKeyNo no) const;
  bool plan_erasure();
  void bury(Commit& commit, ChunkBuilder& builder);
  bool end_keys(const std::vector<TombstoneRow>& tombstones);
  bool bury_again();
  bool no_trace(const char* when);

  std::uint64_t seed_;
  std::mt19937_64 random_;
  SimulatedDisk disk_;
  FaultVfs& vfs_;
  std::string page_vfs_;
  std::filesystem::path folder_;
  Conditions how_;
  ManualClock clock_{TimeMs(1'795'000'000'000)};

  std::unique_ptr<SqliteKeyRing> keys_;
  std::unique_ptr<SqliteLog> log_;
  std::unique_ptr<MemoryLog> acknowledged_;  // from the first open() that succeeded
  std::array<std::uint8_t, 16> log_id_{};
  std::optional<Commit> in_doubt_;
  Snapshot now_;
  std::uint64_t commits_ = 0;
  std::uint64_t last_seq_ = 0;
  std::vector<PersonKey> usable_keys_;                         // for the chunk that is being made
  std::vector<PersonKeyNo> ending_;                            // whom the commit that is being made erases
  std::map<PersonKeyNo, std::array<std::uint8_t, 32>> given_;  // every key there ever was
  std::set<PersonKeyNo> ended_;                                // by erasures that were acknowledged
  std::optional<TimeMs> epoch_in_doubt_;
  bool must_restart_ = false;
  std::uint64_t erasures_ = 0;
  std::uint64_t retentions_ = 0;
  std::uint64_t epochs_ = 0;
  bool fault_expected_ = false;
  Verdict verdict_;
};

}  // namespace iro::log::test

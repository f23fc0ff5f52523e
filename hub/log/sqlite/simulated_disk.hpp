// hub/log/sqlite/simulated_disk.hpp: a disk and the page cache before it, in
// memory, that misbehave on request. For tests only.
//
// What the model holds:
//  1. A write changes the cache; sync() carries it to the disk.
//  2. When the power fails, of everything not synced any part may be on the
//     disk: any subset of writes, an older one over a newer one, torn at sectors
//     of 512 bytes, file sizes too, new files or not, removed files or not.
//  3. When a process is killed, the cache stays.
//  4. After a failed sync() the cache shows what the disk may not have, and
//     calls it clean: no later sync() brings it. (That is what Linux does.)
//  5. drop_cache() shows what is on the disk, and what is still to be synced.
//
// One thread. Everything random comes from the seed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "hub/base/bytes.hpp"

namespace iro::log {

enum class Fault : std::uint8_t {
  io_error,    // EIO, of any operation
  no_space,    // ENOSPC, of a write
  sync_error,  // EIO, of a sync
};

enum class DiskAnswer : std::uint8_t { done, short_read, io_error, no_space };

class SimulatedDisk {
 public:
  struct Change {
    std::uint64_t at = 0;
    Bytes bytes;
    std::optional<std::uint64_t> truncate_to;  // then there are no bytes
  };
  struct File {
    Bytes cache;                   // what a process reads
    Bytes disk;                    // what is certainly there
    std::vector<Change> unsynced;  // in the order in which they were made
    bool named_on_disk = false;
  };
  using FileRef = std::shared_ptr<File>;

  explicit SimulatedDisk(std::uint64_t seed) : random_(seed) {}

  // What an operating system offers.
  DiskAnswer open(const std::string& name, bool create, FileRef& out);
  DiskAnswer remove(const std::string& name, bool durably);
  [[nodiscard]] bool exists(const std::string& name) const { return files_.contains(name); }
  DiskAnswer read(File& file, std::uint64_t at, std::span<std::uint8_t> out);
  DiskAnswer write(File& file, std::uint64_t at, ByteView bytes);
  DiskAnswer truncate(File& file, std::uint64_t size);
  DiskAnswer sync(File& file);
  void drop_cache(File& file) const;

  // What befalls it.
  /// The power goes with the `n`-th change (write, truncate, sync, remove) from
  /// now: from there on every operation fails, until power_on().
  void power_off_at(std::uint64_t n) { power_off_at_ = changes_ + n; }
  void power_off() { off_ = true; }
  [[nodiscard]] bool is_off() const { return off_; }
  /// The power is back: the disk holds what it may hold.
  void power_on();
  /// Instead: only the process had died. Everything that it wrote is in the cache.
  void restart_process();
  /// The `n`-th operation from now that `fault` can happen to fails, once.
  void fail_at(Fault fault, std::uint64_t n);
  [[nodiscard]] bool fault_pending() const { return fault_at_ > 0; }
  /// sync() says that it is done and does nothing.
  void lie(bool yes) { lies_ = yes; }
  /// drop_cache() does nothing: what the log would meet if it did not ask for it.
  void keep_cache(bool yes) { keeps_cache_ = yes; }
  /// No write may make a file larger while this is set.
  void full(bool yes) { full_ = yes; }

  [[nodiscard]] std::uint64_t changes() const { return changes_; }
  [[nodiscard]] std::uint64_t operations() const { return operations_; }
  /// A copy of a file's bytes as a process reads them; empty when there is none.
  [[nodiscard]] Bytes content(const std::string& name) const;
  void set_content(const std::string& name, Bytes bytes);
  std::uint64_t random() { return random_(); }
  /// Other luck from here on.
  void reseed(std::uint64_t seed) { random_.seed(seed); }

 private:
  enum class Kind : std::uint8_t { read, write, truncate, sync, other };
  std::optional<DiskAnswer> befall(Kind kind);
  static void apply(Bytes& to, const Change& change);
  void apply_partly(Bytes& to, const std::vector<Change>& changes);
  void apply_sectors(Bytes& to, const Change& change, unsigned chance);

  std::mt19937_64 random_;
  std::map<std::string, FileRef> files_;
  std::map<std::string, FileRef> removed_;  // but not durably: may come back
  bool off_ = false;
  bool lies_ = false;
  bool full_ = false;
  bool keeps_cache_ = false;
  std::uint64_t changes_ = 0;
  std::uint64_t operations_ = 0;
  std::uint64_t power_off_at_ = 0;
  Fault fault_ = Fault::io_error;
  std::uint64_t fault_at_ = 0;  // operations left; 0: no fault
};

}  // namespace iro::log

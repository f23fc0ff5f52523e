// hub/log/sqlite/fault_vfs.hpp: an SQLite VFS on a SimulatedDisk, so that the
// real log runs on a disk that fails in every way we can think of. For tests.
//
// The page VFS goes on top of it, as on a real disk:
//
//   SimulatedDisk disk(seed);
//   FaultVfs faulty("faulty-7", disk);
//   auto vfs = register_page_vfs("iro-7", "faulty-7");
//   SqliteLog::open(folder, clock, {.vfs = "iro-7", .reserve_bytes = 0});
//
// One thread, as the disk. All connections are closed before a FaultVfs ends.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>

#include "hub/log/sqlite/simulated_disk.hpp"

namespace iro::log {

class FaultVfs {
 public:
  /// Registered as `name`, which must be free. `disk` outlives it.
  FaultVfs(std::string name, SimulatedDisk& disk);
  ~FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  [[nodiscard]] const std::string& name() const;
  /// Use another disk from here on. No file is open.
  void insert(SimulatedDisk& disk);

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace iro::log

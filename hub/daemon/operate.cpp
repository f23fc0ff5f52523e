// What an operator does to a running hub: a new configuration, and how the machine is doing.
#include <spdlog/spdlog.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fstream>

#include "hub/daemon/desk.hpp"

namespace iro::daemon {
namespace {

std::optional<std::uint64_t> resident_bytes() {
  std::ifstream in("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  if (!(in >> total >> resident)) return std::nullopt;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::optional<std::uint64_t> free_bytes(const std::filesystem::path& folder) {
  struct statvfs s {};
  if (::statvfs(folder.c_str(), &s) != 0) return std::nullopt;
  return std::uint64_t{s.f_bavail} * s.f_frsize;
}

}  // namespace

void Hub::take_new_config() {
  auto fresh = Home::load(home_.folder);
  if (!fresh) {
    spdlog::error("the new configuration is not taken: {}", fresh.error().text());
    return;
  }
  const HomeConfig& next = fresh->config;
  HomeConfig& now = home_.config;
  if (next.endpoints != now.endpoints) spdlog::warn("endpoints: changed, and wants a restart");
  if (next.oin != now.oin) spdlog::warn("oin: changed, and wants a restart");
  if (next.witness != now.witness) spdlog::warn("witness: changed, and wants a restart");
  if (next.plugins != now.plugins) spdlog::warn("plugins: changed, and wants a restart");
  if (next.keys_backup != now.keys_backup) spdlog::warn("keys_backup: changed, and wants a restart");
  if (next.scrub_bytes_per_second != now.scrub_bytes_per_second)
    spdlog::warn("scrub_bytes_per_second: changed, and wants a restart");
  now.name = next.name;
  now.log_level = next.log_level;
  now.drain_ms = next.drain_ms;
  now.input_queue_mib = next.input_queue_mib;
  step(core::Reconfigure{now.name, static_cast<std::size_t>(now.input_queue_mib) << 20});
  spdlog::set_level(spdlog::level::from_str(now.log_level));
  spdlog::warn("the configuration was read again: log_level {}, drain_ms {}, input_queue_mib {}", now.log_level,
               now.drain_ms, now.input_queue_mib);
}

void Hub::tell_machine() {
  core::Machine machine;
  machine.wal_bytes = log_->wal_bytes();
  machine.disk_free_bytes = free_bytes(home_.data());
  machine.memory_bytes = resident_bytes();
  machine.scrub = scrub_->state();
  machine.backup = core::BackupState{backup_ != nullptr, TimeMs(desk_->backup_good_ms),
                                     desk_->backup_failed ? "the last backup failed: the log has the reason" : ""};
  step(std::move(machine));
}

}  // namespace iro::daemon

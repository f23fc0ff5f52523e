#include "hub/log/sqlite/simulated_disk.hpp"

#include <algorithm>
#include <cstring>

namespace iro::log {
namespace {

constexpr std::uint64_t sector = 512;

}  // namespace

void SimulatedDisk::apply(Bytes& to, const Change& change) {
  if (change.truncate_to) {
    to.resize(*change.truncate_to);
    return;
  }
  if (to.size() < change.at + change.bytes.size()) to.resize(change.at + change.bytes.size());
  std::copy(change.bytes.begin(), change.bytes.end(), to.begin() + static_cast<std::ptrdiff_t>(change.at));
}

/// Each sector of a write reaches the disk or not, by a chance in 256.
void SimulatedDisk::apply_sectors(Bytes& to, const Change& change, unsigned chance) {
  const std::uint64_t end = change.at + change.bytes.size();
  for (std::uint64_t from = change.at; from < end;) {
    const std::uint64_t until = std::min(end, (from / sector + 1) * sector);
    if (random_() % 256 < chance) {
      const auto first = change.bytes.begin() + static_cast<std::ptrdiff_t>(from - change.at);
      apply(to, {from, Bytes(first, first + static_cast<std::ptrdiff_t>(until - from)), {}});
    }
    from = until;
  }
}

/// What a disk may hold of changes that were never synced. Often all or nothing, sometimes anything in between.
void SimulatedDisk::apply_partly(Bytes& to, const std::vector<Change>& changes) {
  static constexpr unsigned chances[] = {0, 32, 128, 224, 250, 256};
  const unsigned chance = chances[random_() % std::size(chances)];
  std::vector<std::size_t> order(changes.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  if (random_() % 2 == 0) std::shuffle(order.begin(), order.end(), random_);
  for (const std::size_t i : order) {
    if (changes[i].truncate_to) {
      if (random_() % 256 < chance) apply(to, changes[i]);
    } else {
      apply_sectors(to, changes[i], chance);
    }
  }
}

/// Counts the operation, and says how it ends if something befalls it.
std::optional<DiskAnswer> SimulatedDisk::befall(Kind kind) {
  if (off_) return DiskAnswer::io_error;
  ++operations_;
  if (kind != Kind::read && ++changes_ == power_off_at_) off_ = true;  // this one may still get there, in part
  const bool concerns = fault_ == Fault::io_error || (fault_ == Fault::no_space && kind == Kind::write) ||
                        (fault_ == Fault::sync_error && kind == Kind::sync);
  if (fault_at_ == 0 || !concerns) return std::nullopt;
  --fault_at_;
  if (fault_at_ > 0) return std::nullopt;
  return fault_ == Fault::no_space ? DiskAnswer::no_space : DiskAnswer::io_error;
}

DiskAnswer SimulatedDisk::open(const std::string& name, bool create, FileRef& out) {
  if (off_) return DiskAnswer::io_error;
  FileRef& file = files_[name];
  if (!file && create) file = std::make_shared<File>();
  out = file;
  if (!file) files_.erase(name);
  return out ? DiskAnswer::done : DiskAnswer::io_error;
}

DiskAnswer SimulatedDisk::remove(const std::string& name, bool durably) {
  if (const auto ends = befall(Kind::other)) return *ends;
  const auto at = files_.find(name);
  if (at == files_.end()) return DiskAnswer::done;
  if (at->second->named_on_disk && !durably) removed_[name] = at->second;
  files_.erase(at);
  return off_ ? DiskAnswer::io_error : DiskAnswer::done;
}

DiskAnswer SimulatedDisk::read(File& file, std::uint64_t at, std::span<std::uint8_t> out) {
  if (const auto ends = befall(Kind::read)) return *ends;
  const std::uint64_t there = at < file.cache.size() ? std::min<std::uint64_t>(out.size(), file.cache.size() - at) : 0;
  if (there > 0) std::memcpy(out.data(), file.cache.data() + at, there);
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(there), out.end(), 0);
  return there == out.size() ? DiskAnswer::done : DiskAnswer::short_read;
}

DiskAnswer SimulatedDisk::write(File& file, std::uint64_t at, ByteView bytes) {
  auto ends = befall(Kind::write);
  if (off_ && ends) return *ends;
  if (!ends && full_ && at + bytes.size() > file.cache.size()) ends = DiskAnswer::no_space;
  // A write that fails may have got some of the way.
  const std::size_t part = ends ? random_() % (bytes.size() + 1) : bytes.size();
  Change change{at, to_bytes(bytes.first(part)), {}};
  if (part > 0) {
    apply(file.cache, change);
    file.unsynced.push_back(std::move(change));
  }
  if (ends) return *ends;
  return off_ ? DiskAnswer::io_error : DiskAnswer::done;
}

DiskAnswer SimulatedDisk::truncate(File& file, std::uint64_t size) {
  if (const auto ends = befall(Kind::truncate)) return *ends;
  Change change{0, {}, size};
  apply(file.cache, change);
  file.unsynced.push_back(std::move(change));
  return off_ ? DiskAnswer::io_error : DiskAnswer::done;
}

DiskAnswer SimulatedDisk::sync(File& file) {
  const auto ends = befall(Kind::sync);
  if (off_) return DiskAnswer::io_error;  // what was to be synced stays unsynced
  if (ends) {
    apply_partly(file.disk, file.unsynced);
    file.unsynced.clear();
    return *ends;
  }
  if (lies_) return DiskAnswer::done;
  for (const Change& change : file.unsynced) apply(file.disk, change);
  file.unsynced.clear();
  // The folder is synced with the file, and with it the names of all files that were made in it.
  for (auto& [name, other] : files_) other->named_on_disk = true;
  removed_.clear();
  return DiskAnswer::done;
}

void SimulatedDisk::drop_cache(File& file) const {
  if (keeps_cache_) return;
  file.cache = file.disk;
  for (const Change& change : file.unsynced) apply(file.cache, change);
}

void SimulatedDisk::power_on() {
  for (auto& [name, file] : removed_) {
    if (random_() % 2 == 0) files_.try_emplace(name, file);
  }
  removed_.clear();
  std::erase_if(files_, [&](const auto& row) { return !row.second->named_on_disk && random_() % 2 == 0; });
  for (auto& [name, file] : files_) {
    apply_partly(file->disk, file->unsynced);
    file->unsynced.clear();
    file->cache = file->disk;
    file->named_on_disk = true;
  }
  restart_process();
}

void SimulatedDisk::restart_process() {
  off_ = false;
  power_off_at_ = 0;
  fault_at_ = 0;
}

void SimulatedDisk::fail_at(Fault fault, std::uint64_t n) {
  fault_ = fault;
  fault_at_ = n;
}

Bytes SimulatedDisk::content(const std::string& name) const {
  const auto at = files_.find(name);
  return at == files_.end() ? Bytes{} : at->second->cache;
}

void SimulatedDisk::set_content(const std::string& name, Bytes bytes) {
  auto file = std::make_shared<File>();
  file->cache = bytes;
  file->disk = std::move(bytes);
  file->named_on_disk = true;
  files_[name] = std::move(file);
}

}  // namespace iro::log

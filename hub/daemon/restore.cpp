#include "hub/daemon/restore.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "hub/base/file_lock.hpp"
#include "hub/log/sqlite/sqlite_key_ring.hpp"
#include "hub/log/sqlite/sqlite_log.hpp"
#include "hub/log/sqlite/sqlite_reader.hpp"

namespace iro::daemon {
namespace fs = std::filesystem;
namespace {

Status sync_path(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool done = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!done) return fail(Errc::io, fmt::format("{}: {}", path.string(), std::strerror(error)));
  return {};
}

Status copy_synced(const fs::path& from, const fs::path& to) {
  std::error_code ec;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, ec);
  if (ec) return fail(Errc::io, fmt::format("copy {} to {}: {}", from.string(), to.string(), ec.message()));
  return sync_path(to);
}

Status move_file(const fs::path& from, const fs::path& to) {
  std::error_code ec;
  fs::rename(from, to, ec);
  if (ec) return fail(Errc::io, fmt::format("move {} to {}: {}", from.string(), to.string(), ec.message()));
  return {};
}

/// One restore, step by step in the order of run().
class Restore {
 public:
  Restore(const Home& home, fs::path backup, const RestoreOptions& options, const Clock& clock)
      : home_(home),
        backup_(std::move(backup)),
        options_(options),
        clock_(clock),
        witness_(home.witness(), home.secrets.witness_seed) {}

  Result<RestoreReport> run(const log::VerifyProgress& progress) {
    std::error_code ec;
    fs::create_directories(home_.data(), ec);
    {
      auto lock = FileLock::take(home_.data() / "lock", 0640);  // no hub runs, and none starts meanwhile
      if (!lock) return fail(lock.error());
      IRO_TRY(examine(progress), "look at the backup");
      IRO_TRY(ask_witnesses(), "find out what was acknowledged");
      IRO_TRY(decide(), "compare");
      IRO_TRY(choose_keys(), "keys.db");
      IRO_TRY(move_aside(), "move the files in place aside");
      IRO_TRY(install(), "put the backup in place");
    }
    IRO_TRY(begin(), "begin anew");
    return std::move(report_);
  }

 private:
  Status examine(const log::VerifyProgress& progress) {
    log::VerifyOptions verify;
    verify.keys_folder = home_.data();  // its tombstones explain what is missing
    auto verified = log::verify(backup_, progress, verify);
    if (!verified) return fail(verified.error());
    if (!verified->sound()) return fail(Errc::corrupt, backup_.string() + ": " + verified->findings.front().text());
    report_.verified = std::move(*verified);
    auto reader = log::SqliteReader::open(backup_);
    if (!reader) return fail(reader.error());
    reader_ = std::move(*reader);
    auto held = reader_->testimony();
    if (!held) return fail(held.error());
    report_.restored = *held;
    return {};
  }

  /// The witness, and the log in place if it can still be read.
  Status ask_witnesses() {
    auto seen = witness_.read();
    if (!seen) return fail(seen.error());
    report_.acknowledged = *seen;
    auto present = log::SqliteReader::open(home_.data());
    if (!present) return {};
    const auto held = (*present)->testimony();
    if (!held || (*seen && held->log_id != (*seen)->log_id)) return {};
    const auto further = [](const log::Testimony& a, const log::Testimony& b) {
      return a.epoch != b.epoch ? a.epoch > b.epoch : a.position > b.position;
    };
    if (!*seen || further(*held, **seen)) report_.acknowledged = *held;
    return {};
  }

  Status decide() {
    const log::Testimony& held = report_.restored;
    if (!report_.acknowledged) {
      report_.loss = true;
      if (options_.accept_loss) return {};
      return fail(Errc::restore_loses,
                  "there is neither a witness nor a log in place: nothing can tell what was acknowledged");
    }
    const log::Testimony& known = *report_.acknowledged;
    if (known.log_id != held.log_id)
      return fail(Errc::invalid_argument, backup_.string() + " is the backup of another hub");
    std::string how;
    if (held.epoch < known.epoch) {
      how = fmt::format("it is of epoch {}, the log was in epoch {}", held.epoch.value(), known.epoch.value());
    } else if (held.epoch == known.epoch && held.position < known.position) {
      report_.lost_events = known.position.value() - held.position.value();
      how = fmt::format("it ends {} events and {:.1f} minutes before what was acknowledged", report_.lost_events,
                        static_cast<double>(known.at.value() - held.at.value()) / 60'000.0);
    } else if (held.epoch == known.epoch && known.position.value() > 0) {
      const auto head = reader_->head_at(known.position);
      if (!head) return fail(head.error());
      if (*head != known.head) how = fmt::format("position {} is not what was acknowledged", known.position.value());
    }
    if (how.empty()) return {};
    report_.loss = true;
    if (options_.accept_loss) return {};
    return fail(Errc::restore_loses, fmt::format("{}: {}", backup_.string(), how));
  }

  /// The keys in place are newer than any copy, and know what was erased since.
  Status choose_keys() {
    auto present = fs::exists(home_.data() / "keys.db") ? open_keys(home_.data()) : fail(Errc::not_found, "");
    if (present) return {};
    if (!options_.keys.empty()) {
      if (!fs::exists(options_.keys / "keys.db"))
        return fail(Errc::keys_missing, options_.keys.string() + " has no keys.db");
      new_keys_ = options_.keys / "keys.db";
      return {};
    }
    erase_keys_ = true;
    if (options_.without_keys) return {};
    return fail(Errc::keys_missing, (home_.data() / "keys.db").string() + " is not there, or cannot be read");
  }

  Status move_aside() {
    const fs::path aside = home_.data() / fmt::format("replaced-{}", clock_.now().value());
    std::vector<std::string> names{"log.db", "log.db-wal", "log.db-shm", "index.db", "index.db-wal", "index.db-shm"};
    if (!new_keys_.empty() || erase_keys_) names.insert(names.end(), {"keys.db", "keys.db-wal", "keys.db-shm"});
    std::error_code ec;
    for (const auto& name : names) {
      if (!fs::exists(home_.data() / name, ec)) continue;
      fs::create_directory(aside, ec);
      IRO_TRY(move_file(home_.data() / name, aside / name), "aside");
      report_.replaced = aside;
    }
    return sync_path(home_.data());
  }

  Status install() {
    if (!new_keys_.empty()) {
      IRO_TRY(copy_synced(new_keys_, home_.data() / "keys.db"), "keys");
    }
    // Empty in a backup of ours; a data folder that was copied whole may have the newest part there.
    const fs::path wal = backup_ / "log.db-wal";
    std::error_code ec;
    if (fs::file_size(wal, ec) > 0 && !ec) IRO_TRY(copy_synced(wal, home_.data() / "log.db-wal"), "log");
    const fs::path fresh = home_.data() / "log.db.restoring";
    IRO_TRY(copy_synced(backup_ / "log.db", fresh), "log");
    IRO_TRY(move_file(fresh, home_.data() / "log.db"), "log");
    return sync_path(home_.data());
  }

  Status begin() {
    auto keys = open_keys(home_.data());
    if (!keys) return fail(keys.error());
    report_.keys_erased_again = (*keys)->buried_again();
    if (!new_keys_.empty() || erase_keys_) {
      // What was given since the copy is not known: more than a key a millisecond there never was.
      IRO_TRY((*keys)->give_up(PersonKeyNo(static_cast<std::uint64_t>(clock_.now().value()))), "keys");
    }
    auto log = log::SqliteLog::open(home_.data(), clock_);
    if (!log) return fail(log.error());
    if (report_.loss) {
      const auto& known = report_.acknowledged;
      const std::string lost =
          known ? fmt::format("from position {} to {} (epoch {})", report_.restored.position.value() + 1,
                              known->position.value(), known->epoch.value())
                : fmt::format("from position {}", report_.restored.position.value() + 1);
      const auto epoch = (*log)->raise_epoch(known ? known->epoch : LogEpoch(), lost);
      if (!epoch) return fail(epoch.error());
    }
    report_.restored = (*log)->testimony();
    return witness_.write(report_.restored);
  }

  Result<std::unique_ptr<log::SqliteKeyRing>> open_keys(const fs::path& folder) {
    log::SqliteKeyRingOptions options;
    options.tombstones = home_.tombstones();
    return log::SqliteKeyRing::open(folder, clock_, options);
  }

  const Home& home_;
  const fs::path backup_;
  const RestoreOptions options_;
  const Clock& clock_;
  const log::Witness witness_;
  std::unique_ptr<log::SqliteReader> reader_;
  fs::path new_keys_;
  bool erase_keys_ = false;
  RestoreReport report_;
};

}  // namespace

Result<RestoreReport> restore(const Home& home, const fs::path& backup, const RestoreOptions& options,
                              const Clock& clock, const log::VerifyProgress& progress) {
  return Restore(home, backup, options, clock).run(progress);
}

}  // namespace iro::daemon

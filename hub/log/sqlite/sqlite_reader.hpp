// hub/log/sqlite/sqlite_reader.hpp: a LogReader on a read-only connection of
// its own, beside a SqliteLog in this process or another one.
//
// One thread a reader. Each call is one short transaction: a reader that stays
// in one pins the WAL (it grew from 4 to 224 MB, measured). It sees what is
// committed, thus on disk, and never writes: no checkpoint, not even when it
// closes. Survives the writer's resume().
#pragma once

#include <filesystem>
#include <memory>

#include "hub/log/event_log.hpp"
#include "hub/log/sqlite/page_vfs.hpp"
#include "hub/log/witness.hpp"

namespace iro::log {

class SqliteReader final : public LogReader {
 public:
  /// Fails with not_found when there is no log in `folder`, else like SqliteLog::open.
  static Result<std::unique_ptr<SqliteReader>> open(const std::filesystem::path& folder,
                                                    const std::string& vfs = page_vfs_name);
  ~SqliteReader() override;

  /// Fails with corrupt or storage_failed.
  [[nodiscard]] Result<std::vector<std::shared_ptr<const Chunk>>> read(Seq from, std::size_t max_bytes,
                                                                       std::optional<MemberNo> member) override;
  [[nodiscard]] Result<Seq> position_at(TimeMs time) override;
  [[nodiscard]] Result<std::optional<Hash>> head_at(Seq at) override;
  /// What a witness would say of the log as it is now; `at` is when its newest chunk was recorded.
  [[nodiscard]] Result<Testimony> testimony();

  /// What the log holds about a plugin, whether or not it is one of the hub's today.
  [[nodiscard]] Result<PluginRecord> plugin_record(const std::string& plugin);

  /// Bytes of keys and values that a plugin keeps.
  [[nodiscard]] Result<std::uint64_t> plugin_state_bytes(const std::string& plugin);

  /// Bodies whose expiry month is `month` or earlier.
  struct Expired {
    std::uint64_t rows = 0;  // a row is one commit's bodies of one month
    std::uint64_t bytes = 0;
  };
  [[nodiscard]] Result<Expired> expired(std::uint16_t month);

 private:
  struct Session;
  explicit SqliteReader(std::unique_ptr<Session> session);
  Result<std::vector<std::shared_ptr<const Chunk>>> read_slice(Seq from, std::size_t max_bytes,
                                                               std::optional<MemberNo> member);
  Seq find_moment(TimeMs time);

  std::unique_ptr<Session> session_;
};

}  // namespace iro::log

// hub/log/sqlite/sqlite_key_ring.hpp: the KeyRing on disk: keys.db in the
// hub's data folder (docs/log-format.md, "keys.db").
//
// Keys are looked up when they are needed; those used lately stay in a cache of
// bounded size. The file names nobody: owners are stored keyed.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <memory>
#include <unordered_map>
#include <vector>

#include "hub/log/keys.hpp"
#include "hub/log/sqlite/page_vfs.hpp"
#include "hub/log/tombstone_file.hpp"

namespace iro::log {

struct SqliteKeyRingOptions {
  std::string vfs = page_vfs_name;
  std::string synchronous = "FULL";  // anything else is for tests that must be seen to lose something
  std::size_t cache_keys = 65'536;
  // Where destroyed keys are noted once more, outside of the data folder; empty: nowhere. What stands there and not in
  // keys.db is destroyed again when the ring is opened: keys.db is an older copy then.
  std::filesystem::path tombstones = {};
};

class SqliteKeyRing final : public KeyRing {
 public:
  /// Open keys.db in `folder`, or make an empty one. The log's folder lock is
  /// held by whoever opens this. Fails with corrupt (the file is left as it
  /// is), disk_full, storage_failed. `clock` outlives the ring.
  static Result<std::unique_ptr<SqliteKeyRing>> open(const std::filesystem::path& folder, const Clock& clock,
                                                     const SqliteKeyRingOptions& options = {});
  ~SqliteKeyRing() override;

  Result<PersonKey> get_or_create(std::string_view owner, std::uint32_t months) override;
  Status flush() override;
  Result<std::optional<PersonKey>> find(PersonKeyNo no) override;
  Result<std::map<std::uint32_t, PersonKeyNo>> keys_of(std::string_view owner) override;
  Status destroy(PersonKeyNo no, std::string_view reason, TimeMs when) override;
  Result<bool> destroyed(PersonKeyNo no) override;
  Status resume() override;

  /// This keys.db is a copy, or new: the numbers behind its last one up to `up_to` were given to keys that are gone.
  /// They count as destroyed, and are not given again.
  Status give_up(PersonKeyNo up_to);
  /// How many keys were destroyed anew when the ring was opened.
  [[nodiscard]] std::size_t buried_again() const { return buried_again_; }

 private:
  struct Session;
  using OwnerHash = std::array<std::uint8_t, 32>;
  struct Pending {
    PersonKey key;
    OwnerHash owner;
    std::uint32_t months;
    TimeMs created;
  };
  SqliteKeyRing(std::filesystem::path folder, const Clock& clock, SqliteKeyRingOptions options);

  Status start();
  Status read_description();
  Status bury_again();
  [[nodiscard]] OwnerHash hash_of(std::string_view owner) const;
  [[nodiscard]] static std::string cache_key(const OwnerHash& owner, std::uint32_t months);
  [[nodiscard]] const Pending* pending(PersonKeyNo no) const;
  void remember(const OwnerHash& owner, std::uint32_t months, const PersonKey& key);
  void forget(PersonKeyNo no);
  void forget_all();
  Status drop_pending_on_disk();
  Status leave_no_trace(const PersonKey& key);
  Status finish_wiping();
  Status end_wiping();
  Error failed(Error error);

  std::filesystem::path folder_;
  const Clock& clock_;
  SqliteKeyRingOptions options_;
  std::mutex mutex_;
  std::unique_ptr<Session> session_;
  std::array<std::uint8_t, 32> owner_key_{};
  std::uint64_t last_no_ = 0;
  std::vector<Pending> pending_;
  std::unordered_map<std::string, PersonKey> by_owner_;
  std::unordered_map<PersonKeyNo, PersonKey> by_no_;
  std::optional<Error> refusal_;
  std::optional<TombstoneFile> tombstones_;
  std::size_t buried_again_ = 0;
};

}  // namespace iro::log

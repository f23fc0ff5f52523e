// hub/log/keys.hpp: the data keys under which bodies with personal content are
// stored, so that deleting one key erases everything about one person in one
// retention class (design 7).
//
// A KeyRing gives keys by owner and class when events are committed, and by
// number when they are read. A new key exists in memory only until flush():
// the log's thread calls flush() before the commit() that carries the first
// body under it, or a crash would leave a body that nobody can ever read.
//
// Any thread may call find(); the other functions belong to the log's thread.
// Two implementations: SqliteKeyRing (sqlite/sqlite_key_ring.hpp) on keys.db,
// MemoryKeyRing (here) for tests.
#pragma once

#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "hub/base/clock.hpp"
#include "hub/base/error.hpp"
#include "hub/base/ids.hpp"

namespace iro::log {

struct PersonKey {
  PersonKeyNo no;
  std::array<std::uint8_t, 32> key{};
  bool operator==(const PersonKey&) const = default;
};

class KeyRing {
 public:
  virtual ~KeyRing() = default;
  /// The key of `owner` (a pseudonym, or a subject where no person is named) in
  /// the retention class of `months`. A new one is pending until flush(). After
  /// destroy() the same owner gets a new key with another number.
  virtual Result<PersonKey> get_or_create(std::string_view owner, std::uint32_t months) = 0;
  /// Pending keys are on disk when this returns. Without any it costs nothing.
  /// Fails with disk_full (they stay pending) or storage_failed (until resume()).
  virtual Status flush() = 0;
  /// Nothing when the key was destroyed, or never was.
  [[nodiscard]] virtual Result<std::optional<PersonKey>> find(PersonKeyNo no) = 0;
  /// The keys of one owner, for an erasure: class (months) and number.
  [[nodiscard]] virtual Result<std::map<std::uint32_t, PersonKeyNo>> keys_of(std::string_view owner) = 0;
  /// Destroy a key for good and leave a tombstone. No byte of it is left in the
  /// ring's live files when this returns. Doing it twice changes nothing.
  virtual Status destroy(PersonKeyNo no, std::string_view reason, TimeMs when) = 0;
  [[nodiscard]] virtual Result<bool> destroyed(PersonKeyNo no) = 0;
  /// After storage_failed: reopen without the page cache.
  virtual Status resume() = 0;
};

class MemoryKeyRing final : public KeyRing {
 public:
  Result<PersonKey> get_or_create(std::string_view owner, std::uint32_t months) override;
  Status flush() override { return {}; }
  Result<std::optional<PersonKey>> find(PersonKeyNo no) override;
  Result<std::map<std::uint32_t, PersonKeyNo>> keys_of(std::string_view owner) override;
  Status destroy(PersonKeyNo no, std::string_view reason, TimeMs when) override;
  Result<bool> destroyed(PersonKeyNo no) override;
  Status resume() override { return {}; }

  /// For tests: the key is gone without a tombstone, as when keys.db was exchanged.
  void lose(PersonKeyNo no);
  /// For tests: the key has other bytes than those that its bodies were sealed with.
  void spoil(PersonKeyNo no);

 private:
  std::mutex mutex_;
  std::uint64_t last_no_ = 0;
  std::map<std::pair<std::string, std::uint32_t>, PersonKey> keys_;
  std::set<PersonKeyNo> destroyed_;
};

/// A stored body: a random 24-byte nonce and the payload under
/// XChaCha20-Poly1305; the event's id is authenticated with it, so that a body
/// moved to another event does not open.
Bytes seal(const PersonKey& key, const EventId& id, ByteView payload);
/// What a plugin's state is bound to in place of an event's id: a hash of plugin and key.
EventId state_id(std::string_view plugin, ByteView key);
/// Fails with corrupt when `stored` was not sealed like that.
Result<Bytes> open(const PersonKey& key, const EventId& id, ByteView stored);
inline constexpr std::size_t seal_overhead_bytes = 24 + 16;

}  // namespace iro::log

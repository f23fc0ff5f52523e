#include "adapters/client/key_book.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "adapters/client/database.hpp"
#include "hub/base/z85.hpp"

namespace iro::client {
namespace json = boost::json;
namespace {

using schema::Key32;

constexpr int trust_format = 1;

std::string text_in(const json::object& o, std::string_view name) {
  const auto* v = o.if_contains(name);
  return v != nullptr && v->is_string() ? std::string(v->get_string()) : std::string();
}

std::optional<DirectoryEntry::Set> set_of(const json::value& value, const std::string& member) {
  if (!value.is_object()) return std::nullopt;
  const json::object& o = value.get_object();
  DirectoryEntry::Set out;
  out.statement.member = member;
  for (const auto& [name, key] : {std::pair{"public_key", &out.statement.keys.curve},
                                  {"sealing_key", &out.statement.keys.sealing},
                                  {"signing_key", &out.statement.keys.signing},
                                  {"signed_by", &out.statement.signed_by}}) {
    const auto raw = z85_decode_key(text_in(o, name));
    if (!raw) return std::nullopt;
    *key = *raw;
  }
  if (!from_hex(text_in(o, "signature"), out.statement.signature)) return std::nullopt;
  const auto* active = o.if_contains("active");
  out.active = active != nullptr && active->is_bool() && active->get_bool();
  return out;
}

std::optional<DirectoryEntry> entry_of(const json::value& value) {
  if (!value.is_object()) return std::nullopt;
  DirectoryEntry out;
  out.member = text_in(value.get_object(), "member");
  const auto* keys = value.get_object().if_contains("keys");
  if (out.member.empty() || keys == nullptr || !keys->is_array()) return std::nullopt;
  for (const auto& key : keys->get_array()) {
    auto set = set_of(key, out.member);
    if (!set) return std::nullopt;
    out.sets.push_back(std::move(*set));
  }
  return out;
}

tl::unexpected<Error> swapped(const std::string& member, std::string_view why) {
  return fail(Errc::sealing_key_swapped, fmt::format("{}: {}", member, why));
}

bool contains(const std::vector<Key32>& list, const Key32& key) { return std::ranges::find(list, key) != list.end(); }

/// The signing keys that follow from `believed`: each set that one of them is in, or has signed.
std::vector<Key32> follow(const DirectoryEntry& entry, std::vector<Key32> believed) {
  for (bool grew = true; grew;) {
    grew = false;
    for (const auto& set : entry.sets) {
      const Key32& signing = set.statement.keys.signing;
      if (contains(believed, signing) || !contains(believed, set.statement.signed_by)) continue;
      believed.push_back(signing);
      grew = true;
    }
  }
  return believed;
}

const DirectoryEntry::Set* newest_active(const DirectoryEntry& entry) {
  const auto at = std::find_if(entry.sets.rbegin(), entry.sets.rend(), [](const auto& set) { return set.active; });
  return at == entry.sets.rend() ? nullptr : &*at;
}

}  // namespace

Result<std::vector<DirectoryEntry>> read_directory(const std::vector<std::string>& pages) {
  std::vector<DirectoryEntry> out;
  for (const auto& page : pages) {
    boost::system::error_code ec;
    const json::value value = json::parse(page, ec);
    if (ec || !value.is_array()) return fail(Errc::payload_invalid, "the hub's directory is no JSON array");
    for (const auto& item : value.get_array()) {
      auto entry = entry_of(item);
      if (!entry) return fail(Errc::payload_invalid, "an entry of the hub's directory cannot be read");
      out.push_back(std::move(*entry));
    }
  }
  return out;
}

Result<Judged> judge(const DirectoryEntry& entry, const std::vector<Pin>& pins) {
  for (const auto& set : entry.sets) {
    if (set.statement.member != entry.member || !schema::signature_holds(set.statement))
      return swapped(entry.member, "a set of its keys is not signed by the key that it names");
  }
  Judged out;
  std::vector<Key32> believed;
  for (const Pin& pin : pins) {
    if (!pin.retired) believed.push_back(pin.signing);
  }
  out.keys.first_sight = pins.empty();
  if (pins.empty()) {
    for (const auto& set : entry.sets) believed.push_back(set.statement.keys.signing);
  }
  believed = follow(entry, std::move(believed));
  for (const auto& set : entry.sets) {
    if (set.active && !contains(believed, set.statement.keys.signing))
      return swapped(entry.member, "its key is not signed by the one that was seen first");
  }
  const auto* newest = newest_active(entry);
  if (newest == nullptr) return fail(Errc::sealing_key_missing, entry.member);
  out.keys.sealing = newest->statement.keys.sealing;
  out.keys.signing = newest->statement.keys.signing;
  const auto active = [&](const Key32& signing) {
    return std::ranges::any_of(entry.sets,
                               [&](const auto& set) { return set.active && set.statement.keys.signing == signing; });
  };
  for (const Key32& signing : believed) out.pins.push_back({signing, !active(signing)});
  for (const Pin& pin : pins) {
    if (!contains(believed, pin.signing)) out.pins.push_back({pin.signing, true});
  }
  for (const Pin& pin : out.pins) out.keys.signers.push_back(pin.signing);
  return out;
}

KeyBook::KeyBook(std::unique_ptr<SQLite::Database> db) : db_(std::move(db)) {}
KeyBook::~KeyBook() = default;

Result<std::unique_ptr<KeyBook>> KeyBook::open(const std::filesystem::path& folder) {
  if (!folder.empty()) {
    std::error_code ec;
    std::filesystem::create_directories(folder, ec);
    if (ec) return fail(Errc::io, fmt::format("{}: {}", folder.string(), ec.message()));
  }
  auto db = folder.empty() ? open_in_memory() : open_writer(folder / "trust.db");
  if (!db) return fail(db.error().within("trust.db"));
  return guarded("trust.db", [&]() -> Result<std::unique_ptr<KeyBook>> {
    IRO_TRY(check_format(**db, "setting", trust_format), "trust.db");
    (*db)->exec(
        "CREATE TABLE IF NOT EXISTS pin(member TEXT NOT NULL, signing_key BLOB NOT NULL, retired INTEGER NOT NULL,"
        " PRIMARY KEY(member, signing_key)) WITHOUT ROWID");
    return std::unique_ptr<KeyBook>(new KeyBook(std::move(*db)));
  });
}

Result<std::vector<Pin>> KeyBook::pins(const std::string& member) {
  return guarded("trust.db", [&]() -> Result<std::vector<Pin>> {
    std::vector<Pin> out;
    SQLite::Statement rows(*db_, "SELECT signing_key, retired FROM pin WHERE member = ?");
    bind_text(rows, 1, member);
    while (rows.executeStep()) {
      const ByteView key = blob(rows.getColumn(0));
      Pin pin;
      if (key.size() != pin.signing.size()) return fail(Errc::corrupt, "a pinned key has not 32 bytes");
      std::ranges::copy(key, pin.signing.begin());
      pin.retired = rows.getColumn(1).getInt() != 0;
      out.push_back(pin);
    }
    return out;
  });
}

Status KeyBook::remember(const std::string& member, const std::vector<Pin>& pins) {
  return guarded("trust.db", [&]() -> Status {
    SQLite::Transaction transaction(*db_, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement gone(*db_, "DELETE FROM pin WHERE member = ?");
    bind_text(gone, 1, member);
    gone.exec();
    for (const Pin& pin : pins) {
      SQLite::Statement put(*db_, "INSERT INTO pin VALUES(?, ?, ?)");
      bind_text(put, 1, member);
      bind_blob(put, 2, pin.signing);
      put.bind(3, pin.retired ? 1 : 0);
      put.exec();
    }
    transaction.commit();
    return {};
  });
}

Result<TrustedKeys> KeyBook::check(const DirectoryEntry& entry) {
  const auto known = pins(entry.member);
  if (!known) return fail(known.error());
  auto judged = judge(entry, *known);
  if (!judged) return fail(judged.error());
  IRO_TRY(remember(entry.member, judged->pins), entry.member);
  return std::move(judged->keys);
}

Result<DirectoryEntry> ask_directory(Client& client, const std::string& member, std::chrono::milliseconds timeout) {
  const auto pages = client.query("directory", json::serialize(json::object{{"member", member}}), timeout);
  if (!pages) return fail(pages.error());
  auto entries = read_directory(*pages);
  if (!entries) return fail(entries.error());
  const auto at = std::ranges::find(*entries, member, &DirectoryEntry::member);
  if (at == entries->end()) return fail(Errc::not_found, fmt::format("the directory has no '{}'", member));
  return std::move(*at);
}

Result<TrustedKeys> KeyBook::find(Client& client, const std::string& member, std::chrono::milliseconds timeout) {
  const auto entry = ask_directory(client, member, timeout);
  if (!entry) return fail(entry.error());
  return check(*entry);
}

Result<TrustedKeys> KeyBook::trust(const DirectoryEntry& entry, std::string_view fingerprint) {
  const auto* newest = newest_active(entry);
  if (newest == nullptr) return fail(Errc::sealing_key_missing, entry.member);
  const std::string shown = schema::fingerprint_of(newest->statement.keys.signing);
  if (shown != fingerprint)
    return fail(Errc::fingerprint_differs, fmt::format("{}: the hub shows {}", entry.member, shown));
  // Only what follows from the key that was compared: another active set beside it is not believed with it.
  auto judged = judge(entry, {{newest->statement.keys.signing, false}});
  if (!judged) return fail(judged.error());
  const auto before = pins(entry.member);
  if (!before) return fail(before.error());
  for (const Pin& pin : *before) {
    if (std::ranges::find(judged->pins, pin.signing, &Pin::signing) == judged->pins.end())
      judged->pins.push_back({pin.signing, true});
  }
  IRO_TRY(remember(entry.member, judged->pins), entry.member);
  return std::move(judged->keys);
}

}  // namespace iro::client

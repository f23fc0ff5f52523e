#include "adapters/files/inbox_files.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <fmt/format.h>

#include "adapters/files/csv_writer.hpp"
#include "hub/base/clock.hpp"
#include "hub/base/crypto.hpp"

namespace iro::files {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t events_per_sync = 256;

// Permanent: they stand in the inbox.db of every member.
constexpr const char* tables = R"(
CREATE TABLE IF NOT EXISTS files_written(
  name TEXT PRIMARY KEY, bytes INTEGER NOT NULL, header TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS files_unsynced(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, at INTEGER NOT NULL, text BLOB NOT NULL) STRICT;
)";

std::string month_file(const schema::EventView& event) {
  const TimeMs time = event.recordedtime.value() != 0 ? event.recordedtime : event.time;
  return format_time(time).substr(0, 7) + ".jsonl";
}

}  // namespace

Status InboxFiles::write(const schema::EventView& event, SQLite::Database& inbox) try {
  const schema::EventType* type = registry_.find(event.type);
  if (type == nullptr)
    return fail(Errc::unknown_type, fmt::format("{}: this program is older than the hub", event.type));
  if (Status prepared = prepare(inbox); !prepared) return prepared;
  auto line = registry_.event_to_json(event);
  if (!line) return fail(line.error());
  const auto row = rows_.row(*type, event);
  if (!row) return fail(row.error());
  const std::string& header = rows_.header(*type);
  const std::string csv = name_for(short_type(event.type), header, inbox);
  if (Status done = append(month_file(event), "", *line + "\n", inbox); !done) return done;
  if (Status done = append(csv, header, *row, inbox); !done) return done;
  if (++unsynced_ >= events_per_sync) return sync_all(inbox);
  return {};
} catch (const SQLite::Exception& e) {
  return fail(Errc::io, fmt::format("inbox.db: {}", e.what()));
}

/// Once a process: make the tables, and mend what a power cut took from the files.
Status InboxFiles::prepare(SQLite::Database& inbox) {
  if (prepared_) return {};
  inbox.exec(tables);
  SQLite::Statement files(inbox, "SELECT name, bytes FROM files_written");
  while (files.executeStep()) {
    const std::string name = files.getColumn(0).getString();
    const auto bytes = static_cast<std::uint64_t>(files.getColumn(1).getInt64());
    std::error_code ignored;
    if (!fs::exists(folder_ / name, ignored)) continue;  // moved away: append() begins it anew
    if (Status repaired = repair(inbox, name, bytes); !repaired) return repaired;
  }
  if (Status synced = sync_all(inbox); !synced) return synced;
  prepared_ = true;
  return {};
}

Status InboxFiles::repair(SQLite::Database& inbox, const std::string& name, std::uint64_t recorded) {
  auto open = file(name);
  if (!open) return fail(open.error());
  SQLite::Statement lines(inbox, "SELECT at, text FROM files_unsynced WHERE name = ? ORDER BY id");
  lines.bind(1, name);
  while (lines.executeStep()) {
    const auto at = static_cast<std::uint64_t>(lines.getColumn(0).getInt64());
    const SQLite::Column text = lines.getColumn(1);
    const std::string_view bytes(static_cast<const char*>(text.getBlob()), static_cast<std::size_t>(text.getBytes()));
    const auto size = (*open)->size();
    if (!size) return fail(size.error());
    if (*size >= at) {
      if (Status restored = (*open)->restore(at, bytes); !restored) return restored;
    }
  }
  const auto size = (*open)->size();
  if (!size) return fail(size.error());
  if (*size >= recorded) return (*open)->put(recorded, "");
  return put_aside(name);
}

Status InboxFiles::put_aside(const std::string& name) {
  open_.erase(name);
  fs::path aside = folder_ / (name + ".changed");
  std::error_code ignored;
  for (int n = 2; fs::exists(aside, ignored); ++n) aside = folder_ / fmt::format("{}.changed{}", name, n);
  return move_file(folder_ / name, aside);
}

Result<RecordedFile*> InboxFiles::file(const std::string& name) {
  const auto known = open_.find(name);
  if (known != open_.end() && known->second.in_place()) return &known->second;
  if (known != open_.end()) open_.erase(known);
  auto opened = RecordedFile::open(folder_ / name);
  if (!opened) return fail(opened.error());
  return &open_.emplace(name, std::move(*opened)).first->second;
}

/// BASE.csv, or the first BASE.N.csv that has these columns or none yet.
std::string InboxFiles::name_for(const std::string& base, const std::string& header, SQLite::Database& inbox) {
  const std::string hash = to_hex(sha256(as_bytes(header)));
  for (int n = 1;; ++n) {
    std::string name = n == 1 ? base + ".csv" : fmt::format("{}.{}.csv", base, n);
    SQLite::Statement find(inbox, "SELECT header FROM files_written WHERE name = ?");
    find.bind(1, name);
    if (!find.executeStep() || find.getColumn(0).getString() == hash) return name;
  }
}

Status InboxFiles::append(const std::string& name, std::string_view header, std::string_view text,
                          SQLite::Database& inbox) {
  SQLite::Statement find(inbox, "SELECT bytes FROM files_written WHERE name = ?");
  find.bind(1, name);
  std::uint64_t recorded = find.executeStep() ? static_cast<std::uint64_t>(find.getColumn(0).getInt64()) : 0;
  auto open = file(name);
  if (!open) return fail(open.error());
  const auto size = (*open)->size();
  if (!size) return fail(size.error());
  if (*size < recorded) {  // gone, or shortened by somebody: begin anew
    if (Status aside = *size > 0 ? put_aside(name) : Status(); !aside) return aside;
    SQLite::Statement forget(inbox, "DELETE FROM files_unsynced WHERE name = ?");
    forget.bind(1, name);
    forget.exec();
    recorded = 0;
    open = file(name);
    if (!open) return fail(open.error());
  }
  std::string whole;
  if (recorded == 0 && !header.empty()) whole = std::string(byte_order_mark) + std::string(header);
  whole += text;
  if (Status put = (*open)->put(recorded, whole); !put) return put;

  SQLite::Statement note(inbox,
                         "INSERT INTO files_written(name, bytes, header) VALUES(?, ?, ?) "
                         "ON CONFLICT(name) DO UPDATE SET bytes = excluded.bytes, header = excluded.header");
  note.bind(1, name);
  note.bind(2, static_cast<std::int64_t>(recorded + whole.size()));
  note.bind(3, to_hex(sha256(as_bytes(header))));
  note.exec();
  SQLite::Statement keep(inbox, "INSERT INTO files_unsynced(name, at, text) VALUES(?, ?, ?)");
  keep.bind(1, name);
  keep.bind(2, static_cast<std::int64_t>(recorded));
  keep.bind(3, whole.data(), static_cast<int>(whole.size()));
  keep.exec();
  return {};
}

Status InboxFiles::sync_all(SQLite::Database& inbox) {
  for (const auto& [name, open] : open_) {
    if (Status synced = open.sync(); !synced) return synced;
  }
  inbox.exec("DELETE FROM files_unsynced");
  unsynced_ = 0;
  return {};
}

}  // namespace iro::files

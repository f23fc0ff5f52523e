#include "hub/log/sqlite/verify_pages.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <set>
#include <thread>

#include "hub/base/limits.hpp"
#include "hub/log/sqlite/page_vfs.hpp"

namespace iro::log {
namespace {

constexpr std::uint32_t lock_page = (1U << 30) / limits::page_bytes + 1;  // SQLite never writes it
constexpr int page_size = static_cast<int>(limits::page_bytes);

/// The layout of a WAL: https://sqlite.org/fileformat2.html, section 4. Big-endian.
constexpr sqlite3_int64 wal_header_bytes = 32;
constexpr sqlite3_int64 wal_frame_header_bytes = 24;
constexpr std::size_t wal_salt = 16;   // in the header, 8 bytes
constexpr std::size_t frame_salt = 8;  // in a frame's header

sqlite3_file* file_of(SQLite::Database& db, int which) {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(db.getHandle(), "main", which, static_cast<void*>(&file));
  return file != nullptr && file->pMethods != nullptr ? file : nullptr;
}

std::uint32_t big_endian(const std::uint8_t* p) {
  return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3];
}

/// The pages that the WAL has a version of, as far as its frames belong to its header.
std::set<std::uint32_t> pages_in_wal(SQLite::Database& db) {
  std::set<std::uint32_t> out;
  sqlite3_file* wal = file_of(db, SQLITE_FCNTL_JOURNAL_POINTER);
  std::array<std::uint8_t, wal_header_bytes> header{};
  if (wal == nullptr || wal->pMethods->xRead(wal, header.data(), wal_header_bytes, 0) != SQLITE_OK) return out;
  std::array<std::uint8_t, wal_frame_header_bytes> frame{};
  for (sqlite3_int64 at = wal_header_bytes;; at += wal_frame_header_bytes + page_size) {
    if (wal->pMethods->xRead(wal, frame.data(), wal_frame_header_bytes, at) != SQLITE_OK) return out;
    if (std::memcmp(frame.data() + frame_salt, header.data() + wal_salt, 8) != 0) return out;
    out.insert(big_endian(frame.data()));
  }
}

}  // namespace

Result<std::uint64_t> check_pages(SQLite::Database& db, std::uint32_t first, std::uint32_t count,
                                  const std::function<void(std::uint32_t page)>& damaged) {
  sqlite3_file* file = file_of(db, SQLITE_FCNTL_FILE_POINTER);
  sqlite3_int64 size = 0;
  if (file == nullptr || file->pMethods->xFileSize(file, &size) != SQLITE_OK) {
    return fail(Errc::io, "the size of the database file cannot be read");
  }
  const auto pages = static_cast<std::uint32_t>(size / page_size);
  std::array<std::uint8_t, limits::page_bytes> page{};
  const auto sound = [&](std::uint32_t number) {
    return file->pMethods->xRead(file, page.data(), page_size, sqlite3_int64{number - 1} * page_size) == SQLITE_OK;
  };
  const std::uint64_t end = std::min<std::uint64_t>(pages, std::uint64_t{first} + count - 1);
  for (std::uint32_t number = first; number <= end; ++number) {
    bool good = number == lock_page || sound(number);
    for (int again = 0; again < 3 && !good; ++again) {
      if (pages_in_wal(db).contains(number)) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      good = sound(number);
    }
    if (!good && !pages_in_wal(db).contains(number)) damaged(number);
    (void)take_page_mismatch();
  }
  return pages;
}

}  // namespace iro::log

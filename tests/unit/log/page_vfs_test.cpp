#include "hub/log/sqlite/page_vfs.hpp"

#include <fcntl.h>
#include <sys/wait.h>

#include "hub/log/sqlite/connection.hpp"
#include "tests/catch.hpp"
#include "tests/unit/log/folder.hpp"

using namespace iro;
using namespace iro::log;
using namespace iro::log::test;

namespace {

/// A database of a few dozen pages in one file, no WAL.
void make_database(const std::filesystem::path& file) {
  ConnectionOptions options;
  options.access = Access::create_or_write;
  auto db = open_connection(file, options);
  REQUIRE(db);
  (*db)->exec("CREATE TABLE t(a INTEGER PRIMARY KEY, b BLOB)");
  for (int i = 0; i < 100; ++i) (*db)->exec("INSERT INTO t(b) VALUES(randomblob(1000))");
  REQUIRE(truncate_wal(**db));
}

/// Reads every row. Fails as the log would.
Status read_database(const std::filesystem::path& file) {
  auto db = open_connection(file, {});
  if (!db) return fail(db.error());
  return guarded(**db, "read", [&] { (void)(*db)->execAndGet("SELECT sum(length(b)) FROM t").getInt64(); });
}

}  // namespace

TEST_CASE("pages: each page of a database ends with its checksum") {
  const Folder folder;
  const auto file = folder.path() / "t.db";
  make_database(file);
  const Bytes bytes = file_bytes(file);
  REQUIRE(bytes.size() > 20 * limits::page_bytes);
  CHECK(bytes[20] == limits::page_checksum_bytes);
  for (std::size_t page = 0; page < bytes.size() / limits::page_bytes; ++page) {
    const ByteView view(bytes.data() + page * limits::page_bytes, limits::page_bytes);
    std::uint64_t stored = 0;
    std::memcpy(&stored, view.data() + limits::page_bytes - 8, 8);
    REQUIRE(stored == page_checksum(static_cast<std::uint32_t>(page + 1), view));
  }
}

TEST_CASE("pages: the checksum is that of docs/log-format.md") {
  // Worked out by a SipHash-2-4 in Python that gives the published value of its authors' test vector.
  const Bytes page(limits::page_bytes);
  std::array<std::uint8_t, 8> out{};
  const std::uint64_t sum = page_checksum(7, page);
  std::memcpy(out.data(), &sum, 8);
  CHECK(to_hex(out) == "868bdb62feaa880c");
}

TEST_CASE("pages: one flipped bit anywhere in a file is corrupt") {
  const Folder folder;
  const auto file = folder.path() / "t.db";
  make_database(file);
  const auto size = std::filesystem::file_size(file);
  const std::uint64_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  REQUIRE(read_database(file));
  std::filesystem::remove(folder.path() / "t.db-wal");
  for (int round = 0; round < 300; ++round) {
    // The header in every bit, the rest by chance.
    const std::uint64_t byte = round < 100 ? static_cast<std::uint64_t>(round) : random() % size;
    const int bit = static_cast<int>(random() % 8);
    INFO("byte " << byte << " bit " << bit);
    flip_bit(file, byte, bit);
    const Status status = read_database(file);
    REQUIRE_FALSE(status);
    REQUIRE(status.error().code == Errc::corrupt);
    flip_bit(file, byte, bit);
  }
  CHECK(read_database(file));
}

TEST_CASE("pages: a page that stands in another's place is noticed, and named") {
  const Folder folder;
  const auto file = folder.path() / "t.db";
  make_database(file);
  Bytes bytes = file_bytes(file);
  std::swap_ranges(bytes.begin() + 5 * 4'096, bytes.begin() + 6 * 4'096, bytes.begin() + 8 * 4'096);
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  const Status status = read_database(file);
  REQUIRE_FALSE(status);
  CHECK(status.error().code == Errc::corrupt);
  CHECK_THAT(status.error().message, ContainsSubstring("page "));
}

TEST_CASE("pages: a database without reserved bytes cannot be made through this VFS") {
  const Folder folder;
  REQUIRE(register_page_vfs());
  SQLite::Database db((folder.path() / "t.db").string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 0,
                      page_vfs_name);
  CHECK_THROWS_AS(db.exec("CREATE TABLE t(x)"), SQLite::Exception);
}

TEST_CASE("pages: dropping the page cache does not give up the locks of this process") {
  const Folder folder;
  const auto file = folder.path() / "t.db";
  make_database(file);
  ConnectionOptions options;
  options.access = Access::create_or_write;
  auto first = open_connection(file, options);
  REQUIRE(first);
  // Another process asks for the range in which SQLite keeps its shared lock; the answer is its exit code.
  const auto locked_by_us = [&] {
    const pid_t child = ::fork();
    if (child == 0) {
      const int fd = ::open(file.c_str(), O_RDWR);
      flock lock{};
      lock.l_type = F_WRLCK;
      lock.l_whence = SEEK_SET;
      lock.l_start = 0x40000000 + 2;
      lock.l_len = 510;
      ::_exit(::fcntl(fd, F_SETLK, &lock) == 0 ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status) == 1;
  };
  REQUIRE(locked_by_us());
  { REQUIRE(open_connection(file, {})); }
  CHECK(locked_by_us());
}

#include "hub/views/index_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "hub/base/assert.hpp"
#include "hub/base/crypto.hpp"
#include "hub/base/limits.hpp"
#include "hub/log/sqlite/connection.hpp"
#include "hub/log/sqlite/statement.hpp"

namespace iro::views {
namespace {

constexpr std::int64_t index_format = 1;
constexpr const char* tables =
    "CREATE TABLE meta(format INTEGER PRIMARY KEY, hash_key BLOB NOT NULL) STRICT;"
    "CREATE TABLE run(first_seq INTEGER PRIMARY KEY, before_seq INTEGER NOT NULL, head BLOB NOT NULL,"
    "                 lists BLOB NOT NULL) STRICT;"
    "CREATE TABLE block(no INTEGER PRIMARY KEY, postings BLOB NOT NULL) STRICT;";

// 35 bytes of a page are SQLite's own for a row that does not spill; 8 are the row's.
static_assert(block_postings * sizeof(Posting) + 43 + limits::page_checksum_bytes <= limits::page_bytes);

tl::unexpected<Error> damaged(std::string_view what) { return fail(Errc::corrupt, fmt::format("index: {}", what)); }

Bytes encode_lists(const Run& run) {
  ByteWriter out;
  for (const Run::List& list : run.lists) {
    out.u64(static_cast<std::uint64_t>(list.first_block));
    out.u32(static_cast<std::uint32_t>(list.fences.size()));
    for (const std::uint32_t fence : list.fences) out.u32(fence);
  }
  return out.take();
}

bool decode_lists(ByteView bytes, Run& run) {
  ByteReader in(bytes);
  for (Run::List& list : run.lists) {
    list.first_block = static_cast<std::int64_t>(in.u64());
    const std::uint32_t blocks = in.u32();
    if (blocks > in.left() / 4) return false;
    list.fences.resize(blocks);
    for (std::uint32_t& fence : list.fences) fence = in.u32();
    if (!std::ranges::is_sorted(list.fences)) return false;
  }
  return in.ok() && in.left() == 0;
}

}  // namespace

struct IndexFile::Connection {
  std::unique_ptr<SQLite::Database> db;
  Tail::HashKey hash_key{};
  std::int64_t next_block = 1;
  log::Statement runs{"SELECT first_seq, before_seq, head, lists FROM run ORDER BY first_seq"};
  log::Statement insert_run{"INSERT INTO run VALUES(?,?,?,?)"};
  log::Statement insert_block{"INSERT INTO block VALUES(?,?)"};
  log::Statement block{"SELECT postings FROM block WHERE no=?"};
};

IndexFile::IndexFile(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
IndexFile::~IndexFile() = default;

const Tail::HashKey& IndexFile::hash_key() const { return connection_->hash_key; }

Result<std::unique_ptr<IndexFile>> IndexFile::open(const std::filesystem::path& path) {
  log::ConnectionOptions options;
  options.access = log::Access::create_or_write;
  options.synchronous = "NORMAL";
  auto db = log::open_connection(path, options);
  if (!db) return fail(db.error());
  auto connection = std::make_unique<Connection>();
  connection->db = std::move(*db);
  std::unique_ptr<IndexFile> file(
      new IndexFile(std::move(connection)));  // style: raw-new, because the constructor is private
  IRO_TRY(file->create_or_check(), path.string());
  return file;
}

Status IndexFile::remove(const std::filesystem::path& path) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    std::error_code error;
    std::filesystem::remove(path.string() + suffix, error);
    if (error) return fail(Errc::io, fmt::format("remove {}{}: {}", path.string(), suffix, error.message()));
  }
  return {};
}

Status IndexFile::create_or_check() {
  SQLite::Database& db = *connection_->db;
  return log::guarded(db, "index", [&]() -> Status {
    if (!db.tableExists("meta")) {
      SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
      db.exec(tables);
      random_bytes(connection_->hash_key);
      log::Statement insert("INSERT INTO meta VALUES(?,?)");
      log::Use(db, insert, index_format, connection_->hash_key).run();
      transaction.commit();
      return {};
    }
    log::Statement select("SELECT format, hash_key FROM meta");
    log::Use row(db, select);
    if (!row.step() || row.number(0) != index_format || !row.array(1, connection_->hash_key)) {
      return damaged("of another format");
    }
    connection_->next_block = db.execAndGet("SELECT coalesce(max(no),0)+1 FROM block").getInt64();
    return {};
  });
}

Result<std::vector<Run>> IndexFile::runs() {
  SQLite::Database& db = *connection_->db;
  return log::guarded(db, "index: read runs", [&]() -> Result<std::vector<Run>> {
    std::vector<Run> out;
    Seq next(1);
    log::Use row(db, connection_->runs);
    while (row.step()) {
      Run run;
      run.stretch = {Seq(static_cast<std::uint64_t>(row.number(0))), Seq(static_cast<std::uint64_t>(row.number(1)))};
      if (run.stretch.from != next || run.stretch.empty()) return damaged("a run is missing");
      if (!row.array(2, run.head) || !decode_lists(row.bytes(3), run)) return damaged("a run cannot be read");
      next = run.stretch.before;
      out.push_back(std::move(run));
    }
    return out;
  });
}

/// Inside the transaction of write().
Run::List IndexFile::write_list(std::vector<Posting> postings) {
  Run::List list;
  list.first_block = connection_->next_block;
  std::ranges::sort(postings);
  for (std::size_t at = 0; at < postings.size(); at += block_postings) {
    const auto block = std::span(postings).subspan(at, std::min(block_postings, postings.size() - at));
    const ByteView bytes(reinterpret_cast<const std::uint8_t*>(block.data()), block.size_bytes());
    log::Use(*connection_->db, connection_->insert_block, connection_->next_block++, bytes).run();
    list.fences.push_back(hash_of(block.front()));
  }
  return list;
}

Result<Run> IndexFile::write(const Tail& tail) {
  SQLite::Database& db = *connection_->db;
  const std::int64_t first_block = connection_->next_block;
  auto run = log::guarded(db, "index: write a run", [&]() -> Result<Run> {
    Run out;
    out.stretch = tail.stretch();
    out.head = tail.head();
    SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
    for (std::size_t field = 0; field < field_count; ++field) {
      out.lists[field] = write_list(tail.postings(static_cast<Field>(field)));
    }
    const Bytes lists = encode_lists(out);
    log::Use(db, connection_->insert_run, out.stretch.from, out.stretch.before, out.head, lists).run();
    transaction.commit();
    return out;
  });
  if (!run) connection_->next_block = first_block;
  // No other connection reads this file, so nothing keeps the WAL from being emptied; if the disk does, the next run
  // tries again.
  if (run) (void)log::truncate_wal(db);
  return run;
}

Status IndexFile::find(const Run& run, IndexKey key, std::vector<Seq>& out) {
  SQLite::Database& db = *connection_->db;
  return log::guarded(db, "index: look up", [&]() -> Status {
    const Run::List& list = run.lists[static_cast<std::size_t>(key.field)];
    const BlockRange range = blocks_for(list.fences, key.hash);
    for (std::size_t i = range.first; i < range.end; ++i) {
      log::Use row(db, connection_->block, list.first_block + static_cast<std::int64_t>(i));
      if (!row.step()) return damaged("a block is missing");
      ByteReader in(row.bytes(0));
      while (in.left() >= sizeof(Posting)) {
        const Posting p = in.u64();
        const Seq seq = run.stretch.from.plus(static_cast<std::uint32_t>(p));
        if (hash_of(p) == key.hash && run.stretch.contains(seq)) out.push_back(seq);
      }
    }
    return {};
  });
}

}  // namespace iro::views

#include "hub/log/sqlite/scrubber.hpp"

#include <algorithm>

#include "hub/base/limits.hpp"
#include "hub/log/sqlite/connection.hpp"
#include "hub/log/sqlite/verifier.hpp"

namespace iro::log {

/// A connection for each round: it drops the system's cache of the file when it opens, and so reads what the disk has.
struct Scrubber::Round {
  std::unique_ptr<SQLite::Database> db;
  Verifier verifier;
  bool chain_done = false;
  Round(std::unique_ptr<SQLite::Database> opened, const std::filesystem::path& folder, const std::string& vfs)
      : db(std::move(opened)), verifier(*db, folder, vfs) {}
};

Scrubber::Scrubber(std::filesystem::path folder, std::string vfs) : folder_(std::move(folder)), vfs_(std::move(vfs)) {}
Scrubber::~Scrubber() = default;

Result<std::unique_ptr<Scrubber>> Scrubber::open(const std::filesystem::path& folder, const std::string& vfs) {
  std::unique_ptr<Scrubber> scrubber(new Scrubber(folder, vfs));
  IRO_TRY(scrubber->begin_round(), "scrub");
  return scrubber;
}

bool Scrubber::at_rest() const { return !round_; }

Status Scrubber::begin_round() {
  ConnectionOptions options;
  options.vfs = vfs_;
  options.cache_kib = 1'024;
  auto db = open_connection(folder_ / "log.db", options);
  if (!db) return fail(db.error());
  round_ = std::make_unique<Round>(std::move(*db), folder_, vfs_);
  std::error_code ec;
  const auto size = std::filesystem::file_size(folder_ / "log.db", ec);
  progress_.file_bytes = ec ? 0 : 2 * size;  // its content once through SQL, and each page
  progress_.bytes = 0;
  return guarded(*round_->db, "read the log's description", [&] { return round_->verifier.begin(); });
}

Result<std::uint64_t> Scrubber::step(std::size_t bytes, TimeMs now) {
  if (!round_) IRO_TRY(begin_round(), "scrub");
  Verifier& verifier = round_->verifier;
  const std::uint64_t before = verifier.bytes_read();
  bool over = false;
  const Status read = guarded(*round_->db, "scrub", [&] {
    if (!round_->chain_done) {
      round_->chain_done = !verifier.chain_slice(bytes);
    } else {
      over = !verifier.pages_slice(static_cast<std::uint32_t>(std::max<std::size_t>(1, bytes / limits::page_bytes)));
    }
  });
  if (!read) return fail(read.error());
  if (!verifier.report().sound()) {
    progress_.finding = verifier.report().findings.front();
    return fail(Errc::corrupt, "scrub: " + progress_.finding->text());
  }
  const std::uint64_t done = verifier.bytes_read() - before;
  progress_.bytes = verifier.bytes_read();
  if (over) {
    round_.reset();
    ++progress_.rounds;
    progress_.round_ended = now;
  }
  return done;
}

}  // namespace iro::log

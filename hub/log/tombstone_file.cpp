#include "hub/log/tombstone_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "hub/base/bytes.hpp"
#include "hub/base/crypto.hpp"

namespace iro::log {
namespace {

constexpr std::size_t record_bytes = 8 + 8 + 16;

/// Number, time, and the first 16 bytes of the SHA-256 of both.
Bytes encode(const Tombstone& t) {
  ByteWriter out;
  out.u64(t.no.value());
  out.u64(static_cast<std::uint64_t>(t.at.value()));
  const Hash hash = sha256(out.view());
  out.bytes(ByteView(hash).first(16));
  return out.take();
}

Status sync_folder(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool done = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!done) return fail(Errc::io, fmt::format("{}: {}", folder.string(), std::strerror(error)));
  return {};
}

}  // namespace

Result<TombstoneFile> TombstoneFile::open(std::filesystem::path file) {
  TombstoneFile out(std::move(file));
  std::error_code ec;
  if (!std::filesystem::exists(out.file_, ec)) return out;
  std::ifstream in(out.file_, std::ios::binary);
  const Bytes bytes{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) return fail(Errc::io, out.file_.string() + ": cannot be read");
  for (std::size_t at = 0; at + record_bytes <= bytes.size(); at += record_bytes) {
    const ByteView record = ByteView(bytes).subspan(at, record_bytes);
    ByteReader reader(record);
    const PersonKeyNo no(reader.u64());
    const Tombstone t{no, TimeMs(static_cast<std::int64_t>(reader.u64()))};
    if (!std::ranges::equal(encode(t), record))
      return fail(Errc::witness_damaged, fmt::format("{}: the record at byte {} is damaged", out.file_.string(), at));
    if (out.numbers_.insert(t.no).second) out.all_.push_back(t);
  }
  return out;
}

Status TombstoneFile::append(const std::vector<Tombstone>& more) {
  Bytes bytes;
  std::vector<Tombstone> fresh;
  for (const Tombstone& t : more) {
    if (has(t.no)) continue;
    const Bytes record = encode(t);
    bytes.insert(bytes.end(), record.begin(), record.end());
    fresh.push_back(t);
  }
  if (fresh.empty()) return {};
  std::error_code ec;
  std::filesystem::create_directories(file_.parent_path(), ec);
  if (ec) return fail(Errc::io, file_.parent_path().string() + ": " + ec.message());
  const int fd = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (fd < 0) return fail(Errc::io, fmt::format("{}: {}", file_.string(), std::strerror(errno)));
  const auto end = static_cast<off_t>(::lseek(fd, 0, SEEK_END) / static_cast<off_t>(record_bytes) *
                                      static_cast<off_t>(record_bytes));
  const bool written =
      ::pwrite(fd, bytes.data(), bytes.size(), end) == static_cast<ssize_t>(bytes.size()) && ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (!written) return fail(Errc::io, fmt::format("{}: {}", file_.string(), std::strerror(error)));
  IRO_TRY(sync_folder(file_.parent_path()), "tombstones");
  for (const Tombstone& t : fresh) {
    numbers_.insert(t.no);
    all_.push_back(t);
  }
  return {};
}

}  // namespace iro::log

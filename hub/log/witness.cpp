#include "hub/log/witness.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "hub/base/assert.hpp"
#include "hub/base/bytes.hpp"

namespace iro::log {
namespace {

constexpr std::string_view magic = "IROWIT1\n";  // permanent: on disk
constexpr std::size_t signed_bytes = 8 + 16 + 4 + 8 + 32 + 8 + 8;
constexpr std::size_t file_bytes = signed_bytes + crypto_sign_BYTES;

Bytes encode(const Testimony& t) {
  ByteWriter out;
  out.bytes(as_bytes(magic));
  out.bytes(t.log_id);
  out.u32(t.epoch.value());
  out.u64(t.position.value());
  out.bytes(t.head);
  out.u64(t.state_commits);
  out.u64(static_cast<std::uint64_t>(t.at.value()));
  return out.take();
}

Testimony decode(ByteView bytes) {
  ByteReader in(bytes.subspan(magic.size()));
  Testimony t;
  std::ranges::copy(in.bytes(t.log_id.size()), t.log_id.begin());
  t.epoch = LogEpoch(in.u32());
  t.position = Seq(in.u64());
  std::ranges::copy(in.bytes(t.head.size()), t.head.begin());
  t.state_commits = in.u64();
  t.at = TimeMs(static_cast<std::int64_t>(in.u64()));
  return t;
}

Error io_error(const std::filesystem::path& path) {
  return {Errc::io, fmt::format("{}: {}", path.string(), std::strerror(errno))};
}

/// Opens, does `work` with the descriptor, closes; io with what the system said.
template <typename Work>
Status with_file(const std::filesystem::path& path, int flags, Work&& work) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (fd < 0) return fail(io_error(path));
  Status done;
  if (!work(fd)) done = fail(io_error(path));
  ::close(fd);
  return done;
}

}  // namespace

Witness::Witness(std::filesystem::path folder, const Seed& seed) : folder_(std::move(folder)) {
  static_assert(sizeof public_key_ == crypto_sign_PUBLICKEYBYTES && sizeof secret_key_ == crypto_sign_SECRETKEYBYTES);
  IRO_ASSERT(sodium_init() >= 0, "libsodium starts");
  crypto_sign_seed_keypair(public_key_.data(), secret_key_.data(), seed.data());
}

Witness::~Witness() { sodium_memzero(secret_key_.data(), secret_key_.size()); }

Result<std::optional<Testimony>> Witness::read() const {
  std::error_code ec;
  if (!std::filesystem::exists(std::filesystem::symlink_status(file(), ec))) return std::optional<Testimony>();
  std::ifstream in(file(), std::ios::binary);
  const Bytes bytes{std::istreambuf_iterator<char>(in), {}};
  if (!in.eof() && in.fail()) return fail(Errc::io, file().string() + ": cannot be read");
  const ByteView all = bytes;
  const bool sound =
      all.size() == file_bytes && as_text(all.first(magic.size())) == magic &&
      crypto_sign_verify_detached(all.data() + signed_bytes, all.data(), signed_bytes, public_key_.data()) == 0;
  if (!sound) return fail(Errc::witness_damaged, file().string() + " does not have this hub's signature");
  return std::optional(decode(all));
}

Status Witness::write(const Testimony& testimony) const {
  Bytes bytes = encode(testimony);
  bytes.resize(file_bytes);
  crypto_sign_detached(bytes.data() + signed_bytes, nullptr, bytes.data(), signed_bytes, secret_key_.data());
  std::error_code ec;
  std::filesystem::create_directories(folder_, ec);
  if (ec) return fail(Errc::io, folder_.string() + ": " + ec.message());
  const std::filesystem::path fresh = file().string() + ".new";
  IRO_TRY(with_file(fresh, O_WRONLY | O_CREAT | O_TRUNC,
                    [&](int fd) {
                      return ::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) &&
                             ::fsync(fd) == 0;
                    }),
          "witness");
  if (::rename(fresh.c_str(), file().c_str()) != 0) return fail(io_error(file()).within("witness"));
  IRO_TRY(with_file(folder_, O_RDONLY | O_DIRECTORY, [](int fd) { return ::fsync(fd) == 0; }), "witness");
  return {};
}

}  // namespace iro::log

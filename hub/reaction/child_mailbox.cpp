#include "hub/reaction/child_mailbox.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "hub/base/limits.hpp"

namespace iro::reaction {
namespace {

constexpr std::size_t word_at = 0;
constexpr std::size_t sent_at = 8;
constexpr std::size_t hurries_at = 16;
constexpr std::size_t size_at = 64;  // on another cache line than the words that the peer looks at
constexpr std::size_t message_at = 128;
constexpr std::size_t box_bytes = message_at + limits::plugin_mail_bytes;
constexpr std::size_t mailbox_bytes = 2 * box_bytes;

static_assert(std::atomic_ref<std::uint64_t>::is_always_lock_free,
              "a lock in shared memory would be the plugin's, too");
static_assert(box_bytes % 64 == 0);

constexpr std::uint64_t closed(std::uint64_t received) { return 4 * received; }
constexpr std::uint64_t looking(std::uint64_t received) { return 4 * received + 1; }
constexpr std::uint64_t lies_here(std::uint64_t received) { return 4 * received + 2; }

tl::unexpected<Error> system_error(std::string_view what) {
  return fail(Errc::io, fmt::format("{}: {}", what, std::strerror(errno)));
}

std::uint8_t* map(int fd) {
  void* memory = ::mmap(nullptr, mailbox_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<std::uint8_t*>(memory);
}

}  // namespace

std::uint64_t& Box::word() const { return *reinterpret_cast<std::uint64_t*>(memory_ + word_at); }
std::uint64_t& Box::sent() const { return *reinterpret_cast<std::uint64_t*>(memory_ + sent_at); }
std::uint64_t& Box::hurries() const { return *reinterpret_cast<std::uint64_t*>(memory_ + hurries_at); }
std::uint32_t& Box::size() const { return *reinterpret_cast<std::uint32_t*>(memory_ + size_at); }

Box::Put Box::put(std::uint64_t sent, ByteView message) const {
  const std::atomic_ref<std::uint64_t> at(word());
  std::uint64_t was = at.load(std::memory_order_acquire);
  const auto free = [&] { return was == closed(sent) || was == looking(sent); };
  if (message.size() > limits::plugin_mail_bytes || !free()) return Put::no;
  std::memcpy(memory_ + message_at, message.data(), message.size());
  std::atomic_ref<std::uint32_t>(size()).store(static_cast<std::uint32_t>(message.size()), std::memory_order_relaxed);
  while (!at.compare_exchange_weak(was, lies_here(sent), std::memory_order_acq_rel, std::memory_order_acquire)) {
    if (!free()) return Put::no;  // only a peer that writes here what it likes
  }
  return was == looking(sent) ? Put::for_one_who_looks : Put::for_one_who_sleeps;
}

void Box::count(std::uint64_t sent) const {
  std::atomic_ref<std::uint64_t>(this->sent()).store(sent, std::memory_order_relaxed);
}

void Box::hurry(std::uint64_t times) const {
  std::atomic_ref<std::uint64_t>(hurries()).store(times, std::memory_order_relaxed);
}

std::uint64_t Box::hurried() const { return std::atomic_ref<std::uint64_t>(hurries()).load(std::memory_order_relaxed); }

void Box::look(std::uint64_t received) const {
  std::uint64_t was = closed(received);
  std::atomic_ref<std::uint64_t>(word()).compare_exchange_strong(was, looking(received), std::memory_order_acq_rel);
}

void Box::close(std::uint64_t received) const {
  std::uint64_t was = looking(received);
  std::atomic_ref<std::uint64_t>(word()).compare_exchange_strong(was, closed(received), std::memory_order_acq_rel);
}

void Box::clear(std::uint64_t received) const {
  std::atomic_ref<std::uint64_t>(word()).store(closed(received), std::memory_order_release);
}

bool Box::has(std::uint64_t received) const {
  return std::atomic_ref<std::uint64_t>(word()).load(std::memory_order_acquire) == lies_here(received);
}

bool Box::more(std::uint64_t received) const {
  return has(received) || std::atomic_ref<std::uint64_t>(sent()).load(std::memory_order_relaxed) > received;
}

std::optional<std::size_t> Box::take(std::uint64_t received, std::span<std::uint8_t> to) const {
  if (!has(received)) return std::nullopt;
  const std::size_t n = std::atomic_ref<std::uint32_t>(size()).load(std::memory_order_relaxed);
  if (n > limits::plugin_mail_bytes || n > to.size()) return 0;
  std::memcpy(to.data(), memory_ + message_at, n);
  return n;
}

iro::Result<Mailbox> Mailbox::create() {
  const int fd = ::memfd_create("iro-mailbox", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return system_error("memory to share with a plugin");
  Mailbox out(fd, nullptr);
  if (::ftruncate(fd, mailbox_bytes) != 0 || ::fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return system_error("memory to share with a plugin");
  }
  out.memory_ = map(fd);
  if (out.memory_ == nullptr) return system_error("memory to share with a plugin");
  return out;
}

iro::Result<Mailbox> Mailbox::open(int fd) {
  struct stat is {};
  const bool right = ::fstat(fd, &is) == 0 && is.st_size == static_cast<off_t>(mailbox_bytes);
  std::uint8_t* memory = right ? map(fd) : nullptr;
  ::close(fd);
  if (memory == nullptr) return fail(Errc::io, "there is no mailbox at the descriptor that was given");
  return Mailbox(-1, memory);
}

Mailbox::~Mailbox() {
  if (memory_ != nullptr) ::munmap(memory_, mailbox_bytes);
  if (fd_ >= 0) ::close(fd_);
}

Mailbox::Mailbox(Mailbox&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), memory_(std::exchange(other.memory_, nullptr)) {}

Mailbox& Mailbox::operator=(Mailbox&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(memory_, other.memory_);
  return *this;
}

Box Mailbox::to_child() const { return Box(memory_); }
Box Mailbox::to_hub() const { return Box(memory_ + box_bytes); }

}  // namespace iro::reaction

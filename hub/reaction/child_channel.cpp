#include "hub/reaction/child_channel.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "hub/base/assert.hpp"
#include "hub/base/limits.hpp"

namespace iro::reaction {
namespace {

constexpr std::uint8_t first_packet = 1;
constexpr std::uint8_t last_packet = 2;
constexpr std::uint8_t ring_packet = 4;  // alone: a message lies in the mailbox, or lay there
constexpr int rings_at_once = 16;        // more of them a peer does not send who means well
// A waiting end looks this often before it sleeps, 3 to 15 us: enough to be awake for the next of a row of questions.
// Three times as long keeps the next rule of a chain from a processor where there are only two (ADR 58).
constexpr int looks_before_sleep = 300;

ssize_t send_two(int fd, std::uint8_t head, const std::uint8_t* data, std::size_t size, int flags) {
  std::array<iovec, 2> parts{iovec{&head, 1}, iovec{const_cast<std::uint8_t*>(data), size}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  ssize_t n = 0;
  do n = ::sendmsg(fd, &message, flags | MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n;
}

}  // namespace

ChildChannel::ChildChannel(int fd, Mode mode, std::size_t receive_limit)
    : fd_(fd), mode_(mode), receive_limit_(receive_limit) {}

ChildChannel::~ChildChannel() { ::close(fd_); }

void ChildChannel::send_now(int fd, ByteView message) {
  send_two(fd, first_packet | last_packet, message.data(), message.size(), MSG_DONTWAIT);
}

/// Sends the packet that begins at `at`. False when the kernel takes no more now.
bool ChildChannel::send_packet(const Bytes& message, std::size_t at, std::size_t& sent) {
  const std::size_t size = std::min(message.size() - at, limits::plugin_packet_bytes);
  const auto head =
      static_cast<std::uint8_t>((at == 0 ? first_packet : 0) | (at + size == message.size() ? last_packet : 0));
  if (!send_one(head, message.data() + at, size)) return false;
  sent = size;
  return true;
}

bool ChildChannel::send_one(std::uint8_t head, const std::uint8_t* data, std::size_t size) {
  if (send_two(fd_, head, data, size, mode_ == Mode::nonblocking ? MSG_DONTWAIT : 0) >= 0) return true;
  // Without memory for the packet the kernel says ENOBUFS: later, as when the buffer is full.
  const bool later = errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS || errno == ENOMEM;
  if (!later) deaf_ = true;  // EPIPE, ECONNRESET: it reads no more, but what it said before may still wait for us
  return false;
}

void ChildChannel::share(Box in, Box out) {
  IRO_ASSERT(sent_ == 0 && received_ == 0, "both ends count from the first message");
  in_box_ = in;
  out_box_ = out;
}

bool ChildChannel::send(Bytes message) {
  IRO_ASSERT(!message.empty(), "a message has a kind");
  if (out_box_ && !sending()) {
    const Box::Put put = out_box_->put(sent_, message);
    if (put != Box::Put::no) {
      ++sent_;
      if (put == Box::Put::for_one_who_sleeps) ring();
      return true;
    }
  }
  if (!send_packets(std::move(message))) return false;
  ++sent_;
  if (out_box_) out_box_->count(sent_);
  return true;
}

/// Wakes the peer for what lies in its box.
void ChildChannel::ring() { must_ring_ = !send_one(ring_packet, nullptr, 0) && !deaf_; }

bool ChildChannel::send_packets(Bytes message) {
  if (deaf_) return true;
  std::size_t at = 0;
  if (queue_.empty()) {
    std::size_t sent = 0;
    while (at < message.size() && send_packet(message, at, sent)) at += sent;
    if (at == message.size() || deaf_) return true;
  }
  IRO_ASSERT(mode_ == Mode::nonblocking, "a blocking end queues nothing");
  const bool begun = at > 0;  // what has begun must end, or the peer could read nothing more
  if (!begun && queue_bytes_ + message.size() > limits::plugin_send_queue_bytes) return false;
  if (begun) front_sent_ = at;
  queue_bytes_ += message.size();
  queue_.push_back(std::move(message));
  return true;
}

bool ChildChannel::flush() {
  bool any = false;
  if (must_ring_ && !deaf_) {
    ring();
    any = !must_ring_;
  }
  while (!queue_.empty() && !must_ring_ && !deaf_) {
    std::size_t sent = 0;
    if (!send_packet(queue_.front(), front_sent_, sent)) break;
    any = true;
    front_sent_ += sent;
    if (front_sent_ < queue_.front().size()) continue;
    queue_bytes_ -= queue_.front().size();
    queue_.pop_front();
    front_sent_ = 0;
  }
  if (deaf_) {
    queue_.clear();
    queue_bytes_ = 0;
    must_ring_ = false;
  }
  return any;
}

/// One packet to `to`, where `room` bytes are free; in_size_ moves on.
ChildChannel::Got ChildChannel::read_packet(std::uint8_t* to, std::size_t room) {
  std::uint8_t head = 0;
  std::array<iovec, 2> parts{iovec{&head, 1}, iovec{to, room}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  const int flags = mode_ == Mode::nonblocking ? MSG_DONTWAIT : 0;
  ssize_t n = 0;
  // ECONNRESET says once that the peer left something unread; what it had sent comes after that.
  do n = ::recvmsg(fd_, &message, flags);
  while (n < 0 && (errno == EINTR || errno == ECONNRESET));
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Got::nothing;
  if (n <= 0) {
    gone_ = true;
    return Got::nothing;
  }
  const auto refuse = [&](std::string_view why) {
    broken_ = why;
    return Got::nothing;
  };
  if ((message.msg_flags & MSG_TRUNC) != 0) return refuse("a message or packet is larger than it may be");
  if (n == 1 && head == ring_packet && in_box_ && !midway_) return Got::ring;
  if (n < 2 || (head & ~(first_packet | last_packet)) != 0) return refuse("a packet that is none");
  if (((head & first_packet) != 0) == midway_) return refuse("packets out of order");
  in_size_ += static_cast<std::size_t>(n) - 1;
  if (in_size_ > receive_limit_) return refuse("a message is larger than it may be");
  midway_ = (head & last_packet) == 0;
  if (midway_) return Got::part;
  taken();
  return Got::whole;
}

/// A message has been received, whichever way: the box is free for the next.
void ChildChannel::taken() {
  ++received_;
  if (in_box_) in_box_->clear(received_);
}

/// A message that lies in the mailbox.
ChildChannel::Got ChildChannel::read_box(std::uint8_t* to, std::size_t room) {
  const auto size = in_box_->take(received_, {to, room});
  if (!size) return Got::nothing;
  if (*size == 0) {
    broken_ = "a message in the mailbox that is none";
    return Got::nothing;
  }
  in_size_ = *size;
  taken();
  return Got::whole;
}

void ChildChannel::look() const {
  if (in_box_) in_box_->look(received_);
}

bool ChildChannel::has_mail() const { return in_box_ && in_box_->more(received_); }

void ChildChannel::rest() const {
  if (in_box_) in_box_->close(received_);
}

void ChildChannel::hurry() {
  if (out_box_) out_box_->hurry(++hurries_);
}

bool ChildChannel::was_hurried() {
  if (!in_box_) return false;
  const std::uint64_t hurries = in_box_->hurried();
  return std::exchange(hurries_seen_, hurries) != hurries;
}

/// The next part of a message, out of the mailbox or the socket: whichever way the peer took.
ChildChannel::Got ChildChannel::read(std::uint8_t* to, std::size_t room) {
  if (in_box_ && !midway_) {
    if (mode_ == Mode::blocking && !has_mail()) {
      look();
      for (int looks = 0; looks < looks_before_sleep && !has_mail(); ++looks) breathe();
      rest();
    }
    const Got got = read_box(to, room);
    if (got == Got::whole || !broken_.empty()) return got;
  }
  return read_packet(to, std::min(room, limits::plugin_packet_bytes));
}

std::optional<ByteView> ChildChannel::receive() {
  for (int rings = 0; !gone_ && broken_.empty();) {
    if (!midway_) in_size_ = 0;
    const std::size_t room = midway_ || !in_box_ ? limits::plugin_packet_bytes : limits::plugin_mail_bytes;
    if (in_.size() < in_size_ + room) in_.resize(std::max(in_.size() * 2, in_size_ + room));
    const Got got = read(in_.data() + in_size_, room);
    if (got == Got::whole) return ByteView(in_.data(), in_size_);
    if (got == Got::nothing) return std::nullopt;
    // An end that waits goes on waiting; the other has more to do than to listen to ringing.
    if (got == Got::ring && mode_ == Mode::nonblocking && ++rings == rings_at_once) return std::nullopt;
  }
  return std::nullopt;
}

std::optional<ByteView> ChildChannel::receive_into(std::span<std::uint8_t> memory) {
  IRO_ASSERT(mode_ == Mode::blocking && !midway_, "the memory stays the same for a whole message");
  in_size_ = 0;
  while (!gone_ && broken_.empty()) {
    const Got got = read(memory.data() + in_size_, memory.size() - in_size_);
    if (got == Got::whole) return ByteView(memory.data(), in_size_);
  }
  return std::nullopt;
}

}  // namespace iro::reaction

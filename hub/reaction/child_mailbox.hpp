// hub/reaction/child_mailbox.hpp: memory that the hub shares with a plugin's process, for messages.
//
// A message over the socket is copied into the kernel and out again, costs two
// system calls and, when the peer sleeps, its waking: 20 us for a question that
// is answered in one. So a message lies here when it can: one at a time, in the
// box of its direction, once the peer has received all that was sent before.
// An end that expects a message *looks* for a moment before it sleeps, and says
// so here; then no system call is made at all. For one that does not look the
// sender rings: one byte over the socket. Everything else (more than one message
// on its way, or one that is larger than a box) takes the socket.
//
// One word for each box says how it stands. With r messages received, counted
// over both ways: 4r is closed, 4r+1 looking, and 4r+2: message r+1 lies here.
// The sender that has sent exactly r may turn one of the first two into the
// third; taking the message makes it 4(r+1). Whoever has sent more than the peer
// has received finds another word and takes the socket, so messages keep their
// order without a lock. A second word counts all that was sent: who looks need
// not look at the socket, too. A third counts how often the sender wanted to
// hear what the receiver has so far: no message, for the receiver is at work.
//
// The peer can write anything here at any time. What is taken is copied first and
// looked at then, the size is read once, and a word that makes no sense is the
// same as "closed". The memory cannot be made smaller (sealed), so nobody's read
// of it can fail. One thread an end.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "hub/base/bytes.hpp"
#include "hub/base/error.hpp"

namespace iro::reaction {

/// One direction: what is sent to one peer.
class Box {
 public:
  explicit Box(std::uint8_t* memory) : memory_(memory) {}
  /// The sender's. Not put: the peer has not received all `sent` messages before, or the message is larger than a box.
  enum class Put : std::uint8_t { no, for_one_who_looks, for_one_who_sleeps };
  [[nodiscard]] Put put(std::uint64_t sent, ByteView message) const;
  void count(std::uint64_t sent) const;  // those that took the socket
  void hurry(std::uint64_t times) const;
  /// The receiver's.
  void look(std::uint64_t received) const;   // a message that lies here stays
  void close(std::uint64_t received) const;  // what has come in between stays
  void clear(std::uint64_t received) const;  // all of those are received, and nothing here is read any more
  [[nodiscard]] bool has(std::uint64_t received) const;
  [[nodiscard]] std::uint64_t hurried() const;  // how often
  /// More was sent than that: here, or over the socket.
  [[nodiscard]] bool more(std::uint64_t received) const;
  /// Copies the message to `to`; its size. Nothing when there is none; 0: it is larger than it may be, or than `to`.
  [[nodiscard]] std::optional<std::size_t> take(std::uint64_t received, std::span<std::uint8_t> to) const;
  /// For tests: what the peer can write to.
  [[nodiscard]] std::uint8_t* memory() const { return memory_; }

 private:
  [[nodiscard]] std::uint64_t& word() const;
  [[nodiscard]] std::uint64_t& sent() const;
  [[nodiscard]] std::uint64_t& hurries() const;
  [[nodiscard]] std::uint32_t& size() const;
  std::uint8_t* memory_;
};

class Mailbox {
 public:
  /// The hub's: new memory. Fails with Errc::io.
  static iro::Result<Mailbox> create();
  /// The child's, out of the descriptor that it was given; closes that.
  static iro::Result<Mailbox> open(int fd);
  ~Mailbox();
  Mailbox(Mailbox&& other) noexcept;
  Mailbox& operator=(Mailbox&& other) noexcept;

  /// To be given to the child; -1 in the child.
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] Box to_child() const;
  [[nodiscard]] Box to_hub() const;

 private:
  Mailbox(int fd, std::uint8_t* memory) : fd_(fd), memory_(memory) {}
  int fd_;
  std::uint8_t* memory_;
};

/// A breath between two looks: the other thread of the core may go on.
inline void breathe() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace iro::reaction

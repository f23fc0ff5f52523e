// hub/reaction/child_mailbox.hpp: memory that the hub shares with a plugin's process, for messages to a peer that is
// awake.
//
// A message over the socket costs two system calls and, when the peer sleeps, its
// waking: 20 us for a question that is answered in one. So an end that expects a
// message *looks* for a moment before it sleeps, and says so here; while it does,
// the other end may put one message (up to a packet) into its box, and no system
// call is made at all. In every other case the socket carries it.
//
// One word for each box says how it stands. With r messages received, counted
// over both ways: 2r is closed, 2r+1 looking; the sender that has sent exactly r
// turns 2r+1 into 2(r+1): message r+1 lies here. Whoever has sent more than the
// peer has received finds another word and takes the socket, so messages keep
// their order without a lock. A second word counts all that was sent: who looks
// need not look at the socket, too. A third counts how often the sender wanted to
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
  /// The sender's: false when the peer is not looking, or has not received all `sent` messages before, or for its size.
  [[nodiscard]] bool put(std::uint64_t sent, ByteView message) const;
  void count(std::uint64_t sent) const;  // those that took the socket
  void hurry(std::uint64_t times) const;
  /// The receiver's.
  void look(std::uint64_t received) const;   // a message that lies here stays
  void close(std::uint64_t received) const;  // what has come in between stays
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

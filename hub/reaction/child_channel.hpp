// hub/reaction/child_channel.hpp: whole messages over one end of a SEQPACKET socketpair.
//
// A message is cut into packets of at most limits::plugin_packet_bytes; the first
// byte of each packet says whether it is the first or the last of its message.
// The hub's end never waits: what the kernel does not take is queued, up to
// limits::plugin_send_queue_bytes. The child's end waits. A peer that ended is
// gone(), never a signal; a peer that breaks the rules of packets is broken().
// Where both ends share a mailbox, a message lies there when it can
// (child_mailbox.hpp). One thread an end.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>

#include "hub/base/bytes.hpp"
#include "hub/reaction/child_mailbox.hpp"

namespace iro::reaction {

class ChildChannel {
 public:
  enum class Mode : std::uint8_t { nonblocking, blocking };
  /// Takes `fd`, a connected SEQPACKET socket. A message from the peer beyond `receive_limit` bytes breaks the channel.
  ChildChannel(int fd, Mode mode, std::size_t receive_limit);
  ~ChildChannel();
  ChildChannel(const ChildChannel&) = delete;
  ChildChannel& operator=(const ChildChannel&) = delete;

  /// Before the first message; the boxes' memory outlives the channel.
  void share(Box in, Box out);

  /// False when the queue is full: nothing of the message is sent then. A peer that is gone takes everything.
  [[nodiscard]] bool send(Bytes message);
  /// Goes on with what is queued. True when any of it went out.
  bool flush();
  [[nodiscard]] bool sending() const { return !queue_.empty() || must_ring_; }

  /// The next whole message, valid until the next receive(); nothing when there is none now, or no more.
  std::optional<ByteView> receive();
  /// The same into memory of the caller's; only when blocking.
  std::optional<ByteView> receive_into(std::span<std::uint8_t> memory);

  /// For an end that does not wait: between look() and rest() the peer may use the mailbox; has_mail() as soon as it
  /// has. A waiting end does the same by itself before it sleeps.
  void look() const;
  [[nodiscard]] bool has_mail() const;
  void rest() const;

  /// Where there is a mailbox: wants to hear what the peer has so far. The peer's was_hurried() says once that it was,
  /// at no cost worth naming, so it can ask that between any two steps of its work.
  void hurry();
  [[nodiscard]] bool was_hurried();

  /// The peer ended, or closed its end, and all that it had sent is received.
  [[nodiscard]] bool gone() const { return gone_; }
  /// Why the peer's packets make no sense; "" while they do.
  [[nodiscard]] const std::string& broken() const { return broken_; }
  [[nodiscard]] int fd() const { return fd_; }

  /// A message of at most a few bytes, at once and without memory: for signal handlers. One packet, or nothing.
  static void send_now(int fd, ByteView message);

 private:
  enum class Got : std::uint8_t { nothing, part, whole, ring };
  Got read(std::uint8_t* to, std::size_t room);
  Got read_box(std::uint8_t* to, std::size_t room);
  Got read_packet(std::uint8_t* to, std::size_t room);
  void ring();
  void taken();
  bool send_packets(Bytes message);
  bool send_packet(const Bytes& message, std::size_t at, std::size_t& sent);
  /// False when the kernel takes nothing now, or the peer is deaf_.
  bool send_one(std::uint8_t head, const std::uint8_t* data, std::size_t size);

  int fd_;
  Mode mode_;
  std::optional<Box> in_box_;
  std::optional<Box> out_box_;
  std::uint64_t sent_ = 0;  // whole messages, whichever way
  std::uint64_t received_ = 0;
  std::uint64_t hurries_ = 0;       // of the peer, by this end
  std::uint64_t hurries_seen_ = 0;  // of this end, by the peer
  std::size_t receive_limit_;
  bool must_ring_ = false;  // for a message in the box; the kernel took nothing
  std::deque<Bytes> queue_;
  std::size_t queue_bytes_ = 0;
  std::size_t front_sent_ = 0;  // of the first in the queue
  Bytes in_;                    // grows to the largest message; in_size_ of it are there
  std::size_t in_size_ = 0;
  bool midway_ = false;  // a message has begun and not ended
  bool deaf_ = false;    // the peer reads no more
  bool gone_ = false;    // and everything that it sent is read
  std::string broken_;
};

}  // namespace iro::reaction

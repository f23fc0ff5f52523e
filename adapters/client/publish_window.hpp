// adapters/client/publish_window.hpp: which PUB goes out next, and what a PUBACK
// means for it. Go back N over a PublishSource: nothing is kept here but numbers.
//
// Invariants:
//   1. acked < first in flight <= last in flight < next to send, without gaps.
//   2. In flight are at most the hub's window_events and window_bytes, and at most
//      pub_frames_in_flight frames: what comes meanwhile is coalesced into the next.
//   3. Every frame is within the hub's frame_bytes and events_per_pub.
// Without I/O; one thread.
#pragma once

#include <deque>
#include <optional>

#include "adapters/client/publish_source.hpp"
#include "hub/base/ticks.hpp"

namespace iro::client {

/// A single event goes out at once; under load frames fill themselves. Four full ones are a window.
inline constexpr std::size_t pub_frames_in_flight = 8;
/// What a frame has besides its events: header, table and vector of 1,024 offsets.
inline constexpr std::size_t pub_overhead_bytes = 8'192;
/// Before going back: lets the answers to what was already sent come in, each of which would send it again.
inline constexpr std::int64_t go_back_pause_ms = 20;

class PublishWindow {
 public:
  explicit PublishWindow(PublishSource& source) : source_(source) {}

  enum class Start { ready, hello_again };
  /// A session begins. `hello_again`: the outbox has a new producer id, which the hub does not know yet.
  Result<Start> start(const wire::Welcome& welcome);
  /// No session: nothing is sent.
  void stop() { open_ = false; }

  /// The next frame, if anything waits and the window has room.
  Result<std::optional<Bytes>> next(SessionEpoch epoch, Ticks now);
  /// False when the ack cannot be meant for this outbox: the session should begin again.
  bool on_puback(const wire::PubAck& ack, Ticks now);
  /// When a pause ends, if there is one.
  [[nodiscard]] Ticks wakes_at() const { return pause_until_; }

  [[nodiscard]] std::size_t events_in_flight() const { return events_; }
  [[nodiscard]] std::size_t bytes_in_flight() const { return bytes_; }
  [[nodiscard]] std::size_t frames_in_flight() const { return flights_.size(); }

 private:
  struct Flight {
    ProducerSeq last;
    std::size_t events = 0;
    std::size_t bytes = 0;
  };
  void go_back(ProducerSeq to);
  void landed(ProducerSeq up_to);

  PublishSource& source_;
  bool open_ = false;
  std::size_t frame_bytes_ = 0;
  std::size_t events_per_pub_ = 0;
  std::size_t window_events_ = 0;
  std::size_t window_bytes_ = 0;
  ProducerSeq next_;
  Ticks pause_until_ = never;
  std::deque<Flight> flights_;
  std::size_t events_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace iro::client

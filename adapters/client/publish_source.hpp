// adapters/client/publish_source.hpp: where the session finds what to publish,
// and says what became of it. The outbox is one; tests have another in memory.
// Called on the network thread.
#pragma once

#include <optional>
#include <vector>

#include "hub/base/error.hpp"
#include "hub/schema/frames.hpp"

namespace iro::client {

/// A numbered event: a PUB frame of its own (protocol.md), whose number does not count.
struct StoredEvent {
  ProducerSeq sequence;
  Bytes frame;
};

class PublishSource {
 public:
  virtual ~PublishSource() = default;

  struct Position {
    ProducerId producer;
    std::uint64_t start_number = 0;
    ProducerSeq last;    // the highest number given
    ProducerSeq acked;   // everything up to here was decided by the hub
    ProducerSeq oldest;  // the lowest number that is still kept; last + 1 when none is
  };
  [[nodiscard]] virtual Position position() const = 0;
  [[nodiscard]] virtual std::optional<wire::Receipt> last_receipt() const = 0;

  /// From `from` on, at most `events`, and as many as fit in `bytes` by their wire
  /// size; one at least if there is any.
  virtual Result<std::vector<StoredEvent>> read(ProducerSeq from, std::size_t events, std::size_t bytes) = 0;
  /// schema::event_hash of a kept event; nothing when it is not kept.
  virtual std::optional<Hash> hash_of(ProducerSeq sequence) = 0;

  /// The hub has decided.
  virtual void acknowledge(const wire::PubAck& ack) = 0;
  /// The hub has lost what it had acknowledged behind `acked`: it is sent again.
  virtual Status rewind(ProducerSeq acked) = 0;
  /// Become a new producer, with the events behind `behind` numbered from 1, all to be sent.
  virtual Status renumber(ProducerSeq behind) = 0;
};

/// What WELCOME's last sequence and hash mean for a producer at `ours` (protocol.md, Publishing).
struct Continuation {
  enum class Kind {
    go_on,         // the hub knows what we know
    rewind,        // it has lost acknowledged events that we still have
    new_producer,  // our outbox is an old copy, or it has lost more than we keep
  } kind = Kind::go_on;
  ProducerSeq behind;  // rewind: the last one it has; new_producer: what is behind this is sent
  bool operator==(const Continuation&) const = default;
};
/// `our_hash` is that of the event which we have under `hub_last`, if it is kept.
Continuation decide_continuation(const PublishSource::Position& ours, ProducerSeq hub_last, const Hash& hub_hash,
                                 const std::optional<Hash>& our_hash);

}  // namespace iro::client

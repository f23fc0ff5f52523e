#include "adapters/client/publish_source.hpp"

namespace iro::client {

Continuation decide_continuation(const PublishSource::Position& ours, ProducerSeq hub_last, const Hash& hub_hash,
                                 const std::optional<Hash>& our_hash) {
  using Kind = Continuation::Kind;
  if (hub_last > ours.last) return {Kind::new_producer, ours.acked};
  // A hash of zeros says nothing: a hub that does not know has nothing to compare.
  const bool differs = hub_last.value() > 0 && our_hash && hub_hash != Hash{} && *our_hash != hub_hash;
  if (differs) return {Kind::new_producer, ours.acked};
  if (hub_last >= ours.acked) return {};
  if (ours.oldest <= hub_last.next()) return {Kind::rewind, hub_last};
  return {Kind::new_producer, ProducerSeq(ours.oldest.value() - 1)};
}

}  // namespace iro::client

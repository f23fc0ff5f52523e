#include "adapters/client/publish_window.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "hub/base/limits.hpp"

namespace iro::client {
namespace {

/// The hub's number, but never more than the protocol's.
std::size_t at_most(std::uint32_t hub, std::size_t protocol) {
  return hub == 0 ? protocol : std::min<std::size_t>(hub, protocol);
}

}  // namespace

Result<PublishWindow::Start> PublishWindow::start(const wire::Welcome& welcome) {
  const PublishSource::Position ours = source_.position();
  const ProducerSeq hub_last = welcome.producer_last_sequence;
  const Continuation what = decide_continuation(ours, hub_last, welcome.producer_last_hash, source_.hash_of(hub_last));
  if (what.kind == Continuation::Kind::new_producer) {
    IRO_TRY(source_.renumber(what.behind), "take a new producer id");
    return Start::hello_again;
  }
  if (what.kind == Continuation::Kind::rewind) IRO_TRY(source_.rewind(what.behind), "send again what the hub lost");
  frame_bytes_ = std::max(at_most(welcome.frame_bytes, limits::frame_bytes), 2 * pub_overhead_bytes);
  events_per_pub_ = at_most(welcome.events_per_pub, limits::events_per_pub);
  window_events_ = at_most(welcome.window_events, limits::publish_window_events);
  window_bytes_ = at_most(welcome.window_bytes, limits::publish_window_bytes);
  open_ = true;
  pause_until_ = never;
  go_back(source_.position().acked.next());
  return Start::ready;
}

void PublishWindow::go_back(ProducerSeq to) {
  next_ = to;
  flights_.clear();
  events_ = bytes_ = 0;
}

Result<std::optional<Bytes>> PublishWindow::next(SessionEpoch epoch, Ticks now) {
  if (pause_until_ != never && now >= pause_until_) pause_until_ = never;
  const bool room = flights_.size() < pub_frames_in_flight && events_ < window_events_ && bytes_ < window_bytes_;
  if (!open_ || pause_until_ != never || !room || next_ > source_.position().last) return std::nullopt;

  const std::size_t events = std::min(events_per_pub_, window_events_ - events_);
  const std::size_t bytes = std::min(frame_bytes_ - pub_overhead_bytes, window_bytes_ - bytes_);
  auto rows = source_.read(next_, events, bytes);
  if (!rows) return fail(rows.error());
  if (rows->empty()) return std::nullopt;

  std::vector<wire::Message> memory;  // the events borrow from these
  wire::Pub pub{next_, {}};
  Flight flight;
  for (const StoredEvent& row : *rows) {
    auto message = wire::decode(row.frame);
    const wire::Pub* stored = message ? std::get_if<wire::Pub>(&message->body) : nullptr;
    if (stored == nullptr || stored->events.size() != 1 || row.sequence != next_.plus(flight.events)) {
      return fail(Errc::corrupt, fmt::format("outbox: event {} cannot be read", row.sequence.value()));
    }
    pub.events.push_back(stored->events.front());
    flight.bytes += wire::event_wire_size(pub.events.back());
    ++flight.events;
    memory.push_back(std::move(*message));
  }
  if (flight.bytes > bytes && !flights_.empty()) return std::nullopt;  // one large event: when there is room
  next_ = next_.plus(flight.events);
  flight.last = ProducerSeq(next_.value() - 1);
  events_ += flight.events;
  bytes_ += flight.bytes;
  flights_.push_back(flight);
  return wire::encode(epoch, pub);
}

void PublishWindow::landed(ProducerSeq up_to) {
  while (!flights_.empty() && flights_.front().last <= up_to) {
    events_ -= flights_.front().events;
    bytes_ -= flights_.front().bytes;
    flights_.pop_front();
  }
}

bool PublishWindow::on_puback(const wire::PubAck& ack, Ticks now) {
  if (!open_) return true;
  if (ack.up_to > source_.position().last) return false;
  source_.acknowledge(ack);
  landed(ack.up_to);
  const ProducerSeq acked = source_.position().acked;
  next_ = std::max(next_, acked.next());  // known there from an earlier session
  if (ack.refused_from.value() == 0) return true;
  if (ack.refused_from <= acked) return false;
  go_back(std::min(ack.refused_from, next_));
  const Ticks until = now.plus(std::max<std::int64_t>(ack.retry_after_ms, go_back_pause_ms));
  if (pause_until_ == never || pause_until_ < until) pause_until_ = until;
  return true;
}

}  // namespace iro::client

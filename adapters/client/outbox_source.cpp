// The outbox as the session's PublishSource: reading, and what the hub decided. On the network thread.
#include <algorithm>

#include "adapters/client/outbox.hpp"
#include "hub/base/assert.hpp"

namespace iro::client {

PublishSource::Position Outbox::position() const {
  const std::scoped_lock lock(state_mutex_);
  return {state_.producer, state_.start_number, last_, state_.acked, oldest_};
}

std::optional<wire::Receipt> Outbox::last_receipt() const {
  const std::scoped_lock lock(state_mutex_);
  return saved_.receipt;
}

Result<std::vector<StoredEvent>> Outbox::read(ProducerSeq from, std::size_t events, std::size_t bytes) {
  const ProducerSeq last = position().last;
  return guarded("read outbox.db",
                 [&]() -> Result<std::vector<StoredEvent>> { return reader_->read(from, last, events, bytes); });
}

std::optional<Hash> Outbox::hash_of(ProducerSeq sequence) {
  const auto rows = read(sequence, 1, 0);
  if (!rows || rows->empty() || rows->front().sequence != sequence) return std::nullopt;
  const auto message = wire::decode(rows->front().frame);
  if (!message) return std::nullopt;
  const schema::EventView& event = std::get<wire::Pub>(message->body).events.front();
  return schema::event_hash(event.id, event.payload);
}

std::optional<RefusedRow> Outbox::describe(const wire::Refusal& refusal) {
  RefusedRow row{refusal.sequence, {{}, "", refusal.code, refusal.reason}};
  const auto rows = read(refusal.sequence, 1, 0);
  if (!rows || rows->empty() || rows->front().sequence != refusal.sequence) return std::nullopt;
  if (const auto message = wire::decode(rows->front().frame)) {
    const schema::EventView& event = std::get<wire::Pub>(message->body).events.front();
    row.event.id = event.id;
    row.event.type = event.type;
  }
  return row;
}

void Outbox::acknowledge(const wire::PubAck& ack) {
  const Position ours = position();
  const ProducerSeq up_to = std::min(ack.up_to, ours.last);
  const auto news = [&](const std::vector<wire::Refusal>& said) {
    std::vector<RefusedRow> rows;
    for (const wire::Refusal& refusal : said) {
      if (refusal.sequence <= ours.acked || refusal.sequence > up_to) continue;  // a repeat, or not ours
      if (auto row = describe(refusal)) rows.push_back(std::move(*row));
    }
    return rows;
  };
  std::vector<RefusedRow> refused = news(ack.exceptions);
  std::vector<RefusedRow> held = news(ack.held);
  const std::scoped_lock lock(state_mutex_);
  if (ack.receipt) state_.receipt = ack.receipt;
  if (up_to <= state_.acked) return;
  counted_.accepted += up_to.value() - state_.acked.value() - refused.size();
  counted_.refused += refused.size();
  counted_.held += held.size();
  state_.acked = up_to;
  for (RefusedRow& row : refused) {
    refused_.push_back(row.event);
    if (refused_.size() > refused_in_memory) refused_.pop_front();
    unsaved_refused_.push_back(std::move(row));
  }
  for (RefusedRow& row : held) {
    held_.push_back({row.event.id, std::move(row.event.type), std::move(row.event.reason)});
    if (held_.size() > held_in_memory) held_.pop_front();
  }
  decided_.notify_all();
}

Status Outbox::rewind(ProducerSeq acked) {
  const std::scoped_lock lock(state_mutex_);
  IRO_ASSERT(acked <= state_.acked && oldest_ <= acked.next(), "what is sent again is still here");
  counted_.accepted -= std::min(counted_.accepted, state_.acked.value() - acked.value());
  state_.acked = acked;
  return {};
}

Status Outbox::renumber(ProducerSeq behind) {
  return write([&]() -> Status {
    file_->renumber(behind);
    draft_.state.producer = make_producer_id();
    draft_.state.acked = ProducerSeq();
    draft_.last = ProducerSeq(draft_.last.value() - behind.value());
    draft_.renumbered = true;
    draft_.taken_off = behind.value();
    return {};
  });
}

}  // namespace iro::client

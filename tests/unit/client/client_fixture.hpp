// tests/unit/client/client_fixture.hpp: what the client's tests share: folders that
// go away, events, a PublishSource in memory, and waiting for a condition.
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "adapters/client/publish_source.hpp"
#include "hub/schema/frames.hpp"
#include "tests/catch.hpp"
#include "tests/support/temp_folder.hpp"

namespace iro::client {

using test::TempFolder;

inline constexpr std::chrono::seconds patience{30};  // far more than anything here takes on a loaded machine

/// Look until `enough`; false when our patience ends first.
inline bool wait_until(const std::function<bool()>& enough) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!enough()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

inline EventId numbered_id(std::uint64_t n) {
  EventId id;
  for (std::size_t i = 0; i < 8; ++i) id.b[15 - i] = static_cast<std::uint8_t>(n >> (8 * i));
  id.b[0] = 1;
  return id;
}

inline schema::Event make_event(std::uint64_t n, std::string subject = "vacancy-1", std::size_t payload_bytes = 64) {
  schema::Event event;
  event.id = numbered_id(n);
  event.type = "nl.placements.vacancy.opened.v1";
  event.source = "urn:nld:oin:00000099000000001000:systeem:sis";
  event.subject = std::move(subject);
  event.time = TimeMs(1'700'000'000'000);
  event.payload = Bytes(payload_bytes, static_cast<std::uint8_t>(n));
  return event;
}

/// A frame as if it had come from the hub.
inline Bytes hub_frame(std::uint64_t epoch, const wire::Body& body) { return wire::encode(SessionEpoch(epoch), body); }

/// A PublishSource without a disk.
class MemorySource final : public PublishSource {
 public:
  void add(const schema::Event& event) { events_.push_back(event); }
  [[nodiscard]] Position position() const override {
    return {producer_, 7, ProducerSeq(events_.size()), acked_, ProducerSeq(1)};
  }
  [[nodiscard]] std::optional<wire::Receipt> last_receipt() const override { return receipt_; }
  Result<std::vector<StoredEvent>> read(ProducerSeq from, std::size_t events, std::size_t bytes) override {
    std::vector<StoredEvent> rows;
    std::size_t total = 0;
    for (std::uint64_t n = from.value(); n <= events_.size() && rows.size() < events; ++n) {
      const schema::EventView view = schema::view_of(events_[n - 1]);
      total += wire::event_wire_size(view);
      if (total > bytes && !rows.empty()) break;
      rows.push_back({ProducerSeq(n), wire::encode(SessionEpoch(), wire::Pub{ProducerSeq(1), {view}})});
    }
    return rows;
  }
  std::optional<Hash> hash_of(ProducerSeq n) override {
    if (n.value() == 0 || n.value() > events_.size()) return std::nullopt;
    const schema::Event& event = events_[n.value() - 1];
    return schema::event_hash(event.id, event.payload);
  }
  void acknowledge(const wire::PubAck& ack) override {
    if (ack.receipt) receipt_ = ack.receipt;
    if (ack.up_to <= acked_) return;
    for (const wire::Refusal& refusal : ack.exceptions) refused_.push_back(refusal);
    acked_ = ack.up_to;
  }
  Status rewind(ProducerSeq acked) override {
    acked_ = acked;
    return {};
  }
  Status renumber(ProducerSeq behind) override {
    events_.erase(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(behind.value()));
    acked_ = ProducerSeq();
    producer_ = make_producer_id();
    return {};
  }
  [[nodiscard]] const std::vector<wire::Refusal>& refused() const { return refused_; }

 private:
  ProducerId producer_ = make_producer_id();
  std::vector<schema::Event> events_;
  ProducerSeq acked_;
  std::optional<wire::Receipt> receipt_;
  std::vector<wire::Refusal> refused_;
};

}  // namespace iro::client

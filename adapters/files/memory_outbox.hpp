// adapters/files/memory_outbox.hpp: an outbox transaction that is nowhere.
//
// The in-memory twin of the client's: `iro files check` runs a file through it
// without writing anything, tests look into it. One thread.
#pragma once

#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

#include "adapters/client/client.hpp"

namespace iro::files {

class MemoryOutbox final : public client::OutboxTransaction {
 public:
  /// Keeps the events only if asked to: a long file makes many.
  explicit MemoryOutbox(bool keep_events = false) : keep_events_(keep_events) {}

  Result<EventId> publish(schema::Event event) override {
    ++published_;
    if (event.id.is_zero()) std::memcpy(event.id.b.data(), &published_, sizeof published_);
    const EventId id = event.id;
    if (keep_events_) events_.push_back(std::move(event));
    return id;
  }
  void put(std::string_view space, std::string_view key, std::string_view value) override {
    notes_[name(space, key)] = value;
  }
  void erase(std::string_view space, std::string_view key) override { notes_.erase(name(space, key)); }
  std::optional<std::string> get(std::string_view space, std::string_view key) override {
    const auto at = notes_.find(name(space, key));
    if (at == notes_.end()) return std::nullopt;
    return at->second;
  }

  [[nodiscard]] std::uint64_t published() const { return published_; }
  [[nodiscard]] const std::vector<schema::Event>& events() const { return events_; }
  /// "space/key" -> value
  [[nodiscard]] const std::unordered_map<std::string, std::string>& notes() const { return notes_; }

 private:
  static std::string name(std::string_view space, std::string_view key) {
    return std::string(space).append("/").append(key);
  }

  bool keep_events_;
  std::uint64_t published_ = 0;
  std::vector<schema::Event> events_;
  std::unordered_map<std::string, std::string> notes_;
};

}  // namespace iro::files

// tests/trust/explain/watched.hpp: a consumer, watched from outside: what it was handed, and what it answered.
//
// The state of each event follows from what the client received and said, by
// the words of docs/protocol.md; the hub is not asked.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "plugins/scenario/harness.hpp"

namespace iro::test::explaining {
using namespace scenario;

class Watched {
 public:
  struct Line {
    std::string state;  // sent, acknowledged, retry, parked, waits, not_reached
    std::uint64_t number = 0;
    std::string subject;
    bool masked = false;
    bool again = false;  // handed over as a retry
  };

  explicit Watched(std::string filter_prefix) : filter_prefix_(std::move(filter_prefix)) {}

  /// Take in what came since the last look.
  void look(const Client& client) {
    for (; seen_ < client.received.size(); ++seen_) {
      const Received& r = client.received[seen_];
      lines_[to_string(r.event.id)] = {"sent", r.number, r.event.subject, r.event.masked, r.attempt > 1};
    }
  }
  void acknowledged(std::uint64_t up_to) {
    for (auto& [id, line] : lines_) {
      if (line.state == "sent" && line.number <= up_to) line.state = "acknowledged";
    }
  }
  /// `state` is retry or parked: the event itself, and those of its subject that came later are taken back.
  void set_aside(std::uint64_t number, const std::string& state) {
    std::string subject;
    for (auto& [id, line] : lines_) {
      if (line.state != "sent" || line.number != number) continue;
      line.state = state;
      subject = line.subject;
    }
    for (auto& [id, line] : lines_) {
      if (line.state == "sent" && line.number > number && line.subject == subject) line.state = "waits";
    }
  }
  void gone() {
    seen_ = 0;
    for (auto& [id, line] : lines_) {
      if (line.state == "sent") line.state = line.again ? "retry" : "not_reached";
    }
  }
  [[nodiscard]] std::optional<std::uint64_t> some_number(std::uint64_t by_chance) const {
    std::vector<std::uint64_t> numbers;
    for (const auto& [id, line] : lines_) {
      if (line.state == "sent") numbers.push_back(line.number);
    }
    return numbers.empty() ? std::nullopt : std::optional(numbers[by_chance % numbers.size()]);
  }
  [[nodiscard]] const Line* line(const std::string& id) const {
    const auto at = lines_.find(id);
    return at == lines_.end() ? nullptr : &at->second;
  }
  [[nodiscard]] bool wants(const std::string& type) const { return type.starts_with(filter_prefix_); }
  [[nodiscard]] std::string filter() const {
    return filter_prefix_.empty() ? "" : R"({"prefix":{"type":")" + filter_prefix_ + R"("}})";
  }

 private:
  std::string filter_prefix_;
  std::map<std::string, Line> lines_;  // by event id
  std::size_t seen_ = 0;
};

}  // namespace iro::test::explaining

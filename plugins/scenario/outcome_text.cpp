#include "plugins/scenario/outcome_text.hpp"

#include <fmt/format.h>

namespace iro::scenario {
namespace {

std::string of_person(const std::string& person) { return person.empty() ? "" : " of " + person; }

std::string note_text(const reaction::Note& note) { return fmt::format("{} '{}' '{}'", note.code, note.nl, note.en); }

std::string payload_text(const reaction::Emit& emit, const schema::Registry& types) {
  const auto* type = types.find(emit.type);
  if (type != nullptr) {
    if (auto json = types.to_json(*type, emit.payload)) return *json;
  }
  return readable(emit.payload);
}

}  // namespace

std::string readable(ByteView bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (const std::uint8_t byte : bytes) {
    if (byte >= 0x20 && byte < 0x7f && byte != '\\') {
      out += static_cast<char>(byte);
    } else {
      out += fmt::format("\\x{:02x}", byte);
    }
  }
  return out;
}

std::string outcome_text(const reaction::Outcome& outcome, const schema::Registry& types) {
  std::string out;
  const auto line = [&out](std::string_view text) { (out += text) += '\n'; };
  if (outcome.ruling == reaction::Ruling::reject) line("reject " + note_text(outcome.verdict));
  if (outcome.ruling == reaction::Ruling::hold) line("hold " + note_text(outcome.verdict));
  for (const auto& note : outcome.notes) line("explain " + note_text(note));
  for (const auto& emit : outcome.emits) line(fmt::format("emit {} {}", emit.type, payload_text(emit, types)));
  for (const auto& change : outcome.state) {
    const std::string key = readable(change.key);
    line(change.value ? fmt::format("put {} = {}{}", key, readable(*change.value), of_person(change.person))
                      : "remove " + key);
  }
  for (const auto& timer : outcome.timers) {
    const std::string key = readable(timer.key);
    line(timer.due ? fmt::format("timer {} at {}{}", key, format_time(*timer.due), of_person(timer.person))
                   : "cancel " + key);
  }
  for (const auto& word : outcome.held)
    line(fmt::format("{} {} {}", word.release ? "release" : "refuse", to_string(word.event), note_text(word.note)));
  return out;
}

}  // namespace iro::scenario

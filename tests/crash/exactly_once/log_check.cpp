#include "tests/crash/exactly_once/log_check.hpp"

#include <fmt/format.h>

#include <array>
#include <iro/events/vacancy.hpp>
#include <stdexcept>

#include "hub/log/sqlite/sqlite_reader.hpp"

namespace iro::test::once {
namespace {

enum RuleNo : std::size_t { judge, prompt, slow, rules };

struct Seen {
  int at_once = 0;
  int held = 0;
  int released = 0;
  int refused_later = 0;
  std::array<int, rules> answers{};
};

/// What a rule has said of a subject so far: its own count, and the number of the event that it answered.
struct Last {
  std::uint16_t count = 0;
  std::uint16_t number = 0;
};

[[noreturn]] void wrong(const EventId& id, const Sent& sent, const std::string& what) {
  throw std::runtime_error(fmt::format("event {} ({}, number {}): {}", to_string(id), sent.subject, sent.number, what));
}

class Check {
 public:
  explicit Check(const std::map<EventId, Sent>& sent) : sent_(sent) {}

  void read(const log::ChunkView& view) {
    for (const auto& d : view.definitions()) {
      if (d.kind == log::DefinitionKind::atom) atoms_[d.number] = std::string(as_text(d.bytes));
    }
    for (std::uint32_t i = 0; i < view.count(); ++i) {
      const log::EntryView e = view.entry(i);
      const std::string& type = atoms_.at(e.type.value());
      if (type == "nl.placements.vacancy.opened.v1") source(e);
      if (type == "nl.placements.vacancy.changed.v1") answer(judge, e, offered<events::VacancyChanged>(view, e));
      if (type == "nl.placements.vacancy.reoffered.v1") answer(prompt, e, offered<events::VacancyReoffered>(view, e));
      if (type == "nl.placements.vacancy.unfilled.v1")
        answer(slow, e, root<events::VacancyUnfilled>(view, e)->seats()->Get(0)->seats());
      if (type == "nl.placements.hub.held-refused.v1") ++seen_[parse_event_id(e.subject).value()].refused_later;
    }
  }

  Found verdict() {
    Found found;
    for (const auto& [id, sent] : sent_) {
      const Seen& seen = seen_[id];
      if (sent.number % 50 == 0) {
        if (seen.at_once + seen.released > 0) wrong(id, sent, "is in force, and the judge refuses it");
        if (seen.held != seen.refused_later) wrong(id, sent, "was held, and not refused once");
        if (seen.answers != std::array<int, rules>{}) wrong(id, sent, "was refused, and a rule answered it");
        ++found.refused;
        continue;
      }
      if (seen.at_once + seen.released != 1)
        wrong(id, sent, fmt::format("is in force {} times", seen.at_once + seen.released));
      if (seen.held != seen.released || seen.refused_later != 0) wrong(id, sent, "was held and did not come out once");
      const bool waits = sent.subject.ends_with("-poison") && sent.number >= 5;
      const std::array<int, rules> wanted{1, 1, waits ? 0 : 1};
      if (seen.answers != wanted)
        wrong(id, sent,
              fmt::format("the rules answered {}, {} and {} times", seen.answers[judge], seen.answers[prompt],
                          seen.answers[slow]));
      ++found.in_force;
      found.held_first += static_cast<std::size_t>(seen.held);
      found.waiting += waits ? 1 : 0;
    }
    return found;
  }

 private:
  void source(const log::EntryView& e) {
    Seen& seen = seen_[e.id];
    if ((e.flags & log::released) != 0) {
      ++seen.released;
    } else if ((e.flags & log::held) != 0) {
      ++seen.held;
    } else {
      ++seen.at_once;
    }
  }

  void answer(RuleNo rule, const log::EntryView& e, std::uint16_t count) {
    const auto at = sent_.find(e.causationid);
    if (at == sent_.end())
      throw std::runtime_error(fmt::format("{} answers an event that nobody sent", to_string(e.id)));
    const Sent& sent = at->second;
    ++seen_[e.causationid].answers[rule];
    Last& last = last_[rule][sent.subject];
    if (count != last.count + 1)
      wrong(e.causationid, sent,
            fmt::format("rule {} counted {} after {}", static_cast<std::size_t>(rule), count, last.count));
    if (sent.number <= last.number)
      wrong(e.causationid, sent,
            fmt::format("rule {} saw it after number {}", static_cast<std::size_t>(rule), last.number));
    last = {count, sent.number};
  }

  /// The payload as a table, copied to where it is aligned; until the next call.
  template <typename Table>
  const Table* root(const log::ChunkView& view, const log::EntryView& e) {
    payload_ = to_bytes(view.body(e).value());
    return flatbuffers::GetRoot<Table>(payload_.data());
  }
  template <typename Table>
  std::uint16_t offered(const log::ChunkView& view, const log::EntryView& e) {
    return root<Table>(view, e)->offer()->hours_per_week();
  }

  const std::map<EventId, Sent>& sent_;
  std::map<std::uint32_t, std::string> atoms_;
  std::map<EventId, Seen> seen_;
  std::array<std::map<std::string, Last>, rules> last_;
  Bytes payload_;
};

}  // namespace

Found check(const std::filesystem::path& data, const std::map<EventId, Sent>& sent) {
  auto reader = log::SqliteReader::open(data);
  if (!reader) throw std::runtime_error(reader.error().text());
  Check check(sent);
  for (Seq at(1);;) {
    const auto chunks = (*reader)->read(at, 4U << 20, std::nullopt);
    if (!chunks) throw std::runtime_error(chunks.error().text());
    if (chunks->empty()) return check.verdict();
    for (const auto& chunk : *chunks) {
      const auto view = log::ChunkView::open(chunk);
      if (!view) throw std::runtime_error(view.error().text());
      check.read(*view);
      at = chunk->last_seq().next();
    }
  }
}

}  // namespace iro::test::once

#include "plugins/tool/samples.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>

#include "hub/schema/rebuild.hpp"

namespace iro::tool {
namespace {

using namespace schema;

constexpr std::array<std::string_view, 3> subjects = {"check-1", "check-2", "check-3"};
constexpr std::array<std::string_view, 3> persons = {"pseudo-0001", "pseudo-0002", "pseudo-0003"};
constexpr std::array<std::string_view, 4> members = {"school-a", "practice-a", "hospital-a", "bureau-a"};
constexpr std::array<std::string_view, 4> words = {"x", "Zorg & co", "één regel\nen nog een", "\"quoted\" \\ text"};
constexpr std::string_view hub_types = "nl.placements.hub.";  // the hub itself looks at these: no empty names in them
constexpr int deepest = 3;                                    // tables within tables; what is not required ends there

class Maker {
 public:
  Maker(const EventType& type, Filling filling, std::mt19937_64& random)
      : plan_(*type.plan), filling_(filling), random_(random), of_hub_(type.name.starts_with(hub_types)) {}

  Bytes make() { return finish(b_, table(0, 1)); }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  template <typename Array>
  std::string_view one_of(const Array& of) {
    return of[below(of.size())];
  }

  flatbuffers::uoffset_t table(std::uint16_t index, int depth) {
    const TablePlan& plan = plan_.tables[index];
    std::vector<Slot> slots(plan.steps.size());
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const Step& step = plan.steps[i];
      const bool too_deep = step.table != no_index && depth > deepest;
      if (!step.is(required) && (filling_ == Filling::required || too_deep || below(2) == 0)) continue;
      slots[i] = {true, field(step, index, static_cast<std::uint16_t>(i), depth)};
    }
    return write_table(b_, plan, slots);
  }

  std::uint64_t field(const Step& step, std::uint16_t table_index, std::uint16_t i, int depth) {
    if (step.kind == Kind::list) {
      std::vector<std::uint64_t> out(below(4));
      for (auto& v : out) v = value(step, step.element, depth);
      return write_list(b_, step.element, out);
    }
    if (step.kind == Kind::text && table_index == 0 && i == plan_.subject) return text(one_of(subjects));
    if (step.kind == Kind::text && table_index == 0 && i == plan_.person) return text(one_of(persons));
    return value(step, step.kind, depth);
  }

  std::uint64_t value(const Step& step, Kind kind, int depth) {
    if (kind == Kind::table) return table(step.table, depth + 1);
    if (kind == Kind::text) return text(step.is(party) ? one_of(members) : word());
    if (kind == Kind::blob) {
      const auto of = static_cast<std::uint8_t>(below(256));
      const std::vector<std::uint8_t> bytes(below(64), of);
      return b_.CreateVector(bytes).o;
    }
    if (step.enumeration != no_index) return code(plan_.enums[step.enumeration]);
    switch (step.format) {
      case Format::none:
        break;
      case Format::date:  // 2020 to 2033, and now and then the first day that can be written
        return below(16) == 0 ? static_cast<std::uint32_t>(-719'162) : 18'262 + below(5'000);
      case Format::timestamp:
        return 1'577'836'800'000 + below(400'000'000'000);
      case Format::week:
        return (2020 + below(14)) * 100 + 1 + below(52);
      case Format::month:
        return (2020 + below(14)) * 100 + 1 + below(12);
    }
    if (kind == Kind::boolean) return below(2);
    if (kind == Kind::f32) return std::bit_cast<std::uint32_t>(static_cast<float>(below(2'000)) / 8);
    if (kind == Kind::f64) return std::bit_cast<std::uint64_t>(static_cast<double>(below(2'000)) / 8);
    const std::size_t bits = inline_size(kind) * 8 - (is_signed(kind) ? 1 : 0);
    if (below(16) == 0) return ~std::uint64_t{0} >> (64 - bits);
    return below(below(2) == 0 ? 4 : 100);  // years and levels are small
  }

  std::string_view word() { return !of_hub_ && below(5) == 0 ? std::string_view() : one_of(words); }
  std::uint64_t text(std::string_view text) { return b_.CreateString(text.data(), text.size()).o; }

  std::uint64_t code(const EnumPlan& plan) {
    std::uint64_t value = below(64);
    while (!plan.has(value)) value = (value + 1) % 64;
    return value;
  }

  const TypePlan& plan_;
  Filling filling_;
  std::mt19937_64& random_;
  bool of_hub_;
  flatbuffers::FlatBufferBuilder b_;
};

}  // namespace

Bytes sample_payload(const EventType& type, Filling filling, std::mt19937_64& random) {
  return Maker(type, filling, random).make();
}

TimeMs Samples::now() { return parse_time("2026-09-01T08:00:00Z").value_or(TimeMs(0)); }

reaction::CallEvent Samples::begin(const std::string& type) {
  reaction::CallEvent e;
  e.item = count_;
  e.event.id = derive_event_id("check", EventId{}, ++count_);
  e.event.type = type;
  e.event.revision = 1;
  e.event.source = "urn:nld:oin:00000099000000001000:systeem:check";
  e.event.time = now();
  e.event.recordedtime = now();
  e.sender = std::string(members[pick(members.size())]);
  return e;
}

reaction::CallEvent Samples::event(const EventType& type, bool judged, Filling filling) {
  reaction::CallEvent e = begin(type.name);
  const Bytes& payload = payloads_.emplace_back(sample_payload(type, filling, random_));
  const Facts facts = types_.facts(type, payload);
  e.judged = judged;
  e.event.revision = type.revision;
  e.event.payload = payload;
  e.event.subject = texts_.emplace_back(facts.subject);
  e.person = texts_.emplace_back(facts.person);
  return e;
}

reaction::CallEvent Samples::erased(const EventType& type) {
  reaction::CallEvent e = begin(type.name);
  e.kind = reaction::EventKind::erased;
  e.event.subject = subjects.front();
  return e;
}

reaction::CallEvent Samples::timer(Bytes key, TimeMs due) {
  static const std::string nothing;
  reaction::CallEvent e = begin(nothing);
  e.kind = reaction::EventKind::timer;
  e.sender = "hub";
  e.key = std::move(key);
  e.due = due;
  return e;
}

std::string shown(const reaction::CallEvent& event, const Registry& types) {
  if (event.kind == reaction::EventKind::timer) return "a timer that it had set";
  if (event.kind == reaction::EventKind::erased) return fmt::format("the mark of an erased {}", event.event.type);
  const auto* type = types.find(event.event.type);
  const auto json = type == nullptr ? std::string() : types.to_json(*type, event.event.payload).value_or("");
  return fmt::format("{} {}", event.event.type, json);
}

}  // namespace iro::tool

#include "tests/unit/schema/random_payload.hpp"

#include <rapidcheck.h>

#include <bit>

#include "hub/schema/rebuild.hpp"
#include "tests/unit/schema/parse_schema.hpp"

namespace {

using namespace iro;
using namespace iro::schema;

class Maker {
 public:
  explicit Maker(const TypePlan& plan) : plan_(plan) {}

  Bytes make() { return finish(b_, table(plan_.tables[0], 1, false)); }

 private:
  flatbuffers::uoffset_t table(const TablePlan& plan, int depth, bool hidden_above) {
    std::vector<Slot> slots(plan.steps.size());
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const Step& step = plan.steps[i];
      const bool too_deep = step.table != no_index && depth > 3;
      if (!step.is(required) && (too_deep || *rc::gen::arbitrary<bool>())) continue;
      slots[i] = {true, field(step, depth, hidden_above || step.is(hidden))};
    }
    return write_table(b_, plan, slots);
  }

  std::uint64_t field(const Step& step, int depth, bool is_hidden) {
    if (step.kind != Kind::list) return value(step, step.kind, depth, is_hidden);
    std::vector<std::uint64_t> out(*rc::gen::inRange<std::size_t>(0, 4));
    for (auto& v : out) v = value(step, step.element, depth, is_hidden);
    return write_list(b_, step.element, out);
  }

  std::uint64_t value(const Step& step, Kind kind, int depth, bool is_hidden) {
    if (kind == Kind::table) return table(plan_.tables[step.table], depth + 1, is_hidden);
    if (kind == Kind::text || kind == Kind::blob) {
      const std::string text = is_hidden ? secret : *rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127));
      if (kind == Kind::text) return b_.CreateString(text).o;
      return b_.CreateVector(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()).o;
    }
    if (step.enumeration != no_index) return code(plan_.enums[step.enumeration]);
    switch (step.format) {
      case Format::none:
        break;
      case Format::date:
        return static_cast<std::uint32_t>(*rc::gen::inRange(-719'162, 2'932'897));
      case Format::timestamp:
        return static_cast<std::uint64_t>(*rc::gen::inRange<std::int64_t>(0, 253'402'300'799'999));
      case Format::week:
        return static_cast<std::uint64_t>(*rc::gen::inRange(1, 10'000) * 100 + *rc::gen::inRange(1, 54));
      case Format::month:
        return static_cast<std::uint64_t>(*rc::gen::inRange(1, 10'000) * 100 + *rc::gen::inRange(1, 13));
    }
    if (kind == Kind::boolean) return *rc::gen::inRange<std::uint64_t>(0, 2);
    if (kind == Kind::f32)
      return std::bit_cast<std::uint32_t>(static_cast<float>(*rc::gen::inRange(-1'000, 1'000)) / 8);
    if (kind == Kind::f64)
      return std::bit_cast<std::uint64_t>(static_cast<double>(*rc::gen::arbitrary<std::int32_t>()) / 8);
    if (is_hidden) return secret_number;
    return *rc::gen::inRange<std::uint64_t>(0, 100);
  }

  static std::uint64_t code(const EnumPlan& plan) {
    std::vector<std::uint64_t> codes;
    for (std::uint64_t v = 0; v < 64; ++v) {
      if (plan.has(v)) codes.push_back(v);
    }
    return *rc::gen::elementOf(codes);
  }

  const TypePlan& plan_;
  flatbuffers::FlatBufferBuilder b_;
};

}  // namespace

iro::Bytes random_payload(const iro::schema::TypePlan& plan) { return Maker(plan).make(); }

std::string everything_fbs() {
  return event_fbs(
      R"(event: "nl.test.everything.done.v1", routing: "parties", senders: "school", retention: "12", nl: "Alles",
         en: "Everything")",
      R"(thing_id: string (subject, required);
         who: string (person, required);
         school: string (party, required);
         b: bool; i8: byte; u8: ubyte; i16: short; u16: ushort; i32: int; u32: uint; i64: long; u64: ulong;
         f32: float; f64: double; day: int (format: "date"); moment: long (format: "timestamp");
         week: int (format: "week"); month: int (format: "month"); blob: [ubyte]; word: string;
         colour: Colour = null; maybe: int = null;
         bools: [bool]; shorts: [short]; uints: [uint]; floats: [float]; words: [string]; colours: [Colour];
         part: Part; parts: [Part]; required_part: Part (required);
         secret_word: string (personal); secret_number: uint (personal); secret_blob: [ubyte] (special_category);
         secret_words: [string] (personal); secret_numbers: [uint] (personal); secret_part: Part (personal);
         secret_parts: [Part] (special_category); secret_required: string (required, personal);)",
      R"(enum Colour : ubyte { red, green = 5, blue = 63 }
         table Part { name: string; secret: string (personal); other: [Part]; number: ulong; shade: Colour = null; })");
}

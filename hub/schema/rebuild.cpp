#include "hub/schema/rebuild.hpp"

#include "hub/schema/walk.hpp"

namespace iro::schema {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::uoffset_t;
using flatbuffers::voffset_t;

void add_slot(FlatBufferBuilder& b, Kind kind, voffset_t field, std::uint64_t bits) {
  if (is_reference(kind)) return b.AddOffset(field, Offset<void>(static_cast<uoffset_t>(bits)));
  switch (inline_size(kind)) {
    case 1:
      return b.AddElement(field, static_cast<std::uint8_t>(bits), std::uint8_t{0});
    case 2:
      return b.AddElement(field, static_cast<std::uint16_t>(bits), std::uint16_t{0});
    case 4:
      return b.AddElement(field, static_cast<std::uint32_t>(bits), std::uint32_t{0});
    default:
      return b.AddElement(field, bits, std::uint64_t{0});
  }
}

std::uint64_t bits_at(const std::uint8_t* at, Kind kind) {
  switch (inline_size(kind)) {
    case 1:
      return *at;
    case 2:
      return load<std::uint16_t>(at);
    case 4:
      return load<std::uint32_t>(at);
    default:
      return load<std::uint64_t>(at);
  }
}

/// Copies tables depth first, leaving hidden fields where they were.
class Masker {
 public:
  Masker(FlatBufferBuilder& b, const TypePlan& plan) : b_(b), plan_(plan) {}

  uoffset_t table(const TablePlan& plan, const std::uint8_t* from) {
    std::vector<Slot> slots(plan.steps.size());
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const Step& step = plan.steps[i];
      const std::uint8_t* at = field_at(from, i);
      if (at != nullptr && !step.is(hidden)) slots[i] = {true, field(step, at)};
    }
    return write_table(b_, plan, slots);
  }

 private:
  std::uint64_t field(const Step& step, const std::uint8_t* at) {
    if (step.kind != Kind::list) return value(step, step.kind, at);
    const ListView list = list_at(at, step.element);
    std::vector<std::uint64_t> out(list.size);
    for (std::uint32_t i = 0; i < list.size; ++i) out[i] = value(step, step.element, list.at(i));
    return write_list(b_, step.element, out);
  }

  std::uint64_t value(const Step& step, Kind kind, const std::uint8_t* at) {
    if (kind == Kind::table) return table(plan_.tables[step.table], follow(at));
    if (kind == Kind::text) return b_.CreateString(flatbuffers::string_view(text_at(at))).o;
    if (kind == Kind::blob) return b_.CreateVector(bytes_at(at).data(), bytes_at(at).size()).o;
    return bits_at(at, kind);
  }

  FlatBufferBuilder& b_;
  const TypePlan& plan_;
};

}  // namespace

uoffset_t write_table(FlatBufferBuilder& b, const TablePlan& plan, const std::vector<Slot>& slots) {
  // Numbers that are given stay given, also when they are 0: absent means "not said".
  b.ForceDefaults(true);
  const uoffset_t start = b.StartTable();
  for (const std::size_t size : {8U, 4U, 2U, 1U}) {  // the widest first: no padding between
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const Kind kind = plan.steps[i].kind;
      if (!slots[i].given || inline_size(kind) != size) continue;
      add_slot(b, kind, static_cast<voffset_t>(4 + 2 * i), slots[i].bits);
    }
  }
  return b.EndTable(start);
}

uoffset_t write_list(FlatBufferBuilder& b, Kind element, const std::vector<std::uint64_t>& bits) {
  const auto narrowed = [&]<typename T>(T) {
    std::vector<T> out;
    out.reserve(bits.size());
    for (const std::uint64_t v : bits) out.push_back(static_cast<T>(v));
    return b.CreateVector(out).o;
  };
  if (is_reference(element)) {
    std::vector<Offset<void>> out;
    out.reserve(bits.size());
    for (const std::uint64_t v : bits) out.emplace_back(static_cast<uoffset_t>(v));
    return b.CreateVector(out).o;
  }
  switch (inline_size(element)) {
    case 1:
      return narrowed(std::uint8_t{});
    case 2:
      return narrowed(std::uint16_t{});
    default:
      return narrowed(std::uint32_t{});
  }
}

Bytes finish(FlatBufferBuilder& b, uoffset_t root) {
  b.Finish(Offset<void>(root));
  return {b.GetBufferPointer(), b.GetBufferPointer() + b.GetSize()};
}

Bytes masked_copy(const TypePlan& plan, ByteView payload) {
  FlatBufferBuilder b(payload.size() + 64);
  const uoffset_t root = Masker(b, plan).table(plan.tables[0], root_of(payload));
  return finish(b, root);
}

}  // namespace iro::schema

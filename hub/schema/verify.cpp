#include "hub/schema/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hub/base/limits.hpp"
#include "hub/schema/utf8.hpp"
#include "hub/schema/walk.hpp"

namespace iro::schema {
namespace {

enum class Fault : std::uint8_t { none, structure, newer, absent, enumeration, text, range, depth, amount };

std::string_view words(Fault fault) {
  switch (fault) {
    case Fault::none:
      break;
    case Fault::structure:
      return "it does not lie within the buffer";
    case Fault::newer:
      return "has a field that this hub does not know";
    case Fault::absent:
      return "it is required, and absent";
    case Fault::enumeration:
      return "it has a value that the schema does not name";
    case Fault::text:
      return "it is not UTF-8";
    case Fault::range:
      return "it is not a possible value";
    case Fault::depth:
      return "tables are nested too deep";
    case Fault::amount:
      return "it refers to too much";
  }
  return "";
}

/// One walk over one payload. Positions are 64-bit, so sums of what the
/// payload says (32-bit) cannot wrap.
class Walk {
 public:
  Walk(const TypePlan& plan, ByteView payload, Strictness strictness)
      : plan_(plan),
        base_(payload.data()),
        size_(payload.size()),
        hidden_may_lack_(strictness == Strictness::masked),
        bytes_left_(std::max(payload.size(), limits::payload_bytes)) {}

  Fault run() {
    if (size_ < 8 || size_ > INT32_MAX) return Fault::structure;
    const std::uint64_t root = target(0);
    return root == 0 ? Fault::structure : table(plan_.tables[0], root, 1);
  }

  /// Where the fault was found: a table, and one of its fields or no_index.
  [[nodiscard]] std::string place() const {
    if (table_ == nullptr) return "the buffer";
    if (field_ == no_index) return table_->name;
    return table_->name + "." + table_->fields[field_].name;
  }

 private:
  [[nodiscard]] bool inside(std::uint64_t at, std::uint64_t n) const { return at <= size_ && n <= size_ - at; }
  template <typename T>
  [[nodiscard]] T at(std::uint64_t position) const {
    return load<T>(base_ + position);
  }

  /// The place that the (aligned, inside) reference at `position` refers to; 0 when that is no place.
  [[nodiscard]] std::uint64_t target(std::uint64_t position) const {
    const auto offset = at<std::uint32_t>(position);
    const std::uint64_t to = position + offset;
    return offset == 0 || to % 4 != 0 || !inside(to, 4) ? 0 : to;
  }

  Fault fault(const TablePlan& table, std::size_t field, Fault fault) {
    table_ = &table;
    field_ = static_cast<std::uint16_t>(field);
    return fault;
  }

  Fault table(const TablePlan& plan, std::uint64_t position, std::size_t depth) {
    if (depth > limits::payload_depth) return fault(plan, no_index, Fault::depth);
    if (++tables_ > limits::payload_tables) return fault(plan, no_index, Fault::amount);
    const std::int64_t vtable_signed = static_cast<std::int64_t>(position) - at<std::int32_t>(position);
    const auto vtable = static_cast<std::uint64_t>(vtable_signed);
    if (vtable_signed < 0 || vtable % 2 != 0 || !inside(vtable, 4)) return fault(plan, no_index, Fault::structure);
    const auto vtable_size = at<std::uint16_t>(vtable);
    const auto table_size = at<std::uint16_t>(vtable + 2);
    if (vtable_size < 4 || vtable_size % 2 != 0 || !inside(vtable, vtable_size) || table_size < 4 ||
        !inside(position, table_size)) {
      return fault(plan, no_index, Fault::structure);
    }
    const std::size_t slots = (vtable_size - 4U) / 2;
    for (std::size_t i = plan.steps.size(); i < slots; ++i) {
      if (at<std::uint16_t>(vtable + 4 + 2 * i) != 0) return fault(plan, no_index, Fault::newer);
    }
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      const std::uint64_t offset = i < slots ? at<std::uint16_t>(vtable + 4 + 2 * i) : 0;
      const Step& step = plan.steps[i];
      if (offset == 0) {
        if (step.is(required) && !(hidden_may_lack_ && step.is(hidden))) return fault(plan, i, Fault::absent);
        continue;
      }
      const std::size_t n = inline_size(step.kind);
      // `n` is a power of two, which the compiler does not know: a division here cost half the walk.
      if (offset < 4 || offset + n > table_size || ((position + offset) & (n - 1)) != 0) {
        return fault(plan, i, Fault::structure);
      }
      if (const Fault f = value(step, position + offset, depth); f != Fault::none) {
        return table_ == nullptr ? fault(plan, i, f) : f;
      }
    }
    return Fault::none;
  }

  Fault value(const Step& step, std::uint64_t position, std::size_t depth) {
    switch (step.kind) {
      case Kind::text:
      case Kind::blob:
        return bytes(step.kind, position);
      case Kind::table: {
        const std::uint64_t to = target(position);
        return to == 0 ? Fault::structure : table(plan_.tables[step.table], to, depth + 1);
      }
      case Kind::list:
        return list(step, position, depth);
      default:
        return number(step, step.kind, position);
    }
  }

  Fault number(const Step& step, Kind kind, std::uint64_t position) const {
    const std::uint8_t* p = base_ + position;
    if (step.enumeration != no_index) {
      const bool known = plan_.enums[step.enumeration].has(static_cast<std::uint64_t>(integer_at(p, kind)));
      return known ? Fault::none : Fault::enumeration;
    }
    if (step.format != Format::none) return in_range(step.format, integer_at(p, kind)) ? Fault::none : Fault::range;
    if (kind == Kind::boolean) return *p <= 1 ? Fault::none : Fault::range;
    if (kind == Kind::f32) return std::isfinite(load<float>(p)) ? Fault::none : Fault::range;
    if (kind == Kind::f64) return std::isfinite(load<double>(p)) ? Fault::none : Fault::range;
    return Fault::none;
  }

  Fault bytes(Kind kind, std::uint64_t position) {
    const std::uint64_t to = target(position);
    if (to == 0) return Fault::structure;
    const std::uint64_t n = at<std::uint32_t>(to);
    const bool is_text = kind == Kind::text;
    if (!inside(to + 4, n + (is_text ? 1 : 0))) return Fault::structure;
    if (n > bytes_left_) return Fault::amount;
    bytes_left_ -= n;
    if (!is_text) return Fault::none;
    if (base_[to + 4 + n] != 0) return Fault::structure;
    return is_utf8({reinterpret_cast<const char*>(base_) + to + 4, n}) ? Fault::none : Fault::text;
  }

  Fault list(const Step& step, std::uint64_t position, std::size_t depth) {
    const std::uint64_t to = target(position);
    if (to == 0) return Fault::structure;
    const std::uint64_t stride = inline_size(step.element);
    const std::uint64_t n = at<std::uint32_t>(to) * stride;
    if (!inside(to + 4, n)) return Fault::structure;
    if (n > bytes_left_) return Fault::amount;
    bytes_left_ -= n;
    for (std::uint64_t p = to + 4; p < to + 4 + n; p += stride) {
      if (const Fault f = element(step, p, depth); f != Fault::none) return f;
    }
    return Fault::none;
  }

  Fault element(const Step& step, std::uint64_t position, std::size_t depth) {
    if (step.element == Kind::text) return bytes(Kind::text, position);
    if (step.element != Kind::table) return number(step, step.element, position);
    const std::uint64_t to = target(position);
    return to == 0 ? Fault::structure : table(plan_.tables[step.table], to, depth + 1);
  }

  const TypePlan& plan_;
  const std::uint8_t* base_;
  std::uint64_t size_;
  bool hidden_may_lack_;
  std::uint64_t bytes_left_;
  std::size_t tables_ = 0;
  const TablePlan* table_ = nullptr;
  std::uint16_t field_ = no_index;
};

}  // namespace

bool in_range(Format format, std::int64_t value) {
  if (value == 0) return true;
  switch (format) {
    case Format::none:
      return true;
    case Format::date:
      return value >= -719'162 && value <= 2'932'896;  // the years 1 to 9999
    case Format::timestamp:
      return value >= -719'162LL * 86'400'000 && value < 2'932'897LL * 86'400'000;
    case Format::week:
      return value / 100 >= 1 && value / 100 <= 9'999 && value % 100 >= 1 && value % 100 <= 53;
    case Format::month:
      return value / 100 >= 1 && value / 100 <= 9'999 && value % 100 >= 1 && value % 100 <= 12;
  }
  return false;
}

Status verify_payload(const TypePlan& plan, ByteView payload, Strictness strictness) {
  Walk walk(plan, payload, strictness);
  const Fault fault = walk.run();
  if (fault == Fault::none) [[likely]]
    return {};
  const Errc code = fault == Fault::newer ? Errc::schema_newer_than_hub : Errc::payload_invalid;
  return fail(code, fmt::format("{}: {}", walk.place(), words(fault)));
}

}  // namespace iro::schema

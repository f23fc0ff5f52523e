#include <fmt/format.h>

#include <bit>
#include <boost/json/parse.hpp>
#include <cmath>
#include <limits>

#include "hub/base/limits.hpp"
#include "hub/schema/json.hpp"
#include "hub/schema/rebuild.hpp"

namespace iro::schema {
namespace {

namespace json = boost::json;
using flatbuffers::FlatBufferBuilder;

/// Where we are in the document; written out only for a message.
struct Path {
  const Path* up;
  std::string_view name;
  std::size_t index = SIZE_MAX;
  [[nodiscard]] std::string text() const {
    if (up == nullptr) return std::string(name);
    return index == SIZE_MAX ? fmt::format("{}.{}", up->text(), name) : fmt::format("{}[{}]", up->text(), index);
  }
};

tl::unexpected<Error> refuse(const Path& path, std::string_view what) {
  return fail(Errc::payload_invalid, fmt::format("{}: {}", path.text(), what));
}

template <typename T>
bool fits(const json::value& v, std::uint64_t& bits) {
  if (v.is_int64() && std::in_range<T>(v.get_int64())) {
    bits = static_cast<std::make_unsigned_t<T>>(v.get_int64());
    return true;
  }
  if (v.is_uint64() && std::in_range<T>(v.get_uint64())) {
    bits = static_cast<std::make_unsigned_t<T>>(v.get_uint64());
    return true;
  }
  return false;
}

bool whole_number(Kind kind, const json::value& v, std::uint64_t& bits) {
  switch (kind) {
    case Kind::i8:
      return fits<std::int8_t>(v, bits);
    case Kind::u8:
      return fits<std::uint8_t>(v, bits);
    case Kind::i16:
      return fits<std::int16_t>(v, bits);
    case Kind::u16:
      return fits<std::uint16_t>(v, bits);
    case Kind::i32:
      return fits<std::int32_t>(v, bits);
    case Kind::u32:
      return fits<std::uint32_t>(v, bits);
    case Kind::i64:
      return fits<std::int64_t>(v, bits);
    default:
      return fits<std::uint64_t>(v, bits);
  }
}

class Reader {
 public:
  explicit Reader(const TypePlan& plan) : plan_(plan) {}

  Result<Bytes> read(const json::value& v, const Path& path) {
    const auto root = table(plan_.tables[0], v, path, 1);
    if (!root) return fail(root.error());
    return finish(b_, static_cast<flatbuffers::uoffset_t>(*root));
  }

 private:
  Result<std::uint64_t> table(const TablePlan& plan, const json::value& v, const Path& path, std::size_t depth) {
    if (!v.is_object()) return refuse(path, "an object is expected");
    if (depth > limits::payload_depth) return refuse(path, "is nested too deep");
    std::vector<Slot> slots(plan.steps.size());
    for (const auto& [name, member] : v.get_object()) {
      const Path here{&path, {name.data(), name.size()}};
      const std::uint16_t i = plan.find(here.name);
      if (i == no_index) return refuse(here, "there is no such field");
      if (member.is_null()) continue;
      const auto bits = field(plan.steps[i], member, here, depth);
      if (!bits) return fail(bits.error());
      slots[i] = {true, *bits};
    }
    for (std::size_t i = 0; i < slots.size(); ++i) {
      if (plan.steps[i].is(required) && !slots[i].given) {
        return refuse(Path{&path, plan.fields[i].name}, "is required, and absent");
      }
    }
    return write_table(b_, plan, slots);
  }

  Result<std::uint64_t> field(const Step& step, const json::value& v, const Path& path, std::size_t depth) {
    if (step.kind != Kind::list) return value(step, step.kind, v, path, depth);
    if (!v.is_array()) return refuse(path, "a list is expected");
    std::vector<std::uint64_t> out;
    out.reserve(v.get_array().size());
    for (const json::value& element : v.get_array()) {
      const auto bits = value(step, step.element, element, Path{&path, {}, out.size()}, depth);
      if (!bits) return bits;
      out.push_back(*bits);
    }
    return write_list(b_, step.element, out);
  }

  Result<std::uint64_t> value(const Step& step, Kind kind, const json::value& v, const Path& path, std::size_t depth) {
    switch (kind) {
      case Kind::table:
        return table(plan_.tables[step.table], v, path, depth + 1);
      case Kind::text:
        return text(v, path);
      case Kind::blob:
        return blob(v, path);
      case Kind::boolean:
        if (!v.is_bool()) return refuse(path, "true or false is expected");
        return v.get_bool() ? 1 : 0;
      case Kind::f32:
      case Kind::f64:
        return real(kind, v, path);
      default:
        return number(step, kind, v, path);
    }
  }

  Result<std::uint64_t> text(const json::value& v, const Path& path) {
    if (!v.is_string()) return refuse(path, "a text is expected");
    return b_.CreateString(v.get_string().data(), v.get_string().size()).o;
  }

  Result<std::uint64_t> blob(const json::value& v, const Path& path) {
    const auto bytes = v.is_string() ? from_base64({v.get_string().data(), v.get_string().size()}) : std::nullopt;
    if (!bytes) return refuse(path, "base64 is expected");
    return b_.CreateVector(bytes->data(), bytes->size()).o;
  }

  static Result<std::uint64_t> real(Kind kind, const json::value& v, const Path& path) {
    if (!v.is_number()) return refuse(path, "a number is expected");
    const double number = v.to_number<double>();
    if (kind == Kind::f64) return std::bit_cast<std::uint64_t>(number);
    if (std::abs(number) > std::numeric_limits<float>::max()) return refuse(path, "the number is too large");
    return std::bit_cast<std::uint32_t>(static_cast<float>(number));
  }

  Result<std::uint64_t> number(const Step& step, Kind kind, const json::value& v, const Path& path) const {
    if (step.enumeration != no_index) return code(plan_.enums[step.enumeration], v, path);
    if (step.format != Format::none) return formatted(step.format, kind, v, path);
    std::uint64_t bits = 0;
    if (!whole_number(kind, v, bits))
      return refuse(path, fmt::format("a whole number ({}) is expected", name_of(kind)));
    return bits;
  }

  static Result<std::uint64_t> code(const EnumPlan& plan, const json::value& v, const Path& path) {
    if (!v.is_string()) return refuse(path, fmt::format("a code of {} is expected", plan.name));
    const std::string_view word(v.get_string().data(), v.get_string().size());
    for (std::uint64_t i = 0; i < plan.names.size(); ++i) {
      if (plan.has(i) && plan.names[i] == word) return i;
    }
    return refuse(path, fmt::format("\"{}\" is no code of {}", word, plan.name));
  }

  static Result<std::uint64_t> formatted(Format format, Kind kind, const json::value& v, const Path& path) {
    const auto number = v.is_string() ? parse_number(format, {v.get_string().data(), v.get_string().size()})
                                      : std::optional<std::int64_t>();
    if (!number) return refuse(path, fmt::format("a {} is expected", name_of(format)));
    if (inline_size(kind) == 4) return static_cast<std::uint32_t>(*number);
    return static_cast<std::uint64_t>(*number);
  }

  const TypePlan& plan_;
  FlatBufferBuilder b_;
};

}  // namespace

Result<Bytes> payload_from_json(const TypePlan& plan, const json::value& value, std::string_view path) {
  return Reader(plan).read(value, Path{nullptr, path});
}

Result<json::value> parse_json(std::string_view text) {
  boost::system::error_code ec;
  json::value out = json::parse(json::string_view(text.data(), text.size()), ec);
  if (ec) return fail(Errc::payload_invalid, fmt::format("this is no JSON: {}", ec.message()));
  return out;
}

}  // namespace iro::schema

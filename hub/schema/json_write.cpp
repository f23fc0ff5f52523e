#include <fmt/format.h>

#include "hub/schema/json.hpp"
#include "hub/schema/walk.hpp"

namespace iro::schema {
namespace {

class Writer {
 public:
  Writer(const TypePlan& plan, std::string& out, const Reference* reference = nullptr)
      : plan_(plan), out_(out), reference_(reference) {}

  void table(const TablePlan& table, const std::uint8_t* from) {
    out_ += '{';
    bool first = true;
    for (std::size_t i = 0; i < table.steps.size(); ++i) {
      const std::uint8_t* at = field_at(from, i);
      if (at == nullptr || not_given(table.steps[i], at)) continue;
      const Secret inside(*this, table.steps[i]);
      if (secret_ && number(table.steps[i])) continue;
      if (!first) out_ += ',';
      first = false;
      append_json_string(table.fields[i].name, out_);
      out_ += ':';
      field(table.steps[i], at);
    }
    out_ += '}';
  }

 private:
  /// 0 is no week and no month; as a date or time it is 1970, which people may mean.
  static bool not_given(const Step& step, const std::uint8_t* at) {
    const bool calendar = step.format == Format::week || step.format == Format::month;
    return calendar && integer_at(at, step.kind) == 0;
  }
  /// One that a reference cannot stand for.
  static bool number(const Step& step) {
    return !is_reference(step.kind) || (step.kind == Kind::list && !is_reference(step.element));
  }
  [[nodiscard]] bool referenced(const Step& step) const {
    return secret_ || (reference_ != nullptr && step.is(detected));
  }
  /// While it lives: all that stands in a hidden field is hidden.
  class Secret {
   public:
    Secret(Writer& writer, const Step& step) : secret_(writer.secret_), before_(writer.secret_) {
      secret_ = secret_ || (writer.reference_ != nullptr && step.is(hidden));
    }
    ~Secret() { secret_ = before_; }
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;

   private:
    bool& secret_;
    bool before_;
  };

  void field(const Step& step, const std::uint8_t* at) {
    if (step.kind != Kind::list) return value(step, step.kind, at);
    const ListView list = list_at(at, step.element);
    out_ += '[';
    for (std::uint32_t i = 0; i < list.size; ++i) {
      if (i != 0) out_ += ',';
      value(step, step.element, list.at(i));
    }
    out_ += ']';
  }

  void value(const Step& step, Kind kind, const std::uint8_t* at) {
    switch (kind) {
      case Kind::table:
        return table(plan_.tables[step.table], follow(at));
      case Kind::text:
        return append_json_string(referenced(step) ? (*reference_)(text_at(at)) : text_at(at), out_);
      case Kind::blob:
        return append_json_string(reference_ != nullptr ? "" : to_base64(bytes_at(at)), out_);
      case Kind::boolean:
        out_ += *at != 0 ? "true" : "false";
        return;
      case Kind::f32:
        fmt::format_to(std::back_inserter(out_), "{}", load<float>(at));
        return;
      case Kind::f64:
        fmt::format_to(std::back_inserter(out_), "{}", load<double>(at));
        return;
      default:
        return integer(step, integer_at(at, kind), kind);
    }
  }

  void integer(const Step& step, std::int64_t value, Kind kind) {
    if (step.enumeration != no_index) {
      append_json_string(plan_.enums[step.enumeration].names[static_cast<std::size_t>(value)], out_);
    } else if (step.format != Format::none) {
      append_json_string(format_number(step.format, value), out_);
    } else if (kind == Kind::u64) {
      fmt::format_to(std::back_inserter(out_), "{}", static_cast<std::uint64_t>(value));
    } else {
      fmt::format_to(std::back_inserter(out_), "{}", value);
    }
  }

  const TypePlan& plan_;
  std::string& out_;
  const Reference* reference_;
  bool secret_ = false;
};

}  // namespace

void append_json(const TypePlan& plan, ByteView payload, std::string& out) {
  Writer(plan, out).table(plan.tables[0], root_of(payload));
}

void append_referenced_json(const TypePlan& plan, ByteView payload, const Reference& reference, std::string& out) {
  Writer(plan, out, &reference).table(plan.tables[0], root_of(payload));
}

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<int>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

}  // namespace iro::schema

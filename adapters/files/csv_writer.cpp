#include "adapters/files/csv_writer.hpp"

#include <algorithm>
#include <utility>

namespace iro::files {
namespace {

// The full-width signs count as formula signs in East Asian settings.
constexpr std::string_view formula_signs[] = {
    "=", "+", "-", "@", "\t", "\r", "\n", "\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\xA0"};

bool is_number(std::string_view text) {
  const auto digits = [&] {
    const std::size_t before = text.size();
    while (!text.empty() && text[0] >= '0' && text[0] <= '9') text.remove_prefix(1);
    return before != text.size();
  };
  const auto literal = [&](std::string_view any) {
    if (text.empty() || any.find(text[0]) == any.npos) return false;
    text.remove_prefix(1);
    return true;
  };
  literal("-");
  if (!digits()) return false;
  if (literal(".,") && !digits()) return false;
  if (literal("eE")) {
    literal("+-");
    if (!digits()) return false;
  }
  return text.empty();
}

}  // namespace

std::string without_formula(std::string_view text) {
  const bool formula =
      std::ranges::any_of(formula_signs, [&](std::string_view sign) { return text.starts_with(sign); });
  return formula ? "'" + std::string(text) : std::string(text);
}

CsvRow& CsvRow::text(std::string_view value) {
  field(without_formula(value));
  return *this;
}

CsvRow& CsvRow::number(std::string_view value) {
  if (!is_number(value)) return text(value);
  field(value);
  return *this;
}

void CsvRow::field(std::string_view value) {
  if (!first_) row_.push_back(separator_);
  // A row of one empty field would read as an empty line.
  const bool lonely = first_ && value.empty();
  first_ = false;
  // Every usual separator is quoted, not only ours: the reader's program may be set to another one,
  // and would see a new field, perhaps a formula, begin behind it.
  if (!lonely && value.find_first_of(";,|\t\"\r\n") == value.npos) {
    row_ += value;
    return;
  }
  row_.push_back('"');
  for (const char c : value) {
    if (c == '"') row_.push_back('"');
    row_.push_back(c);
  }
  row_.push_back('"');
}

std::string CsvRow::take() {
  row_ += "\r\n";
  first_ = true;
  return std::exchange(row_, {});
}

}  // namespace iro::files

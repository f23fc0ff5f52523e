#include "hub/schema/personal_number.hpp"

#include <array>
#include <cstddef>

namespace iro::schema {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_separator(char c) { return c == '.' || c == ' ' || c == '-'; }

std::optional<PersonalNumber> eleven_test(const std::array<int, 9>& d) {
  int sum = -d[8];
  bool zero = true;
  for (std::size_t i = 0; i < 8; ++i) sum += d[i] * static_cast<int>(9 - i);
  for (const int digit : d) zero = zero && digit == 0;
  if (zero) return std::nullopt;
  const int rest = ((sum % 11) + 11) % 11;
  if (rest == 0) return PersonalNumber::bsn;
  if (rest == 5) return PersonalNumber::onderwijsnummer;
  return std::nullopt;
}

/// The run of digits from `at`, at most one separator between two of them.
struct Run {
  std::array<int, 9> digits{};
  std::size_t count = 0;  // digits in the whole run, which may be longer than nine
  std::size_t end = 0;    // behind the run
  bool separated = false;
};

Run read_run(std::string_view text, std::size_t at) {
  Run run;
  while (at < text.size()) {
    if (is_digit(text[at])) {
      if (run.count < 9) run.digits[run.count] = text[at] - '0';
      ++run.count;
      ++at;
    } else if (is_separator(text[at]) && at + 1 < text.size() && is_digit(text[at + 1])) {
      run.separated = true;
      ++at;
    } else {
      break;
    }
  }
  run.end = at;
  return run;
}

/// 20230201 is far more often a day than a number of somebody.
bool looks_like_date(const Run& run) {
  const auto& d = run.digits;
  const bool century = (d[0] == 1 && d[1] == 9) || (d[0] == 2 && d[1] == 0);
  const int month = d[4] * 10 + d[5];
  const int day = d[6] * 10 + d[7];
  return century && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

std::optional<PersonalNumber> judge(Run run) {
  if (run.count == 8) {  // a BSN without its leading zero
    if (looks_like_date(run)) return std::nullopt;
    for (std::size_t i = 8; i > 0; --i) run.digits[i] = run.digits[i - 1];
    run.digits[0] = 0;
    const auto found = eleven_test(run.digits);
    return found == PersonalNumber::bsn && !run.separated ? found : std::nullopt;
  }
  return run.count == 9 ? eleven_test(run.digits) : std::nullopt;
}

}  // namespace

std::optional<PersonalNumber> find_personal_number_in_id(std::string_view id) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  for (std::size_t at = 0; at < id.size();) {
    std::size_t end = at;
    while (end < id.size() && is_digit(id[end])) ++end;
    const bool alone = (at == 0 || !is_letter(id[at - 1])) && (end == id.size() || !is_letter(id[end]));
    if (end - at == 9 && alone) {
      if (const auto found = judge(read_run(id.substr(0, end), at))) return found;
    }
    at = end + 1;
  }
  return std::nullopt;
}

std::optional<PersonalNumber> find_personal_number(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (!is_digit(text[at])) {
      ++at;
      continue;
    }
    const Run run = read_run(text, at);
    if (const auto found = judge(run)) return found;
    // The parts of a separated run may be numbers of their own ("room 12 123456782").
    if (run.separated) {
      for (std::size_t i = at; i < run.end;) {
        if (!is_digit(text[i])) {
          ++i;
          continue;
        }
        std::size_t end = i;
        while (end < run.end && is_digit(text[end])) ++end;
        if (const auto found = judge(read_run(text.substr(0, end), i))) return found;
        i = end;
      }
    }
    at = run.end;
  }
  return std::nullopt;
}

}  // namespace iro::schema

// Dropouts are counted without anything that links them, until the study year is over and its late counts are in; then
// the figures are released once, for good, and the counts are gone. What is counted after that is in the next release.
#include <algorithm>

#include "rule.hpp"

namespace iro::handover {
namespace {

constexpr std::size_t most_columns = 60;  // of one table; what comes beyond is counted together

/// The study year (1 August to 31 July) in which a month lies, by the calendar year in which it begins.
std::uint32_t study_year_of(std::int32_t month) {
  const std::int32_t year = month / 100;
  return static_cast<std::uint32_t>(month % 100 >= 8 ? year : year - 1);
}

std::int32_t month_of(sys_days day) {
  const std::chrono::year_month_day date(day);
  return int{date.year()} * 100 + static_cast<std::int32_t>(unsigned{date.month()});
}

sys_days release_day(std::uint32_t study_year, std::uint16_t release_days) {
  return sys_days(std::chrono::year(static_cast<int>(study_year) + 1) / std::chrono::August / 1) + days(release_days);
}

std::uint32_t number(std::string_view digits) {
  std::uint32_t out = 0;
  for (const char c : digits) out = out * 10 + static_cast<std::uint32_t>(c - '0');
  return out;
}

std::string column_of(std::map<std::string, Counts>& table, const std::string& name) {
  return table.contains(name) || table.size() < most_columns ? name : "other";
}

}  // namespace

void WarmHandover::dropout_counted(const DropoutCounted& counted, const iro::Event& event,
                                   iro::Effects& effects) const {
  const std::int32_t now = month_of(event.today());
  std::int32_t month = counted.month();
  if (month > now || month < 200001 || month % 100 < 1 || month % 100 > 12) month = now;
  std::uint32_t year = study_year_of(month);
  while (releases.has(effects, year)) ++year;  // a release is never changed
  const auto profile = counted.profile().value_or(DropoutProfile::unknown);
  const std::string_view name = counted.branch() ? EnumNameBranch(*counted.branch()) : "";
  std::string_view programme = iro::str(counted.programme());
  if (!usable(programme, {}) || programme.size() > 20) programme = "-";
  const iro::Key key = iro::key(year, static_cast<std::uint32_t>(static_cast<std::size_t>(profile) % profiles),
                                std::string_view(name.empty() ? "-" : name), programme, std::uint32_t{counted.year()});
  counts.put(effects, key, counts.get_or(effects, key, 0) + 1);
  release_due.set(effects, year, std::max(Time(release_day(year, config.release_days)), event.now()), {});
}

void WarmHandover::publish(const iro::Timer& timer, iro::Effects& effects) const {
  Figures figures;
  std::vector<std::string> counted;
  const std::uint32_t year = number(timer.key());
  counts.each(effects, year, [&](std::string_view key, const std::uint32_t& count) {
    counted.emplace_back(key);
    std::array<std::string, 5> parts;
    std::size_t part = 0;
    for (const char c : key) {
      if (c == '/' && part + 1 < parts.size()) {
        ++part;
      } else {
        parts[part] += c;
      }
    }
    const std::size_t profile = number(parts[1]) % profiles;
    const std::array<std::string, dimensions> columns{parts[2], plain(parts[3]), std::to_string(number(parts[4]))};
    for (std::size_t k = 0; k < dimensions; ++k) figures[k][column_of(figures[k], columns[k])][profile] += count;
  });
  if (counted.empty()) return;
  releases.put(effects, year, protect(figures, year, config.smallest_cell));
  for (const std::string& key : counted) {
    iro::Key again(year);
    for (std::size_t from = key.find('/') + 1; from <= key.size();) {
      const std::size_t to = std::min(key.find('/', from), key.size());
      again.add(plain(std::string_view(key).substr(from, to - from)));
      from = to + 1;
    }
    counts.remove(effects, again);
  }
  effects.explain({.nl = "De cijfers over uitval van dit studiejaar zijn vrijgegeven; losse tellingen zijn gewist.",
                   .en = "The figures on dropouts of this study year are released; the single counts are gone."});
}

}  // namespace iro::handover

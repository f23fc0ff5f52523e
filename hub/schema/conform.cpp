#include "hub/schema/conform.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "hub/schema/plan.hpp"

namespace iro::schema {
namespace {

using Faults = std::vector<std::string>;

bool has(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

bool same_shape(const TypePlan& a, const Step& x, const TypePlan& b, const Step& y) {
  const auto table = [](const TypePlan& plan, std::uint16_t i) {
    return i == no_index ? std::string() : plan.tables[i].name;
  };
  const auto codes = [](const TypePlan& plan, std::uint16_t i) {
    return i == no_index ? std::string() : plan.enums[i].name;
  };
  return x.kind == y.kind && x.element == y.element && x.format == y.format && x.is(required) == y.is(required) &&
         table(a, x.table) == table(b, y.table) && codes(a, x.enumeration) == codes(b, y.enumeration);
}

void compare_field(const TypePlan& a, const TablePlan& x, const TypePlan& b, const TablePlan& y, std::size_t i,
                   Faults& out) {
  const std::string place = fmt::format("{}.{}", x.name, x.fields[i].name);
  if (i >= y.fields.size() || x.fields[i].name != y.fields[i].name) {
    out.push_back(fmt::format("{} is gone, or stands elsewhere", place));
    return;
  }
  if (!same_shape(a, x.steps[i], b, y.steps[i])) out.push_back(fmt::format("{} has become something else", place));
  const auto& before = x.fields[i].attributes;
  const auto& now = y.fields[i].attributes;
  for (const char* lasting : {"subject", "person", "party", "gate_key", "speaker", "until"}) {
    if (has(before, lasting) != has(now, lasting)) out.push_back(fmt::format("{}: {} has changed", place, lasting));
  }
  for (const char* guard : {"personal", "special_category"}) {
    if (has(before, guard) && !has(now, guard)) out.push_back(fmt::format("{} is no longer {}", place, guard));
  }
  if (!has(before, "identifier") && has(now, "identifier")) {
    out.push_back(fmt::format("{} is no longer read by the personal-number detector", place));
  }
}

/// Every table and code that the older type reaches is in the newer one, with all it had.
void compare_plans(const TypePlan& a, const TypePlan& b, bool& grown, Faults& out) {
  for (const TablePlan& x : a.tables) {
    const auto y = std::ranges::find(b.tables, x.name, &TablePlan::name);
    if (y == b.tables.end()) {
      out.push_back(fmt::format("{} is gone", x.name));
      continue;
    }
    for (std::size_t i = 0; i < x.fields.size(); ++i) compare_field(a, x, b, *y, i, out);
    grown = grown || y->fields.size() > x.fields.size();
  }
  for (const EnumPlan& x : a.enums) {
    const auto y = std::ranges::find(b.enums, x.name, &EnumPlan::name);
    for (std::size_t v = 0; v < x.names.size(); ++v) {
      if (x.has(v) && (y == b.enums.end() || y->names[v] != x.names[v])) {
        out.push_back(fmt::format("{}.{} is gone, or means something else", x.name, x.names[v]));
      }
    }
  }
}

void only_narrower(std::string_view what, const std::vector<std::string>& before, const std::vector<std::string>& now,
                   Faults& out) {
  for (const std::string& role : now) {
    if (!has(before, role)) out.push_back(fmt::format("{} now has {}", what, role));
  }
}

}  // namespace

Faults conformance_faults(const EventType& older, const EventType& newer) {
  Faults out;
  if (older.routing != newer.routing) {
    out.push_back(fmt::format("routing was {} and is {}", name_of(older.routing), name_of(newer.routing)));
  }
  if (older.gate != newer.gate) {
    out.push_back(fmt::format("gate was {} and is {}", name_of(older.gate), name_of(newer.gate)));
  }
  if (older.opens != newer.opens || older.closes != newer.closes) out.push_back("what it opens or closes has changed");
  // Somebody who heard it masked may hear it masked still, but not in full.
  only_narrower("readers", older.readers, newer.readers, out);
  std::vector<std::string> heard = older.masked_readers;
  heard.insert(heard.end(), older.readers.begin(), older.readers.end());
  only_narrower("masked_readers", heard, newer.masked_readers, out);
  only_narrower("roles", older.roles, newer.roles, out);
  const auto months = [](const EventType& t) { return t.retention_months == 0 ? UINT16_MAX : t.retention_months; };
  if (months(newer) > months(older)) out.push_back("it is kept longer than was promised");
  bool grown = false;
  compare_plans(*older.plan, *newer.plan, grown, out);
  if (newer.revision < older.revision) out.push_back("its revision went down");
  if (grown && newer.revision == older.revision) out.push_back("it has more fields under the same revision");
  for (std::string& fault : out) fault = fmt::format("{}: {}", older.name, fault);
  return out;
}

}  // namespace iro::schema

#include "bench/rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

namespace iro::bench {
namespace {

double ratio_of(const Row& r) { return r.ratio > 0 ? r.ratio : r.redis > 0 ? r.hub / r.redis : 0; }
std::string or_dash(double value, const char* format) {
  return value > 0 ? fmt::format(fmt::runtime(format), value) : "-";
}

}  // namespace

void print(const std::vector<Row>& rows, bool as_json) {
  if (!as_json) fmt::print("{:<44}{:>12}{:>12}{:>9}\n", "", "hub", "redis", "ratio");
  for (const auto& r : rows) {
    if (as_json) {
      fmt::print("{}\n",
                 boost::json::serialize(boost::json::object{
                     {"what", r.what}, {"hub", r.hub}, {"redis", r.redis}, {"ratio", ratio_of(r)}, {"unit", r.unit}}));
    } else {
      fmt::print("{:<44}{:>12.1f}{:>12}{:>9}  {}\n", r.what, r.hub, or_dash(r.redis, "{:.1f}"),
                 or_dash(ratio_of(r), "{:.2f}"), r.unit);
    }
  }
}

Quantiles quantiles(std::vector<double> values) {
  std::ranges::sort(values);
  return {values[values.size() / 2], values[values.size() * 99 / 100]};
}

}  // namespace iro::bench

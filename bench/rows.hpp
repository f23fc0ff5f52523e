// bench/rows.hpp: what is measured, as a table or a line of JSON each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace iro::bench {

struct Row {
  std::string what;
  double hub = 0;
  double redis = 0;  // 0: Redis has nothing like it
  std::string unit;
  double ratio = 0;  // to the row before, where that is what counts; 0: to Redis
};

void print(const std::vector<Row>& rows, bool as_json);

/// The middle, and what 99 of 100 stay below. Of at least one.
struct Quantiles {
  double p50 = 0;
  double p99 = 0;
};
Quantiles quantiles(std::vector<double> values);

}  // namespace iro::bench

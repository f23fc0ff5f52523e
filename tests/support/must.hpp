// tests/support/must.hpp: for test programs and benchmarks that are not Catch's: what must not fail.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "hub/base/error.hpp"

namespace iro::test {

/// The value, if it has one; throws with `what` and the error when there is none.
template <typename T>
T must(Result<T> result, const char* what) {
  if (!result) throw std::runtime_error(fmt::format("{}: {}", what, result.error().text()));
  return std::move(*result);
}
inline void must(const Status& status, const char* what) {
  if (!status) throw std::runtime_error(fmt::format("{}: {}", what, status.error().text()));
}

}  // namespace iro::test

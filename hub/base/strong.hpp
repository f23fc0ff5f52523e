// hub/base/strong.hpp: an integer that knows what it counts.
//
// A Strong<Tag, Rep> is made and read explicitly, so that a sequence number
// cannot be passed where a member number is meant. It compares, hashes and
// prints; it does not do arithmetic unless asked by name.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>

namespace iro {

template <typename Tag, typename Rep>
class Strong {
 public:
  using rep = Rep;
  constexpr Strong() = default;
  constexpr explicit Strong(Rep value) : value_(value) {}
  [[nodiscard]] constexpr Rep value() const { return value_; }
  /// The value `n` further on.
  [[nodiscard]] constexpr Strong plus(Rep n) const { return Strong(static_cast<Rep>(value_ + n)); }
  [[nodiscard]] constexpr Strong next() const { return plus(1); }
  constexpr auto operator<=>(const Strong&) const = default;

 private:
  Rep value_{};
};

}  // namespace iro

template <typename Tag, typename Rep>
struct std::hash<iro::Strong<Tag, Rep>> {
  std::size_t operator()(const iro::Strong<Tag, Rep>& v) const noexcept { return std::hash<Rep>{}(v.value()); }
};

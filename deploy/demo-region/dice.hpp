// deploy/demo-region/dice.hpp: chance that is the same on every machine.
//
// std::mt19937_64 is fixed by the standard, the distributions of <random> are
// not: this draws from the engine itself. Same seed, same school year.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <string_view>
#include <vector>

#include "hub/base/assert.hpp"

namespace iro::demo {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  /// 0 to n - 1. The bias of the modulo is below 2^-40 for every n used here.
  std::size_t below(std::size_t n) {
    IRO_ASSERT(n > 0, "nothing to draw from");
    return static_cast<std::size_t>(engine_() % n);
  }
  int between(int low, int high) { return low + static_cast<int>(below(static_cast<std::size_t>(high - low) + 1)); }
  bool percent(unsigned chance) { return below(100) < chance; }

  template <typename T>
  const T& one_of(std::span<const T> items) {
    return items[below(items.size())];
  }
  std::string_view one_of(std::span<const std::string_view> items) { return items[below(items.size())]; }

  /// An index, drawn in proportion to its weight.
  std::size_t weighted(std::span<const unsigned> weights) {
    std::size_t total = 0;
    for (const unsigned weight : weights) total += weight;
    std::size_t at = below(total);
    std::size_t index = 0;
    while (at >= weights[index]) at -= weights[index++];
    return index;
  }

  template <typename T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace iro::demo

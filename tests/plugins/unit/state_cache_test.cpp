// Concern: a cache that forgets and a hub that lags never show the plugin an old value. Plan: random reads, writes,
// calls and evictions against a map that forgets nothing.
#include "plugins/host/state_cache.hpp"

#include <iostream>
#include <map>
#include <random>

#include "hub/base/limits.hpp"
#include "tests/catch.hpp"

using namespace iro;
using host::StateCache;

TEST_CASE("state cache: reads see every earlier write, however small the cache") {
  const char* given = std::getenv("IRO_SEED");
  const std::uint64_t seed = given == nullptr ? std::random_device{}() : std::strtoull(given, nullptr, 10);
  INFO("IRO_SEED=" << seed);
  std::mt19937_64 dice(seed);
  for (const std::size_t most : {std::size_t{0}, std::size_t{600}, limits::plugin_cache_bytes}) {
    StateCache cache(most);
    std::map<std::string, std::string> truth;  // what the plugin must see
    std::map<std::string, std::string> hub;    // what the hub has: of the calls before
    const auto key = [&] { return std::string(1, static_cast<char>('a' + dice() % 3)) + std::to_string(dice() % 6); };
    for (int step = 0; step < 20'000; ++step) {
      switch (dice() % 8) {
        case 0:
        case 1: {
          const std::string k = key();
          truth[k] = std::to_string(step);
          cache.write(k, to_bytes(truth[k]));
          break;
        }
        case 2: {
          const std::string k = key();
          truth.erase(k);
          cache.write(k, std::nullopt);
          break;
        }
        case 3:
        case 4: {
          const std::string k = key();
          if (!cache.find(k)) {
            const auto at = hub.find(k);
            cache.learn(k, at == hub.end() ? std::nullopt : std::optional(to_bytes(at->second)));
          }
          const auto found = cache.find(k);
          REQUIRE(found.has_value());
          const auto at = truth.find(k);
          if (at == truth.end()) {
            CHECK(*found == nullptr);
          } else {
            REQUIRE(*found != nullptr);
            CHECK(as_text(**found) == at->second);
          }
          break;
        }
        case 5: {
          const std::string prefix = dice() % 4 == 0 ? "" : std::string(1, static_cast<char>('a' + dice() % 3));
          if (!cache.covers(prefix)) {
            std::vector<std::pair<Bytes, Bytes>> rows;
            for (const auto& [k, v] : hub) {
              if (k.starts_with(prefix)) rows.emplace_back(to_bytes(k), to_bytes(v));
            }
            cache.learn_all(prefix, std::move(rows));
          }
          std::map<std::string, std::string> seen;
          for (const auto& [k, v] : cache.rows(prefix)) seen.emplace(k, as_text(*v));
          std::map<std::string, std::string> expected;
          for (const auto& [k, v] : truth) {
            if (k.starts_with(prefix)) expected.emplace(k, v);
          }
          CHECK(seen == expected);
          break;
        }
        case 6:
          cache.trim();
          break;
        default:  // the next call: the hub has all of the one before
          hub = truth;
          cache.settle();
          cache.trim();
          CHECK(cache.size_bytes() <= most);
          break;
      }
    }
  }
}

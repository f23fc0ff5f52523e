// plugins/tool/check_report.hpp: what the checks of a plugin found, for people and for programs.
//
// A check has one of five results. Only failed and crashed make the plugin one
// that should not be given to an operator. Names of groups and checks are
// permanent: programs look at them. Values.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace iro::tool {

enum class CheckResult : std::uint8_t { passed, failed, crashed, skipped, warning };
std::string_view name_of(CheckResult result);

struct Check {
  std::string group;
  std::string name;
  CheckResult result = CheckResult::passed;
  std::string what;  // unless passed: what was seen, and what to do
  std::int64_t took_ms = 0;
};

/// What a check says when it has looked: passed by default.
struct CheckSays {
  CheckResult result = CheckResult::passed;
  std::string what = {};
};

class CheckReport {
 public:
  /// Runs `look` and keeps what it says. False when the plugin did not get through.
  template <typename Look>
  bool add(std::string_view group, std::string_view name, Look&& look) {
    const auto begun = std::chrono::steady_clock::now();
    CheckSays says = look();
    const auto took = std::chrono::steady_clock::now() - begun;
    checks_.push_back({std::string(group), std::string(name), says.result, std::move(says.what),
                       std::chrono::duration_cast<std::chrono::milliseconds>(took).count()});
    return through(says.result);
  }
  void skip(std::string_view group, std::string_view name, std::string_view why);

  [[nodiscard]] const std::vector<Check>& checks() const { return checks_; }
  [[nodiscard]] bool good() const;

  /// A line a check, and how many of each at the end.
  [[nodiscard]] std::string text(std::string_view plugin) const;
  [[nodiscard]] std::string json(std::string_view plugin) const;
  [[nodiscard]] std::string junit(std::string_view plugin) const;

 private:
  static bool through(CheckResult result) { return result != CheckResult::failed && result != CheckResult::crashed; }
  [[nodiscard]] std::size_t count(CheckResult result) const;

  std::vector<Check> checks_;
};

}  // namespace iro::tool

#include "plugins/tool/check_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

namespace iro::tool {
namespace {

constexpr std::array all_results = {CheckResult::passed, CheckResult::failed, CheckResult::crashed,
                                    CheckResult::skipped, CheckResult::warning};

/// Text within XML; what XML 1.0 cannot hold becomes '?'.
std::string xml(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\n') {
      out += "&#10;";
    } else {
      out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
  }
  return out;
}

/// What stands below a line, indented.
std::string below(std::string_view text) {
  std::string out = "    ";
  for (const char c : text) {
    out += c;
    if (c == '\n') out += "    ";
  }
  return out + '\n';
}

}  // namespace

std::string_view name_of(CheckResult result) {
  constexpr std::string_view names[] = {"passed", "failed", "crashed", "skipped", "warning"};
  return names[static_cast<std::size_t>(result)];
}

void CheckReport::skip(std::string_view group, std::string_view name, std::string_view why) {
  checks_.push_back({std::string(group), std::string(name), CheckResult::skipped, std::string(why), 0});
}

bool CheckReport::good() const {
  return std::ranges::all_of(checks_, [](const Check& check) { return through(check.result); });
}

std::size_t CheckReport::count(CheckResult result) const {
  return static_cast<std::size_t>(std::ranges::count(checks_, result, &Check::result));
}

std::string CheckReport::text(std::string_view plugin) const {
  std::string out;
  for (const Check& check : checks_) {
    out += fmt::format("{:<8} {}.{}\n", name_of(check.result), check.group, check.name);
    if (!check.what.empty()) out += below(check.what);
  }
  std::string counts;
  for (const CheckResult result : all_results) {
    if (const std::size_t n = count(result); n > 0)
      counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", n, name_of(result));
  }
  return out + fmt::format("{}: {}\n", plugin, counts);
}

std::string CheckReport::json(std::string_view plugin) const {
  namespace json = boost::json;
  json::array checks;
  checks.reserve(checks_.size());
  for (const Check& check : checks_) {
    checks.push_back(json::object{{"group", check.group},
                                  {"name", check.name},
                                  {"result", name_of(check.result)},
                                  {"what", check.what},
                                  {"ms", check.took_ms}});
  }
  json::object out{{"plugin", plugin}, {"good", good()}};
  for (const CheckResult result : all_results) out.emplace(name_of(result), count(result));
  out.emplace("checks", std::move(checks));
  return json::serialize(out) + '\n';
}

std::string CheckReport::junit(std::string_view plugin) const {
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" "
      "skipped=\"{}\">\n",
      xml(plugin), checks_.size(), count(CheckResult::failed), count(CheckResult::crashed),
      count(CheckResult::skipped));
  for (const Check& check : checks_) {
    out += fmt::format("  <testcase classname=\"{}.{}\" name=\"{}\" time=\"{:.3f}\"", xml(plugin), xml(check.group),
                       xml(check.name), static_cast<double>(check.took_ms) / 1'000);
    const std::string what = xml(check.what);
    switch (check.result) {
      case CheckResult::passed:
        out += "/>\n";
        break;
      case CheckResult::failed:
        out += fmt::format("><failure message=\"{}\"/></testcase>\n", what);
        break;
      case CheckResult::crashed:
        out += fmt::format("><error message=\"{}\"/></testcase>\n", what);
        break;
      case CheckResult::skipped:
        out += fmt::format("><skipped message=\"{}\"/></testcase>\n", what);
        break;
      case CheckResult::warning:
        out += fmt::format("><system-out>warning: {}</system-out></testcase>\n", what);
        break;
    }
  }
  return out + "</testsuite>\n";
}

}  // namespace iro::tool

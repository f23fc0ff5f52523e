// What the running hub's own status tells of its health.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdlib>

#include "hub/base/limits.hpp"
#include "hub/daemon/doctor.hpp"

namespace iro::daemon {
namespace json = boost::json;
namespace {

constexpr std::string_view online[] = {
    "writes",     "no_alarms",       "clock_followed", "clock_same", "nothing_parked", "consumers_go", "consumers_near",
    "index_near", "commits_succeed", "keys_young",     "scrubbed",   "scrub_works",    "backed_up"};
constexpr std::int64_t clock_slack_ms = 5'000;
constexpr std::uint64_t far_behind_events = 100'000;

std::uint64_t number(const json::object& o, std::string_view name) {
  const auto* v = o.if_contains(name);
  return v != nullptr && v->is_number() ? v->to_number<std::uint64_t>() : 0;
}
std::string text(const json::object& o, std::string_view name) {
  const auto* v = o.if_contains(name);
  return v != nullptr && v->is_string() ? std::string(v->get_string()) : std::string();
}
std::size_t size_of(const json::object& o, std::string_view name) {
  const auto* v = o.if_contains(name);
  return v != nullptr && v->is_array() ? v->get_array().size() : 0;
}
bool flag(const json::object& o, std::string_view name) {
  const auto* v = o.if_contains(name);
  return v != nullptr && v->is_bool() && v->get_bool();
}
const json::object* inside(const json::object& o, std::string_view name) {
  const auto* v = o.if_contains(name);
  return v != nullptr && v->is_object() ? &v->get_object() : nullptr;
}

Finding judged(std::string_view check, bool good, std::string detail, Verdict otherwise = Verdict::warning) {
  return {check, good ? Verdict::good : otherwise, good ? std::string() : std::move(detail)};
}

void judge_consumers(const json::object& status, std::vector<Finding>& out) {
  std::string paused;
  std::string behind;
  const auto* lag = status.if_contains("lag");
  for (const auto& v : lag != nullptr && lag->is_array() ? lag->get_array() : json::array()) {
    if (!v.is_object()) continue;
    const json::object& c = v.get_object();
    const std::string name = text(c, "member") + "/" + text(c, "consumer");
    if (flag(c, "paused")) paused += " " + name;
    if (number(c, "behind") > far_behind_events) behind += " " + name;
  }
  out.push_back(judged("consumers_go", paused.empty(), paused));
  out.push_back(judged("consumers_near", behind.empty(), behind));
}

/// Two checks: what the scrubber found, and whether it works at all.
void judge_scrubber(const json::object* scrub, std::vector<Finding>& out) {
  if (scrub == nullptr) {
    for (const char* check : {"scrubbed", "scrub_works"}) out.push_back({check, Verdict::skipped, {}});
    return;
  }
  const json::object& s = *scrub;
  const std::string last = text(s, "last_pass");
  std::string covers;
  const auto* all = s.if_contains("covers");
  for (const auto& v : all != nullptr && all->is_array() ? all->get_array() : json::array())
    if (v.is_string()) covers += (covers.empty() ? "" : ", ") + std::string(v.get_string());
  const std::string what = fmt::format("{} ({}): {} findings", text(s, "file"), covers, number(s, "findings"));
  out.push_back({"scrubbed", number(s, "findings") == 0 ? Verdict::good : Verdict::bad, what});
  const std::string when = last.empty() ? fmt::format("the first round is at {} %", number(s, "percent"))
                                        : fmt::format("the last round ended {}", last);
  const bool on = !s.contains("on") || flag(s, "on");
  const std::string why = !on                           ? "scrub_bytes_per_second = 0"
                          : !text(s, "trouble").empty() ? text(s, "trouble")
                          : flag(s, "late")             ? when
                                                        : "";
  out.push_back({"scrub_works", why.empty() ? Verdict::good : Verdict::warning, why.empty() ? when : why});
}

}  // namespace

std::vector<Finding> judge_status(const json::object* status, const Clock& clock) {
  std::vector<Finding> out;
  if (status == nullptr) {
    out.push_back({"answers", Verdict::bad, "no answer"});
    for (const std::string_view check : online) out.push_back({check, Verdict::skipped, {}});
    return out;
  }
  const json::object& s = *status;
  out.push_back({"answers", Verdict::good, {}});
  out.push_back(judged("writes", text(s, "writing") == "ok", text(s, "writing"), Verdict::bad));
  out.push_back(judged("no_alarms", size_of(s, "alarms") == 0, fmt::format("{} alarms", size_of(s, "alarms"))));
  out.push_back(judged("clock_followed", number(s, "clock_held_ms") == 0,
                       fmt::format("held {} s back", number(s, "clock_held_ms") / 1'000), Verdict::bad));
  const auto theirs = parse_time(text(s, "now"));
  const std::int64_t apart = theirs ? std::abs(theirs->value() - clock.now().value()) : 0;
  out.push_back(judged("clock_same", apart <= clock_slack_ms, fmt::format("{} ms apart", apart)));
  out.push_back(judged("nothing_parked", number(s, "parked") == 0, fmt::format("{} events", number(s, "parked"))));
  judge_consumers(s, out);
  out.push_back(judged("index_near", number(s, "index_lag") <= limits::index_lag_events,
                       fmt::format("{} events behind", number(s, "index_lag"))));
  out.push_back(judged("commits_succeed", number(s, "failed_commits") == 0,
                       fmt::format("{} failed since the start", number(s, "failed_commits"))));
  out.push_back(judged("keys_young", size_of(s, "keys_old") == 0, fmt::format("{} keys", size_of(s, "keys_old"))));
  judge_scrubber(inside(s, "scrub"), out);
  const auto* backup = inside(s, "backup");
  out.push_back(backup == nullptr
                    ? Finding{"backed_up", Verdict::skipped, {}}
                    : judged("backed_up", text(*backup, "last_error").empty(), text(*backup, "last_error")));
  return out;
}

}  // namespace iro::daemon

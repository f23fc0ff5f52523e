// `iro status`: is the hub well, and if not, what is wrong. Every alarm has a name that programs can wait for.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "hub/core/core.hpp"

namespace iro::core {
namespace json = boost::json;
namespace {

constexpr std::int64_t day_ms = 86'400'000;

std::uint64_t parked_in(const delivery::Consumer& c) {
  std::uint64_t parked = 0;
  for (const auto& [seq, row] : c.deviations()) parked += row.state == log::DeviationState::parked ? 1 : 0;
  return parked;
}

json::object scrub_json(const ScrubState& s, TimeMs now) {
  return {{"on", s.on},
          {"file", s.file},
          {"file_bytes", s.file_bytes},
          {"covers", json::array(s.covers.begin(), s.covers.end())},
          {"rounds", s.rounds},
          {"last_pass", s.last_pass.value() == 0 ? "" : format_time(s.last_pass)},
          {"late", s.late(now)},
          {"percent", s.percent},
          {"findings", s.findings},
          {"trouble", s.trouble}};
}

json::object backup_json(const BackupState& b) {
  return {{"running", b.running},
          {"last_good", b.last_good.value() == 0 ? "" : format_time(b.last_good)},
          {"last_error", b.last_error}};
}

}  // namespace

/// How far each consumer is behind: events of the log that it has not gone past, of which most may be nothing to it.
json::array Core::lags_json() const {
  json::array out;
  for (const auto& [no, c] : consumers_) {
    const std::uint64_t behind = next_seq_.value() - 1 - std::min(next_seq_.value() - 1, c.cursor().value());
    out.push_back({{"member", members_->find(c.member())->slug},
                   {"consumer", c.name()},
                   {"attached", c.attached()},
                   {"behind", behind},
                   {"outstanding", c.outstanding()},
                   {"parked", parked_in(c)},
                   {"paused", c.paused()}});
  }
  return out;
}

/// Keys in use for longer than they should be, so that a change is planned and not suffered.
json::array Core::old_keys_json(TimeMs now) const {
  json::array out;
  for (const auto& m : members_->all()) {
    for (const auto& k : m->keys) {
      const std::int64_t age_days = (now.value() - k.added.value()) / day_ms;
      if (!m->active || !k.active() || age_days < limits::key_warn_days) continue;
      out.push_back({{"member", m->slug}, {"public_key", to_hex(k.public_key)}, {"days", age_days}});
    }
  }
  return out;
}

json::array Core::alarms(TimeMs now) const {
  json::array out;
  const auto raise = [&](std::string_view name, std::string text) {
    out.push_back(json::object{{"alarm", name}, {"text", std::move(text)}});
  };
  if (guard_.held_ms() != 0)
    raise("clock_leap",
          fmt::format("the machine's clock leapt {} s ahead; the hub does not follow it", guard_.held_ms() / 1'000));
  if (refusing_) raise(info(refusing_->code).name, refusing_->message);
  if (throttled_) raise("index_behind", fmt::format("the index is {} events behind", index_lag_));
  if (machine_.wal_bytes && *machine_.wal_bytes > 2 * limits::wal_bytes)
    raise("wal_large", fmt::format("the WAL has {} MiB: a reader holds it back", *machine_.wal_bytes >> 20));
  if (machine_.disk_free_bytes && *machine_.disk_free_bytes < limits::disk_warn_bytes)
    raise("disk_low", fmt::format("{} MiB are free", *machine_.disk_free_bytes >> 20));
  if (machine_.scrub && machine_.scrub->findings != 0)
    raise("scrub_findings", fmt::format("{} pages or chunks do not verify", machine_.scrub->findings));
  if (machine_.scrub && machine_.scrub->late(now))
    raise("scrub_late", fmt::format("the log was not read through for {} hours", limits::scrub_late_ms / 3'600'000));
  if (machine_.backup && !machine_.backup->last_error.empty()) raise("backup_failed", machine_.backup->last_error);
  std::uint64_t paused = 0;
  for (const auto& [no, c] : consumers_) paused += c.paused() ? 1 : 0;
  if (paused != 0) raise("consumers_paused", fmt::format("{} consumers stand still", paused));
  if (!old_keys_json(now).empty())
    raise("keys_old", fmt::format("{} keys are due for a change", old_keys_json(now).size()));
  return out;
}

std::string Core::status_json(TimeMs now) const {
  json::object refusals;
  for (const auto& [code, n] : counters_.refusals) refusals[std::string(info(code).name)] = n;
  json::object types;
  for (const auto& [type, n] : counters_.by_type) types[type] = n;
  std::uint64_t parked = 0;
  for (const auto& [no, consumer] : consumers_) parked += parked_in(consumer);
  json::object out{{"hub", config_.hub_name},
                   {"now", format_time(now)},
                   {"alarms", alarms(now)},
                   {"log_epoch", log_epoch_.value()},
                   {"members", members_->all().size() - 1},
                   {"sessions", sessions_.size()},
                   {"consumers", consumers_.size()},
                   {"accepted", counters_.accepted},
                   {"refused", counters_.refused},
                   {"repeated", counters_.repeated},
                   {"commits", counters_.commits},
                   {"failed_commits", counters_.failed_commits},
                   {"delivered", counters_.delivered},
                   {"acknowledged", counters_.acked},
                   {"retries", counters_.retries},
                   {"parked", parked},
                   {"strangers", counters_.strangers},
                   {"plugins", lines_.size()},
                   {"plugin_failures", counters_.plugin_failures},
                   {"plugin_parked", counters_.plugin_parked},
                   {"fell_behind", counters_.fell_behind},
                   {"writing", refusing_ ? info(refusing_->code).name : std::string_view("ok")},
                   {"draining", draining_},
                   {"clock_held_ms", guard_.held_ms()},
                   {"index_lag", index_lag_},
                   {"keys_old", old_keys_json(now)},
                   {"lag", lags_json()},
                   {"refusals", std::move(refusals)},
                   {"types", std::move(types)}};
  if (machine_.wal_bytes) out["wal_bytes"] = *machine_.wal_bytes;
  if (machine_.disk_free_bytes) out["disk_free_bytes"] = *machine_.disk_free_bytes;
  if (machine_.memory_bytes) out["memory_bytes"] = *machine_.memory_bytes;
  if (machine_.scrub) out["scrub"] = scrub_json(*machine_.scrub, now);
  if (machine_.backup) out["backup"] = backup_json(*machine_.backup);
  return json::serialize(out);
}

}  // namespace iro::core

// Forgetting: an erasure ends the keys of one person, retention the bodies whose time is over.
#include <fmt/format.h>

#include <algorithm>

#include "hub/core/core.hpp"

namespace iro::core {

std::optional<std::pair<Errc, std::string>> Core::plan_erasure(const admission::Admitted& admitted) {
  const auto keys = keys_.keys_of(admitted.facts.person);
  if (!keys) {
    fault_ = keys.error();
    return std::pair{Errc::storage_failed, keys.error().message};
  }
  if (keys->empty()) return std::pair{Errc::subject_unknown, std::string("there is no key for it")};
  batch_.erased.emplace_back(admitted.facts.person);
  return std::nullopt;
}

/// The keys of those who are erased, written into the chain and the table, so that they are destroyed after this
/// commit, after a crash that comes before that, and after every restore of an older keys.db. Whoever carries out the
/// commit destroys them when it has returned.
void Core::bury(log::Commit& commit, log::ChunkBuilder& builder, TimeMs now) {
  for (const std::string& person : batch_.erased) {
    const auto keys = keys_.keys_of(person);  // with those that this batch has made
    if (!keys) {
      key_fault_ = keys.error();
      return;
    }
    std::vector<PersonKeyNo> numbers;
    for (const auto& [months, no] : *keys) numbers.push_back(no);
    std::ranges::sort(numbers);
    const std::uint32_t erasure = next_erasure_ + static_cast<std::uint32_t>(&person - batch_.erased.data());
    builder.define({log::DefinitionKind::tombstones, erasure, log::encode_tombstones(numbers)});
    for (const PersonKeyNo no : numbers) commit.tombstones.push_back({no, erasure, now});
    gates_.forget(std::set<PersonKeyNo>(numbers.begin(), numbers.end()));
    // What the key held before goes, too, as if the last word on it had been committed and erased later.
    for (auto& [plugin, words] : batch_.plugin_state) {
      for (auto& [key, word] : words) {
        if (!std::ranges::binary_search(numbers, word.row.person_key)) continue;
        word.row.person_key = PersonKeyNo();
        word.row.value.reset();
      }
    }
    std::erase_if(batch_.timers,
                  [&](const log::TimerRow& row) { return std::ranges::binary_search(numbers, row.person_key); });
    batch_.audit.push_back(
        {now, admission::operator_no, "subject.erased", fmt::format("erasure {}: {} keys", erasure, numbers.size())});
  }
}

/// What a plugin keeps about a person is sealed under that person's key, in the retention class of what it reacts to.
void Core::put_state(const std::string& plugin, const reaction::StateChange& change, const schema::EventType& cause) {
  log::PluginStateRow row{plugin, change.key, PersonKeyNo(), std::nullopt};
  if (!change.person.empty() && change.value) {
    const auto key = keys_.get_or_create(change.person, cause.retention_months);
    if (!key) {
      key_fault_ = key.error();
      return;
    }
    row.person_key = key->no;
    row.value = log::seal(*key, log::state_id(plugin, change.key), *change.value);
  } else {
    row.value = change.value;
  }
  batch_.plugin_state[plugin].insert_or_assign(change.key, StateWord{change.value, std::move(row)});
}

/// What retention deletes is gone, so a clock that has leapt ahead must not begin it: the operator can.
bool Core::clock_is_sound(TimeMs now) {
  const bool leapt = last_tick_.value() != 0 && now.value() - last_tick_.value() > limits::clock_ahead_ms;
  const bool long_silent =
      last_recorded_.value() != 0 && now.value() - last_recorded_.value() > limits::retention_gap_ms;
  clock_leapt_ = clock_leapt_ || leapt;
  last_tick_ = now;
  return !clock_leapt_ && !long_silent;
}

/// Once a month, or when the operator asks, what is over goes.
void Core::retain(TimeMs now) {
  const auto month = static_cast<std::uint16_t>(month_of(now));
  if (month <= deleted_month_) return;
  batch_.retention = month;
  gates_.forget(month);
}

}  // namespace iro::core

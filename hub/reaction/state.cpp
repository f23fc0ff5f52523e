#include "hub/reaction/state.hpp"

namespace iro::reaction {

iro::Result<std::vector<std::pair<Bytes, Bytes>>> merge_state(log::EventLog& log, log::KeyRing& keys,
                                                              const StateAsk& ask, const StateMap& changed) {
  StateMap rows = changed;
  auto kept = log.plugin_state(ask.plugin, ask.key, ask.prefix);
  if (!kept) return fail(kept.error().within("state of " + ask.plugin));
  for (auto& row : *kept) {
    if (rows.contains(row.key)) continue;
    if (row.person_key.value() == 0) {
      rows.emplace(std::move(row.key), std::move(row.value));
      continue;
    }
    const auto key = keys.find(row.person_key);
    if (!key) return fail(key.error().within("state of " + ask.plugin));
    if (!*key) continue;
    auto open = log::open(**key, log::state_id(ask.plugin, row.key), *row.value);
    if (!open) return fail(open.error().within("state of " + ask.plugin));
    rows.emplace(std::move(row.key), std::move(*open));
  }
  std::vector<std::pair<Bytes, Bytes>> out;
  for (auto& [key, value] : rows) {
    if (value) out.emplace_back(key, std::move(*value));
  }
  return out;
}

}  // namespace iro::reaction

#include "hub/reaction/rounds.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace iro::reaction {

bool is_reference(std::string_view type) {
  return type.starts_with("nl.placements.hub.member-") || type.starts_with("nl.placements.hub.grant-") ||
         type.starts_with("nl.placements.code.");
}

std::string_view name_of(Failure failure) {
  switch (failure) {
    case Failure::none:
      return "none";
    case Failure::crashed:
      return "crashed";
    case Failure::deadline:
      return "deadline";
    case Failure::garbage:
      return "garbage";
    case Failure::failed:
      return "failed";
    case Failure::start:
      return "start";
    case Failure::stopped:
      return "stopped";
  }
  return "unknown";
}

iro::Result<Concerns> Concerns::create(const std::vector<PluginSpec>& plugins) {
  Concerns out;
  std::set<std::string> ids;
  std::string wrong;
  const auto complain = [&](std::string what) { wrong += (wrong.empty() ? "" : "; ") + std::move(what); };
  for (const auto& spec : plugins) {
    if (!ids.insert(spec.id).second) complain(fmt::format("two plugins have the id '{}'", spec.id));
    for (const auto& type : spec.judges) {
      const auto [at, fresh] = out.judge_.emplace(type, spec.id);
      if (!fresh) complain(fmt::format("'{}' and '{}' both judge {}", at->second, spec.id, type));
    }
  }
  for (const auto& spec : plugins) {
    for (const auto& type : spec.reacts) {
      const std::string* judge = out.judge(type);
      if (judge == nullptr || *judge != spec.id) out.reacts_[type].push_back(spec.id);
    }
  }
  for (auto& [type, ids_of] : out.reacts_) std::ranges::sort(ids_of);
  if (!wrong.empty()) return fail(Errc::config_invalid, wrong);
  return out;
}

const std::string* Concerns::judge(std::string_view type) const {
  const auto at = judge_.find(type);
  return at == judge_.end() ? nullptr : &at->second;
}

const std::vector<std::string>& Concerns::reactors(std::string_view type) const {
  static const std::vector<std::string> none;
  const auto at = reacts_.find(type);
  return at == reacts_.end() ? none : at->second;
}

void Rounds::begin(const std::vector<Item>& items) {
  queues_.clear();  // what is left there was refused
  open_.clear();
  dropped_.clear();
  for (const Item& item : items) {
    if (!item.judge.empty()) {
      open_.insert(item.item);
      queues_[item.judge].wants.push_back({item.item, true});
    }
    for (const std::string& plugin : item.reactors) queues_[plugin].wants.push_back({item.item, false});
  }
}

std::vector<Rounds::Ask> Rounds::ready() {
  std::vector<Ask> out;
  for (auto& [plugin, queue] : queues_) {
    if (!queue.asked.empty()) continue;
    while (!queue.wants.empty()) {
      const Want& next = queue.wants.front();
      if (!next.judged && open_.contains(next.item)) break;
      if (next.judged || !dropped_.contains(next.item)) queue.asked.push_back(next);
      queue.wants.pop_front();
    }
    if (!queue.asked.empty()) out.push_back({plugin, queue.asked});
  }
  return out;
}

void Rounds::rule(std::uint32_t item, Ruling ruling) {
  open_.erase(item);
  if (ruling != Ruling::accept) dropped_.insert(item);
}

void Rounds::answered(const std::string& plugin) { queues_[plugin].asked.clear(); }

std::vector<Rounds::Want> Rounds::leave(const std::string& plugin) {
  Queue& queue = queues_[plugin];
  std::vector<Want> out = std::move(queue.asked);
  for (const Want& want : queue.wants) {
    if (want.judged || !dropped_.contains(want.item)) out.push_back(want);
  }
  queues_.erase(plugin);
  return out;
}

std::vector<std::string> Rounds::busy() const {
  std::vector<std::string> out;
  for (const auto& [plugin, queue] : queues_) {
    if (!queue.asked.empty()) out.push_back(plugin);
  }
  return out;
}

bool Rounds::quiet() const {
  return std::ranges::all_of(queues_, [&](const auto& q) {
    return q.second.asked.empty() && std::ranges::all_of(q.second.wants, [&](const Want& want) {
             return !want.judged && dropped_.contains(want.item);
           });
  });
}

}  // namespace iro::reaction

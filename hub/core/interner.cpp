#include "hub/core/interner.hpp"

#include <algorithm>

#include "hub/base/assert.hpp"
#include "hub/base/limits.hpp"

namespace iro::core {

Interner::Interner(std::vector<std::string> atoms, std::vector<std::vector<MemberNo>> sets) : atoms_(std::move(atoms)) {
  for (std::size_t i = 0; i < atoms_.size(); ++i)
    atom_of_.emplace(atoms_[i], AtomNo(static_cast<std::uint32_t>(i + 1)));
  for (auto& set : sets) add_set(std::move(set));
}

AtomNo Interner::atom(std::string_view text) {
  if (const auto at = atom_of_.find(text); at != atom_of_.end()) return at->second;
  atoms_.emplace_back(text);
  const AtomNo no(static_cast<std::uint32_t>(atoms_.size()));
  staged_.push_back({log::DefinitionKind::atom, no.value(), to_bytes(text)});
  atom_of_.emplace(text, no);
  return no;
}

std::string_view Interner::text(AtomNo no) const {
  IRO_ASSERT(no.value() >= 1 && no.value() <= atoms_.size(), "the log defines every atom before it uses it");
  return atoms_[no.value() - 1];
}

void Interner::add_set(std::vector<MemberNo> members) {
  Set set;
  set.hash = log::set_hash(members);
  if (!members.empty()) set.bits.resize(members.back().value() / 64 + 1);
  for (const MemberNo m : members) set.bits[m.value() / 64] |= std::uint64_t{1} << (m.value() % 64);
  set_of_.emplace(members, SetId(static_cast<std::uint32_t>(sets_.size() + 1)));
  set.members = std::move(members);
  sets_.push_back(std::move(set));
}

log::Audience Interner::audience(const std::vector<MemberNo>& members) {
  log::Audience out;
  if (members.size() <= limits::inline_audience) {
    out.inline_members = members;
    return out;
  }
  auto at = set_of_.find(members);
  if (at == set_of_.end()) {
    add_set(members);
    at = set_of_.find(members);
    staged_.push_back({log::DefinitionKind::set, at->second.value(), log::encode_set(members)});
  }
  out.set = at->second;
  out.set_hash = sets_[at->second.value() - 1].hash;
  return out;
}

bool Interner::contains(const log::Audience& audience, MemberNo member) const {
  if (audience.set.value() == 0) return std::ranges::binary_search(audience.inline_members, member);
  IRO_ASSERT(audience.set.value() <= sets_.size(), "the log defines every set before it uses it");
  const auto& bits = sets_[audience.set.value() - 1].bits;
  const std::uint32_t word = member.value() / 64;
  return word < bits.size() && (bits[word] >> (member.value() % 64) & 1) != 0;
}

std::vector<MemberNo> Interner::members(const log::Audience& audience) const {
  return audience.set.value() == 0 ? audience.inline_members : sets_[audience.set.value() - 1].members;
}

void Interner::drop_staged() {
  for (auto at = staged_.rbegin(); at != staged_.rend(); ++at) {
    if (at->kind == log::DefinitionKind::atom) {
      atom_of_.erase(atoms_.back());
      atoms_.pop_back();
    } else if (at->kind == log::DefinitionKind::set) {
      set_of_.erase(sets_.back().members);
      sets_.pop_back();
    }
  }
  staged_.clear();
}

}  // namespace iro::core

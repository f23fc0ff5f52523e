#include "hub/views/catalogue.hpp"

#include <algorithm>

namespace iro::views {

void Catalogue::add(const std::vector<log::Definition>& definitions) {
  for (const auto& d : definitions) {
    if (d.kind == log::DefinitionKind::atom && d.number == atoms_.size() + 1) atoms_.emplace_back(as_text(d.bytes));
    if (d.kind == log::DefinitionKind::set && d.number == sets_.size() + 1) {
      // What is no set stands for nobody: its number must not go to the next one.
      sets_.push_back(log::decode_set(d.bytes).value_or(std::vector<MemberNo>()));
    }
  }
}

std::string_view Catalogue::text(AtomNo no) const {
  return no.value() >= 1 && no.value() <= atoms_.size() ? std::string_view(atoms_[no.value() - 1]) : std::string_view();
}

AtomNo Catalogue::find(std::string_view text) const {
  const auto at = std::ranges::find(atoms_, text);
  return AtomNo(at == atoms_.end() ? 0 : static_cast<std::uint32_t>(at - atoms_.begin()) + 1);
}

bool Catalogue::contains(const log::Audience& audience, MemberNo member) const {
  if (audience.set.value() == 0) return std::ranges::binary_search(audience.inline_members, member);
  return audience.set.value() <= sets_.size() && std::ranges::binary_search(sets_[audience.set.value() - 1], member);
}

std::vector<MemberNo> Catalogue::members(const log::Audience& audience) const {
  if (audience.set.value() == 0) return audience.inline_members;
  return audience.set.value() <= sets_.size() ? sets_[audience.set.value() - 1] : std::vector<MemberNo>();
}

std::size_t Catalogue::size(const log::Audience& audience) const {
  if (audience.set.value() == 0) return audience.inline_members.size();
  return audience.set.value() <= sets_.size() ? sets_[audience.set.value() - 1].size() : 0;
}

}  // namespace iro::views

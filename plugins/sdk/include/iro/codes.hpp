// iro/codes.hpp: the region's code lists, as a rule sees them.
//
//   iro::Codes codes{};                                          // a member of the rule
//   iro::plugin<Rule>().with<&Rule::codes>()                     // the one line
//   if (!codes.may_begin(effects, "programmes", "25655", iro::date_of(event.begin_on()))) ...
//
// Folded from nl.placements.code.listed.v1 (list it under `reacts`), kept in the
// plugin's state. A code that was never listed is unknown, not wrong: decide what
// your rule makes of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <iro/events/code.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iro/plugin.hpp"

namespace iro {
inline namespace sdk {

struct ListedCode {
  std::string name;
  std::uint8_t level = 0;  // 0: none
  std::vector<events::LearningPath> learning_paths;
  std::optional<std::chrono::sys_days> valid_from;
  std::optional<std::chrono::sys_days> valid_until;
  std::string predecessor;
  std::string successor;
  void fields(auto& f) { f(name, level, learning_paths, valid_from, valid_until, predecessor, successor); }
  [[nodiscard]] bool valid_on(std::chrono::sys_days day) const {
    return (!valid_from || *valid_from <= day) && (!valid_until || day <= *valid_until);
  }
};

class Codes {
 public:
  using Handles = detail::List<events::CodeListed>;

  /// Nothing: nobody has listed it.
  [[nodiscard]] std::optional<ListedCode> find(const Look& look, std::string_view list, std::string_view code) const {
    return list.empty() || code.empty() ? std::nullopt : codes_.get(look, key(list, code));
  }
  /// Is it listed, and valid on that day?
  [[nodiscard]] bool may_begin(const Look& look, std::string_view list, std::string_view code,
                               std::chrono::sys_days day) const {
    const auto found = find(look, list, code);
    return found && found->valid_on(day);
  }
  /// visit(code, ListedCode) of one list, in the order of codes.
  template <typename Visit>
  void each(const Look& look, std::string_view list, Visit visit) const {
    const std::size_t skip = Key(list).text().size() + 1;
    codes_.each(look, list, [&](std::string_view full, const ListedCode& code) { visit(full.substr(skip), code); });
  }

  void on(const events::CodeListed& listed, const Event&, Effects& effects) const {
    ListedCode code;
    code.name = str(listed.name());
    code.level = listed.level();
    for (flatbuffers::uoffset_t i = 0; listed.learning_paths() != nullptr && i < listed.learning_paths()->size(); ++i) {
      code.learning_paths.push_back(listed.learning_paths()->Get(i));
    }
    if (listed.valid_from() != 0) code.valid_from = date_of(listed.valid_from());
    if (listed.valid_until() != 0) code.valid_until = date_of(listed.valid_until());
    code.predecessor = str(listed.predecessor());
    code.successor = str(listed.successor());
    codes_.put(effects, key(str(listed.list()), str(listed.code())), code);
  }

 private:
  State<ListedCode> codes_{"iro.codes"};
};

}  // namespace sdk
}  // namespace iro

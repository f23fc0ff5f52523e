// hub/core/interner.hpp: texts and audiences that occur again and again, by number.
//
// New ones are definitions of the chunk in which they first occur. They stay
// staged until the commit is known: commit_staged() or drop_staged(). One thread.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "hub/log/event_log.hpp"

namespace iro::core {

class Interner {
 public:
  Interner(std::vector<std::string> atoms, std::vector<std::vector<MemberNo>> sets);

  AtomNo atom(std::string_view text);
  [[nodiscard]] std::string_view text(AtomNo no) const;

  /// An audience of these members (ascending): inline for up to eight, else a set.
  log::Audience audience(const std::vector<MemberNo>& members);
  [[nodiscard]] bool contains(const log::Audience& audience, MemberNo member) const;
  [[nodiscard]] std::vector<MemberNo> members(const log::Audience& audience) const;

  [[nodiscard]] const std::vector<log::Definition>& staged() const { return staged_; }
  void commit_staged() { staged_.clear(); }
  void drop_staged();

 private:
  struct Set {
    std::vector<MemberNo> members;
    std::vector<std::uint64_t> bits;
    std::array<std::uint8_t, 8> hash{};
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  void add_set(std::vector<MemberNo> members);

  std::vector<std::string> atoms_;
  std::unordered_map<std::string, AtomNo, TextHash, std::equal_to<>> atom_of_;
  std::vector<Set> sets_;
  std::map<std::vector<MemberNo>, SetId> set_of_;
  std::vector<log::Definition> staged_;
};

}  // namespace iro::core

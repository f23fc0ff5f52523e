// hub/views/catalogue.hpp: the texts and audiences of the log, for readers on
// other threads than the core's.
//
// Filled from the snapshot at start and from each commit's definitions after
// that, in order. One thread (the one that answers queries). Views returned by
// text() hold until the next add().
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hub/log/event_log.hpp"

namespace iro::views {

class Catalogue {
 public:
  Catalogue(std::vector<std::string> atoms, std::vector<std::vector<MemberNo>> sets)
      : atoms_(std::move(atoms)), sets_(std::move(sets)) {}

  /// Definitions that are there already are passed over: a restart may tell them twice.
  void add(const std::vector<log::Definition>& definitions);
  /// "" for a number that is not defined yet.
  [[nodiscard]] std::string_view text(AtomNo no) const;
  /// The number of a text; 0 when no event has used it. Walks the texts: for a query, not for an event.
  [[nodiscard]] AtomNo find(std::string_view text) const;
  [[nodiscard]] bool contains(const log::Audience& audience, MemberNo member) const;
  [[nodiscard]] std::vector<MemberNo> members(const log::Audience& audience) const;
  [[nodiscard]] std::size_t size(const log::Audience& audience) const;

 private:
  std::vector<std::string> atoms_;
  std::vector<std::vector<MemberNo>> sets_;
};

}  // namespace iro::views

// hub/delivery/filter.hpp: a consumer's filter, in the CloudEvents
// Subscriptions dialects exact, prefix, suffix, all, any and not.
//
//   {"exact": {"type": "nl.placements.vacancy.opened.v1"}}
//   [{"prefix": {"subject": "vac-"}}, {"not": {"suffix": {"source": ":test"}}}]
//
// An array means that all must hold. Inside exact, prefix and suffix, several
// attributes must all match; an attribute that the event lacks never matches.
// Filters look at attributes only, never at the payload: a filter cannot be
// used to learn what is masked. A value; immutable after parse.
#pragma once

#include <memory>
#include <string_view>

#include "hub/base/error.hpp"

namespace iro::delivery {

/// The attributes a filter may name. Views: valid as long as the event is.
struct FilterAttributes {
  std::string_view type;
  std::string_view source;
  std::string_view subject;
  std::string_view datacategory;
  std::string_view id;             // text form; only computed by callers when wants_id()
  std::string_view correlationid;  // likewise
};

class Filter {
 public:
  /// "" matches everything. Fails with filter_invalid: unknown dialect or
  /// attribute, empty object, more than 16 levels or 256 conditions.
  static Result<Filter> parse(std::string_view json);

  [[nodiscard]] bool matches(const FilterAttributes& event) const;
  [[nodiscard]] bool everything() const { return root_ == nullptr; }
  [[nodiscard]] bool wants_ids() const { return wants_ids_; }

  struct Node;

 private:
  std::shared_ptr<const Node> root_;
  bool wants_ids_ = false;
};

}  // namespace iro::delivery

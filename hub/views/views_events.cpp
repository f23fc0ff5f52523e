// The views "events" and "event".
#include <fmt/format.h>

#include <algorithm>

#include "hub/views/content.hpp"
#include "hub/views/views.hpp"

namespace iro::views {
namespace {

constexpr std::string_view our_types = "nl.placements.";

/// "vacancy." stands for all types of the subject, also without our name in front.
bool begins_so(std::string_view name, std::string_view prefix) {
  if (name.starts_with(prefix)) return true;
  return name.starts_with(our_types) && name.substr(our_types.size()).starts_with(prefix);
}

/// What can be searched of `range` from its near end until `gap` is in the way.
Stretch reachable(const Stretch& range, const Stretch& gap, Order order) {
  if (range.within(gap).empty()) return range;
  if (order == Order::newest) return {std::max(range.from, gap.before), range.before};
  return {range.from, std::min(range.before, gap.from)};
}

}  // namespace

Result<Criteria> Views::criteria_of(const EventsArguments& args) const {
  Criteria out;
  out.subject = args.subject;
  out.correlation = args.correlation;
  if (!args.person.empty()) {
    auto& persons = out.persons.emplace();
    if (parts_.keys != nullptr) {
      const auto keys = parts_.keys->keys_of(args.person);
      if (!keys) return fail(keys.error());
      for (const auto& [months, no] : *keys) persons.insert(no);
    }
  }
  if (args.type.empty()) return out;
  std::vector<const schema::EventType*> types;
  if (args.type.ends_with('.')) {
    types = parts_.registry.types();
    std::erase_if(types, [&](const auto* type) { return !begins_so(type->name, args.type); });
  } else if (const auto* type = parts_.registry.find_loosely(args.type)) {
    types.push_back(type);
  }
  if (types.empty()) return fail(Errc::unknown_type, fmt::format("no event type is called '{}'", args.type));
  out.any_type = false;
  for (const auto* type : types) {
    // A type that no event has had has no number yet.
    if (const AtomNo no = parts_.catalogue.find(type->name); no.value() != 0) out.types.push_back(no);
  }
  return out;
}

std::string Views::seal(Seq position, MemberNo member) const {
  return to_hex(parts_.sealer.seal(position, member, parts_.epoch).b);
}

Result<Stretch> Views::range_of(const EventsArguments& args, MemberNo asking) {
  Stretch range{Seq(1), parts_.next_seq};
  if (args.since) {
    const auto from = position_at(*args.since);
    if (!from) return fail(from.error());
    range.from = *from;
  }
  if (args.until) {
    const auto before = position_at(*args.until);
    if (!before) return fail(before.error());
    range.before = *before;
  }
  if (!args.from) return range;
  // A token stands behind what is done with, as in SUB: newest first, what is done with begins there.
  const auto position = parts_.sealer.open(*args.from, asking, parts_.epoch);
  if (!position || *position > parts_.next_seq) {
    return fail(Errc::token_invalid, "'from' was not given to this member by this log");
  }
  return range.within(args.order == Order::newest ? Stretch{Seq(1), *position}
                                                  : Stretch{position->next(), parts_.next_seq});
}

Result<std::string> Views::row(const Hit& hit, Perspective& perspective, bool data) {
  Content content;
  if (data) {
    auto read = content_of(hit, perspective, source_, parts_.registry, parts_.keys,
                           {parts_.limits.row_bytes, parts_.deleted_month});
    if (!read) return fail(read.error());
    content = std::move(*read);
    if (!content.json.empty()) note_seen(hit, perspective);
  }
  return row_json(hit.entry, hit.seen, content, {parts_.catalogue, *parts_.members, perspective.member().no});
}

Result<std::vector<std::string>> Views::event(std::string_view text, Perspective& perspective) {
  const auto id = parse_event_arguments(text);
  if (!id) return fail(id.error());
  const auto hit = locate(*id, perspective);
  if (!hit) return fail(hit.error());
  auto json = row(*hit, perspective, true);
  if (!json) return fail(json.error());
  return std::vector{std::move(*json)};
}

Result<std::vector<std::string>> Views::events(std::string_view text, Perspective& perspective) {
  const auto args = parse_events_arguments(text);
  if (!args) return fail(args.error());
  auto criteria = criteria_of(*args);
  if (!criteria) return fail(criteria.error());
  const MemberNo asking = perspective.member().no;
  const auto range = range_of(*args, asking);
  if (!range) return fail(range.error());
  Pages pages(parts_.limits.page_bytes);
  if (criteria->impossible()) return std::move(pages).finish("");
  // Without a key the index is not needed: everything between is looked at anyway.
  const Stretch within_reach = criteria->keyed() ? reachable(*range, gap(), args->order) : *range;

  Search search(source_, parts_.index ? &*parts_.index : nullptr, perspective,
                {std::move(*criteria), within_reach, args->order, parts_.limits.search_bytes});
  while (pages.rows() < args->limit) {
    const auto hit = next_of(search);
    if (!hit) return fail(hit.error());
    if (!*hit) break;
    const auto json = row(**hit, perspective, args->data);
    if (!json) return fail(json.error());
    pages.add(*json);
  }
  const Stretch rest = search.rest();
  const bool at_gap = rest.empty() && within_reach.size() < range->size();
  if (at_gap && pages.rows() == 0) return fail(rebuilding());
  if (rest.empty() && !at_gap) return std::move(pages).finish("");
  return std::move(pages).finish(seal(args->order == Order::newest ? rest.before : Seq(rest.from.value() - 1), asking));
}

}  // namespace iro::views

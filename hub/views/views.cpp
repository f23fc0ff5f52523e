#include "hub/views/views.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "hub/views/content.hpp"

namespace iro::views {

std::span<const ViewInfo> views() {
  static constexpr ViewInfo all[] = {
      {"events", "[type] [subject] [person] [correlation] [since] [until] [order] [limit] [data] [from]",
       "De gebeurtenissen die u mag zien of zelf hebt verstuurd", "The events that you may see or have sent"},
      {"event", "id", "Een gebeurtenis: inhoud, afzender en wie er recht op had",
       "One event: content, sender and who was entitled to it"},
      {"explain", "id",
       "Waarom een gebeurtenis liep zoals ze liep: controles, oorzaken en gevolgen, wie wel en wie niet",
       "Why an event went as it went: checks, causes and effects, who got it and who did not"},
      {"access", "person [limit]",
       "Wie wat te zien kreeg over een persoon, en waarvoor: voor de school en de beheerder",
       "Who was given what about a person, and what for: for the school and the operator"},
      {"quarantine", "ref types [limit]",
       "Wat leidde tot een gebeurtenis waarop een regel faalde, zonder persoonsgegevens: voor de beheerder",
       "What led to an event that a rule failed on, without personal data: for the operator"},
      {"why_not", "id member", "Waarom een lid een gebeurtenis kreeg, of juist niet",
       "Why a member got an event, or did not"},
  };
  return all;
}

Views::Views(Parts parts) : parts_(std::move(parts)), source_(std::move(parts_.reader)), history_(parts_.registry) {}

Status Views::committed(std::shared_ptr<const log::Chunk> chunk, const std::vector<log::Definition>& definitions,
                        std::shared_ptr<const admission::Membership> members) {
  parts_.catalogue.add(definitions);
  parts_.members = std::move(members);
  if (chunk == nullptr) return {};
  parts_.next_seq = chunk->last_seq().next();
  return source_.put(std::move(chunk));
}

std::uint64_t Views::index_lag() const {
  const std::uint64_t head = parts_.next_seq.value() - 1;
  return parts_.index ? head - parts_.index->indexed_through().value() : head;
}

Status Views::start_index_over() {
  const Status begun = parts_.index->start_over();
  if (!begun) parts_.index.reset();
  return begun;
}

Status Views::index_chunk(Seq first) {
  const auto chunk = source_.holding(first);
  if (!chunk) return fail(chunk.error());
  const Status added = parts_.index->add(**chunk);
  if (!added && added.error().code == Errc::corrupt) return start_index_over();
  return added;
}

Result<bool> Views::index_some(std::size_t events) {
  if (!parts_.index) return false;
  const Seq goal = std::min(parts_.next_seq, parts_.index->indexed_through().plus(events).next());
  while (parts_.index && parts_.index->indexed_through().next() < goal) {
    const Seq next = parts_.index->indexed_through().next();
    IRO_TRY(source_.load({next, next.next()}), "index");
    IRO_TRY(index_chunk(next), "index");
  }
  return parts_.index && parts_.index->indexed_through().next() < parts_.next_seq;
}

Stretch Views::gap() const {
  const Seq head = parts_.next_seq;
  if (!parts_.index || index_lag() <= parts_.limits.scanned_positions) return {head, head};
  return {parts_.index->indexed_through().next(), Seq(head.value() - parts_.limits.scanned_positions)};
}

Error Views::rebuilding() const {
  const std::uint64_t done = parts_.index ? parts_.index->indexed_through().value() * 100 : 0;
  return {Errc::index_rebuilding, fmt::format("{} %", done / std::max<std::uint64_t>(parts_.next_seq.value() - 1, 1))};
}

Result<std::optional<Hit>> Views::next_of(Search& search) {
  auto hit = search.next();
  if (hit || !search.index_failed()) return hit;
  if (hit.error().code != Errc::corrupt) return hit;
  (void)start_index_over();  // without an index the log itself is searched
  return fail(rebuilding());
}

Result<Perspective> Views::perspective_of(MemberNo asking) const {
  const admission::Member* member = parts_.members->find(asking);
  if (member == nullptr || !member->active) return fail(Errc::missing_grant, "this member has left the hub");
  return Perspective(parts_.catalogue, parts_.registry, *member);
}

/// The first event with this id that the member may know of: ids are made by
/// senders, and nobody can hide an event behind a copy of its id.
Result<Hit> Views::locate(const EventId& id, Perspective& perspective) {
  const Stretch unknown = gap();
  Index* index = parts_.index ? &*parts_.index : nullptr;
  for (const Stretch& range : {Stretch{Seq(1), unknown.from}, Stretch{unknown.before, parts_.next_seq}}) {
    Search::Plan plan;
    plan.criteria.id = id;
    plan.range = range;
    plan.budget_bytes = ~std::uint64_t{0};
    Search search(source_, index, perspective, std::move(plan));
    auto hit = next_of(search);
    if (!hit) return fail(hit.error());
    if (*hit) return std::move(**hit);
  }
  if (!unknown.empty()) return fail(rebuilding());
  return fail(Errc::not_found, "there is no such event, or you may not know it");
}

Result<Seq> Views::position_at(TimeMs time) {
  const auto position = source_.reader().position_at(time);
  if (!position) return position;
  return std::min(*position, parts_.next_seq);  // the reader may be ahead of what we were told
}

Result<Seq> Views::position_after(const EventId& id, MemberNo member, bool released) {
  auto perspective = perspective_of(member);
  if (!perspective) return fail(perspective.error());
  const auto hit = released ? locate_released(id, *perspective) : locate(id, *perspective);
  if (!hit) return fail(hit.error());
  return hit->seq.next();
}

Result<std::vector<std::string>> Views::run(std::string_view view, std::string_view args, MemberNo asking,
                                            const DeliveryFacts* deliveries, std::span<const PersonKeyNo> person_keys) {
  auto perspective = perspective_of(asking);
  if (!perspective) return fail(perspective.error());
  if (view == "events") return events(args, *perspective);
  if (view == "event") return event(args, *perspective);
  if (view == "access") return access(args, *perspective, person_keys);
  if (view == "explain") return explain(args, *perspective, deliveries);
  if (view == "quarantine") return quarantine(args, *perspective);
  if (view == "why_not") return why_not(args, *perspective, deliveries);
  return fail(Errc::view_unknown, fmt::format("there is no view '{}'", view));
}

}  // namespace iro::views

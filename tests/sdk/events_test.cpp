// The generated headers say of each type what the registry of the hub says.
#include <cstring>
#include <iro/events/agreement.hpp>
#include <iro/events/arrival.hpp>
#include <iro/events/chain.hpp>
#include <iro/events/code.hpp>
#include <iro/events/consent.hpp>
#include <iro/events/demand.hpp>
#include <iro/events/dossier.hpp>
#include <iro/events/dropout.hpp>
#include <iro/events/handover.hpp>
#include <iro/events/hours.hpp>
#include <iro/events/hub.hpp>
#include <iro/events/leg.hpp>
#include <iro/events/match_date.hpp>
#include <iro/events/meeting.hpp>
#include <iro/events/membership.hpp>
#include <iro/events/placement.hpp>
#include <iro/events/recognition.hpp>
#include <iro/events/risk.hpp>
#include <iro/events/student.hpp>
#include <iro/events/supervision.hpp>
#include <iro/events/supervisor.hpp>
#include <iro/events/vacancy.hpp>
#include <memory>
#include <set>

#include "hub/schema/registry.hpp"
#include "tests/catch.hpp"

namespace {
using namespace iro::events;

template <typename Native>
void compare(const iro::schema::Registry& registry, Native native, std::string_view table_name) {
  using Table = typename Native::TableType;
  using Traits = iro::EventTraits<Table>;
  const auto* type = registry.find(Traits::type);
  INFO(Traits::type);
  REQUIRE(type != nullptr);
  CHECK(type->revision == Traits::revision);
  CHECK(type->table == "iro.events." + std::string(table_name));
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Table::Pack(builder, &native));
  const auto facts = registry.facts(*type, {builder.GetBufferPointer(), builder.GetSize()});
  const auto& table = *flatbuffers::GetRoot<Table>(builder.GetBufferPointer());
  CHECK(std::string(facts.subject) == std::string(Traits::subject(table)));
  CHECK(std::string(facts.person) == std::string(Traits::person(table)));
  CHECK(type->has_person == !Traits::person(table).empty());
}

/// A payload with `student` set, and every text that could be a subject set to its own name.
template <typename Native>
Native filled() {
  Native n;
  if constexpr (requires { n.student; }) n.student = "pseudo-0001";
  if constexpr (requires { n.supervisor; }) n.supervisor = "staff-0001";
  if constexpr (requires { n.offer; }) n.offer = std::make_unique<OfferT>();  // required tables
  if constexpr (requires { n.content->scheme; }) n.content = std::make_unique<SealedT>();
  if constexpr (requires { n.handover_id; }) n.handover_id = "handover";
  if constexpr (requires { n.placement_id; }) n.placement_id = "placement";
  if constexpr (requires { n.vacancy_id; }) n.vacancy_id = "vacancy";
  if constexpr (requires { n.code_id; }) n.code_id = "code";
  if constexpr (requires { n.member; }) n.member = "member";
  if constexpr (requires { n.risk_id; }) n.risk_id = "risk";
  if constexpr (requires { n.demand_id; }) n.demand_id = "demand";
  if constexpr (requires { n.membership_id; }) n.membership_id = "membership";
  if constexpr (requires { n.agreement_id; }) n.agreement_id = "agreement";
  if constexpr (requires { n.recognition_id; }) n.recognition_id = "recognition";
  if constexpr (requires { n.hours_id; }) n.hours_id = "hours";
  if constexpr (requires { n.meeting_id; }) n.meeting_id = "meeting";
  if constexpr (requires { n.chain_id; }) n.chain_id = "chain";
  if constexpr (requires { n.leg_id; }) n.leg_id = "leg";
  if constexpr (requires { n.supervision_id; }) n.supervision_id = "supervision";
  if constexpr (requires { n.supervisor_id; }) n.supervisor_id = "supervisor";
  return n;
}

}  // namespace

TEST_CASE("events: the generated headers and the hub's registry agree on every type") {
  const auto registry = iro::schema::Registry::builtin();
  REQUIRE(registry);
  std::set<std::string, std::less<>> seen;
#define TYPE(NAME)                              \
  compare(*registry, filled<NAME##T>(), #NAME); \
  seen.emplace(iro::EventTraits<NAME>::type);
#include "iro_event_types.inc"
#undef TYPE
  for (const auto* type : registry->types()) {
    INFO(type->name);
    CHECK(seen.contains(type->name));
  }
  CHECK(seen.size() == registry->types().size());
}

#include "tests/unit/schema/fixtures.hpp"

#include "hub/base/assert.hpp"
#include "schemas/vacancy_generated.h"

const iro::schema::Registry& builtin() {
  static const iro::schema::Registry registry = [] {
    auto made = iro::schema::Registry::builtin();
    if (!made) std::fprintf(stderr, "%s\n", made.error().text().c_str());
    IRO_ASSERT(made.has_value(), "the types of this build load");
    return std::move(*made);
  }();
  return registry;
}

iro::Bytes sample_vacancy() {
  namespace e = iro::events;
  flatbuffers::FlatBufferBuilder b;
  const auto goals = b.CreateVector(std::vector{e::CreateGoal(b, b.CreateString("G1"), b.CreateString("wondzorg")),
                                                e::CreateGoal(b, b.CreateString("G2"), b.CreateString("medicatie"))});
  const auto seats = b.CreateVector(std::vector{e::CreateSeatsInWeek(b, 202'640, 2)});
  const auto programmes = b.CreateVectorOfStrings({"25655"});
  const auto ward = b.CreateString("ward-3");
  const auto area = b.CreateString("3511");
  e::OfferBuilder offer(b);
  offer.add_ward_id(ward);
  offer.add_branch(e::Branch::hospital);
  offer.add_programmes(programmes);
  offer.add_begin_on(20'700);
  offer.add_end_on(20'840);
  offer.add_seats(seats);
  offer.add_goals(goals);
  offer.add_area(area);
  const auto made = offer.Finish();
  const auto id = b.CreateString("v-2026-0001");
  const auto provider = b.CreateString("hospital-a");
  b.Finish(e::CreateVacancyOpened(b, id, provider, made, 20'700));
  return {b.GetBufferPointer(), b.GetBufferPointer() + b.GetSize()};
}

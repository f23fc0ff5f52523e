// Refuses every fiftieth event of a subject, and counts the others.
#include "tests/crash/exactly_once/tally.hpp"

namespace {
using namespace iro::events;

struct OnceJudge {
  once::Tally tally;

  iro::Verdict opened(const VacancyOpened& opened, const iro::Event& event, iro::Effects& effects) const {
    if (once::number(opened) % 50 == 0)
      return iro::reject("fiftieth", {.nl = "Elke vijftigste niet.", .en = "Not every fiftieth."});
    VacancyChangedT said;
    said.vacancy_id = event.subject();
    said.provider = iro::str(opened.provider());
    said.offer = once::counted(tally.next(effects, event.subject()));
    effects.emit(said);
    return iro::accept();
  }
};

}  // namespace

IRO_PLUGIN(iro::plugin<OnceJudge>().on<&OnceJudge::opened>())

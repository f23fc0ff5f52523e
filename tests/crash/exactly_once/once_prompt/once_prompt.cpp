// Counts, and answers at once.
#include "tests/crash/exactly_once/tally.hpp"

namespace {
using namespace iro::events;

struct OncePrompt {
  once::Tally tally;

  void opened(const VacancyOpened& opened, const iro::Event& event, iro::Effects& effects) const {
    VacancyReofferedT said;
    said.vacancy_id = event.subject();
    said.provider = iro::str(opened.provider());
    said.offer = once::counted(tally.next(effects, event.subject()));
    effects.emit(said);
  }
};

}  // namespace

IRO_PLUGIN(iro::plugin<OncePrompt>().on<&OncePrompt::opened>())

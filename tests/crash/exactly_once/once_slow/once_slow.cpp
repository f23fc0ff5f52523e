// Counts, takes its time at every hundredth event so that it has to trail, and fails on one event of some subjects.
#include "tests/crash/exactly_once/tally.hpp"

namespace {
using namespace iro::events;

struct OnceSlow {
  once::Tally tally;

  void opened(const VacancyOpened& opened, const iro::Event& event, iro::Effects& effects) const {
    const std::uint16_t number = once::number(opened);
    if (number % 100 == 0) think();
    if (event.subject().ends_with("-poison") && number == 5) throw iro::Failed("poison");
    VacancyUnfilledT said;
    said.vacancy_id = event.subject();
    said.provider = iro::str(opened.provider());
    said.seats.emplace_back(std::make_unique<SeatsInWeekT>())->seats = tally.next(effects, event.subject());
    effects.emit(said);
  }

 private:
  /// Some milliseconds: longer than the hub waits, far shorter than the deadline of an event.
  static void think() {
    volatile std::uint32_t turns = 8'000'000;
    while (turns > 0) turns = turns - 1;
  }
};

}  // namespace

IRO_PLUGIN(iro::plugin<OnceSlow>().on<&OnceSlow::opened>())

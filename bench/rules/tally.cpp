// Counts the events of each subject, and says how many there were.
#include <iro/events/vacancy.hpp>
#include <iro/plugin.hpp>

namespace {
using namespace iro::events;

struct Tally {
  iro::State<std::uint16_t> seen{"seen"};

  void opened(const VacancyOpened& opened, const iro::Event& event, iro::Effects& effects) const {
    const auto count = static_cast<std::uint16_t>(seen.get_or(effects, event.subject(), 0) + 1);
    seen.put(effects, event.subject(), count);
    VacancyChangedT said;
    said.vacancy_id = event.subject();
    said.provider = iro::str(opened.provider());
    said.offer = std::make_unique<OfferT>();
    said.offer->hours_per_week = count;
    effects.emit(said);
  }
};

}  // namespace

IRO_PLUGIN(iro::plugin<Tally>().on<&Tally::opened>())

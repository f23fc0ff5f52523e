// A placement ends as it was planned, or its school is told.
//
// Longer than the region allows is refused. The planned end of any other is
// remembered: when it ended weeks before, and when days after it nobody has
// said that it ended, its school and the bureau hear of it.
#include <iro/events/placement.hpp>
#include <iro/events/placement_ends.hpp>
#include <iro/plugin.hpp>

namespace {
using namespace iro::events;
using std::chrono::days;
using std::chrono::sys_days;

struct Open {
  std::string school;
  std::string student;
  sys_days planned_end;
  void fields(auto& f) { f(school, student, planned_end); }
};

struct PlacementEnds {
  struct Config {
    std::uint16_t early_weeks = 4;
    std::uint16_t grace_days = 14;
    std::uint16_t most_weeks = 520;
    void settings(auto& is) {
      is("early_weeks", early_weeks);
      is("grace_days", grace_days);
      is("most_weeks", most_weeks);
    }
  };
  Config config;
  iro::PersonState<Open> open{"open"};  // by placement
  iro::Alarm overdue{"overdue"};

  iro::Verdict adopted(const PlacementAdopted& adopted, const iro::Event& event, iro::Effects& effects) const {
    if (adopted.begin_on() == 0 || adopted.planned_end_on() == 0 || adopted.ended_on() != 0) return iro::accept();
    const sys_days planned_end = iro::date_of(adopted.planned_end_on());
    if (planned_end - iro::date_of(adopted.begin_on()) > days(7 * config.most_weeks)) {
      return iro::reject("placement_too_long",
                         {.nl = iro::words("Een stage duurt hier hoogstens ", config.most_weeks, " weken."),
                          .en = iro::words("A placement lasts ", config.most_weeks, " weeks here at most.")});
    }
    open.put(effects, event.subject(),
             {std::string(iro::str(adopted.school())), std::string(event.person()), planned_end});
    overdue.set(effects, event.subject(), planned_end + days(1 + config.grace_days));
    return iro::accept();
  }

  void ended(const PlacementEnded& ended, const iro::Event& event, iro::Effects& effects) const {
    const auto one = open.get(effects, event.subject());
    if (!one) return;
    open.remove(effects, event.subject());
    overdue.cancel(effects, event.subject());
    if (ended.ended_on() == 0) return;
    if (one->planned_end - iro::date_of(ended.ended_on()) < days(7 * config.early_weeks)) return;
    PlacementEndedEarlyT said;
    said.placement_id = event.subject();
    said.student = one->student;
    said.school = one->school;
    said.planned_end_on = iro::to_field(one->planned_end);
    said.ended_on = ended.ended_on();
    effects.emit(said);
  }

  void forgotten(const iro::Timer& timer, iro::Effects& effects) const {
    const auto one = open.get(effects, timer.key());
    if (!one) return;
    PlacementUnfinishedT said;
    said.placement_id = timer.key();
    said.student = one->student;
    said.school = one->school;
    said.planned_end_on = iro::to_field(one->planned_end);
    said.effective_on = iro::to_field(timer.today());
    effects.emit(said);
  }
};

}  // namespace

IRO_PLUGIN(iro::plugin<PlacementEnds>()
               .on<&PlacementEnds::adopted>()
               .on<&PlacementEnds::ended>()
               .alarm<&PlacementEnds::overdue, &PlacementEnds::forgotten>())

// General practices take no first-year for longer than six weeks.
//
// An invitation that is too long is refused, and so is a place that a student
// found. A stay that is within the limit is remembered; a pause moves its last
// day. When that has passed and the stay has not ended, school and bureau are told.
#include <iro/directory.hpp>
#include <iro/events/first_year_weeks.hpp>
#include <iro/events/handover.hpp>
#include <iro/events/placement.hpp>
#include <iro/plugin.hpp>

namespace {
using namespace iro::events;
using std::chrono::days;
using std::chrono::sys_days;

struct Stay {
  std::string school;
  std::string student;
  sys_days last_day;
  std::optional<sys_days> paused_on;
  void fields(auto& f) { f(school, student, last_day, paused_on); }
};

struct FirstYearWeeks {
  struct Config {
    std::uint16_t most_weeks = 6;
    void settings(auto& is) { is("most_weeks", most_weeks); }
  };
  Config config;
  iro::Directory members{};
  iro::PersonState<Stay> stays{"stays"};  // by placement
  iro::Alarm last_day{"last_day"};

  iro::Verdict invited(const HandoverInvited& invited, iro::Effects& effects) const {
    const bool here =
        invited.year() == 1 && members.in_branch(effects, iro::str(invited.provider()), Branch::general_practice);
    return here && invited.weeks() > config.most_weeks ? too_long() : iro::accept();
  }

  iro::Verdict self_found(const PlacementSelfFound& found, const iro::Event& event, iro::Effects& effects) const {
    const bool here = found.branch() == Branch::general_practice ||
                      members.in_branch(effects, iro::str(found.provider()), Branch::general_practice);
    if (found.year() != 1 || !here || found.begin_on() == 0) return iro::accept();
    const sys_days last = iro::date_of(found.begin_on()) + days(7 * config.most_weeks - 1);
    if (found.planned_end_on() > iro::to_field(last)) return too_long();
    remember(effects, event.subject(), {std::string(iro::str(found.school())), std::string(event.person()), last, {}});
    return iro::accept();
  }

  void interrupted(const PlacementInterrupted& interrupted, const iro::Event& event, iro::Effects& effects) const {
    auto stay = stays.get(effects, event.subject());
    if (!stay) return;
    stay->paused_on = iro::date_of(interrupted.interrupted_on());
    stays.put(effects, event.subject(), *stay);
    last_day.cancel(effects, event.subject());
  }

  iro::Verdict resumed(const PlacementResumed& resumed, const iro::Event& event, iro::Effects& effects) const {
    auto stay = stays.get(effects, event.subject());
    if (!stay || !stay->paused_on) return iro::accept();
    stay->last_day += iro::date_of(resumed.resumed_on()) - *stay->paused_on;
    stay->paused_on.reset();
    if (resumed.planned_end_on() > iro::to_field(stay->last_day)) return too_long();
    remember(effects, event.subject(), *stay);
    return iro::accept();
  }

  void ended(const PlacementEnded&, const iro::Event& event, iro::Effects& effects) const {
    if (!stays.has(effects, event.subject())) return;
    stays.remove(effects, event.subject());
    last_day.cancel(effects, event.subject());
  }

  void overstayed(const iro::Timer& timer, iro::Effects& effects) const {
    const auto stay = stays.get(effects, timer.key());
    if (!stay) return;
    PlacementOverstayedT said;
    said.placement_id = timer.key();
    said.student = stay->student;
    said.school = stay->school;
    said.last_day = iro::to_field(stay->last_day);
    said.effective_on = iro::to_field(timer.today());
    effects.emit(said);
    effects.explain({.nl = "De laatste dag is voorbij en het einde is niet gemeld.",
                     .en = "The last day has passed, and nobody has said that the stay ended."});
  }

  std::string table(const iro::View& view) const {
    std::string rows;
    stays.each(view, [&](std::string_view placement, const Stay& stay) {
      rows += rows.empty() ? "" : ",";
      rows += "[" + iro::json::quoted(placement) + "," + iro::json::quoted(stay.school) + "," +
              iro::json::quoted(iro::iso(stay.last_day)) + "]";
    });
    return R"({"columns":["placement","school","last_day"],"rows":[)" + rows + "]}";
  }

 private:
  [[nodiscard]] iro::Verdict too_long() const {
    return iro::reject(
        "first_year_too_long",
        {.nl = iro::words("Een huisartsenpraktijk neemt een eerstejaars hoogstens ", config.most_weeks, " weken."),
         .en = iro::words("A general practice takes a first-year for ", config.most_weeks, " weeks at most.")});
  }
  void remember(iro::Effects& effects, std::string_view placement, const Stay& stay) const {
    stays.put(effects, placement, stay);
    last_day.set(effects, placement, stay.last_day + days(1));
  }
};

}  // namespace

IRO_PLUGIN(iro::plugin<FirstYearWeeks>()
               .with<&FirstYearWeeks::members>()
               .on<&FirstYearWeeks::invited>()
               .on<&FirstYearWeeks::self_found>()
               .on<&FirstYearWeeks::interrupted>()
               .on<&FirstYearWeeks::resumed>()
               .on<&FirstYearWeeks::ended>()
               .alarm<&FirstYearWeeks::last_day, &FirstYearWeeks::overstayed>()
               .view<"stays", &FirstYearWeeks::table>())

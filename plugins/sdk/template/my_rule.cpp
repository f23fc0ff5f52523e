// An invitation is for so many weeks at most.
#include <iro/events/handover.hpp>
#include <iro/plugin.hpp>

namespace {

struct MyRule {
  struct Config {
    std::uint16_t most_weeks = 20;
    void settings(auto& is) { is("most_weeks", most_weeks); }
  };
  Config config;

  iro::Verdict invited(const iro::events::HandoverInvited& invited) const {
    if (invited.weeks() <= config.most_weeks) return iro::accept();
    return iro::reject("too_long", {.nl = iro::words("Hoogstens ", config.most_weeks, " weken."),
                                    .en = iro::words("At most ", config.most_weeks, " weeks.")});
  }
};

}  // namespace

IRO_PLUGIN(iro::plugin<MyRule>().on<&MyRule::invited>())

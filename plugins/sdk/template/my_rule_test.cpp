// The rule, without a hub: `ctest -R my-rule.unit`, or in a debugger.
#include <iro/events/handover.hpp>
#include <iro/testing.hpp>

using iro::testing::Bench;
using iro::testing::expect;

namespace {
iro::events::HandoverInvitedT invitation(std::uint16_t weeks) {
  iro::events::HandoverInvitedT out;
  out.handover_id = "ho-1";
  out.school = "school-a";
  out.provider = "practice-a";
  out.weeks = weeks;
  return out;
}
}  // namespace

int main() {
  return iro::testing::run({
      {"twenty weeks are fine, more are not",
       [] {
         Bench bench(iro_plugin_entry);
         expect(bench.say(invitation(20)).accepted());
         expect(bench.say(invitation(21)).rejected("too_long"));
       }},
      {"the number is the region's",
       [] {
         Bench bench(iro_plugin_entry, R"({"most_weeks": 6})");
         expect(bench.say(invitation(7)).rejected("too_long"));
       }},
  });
}

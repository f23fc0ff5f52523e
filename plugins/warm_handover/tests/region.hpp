// plugins/warm_handover/tests/region.hpp: the rule on the SDK's bench, with what it says passed back to it, as the hub
// does.
#pragma once

#include <iro/testing.hpp>
#include <string>
#include <vector>

#include "plugins/warm_handover/rule.hpp"

namespace iro::handover::tests {

class Region : public iro::testing::Bench {
 public:
  explicit Region(std::string_view settings = "{}") : Bench(iro_plugin_entry, settings) {}

  /// Say it, and let the rule hear whatever it says itself.
  template <typename Native>
  iro::testing::Outcome tell(const Native& payload, const std::string& sender = "school-a") {
    auto outcome = say(payload, {.sender = sender});
    pass_on(outcome);
    return outcome;
  }
  /// Days pass, one by one.
  void wait(int days) {
    for (int i = 0; i < days; ++i) {
      for (const auto& rung : advance(std::chrono::hours(24))) pass_on(rung);
    }
  }
  std::vector<iro::testing::Emitted> said;     // everything, in order
  std::vector<std::string> faults;             // of what it heard of itself
  std::vector<std::string> refused_by_itself;  // codes

 private:
  void pass_on(const iro::testing::Outcome& outcome) {
    if (!outcome.ok()) faults.push_back(outcome.fault);
    for (const auto& one : outcome.emits) {
      said.push_back(one);
      back<HandoverCandidatesProposedT>(one);
      back<HandoverInvitedT>(one);
      back<HandoverInvitationExpiredT>(one);
      back<HandoverUnplacedT>(one);
      back<HandoverCheckDueT>(one);
      back<HandoverCompletedT>(one);
      back<HandoverProviderWithdrawnT>(one);
      back<HandoverActionDueT>(one);
      back<RiskEscalatedT>(one);
    }
  }
  template <typename Native>
  void back(const iro::testing::Emitted& one) {
    iro::testing::Outcome alone;
    alone.emits.push_back(one);
    for (const Native& native : alone.emitted<Native>()) {
      const auto outcome = say(native, {.sender = "hub"});
      if (outcome.verdict == iro::Verdict::Kind::reject) refused_by_itself.push_back(outcome.code);
      pass_on(outcome);
    }
  }
};

}  // namespace iro::handover::tests

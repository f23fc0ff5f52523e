// plugins/warm_handover/tests/property.hpp: a property under Catch. rapidcheck prints the seed and the smallest
// counterexample; run again with RC_PARAMS="seed=..." to repeat it.
#pragma once

#include <rapidcheck.h>

#include <iostream>
#include <string>

#include "tests/catch.hpp"

namespace iro::handover::tests {

template <typename Check>
void property(const std::string& name, int times, Check check) {
  rc::detail::TestMetadata metadata;
  metadata.id = name;
  metadata.description = name;
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  params.maxSuccess = times;
  const auto result = rc::detail::checkTestable(check, metadata, params);
  rc::detail::printResultMessage(result, std::cerr);
  std::cerr << '\n';
  INFO("RC_PARAMS=\"seed=" << params.seed << "\"");
  CHECK(result.template is<rc::detail::SuccessResult>());
}

}  // namespace iro::handover::tests

// plugins/chain_placement/tests/property.hpp: property tests under Catch. rapidcheck prints the seed and the smallest
// counterexample; run again with RC_PARAMS="seed=..." to repeat it.
#pragma once

#include <rapidcheck.h>

#include <iostream>
#include <string>

#include "tests/catch.hpp"

template <typename Check>
void property(const std::string& name, int times, Check check) {
  rc::detail::TestMetadata metadata;
  metadata.id = name;
  metadata.description = name;
  auto params = rc::detail::configuration().testParams;
  params.maxSuccess = times;
  const auto result = rc::detail::checkTestable(check, metadata, params);
  rc::detail::printResultMessage(result, std::cerr);
  std::cerr << '\n';
  CHECK(result.template is<rc::detail::SuccessResult>());
}

// tests/unit/schema/property.hpp: property tests under Catch. rapidcheck prints the seed and the smallest
// counterexample; run again with RC_PARAMS="seed=..." to repeat it.
#pragma once

#include <rapidcheck.h>

#include <iostream>
#include <string>

#include "tests/catch.hpp"

template <typename Check>
void property(const std::string& name, Check check) {
  rc::detail::TestMetadata metadata;
  metadata.id = name;
  metadata.description = name;
  const auto result = rc::detail::checkTestable(check, metadata);
  rc::detail::printResultMessage(result, std::cerr);
  std::cerr << '\n';
  CHECK(result.template is<rc::detail::SuccessResult>());
}

// wanted: Config says its settings
#include "rule.hpp"

struct Silent {
  struct Config {
    int weeks = 6;
  };
  Config config;
  void changed(const DemandChanged&) const {}
};
constinit const iro_entry entry = iro::plugin<Silent>().on<&Silent::changed>().entry("a", "1.0.0");

// tests/sdk/misuse/rule.hpp: what the sources here share. Alone, it is right: right.cpp compiles.
#pragma once

#include <iro/events/demand.hpp>
#include <iro/plugin.hpp>

using iro::events::DemandChanged;
using iro::events::DemandRegistered;

/// As iro_add_plugin makes it of a plugin.toml.
struct Manifest {
  static constexpr bool there = true;
  static constexpr unsigned abi_major = IRO_ABI_MAJOR, abi_minor = IRO_ABI_MINOR;
  static constexpr std::array<std::string_view, 1> judges{"nl.placements.demand.registered.v1"};
  static constexpr std::array<std::string_view, 1> reacts{"nl.placements.demand.changed.v1"};
  static constexpr std::array<std::string_view, 0> emits{}, views{};
  static constexpr std::string_view defaults = "{}";
};

struct Rule {
  iro::Alarm alarm{"alarm"};
  iro::Verdict registered(const DemandRegistered&) const { return iro::accept(); }
  iro::Verdict again(const DemandRegistered&) const { return iro::accept(); }
  void changed(const DemandChanged&, iro::Effects&) const {}
  iro::Verdict judges_changed(const DemandChanged&) const { return iro::accept(); }
  void only_reacts(const DemandRegistered&) const {}
  void forgets(const DemandChanged&) {}
  int number(const DemandChanged&) const { return 1; }
  void by_value(iro::events::DemandChangedT) const {}
  void odd(const DemandChanged&, std::string) const {}
  std::string shown(const iro::View&) const { return "{}"; }
  void rings(const DemandChanged&) const {}
};

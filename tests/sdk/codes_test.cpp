#include <iro/codes.hpp>
#include <iro/events/demand.hpp>
#include <iro/testing.hpp>

#include "tests/catch.hpp"

namespace {
using namespace iro::events;
using std::chrono::sys_days;

struct Rule {
  iro::Codes codes{};
  /// Every need is for a programme that students may begin then.
  iro::Verdict registered(const DemandRegistered& demand, iro::Effects& effects) const {
    for (const Need* need : *demand.needs()) {
      if (!codes.may_begin(effects, "programmes", iro::str(need->programme()), iro::date_of(need->begin_on()))) {
        return iro::reject("programme_not_valid", {.nl = "Opleiding niet geldig", .en = "Programme not valid"});
      }
    }
    return iro::accept();
  }
  std::string list(const iro::View& view) const {
    std::string out;
    codes.each(view, "programmes", [&](std::string_view code, const iro::ListedCode& listed) {
      out += iro::words(code, "=", listed.name, " ");
    });
    return iro::json::quoted(out);
  }
};
constinit const iro_entry entry =
    iro::plugin<Rule>().with<&Rule::codes>().on<&Rule::registered>().view<"list", &Rule::list>().entry("codes",
                                                                                                       "1.0.0");

constexpr sys_days september = std::chrono::year(2026) / 9 / 1;

CodeListedT listed(const char* list, const char* code, const char* name) {
  CodeListedT out;
  out.code_id = std::string(list) + "/" + code;
  out.list = list;
  out.code = code;
  out.name = name;
  return out;
}
DemandRegisteredT demand(const char* programme, sys_days begin) {
  DemandRegisteredT out;
  out.demand_id = "d-1";
  auto need = std::make_unique<NeedT>();
  need->programme = programme;
  need->begin_on = iro::to_field(begin);
  out.needs.push_back(std::move(need));
  return out;
}
}  // namespace

TEST_CASE("codes: a programme may begin within its dates, and only when it is listed") {
  iro::testing::Bench bench(entry);
  CHECK(bench.say(demand("25655", september)).rejected("programme_not_valid"));
  auto nurse = listed("programmes", "25655", "Mbo-Verpleegkundige");
  bench.say(nurse);
  CHECK(bench.say(demand("25655", september)).accepted());
  nurse.valid_until = iro::to_field(september);
  nurse.successor = "25999";
  bench.say(nurse);  // again: it replaces
  CHECK(bench.say(demand("25655", september)).accepted());
  CHECK(bench.say(demand("25655", september + std::chrono::days(1))).rejected("programme_not_valid"));
}

TEST_CASE("codes: lists do not mix, also when the name of one is the beginning of the other's") {
  iro::testing::Bench bench(entry);
  bench.say(listed("programmes-old", "1", "old"));
  bench.say(listed("programmes", "2", "two"));
  bench.say(listed("programmes", "1/a", "slash"));
  CHECK(bench.show("list") == R"("1%2Fa=slash 2=two ")");
}

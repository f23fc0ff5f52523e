// What the rule shows. Students appear by their place in the group, never by pseudonym.
#include <algorithm>

#include "plugins/chain_placement/rule.hpp"

namespace iro::chain {
namespace {

using iro::json::quoted;

constexpr std::size_t most_rows = 2'000;  // of one answer

/// A JSON list that is written as it comes.
class List {
 public:
  void add(const std::string& item) {
    if (++count_ > most_rows) return;
    out_ += (out_.empty() ? "" : ",") + item;
  }
  [[nodiscard]] std::string text() const { return "[" + out_ + "]"; }

 private:
  std::string out_;
  std::size_t count_ = 0;
};

template <typename... Cells>
std::string row(const Cells&... cells) {
  List out;
  const auto cell = [](const auto& value) {
    if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(value)>>) {
      return std::to_string(value);
    } else {
      return quoted(value);
    }
  };
  (out.add(cell(cells)), ...);
  return out.text();
}

std::string week_text(Week week) {
  const std::int32_t field = to_field(week);
  return iro::words(field / 100, field % 100 < 10 ? "-W0" : "-W", field % 100);
}
std::string table(const std::string& columns, const List& rows) {
  return R"({"columns":)" + columns + R"(,"rows":)" + rows.text() + "}";
}
std::string goals_of(const Chain& chain, const Leg& leg) {
  std::string out;
  for (const std::uint16_t place : leg.goals) out += (out.empty() ? "" : ", ") + chain.goals[place];
  return out;
}
bool shown(const Leg& leg) { return leg.state != LegState::superseded && leg.state != LegState::released; }

/// visit(id, chain) of the chain that was asked for, or of all.
template <typename Visit>
void each_chain(const ChainPlacement& rule, const iro::View& view, Visit visit) {
  const auto wanted = view.argument<std::string>("chain", {});
  rule.chains.each(view, [&](std::string_view key, const Chain& chain) {
    const std::string id = id_of(key);
    if (wanted.empty() || wanted == id) visit(id, chain);
  });
}

}  // namespace

std::string ChainPlacement::show_chains(const iro::View& view) const {
  List rows;
  each_chain(*this, view, [&](const std::string& id, const Chain& chain) {
    const auto count = [&](auto test) { return std::count_if(chain.legs.begin(), chain.legs.end(), test); };
    rows.add(
        row(id, chain.school, name_of(chain.state), chain.programme,
            std::count(chain.places.begin(), chain.places.end(), true), std::uint32_t{chain.k},
            week_text(chain.periods.front().weeks.front()), week_text(chain.periods[chain.k - 1U].weeks.back()),
            count([](const Leg& leg) { return leg.ahead(); }), count([](const Leg& leg) { return leg.under_way(); }),
            count([](const Leg& leg) { return leg.state == LegState::handed_on || leg.state == LegState::closed; }),
            count([](const Leg& leg) { return leg.handed_over; })));
  });
  return table(row("chain", "school", "state", "programme", "students", "group", "from", "until", "legs_ahead",
                   "legs_running", "legs_done", "handovers"),
               rows);
}

/// The square: a row a period, a column a station, and in it the places of the group.
std::string ChainPlacement::show_chain(const iro::View& view) const {
  List rows;
  List columns;
  bool first = true;
  each_chain(*this, view, [&](const std::string& id, const Chain& chain) {
    if (!std::exchange(first, false)) return;  // one square an answer: ask for a chain by name
    for (const char* name : {"chain", "period", "from", "until"}) columns.add(quoted(name));
    for (const Station& station : chain.stations) columns.add(quoted(station.provider));
    for (std::size_t p = 0; p < chain.periods.size(); ++p) {
      List cells;
      cells.add(quoted(id));
      cells.add(std::to_string(p + 1));
      cells.add(quoted(week_text(chain.periods[p].weeks.front())));
      cells.add(quoted(week_text(chain.periods[p].weeks.back())));
      for (std::size_t t = 0; t < chain.stations.size(); ++t) {
        std::string here;
        const auto add = [&](std::uint8_t no) { here += (here.empty() ? "" : ", ") + std::to_string(no); };
        const bool planned = chain.under_way() || chain.over();
        for (const Cell& cell : chain.plan) {
          if (!planned && cell.period == p + 1 && cell.station == t + 1) add(cell.student);
        }
        for (const Leg& leg : chain.legs) {
          if (planned && shown(leg) && leg.period == p + 1 && leg.station == t + 1) add(leg.student);
        }
        cells.add(quoted(here));
      }
      rows.add(cells.text());
    }
  });
  return table(columns.text(), rows);
}

std::string ChainPlacement::show_legs(const iro::View& view) const {
  List rows;
  each_chain(*this, view, [&](const std::string& id, const Chain& chain) {
    for (const Leg& leg : chain.legs) {
      rows.add(row(id, leg.id, std::uint32_t{leg.student}, std::uint32_t{leg.period}, chain.station_of(leg).provider,
                   week_text(chain.period_of(leg).weeks.front()), week_text(chain.period_of(leg).weeks.back()),
                   name_of(leg.state),
                   leg.waits         ? "waits"
                   : leg.handed_over ? "asked"
                                     : "",
                   goals_of(chain, leg)));
    }
  });
  return table(row("chain", "leg", "student", "period", "provider", "from", "until", "state", "handover", "goals"),
               rows);
}

std::string ChainPlacement::show_board(const iro::View& view) const {
  List columns;
  for (std::size_t state = 1; state < chain_names.size(); ++state) {
    List cards;
    each_chain(*this, view, [&](const std::string& id, const Chain& chain) {
      if (static_cast<std::size_t>(chain.state) != state) return;
      const auto taken = std::count(chain.places.begin(), chain.places.end(), true);
      cards.add(R"({"title":)" + quoted(id) + R"(,"text":)" +
                quoted(iro::words(chain.school, ", ", taken, "/", chain.k, ", ",
                                  week_text(chain.periods.front().weeks.front()))) +
                "}");
    });
    columns.add(R"({"title":)" + quoted(chain_names[state]) + R"(,"cards":)" + cards.text() + "}");
  }
  return R"({"columns":)" + columns.text() + "}";
}

std::string ChainPlacement::show_timeline(const iro::View& view) const {
  List items;
  each_chain(*this, view, [&](const std::string& id, const Chain& chain) {
    for (const Leg& leg : chain.legs) {
      if (!shown(leg)) continue;
      const Span& period = chain.period_of(leg);
      items.add(R"({"title":)" +
                quoted(iro::words(id, " ", leg.student, ": ", chain.station_of(leg).provider, " (", name_of(leg.state),
                                  ")")) +
                R"(,"from":)" + quoted(iro::iso(monday_of(period.weeks.front()))) + R"(,"to":)" +
                quoted(iro::iso(monday_of(period.weeks.back()) + std::chrono::days(6))) + "}");
    }
  });
  return R"({"items":)" + items.text() + "}";
}

/// Seats taken in each week, of one chain or of the region's chains together; of one provider when it is given.
std::string ChainPlacement::show_load(const iro::View& view) const {
  const auto provider = view.argument<std::string>("provider", {});
  std::map<Week, std::uint32_t> taken;
  each_chain(*this, view, [&](const std::string&, const Chain& chain) {
    for (const Leg& leg : chain.legs) {
      const Station& station = chain.station_of(leg);
      if (!shown(leg) || leg.state == LegState::failed || (!provider.empty() && station.provider != provider)) continue;
      for (const Week week : chain.period_of(leg).weeks) {
        const bool closed = std::find(station.closed.begin(), station.closed.end(), week) != station.closed.end();
        taken[week] += closed ? 0 : 1;
      }
    }
  });
  List bars;
  for (const auto& [week, seats] : taken) {
    bars.add(R"({"label":)" + quoted(week_text(week)) + R"(,"value":)" + std::to_string(seats) + "}");
  }
  return R"({"bars":)" + bars.text() + "}";
}

/// Approved hours in each of the directive's fields, over the whole programme as far as the hub has heard of it: a
/// chain closes gaps, it need not cover all.
std::string ChainPlacement::show_coverage(const iro::View& view) const {
  constexpr std::size_t fields = static_cast<std::size_t>(events::PracticeField::MAX) + 1;
  std::map<std::string, std::array<std::uint32_t, fields>> minutes;
  books.each(view, [&](std::string_view, const HoursBook& book) {
    auto& sums = minutes[book.student];
    for (const auto& [id, entry] : book.entries) {
      if (entry.approved && entry.field < fields) sums[entry.field] += entry.minutes;
    }
  });
  List rows;
  each_chain(*this, view, [&](const std::string& id, const Chain& chain) {
    for (std::uint8_t no = 1; no <= chain.k; ++no) {
      const auto who = participants.get(view, iro::key(id, std::uint32_t{no}));
      if (!who) continue;
      const auto& sums = minutes[who->student];
      List cells;
      cells.add(quoted(id));
      cells.add(std::to_string(no));
      std::string gaps;
      for (std::size_t field = 0; field < fields; ++field) {
        const auto name = events::EnumNamePracticeField(static_cast<events::PracticeField>(field));
        cells.add(std::to_string(sums[field] / 60));
        const bool counts = static_cast<events::PracticeField>(field) != events::PracticeField::other;
        if (counts && sums[field] == 0) gaps += iro::words(gaps.empty() ? "" : ", ", name);
      }
      cells.add(quoted(gaps));
      cells.add(std::to_string(who->reached.size()));
      cells.add(std::to_string(chain.goals.size()));
      rows.add(cells.text());
    }
  });
  List columns;
  columns.add(quoted("chain"));
  columns.add(quoted("student"));
  for (std::size_t field = 0; field < fields; ++field) {
    columns.add(quoted(events::EnumNamePracticeField(static_cast<events::PracticeField>(field))));
  }
  for (const char* name : {"gaps", "goals_reached", "goals"}) columns.add(quoted(name));
  return table(columns.text(), rows);
}

/// The sequence of placements, over the years, of the student who has `placement`: tasters and shared seats with the
/// rest.
std::string ChainPlacement::show_route(const iro::View& view) const {
  const auto placement = view.argument<std::string>("placement", {});
  const auto asked = usable(placement) ? steps.get(view, placement) : std::nullopt;
  std::vector<std::pair<std::string, Step>> route;
  if (asked) {
    steps.each(view, [&](std::string_view key, const Step& step) {
      if (step.student == asked->student) route.emplace_back(id_of(key), step);
    });
  }
  std::stable_sort(route.begin(), route.end(),
                   [](const auto& a, const auto& b) { return a.second.begin < b.second.begin; });
  const auto day = [](std::int32_t days) { return days == 0 ? std::string() : iro::iso(iro::date_of(days)); };
  constexpr std::array<std::string_view, 3> at{"planned", "running", "ended"};
  List rows;
  for (const auto& [id, step] : route) {
    const std::string_view kind =
        step.kind == 255 ? "" : events::EnumNamePlacementKind(static_cast<events::PlacementKind>(step.kind));
    const std::string_view branch =
        step.branch == 255 ? "" : events::EnumNameBranch(static_cast<events::Branch>(step.branch));
    rows.add(row(id, kind, branch, step.provider, std::uint32_t{step.year}, day(step.begin), day(step.end),
                 at[static_cast<std::size_t>(step.at)]));
  }
  return table(row("placement", "kind", "branch", "provider", "year", "from", "until", "state"), rows);
}

}  // namespace iro::chain

// What people see. The bureau sees the handovers, a school those that it asked for, by id and without a person;
// released figures are for all. There is no list of signals: a live count or a map of them would point at people.
#include <algorithm>
#include <functional>
#include <map>

#include "invite_file.hpp"
#include "rule.hpp"
#include "support.hpp"

namespace iro::handover {
namespace {

std::string quoted(std::string_view text) { return iro::json::quoted(text); }

/// Rows of a table, as JSON texts.
class Table {
 public:
  explicit Table(const char* columns) : columns_(columns) {}
  void row(const std::vector<std::string>& cells) {
    std::string out;
    for (const std::string& cell : cells) out += (out.empty() ? "" : ",") + quoted(cell);
    rows_ += (rows_.empty() ? "[" : ",[") + out + "]";
  }
  [[nodiscard]] std::string json() const {
    return R"({"columns":[)" + std::string(columns_) + "],\"rows\":[" + rows_ + "]}";
  }

 private:
  const char* columns_;
  std::string rows_;
};

std::string stage_text(Stage stage) { return words(name_of(stage).nl, " / ", name_of(stage).en); }
std::string day_text(const std::optional<sys_days>& day) { return day ? iro::iso(*day) : ""; }
sys_days since(const Case& one) { return one.history.empty() ? sys_days() : one.history.back().on; }

std::string figure_text(const Figure& figure) { return figure ? std::to_string(*figure) : "-"; }

std::string item_text(const Item& item) {
  return words(item.sealed ? "verzegeld / sealed" : "-", ", ",
               item.withdrawn   ? "toestemming ingetrokken / consent withdrawn"
               : item.consented ? "toestemming / consent"
                                : "geen toestemming / no consent",
               item.delivered ? ", ontvangen / delivered" : "");
}

}  // namespace

std::function<bool(const Case&)> WarmHandover::seen_by_asker(const iro::View& view) const {
  const std::string asker = view.asker();
  const auto member = members.find(view, asker);
  const bool all = asker == "operator" || (member && (member->has_role("bureau") || member->has_role("operator")));
  return [all, asker](const Case& one) { return all || one.school == asker; };
}

std::string WarmHandover::show_handovers(const iro::View& view) const {
  const bool all = view.argument<bool>("all", false);
  Table table(R"("handover","stage","since","attempt","school","provider","goals_open","hours_left","asked")");
  const auto seen = seen_by_asker(view);
  cases.each(view, [&](std::string_view, const Case& one) {
    if (!seen(one) || (one.ended() && !all)) return;
    table.row({one.id, std::string(name_of(one.stage).code), iro::iso(since(one)), std::to_string(one.attempt),
               one.school, one.provider.empty() ? one.chosen_provider : one.provider,
               std::to_string(one.need.goals.size()), std::to_string(one.hours_left()),
               std::to_string(one.providers_asked)});
  });
  return table.json();
}

std::string WarmHandover::show_handover(const iro::View& view) const {
  const std::string id = view.argument<std::string>("id", "");
  Table table(R"("field","value")");
  const auto one = find(view, id);
  if (!one || !seen_by_asker(view)(*one)) return table.json();
  table.row({"handover", one->id});
  table.row({"stage", stage_text(one->stage)});
  table.row({"since", iro::iso(since(*one))});
  table.row({"attempt", std::to_string(one->attempt)});
  table.row({"school", one->school});
  table.row({"reason_class", one->reason ? EnumNameReasonClass(*one->reason) : ""});
  table.row({"programme",
             words(one->need.programme, ", niveau / level ", one->need.level, ", jaar / year ", one->need.year)});
  table.row({"weeks", std::to_string(one->need.weeks)});
  for (const Shift shift : one->need.shifts) table.row({"shift", EnumNameShift(shift)});
  table.row({"hours_left", std::to_string(one->hours_left())});
  for (const auto& [code, text] : one->need.goals) table.row({"goal", words(code, " ", text)});
  for (const std::string& vacancy : one->shown) table.row({"proposed", vacancy});
  for (const Asked& asked : one->asked)
    table.row({"asked", words(asked.vacancy, asked.expired ? ": verlopen / expired" : ": afgewezen / declined")});
  if (one->stage == Stage::inviting)
    table.row({"invited",
               words(one->chosen_provider, " (", iro::iso(std::chrono::floor<days>(one->deadline) - days(1)), ")")});
  if (!one->provider.empty()) table.row({"provider", one->provider});
  if (one->begin) table.row({"begin_on", day_text(one->begin)});
  if (is_in(one->stage, placed)) {
    table.row({"agreement", one->agreement ? "definitief / final" : "-"});
    table.row({"arrival", one->arrival ? "bevestigd / confirmed" : "-"});
  }
  for (const auto& [item, state] : one->items) table.row({words("item ", item), item_text(state)});
  meetings.each(view, [&](std::string_view key, const Meeting& meeting) {
    if (meeting.handover == one->id) table.row({"meeting.ics", invite_file(plain(key), meeting, view.now())});
  });
  for (const Step& step : one->history) table.row({iro::iso(step.on), stage_text(step.stage)});
  return table.json();
}

std::string WarmHandover::show_board(const iro::View& view) const {
  std::map<Stage, std::string> cards;
  const auto seen = seen_by_asker(view);
  cases.each(view, [&](std::string_view, const Case& one) {
    if (!seen(one) || one.ended()) return;
    const auto waits = (view.today() - since(one)).count();
    std::string& here = cards[one.stage];
    here += (here.empty() ? "" : ",") + words(R"({"title":)", quoted(one.id), R"(,"text":)",
                                              quoted(words(one.school, ", ", waits, " dagen / days")), "}");
  });
  std::string columns;
  for (Stage stage = Stage::intake; stage <= Stage::aftercare;
       stage = static_cast<Stage>(static_cast<int>(stage) + 1)) {
    columns += words(columns.empty() ? "" : ",", R"({"title":)", quoted(stage_text(stage)), R"(,"cards":[)",
                     cards[stage], "]}");
  }
  return R"({"columns":[)" + columns + "]}";
}

std::string WarmHandover::show_timeline(const iro::View& view) const {
  const std::string id = view.argument<std::string>("id", "");
  std::string items;
  const auto seen = seen_by_asker(view);
  cases.each(view, [&](std::string_view, const Case& one) {
    if (!seen(one) || (id.empty() ? one.ended() : one.id != id)) return;
    for (std::size_t i = 0; i < one.history.size(); ++i) {
      const sys_days until = i + 1 < one.history.size() ? one.history[i + 1].on
                             : one.ended()              ? one.history[i].on
                                                        : std::max(view.today(), one.history[i].on);
      items +=
          words(items.empty() ? "" : ",", R"({"title":)", quoted(words(one.id, ": ", stage_text(one.history[i].stage))),
                R"(,"from":)", quoted(iro::iso(one.history[i].on)), R"(,"to":)", quoted(iro::iso(until)), "}");
    }
  });
  return R"({"items":[)" + items + "]}";
}

std::string WarmHandover::show_load(const iro::View& view) const {
  std::map<Stage, unsigned> open_cases;
  cases.each(view, [&](std::string_view, const Case& one) {
    if (!one.ended()) ++open_cases[one.stage];
  });
  std::string bars;
  for (Stage stage = Stage::intake; stage <= Stage::aftercare;
       stage = static_cast<Stage>(static_cast<int>(stage) + 1)) {
    bars += words(bars.empty() ? "" : ",", R"({"label":)", quoted(stage_text(stage)), R"(,"value":)", open_cases[stage],
                  "}");
  }
  return R"({"bars":[)" + bars + "]}";
}

std::string WarmHandover::show_support(const iro::View&) const {
  Table table(R"("profile","nl","en")");
  for (const Support& one : supports) {
    table.row({std::string(one.profile), words(one.says_nl, ": ", one.nl), words(one.says_en, ": ", one.en)});
  }
  return table.json();
}

std::string WarmHandover::show_dropout(const iro::View& view) const {
  Table table(R"("study_year","by","column","overload","mismatch","unknown","total")");
  releases.each(view, [&](std::string_view, const Release& one) {
    const std::string year = words(one.study_year, "-", one.study_year + 1);
    const auto row = [&](const char* by, const std::string& name, const std::array<Figure, profiles>& cells,
                         const Figure& total) {
      table.row(
          {year, by, name, figure_text(cells[0]), figure_text(cells[1]), figure_text(cells[2]), figure_text(total)});
    };
    for (std::size_t k = 0; k < dimensions; ++k) {
      for (const ReleasedColumn& column : one.tables[k])
        row(dimension_names[k], column.name, column.by_profile, column.total);
    }
    row("total", "", one.by_profile, one.total);
  });
  return table.json();
}

/// The newest release. A figure that is left out has no bar: a bar of height zero would say something else.
std::string WarmHandover::show_dropout_chart(const iro::View& view) const {
  std::optional<Release> newest;
  releases.each(view, [&](std::string_view, const Release& one) { newest = one; });
  std::string bars;
  for (std::size_t k = 0; newest && k < dimensions; ++k) {
    for (const ReleasedColumn& column : newest->tables[k]) {
      if (!column.total) continue;
      bars += words(bars.empty() ? "" : ",", R"({"label":)", quoted(words(dimension_names[k], " ", column.name)),
                    R"(,"value":)", *column.total, "}");
    }
  }
  return R"({"bars":[)" + bars + "]}";
}

}  // namespace iro::handover

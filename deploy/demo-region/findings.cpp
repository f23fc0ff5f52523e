#include "deploy/demo-region/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>

#include "deploy/demo-region/traces.hpp"

namespace iro::demo {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

/// "nl.placements.vacancy.opened.v1" -> "vacancy.opened"
std::string short_name(std::string_view type) {
  type.remove_prefix(std::string_view("nl.placements.").size());
  return std::string(type.substr(0, type.rfind('.')));
}

/// Whether the event is the one that came of the followed row.
bool answers(const Followed& row, const json::value& data) {
  return std::all_of(row.data.begin(), row.data.end(), [&](const auto& wanted) {
    const json::value* value = data.as_object().if_contains(wanted.first);
    return value != nullptr && value->is_string() && value->as_string() == wanted.second;
  });
}

class Looker {
 public:
  explicit Looker(const fs::path& root) : root_(root) {}

  Result<Findings> look() {
    auto region = load_members(root_ / "region.toml");
    if (!region) return fail(region.error());
    f_.region = std::move(*region);
    f_.members = f_.region.members.size();
    auto expected = load_expected(root_ / "expected.json");
    if (!expected) return fail(expected.error());
    expected_ = std::move(*expected);
    auto registry = schema::Registry::builtin();
    if (!registry) return fail(registry.error());

    const Keep followed = [this](const schema::EventType& type, const std::string& member, const schema::Event&) {
      return std::any_of(expected_.follow.begin(), expected_.follow.end(), [&](const Followed& row) {
        return row.member == member && short_name(type.name) == row.type;
      });
    };
    auto inboxes = read_inboxes(root_, f_.region, *registry, followed);
    if (!inboxes) return fail(inboxes.error());
    count(*inboxes, *registry);
    compare();
    for (const Followed& row : expected_.follow) IRO_TRY(follow(row, *inboxes), "follow");
    IRO_TRY(refusals(), "rejects");
    IRO_TRY(formulas(), "formulas");
    IRO_TRY(traces(), "traces of personal numbers");
    return std::move(f_);
  }

 private:
  void problem(std::string text) { f_.problems.push_back(std::move(text)); }

  void count(const Inboxes& inboxes, const schema::Registry& registry) {
    for (const auto& [type, n] : expected_.events) {
      const schema::EventType* known = registry.find_loosely(type);
      f_.types[type] = {known != nullptr ? known->routing : schema::Routing::parties, n, 0};
      f_.expected_events += n;
    }
    std::optional<TimeMs> first, last;
    for (const auto& [id, event] : inboxes.events) {
      const std::string type = short_name(event.type->name);
      f_.types[type].routing = event.type->routing;
      ++f_.types[type].arrived;
      ++by_member_[event.sender][type];
      const std::size_t entitled = event.entitled.count(), received = event.received.count();
      ClassCount& c = f_.classes[event.type->routing];
      ++c.events;
      c.entitled_low = std::min(c.entitled_low, entitled);
      c.entitled_high = std::max(c.entitled_high, entitled);
      c.received_low = std::min(c.received_low, received);
      c.received_high = std::max(c.received_high, received);
      f_.deliveries += received;
      f_.wrong += (event.received & ~event.entitled).count();
      f_.missing += (event.entitled & ~event.received).count();
      f_.repeated += event.repeated;
      if (!first || event.recorded.value() < first->value()) first = event.recorded;
      if (!last || event.recorded.value() > last->value()) last = event.recorded;
    }
    f_.events = inboxes.events.size();
    if (first) f_.seconds = std::max(1.0, static_cast<double>(last->value() - first->value()) / 1000);
  }

  void compare() {
    for (const auto& [type, n] : f_.types) {
      if (n.arrived != n.expected) problem(fmt::format("{}: {} in the files, {} arrived", type, n.expected, n.arrived));
    }
    for (const auto& [member, counts] : expected_.by_member) {
      for (const auto& [type, n] : counts) {
        const std::size_t arrived = by_member_[member][type];
        if (arrived != n) problem(fmt::format("{}: {} of its {} {} arrived", member, arrived, n, type));
      }
    }
    if (f_.wrong > 0) problem(fmt::format("{} deliveries to members that had no right to them", f_.wrong));
    if (f_.missing > 0) problem(fmt::format("{} deliveries are missing", f_.missing));
    if (f_.repeated > 0) problem(fmt::format("{} events stand twice in an inbox", f_.repeated));
  }

  Status follow(const Followed& row, const Inboxes& inboxes) {
    FollowedEvent followed;
    followed.row = row;
    followed.row_text = line_of(row);
    for (const auto& [id, line] : inboxes.lines) {
      const Arrived& event = inboxes.events.at(id);
      if (short_name(event.type->name) != row.type || event.sender != row.member) continue;
      const json::value data = json::parse(line).at("data");
      if (!answers(row, data)) continue;
      followed.id = id;
      followed.arrived = event;
      followed.data = json::serialize(data);
    }
    if (!followed.arrived) problem(fmt::format("the {} of {} line {} did not arrive", row.type, row.file, row.line));
    f_.followed.push_back(std::move(followed));
    return {};
  }

  /// The adapter moves a file that it has taken: look below the outbox too.
  [[nodiscard]] std::string line_of(const Followed& row) const {
    fs::path file = root_ / row.file;
    std::error_code error;
    if (!fs::exists(file)) {
      for (const auto& entry : fs::recursive_directory_iterator(root_ / "members" / row.member, error)) {
        const std::string name = entry.path().filename().string();
        const bool taken =
            name.find(fs::path(row.file).stem().string()) != name.npos && name.find(".rejects.") == name.npos;
        if (taken && entry.is_regular_file(error)) file = entry.path();
      }
    }
    std::ifstream in(file);
    std::string line;
    for (std::size_t n = 0; n < row.line && std::getline(in, line); ++n) {
    }
    if (line.ends_with('\r')) line.pop_back();
    return line;
  }

  Status refusals() {
    for (const Member& member : f_.region.members) {
      const auto found = expected_.bad_rows.find(member.slug);
      const std::size_t bad = found == expected_.bad_rows.end() ? 0 : found->second;
      const auto refused = count_rejects(root_ / "members" / member.slug);
      if (!refused) return fail(refused.error());
      f_.bad_rows += bad;
      f_.refused_rows += *refused;
      if (*refused != bad) problem(fmt::format("{}: {} bad rows in its files, {} refused", member.slug, bad, *refused));
    }
    return {};
  }

  /// The bureau reads every vacancy, so what went in as a formula must stand in its inbox, made harmless.
  Status formulas() {
    for (const Member& member : f_.region.members) {
      const auto found = find_formulas(root_ / "members" / member.slug);
      if (!found) return fail(found.error());
      if (found->alive > 0) problem(fmt::format("{}: {} formulas reached its files alive", member.slug, found->alive));
      if (member.role == Role::bureau) f_.formulas = found->harmless;
    }
    f_.formulas_sent = expected_.formulas;
    if (f_.formulas != expected_.formulas) {
      problem(fmt::format("{} formulas in the files, {} harmless ones at the bureau", expected_.formulas, f_.formulas));
    }
    return {};
  }

  Status traces() {
    const auto found = find_personal_numbers(root_, f_.region);
    if (!found) return fail(found.error());
    for (const std::string& trace : *found) problem(trace);
    return {};
  }

  const fs::path& root_;
  Findings f_;
  Expected expected_;
  std::map<std::string, Counts> by_member_;
};

}  // namespace

Result<Findings> look(const fs::path& root) { return Looker(root).look(); }

}  // namespace iro::demo

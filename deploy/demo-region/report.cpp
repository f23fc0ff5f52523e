// iro-demo-report: what the demo's members received, told and checked.
//
// Prints events per type, per routing class who was entitled, received and was kept out, and the two rows that the
// generator marked, from the file to the inboxes. With --check it also holds all of it against expected.json and
// exits 1 when something differs. Reads only.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "deploy/demo-region/findings.hpp"
#include "deploy/demo-region/inboxes.hpp"

namespace {

namespace fs = std::filesystem;
using namespace iro;
using namespace iro::demo;

constexpr std::string_view help =
    R"(iro-demo-report ROOT [--check]

ROOT is the demo's folder: members/, hub/, region.toml, expected.json.

  --check   compare with expected.json; exit 1 when something differs
)";

std::string dotted(std::size_t n) {
  std::string text = fmt::format("{}", n);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

std::string rate(std::size_t n, double seconds) { return fmt::format("{:.1f}", static_cast<double>(n) / seconds); }

void print_types(const Findings& f) {
  constexpr const char* row = "  {:<26}{:<12}{:>14}{:>12}{:>12}\n";
  fmt::print("\nEvents\n");
  fmt::print(row, "type", "class", "in the files", "arrived", "a second");
  for (const auto& [type, count] : f.types) {
    fmt::print(row, type, schema::name_of(count.routing), dotted(count.expected), dotted(count.arrived),
               rate(count.arrived, f.seconds));
  }
  fmt::print(row, "all", "", dotted(f.expected_events), dotted(f.events), rate(f.events, f.seconds));
  fmt::print("  from the first to the last in {:.1f} s\n", f.seconds);
}

std::string range(std::size_t low, std::size_t high) {
  return low == high ? fmt::format("{}", low) : fmt::format("{} to {}", low, high);
}

void print_classes(const Findings& f) {
  constexpr const char* row = "  {:<26}{:>12}{:>14}{:>12}{:>12}\n";
  fmt::print("\nWho may know: of {} members, for each event\n", f.members);
  fmt::print(row, "class", "events", "entitled", "received", "kept out");
  for (const auto& [routing, c] : f.classes) {
    fmt::print(row, schema::name_of(routing), dotted(c.events), range(c.entitled_low, c.entitled_high),
               range(c.received_low, c.received_high), range(f.members - c.received_high, f.members - c.received_low));
  }
  fmt::print("  {} deliveries: {} wrong, {} missing, {} twice\n", dotted(f.deliveries), f.wrong, f.missing, f.repeated);
}

void print_followed(const FollowedEvent& followed, const Region& region) {
  fmt::print("\nOne {} from file to inbox\n", followed.row.type);
  fmt::print("  the file    {} line {}\n", followed.row.file, followed.row.line);
  fmt::print("              {}\n", followed.row_text);
  if (!followed.arrived) {
    fmt::print("  the event   did not arrive\n");
    return;
  }
  fmt::print("  the event   {} about {}\n", to_string(followed.id), followed.arrived->subject);
  fmt::print("  it says     {}\n", followed.data);
  for (std::size_t i = 0; i < region.members.size(); ++i) {
    if (!followed.arrived->received[i]) continue;
    fmt::print("  received    {}{}\n", region.members[i].slug,
               region.members[i].slug == followed.arrived->sender ? " (who sent it)" : "");
  }
  fmt::print("  kept out    the other {} members\n", region.members.size() - followed.arrived->received.count());
}

int check(const Findings& f) {
  if (f.problems.empty()) {
    fmt::print("\nChecked against the input: every total is right.\n");
    return 0;
  }
  fmt::print("\nChecked against the input: {} differences\n", f.problems.size());
  constexpr std::size_t shown = 25;
  for (std::size_t i = 0; i < std::min(shown, f.problems.size()); ++i) fmt::print("  {}\n", f.problems[i]);
  if (f.problems.size() > shown) fmt::print("  and {} more\n", f.problems.size() - shown);
  return 1;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> given(argv + 1, argv + argc);
  const bool checking = given.size() == 2 && given[1] == "--check";
  if (given.empty() || given[0].starts_with("-") || given.size() > (checking ? 2U : 1U)) {
    const bool asked = !given.empty() && (given[0] == "-h" || given[0] == "--help");
    fmt::print(asked ? stdout : stderr, "{}", help);
    return asked ? 0 : 2;
  }
  const fs::path root = given[0];
  const auto findings = look(root);
  if (!findings) {
    fmt::print(stderr, "iro-demo-report: {}\n", findings.error().text());
    return 1;
  }
  print_types(*findings);
  print_classes(*findings);
  fmt::print("\nRows refused: {} of the {} that were made wrong on purpose\n", dotted(findings->refused_rows),
             dotted(findings->bad_rows));
  fmt::print("Formulas in texts: {} of {} reached the bureau, made harmless\n", findings->formulas,
             findings->formulas_sent);
  for (const FollowedEvent& followed : findings->followed) print_followed(followed, findings->region);
  return checking ? check(*findings) : 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "iro-demo-report: %s\n", e.what());
  return 1;
}

// iro-demo-region: writes a region's school year as its members' own files.
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "deploy/demo-region/files.hpp"
#include "deploy/demo-region/region.hpp"
#include "deploy/demo-region/year.hpp"

namespace {

namespace fs = std::filesystem;
using namespace iro;

constexpr std::string_view help =
    R"(iro-demo-region OUT [--size tiny|S|M|L] [--seed N] [--project DIR]

Writes OUT/members/SLUG/{outbox,inbox,mappings,private}, OUT/region.toml and OUT/expected.json: a school year of a made-up region.
The same size and seed give the same bytes. OUT must not exist yet.

  --size     tiny 200, S 5,000, M 20,000 or L 48,658 placements (S)
  --seed     another year (2026)
  --project  the project's folder, for the code list and the mappings (.)
)";

struct Arguments {
  fs::path out;
  std::string size = "S";
  std::uint64_t seed = 2026;
  fs::path project = ".";
};

std::optional<Arguments> read_arguments(const std::vector<std::string>& given) {
  Arguments a;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const bool has_value = i + 1 < given.size();
    if (given[i] == "--size" && has_value) {
      a.size = given[++i];
    } else if (given[i] == "--seed" && has_value) {
      const std::string& text = given[++i];
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), a.seed);
      if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    } else if (given[i] == "--project" && has_value) {
      a.project = given[++i];
    } else if (!given[i].starts_with("-") && a.out.empty()) {
      a.out = given[i];
    } else {
      return std::nullopt;
    }
  }
  if (a.out.empty() || !demo::placements_of_size(a.size)) return std::nullopt;
  return a;
}

Status run(const Arguments& a) {
  const fs::path folder = a.project / "deploy" / "demo-region";
  if (fs::exists(a.out)) return fail(Errc::exists, fmt::format("{} is there already", a.out.string()));
  const auto region = demo::load_region(folder / "region.toml", a.project / "schemas" / "codes" / "programmes.toml");
  if (!region) return fail(region.error());
  const demo::Year year = demo::plan_year(*region, *demo::placements_of_size(a.size), a.seed);
  auto expected = demo::write_members(*region, year, a.out, a.project);
  if (!expected) return fail(expected.error());
  expected->size = a.size;
  expected->seed = a.seed;
  IRO_TRY(demo::save_expected(*expected, a.out / "expected.json"), "expectations");
  std::error_code error;
  fs::copy_file(folder / "region.toml", a.out / "region.toml", error);
  if (error) return fail(Errc::io, fmt::format("copy from {}: {}", folder.string(), error.message()));

  std::size_t events = 0;
  std::size_t bad = 0;
  for (const auto& [type, n] : expected->events) events += n;
  for (const auto& [member, n] : expected->bad_rows) bad += n;
  fmt::print("{}: {} members, {} placements; their files hold {} events and {} bad rows\n", region->name,
             region->members.size(), year.placements.size(), events, bad);
  return {};
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> given(argv + 1, argv + argc);
  if (given.size() == 1 && (given[0] == "-h" || given[0] == "--help")) {
    fmt::print("{}", help);
    return 0;
  }
  const auto arguments = read_arguments(given);
  if (!arguments) {
    fmt::print(stderr, "{}", help);
    return 2;
  }
  if (const Status done = run(*arguments); !done) {
    fmt::print(stderr, "iro-demo-region: {}\n", done.error().text());
    return 1;
  }
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "iro-demo-region: %s\n", e.what());
  return 1;
}

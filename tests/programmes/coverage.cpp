// Concern: the scenario files of a programme walk every row of its state machines and reach every refusal.
// Plan: run them all with the rule in its real process; note which rows it explained and with which codes it refused;
// print the list, and fail when a row was not reached or a file does not hold.
//
// programmes_coverage PROGRAMME FOLDER AT-LEAST FILE...
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "plugins/chain_placement/states.hpp"
#include "plugins/scenario/runner.hpp"
#include "plugins/supervisor_pool/states.hpp"
#include "plugins/tool/places.hpp"
#include "plugins/tool/plugin_folder.hpp"
#include "plugins/warm_handover/refusals.hpp"
#include "plugins/warm_handover/states.hpp"

namespace {

using namespace iro;

/// What the rule's answers hold when a row was reached, and what people read of it here.
struct Wanted {
  std::string mark;
  std::string shown;
};

template <typename Transitions, typename Refusals>
std::vector<Wanted> wanted_of(const Transitions& transitions, const Refusals& refusals) {
  std::vector<Wanted> out;
  for (const auto& row : transitions)
    out.push_back({fmt::format("'{}'", row.en), fmt::format("transition  {}", row.en)});
  for (const auto& row : refusals)
    out.push_back({fmt::format("reject {} ", row.code), fmt::format("refusal     {}  {}", row.code, row.en)});
  return out;
}

std::vector<Wanted> wanted_of(std::string_view programme) {
  if (programme == "warm-handover") return wanted_of(handover::transitions(), handover::refusals());
  if (programme == "chain-placement") return wanted_of(chain::transitions, chain::refusals);
  if (programme == "supervisor-pool") return wanted_of(pool::transitions, pool::refusals);
  return {};
}

/// All that the rule answered in these files; nothing when one of them does not hold.
Result<std::vector<std::string>> answers(const tool::PluginFolder& folder, std::span<char* const> files) {
  const auto host = tool::plugin_host();
  if (!host) return fail(host.error());
  std::vector<std::string> out;
  for (const char* file : files) {
    const auto text = tool::read_text(file);
    if (!text) return fail(text.error());
    scenario::RunOptions options;
    options.plugins.push_back(folder.real(*host));
    options.types = folder.types.get();
    auto run = scenario::run(*text, options);
    if (run.finding)
      return fail(Errc::invalid_argument, fmt::format("{}:{}: {}", file, run.finding->line, run.finding->what));
    out.insert(out.end(), run.answers.begin(), run.answers.end());
  }
  return out;
}

int usage() {
  fmt::print(stderr,
             "usage: programmes_coverage warm-handover|chain-placement|supervisor-pool FOLDER AT-LEAST FILE...\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char* const> words(argv, static_cast<std::size_t>(argc));
  if (words.size() < 4) return usage();
  const std::vector<Wanted> wanted = wanted_of(words[1]);
  std::size_t at_least = 0;
  const std::string_view number = words[3];
  const bool is_number = std::from_chars(number.data(), number.data() + number.size(), at_least).ec == std::errc();
  if (wanted.empty() || !is_number) return usage();
  const auto folder = tool::open_folder(words[2]);
  if (!folder) {
    fmt::print(stderr, "{}\n", folder.error().text());
    return 2;
  }
  const auto files = words.subspan(4);
  const auto said = answers(*folder, files);
  if (!said) {
    fmt::print(stderr, "{}\n", said.error().text());
    return 1;
  }
  std::size_t reached = 0;
  for (const Wanted& row : wanted) {
    std::size_t times = 0;
    for (const std::string& one : *said) times += one.find(row.mark) != std::string::npos ? 1 : 0;
    reached += times > 0 ? 1 : 0;
    fmt::print("{:>9}  {}\n", times > 0 ? fmt::format("{} x", times) : std::string("NOT"), row.shown);
  }
  fmt::print("{}: {} of {} rows reached by {} scenario files (at least {} are asked)\n", words[1], reached,
             wanted.size(), files.size(), at_least);
  return reached == wanted.size() && files.size() >= at_least ? 0 : 1;
}

#include "plugins/scenario/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "plugins/scenario/script.hpp"
#include "plugins/scenario/statements.hpp"

namespace iro::scenario {
namespace {

/// What stands in place of a statement's lines.
struct Correction {
  int last_line = 0;
  std::string text;
};

std::string corrected(std::string_view text, const std::map<int, Correction>& corrections) {
  const auto lines = lines_of(text);
  std::string out;
  out.reserve(text.size());
  for (int line = 1; line <= static_cast<int>(lines.size()); ++line) {
    const auto at = corrections.find(line);
    const std::string& old = lines[static_cast<std::size_t>(line - 1)];
    if (at == corrections.end()) {
      (out += old) += '\n';
      continue;
    }
    (out += old.substr(0, old.find_first_not_of(" \t"))) += at->second.text + '\n';
    line = at->second.last_line;
  }
  return out;
}

bool expects_failure(const Statement& s) {
  return s.words.size() > 2 && s.words[0] == "expect" && s.words[2] == "fails";
}

/// One statement: what is wrong with it, if anything.
std::optional<Wrong> outcome_of(Statements& statements, const Statement& s) {
  try {
    statements.run(s);
  } catch (const Wrong& wrong) {
    return wrong;
  } catch (const std::exception& e) {
    return Wrong{e.what()};
  }
  return std::nullopt;
}

}  // namespace

Run run(std::string_view text, const RunOptions& options) {
  Run out;
  out.text = text;
  const std::vector<Statement> script = parse_script(text);
  Statements statements(options);
  std::map<int, Correction> corrections;
  int before = 1;
  for (const Statement& s : script) {
    if (const std::string why = statements.unexpected_failure(); !why.empty() && !expects_failure(s)) {
      out.finding = Finding{before, why};
      break;
    }
    const auto wrong = outcome_of(statements, s);
    if (wrong && (!options.update || wrong->instead.empty())) {
      // A plugin that failed explains more than what came of it.
      const std::string why = statements.unexpected_failure();
      out.finding = Finding{s.line, why.empty() || expects_failure(s) ? wrong->what : why};
      break;
    }
    if (wrong) corrections[s.line] = {s.last_line, wrong->instead};
    before = s.line;
    ++out.statements;
  }
  if (const std::string why = statements.unexpected_failure(); !out.finding && !why.empty())
    out.finding = Finding{before, why};
  out.answers = statements.take_answers();
  out.corrected = corrections.size();
  if (!corrections.empty()) out.text = corrected(text, corrections);
  return out;
}

}  // namespace iro::scenario

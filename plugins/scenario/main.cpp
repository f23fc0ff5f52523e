// iro-scenario: runs .scenario files with scripted plugins, and says which line was wrong.
#include <fstream>
#include <iostream>
#include <iterator>

#include "plugins/scenario/runner.hpp"
#include "plugins/scenario/script.hpp"

namespace {

bool holds(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  if (!in.good() && !in.eof()) {
    std::cerr << path << ": cannot be read\n";
    return false;
  }
  const auto run = iro::scenario::run(text, {});
  if (run.finding) {
    std::cerr << iro::scenario::shown_at(path, text, run.finding->line, run.finding->what) << '\n';
    return false;
  }
  std::cout << path << ": " << run.statements << " statements hold\n";
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: iro-scenario FILE.scenario...\n";
    return 2;
  }
  bool all = true;
  for (int i = 1; i < argc; ++i) all = holds(argv[i]) && all;
  return all ? 0 : 1;
}

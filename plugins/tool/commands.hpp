// plugins/tool/commands.hpp: what iro-plugin can be told, one function a command.
//
// Each prints what it has to say on stdout and gives the program's exit code:
// 0 good, 1 the plugin is not as it should be. What could not be looked at at all
// is an Error, and exit code 2.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "hub/base/error.hpp"

namespace iro::tool {

struct NewCommand {
  std::string name;
  std::filesystem::path dir;  // empty: the name, in the current folder
};
Result<int> run(const NewCommand& command);

struct InfoCommand {
  std::filesystem::path folder;
  bool json = false;
};
/// 1 when no hub would load it: another hash, or an object that cannot be loaded.
Result<int> run(const InfoCommand& command);

struct CheckCommand {
  std::filesystem::path folder;
  std::filesystem::path junit;  // empty: none is written
  bool json = false;
};
Result<int> run(const CheckCommand& command);

struct TestCommand {
  std::filesystem::path folder;
  std::vector<std::filesystem::path> files;
  std::vector<std::filesystem::path> with;  // other plugins that run beside it, with their defaults
  std::filesystem::path settings;           // empty: the defaults
  bool update = false;
  std::uint32_t repeat = 1;
};
Result<int> run(const TestCommand& command);

struct BenchCommand {
  std::filesystem::path folder;
  std::filesystem::path settings;
  std::uint32_t ms = 1'000;  // each row
  bool json = false;
};
Result<int> run(const BenchCommand& command);

}  // namespace iro::tool

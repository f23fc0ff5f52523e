#include "plugins/tool/new_project.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <utility>

#include "plugins/tool/plugin_folder.hpp"

namespace iro::tool {
namespace fs = std::filesystem;
namespace {

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string snake(std::string_view name) {
  std::string out(name);
  std::ranges::replace(out, '-', '_');
  return out;
}

std::string pascal(std::string_view name) {
  std::string out;
  bool first = true;
  for (const char c : name) {
    if (c != '-') out += first && is_letter(c) ? static_cast<char>(c - 'a' + 'A') : c;
    first = c == '-';
  }
  return out;
}

Status write_text(const fs::path& file, std::string_view text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (!out) return fail(Errc::io, fmt::format("{}: cannot be written", file.string()));
  return {};
}

}  // namespace

std::string wrong_name(std::string_view name) {
  const std::string_view form = "a name is 2 to 40 of a-z, 0-9 and -, a letter first: late-answers";
  const bool good = name.size() >= 2 && name.size() <= 40 && is_letter(name[0]) &&
                    std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
  if (!good) return fmt::format("'{}' cannot be the name of a plugin: {}", name, form);
  if (name.ends_with('-') || name.find("--") != std::string_view::npos)
    return fmt::format("'{}' cannot be the name of a plugin: each - stands between two words", name);
  constexpr std::array taken = {"all", "clean",   "edit-cache",    "help", "install",
                                "iro", "package", "rebuild-cache", "test"};
  if (std::ranges::find(taken, name) != taken.end())
    return fmt::format("'{}' is a name that CMake or the SDK uses itself: take one that says what the rule is about",
                       name);
  return "";
}

std::string renamed(std::string_view text, std::string_view name) {
  const std::pair<std::string_view, std::string> spellings[] = {{"my-rule", std::string(name)},
                                                                {"my_rule", snake(name)},
                                                                {"MyRule", pascal(name)},
                                                                {"Mijn regel", std::string(name)},
                                                                {"My rule", std::string(name)}};
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto* const found =
        std::ranges::find_if(spellings, [&](const auto& spelling) { return text.starts_with(spelling.first); });
    if (found == std::end(spellings)) {
      out += text.front();
      text.remove_prefix(1);
    } else {
      out += found->second;
      text.remove_prefix(found->first.size());
    }
  }
  return out;
}

Status new_project(const fs::path& templ, std::string_view name, const fs::path& folder) {
  if (const std::string why = wrong_name(name); !why.empty()) return fail(Errc::invalid_argument, why);
  std::error_code ec;
  if (fs::exists(fs::symlink_status(folder, ec)))
    return fail(Errc::exists,
                fmt::format("{} is there already: give another name, or another folder with --dir", folder.string()));
  fs::create_directories(folder, ec);
  if (ec) return fail(Errc::io, fmt::format("{}: {}", folder.string(), ec.message()));
  for (const auto& entry : fs::directory_iterator(templ, ec)) {
    if (!entry.is_regular_file()) continue;  // the template is flat; a build folder in it is nobody's business
    const auto text = read_text(entry.path());
    if (!text) return fail(text.error());
    IRO_TRY(write_text(folder / renamed(entry.path().filename().string(), name), renamed(*text, name)), "new");
  }
  if (ec) return fail(Errc::io, fmt::format("{}: {}", templ.string(), ec.message()));
  return {};
}

}  // namespace iro::tool

// The C interface against layout.txt, which only grows.
//
// A line of layout.txt is one of
//   - size STRUCT BYTES: may be there several times, what the struct was in earlier versions; only the last counts
//   - field STRUCT NAME OFFSET BYTES
//   - value NAME NUMBER, of an enum or a macro: permanent
//   - limit NAME NUMBER: may be there several times, rising: a limit is never lowered
//   - text NAME TEXT, an id: permanent
// `IRO_ABI_WRITE=1 plugin_abi` prints what the header says now.
#include <iro/plugin.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/catch.hpp"

extern "C" const iro_entry iro_plugin_entry;

namespace {

std::string read(const std::string& file) {
  std::ifstream in(std::string(IRO_PROJECT) + "/" + file);
  REQUIRE(in);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

struct Lines {
  std::vector<std::string> all;
  template <typename... Parts>
  void add(const Parts&... parts) {
    std::ostringstream line;
    std::size_t n = 0;
    ((line << (n++ > 0 ? " " : "") << parts), ...);
    all.push_back(line.str());
  }
};

/// What this header says, in its order.
std::vector<std::string> header_lines() {
  Lines out;
#define SIZE(s) out.add("size", #s, sizeof(s));
#define FIELD(s, f) out.add("field", #s, #f, offsetof(s, f), sizeof(s::f));
#define VALUE(v) out.add("value", #v, static_cast<long long>(v));
#define LIMIT(v) out.add("limit", #v, static_cast<long long>(v));
#define TEXT(v) out.add("text", #v, v);
#include "tests/abi/interface.inc"
#undef SIZE
#undef FIELD
#undef VALUE
#undef LIMIT
#undef TEXT
  return out.all;
}

/// "size iro_event 200" -> "size iro_event": what the last number is said of, for lines that may come again.
std::string subject_of(const std::string& line) {
  const bool grows = line.starts_with("size ") || line.starts_with("limit ");
  return grows ? line.substr(0, line.rfind(' ')) : line;
}
long long number_of(const std::string& line) {
  return std::strtoll(line.substr(line.rfind(' ') + 1).c_str(), nullptr, 10);
}

std::string without_comments(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text.compare(at, 2, "/*") == 0) {
      at = text.find("*/", at) + 2;
    } else {
      out += text[at++];
    }
  }
  return out;
}

/// Every name that the header defines, read from its text: fields as "struct.field".
std::set<std::string> names_in_header() {
  std::set<std::string> out;
  std::istringstream lines(without_comments(read("plugins/sdk/include/iro/plugin.h")));
  std::string in_struct;
  bool in_enum = false;
  bool begins = true;  // a declaration may go on over several lines
  for (std::string line; std::getline(lines, line);) {
    line.erase(line.find_last_not_of(" \t") + 1);
    std::istringstream words(line);
    std::string first, second, third;
    words >> first >> second >> third;
    if (first == "#define" && second.starts_with("IRO_") && second.find('(') == std::string::npos && !third.empty()) {
      if (second != "IRO_EXPORT" && !second.starts_with("IRO_ABI_")) out.insert(second);
    } else if (first == "typedef" && second == "struct" && line.find('{') != std::string::npos) {
      in_struct = third;
      out.insert(in_struct);
    } else if (first == "enum") {
      in_enum = true;
    } else if (!first.empty() && first[0] == '}') {
      in_struct.clear();
      in_enum = false;
    } else if (in_enum && first.starts_with("IRO_")) {
      out.insert(first);
    } else if (!in_struct.empty()) {
      std::string field;
      const std::size_t pointer = line.find("(*");
      if (pointer != std::string::npos) {
        // The first of a declaration; one in a continuation is a parameter.
        if (begins) {
          field = line.substr(pointer + 2, line.find(')', pointer) - pointer - 2);
        }
      } else if (const std::size_t end = line.find_first_of(";["); end != std::string::npos &&
                                                                   line.find('(') == std::string::npos &&
                                                                   line.find(')') == std::string::npos) {
        const std::size_t begin = line.find_last_of(" *", end - 1) + 1;
        field = line.substr(begin, end - begin);
      }
      if (!field.empty()) out.insert(in_struct + "." + field);
      begins = line.ends_with(';') || first.empty();
    }
  }
  return out;
}

}  // namespace

TEST_CASE("abi: the header says what layout.txt says, and layout.txt only grows") {
  const auto now = header_lines();
  if (std::getenv("IRO_ABI_WRITE") != nullptr) {
    for (const std::string& line : now) std::cout << line << '\n';
    return;
  }
  std::vector<std::string> released;
  std::map<std::string, long long> last;
  std::istringstream lines(read("tests/abi/layout.txt"));
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    INFO(line);
    const std::string subject = subject_of(line);
    if (const auto before = last.find(subject); before != last.end()) {
      CHECK(number_of(line) > before->second);  // only what grows comes again
    }
    last[subject] = number_of(line);
    released.push_back(line);
  }
  std::set<std::string> subjects;
  for (const std::string& line : now) {
    INFO(line << "\nnot in tests/abi/layout.txt: a new line goes to its end; a changed one breaks released plugins");
    subjects.insert(subject_of(line));
    REQUIRE(last.contains(subject_of(line)));
    CHECK(last[subject_of(line)] == number_of(line));
  }
  for (const auto& [subject, number] : last) {
    INFO(subject << " is gone from iro/plugin.h: released plugins use it");
    CHECK(subjects.contains(subject));
  }
}

TEST_CASE("abi: layout.txt begins with what each release had") {
  const std::string now = read("tests/abi/layout.txt");
  const std::filesystem::path folder = std::string(IRO_PROJECT) + "/tests/abi/released";
  bool this_version = false;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    INFO(file.path());
    this_version =
        this_version || file.path().stem() == std::to_string(IRO_ABI_MAJOR) + "." + std::to_string(IRO_ABI_MINOR);
    CHECK(now.starts_with(read("tests/abi/released/" + file.path().filename().string())));
  }
  CHECK(this_version);  // a new version has its copy there
}

TEST_CASE("abi: nothing in the header is left out of the comparison") {
  std::set<std::string> compared;
  for (const std::string& line : header_lines()) {
    std::istringstream words(line);
    std::string kind, name, field;
    words >> kind >> name >> field;
    compared.insert(kind == "field" ? name + "." + field : name);
  }
  for (const std::string& name : names_in_header()) {
    INFO(name << ": add it to tests/abi/interface.inc and to the end of tests/abi/layout.txt");
    CHECK(compared.contains(name));
  }
  CHECK(names_in_header().size() == compared.size());
}

TEST_CASE("abi: every struct with a size begins with it") {
  const std::set<std::string> fixed{"iro_text", "iro_bytes", "iro_id"};
  std::set<std::string> sized;
  for (const std::string& line : header_lines()) {
    if (line.starts_with("field ") && line.ends_with(" size 0 4")) {
      sized.insert(line.substr(6, line.find(' ', 6) - 6));
    }
  }
  for (const std::string& line : header_lines()) {
    if (!line.starts_with("size ")) continue;
    const std::string name = line.substr(5, line.find(' ', 5) - 5);
    INFO(name);
    CHECK(sized.contains(name) != fixed.contains(name));
  }
}

TEST_CASE("abi: a plugin in C has an entry that a host can read") {
  CHECK(iro_plugin_entry.size == sizeof(iro_entry));
  CHECK(iro_plugin_entry.abi_major == IRO_ABI_MAJOR);
  const auto* rule = static_cast<const iro_rule*>(iro_plugin_entry.query(IRO_RULE_1));
  REQUIRE(rule != nullptr);
  iro_event event{};
  event.size = sizeof event;
  event.judged = 1;
  CHECK(rule->on_event(nullptr, &event, nullptr) == IRO_OK);
  event.size = offsetof(iro_event, judged);  // a host from before the field
  CHECK(rule->on_event(nullptr, &event, nullptr) == IRO_INVALID);
}

TEST_CASE("abi: the authors' reference names everything in the header") {
  const std::string reference = read("docs/plugin-authors/reference.md");
  for (const std::string& name : names_in_header()) {
    const std::size_t dot = name.find('.');
    const std::string word = dot == std::string::npos ? name : name.substr(dot + 1);
    if (word == "size" || word == "reserved") continue;
    INFO(name << " is missing in docs/plugin-authors/reference.md");
    CHECK(reference.find(word) != std::string::npos);
  }
}

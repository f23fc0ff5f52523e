#include "hub/reaction/manifest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <toml++/toml.h>
#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <set>

#include "hub/base/crypto.hpp"
#include "hub/base/limits.hpp"
#include "hub/reaction/emission.hpp"
#include "hub/reaction/setting.hpp"

namespace iro::reaction {
namespace fs = std::filesystem;
namespace {

bool of_letters(std::string_view text, std::string_view more) {
  return std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || more.find(c) != std::string_view::npos;
  });
}
bool is_plugin_id(std::string_view id) {
  return id.size() >= 2 && id.size() <= 40 && id[0] >= 'a' && id[0] <= 'z' && of_letters(id, "-");
}
bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && name[0] >= 'a' && name[0] <= 'z' && of_letters(name, "-_");
}
bool is_type(std::string_view type) {
  return type.size() <= limits::attribute_bytes && of_letters(type, ".-") &&
         type.rfind(".v") != std::string_view::npos && std::ranges::count(type, '.') >= 3;
}
/// A file beside the manifest: no folder, nothing hidden.
bool is_file_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name[0] != '.' && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}
bool is_semantic_version(std::string_view text) {
  const std::string_view core = text.substr(0, text.find_first_of("-+"));
  int parts = 1;
  for (std::size_t i = 0; i < core.size(); ++i) {
    const bool digit = core[i] >= '0' && core[i] <= '9';
    const bool dot = core[i] == '.' && i > 0 && core[i - 1] != '.' && i + 1 < core.size();
    if (!digit && !dot) return false;
    parts += dot ? 1 : 0;
  }
  return parts == 3 && text.size() <= 64;
}

std::string join(const std::vector<std::string>& lines) { return fmt::format("{}", fmt::join(lines, "\n")); }

iro::Result<std::string> read_file(const fs::path& path, std::size_t most) {
  std::error_code ec;
  const auto size = fs::file_size(path, ec);
  if (ec) return fail(Errc::io, fmt::format("{}: {}", path.string(), ec.message()));
  if (size > most) return fail(Errc::limit_reached, fmt::format("{}: larger than {} bytes", path.string(), most));
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  if (!in.good() && !in.eof()) return fail(Errc::io, fmt::format("{}: cannot be read", path.string()));
  return text;
}

/// Reads one manifest. Complaints are collected, and reading goes on with what was there before.
class Reader {
 public:
  Reader(const toml::table& root, const fs::path& file) : root_(root), file_(file) { out_.file = file; }

  iro::Result<Manifest> read() {
    only(root_, {"plugin", "events", "schemas", "budget", "config", "view"});
    if (const auto* plugin = table(root_, "plugin", true)) read_plugin(*plugin);
    if (const auto* events = table(root_, "events", true)) read_events(*events);
    if (const auto* schemas = table(root_, "schemas", false)) read_schema_names(*schemas);
    if (const auto* budget = table(root_, "budget", false)) read_budget(*budget);
    if (const auto* config = table(root_, "config", false)) read_settings(*config);
    read_views();
    if (!complaints_.empty()) return fail(Errc::config_invalid, join(complaints_));
    return std::move(out_);
  }

 private:
  void complain(const toml::node& node, std::string_view what) {
    complaints_.push_back(fmt::format("{}:{}: {}", file_.string(), node.source().begin.line, what));
  }

  void only(const toml::table& table, std::initializer_list<std::string_view> known) {
    for (const auto& [key, value] : table) {
      if (std::ranges::find(known, key.str()) != known.end()) continue;
      complain(value, fmt::format("unknown key '{}'; known here: {}", key.str(), fmt::join(known, ", ")));
    }
  }

  const toml::table* table(const toml::table& in, std::string_view key, bool required) {
    const toml::node* node = in.get(key);
    if (node == nullptr) {
      if (required) complain(in, fmt::format("[{}] is missing", key));
      return nullptr;
    }
    if (!node->is_table()) complain(*node, fmt::format("'{}' must be a table", key));
    return node->as_table();
  }

  using Test = bool (*)(std::string_view);
  std::string text(const toml::table& in, std::string_view key, bool required, Test good = nullptr,
                   std::string_view must_be = {}) {
    const toml::node* node = in.get(key);
    if (node == nullptr) {
      if (required) complain(in, fmt::format("'{}' is missing", key));
      return "";
    }
    const auto value = node->value_exact<std::string>();
    if (!value || value->empty() || (good != nullptr && !good(*value))) {
      complain(*node, fmt::format("'{}' must be {}", key, must_be.empty() ? "a text that says something" : must_be));
      return "";
    }
    return *value;
  }

  std::int64_t number(const toml::table& in, std::string_view key, std::int64_t least, std::int64_t most,
                      std::int64_t otherwise) {
    const toml::node* node = in.get(key);
    if (node == nullptr) return otherwise;
    const auto value = node->value_exact<std::int64_t>();
    if (value && *value >= least && *value <= most) return *value;
    complain(*node, fmt::format("'{}' must be a whole number, {} to {}", key, least, most));
    return otherwise;
  }

  std::vector<std::string> texts(const toml::table& in, std::string_view key, Test good, std::string_view must_be) {
    std::vector<std::string> out;
    const toml::node* node = in.get(key);
    if (node == nullptr) return out;
    if (!node->is_array()) {
      complain(*node, fmt::format("'{}' must be a list of texts", key));
      return out;
    }
    for (const toml::node& element : *node->as_array()) {
      const auto value = element.value_exact<std::string>();
      if (!value || !good(*value)) {
        complain(element, fmt::format("'{}': each must be {}", key, must_be));
      } else if (std::ranges::find(out, *value) != out.end()) {
        complain(element, fmt::format("'{}' names {} twice", key, *value));
      } else {
        out.push_back(*value);
      }
    }
    return out;
  }

  void read_plugin(const toml::table& in) {
    only(in, {"id", "version", "abi", "object", "sha256", "nl", "en", "on_unavailable"});
    out_.spec.id = text(in, "id", true, is_plugin_id, "2 to 40 of a-z, 0-9 and -, a letter first");
    out_.version = text(in, "version", true, is_semantic_version, "a version like 1.4.0");
    read_abi(in);
    const std::string object = text(in, "object", true, is_file_name, "the name of a file beside this one");
    out_.object = file_.parent_path() / object;
    const std::string hash = text(in, "sha256", true);
    if (!hash.empty() && !from_hex(hash, out_.sha256))
      complain(*in.get("sha256"), "'sha256' must be 64 digits of 0-9 and a-f");
    out_.nl = text(in, "nl", true);
    out_.en = text(in, "en", true);
    const std::string word = in.get("on_unavailable") == nullptr ? "hold" : text(in, "on_unavailable", false);
    if (word == "reject") {
      out_.spec.on_unavailable = OnUnavailable::reject;
    } else if (word == "pass") {
      out_.spec.on_unavailable = OnUnavailable::pass;
    } else if (word != "hold") {
      complain(*in.get("on_unavailable"), "'on_unavailable' must be hold, reject or pass");
    }
  }

  void read_abi(const toml::table& in) {
    const std::string abi = text(in, "abi", true);
    if (abi.empty()) return;
    const char* const end = abi.data() + abi.size();
    const auto major = std::from_chars(abi.data(), end, out_.abi_major);
    if (major.ec == std::errc{} && major.ptr != end && *major.ptr == '.') {
      const auto minor = std::from_chars(major.ptr + 1, end, out_.abi_minor);
      if (minor.ec == std::errc{} && minor.ptr == end) return;
    }
    complain(*in.get("abi"), "'abi' must be a version like \"1.0\"");
  }

  void read_events(const toml::table& in) {
    only(in, {"judges", "reacts", "emits"});
    constexpr std::string_view form = "the full name of an event type, like nl.placements.vacancy.opened.v1";
    out_.spec.judges = texts(in, "judges", is_type, form);
    out_.spec.reacts = texts(in, "reacts", is_type, form);
    out_.spec.emits = texts(in, "emits", is_type, form);
    for (const std::string& type : out_.spec.emits) {
      if (type.starts_with(hub_types))
        complain(*in.get("emits"), fmt::format("{} is the hub's own: nobody else emits it", type));
    }
    if (out_.spec.judges.empty() && out_.spec.reacts.empty()) complain(in, "it neither judges nor reacts to anything");
  }

  void read_schema_names(const toml::table& in) {
    only(in, {"files"});
    for (const std::string& name : texts(in, "files", is_file_name, "the name of a .bfbs file beside this one")) {
      out_.schemas.push_back(file_.parent_path() / name);
    }
  }

  void read_budget(const toml::table& in) {
    only(in, {"memory_mib", "event_ms", "state_mib"});
    out_.memory_mib = static_cast<std::uint32_t>(number(in, "memory_mib", 8, 1'024, out_.memory_mib));
    out_.event_ms = number(in, "event_ms", 10, 1'000, out_.event_ms);
    out_.spec.state_bytes = static_cast<std::uint64_t>(number(in, "state_mib", 1, 1'024, 64)) << 20;
  }

  void read_settings(const toml::table& in) {
    for (const auto& [key, node] : in) {
      const auto* one = node.as_table();
      if (one == nullptr || !is_name(key.str())) {
        complain(node, fmt::format("[config.{}] must be a table, its name of a-z, 0-9, - and _", key.str()));
        continue;
      }
      read_setting(std::string(key.str()), *one);
    }
  }

  void read_setting(std::string name, const toml::table& in) {
    only(in, {"type", "default", "min", "max", "nl", "en"});
    Setting setting;
    setting.name = std::move(name);
    const std::string word = text(in, "type", true);
    if (word.empty()) return;
    const auto type = setting_type_from(word);
    if (!type) return complain(*in.get("type"), fmt::format("'type' must be one of {}", setting_type_names()));
    setting.type = *type;
    setting.min = bound(in, "min");
    setting.max = bound(in, "max");
    setting.nl = text(in, "nl", true);
    setting.en = text(in, "en", true);
    const toml::node* otherwise = in.get("default");
    if (otherwise == nullptr) return complain(in, "'default' is missing");
    auto value = value_of(*otherwise, setting.type);
    const std::string why = value ? misfit(setting, *value) : wrong_type(setting);
    if (!why.empty()) return complain(*otherwise, fmt::format("'default' {}", why));
    setting.otherwise = std::move(*value);
    out_.settings.push_back(std::move(setting));
  }

  std::optional<double> bound(const toml::table& in, std::string_view key) {
    const toml::node* node = in.get(key);
    if (node == nullptr) return std::nullopt;
    if (!node->is_number()) complain(*node, fmt::format("'{}' must be a number", key));
    return node->value<double>();
  }

  void read_views() {
    const toml::node* node = root_.get("view");
    if (node == nullptr) return;
    if (!node->is_array_of_tables()) return complain(*node, "views are written as [[view]]");
    for (const toml::node& element : *node->as_array()) read_view(*element.as_table());
  }

  void read_view(const toml::table& in) {
    only(in, {"name", "kind", "readers", "nl", "en"});
    ViewSpec view;
    view.name = text(in, "name", true, is_name, "of a-z, 0-9, - and _, a letter first");
    view.kind = text(
        in, "kind", true,
        [](std::string_view k) { return k == "table" || k == "board" || k == "timeline" || k == "chart"; },
        "table, board, timeline or chart");
    view.nl = text(in, "nl", true);
    view.en = text(in, "en", true);
    view.readers = texts(in, "readers", is_name, "roles of members");
    if (std::ranges::find(out_.spec.views, view.name, &ViewSpec::name) != out_.spec.views.end() && !view.name.empty())
      complain(in, fmt::format("two views are named {}", view.name));
    out_.spec.views.push_back(std::move(view));
  }

  const toml::table& root_;
  fs::path file_;
  Manifest out_;
  std::vector<std::string> complaints_;
};

/// Two ids, and two judges of one type, over all that were read.
void find_conflicts(const std::vector<Manifest>& all, std::vector<std::string>& problems) {
  std::map<std::string, std::vector<std::string>> by_id;
  std::map<std::string, std::vector<std::string>> by_judged;
  for (const Manifest& m : all) {
    by_id[m.spec.id].push_back(m.file.string());
    for (const std::string& type : m.spec.judges) by_judged[type].push_back(m.spec.id);
  }
  for (const auto& [id, files] : by_id) {
    if (files.size() > 1) problems.push_back(fmt::format("the plugin id '{}' is in {}", id, fmt::join(files, " and ")));
  }
  for (auto& [type, ids] : by_judged) {
    if (ids.size() > 1)
      problems.push_back(fmt::format("{} is judged by {}: one judge a type", type, fmt::join(ids, " and ")));
  }
}

}  // namespace

iro::Result<Manifest> Manifest::parse(std::string_view toml, const fs::path& file) {
  try {
    const toml::table root = toml::parse(toml, file.string());
    return Reader(root, file).read();
  } catch (const toml::parse_error& e) {
    return fail(Errc::config_invalid, fmt::format("{}:{}: {}", file.string(), e.source().begin.line, e.description()));
  }
}

iro::Result<Manifest> Manifest::load(const fs::path& file) {
  const auto text = read_file(file, limits::plugin_manifest_bytes);
  if (!text) return fail(text.error());
  return parse(*text, file);
}

Status check_object(const Manifest& manifest) {
  const auto bytes = read_file(manifest.object, limits::plugin_object_bytes);
  if (!bytes) return fail(bytes.error());
  const Hash found = sha256(as_bytes(*bytes));
  if (found == manifest.sha256) return {};
  return fail(Errc::config_invalid,
              fmt::format("{}: its sha256 is {}, and {} says {}: it is not the object that was sealed",
                          manifest.object.string(), to_hex(found), manifest.file.string(), to_hex(manifest.sha256)));
}

iro::Result<std::vector<Bytes>> read_schemas(const Manifest& manifest) {
  std::vector<Bytes> out;
  for (const fs::path& path : manifest.schemas) {
    const auto bytes = read_file(path, limits::plugin_schema_bytes);
    if (!bytes) return fail(bytes.error());
    out.push_back(to_bytes(*bytes));
  }
  return out;
}

iro::Result<std::vector<Manifest>> load_all(const fs::path& folder, const fs::path& instead) {
  std::error_code ec;
  std::set<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder, ec)) {
    const bool hidden = entry.path().filename().string().starts_with('.');  // earlier versions, and half-copied ones
    if (!hidden && entry.is_directory() && fs::exists(entry.path() / "plugin.toml"))
      files.insert(entry.path() / "plugin.toml");
  }
  const bool none_yet = !instead.empty() && ec == std::errc::no_such_file_or_directory;
  if (ec && !none_yet) return fail(Errc::io, fmt::format("{}: {}", folder.string(), ec.message()));
  if (!instead.empty()) {
    const auto manifest = Manifest::load(instead / "plugin.toml");
    if (!manifest) return fail(manifest.error());
    files.erase(folder / manifest->spec.id / "plugin.toml");
    files.insert(instead / "plugin.toml");
  }
  std::vector<Manifest> out;
  std::vector<std::string> problems;
  for (const fs::path& file : files) {
    auto manifest = Manifest::load(file);
    if (!manifest) {
      problems.push_back(manifest.error().message);
      continue;
    }
    if (const auto object = check_object(*manifest); !object) problems.push_back(object.error().message);
    out.push_back(std::move(*manifest));
  }
  find_conflicts(out, problems);
  if (problems.empty()) return out;
  return fail(Errc::config_invalid, fmt::format("plugins in {}:\n{}", folder.string(), join(problems)));
}

iro::Result<std::string> config_json(const Manifest& manifest, std::string_view text, const std::string& name) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  const bool json = begin != std::string_view::npos && text[begin] == '{';
  auto read = json ? given_from_json(text, name) : given_from_toml(text, name);
  if (!read) return fail(read.error());
  return merge(manifest.settings, std::move(*read));
}

}  // namespace iro::reaction

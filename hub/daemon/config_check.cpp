#include "hub/daemon/config_check.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <toml++/toml.h>
#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "hub/base/bytes.hpp"
#include "hub/base/z85.hpp"
#include "hub/daemon/plugin_set.hpp"

namespace iro::daemon {
namespace fs = std::filesystem;
namespace {

class Checker {
 public:
  explicit Checker(fs::path folder) : folder_(std::move(folder)) {}

  std::vector<Problem> run() {
    if (std::error_code ec; !fs::is_directory(folder_, ec)) {
      add("folder", folder_, 0, "there is no such folder", fmt::format("`iro init {}` makes a hub", folder_.string()));
      return std::move(out_);
    }
    check_settings();
    check_secrets();
    check_data();
    return std::move(out_);
  }

 private:
  void add(std::string check, const fs::path& file, std::uint32_t line, std::string what, std::string fix) {
    out_.push_back({std::move(check), file, line, std::move(what), std::move(fix)});
  }
  void warn(std::string check, const fs::path& file, std::uint32_t line, std::string what, std::string fix) {
    out_.push_back({std::move(check), file, line, std::move(what), std::move(fix), true});
  }

  std::optional<toml::table> parse(const char* check, const fs::path& file) {
    std::error_code ec;
    if (!fs::exists(file, ec)) {
      add(check, file, 0, "the file is missing",
          "restore it from your backup of the configuration, or make a new hub with `iro init`");
      return std::nullopt;
    }
    try {
      return toml::parse_file(file.string());
    } catch (const toml::parse_error& e) {
      add(check, file, e.source().begin.line, std::string(e.description()), "correct the line; the file is TOML");
      return std::nullopt;
    }
  }

  template <typename Check>
  void setting(const toml::table& table, const fs::path& file, const char* name, Check check) {
    const toml::node* node = table.get(name);
    if (node == nullptr) return;  // a setting that is not there has its default
    check(*node, [&](std::string what, std::string fix) {
      add(name, file, node->source().begin.line, std::move(what), std::move(fix));
    });
  }

  void check_settings() {
    const fs::path file = folder_ / "hub.toml";
    const auto table = parse("hub_toml", file);
    if (!table) return;
    for (const auto& [key, value] : *table) {
      if (std::ranges::find(known_settings(), key.str()) != known_settings().end()) continue;
      add("unknown_setting", file, key.source().begin.line, fmt::format("unknown setting '{}'", key.str()),
          fmt::format("take it out, or correct it: known are {}", fmt::join(known_settings(), ", ")));
    }
    setting(*table, file, "name", [](const toml::node& n, auto problem) {
      const auto v = n.value<std::string>();
      if (!v || v->empty() || v->size() > 100) problem("no text of 1 to 100 bytes", "name = \"Regio Noord\"");
    });
    setting(*table, file, "oin", [](const toml::node& n, auto problem) {
      const auto v = n.value<std::string>();
      if (!v || v->size() != 20 || v->find_first_not_of("0123456789") != std::string::npos)
        problem("no OIN: it has 20 digits, in quotes", "oin = \"00000099000000000000\", with the cooperative's own");
    });
    setting(*table, file, "log_level", [](const toml::node& n, auto problem) {
      static constexpr std::string_view levels[] = {"debug", "info", "warning", "error"};
      const auto v = n.value<std::string>();
      if (!v || std::ranges::find(levels, *v) == std::end(levels))
        problem("no level of the log", "log_level = \"info\"; or debug, warning, error");
    });
    for (const auto& number : number_settings()) {
      setting(*table, file, number.name, [&](const toml::node& n, auto problem) {
        const auto v = n.value_exact<std::int64_t>();
        if (!v || *v < number.least || *v > number.most)
          problem(fmt::format("no number from {} to {}", number.least, number.most),
                  fmt::format("{} = {}", number.name, number.usual));
      });
    }
    check_endpoints(*table, file);
    check_witness(*table, file);
    check_keys_backup(*table, file);
    check_plugins(*table, file);
  }

  struct Named {
    fs::path folder;  // as irod would use it
    std::uint32_t line = 0;
  };
  /// The folder that a setting names; nothing where it names none, or where that was told.
  std::optional<Named> named_folder(const toml::table& table, const fs::path& file, const char* name,
                                    const char* otherwise, const char* example) {
    const toml::node* node = table.get(name);
    const std::uint32_t line = node == nullptr ? 0 : node->source().begin.line;
    const auto text = node == nullptr ? std::optional<std::string>(otherwise) : node->value<std::string>();
    const bool wanted = *otherwise != '\0';
    if (!text || (wanted && text->empty())) {
      add(name, file, line, "names no folder: a path in quotes is expected", example);
      return std::nullopt;
    }
    if (text->empty()) return std::nullopt;
    return Named{fs::absolute(folder_ / *text).lexically_normal(), line};
  }

  /// What there is of a path that need not be there yet.
  static fs::path nearest(fs::path at) {
    std::error_code ec;
    while (!fs::exists(at, ec) && at.has_relative_path()) at = at.parent_path();
    return at;
  }
  /// Is there such a folder, or can it be made, and may this user write there? Tried by asking only: nothing is made.
  bool check_writable(const char* name, const fs::path& file, const Named& named) {
    const fs::path there = nearest(named.folder);
    std::error_code ec;
    if (!fs::is_directory(there, ec)) {
      add(name, file, named.line, fmt::format("{} is no folder", there.string()),
          "name another folder, or move that file away");
      return false;
    }
    if (::access(there.c_str(), W_OK | X_OK) != 0) {
      add(name, file, named.line, fmt::format("this user may not write in {}", there.string()),
          fmt::format("is it mounted? make {} for the user that runs irod: `install -d -o iro -m 700`",
                      named.folder.string()));
      return false;
    }
    return true;
  }

  /// As irod will load them, up to the point where their code would run.
  void check_plugins(const toml::table& table, const fs::path& file) {
    const auto named = named_folder(table, file, "plugins", "plugins", "plugins = \"plugins\"");
    if (!named) return;
    auto registry = schema::Registry::builtin();
    if (!registry) return;
    const auto plugins = load_plugins(named->folder, *registry);
    if (!plugins)
      add("plugins", file, named->line, plugins.error().message,
          "docs/operators/plugins.md; `iro plugin disable` takes one out of force");
    else if (!plugins->empty() && !fs::exists(plugin_host()))
      add("plugins", file, named->line, fmt::format("{} is not there, and plugins live in it", plugin_host().string()),
          "install it beside irod");
  }

  /// What tells a log that was put back from the newest one must not be lost, or put back, together with it.
  void check_witness(const toml::table& table, const fs::path& file) {
    const auto named = named_folder(table, file, "witness", "witness", "witness = \"/mnt/other/iro\"");
    if (!named || !check_writable("witness", file, *named)) return;
    struct stat there {};
    struct stat data {};
    if (::stat(nearest(named->folder).c_str(), &there) != 0 || ::stat((folder_ / "data").c_str(), &data) != 0) return;
    if (there.st_dev == data.st_dev)
      warn("witness_volume", file, named->line, "the witness is on the same volume as data/, and would go with it",
           "witness = \"/mnt/other/iro\", a folder on another disk; move witness/ there while irod is stopped");
  }

  /// Copies of the personal keys beside the log are copied along with it, and then outlive an erasure.
  void check_keys_backup(const toml::table& table, const fs::path& file) {
    const auto named =
        named_folder(table, file, "keys_backup", "", "keys_backup = \"/backup/iro-keys\", or take it out");
    if (!named || !check_writable("keys_backup", file, *named)) return;
    std::error_code ec;
    const fs::path data = fs::weakly_canonical(folder_ / "data", ec);
    const fs::path place = fs::weakly_canonical(named->folder, ec);
    if (std::ranges::mismatch(data, place).in1 == data.end())
      warn("keys_backup_place", file, named->line, "copies of the personal keys would stand inside data/",
           "keys_backup = \"/backup/iro-keys\", a folder that no other backup takes along");
  }

  void check_endpoints(const toml::table& table, const fs::path& file) {
    const toml::node* node = table.get("endpoints");
    if (node == nullptr) return;
    const toml::array* list = node->as_array();
    const std::uint32_t line = node->source().begin.line;
    if (list == nullptr || list->empty()) {
      add("endpoints", file, line, "no list of addresses", "endpoints = [\"tcp://127.0.0.1:7411\"]");
      return;
    }
    std::set<std::string> seen;
    for (const auto& item : *list) {
      const auto v = item.value<std::string>();
      const std::uint32_t at = item.source().begin.line;
      if (!v || !valid_endpoint(*v)) {
        add("endpoints", file, at, fmt::format("'{}' is no address", v.value_or("(no text)")),
            "tcp://ADDRESS:PORT or ipc:///PATH");
      } else if (!seen.insert(*v).second) {
        add("endpoints", file, at, fmt::format("'{}' is there twice", *v), "take one of them out");
      }
    }
  }

  void check_secrets() {
    const fs::path file = folder_ / "secrets.toml";
    const auto table = parse("secrets_toml", file);
    if (!table) return;
    for (const char* name : {"curve_public", "curve_secret", "operator_public"}) {
      const auto v = (*table)[name].value<std::string>();
      if (!v || !z85_decode_key(*v))
        missing_key(*table, file, name, "a CURVE key in Z85: 40 characters in single quotes");
    }
    for (const char* name : {"token_key", "receipt_key", "witness_seed"}) {
      const auto v = (*table)[name].value<std::string>();
      std::array<std::uint8_t, 32> key{};
      if (!v || !from_hex(*v, key)) missing_key(*table, file, name, "64 characters of hexadecimal");
    }
    if (struct stat s{}; ::stat(file.c_str(), &s) == 0 && (s.st_mode & 0077) != 0)
      add("secrets_mode", file, 0, "others can read the hub's own keys", fmt::format("chmod 600 {}", file.string()));
  }
  void missing_key(const toml::table& table, const fs::path& file, const char* name, const char* shape) {
    const toml::node* node = table.get(name);
    add("secrets_keys", file, node == nullptr ? 0 : node->source().begin.line,
        fmt::format("'{}' is missing or not {}", name, shape),
        "put the file back from the copy in your safe; a new key locks out every member");
  }

  void check_data() {
    const fs::path data = folder_ / "data";
    struct stat s {};
    if (::stat(data.c_str(), &s) != 0 || !S_ISDIR(s.st_mode)) {
      add("data_folder", data, 0, "the folder is missing",
          "is the disk mounted? an empty one is made with `mkdir -m 700`");
      return;
    }
    if ((s.st_mode & 0077) != 0)
      add("data_mode", data, 0, "others can look into it", fmt::format("chmod 700 {}", data.string()));
    if (::access(data.c_str(), R_OK | W_OK | X_OK) != 0)
      add("data_access", data, 0, "this user may not write there",
          "run it as the user that owns the folder (systemd: User=iro)");
  }

  static bool valid_endpoint(std::string_view e) {
    if (e.starts_with("ipc:///")) return e.size() > 7 && e.size() < 107;  // sun_path
    if (!e.starts_with("tcp://")) return false;
    const auto colon = e.rfind(':');
    if (colon <= 6 || colon + 1 >= e.size()) return false;
    const std::string_view port = e.substr(colon + 1);
    unsigned value = 0;
    const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), value);
    return ec == std::errc() && end == port.data() + port.size() && value >= 1 && value <= 65'535;
  }

  fs::path folder_;
  std::vector<Problem> out_;
};

}  // namespace

std::string Problem::text() const {
  const std::string place = line == 0 ? file.string() : fmt::format("{}:{}", file.string(), line);
  return fmt::format("{}: {}: {}{}\n    fix: {}", place, check, warning ? "warning: " : "", what, fix);
}

std::vector<Problem> check_config(const fs::path& folder) { return Checker(folder).run(); }

}  // namespace iro::daemon

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
    for (const auto& [name, least, most] : number_settings()) {
      setting(*table, file, name, [&](const toml::node& n, auto problem) {
        const auto v = n.value_exact<std::int64_t>();
        if (!v || *v < least || *v > most)
          problem(fmt::format("no number from {} to {}", least, most), fmt::format("{} = {}", name, least));
      });
    }
    check_endpoints(*table, file);
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
    for (const char* name : {"token_key", "receipt_key"}) {
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
  return fmt::format("{}: {}: {}\n    fix: {}", place, check, what, fix);
}

std::vector<Problem> check_config(const fs::path& folder) { return Checker(folder).run(); }

}  // namespace iro::daemon

#include "hub/daemon/doctor.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <fstream>
#include <set>

#include "hub/base/limits.hpp"
#include "hub/daemon/config_check.hpp"

namespace iro::daemon {
namespace fs = std::filesystem;
namespace {

/// The number behind `name` in a file of /proc; nothing when it is not there.
std::optional<std::uint64_t> number_in(const char* path, std::string_view name) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(name)) continue;
    const auto digit = line.find_first_of("0123456789", name.size());
    std::uint64_t out = 0;
    if (digit == std::string::npos) return std::nullopt;
    if (std::from_chars(line.data() + digit, line.data() + line.size(), out).ec == std::errc()) return out;
  }
  return std::nullopt;
}

class Doctor {
 public:
  Doctor(fs::path folder, const Clock& clock) : folder_(std::move(folder)), data_(folder_ / "data"), clock_(clock) {}

  std::vector<Finding> look() {
    look_at_config();
    look_at_operator();
    look_at_disk();
    look_at_log();
    look_at_machine();
    return std::move(out_);
  }

 private:
  void tell(std::string_view check, Verdict verdict, std::string detail = {}) {
    out_.push_back({check, verdict, std::move(detail)});
  }
  void tell_if(std::string_view check, bool good, std::string detail = {}, Verdict otherwise = Verdict::bad) {
    tell(check, good ? Verdict::good : otherwise, good ? std::string() : std::move(detail));
  }

  void look_at_config() {
    const auto problems = check_config(folder_);
    static constexpr std::string_view checks[] = {
        "hub_toml",     "unknown_setting", "name",           "oin",         "endpoints",         "log_level",
        "limits",       "witness",         "witness_volume", "keys_backup", "keys_backup_place", "secrets_toml",
        "secrets_keys", "secrets_mode",    "data_folder",    "data_mode",   "data_access"};
    for (const std::string_view check : checks) {
      std::string wrong;
      Verdict verdict = Verdict::warning;
      for (const Problem& p : problems) {
        const bool limit = check == "limits" &&
                           std::ranges::any_of(number_settings(), [&](const auto& s) { return s.name == p.check; });
        const bool none = check == "hub_toml" && p.check == "folder";
        if (p.check != check && !limit && !none) continue;
        if (!p.warning) verdict = Verdict::bad;
        wrong += fmt::format("{}{}:{} {}", wrong.empty() ? "" : "; ", p.file.filename().string(), p.line, p.what);
      }
      tell_if(check, wrong.empty(), wrong, verdict);
    }
    const auto home = Home::load(folder_);
    if (!home) return tell("not_debug", Verdict::skipped);
    tell_if("not_debug", home->config.log_level != "debug", "log_level = \"debug\"", Verdict::warning);
  }

  void look_at_operator() {
    const fs::path file = folder_ / "operator.key.toml";
    struct stat s {};
    const bool there = ::stat(file.c_str(), &s) == 0;
    tell_if("operator_key", there, file.string(), Verdict::warning);
    if (!there) {
      tell("operator_mode", Verdict::skipped);
      return tell("operator_match", Verdict::skipped);
    }
    tell_if("operator_mode", (s.st_mode & 0077) == 0, fmt::format("mode {:o}", s.st_mode & 0777));
    const auto home = Home::load(folder_);
    std::string text;
    std::getline(std::ifstream(file, std::ios::binary), text, '\0');
    const bool match = home && text.find(home->secrets.operator_public) != std::string::npos &&
                       text.find(home->secrets.curve_public) != std::string::npos;
    tell_if("operator_match", match, "the key is not the one in secrets.toml");
  }

  void look_at_disk() {
    struct statvfs fs_stat {};
    struct statfs type {};
    if (::statvfs(data_.c_str(), &fs_stat) != 0 || ::statfs(data_.c_str(), &type) != 0) {
      for (const char* check : {"data_local", "data_lasting", "disk_free", "inodes_free", "not_root"})
        tell(check, Verdict::skipped);
      return;
    }
    static constexpr std::uint32_t remote[] = {0x6969, 0xFF534D42, 0xFE534D42, 0x517B};  // NFS, CIFS, SMB2, SMB
    static constexpr std::uint32_t fleeting[] = {0x01021994, 0x858458F6};                // tmpfs, ramfs
    const auto magic = static_cast<std::uint32_t>(type.f_type);
    tell_if("data_local", std::ranges::find(remote, magic) == std::end(remote),
            fmt::format("file system {:#x}", magic));
    tell_if("data_lasting", std::ranges::find(fleeting, magic) == std::end(fleeting), "in memory only",
            Verdict::warning);
    const std::uint64_t free = std::uint64_t{fs_stat.f_bavail} * fs_stat.f_frsize;
    tell("disk_free",
         free < 2 * limits::disk_reserve_bytes ? Verdict::bad
         : free < limits::disk_warn_bytes      ? Verdict::warning
                                               : Verdict::good,
         fmt::format("{} MiB free", free >> 20));
    const bool inodes = fs_stat.f_files == 0 || fs_stat.f_favail > 1'000;  // 0: the file system has no such limit
    tell_if("inodes_free", inodes, fmt::format("{} left", fs_stat.f_favail), Verdict::warning);
    struct stat s {};
    tell_if("not_root", ::stat(data_.c_str(), &s) == 0 && s.st_uid != 0, "owner is root", Verdict::warning);
  }

  static std::string header_of(const fs::path& file) {
    std::string header(100, '\0');
    std::ifstream in(file, std::ios::binary);
    in.read(header.data(), static_cast<std::streamsize>(header.size()));
    header.resize(static_cast<std::size_t>(in.gcount()));
    return header;
  }
  /// An SQLite file with our page size and our reserved bytes (docs/log-format.md).
  static bool ours(const std::string& header) {
    return header.size() == 100 && header.starts_with("SQLite format 3") && header[16] == 0x10 && header[17] == 0 &&
           header[20] == static_cast<char>(limits::page_checksum_bytes);
  }

  void look_at_log() {
    std::error_code ec;
    const fs::path log = data_ / "log.db";
    const bool there = fs::exists(log, ec);
    tell_if("log_there", there, log.string(), Verdict::warning);
    const std::uint64_t size = there ? fs::file_size(log, ec) : 0;
    const std::uint64_t wal = fs::exists(data_ / "log.db-wal", ec) ? fs::file_size(data_ / "log.db-wal", ec) : 0;
    // Until its first checkpoint a log is in its WAL only.
    tell_if("log_header", size == 0 || ours(header_of(log)), "the header is another program's");
    tell_if("log_whole_pages", size % limits::page_bytes == 0, fmt::format("{} bytes", size));
    tell_if("wal_size", wal <= 4 * limits::wal_bytes, fmt::format("{} MiB", wal >> 20), Verdict::warning);
    tell_if("wal_with_log", there || wal == 0, "log.db-wal without log.db");
    const fs::path keys = data_ / "keys.db";
    const bool keyed = fs::exists(keys, ec);
    tell_if("keys_there", keyed || !there, keys.string());
    tell_if("keys_header", !keyed || fs::file_size(keys, ec) == 0 || ours(header_of(keys)),
            "the header is another program's");
    tell_if("index_there", fs::exists(data_ / "index.db", ec) || !there, "index.db is missing", Verdict::warning);
    look_at_files();
    struct stat s {};
    const bool known = there && ::stat(log.c_str(), &s) == 0;
    const std::int64_t written_ms = known ? std::int64_t{s.st_mtim.tv_sec} * 1'000 : 0;
    tell_if("clock_behind", written_ms <= clock_.now().value() + 2'000, "log.db was written later than now");
  }

  void look_at_files() {
    static const std::set<std::string> known = {"log.db",       "log.db-wal",  "log.db-shm", "keys.db",
                                                "keys.db-wal",  "keys.db-shm", "index.db",   "index.db-wal",
                                                "index.db-shm", "lock",        "witness",    "reserve"};
    std::error_code ec;
    std::string stray;
    bool open = false;
    for (const auto& entry : fs::directory_iterator(data_, ec)) {
      const std::string name = entry.path().filename().string();
      if (name.find(".db") != std::string::npos && !known.contains(name)) stray += (stray.empty() ? "" : ", ") + name;
      open = open || (entry.status(ec).permissions() & fs::perms::others_read) != fs::perms::none;
    }
    tell_if("stray_files", stray.empty(), stray, Verdict::warning);
    struct stat s {};
    const bool shut = ::stat(data_.c_str(), &s) == 0 && (s.st_mode & 0077) == 0;
    tell_if("log_mode", !open || shut, "others can read files in data/");
  }

  void look_at_machine() {
    timex t{};
    const int state = ::adjtimex(&t);
    tell("clock_synced",
         state < 0                      ? Verdict::skipped
         : (t.status & STA_UNSYNC) == 0 ? Verdict::good
                                        : Verdict::warning,
         "no time server");
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    tell_if("open_files", files.rlim_max >= 4'096, fmt::format("at most {}", files.rlim_max), Verdict::warning);
    rlimit core{};
    ::getrlimit(RLIMIT_CORE, &core);
    tell_if("no_core_dumps", core.rlim_cur == 0, "core dumps are on for this shell", Verdict::warning);
    const auto memory_kib = number_in("/proc/meminfo", "MemAvailable:");
    tell("memory_free",
         !memory_kib               ? Verdict::skipped
         : *memory_kib >= 1U << 20 ? Verdict::good
                                   : Verdict::warning,
         fmt::format("{} MiB", memory_kib.value_or(0) >> 10));
    const auto swap_kib = number_in("/proc/meminfo", "SwapTotal:");
    tell_if("no_swap", swap_kib.value_or(0) == 0, fmt::format("{} MiB of swap", swap_kib.value_or(0) >> 10),
            Verdict::warning);
    std::array<double, 1> load{};
    const long cores = ::sysconf(_SC_NPROCESSORS_ONLN);
    const bool known = ::getloadavg(load.data(), 1) == 1;
    tell_if("load", !known || load[0] < 4.0 * static_cast<double>(cores), fmt::format("load {:.1f}", load[0]),
            Verdict::warning);
  }

  fs::path folder_;
  fs::path data_;
  const Clock& clock_;
  std::vector<Finding> out_;
};

}  // namespace

std::string_view name_of(Verdict verdict) {
  static constexpr std::string_view names[] = {"good", "warning", "bad", "skipped"};
  return names[static_cast<std::size_t>(verdict)];
}

const std::vector<CheckText>& doctor_checks() {
  static const std::vector<CheckText> all = {
#define X(name, en, nl, fix_en, fix_nl) {#name, en, nl, fix_en, fix_nl},
#include "hub/daemon/doctor_checks.inc"
#undef X
  };
  return all;
}

std::vector<Finding> doctor(const fs::path& folder, const Clock& clock) { return Doctor(folder, clock).look(); }

}  // namespace iro::daemon

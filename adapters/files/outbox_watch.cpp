#include "adapters/files/outbox_watch.hpp"

#include <sys/stat.h>

#include <algorithm>

namespace iro::files {

bool is_for_taking(const std::string& name) {
  if (name.empty() || name.front() == '.' || name.starts_with("~$") || name.ends_with('~')) return false;
  return std::ranges::none_of(std::initializer_list<std::string_view>{".part", ".tmp", ".crdownload", ".lock"},
                              [&](std::string_view tail) { return name.ends_with(tail); });
}

std::vector<OutboxWatch::Entry> OutboxWatch::list(const std::filesystem::path& folder) {
  std::vector<Entry> out;
  std::error_code error;
  for (const auto& item : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = item.path().filename().string();
    struct ::stat info {};
    if (!is_for_taking(name) || ::lstat(item.path().c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    out.push_back(
        {name, static_cast<std::uint64_t>(info.st_size), info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec});
  }
  return out;
}

std::vector<std::string> OutboxWatch::ready(const std::vector<Entry>& entries, TimeMs now) {
  std::map<std::string, Seen> still;
  std::vector<const Entry*> complete;
  for (const Entry& entry : entries) {
    const auto before = seen_.find(entry.name);
    const bool same =
        before != seen_.end() && before->second.size == entry.size && before->second.modified_ns == entry.modified_ns;
    const Seen seen{entry.size, entry.modified_ns, same ? before->second.since : now};
    if (same && now.value() - seen.since.value() >= quiet_ms_) complete.push_back(&entry);
    still.emplace(entry.name, seen);
  }
  seen_ = std::move(still);
  std::ranges::sort(complete, {}, [](const Entry* e) { return std::pair(e->modified_ns, e->name); });
  std::vector<std::string> names;
  for (const Entry* entry : complete) names.push_back(entry->name);
  return names;
}

}  // namespace iro::files

#include "hub/daemon/plugin_place.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>

namespace iro::daemon {
namespace fs = std::filesystem;
namespace {

struct Places {
  Places(const fs::path& plugins, const std::string& id)
      : folder(plugins),
        now(plugins / id),
        old(plugins / fmt::format(".{}.old", id)),
        fresh(plugins / fmt::format(".{}.new", id)),
        back(plugins / fmt::format(".{}.back", id)) {}
  fs::path folder;
  fs::path now;
  fs::path old;
  fs::path fresh;
  fs::path back;
};

bool there(const fs::path& path) {
  std::error_code ec;
  return fs::exists(path, ec);
}

Status sync(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (synced) return {};
  return fail(Errc::io, fmt::format("{}: {}", path.string(), std::strerror(error)));
}

/// A folder, and everything in it.
Status sync_all(const fs::path& folder) {
  std::error_code ec;
  for (fs::recursive_directory_iterator at(folder, ec), end; !ec && at != end; at.increment(ec)) {
    if (Status synced = sync(at->path()); !synced) return synced;
  }
  if (ec) return fail(Errc::io, fmt::format("{}: {}", folder.string(), ec.message()));
  return sync(folder);
}

Status shift(const Places& at, const fs::path& from, const fs::path& to) {
  std::error_code ec;
  fs::rename(from, to, ec);
  if (ec) return fail(Errc::io, fmt::format("{} to {}: {}", from.string(), to.string(), ec.message()));
  return sync(at.folder);
}

Status drop(const fs::path& path) {
  std::error_code ec;
  fs::remove_all(path, ec);
  if (ec) return fail(Errc::io, fmt::format("{}: {}", path.string(), ec.message()));
  return {};
}

/// The version in force goes to `old`, the fresh one into its place.
Status exchange(const Places& at) {
  if (there(at.now)) {
    if (Status gone = drop(at.old); !gone) return gone;
    if (Status moved = shift(at, at.now, at.old); !moved) return moved;
  }
  return shift(at, at.fresh, at.now);
}

Status mend(const Places& at) {
  if (there(at.back)) {  // a way back that was cut short
    if (!there(at.now)) {
      if (Status moved = shift(at, there(at.old) ? at.old : at.back, at.now); !moved) return moved;
    }
    return there(at.back) && !there(at.old) ? shift(at, at.back, at.old) : Status();
  }
  // The one in force was moved away: the fresh one was complete before that.
  if (!there(at.now) && there(at.old)) return shift(at, there(at.fresh) ? at.fresh : at.old, at.now);
  return drop(at.fresh);  // half a copy
}

}  // namespace

Status put_plugin(const fs::path& plugins, const std::string& id, const fs::path& from) {
  const Places at(plugins, id);
  std::error_code ec;
  fs::create_directories(plugins, ec);
  if (ec) return fail(Errc::io, fmt::format("{}: {}", plugins.string(), ec.message()));
  if (Status mended = mend(at); !mended) return mended;
  fs::copy(from, at.fresh, fs::copy_options::recursive, ec);
  if (ec) return fail(Errc::io, fmt::format("{}: {}", at.fresh.string(), ec.message()));
  if (Status synced = sync_all(at.fresh); !synced) return synced;
  return exchange(at);
}

Status put_plugin_back(const fs::path& plugins, const std::string& id) {
  const Places at(plugins, id);
  if (Status mended = mend(at); !mended) return mended;
  if (!there(at.now) || !there(at.old))
    return fail(Errc::not_found, fmt::format("{}: there is no version before this one", at.old.string()));
  if (Status moved = shift(at, at.now, at.back); !moved) return moved;
  if (Status moved = shift(at, at.old, at.now); !moved) return moved;
  return shift(at, at.back, at.old);
}

Status mend_plugins(const fs::path& plugins) {
  std::error_code ec;
  std::set<std::string> ids;
  for (const auto& entry : fs::directory_iterator(plugins, ec)) {
    const std::string name = entry.path().filename().string();
    for (const std::string_view end : {".old", ".new", ".back"}) {
      if (name.starts_with('.') && name.size() > end.size() + 1 && name.ends_with(end))
        ids.insert(name.substr(1, name.size() - end.size() - 1));
    }
  }
  if (ec && ec != std::errc::no_such_file_or_directory && ec != std::errc::not_a_directory)
    return fail(Errc::io, fmt::format("{}: {}", plugins.string(), ec.message()));
  for (const std::string& id : ids) {
    if (Status mended = mend(Places(plugins, id)); !mended) return mended;
  }
  return {};
}

}  // namespace iro::daemon

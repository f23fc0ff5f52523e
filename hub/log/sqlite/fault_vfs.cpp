#include "hub/log/sqlite/fault_vfs.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <list>
#include <new>

#include "hub/base/assert.hpp"
#include "hub/log/sqlite/page_vfs.hpp"

namespace iro::log {
namespace {

/// What the connections to one database share: the WAL index, and locks on it and on the file.
struct Handle;
struct Shared {
  std::vector<std::unique_ptr<Bytes>> regions;
  std::list<Handle*> handles;
};

}  // namespace

struct FaultVfs::Impl {
  sqlite3_vfs vfs{};
  std::string name;
  SimulatedDisk* disk = nullptr;
  std::map<std::string, Shared> shared;
  int last_errno = 0;
  std::int64_t now_ms = 210'866'760'000'000;  // julian; goes on with each look
  int unnamed = 0;
};

namespace {

using Impl = FaultVfs::Impl;

struct Handle {
  Impl* impl = nullptr;
  SimulatedDisk::FileRef file;
  std::string name;
  bool temporary = false;
  int lock = SQLITE_LOCK_NONE;
  bool mapped = false;
  unsigned shm_shared = 0;
  unsigned shm_exclusive = 0;
};
struct File {
  sqlite3_file base;
  Handle* handle;
};
Handle& self(sqlite3_file* f) { return *reinterpret_cast<File*>(f)->handle; }
Impl& impl_of(sqlite3_vfs* v) { return *static_cast<Impl*>(v->pAppData); }

int answer(Impl& impl, DiskAnswer a, int io_error) {
  impl.last_errno = a == DiskAnswer::no_space ? ENOSPC : a == DiskAnswer::io_error ? EIO : 0;
  switch (a) {
    case DiskAnswer::done:
      return SQLITE_OK;
    case DiskAnswer::short_read:
      return SQLITE_IOERR_SHORT_READ;
    case DiskAnswer::no_space:
      return SQLITE_FULL;
    case DiskAnswer::io_error:
      break;
  }
  return io_error;
}

// -- Reading and writing ----------------------------------------------------

int read_file(sqlite3_file* f, void* out, int n, sqlite3_int64 at) {
  Handle& h = self(f);
  const std::span<std::uint8_t> to(static_cast<std::uint8_t*>(out), static_cast<std::size_t>(n));
  return answer(*h.impl, h.impl->disk->read(*h.file, static_cast<std::uint64_t>(at), to), SQLITE_IOERR_READ);
}
int write_file(sqlite3_file* f, const void* data, int n, sqlite3_int64 at) {
  Handle& h = self(f);
  const ByteView from(static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(n));
  return answer(*h.impl, h.impl->disk->write(*h.file, static_cast<std::uint64_t>(at), from), SQLITE_IOERR_WRITE);
}
int truncate_file(sqlite3_file* f, sqlite3_int64 size) {
  Handle& h = self(f);
  return answer(*h.impl, h.impl->disk->truncate(*h.file, static_cast<std::uint64_t>(size)), SQLITE_IOERR_TRUNCATE);
}
int sync_file(sqlite3_file* f, int) {
  Handle& h = self(f);
  return answer(*h.impl, h.impl->disk->sync(*h.file), SQLITE_IOERR_FSYNC);
}
int file_size(sqlite3_file* f, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(self(f).file->cache.size());
  return SQLITE_OK;
}
int file_control(sqlite3_file* f, int op, void*) {
  if (op != drop_cache_file_control) return SQLITE_NOTFOUND;
  self(f).impl->disk->drop_cache(*self(f).file);
  return SQLITE_OK;
}
int sector_size(sqlite3_file*) { return 4'096; }
int device_characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

// -- Locks ------------------------------------------------------------------

/// The other handles on the same database.
template <typename Predicate>
bool any_other(Handle& h, Predicate&& predicate) {
  const auto& all = h.impl->shared[h.name].handles;
  return std::ranges::any_of(all, [&](const Handle* o) { return o != &h && predicate(*o); });
}

int lock_file(sqlite3_file* f, int level) {
  Handle& h = self(f);
  if (h.lock >= level) return SQLITE_OK;
  const int refused_by = level == SQLITE_LOCK_SHARED     ? SQLITE_LOCK_PENDING
                         : level == SQLITE_LOCK_RESERVED ? SQLITE_LOCK_RESERVED
                                                         : SQLITE_LOCK_SHARED;
  if (any_other(h, [&](const Handle& o) { return o.lock >= refused_by; })) return SQLITE_BUSY;
  h.lock = level;
  return SQLITE_OK;
}
int unlock_file(sqlite3_file* f, int level) {
  self(f).lock = std::min(self(f).lock, level);
  return SQLITE_OK;
}
int check_reserved(sqlite3_file* f, int* out) {
  *out = any_other(self(f), [](const Handle& o) { return o.lock >= SQLITE_LOCK_RESERVED; }) ? 1 : 0;
  return SQLITE_OK;
}

int shm_map(sqlite3_file* f, int region, int size, int extend, void volatile** out) {
  Handle& h = self(f);
  auto& regions = h.impl->shared[h.name].regions;
  h.mapped = true;
  const auto wanted = static_cast<std::size_t>(region) + 1;
  *out = nullptr;
  if (regions.size() < wanted && extend == 0) return SQLITE_OK;
  while (regions.size() < wanted) regions.push_back(std::make_unique<Bytes>(static_cast<std::size_t>(size)));
  *out = regions[wanted - 1]->data();
  return SQLITE_OK;
}
int shm_lock(sqlite3_file* f, int offset, int n, int flags) {
  Handle& h = self(f);
  const unsigned mask = ((1U << n) - 1U) << offset;
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    h.shm_shared &= ~mask;
    h.shm_exclusive &= ~mask;
    return SQLITE_OK;
  }
  const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  const bool held =
      any_other(h, [&](const Handle& o) { return ((o.shm_exclusive | (exclusive ? o.shm_shared : 0U)) & mask) != 0; });
  if (held) return SQLITE_BUSY;
  (exclusive ? h.shm_exclusive : h.shm_shared) |= mask;
  return SQLITE_OK;
}
void shm_barrier(sqlite3_file*) {}
int shm_unmap(sqlite3_file* f, int) {
  Handle& h = self(f);
  h.mapped = false;
  h.shm_shared = h.shm_exclusive = 0;
  // The last one takes the index with it, as the first to open a real one empties it.
  if (!any_other(h, [](const Handle& o) { return o.mapped; })) h.impl->shared[h.name].regions.clear();
  return SQLITE_OK;
}

int close_file(sqlite3_file* f) {
  Handle* h = reinterpret_cast<File*>(f)->handle;
  h->impl->shared[h->name].handles.remove(h);
  if (h->temporary) (void)h->impl->disk->remove(h->name, true);
  delete h;  // style: raw-new, because the pointer lived in SQLite's memory
  return SQLITE_OK;
}

constexpr sqlite3_io_methods methods = {
    2,           close_file,     read_file,    write_file,  truncate_file,          sync_file, file_size, lock_file,
    unlock_file, check_reserved, file_control, sector_size, device_characteristics, shm_map,   shm_lock,  shm_barrier,
    shm_unmap,   nullptr,        nullptr};

// -- The VFS ----------------------------------------------------------------

int open_file(sqlite3_vfs* v, const char* name, sqlite3_file* f, int flags, int* out_flags) {
  Impl& impl = impl_of(v);
  f->pMethods = nullptr;
  auto handle = std::make_unique<Handle>();
  handle->impl = &impl;
  handle->temporary = name == nullptr;
  handle->name = name != nullptr ? name : "unnamed-" + std::to_string(++impl.unnamed);
  const bool create = (flags & SQLITE_OPEN_CREATE) != 0 || handle->temporary;
  if (impl.disk->open(handle->name, create, handle->file) != DiskAnswer::done) return SQLITE_CANTOPEN;
  if (out_flags != nullptr) *out_flags = flags;
  impl.shared[handle->name].handles.push_back(handle.get());
  reinterpret_cast<File*>(f)->handle = handle.release();
  f->pMethods = &methods;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* v, const char* name, int sync) {
  Impl& impl = impl_of(v);
  if (!impl.disk->is_off() && !impl.disk->exists(name)) return SQLITE_IOERR_DELETE_NOENT;
  return answer(impl, impl.disk->remove(name, sync != 0), SQLITE_IOERR_DELETE);
}
int access_file(sqlite3_vfs* v, const char* name, int, int* out) {
  *out = impl_of(v).disk->exists(name) ? 1 : 0;
  return SQLITE_OK;
}
int full_path(sqlite3_vfs*, const char* name, int size, char* out) {
  const std::size_t n = std::strlen(name);
  if (n >= static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
  std::memcpy(out, name, n + 1);
  return SQLITE_OK;
}
int randomness(sqlite3_vfs* v, int n, char* out) {
  for (int i = 0; i < n; ++i) out[i] = static_cast<char>(impl_of(v).disk->random());
  return n;
}
int sleep_us(sqlite3_vfs*, int us) { return us; }
int current_time_ms(sqlite3_vfs* v, sqlite3_int64* out) {
  *out = ++impl_of(v).now_ms;
  return SQLITE_OK;
}
int current_time(sqlite3_vfs* v, double* out) {
  *out = static_cast<double>(++impl_of(v).now_ms) / 86'400'000.0;
  return SQLITE_OK;
}
int last_error(sqlite3_vfs* v, int, char*) { return impl_of(v).last_errno; }

}  // namespace

FaultVfs::FaultVfs(std::string name, SimulatedDisk& disk) : impl_(std::make_unique<Impl>()) {
  IRO_ASSERT(sqlite3_vfs_find(name.c_str()) == nullptr, "the VFS's name is free");
  impl_->name = std::move(name);
  impl_->disk = &disk;
  sqlite3_vfs& v = impl_->vfs;
  v.iVersion = 2;
  v.szOsFile = sizeof(File);
  v.mxPathname = 1'024;
  v.zName = impl_->name.c_str();
  v.pAppData = impl_.get();
  v.xOpen = open_file;
  v.xDelete = delete_file;
  v.xAccess = access_file;
  v.xFullPathname = full_path;
  v.xRandomness = randomness;
  v.xSleep = sleep_us;
  v.xCurrentTime = current_time;
  v.xGetLastError = last_error;
  v.xCurrentTimeInt64 = current_time_ms;
  IRO_ASSERT(sqlite3_vfs_register(&v, 0) == SQLITE_OK, "SQLite takes the VFS");
}

FaultVfs::~FaultVfs() { sqlite3_vfs_unregister(&impl_->vfs); }

const std::string& FaultVfs::name() const { return impl_->name; }

void FaultVfs::insert(SimulatedDisk& disk) {
  IRO_ASSERT(std::ranges::all_of(impl_->shared, [](const auto& row) { return row.second.handles.empty(); }),
             "no file is open while the disk is changed");
  impl_->shared.clear();
  impl_->disk = &disk;
}

}  // namespace iro::log

#include "hub/log/sqlite/page_vfs.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <memory>
#include <mutex>

#include "hub/base/assert.hpp"
#include "hub/base/limits.hpp"

namespace iro::log {
namespace {

constexpr std::size_t checked_bytes = limits::page_bytes - limits::page_checksum_bytes;
constexpr sqlite3_int64 header_bytes = 100;  // of page 1: the database's header
constexpr std::size_t reserve_byte = 20;     // of the header: reserved bytes a page

thread_local std::optional<PageMismatch> last_mismatch;

// -- Dropping the page cache ------------------------------------------------

/// Descriptors of our own on files that are open below us. Closing *any*
/// descriptor of a file drops all POSIX locks that this process has on it,
/// SQLite's among them, so ours stays open until the last user has closed.
class Caches {
 public:
  void drop(const std::string& path) {
    const std::lock_guard lock(mutex_);
    Held& held = held_[path];
    if (held.users++ == 0) held.fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (held.fd >= 0) (void)::posix_fadvise(held.fd, 0, 0, POSIX_FADV_DONTNEED);
  }
  void release(const std::string& path) {
    const std::lock_guard lock(mutex_);
    const auto at = held_.find(path);
    if (at == held_.end() || --at->second.users > 0) return;
    if (at->second.fd >= 0) ::close(at->second.fd);
    held_.erase(at);
  }

 private:
  struct Held {
    int fd = -1;
    int users = 0;
  };
  std::mutex mutex_;
  std::map<std::string, Held> held_;
};
Caches& caches() {
  static Caches& instance = *new Caches;  // never destroyed: files may be closed while the process exits
  return instance;
}

// -- The file ---------------------------------------------------------------

/// What stands in the memory that SQLite gives for a file: this, and behind it the base VFS's file.
struct File {
  sqlite3_file base;
  std::string* path;  // of a database or WAL; else null
  bool held;          // caches() has a descriptor on it
  bool checked;       // a main database file

  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
File* self(sqlite3_file* f) { return reinterpret_cast<File*>(f); }
sqlite3_file* real(sqlite3_file* f) { return self(f)->real(); }

bool whole_page(int amount, sqlite3_int64 offset) {
  return amount == static_cast<int>(limits::page_bytes) && offset % static_cast<int>(limits::page_bytes) == 0;
}
std::uint32_t page_number(sqlite3_int64 offset) {
  return static_cast<std::uint32_t>(offset / static_cast<int>(limits::page_bytes) + 1);
}

int close_file(sqlite3_file* f) {
  const int rc = real(f)->pMethods->xClose(real(f));
  if (self(f)->held) caches().release(*self(f)->path);
  delete self(f)->path;
  self(f)->path = nullptr;
  return rc;
}

bool checksum_fits(const std::uint8_t* page, std::uint32_t number) {
  std::uint64_t stored = 0;
  std::memcpy(&stored, page + checked_bytes, sizeof stored);
  return stored == page_checksum(number, {page, limits::page_bytes});
}

int read_file(sqlite3_file* f, void* out, int amount, sqlite3_int64 offset) {
  const int rc = real(f)->pMethods->xRead(real(f), out, amount, offset);
  if (rc != SQLITE_OK || !self(f)->checked) return rc;
  // Parts of the header are read when a file is opened, before its page size is known; it is read again as a page.
  if (offset + amount <= header_bytes) return rc;
  // Any other size means that the page size in the header is not the one it was made with.
  if (whole_page(amount, offset) && checksum_fits(static_cast<const std::uint8_t*>(out), page_number(offset))) {
    return SQLITE_OK;
  }
  last_mismatch = PageMismatch{*self(f)->path, page_number(offset)};
  return SQLITE_IOERR_DATA;
}

int write_file(sqlite3_file* f, const void* data, int amount, sqlite3_int64 offset) {
  if (!self(f)->checked) return real(f)->pMethods->xWrite(real(f), data, amount, offset);
  const auto* page = static_cast<const std::uint8_t*>(data);
  // Anything but a page of ours would be damaged by the checksum: better no write at all.
  if (!whole_page(amount, offset)) return SQLITE_IOERR_WRITE;
  if (offset == 0 && page[reserve_byte] != limits::page_checksum_bytes) return SQLITE_IOERR_WRITE;
  alignas(64) std::uint8_t copy[limits::page_bytes];  // the buffer is SQLite's cache: not ours to change
  std::memcpy(copy, page, checked_bytes);
  const std::uint64_t checksum = page_checksum(page_number(offset), {copy, limits::page_bytes});
  std::memcpy(copy + checked_bytes, &checksum, sizeof checksum);
  return real(f)->pMethods->xWrite(real(f), copy, amount, offset);
}

int truncate_file(sqlite3_file* f, sqlite3_int64 size) { return real(f)->pMethods->xTruncate(real(f), size); }
int sync_file(sqlite3_file* f, int flags) { return real(f)->pMethods->xSync(real(f), flags); }
int file_size(sqlite3_file* f, sqlite3_int64* size) { return real(f)->pMethods->xFileSize(real(f), size); }
int lock_file(sqlite3_file* f, int level) { return real(f)->pMethods->xLock(real(f), level); }
int unlock_file(sqlite3_file* f, int level) { return real(f)->pMethods->xUnlock(real(f), level); }
int check_reserved(sqlite3_file* f, int* out) { return real(f)->pMethods->xCheckReservedLock(real(f), out); }
int file_control(sqlite3_file* f, int op, void* arg) { return real(f)->pMethods->xFileControl(real(f), op, arg); }
int sector_size(sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); }
int device_characteristics(sqlite3_file* f) {
  int traits = real(f)->pMethods->xDeviceCharacteristics(real(f));
#ifdef SQLITE_IOCAP_SUBPAGE_READ
  traits &= ~SQLITE_IOCAP_SUBPAGE_READ;  // a part of a page cannot be checked
#endif
  return traits;
}
int shm_map(sqlite3_file* f, int region, int size, int extend, void volatile** out) {
  return real(f)->pMethods->xShmMap(real(f), region, size, extend, out);
}
int shm_lock(sqlite3_file* f, int offset, int n, int flags) {
  return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
}
void shm_barrier(sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); }
int shm_unmap(sqlite3_file* f, int remove) { return real(f)->pMethods->xShmUnmap(real(f), remove); }

// Version 2: without xFetch, so that no page can come past read_file() by mmap.
constexpr sqlite3_io_methods methods = {
    2,           close_file,     read_file,    write_file,  truncate_file,          sync_file, file_size, lock_file,
    unlock_file, check_reserved, file_control, sector_size, device_characteristics, shm_map,   shm_lock,  shm_barrier,
    shm_unmap,   nullptr,        nullptr};

// -- The VFS ----------------------------------------------------------------

struct Vfs {
  sqlite3_vfs vfs{};
  sqlite3_vfs* base = nullptr;
  std::string name;
  std::string base_name;
};
sqlite3_vfs* base_of(sqlite3_vfs* v) { return static_cast<Vfs*>(v->pAppData)->base; }

/// SQLite takes away the journal of a database that it finds empty. If it is empty because a rollback has just cut it
/// off, the power may bring back the torn page that was there, and no journal any more to undo it: so it is made
/// certain first.
int settle_if_empty(sqlite3_file* f) {
  sqlite3_int64 size = 0;
  const int rc = real(f)->pMethods->xFileSize(real(f), &size);
  return rc != SQLITE_OK || size > 0 ? rc : real(f)->pMethods->xSync(real(f), SQLITE_SYNC_NORMAL);
}

int open_file(sqlite3_vfs* v, const char* name, sqlite3_file* f, int flags, int* out_flags) {
  File* file = self(f);
  const bool database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
  const bool cached = name != nullptr && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0;
  file->base.pMethods = nullptr;
  file->path = nullptr;
  file->held = false;
  file->checked = database;
  const int rc = base_of(v)->xOpen(base_of(v), name, file->real(), flags, out_flags);
  if (file->real()->pMethods == nullptr) return rc;
  file->base.pMethods = &methods;  // from here on SQLite calls xClose, also after an error
  if (rc != SQLITE_OK || !cached) return rc;
  file->path = new std::string(name);  // style: raw-new, because it lives in SQLite's memory until close_file()
  if (real(f)->pMethods->xFileControl(real(f), drop_cache_file_control, nullptr) == SQLITE_NOTFOUND) {
    caches().drop(*file->path);
    file->held = true;
  }
  return database && (flags & SQLITE_OPEN_READWRITE) != 0 ? settle_if_empty(f) : SQLITE_OK;
}

int delete_file(sqlite3_vfs* v, const char* n, int sync) { return base_of(v)->xDelete(base_of(v), n, sync); }
int access_file(sqlite3_vfs* v, const char* n, int f, int* r) { return base_of(v)->xAccess(base_of(v), n, f, r); }
int full_path(sqlite3_vfs* v, const char* n, int s, char* o) { return base_of(v)->xFullPathname(base_of(v), n, s, o); }
void* dl_open(sqlite3_vfs* v, const char* n) { return base_of(v)->xDlOpen(base_of(v), n); }
void dl_error(sqlite3_vfs* v, int n, char* o) { base_of(v)->xDlError(base_of(v), n, o); }
void (*dl_symbol(sqlite3_vfs* v, void* h, const char* s))() { return base_of(v)->xDlSym(base_of(v), h, s); }
void dl_close(sqlite3_vfs* v, void* h) { base_of(v)->xDlClose(base_of(v), h); }
int randomness(sqlite3_vfs* v, int n, char* o) { return base_of(v)->xRandomness(base_of(v), n, o); }
int sleep_us(sqlite3_vfs* v, int us) { return base_of(v)->xSleep(base_of(v), us); }
int last_error(sqlite3_vfs* v, int n, char* o) { return base_of(v)->xGetLastError(base_of(v), n, o); }
int current_time(sqlite3_vfs* v, double* t) { return base_of(v)->xCurrentTime(base_of(v), t); }
int current_time_ms(sqlite3_vfs* v, sqlite3_int64* t) { return base_of(v)->xCurrentTimeInt64(base_of(v), t); }

std::unique_ptr<Vfs> make_vfs(const std::string& name, const std::string& base_name, sqlite3_vfs* base) {
  auto out = std::make_unique<Vfs>();
  out->base = base;
  out->name = name;
  out->base_name = base_name;
  sqlite3_vfs& v = out->vfs;
  v.iVersion = 2;
  v.szOsFile = static_cast<int>(sizeof(File)) + base->szOsFile;
  v.mxPathname = base->mxPathname;
  v.zName = out->name.c_str();
  v.pAppData = out.get();
  v.xOpen = open_file;
  v.xDelete = delete_file;
  v.xAccess = access_file;
  v.xFullPathname = full_path;
  v.xDlOpen = dl_open;
  v.xDlError = dl_error;
  v.xDlSym = dl_symbol;
  v.xDlClose = dl_close;
  v.xRandomness = randomness;
  v.xSleep = sleep_us;
  v.xCurrentTime = current_time;
  v.xGetLastError = last_error;
  v.xCurrentTimeInt64 = current_time_ms;
  return out;
}

}  // namespace

Status register_page_vfs(const std::string& name, const std::string& base_name) {
  static std::mutex mutex;
  static auto& registered = *new std::map<std::string, std::unique_ptr<Vfs>>;  // SQLite keeps pointers to them
  const std::lock_guard lock(mutex);
  if (sodium_init() < 0) return fail(Errc::internal, "libsodium does not start");
  sqlite3_vfs* base = sqlite3_vfs_find(base_name.empty() ? nullptr : base_name.c_str());
  if (base == nullptr || base->iVersion < 2) return fail(Errc::invalid_argument, "no VFS named " + base_name);
  if (const auto known = registered.find(name); known != registered.end()) {
    if (known->second->base_name == base_name) return {};
    return fail(Errc::exists, "the VFS " + name + " stands over another one");
  }
  auto vfs = make_vfs(name, base_name, base);
  if (const int rc = sqlite3_vfs_register(&vfs->vfs, 0); rc != SQLITE_OK) {
    return fail(Errc::internal, std::string("register VFS: ") + sqlite3_errstr(rc));
  }
  registered[name] = std::move(vfs);
  return {};
}

std::uint64_t page_checksum(std::uint32_t number, ByteView page) {
  IRO_ASSERT(page.size() == limits::page_bytes, "a whole page");
  static_assert(crypto_shorthash_BYTES == limits::page_checksum_bytes);
  std::uint8_t key[crypto_shorthash_KEYBYTES] = {};
  std::memcpy(key, &number, sizeof number);
  std::uint8_t hash[crypto_shorthash_BYTES];
  crypto_shorthash(hash, page.data(), checked_bytes, key);
  std::uint64_t out = 0;
  std::memcpy(&out, hash, sizeof out);
  return out;
}

std::optional<PageMismatch> take_page_mismatch() {
  auto out = std::move(last_mismatch);
  last_mismatch.reset();
  return out;
}

}  // namespace iro::log

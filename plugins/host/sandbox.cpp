#include "plugins/host/sandbox.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/landlock.h>
#include <poll.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace iro::host {
namespace {

constexpr std::size_t loading_bytes = 256U << 20;  // libraries that a plugin may bring along, mapped
constexpr rlim_t loading_files = 32;
constexpr rlim_t stack_bytes = 8U << 20;

tl::unexpected<Error> system_error(std::string_view what) {
  return fail(Errc::io, fmt::format("sandbox: {}: {}", what, std::strerror(errno)));
}

Status set_limit(__rlimit_resource_t resource, rlim_t value, std::string_view name) {
  const rlimit both{value, value};
  if (::setrlimit(resource, &both) != 0) return system_error(name);
  return {};
}

/// A constructor of the object may have undone these: they are said again before it runs on.
Status bind_to_parent() {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return system_error("die with the hub");
  if (::prctl(PR_SET_DUMPABLE, 0) != 0) return system_error("no traces");
  return {};
}

/// A system call, by conditions on its arguments; all of one rule must hold.
struct Rule {
  int call;
  std::array<scmp_arg_cmp, 2> conditions{};
  unsigned count = 0;
};
Rule any(int call) { return {call, {}, 0}; }
Rule when(int call, scmp_arg_cmp one) { return {call, {one, {}}, 1}; }
Rule when(int call, scmp_arg_cmp one, scmp_arg_cmp two) { return {call, {one, two}, 2}; }

scmp_arg_cmp is(unsigned argument, std::uint64_t value) { return {argument, SCMP_CMP_EQ, value, 0}; }
scmp_arg_cmp without(unsigned argument, std::uint64_t bits) { return {argument, SCMP_CMP_MASKED_EQ, bits, 0}; }

/// Compute, talk on the channel, print, end.
std::vector<Rule> running_rules(int channel) {
  const auto self = static_cast<std::uint64_t>(::getpid());
  return {
      when(SCMP_SYS(recvmsg), is(0, static_cast<std::uint64_t>(channel))),
      when(SCMP_SYS(sendmsg), is(0, static_cast<std::uint64_t>(channel))),
      when(SCMP_SYS(write), is(0, 1)),
      when(SCMP_SYS(write), is(0, 2)),
      when(SCMP_SYS(writev), is(0, 2)),  // glibc's last line before abort()
      when(SCMP_SYS(mmap), without(2, PROT_EXEC)),
      when(SCMP_SYS(mprotect), without(2, PROT_EXEC)),
      any(SCMP_SYS(munmap)),
      any(SCMP_SYS(mremap)),
      any(SCMP_SYS(madvise)),
      any(SCMP_SYS(brk)),
      any(SCMP_SYS(futex)),
      any(SCMP_SYS(restart_syscall)),
      any(SCMP_SYS(rt_sigreturn)),
      // abort(), so that it looks like one.
      any(SCMP_SYS(rt_sigprocmask)),
      any(SCMP_SYS(getpid)),
      any(SCMP_SYS(gettid)),
      when(SCMP_SYS(tgkill), is(0, self), is(2, SIGABRT)),
      any(SCMP_SYS(exit_group)),
      any(SCMP_SYS(exit)),
  };
}

/// Besides: what the dynamic loader does, and what enter_running() needs.
std::vector<Rule> loading_rules() {
  const std::uint64_t writing = O_ACCMODE | O_CREAT | O_TRUNC;
  return {
      when(SCMP_SYS(openat), without(2, writing)),
      when(SCMP_SYS(open), without(1, writing)),
      any(SCMP_SYS(read)),
      any(SCMP_SYS(pread64)),
      any(SCMP_SYS(close)),
      any(SCMP_SYS(lseek)),
      any(SCMP_SYS(fstat)),
      any(SCMP_SYS(newfstatat)),
      any(SCMP_SYS(statx)),
      any(SCMP_SYS(access)),
      any(SCMP_SYS(faccessat)),
      any(SCMP_SYS(readlink)),
      any(SCMP_SYS(readlinkat)),
      any(SCMP_SYS(getcwd)),
      any(SCMP_SYS(mmap)),
      any(SCMP_SYS(mprotect)),
      any(SCMP_SYS(getrandom)),
      any(SCMP_SYS(sysinfo)),
      any(SCMP_SYS(uname)),
      any(SCMP_SYS(prlimit64)),
      any(SCMP_SYS(setrlimit)),
      any(SCMP_SYS(getrlimit)),
      any(SCMP_SYS(prctl)),
      any(SCMP_SYS(seccomp)),
  };
}

class Filter {
 public:
  Filter() = default;
  ~Filter() {
    if (context_ != nullptr) ::seccomp_release(context_);
  }
  Filter(Filter&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}
  Filter& operator=(Filter&& other) noexcept {
    std::swap(context_, other.context_);
    return *this;
  }

  Status build(const std::vector<std::vector<Rule>>& lists, bool log_denied) {
    context_ = ::seccomp_init(log_denied ? SCMP_ACT_TRAP : SCMP_ACT_KILL_PROCESS);
    if (context_ == nullptr) return fail(Errc::io, "sandbox: this kernel or libseccomp has no filters");
    for (const auto& rules : lists) {
      for (const Rule& rule : rules) {
        const int error =
            ::seccomp_rule_add_array(context_, SCMP_ACT_ALLOW, rule.call, rule.count, rule.conditions.data());
        // EDOM, negative pseudo numbers: this machine has no such call, so nobody can make it.
        if (error != 0 && error != -EDOM) return refused(error);
      }
    }
    return {};
  }

  Status load() {
    const int error = ::seccomp_load(context_);
    if (error != 0) return refused(error);
    return {};
  }

 private:
  static tl::unexpected<Error> refused(int error) {
    return fail(Errc::io, fmt::format("sandbox: seccomp: {}", std::strerror(-error)));
  }
  scmp_filter_ctx context_ = nullptr;
};

/// From here on only what stands in the system's library folders can be opened. The kernel may not have it: then
/// seccomp and the hub's own file rights are what is left while an object is loaded.
bool confine_files() {
  // The rights of the first version: there since there is Landlock.
  constexpr std::uint64_t all_rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs = all_rights;
  const int ruleset = static_cast<int>(
      ::syscall(SYS_landlock_create_ruleset, &attributes, offsetof(landlock_ruleset_attr, handled_access_fs) + 8, 0));
  if (ruleset < 0) return false;
  for (const char* folder : {"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"}) {
    const int fd = ::open(folder, O_PATH | O_CLOEXEC);
    if (fd < 0) continue;
    landlock_path_beneath_attr beneath{};
    beneath.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE;
    beneath.parent_fd = fd;
    ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
    ::close(fd);
  }
  const bool confined = ::syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
  ::close(ruleset);
  return confined;
}

/// The pages that are mapped now, by an already open /proc/self/statm.
Result<std::size_t> mapped_bytes(int statm) {
  std::array<char, 128> text{};
  const ssize_t n = ::pread(statm, text.data(), text.size(), 0);
  std::size_t pages = 0;
  if (n <= 0 || std::from_chars(text.data(), text.data() + n, pages).ec != std::errc{}) {
    return fail(Errc::io, "sandbox: /proc/self/statm cannot be read");
  }
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

std::vector<Pages> clock_pages() {
  std::vector<Pages> out;
#if defined(__x86_64__)
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("[vvar") == std::string::npos) continue;
    Pages pages;
    const auto begin = std::from_chars(line.data(), line.data() + line.size(), pages.begin, 16);
    std::from_chars(begin.ptr + 1, line.data() + line.size(), pages.end, 16);
    out.push_back(pages);
  }
#endif
  return out;
}

struct Sandbox::Impl {
  SandboxOptions options;
  int statm = -1;
  bool files_confined = !IRO_HOST_SANDBOX;
  std::vector<Pages> clocks;
  Filter loading;
  Filter running;
};

Sandbox::Sandbox(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Sandbox::Sandbox(Sandbox&&) noexcept = default;
Sandbox::~Sandbox() {
  if (impl_ && impl_->statm >= 0) ::close(impl_->statm);
}

Status Sandbox::begin(int channel_fd) {
  IRO_TRY(bind_to_parent(), "begin");
  // The hub may have ended before it was asked for: then nobody would end us.
  pollfd channel{channel_fd, 0, 0};
  if (::poll(&channel, 1, 0) < 0 || (channel.revents & (POLLHUP | POLLNVAL | POLLERR)) != 0) {
    return fail(Errc::io, "sandbox: there is no hub at the other end");
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return system_error("no new privileges");
  return set_limit(RLIMIT_CORE, 0, "no core files");
}

Result<Sandbox> Sandbox::prepare(SandboxOptions options) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  if (IRO_HOST_SANDBOX) {
    impl->statm = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    impl->clocks = clock_pages();
    const auto running = running_rules(options.channel_fd);
    IRO_TRY(impl->loading.build({running, loading_rules()}, options.log_denied), "loading");
    IRO_TRY(impl->running.build({running}, options.log_denied), "running");
  }
  return Sandbox(std::move(impl));
}

Status Sandbox::enter_loading() {
  IRO_TRY(set_limit(RLIMIT_FSIZE, 0, "no files"), "loading");
  IRO_TRY(set_limit(RLIMIT_NPROC, 0, "no processes"), "loading");
  IRO_TRY(set_limit(RLIMIT_STACK, stack_bytes, "stack"), "loading");
  if (!IRO_HOST_SANDBOX) return {};
  const auto mapped = mapped_bytes(impl_->statm);
  if (!mapped) return fail(mapped.error());
  const std::size_t most = *mapped + impl_->options.memory_bytes + 2 * impl_->options.object_bytes + loading_bytes;
  IRO_TRY(set_limit(RLIMIT_AS, most, "memory"), "loading");
  IRO_TRY(set_limit(RLIMIT_NOFILE, loading_files, "descriptors"), "loading");
  impl_->files_confined = confine_files();
  return impl_->loading.load();
}

bool Sandbox::files_confined() const { return impl_->files_confined; }

Status Sandbox::enter_running() {
  IRO_TRY(bind_to_parent(), "running");
  if (!IRO_HOST_SANDBOX) return {};
  const auto mapped = mapped_bytes(impl_->statm);
  if (!mapped) return fail(mapped.error());
  IRO_TRY(set_limit(RLIMIT_AS, *mapped + impl_->options.memory_bytes, "memory"), "running");
  ::close(std::exchange(impl_->statm, -1));
  IRO_TRY(set_limit(RLIMIT_NOFILE, 0, "descriptors"), "running");
#if defined(__x86_64__)
  // No clock: neither the processor's nor those that the kernel shows in memory. Those that a system call reads are
  // on no list.
  for (const Pages& pages : impl_->clocks) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): /proc names addresses by numbers
    if (::mprotect(reinterpret_cast<void*>(pages.begin), pages.end - pages.begin, PROT_NONE) != 0) {
      return system_error("no clock");
    }
  }
  if (::prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0) != 0) return system_error("no clock");
#endif
  return impl_->running.load();
}

}  // namespace iro::host

#include "plugins/host/last_words.hpp"

#include <seccomp.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "hub/reaction/child_channel.hpp"
#include "hub/reaction/child_messages.hpp"

namespace iro::host {
namespace {

using reaction::child::LastWord;

LastWordsOptions options;
alignas(16) std::array<std::uint8_t, 64U << 10> signal_stack;

constexpr std::uintptr_t near_the_stack = 64U << 10;  // a frame may skip as much in one step

std::uintptr_t number(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

struct Place {
  std::uintptr_t instruction = 0;
  std::uintptr_t stack = 0;
};
Place place_of(const ucontext_t& context) {
#if defined(__x86_64__)
  return {static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RIP]),
          static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RSP])};
#elif defined(__aarch64__)
  return {context.uc_mcontext.pc, context.uc_mcontext.sp};
#endif
}

/// rdtsc or rdtscp. The instruction is readable: it was just being run.
bool reads_clock(std::uintptr_t instruction) {
#if defined(__x86_64__)
  std::array<std::uint8_t, 3> code{};
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  std::memcpy(code.data(), reinterpret_cast<const void*>(instruction), code.size());
  return (code[0] == 0x0F && code[1] == 0x31) || (code[0] == 0x0F && code[1] == 0x01 && code[2] == 0xF9);
#else
  return instruction == 0;
#endif
}

void say(LastWord word) {
  const auto message = reaction::child::encode(word);
  reaction::ChildChannel::send_now(options.channel_fd, message);
}

void on_fault(int, siginfo_t* info, void* context) {
  const Place place = place_of(*static_cast<const ucontext_t*>(context));
  const std::uintptr_t address = number(info->si_addr);
  if (std::ranges::any_of(options.clocks, [&](const Pages& p) { return address >= p.begin && address < p.end; })) {
    say(LastWord::read_clock);
  } else if (info->si_code == SI_KERNEL) {
    // A general protection fault has no address.
    if (place.instruction != 0 && reads_clock(place.instruction)) say(LastWord::read_clock);
  } else if (address >= number(options.input.data()) && address < number(options.input.data()) + options.input.size()) {
    say(LastWord::wrote_to_input);
  } else if (address + near_the_stack > place.stack && address < place.stack + near_the_stack) {
    say(LastWord::stack_overflow);
  }
  // SA_RESETHAND: the instruction runs again, and the signal ends the process.
}

void on_denied(int, siginfo_t* info, void* context) {
  char* name = ::seccomp_syscall_resolve_num_arch(info->si_arch, info->si_syscall);
  std::array<char, 96> line{};
  std::size_t size = 0;
  const auto add = [&](std::string_view text) {
    const std::size_t n = std::min(text.size(), line.size() - size);
    std::copy_n(text.data(), n, line.data() + size);
    size += n;
  };
  add("denied: ");
  add(name == nullptr ? "a system call without a name" : name);
  add("\n");
  std::free(name);
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), size);
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  registers.gregs[REG_RAX] = -EPERM;
#elif defined(__aarch64__)
  registers.regs[0] = static_cast<unsigned long long>(-EPERM);
#endif
}

void handle(int signal, void (*function)(int, siginfo_t*, void*), int flags) {
  struct sigaction action {};
  action.sa_sigaction = function;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | flags;
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

void install_last_words(const LastWordsOptions& given) {
  options = given;
  stack_t stack{};
  stack.ss_sp = signal_stack.data();
  stack.ss_size = signal_stack.size();
  ::sigaltstack(&stack, nullptr);
  handle(SIGSEGV, on_fault, static_cast<int>(SA_RESETHAND));
  handle(SIGBUS, on_fault, static_cast<int>(SA_RESETHAND));
  if (options.log_denied) handle(SIGSYS, on_denied, 0);
}

}  // namespace iro::host

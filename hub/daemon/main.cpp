// irod: the hub's process. `irod DIR` runs the hub of that folder in the foreground until SIGINT or SIGTERM.
#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <thread>

#include "hub/daemon/config_check.hpp"
#include "hub/daemon/hub.hpp"

namespace {

/// Exit codes: 0 ended as asked, 1 could not start, 2 usage, 74 (EX_IOERR) the data cannot be trusted.
int fail_start(const iro::Error& error) {
  std::fprintf(stderr, "irod: %s\n      %s\n", error.text().c_str(), std::string(iro::info(error.code).next).c_str());
  return iro::core::exit_code(error);
}

constexpr std::string_view help =
    "irod: the hub's process.\n"
    "\n"
    "usage: irod DIR                  run the hub that `iro init DIR` made, in the foreground\n"
    "       irod --check-config DIR   name every problem of its configuration, and end; a warning is no problem\n"
    "       irod --version\n"
    "       irod --help\n"
    "\n"
    "signals: SIGTERM, SIGINT   tell the clients, finish what is in flight, end (drain_ms in hub.toml)\n"
    "         SIGHUP            read hub.toml again; the log says what wants a restart\n"
    "\n"
    "exit:    0 ended as asked; 1 could not start, or the configuration has problems; 2 wrong arguments;\n"
    "         74 the log is damaged: starting again does not help (docs/operators)\n"
    "\n"
    "examples:\n"
    "  irod /var/lib/iro\n"
    "  irod --check-config /var/lib/iro && systemctl reload irod\n";

int check_config(const char* folder) {
  const auto problems = iro::daemon::check_config(folder);
  for (const auto& p : problems) std::fprintf(stderr, "%s\n", p.text().c_str());
  const auto warnings = std::ranges::count(problems, true, &iro::daemon::Problem::warning);
  const auto wrong = std::ssize(problems) - warnings;
  if (wrong == 0) {
    fmt::print("{}: the configuration is sound{}\n", folder,
               warnings == 0 ? "" : fmt::format(", with {} warnings", warnings));
    return 0;
  }
  std::fprintf(stderr, "%td problems\n", wrong);
  return 1;
}

int run(const char* folder) {
  auto home = iro::daemon::Home::load(folder);
  if (!home) return fail_start(home.error());
  spdlog::set_default_logger(spdlog::stderr_color_mt("irod"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v", spdlog::pattern_time_type::utc);
  spdlog::set_level(spdlog::level::from_str(home->config.log_level));

  auto hub = iro::daemon::Hub::open(std::move(*home));
  if (!hub) return fail_start(hub.error());

  boost::asio::io_context io;
  boost::asio::signal_set signals(io, SIGINT, SIGTERM, SIGHUP);
  std::function<void(const boost::system::error_code&, int)> on_signal = [&](const boost::system::error_code& ec,
                                                                             int signal) {
    if (ec) return;
    if (signal == SIGHUP) {
      (*hub)->reload();
    } else {
      (*hub)->stop();
    }
    signals.async_wait(on_signal);
  };
  signals.async_wait(on_signal);
  std::thread waiter([&] { io.run(); });
  for (const auto& endpoint : (*hub)->endpoints()) fmt::print("ready {}\n", endpoint);
  std::fflush(stdout);
  const int code = (*hub)->run();
  io.stop();
  waiter.join();
  return code;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (first == "--help" || first == "-h") {
    fmt::print("{}", help);
    return 0;
  }
  if (first == "--version") {
    fmt::print("irod {}\n", IRO_VERSION);
    return 0;
  }
  if (first == "--check-config" && argc == 3) return check_config(argv[2]);
  if (argc == 2 && !first.starts_with("-")) return run(argv[1]);
  std::fprintf(stderr, "%.*s", static_cast<int>(help.size()), help.data());
  return 2;
} catch (const std::exception& e) {
  std::fprintf(stderr, "irod: %s\n", e.what());
  return 70;
}

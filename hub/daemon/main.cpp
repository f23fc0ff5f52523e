// irod: the hub's process. `irod DIR` runs the hub of that folder in the foreground until SIGINT or SIGTERM.
#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstdio>
#include <thread>

#include "hub/daemon/hub.hpp"

namespace {

/// Exit codes: 0 ended as asked, 1 could not start, 2 usage, 74 (EX_IOERR) the data cannot be trusted.
int fail_start(const iro::Error& error) {
  std::fprintf(stderr, "irod: %s\n      %s\n", error.text().c_str(), std::string(iro::info(error.code).next).c_str());
  return iro::core::exit_code(error);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || std::string_view(argv[1]) == "-h" || std::string_view(argv[1]) == "--help") {
    std::fprintf(stderr,
                 "usage: irod DIR\n\nRuns the hub that `iro init DIR` made, in the foreground. SIGTERM ends it.\n");
    return 2;
  }
  auto home = iro::daemon::Home::load(argv[1]);
  if (!home) return fail_start(home.error());
  spdlog::set_default_logger(spdlog::stderr_color_mt("irod"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v", spdlog::pattern_time_type::utc);
  spdlog::set_level(spdlog::level::from_str(home->config.log_level));

  auto hub = iro::daemon::Hub::open(std::move(*home));
  if (!hub) return fail_start(hub.error());

  boost::asio::io_context io;
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& ec, int) {
    if (!ec) (*hub)->stop();
  });
  std::thread waiter([&] { io.run(); });
  for (const auto& endpoint : (*hub)->endpoints()) fmt::print("ready {}\n", endpoint);
  std::fflush(stdout);
  const int code = (*hub)->run();
  io.stop();
  waiter.join();
  return code;
}

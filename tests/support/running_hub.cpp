#include "tests/support/running_hub.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "hub/daemon/home.hpp"
#include "hub/schema/registry.hpp"
#include "plugins/scenario/enrolment.hpp"
#include "tests/support/must.hpp"

namespace iro::test {
using namespace scenario;
namespace fs = std::filesystem;
namespace {

/// A port that the system says is free, on loopback.
int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof a;
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&a), size) != 0) throw std::runtime_error("no free port");
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&a), &size);
  ::close(fd);
  return ntohs(a.sin_port);
}

}  // namespace

RunningHub::RunningHub(const fs::path& base) : folder_(base / "hub") {
  const auto [hub_public, hub_secret] = client::make_curve_keys();
  const auto [op_public, op_secret] = client::make_curve_keys();
  daemon::HomeConfig config;
  config.endpoints = {fmt::format("tcp://127.0.0.1:{}", free_port())};
  config.log_level = "warning";
  config.drain_ms = 500;  // tests stop many hubs
  daemon::Secrets secrets;
  secrets.curve_public = hub_public;
  secrets.curve_secret = hub_secret;
  secrets.operator_public = op_public;
  must(daemon::Home::create(folder_, config, secrets), "make a hub");
  operator_key_ = {config.endpoints.front(),
                   hub_public,
                   "operator",
                   fmt::format("urn:nld:oin:{}:systeem:operator", config.oin),
                   op_public,
                   op_secret};
}

RunningHub::~RunningHub() {
  if (pid_ > 0) kill();
}

void RunningHub::start() {
  int pipe_fds[2];
  if (::pipe2(pipe_fds, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // it never outlives the test
    ::dup2(pipe_fds[1], STDOUT_FILENO);
    if (!log_file_.empty()) ::dup2(::open(log_file_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), STDERR_FILENO);
    ::execl(IROD_PATH, IROD_PATH, folder_.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  ::close(pipe_fds[1]);
  output_ = pipe_fds[0];
  std::string said;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (said.find("ready") == std::string::npos) {
    pollfd p{output_, POLLIN, 0};
    char buffer[256];
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    if (left <= 0 || ::poll(&p, 1, static_cast<int>(left)) <= 0) throw std::runtime_error("irod did not get ready");
    const ssize_t n = ::read(output_, buffer, sizeof buffer);
    if (n <= 0) throw std::runtime_error(fmt::format("irod ended with {} before it was ready", wait_exit(5)));
    said.append(buffer, static_cast<std::size_t>(n));
  }
}

void RunningHub::kill() {
  ::kill(pid_, SIGKILL);
  wait_exit(20);
}

void RunningHub::log_to(const fs::path& file, const std::string& level) {
  log_file_ = file;
  const fs::path config = folder_ / "hub.toml";
  std::ifstream in(config);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto at = text.find("log_level = \"");
  const auto end = text.find('\n', at);
  text.replace(at, end - at, fmt::format("log_level = \"{}\"", level));
  std::ofstream(config) << text;
}

std::vector<pid_t> RunningHub::children() const {
  std::vector<pid_t> out;
  for (const auto& thread : fs::directory_iterator(fmt::format("/proc/{}/task", pid_))) {
    std::ifstream in(thread.path() / "children");
    for (pid_t child = 0; in >> child;) out.push_back(child);
  }
  return out;
}

void RunningHub::signal(int number) { ::kill(pid_, number); }

int RunningHub::stop() {
  ::kill(pid_, SIGTERM);
  return wait_exit(20);
}

int RunningHub::wait_exit(int seconds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  int status = 0;
  while (true) {
    const pid_t done = ::waitpid(pid_, &status, WNOHANG);
    if (done == pid_) break;
    if (std::chrono::steady_clock::now() > until) return -1;
    ::poll(nullptr, 0, 2);
  }
  pid_ = -1;
  if (output_ >= 0) ::close(std::exchange(output_, -1));
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

client::KeyFile RunningHub::enrol(const std::string& slug, const std::vector<std::string>& roles) {
  static const schema::Registry registry = must(schema::Registry::builtin(), "schemas");
  const auto [public_key, secret_key] = client::make_curve_keys();
  const auto* type = registry.find_loosely("hub.member-enrolled");
  schema::Event event;
  event.type = type->name;
  event.payload = must(registry.from_json(*type, enrolment_json(registry, slug, roles, public_key)), "enrolment");
  client::Options options;
  options.keys = operator_key_;
  options.client_name = "enrol";
  options.data_folder = folder_ / "operator";
  auto op = must(client::Client::open(std::move(options)), "operator");
  must(op->publish({&event, 1}), "publish");
  if (const Status done = op->flush(std::chrono::seconds(20)); !done) throw std::runtime_error(done.error().text());
  if (const auto refused = op->take_refused(); !refused.empty()) throw std::runtime_error(refused.front().reason);
  return {operator_key_.endpoint,
          operator_key_.hub_public_key,
          slug,
          fmt::format("urn:nld:oin:{}:systeem:sis", oin_of(slug)),
          public_key,
          secret_key};
}

}  // namespace iro::test

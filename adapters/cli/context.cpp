#include "adapters/cli/context.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "hub/base/assert.hpp"
#include "hub/base/bytes.hpp"
#include "hub/base/crypto.hpp"

namespace iro::cli {
namespace {

using Steady = std::chrono::steady_clock;

/// Another page of the same view: lists grow, the rest is as the last page says.
void add_page(json::value& all, json::value page) {
  if (all.is_array() && page.is_array()) {
    for (auto& row : page.get_array()) all.get_array().push_back(std::move(row));
  } else if (all.is_object() && page.is_object()) {
    for (auto& [name, value] : page.get_object()) {
      auto* before = all.get_object().if_contains(name);
      if (before != nullptr && before->is_array() && value.is_array()) {
        add_page(*before, std::move(value));
      } else {
        all.get_object()[name] = std::move(value);
      }
    }
  } else {
    all = std::move(page);
  }
}

Result<json::value> join_pages(const std::vector<std::string>& pages) {
  json::value all;
  for (const auto& page : pages) {
    boost::system::error_code ec;
    json::value value = json::parse(page.empty() ? "null" : page, ec);
    if (ec) return fail(Errc::internal, fmt::format("the hub's answer is no JSON: {}", ec.message()));
    add_page(all, std::move(value));
  }
  return all;
}

}  // namespace

Exit exit_of(Errc code) {
  switch (code) {
    case Errc::ok:
      return Exit::ok;
    case Errc::invalid_argument:
      return Exit::usage;
    case Errc::corrupt:
      return Exit::corrupt;
    case Errc::unreachable:
    case Errc::timeout:
      return Exit::unreachable;
    default:
      return Exit::failed;
  }
}

const schema::Registry& Context::registry() {
  if (registry_ == nullptr) {
    auto builtin = schema::Registry::builtin();
    IRO_ASSERT(builtin.has_value(), "the schemas of this build load: a unit test holds it");
    registry_ = std::make_unique<schema::Registry>(std::move(*builtin));
  }
  return *registry_;
}

Result<const schema::EventType*> Context::type(std::string_view name) {
  const schema::EventType* found = registry().find_loosely(name);
  if (found == nullptr) return fail(Errc::unknown_type, fmt::format("'{}'", name));
  return found;
}

fs::path Context::key_path() const {
  if (!options.key.empty()) return options.key;
  if (!options.hub.empty()) return options.hub / "operator.key.toml";
  if (const char* from_environment = std::getenv("IRO_KEY"); from_environment != nullptr && *from_environment != '\0') {
    return from_environment;
  }
  return "key.toml";
}

Result<client::KeyFile> Context::key() {
  const fs::path path = key_path();
  std::error_code ec;
  if (!fs::exists(path, ec)) return fail(Errc::config_invalid, text(Text::no_key_file, path.string()));
  auto keys = client::KeyFile::load(path);
  if (keys && keys->readable_by_others) note(text(Text::key_readable, path.string()));
  return keys;
}

std::chrono::milliseconds Context::timeout() const {
  return std::chrono::milliseconds(static_cast<std::int64_t>(options.timeout_s * 1000));
}

Result<std::unique_ptr<client::Client>> Context::connect(const fs::path& data_folder, std::string client_name) {
  auto keys = key();
  if (!keys) return fail(keys.error());
  return connect_as(std::move(*keys), data_folder, std::move(client_name));
}

Result<std::unique_ptr<client::Client>> Context::connect_as(client::KeyFile keys, const fs::path& data_folder,
                                                            std::string client_name) {
  client::Options wish;
  wish.keys = std::move(keys);
  wish.client_name = client_name.empty() ? "cli-" + random_name() : std::move(client_name);
  wish.data_folder = data_folder;
  wish.on_trouble = [this](const Error& error) { note("iro: " + error.text()); };
  const auto until = Steady::now() + timeout();
  auto opened = client::Client::open(wish);
  while (!opened && opened.error().code == Errc::locked && Steady::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    opened = client::Client::open(wish);
  }
  if (!opened) return opened;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Steady::now());
  if (const Status up = (*opened)->connected(std::max(left, std::chrono::milliseconds(100))); !up) {
    if (up.error().code != Errc::timeout && up.error().code != Errc::unreachable) return fail(up.error());
    return fail(Errc::unreachable, text(Text::no_answer, wish.keys.endpoint, options.timeout_s));
  }
  return opened;
}

Result<json::value> Context::query(std::string_view view, const json::object& args, client::Client* client) {
  std::unique_ptr<client::Client> own;
  if (client == nullptr) {
    auto opened = connect();
    if (!opened) return fail(opened.error());
    own = std::move(*opened);
    client = own.get();
  }
  auto pages = client->query(view, json::serialize(args), timeout());
  if (!pages) return fail(pages.error());
  return join_pages(*pages);
}

Result<json::value> Context::control(std::string_view command, const json::object& args,
                                     std::chrono::milliseconds at_least) {
  auto client = connect();
  if (!client) return fail(client.error());
  auto answer = (*client)->control(command, json::serialize(args), std::max(timeout(), at_least));
  if (!answer) return fail(answer.error());
  return join_pages({std::move(*answer)});
}

void Context::print_json(const json::value& value) const { print(json::serialize(value) + '\n'); }

void Context::print(std::string_view line) { std::fwrite(line.data(), 1, line.size(), stdout); }

void Context::note(std::string_view line) const {
  if (!options.json) fmt::print(stderr, "{}\n", line);
}

void Context::print_error(const Error& error) const {
  const ErrcInfo& about = info(error.code);
  if (options.json) {
    const json::object object = {{"error",
                                  {{"code", static_cast<int>(error.code)},
                                   {"name", about.name},
                                   {"message", error.message},
                                   {"next", about.next}}}};
    fmt::print(stderr, "{}\n", json::serialize(object));
    return;
  }
  fmt::print(stderr, "iro: {} ({}): {}\n", about.name, static_cast<int>(error.code), error.message);
  fmt::print(stderr, "     {}\n", text.lang() == Lang::nl ? about.nl : about.en);
  if (!about.next.empty()) fmt::print(stderr, "     {}\n", text(Text::next_step, about.next));
}

bool Context::wants_progress() const { return !options.json && ::isatty(STDERR_FILENO) != 0; }

StopSignal::StopSignal() {
  sigemptyset(&set_);
  sigaddset(&set_, SIGINT);
  sigaddset(&set_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set_, &before_);
}

StopSignal::~StopSignal() {
  // An impatient second Ctrl-C asked for the same thing.
  while (wait(std::chrono::milliseconds(0))) {
  }
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool StopSignal::wait(std::chrono::milliseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  const std::chrono::nanoseconds rest = time - seconds;
  const timespec limit{seconds.count(), rest.count()};
  return sigtimedwait(&set_, nullptr, &limit) > 0;
}

Result<TemporaryFolder> TemporaryFolder::create() {
  std::string path = (fs::temp_directory_path() / "iro-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr) return fail(Errc::io, fmt::format("{}: cannot be made", path));
  return TemporaryFolder(path);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ec;
  if (!path_.empty()) fs::remove_all(path_, ec);
}

std::string random_name() {
  std::array<std::uint8_t, 6> bytes{};
  random_bytes(bytes);
  return to_hex(bytes);
}

}  // namespace iro::cli

#include "tests/plugins/support/plugin_hub.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "hub/base/assert.hpp"
#include "hub/base/crypto.hpp"

namespace iro::test {

using namespace iro::reaction;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr seconds patience{10};

Hash hash_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  return sha256(as_bytes(text));
}

}  // namespace

std::string manifest_text(const PluginWish& wish) {
  return fmt::format(
      "[plugin]\nid = \"{}\"\nversion = \"{}\"\nabi = \"{}\"\nobject = \"{}.so\"\nsha256 = \"{}\"\n"
      "nl = \"Proef\"\nen = \"Test\"\n[events]\njudges = [{}]\nreacts = [{}]\nemits = [{}]\n[budget]\n{}\n{}\n",
      wish.id.empty() ? wish.object : wish.id, wish.version, wish.abi, wish.object,
      wish.sha256.empty() ? to_hex(hash_of(test_object(wish.object))) : wish.sha256, wish.judges, wish.reacts,
      wish.emits, wish.budget, wish.config);
}

const schema::Registry& builtin_types() {
  static const schema::Registry registry = [] {
    auto made = schema::Registry::builtin();
    IRO_ASSERT(made.has_value(), "the types of this build load");
    return std::move(*made);
  }();
  return registry;
}

Bytes closed_payload() {
  auto made = builtin_types().from_json(*builtin_types().find(closed_type),
                                        R"({"risk_id":"r-1","student":"pseudonym-1","school":"school-a"})");
  IRO_ASSERT(made.has_value(), "the sample fits its type");
  return *made;
}

std::filesystem::path test_object(const std::string& name) {
  return std::filesystem::path(IRO_TEST_OBJECTS) / (name + ".so");
}

PluginHub::PluginHub(bool log_denied) {
  ProcessRunnerOptions options;
  options.host = IRO_PLUGIN_HOST;
  options.log_denied = log_denied;
  options.log = [lines = log_](std::string_view line) { lines->emplace_back(line); };
  runner_ = std::make_unique<ProcessRunner>(options, std::vector<ProcessPlugin>{});
}

void make_folder(const PluginWish& wish, const std::filesystem::path& folder) {
  std::filesystem::create_directory(folder);
  std::filesystem::copy_file(test_object(wish.object), folder / (wish.object + ".so"));
  std::ofstream(folder / "plugin.toml") << manifest_text(wish);
}

iro::Result<ProcessPlugin> PluginHub::make(const PluginWish& wish) {
  const auto folder = folder_.path() / std::to_string(folders_++);
  make_folder(wish, folder);
  auto manifest = Manifest::load(folder / "plugin.toml");
  if (!manifest) return fail(manifest.error());
  if (const auto object = check_object(*manifest); !object) return fail(object.error());
  auto config = config_json(*manifest, wish.settings, "settings");
  if (!config) return fail(config.error());
  return ProcessPlugin{std::move(*manifest), std::move(*config), {}};
}

void PluginHub::add(const PluginWish& wish) {
  auto plugin = make(wish);
  if (!plugin) std::fprintf(stderr, "%s\n", plugin.error().text().c_str());
  IRO_ASSERT(plugin.has_value(), "the test's plugin can be used");
  runner_->add(std::move(*plugin));
}

CallEvent PluginHub::event(const std::string& what, bool judged) {
  static const Bytes payload = closed_payload();
  CallEvent e;
  e.item = item_++;
  e.judged = judged;
  e.event.id = make_event_id(1'800'000'000'000);
  e.event.type = closed_type;
  e.event.source = "urn:nld:oin:00000099000000001000:systeem:sis";
  e.event.subject = texts_.emplace_back(what);
  e.event.time = TimeMs(1'800'000'000'000);
  e.event.payload = payload;
  e.sender = "school-a";
  e.person = "pseudonym-1";
  return e;
}

std::uint64_t PluginHub::begin(const std::string& plugin, std::vector<CallEvent> events, bool alone) {
  Call call;
  call.plugin = plugin;
  call.no = ++no_;
  call.now = TimeMs(1'800'000'000'123);
  call.alone = alone;
  call.events = std::move(events);
  runner_->call(std::move(call));
  return no_;
}

reaction::Result PluginHub::ask(const std::string& plugin, std::vector<CallEvent> events, bool alone) {
  begin(plugin, std::move(events), alone);
  return wait_result(plugin);
}

reaction::Result PluginHub::wait_result(const std::string& plugin) {
  const auto end = Runner::Moment::clock::now() + patience;
  while (true) {
    for (auto at = results_.begin(); at != results_.end(); ++at) {
      if (at->plugin != plugin) continue;
      reaction::Result result = std::move(*at);
      results_.erase(at);
      for (const Outcome& outcome : result.outcomes) {
        for (const StateChange& change : outcome.state) {
          const std::string key(as_text(change.key));
          if (change.value) {
            state_[plugin][key] = as_text(*change.value);
          } else {
            state_[plugin].erase(key);
          }
        }
      }
      return result;
    }
    IRO_ASSERT(Runner::Moment::clock::now() < end, "a result follows, always");
    turn(100);
  }
}

std::string PluginHub::told(const std::string& plugin, const std::string& what) {
  const auto result = ask(plugin, what);
  if (result.failure != Failure::none) return "failed: " + result.why;
  std::string out;
  for (const Note& note : result.outcomes.at(0).notes) out += (out.empty() ? "" : " | ") + note.en;
  return out;
}

iro::Result<std::string> PluginHub::show(const std::string& plugin, const std::string& view) {
  ViewAsk ask;
  ask.plugin = plugin;
  ask.no = ++no_;
  ask.view = view;
  ask.args = "{}";
  ask.now = TimeMs(77);
  ask.asker = "school-a";
  runner_->show(ask);
  const auto end = Runner::Moment::clock::now() + patience;
  while (views_.empty()) {
    IRO_ASSERT(Runner::Moment::clock::now() < end, "an answer follows, always");
    turn(100);
  }
  const ViewAnswer answer = std::move(views_.front());
  views_.pop_front();
  IRO_ASSERT(answer.no == no_, "the answer is to this question");
  return answer.json;
}

bool PluginHub::logged(const std::string& text) {
  const auto end = Runner::Moment::clock::now() + patience;
  while (true) {
    for (const std::string& line : *log_) {
      if (line.find(text) != std::string::npos) return true;
    }
    if (Runner::Moment::clock::now() >= end) return false;
    turn(100);
  }
}

void PluginHub::turn(int ms) {
  wait_for(*runner_, milliseconds(ms));
  for (Said& said : runner_->take()) {
    if (auto* result = std::get_if<reaction::Result>(&said)) {
      results_.push_back(std::move(*result));
    } else if (auto* view = std::get_if<ViewAnswer>(&said)) {
      views_.push_back(std::move(*view));
    } else if (answer_state) {
      answer(std::get<StateAsk>(said));
    }
  }
}

void PluginHub::answer(const StateAsk& ask) {
  ++asked;
  StateAnswer out{ask.plugin, ask.request, {}};
  const std::string key(as_text(ask.key));
  const auto& mine = state_[ask.plugin];
  for (auto at = mine.lower_bound(key); at != mine.end(); ++at) {
    if (ask.prefix ? !at->first.starts_with(key) : at->first != key) break;
    out.rows.emplace_back(to_bytes(at->first), to_bytes(at->second));
  }
  runner_->answer(std::move(out));
}

}  // namespace iro::test

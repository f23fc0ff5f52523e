#include "plugins/scenario/plugin_process.hpp"

#include <chrono>
#include <utility>

#include "hub/base/assert.hpp"

namespace iro::scenario {
namespace {

constexpr std::chrono::milliseconds look_again{100};  // whatever happens, the runner's own moment is not missed

}  // namespace

PluginProcess::PluginProcess(RealPlugin real) : manifest_(real.plugin.manifest) {
  reaction::ProcessRunnerOptions options;
  options.host = std::move(real.host);
  options.log_denied = real.log_denied;
  options.log = [lines = log_](std::string_view line) { lines->emplace_back(line); };
  std::vector<reaction::ProcessPlugin> plugins;
  plugins.push_back(std::move(real.plugin));
  runner_ = std::make_unique<reaction::ProcessRunner>(std::move(options), std::move(plugins));
}

int PluginProcess::pid() const {
  const auto all = runner_->processes();
  return all.empty() ? 0 : all.begin()->second;
}

Status PluginProcess::start() {
  // A view that no plugin has (names have letters) is answered as soon as the plugin runs; `busy` says that it does
  // not.
  const auto answer = show({manifest_.spec.id, 0, "-", "{}", TimeMs(0), ""}, [](const auto&) { return Rows(); });
  if (answer.json || answer.json.error().code != Errc::busy) return {};
  return fail(answer.json.error());
}

reaction::Result PluginProcess::call(reaction::Call call, const ReadState& read) {
  runner_->call(std::move(call));
  while (results_.empty()) turn(read);
  reaction::Result result = std::move(results_.front());
  results_.pop_front();
  return result;
}

reaction::ViewAnswer PluginProcess::show(reaction::ViewAsk ask, const ReadState& read) {
  runner_->show(std::move(ask));
  while (views_.empty()) turn(read);
  reaction::ViewAnswer answer = std::move(views_.front());
  views_.pop_front();
  return answer;
}

std::vector<std::string> PluginProcess::take_log() {
  // Lines go by another way than answers, and are read when the plugin is silent: it is, nothing has been asked.
  const auto said = runner_->take();
  IRO_ASSERT(said.empty(), "every question has had its answer");
  return std::exchange(*log_, {});
}

void PluginProcess::turn(const ReadState& read) {
  reaction::wait_for(*runner_, look_again);
  for (reaction::Said& said : runner_->take()) {
    if (auto* result = std::get_if<reaction::Result>(&said)) {
      results_.push_back(std::move(*result));
    } else if (auto* view = std::get_if<reaction::ViewAnswer>(&said)) {
      views_.push_back(std::move(*view));
    } else {
      auto& ask = std::get<reaction::StateAsk>(said);
      runner_->answer({ask.plugin, ask.request, read(ask)});
    }
  }
}

}  // namespace iro::scenario

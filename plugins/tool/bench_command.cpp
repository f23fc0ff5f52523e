// iro-plugin bench: what an event costs in the plugin itself, and what the process around it adds.
//
// The same events go through the same code of plugins/host twice: in a child of
// this program, as a function call, and in iro-plugin-host, as the hub does it.
// Sandbox, socket, deadline and the copying of effects are the difference.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "plugins/host/instance.hpp"
#include "plugins/host/object.hpp"
#include "plugins/tool/asked_plugin.hpp"
#include "plugins/tool/child.hpp"
#include "plugins/tool/commands.hpp"
#include "plugins/tool/places.hpp"
#include "plugins/tool/plugin_folder.hpp"
#include "plugins/tool/samples.hpp"

namespace iro::tool {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;
using Nanoseconds = std::chrono::nanoseconds;
using reaction::CallEvent;

constexpr std::size_t samples_in_all = 1'024;  // used again and again
constexpr std::uint64_t seed = 3;

struct Figures {
  std::string where;
  std::size_t batch = 0;
  std::int64_t events = 0;
  std::int64_t took_ns = 0;
  std::int64_t p50_call_ns = 0;
};

std::vector<CallEvent> mixed(const PluginFolder& folder, Samples& samples) {
  const auto heard = folder.heard();
  std::vector<CallEvent> out;
  out.reserve(samples_in_all);
  for (std::size_t i = 0; i < samples_in_all; ++i) {
    const auto& type = *heard[i % heard.size()];
    out.push_back(samples.event(type, folder.judges(type), Filling::some));
  }
  return out;
}

/// Calls with `batch` events each until the time is over. `call` says whether it went well.
template <typename Call>
Figures measure(std::string where, std::size_t batch, std::chrono::milliseconds time, Call&& call) {
  Figures out{std::move(where), batch};
  std::vector<std::int64_t> calls;
  calls.reserve(1U << 16);
  const auto end = Clock::now() + time;
  for (std::size_t at = 0; Clock::now() < end; at = (at + batch) % samples_in_all) {
    const auto begun = Clock::now();
    if (!call(at)) return {};
    const std::int64_t took = Nanoseconds(Clock::now() - begun).count();
    calls.push_back(took);
    out.took_ns += took;
    out.events += static_cast<std::int64_t>(batch);
  }
  const auto middle = calls.begin() + static_cast<std::ptrdiff_t>(calls.size() / 2);
  std::nth_element(calls.begin(), middle, calls.end());
  out.p50_call_ns = calls.empty() ? 0 : *middle;
  return out;
}

class NoState final : public host::StateSource {
  std::vector<std::pair<Bytes, Bytes>> read(bool, ByteView) override { return {}; }
};

reaction::child::EventIn in_place(const CallEvent& event) {
  return {event.item, event.kind, event.judged, event.event, event.sender, event.person, event.key, event.due};
}

json::object json_of(const Figures& f) {
  return {
      {"where", f.where}, {"batch", f.batch}, {"events", f.events}, {"ns", f.took_ns}, {"p50_call_ns", f.p50_call_ns}};
}
Figures figures_of(const json::value& v) {
  return {std::string(v.at("where").as_string()), v.at("batch").to_number<std::size_t>(),
          v.at("events").to_number<std::int64_t>(), v.at("ns").to_number<std::int64_t>(),
          v.at("p50_call_ns").to_number<std::int64_t>()};
}

/// In the child: the figures as JSON, or why there are none.
std::string inside(const PluginFolder& folder, std::size_t batch, std::chrono::milliseconds time) {
  const auto entry = host::load_object(folder.manifest.object);
  if (!entry) return entry.error().message;
  NoState nothing;
  host::InstanceOptions options;
  options.config = folder.config;
  options.emits = folder.manifest.spec.emits;
  options.judge = !folder.manifest.spec.judges.empty();
  const auto instance = host::Instance::create(**entry, std::move(options), *folder.types, nothing);
  if (!instance) return instance.error().message;
  Samples samples(*folder.types, seed);
  const auto events = mixed(folder, samples);
  const Figures figures = measure("in this process", batch, time, [&](std::size_t at) {
    (*instance)->begin_call();
    for (std::size_t i = 0; i < batch; ++i) {
      if (!(*instance)->handle(in_place(events[at + i]), Samples::now())) return false;
    }
    return true;
  });
  return json::serialize(json_of(figures));
}

Result<Figures> in_this_process(const PluginFolder& folder, std::size_t batch, std::chrono::milliseconds time) {
  const auto end = in_child(time * 10 + std::chrono::seconds(10), [&] { return inside(folder, batch, time); });
  if (!end) return fail(end.error());
  if (!end->answered || !end->text.starts_with('{')) return fail(Errc::internal, end->text);
  return figures_of(json::parse(end->text));
}

Figures in_a_process(const PluginFolder& folder, const std::filesystem::path& host, std::size_t batch,
                     std::chrono::milliseconds time) {
  AskedPlugin plugin(folder.real(host));
  Samples samples(*folder.types, seed);
  const auto events = mixed(folder, samples);
  const auto call = [&](std::size_t at) {
    const auto from = events.begin() + static_cast<std::ptrdiff_t>(at);
    const auto result = plugin.call({from, from + static_cast<std::ptrdiff_t>(batch)}, Samples::now());
    return result.failure == reaction::Failure::none;
  };
  if (!call(0)) return {};  // and it is warm
  return measure("iro-plugin-host", batch, time, call);
}

void print(const std::vector<Figures>& rows) {
  fmt::print("{:<16} {:>5} {:>12} {:>14} {:>12}\n", "where", "batch", "p50 us/call", "us/event (p50)", "events/s");
  for (const Figures& row : rows) {
    const double call_us = static_cast<double>(row.p50_call_ns) / 1'000;
    fmt::print("{:<16} {:>5} {:>12.2f} {:>14.2f} {:>12.0f}\n", row.where, row.batch, call_us,
               call_us / static_cast<double>(row.batch),
               static_cast<double>(row.events) * 1e9 / static_cast<double>(row.took_ns));
  }
  fmt::print("Made-up events of every type that it hears, one instance, on this machine as busy as it is; no disk.\n");
}

}  // namespace

Result<int> run(const BenchCommand& command) {
  const auto folder = open_folder(command.folder, command.settings);
  if (!folder) return fail(folder.error());
  const auto host = plugin_host();
  if (!host) return fail(host.error());
  const std::chrono::milliseconds time(command.ms);
  std::vector<Figures> rows;
  rows.reserve(4);
  for (const std::size_t batch : {std::size_t{1}, std::size_t{64}}) {
    auto near = in_this_process(*folder, batch, time);
    if (!near) return fail(near.error());
    rows.push_back(std::move(*near));
    rows.push_back(in_a_process(*folder, *host, batch, time));
  }
  const bool all = std::ranges::all_of(rows, [](const Figures& row) { return row.events > 0; });
  if (!all)
    return fail(Errc::internal, "it fails on some event, so there is nothing to measure: iro-plugin check says which");
  if (command.json) {
    json::array out;
    for (const Figures& row : rows) out.push_back(json_of(row));
    fmt::print("{}\n", json::serialize(out));
  } else {
    print(rows);
  }
  return 0;
}

}  // namespace iro::tool

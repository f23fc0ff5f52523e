#include "adapters/cli/what_if.hpp"

#include <fmt/format.h>

#include "adapters/cli/moment.hpp"
#include "hub/daemon/home.hpp"
#include "hub/daemon/plugin_set.hpp"
#include "hub/log/sqlite/key_reader.hpp"
#include "hub/log/sqlite/sqlite_reader.hpp"
#include "hub/whatif/replay.hpp"

namespace iro::cli {
namespace {

/// The folder of the plugin, whichever of the two was named.
Result<fs::path> folder_of(const Context& context, const fs::path& plugin) {
  std::error_code ec;
  if (fs::is_directory(plugin, ec)) return plugin;
  const fs::path folder = plugin.has_parent_path() ? plugin.parent_path() : fs::path(".");
  const auto manifest = reaction::Manifest::load(folder / "plugin.toml");
  if (!manifest) return fail(manifest.error());
  if (fs::equivalent(manifest->object, plugin, ec)) return folder;
  return fail(Errc::invalid_argument,
              context.text(Text::what_if_not_its_object, plugin.string(), manifest->file.string()));
}

Result<std::optional<TimeMs>> moment(const std::string& text, TimeMs now) {
  if (text.empty()) return std::optional<TimeMs>();
  const auto position = parse_position(text, now);
  if (!position) return fail(position.error());
  if (position->from == wire::From::beginning) return std::optional(TimeMs(0));
  if (position->from == wire::From::time) return std::optional(position->time);
  return fail(Errc::invalid_argument, fmt::format("'{}': use 30d (ago), 2026-11-21 or 2026-11-21T10:00:00Z", text));
}

whatif::Progress progress_of(const Context& context) {
  if (!context.wants_progress()) return {};
  return [last = std::uint64_t{0}](std::uint64_t done, std::uint64_t of) mutable {
    const std::uint64_t percent = of == 0 ? 100 : done * 100 / of;
    if (percent == last) return;
    last = percent;
    fmt::print(stderr, "\r{} / {} ({} %)\x1b[K", done, of, percent);
  };
}

}  // namespace

Result<WhatIf> what_if(Context& context, const WhatIfOptions& o) {
  const fs::path hub = o.hub.empty() ? context.options.hub : o.hub;
  if (hub.empty()) return fail(Errc::invalid_argument, context.text(Text::what_if_no_hub));
  const auto home = daemon::Home::load(hub);
  if (!home) return fail(home.error());
  const auto folder = folder_of(context, o.plugin);
  if (!folder) return fail(folder.error());
  const TimeMs began = context.clock.now();
  const auto since = moment(o.since, began);
  if (!since) return fail(since.error());
  const auto until = moment(o.until, began);
  if (!until) return fail(until.error());

  // The hub as it would be with this rule: everything that would keep it from starting is said here.
  auto registry = schema::Registry::builtin();
  if (!registry) return fail(registry.error());
  auto plugins = daemon::load_plugins(home->plugins(), *registry, {*folder, o.config});
  if (!plugins) return fail(plugins.error());
  const auto chosen =
      std::ranges::find_if(*plugins, [&](const auto& plugin) { return plugin.manifest.file.parent_path() == *folder; });
  const reaction::Manifest manifest = chosen->manifest;
  std::set<std::string> others_judge;
  for (const auto& plugin : *plugins) {
    if (plugin.manifest.spec.id != manifest.spec.id)
      others_judge.insert(plugin.manifest.spec.judges.begin(), plugin.manifest.spec.judges.end());
  }

  auto reader = log::SqliteReader::open(home->data());
  if (!reader) return fail(reader.error());
  auto keys = log::KeyReader::open(home->data());
  if (!keys) return fail(keys.error());
  const auto record = (*reader)->plugin_record(manifest.spec.id);
  if (!record) return fail(record.error());

  std::vector<reaction::ProcessPlugin> candidate;
  candidate.push_back(std::move(*chosen));
  reaction::ProcessRunner runner({daemon::plugin_host(), false, [&](std::string_view line) { context.note(line); }},
                                 std::move(candidate));
  const whatif::FindKey find = [&](PersonKeyNo no) { return (*keys)->find(no); };
  auto report =
      whatif::replay({**reader, *record, find, *registry},
                     {manifest.spec, manifest.version, runner, std::move(others_judge), home->config.oin,
                      since->value_or(TimeMs(0)), *until, o.from_the_beginning, o.examples, progress_of(context)});
  if (context.wants_progress()) fmt::print(stderr, "\r\x1b[K");
  if (!report) return fail(report.error());

  const auto after = (*reader)->testimony();
  if (!after) return fail(after.error());
  if (record->through.value() != 0) {
    const auto head = (*reader)->head_at(record->through);
    if (!head) return fail(head.error());
    if (*head != record->head)
      return fail(Errc::corrupt, context.text(Text::what_if_head_changed, record->through.value()));
  }
  return WhatIf{std::move(*report), after->position, after->head, context.clock.now().value() - began.value()};
}

}  // namespace iro::cli

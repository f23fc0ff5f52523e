// Every object of irod, constructed in order. Reading this shows the program.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "hub/base/z85.hpp"
#include "hub/daemon/desk.hpp"
#include "hub/daemon/plugin_place.hpp"
#include "hub/daemon/plugin_set.hpp"

namespace iro::daemon {

Result<std::unique_ptr<Hub>> Hub::open(Home home) {
  std::unique_ptr<Hub> hub(new Hub());
  hub->home_ = std::move(home);

  auto registry = schema::Registry::builtin();
  if (!registry) return fail(registry.error().within("load the schemas"));
  hub->registry_ = std::move(*registry);

  IRO_TRY(mend_plugins(hub->home_.plugins()), "mend the plugins' folder");
  auto plugins = load_plugins(hub->home_.plugins(), hub->registry_);
  if (!plugins) return fail(plugins.error().within("load the plugins"));
  hub->plugin_set_ = std::move(*plugins);

  const log::Witness witness(hub->home_.witness(), hub->home_.secrets.witness_seed);
  auto seen = witness.read();
  if (!seen) return fail(seen.error().within("read the witness"));
  if (!*seen && std::filesystem::exists(hub->home_.data() / "log.db"))
    spdlog::warn("{} is missing: nothing can tell whether the log is as long as it was", witness.file().string());
  log::SqliteLogOptions log_options;
  log_options.witness = *seen;
  auto log = log::SqliteLog::open(hub->home_.data(), hub->clock_, log_options);
  if (!log) return fail(log.error().within("open the log"));
  hub->log_ = std::move(*log);
  IRO_TRY(witness.write(hub->log_->testimony()), "write the witness");
  hub->witness_ = std::make_unique<WitnessThread>(witness);

  log::SqliteKeyRingOptions key_options;
  key_options.tombstones = hub->home_.tombstones();
  auto keys = log::SqliteKeyRing::open(hub->home_.data(), hub->clock_, key_options);
  if (!keys) return fail(keys.error().within("open keys.db"));
  if (const std::size_t again = (*keys)->buried_again(); again > 0)
    spdlog::warn("keys.db was an older copy: {} destroyed keys are destroyed again", again);
  hub->keys_ = std::move(*keys);

  bus::BusOptions options;
  options.endpoints = hub->home_.config.endpoints;
  options.public_key = hub->home_.secrets.curve_public;
  options.secret_key = hub->home_.secrets.curve_secret;
  auto bus = bus::Bus::open(options);
  if (!bus) return fail(bus.error().within("open the bus"));
  hub->bus_ = std::move(*bus);

  IRO_TRY(hub->start_core(), "start");
  return hub;
}

/// The core and what reads beside it, from what is on disk: at start, and after the operator's resume.
Status Hub::start_core() {
  auto snapshot = log_->load();
  if (!snapshot) return fail(snapshot.error());
  spdlog::info("log of {} events, {} members", snapshot->next_seq.value() - 1, snapshot->members.size());

  // Keys that an erasure has ended and that are here all the same: a crash came in between, or keys.db is a restored
  // one.
  for (const auto& row : snapshot->tombstones) {
    const auto gone = keys_->destroyed(row.key);
    if (!gone) return fail(gone.error());
    if (!*gone) IRO_TRY(keys_->destroy(row.key, fmt::format("erasure {}", row.erasure), row.at), "erase again");
  }

  queries_.reset();
  scrub_ = std::make_unique<ScrubPace>(home_.data(), home_.config.scrub_bytes_per_second, clock_);
  desk_ = std::make_unique<Desk>();
  auto reader = log::SqliteReader::open(home_.data());
  if (!reader) return fail(reader.error());
  desk_->reader = std::move(*reader);
  auto view_reader = log::SqliteReader::open(home_.data());
  if (!view_reader) return fail(view_reader.error());

  const auto operator_key = z85_decode_key(home_.secrets.operator_public);
  if (!operator_key) return fail(Errc::config_invalid, "secrets.toml: operator_public is no CURVE key");
  core::Config config;
  config.hub_name = home_.config.name;
  config.hub_oin = home_.config.oin;
  config.input_queue_bytes = static_cast<std::size_t>(home_.config.input_queue_mib) << 20;
  config.token_key = home_.secrets.token_key;
  config.receipt_key = home_.secrets.receipt_key;
  config.operator_key = *operator_key;
  for (const auto& plugin : plugin_set_) {
    config.plugins.push_back(plugin.manifest.spec);
    spdlog::info("plugin {} {}", plugin.manifest.spec.id, plugin.manifest.version);
  }
  plugins_ = std::make_unique<reaction::ProcessRunner>(
      reaction::ProcessRunnerOptions{plugin_host(), false, [](std::string_view line) { spdlog::info("{}", line); }},
      plugin_set_);
  plugins_->warm(std::chrono::milliseconds(limits::plugin_start_ms));
  auto index_reader = log::SqliteReader::open(home_.data());
  if (!index_reader) return fail(index_reader.error());
  auto index = views::Index::open(home_.data() / "index.db", **index_reader);
  if (!index) spdlog::warn("no index: queries search the log ({})", index.error().text());
  views::Views::Parts parts{std::move(*view_reader),
                            registry_,
                            keys_.get(),
                            views::Catalogue(snapshot->atoms, snapshot->sets),
                            std::nullopt,
                            nullptr,
                            snapshot->next_seq,
                            TokenSealer(config.token_key),
                            snapshot->log_epoch};
  if (index) parts.index = std::move(*index);
  parts.deleted_month = snapshot->deleted_month;
  auto core = core::Core::create(registry_, *keys_, std::move(config), std::move(*snapshot), clock_.now());
  if (!core) return fail(core.error());
  core_ = std::move(*core);
  parts.members = core_->membership();
  desk_->views = std::make_unique<views::Views>(std::move(parts));
  queries_ = std::make_unique<QueryThread>([desk = desk_.get(), scrub = scrub_.get()](QueryAnswers& out) {
    return desk->index_some() ? std::chrono::milliseconds(0) : scrub->run(out);
  });
  publish_keys();
  return {};
}

}  // namespace iro::daemon

#include "hub/daemon/hub.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/spdlog.h>

#include <boost/json.hpp>

#include "hub/daemon/desk.hpp"
#include "hub/log/sqlite/keys_backup.hpp"
#include "hub/reaction/state.hpp"

namespace iro::daemon {
namespace {

using namespace std::chrono_literals;

constexpr int tick_ms = 100;
constexpr std::int64_t drain_most_ms = 10'000;  // beyond drain_ms, for what does not come to an end
constexpr int backup_pages = 256;               // a slice between two commits: about a millisecond

/// 2026-11 for the months since year 0 of the log's format.
std::string month_text(std::uint16_t month) { return fmt::format("{:04}-{:02}", month / 12, month % 12 + 1); }

constexpr std::int64_t prune_every_ms = 3'600'000;

}  // namespace

Hub::Hub() = default;

Hub::~Hub() {
  queries_.reset();  // its tasks use the desk
}

void Hub::stop() { stop_.raise(); }

int Hub::run() {
  while (!stopped_) {
    wait();
    take_answers();
    take_plugins();
    take_frames();
    if (!lingering()) step(core::Flush{});
    on_tick();
    flush_sends();
    if (stopping_ && drained()) break;
  }
  if (stopped_) {
    if (stopped_->proof) {
      log::Testimony proof = *stopped_->proof;
      proof.log_id = log_->log_id();
      witness_->hold(proof);
    }
    spdlog::critical("stopping with exit code {}: {}", stopped_->exit_code, stopped_->why);
    return stopped_->exit_code;
  }
  spdlog::info("stopped");
  return 0;
}

/// Group commit: wait for publishers that were just answered, for a quarter of what the last commit took. Without it
/// two halves of the publishers take turns, each missing the other's fsync.
bool Hub::lingering() const { return core_->may_grow() && Moment::clock::now() < committed_at_ + commit_took_ / 4; }

void Hub::wait() {
  inline_wait_.watch(core_->awaits_plugins(), Moment::clock::now());
  if (plugins_->answers_soon()) return;
  std::vector<pollfd> fds{{bus_->ready_fd(), POLLIN, 0},
                          {queries_->ready_fd(), POLLIN, 0},
                          {stop_.fd(), POLLIN, 0},
                          {reload_.fd(), POLLIN, 0}};
  plugins_->poll_on(fds);
  std::chrono::nanoseconds patience = backup_ || core_->has_work() ? 0ns : std::chrono::milliseconds(tick_ms);
  if (lingering()) patience = std::max(committed_at_ + commit_took_ / 4 - Moment::clock::now(), Moment::duration(0));
  for (const auto& until : {inline_wait_.until(), plugins_->wake_at()}) {
    if (until) patience = std::min<std::chrono::nanoseconds>(patience, *until - Moment::clock::now());
  }
  patience = std::max(patience, std::chrono::nanoseconds(0));
  const timespec timeout{patience.count() / 1'000'000'000, patience.count() % 1'000'000'000};
  ::ppoll(fds.data(), fds.size(), &timeout, nullptr);
  if ((fds[3].revents & POLLIN) != 0) {
    reload_.lower();
    take_new_config();
  }
  if ((fds[2].revents & POLLIN) != 0 && !stopping_) begin_stop();
}

/// From here on nothing new is taken; what is in flight is committed, and clients have drain_ms to acknowledge.
void Hub::begin_stop() {
  stop_.lower();
  stopping_ = true;
  const auto drain_ms = static_cast<std::uint32_t>(home_.config.drain_ms);
  stop_at_ = Moment::clock::now() + std::chrono::milliseconds(drain_ms);
  spdlog::info("asked to stop: telling the clients");
  step(core::Drain{drain_ms});
}

/// All is on disk and the clients are gone or had their time. Whatever hangs is not waited for without end.
bool Hub::drained() const {
  const Moment now = Moment::clock::now();
  if (now >= *stop_at_ + std::chrono::milliseconds(drain_most_ms)) return true;
  return core_->idle() && (now >= *stop_at_ || core_->sessions() == 0);
}

void Hub::take_frames() {
  for (auto& frame : bus_->receive()) step(core::Frame{frame.connection, frame.from, std::move(frame.bytes)});
  for (const ConnectionNo gone : bus_->take_gone()) step(core::ConnectionGone{gone});
}

void Hub::take_answers() {
  QueryAnswers answers = queries_->take();
  for (auto& input : answers.inputs) step(std::move(input));
  for (auto& frame : answers.frames) sends_.push_back({frame.to, std::move(frame.frame)});
}

/// What the plugins' processes said, as long as a batch waits for them and they answer at once: the rules of a chain
/// are asked one after another. And when it has waited long enough, that.
void Hub::take_plugins() {
  take_said();
  const auto batch = core_->awaits_plugins();
  const auto still = [&] { return core_->awaits_plugins() && core_->awaits_plugins()->batch == batch->batch; };
  while (batch && still() && plugins_->answers_soon()) take_said();
  if (inline_wait_.over(core_->awaits_plugins(), Moment::clock::now())) step(core::OutOfPatience{});
}

void Hub::take_said() {
  for (auto& said : plugins_->take()) {
    std::visit(
        [&](auto& s) {
          using T = std::remove_cvref_t<decltype(s)>;
          if constexpr (std::is_same_v<T, reaction::Result>)
            step(core::PluginAnswered{std::move(s)});
          else if constexpr (std::is_same_v<T, reaction::StateAsk>)
            step(core::PluginAsks{std::move(s)});
          else
            step(core::PluginShown{std::move(s)});
        },
        said);
  }
}

void Hub::read_plugin_state(const core::ReadPluginState& read) {
  auto rows = reaction::merge_state(*log_, *keys_, read.ask, read.changed);
  if (!rows) {
    stopped_ = core::Stop{core::exit_code(rows.error()), rows.error().message};
    return;
  }
  plugins_->answer({read.ask.plugin, read.ask.request, std::move(*rows)});
}

void Hub::measure_plugin_state(const core::MeasurePluginState& measure) {
  queries_->post([desk = desk_.get(), plugin = measure.plugin](QueryAnswers& out) {
    out.inputs.emplace_back(core::PluginStateMeasured{plugin, desk->reader->plugin_state_bytes(plugin)});
  });
}

void Hub::step(core::Input input) {
  std::vector<core::Input> inputs;
  inputs.push_back(std::move(input));
  while (!inputs.empty()) {
    std::vector<core::Input> next;
    for (auto& in : inputs) {
      core::Actions actions;
      core_->step(std::move(in), clock_.now(), actions);
      perform(std::move(actions), next);
    }
    inputs = std::move(next);
  }
  tell_views();
}

void Hub::perform(core::Actions actions, std::vector<core::Input>& next) {
  for (auto& action : actions) {
    std::visit(
        [&](auto&& a) {
          using T = std::remove_cvref_t<decltype(a)>;
          if constexpr (std::is_same_v<T, core::Send>)
            sends_.push_back({a.to, std::move(a.frame)});
          else if constexpr (std::is_same_v<T, core::CommitNow>)
            commit(a.commit, next);
          else if constexpr (std::is_same_v<T, core::CallPlugin>)
            plugins_->call(std::move(a.call));
          else if constexpr (std::is_same_v<T, core::ReadPluginState>)
            read_plugin_state(a);
          else if constexpr (std::is_same_v<T, core::MeasurePluginState>)
            measure_plugin_state(a);
          else if constexpr (std::is_same_v<T, core::ShowPlugin>)
            plugins_->show(std::move(a.ask));
          else if constexpr (std::is_same_v<T, core::RestartPlugin>)
            plugins_->restart(a.plugin);
          else if constexpr (std::is_same_v<T, core::ReadChunks>)
            read_chunks(a);
          else if constexpr (std::is_same_v<T, core::ReadHead>)
            read_head(a);
          else if constexpr (std::is_same_v<T, core::FindPosition>)
            find_position(a);
          else if constexpr (std::is_same_v<T, core::RunView>)
            run_view(a);
          else if constexpr (std::is_same_v<T, core::RunCommand>)
            run_command(a);
          else if constexpr (std::is_same_v<T, core::KeysChanged>) {
            flush_sends();  // the last answers of sessions that end with their keys
            publish_keys();
          } else if constexpr (std::is_same_v<T, core::Probe>)
            next.emplace_back(core::Probed{log_->probe()});
          else if constexpr (std::is_same_v<T, core::Stop>)
            stopped_ = a;
          else if constexpr (std::is_same_v<T, core::LogLine>) {
            const auto level = a.level == core::Level::info      ? spdlog::level::info
                               : a.level == core::Level::warning ? spdlog::level::warn
                                                                 : spdlog::level::err;
            spdlog::log(level, a.text);
          }
        },
        std::move(action));
  }
}

void Hub::commit(const std::shared_ptr<const log::Commit>& commit, std::vector<core::Input>& next) {
  flush_sends();  // what is decided goes out while the disk works
  const Moment before = Moment::clock::now();
  Status status = keys_->flush();
  if (status) status = log_->commit(*commit);
  committed_at_ = Moment::clock::now();
  commit_took_ = committed_at_ - before;
  if (status && !commit->tombstones.empty()) destroy_keys(commit->tombstones);
  if (status) witness_->saw(log_->testimony());
  if (status && (commit->chunk || commit->retention)) to_tell_.push_back(commit);
  next.emplace_back(core::Committed{std::move(status)});
}

/// An erasure is acknowledged when no byte of its keys is left. If that fails, the next start does it first.
void Hub::destroy_keys(const std::vector<log::TombstoneRow>& tombstones) {
  Status done;
  for (const auto& row : tombstones) {
    if (done) done = keys_->destroy(row.key, fmt::format("erasure {}", row.erasure), row.at);
  }
  if (done) done = log_->truncate_wal();
  if (!done) stopped_ = core::Stop{core::exit_code(done.error()), done.error().within("erase").text()};
}

/// The views hear of commits when the core has taken them in, so that the membership fits.
void Hub::tell_views() {
  for (auto& commit : std::exchange(to_tell_, {})) {
    queries_->post([desk = desk_.get(), commit, members = core_->membership()](QueryAnswers&) {
      desk->committed(commit->chunk, commit->definitions, members);
      if (commit->retention) desk->views->retained(commit->retention->month);
    });
  }
}

void Hub::read_chunks(const core::ReadChunks& read) {
  queries_->post([desk = desk_.get(), read](QueryAnswers& out) {
    out.inputs.emplace_back(
        core::ChunksRead{read.read, desk->reader->read(read.from, limits::read_slice_bytes, read.member)});
  });
}

void Hub::read_head(const core::ReadHead& read) {
  queries_->post([desk = desk_.get(), read](QueryAnswers& out) {
    out.inputs.emplace_back(core::HeadRead{read.read, desk->reader->head_at(read.at)});
  });
}

void Hub::find_position(const core::FindPosition& find) {
  queries_->post([desk = desk_.get(), find](QueryAnswers& out) {
    out.inputs.emplace_back(core::PositionFound{find.read, desk->find(find)});
  });
}

void Hub::run_view(const core::RunView& view) {
  queries_->post([desk = desk_.get(), view](QueryAnswers& out) { desk->run(view, out); });
}

void Hub::answer(const core::RunCommand& command, Result<std::string> result) {
  wire::Answer answer;
  answer.id = command.id;
  if (result) {
    answer.body = std::move(*result);
  } else {
    answer.code = result.error().code;
    answer.reason = result.error().message;
  }
  sends_.push_back({command.to, wire::encode(command.epoch, answer)});
}

/// How much retention ends now; asked before the commit that ends it.
void Hub::count_expired(const core::RunCommand& command) {
  const auto month = static_cast<std::uint16_t>(month_of(clock_.now()));
  queries_->post([desk = desk_.get(), command, month](QueryAnswers& out) {
    const auto expired = desk->reader->expired(month);
    wire::Answer done;
    done.id = command.id;
    if (expired) {
      done.body = boost::json::serialize(
          boost::json::object{{"before", month_text(month)}, {"bodies", expired->rows}, {"bytes", expired->bytes}});
    } else {
      done.code = expired.error().code;
      done.reason = expired.error().message;
    }
    out.frames.push_back({command.to, wire::encode(command.epoch, done)});
  });
}

void Hub::run_command(const core::RunCommand& command) {
  if (command.command == "retention.run") return count_expired(command);
  if (command.command == "resume") return resume(command);
  if (command.command == "backup") return begin_backup(command);
  answer(command, backup_progress_ ? Result<std::string>(backup_progress_->json())
                                   : fail(Errc::not_found, "no backup is being made"));
}

void Hub::resume(const core::RunCommand& command) {
  Status resumed = keys_->resume();
  if (resumed) resumed = log_->resume();
  if (!resumed) return answer(command, fail(resumed.error()));
  spdlog::warn("resumed by the operator: clients say HELLO again");
  answer(command, std::string(R"({"resumed":true})"));
  flush_sends();
  // What the failed commit left is known only now: begin again from what is on disk.
  if (const Status started = start_core(); !started)
    stopped_ = core::Stop{core::exit_code(started.error()), started.error().message};
}

void Hub::begin_backup(const core::RunCommand& command) {
  boost::system::error_code ec;
  const auto args = boost::json::parse(command.args, ec);
  const auto* to = !ec && args.is_object() ? args.as_object().if_contains("to") : nullptr;
  if (to == nullptr || !to->is_string())
    return answer(command, fail(Errc::arguments_invalid, "backup needs {\"to\": FOLDER}"));
  if (backup_) return answer(command, fail(Errc::busy, "a backup is being made"));
  const auto* keys = args.as_object().if_contains("keys");
  const bool with_keys = keys != nullptr && keys->is_bool() && keys->as_bool();
  if (with_keys && home_.config.keys_backup.empty())
    return answer(command,
                  fail(Errc::arguments_invalid, "hub.toml names no folder for them: keys_backup = \"FOLDER\""));
  auto begun = BackupRun::begin(*log_, command, std::filesystem::path(std::string(to->as_string())),
                                with_keys ? home_.folder / home_.config.keys_backup : std::filesystem::path());
  if (!begun) return answer(command, fail(begun.error()));
  backup_ = std::move(*begun);
  backup_progress_ = backup_->progress();
}

/// A slice of the backup between two commits; verified on the query thread, which may take long.
void Hub::step_backup() {
  if (!backup_) return;
  const auto copied = backup_->step(backup_pages);
  if (copied && !*copied) return;
  if (copied) {
    queries_->post(
        [desk = desk_.get(), now = clock_.now(), finish = backup_->finish(home_.data(), clock_)](QueryAnswers& out) {
          finish(out);
          const auto said = wire::decode(out.frames.back().frame);
          const auto* answer = said ? std::get_if<wire::Answer>(&said->body) : nullptr;
          desk->backup_failed = answer == nullptr || answer->code != Errc::ok;
          if (!desk->backup_failed) desk->backup_good_ms = now.value();
        });
  } else {
    answer(backup_->asked(), fail(copied.error()));
    spdlog::error("backup: {}", copied.error().text());
    desk_->backup_failed = true;
  }
  backup_.reset();
}

/// Also when no backup is made any more, no key outlives its erasure by more than 30 days.
void Hub::prune_keys() {
  if (home_.config.keys_backup.empty()) return;
  queries_->post([root = home_.folder / home_.config.keys_backup, now = clock_.now()](QueryAnswers&) {
    const auto pruned = log::prune_keys_backups(root, now);
    if (!pruned) spdlog::error("old copies of keys.db: {}", pruned.error().text());
  });
}

void Hub::on_tick() {
  step_backup();
  const TimeMs now = clock_.now();
  if (now.value() - last_tick_.value() >= tick_ms) {
    last_tick_ = now;
    step(core::IndexLag{desk_->index_lag});
    step(core::Tick{});
  }
  if (now.value() - last_prune_.value() >= prune_every_ms) {
    last_prune_ = now;
    prune_keys();
  }
  if (now.value() - last_tend_.value() >= 1'000) {
    last_tend_ = now;
    tell_machine();
    if (const auto tended = log_->tend(); !tended) spdlog::error("tending the log: {}", tended.error().text());
  }
}

void Hub::flush_sends() {
  if (!sends_.empty()) bus_->send(std::exchange(sends_, {}));
}

void Hub::publish_keys() {
  std::vector<bus::Bus::EnrolledKey> keys;
  for (const auto& m : core_->membership()->all()) {
    for (const auto& k : m->keys) {
      if (m->active && k.usable(clock_.now())) keys.push_back({k.public_key, {m->no, k.no}});
    }
  }
  bus_->set_keys(std::move(keys));
}

}  // namespace iro::daemon

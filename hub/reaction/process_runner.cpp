#include "hub/reaction/process_runner.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "hub/base/assert.hpp"
#include "hub/base/limits.hpp"

namespace iro::reaction {
namespace {

using Moment = Runner::Moment;
using std::chrono::milliseconds;

// Deadlines of processes are no part of what replays: the machine's clock, not the hub's.
Moment now_is() { return Moment::clock::now(); }

constexpr std::size_t messages_a_step = 1'024;  // then the others have their turn
constexpr std::size_t log_bytes_a_step = 64U << 10;
constexpr milliseconds log_window{60'000};
constexpr std::chrono::microseconds looks_for{25};       // what it takes to fall asleep and be woken ...
constexpr std::chrono::microseconds looks_for_event{1};  // ... and what an event takes a rule that is quick

std::string_view text_of(child::LastWord word) {
  switch (word) {
    case child::LastWord::wrote_to_input:
      return "it wrote to its input, which is read-only";
    case child::LastWord::stack_overflow:
      return "its stack overflowed";
    case child::LastWord::read_clock:
      return "it read a clock; the only time is the event's now_ms";
  }
  return "";
}

}  // namespace

struct ProcessRunner::Seat {
  explicit Seat(ProcessPlugin p) : plugin(std::move(p)) {}

  ProcessPlugin plugin;
  std::unique_ptr<ChildProcess> process;
  bool ready = false;
  std::optional<Moment> until;     // start, event or view: what comes later than this is too late
  std::optional<Moment> end_all;   // of one event, whatever it asks meanwhile
  std::optional<Moment> hurry_at;  // it may have outcomes that it keeps back
  std::optional<Moment> hung_up;   // its channel is closed: until then it may end by itself
  std::string last_word;

  std::optional<Call> call;
  bool sent = false;
  bool spoke = false;  // to answers_soon(), since the last step
  bool stirs = false;  // there is something to be read of it, or to be sent to it
  std::vector<Outcome> outcomes;
  std::size_t outcome_bytes = 0;

  std::optional<std::uint32_t> asked;
  Moment asked_at;
  std::optional<StateAnswer> answering;
  std::size_t next_row = 0;

  std::deque<ViewAsk> views;
  std::optional<ViewAsk> showing;

  bool warm = false;  // to be started although nothing waits for it
  Moment not_before;
  std::int64_t pause_ms = 0;

  Moment log_since;
  std::size_t log_lines = 0;

  [[nodiscard]] const std::string& id() const { return plugin.manifest.spec.id; }
  [[nodiscard]] milliseconds event_time() const { return milliseconds(plugin.manifest.event_ms); }
  [[nodiscard]] bool wanted() const { return call || !views.empty() || warm; }
  [[nodiscard]] bool busy() const { return sent || showing; }
};

ProcessRunner::ProcessRunner(ProcessRunnerOptions options, std::vector<ProcessPlugin> plugins)
    : options_(std::move(options)) {
  for (ProcessPlugin& plugin : plugins) add(std::move(plugin));
}

ProcessRunner::~ProcessRunner() {
  // All are killed before the first is waited for.
  for (auto& [id, seat] : seats_) {
    if (seat->process) seat->process->kill();
  }
}

void ProcessRunner::add(ProcessPlugin plugin) {
  const std::string id = plugin.manifest.spec.id;
  if (seats_.contains(id)) remove(id);
  seats_.emplace(id, std::make_unique<Seat>(std::move(plugin)));
}

void ProcessRunner::remove(const std::string& plugin) {
  Seat& seat = seat_of(plugin);
  restart(plugin);
  refuse_views(seat, Errc::view_unknown, "the plugin is gone");
  seats_.erase(plugin);
}

void ProcessRunner::warm(milliseconds patience) {
  const Moment until = now_is() + patience;
  for (auto& [id, seat] : seats_) {
    seat->warm = true;
    step(*seat, now_is());
  }
  const auto starting = [](const auto& entry) {  // for the first time: no pause after a failed start
    return entry.second->process && !entry.second->ready && entry.second->pause_ms == 0;
  };
  while (std::ranges::any_of(seats_, starting) && now_is() < until) {
    std::vector<pollfd> fds;
    poll_on(fds);
    const auto patient = std::chrono::ceil<milliseconds>(std::min(until, wake_at().value_or(until)) - now_is());
    ::poll(fds.data(), fds.size(), std::max(0, static_cast<int>(patient.count())));
    find_stirring();
    for (auto& [id, seat] : seats_) step(*seat, now_is());
  }
}

ProcessRunner::Seat& ProcessRunner::seat_of(const std::string& plugin) {
  const auto at = seats_.find(plugin);
  IRO_ASSERT(at != seats_.end(), "the core asks only plugins that it was given");
  return *at->second;
}

// ------------------------------------------------------------ what the core asks

void ProcessRunner::call(Call call) {
  Seat& seat = seat_of(call.plugin);
  IRO_ASSERT(!seat.call, "one call a plugin is outstanding at a time");
  IRO_ASSERT(!call.events.empty(), "a call is about something");
  if (call.alone && seat.process) {
    if (seat.showing) seat.views.push_front(*std::exchange(seat.showing, std::nullopt));
    end_process(seat);
  }
  seat.call = std::move(call);
  seat.outcomes.clear();
  seat.outcome_bytes = 0;
  begin(seat, now_is());
}

void ProcessRunner::answer(StateAnswer answer) {
  const auto at = seats_.find(answer.plugin);
  if (at == seats_.end()) return;
  Seat& seat = *at->second;
  if (!seat.process || seat.asked != answer.request || seat.answering) return;
  seat.answering = std::move(answer);
  seat.next_row = 0;
  send_pages(seat, now_is());
}

void ProcessRunner::show(ViewAsk ask) {
  Seat& seat = seat_of(ask.plugin);
  if (seat.views.size() >= limits::plugin_views_waiting) {
    said_.emplace_back(ViewAnswer{ask.plugin, ask.no, fail(Errc::busy, "many questions wait for this plugin")});
    return;
  }
  seat.views.push_back(std::move(ask));
  begin(seat, now_is());
}

void ProcessRunner::restart(const std::string& plugin) {
  Seat& seat = seat_of(plugin);
  if (seat.showing) seat.views.push_front(*std::exchange(seat.showing, std::nullopt));
  end_process(seat);
  if (seat.call) finish_call(seat, Failure::stopped, "the hub ended the process");
}

// ------------------------------------------------------------ waiting

void ProcessRunner::poll_on(std::vector<pollfd>& fds) const {
  for (const auto& [id, seat] : seats_) {
    if (seat->process) poll_on(*seat->process, fds);
  }
  for (const auto& process : leaving_) fds.push_back({process->pid_fd(), POLLIN, 0});
}

void ProcessRunner::poll_on(ChildProcess& process, std::vector<pollfd>& fds) {
  if (!process.channel().gone()) {
    const bool sending = process.channel().sending();
    fds.push_back({process.channel().fd(), static_cast<short>(POLLIN | (sending ? POLLOUT : 0)), 0});
  }
  if (process.log_fd() >= 0) fds.push_back({process.log_fd(), POLLIN, 0});
  fds.push_back({process.pid_fd(), POLLIN, 0});
}

std::optional<Runner::Moment> ProcessRunner::wake_at() const {
  std::optional<Moment> first;
  const auto consider = [&](const std::optional<Moment>& moment) {
    if (moment && (!first || *moment < *first)) first = moment;
  };
  if (!said_.empty()) consider(Moment{});
  for (const auto& [id, seat] : seats_) {
    consider(seat->until);
    consider(seat->end_all);
    consider(seat->hurry_at);
    consider(seat->hung_up);
    if (!seat->process && seat->wanted()) consider(seat->not_before);
  }
  return first;
}

bool ProcessRunner::answers_soon() {
  if (!look_until_) return !said_.empty();
  std::vector<Seat*> asked;
  for (auto& [id, seat] : seats_) {
    if (seat->sent && seat->process && !seat->asked) asked.push_back(seat.get());
  }
  const Moment until = *look_until_;
  if (asked.empty() || now_is() >= until) look_until_.reset();
  if (!said_.empty() || !look_until_) return !said_.empty();
  for (const Seat* seat : asked) seat->process->channel().look();
  const auto has_mail = [](const Seat* seat) { return seat->process->channel().has_mail(); };
  while (std::ranges::none_of(asked, has_mail) && now_is() < until) breathe();
  for (const Seat* seat : asked) seat->process->channel().rest();
  for (Seat* seat : asked) seat->spoke = has_mail(seat) && listen(*seat, now_is());
  return !said_.empty();
}

std::vector<Said> ProcessRunner::take() {
  find_stirring();
  const Moment now = now_is();
  for (auto& [id, seat] : seats_) step(*seat, now);
  std::erase_if(leaving_, [](const auto& process) { return process->ended().has_value(); });
  return std::exchange(said_, {});
}

std::map<std::string, int> ProcessRunner::processes() const {
  std::map<std::string, int> out;
  for (const auto& [id, seat] : seats_) {
    if (seat->process) out.emplace(id, seat->process->pid());
  }
  return out;
}

// ------------------------------------------------------------ one plugin

/// Whose channel, pipe or process has something for us: one look for all, where each would cost three.
void ProcessRunner::find_stirring() {
  std::vector<pollfd> fds;
  std::vector<std::pair<Seat*, std::size_t>> up_to;  // whose descriptors end there
  for (auto& [id, seat] : seats_) {
    if (!seat->process) continue;
    const ChildChannel& channel = seat->process->channel();
    seat->stirs = seat->spoke || channel.has_mail() || channel.sending() || seat->answering.has_value();
    poll_on(*seat->process, fds);
    up_to.emplace_back(seat.get(), fds.size());
  }
  if (up_to.empty()) return;
  (void)::poll(fds.data(), fds.size(), 0);
  std::size_t at = 0;
  for (const auto& [seat, end] : up_to) {
    for (; at < end; ++at) seat->stirs = seat->stirs || fds[at].revents != 0;
  }
}

void ProcessRunner::step(Seat& seat, Moment now) {
  const bool spoke = std::exchange(seat.spoke, false);
  const bool stirs = std::exchange(seat.stirs, false);
  const bool heard = seat.process && (spoke || (stirs && listen(seat, now)));
  // Whoever speaks is alive: its end and what it printed are looked at when it is silent.
  if (seat.process && !heard) {
    if (stirs) read_log(seat, now);
    if (!stirs || !has_ended(seat, now)) watch_deadlines(seat, now_is());
  }
  begin(seat, now);
}

/// Starts what is wanted, and gives work to whoever is free.
void ProcessRunner::begin(Seat& seat, Moment now) {
  if (!seat.process && seat.wanted() && now >= seat.not_before) start(seat, now);
  if (seat.process) give_work(seat, now);
}

void ProcessRunner::start(Seat& seat, Moment now) {
  seat.warm = false;
  const Manifest& manifest = seat.plugin.manifest;
  auto process = ChildProcess::spawn(options_.host);
  if (!process) {
    lose(seat, now, Failure::start, process.error().text());
    return;
  }
  seat.process = std::move(*process);
  child::Begin begin;
  begin.plugin = manifest.spec.id;
  begin.version = manifest.version;
  begin.abi_major = manifest.abi_major;
  begin.abi_minor = manifest.abi_minor;
  begin.object = manifest.object.string();
  begin.sha256 = manifest.sha256;
  begin.config = seat.plugin.config;
  begin.schemas = seat.plugin.schemas;
  begin.emits = manifest.spec.emits;
  begin.judge = !manifest.spec.judges.empty();
  begin.log_denied = options_.log_denied;
  begin.memory_mib = manifest.memory_mib;
  post(seat, child::encode(begin), now);
  seat.until = now + milliseconds(limits::plugin_start_ms);
}

/// A message that must fit: the queue holds a begin and a call, and there is never more.
void ProcessRunner::post(Seat& seat, Bytes message, Moment) {
  IRO_ASSERT(message.size() <= limits::plugin_message_bytes, "a message to a plugin has its limit");
  const bool queued = seat.process->channel().send(std::move(message));
  IRO_ASSERT(queued, "the queue holds all that a plugin is told at a time");
}

void ProcessRunner::give_work(Seat& seat, Moment now) {
  if (!seat.ready || seat.busy() || seat.hung_up) return;
  if (seat.call) {
    post(seat, child::encode(*seat.call), now);
    seat.sent = true;
    const Moment begun = now_is();
    expect(seat, begun);
    count_time(seat, begun);
    seat.end_all = begun + seat.event_time() * limits::plugin_patience;
  } else if (!seat.views.empty()) {
    seat.showing = std::move(seat.views.front());
    seat.views.pop_front();
    const ViewAsk& ask = *seat.showing;
    post(seat, child::encode(child::Show{ask.no, ask.now, ask.view, ask.args, ask.asker}), now);
    seat.until = now_is() + milliseconds(limits::plugin_view_ms);
    seat.end_all = *seat.until + milliseconds(limits::plugin_view_ms);
  }
}

void ProcessRunner::send_pages(Seat& seat, Moment now) {
  ChildChannel& channel = seat.process->channel();
  while (seat.answering && !channel.sending()) {
    post(seat, child::encode_page(*seat.answering, seat.next_row), now);
    if (seat.next_row < seat.answering->rows.size()) continue;
    seat.answering.reset();
    seat.asked.reset();
    // The plugin has the word again; what it waited for the hub is not counted.
    const Moment again = now_is();
    expect(seat, again);
    if (seat.end_all) *seat.end_all += again - seat.asked_at;
    count_time(seat, again);
  }
}

/// Takes what has come. True when anything has.
bool ProcessRunner::listen(Seat& seat, Moment now) {
  ChildChannel& channel = seat.process->channel();
  if (channel.sending() && channel.flush() && seat.sent && !seat.asked) count_time(seat, now_is());
  send_pages(seat, now);
  std::size_t heard = 0;
  for (; heard < messages_a_step; ++heard) {
    const auto message = channel.receive();
    if (!message) break;
    hear(seat, now, *message);
    // When it has nothing more to say, the next step will see what it says all the same.
    if (!seat.process || (seat.ready && !seat.busy())) return true;
  }
  if (!channel.broken().empty()) {
    lose(seat, now, Failure::garbage, channel.broken());
  } else if (channel.gone() && !seat.hung_up) {
    seat.hung_up = now + milliseconds(limits::plugin_leave_ms);
  }
  return heard > 0;
}

void ProcessRunner::hear(Seat& seat, Moment now, ByteView message) {
  auto said = child::decode_from_child(message);
  if (!said) return lose(seat, now, Failure::garbage, said.error().message);
  if (std::holds_alternative<child::Ready>(*said)) {
    if (seat.ready) return lose(seat, now, Failure::garbage, "it said twice that it is ready");
    seat.ready = true;
    seat.pause_ms = 0;
    seat.until.reset();
    return;
  }
  if (const auto* failed = std::get_if<child::Failed>(&*said)) {
    return lose(seat, now, seat.ready ? Failure::garbage : Failure::start, std::string(failed->why));
  }
  if (const auto* line = std::get_if<child::LogLine>(&*said)) return log(seat, now, line->text);
  if (const auto* word = std::get_if<child::LastWord>(&*said)) {
    seat.last_word = text_of(*word);
    return;
  }
  if (!seat.ready || !seat.busy()) return lose(seat, now, Failure::garbage, "it spoke without being asked");
  if (auto* outcomes = std::get_if<child::Outcomes>(&*said)) return hear_outcomes(seat, now, *outcomes);
  if (const auto* done = std::get_if<child::CallDone>(&*said)) return hear_done(seat, now, *done);
  if (const auto* ask = std::get_if<child::Ask>(&*said)) return hear_ask(seat, now, *ask);
  hear_shown(seat, std::get<child::Shown>(*said));
  if (seat.showing) lose(seat, now, Failure::garbage, "it answered what nobody asked");
}

/// Why this outcome cannot be one of this plugin for this event; "" when it can.
static std::string_view misfit(const Outcome& outcome, const CallEvent& event, const PluginSpec& spec) {
  if (outcome.item != event.item) return "it answered for another event";
  if (outcome.ruling != Ruling::accept && !event.judged) return "it gave a verdict that nobody asked for";
  if (!outcome.held.empty() && spec.judges.empty()) return "it spoke of held events, and judges nothing";
  const bool declared = std::ranges::all_of(
      outcome.emits, [&](const Emit& emit) { return std::ranges::find(spec.emits, emit.type) != spec.emits.end(); });
  return declared ? "" : "it emitted a type that plugin.toml does not name";
}

void ProcessRunner::hear_outcomes(Seat& seat, Moment now, child::Outcomes& outcomes) {
  if (!seat.sent || outcomes.no != seat.call->no || seat.asked) {
    return lose(seat, now, Failure::garbage, "outcomes that nobody waits for");
  }
  // What a rule writes on the channel itself is overtaken by the answer, when that lies in the mailbox.
  ChildChannel& channel = seat.process->channel();
  if (outcomes.last && (channel.receive() || !channel.broken().empty())) {
    return lose(seat, now, Failure::garbage, "a message that cannot be read, besides its answer");
  }
  for (Outcome& outcome : outcomes.outcomes) {
    if (seat.outcomes.size() == seat.call->events.size()) {
      return lose(seat, now, Failure::garbage, "more outcomes than events");
    }
    const CallEvent& event = seat.call->events[seat.outcomes.size()];
    const std::string_view why = misfit(outcome, event, seat.plugin.manifest.spec);
    if (!why.empty()) return lose(seat, now, Failure::garbage, std::string(why));
    seat.outcome_bytes += child::cost_of(outcome);
    if (seat.outcome_bytes > limits::plugin_call_bytes) {
      return lose(seat, now, Failure::garbage, "more effects in one call than the hub holds");
    }
    seat.outcomes.push_back(std::move(outcome));
  }
  if (outcomes.last) {
    if (seat.outcomes.size() != seat.call->events.size()) {
      return lose(seat, now, Failure::garbage, "it ended a call that is not at its end");
    }
    return finish_call(seat, Failure::none, {});
  }
  const Moment sign = now_is();
  count_time(seat, sign);
  seat.end_all = sign + seat.event_time() * limits::plugin_patience;
}

void ProcessRunner::hear_done(Seat& seat, Moment now, const child::CallDone& done) {
  if (!seat.sent || done.no != seat.call->no || seat.asked || seat.outcomes.size() == seat.call->events.size()) {
    return lose(seat, now, Failure::garbage, "it ended a call that is not at its end");
  }
  finish_call(seat, Failure::failed, std::string(done.why));
}

void ProcessRunner::hear_ask(Seat& seat, Moment now, const child::Ask& ask) {
  if (seat.asked) return lose(seat, now, Failure::garbage, "it asked again before it was answered");
  seat.asked = ask.request;
  seat.asked_at = now_is();
  seat.until.reset();
  seat.hurry_at.reset();
  said_.emplace_back(StateAsk{seat.id(), ask.request, ask.prefix, to_bytes(ask.key)});
}

void ProcessRunner::hear_shown(Seat& seat, const child::Shown& shown) {
  if (!seat.showing || shown.no != seat.showing->no || seat.asked) return;
  seat.until.reset();
  seat.end_all.reset();
  iro::Result<std::string> json = std::string(shown.text);
  if (!shown.good) json = fail(Errc::arguments_invalid, std::string(shown.text));
  said_.emplace_back(ViewAnswer{seat.id(), seat.showing->no, std::move(json)});
  seat.showing.reset();
}

/// Is it still there? If not, what it was asked is lost.
bool ProcessRunner::has_ended(Seat& seat, Moment now) {
  const auto end = seat.process->ended();
  if (!end) return false;
  // What it said last may have come after listen() looked.
  if (!seat.process->channel().gone()) listen(seat, now);
  if (!seat.process) return true;
  std::string why = *end;
  if (!seat.last_word.empty()) why += ": " + seat.last_word;
  if (why == "killed by SIGSYS") {
    why +=
        ": it asked the system for something that a plugin may not have (a file, the network, a clock, a thread, a "
        "process)";
  }
  lose(seat, now, Failure::crashed, std::move(why));
  return true;
}

/// The plugin has the word: from now on its time counts.
void ProcessRunner::count_time(Seat& seat, Moment from) {
  seat.until = from + (seat.sent ? seat.event_time() : milliseconds(limits::plugin_view_ms));
  // With one event left there is nothing that it could keep back.
  const bool more = seat.sent && seat.outcomes.size() + 1 < seat.call->events.size();
  seat.hurry_at = more ? std::optional(from + milliseconds(limits::plugin_flush_ms)) : std::nullopt;
}

/// It may answer at once: answers_soon() looks for so long.
void ProcessRunner::expect(const Seat& seat, Moment from) {
  const auto events = static_cast<std::int64_t>(seat.sent ? seat.call->events.size() - seat.outcomes.size() : 0);
  look_until_ = std::max(look_until_.value_or(Moment{}), from + looks_for + looks_for_event * events);
}

/// It has said nothing for a while: it is to say what it has. A hub that was away takes the blame for how long it was.
void ProcessRunner::hurry(Seat& seat, Moment now) {
  if (!seat.hurry_at || now < *seat.hurry_at) return;
  const auto late = now - *seat.hurry_at;
  if (seat.until) *seat.until += late;
  if (seat.end_all) *seat.end_all += late;
  seat.hurry_at.reset();
  seat.process->channel().hurry();
}

/// Is it in time?
void ProcessRunner::watch_deadlines(Seat& seat, Moment now) {
  if (seat.hung_up) {
    if (now >= *seat.hung_up) lose(seat, now, Failure::crashed, "it closed its channel to the hub");
    return;
  }
  hurry(seat, now);
  const bool late = (seat.until && now >= *seat.until) || (seat.end_all && !seat.asked && now >= *seat.end_all);
  if (!late) return;
  if (!seat.ready)
    return lose(seat, now, Failure::start, fmt::format("not ready within {} ms", limits::plugin_start_ms));
  if (seat.showing) return lose(seat, now, Failure::deadline, "the view took too long");
  const bool in_all = seat.end_all && now >= *seat.end_all;
  const std::int64_t most = seat.plugin.manifest.event_ms * (in_all ? limits::plugin_patience : 1);
  lose(seat, now, Failure::deadline,
       fmt::format("an event took longer than {} ms{}", most, in_all ? ", with its questions of state" : ""));
}

// ------------------------------------------------------------ endings

void ProcessRunner::end_process(Seat& seat) {
  if (seat.process) {
    seat.process->kill();
    leaving_.push_back(std::move(seat.process));
  }
  seat.ready = false;
  seat.sent = false;
  seat.until.reset();
  seat.end_all.reset();
  seat.hurry_at.reset();
  seat.hung_up.reset();
  seat.asked.reset();
  seat.answering.reset();
  seat.last_word.clear();
}

void ProcessRunner::finish_call(Seat& seat, Failure failure, std::string why) {
  said_.emplace_back(Result{seat.id(), seat.call->no, std::exchange(seat.outcomes, {}), failure, std::move(why)});
  seat.call.reset();
  seat.sent = false;
  if (seat.ready) seat.until.reset();
  seat.end_all.reset();
  seat.hurry_at.reset();
}

void ProcessRunner::refuse_views(Seat& seat, Errc code, const std::string& why) {
  if (seat.showing) seat.views.push_front(*std::exchange(seat.showing, std::nullopt));
  for (const ViewAsk& ask : std::exchange(seat.views, {})) {
    said_.emplace_back(ViewAnswer{seat.id(), ask.no, fail(code, why)});
  }
}

void ProcessRunner::lose(Seat& seat, Moment now, Failure failure, std::string why) {
  const bool starting = !seat.ready;
  // Before it was ready whatever happened is a start that failed, unless it broke the rules of talking.
  if (starting && failure == Failure::crashed) failure = Failure::start;
  if (seat.process) read_log(seat, now);
  log(seat, now, fmt::format("{}{}", starting ? "cannot be started: " : "its process is given up: ", why));
  const bool called = seat.call && (seat.sent || starting);
  if (seat.showing) {
    said_.emplace_back(ViewAnswer{seat.id(), seat.showing->no, fail(Errc::internal, why)});
    seat.showing.reset();
  }
  end_process(seat);
  if (starting) {
    seat.pause_ms = std::clamp(seat.pause_ms * 2, limits::plugin_restart_first_ms, limits::plugin_restart_most_ms);
    seat.not_before = now + milliseconds(seat.pause_ms);
    refuse_views(seat, Errc::busy, why);
  }
  if (called) finish_call(seat, failure, std::move(why));
}

// ------------------------------------------------------------ what it prints

void ProcessRunner::read_log(Seat& seat, Moment now) {
  for (const std::string& line : seat.process->read_log(log_bytes_a_step)) log(seat, now, line);
}

void ProcessRunner::log(Seat& seat, Moment now, std::string_view line) {
  if (!options_.log) return;
  const auto say = [&](std::string_view text) { options_.log(fmt::format("plugin {}: {}", seat.id(), text)); };
  if (now - seat.log_since >= log_window) {
    if (seat.log_lines > limits::plugin_log_lines) {
      say(fmt::format("{} more lines were not written", seat.log_lines - limits::plugin_log_lines));
    }
    seat.log_since = now;
    seat.log_lines = 0;
  }
  if (++seat.log_lines <= limits::plugin_log_lines) say(line);
}

}  // namespace iro::reaction

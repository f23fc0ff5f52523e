#include "plugins/scenario/statements.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <ranges>

#include "plugins/scenario/outcome_text.hpp"

namespace iro::scenario {
namespace {

/// A whole number, or Wrong.
template <typename Number>
Number number_of(std::string_view text) {
  Number out{};
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size())
    throw Wrong{fmt::format("'{}' is no whole number that fits", text)};
  return out;
}

std::int64_t duration_ms(std::string_view text) {
  constexpr std::pair<std::string_view, std::int64_t> units[] = {
      {"ms", 1}, {"s", 1'000}, {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto* const unit =
      std::ranges::find(units, text.substr(digits), &std::pair<std::string_view, std::int64_t>::first);
  if (digits == 0 || unit == std::end(units))
    throw Wrong{fmt::format("'{}' is no duration: 200ms, 5s, 15min, 2h, 3d", text)};
  return number_of<std::int64_t>(text.substr(0, digits)) * unit->second;
}

TimeMs time_of(const std::string& text) {
  const auto time = parse_time(text);
  if (!time) throw Wrong{fmt::format("'{}' is no time: 2026-09-01T08:00:00Z", text)};
  return *time;
}

/// One of the words, by its place.
std::size_t one_of(const std::string& word, std::initializer_list<std::string_view> words) {
  const auto* const at = std::ranges::find(words, word);
  if (at == words.end()) throw Wrong{fmt::format("'{}' is not known here: {}", word, fmt::join(words, ", "))};
  return static_cast<std::size_t>(at - words.begin());
}

void set_attribute(schema::Event& e, const std::string& name, const std::string& value) {
  if (name == "source")
    e.source = value;
  else if (name == "subject")
    e.subject = value;
  else if (name == "type")
    e.type = value;
  else if (name == "foreign_id")
    e.foreign_id = value;
  else if (name == "time")
    e.time = time_of(value);
  else if (name == "expires")
    e.expirytime = time_of(value);
  else if (name == "datacategory")
    e.datacategory = value;
  else if (name == "hop")
    e.hop = number_of<std::uint8_t>(value);
  else
    throw Wrong{fmt::format("an event has no attribute '{}'", name)};
}

}  // namespace

Statements::Statements(const RunOptions& options) : options_(options) {
  harness_.types = options.types == nullptr ? &registry() : options.types;
  harness_.numbered_ids = true;
  harness_.views = true;
  harness_.answered = [this](const reaction::Result& result) { heard(result); };
  for (const RealPlugin& real : options.plugins) harness_.plugins.push_back(real.plugin.manifest.spec);
}

const std::map<std::string, Statements::Verb>& Statements::table() {
  static const std::map<std::string, Verb> verbs = {
      {"at", &Statements::at},           {"settings", &Statements::settings}, {"plugin", &Statements::plugin},
      {"answer", &Statements::answer},   {"mood", &Statements::mood},         {"late", &Statements::late},
      {"label", &Statements::label},     {"state", &Statements::state},       {"member", &Statements::member},
      {"grant", &Statements::grant},     {"operate", &Statements::operate},   {"client", &Statements::client},
      {"publish", &Statements::publish}, {"repeat", &Statements::repeat},     {"subscribe", &Statements::subscribe},
      {"ack", &Statements::ack},         {"nak", &Statements::nak},           {"park", &Statements::park},
      {"ask", &Statements::ask},         {"control", &Statements::control},   {"disconnect", &Statements::disconnect},
      {"restart", &Statements::restart}, {"advance", &Statements::advance},   {"disk", &Statements::disk},
      {"expect", &Statements::expect}};
  return verbs;
}

void Statements::run(const Statement& s) {
  const std::string verb = s.words.empty() ? "" : s.words.front();
  const auto at = table().find(verb);
  if (at == table().end())
    throw Wrong{fmt::format("unknown statement '{}'; there are: {}", verb, fmt::join(std::views::keys(table()), ", "))};
  if (s.unfinished) throw Wrong{"the JSON does not end: a brace is missing"};
  (this->*at->second)(s);
}

std::string Statements::unexpected_failure() const {
  if (failures_.empty()) return "";
  const Failed& first = failures_.front();
  return fmt::format("the plugin {} failed ({}): {}", first.plugin, first.name, first.why);
}

/// Every answer of every plugin comes by here, scripted or not.
void Statements::heard(const reaction::Result& result) {
  for (const auto& outcome : result.outcomes) {
    answered_.push_back(result.plugin + ": " + outcome_text(outcome, types()));
    auto& said = emits_[result.plugin];
    said.insert(said.end(), outcome.emits.begin(), outcome.emits.end());
  }
  if (result.failure == reaction::Failure::none) return;
  answered_.push_back(fmt::format("{} failed: {}", result.plugin, reaction::name_of(result.failure)));
  if (real(result.plugin) != nullptr)
    failures_.push_back({result.plugin, std::string(reaction::name_of(result.failure)), result.why});
}

// ------------------------------------------------------------ what statements are made of

const std::string& Statements::word(const Statement& s, std::size_t i) {
  if (i >= s.words.size()) throw Wrong{fmt::format("a word is missing behind '{}'", s.words.back())};
  return s.words[i];
}

const schema::EventType& Statements::type_of(const std::string& name) const {
  const auto* type = types().find_loosely(name);
  if (type == nullptr) throw Wrong{fmt::format("there is no event type '{}': `iro types` lists them", name)};
  return *type;
}

Bytes Statements::payload_of(const schema::EventType& type, const std::string& json) const {
  auto payload = types().from_json(type, json);
  if (!payload) throw Wrong{payload.error().message};
  return std::move(*payload);
}

bool Statements::is_plugin(const std::string& id) const {
  return std::ranges::find(harness_.plugins, id, &reaction::PluginSpec::id) != harness_.plugins.end();
}

RealPlugin* Statements::real(const std::string& id) {
  const auto at =
      std::ranges::find(options_.plugins, id, [](const RealPlugin& one) { return one.plugin.manifest.spec.id; });
  return at == options_.plugins.end() ? nullptr : &*at;
}

void Statements::not_a_real_one(const std::string& id) {
  if (real(id) != nullptr) throw Wrong{fmt::format("{} is a real plugin: it speaks for itself", id)};
}

Harness& Statements::hub() {
  if (!hub_) {
    for (const RealPlugin& one : options_.plugins) {
      auto& process = processes_.emplace_back(std::make_unique<PluginProcess>(one));
      if (const Status started = process->start(); !started)
        throw Wrong{fmt::format("the plugin cannot be started: {}", started.error().message)};
      harness_.processes.push_back(process.get());
    }
    hub_ = std::make_unique<Harness>(harness_);
  }
  return *hub_;
}

Client& Statements::client_of(const std::string& name) {
  const auto at = connections_.find(name);
  if (at == connections_.end() || !hub().clients.contains(at->second))
    throw Wrong{fmt::format("no client '{}' is connected: write `client {}` first", name, name)};
  return hub().clients.at(at->second);
}

// ------------------------------------------------------------ before the first member

void Statements::at(const Statement& s) { harness_.start = time_of(word(s, 1)); }

void Statements::settings(const Statement& s) {
  if (options_.plugins.empty()) throw Wrong{"settings are those of a real plugin: run this with iro-plugin test"};
  if (hub_) throw Wrong{"settings come before members"};
  RealPlugin* one = s.words.size() > 1 ? real(s.words[1]) : &options_.plugins.front();
  if (one == nullptr) throw Wrong{fmt::format("'{}' is no real plugin here", s.words[1])};
  auto& plugin = one->plugin;
  auto config = reaction::config_json(plugin.manifest, s.json, "settings");
  if (!config) throw Wrong{config.error().message};
  plugin.config = std::move(*config);
}

void Statements::plugin(const Statement& s) {
  if (hub_) throw Wrong{"plugins come before members"};
  not_a_real_one(word(s, 1));
  auto found = std::ranges::find(harness_.plugins, word(s, 1), &reaction::PluginSpec::id);
  if (found == harness_.plugins.end()) {
    reaction::PluginSpec spec;
    spec.id = word(s, 1);
    found = harness_.plugins.insert(found, std::move(spec));
  }
  const std::size_t what = one_of(word(s, 2), {"reacts", "judges", "emits", "unavailable"});
  if (what == 3) {
    constexpr reaction::OnUnavailable wishes[] = {reaction::OnUnavailable::hold, reaction::OnUnavailable::reject,
                                                  reaction::OnUnavailable::pass};
    found->on_unavailable = wishes[one_of(word(s, 3), {"hold", "reject", "pass"})];
    return;
  }
  auto& list = what == 0 ? found->reacts : what == 1 ? found->judges : found->emits;
  for (std::size_t i = 3; i < s.words.size(); ++i) list.push_back(type_of(s.words[i]).name);
}

// ------------------------------------------------------------ scripted plugins

void Statements::answer(const Statement& s) {
  const std::string& plugin = word(s, 1);
  not_a_real_one(plugin);
  Answer& answer = answers_[{plugin, word(s, 2) == "timer" ? "timer" : type_of(word(s, 2)).name}];
  reaction::Outcome& outcome = answer.outcome;
  const std::string& what = word(s, 3);
  if (what == "nothing") {
    answer = {};
  } else if (what == "emit") {
    const auto& emitted = type_of(word(s, 4));
    outcome.emits.push_back({emitted.name, payload_of(emitted, s.json)});
  } else if (what == "timer") {
    answer.timers[word(s, 4)] = duration_ms(word(s, 5));
  } else if (what == "put") {
    outcome.state.push_back({to_bytes(word(s, 4)), to_bytes(word(s, 5)), s.words.size() > 6 ? s.words[6] : ""});
  } else if (what == "release" || what == "refuse") {
    const auto held = labels_.find(word(s, 4));
    if (held == labels_.end()) throw Wrong{fmt::format("no event has the label '{}'", s.words[4])};
    outcome.held.push_back({held->second, what == "release", {"scenario", "nl", "en"}});
  } else if (what == "reject" || what == "hold") {
    outcome.ruling = what == "reject" ? reaction::Ruling::reject : reaction::Ruling::hold;
    outcome.verdict = {"scenario", word(s, 4), word(s, 4)};
  } else {
    throw Wrong{fmt::format("a plugin cannot answer '{}'", what)};
  }
  hub().plugins[plugin] = [this, plugin](const reaction::CallEvent& e) { return answer_of(plugin, e); };
}

reaction::Outcome Statements::answer_of(const std::string& plugin, const reaction::CallEvent& event) {
  const bool timer = event.kind == reaction::EventKind::timer;
  const auto found = answers_.find({plugin, timer ? "timer" : std::string(event.event.type)});
  if (found == answers_.end()) return {};
  reaction::Outcome said = found->second.outcome;
  if (!event.judged) said.ruling = reaction::Ruling::accept;
  for (const auto& [key, ms] : found->second.timers)
    said.timers.push_back({to_bytes(key), TimeMs(event.event.recordedtime.value() + ms), {}});
  return said;
}

void Statements::mood(const Statement& s) {
  not_a_real_one(word(s, 1));
  constexpr Mood moods[] = {Mood::prompt, Mood::late, Mood::crashes};
  hub().moods[s.words[1]] = moods[one_of(word(s, 2), {"prompt", "late", "crashes"})];
}

void Statements::late(const Statement&) {
  while (!hub().late_calls.empty()) hub().answer_late();
}

void Statements::label(const Statement& s) {
  if (last_events_.empty()) throw Wrong{"nothing was published that could have a label"};
  labels_[word(s, 1)] = last_events_.front().id;
}

// ------------------------------------------------------------ members and what they do

void Statements::member(const Statement& s) {
  const std::string& slug = word(s, 1);
  const Errc code = hub().try_enrol(slug, {s.words.begin() + 2, s.words.end()});
  if (code != Errc::ok) throw Wrong{fmt::format("the hub refused the member: {}", info(code).name)};
}

void Statements::grant(const Statement& s) {
  hub().grant(word(s, 1), type_of(word(s, 2)).name, one_of(word(s, 3), {"publish", "no-publish"}) == 0, word(s, 4));
}

void Statements::operate(const Statement& s) {
  const auto& type = type_of(word(s, 1));
  [[maybe_unused]] const Bytes checked = payload_of(type, s.json);
  last_code_ = hub().operate(type.name, s.json);
}

void Statements::client(const Statement& s) {
  const std::string name = s.words.size() > 2 ? s.words[2] : "main";
  if (hub().core->membership()->find(word(s, 1)) == nullptr)
    throw Wrong{fmt::format("there is no member '{}': write `member {} ROLE` first", s.words[1], s.words[1])};
  Client& c = hub().connect(s.words[1], name);
  connections_[s.words.size() > 2 ? s.words[1] + "/" + name : s.words[1]] = c.connection.value();
  last_client_ = c.connection.value();
}

void Statements::publish(const Statement& s) {
  Client& c = client_of(word(s, 1));
  [[maybe_unused]] const Bytes checked = payload_of(type_of(word(s, 2)), s.json);
  schema::Event e = hub().make(c, word(s, 2), s.json);
  for (std::size_t i = 4; i + 1 < s.words.size(); i += 2) set_attribute(e, s.words[i], s.words[i + 1]);
  last_events_ = {e};
  last_sequence_ = c.next_sequence;
  last_code_ = hub().publish(c, last_events_).front();
  last_client_ = c.connection.value();
}

void Statements::repeat(const Statement& s) {
  Client& c = client_of(word(s, 1));
  c.next_sequence = last_sequence_;
  last_code_ = hub().publish(c, last_events_).front();
}

void Statements::subscribe(const Statement& s) {
  constexpr wire::From froms[] = {wire::From::cursor, wire::From::beginning, wire::From::now};
  const auto from = s.words.size() > 3 ? froms[one_of(s.words[3], {"cursor", "beginning", "now"})] : wire::From::cursor;
  Client& c = client_of(word(s, 1));
  last_client_ = c.connection.value();
  hub().subscribe(c, word(s, 2), s.json, from);
}

void Statements::ack(const Statement& s) { hub().ack_all(client_of(word(s, 1))); }

void Statements::nak(const Statement& s) {
  Client& c = client_of(word(s, 1));
  const auto number = number_of<std::uint64_t>(word(s, 3));
  hub().send(c, wire::Nak{c.consumers.at(s.words[2]), number, 0, s.words.size() > 4, "scenario"});
}

void Statements::park(const Statement& s) {
  Client& c = client_of(word(s, 1));
  const auto number = number_of<std::uint64_t>(word(s, 3));
  hub().send(c, wire::Park{c.consumers.at(s.words[2]), number, "scenario"});
}

void Statements::ask(const Statement& s) {
  Client& c = client_of(word(s, 1));
  hub().ask(c, word(s, 2), s.json.empty() ? "{}" : s.json);
  last_client_ = c.connection.value();
}

void Statements::control(const Statement& s) {
  Client& c = client_of(word(s, 1));
  hub().send(c, wire::Control{1, word(s, 2), s.json});
  last_client_ = c.connection.value();
}

void Statements::disconnect(const Statement& s) { hub().disconnect(client_of(word(s, 1))); }

void Statements::restart(const Statement&) {
  hub().restart();
  connections_.clear();
  read_.clear();
}

void Statements::advance(const Statement& s) { hub().advance_ms(duration_ms(word(s, 1))); }

void Statements::disk(const Statement& s) {
  const std::size_t what = one_of(word(s, 1), {"full", "broken", "room"});
  if (what == 2) return hub().log->room();
  hub().log->fail_next_commit(what == 0 ? Errc::disk_full : Errc::storage_failed);
}

}  // namespace iro::scenario

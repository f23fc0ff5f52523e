// tests/scenario/runner.cpp: runs one .scenario file and says which line was wrong.
//
//   at TIME                                    the clock, before anything else
//   plugin ID reacts|judges|emits TYPE...      before the first member
//   plugin ID unavailable hold|reject|pass     what becomes of what it judges while it is suspended
//   answer ID TYPE reject|hold "REASON"        what a plugin says to a type; several lines add up
//   answer ID TYPE emit TYPE {json}
//   answer ID TYPE timer KEY 15min             after the event; its firing is the type `timer`
//   answer ID TYPE put KEY VALUE [PERSON]
//   answer ID TYPE release|refuse LABEL        of an event that it holds
//   answer ID TYPE nothing                     forgets what was said of the type
//   mood ID prompt|late|crashes                how it behaves from here on
//   late                                       every late call is answered now
//   label NAME                                 the event that was published last
//   state ID KEY is VALUE | state ID KEY is nothing
//   member SLUG ROLE...                        enrolled with its roles' grants
//   grant SLUG TYPE publish|no-publish none|masked|full
//   operate TYPE {json}                        an operator's event
//   client SLUG [NAME]                         connects; later lines name it SLUG or SLUG/NAME
//   publish CLIENT TYPE {json}                 then: expect accepted | held | refused CODE
//   publish CLIENT TYPE with ATTRIBUTE VALUE {json}
//   repeat CLIENT                              the last PUB once more
//   subscribe CLIENT CONSUMER [beginning|now|cursor] {filter}
//   expect CLIENT gets TYPE [attempt N] [masked] {part of the payload}
//   expect CLIENT gets nothing
//   expect CLIENT error CODE
//   ack CLIENT | nak CLIENT CONSUMER N [failure] | park CLIENT CONSUMER N
//   control CLIENT COMMAND {args}              then: expect answer CODE
//   disconnect CLIENT                          restart       advance 15min
//   disk full|broken|room
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <iostream>
#include <sstream>

#include "tests/scenario/harness.hpp"
#include "tests/scenario/script.hpp"

namespace iro::test {
namespace json = boost::json;
namespace {

struct Wrong {
  std::string what;
};

/// Does `whole` hold everything that `part` says?
bool contains(const json::value& whole, const json::value& part) {
  if (part.is_object()) {
    return whole.is_object() && std::ranges::all_of(part.as_object(), [&](const auto& member) {
             const auto* found = whole.as_object().if_contains(member.key());
             return found != nullptr && contains(*found, member.value());
           });
  }
  return whole == part;
}

std::int64_t duration_ms(const std::string& text) {
  const std::size_t unit = text.find_first_not_of("0123456789");
  const std::map<std::string, std::int64_t> units = {
      {"ms", 1}, {"s", 1'000}, {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  const auto at = unit == std::string::npos || unit == 0 ? units.end() : units.find(text.substr(unit));
  if (at == units.end()) throw Wrong{fmt::format("'{}' is no duration: 200ms, 5s, 15min, 2h, 3d", text)};
  return std::stoll(text.substr(0, unit)) * at->second;
}

Errc code_of(const std::string& name) {
  const auto code = find_code(name);
  if (!code) throw Wrong{fmt::format("there is no code '{}'", name)};
  return *code;
}

class Runner {
 public:
  void run(const Statement& s) {
    const auto& verbs = table();
    const auto at = s.words.empty() ? verbs.end() : verbs.find(s.words.front());
    if (at == verbs.end()) throw Wrong{fmt::format("unknown statement '{}'", s.words.empty() ? "" : s.words.front())};
    (this->*at->second)(s);
  }

 private:
  using Verb = void (Runner::*)(const Statement&);
  static const std::map<std::string, Verb>& table() {
    static const std::map<std::string, Verb> verbs = {
        {"at", &Runner::at},           {"plugin", &Runner::plugin},
        {"answer", &Runner::answer},   {"member", &Runner::member},
        {"grant", &Runner::grant},     {"operate", &Runner::operate},
        {"client", &Runner::client},   {"publish", &Runner::publish},
        {"repeat", &Runner::repeat},   {"subscribe", &Runner::subscribe},
        {"expect", &Runner::expect},   {"ack", &Runner::ack},
        {"nak", &Runner::nak},         {"park", &Runner::park},
        {"control", &Runner::control}, {"disconnect", &Runner::disconnect},
        {"restart", &Runner::restart}, {"advance", &Runner::advance},
        {"disk", &Runner::disk},       {"mood", &Runner::mood},
        {"late", &Runner::late},       {"label", &Runner::label},
        {"state", &Runner::state}};
    return verbs;
  }

  static const std::string& word(const Statement& s, std::size_t i) {
    if (i >= s.words.size()) throw Wrong{"a word is missing"};
    return s.words[i];
  }
  Harness& hub() {
    if (!hub_) hub_ = std::make_unique<Harness>(options_);
    return *hub_;
  }
  Client& client_of(const std::string& name) {
    const auto at = connections_.find(name);
    if (at == connections_.end() || !hub().clients.contains(at->second))
      throw Wrong{fmt::format("no client '{}' is connected", name)};
    return hub().clients.at(at->second);
  }

  void at(const Statement& s) { options_.start = parse_time(word(s, 1)).value(); }
  void plugin(const Statement& s) {
    if (hub_) throw Wrong{"plugins come before members"};
    auto found = std::ranges::find(options_.plugins, word(s, 1), &reaction::PluginSpec::id);
    if (found == options_.plugins.end()) {
      reaction::PluginSpec spec;
      spec.id = word(s, 1);
      found = options_.plugins.insert(found, std::move(spec));
    }
    if (word(s, 2) == "unavailable") {
      found->on_unavailable = word(s, 3) == "reject" ? reaction::OnUnavailable::reject
                              : word(s, 3) == "pass" ? reaction::OnUnavailable::pass
                                                     : reaction::OnUnavailable::hold;
      return;
    }
    auto& list = word(s, 2) == "judges" ? found->judges : word(s, 2) == "emits" ? found->emits : found->reacts;
    for (std::size_t i = 3; i < s.words.size(); ++i) list.push_back(registry().find_loosely(s.words[i])->name);
  }
  void answer(const Statement& s) {
    const std::string plugin = word(s, 1);
    const std::string type = word(s, 2) == "timer" ? "timer" : registry().find_loosely(word(s, 2))->name;
    Answer& answer = answers_[{plugin, type}];
    reaction::Outcome& outcome = answer.outcome;
    const std::string& what = word(s, 3);
    if (what == "nothing") {
      answer = {};
    } else if (what == "emit") {
      const auto* emitted = registry().find_loosely(word(s, 4));
      outcome.emits.push_back({emitted->name, registry().from_json(*emitted, s.json).value()});
    } else if (what == "timer") {
      answer.timers[word(s, 4)] = duration_ms(word(s, 5));
    } else if (what == "put") {
      outcome.state.push_back({to_bytes(word(s, 4)), to_bytes(word(s, 5)), s.words.size() > 6 ? s.words[6] : ""});
    } else if (what == "release" || what == "refuse") {
      outcome.held.push_back({labels_.at(word(s, 4)), what == "release", {"scenario", "nl", "en"}});
    } else if (what == "reject" || what == "hold") {
      outcome.ruling = what == "reject" ? reaction::Ruling::reject : reaction::Ruling::hold;
      outcome.verdict = {"scenario", word(s, 4), word(s, 4)};
    } else {
      throw Wrong{fmt::format("a plugin cannot answer '{}'", what)};
    }
    hub().plugins[plugin] = [this, plugin](const reaction::CallEvent& e) {
      const bool timer = e.kind == reaction::EventKind::timer;
      const auto found = answers_.find({plugin, timer ? "timer" : std::string(e.event.type)});
      if (found == answers_.end()) return reaction::Outcome{};
      reaction::Outcome said = found->second.outcome;
      if (!e.judged) said.ruling = reaction::Ruling::accept;
      for (const auto& [key, ms] : found->second.timers)
        said.timers.push_back({to_bytes(key), TimeMs(e.event.recordedtime.value() + ms), {}});
      return said;
    };
  }
  void mood(const Statement& s) {
    hub().moods[word(s, 1)] = word(s, 2) == "late"      ? Mood::late
                              : word(s, 2) == "crashes" ? Mood::crashes
                                                        : Mood::prompt;
  }
  void late(const Statement&) {
    while (!hub().late_calls.empty()) hub().answer_late();
  }
  void label(const Statement& s) { labels_[word(s, 1)] = last_events_.at(0).id; }
  void state(const Statement& s) {
    const auto rows = hub().read_state(word(s, 1), word(s, 2), false);
    const std::string found = rows.empty() ? "nothing" : rows.begin()->second;
    if (word(s, 3) != "is" || found != word(s, 4)) throw Wrong{fmt::format("it is {}", found)};
  }
  void member(const Statement& s) { hub().enrol(word(s, 1), {s.words.begin() + 2, s.words.end()}); }
  void grant(const Statement& s) {
    hub().grant(word(s, 1), registry().find_loosely(word(s, 2))->name, word(s, 3) == "publish", word(s, 4));
  }
  void operate(const Statement& s) { last_code_ = hub().operate(registry().find_loosely(word(s, 1))->name, s.json); }
  void client(const Statement& s) {
    const std::string name = s.words.size() > 2 ? s.words[2] : "main";
    Client& c = hub().connect(word(s, 1), name);
    connections_[s.words.size() > 2 ? s.words[1] + "/" + name : s.words[1]] = c.connection.value();
    last_client_ = c.connection.value();
  }
  void publish(const Statement& s) {
    Client& c = client_of(word(s, 1));
    schema::Event e = hub().make(c, word(s, 2), s.json);
    for (std::size_t i = 4; i + 1 < s.words.size(); i += 2) set_attribute(e, s.words[i], s.words[i + 1]);
    last_events_ = {e};
    last_sequence_ = c.next_sequence;
    last_code_ = hub().publish(c, last_events_).front();
    last_client_ = c.connection.value();
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
      e.time = parse_time(value).value();
    else if (name == "expires")
      e.expirytime = parse_time(value).value();
    else if (name == "datacategory")
      e.datacategory = value;
    else if (name == "hop")
      e.hop = static_cast<std::uint8_t>(std::stoi(value));
    else
      throw Wrong{fmt::format("no attribute '{}'", name)};
  }
  void repeat(const Statement& s) {
    Client& c = client_of(word(s, 1));
    c.next_sequence = last_sequence_;
    last_code_ = hub().publish(c, last_events_).front();
  }
  void subscribe(const Statement& s) {
    wire::From from = wire::From::cursor;
    if (s.words.size() > 3)
      from = s.words[3] == "beginning" ? wire::From::beginning
             : s.words[3] == "now"     ? wire::From::now
                                       : wire::From::cursor;
    Client& c = client_of(word(s, 1));
    last_client_ = c.connection.value();
    hub().subscribe(c, word(s, 2), s.json, from);
  }
  void ack(const Statement& s) { hub().ack_all(client_of(word(s, 1))); }
  void nak(const Statement& s) {
    Client& c = client_of(word(s, 1));
    hub().send(c, wire::Nak{c.consumers.at(word(s, 2)), std::stoull(word(s, 3)), 0, s.words.size() > 4, "scenario"});
  }
  void park(const Statement& s) {
    Client& c = client_of(word(s, 1));
    hub().send(c, wire::Park{c.consumers.at(word(s, 2)), std::stoull(word(s, 3)), "scenario"});
  }
  void control(const Statement& s) {
    Client& c = client_of(word(s, 1));
    hub().send(c, wire::Control{1, word(s, 2), s.json});
    last_client_ = c.connection.value();
  }
  void disconnect(const Statement& s) { hub().disconnect(client_of(word(s, 1))); }
  void restart(const Statement&) {
    hub().restart();
    connections_.clear();
    read_.clear();
  }
  void advance(const Statement& s) { hub().advance_ms(duration_ms(word(s, 1))); }
  void disk(const Statement& s) {
    const std::string& what = word(s, 1);
    if (what == "full")
      hub().log->fail_next_commit(Errc::disk_full);
    else if (what == "broken")
      hub().log->fail_next_commit(Errc::storage_failed);
    else
      hub().log->room();
  }

  void expect(const Statement& s) {
    const std::string& what = word(s, 1);
    if (what == "accepted") return require_code(Errc::ok);
    if (what == "refused") return require_code(code_of(word(s, 2)));
    if (what == "held") {
      require_code(Errc::ok);
      if (hub().clients.at(last_client_).acks.back().held.empty()) throw Wrong{"the event was not held"};
      return;
    }
    if (what == "answer") {
      const auto& answers = hub().clients.at(last_client_).answers;
      if (answers.empty() || answers.back().code != code_of(word(s, 2)))
        throw Wrong{
            fmt::format("the answer was {}", answers.empty() ? "none" : std::string(info(answers.back().code).name))};
      return;
    }
    Client& c = client_of(what);
    if (word(s, 2) == "error") {
      if (c.errors.empty() || c.errors.back().code != code_of(word(s, 3)))
        throw Wrong{fmt::format("the last error was {}",
                                c.errors.empty() ? "none" : std::string(info(c.errors.back().code).name))};
      return;
    }
    expect_gets(c, s);
  }
  void require_code(Errc wanted) const {
    if (last_code_ != wanted) throw Wrong{fmt::format("expected {}, got {}", info(wanted).name, info(last_code_).name)};
  }
  void expect_gets(Client& c, const Statement& s) {
    std::size_t& read = read_[c.connection.value()];
    if (word(s, 3) == "nothing") {
      if (read < c.received.size()) throw Wrong{fmt::format("it got {}", c.received[read].event.type)};
      return;
    }
    if (read >= c.received.size()) throw Wrong{"it got nothing"};
    const Received& r = c.received[read++];
    const auto* type = registry().find_loosely(word(s, 3));
    if (type == nullptr || r.event.type != type->name) throw Wrong{fmt::format("it got {}", r.event.type)};
    for (std::size_t i = 4; i < s.words.size(); ++i) {
      if (s.words[i] == "masked" && !r.event.masked) throw Wrong{"it was not masked"};
      if (s.words[i] == "attempt" && r.attempt != std::stoi(word(s, i + 1)))
        throw Wrong{fmt::format("it was attempt {}", r.attempt)};
    }
    const std::string payload = registry().to_json(*type, r.event.payload).value();
    if (!s.json.empty() && !contains(json::parse(payload), json::parse(s.json)))
      throw Wrong{fmt::format("the payload was {}", payload)};
  }

  HarnessOptions options_;
  std::unique_ptr<Harness> hub_;
  std::map<std::string, std::uint64_t> connections_;
  std::map<std::uint64_t, std::size_t> read_;
  struct Answer {
    reaction::Outcome outcome;
    std::map<std::string, std::int64_t> timers;  // key -> how long after the event
  };
  std::map<std::pair<std::string, std::string>, Answer> answers_;
  std::map<std::string, EventId> labels_;
  std::vector<schema::Event> last_events_;
  ProducerSeq last_sequence_;
  Errc last_code_ = Errc::internal;
  std::uint64_t last_client_ = 0;
};

int run_file(const char* path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  if (!in) {
    std::cerr << path << ": cannot be read\n";
    return 2;
  }
  const auto script = parse_script(text.str());
  if (!script) {
    std::cerr << path << ": " << script.error().message << "\n";
    return 2;
  }
  Runner runner;
  for (const auto& s : *script) {
    try {
      runner.run(s);
    } catch (const Wrong& w) {
      std::cerr << path << ":" << s.line << ": " << w.what << "\n";
      return 1;
    } catch (const std::exception& e) {
      std::cerr << path << ":" << s.line << ": " << e.what() << "\n";
      return 2;
    }
  }
  std::cout << path << ": " << script->size() << " statements hold\n";
  return 0;
}

}  // namespace
}  // namespace iro::test

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: iro-scenario FILE.scenario\n";
    return 2;
  }
  return iro::test::run_file(argv[1]);
}

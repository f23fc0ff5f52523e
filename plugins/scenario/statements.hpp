// plugins/scenario/statements.hpp: the grammar of .scenario files, and what each statement does.
//
//   at TIME                                    the clock, before anything else
//   settings [ID] {json}                       of a real plugin (the first one), before the first member
//   plugin ID reacts|judges|emits TYPE...      a scripted one, before the first member
//   plugin ID unavailable hold|reject|pass     what becomes of what it judges while it is suspended
//   answer ID TYPE reject|hold "REASON"        what a scripted plugin says to a type; several lines add up
//   answer ID TYPE emit TYPE {json}
//   answer ID TYPE timer KEY 15min             after the event; its firing is the type `timer`
//   answer ID TYPE put KEY VALUE [PERSON]
//   answer ID TYPE release|refuse LABEL        of an event that it holds
//   answer ID TYPE nothing                     forgets what was said of the type
//   mood ID prompt|late|crashes                how it behaves from here on
//   late                                       every late call is answered now
//   label NAME                                 the event that was published last
//   state ID KEY is VALUE|nothing|something    of any plugin
//   member SLUG ROLE...                        enrolled with its roles' grants
//   grant SLUG TYPE publish|no-publish none|masked|full
//   operate TYPE {json}                        an operator's event
//   client SLUG [NAME]                         connects; later lines name it SLUG or SLUG/NAME
//   publish CLIENT TYPE {json}                 then: expect accepted | held | refused CODE ["PART OF THE REASON"]
//   publish CLIENT TYPE with ATTRIBUTE VALUE {json}
//   repeat CLIENT                              the last PUB once more
//   subscribe CLIENT CONSUMER [beginning|now|cursor] {filter}
//   expect CLIENT gets TYPE [attempt N] [masked] {part of the payload}
//   expect CLIENT gets nothing
//   expect CLIENT error CODE
//   expect ID emits TYPE {part of the payload} what the plugin said next; or: nothing
//   expect ID fails FAILURE                    a real plugin: crashed, deadline, garbage, failed, start
//   ack CLIENT | nak CLIENT CONSUMER N [failure] | park CLIENT CONSUMER N
//   ask CLIENT VIEW {args}                     then: expect answer CODE {part of it}; of a plugin: plugin/ID/NAME
//   control CLIENT COMMAND {args}              then: expect answer CODE
//   disconnect CLIENT                          restart       advance 15min
//   disk full|broken|room
//
// The inner part of runner.cpp. Wrong leaves these functions as an exception, because it ends a statement from
// anywhere.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "plugins/scenario/harness.hpp"
#include "plugins/scenario/runner.hpp"
#include "plugins/scenario/script.hpp"

namespace iro::scenario {

/// A statement that cannot be followed, or an expectation that differs; then `instead` is what would have held.
struct Wrong {
  std::string what;
  std::string instead = {};
};

class Statements {
 public:
  explicit Statements(const RunOptions& options);

  /// Throws Wrong.
  void run(const Statement& s);
  /// A real plugin has failed in the statements so far, and nothing expected that: why.
  [[nodiscard]] std::string unexpected_failure() const;
  std::vector<std::string> take_answers() { return std::move(answered_); }

 private:
  using Verb = void (Statements::*)(const Statement&);
  static const std::map<std::string, Verb>& table();

  static const std::string& word(const Statement& s, std::size_t i);
  [[nodiscard]] const schema::Registry& types() const { return *harness_.types; }
  [[nodiscard]] const schema::EventType& type_of(const std::string& name) const;
  /// The payload that the JSON says, or Wrong.
  [[nodiscard]] Bytes payload_of(const schema::EventType& type, const std::string& json) const;
  [[nodiscard]] bool is_plugin(const std::string& id) const;
  [[nodiscard]] RealPlugin* real(const std::string& id);
  void not_a_real_one(const std::string& id);
  Harness& hub();
  Client& client_of(const std::string& name);

  void at(const Statement& s);
  void settings(const Statement& s);
  void plugin(const Statement& s);
  void answer(const Statement& s);
  void mood(const Statement& s);
  void late(const Statement& s);
  void label(const Statement& s);
  void state(const Statement& s);
  void member(const Statement& s);
  void grant(const Statement& s);
  void operate(const Statement& s);
  void client(const Statement& s);
  void publish(const Statement& s);
  void repeat(const Statement& s);
  void subscribe(const Statement& s);
  void ack(const Statement& s);
  void nak(const Statement& s);
  void park(const Statement& s);
  void ask(const Statement& s);
  void control(const Statement& s);
  void disconnect(const Statement& s);
  void restart(const Statement& s);
  void advance(const Statement& s);
  void disk(const Statement& s);
  reaction::Outcome answer_of(const std::string& plugin, const reaction::CallEvent& event);
  void heard(const reaction::Result& result);

  // expectations.cpp
  void expect(const Statement& s);
  void expect_accepted(const Statement& s);
  void expect_refused(const Statement& s);
  void expect_held(const Statement& s);
  void expect_answer(const Statement& s);
  void expect_error(const Statement& s);
  void expect_emits(const Statement& s);
  void expect_fails(const Statement& s);
  void expect_gets(const Statement& s);
  /// How the last PUB ended, as a statement.
  std::string how_it_ended();
  [[nodiscard]] const wire::Refusal* last_refusal();

  RunOptions options_;
  HarnessOptions harness_;
  std::vector<std::unique_ptr<PluginProcess>> processes_;  // die after hub_
  std::unique_ptr<Harness> hub_;
  std::map<std::string, std::uint64_t> connections_;
  std::map<std::uint64_t, std::size_t> read_;  // of each connection: how many received events were looked at
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
  std::map<std::string, std::vector<reaction::Emit>> emits_;  // of each plugin
  std::map<std::string, std::size_t> emits_read_;
  struct Failed {
    std::string plugin;
    std::string name;  // of the failure
    std::string why;
  };
  std::vector<Failed> failures_;  // of real plugins
  std::vector<std::string> answered_;
};

}  // namespace iro::scenario

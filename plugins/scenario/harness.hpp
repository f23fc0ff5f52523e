// plugins/scenario/harness.hpp: a hub's core with everything around it played in
// memory: log, readers, plugins, clock and clients. No threads, no sockets:
// each call runs until the hub is quiet, so a test is a sequence of facts. Its
// plugins may be real ones, each in a process of its own, which is waited for.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hub/core/core.hpp"
#include "hub/log/memory_log.hpp"
#include "hub/reaction/state.hpp"
#include "hub/views/views.hpp"
#include "plugins/scenario/plugin_process.hpp"

namespace iro::scenario {

/// The types of this build, loaded once.
const schema::Registry& registry();

struct Received {
  ConsumerNo consumer;
  std::uint64_t number = 0;
  std::uint16_t attempt = 1;
  schema::Event event;
};

/// One client as the hub sees it: a connection, a session, an outbox's numbers.
struct Client {
  ConnectionNo connection;
  Principal who;
  std::string slug;
  std::string source;
  ProducerId producer;
  std::uint64_t start_number = 1;
  SessionEpoch epoch;
  ProducerSeq next_sequence{1};
  std::optional<wire::Welcome> welcome;
  std::optional<wire::Receipt> receipt;  // shown in HELLO; that of the newest PUBACK
  std::map<std::string, ConsumerNo> consumers;
  std::vector<Received> received;  // all that ever came
  std::vector<wire::PubAck> acks;
  std::vector<wire::ErrorMessage> errors;
  std::vector<wire::Answer> answers;
  std::vector<std::uint32_t> pongs;
};

using Plugin = std::function<reaction::Outcome(const reaction::CallEvent&)>;

/// How a scripted plugin behaves when it is called.
enum class Mood {
  prompt,   // answers at once
  late,     // answers when answer_late() is called
  crashes,  // ends on every call, having answered nothing
  absent,   // its process does not start
};

struct HarnessOptions {
  std::vector<reaction::PluginSpec> plugins;
  TimeMs start = parse_time("2026-09-01T08:00:00Z").value();
  std::array<std::uint8_t, 16> log_id{};
  log::KeyRing* keys = nullptr;                       // none: keys in memory
  std::function<void(const log::Commit&)> also = {};  // sees every commit that succeeded
  bool guard_clock = false;                           // tests leap over months; one of them looks at what a leap does
  bool views = false;                                 // answer QUERY and find events too, as the query thread does
  const schema::Registry* types = nullptr;            // none: those of this build; outlives the harness
  bool numbered_ids = false;                          // events get ids by counting: two runs are the same
  std::vector<PluginProcess*> processes = {};         // the plugins that are real; they outlive the harness
  std::function<void(const reaction::Result&)> answered = {};  // sees what plugins answer
};

class Harness {
 public:
  explicit Harness(HarnessOptions options = {});

  /// Enrol a member through the operator's event, with the default grants of its roles.
  MemberNo enrol(const std::string& slug, const std::vector<std::string>& roles);
  /// The same, where it may be refused: the code.
  Errc try_enrol(const std::string& slug, const std::vector<std::string>& roles);
  /// Any operator event; the refusal's code, or ok.
  Errc operate(const std::string& type, const std::string& json);
  void grant(const std::string& slug, const std::string& type, bool publish, const std::string& receive);

  /// A connected client with a WELCOME (or an error in `errors`).
  Client& connect(const std::string& slug, const std::string& name = "main");
  /// The same under another key of the member than its first: one outbox a name, whatever the key.
  Client& connect_as(const std::string& slug, KeyNo key, const std::string& name = "main");
  void hello(Client& client, const std::string& name = "main");
  void disconnect(Client& client);

  [[nodiscard]] const schema::Registry& types() const { return *options_.types; }
  /// An event of this client, ready to publish; fields may be changed before.
  schema::Event make(const Client& client, const std::string& type, const std::string& json);
  /// One PUB; the codes of its events in order (ok, a permanent one, or the temporary one for those not taken).
  std::vector<Errc> publish(Client& client, const std::vector<schema::Event>& events);
  Errc publish_one(Client& client, const std::string& type, const std::string& json);
  void subscribe(Client& client, const std::string& consumer, const std::string& filter = "",
                 wire::From from = wire::From::cursor, std::function<void(wire::Sub&)> change = {});
  void ack(Client& client, const std::string& consumer, std::uint64_t up_to);
  void ack_all(Client& client);
  void send(Client& client, const wire::Body& body);
  void send_raw(Client& client, Bytes frame);

  void advance_ms(std::int64_t ms);
  /// The process ends and starts again on the same log; clients must say HELLO again.
  void restart();
  /// In force at the next restart().
  void add_plugin(reaction::PluginSpec plugin) { options_.plugins.push_back(std::move(plugin)); }

  std::map<std::string, Plugin> plugins;  // what each spec'd plugin answers
  std::map<std::string, Mood> moods;
  std::function<bool(const reaction::CallEvent&)> crashes_on;  // whatever the mood; not when it is asked alone
  std::vector<reaction::Call> late_calls;                      // not answered yet
  std::vector<std::pair<std::string, std::size_t>> calls;      // each call so far: plugin, number of events
  std::size_t impatience = 0;                                  // how often the core was told that 2 ms are over
  /// The `i`-th of the late calls is answered now.
  void answer_late(std::size_t i = 0);
  /// What a plugin would read of its state now, inside its function too.
  std::map<std::string, std::string> read_state(const std::string& plugin, const std::string& key, bool prefix);
  std::vector<std::string> restarted;  // plugins that were told to forget what they remember
  std::unique_ptr<log::MemoryLog> log;
  log::MemoryKeyRing memory_keys;
  log::KeyRing& keys;
  ManualClock clock;
  std::unique_ptr<core::Core> core;
  std::map<std::uint64_t, Client> clients;  // by connection
  std::vector<core::Stop> stops;
  std::unique_ptr<views::Views> desk;  // with HarnessOptions::views
  /// One QUERY's answer, its pages joined by line breaks.
  wire::Answer ask(Client& client, const std::string& view, const std::string& args);

  void step(core::Input input);

 private:
  void start_views(const log::Snapshot& snapshot, const std::array<std::uint8_t, 32>& token_key);
  void find(const core::FindPosition& find, std::vector<core::Input>& next);
  void run_view(const core::RunView& view, std::vector<core::Input>& next);
  void tell_views();
  void perform(core::Actions actions);
  void carry_out(core::Action action, std::vector<core::Input>& next);
  /// The process of a real plugin; null for a scripted one.
  [[nodiscard]] PluginProcess* real(const std::string& plugin) const;
  PluginProcess::Rows answer_real(const reaction::StateAsk& ask);
  reaction::Result run_plugin(const reaction::Call& call);
  reaction::ViewAnswer show_plugin(reaction::ViewAsk ask);
  core::PluginAnswered answered(reaction::Result result) const;
  void read_plugin_state(const core::ReadPluginState& read);
  core::PluginStateMeasured measured(const std::string& plugin);
  void receive(const core::Send& send);
  void tell_operator_key();

  HarnessOptions options_;
  std::unique_ptr<log::LogReader> reader_;
  std::vector<std::shared_ptr<const log::Commit>> to_tell_;
  std::uint64_t next_connection_ = 1;
  std::uint32_t events_ = 0;
  std::map<std::string, KeyNo> keys_of_;
  reaction::StateAnswer state_answer_;
  int depth_ = 0;  // inside a plugin's function
};

}  // namespace iro::scenario

// adapters/client/session.hpp: the client's half of the protocol, as a machine
// that is fed frames and time and says what to do. It knows no sockets, files or
// threads; the runtime does what it says, and tests play the hub.
//
// States: away (no connection), greeting (HELLO sent), up (WELCOME came), and
// resting (a refusal; HELLO again at retry_at_). A frame of another epoch than
// the session's is ignored. One thread.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "adapters/client/client.hpp"
#include "adapters/client/publish_window.hpp"
#include "adapters/client/questions.hpp"
#include "hub/base/ticks.hpp"

namespace iro::client {

inline constexpr std::int64_t ping_after_ms = 10'000;  // of silence from us; a third of the lease
inline constexpr std::int64_t first_retry_ms = 250;    // doubled with each refusal
inline constexpr std::int64_t most_retry_ms = 5'000;
inline constexpr std::int64_t hopeless_retry_ms = 5'000;     // a refusal that only an operator can change
inline constexpr std::int64_t hello_answer_ms = 5'000;       // then HELLO is said again
inline constexpr std::int64_t subscribe_answer_ms = 10'000;  // then SUB is sent again: the hub was busy

/// For the worker: events to handle, or the word that nothing sent before `fence` is still to come.
struct DeliverWork {
  SessionEpoch epoch;
  std::string consumer;
  wire::Message message;
};
struct FenceWork {
  SessionEpoch epoch;
  std::string consumer;
  std::uint32_t fence = 0;
};
using Work = std::variant<DeliverWork, FenceWork>;

/// What the worker has done with a DELIVER: frames to send, in order.
struct Handled {
  SessionEpoch epoch;
  std::string consumer;
  std::vector<wire::Body> answers;  // NAK and PARK before the ACK that passes them
  Token up_to;                      // resume point of an ephemeral consumer
  std::uint32_t fence = 0;          // not 0: ask the hub for this fence behind the answers
};

struct SessionConfig {
  std::string client_name;
  std::string software;
  std::uint64_t start_number = 0;  // of a session that publishes nothing: tells this process from another
};

class ClientSession {
 public:
  /// `source` may be null: then the session publishes nothing. `jitter` is a random number.
  ClientSession(SessionConfig config, PublishSource* source, std::uint64_t jitter);

  // What happens to the connection.
  void on_connected(Ticks now);
  void on_disconnected();
  /// The hub does not know our key.
  void on_key_refused(Ticks now);
  /// The handshake failed for another reason: it is no ZeroMQ at the other end, or not the hub's key.
  void on_handshake_failed(Ticks now);
  void on_frame(ByteView frame, Ticks now);
  void on_tick(Ticks now);

  // What the client wants.
  void subscribe(Subscription subscription, Ticket ticket, Ticks now);
  void unsubscribe(std::string_view consumer, Ticks now);
  void ask(Ticket ticket, Questions::Body body, Ticks deadline, Ticks now);
  void on_handled(const Handled& handled, Ticks now);
  /// New events are in the source, or frames that waited for the socket have left.
  void pump(Ticks now);

  /// What to do about it, in order.
  struct Actions {
    std::vector<Bytes> frames;
    std::vector<Work> work;
    std::vector<Answered> answered;  // questions, and subscriptions (without pages)
    std::vector<Error> troubles;     // what no caller waits for
    bool reopen = false;             // close the socket, and connect anew
  };
  Actions take_actions();
  /// While frames cannot leave, none are made from the source.
  void set_writable(bool writable) { writable_ = writable; }
  /// on_tick() is due then.
  [[nodiscard]] Ticks wakes_at() const;

  [[nodiscard]] const std::optional<wire::Welcome>& welcome() const { return welcome_; }
  /// Why there is no session, if the hub has said so.
  [[nodiscard]] const std::optional<Error>& refusal() const { return refusal_; }
  [[nodiscard]] SessionEpoch epoch() const { return welcome_ ? welcome_->epoch : SessionEpoch(); }

 private:
  enum class State { away, greeting, up, resting };
  struct Consumer {
    Subscription subscription;
    std::optional<Ticket> ticket;  // whoever waits for the first answer
    bool known = false;            // the hub has it: from now on its cursor counts
    std::uint32_t request = 0;     // the SUB that waits for SUBSCRIBED; 0: none
    Ticks ask_again = never;
    std::optional<ConsumerNo> number;
    Token resume;  // of an ephemeral one
  };
  using Consumers = std::map<std::string, Consumer, std::less<>>;

  Status send(const wire::Body& body, Ticks now);
  void say(const wire::Body& body, Ticks now);
  void send_questions(Ticks now);
  void greet(Ticks now);
  void lose_session();
  /// Be without a session for `ms`, give or take, and then greet or reopen.
  enum class Then { greet, reopen };
  void rest(std::int64_t ms, Then then, Ticks now);
  void reopen();
  std::int64_t next_backoff();
  void trouble(Error error) { actions_.troubles.push_back(std::move(error)); }
  void send_sub(const std::string& name, Consumer& consumer, Ticks now);
  void finish_subscribe(Consumer& consumer, Result<std::vector<std::string>> result);
  [[nodiscard]] std::int64_t lease_ms() const;
  Consumers::iterator by_request(std::uint32_t request);

  void on_body(wire::Welcome& body, wire::Message& message, Ticks now);
  void on_body(wire::PubAck& body, wire::Message& message, Ticks now);
  void on_body(wire::Subscribed& body, wire::Message& message, Ticks now);
  void on_body(wire::Deliver& body, wire::Message& message, Ticks now);
  void on_body(wire::Answer& body, wire::Message& message, Ticks now);
  void on_body(wire::Ping& body, wire::Message& message, Ticks now);
  void on_body(wire::Pong& body, wire::Message& message, Ticks now);
  void on_body(wire::Drain& body, wire::Message& message, Ticks now);
  void on_body(wire::ErrorMessage& body, wire::Message& message, Ticks now);
  void on_refused_hello(Error error, Ticks now);
  void notice_restore(const wire::Welcome& welcome);
  void on_session_error(Error error, Ticks now);
  void on_subscribe_error(Consumers::iterator at, Error error, Ticks now);
  void tick_up(Ticks now);

  const SessionConfig config_;
  PublishSource* source_;
  std::optional<PublishWindow> window_;
  Questions questions_;
  Consumers consumers_;
  State state_ = State::away;
  std::optional<wire::Welcome> welcome_;
  std::optional<Error> refusal_;
  bool writable_ = true;
  bool hide_receipt_ = false;  // the hub does not know it: say HELLO without it until there is another
  LogEpoch restored_epoch_;    // which its client has been told of
  Then after_rest_ = Then::greet;
  Ticks welcome_at_ = Ticks(-never.value());
  Ticks drain_until_ = never;  // the hub goes down: nothing new is sent
  Ticks last_heard_;
  Ticks last_sent_;
  Ticks retry_at_ = never;
  unsigned refusals_ = 0;
  std::uint64_t jitter_;
  std::uint32_t last_request_ = 1U << 31;        // apart from the ids of questions, as an ERROR names either
  std::map<std::uint32_t, std::string> fences_;  // by the number of the PING that asks for them
  Actions actions_;
};

/// The consumer's name is `[a-z0-9._-]{1,64}`.
bool valid_consumer_name(std::string_view name);

}  // namespace iro::client

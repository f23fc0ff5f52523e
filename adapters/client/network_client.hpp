// adapters/client/network_client.hpp: one client as the network thread sees it.
// It feeds its session with frames, events and time, and does what the session says.
// Every function belongs to the network thread.
#pragma once

#include <deque>
#include <functional>

#include "adapters/client/link.hpp"
#include "adapters/client/outbox.hpp"
#include "adapters/client/session.hpp"

namespace iro::client {

inline constexpr std::int64_t save_after_ms = 250;  // decisions of the hub kept in memory only; they cost an fsync
inline constexpr std::size_t frames_per_turn = 64;  // then the other clients of the runtime have theirs
inline constexpr int goodbye_ms = 200;              // for the last acknowledgements to leave

class NetworkClient {
 public:
  /// What leaves the network thread; called on it.
  struct Exits {
    std::function<void(Work)> work;
    std::function<void(Answered)> answered;
    std::function<void(const Error&)> trouble;
    std::function<void(const ClientSession&)> status;  // after every change
    std::function<void()> save;                        // the outbox has something to save
  };
  /// `outbox` may be null.
  NetworkClient(zmq::context_t& context, KeyFile keys, SessionConfig config, Outbox* outbox, Exits exits);

  Status open() { return link_.open(); }
  /// Take no more work from the hub: the handlers are to come to an end.
  void stop_work() { working_ = false; }
  /// Send what is left, and close.
  void say_goodbye(const std::vector<std::string>& consumers, Ticks now);

  ClientSession& session() { return session_; }
  /// Do what the session wants since the last call. To be called after everything that is done to it.
  void act();

  void add_poll_items(std::vector<zmq_pollitem_t>& items);
  void take_turn(Ticks now);
  [[nodiscard]] Ticks wakes_at() const;

 private:
  void hear_events(Ticks now);
  void hear_frames(Ticks now);
  void send_pending();
  void reopen();

  const KeyFile keys_;
  Link link_;
  Outbox* outbox_;
  ClientSession session_;
  Exits exits_;
  bool working_ = true;
  std::deque<Bytes> pending_;  // frames that the socket has not taken
  Ticks save_at_ = never;
};

}  // namespace iro::client

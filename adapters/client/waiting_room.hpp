// adapters/client/waiting_room.hpp: where callers wait for what the network thread
// finds out: answers to their questions, and whether there is a session. Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "adapters/client/session.hpp"

namespace iro::client {

class WaitingRoom {
 public:
  using Pages = Result<std::vector<std::string>>;
  struct Seat {
    Ticket ticket;
    std::future<Pages> pages;
  };
  Seat take_seat();
  /// The answer has come, for whoever still waits for it.
  void call(Answered answered);

  /// What the session looks like now.
  void show(const ClientSession& session);
  [[nodiscard]] std::optional<wire::Welcome> session() const;
  [[nodiscard]] SessionEpoch epoch() const;
  /// Until the first WELCOME, or a refusal that waiting does not change.
  Status wait_connected(std::chrono::milliseconds timeout) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Ticket last_;
  std::unordered_map<Ticket, std::promise<Pages>> seats_;
  std::optional<wire::Welcome> welcome_;
  std::optional<Error> refusal_;
  bool was_welcome_ = false;
};

}  // namespace iro::client

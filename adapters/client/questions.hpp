// adapters/client/questions.hpp: QUERY and CONTROL on their way to an answer.
//
// Every question ends: with its pages, with the hub's refusal, or with a timeout.
// A query that was sent when the session broke is asked again; a command is not,
// as it may have been carried out. Without I/O; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "hub/base/error.hpp"
#include "hub/base/ticks.hpp"
#include "hub/schema/frames.hpp"

namespace iro::client {

inline constexpr std::size_t answer_bytes = 64U << 20;  // all pages of one answer; a runaway view ends here

/// How the asker recognises its answer.
using Ticket = Strong<struct TicketTag, std::uint64_t>;
struct Answered {
  Ticket ticket;
  Result<std::vector<std::string>> pages;
};

class Questions {
 public:
  using Body = std::variant<wire::Query, wire::Control>;
  void add(Ticket ticket, Body body, Ticks deadline);

  /// What has not been sent in this session yet, with its ids filled in.
  std::vector<wire::Body> unsent();
  /// The session is gone: queries will be asked again, commands that were sent have failed.
  void session_lost();
  void on_answer(wire::Answer answer);
  /// An ERROR that names `request`; false when it is none of ours.
  bool on_error(std::uint32_t request, const Error& error);
  void on_tick(Ticks now);
  [[nodiscard]] Ticks wakes_at() const;
  std::vector<Answered> take_answered() { return std::exchange(answered_, {}); }

 private:
  struct Question {
    Ticket ticket;
    Body body;
    Ticks deadline;
    bool sent = false;
    std::size_t bytes = 0;
    std::vector<std::string> pages;
  };
  using Open = std::map<std::uint32_t, Question>;
  Open::iterator finish(Open::iterator at, Result<std::vector<std::string>> pages);

  Open open_;
  std::uint32_t last_id_ = 0;
  std::vector<Answered> answered_;
};

}  // namespace iro::client

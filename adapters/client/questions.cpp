#include "adapters/client/questions.hpp"

#include <algorithm>
#include <utility>

namespace iro::client {

void Questions::add(Ticket ticket, Body body, Ticks deadline) {
  ++last_id_;
  std::visit([this](auto& b) { b.id = last_id_; }, body);
  open_.emplace(last_id_, Question{ticket, std::move(body), deadline, false, 0, {}});
}

std::vector<wire::Body> Questions::unsent() {
  std::vector<wire::Body> bodies;
  for (auto& [id, question] : open_) {
    if (std::exchange(question.sent, true)) continue;
    std::visit([&](const auto& body) { bodies.emplace_back(body); }, question.body);
  }
  return bodies;
}

Questions::Open::iterator Questions::finish(Open::iterator at, Result<std::vector<std::string>> pages) {
  answered_.push_back({at->second.ticket, std::move(pages)});
  return open_.erase(at);
}

void Questions::session_lost() {
  for (auto at = open_.begin(); at != open_.end();) {
    Question& question = at->second;
    if (question.sent && std::holds_alternative<wire::Control>(question.body)) {
      at = finish(at, fail(Errc::unreachable,
                           "the session ended before the answer came: the command may have been carried out"));
      continue;
    }
    question.sent = false;
    question.bytes = 0;
    question.pages.clear();
    ++at;
  }
}

void Questions::on_answer(wire::Answer answer) {
  const auto at = open_.find(answer.id);
  if (at == open_.end()) return;  // it has timed out here
  if (answer.code != Errc::ok) {
    finish(at, fail(answer.code, std::move(answer.reason)));
    return;
  }
  Question& question = at->second;
  question.bytes += answer.body.size();
  if (question.bytes > answer_bytes) {
    finish(at, fail(Errc::limit_reached, "the answer is larger than 64 MiB: ask for less"));
    return;
  }
  question.pages.push_back(std::move(answer.body));
  if (answer.last) finish(at, std::move(question.pages));
}

bool Questions::on_error(std::uint32_t request, const Error& error) {
  const auto at = open_.find(request);
  if (request == 0 || at == open_.end()) return false;
  finish(at, fail(error));
  return true;
}

void Questions::on_tick(Ticks now) {
  for (auto at = open_.begin(); at != open_.end();) {
    if (at->second.deadline > now) {
      ++at;
      continue;
    }
    at = finish(at, at->second.sent ? fail(Errc::timeout, "the hub did not answer in time")
                                    : fail(Errc::unreachable, "there was no session with the hub in time"));
  }
}

Ticks Questions::wakes_at() const {
  Ticks soonest = never;
  for (const auto& [id, question] : open_) soonest = std::min(soonest, question.deadline);
  return soonest;
}

}  // namespace iro::client

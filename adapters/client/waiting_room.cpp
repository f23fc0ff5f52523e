#include "adapters/client/waiting_room.hpp"

namespace iro::client {

WaitingRoom::Seat WaitingRoom::take_seat() {
  const std::scoped_lock lock(mutex_);
  last_ = last_.next();
  return {last_, seats_[last_].get_future()};
}

void WaitingRoom::call(Answered answered) {
  const std::scoped_lock lock(mutex_);
  const auto at = seats_.find(answered.ticket);
  if (at == seats_.end()) return;
  at->second.set_value(std::move(answered.pages));
  seats_.erase(at);
}

void WaitingRoom::show(const ClientSession& session) {
  const std::scoped_lock lock(mutex_);
  const bool same_session = (welcome_ ? welcome_->epoch : SessionEpoch()) == session.epoch();
  const bool same_refusal =
      refusal_.has_value() == session.refusal().has_value() && (!refusal_ || refusal_->code == session.refusal()->code);
  if (same_session && same_refusal) return;
  welcome_ = session.welcome();
  refusal_ = session.refusal();
  was_welcome_ = was_welcome_ || welcome_.has_value();
  changed_.notify_all();
}

std::optional<wire::Welcome> WaitingRoom::session() const {
  const std::scoped_lock lock(mutex_);
  return welcome_;
}

SessionEpoch WaitingRoom::epoch() const {
  const std::scoped_lock lock(mutex_);
  return welcome_ ? welcome_->epoch : SessionEpoch();
}

Status WaitingRoom::wait_connected(std::chrono::milliseconds timeout) const {
  const auto hopeless = [this] { return refusal_ && info(refusal_->code).permanence == Permanence::P; };
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [&] { return was_welcome_ || hopeless(); });
  if (was_welcome_) return {};
  if (refusal_) return fail(*refusal_);
  return fail(Errc::unreachable, "the hub did not answer in time");
}

}  // namespace iro::client

#include "hub/delivery/consumer.hpp"

#include <algorithm>

#include "hub/base/assert.hpp"
#include "hub/base/limits.hpp"

namespace iro::delivery {

using log::DeviationRow;
using log::DeviationState;

Consumer::Consumer(ConsumerNo no, MemberNo member, std::string name, std::string filter_text, Filter filter, Seq cursor,
                   Seq start)
    : no_(no),
      member_(member),
      name_(std::move(name)),
      filter_text_(std::move(filter_text)),
      filter_(std::move(filter)),
      cursor_(cursor),
      start_(start),
      stored_cursor_(cursor),
      next_(cursor.next()) {}

void Consumer::set_filter(std::string text, Filter filter) {
  filter_text_ = std::move(text);
  filter_ = std::move(filter);
  start_ = cursor_;
  changes_.cursor = true;
}

void Consumer::restore(DeviationRow row) {
  ++blocked_[row.subject];
  deviations_.emplace(row.seq, std::move(row));
}

void Consumer::attach(Credit credit) {
  attached_ = true;
  credit_ = credit;
  next_ = cursor_.next();
  next_number_ = 1;
  sent_.clear();
  frames_.clear();
  sent_bytes_ = 0;
  unsealed_ = 0;
}

void Consumer::detach() {
  attach(credit_);
  attached_ = false;
}

void Consumer::seek(Seq cursor) {
  for (const auto& [seq, row] : deviations_) changes_.deviations[seq] = std::nullopt;
  deviations_.clear();
  blocked_.clear();
  cursor_ = cursor;
  start_ = cursor;
  changes_.cursor = true;
  attach(credit_);
}

bool Consumer::is_out(Seq seq) const {
  return std::ranges::any_of(sent_, [&](const Sent& s) { return s.seq == seq && !s.acked; });
}

bool Consumer::has_credit() const {
  return attached_ && room_events() > 0 && sent_bytes_ < credit_.bytes && frames_.size() < limits::consumer_frames;
}

bool Consumer::paused() const { return blocked_.size() >= limits::held_subjects; }

std::size_t Consumer::room_events() const { return credit_.events > sent_.size() ? credit_.events - sent_.size() : 0; }

bool Consumer::offer(Seq seq, std::string_view subject, std::size_t bytes) {
  next_ = seq.next();
  // Read again after a restart: it was set aside while an earlier event was still on its way.
  if (deviations_.contains(seq)) return false;
  if (!subject.empty() && !blocked_.empty() && blocked_.contains(std::string(subject))) {
    put({no_, seq, DeviationState::waits, 0, TimeMs(), std::string(subject), "behind an earlier event of its subject"});
    return false;
  }
  sent_.push_back({next_number_++, seq, std::string(subject), bytes, false, false});
  sent_bytes_ += bytes;
  ++unsealed_;
  return true;
}

std::uint64_t Consumer::seal_frame() {
  IRO_ASSERT(unsealed_ > 0, "a frame holds an event");
  const std::uint64_t first = next_number_ - unsealed_;
  frames_.push_back(next_number_ - 1);
  unsealed_ = 0;
  return first;
}

void Consumer::passed(Seq seq) {
  next_ = seq;
  if (!sent_.empty()) return;
  const Seq upto = seq.plus(static_cast<std::uint64_t>(-1));
  // What does not concern the consumer is worth a write only when a restart would read it all again.
  changes_.cursor = changes_.cursor || upto.value() > stored_cursor_.value() + limits::batch_events;
  cursor_ = std::max(cursor_, upto);
}

Consumer::Sent* Consumer::find(std::uint64_t number) {
  const auto at = std::ranges::lower_bound(sent_, number, {}, &Sent::number);
  return at != sent_.end() && at->number == number && !at->acked ? &*at : nullptr;
}

void Consumer::ack(std::uint64_t up_to, TimeMs now) {
  for (Sent& s : sent_) {
    if (s.number > up_to) break;
    if (s.acked) continue;
    s.acked = true;
    if (s.retry) finished_retry(s.seq, now);
  }
  settle();
}

void Consumer::ack_one(std::uint64_t number, TimeMs now) {
  if (Sent* s = find(number)) {
    s->acked = true;
    if (s->retry) finished_retry(s->seq, now);
    settle();
  }
}

bool Consumer::nak(std::uint64_t number, std::uint32_t delay_ms, bool failure, std::string reason, TimeMs now) {
  Sent* s = find(number);
  if (s == nullptr) return false;
  const std::uint32_t attempts = this->attempts(s->seq) + (failure ? 1 : 0);
  if (attempts >= limits::delivery_attempts) return park(number, std::move(reason));
  const TimeMs due = delay_ms != 0 ? now.plus(delay_ms) : backoff(std::max(attempts, 1U), now);
  s->acked = true;
  put({no_, s->seq, DeviationState::retry, attempts, due, s->subject, std::move(reason)});
  take_back(number, s->subject);
  settle();
  return true;
}

bool Consumer::park(std::uint64_t number, std::string reason) {
  Sent* s = find(number);
  if (s == nullptr) return false;
  s->acked = true;
  put({no_, s->seq, DeviationState::parked, attempts(s->seq), TimeMs(), s->subject, std::move(reason)});
  take_back(number, s->subject);
  settle();
  return true;
}

/// Later events of the subject that are on their way are sent again behind the retry.
void Consumer::take_back(std::uint64_t after, const std::string& subject) {
  if (subject.empty()) return;
  for (Sent& s : sent_) {
    if (s.number <= after || s.acked || s.subject != subject) continue;
    s.acked = true;
    put({no_, s.seq, DeviationState::waits, 0, TimeMs(), subject, "behind an earlier event of its subject"});
  }
}

std::optional<Seq> Consumer::due(TimeMs now) const {
  if (!has_credit()) return std::nullopt;
  for (const auto& [seq, row] : deviations_) {
    if (row.state != DeviationState::retry || row.due > now) continue;
    const bool on_its_way =
        std::ranges::any_of(sent_, [&](const Sent& s) { return s.retry && !s.acked && s.seq == seq; });
    if (!on_its_way) return seq;
  }
  return std::nullopt;
}

std::uint32_t Consumer::attempts(Seq seq) const {
  const auto at = deviations_.find(seq);
  return at == deviations_.end() ? 0 : at->second.attempts;
}

void Consumer::sent_retry(Seq seq, std::string_view subject, std::size_t bytes) {
  IRO_ASSERT(unsealed_ == 0, "a retry goes in a frame of its own");
  sent_.push_back({next_number_++, seq, std::string(subject), bytes, false, true});
  sent_bytes_ += bytes;
  ++unsealed_;
}

bool Consumer::redrive(Seq seq, TimeMs now) {
  const auto at = deviations_.find(seq);
  if (at == deviations_.end() || at->second.state != DeviationState::parked) return false;
  DeviationRow row = at->second;
  row.state = DeviationState::retry;
  row.attempts = 0;
  row.due = now;
  put(std::move(row));
  return true;
}

bool Consumer::skip(Seq seq, TimeMs now) {
  const auto at = deviations_.find(seq);
  if (at == deviations_.end() || at->second.state != DeviationState::parked) return false;
  finished_retry(seq, now);
  return true;
}

void Consumer::finished_retry(Seq seq, TimeMs now) {
  const auto at = deviations_.find(seq);
  if (at == deviations_.end()) return;
  const std::string subject = at->second.subject;
  remove(seq);
  wake_next(subject, now);
}

/// The subject's next event in order follows at once.
void Consumer::wake_next(const std::string& subject, TimeMs now) {
  for (const auto& [seq, row] : deviations_) {
    if (row.subject != subject) continue;
    if (row.state == DeviationState::waits) {
      DeviationRow next = row;
      next.state = DeviationState::retry;
      next.due = now;
      put(std::move(next));
    }
    return;
  }
}

void Consumer::put(DeviationRow row) {
  changes_.deviations[row.seq] = row;
  auto [at, fresh] = deviations_.try_emplace(row.seq, row);
  if (fresh) {
    ++blocked_[row.subject];
  } else {
    at->second = std::move(row);
  }
}

void Consumer::remove(Seq seq) {
  const auto at = deviations_.find(seq);
  const auto blocked = blocked_.find(at->second.subject);
  if (--blocked->second == 0) blocked_.erase(blocked);
  deviations_.erase(at);
  changes_.deviations[seq] = std::nullopt;
}

/// Forget what is acknowledged at the front, and move the cursor behind it.
void Consumer::settle() {
  while (!sent_.empty() && sent_.front().acked) {
    sent_bytes_ -= sent_.front().bytes;
    sent_.pop_front();
  }
  while (!frames_.empty() && (sent_.empty() || frames_.front() < sent_.front().number)) frames_.pop_front();
  Seq upto = next_.plus(static_cast<std::uint64_t>(-1));
  for (const Sent& s : sent_) {
    if (s.retry) continue;
    upto = s.seq.plus(static_cast<std::uint64_t>(-1));
    break;
  }
  if (upto > cursor_) {
    cursor_ = upto;
    changes_.cursor = true;
  }
}

TimeMs Consumer::backoff(std::uint32_t attempts, TimeMs now) const {
  const std::int64_t base = std::min(limits::retry_most_ms, limits::retry_first_ms << std::min(attempts - 1, 20U));
  // Spread by consumer, so that many that failed together do not come back together.
  const std::int64_t jitter =
      static_cast<std::int64_t>((no_.value() * 2'654'435'761U + attempts * 40'503U) % 1'000) * base / 4'000;
  return now.plus(base + jitter);
}

Changes Consumer::take_changes() {
  if (changes_.cursor) stored_cursor_ = cursor_;
  return std::exchange(changes_, {});
}

}  // namespace iro::delivery

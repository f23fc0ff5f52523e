#include "adapters/client/outbox.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "hub/base/assert.hpp"
#include "hub/base/limits.hpp"

namespace iro::client {
namespace {

Status check_attribute(std::string_view name, std::string_view value) {
  if (value.size() <= limits::attribute_bytes) return {};
  return fail(Errc::attribute_oversize,
              fmt::format("{} has {} bytes; {} are allowed", name, value.size(), limits::attribute_bytes));
}

/// What the hub would refuse for its size alone is refused before it takes up a number.
Status check_sizes(const schema::Event& e) {
  if (e.type.empty()) return fail(Errc::invalid_argument, "the event has no type");
  IRO_TRY(check_attribute("type", e.type), "event");
  IRO_TRY(check_attribute("source", e.source), "event");
  IRO_TRY(check_attribute("subject", e.subject), "event");
  IRO_TRY(check_attribute("traceparent", e.traceparent), "event");
  IRO_TRY(check_attribute("datacategory", e.datacategory), "event");
  IRO_TRY(check_attribute("foreign_id", e.foreign_id), "event");
  if (e.payload.size() > limits::payload_bytes) {
    return fail(Errc::payload_oversize,
                fmt::format("the payload has {} bytes; {} are allowed", e.payload.size(), limits::payload_bytes));
  }
  return {};
}

}  // namespace

/// The open transaction, as the caller's body sees it. The first failure decides: nothing is committed behind it.
class Outbox::Transaction final : public OutboxTransaction {
 public:
  explicit Transaction(Outbox& outbox) : outbox_(outbox) {}

  Result<EventId> publish(schema::Event event) override {
    auto ready = outbox_.prepare(event);
    if (!ready) return fail(note_failure(ready.error()));
    Status put = guarded("publish", [&]() -> Status { return outbox_.insert(*ready); });
    if (!put) return fail(note_failure(put.error()));
    return ready->id;
  }
  void put(std::string_view space, std::string_view key, std::string_view value) override {
    attempt([&] { outbox_.file_->put_note(space, key, value); });
  }
  void erase(std::string_view space, std::string_view key) override {
    attempt([&] { outbox_.file_->erase_note(space, key); });
  }
  std::optional<std::string> get(std::string_view space, std::string_view key) override {
    std::optional<std::string> value;
    attempt([&] { value = outbox_.file_->note(space, key); });
    return value;
  }
  [[nodiscard]] Status status() const { return failure_ ? Status(fail(*failure_)) : Status(); }

 private:
  template <typename Action>
  void attempt(Action&& action) {
    const Status done = guarded("note", [&]() -> Status { return action(), Status(); });
    if (!done) note_failure(done.error());
  }
  Error note_failure(const Error& error) {
    if (!failure_) failure_ = error;
    return error;
  }
  Outbox& outbox_;
  std::optional<Error> failure_;
};

Result<std::unique_ptr<Outbox>> Outbox::open(Settings settings, const Clock& clock) {
  auto file = OutboxFile::open(settings.folder);
  if (!file) return fail(file.error());
  auto reader = OutboxReader::open(settings.folder);
  if (!reader) return fail(reader.error());
  return guarded("outbox.db", [&]() -> Result<std::unique_ptr<Outbox>> {
    return std::make_unique<Outbox>(std::move(settings), clock, std::move(*file), std::move(*reader));
  });
}

Outbox::Outbox(Settings settings, const Clock& clock, std::unique_ptr<OutboxFile> file,
               std::unique_ptr<OutboxReader> reader)
    : settings_(std::move(settings)), clock_(clock), file_(std::move(file)), reader_(std::move(reader)) {
  state_ = saved_ = file_->load_state();
  const OutboxFile::Span kept = file_->span(state_.acked);
  last_ = kept.last;
  oldest_ = kept.oldest;
}

Result<Outbox::NewEvent> Outbox::prepare(const schema::Event& event) const {
  IRO_TRY(check_sizes(event), "publish");
  schema::EventView view = schema::view_of(event);
  if (view.time.value() == 0) view.time = clock_.now();
  if (view.id.is_zero()) view.id = make_event_id(static_cast<std::uint64_t>(view.time.value()));
  if (view.source.empty()) view.source = settings_.source;
  return NewEvent{view.id, wire::event_wire_size(view),
                  wire::encode(SessionEpoch(), wire::Pub{ProducerSeq(1), {view}})};
}

Result<std::vector<EventId>> Outbox::append(std::span<const schema::Event> events) {
  Waiting mine;
  std::vector<EventId> ids;
  for (const schema::Event& event : events) {
    auto ready = prepare(event);
    if (!ready) return fail(ready.error());
    ids.push_back(ready->id);
    mine.events.push_back(std::move(*ready));
  }
  if (writing_thread_.load() == std::this_thread::get_id()) {
    return fail(Errc::invalid_argument, "publish() inside transaction(): use the transaction's publish()");
  }
  std::unique_lock lock(queue_mutex_);
  queue_.push_back(&mine);
  // The first to come writes for all who came while the last fsync ran: the fsync is the timer.
  written_.wait(lock, [&] { return mine.done || !leading_; });
  if (!mine.done) {
    leading_ = true;
    const auto group = std::exchange(queue_, {});
    lock.unlock();
    commit_together(group);
    lock.lock();
    for (Waiting* one : group) one->done = true;
    leading_ = false;
    written_.notify_all();
  }
  if (!mine.status) return fail(mine.status.error());
  return ids;
}

void Outbox::commit_together(const std::vector<Waiting*>& group) {
  const Status written = write([&]() -> Status {
    for (Waiting* one : group) {
      const ProducerSeq before = draft_.last;
      if (before.value() - draft_.state.acked.value() + one->events.size() > settings_.most_events) {
        one->status = fail(Errc::outbox_full, fmt::format("{} events wait already", settings_.most_events));
        continue;
      }
      for (const NewEvent& event : one->events) IRO_TRY(insert(event), "publish");
    }
    return {};
  });
  for (Waiting* one : group) {
    if (!written) one->status = written;
  }
}

Status Outbox::insert(const NewEvent& event) {
  if (draft_.last.value() - draft_.state.acked.value() >= settings_.most_events) {
    return fail(Errc::outbox_full, fmt::format("{} events wait already", settings_.most_events));
  }
  file_->insert(draft_.last.next(), event.id, event.wire_size, event.frame);
  draft_.last = draft_.last.next();
  return {};
}

Status Outbox::transaction(const std::function<Status(OutboxTransaction&)>& body) {
  return write([&]() -> Status {
    Transaction transaction(*this);
    IRO_TRY(body(transaction), "transaction");
    return transaction.status();
  });
}

Status Outbox::write(const std::function<Status()>& body) {
  if (writing_thread_.load() == std::this_thread::get_id()) {
    return fail(Errc::invalid_argument, "a transaction inside a transaction");
  }
  bool added = false;
  {
    const std::scoped_lock writing(writer_mutex_);
    if (broken_) return fail(*broken_);
    {
      const std::scoped_lock lock(state_mutex_);
      draft_ = {state_, last_, oldest_, unsaved_refused_};
    }
    writing_thread_ = std::this_thread::get_id();
    Status status;
    try {
      SQLite::Transaction transaction(file_->db(), SQLite::TransactionBehavior::IMMEDIATE);
      status = body();
      if (status) {
        write_decisions();
        transaction.commit();
      }
    } catch (const SQLite::Exception& e) {
      status = fail(database_error(e).within("outbox.db"));
      // After a failed write or fsync the file may hold less than it shows: it is opened anew, not written on.
      if (status.error().code != Errc::disk_full && status.error().code != Errc::locked) broken_ = status.error();
    }
    writing_thread_ = std::thread::id();
    if (!status) return status;
    added = take_over();
  }
  if (added) wake_();
  return {};
}

void Outbox::write_decisions() {
  if (draft_.state == saved_ && draft_.refused.empty()) return;
  for (const RefusedRow& row : draft_.refused) file_->add_refused(row, clock_.now());
  file_->store_state(draft_.state);
  file_->mark_and_prune(draft_.state.acked, clock_.now(), limits::outbox_keep_days);
  draft_.oldest = file_->span(draft_.state.acked).oldest;
}

/// The transaction is on disk. Whether it brought events.
bool Outbox::take_over() {
  const std::scoped_lock lock(state_mutex_);
  const bool added = draft_.last > last_;
  last_ = draft_.last;
  oldest_ = draft_.oldest;
  saved_ = draft_.state;
  if (draft_.renumbered) state_ = draft_.state;
  shift_ += draft_.taken_off;
  const auto written = static_cast<std::ptrdiff_t>(draft_.refused.size());
  unsaved_refused_.erase(unsaved_refused_.begin(), unsaved_refused_.begin() + written);
  return added;
}

bool Outbox::wait_decided(std::chrono::milliseconds timeout) {
  std::unique_lock lock(state_mutex_);
  const std::uint64_t target = last_.value() + shift_;
  return decided_.wait_for(lock, timeout, [&] { return state_.acked.value() + shift_ >= target; });
}

PublishStats Outbox::stats() const {
  const std::scoped_lock lock(state_mutex_);
  PublishStats stats = counted_;
  stats.waiting = last_.value() - state_.acked.value();
  return stats;
}

std::vector<RefusedEvent> Outbox::take_refused() {
  const std::scoped_lock lock(state_mutex_);
  const auto taken = std::exchange(refused_, {});
  return {taken.begin(), taken.end()};
}

std::vector<HeldEvent> Outbox::take_held() {
  const std::scoped_lock lock(state_mutex_);
  const auto taken = std::exchange(held_, {});
  return {taken.begin(), taken.end()};
}

bool Outbox::unsaved() const {
  const std::scoped_lock lock(state_mutex_);
  return state_ != saved_ || !unsaved_refused_.empty();
}

Status Outbox::save() {
  return write([]() -> Status { return {}; });
}

}  // namespace iro::client

// hub/delivery/consumer.hpp: how far one consumer is, and what it may get next.
//
// A Consumer is the durable part (a cursor and, beside it, only what deviates)
// and the part that lives with a session (what has been sent and not yet
// acknowledged). It decides; the core sends and stores. One thread.
//
// Invariants:
//  1. Every event at or below `cursor` that concerns the consumer has been
//     acknowledged, or has a deviation.
//  2. What is outstanding is in order of position, without duplicates.
//  3. A subject with a deviation is blocked: its later events get a deviation
//     `waits` and follow one by one behind the retry, so that order per subject
//     survives failure.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "hub/delivery/filter.hpp"
#include "hub/log/event_log.hpp"

namespace iro::delivery {

struct Credit {
  std::uint32_t events = 0;
  std::uint32_t bytes = 0;
};

/// What is stored with the next commit because of what happened to a consumer.
struct Changes {
  bool cursor = false;
  std::map<Seq, std::optional<log::DeviationRow>> deviations;  // nothing: remove
};

class Consumer {
 public:
  /// `start` is where it began, was last placed or filtered anew: what lies behind it stands under this filter.
  Consumer(ConsumerNo no, MemberNo member, std::string name, std::string filter_text, Filter filter, Seq cursor,
           Seq start = Seq());

  [[nodiscard]] ConsumerNo no() const { return no_; }
  [[nodiscard]] MemberNo member() const { return member_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& filter_text() const { return filter_text_; }
  [[nodiscard]] const Filter& filter() const { return filter_; }
  [[nodiscard]] Seq cursor() const { return cursor_; }
  [[nodiscard]] Seq start() const { return start_; }
  [[nodiscard]] const std::map<Seq, log::DeviationRow>& deviations() const { return deviations_; }
  [[nodiscard]] std::size_t outstanding() const { return sent_.size(); }
  /// Handed over and not acknowledged.
  [[nodiscard]] bool is_out(Seq seq) const;

  void set_filter(std::string text, Filter filter);
  /// Put back from the log at start.
  void restore(log::DeviationRow row);

  /// A session begins (again): nothing is outstanding, numbers start at 1,
  /// reading goes on behind the cursor.
  void attach(Credit credit);
  void detach();
  [[nodiscard]] bool attached() const { return attached_; }
  void set_credit(Credit credit) { credit_ = credit; }
  /// Go on from `position` whatever was acknowledged; deviations are dropped.
  void seek(Seq cursor);

  /// The next position to look at, while nothing forbids looking.
  [[nodiscard]] Seq next() const { return next_; }
  [[nodiscard]] bool has_credit() const;
  [[nodiscard]] bool paused() const;
  /// How many more events may be sent now.
  [[nodiscard]] std::size_t room_events() const;

  /// The consumer is offered the event at next() that concerns it. Returns true when it is
  /// to be sent; false when it must wait behind its subject.
  bool offer(Seq seq, std::string_view subject, std::size_t bytes);
  /// Everything before `seq` has been offered or does not concern it.
  void passed(Seq seq);
  /// What offer() accepted since the last call goes out as one frame; its first number.
  std::uint64_t seal_frame();

  void ack(std::uint64_t up_to, TimeMs now);
  void ack_one(std::uint64_t number, TimeMs now);
  /// False when the number is not outstanding.
  bool nak(std::uint64_t number, std::uint32_t delay_ms, bool failure, std::string reason, TimeMs now);
  bool park(std::uint64_t number, std::string reason);

  /// The next retry that is due and has room, if any; it is then outstanding once sent.
  [[nodiscard]] std::optional<Seq> due(TimeMs now) const;
  [[nodiscard]] std::uint32_t attempts(Seq seq) const;
  void sent_retry(Seq seq, std::string_view subject, std::size_t bytes);

  /// Parked or waiting events, for people. redrive: try again now; skip: give it up.
  bool redrive(Seq seq, TimeMs now);
  bool skip(Seq seq, TimeMs now);
  /// A retry whose event may no longer be shown: its subject goes on without it.
  void give_up(Seq seq, TimeMs now) { finished_retry(seq, now); }

  /// What changed since the last call, for the next commit.
  Changes take_changes();
  [[nodiscard]] bool changed() const { return changes_.cursor || !changes_.deviations.empty(); }

 private:
  struct Sent {
    std::uint64_t number = 0;
    Seq seq;
    std::string subject;
    std::size_t bytes = 0;
    bool acked = false;
    bool retry = false;  // its position is below the cursor, in deviations_
  };
  void settle();
  void put(log::DeviationRow row);
  void remove(Seq seq);
  void finished_retry(Seq seq, TimeMs now);
  void wake_next(const std::string& subject, TimeMs now);
  void take_back(std::uint64_t after, const std::string& subject);
  Sent* find(std::uint64_t number);
  [[nodiscard]] TimeMs backoff(std::uint32_t attempts, TimeMs now) const;

  ConsumerNo no_;
  MemberNo member_;
  std::string name_;
  std::string filter_text_;
  Filter filter_;
  Seq cursor_;
  Seq start_;
  Seq stored_cursor_;  // as of the last take_changes()
  std::map<Seq, log::DeviationRow> deviations_;
  std::unordered_map<std::string, std::uint32_t> blocked_;  // subject -> deviations of it

  bool attached_ = false;
  Credit credit_;
  Seq next_;
  std::uint64_t next_number_ = 1;
  std::deque<Sent> sent_;
  std::size_t sent_bytes_ = 0;
  std::deque<std::uint64_t> frames_;  // last number of each frame that is not fully acknowledged
  std::size_t unsealed_ = 0;
  Changes changes_;
};

}  // namespace iro::delivery

// plugins/supervisor_pool/desk.hpp: the work of one event: what was read, what changed, what is said of it.
//
// A Desk reads each record once, and done() writes back what was touched. Parts lose their supervisor and stand in the
// queue first; serve() then asks somebody for as many as it can, in one plan (assignment.hpp), and says why for the
// rest. What is beyond the bounds of one event (64 events said, 8 notes) goes on at an alarm that rings at once;
// nothing is lost by it, for it stands in the queue.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/supervisor_pool/assignment.hpp"
#include "plugins/supervisor_pool/capacity.hpp"
#include "plugins/supervisor_pool/rule.hpp"

namespace iro::pool {

/// The parts of a state's key, as they were before they were joined.
std::vector<std::string> parts_of_key(std::string_view key);

class Desk {
 public:
  Desk(const SupervisorPool& pool, iro::Effects& effects)
      : pool_(&pool), config_(&pool.config), effects_(&effects), this_week_(week_of(effects.today())) {}

  [[nodiscard]] Week this_week() const { return this_week_; }
  [[nodiscard]] iro::Effects& effects() { return *effects_; }
  /// Null: there is none. Valid until done().
  [[nodiscard]] const Supervisor* find_supervisor(std::string_view id);
  [[nodiscard]] const Supervision* find_supervision(std::string_view id);
  /// The same to change it.
  Supervisor& supervisor(std::string_view id);
  Supervision& supervision(std::string_view id);
  void add(std::string_view id, Supervisor supervisor);
  void add(std::string_view id, Supervision supervision);

  void explain(const Row& row);
  /// One event may say 64 events and change 64 alarms: is there room for some more?
  [[nodiscard]] bool may_say_more() const { return emits_ < most_changes && alarms_ < most_changes; }

  /// Into the queue, for lack of a supervisor.
  void wait(std::string_view id, Part& part, Cause cause);
  /// This supervisor is asked, by the rule (`say`) or by hand.
  void offer(std::string_view id, Part& part, std::string_view supervisor, std::int32_t respond_by, bool say);
  /// The supervisor who was asked has accepted.
  void assign(std::string_view id, Part& part);
  /// Who was asked is not asked any more, and not again for this part.
  void take_back(std::string_view id, Part& part, std::optional<events::SupervisionReleaseCode> say);
  /// Free from `from` on. `say`: nobody has said yet that it ended.
  void end(std::string_view id, Week from, std::optional<events::SupervisionEndCode> say);
  /// What a supervisor has but can no longer do loses its supervisor, the newest first; what was theirs and has found
  /// nobody goes back to them.
  void weigh_again(std::string_view supervisor, Cause cause);
  void give_back(std::string_view supervisor);
  /// Some weeks of a part lose their supervisor. Parts move: references to them end.
  void lose(std::string_view id, std::string_view supervisor, Week from, Week until, Cause cause);
  /// Of the same student in the same chain, placement or handover: who has it, or had it last; "": nobody.
  [[nodiscard]] std::string own_supervisor(std::string_view id, const Supervision& row);
  /// Whoever stands in the queue and can be served is. Who waits is told why, again only after `news_of_people`.
  void serve();
  /// Somebody came, went, or learned something: why others wait may have changed.
  void news_of_people() { news_of_people_ = true; }
  /// After an erasure nothing of that person counts.
  void count_again(std::string_view erased);

  void done();

 private:
  template <typename Record>
  struct Sheet {
    Record record;
    bool touched = false;
  };
  struct Stands {  // in the queue
    std::string id;
    Week from = 0;
    std::uint32_t at = 0;  // from 1
  };
  /// Weeks, share and size: what is planned together. Its seats are whole units of that size.
  struct Together {
    Week from = 0;
    Week until = 0;
    Share share = Share::students;
    std::uint32_t units = 1;
    auto operator<=>(const Together&) const = default;
  };
  struct Options {
    Stands stands;
    std::vector<Assignment::Option> ways;
  };

  static constexpr unsigned most_changes = 56;  // of 64: what is begun may take a few more
  static constexpr std::size_t most_notes = 7;
  static constexpr std::int64_t another_supervisor = 1'000'000;
  static constexpr std::int64_t unserved = 100'000'000;
  static constexpr std::int64_t a_place_in_the_queue =
      3'000'000;  // more than all that can be saved by passing one over

  template <typename Event>
  void say(Event event) {
    event.effective_on = iro::to_field(effects_->today());
    effects_->emit(event);
    ++emits_;
  }
  void read_everybody();
  [[nodiscard]] const std::vector<Assignment::Seats>& seats_of_all(const Together& together);
  [[nodiscard]] std::vector<Assignment::Option> ways(std::string_view id, const Part& part, const Together& together);
  void plan(const Together& together, const std::vector<Options>& open);
  void tell(const Stands& stands, Part& part);
  [[nodiscard]] static Part* part_from(Supervision& row, Week from);
  void leave_queue(const Supervision& row, const Part& part);
  void free_supervisor(std::string_view id, const Part& part, Week from,
                       std::optional<events::SupervisionReleaseCode> say);
  void remember_case(std::string_view id, const Supervision& row, std::string_view supervisor);

  const SupervisorPool* pool_;
  const Config* config_;
  iro::Effects* effects_;
  Week this_week_;
  std::string erased_;
  bool news_of_people_ = false;
  std::map<std::string, Sheet<Supervisor>, std::less<>> people_;
  std::map<std::string, Sheet<Supervision>, std::less<>> rows_;
  std::map<std::string, std::set<std::string>, std::less<>> met_;  // supervisors that a supervision has or had
  bool everybody_ = false;
  std::vector<std::string> names_;        // of everybody, in order
  std::vector<const Supervisor*> faces_;  // theirs
  std::map<Together, std::vector<Assignment::Seats>> seats_;
  std::set<const Row*> said_;
  unsigned emits_ = 0;
  unsigned alarms_ = 0;
};

}  // namespace iro::pool

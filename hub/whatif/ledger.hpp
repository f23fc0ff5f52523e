// hub/whatif/ledger.hpp: what the log has of the rule beside what the candidate did, compared by cause.
//
// Two answers to one event are the same when they have the same type and
// payload, whatever their positions and ordinals. What is the same is forgotten
// at once; what is left over at the end is the difference. Contents are kept in
// memory only, and only until then. One thread.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "hub/schema/registry.hpp"
#include "hub/whatif/recording.hpp"
#include "hub/whatif/report.hpp"

namespace iro::whatif {

/// An event that the rule says, or said.
struct Said {
  std::string_view type;
  std::string_view subject;
  std::optional<ByteView> payload;  // nothing: its content is gone
};

class Ledger {
 public:
  struct Options {
    TimeMs since;
    std::size_t examples = 0;
  };
  /// All three outlive the ledger.
  Ledger(Options options, const schema::Registry& registry, Recording& recording, Report& report)
      : options_(options), registry_(registry), recording_(recording), report_(report) {}

  void recorded(const EventId& cause, TimeMs recorded_at, const Said& said);
  void replayed(const Named& cause, const Said& said);

  /// A judge held the event; it came out; it was refused; the rule itself held it (and was not just late).
  void recorded_held(const Named& event);
  void recorded_out(const EventId& event);
  void recorded_refused(const EventId& event);
  void recorded_by_rule(const EventId& event);
  void replayed_ruling(const Named& event, TimeMs expires, reaction::Ruling ruling, const reaction::Note& note);
  /// False: the candidate holds no such event.
  bool replayed_word(const reaction::HeldWord& word);
  /// The candidate could not be asked for its verdict.
  void not_judged(const EventId& event);

  /// Everything that is left becomes a difference. `end`: what was held no longer than that is refused.
  void finish(TimeMs end);

 private:
  struct Kept {
    std::string type;
    std::string subject;
    std::optional<Bytes> payload;
  };
  struct Open {
    std::string cause_type;
    TimeMs at;
    std::vector<Kept> recorded;
    std::vector<Kept> replayed;
  };
  struct Judged {
    Named event;
    Fate recorded = Fate::accepted;
    Fate replayed = Fate::accepted;
    bool by_rule = false;
    bool unseen = false;
    TimeMs expires;
    reaction::Note note;
  };
  static bool take_same(std::vector<Kept>& among, const Said& said);
  Judged& judged(const EventId& event);
  void compare(const EventId& cause, Open& open);
  void finish_verdicts(TimeMs end);
  [[nodiscard]] std::vector<std::string> differing(const Kept& a, const Kept& b) const;

  Options options_;
  const schema::Registry& registry_;
  Recording& recording_;
  Report& report_;
  std::unordered_map<EventId, Open> open_;
  std::map<EventId, Judged> judged_;
};

}  // namespace iro::whatif

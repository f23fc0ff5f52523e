// hub/admission/admission.hpp: who may say what.
//
// admit() gives one event its verdict: the checks of design 6 in the order in
// which they get dearer. It reads the registry and the membership and changes
// nothing but the quota buckets and the memory of foreign ids, which the core
// owns through this object. One thread.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "hub/admission/membership.hpp"
#include "hub/schema/registry.hpp"

namespace iro::admission {

/// What admission found out about an accepted event, for those who come after.
struct Admitted {
  const schema::EventType* type = nullptr;
  schema::Facts facts;
  std::optional<std::array<std::uint8_t, 16>> foreign;  // to be remembered with the commit
};

struct Refused {
  Errc code = Errc::ok;
  std::string reason;
  std::uint32_t retry_after_ms = 0;  // temporary refusals only
};

/// A token bucket in events and in bytes. `now` never goes back.
class QuotaBucket {
 public:
  /// Take one event of `bytes`; otherwise the milliseconds until there is room.
  std::optional<std::uint32_t> take(const Quota& quota, std::size_t bytes, TimeMs now);

 private:
  double events_ = -1;  // -1: not used yet, so full
  double bytes_ = -1;
  TimeMs last_;
};

class Admission {
 public:
  explicit Admission(const schema::Registry& registry) : registry_(registry) {}

  /// `sender` is the authenticated member. On success nothing is recorded yet
  /// but the quota: call remember() when the event joins the batch.
  tl::expected<Admitted, Refused> admit(const schema::EventView& event, const Member& sender, TimeMs now);
  /// The same without the quota: what would be said, if there were room.
  [[nodiscard]] tl::expected<Admitted, Refused> would_admit(const schema::EventView& event, const Member& sender,
                                                            TimeMs now) const;

  /// The hub does not follow a clock that leapt by so much: events may bear that clock's time.
  void allow_ahead(std::int64_t held_ms) { held_ms_ = held_ms; }

  void remember(const std::array<std::uint8_t, 16>& foreign, TimeMs now);
  /// A commit failed: its foreign ids were not recorded after all.
  void forget(const std::array<std::uint8_t, 16>& foreign);
  /// Drop foreign ids that are older than the limit; how far it went, if anything went.
  std::optional<TimeMs> expire_foreign(TimeMs now);

  static std::array<std::uint8_t, 16> foreign_hash(std::string_view source, std::string_view foreign_id);

 private:
  using Verdict = std::optional<Refused>;
  Verdict check_attributes(const schema::EventView& event, TimeMs now) const;
  Verdict check_right(const schema::EventView& event, const Member& sender) const;
  Verdict check_payload(const schema::EventView& event, const schema::EventType& type, Admitted& out) const;
  Verdict check_texts(const schema::EventView& event, const schema::EventType& type, const schema::Facts& facts) const;

  const schema::Registry& registry_;
  std::int64_t held_ms_ = 0;
  std::unordered_map<MemberNo, QuotaBucket> buckets_;
  struct ForeignHash {
    std::size_t operator()(const std::array<std::uint8_t, 16>& h) const {
      std::size_t v = 0;
      std::memcpy(&v, h.data(), sizeof v);
      return v;
    }
  };
  std::unordered_set<std::array<std::uint8_t, 16>, ForeignHash> foreign_;
  std::deque<std::pair<TimeMs, std::array<std::uint8_t, 16>>> foreign_by_age_;
};

}  // namespace iro::admission

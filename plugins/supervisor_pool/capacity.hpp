// plugins/supervisor_pool/capacity.hpp: how much a supervisor can do, and who fits what. Pure: records and settings in,
// numbers out.
//
// Seats of a week = the least of
//   students_per_fte x fte                                                (40 x fte)
//   contact hours x interval / minutes a contact x fte                    (20 h: 40 students at half an hour a week)
//   hours budget of the year x interval / (minutes a contact x contact weeks), when there is one
// rounded down. Travel, peer groups, three-way talks and assessments are outside the contact hours: they have the rest
// of the week (36 - 20 hours an fte). Lateral entrants have seats of their own beside these, and no others.
#pragma once

#include <cstdint>
#include <optional>

#include "plugins/supervisor_pool/config.hpp"
#include "plugins/supervisor_pool/records.hpp"

namespace iro::pool {

/// What may be used of one week.
struct Room {
  std::uint32_t seats = 0;
  std::uint32_t lateral = 0;
  std::uint32_t minutes = 0;
};
Room room_in(const Supervisor& supervisor, Week week, const Config& config);

/// In the role: supervise, three-way talk, peer group, assess together.
bool in_role(events::SupervisionTask task);
/// Supervising takes seats; the other tasks take minutes beside the contact hours.
bool takes_seats(events::SupervisionTask task);
/// Seats (or minutes) a week that a supervision takes: one for each half hour that was begun.
std::uint32_t seats_of(const Supervision& supervision, const Config& config);

/// Which of the three a supervision draws on.
enum class Share : std::uint8_t { students, lateral, minutes };
Share share_of(const Supervision& supervision);
std::uint32_t of_room(const Room& room, Share share);
std::uint32_t of_use(const Use& use, Share share);

/// Of the weeks from..until, the fewest seats (minutes) that there are and that are free.
struct Free {
  std::uint32_t all = 0;
  std::uint32_t free = 0;
};
Free free_in(const Supervisor& supervisor, Week from, Week until, Share share, const Config& config);
/// Adds (or takes off) what the supervision takes in these weeks.
void occupy(Supervisor& supervisor, const Supervision& supervision, Week from, Week until, const Config& config);
void release(Supervisor& supervisor, const Supervision& supervision, Week from, Week until, const Config& config);

/// A placement in summer: it is said so, or lies in the region's summer weeks only.
bool in_summer(const Supervision& supervision, Week from, Week until, const Config& config);

// Who fits, in the order in which a reason is given when nobody does.
/// A mentor in a ward's roster is not free for the pool; a teacher is there for the own school; summer wants such a
/// teacher.
bool right_kind(const Supervisor& supervisor, const Supervision& supervision, bool summer);
/// Trained, to the last day of these weeks (an assessment wants an assessor); and the branch is theirs.
bool is_trained(const Supervisor& supervisor, const Supervision& supervision, Week until);
bool has_branch(const Supervisor& supervisor, const Supervision& supervision);
bool in_reach(const Supervisor& supervisor, const Supervision& supervision, const Config& config);
bool level_below(const Supervisor& supervisor, const Supervision& supervision);

/// What it costs that this supervisor has that student (assignment.hpp); nothing when one of the above does not hold.
std::optional<std::int64_t> cost_of(const Supervisor& supervisor, const Supervision& supervision, const Part& part,
                                    const Config& config);
/// Why nobody has a free seat for it: the reason that holds for everybody.
class Reason {
 public:
  Reason(const Supervision& supervision, const Part& part, const Config& config)
      : supervision_(&supervision), part_(&part), config_(&config) {}
  void look_at(const Supervisor& supervisor);
  [[nodiscard]] events::SupervisionRefusalCode code() const;

 private:
  const Supervision* supervision_;
  const Part* part_;
  const Config* config_;
  bool trained_ = false;
  bool in_reach_ = false;
};

/// Seats of a person in a year, and what a year costs, in euros: fte at the region's price, or paid hours at the
/// person's.
std::int64_t euros_a_year(const Supervisor& supervisor, const Config& config);

}  // namespace iro::pool

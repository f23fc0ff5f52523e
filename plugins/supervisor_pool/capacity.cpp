#include "plugins/supervisor_pool/capacity.hpp"

#include <algorithm>

namespace iro::pool {

using events::SupervisionTask;
using events::SupervisorKind;
using events::SupervisorTraining;
using Code = events::SupervisionRefusalCode;

Room room_in(const Supervisor& supervisor, Week week, const Config& config) {
  if (supervisor.kind == SupervisorKind::mentor && !supervisor.supernumerary) return {};
  const std::uint64_t fte = supervisor.fte_in(week);
  if (fte == 0) return {};
  const std::uint64_t minutes = std::max<std::uint64_t>(1, config.minutes_per_contact);
  std::uint64_t seats = fte * config.students_per_fte / 100;
  seats = std::min(seats, fte * config.contact_hours_per_fte * 60 * config.interval_weeks / minutes / 100);
  if (supervisor.hours_budget > 0) {
    seats = std::min(seats, std::uint64_t{supervisor.hours_budget} * 60 * config.interval_weeks /
                                (minutes * std::max<std::uint64_t>(1, config.contact_weeks)));
  }
  const std::uint64_t rest = config.week_hours > config.contact_hours_per_fte
                                 ? std::uint64_t{config.week_hours} - config.contact_hours_per_fte
                                 : 0;
  return {static_cast<std::uint32_t>(seats), static_cast<std::uint32_t>(fte * config.lateral_students_per_fte / 100),
          static_cast<std::uint32_t>(fte * rest * 60 / 100)};
}

bool in_role(SupervisionTask task) { return task <= SupervisionTask::assess_together; }
bool takes_seats(SupervisionTask task) { return task == SupervisionTask::supervise; }

std::uint32_t seats_of(const Supervision& supervision, const Config& config) {
  if (!takes_seats(supervision.task)) return std::max<std::uint32_t>(1, supervision.minutes);
  const std::uint32_t contact = std::max<std::uint32_t>(1, config.minutes_per_contact);
  const std::uint32_t wanted = std::uint32_t{supervision.minutes} * config.interval_weeks;
  return std::max<std::uint32_t>(1, (wanted + contact - 1) / contact);
}

Share share_of(const Supervision& supervision) {
  if (!takes_seats(supervision.task)) return Share::minutes;
  return supervision.lateral ? Share::lateral : Share::students;
}
std::uint32_t of_room(const Room& room, Share share) {
  return share == Share::students ? room.seats : share == Share::lateral ? room.lateral : room.minutes;
}
std::uint32_t of_use(const Use& use, Share share) {
  return share == Share::students ? use.seats : share == Share::lateral ? use.lateral : use.minutes;
}

Free free_in(const Supervisor& supervisor, Week from, Week until, Share share, const Config& config) {
  Free out{UINT32_MAX, UINT32_MAX};
  for (Week week = from; week <= until; ++week) {
    const std::uint32_t all = of_room(room_in(supervisor, week, config), share);
    const std::uint32_t used = of_use(supervisor.used_in(week), share);
    out.all = std::min(out.all, all);
    out.free = std::min(out.free, all > used ? all - used : 0);
  }
  return from > until ? Free{} : out;
}

namespace {
std::uint32_t& part_of(Use& use, Share share) {
  return share == Share::students ? use.seats : share == Share::lateral ? use.lateral : use.minutes;
}
}  // namespace

void occupy(Supervisor& supervisor, const Supervision& supervision, Week from, Week until, const Config& config) {
  const std::uint32_t seats = seats_of(supervision, config);
  for (Week week = from; week <= until; ++week) part_of(supervisor.use(week), share_of(supervision)) += seats;
}

void release(Supervisor& supervisor, const Supervision& supervision, Week from, Week until, const Config& config) {
  const std::uint32_t seats = seats_of(supervision, config);
  for (Week week = from; week <= until; ++week) {
    std::uint32_t& used = part_of(supervisor.use(week), share_of(supervision));
    used -= std::min(used, seats);
  }
}

bool in_summer(const Supervision& supervision, Week from, Week until, const Config& config) {
  if (supervision.summer) return true;
  for (Week week = from; week <= until; ++week) {
    if (!config.is_summer(week_of_year(week))) return false;
  }
  return true;
}

bool right_kind(const Supervisor& supervisor, const Supervision& supervision, bool summer) {
  if (supervisor.kind == SupervisorKind::teacher) return supervisor.employer == supervision.school;
  if (supervisor.kind == SupervisorKind::mentor && !supervisor.supernumerary) return false;
  return !summer;
}

bool is_trained(const Supervisor& supervisor, const Supervision& supervision, Week until) {
  if (supervisor.training == SupervisorTraining::none) return false;
  if (supervision.task == SupervisionTask::assess_together && supervisor.training != SupervisorTraining::assessor) {
    return false;
  }
  const auto sunday = (monday_of(until) + std::chrono::days(6)).time_since_epoch().count();
  return supervisor.valid_until == 0 || supervisor.valid_until >= sunday;
}

bool has_branch(const Supervisor& supervisor, const Supervision& supervision) {
  return !supervision.has_branch || supervisor.branches.empty() ||
         std::ranges::find(supervisor.branches, supervision.branch) != supervisor.branches.end();
}

bool in_reach(const Supervisor& supervisor, const Supervision& supervision, const Config& config) {
  return travel_minutes(supervisor.area, supervision.area, config.travel) <= config.most_travel_minutes;
}

bool level_below(const Supervisor& supervisor, const Supervision& supervision) {
  return supervisor.level != 0 && supervisor.level < supervision.level;
}

std::optional<std::int64_t> cost_of(const Supervisor& supervisor, const Supervision& supervision, const Part& part,
                                    const Config& config) {
  const bool summer = in_summer(supervision, part.from, part.until, config);
  if (!right_kind(supervisor, supervision, summer) || !is_trained(supervisor, supervision, part.until) ||
      !has_branch(supervisor, supervision) || !in_reach(supervisor, supervision, config)) {
    return std::nullopt;
  }
  const std::int64_t minutes = travel_minutes(supervisor.area, supervision.area, config.travel);
  return minutes * config.travel_weight + (level_below(supervisor, supervision) ? config.level_weight : 0);
}

void Reason::look_at(const Supervisor& supervisor) {
  if (!right_kind(supervisor, *supervision_, false) || !is_trained(supervisor, *supervision_, part_->until) ||
      !has_branch(supervisor, *supervision_)) {
    return;
  }
  trained_ = true;
  in_reach_ = in_reach_ || in_reach(supervisor, *supervision_, *config_);
}

Code Reason::code() const {
  if (in_summer(*supervision_, part_->from, part_->until, *config_)) return Code::no_summer_teacher;
  if (!trained_) return Code::none_qualified;
  if (!in_reach_) return Code::none_in_reach;
  return supervision_->lateral ? Code::lateral_share_used : Code::no_capacity;
}

std::int64_t euros_a_year(const Supervisor& supervisor, const Config& config) {
  const std::int64_t fte = supervisor.fte_hundredths;
  if (supervisor.cost_cents_per_hour == 0) return fte * config.cost_euros_per_fte / 100;
  constexpr std::int64_t weeks = 52;
  const std::int64_t hours =
      supervisor.hours_budget != 0 ? std::int64_t{supervisor.hours_budget} * 100 : fte * config.week_hours * weeks;
  return hours * supervisor.cost_cents_per_hour / 10'000;
}

}  // namespace iro::pool

// deploy/demo-region/year.hpp: a school year of a region, made up from a seed.
//
// Pure: the same region, size and seed give the same year. Shares, levels and
// the number of dropouts are plausible, and not drawn from anybody's data.
// Words are those of the members' files: Dutch, as adapters/files/mappings reads them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "deploy/demo-region/region.hpp"

namespace iro::demo {

struct Period {
  std::int32_t from = 0;   // days since 1970-01-01
  std::int32_t until = 0;  // the last day
};

struct Vacancy {
  std::size_t provider = 0;  // index into Region::members, as everywhere here
  std::string number;        // the provider's own
  std::string programme;
  int level = 0;
  std::string learning_path;
  int first_year = 1, last_year = 1;  // years of study that are welcome
  int seats = 1;
  Period period;
  int hours_a_week = 24;
  std::string ward;
  std::string ward_kind;
  std::string trainer;  // the practice trainer's staff code: no names
  int supervision_minutes = 240;
  std::string note;  // as people write them: quotes, line breaks, and formulas too
};

struct Student {
  std::size_t school = 0;
  std::string number;           // the school's own
  std::string personal_number;  // of the test range 999..., passes the eleven-test; must never leave the school
  std::string programme;
  std::string learning_path;
  int year = 1;
};

struct Placement {
  std::size_t student = 0;  // index into Year::students
  std::size_t vacancy = 0;  // index into Year::vacancies
  std::string number;
  std::int32_t signed_on = 0;
  std::optional<std::int32_t> ended;  // early
  int hours = 0;
};

struct Demand {
  std::size_t school = 0;
  std::string number;
  std::string programme;
  int level = 0;
  std::string learning_path;
  int year = 1;
  Period period;
  int count = 0;
};

struct Signal {
  std::size_t placement = 0;
  std::string number;
  std::string author_role;
  std::string next_action;
  std::int32_t raised_on = 0;
  std::int32_t due_on = 0;
};

struct Handover {
  std::size_t placement = 0;
  std::string number;
  std::string reason;
  std::int32_t requested_on = 0;
  int weeks = 0;
};

struct Year {
  std::vector<Vacancy> vacancies;
  std::vector<Student> students;
  std::vector<Placement> placements;
  std::vector<Demand> demands;
  std::vector<Signal> signals;
  std::vector<Handover> handovers;
};

/// The sizes of the benchmarks: tiny 200, S 5,000, M 20,000, L 48,658 placements (domain.md 5).
std::optional<std::size_t> placements_of_size(std::string_view size);

Year plan_year(const Region& region, std::size_t placements, std::uint64_t seed);

}  // namespace iro::demo

// plugins/supervisor_pool/config.hpp: the region's figures. Names, limits and words are in plugin.toml.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <vector>

#include "plugins/supervisor_pool/travel.hpp"

namespace iro::pool {

struct Config {
  // Capacity: ROC van Amsterdam, 10 fte for 400 students at half an hour a week, 20 hours of an fte's 36.
  std::uint16_t students_per_fte = 40;
  std::uint16_t contact_hours_per_fte = 20;
  std::uint16_t week_hours = 36;
  std::uint16_t minutes_per_contact = 30;
  std::uint16_t interval_weeks = 1;
  std::uint16_t contact_weeks = 40;
  std::uint16_t lateral_students_per_fte = 2;
  // Who fits.
  std::uint16_t most_travel_minutes = 60;
  std::vector<std::string> travel_minutes{"5", "10", "20", "45", "120"};  // a list of settings is one of texts
  TravelGuess travel{};  // made of travel_minutes: what is missing there, or no number of at most 600, stays as it is
  std::uint16_t summer_first_week = 29;
  std::uint16_t summer_last_week = 34;
  // What is weighed: assignment.hpp.
  std::uint32_t travel_weight = 100;
  std::uint32_t balance_weight = 1'000;
  std::uint32_t level_weight = 5'000;
  // Deadlines and bounds.
  std::uint16_t answer_days = 5;
  std::uint16_t keep_weeks = 8;
  std::uint16_t most_week_hours = 60;
  std::uint16_t most_planned = 64;
  std::uint32_t cost_euros_per_fte = 120'000;

  void settings(auto& is) {
    is("students_per_fte", students_per_fte);
    is("contact_hours_per_fte", contact_hours_per_fte);
    is("week_hours", week_hours);
    is("minutes_per_contact", minutes_per_contact);
    is("interval_weeks", interval_weeks);
    is("contact_weeks", contact_weeks);
    is("lateral_students_per_fte", lateral_students_per_fte);
    is("most_travel_minutes", most_travel_minutes);
    is("travel_minutes", travel_minutes);
    read_travel();
    is("summer_first_week", summer_first_week);
    is("summer_last_week", summer_last_week);
    is("travel_weight", travel_weight);
    is("balance_weight", balance_weight);
    is("level_weight", level_weight);
    is("answer_days", answer_days);
    is("keep_weeks", keep_weeks);
    is("most_week_hours", most_week_hours);
    is("most_planned", most_planned);
    is("cost_euros_per_fte", cost_euros_per_fte);
  }

  void read_travel() {
    travel = {};
    for (std::size_t n = 0; n < travel_minutes.size() && n < travel.minutes.size(); ++n) {
      const std::string& text = travel_minutes[n];
      std::uint16_t minutes = 0;
      const auto read = std::from_chars(text.data(), text.data() + text.size(), minutes);
      if (read.ec == std::errc() && read.ptr == text.data() + text.size() && minutes <= 600) {
        travel.minutes[n] = minutes;
      }
    }
  }
  [[nodiscard]] bool is_summer(int week_of_year) const {
    return week_of_year >= summer_first_week && week_of_year <= summer_last_week;
  }
};

}  // namespace iro::pool

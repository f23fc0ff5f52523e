// hub/daemon/doctor.hpp: everything about a hub's folder and its machine that can be told without the hub.
//
// doctor() looks, and changes nothing: it never opens the log and takes no
// lock, so it may run beside the hub and on a folder that a hub would refuse.
// It takes well under two seconds whatever the size of the log. What only the
// running hub knows is asked by `iro doctor` and judged by judge_status().
// The names of checks are permanent: monitoring reads them. Texts and fixes,
// in English and Dutch, stand in doctor_checks.inc.
#pragma once

#include <boost/json/fwd.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "hub/base/clock.hpp"

namespace iro::daemon {

enum class Verdict : std::uint8_t { good, warning, bad, skipped };
std::string_view name_of(Verdict verdict);

struct Finding {
  std::string_view check;
  Verdict verdict = Verdict::good;
  std::string detail;  // a fact: a path, a number; no personal data, no secret
};

struct CheckText {
  std::string_view name;
  std::string_view en;  // what is looked at
  std::string_view nl;
  std::string_view fix_en;  // what to do when it is not well
  std::string_view fix_nl;
};
/// Every check there is.
const std::vector<CheckText>& doctor_checks();

/// What can be told from the folder and the machine.
std::vector<Finding> doctor(const std::filesystem::path& folder, const Clock& clock);
/// What the hub's own status tells; `status` null: the hub did not answer.
std::vector<Finding> judge_status(const boost::json::object* status, const Clock& clock);

}  // namespace iro::daemon

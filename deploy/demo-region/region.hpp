// deploy/demo-region/region.hpp: the members of the demo region, as region.toml
// describes them. Values; any thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "hub/base/error.hpp"

namespace iro::demo {

enum class Role { school, provider, pool, bureau };

struct Member {
  std::string slug;
  std::string name;
  std::string oin;
  Role role = Role::provider;
  std::string branch;                   // providers only
  std::string place;                    // the town
  std::string area;                     // four digits of its postcode
  std::string brin;                     // schools only
  std::string learning_company;         // providers only: the SBB number
  std::vector<std::string> programmes;  // schools only: the codes that it teaches
  unsigned share = 0;                   // weight of its part of the region's placements
};

/// One programme as schemas/codes/programmes.toml has it.
struct Programme {
  std::string code;
  int level = 0;  // mbo 1 to 4, hbo 6
  int years = 0;  // how long it takes
};

struct Region {
  std::string name;
  std::vector<Member> members;
  std::map<std::string, std::vector<std::string>> branch_programmes;  // branch -> codes, repeated for weight
  std::map<std::string, Programme> programmes;                        // by code

  [[nodiscard]] std::vector<std::size_t> with_role(Role role) const;
};

/// Members and branches alone, without the programmes' levels. Fails with Errc::config_invalid, naming the file and as
/// far as possible the line, when it does not parse or a member lacks what its role needs.
Result<Region> load_members(const std::filesystem::path& region_toml);

/// The whole region; fails also when a branch or school names a programme that the code list does not have.
Result<Region> load_region(const std::filesystem::path& region_toml, const std::filesystem::path& programmes_toml);

}  // namespace iro::demo

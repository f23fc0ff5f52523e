#include "deploy/demo-region/region.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <set>

namespace iro::demo {
namespace {

constexpr auto bad = Errc::config_invalid;

Result<toml::table> parse(const std::filesystem::path& path) {
  try {
    return toml::parse_file(path.string());
  } catch (const toml::parse_error& e) {
    return fail(bad, fmt::format("{}:{}: {}", path.string(), e.source().begin.line, e.description()));
  }
}

std::optional<Role> role_of(std::string_view text) {
  if (text == "school") return Role::school;
  if (text == "care_provider") return Role::provider;
  if (text == "pool") return Role::pool;
  if (text == "bureau") return Role::bureau;
  return std::nullopt;
}

std::vector<std::string> texts(const toml::node& node) {
  std::vector<std::string> out;
  if (const toml::array* array = node.as_array()) {
    for (const toml::node& item : *array) out.push_back(item.value_or(std::string()));
  }
  return out;
}

Result<Member> read_member(const toml::table& t) {
  Member m;
  m.slug = t["slug"].value_or("");
  m.name = t["name"].value_or("");
  m.oin = t["oin"].value_or("");
  m.branch = t["branch"].value_or("");
  m.place = t["place"].value_or("");
  m.area = t["area"].value_or("");
  m.brin = t["brin"].value_or("");
  m.learning_company = t["learning_company"].value_or("");
  if (const toml::node* codes = t.get("programmes")) m.programmes = texts(*codes);
  m.share = t["share"].value_or(0U);
  const std::optional<Role> role = role_of(t["role"].value_or(""));
  if (!role)
    return fail(bad, fmt::format("line {}: the role is school, care_provider, pool or bureau", t.source().begin.line));
  m.role = *role;
  const bool whole = !m.slug.empty() && !m.name.empty() && m.oin.size() == 20 &&
                     (m.role != Role::school || (!m.brin.empty() && !m.programmes.empty() && m.share > 0)) &&
                     (m.role != Role::provider || (!m.branch.empty() && !m.learning_company.empty() && m.share > 0));
  if (!whole)
    return fail(bad, fmt::format("line {}: member '{}' lacks what its role needs", t.source().begin.line, m.slug));
  return m;
}

}  // namespace

std::vector<std::size_t> Region::with_role(Role role) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].role == role) out.push_back(i);
  }
  return out;
}

namespace {

// How long a programme takes is not in the code list: by level, as most do.
int years_of(int level) { return level <= 2 ? 2 : level == 3 ? 3 : 4; }

Status read_programmes(const std::filesystem::path& path, Region& region) {
  const auto file = parse(path);
  if (!file) return fail(file.error());
  const toml::array* list = (*file)["programme"].as_array();
  if (list == nullptr) return fail(bad, fmt::format("{}: there is no [[programme]]", path.string()));
  for (const toml::node& node : *list) {
    const toml::table* t = node.as_table();
    if (t == nullptr) continue;
    const std::string code = (*t)["code"].value_or("");
    const int level = (*t)["level"].value_or(0);
    region.programmes[code] = {code, level, years_of(level)};
  }
  return {};
}

/// What is taught and what can be learnt are programmes that the code list has, and somebody teaches what is offered.
Status check_programmes(const Region& region) {
  std::set<std::string> taught;
  for (const Member& member : region.members) {
    for (const std::string& code : member.programmes) {
      if (!region.programmes.contains(code))
        return fail(bad, fmt::format("{} teaches {}, which is no programme", member.slug, code));
      taught.insert(code);
    }
    if (member.role == Role::provider && !region.branch_programmes.contains(member.branch)) {
      return fail(bad, fmt::format("{}: nothing is learnt in the branch '{}'", member.slug, member.branch));
    }
  }
  for (const auto& [branch, codes] : region.branch_programmes) {
    for (const std::string& code : codes) {
      if (!taught.contains(code)) return fail(bad, fmt::format("nobody teaches {}, which {} offers", code, branch));
    }
  }
  return {};
}

}  // namespace

Result<Region> load_members(const std::filesystem::path& region_toml) {
  const auto file = parse(region_toml);
  if (!file) return fail(file.error());
  Region region;
  region.name = (*file)["region"]["name"].value_or("");
  if (const toml::table* branches = (*file)["programmes"].as_table()) {
    for (const auto& [branch, codes] : *branches) region.branch_programmes[std::string(branch.str())] = texts(codes);
  }
  const toml::array* members = (*file)["member"].as_array();
  if (members == nullptr) return fail(bad, fmt::format("{}: there is no [[member]]", region_toml.string()));
  for (const toml::node& node : *members) {
    if (!node.is_table()) return fail(bad, fmt::format("{}: a member is a table", region_toml.string()));
    auto member = read_member(*node.as_table());
    if (!member) return fail(member.error().within(region_toml.string()));
    region.members.push_back(std::move(*member));
  }
  return region;
}

Result<Region> load_region(const std::filesystem::path& region_toml, const std::filesystem::path& programmes_toml) {
  auto region = load_members(region_toml);
  if (!region) return region;
  IRO_TRY(read_programmes(programmes_toml, *region), "programmes");
  IRO_TRY(check_programmes(*region), region_toml.string());
  return region;
}

}  // namespace iro::demo

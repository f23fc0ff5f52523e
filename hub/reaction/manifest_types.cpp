#include <fmt/format.h>

#include "hub/reaction/emission.hpp"
#include "hub/reaction/manifest.hpp"

namespace iro::reaction {

Status check_types(const Manifest& manifest, const schema::Registry& registry) {
  std::string wrong;
  const auto check = [&](const std::vector<std::string>& types, std::string_view list, bool hubs_own) {
    for (const auto& type : types) {
      const bool of_the_hub = type.starts_with(hub_types);
      if (registry.find(type) == nullptr || (of_the_hub && !hubs_own)) {
        wrong += fmt::format("{}{}: {} names '{}', which {}", wrong.empty() ? "" : "; ", manifest.file.string(), list,
                             type, of_the_hub ? "is the hub's own" : "no schema has");
      }
    }
  };
  check(manifest.spec.judges, "judges", false);
  check(manifest.spec.reacts, "reacts", true);
  check(manifest.spec.emits, "emits", false);
  if (wrong.empty()) return {};
  return fail(Errc::config_invalid, wrong);
}

}  // namespace iro::reaction

#include "adapters/cli/enrolment.hpp"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <array>

#include "adapters/client/member_keys.hpp"
#include "hub/admission/default_grants.hpp"
#include "hub/base/bytes.hpp"
#include "hub/base/z85.hpp"

namespace iro::cli {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

void put_unless_empty(json::object& object, std::string_view field, const std::string& value) {
  if (!value.empty()) object[field] = value;
}

/// `name` as a list, or its singular as one text.
std::vector<std::string> list_in(const toml::table& table, std::string_view plural, std::string_view singular) {
  std::vector<std::string> out;
  if (const auto* list = table[plural].as_array()) {
    for (const auto& item : *list) out.push_back(item.value_or(std::string()));
  }
  if (const auto one = table[singular].value<std::string>()) out.push_back(*one);
  return out;
}

Result<Enrolment> enrolment_in(const toml::table& table, const fs::path& file) {
  Enrolment e;
  const auto text = [&](std::string_view field) { return table[field].value_or(std::string()); };
  e.slug = text("slug");
  e.name = text("name");
  e.oin = text("oin");
  e.brin = text("brin");
  e.kvk = text("kvk");
  e.agb = text("agb");
  if (auto system = text("system"); !system.empty()) e.system = std::move(system);
  e.arrangement_on = text("arrangement_date");
  e.assessment_on = text("impact_assessment_date");
  e.roles = list_in(table, "roles", "role");
  e.branches = list_in(table, "branches", "branch");
  for (const auto& [name, missing] : {std::pair{"slug", e.slug.empty()},
                                      {"name", e.name.empty()},
                                      {"oin", e.oin.empty()},
                                      {"roles", e.roles.empty()}}) {
    if (missing)
      return fail(Errc::config_invalid,
                  fmt::format("{}:{}: this member has no {}", file.string(), table.source().begin.line, name));
  }
  return e;
}

}  // namespace

json::object enrolment_payload(const Enrolment& e, const schema::Registry& registry, TimeMs now) {
  json::object out = {{"member", e.slug}, {"name", e.name}, {"oin", e.oin}};
  put_unless_empty(out, "brin", e.brin);
  put_unless_empty(out, "kvk", e.kvk);
  put_unless_empty(out, "agb", e.agb);
  out["roles"] = json::array(e.roles.begin(), e.roles.end());
  if (!e.branches.empty()) out["branches"] = json::array(e.branches.begin(), e.branches.end());
  out["public_key"] = e.public_key;
  put_unless_empty(out, "sealing_key", e.sealing_key);
  put_unless_empty(out, "signing_key", e.signing_key);
  put_unless_empty(out, "signature", e.signature);
  out["source_system"] = e.system;
  if (e.default_grants) {
    out["grants"] = json::parse(admission::grants_json(admission::default_grants(registry, e.roles)));
  }
  put_unless_empty(out, "arrangement_date", e.arrangement_on);
  put_unless_empty(out, "impact_assessment_date", e.assessment_on);
  out["effective_on"] = format_date(static_cast<std::int32_t>(now.value() / day_ms));
  return out;
}

std::string source_of(const Enrolment& e) { return fmt::format("urn:nld:oin:{}:systeem:{}", e.oin, e.system); }

Result<std::vector<Enrolment>> read_batch(const fs::path& file) {
  try {
    const toml::table table = toml::parse_file(file.string());
    std::vector<Enrolment> out;
    const auto* members = table["member"].as_array();
    if (members == nullptr) return fail(Errc::config_invalid, fmt::format("{}: there is no [[member]]", file.string()));
    for (const auto& item : *members) {
      const auto* member = item.as_table();
      if (member == nullptr) return fail(Errc::config_invalid, fmt::format("{}: a member is no table", file.string()));
      auto enrolment = enrolment_in(*member, file);
      if (!enrolment) return fail(enrolment.error());
      out.push_back(std::move(*enrolment));
    }
    return out;
  } catch (const toml::parse_error& e) {
    return fail(Errc::config_invalid, fmt::format("{}:{}: {}", file.string(), e.source().begin.line, e.description()));
  }
}

Result<PendingKey> PendingKey::prepare(const fs::path& file, const Enrolment& enrolment,
                                       const client::KeyFile& operator_key, const std::string& endpoint, Kinds kinds) {
  std::error_code ec;
  if (fs::exists(file, ec)) return fail(Errc::exists, fmt::format("key file {}", file.string()));
  if (file.has_parent_path()) {
    fs::create_directories(file.parent_path(), ec);
    if (ec) return fail(Errc::io, fmt::format("{}: {}", file.parent_path().string(), ec.message()));
  }
  PendingKey out(file, {});
  if (fs::exists(out.pending(), ec)) {
    auto keys = client::KeyFile::load(out.pending());
    if (!keys) return fail(keys.error());
    if (keys->member != enrolment.slug)
      return fail(Errc::exists, fmt::format("{} is {}'s", out.pending().string(), keys->member));
    out.keys_ = std::move(*keys);
    return out;
  }
  out.keys_ = {endpoint.empty() ? operator_key.endpoint : endpoint,
               operator_key.hub_public_key,
               enrolment.slug,
               source_of(enrolment),
               "",
               ""};
  if (kinds == Kinds::all) {
    out.keys_ = client::with_fresh_keys(out.keys_);
  } else {
    std::tie(out.keys_.public_key, out.keys_.secret_key) = client::make_curve_keys();
  }
  IRO_TRY(out.keys_.save(out.pending()), "key file");
  return out;
}

Status PendingKey::describe(Enrolment& enrolment) const {
  enrolment.public_key = keys_.public_key;
  if (keys_.signing_secret.empty()) return {};  // a pending file of before there were such keys
  const auto set = client::public_set(keys_);
  const auto signer = client::signing_pair(keys_);
  if (!set || !signer) return fail(!set ? set.error() : signer.error());
  enrolment.sealing_key = keys_.sealing_public;
  enrolment.signing_key = keys_.signing_public;
  enrolment.signature = client::base64_of(schema::make_statement(keys_.member, *set, *signer).signature);
  return {};
}

Status PendingKey::keep() const {
  std::error_code ec;
  fs::rename(pending(), file_, ec);
  if (ec) return fail(Errc::io, fmt::format("{}: {}", file_.string(), ec.message()));
  return {};
}

void PendingKey::drop() const {
  std::error_code ec;
  fs::remove(pending(), ec);
}

std::string z85_of_hex(std::string_view hex) {
  std::array<std::uint8_t, 32> raw{};
  return from_hex(hex, raw) ? z85_encode_key(raw) : std::string();
}

}  // namespace iro::cli

#include "hub/views/explain_checks.hpp"

#include "hub/admission/commands.hpp"
#include "hub/base/limits.hpp"
#include "hub/log/keys.hpp"

namespace iro::views {
namespace json = boost::json;
namespace {

json::object check(std::string_view name, bool holds, json::object facts) {
  json::object out{{"check", name}, {"verdict", holds ? "passed" : "unexplained"}};
  for (auto& [key, value] : facts) out[key] = value;
  return out;
}

std::uint64_t payload_bytes(const log::EntryView& e) {
  const bool sealed = (e.flags & log::encrypted) != 0 && e.body_length >= log::seal_overhead_bytes;
  return e.body_length - (sealed ? log::seal_overhead_bytes : 0);
}

/// What only events from outside are asked.
void checks_of_sender(json::array& out, const log::EntryView& e, std::string_view type, const admission::Member* sender,
                      const Catalogue& catalogue) {
  const std::string_view source = catalogue.text(e.source);
  out.push_back(check("session", sender != nullptr && sender->active, {}));
  out.push_back(check("source", sender == nullptr || e.sender == admission::operator_no || sender->owns_source(source),
                      {{"source", source}}));
  const bool command = admission::is_command(type);
  const bool may = command && sender != nullptr ? admission::may_command(*sender, type)
                                                : sender != nullptr && sender->grant(type).publish;
  out.push_back(check(command ? "operators_command" : "grant", may, {{"type", type}}));
  if (!e.foreign_id.empty()) {
    out.push_back(check("duplicate", true, {{"foreign_id", e.foreign_id}, {"days", limits::foreign_id_days}}));
  }
  const admission::Quota quota = sender == nullptr ? admission::Quota() : sender->quota;
  out.push_back(check("quota", true,
                      {{"events_per_second", quota.events_per_second}, {"bytes_per_second", quota.bytes_per_second}}));
}

}  // namespace

std::string_view emitting_rule(const log::EntryView& e, const Catalogue& catalogue) {
  constexpr std::string_view mark = ":systeem:plugin-";
  if (!e.producer.is_zero()) return {};
  const std::string_view source = catalogue.text(e.source);
  const auto at = source.rfind(mark);
  return at == std::string_view::npos ? std::string_view() : source.substr(at + mark.size());
}

json::array checks_json(const log::EntryView& e, const schema::EventType* type, const admission::Membership& then,
                        const Catalogue& catalogue) {
  json::array out;
  const std::string_view name = catalogue.text(e.type);
  const std::uint64_t bytes = payload_bytes(e);
  out.push_back(check("size", bytes <= limits::payload_bytes, {{"bytes", bytes}, {"most", limits::payload_bytes}}));
  out.push_back(check("time", e.time.value() <= e.recordedtime.value() + limits::clock_ahead_ms,
                      {{"time", format_time(e.time)}, {"recorded", format_time(e.recordedtime)}}));
  if (e.expirytime.value() != 0) {
    out.push_back(check("expiry", e.expirytime > e.recordedtime, {{"expiry", format_time(e.expirytime)}}));
  }
  out.push_back(check("hops", e.hop <= limits::hop, {{"hops", e.hop}, {"most", limits::hop}}));
  out.push_back(
      check("type", type != nullptr && e.revision <= type->revision, {{"type", name}, {"revision", e.revision}}));
  out.push_back(check("schema", true, {{"revision", e.revision}}));
  out.push_back(check("data_category", true, {{"category", e.datacategory}}));
  out.push_back(check("personal_number", true, {}));
  if (const std::string_view rule = emitting_rule(e, catalogue); !rule.empty()) {
    out.push_back(check("emitted", !e.causationid.is_zero(), {{"rule", rule}}));
  } else {
    checks_of_sender(out, e, name, then.find(e.sender), catalogue);
  }
  if ((e.flags & log::held) != 0) {
    const bool gated = e.gate != schema::Gate::none;
    out.push_back(check(gated ? "gate" : "held", true, {{"gate", schema::name_of(e.gate)}}));
  }
  return out;
}

}  // namespace iro::views

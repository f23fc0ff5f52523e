#include "hub/views/row.hpp"

#include <boost/json.hpp>

namespace iro::views {
namespace json = boost::json;
namespace {

void put(json::object& out, std::string_view name, std::string_view text) {
  if (!text.empty()) out[name] = text;
}
void put(json::object& out, std::string_view name, const EventId& id) {
  if (!id.is_zero()) out[name] = to_string(id);
}
void put(json::object& out, std::string_view name, TimeMs time) {
  if (time.value() != 0) out[name] = format_time(time);
}

json::object envelope(const log::EntryView& e, Seen seen, const Catalogue& catalogue) {
  json::object out;
  put(out, "specversion", "1.0");
  put(out, "id", e.id);
  put(out, "source", catalogue.text(e.source));
  put(out, "type", catalogue.text(e.type));
  put(out, "subject", e.subject);
  put(out, "time", e.time);
  put(out, "recordedtime", e.recordedtime);
  put(out, "correlationid", e.correlationid);
  put(out, "causationid", e.causationid);
  if (e.hop != 0) out["hop"] = e.hop;
  put(out, "expirytime", e.expirytime);
  put(out, "traceparent", e.traceparent);
  put(out, "datacategory", e.datacategory);
  put(out, "foreignid", e.foreign_id);
  if (e.revision != 1) out["schemarevision"] = e.revision;
  if (seen == Seen::masked) out["masked"] = true;
  return out;
}

std::string_view slug(const admission::Membership& members, MemberNo no) {
  const admission::Member* m = members.find(no);
  return m == nullptr ? std::string_view() : std::string_view(m->slug);
}

std::string_view name_of(log::Rule rule) {
  switch (rule) {
    case log::Rule::publik:
      return "public";
    case log::Rule::grant:
      return "grant";
    case log::Rule::party:
      return "party";
    case log::Rule::role:
      return "role";
  }
  return "unknown";
}

/// Whom the sender named, as far as they are entitled: it knows that much already.
json::array named_parties(const log::EntryView& e, const admission::Membership& members) {
  json::array out;
  for (const log::Reason& r : e.reasons) {
    if (r.rule == log::Rule::party) out.emplace_back(slug(members, r.member));
  }
  return out;
}

json::array reasons(const log::EntryView& e, const admission::Membership& members) {
  json::array out;
  for (const log::Reason& r : e.reasons) {
    out.push_back({{"member", slug(members, r.member)}, {"rule", name_of(r.rule)}, {"index", r.index}});
  }
  return out;
}

json::object routing(const log::EntryView& e, Seen seen, const RowContext& context) {
  const auto& [catalogue, members, asking] = context;
  const bool by_operator = asking == admission::operator_no;
  json::object out;
  put(out, "class", schema::name_of(e.routing));
  put(out, "sender", slug(members, e.sender));
  if (seen != Seen::sent && !by_operator) return out;
  if (e.gate != schema::Gate::none) put(out, "gate", schema::name_of(e.gate));
  if ((e.flags & log::held) != 0) out["held"] = true;
  out["entitled"] = json::object{{"full", catalogue.size(e.full)}, {"masked", catalogue.size(e.masked)}};
  if (by_operator) {
    out["reasons"] = reasons(e, members);
  } else {
    out["named"] = named_parties(e, members);
  }
  return out;
}

}  // namespace

std::string row_json(const log::EntryView& entry, Seen seen, const Content& content, const RowContext& context) {
  json::object event = envelope(entry, seen, context.catalogue);
  if (!content.json.empty()) put(event, "datacontenttype", "application/json");
  std::string out = R"({"event":)" + json::serialize(event);
  if (!content.json.empty()) {
    // The payload is JSON already: it goes in front of the closing brace.
    out.pop_back();
    out.append(R"(,"data":)").append(content.json).append("}");
  }
  json::object rest;
  put(rest, "seen", name_of(seen));
  rest["routing"] = routing(entry, seen, context);
  put(rest, "withheld", content.withheld);
  return out.append(",").append(json::serialize(rest).substr(1));
}

void Pages::add(const std::string& row) {
  if (!open_.empty() && open_.size() + row.size() + 64 > page_bytes_) done_.push_back(std::exchange(open_, {}) + "]}");
  open_ += open_.empty() ? R"({"events":[)" : ",";
  open_ += row;
  ++rows_;
}

std::vector<std::string> Pages::finish(const std::string& next) && {
  if (open_.empty()) open_ = R"({"events":[)";
  open_ += "]";
  if (!next.empty()) open_.append(R"(,"next":")").append(next).append("\"");
  done_.push_back(std::move(open_) + "}");
  return std::move(done_);
}

}  // namespace iro::views

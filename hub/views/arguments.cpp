#include "hub/views/arguments.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace iro::views {
namespace json = boost::json;
namespace {

tl::unexpected<Error> refuse(std::string_view name, std::string_view what) {
  return fail(Errc::arguments_invalid, fmt::format("'{}': {}", name, what));
}

Result<json::object> parse_object(std::string_view text) {
  boost::system::error_code error;
  json::value v = json::parse(text.empty() ? "{}" : text, error);
  if (error || !v.is_object()) return fail(Errc::arguments_invalid, "the arguments are no JSON object");
  return std::move(v.get_object());
}

class Argument {
 public:
  Argument(std::string_view name, const json::value& value) : name_(name), value_(value) {}

  [[nodiscard]] bool is(std::string_view name) const { return name_ == name; }
  Status text(std::string& out) const {
    if (!value_.is_string() || value_.get_string().empty()) return refuse(name_, "a text is expected");
    out = std::string(value_.get_string().data(), value_.get_string().size());
    return {};
  }
  Status id(std::optional<EventId>& out) const {
    out = value_.is_string() ? parse_event_id(value_.get_string()) : std::nullopt;
    return out ? Status() : refuse(name_, "a UUID is expected");
  }
  Status time(std::optional<TimeMs>& out) const {
    out = value_.is_string() ? parse_time(value_.get_string()) : std::nullopt;
    return out ? Status() : refuse(name_, "a time is expected, such as 2026-11-21T22:16:36Z");
  }
  Status token(std::optional<Token>& out) const {
    out.emplace();
    if (value_.is_string() && from_hex(value_.get_string(), out->b)) return {};
    return refuse(name_, "give the \"next\" of an earlier answer");
  }
  Status texts(std::vector<std::string>& out) const {
    if (!value_.is_array()) return refuse(name_, "a list of texts is expected");
    for (const json::value& one : value_.get_array()) {
      if (!one.is_string()) return refuse(name_, "a list of texts is expected");
      out.emplace_back(one.get_string());
    }
    return {};
  }
  Status order(Order& out) const {
    const bool newest = value_ == "newest";
    if (!newest && value_ != "oldest") return refuse(name_, "\"newest\" or \"oldest\" is expected");
    out = newest ? Order::newest : Order::oldest;
    return {};
  }
  Status limit(std::size_t& out) const {
    if (!value_.is_int64() || value_.get_int64() < 1 || value_.get_int64() > static_cast<std::int64_t>(most_limit)) {
      return refuse(name_, fmt::format("a number from 1 to {} is expected", most_limit));
    }
    out = static_cast<std::size_t>(value_.get_int64());
    return {};
  }
  Status flag(bool& out) const {
    if (!value_.is_bool()) return refuse(name_, "true or false is expected");
    out = value_.get_bool();
    return {};
  }
  [[nodiscard]] Status unknown() const { return refuse(name_, "this view has no such argument"); }

 private:
  std::string_view name_;
  const json::value& value_;
};

Status read(const Argument& argument, EventsArguments& out) {
  if (argument.is("type")) return argument.text(out.type);
  if (argument.is("subject")) return argument.text(out.subject);
  if (argument.is("person")) return argument.text(out.person);
  if (argument.is("correlation")) return argument.id(out.correlation);
  if (argument.is("since")) return argument.time(out.since);
  if (argument.is("until")) return argument.time(out.until);
  if (argument.is("from")) return argument.token(out.from);
  if (argument.is("order")) return argument.order(out.order);
  if (argument.is("limit")) return argument.limit(out.limit);
  if (argument.is("data")) return argument.flag(out.data);
  if (argument.is("export")) return argument.flag(out.exporting);
  if (std::string purpose; argument.is("purpose")) return argument.text(purpose);
  return argument.unknown();
}

}  // namespace

std::string purpose_in(std::string_view text) {
  const auto object = parse_object(text);
  const auto* purpose = object ? object->if_contains("purpose") : nullptr;
  return purpose != nullptr && purpose->is_string() ? std::string(purpose->get_string()).substr(0, 255) : std::string();
}

bool is_export(std::string_view text) {
  const auto object = parse_object(text);
  const auto* exporting = object ? object->if_contains("export") : nullptr;
  return exporting != nullptr && exporting->is_bool() && exporting->get_bool();
}

Result<EventsArguments> parse_events_arguments(std::string_view text) {
  const auto object = parse_object(text);
  if (!object) return fail(object.error());
  EventsArguments out;
  for (const auto& [name, value] : *object) {
    if (const Status done = read(Argument(name, value), out); !done) return fail(done.error());
  }
  if (out.exporting && out.person.empty()) return refuse("export", "is of one person: give 'person' too");
  return out;
}

Result<EventId> parse_event_arguments(std::string_view text) {
  const auto object = parse_object(text);
  if (!object) return fail(object.error());
  std::optional<EventId> id;
  for (const auto& [name, value] : *object) {
    const Argument argument(name, value);
    std::string purpose;
    const Status done = argument.is("id")        ? argument.id(id)
                        : argument.is("purpose") ? argument.text(purpose)
                                                 : argument.unknown();
    if (!done) return fail(done.error());
  }
  if (!id) return refuse("id", "is required: the event's UUID");
  return *id;
}

Result<QuarantineArguments> parse_quarantine_arguments(std::string_view text) {
  const auto object = parse_object(text);
  if (!object) return fail(object.error());
  std::optional<Token> ref;
  QuarantineArguments out;
  for (const auto& [name, value] : *object) {
    const Argument argument(name, value);
    const Status done = argument.is("ref")     ? argument.token(ref)
                        : argument.is("types") ? argument.texts(out.types)
                        : argument.is("limit") ? argument.limit(out.limit)
                                               : argument.unknown();
    if (!done) return fail(done.error());
  }
  if (!ref) return refuse("ref", "is required: `iro plugin parked` shows it");
  out.ref = *ref;
  return out;
}

Result<WhyNotArguments> parse_why_not_arguments(std::string_view text) {
  const auto object = parse_object(text);
  if (!object) return fail(object.error());
  std::optional<EventId> id;
  WhyNotArguments out;
  for (const auto& [name, value] : *object) {
    const Argument argument(name, value);
    const Status done = argument.is("id")       ? argument.id(id)
                        : argument.is("member") ? argument.text(out.member)
                                                : argument.unknown();
    if (!done) return fail(done.error());
  }
  if (!id) return refuse("id", "is required: the event's UUID");
  if (out.member.empty()) return refuse("member", "is required: a member's name");
  out.id = *id;
  return out;
}

}  // namespace iro::views

#include "hub/schema/event_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>

#include "hub/base/limits.hpp"
#include "hub/schema/json.hpp"

namespace iro::schema {
namespace {

namespace json = boost::json;

class AttributeWriter {
 public:
  explicit AttributeWriter(std::string& out) : out_(out) {}
  void text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    key(name);
    append_json_string(value, out_);
  }
  void id(std::string_view name, const EventId& value) {
    if (!value.is_zero()) text(name, to_string(value));
  }
  void time(std::string_view name, TimeMs value) {
    if (value.value() != 0) text(name, format_time(value));
  }
  void number(std::string_view name, std::uint64_t value) {
    key(name);
    fmt::format_to(std::back_inserter(out_), "{}", value);
  }
  void key(std::string_view name) {
    fmt::format_to(std::back_inserter(out_), "{}\"{}\":", out_.size() > 1 ? "," : "", name);
  }

 private:
  std::string& out_;
};

tl::unexpected<Error> refuse(std::string_view name, std::string_view what) {
  return fail(Errc::payload_invalid, fmt::format("$.{}: {}", name, what));
}

/// The attributes as they are found; null counts as absent.
class AttributeReader {
 public:
  AttributeReader(std::string_view name, const json::value& value) : name_(name), value_(value) {}

  Status text(std::string& out) const {
    if (!value_.is_string()) return refuse(name_, "a text is expected");
    out = std::string(value_.get_string().data(), value_.get_string().size());
    return {};
  }
  Status id(EventId& out) const {
    std::string words;
    if (Status read = text(words); !read) return read;
    const auto id = parse_event_id(words);
    if (!id) return refuse(name_, "a UUID is expected");
    out = *id;
    return {};
  }
  Status time(TimeMs& out) const {
    std::string words;
    if (Status read = text(words); !read) return read;
    const auto time = parse_time(words);
    if (!time) return refuse(name_, "a time of RFC 3339 is expected");
    out = *time;
    return {};
  }
  template <typename T>
  Status number(T& out) const {
    const auto n = value_.is_int64() ? value_.get_int64() : -1;
    if (!std::in_range<T>(n)) return refuse(name_, "a small whole number is expected");
    out = static_cast<T>(n);
    return {};
  }
  Status flag(bool& out) const {
    if (!value_.is_bool()) return refuse(name_, "true or false is expected");
    out = value_.get_bool();
    return {};
  }
  Status exactly(std::string_view wanted) const {
    if (value_.is_string() && std::string_view(value_.get_string().data(), value_.get_string().size()) == wanted) {
      return {};
    }
    return refuse(name_, fmt::format("\"{}\" is expected", wanted));
  }

 private:
  std::string_view name_;
  const json::value& value_;
};

/// A UUID is our own kind of id; anything else belongs to another system.
Status read_id(const AttributeReader& reader, Event& out) {
  std::string words;
  if (Status read = reader.text(words); !read) return read;
  if (words.empty()) return refuse("id", "is empty");
  if (const auto id = parse_event_id(words)) {
    out.id = *id;
  } else {
    out.foreign_id = std::move(words);
  }
  return {};
}

/// One attribute into its place.
Status read_attribute(std::string_view name, const json::value& value, Event& out) {
  const AttributeReader reader(name, value);
  if (name == "specversion") return reader.exactly("1.0");
  if (name == "id") return read_id(reader, out);
  if (name == "source") return reader.text(out.source);
  if (name == "type") return reader.text(out.type);
  if (name == "subject") return reader.text(out.subject);
  if (name == "time") return reader.time(out.time);
  if (name == "recordedtime") return reader.time(out.recordedtime);
  if (name == "correlationid") return reader.id(out.correlationid);
  if (name == "causationid") return reader.id(out.causationid);
  if (name == "hop") return reader.number(out.hop);
  if (name == "expirytime") return reader.time(out.expirytime);
  if (name == "traceparent") return reader.text(out.traceparent);
  if (name == "datacategory") return reader.text(out.datacategory);
  if (name == "foreignid") return reader.text(out.foreign_id);
  if (name == "schemarevision") return reader.number(out.revision);
  if (name == "masked") return reader.flag(out.masked);
  if (name == "datacontenttype") return reader.exactly("application/json");
  static constexpr std::array transport = {"sequence", "sequencetype", "dataschema", "tracestate"};
  if (std::ranges::find(transport, name) != transport.end()) return {};
  return refuse(name, "the hub has no place for this attribute");
}

/// The subject is the payload's own, unless the sender said one (admission compares them).
Status read_data(const Registry& registry, const json::value& data, Event& out) {
  const EventType* type = registry.find(out.type);
  if (type == nullptr) return fail(Errc::unknown_type, fmt::format("$.type: the hub does not know {}", out.type));
  auto payload = payload_from_json(*type->plan, data, "$.data");
  if (!payload) return fail(payload.error());
  out.payload = std::move(*payload);
  if (out.subject.empty()) out.subject = std::string(registry.facts(*type, out.payload).subject);
  return {};
}

}  // namespace

Result<std::string> event_to_json(const Registry& registry, const EventView& event) {
  const EventType* type = registry.find(event.type);
  if (type == nullptr) return fail(Errc::unknown_type, fmt::format("the hub does not know {}", event.type));
  IRO_TRY(event.masked ? registry.verify_masked(*type, event.payload) : registry.verify(*type, event.payload),
          event.type);
  std::string out = "{";
  AttributeWriter write(out);
  write.text("specversion", "1.0");
  write.id("id", event.id);
  write.text("source", event.source);
  write.text("type", event.type);
  write.text("subject", event.subject);
  write.time("time", event.time);
  write.time("recordedtime", event.recordedtime);
  write.id("correlationid", event.correlationid);
  write.id("causationid", event.causationid);
  if (event.hop != 0) write.number("hop", event.hop);
  write.time("expirytime", event.expirytime);
  write.text("traceparent", event.traceparent);
  write.text("datacategory", event.datacategory);
  write.text("foreignid", event.foreign_id);
  if (event.revision != 1) write.number("schemarevision", event.revision);
  if (event.masked) {
    write.key("masked");
    out += "true";
  }
  write.text("datacontenttype", "application/json");
  write.key("data");
  append_json(*type->plan, event.payload, out);
  out += '}';
  return out;
}

Result<Event> event_from_json(const Registry& registry, std::string_view text) {
  const auto document = parse_json(text);
  if (!document) return fail(document.error());
  if (!document->is_object()) return fail(Errc::payload_invalid, "$: an object is expected");
  Event out;
  const json::value* data = nullptr;
  bool versioned = false;
  for (const auto& [key, value] : document->get_object()) {
    const std::string_view name(key.data(), key.size());
    if (value.is_null()) continue;
    if (name == "data") {
      data = &value;
      continue;
    }
    if (Status read = read_attribute(name, value, out); !read) return fail(read.error());
    versioned = versioned || name == "specversion";
  }
  if (!versioned) return refuse("specversion", "is required, and absent");
  if (out.type.empty()) return refuse("type", "is required, and absent");
  if (data == nullptr) return refuse("data", "is required, and absent");
  if (Status read = read_data(registry, *data, out); !read) return fail(read.error());
  return out;
}

}  // namespace iro::schema

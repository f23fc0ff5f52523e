// hub/schema/json.hpp: payloads as JSON, and whole events as CloudEvents.
//
// An absent field is left out of the JSON, and a field that JSON leaves out or
// gives as null is absent: neither direction invents a value. Dates are
// "2026-11-21", weeks "2026-W40", months "2026-09", times RFC 3339, enums their
// names, blobs base64 (RFC 4648, padded).
#pragma once

#include <boost/json/value.hpp>

#include "hub/schema/plan.hpp"
#include "hub/schema/registry.hpp"

namespace iro::schema {

/// Append the JSON object of a verified payload to `out`.
void append_json(const TypePlan& plan, ByteView payload, std::string& out);
/// The same for who may not know whom or what it is about: the person, what is personal and what somebody typed are
/// what `reference` makes of them, blobs are empty. What comes of it is a payload of the type again.
void append_referenced_json(const TypePlan& plan, ByteView payload, const Reference& reference, std::string& out);
/// Append `text` as a JSON string.
void append_json_string(std::string_view text, std::string& out);

/// The payload that `json` describes. `path` names it in messages: "$" or "$.data".
Result<Bytes> payload_from_json(const TypePlan& plan, const boost::json::value& json, std::string_view path);
/// Parse a text into a JSON value; payload_invalid when it is none.
Result<boost::json::value> parse_json(std::string_view text);

std::string to_base64(ByteView bytes);
std::optional<Bytes> from_base64(std::string_view text);

/// A number with a format, as people write it; nothing for a text that is not one.
std::string format_number(Format format, std::int64_t value);
std::optional<std::int64_t> parse_number(Format format, std::string_view text);

}  // namespace iro::schema

#include "adapters/files/inbox_rows.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "adapters/files/csv_writer.hpp"
#include "hub/base/clock.hpp"

namespace iro::files {
namespace {

const boost::json::value* find(const boost::json::value& root, std::string_view path) {
  const boost::json::value* here = &root;
  for (std::size_t from = 0; here != nullptr && from <= path.size();) {
    const std::size_t point = std::min(path.find('.', from), path.size());
    const boost::json::object* object = here->if_object();
    here = object == nullptr ? nullptr : object->if_contains(path.substr(from, point - from));
    from = point + 1;
  }
  return here;
}

std::string text_of(const boost::json::value& value) {
  if (const auto* text = value.if_string()) return std::string(*text);
  const auto* list = value.if_array();
  const auto plain = [](const boost::json::value& v) { return !v.is_object() && !v.is_array(); };
  if (list == nullptr || !std::ranges::all_of(*list, plain)) return boost::json::serialize(value);
  std::string out;
  for (const boost::json::value& item : *list) out += (out.empty() ? "" : ", ") + text_of(item);
  return out;
}

std::string id_or_nothing(const EventId& id) { return id.is_zero() ? "" : to_string(id); }

}  // namespace

const InboxRows::Columns& InboxRows::columns(const schema::EventType& type) {
  const auto known = known_.find(type.name);
  if (known != known_.end()) return known->second;
  Columns columns;
  columns.leaves = TypeShape(registry_, type).leaves();
  CsvRow row;
  for (const std::string_view name :
       {"id", "time", "recordedtime", "source", "subject", "correlationid", "causationid"})
    row.text(name);
  for (const TypeShape::Leaf& leaf : columns.leaves) row.text(leaf.path);
  columns.header = row.take();
  return known_.emplace(type.name, std::move(columns)).first->second;
}

Result<std::string> InboxRows::row(const schema::EventType& type, const schema::EventView& event) {
  const auto json = registry_.to_json(type, event.payload);
  if (!json) return fail(json.error());
  boost::json::error_code error;
  const boost::json::value payload = boost::json::parse(*json, error);
  if (error) return fail(Errc::internal, "the registry's JSON does not parse");
  CsvRow row;
  row.text(to_string(event.id)).text(format_time(event.time)).text(format_time(event.recordedtime)).text(event.source);
  row.text(event.subject).text(id_or_nothing(event.correlationid)).text(id_or_nothing(event.causationid));
  for (const TypeShape::Leaf& leaf : columns(type).leaves) {
    const boost::json::value* value = find(payload, leaf.path);
    const std::string text = value == nullptr ? "" : text_of(*value);
    if (leaf.number) {
      row.number(text);
    } else {
      row.text(text);
    }
  }
  return row.take();
}

}  // namespace iro::files

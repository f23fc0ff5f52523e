#include "adapters/cli/event_line.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "adapters/cli/moment.hpp"
#include "adapters/cli/table.hpp"

namespace iro::cli {
namespace json = boost::json;
namespace {

constexpr std::size_t fields_shown = 8;
constexpr std::size_t field_width = 40;
constexpr std::string_view oin_prefix = "urn:nld:oin:";

/// The plain values of an object and of the objects in it, in the order of the schema.
void collect(const json::object& object, std::string_view skip, const Texts& texts, std::vector<std::string>& out) {
  for (const auto& [name, value] : object) {
    if (out.size() >= fields_shown) return;
    if (value.is_object()) {
      collect(value.get_object(), {}, texts, out);
    } else if (std::string_view(name) != skip && (!value.is_array() || value.get_array().size() <= 4)) {
      out.push_back(fmt::format("{}={}", std::string_view(name), shorten(cell(value, texts), field_width)));
    }
  }
}

}  // namespace

std::string EventLines::sender(std::string_view source) const {
  if (source.starts_with(oin_prefix)) {
    const std::string_view rest = source.substr(oin_prefix.size());
    const auto at = names_.find(std::string(rest.substr(0, rest.find(':'))));
    if (at != names_.end()) return at->second;
  }
  return clean(source);
}

std::string EventLines::fields(const schema::EventType& type, const schema::EventView& event) const {
  const auto text = registry_.to_json(type, event.payload);
  if (!text) return {};
  boost::system::error_code ec;
  const json::value data = json::parse(*text, ec);
  if (ec || !data.is_object()) return {};
  // The subject has a column of its own, so its field is left out: it is the first of its value.
  std::string_view subject_field;
  for (const auto& [name, value] : data.get_object()) {
    if (value.is_string() && std::string_view(value.get_string()) == event.subject) {
      subject_field = name;
      break;
    }
  }
  std::vector<std::string> shown;
  collect(data.get_object(), subject_field, texts_, shown);
  return fmt::format("{}", fmt::join(shown, " "));
}

std::string EventLines::line(const schema::EventView& event, TimeMs now) const {
  const schema::EventType* type = registry_.find(event.type);
  const std::string time = local_time(event.recordedtime.value() != 0 ? event.recordedtime : event.time, now);
  const std::string label = type == nullptr ? clean(event.type) : texts_.lang() == Lang::nl ? type->nl : type->en;
  std::string out = fmt::format("{}  {}  {}  {}", time, label, clean(event.subject), sender(event.source));
  if (type != nullptr) out += "  " + fields(*type, event);
  if (event.masked) out += "  " + texts_(Text::masked);
  return out;
}

}  // namespace iro::cli

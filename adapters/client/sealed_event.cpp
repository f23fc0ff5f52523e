#include "adapters/client/sealed_event.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace iro::client {
namespace json = boost::json;
namespace {

std::string text_in(const json::value& value, std::string_view name) {
  const auto* field = value.is_object() ? value.get_object().if_contains(name) : nullptr;
  return field != nullptr && field->is_string() ? std::string(field->get_string()) : std::string();
}

/// The first of `fields` that the payload has.
std::string party_in(const json::value& data, std::initializer_list<std::string_view> fields) {
  for (const auto field : fields) {
    if (auto slug = text_in(data, field); !slug.empty()) return slug;
  }
  return {};
}

}  // namespace

Result<SealedEvent> read_sealed_event(std::string_view cloud_event) {
  boost::system::error_code ec;
  const json::value event = json::parse(cloud_event, ec);
  const auto* data = !ec && event.is_object() ? event.get_object().if_contains("data") : nullptr;
  const auto* content = data != nullptr && data->is_object() ? data->get_object().if_contains(sealed_field) : nullptr;
  if (content == nullptr) return fail(Errc::payload_invalid, "this is no event with a sealed document");
  const auto id = parse_event_id(text_in(event, "id"));
  if (!id) return fail(Errc::id_invalid, "the event has no id");
  auto sealed = SealedDocument::from_json(json::serialize(*content));
  if (!sealed) return fail(sealed.error());
  return SealedEvent{{*id, text_in(event, "type"), text_in(event, "source"), text_in(event, "subject")},
                     std::move(*sealed),
                     party_in(*data, {"author", "school"})};
}

std::string recipient_in(std::string_view payload) {
  boost::system::error_code ec;
  const json::value data = json::parse(payload, ec);
  return ec ? std::string() : party_in(data, {"recipient", "provider"});
}

std::string safe_file_name(std::string_view wish) {
  std::string name(wish.substr(wish.find_last_of("/\\") + 1));
  std::ranges::replace_if(
      name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '_');
  return name.empty() || name.front() == '.' ? "document" : name;
}

}  // namespace iro::client

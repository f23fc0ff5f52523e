// A sealed document as the field of a payload's JSON, and back.
#include <sodium.h>

#include <boost/json.hpp>

#include "adapters/client/sealing.hpp"

namespace iro::client {
namespace json = boost::json;
namespace {

constexpr int variant = sodium_base64_VARIANT_ORIGINAL;  // as the payload's other [ubyte] fields

std::string base64(ByteView bytes) {
  std::string out(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(out.data(), out.size(), bytes.data(), bytes.size(), variant);
  out.pop_back();  // the terminating zero
  return out;
}

std::optional<Bytes> from_base64(std::string_view text) {
  Bytes out(text.size() / 4 * 3 + 3);
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &size, &end, variant) != 0 ||
      end != text.data() + text.size()) {
    return std::nullopt;
  }
  out.resize(size);
  return out;
}

/// The text field `name`, or nothing.
std::optional<std::string> text_in(const json::value& value, std::string_view name) {
  const auto* field = value.is_object() ? value.get_object().if_contains(name) : nullptr;
  if (field == nullptr || !field->is_string()) return std::nullopt;
  return std::string(field->get_string());
}

std::optional<Bytes> blob_in(const json::value& value, std::string_view name) {
  const auto text = text_in(value, name);
  return text ? from_base64(*text) : std::nullopt;
}

}  // namespace

std::string SealedDocument::to_json() const {
  json::array list;
  for (const Key& key : keys)
    list.push_back(json::object{{"key_id", key.key_id}, {"sealed_key", base64(key.sealed_key)}});
  return json::serialize(json::object{{"scheme", scheme}, {"keys", std::move(list)}, {"content", base64(content)}});
}

Result<SealedDocument> SealedDocument::from_json(std::string_view text) {
  boost::system::error_code ec;
  const json::value value = json::parse(text, ec);
  const auto* list = !ec && value.is_object() ? value.get_object().if_contains("keys") : nullptr;
  const auto invalid =
      fail(Errc::payload_invalid, "this is no sealed document: scheme, keys and content belong to one");
  if (list == nullptr || !list->is_array()) return invalid;
  SealedDocument out;
  for (const json::value& item : list->get_array()) {
    auto key_id = text_in(item, "key_id");
    auto sealed_key = blob_in(item, "sealed_key");
    if (!key_id || !sealed_key) return invalid;
    out.keys.push_back({std::move(*key_id), std::move(*sealed_key)});
  }
  auto scheme = text_in(value, "scheme");
  auto content = blob_in(value, "content");
  if (!scheme || !content) return invalid;
  out.scheme = std::move(*scheme);
  out.content = std::move(*content);
  return out;
}

}  // namespace iro::client

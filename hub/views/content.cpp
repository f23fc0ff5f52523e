#include "hub/views/content.hpp"

namespace iro::views {
namespace {

Content because(std::string_view reason) { return {{}, reason}; }

/// The payload in memory of its own, as the registry wants it: a body in its row stands on any address.
/// A Content when there is none to be had.
Result<tl::expected<Bytes, Content>> open_body(const log::EntryView& entry, ByteView stored, log::KeyRing* keys) {
  using Outcome = tl::expected<Bytes, Content>;
  if ((entry.flags & log::encrypted) == 0) return Outcome(to_bytes(stored));
  if (keys == nullptr) return Outcome(tl::unexpect, because(withheld::no_keys));
  const auto key = keys->find(entry.person_key);
  if (!key) return fail(key.error());
  if (!*key) return Outcome(tl::unexpect, because(withheld::erased));
  auto opened = log::open(**key, entry.id, stored);
  if (!opened) return fail(opened.error());
  return Outcome(std::move(*opened));
}

}  // namespace

Result<Content> content_of(const Hit& hit, Perspective& perspective, ChunkSource& source,
                           const schema::Registry& registry, log::KeyRing* keys, const ContentOptions& options) {
  if (hit.seen == Seen::routing) return because(withheld::not_yours);
  const schema::EventType* type = perspective.type_of(hit.entry);
  if (type == nullptr) return because(withheld::unknown_type);
  const auto chunk = source.whole(hit.seq);
  if (!chunk) return fail(chunk.error());
  const auto stored = (*chunk)->body(hit.entry);
  if (!stored || hit.entry.expiry_month <= options.deleted_month) return because(withheld::expired);
  auto payload = open_body(hit.entry, *stored, keys);
  if (!payload) return fail(payload.error().within("read an event"));
  if (!*payload) return payload->error();
  if (hit.seen == Seen::masked) {
    auto masked = registry.mask(*type, **payload);
    if (!masked) return fail(masked.error().within("mask an event"));
    **payload = std::move(*masked);
  }
  auto json = registry.to_json(*type, **payload);
  if (!json) return fail(json.error().within("show an event"));
  if (json->size() > options.most_bytes) return because(withheld::oversize);
  return Content{std::move(*json), {}};
}

Result<std::optional<Bytes>> payload_of(const Hit& hit, ChunkSource& source, log::KeyRing* keys) {
  const auto chunk = source.whole(hit.seq);
  if (!chunk) return fail(chunk.error());
  const auto stored = (*chunk)->body(hit.entry);
  if (!stored) return std::optional<Bytes>();
  auto payload = open_body(hit.entry, *stored, keys);
  if (!payload) return fail(payload.error());
  return *payload ? std::optional<Bytes>(std::move(**payload)) : std::optional<Bytes>();
}

}  // namespace iro::views

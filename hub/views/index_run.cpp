#include "hub/views/index_run.hpp"

#include <sodium.h>

#include <algorithm>

#include "hub/base/assert.hpp"

namespace iro::views {
namespace {

static_assert(crypto_shorthash_KEYBYTES == std::tuple_size_v<Tail::HashKey>);

std::uint32_t short_hash(const Tail::HashKey& key, ByteView bytes) {
  std::array<std::uint8_t, crypto_shorthash_BYTES> out{};
  crypto_shorthash(out.data(), bytes.data(), bytes.size(), key.data());
  std::uint32_t hash = 0;
  std::memcpy(&hash, out.data(), sizeof hash);
  return hash;
}

}  // namespace

BlockRange blocks_for(std::span<const std::uint32_t> fences, std::uint32_t hash) {
  const auto [low, high] = std::ranges::equal_range(fences, hash);
  const auto first = static_cast<std::size_t>(low - fences.begin());
  return {first == 0 ? 0 : first - 1, static_cast<std::size_t>(high - fences.begin())};
}

IndexKey Tail::by_id(const HashKey& key, const EventId& id) { return {Field::id, short_hash(key, id.b)}; }

IndexKey Tail::by_subject(const HashKey& key, std::string_view subject) {
  return {Field::subject, short_hash(key, as_bytes(subject))};
}

IndexKey Tail::by_correlation(const HashKey& key, const EventId& id) {
  return {Field::correlation, short_hash(key, id.b)};
}

void Tail::add(const log::ChunkView& chunk) {
  IRO_ASSERT(chunk.chunk().first_seq == stretch_.before, "the index takes the chunks in order");
  for (std::uint32_t i = 0; i < chunk.count(); ++i) {
    const log::EntryView e = chunk.entry(i);
    const auto offset = static_cast<std::uint32_t>(chunk.seq(i).value() - stretch_.from.value());
    add(by_id(key_, e.id), offset);
    add(by_type(e.type), offset);
    if (!e.subject.empty()) add(by_subject(key_, e.subject), offset);
    if (!e.correlationid.is_zero()) add(by_correlation(key_, e.correlationid), offset);
  }
  stretch_.before = chunk.chunk().last_seq().next();
  head_ = chunk.chunk().head;
}

}  // namespace iro::views

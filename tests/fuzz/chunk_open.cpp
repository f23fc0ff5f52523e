// Fuzz target: ChunkView::open and everything that a view offers, on arbitrary
// bytes under a head that fits them (a forger can make one; a dying disk would
// stop at the head). Nothing may be read outside, and what opens can be read.
//
// Input: u8 number of entries, u8 months with a row of bodies, then the directory.
#include <cstdint>

#include "hub/base/assert.hpp"
#include "hub/log/entry.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace iro;
  using namespace iro::log;
  if (size < 2) return 0;
  auto chunk = std::make_shared<Chunk>();
  chunk->first_seq = Seq(1);
  chunk->count = data[0];
  chunk->dir.assign(data + 2, data + size);
  for (unsigned month = 0; month < data[1] % 4U; ++month) {
    chunk->bodies[static_cast<std::uint16_t>(month)] = Bytes(data[1] / 4U);
  }
  chunk->head = chunk_head(chunk->prev_head, chunk->first_seq, chunk->count, chunk->recorded, chunk->dir);
  const auto view = ChunkView::open(chunk);
  if (!view) return 0;
  std::size_t seen = view->definitions().size() + (view->concerns(MemberNo(1)) ? 1 : 0);
  for (std::uint32_t i = 0; i < view->count(); ++i) {
    const EntryView entry = view->entry(i);
    seen += entry.subject.size() + entry.traceparent.size() + entry.datacategory.size() + entry.foreign_id.size();
    if (const auto body = view->body(entry)) seen += body->size();
    seen += view->commitment_holds(i) ? 1 : 0;
  }
  IRO_ASSERT(seen < (std::size_t{1} << 40), "a view holds no more than its bytes");
  return 0;
}

// Fuzz: decode() refuses any bytes, or gives a message that encodes and decodes to the same.
#include <cstdlib>

#include "hub/schema/frames.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::uint64_t sum(iro::ByteView bytes) {
  std::uint64_t out = 0;
  for (const std::uint8_t b : bytes) out += b;
  return out;
}

/// Every byte that a view shows is there, and payloads are aligned.
std::uint64_t touch(const std::vector<iro::schema::EventView>& events) {
  std::uint64_t out = 0;
  for (const auto& e : events) {
    for (const auto text : {e.type, e.source, e.subject, e.traceparent, e.datacategory, e.foreign_id}) {
      out += sum(iro::as_bytes(text));
    }
    out += sum(e.payload);
    require(reinterpret_cast<std::uintptr_t>(e.payload.data()) % 8 == 0);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = iro::wire::decode({data, size});
  if (!message) return 0;
  const auto touched = std::visit(
      [](const auto& body) -> std::uint64_t {
        if constexpr (requires { body.events.size(); }) return touch(body.events);
        return 0;
      },
      message->body);
  const iro::Bytes frame = iro::wire::encode(message->epoch, message->body);
  const auto again = iro::wire::decode(frame);
  require(again.has_value() || again.error().code == iro::Errc::frame_oversize);
  if (again) require(iro::wire::encode(again->epoch, again->body) == frame);
  return touched == UINT64_MAX ? 1 : 0;
}

// Fuzz: what a plugin's process sends is refused, or is a message within the limits that encodes and decodes to the
// same. The first byte of the input chooses the direction.
#include <cstdlib>

#include "hub/reaction/child_messages.hpp"

namespace {

namespace child = iro::reaction::child;

void require(bool holds) {
  if (!holds) std::abort();
}

iro::Bytes again(const child::Outcomes& said) {
  child::OutcomePack pack(said.no);
  for (const auto& outcome : said.outcomes) pack.add(outcome);
  return pack.take(said.last);
}
template <typename T>
iro::Bytes again(const T& said) {
  return child::encode(said);
}
iro::Bytes again(child::LastWord word) {
  const auto bytes = child::encode(word);
  return {bytes.begin(), bytes.end()};
}

void from_child(iro::ByteView bytes) {
  const auto message = child::decode_from_child(bytes);
  if (!message) return;
  if (const auto* outcomes = std::get_if<child::Outcomes>(&*message)) {
    for (const auto& outcome : outcomes->outcomes) require(child::check(outcome).has_value());
  }
  const iro::Bytes written = std::visit([](const auto& said) { return again(said); }, *message);
  require(iro::to_bytes(bytes) == written);
}

std::uint64_t sum(iro::ByteView bytes) {
  std::uint64_t out = 0;
  for (const std::uint8_t b : bytes) out += b;
  return out;
}

std::uint64_t from_hub(iro::ByteView bytes) {
  const auto message = child::decode_from_hub(bytes);
  if (!message) return 0;
  std::uint64_t touched = 0;
  if (const auto* call = std::get_if<child::CallIn>(&*message)) {
    for (const auto& e : call->events) {
      for (const auto text : {e.event.type, e.event.source, e.event.subject, e.sender, e.person}) {
        touched += sum(iro::as_bytes(text));
      }
      touched += sum(e.key) + sum(e.event.payload);
      require((e.event.payload.data() - bytes.data()) % 16 == 0);
    }
  } else if (const auto* page = std::get_if<child::StatePage>(&*message)) {
    for (const auto& [key, value] : page->rows) touched += sum(key) + sum(value);
  } else if (const auto* show = std::get_if<child::Show>(&*message)) {
    require(iro::to_bytes(bytes) == child::encode(*show));
  } else {
    require(iro::to_bytes(bytes) == child::encode(std::get<child::Begin>(*message)));
  }
  return touched;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const iro::ByteView bytes(data + 1, size - 1);
  if (data[0] % 2 == 0) {
    from_child(bytes);
    return 0;
  }
  return from_hub(bytes) == UINT64_MAX ? 1 : 0;
}

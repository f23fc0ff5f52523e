// Fuzz: what verify() accepts FlatBuffers' own verifier accepts too, and it can
// be read, masked and shown. The first byte chooses the type.
#include <flatbuffers/reflection.h>

#include <cstdlib>
#include <cstring>

#include "hub/schema/registry.hpp"

namespace {

using namespace iro;
using namespace iro::schema;

void require(bool holds) {
  if (!holds) std::abort();
}

const Registry& registry() {
  static const Registry out = std::move(*Registry::builtin());
  return out;
}

bool flatbuffers_accepts(const EventType& type, ByteView payload) {
  for (const auto& file : registry().files()) {
    if (file.hash != type.schema_hash) continue;
    const auto& schema = *reflection::GetSchema(file.bfbs.data());
    for (const auto* object : *schema.objects()) {
      if (object->name()->string_view() == type.table) {
        return flatbuffers::Verify(schema, *object, payload.data(), payload.size());
      }
    }
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const auto types = registry().types();
  const EventType& type = *types[data[0] % types.size()];
  const Bytes payload(data + 1, data + size);  // aligned memory, as the hub has it
  if (!registry().verify(type, payload)) return 0;
  require(flatbuffers_accepts(type, payload));
  const Facts facts = registry().facts(type, payload);
  std::size_t seen = facts.subject.size() + facts.person.size();
  for (const auto& party : facts.parties) seen += party.member.size();
  registry().visit_texts(type, payload, [&](auto path, auto text) { seen += path.size() + text.size(); });
  const auto masked = registry().mask(type, payload);
  require(masked.has_value() && registry().verify_masked(type, *masked).has_value());
  const auto json = registry().to_json(type, payload);
  require(json.has_value());
  const auto back = registry().from_json(type, *json);
  require(back.has_value() && registry().to_json(type, *back).value() == *json);
  return seen == SIZE_MAX ? 1 : 0;
}

// Properties of every payload, of every type: ours, and one with every kind of field.
#include <flatbuffers/reflection.h>
#include <rapidcheck.h>

#include <map>

#include "hub/schema/plan.hpp"
#include "hub/schema/verify.hpp"
#include "tests/catch.hpp"
#include "tests/unit/schema/fixtures.hpp"
#include "tests/unit/schema/parse_schema.hpp"
#include "tests/unit/schema/property.hpp"
#include "tests/unit/schema/random_payload.hpp"

namespace {

using namespace iro;
using namespace iro::schema;

const Registry& everything() {
  static const Registry registry = [] {
    Registry out;
    const Status added = out.add(bfbs_of(everything_fbs()));
    INFO((added ? "" : added.error().text()));
    REQUIRE(added.has_value());
    return out;
  }();
  return registry;
}

struct Subject {
  const Registry* registry;
  const EventType* type;
};
Subject random_type() {
  if (*rc::gen::arbitrary<bool>()) return {&everything(), everything().types().at(0)};
  const auto types = builtin().types();
  return {&builtin(), types[*rc::gen::inRange<std::size_t>(0, types.size())]};
}

/// FlatBuffers' own verifier, walking the reflection data.
bool flatbuffers_accepts(const Subject& s, ByteView payload) {
  for (const auto& file : s.registry->files()) {
    if (file.hash != s.type->schema_hash) continue;
    const auto& schema = *reflection::GetSchema(file.bfbs.data());
    for (const auto* object : *schema.objects()) {
      if (object->name()->string_view() == s.type->table) {
        return flatbuffers::Verify(schema, *object, payload.data(), payload.size());
      }
    }
  }
  return false;
}

bool holds(ByteView bytes, std::string_view text) { return as_text(bytes).find(text) != std::string_view::npos; }

/// What a reader does with a payload that was accepted.
void read_all(const Subject& s, ByteView payload) {
  std::size_t seen = 0;
  const Facts facts = s.registry->facts(*s.type, payload);
  for (const auto& party : facts.parties) seen += party.field.size() + party.member.size();
  s.registry->visit_texts(*s.type, payload, [&](auto path, auto text) { seen += path.size() + text.size(); });
  RC_ASSERT(s.registry->to_json(*s.type, payload).has_value());
  RC_ASSERT(s.registry->mask(*s.type, payload).has_value());
}

}  // namespace

TEST_CASE("schema: a well-formed payload of any type is accepted, by FlatBuffers too") {
  property("accepted", [] {
    const Subject s = random_type();
    const Bytes payload = random_payload(*s.type->plan);
    RC_ASSERT(s.registry->verify(*s.type, payload).has_value());
    RC_ASSERT(flatbuffers_accepts(s, payload));
    read_all(s, payload);
  });
}

TEST_CASE("schema: a payload comes back from JSON with the same JSON") {
  property("JSON round trip", [] {
    const Subject s = random_type();
    const std::string json = s.registry->to_json(*s.type, random_payload(*s.type->plan)).value();
    const auto back = s.registry->from_json(*s.type, json);
    RC_ASSERT(back.has_value());
    RC_ASSERT(s.registry->verify(*s.type, *back).has_value());
    RC_ASSERT(s.registry->to_json(*s.type, *back).value() == json);
  });
}

TEST_CASE("schema: no byte of what is hidden remains in a masked payload, and all else does") {
  property("mask", [] {
    const Subject s = random_type();
    const Bytes payload = random_payload(*s.type->plan);
    const Bytes masked = s.registry->mask(*s.type, payload).value();
    // A rule's note is personal text without a person's field, and may be absent.
    RC_ASSERT(!s.type->has_person || holds(payload, secret));
    RC_ASSERT(s.type->has_person || s.type->has_personal_fields || !holds(payload, secret));
    RC_ASSERT(!holds(masked, secret));
    RC_ASSERT(!holds(masked, "\xC2\xE7\x5E\xC2"));
    RC_ASSERT(s.registry->verify_masked(*s.type, masked).has_value());
    RC_ASSERT(s.registry->mask(*s.type, masked).value() == masked);
    RC_ASSERT(s.registry->facts(*s.type, masked).subject == s.registry->facts(*s.type, payload).subject);
    if (s.type->datacategory == "none") {
      RC_ASSERT(s.registry->to_json(*s.type, masked).value() == s.registry->to_json(*s.type, payload).value());
    }
  });
}

TEST_CASE("schema: with references nothing hidden and nothing typed is left, and it is a payload of the type") {
  property("references", [] {
    const Subject s = random_type();
    const Bytes payload = random_payload(*s.type->plan);
    std::map<std::string, std::string, std::less<>> references;
    const auto reference = [&](std::string_view text) {
      return references.try_emplace(std::string(text), "text-" + std::to_string(references.size() + 1)).first->second;
    };
    const std::string json = s.registry->to_referenced_json(*s.type, payload, reference).value();
    RC_ASSERT(json.find(secret) == std::string::npos);
    RC_ASSERT(json.find(std::to_string(secret_number)) == std::string::npos);
    const auto back = s.registry->from_json(*s.type, json);
    RC_ASSERT(back.has_value());
    RC_ASSERT(s.registry->verify(*s.type, *back).has_value());
    s.registry->visit_texts(*s.type, *back, [](auto, auto text) { RC_ASSERT(text.starts_with("text-")); });
    RC_ASSERT(s.registry->facts(*s.type, *back).subject == s.registry->facts(*s.type, payload).subject);
  });
}

TEST_CASE("schema: whatever bits are flipped, what we accept FlatBuffers accepts, and can be read") {
  property("bit flips", [] {
    const Subject s = random_type();
    const Bytes good = random_payload(*s.type->plan);
    for (int round = 0; round < 40; ++round) {
      Bytes payload = good;
      for (int flips = *rc::gen::inRange(1, 4); flips > 0; --flips) {
        const auto at = *rc::gen::inRange<std::size_t>(0, payload.size());
        payload[at] = *rc::gen::arbitrary<bool>()
                          ? static_cast<std::uint8_t>(payload[at] ^ (1U << *rc::gen::inRange(0, 8)))
                          : *rc::gen::arbitrary<std::uint8_t>();
      }
      if (*rc::gen::inRange(0, 8) == 0) payload.resize(*rc::gen::inRange<std::size_t>(0, payload.size()));
      const Status verified = s.registry->verify(*s.type, payload);
      if (!verified) {
        const Errc code = verified.error().code;
        RC_ASSERT((code == Errc::payload_invalid || code == Errc::schema_newer_than_hub));
        continue;
      }
      RC_ASSERT(flatbuffers_accepts(s, payload));
      read_all(s, payload);
    }
  });
}

TEST_CASE("schema: a small payload that refers to one place many times is refused") {
  const EventType& t = *everything().types().at(0);
  flatbuffers::FlatBufferBuilder b;
  const auto id = b.CreateString("t");
  const auto text = b.CreateString(std::string(20'000, 'x'));
  const auto words = b.CreateVector(std::vector<flatbuffers::Offset<flatbuffers::String>>(2'000, text));
  const auto empty_part = flatbuffers::Offset<void>(b.EndTable(b.StartTable()));
  const auto parts = b.CreateVector(std::vector<flatbuffers::Offset<void>>(limits::payload_tables, empty_part));
  const auto slot = [&](const char* name) {
    return static_cast<flatbuffers::voffset_t>(4 + 2 * t.plan->tables[0].find(name));
  };
  const auto make = [&](const char* field, auto value) {
    const auto start = b.StartTable();
    for (const char* name : {"thing_id", "who", "school", "secret_required"}) b.AddOffset(slot(name), id);
    b.AddOffset(slot("required_part"), empty_part);
    if (field != nullptr) b.AddOffset(slot(field), value);
    b.Finish(flatbuffers::Offset<void>(b.EndTable(start)));
    const Status verified = everything().verify(t, {b.GetBufferPointer(), b.GetSize()});
    return verified ? std::string() : verified.error().message;
  };
  SECTION("the builder itself is right") { CHECK(make(nullptr, id).empty()); }
  SECTION("texts") { CHECK_THAT(make("words", words), ContainsSubstring("refers to too much")); }
  SECTION("tables") { CHECK_THAT(make("parts", parts), ContainsSubstring("refers to too much")); }
}

TEST_CASE("schema: numbers with a format are held to it") {
  CHECK((in_range(Format::date, -719'162) && in_range(Format::date, 2'932'896)));
  CHECK((!in_range(Format::date, -719'163) && !in_range(Format::date, 2'932'897)));
  CHECK((in_range(Format::week, 202'653) && !in_range(Format::week, 202'654) && !in_range(Format::week, 202'600)));
  CHECK((in_range(Format::month, 202'612) && !in_range(Format::month, 202'613) && !in_range(Format::month, -202'612)));
  CHECK((in_range(Format::timestamp, 0) && !in_range(Format::timestamp, INT64_MAX) &&
         !in_range(Format::timestamp, INT64_MIN)));
}

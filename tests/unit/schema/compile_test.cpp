// What a schema may say, and how one that may not is refused.
#include "hub/schema/plan.hpp"
#include "tests/catch.hpp"
#include "tests/unit/schema/parse_schema.hpp"

namespace {

using namespace iro;
using namespace iro::schema;

const std::string good = R"(event: "nl.test.thing.done.v1", routing: "parties", senders: "school", retention: "12",
                            nl: "Ding", en: "Thing")";
const std::string parts = R"(thing_id: string (subject, required); school: string (party, required);)";

std::string refusal(const std::string& attributes, const std::string& fields, const std::string& before = "") {
  Registry registry;
  const Status added = registry.add(bfbs_of(event_fbs(attributes, fields, before)));
  if (added) return "";
  CHECK(added.error().code == Errc::invalid_argument);
  CHECK_THAT(added.error().message, ContainsSubstring("iro.test.Thing"));
  return added.error().message;
}
std::string with(const std::string& from, const std::string& to) {
  std::string out = good;
  const auto at = out.find(from);
  REQUIRE(at != std::string::npos);
  return out.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("schema: a schema's attributes become the type's properties") {
  Registry registry;
  const Status added = registry.add(bfbs_of(event_fbs(
      R"(event: "nl.test.thing.done.v2", revision: "3", routing: "sealed", gate: "consent", senders: "school pool",
         roles: "bureau", retention: "0", nl: "Ding", en: "Thing")",
      parts +
          R"(who: string (person, gate_key, required); note: string (personal); health: string (special_category);)")));
  INFO((added ? "" : added.error().text()));
  REQUIRE(added.has_value());
  const EventType* t = registry.find("nl.test.thing.done.v2");
  REQUIRE(t != nullptr);
  CHECK((t->revision == 3 && t->routing == Routing::sealed && t->gate == Gate::consent && t->retention_months == 0));
  CHECK((t->senders == std::vector<std::string>{"school", "pool"} && t->roles == std::vector<std::string>{"bureau"}));
  CHECK((t->table == "iro.test.Thing" && t->nl == "Ding" && t->en == "Thing"));
  CHECK((t->has_person && t->has_personal_fields && t->datacategory == "special"));
  REQUIRE(registry.files().size() == 1);
  CHECK(registry.files()[0].name == "nl.test.thing.bfbs");
  CHECK(registry.files()[0].hash == t->schema_hash);
}

TEST_CASE("schema: an attribute that is missing, unknown or impossible refuses the schema") {
  CHECK(refusal(good, parts).empty());
  CHECK_THAT(refusal(with("routing: \"parties\",", ""), parts), ContainsSubstring("attribute routing is missing"));
  CHECK_THAT(refusal(with("senders: \"school\",", ""), parts), ContainsSubstring("attribute senders is missing"));
  CHECK_THAT(refusal(with("retention: \"12\",", ""), parts), ContainsSubstring("attribute retention is missing"));
  CHECK_THAT(refusal(with("nl: \"Ding\",", ""), parts), ContainsSubstring("attribute nl is missing"));
  CHECK_THAT(refusal(with("\"parties\"", "\"everybody\""), parts), ContainsSubstring("routing: everybody is unknown"));
  CHECK_THAT(refusal(with("\"12\"", "\"a year\""), parts), ContainsSubstring("retention"));
  CHECK_THAT(refusal(with("\"12\"", "\"1201\""), parts), ContainsSubstring("retention"));
  CHECK_THAT(refusal(with("\"school\"", "\"teacher\""), parts), ContainsSubstring("teacher is no role"));
  CHECK_THAT(refusal(good + ", gate: \"friday\"", parts), ContainsSubstring("gate: friday is unknown"));
  CHECK_THAT(refusal(good + ", colour: \"red\"", parts, "attribute \"colour\";"),
             ContainsSubstring("attribute colour is unknown"));
  CHECK_THAT(refusal(good, parts + "x: string (colour);", "attribute \"colour\";"),
             ContainsSubstring("attribute colour is unknown"));
  for (const char* name : {"thing", "nl.thing.v1", "nl.test.Thing.v1", "nl.test.thing.done", "nl.test.thing.done.v0",
                           "nl.test..done.v1", "nl.test.thing.done.v"}) {
    CHECK_THAT(refusal(with("nl.test.thing.done.v1", name), parts), ContainsSubstring("is no type name"));
  }
}

TEST_CASE("schema: attributes that contradict each other refuse the schema") {
  CHECK_THAT(refusal(with("\"parties\"", "\"regional\""), parts), ContainsSubstring("regional needs readers"));
  CHECK_THAT(refusal(good + ", readers: \"school\"", parts), ContainsSubstring("are for regional types"));
  CHECK_THAT(refusal(with("\"parties\"", "\"public\"") + ", roles: \"bureau\"", parts),
             ContainsSubstring("roles are for"));
  CHECK_THAT(refusal(with("\"parties\"", "\"public\""), parts + "who: string (person, required);"),
             ContainsSubstring("public, and has personal data"));
  CHECK_THAT(refusal(with("\"parties\"", "\"public\""), parts + "note: string (personal);"),
             ContainsSubstring("public, and has personal data"));
  CHECK_THAT(refusal(with("\"parties\"", "\"public\"") + ", gate: \"consent\"", parts),
             ContainsSubstring("a gate is for"));
  CHECK_THAT(refusal(good + ", gate: \"consent\"", parts), ContainsSubstring("belong together"));
  CHECK_THAT(refusal(good + ", opens: \"consent\"", parts), ContainsSubstring("belong together"));
  CHECK_THAT(refusal(good, parts + "kind: string (gate_key);"), ContainsSubstring("belong together"));
  CHECK_THAT(refusal(good, parts + "last: int (format: \"date\", until);"), ContainsSubstring("until is for"));
  CHECK_THAT(refusal(good + ", closes: \"consent\"", parts + "n: int (gate_key);"),
             ContainsSubstring("a gate_key is a string or a code"));
  CHECK_THAT(refusal(good, parts + "who: [string] (speaker);"), ContainsSubstring("the slug of one member"));
  CHECK_THAT(refusal(good, "thing_id: string (subject, required);"), ContainsSubstring("names none"));
  CHECK_THAT(
      refusal(with("\"parties\"", "\"sealed\"") + ", roles: \"bureau\"", "thing_id: string (subject, required);"),
      ContainsSubstring("needs a party"));
}

TEST_CASE("schema: a field that events do not use refuses the schema") {
  const auto field = [](const std::string& f, const std::string& before = "") {
    return refusal(good, parts + f, before);
  };
  CHECK_THAT(field("other: string (subject, required);"), ContainsSubstring("another subject"));
  CHECK_THAT(field("who: string (person);"), ContainsSubstring("is required"));
  CHECK_THAT(field("who: int (person);"), ContainsSubstring("a subject or person is a string"));
  CHECK_THAT(field("who: int (party);"), ContainsSubstring("a party or identifier is a string"));
  CHECK_THAT(field("who: string (person, party, required);"), ContainsSubstring("one of subject, person and party"));
  CHECK_THAT(field("who: string (party, personal);"), ContainsSubstring("cannot be personal"));
  CHECK_THAT(field("day: long (format: \"date\");"), ContainsSubstring("date needs int"));
  CHECK_THAT(field("day: int (format: \"timestamp\");"), ContainsSubstring("timestamp needs long"));
  CHECK_THAT(field("day: int (format: \"hour\");"), ContainsSubstring("hour is unknown"));
  CHECK_THAT(field("old: int (deprecated);"), ContainsSubstring("deprecated"));
  CHECK_THAT(field("many: [long];"), ContainsSubstring("8-byte"));
  CHECK_THAT(field("s: S;", "struct S { a: int; }"), ContainsSubstring("is a struct"));
  CHECK_THAT(field("s: [S];", "struct S { a: int; }"), ContainsSubstring("is a struct"));
  CHECK_THAT(field("u: U;", "table A { a: int; } union U { A }"),
             ContainsSubstring("of a kind that events do not use"));
  CHECK_THAT(field("e: E;", "enum E : ubyte { a, b }"), ContainsSubstring("= null"));
  CHECK_THAT(field("e: E = null;", "enum E : ubyte { a, b = 64 }"), ContainsSubstring("values are 0 to 63"));
  CHECK_THAT(field("t: T;", "table T { who: string (person, required); }"), ContainsSubstring("event's own table"));
}

TEST_CASE("schema: a type that is there already, and a file that is no schema, are refused") {
  Registry registry;
  const Bytes bfbs = bfbs_of(event_fbs(good, parts));
  REQUIRE(registry.add(bfbs).has_value());
  const Status again = registry.add(bfbs);
  REQUIRE_FALSE(again.has_value());
  CHECK_THAT(again.error().message, ContainsSubstring("is there already"));
  CHECK(registry.files().size() == 1);
  CHECK_FALSE(registry.add(as_bytes("no schema at all")).has_value());
  CHECK_FALSE(registry.add(ByteView(bfbs).first(bfbs.size() / 2)).has_value());
  CHECK_FALSE(registry.add(bfbs_of("namespace a; table T { x: int; }")).has_value());
}

TEST_CASE("schema: parties are read wherever they stand, with the name of their field") {
  Registry registry;
  REQUIRE(
      registry
          .add(bfbs_of(event_fbs(
              good,
              R"(thing_id: string (subject, required); legs: [Leg]; first: Leg; others: [string] (party); school: string (party);)",
              "table Leg { provider: string (party); next: Leg; }")))
          .has_value());
  const EventType& t = *registry.find("nl.test.thing.done.v1");
  const auto p = registry.from_json(t, R"({"thing_id":"t","legs":[{"provider":"a"},{"next":{"provider":"b"}},{}],
                                          "first":{"provider":"c"},"others":["d","e"]})");
  REQUIRE(p.has_value());
  const Facts facts = registry.facts(t, *p);
  std::string seen;
  for (const auto& party : facts.parties) seen += std::string(party.field) + "=" + std::string(party.member) + " ";
  CHECK(seen == "provider=a provider=b provider=c others=d others=e ");
}

TEST_CASE("schema: tables nested deeper than the limit are refused") {
  Registry registry;
  REQUIRE(registry.add(bfbs_of(event_fbs(good, parts + "leg: Leg;", "table Leg { next: Leg; }"))).has_value());
  const EventType& t = *registry.find("nl.test.thing.done.v1");
  const auto nested = [&](std::size_t tables) {  // the event's own among them
    std::string json = "{}";
    for (std::size_t i = 2; i < tables; ++i) json = R"({"next":)" + json + "}";
    return registry.from_json(t, R"({"thing_id":"t","school":"s","leg":)" + json + "}");
  };
  CHECK(nested(limits::payload_depth).has_value());
  CHECK_FALSE(nested(limits::payload_depth + 1).has_value());
}

TEST_CASE("schema: types of one gate whose gate_key fields differ refuse the schemas") {
  Registry registry;
  const std::string waits = good + ", gate: \"consent\"";
  REQUIRE(registry.add(bfbs_of(event_fbs(waits, parts + "item: string (gate_key);"))).has_value());
  CHECK(registry.check_gates().has_value());
  std::string opens = good + ", opens: \"consent\"";
  opens.replace(opens.find("thing.done"), 10, "thing.said");
  REQUIRE(registry.add(bfbs_of(event_fbs(opens, parts + "item: string (gate_key); for_whom: string (gate_key);"))));
  const Status wrong = registry.check_gates();
  REQUIRE_FALSE(wrong);
  CHECK_THAT(wrong.error().message, ContainsSubstring("not the same gate_key fields"));
}

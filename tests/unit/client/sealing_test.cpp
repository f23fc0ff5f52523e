// Concern: a sealed document is read by its recipients alone, and every way in which it can be wrong is noticed and
// named. Plan: seal and open with fresh keys; then change one thing at a time: the event, the recipients, each byte,
// the sender.
#include "adapters/client/sealing.hpp"

#include <sodium.h>

#include <algorithm>

#include "hub/base/crypto.hpp"
#include "hub/base/limits.hpp"
#include "hub/base/z85.hpp"
#include "hub/schema/registry.hpp"
#include "tests/catch.hpp"
#include "tests/unit/client/client_fixture.hpp"

namespace {

using namespace iro;
using namespace iro::client;

const SealedIn event{make_event_id(1'790'000'000'000), "nl.placements.dossier.item-sealed.v1",
                     "urn:nld:oin:00000099000000001000:systeem:sis", "ho-1"};

struct People {
  SigningPair sender = schema::make_signing_pair();
  SealingPair recipient = schema::make_sealing_pair();
  SealingPair second = schema::make_sealing_pair();
  SealingPair stranger = schema::make_sealing_pair();

  [[nodiscard]] std::vector<Key32> both() const { return {recipient.public_key, second.public_key}; }
  [[nodiscard]] SealedDocument sealed(const Document& document) const {
    auto out = seal(document, event, both(), sender);
    REQUIRE(out);
    return *out;
  }
  [[nodiscard]] Result<Document> opened(const SealedDocument& sealed, const SealedIn& in = event) const {
    return client::open(sealed, in, {&recipient, 1}, {&sender.public_key, 1});
  }
};

Document note(std::size_t bytes = 11) { return {"note.txt", "text/plain", Bytes(bytes, 'x')}; }

bool holds(ByteView hay, ByteView needle) { return !std::ranges::search(hay, needle).empty(); }

}  // namespace

TEST_CASE("sealing: each recipient opens what was sealed, of every size, and gets it whole") {
  const People people;
  for (const std::size_t bytes : {0UL, 1UL, 900UL, 1'000UL, 4'000UL, 100'000UL, 240'000UL}) {
    Document document = note(bytes);
    random_bytes(document.content);
    if (bytes != 0) document.content[0] = 0xff;  // no text, so not scanned
    const SealedDocument sealed = people.sealed(document);
    for (const SealingPair* pair : {&people.recipient, &people.second}) {
      const auto opened = client::open(sealed, event, {pair, 1}, {&people.sender.public_key, 1});
      REQUIRE(opened);
      CHECK(*opened == document);
    }
  }
}

TEST_CASE("sealing: no byte of the document, its name or its sender's key is in what the hub carries") {
  const People people;
  Document document{"behandelplan.txt", "text/plain", to_bytes(std::string(64, 'q') + "een geheim van een student")};
  const SealedDocument sealed = people.sealed(document);
  const std::string json = sealed.to_json();
  for (const std::string_view secret : {"behandelplan", "text/plain", "geheim", "qqqqqqqq"}) {
    CHECK_FALSE(holds(sealed.content, as_bytes(secret)));
    CHECK(json.find(secret) == std::string::npos);
  }
  CHECK_FALSE(holds(sealed.content, people.sender.public_key));
  CHECK(people.sealed(document).content != sealed.content);  // twice the same is not seen to be the same
}

TEST_CASE("sealing: documents of different lengths look alike up to the bucket") {
  const People people;
  CHECK(people.sealed(note(10)).content.size() == people.sealed(note(800)).content.size());
  CHECK(people.sealed(note(10)).content.size() < people.sealed(note(2'000)).content.size());
  CHECK(bucket_for(0) == 1024);
  CHECK(bucket_for(1025) == 4096);
  CHECK(bucket_for(limits::sealed_bytes) == limits::sealed_bytes);
  CHECK_FALSE(bucket_for(limits::sealed_bytes + 1));
}

TEST_CASE("sealing: a document that is too large is refused, and the largest fits an event") {
  const People people;
  const auto refused = seal(note(limits::sealed_bytes), event, people.both(), people.sender);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::sealed_oversize);

  std::vector<Key32> many;
  for (std::size_t i = 0; i < limits::sealed_recipients; ++i) many.push_back(schema::make_sealing_pair().public_key);
  const auto largest = seal(note(limits::sealed_bytes - 200), event, many, people.sender);
  REQUIRE(largest);
  const auto registry = schema::Registry::builtin();
  const auto* type = registry->find(event.type);
  const auto payload = registry->from_json(
      *type,
      R"({"handover_id": "ho-1", "student": "pseudonym-1", "author": "a-school", "recipient": "b-care", "school": "a-school", "content": )" +
          largest->to_json() + "}");
  REQUIRE(payload);
  CHECK(payload->size() <= limits::payload_bytes);
  many.push_back(schema::make_sealing_pair().public_key);
  const auto too_many = seal(note(), event, many, people.sender);
  REQUIRE_FALSE(too_many);
  CHECK(too_many.error().code == Errc::invalid_argument);
}

TEST_CASE("sealing: a personal number in the text or in the name is refused before anything is sealed") {
  const People people;
  for (const Document& document : {Document{"plan.txt", "", to_bytes(std::string_view("zijn bsn is 111.222.333"))},
                                   Document{"111222333.pdf", "", {}}}) {
    const auto refused = seal(document, event, people.both(), people.sender);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::personal_number);
  }
}

TEST_CASE("sealing: who is no recipient is told so") {
  const People people;
  const auto opened = client::open(people.sealed(note()), event, {&people.stranger, 1}, {&people.sender.public_key, 1});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == Errc::sealed_for_others);
}

TEST_CASE("sealing: a document in another event, of another sender or for others is noticed") {
  const People people;
  const SealedDocument sealed = people.sealed(note());
  for (const auto& change : std::initializer_list<void (*)(SealedIn&)>{
           [](SealedIn& e) { e.id = make_event_id(5); }, [](SealedIn& e) { e.type += "x"; },
           [](SealedIn& e) { e.source = "urn:nld:oin:00000099000000002000:systeem:sis"; },
           [](SealedIn& e) { e.subject = "ho-2"; }}) {
    SealedIn other = event;
    change(other);
    const auto opened = people.opened(sealed, other);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::sealed_other_event);
  }
  SealedDocument fewer = sealed;
  fewer.keys.pop_back();
  const auto without = people.opened(fewer);
  REQUIRE_FALSE(without);
  CHECK(without.error().code == Errc::sealed_other_event);
}

TEST_CASE("sealing: the sender's signature is asked for, and a recipient cannot pass the document on as the sender's") {
  const People people;
  const SealedDocument sealed = people.sealed(note());
  const SigningPair somebody = schema::make_signing_pair();
  const auto opened = client::open(sealed, event, {&people.recipient, 1}, {&somebody.public_key, 1});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == Errc::sealed_sender);
  // The recipient seals what it read to a stranger, with a key of its own: it has no signature of the sender for that.
  const auto passed_on = seal(note(), event, {&people.stranger.public_key, 1}, somebody);
  REQUIRE(passed_on);
  const auto believed = client::open(*passed_on, event, {&people.stranger, 1}, {&people.sender.public_key, 1});
  REQUIRE_FALSE(believed);
  CHECK(believed.error().code == Errc::sealed_sender);
}

TEST_CASE("sealing: one document key opens one document: a second key for another recipient is noticed") {
  const People people;
  SealedDocument sealed = people.sealed(note());
  Key32 other{};
  other.fill(7);
  crypto_box_seal(sealed.keys[0].sealed_key.data(), other.data(), other.size(), people.recipient.public_key.data());
  const auto opened = people.opened(sealed);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == Errc::sealed_damaged);
}

TEST_CASE("sealing: each single changed byte is noticed") {
  const People people;
  const SealedDocument sealed = people.sealed(note());
  for (std::size_t i = 0; i < sealed.content.size(); ++i) {
    SealedDocument changed = sealed;
    changed.content[i] ^= 1;
    const auto opened = people.opened(changed);
    REQUIRE_FALSE(opened);
    CHECK((opened.error().code == Errc::sealed_damaged || opened.error().code == Errc::sealed_other_event));
  }
  for (std::size_t i = 0; i < sealed.keys[0].sealed_key.size(); ++i) {
    SealedDocument changed = sealed;
    changed.keys[0].sealed_key[i] ^= 1;
    REQUIRE_FALSE(people.opened(changed));
  }
  for (std::size_t size = 0; size < sealed.content.size(); size += 7) {
    SealedDocument shorter = sealed;
    shorter.content.resize(size);
    REQUIRE_FALSE(people.opened(shorter));
  }
}

TEST_CASE("sealing: a scheme that we do not know is not guessed at") {
  const People people;
  SealedDocument sealed = people.sealed(note());
  sealed.scheme = "xchacha20poly1305-box-ed25519.2";
  const auto opened = people.opened(sealed);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == Errc::sealed_scheme);
}

TEST_CASE("sealing: a sealed document goes through a payload's JSON and back") {
  const People people;
  const SealedDocument sealed = people.sealed(note());
  const auto back = SealedDocument::from_json(sealed.to_json());
  REQUIRE(back);
  CHECK(people.opened(*back) == note());
  for (const char* wrong : {"", "{}", "[]", R"({"scheme": "x", "keys": [1], "content": ""})",
                            R"({"scheme": "x", "keys": [], "content": "%%"})"}) {
    const auto refused = SealedDocument::from_json(wrong);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::payload_invalid);
  }
}

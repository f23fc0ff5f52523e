// Concern: a dossier item is opened by its recipient and nobody else, only while the student consents, and the hub
// never holds a byte of it.
// Plan: a real irod and real clients. A provider seals an item to the next one; school, bureau and a third provider
// listen from the beginning. Before the consent nobody gets it; with it the recipient does, and opens it; every byte of
// the hub's folder is looked through. After the withdrawal new items, a correction, a consumer that begins anew and a
// hub that was killed bring nothing more. A later event that does arrive shows each time that the silence is over.
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "adapters/client/key_book.hpp"
#include "hub/base/crypto.hpp"
#include "tests/trust/sealing/sealed_region.hpp"

namespace {

using namespace iro;
using namespace iro::test;

const std::string sealed_type = "nl.placements.dossier.item-sealed.v1";
const std::string rectified_type = "nl.placements.dossier.rectified.v1";
const std::string given_type = "nl.placements.consent.given.v1";

/// A member's program that hears everything it may, from the beginning of the log.
class Ear {
 public:
  Ear(const KeyFile& keys, const fs::path& folder, const std::string& name) : client_(open_client(keys, folder, name)) {
    client::Subscription all;
    all.consumer = name;
    all.from = wire::From::beginning;
    REQUIRE(client_->subscribe(all, [this](const client::Delivery& d) {
      const std::scoped_lock lock(mutex_);
      heard_.push_back(schema::own(d.event));
      return client::Verdict::done();
    }));
  }
  [[nodiscard]] std::vector<schema::Event> heard(const std::string& type) const {
    const std::scoped_lock lock(mutex_);
    std::vector<schema::Event> out;
    for (const auto& e : heard_)
      if (e.type == type) out.push_back(e);
    return out;
  }
  /// Waits until it has heard of these; false after half a minute.
  [[nodiscard]] bool hears(const std::string& type, const std::string& subject, std::size_t times = 1) const {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < until) {
      const auto all = heard(type);
      if (std::ranges::count(all, subject, &schema::Event::subject) >= static_cast<std::ptrdiff_t>(times)) return true;
      std::this_thread::yield();
    }
    return false;
  }
  [[nodiscard]] std::size_t items() const { return heard(sealed_type).size() + heard(rectified_type).size(); }
  client::Client& client() { return *client_; }

 private:
  mutable std::mutex mutex_;
  std::vector<schema::Event> heard_;
  std::unique_ptr<client::Client> client_;  // goes first: its handler uses what stands above
};

json::object gate(const std::string& handover, const std::string& item) {
  return {{"handover_id", handover}, {"student", "p-7f3a91c2e5"}, {"school", "school-a"},
          {"author", "hospital-a"},  {"recipient", "hospital-b"}, {"item", item}};
}

struct Sealing {
  SealedRegion region;
  KeyFile school = region.join("school-a", "school");
  KeyFile author = region.join("hospital-a", "care_provider");
  KeyFile recipient = region.join("hospital-b", "care_provider");
  KeyFile third = region.join("hospital-c", "care_provider");
  KeyFile bureau = region.join("bureau-a", "bureau");
  std::unique_ptr<client::KeyBook> authors_book = client::KeyBook::open(region.folder / "author").value();
  std::unique_ptr<client::KeyBook> recipients_book = client::KeyBook::open(region.folder / "recipient").value();
  std::map<std::string, std::unique_ptr<Ear>> ears;

  Sealing() {
    for (const auto& [name, keys] : {std::pair{"school", &school},
                                     {"author", &author},
                                     {"recipient", &recipient},
                                     {"third", &third},
                                     {"bureau", &bureau}})
      ears[name] = std::make_unique<Ear>(*keys, region.folder / name, name);
  }
  Ear& ear(const std::string& name) { return *ears.at(name); }

  /// What the author's program does: the recipient's key as it was pinned, a document sealed into this very event.
  EventId send(const std::string& type, const client::Document& document, const std::string& handover) {
    const auto keys = authors_book->find(ear("author").client(), "hospital-b", patience);
    REQUIRE(keys);
    schema::Event event;
    event.id = make_event_id(1'790'000'000'000);
    event.type = type;
    event.source = author.source;
    event.subject = handover;
    const auto sealed = client::seal(document, {event.id, event.type, event.source, event.subject}, {&keys->sealing, 1},
                                     client::signing_pair(author).value());
    REQUIRE(sealed);
    json::object data = gate(handover, "goals");
    data["content"] = json::parse(sealed->to_json());
    event.payload = make(type, data).payload;
    const EventId id = event.id;
    CHECK(say(ear("author").client(), std::move(event)) == Errc::ok);
    return id;
  }
  Errc consent(const std::string& verb, const std::string& handover, const std::string& item = "goals") {
    return say(ear("school").client(), make("consent." + verb, gate(handover, item)));
  }
  /// Something later that the recipient does get: what has not come before it does not come. Twice, so that what the
  /// hub has to look up first has had its turn.
  void silence_is_over(const Ear& listener) {
    for (int i = 0; i < 2; ++i) {
      const std::string other = fmt::format("ho-other-{}", ++others_);
      REQUIRE(consent("given", other, "progress") == Errc::ok);
      REQUIRE(listener.hears(given_type, other));
    }
  }
  [[nodiscard]] Result<client::Document> open_with(const schema::Event& event, const KeyFile& keys) {
    const auto signers = recipients_book->find(ear("recipient").client(), "hospital-a", patience);
    REQUIRE(signers);
    return client::open(sealed_in(event), {event.id, event.type, event.source, event.subject},
                        client::sealing_pairs(keys).value(), signers->signers);
  }
  /// No eight bytes in a row of it, in any file of the hub.
  void hub_has_nothing_of(const Hash& marker) const {
    for (std::size_t at = 0; at + 8 <= marker.size(); ++at)
      CHECK(files_with(region.hub.folder(), ByteView(marker).subspan(at, 8)).empty());
    CHECK(files_with(region.hub.folder(), as_bytes(to_hex(marker))).empty());
    CHECK(files_with(region.hub.folder(), as_bytes("leerdoelen.bin")).empty());
    CHECK_FALSE(files_with(region.hub.folder(), as_bytes("ho-dossier")).empty());  // the search finds
  }

 private:
  int others_ = 0;
};

}  // namespace

TEST_CASE(
    "dossier: an item is sealed to the next provider, waits for consent, is opened there only, and ends with it") {
  Sealing s;
  Hash marker{};
  random_bytes(marker);
  marker[0] = 0xff;  // no text
  client::Document document{"leerdoelen.bin", "application/octet-stream", {}};
  for (int i = 0; i < 50; ++i) document.content.insert(document.content.end(), marker.begin(), marker.end());

  // Sealed and taken in, but nobody has consented to this.
  const EventId id = s.send(sealed_type, document, "ho-dossier");
  s.silence_is_over(s.ear("recipient"));
  for (const auto& [name, ear] : s.ears) {
    INFO(name);
    CHECK(ear->items() == 0);
  }
  s.hub_has_nothing_of(marker);

  // Another provider's item, or the author itself, cannot give the consent.
  CHECK(say(s.ear("author").client(), make("consent.given", gate("ho-dossier", "goals"))) != Errc::ok);
  s.silence_is_over(s.ear("recipient"));
  CHECK(s.ear("recipient").items() == 0);

  REQUIRE(s.consent("given", "ho-dossier") == Errc::ok);
  REQUIRE(s.ear("recipient").hears(sealed_type, "ho-dossier"));
  const schema::Event event = s.ear("recipient").heard(sealed_type).front();
  CHECK(event.id == id);
  const auto opened = s.open_with(event, s.recipient);
  REQUIRE(opened);
  CHECK(*opened == document);
  for (const KeyFile* other : {&s.school, &s.author, &s.third, &s.bureau})
    CHECK(s.open_with(event, *other).error().code == Errc::sealed_for_others);
  s.silence_is_over(s.ear("recipient"));
  for (const char* outside : {"school", "third", "bureau"}) {
    INFO(outside);
    CHECK(s.ear(outside).items() == 0);
  }
  CHECK(s.ear("recipient").items() == 1);
  s.hub_has_nothing_of(marker);

  // While the consent stands, a correction goes through.
  s.send(rectified_type, document, "ho-dossier");
  REQUIRE(s.ear("recipient").hears(rectified_type, "ho-dossier"));

  REQUIRE(s.consent("withdrawn", "ho-dossier") == Errc::ok);
  s.send(sealed_type, document, "ho-dossier");
  s.send(rectified_type, document, "ho-dossier");
  s.silence_is_over(s.ear("recipient"));
  CHECK(s.ear("recipient").items() == 2);  // those from before

  // A program that begins anew hears of the withdrawal, and gets none of the items: not those from before either.
  const auto begins = std::make_unique<Ear>(s.recipient, s.region.folder / "recipient-anew", "anew");
  REQUIRE(begins->hears("nl.placements.consent.withdrawn.v1", "ho-dossier"));
  s.silence_is_over(*begins);
  CHECK(begins->items() == 0);

  s.region.hub.kill();
  s.region.hub.start();
  s.silence_is_over(s.ear("recipient"));
  s.silence_is_over(*begins);
  CHECK(s.ear("recipient").items() == 2);
  CHECK(begins->items() == 0);
  for (const char* outside : {"school", "third", "bureau"}) CHECK(s.ear(outside).items() == 0);

  s.hub_has_nothing_of(marker);
  for (auto& [name, ear] : s.ears) ear.reset();
  REQUIRE(s.region.hub.stop() == 0);
  s.hub_has_nothing_of(marker);
}

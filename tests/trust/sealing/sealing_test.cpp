// Concern: the hub carries documents that it can neither read nor seal, and cannot slip its own key in between.
// Plan: a real irod; a school and a hospital join by invitation, keys made on their side; the school seals the name
// behind a pseudonym to the hospital, which opens it; then every byte of the hub's folder is looked through. Last, the
// operator (with the hub's help) plays the hospital.
#include <future>
#include <mutex>
#include <thread>

#include "adapters/client/key_book.hpp"
#include "hub/base/crypto.hpp"
#include "tests/trust/sealing/sealed_region.hpp"

namespace {

using namespace iro;
using namespace iro::test;

/// The sender's side: ask the directory, believe it or not, seal, publish.
Result<EventId> send_sealed(client::Client& client, client::KeyBook& book, const KeyFile& own,
                            const client::Document& document, const std::string& to) {
  const auto keys = book.find(client, to, patience);
  if (!keys) return fail(keys.error());
  schema::Event event;
  event.id = make_event_id(1'790'000'000'000);
  event.type = "nl.placements.handover.identity-disclosed.v1";
  event.source = own.source;
  event.subject = "ho-carried-by-the-hub";
  const auto sealed = client::seal(document, {event.id, event.type, event.source, event.subject}, {&keys->sealing, 1},
                                   client::signing_pair(own).value());
  if (!sealed) return fail(sealed.error());
  event.payload = make("handover.identity-disclosed", {{"handover_id", event.subject},
                                                       {"student", "p-7f3a91c2e5"},
                                                       {"school", own.member},
                                                       {"provider", to},
                                                       {"content", json::parse(sealed->to_json())}})
                      .payload;
  const EventId id = event.id;
  CHECK(say(client, std::move(event)) == Errc::ok);
  return id;
}

/// The first event that reaches a member, as its client hears it.
schema::Event first_event(client::Client& client) {
  std::promise<schema::Event> came;
  bool told = false;
  client::Subscription all;
  all.consumer = "documents";
  all.from = wire::From::beginning;
  all.filter = R"({"prefix": {"type": "nl.placements.handover."}})";
  REQUIRE(client.subscribe(all, [&](const client::Delivery& d) {
    if (!std::exchange(told, true)) came.set_value(schema::own(d.event));
    return client::Verdict::done();
  }));
  auto event = came.get_future();
  REQUIRE(event.wait_for(patience) == std::future_status::ready);
  REQUIRE(client.unsubscribe("documents"));
  return event.get();
}

}  // namespace

TEST_CASE("sealing: from school to hospital through a hub that has no byte of it, nor of a key that opens it") {
  SealedRegion region;
  const KeyFile school = region.join("school-a", "school");
  const KeyFile hospital = region.join("hospital-a", "care_provider");
  auto sender = open_client(school, region.folder / "school", "main");
  auto reader = open_client(hospital, region.folder / "hospital", "main");
  auto senders_book = client::KeyBook::open(region.folder / "school").value();
  auto readers_book = client::KeyBook::open(region.folder / "hospital").value();

  Hash marker{};
  random_bytes(marker);
  marker[0] = 0xff;  // no text
  client::Document document{"wie-is-het.bin", "application/octet-stream", {}};
  for (int i = 0; i < 50; ++i) document.content.insert(document.content.end(), marker.begin(), marker.end());
  REQUIRE(send_sealed(*sender, *senders_book, school, document, "hospital-a"));

  const schema::Event event = first_event(*reader);
  const auto signers = readers_book->find(*reader, "school-a", patience);
  REQUIRE(signers);
  const client::SealedDocument sealed = sealed_in(event);
  const client::SealedIn in{event.id, event.type, event.source, event.subject};
  const auto opened = client::open(sealed, in, client::sealing_pairs(hospital).value(), signers->signers);
  REQUIRE(opened);
  CHECK(*opened == document);
  // The sender itself is no recipient, so its keys do not open it either.
  CHECK(client::open(sealed, in, client::sealing_pairs(school).value(), signers->signers).error().code ==
        Errc::sealed_for_others);

  for (const bool running : {true, false}) {
    if (!running) {
      sender.reset();
      reader.reset();
      region.op.reset();
      REQUIRE(region.hub.stop() == 0);
    }
    CAPTURE(running);
    CHECK_FALSE(files_with(region.hub.folder(), as_bytes("ho-carried-by-the-hub")).empty());  // the search finds
    CHECK(files_with(region.hub.folder(), marker).empty());
    CHECK(files_with(region.hub.folder(), as_bytes("wie-is-het")).empty());
    for (const KeyFile* keys : {&school, &hospital}) {
      for (const std::string* secret : {&keys->secret_key, &keys->sealing_secret, &keys->signing_secret}) {
        CHECK(files_with(region.hub.folder(), as_bytes(*secret)).empty());
        CHECK(files_with(region.hub.folder(), z85_decode_key(*secret).value()).empty());
        CHECK(files_with(region.hub.folder(), as_bytes(to_hex(z85_decode_key(*secret).value()))).empty());
      }
    }
  }
}

TEST_CASE("sealing: a swapped sealing key is refused by the sender, and nothing is sealed to it") {
  SealedRegion region;
  const KeyFile school = region.join("school-a", "school");
  const KeyFile hospital = region.join("hospital-a", "care_provider");
  auto sender = open_client(school, region.folder / "school", "main");
  auto book = client::KeyBook::open(region.folder / "school").value();
  REQUIRE(book->find(*sender, "hospital-a", patience));

  // Whoever has the hub and the operator's key ends the hospital's keys and joins in its name.
  REQUIRE(say(*region.op, make("hub.key-revoked", {{"member", "hospital-a"}, {"public_key", hospital.public_key}})) ==
          Errc::ok);
  const KeyFile impostor = region.present(region.invite("hospital-a", {}), "impostor");
  const client::Document document{"wie-is-het.txt", "text/plain", to_bytes(std::string_view("een naam"))};
  const auto refused = send_sealed(*sender, *book, school, document, "hospital-a");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::sealing_key_swapped);
  CHECK(files_with(region.hub.folder(), as_bytes("ho-carried-by-the-hub")).empty());  // nothing went out

  // Only people can say that it really is the hospital.
  const auto entry = client::ask_directory(*sender, "hospital-a", patience);
  REQUIRE(entry);
  CHECK(book->trust(*entry, schema::fingerprint_of(client::public_set(hospital)->signing)).error().code ==
        Errc::fingerprint_differs);
  CHECK(book->trust(*entry, schema::fingerprint_of(client::public_set(impostor)->signing)));
}

TEST_CASE("rotate: a real outbox goes on under the new keys: every event once, in order, nothing left behind") {
  SealedRegion region;
  const KeyFile first = region.join("hospital-a", "care_provider");
  const KeyFile school = region.join("school-a", "school");
  const auto vacancy = [](int n) {
    return make("vacancy.opened",
                {{"vacancy_id", fmt::format("vac-{}", n)}, {"provider", "hospital-a"}, {"offer", json::object{}}});
  };
  std::vector<std::string> wanted;
  auto writer = open_client(first, region.folder / "hospital", "main");
  int n = 0;
  const auto write = [&](int count) {
    std::vector<schema::Event> events;
    for (int i = 0; i < count; ++i) {
      events.push_back(vacancy(++n));
      wanted.push_back(fmt::format("vac-{}", n));
    }
    REQUIRE(writer->publish(events));
  };
  write(500);
  const KeyFile second = client::with_fresh_keys(first);
  REQUIRE(say(*writer, client::presentation(types(), second, client::signing_pair(first).value()).value()) == Errc::ok);
  write(500);      // on their way under the old key
  writer.reset();  // the program is restarted with the new key file, whatever is still waiting
  writer = open_client(second, region.folder / "hospital", "main");
  REQUIRE(writer->connected(patience));
  REQUIRE(say(*writer, make("hub.key-revoked", {{"member", "hospital-a"}, {"public_key", first.public_key}})) ==
          Errc::ok);
  write(500);
  REQUIRE(writer->flush(patience));
  CHECK(writer->take_refused().empty());
  CHECK(writer->publish_stats().waiting == 0);

  auto reader = open_client(school, region.folder / "school", "main");
  std::mutex mutex;
  std::vector<std::string> got;
  client::Subscription all;
  all.consumer = "all";
  all.from = wire::From::beginning;
  REQUIRE(reader->subscribe(all, [&](const client::Delivery& d) {
    const std::scoped_lock lock(mutex);
    if (d.event.type == "nl.placements.vacancy.opened.v1") got.emplace_back(d.event.subject);
    return client::Verdict::done();
  }));
  const auto until = std::chrono::steady_clock::now() + patience;
  const auto count = [&] {
    const std::scoped_lock lock(mutex);
    return got.size();
  };
  while (count() < wanted.size() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  REQUIRE(reader->unsubscribe("all"));
  const std::scoped_lock lock(mutex);
  CHECK(got == wanted);
}

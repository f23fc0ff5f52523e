// Concern: a member's keys are its own: only the invited can bring the first ones, once; only they can bring the next;
// and what is revoked or over gets nothing more.
// Plan: a core with everything around it in memory; invite, join, rotate and revoke as the clients do, with the
// client's own code for tokens and signatures; then everything that an intruder would try.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "adapters/client/invitation.hpp"
#include "adapters/client/key_book.hpp"
#include "adapters/client/member_keys.hpp"
#include "hub/base/z85.hpp"
#include "plugins/scenario/enrolment.hpp"
#include "plugins/scenario/harness.hpp"
#include "tests/catch.hpp"

namespace {

using namespace iro;
using namespace iro::scenario;
using client::Invitation;
using client::KeyFile;
namespace json = boost::json;

const std::string slug = "hospital-a";
constexpr const char* vacancy = R"({"vacancy_id": "vac-1", "provider": "hospital-a", "offer": {}})";

struct Hub : Harness {
  const admission::Member& member() { return *core->membership()->find(slug); }

  /// What `iro member invite` publishes.
  Errc invite(const Invitation& invitation) {
    json::object o = json::parse(enrolment_json(registry(), slug, {"care_provider"}, "")).as_object();
    o.erase("public_key");
    o["enrolment_key"] = z85_encode_key(invitation.curve().public_key);
    o["enrolment_signing_key"] = z85_encode_key(invitation.signing().public_key);
    return operate("nl.placements.hub.member-invited.v1", json::serialize(o));
  }
  /// A session of the key that was added last: the invitation's, or the newest set's.
  Client& connect_newest(const std::string& name) { return connect_as(slug, member().keys.back().no, name); }

  Errc present(Client& as, const KeyFile& brought, const schema::SigningPair& signer) {
    auto event = client::presentation(registry(), brought, signer);
    REQUIRE(event);
    event->id = make_event_id(static_cast<std::uint64_t>(clock.now().value()));
    event->source = as.source;
    event->time = clock.now();
    return publish(as, {*event}).front();
  }

  /// The directory's entry, over `as`.
  client::DirectoryEntry directory(Client& as) {
    as.answers.clear();
    send(as, wire::Query{7, "directory", R"({"member": "hospital-a"})", {}});
    REQUIRE(as.answers.size() == 1);
    const auto entries = client::read_directory({as.answers.front().body});
    REQUIRE(entries);
    return entries->front();
  }
  Errc revoke(Client& as, const std::string& public_key) {
    return publish_one(as, "nl.placements.hub.key-revoked.v1",
                       fmt::format(R"({{"member": "{}", "public_key": "{}"}})", slug, public_key));
  }
};

Invitation make_invitation() {
  const std::string hub_key = client::make_curve_keys().first;
  return Invitation::make({"tcp://127.0.0.1:1"}, hub_key, slug, "s");
}

KeyFile fresh() { return client::with_fresh_keys({"tcp://127.0.0.1:1", "", slug, "s", "", ""}); }

/// A member that has joined with `keys`.
struct Joined : Hub {
  Invitation invitation = make_invitation();
  KeyFile own = fresh();
  Client* session = nullptr;
  Joined() {
    REQUIRE(invite(invitation) == Errc::ok);
    Client& enrolment = connect_newest("join");
    REQUIRE(enrolment.welcome);
    REQUIRE(present(enrolment, own, invitation.signing()) == Errc::ok);
    session = &connect_newest("main");
    REQUIRE(session->welcome);
  }
  schema::SigningPair signing() const { return client::signing_pair(own).value(); }
};

}  // namespace

TEST_CASE("join: the invited presents its own keys, and works under them with the roles it was given") {
  Joined hub;
  CHECK(hub.member().has_role("care_provider"));
  CHECK(hub.publish_one(*hub.session, "vacancy.opened", vacancy) == Errc::ok);
  const auto entry = hub.directory(*hub.session);
  REQUIRE(entry.sets.size() == 1);
  CHECK(entry.sets[0].statement.signed_by == hub.invitation.signing().public_key);
  CHECK(client::judge(entry, {})->keys.sealing == client::public_set(hub.own)->sealing);
}

TEST_CASE("join: a replayed enrolment token finds nothing") {
  Joined hub;
  // Its key is refused at the door: the hub's list of keys no longer has it.
  const auto& invitation_key = hub.member().keys.front();
  CHECK(invitation_key.enrolment);
  CHECK_FALSE(hub.core->membership()->key_active({hub.member().no, invitation_key.no}, hub.clock.now()));
  Client& again = hub.connect_as(slug, invitation_key.no, "join");
  CHECK_FALSE(again.welcome);
  CHECK(again.errors.back().code == Errc::unknown_key);
}

TEST_CASE("join: a token used twice at the same time: the second gets enrolment_over, and its keys are nobody's") {
  Hub hub;
  const Invitation invitation = make_invitation();
  REQUIRE(hub.invite(invitation) == Errc::ok);
  Client& first = hub.connect_newest("join-1");
  Client& second = hub.connect_newest("join-2");
  // Both PUBs are in one batch: the first takes effect on the copy that the second meets.
  const auto pub = [&](Client& c, const KeyFile& keys) {
    auto event = client::presentation(registry(), keys, invitation.signing());
    event->id = make_event_id(1);
    event->source = c.source;
    event->time = hub.clock.now();
    wire::Pub body;
    body.first_sequence = ProducerSeq(1);
    body.events.push_back(schema::view_of(*event));
    hub.step(core::Frame{c.connection, c.who, wire::encode(c.epoch, body)});
  };
  const KeyFile honest = fresh();
  const KeyFile thief = fresh();
  pub(first, honest);
  pub(second, thief);
  hub.step(core::Flush{});
  CHECK(first.acks.back().exceptions.empty());
  REQUIRE(hub.member().keys.size() == 2);
  CHECK(z85_encode_key(hub.member().keys.back().public_key) == honest.public_key);
  CHECK(hub.core->counters().refusals.at(Errc::enrolment_over) == 1);
}

TEST_CASE("join: after 15 minutes the invitation is over, for an open session too") {
  Hub hub;
  const Invitation invitation = make_invitation();
  REQUIRE(hub.invite(invitation) == Errc::ok);
  Client& session = hub.connect_newest("join");
  hub.advance_ms(20'000);
  hub.send(session, wire::Ping{1});
  CHECK(session.pongs.size() == 1);
  hub.clock.advance_ms(limits::enrolment_ms);
  CHECK(hub.present(session, fresh(), invitation.signing()) == Errc::enrolment_over);  // before any tick
  hub.step(core::Tick{});
  hub.send(session, wire::Ping{2});
  CHECK(session.pongs.size() == 1);
  Client& late = hub.connect_newest("late");
  CHECK_FALSE(late.welcome);
  CHECK(hub.member().keys.size() == 1);
}

TEST_CASE("join: a new invitation ends the one before it") {
  Hub hub;
  const Invitation lost = make_invitation();
  REQUIRE(hub.invite(lost) == Errc::ok);
  Client& finder = hub.connect_newest("join");
  const Invitation second = make_invitation();
  REQUIRE(hub.invite(second) == Errc::ok);
  CHECK(hub.present(finder, fresh(), lost.signing()) == Errc::timeout);  // its session is over: nothing is answered
  CHECK(finder.errors.back().code == Errc::session_stale);
  CHECK(hub.present(hub.connect_newest("join"), fresh(), second.signing()) == Errc::ok);
}

TEST_CASE("join: an invitation's session can present keys and nothing else") {
  Hub hub;
  const Invitation invitation = make_invitation();
  REQUIRE(hub.invite(invitation) == Errc::ok);
  Client& session = hub.connect_newest("join");
  CHECK(hub.publish_one(session, "vacancy.opened", vacancy) == Errc::enrolment_only);
  CHECK(hub.revoke(session, z85_encode_key(invitation.curve().public_key)) == Errc::enrolment_only);
  hub.send(session, wire::Query{1, "members", "", {}});
  hub.send(session, wire::Control{2, "consumer.remove", "{}"});
  hub.subscribe(session, "all");
  REQUIRE(session.errors.size() == 3);
  for (const auto& error : session.errors) {
    CHECK(error.code == Errc::enrolment_only);
    CHECK(error.request != 0);
  }
  CHECK(session.answers.empty());
  CHECK(hub.present(session, fresh(), invitation.signing()) == Errc::ok);  // and it still can
}

TEST_CASE("join: keys that the invitation did not sign are refused with key_statement_invalid") {
  Hub hub;
  const Invitation invitation = make_invitation();
  REQUIRE(hub.invite(invitation) == Errc::ok);
  Client& session = hub.connect_newest("join");
  CHECK(hub.present(session, fresh(), schema::make_signing_pair()) == Errc::key_statement_invalid);
  KeyFile changed = fresh();
  auto event = client::presentation(registry(), changed, invitation.signing());
  auto data = json::parse(registry().to_json(*registry().find(event->type), event->payload).value()).as_object();
  data["sealing_key"] = fresh().sealing_public;
  CHECK(hub.publish_one(session, event->type, json::serialize(data)) == Errc::key_statement_invalid);
  CHECK(hub.member().keys.size() == 1);
}

TEST_CASE("join: nobody presents keys for somebody else") {
  Joined hub;
  hub.enrol("school-a", {"school"});
  Client& school = hub.connect("school-a");
  CHECK(hub.present(school, fresh(), hub.signing()) == Errc::missing_grant);
  CHECK(hub.revoke(school, hub.own.public_key) == Errc::missing_grant);
}

TEST_CASE("rotate: the outbox and the consumers go on under the new key, nothing lost or doubled") {
  Joined hub;
  hub.enrol("hospital-b", {"care_provider"});
  Client& reader = hub.connect("hospital-b");
  hub.grant("hospital-b", "nl.placements.vacancy.opened.v1", true, "full");
  hub.grant(slug, "nl.placements.vacancy.opened.v1", true, "full");
  hub.subscribe(reader, "all", "", wire::From::beginning);
  hub.subscribe(*hub.session, "inbox", "", wire::From::beginning);
  std::vector<schema::Event> events;
  for (int i = 0; i < 6; ++i) events.push_back(hub.make(*hub.session, "vacancy.opened", vacancy));
  const auto part = [&](int from, int to) { return std::vector(events.begin() + from, events.begin() + to); };
  CHECK(hub.publish(*hub.session, part(0, 3)) == std::vector(3, Errc::ok));
  const auto heard = hub.session->received.size();

  const KeyFile next = client::with_fresh_keys(hub.own);
  REQUIRE(hub.present(*hub.session, next, hub.signing()) == Errc::ok);
  // The same outbox and client name under the new key, while the old session is still there.
  Client& renewed = hub.connect_newest("main");
  REQUIRE(renewed.welcome);
  CHECK(hub.session->errors.back().code == Errc::session_stale);
  CHECK(renewed.next_sequence == ProducerSeq(5));  // three events and the presentation
  renewed.next_sequence = ProducerSeq(2);          // an acknowledgement was lost: two of them come again
  auto again = part(1, 3);
  auto presented = client::presentation(registry(), next, hub.signing()).value();
  again.push_back(presented);
  for (const auto& e : part(3, 6)) again.push_back(e);
  CHECK(hub.publish(renewed, again) == std::vector(6, Errc::ok));
  hub.subscribe(renewed, "inbox");
  CHECK(renewed.errors.empty());
  std::map<EventId, int> got;
  for (const auto& r : reader.received) ++got[r.event.id];
  CHECK(got.size() == events.size());
  for (const auto& e : events) CHECK(got[e.id] == 1);
  CHECK(heard + renewed.received.size() >= events.size());
}

TEST_CASE("rotate: only a signing key of the member vouches for the next set, and two sets are active at most") {
  Joined hub;
  const KeyFile second = client::with_fresh_keys(hub.own);
  CHECK(hub.present(*hub.session, second, schema::make_signing_pair()) == Errc::key_statement_invalid);
  CHECK(hub.present(*hub.session, second, hub.invitation.signing()) == Errc::key_statement_invalid);
  CHECK(hub.present(*hub.session, second, client::signing_pair(second).value()) == Errc::key_statement_invalid);
  CHECK(hub.present(*hub.session, second, hub.signing()) == Errc::ok);
  const KeyFile third = client::with_fresh_keys(second);
  static_assert(limits::active_keys == 2);
  CHECK(hub.present(*hub.session, third, client::signing_pair(second).value()) == Errc::command_invalid);
  CHECK(hub.revoke(*hub.session, second.public_key) == Errc::ok);
  CHECK(hub.present(*hub.session, third, client::signing_pair(second).value()) == Errc::key_statement_invalid);
  CHECK(hub.present(*hub.session, second, hub.signing()) == Errc::command_invalid);  // never used twice
  CHECK(hub.present(*hub.session, third, hub.signing()) == Errc::ok);
}

TEST_CASE("rotate: a member that was enrolled with a bare key signs its first set itself") {
  Hub hub;
  hub.enrol(slug, {"care_provider"});
  Client& session = hub.connect(slug);
  const KeyFile keys = fresh();
  CHECK(hub.present(session, keys, schema::make_signing_pair()) == Errc::key_statement_invalid);
  CHECK(hub.present(session, keys, client::signing_pair(keys).value()) == Errc::ok);
  CHECK(client::judge(hub.directory(session), {})->keys.sealing == client::public_set(keys)->sealing);
}

TEST_CASE("revoke: a revoked key's open session ends with the commit: not one frame more, either way") {
  Joined hub;
  hub.grant(slug, "nl.placements.vacancy.opened.v1", true, "full");
  hub.enrol("hospital-b", {"care_provider"});
  hub.subscribe(*hub.session, "all", "", wire::From::now);
  Client& other = hub.connect("hospital-b");
  const auto open = R"({"vacancy_id": "vac-2", "provider": "hospital-b", "offer": {}})";
  REQUIRE(hub.publish_one(other, "vacancy.opened", open) == Errc::ok);
  REQUIRE(hub.session->received.size() == 1);
  REQUIRE(hub.operate("nl.placements.hub.key-revoked.v1",
                      fmt::format(R"({{"member": "{}", "public_key": "{}"}})", slug, hub.own.public_key)) == Errc::ok);
  REQUIRE(hub.publish_one(other, "vacancy.opened", open) == Errc::ok);
  CHECK(hub.session->received.size() == 1);
  CHECK(hub.publish_one(*hub.session, "vacancy.opened", vacancy) == Errc::timeout);
  CHECK(hub.session->errors.back().code == Errc::session_stale);
  Client& again = hub.connect_newest("main");
  CHECK_FALSE(again.welcome);
  CHECK(again.errors.back().code == Errc::unknown_key);
}

TEST_CASE("revoke: a member ends its own old key, and cannot lock itself out") {
  Joined hub;
  CHECK(hub.revoke(*hub.session, hub.own.public_key) == Errc::command_invalid);
  const KeyFile next = client::with_fresh_keys(hub.own);
  REQUIRE(hub.present(*hub.session, next, hub.signing()) == Errc::ok);
  Client& renewed = hub.connect_newest("main");
  CHECK(hub.revoke(renewed, hub.own.public_key) == Errc::ok);
  CHECK(hub.revoke(renewed, next.public_key) == Errc::command_invalid);
  const auto entry = hub.directory(renewed);
  REQUIRE(entry.sets.size() == 2);  // the revoked set stays: it vouches for the next one
  CHECK_FALSE(entry.sets[0].active);
  CHECK(client::judge(entry, {{client::public_set(hub.own)->signing, false}})->keys.sealing ==
        client::public_set(next)->sealing);
}

TEST_CASE("session: a second one under a name is refused busy while the first lives, and takes over when it has gone") {
  Joined hub;
  Client& second = hub.connect_as(slug, hub.member().keys.back().no, "main");  // the same outbox, started again
  REQUIRE(second.welcome);
  CHECK(hub.session->errors.back().code == Errc::session_stale);
  Client& copy = hub.connect_as(slug, hub.member().keys.back().no, "elsewhere");
  copy.producer = make_producer_id();  // another outbox under the name
  copy.welcome.reset();
  hub.hello(copy, "main");
  CHECK_FALSE(copy.welcome);
  CHECK(copy.errors.back().code == Errc::session_busy);
  hub.advance_ms(limits::lease_ms + 1'000);
  hub.hello(copy, "main");
  CHECK(copy.welcome);
}

TEST_CASE("session: an old copy of an outbox under another key is refused busy while the newer one lives") {
  Joined hub;
  const KeyNo old_key = hub.member().keys.back().no;
  Client& old_copy = hub.connect_as(slug, old_key, "other");
  REQUIRE(hub.present(*hub.session, client::with_fresh_keys(hub.own), hub.signing()) == Errc::ok);
  Client& renewed = hub.connect_newest("main");
  REQUIRE(renewed.welcome);
  old_copy.producer = renewed.producer;
  old_copy.start_number = renewed.start_number - 1;
  old_copy.welcome.reset();
  hub.hello(old_copy, "main");
  CHECK_FALSE(old_copy.welcome);
  CHECK(old_copy.errors.back().code == Errc::session_busy);
}

TEST_CASE(
    "membership: a member that leaves loses its keys at once; what it has sent stays, and its name is not reused") {
  Joined hub;
  hub.grant(slug, "nl.placements.vacancy.opened.v1", true, "full");
  hub.enrol("hospital-b", {"care_provider"});
  hub.grant("hospital-b", "nl.placements.vacancy.opened.v1", true, "full");
  REQUIRE(hub.publish_one(*hub.session, "vacancy.opened", vacancy) == Errc::ok);
  REQUIRE(hub.operate("nl.placements.hub.member-left.v1", R"({"member": "hospital-a", "reason": "merged"})") ==
          Errc::ok);
  CHECK(hub.publish_one(*hub.session, "vacancy.opened", vacancy) == Errc::timeout);
  CHECK(hub.invite(make_invitation()) == Errc::command_invalid);
  Client& reader = hub.connect("hospital-b");
  hub.subscribe(reader, "all", "", wire::From::beginning);
  CHECK(reader.received.size() == 1);
}

TEST_CASE("membership: grants, roles and branches take effect at the next commit, in open sessions") {
  Joined hub;
  hub.grant(slug, "nl.placements.vacancy.opened.v1", false, "none");
  CHECK(hub.publish_one(*hub.session, "vacancy.opened", vacancy) == Errc::missing_grant);
  hub.grant(slug, "nl.placements.vacancy.opened.v1", true, "none");
  CHECK(hub.publish_one(*hub.session, "vacancy.opened", vacancy) == Errc::ok);
  REQUIRE(hub.operate("nl.placements.hub.member-changed.v1",
                      R"({"member": "hospital-a", "roles": ["pool"], "branches": ["mental_health"]})") == Errc::ok);
  CHECK(hub.member().has_role("pool"));
  CHECK_FALSE(hub.member().has_role("care_provider"));
  CHECK(hub.member().branches == std::vector<std::string>{"mental_health"});
}

TEST_CASE("directory: it comes in pages that fit a frame, and every member is in it once") {
  Joined hub;
  const std::size_t others = limits::directory_page_members + 5;
  for (std::size_t i = 0; i < others; ++i) hub.enrol(fmt::format("school-{}", i), {"school"});
  hub.session->answers.clear();
  hub.send(*hub.session, wire::Query{7, "directory", "", {}});
  REQUIRE(hub.session->answers.size() == 2);
  CHECK_FALSE(hub.session->answers[0].last);
  CHECK(hub.session->answers[1].last);
  std::set<std::string> seen;
  for (const auto& answer : hub.session->answers) {
    const auto entries = client::read_directory({answer.body});
    REQUIRE(entries);
    for (const auto& entry : *entries) CHECK(seen.insert(entry.member).second);
  }
  CHECK(seen.size() == others + 2);  // with hospital-a and the operator
  hub.session->answers.clear();
  hub.send(*hub.session, wire::Query{8, "directory", R"({"member": "nobody"})", {}});
  CHECK(hub.session->answers.front().code == Errc::not_found);
}

TEST_CASE("membership: keys, chains and open invitations are the same after a restart") {
  Joined hub;
  const auto before = hub.directory(*hub.session).sets;
  hub.restart();
  Client& again = hub.connect_newest("main");
  REQUIRE(again.welcome);
  const auto after = hub.directory(again).sets;
  REQUIRE(after.size() == before.size());
  CHECK(after[0].statement == before[0].statement);
}

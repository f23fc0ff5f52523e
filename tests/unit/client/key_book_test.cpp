// Concern: we seal to nobody but the member: the hub can show keys, it cannot make us believe them.
// Plan: play a member that rotates and a hub that lies in each way it can; the judgement, then the file that keeps it.
#include "adapters/client/key_book.hpp"

#include "adapters/client/invitation.hpp"
#include "adapters/client/member_keys.hpp"
#include "tests/catch.hpp"
#include "tests/unit/client/client_fixture.hpp"

namespace {

using namespace iro;
using namespace iro::client;

/// One set of keys with its secret signing half.
struct Made {
  schema::KeySet set;
  schema::SigningPair signing;
};

Made make_set() {
  Made out;
  out.signing = schema::make_signing_pair();
  out.set = {schema::make_sealing_pair().public_key, schema::make_sealing_pair().public_key, out.signing.public_key};
  return out;
}

/// A member, and what an honest hub shows of it.
struct Member {
  DirectoryEntry entry{"waterpoort", {}};
  std::vector<Made> made;
  schema::SigningPair root = schema::make_signing_pair();

  Member() { add(root); }
  void add(schema::SigningPair signer) {  // a copy: `made` grows
    made.push_back(make_set());
    entry.sets.push_back({schema::make_statement(entry.member, made.back().set, signer), true});
  }
  void rotate() { add(made.back().signing); }
};

Errc refusal(const Result<Judged>& judged) { return judged ? Errc::ok : judged.error().code; }

}  // namespace

TEST_CASE("key book: the first sight is believed and remembered, and says that it was the first") {
  Member member;
  auto book = KeyBook::open({}).value();
  const auto first = book->check(member.entry);
  REQUIRE(first);
  CHECK(first->first_sight);
  CHECK(first->sealing == member.made[0].set.sealing);
  const auto again = book->check(member.entry);
  REQUIRE(again);
  CHECK_FALSE(again->first_sight);
}

TEST_CASE("key book: a rotation is followed, also two that nobody looked at in between") {
  Member member;
  auto book = KeyBook::open({}).value();
  REQUIRE(book->check(member.entry));
  member.rotate();
  member.entry.sets[0].active = false;
  member.rotate();
  const auto keys = book->check(member.entry);
  REQUIRE(keys);
  CHECK(keys->sealing == member.made[2].set.sealing);
  CHECK(keys->signers.size() == 3);  // what the first key signed is still the member's
}

TEST_CASE("key book: a swapped sealing key is refused, and the pin stays") {
  Member member;
  auto book = KeyBook::open({}).value();
  REQUIRE(book->check(member.entry));
  const Made hub = make_set();
  SECTION("the whole set is the hub's own, signed by itself") {
    member.entry.sets = {{schema::make_statement("waterpoort", hub.set, hub.signing), true}};
  }
  SECTION("the hub's set stands beside the member's") {
    member.entry.sets.push_back({schema::make_statement("waterpoort", hub.set, hub.signing), true});
  }
  SECTION("only the sealing key is exchanged") { member.entry.sets[0].statement.keys.sealing = hub.set.sealing; }
  SECTION("the member's signature is put under other keys") { member.entry.sets[0].statement.keys = hub.set; }
  SECTION("the set is another member's") {
    Member other;
    other.entry.member = "other";
    member.entry.sets[0].statement = other.entry.sets[0].statement;
  }
  SECTION("signed by a second invitation that the member never had") {
    member.entry.sets[0].active = false;
    member.entry.sets.push_back({schema::make_statement("waterpoort", hub.set, schema::make_signing_pair()), true});
  }
  const auto refused = book->check(member.entry);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::sealing_key_swapped);
  CHECK(book->pins("waterpoort").value().front().signing == member.made[0].set.signing);
}

TEST_CASE("key book: a key that was retired vouches for nothing new, and does not come back") {
  Member member;
  auto book = KeyBook::open({}).value();
  REQUIRE(book->check(member.entry));
  member.rotate();
  member.entry.sets[0].active = false;
  REQUIRE(book->check(member.entry));
  DirectoryEntry back = member.entry;
  SECTION("the hub shows the old set as the present one") {
    back.sets[0].active = true;
    back.sets.pop_back();
  }
  SECTION("whoever found the old key signs a new set with it") {
    back.sets.push_back({schema::make_statement("waterpoort", make_set().set, member.made[0].signing), true});
  }
  const auto refused = book->check(back);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::sealing_key_swapped);
}

TEST_CASE("key book: a member that lost its keys is believed again when people have compared the fingerprint") {
  Member member;
  auto book = KeyBook::open({}).value();
  REQUIRE(book->check(member.entry));
  member.entry.sets[0].active = false;
  member.add(schema::make_signing_pair());  // a new invitation
  CHECK(book->check(member.entry).error().code == Errc::sealing_key_swapped);
  const auto wrong = book->trust(member.entry, schema::fingerprint_of(member.made[0].set.signing));
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == Errc::fingerprint_differs);
  const auto keys = book->trust(member.entry, schema::fingerprint_of(member.made[1].set.signing));
  REQUIRE(keys);
  CHECK(keys->sealing == member.made[1].set.sealing);
  const auto checked = book->check(member.entry);
  REQUIRE(checked);
  CHECK(checked->signers.size() == 2);
}

TEST_CASE("key book: a member without sealing keys is told as such") {
  CHECK(refusal(judge({"waterpoort", {}}, {})) == Errc::sealing_key_missing);
  Member member;
  member.entry.sets[0].active = false;
  CHECK(refusal(judge(member.entry, {})) == Errc::sealing_key_missing);
}

TEST_CASE("key book: pins are there after a restart") {
  const TempFolder folder;
  Member member;
  REQUIRE(KeyBook::open(folder.path()).value()->check(member.entry));
  auto book = KeyBook::open(folder.path()).value();
  const Made hub = make_set();
  member.entry.sets = {{schema::make_statement("waterpoort", hub.set, hub.signing), true}};
  CHECK(book->check(member.entry).error().code == Errc::sealing_key_swapped);
}

TEST_CASE("key book: a directory that cannot be read is refused, not guessed at") {
  for (const char* page : {"", "{}", "[1]", R"([{"member": "a"}])", R"([{"member": "a", "keys": [{}]}])"}) {
    const auto read = read_directory({page});
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Errc::payload_invalid);
  }
  CHECK(read_directory({"[]", R"([{"member": "a", "keys": []}])"}).value().size() == 1);
}

TEST_CASE("invitation: a token comes back as it was made, also with line breaks in it") {
  const auto [hub_public, hub_secret] = make_curve_keys();
  const Invitation made =
      Invitation::make({"tcp://hub.example:7001", "ipc:///run/hub.sock"}, hub_public, "waterpoort", "urn:nld:oin:1");
  std::string token = made.token();
  token.insert(30, "\n  ");
  const auto read = Invitation::read(token);
  REQUIRE(read);
  CHECK(read->endpoints == made.endpoints);
  CHECK(read->hub_public_key == hub_public);
  CHECK(read->member == "waterpoort");
  CHECK(read->source == made.source);
  CHECK(read->seed == made.seed);
  CHECK(read->curve().public_key == made.curve().public_key);
  CHECK(read->signing().public_key == made.signing().public_key);
  CHECK(made.curve().public_key != Invitation::make({"x"}, hub_public, "waterpoort", "").curve().public_key);
}

TEST_CASE("invitation: a token with any character changed or missing is refused") {
  const auto [hub_public, hub_secret] = make_curve_keys();
  const std::string token = Invitation::make({"tcp://127.0.0.1:1"}, hub_public, "waterpoort", "s").token();
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    for (const std::string& wrong : {changed, token.substr(0, i)}) {
      const auto read = Invitation::read(wrong);
      REQUIRE_FALSE(read);
      CHECK(read.error().code == Errc::invitation_unreadable);
    }
  }
}

TEST_CASE("member keys: fresh keys are saved and loaded, and keep what opens older documents") {
  const TempFolder folder;
  const auto [hub_public, hub_secret] = make_curve_keys();
  const KeyFile first = with_fresh_keys({"tcp://127.0.0.1:1", hub_public, "waterpoort", "s", "", ""});
  REQUIRE(first.save(folder / "key.toml"));
  const KeyFile second = with_fresh_keys(first);
  REQUIRE(second.replace(folder / "key.toml"));
  const auto loaded = KeyFile::load(folder / "key.toml");
  REQUIRE(loaded);
  CHECK_FALSE(loaded->readable_by_others);
  const auto pairs = sealing_pairs(*loaded);
  REQUIRE(pairs);
  REQUIRE(pairs->size() == 2);
  CHECK((*pairs)[1].public_key == public_set(first)->sealing);
  CHECK(signing_pair(*loaded)->public_key == public_set(second)->signing);
  CHECK(public_set(first)->curve != public_set(second)->curve);
}

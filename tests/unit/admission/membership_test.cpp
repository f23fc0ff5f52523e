#include "hub/admission/membership.hpp"

#include "hub/admission/admission.hpp"
#include "hub/admission/commands.hpp"
#include "tests/catch.hpp"

using namespace iro;
using namespace iro::admission;

namespace {

Member someone() {
  Member m;
  m.no = MemberNo(0);
  m.slug = "school-a";
  m.name = "School A";
  m.oin = "00000099000000000001";
  m.kvk = "12345678";
  m.source_system = "sis";
  m.roles = {"school"};
  m.branches = {"hospital"};
  m.grants["nl.placements.vacancy.opened.v1"] = {false, Receive::masked};
  MemberKey key;
  key.no = KeyNo(3);
  key.public_key = {1, 2, 3};
  key.added = TimeMs(5);
  m.keys.push_back(key);
  m.quota = {10, 20, 30};
  return m;
}

}  // namespace

TEST_CASE("membership: a member comes back from its row as it was") {
  const auto back = Membership::from_rows({Membership::to_row(someone())});
  REQUIRE(back.has_value());
  const Member& m = *back->find("school-a");
  CHECK(m.name == "School A");
  CHECK(m.grant("nl.placements.vacancy.opened.v1") == Grant{false, Receive::masked});
  CHECK(m.keys.front().no == KeyNo(3));
  CHECK(m.keys.front().active());
  CHECK(m.quota.bytes_per_second == 20);
  CHECK(back->key_active({MemberNo(0), KeyNo(3)}, TimeMs(9)));
  CHECK_FALSE(back->key_active({MemberNo(0), KeyNo(4)}, TimeMs(9)));
}

TEST_CASE("membership: a row that cannot be read is damage, not a crash") {
  for (const char* doc : {"", "{", "[]", "{}", R"({"name": 1})"}) {
    const auto back = Membership::from_rows({{MemberNo(0), "x", doc}});
    REQUIRE_FALSE(back.has_value());
    CHECK(back.error().code == Errc::corrupt);
  }
  CHECK_FALSE(Membership::from_rows({{MemberNo(1), "x", Membership::to_row(someone()).doc}}).has_value());
}

TEST_CASE("membership: a source belongs to a member by its whole number") {
  const Member m = someone();
  CHECK(m.owns_source("urn:nld:oin:00000099000000000001:systeem:anything"));
  CHECK(m.owns_source("urn:nld:kvknr:12345678:systeem:x"));
  CHECK(m.owns_source("urn:nld:oin:00000099000000000001"));
  CHECK_FALSE(m.owns_source("urn:nld:oin:000000990000000000012:systeem:x"));
  CHECK_FALSE(m.owns_source("urn:nld:oin:0000009900000000000:systeem:x"));
  CHECK_FALSE(m.owns_source("urn:nld:kvknr:1234567:x"));
  CHECK_FALSE(m.owns_source(""));
}

TEST_CASE("commands: what cannot be carried out changes nothing and says why") {
  Membership members;
  members.put(someone());
  const auto apply = [&](const char* type, const char* json) {
    return apply_command(members, {operator_no, KeyNo(1)}, type, json, TimeMs(9));
  };
  CHECK_FALSE(apply("nl.placements.hub.member-enrolled.v1",
                    R"({"member": "X!", "oin": "00000099000000000002", "roles": ["school"]})"));
  CHECK_FALSE(apply("nl.placements.hub.member-enrolled.v1",
                    R"({"member": "school-b", "oin": "00000099000000000001", "roles": ["school"]})"));
  CHECK_FALSE(apply("nl.placements.hub.grant-changed.v1", R"({"member": "nobody", "type": "t"})"));
  CHECK_FALSE(apply("nl.placements.hub.key-revoked.v1", R"({"member": "school-a", "public_key": "short"})"));
  CHECK_FALSE(apply("nl.placements.hub.grant-changed.v1", "no json"));
  CHECK(members.all().size() == 1);
}

TEST_CASE("quota: a bucket refuses with the time that it really takes") {
  QuotaBucket bucket;
  const Quota quota{10, 0, 5};
  TimeMs now(1'000'000);
  for (int i = 0; i < 5; ++i) CHECK_FALSE(bucket.take(quota, 100, now));
  const auto wait = bucket.take(quota, 100, now);
  REQUIRE(wait);
  CHECK(bucket.take(quota, 100, now.plus(*wait / 2)));
  CHECK_FALSE(bucket.take(quota, 100, now.plus(2 * *wait)));
  CHECK_FALSE(QuotaBucket{}.take({}, 1'000'000, now));
}

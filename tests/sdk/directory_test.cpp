// iro::Directory against the membership that the hub itself keeps: the same events, the same members.
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <iro/directory.hpp>
#include <iro/testing.hpp>
#include <random>

#include "hub/admission/commands.hpp"
#include "hub/base/z85.hpp"
#include "hub/schema/registry.hpp"
#include "tests/catch.hpp"

namespace {
using namespace iro::events;

struct Rule {
  iro::Directory members{};
};
constinit const iro_entry entry = iro::plugin<Rule>().with<&Rule::members>().entry("directory", "1.0.0");

/// The hub's membership and a plugin's directory, told the same.
struct Both {
  iro::schema::Registry registry = std::move(*iro::schema::Registry::builtin());
  iro::admission::Membership hub;
  iro::testing::Bench bench{entry};
  std::int64_t now = 1'000;

  Both() {
    iro::admission::Member op;
    op.slug = "operator";
    op.roles = {"operator"};
    hub.put(op);
  }
  /// What the hub refuses, a plugin is never shown.
  template <typename Native>
  bool say(const Native& native) {
    using Table = typename Native::TableType;
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(Table::Pack(builder, &native));
    const auto* type = registry.find(iro::EventTraits<Table>::type);
    const auto json = registry.to_json(*type, {builder.GetBufferPointer(), builder.GetSize()});
    REQUIRE(json);
    const auto done = iro::admission::apply_command(hub, iro::Principal{iro::admission::operator_no, iro::KeyNo(1)},
                                                    iro::EventTraits<Table>::type, *json, iro::TimeMs(++now));
    if (!done) return false;
    CHECK(bench.say(native, {.sender = "operator"}).ok());
    return true;
  }
  void compare() {
    std::size_t members = 0;
    std::size_t rows = 0;
    for (const auto& member : hub.all()) {
      if (member->slug == "operator") continue;
      ++members;
      INFO(member->slug);
      const auto ours = bench.value(iro::State<iro::Member>{"iro.members"}, member->slug);
      REQUIRE(ours);
      CHECK(ours->name == member->name);
      CHECK(ours->roles == member->roles);
      CHECK(ours->active() == member->active);
      std::vector<std::string> branches;
      for (const Branch branch : ours->branches) branches.emplace_back(EnumNameBranch(branch));
      CHECK(branches == member->branches);
      for (const auto& [type, grant] : member->grants) {
        const iro::MemberGrant said =
            bench.value(iro::State<iro::MemberGrant>{"iro.grants"}, iro::key(member->slug, type))
                .value_or(iro::MemberGrant{});
        CHECK(said.publish == grant.publish);
        CHECK(static_cast<int>(said.receive) == static_cast<int>(grant.receive));
        if (grant.publish || grant.receive != iro::admission::Receive::none) ++rows;
      }
    }
    CHECK(bench.state().size() == members + rows);  // and no others
  }
};

std::string key_of(std::uint64_t n) {
  iro::schema::Key32 raw{};
  std::memcpy(raw.data(), &n, sizeof n);
  raw[31] = 1;
  return iro::z85_encode_key(raw);
}

}  // namespace

TEST_CASE("directory: after any history it knows the members as the hub does") {
  std::uint64_t seed = std::random_device{}();
  if (const char* given = std::getenv("IRO_SEED")) std::from_chars(given, given + std::strlen(given), seed);
  INFO("IRO_SEED=" << seed);
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t n) { return random() % n; };
  const std::vector<std::string> roles{"school", "care_provider", "pool", "bureau"};
  const std::vector<std::string> types{"nl.placements.vacancy.opened.v1", "nl.placements.demand.registered.v1"};
  for (int round = 0; round < 20; ++round) {
    Both both;
    std::uint64_t done = 0;
    std::uint64_t keys = 1;
    for (int step = 0; step < 60; ++step) {
      const std::uint64_t who = below(5);
      const std::string slug = "member-" + std::to_string(who);
      const auto some_roles = [&] { return std::vector<std::string>{roles[below(4)], roles[below(4)]}; };
      const auto grant = [&] {
        auto out = std::make_unique<GrantT>();
        out->type = types[below(2)];
        out->publish = below(2) == 1;
        if (below(3) > 0) out->receive = static_cast<Receive>(below(4));
        return out;
      };
      const auto enter = [&](auto native) {
        native.member = slug;
        native.name = "Name of " + slug;
        native.oin = std::string(19, '0') + std::to_string(who);
        native.roles = some_roles();
        if (below(2) == 1) native.branches = {static_cast<Branch>(below(9))};
        native.grants.push_back(grant());
        return native;
      };
      switch (below(6)) {
        case 0: {
          MemberEnrolledT enrolled = enter(MemberEnrolledT{});
          enrolled.public_key = key_of(++keys);
          done += both.say(enrolled) ? 1 : 0;
          break;
        }
        case 1: {
          MemberInvitedT invited = enter(MemberInvitedT{});
          invited.enrolment_key = key_of(++keys);
          invited.enrolment_signing_key = key_of(++keys);
          done += both.say(invited) ? 1 : 0;
          break;
        }
        case 2: {
          MemberLeftT left;
          left.member = slug;
          if (below(4) == 0) done += both.say(left) ? 1 : 0;
          break;
        }
        case 3: {
          GrantChangedT changed;
          changed.member = slug;
          changed.type = types[below(2)];
          changed.publish = below(2) == 1;
          if (below(2) == 1) changed.receive = static_cast<Receive>(below(4));
          done += both.say(changed) ? 1 : 0;
          break;
        }
        default: {
          MemberChangedT changed;
          changed.member = slug;
          if (below(2) == 1) changed.roles = some_roles();
          if (below(2) == 1) changed.branches = {static_cast<Branch>(below(9)), static_cast<Branch>(below(9))};
          if (below(2) == 1) changed.status = static_cast<MemberStatus>(below(2));
          if (below(4) == 0) changed.name = "Another name";
          done += both.say(changed) ? 1 : 0;
        }
      }
      if (below(10) == 0) both.bench.restart();
    }
    CHECK(done > 10);
    both.compare();
  }
}

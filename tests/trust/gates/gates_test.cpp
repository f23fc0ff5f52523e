// Concern: what waits for consent or for a match date reaches those it is for, when and as long as it may, and nobody
// else, whatever happens in between.
// Plan: random consents, withdrawals, items, readers that come and go, restarts and disks that are full for a while;
// the oracle knows only the rule: whoever is there, is named in the item, and for whom the gate is open, has it.
#include <fmt/format.h>

#include <map>
#include <random>
#include <set>

#include "plugins/scenario/harness.hpp"
#include "tests/catch.hpp"

using namespace iro;
using namespace iro::scenario;

namespace {

const std::vector<std::string> providers = {"provider-a", "provider-b", "provider-c"};
const std::vector<std::string> schools = {"school-a", "school-b"};
const std::vector<std::string> items = {"goals", "progress"};

/// What an opening is about.
struct About {
  int handover = 0;
  std::string school, author, recipient, item;
  auto operator<=>(const About&) const = default;
  [[nodiscard]] std::string json(const std::string& more) const {
    return fmt::format(R"({{"handover_id": "ho-{}", "student": "pseudo-000{}", "school": "{}", "author": "{}", )"
                       R"("recipient": "{}", "item": "{}"{}}})",
                       handover, handover, school, author, recipient, item, more);
  }
};

class Story {
 public:
  explicit Story(std::uint64_t seed) : random_(seed) {
    for (const auto& p : providers) hub_.enrol(p, {"care_provider"});
    for (const auto& s : schools) hub_.enrol(s, {"school"});
    come_back();
  }

  void run() {
    for (int i = 0; i < 60; ++i) {
      act();
      settle();
    }
    come_back();
    settle();
    for (const auto& [slug, got] : got_) {
      INFO(slug);
      CHECK(got == may_have_[slug]);
    }
  }

 private:
  std::size_t pick(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
  const std::string& one_of(const std::vector<std::string>& list) { return list[pick(list.size())]; }

  About something() {
    About a{static_cast<int>(pick(2)), one_of(schools), one_of(providers), "", one_of(items)};
    do {
      a.recipient = one_of(providers);
    } while (a.recipient == a.author);
    return a;
  }

  Client& client(const std::string& slug) {
    for (auto& [no, c] : hub_.clients) {
      if (c.slug == slug) return c;
    }
    return hub_.connect(slug);
  }
  void attach(const std::string& slug) {
    hub_.subscribe(client(slug), "all");
    there_.insert(slug);
  }
  void come_back() {
    for (const auto& p : providers) attach(p);
  }

  void act() {
    switch (pick(9)) {
      case 0:
      case 1: {
        const About a = something();
        Client& author = client(a.author);
        const schema::Event e =
            hub_.make(author, pick(3) == 0 ? "dossier.rectified" : "dossier.item-sealed",
                      a.json(R"(, "content": {"scheme": "test.1", "keys": [], "content": "AAAA"})"));
        REQUIRE(hub_.publish(author, {e}).front() == Errc::ok);
        sent_[to_string(e.id)] = a;
        return;
      }
      case 2:
      case 3:
        return say("consent.given", something());
      case 4:
        return say("consent.withdrawn", something());
      case 5: {
        const std::string& slug = one_of(providers);
        if (there_.erase(slug) != 0) hub_.disconnect(client(slug));
        return;
      }
      case 6:
        return attach(one_of(providers));
      case 7:
        hub_.advance_ms(1'100);  // cursors are stored once a second
        hub_.restart();
        there_.clear();
        return come_back();
      default: {
        hub_.log->fail_next_commit(Errc::disk_full);
        const About a = something();
        CHECK(hub_.publish_one(client(a.school), "consent.given", a.json("")) == Errc::disk_full);
        hub_.log->room();
        hub_.advance_ms(1'500);
      }
    }
  }

  void say(const std::string& type, const About& a) {
    if (pick(8) == 0) {  // by somebody else
      Client& other = client(a.school == schools[0] ? schools[1] : schools[0]);
      CHECK(hub_.publish_one(other, type, a.json("")) == Errc::not_the_speaker);
      return;
    }
    REQUIRE(hub_.publish_one(client(a.school), type, a.json("")) == Errc::ok);
    if (type == "consent.given") {
      open_.insert(a);
    } else {
      open_.erase(a);
    }
  }

  /// Until nothing moves; then everybody who is there has what is open, and nobody has what never was.
  void settle() {
    hub_.advance_ms(200);
    for (const auto& slug : there_) {
      for (const auto& [id, about] : sent_) {
        const bool named = about.author == slug || about.recipient == slug;
        if (named && open_.contains(about)) may_have_[slug].insert(id);
      }
    }
    for (auto& [no, c] : hub_.clients) {
      for (; read_[no] < c.received.size(); ++read_[no]) {
        const schema::Event& e = c.received[read_[no]].event;
        if (e.type.find(".dossier.") == std::string::npos) continue;
        const std::string id = to_string(e.id);
        INFO(c.slug << " got " << id);
        CHECK(may_have_[c.slug].contains(id));
        got_[c.slug].insert(id);
      }
      hub_.ack_all(c);
    }
  }

  std::mt19937_64 random_;
  Harness hub_;
  std::set<std::string> there_;
  std::map<std::string, About> sent_;
  std::set<About> open_;
  std::map<std::string, std::set<std::string>> may_have_, got_;
  std::map<std::uint64_t, std::size_t> read_;
};

}  // namespace

TEST_CASE("gates: everybody named has what was open while they were there, and nothing else") {
  const std::uint64_t seed = std::random_device{}();
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    INFO("seed " << seed + i);
    Story(seed + i).run();
  }
}

TEST_CASE("gates: a match date lets thousands of names out in a few commits, each once, and it survives a restart") {
  Harness hub;
  hub.enrol("school-a", {"school"});
  hub.enrol("provider-a", {"care_provider"});
  hub.enrol("bureau-a", {"bureau"});
  constexpr int names = 6'000;
  Client* school = &hub.connect("school-a");
  const std::string type = registry().find_loosely("placement.identity-disclosed")->name;
  for (int i = 0; i < names; i += 500) {
    std::vector<schema::Event> events;
    for (int k = i; k < i + 500; ++k)
      events.push_back(
          hub.make(*school, type,
                   fmt::format(R"({{"placement_id": "pl-{}", "student": "pseudo-{:06}", "school": "school-a", )"
                               R"("provider": "provider-a", "match_date_id": "md-1", )"
                               R"("content": {{"scheme": "test.1", "keys": [], "content": "AAAA"}}}})",
                               k, k)));
    for (const Errc code : hub.publish(*school, events)) REQUIRE(code == Errc::ok);
  }
  Client* bureau = &hub.connect("bureau-a");
  REQUIRE(hub.publish_one(*bureau, "match-date.reached", R"({"match_date_id": "md-1"})") == Errc::ok);
  const auto commits = hub.core->counters().commits;
  hub.restart();  // before anything went out
  Client& provider = hub.connect("provider-a");
  hub.subscribe(provider, "all");
  std::set<std::string> got;
  std::size_t copies = 0;
  std::size_t read = 0;
  for (int i = 0; i < 200 && got.size() < names; ++i) {
    hub.advance_ms(100);
    for (; read < provider.received.size(); ++read) {
      const auto& e = provider.received[read].event;
      if (e.type != type) continue;
      got.insert(to_string(e.id));
      ++copies;
    }
    hub.ack_all(provider);
  }
  CHECK(got.size() == names);
  CHECK(copies == names);
  CHECK(commits > 0);
  CHECK(hub.core->counters().commits < 40);  // of this core: a few for the names, one a second for cursors
}

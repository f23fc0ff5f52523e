// tests/routing/routing_property.cpp: no member ever receives an event outside
// its audience, nobody entitled misses one, masked readers see no personal field.
//
// Each region has random members, roles, grants and events, run through the
// real core. The oracle below knows nothing of the hub's routing: it says for each
// type, from the catalogue's text, who is a party, and decides by hand.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <iostream>
#include <random>
#include <set>

#include "plugins/scenario/harness.hpp"

namespace iro::test {
using namespace scenario;
namespace {

namespace json = boost::json;

enum class Right { nothing, masked, full };

/// A type of the catalogue as the oracle knows it.
struct Known {
  std::string name;  // short form
  enum Class { everybody, granted, named } klass;
  std::vector<std::string> parties;  // JSON fields that name a party
  std::vector<std::string> roles;    // roles that are party to every event
  std::vector<std::string> senders;
  bool person = false;
  bool gated = false;
};

const std::vector<Known>& catalogue() {
  static const std::vector<Known> types = {
      {"vacancy.opened", Known::granted, {"provider"}, {}, {"care_provider", "bureau"}, false, false},
      {"vacancy.withdrawn", Known::granted, {"provider"}, {}, {"care_provider", "bureau"}, false, false},
      {"student.at-risk", Known::named, {"school"}, {}, {"school", "care_provider"}, true, false},
      {"handover.requested", Known::named, {"school"}, {"bureau"}, {"school"}, true, false},
      {"handover.invited", Known::named, {"school", "provider"}, {"bureau"}, {"school"}, false, false},
      {"placement.adopted", Known::named, {"school", "provider"}, {"bureau"}, {"school", "bureau"}, true, false},
      {"placement.confirmed",
       Known::named,
       {"school", "provider"},
       {"bureau"},
       {"care_provider", "bureau"},
       true,
       false},
      {"membership.joined",
       Known::everybody,
       {"member"},
       {},
       {"school", "care_provider", "pool", "bureau", "employer"},
       false,
       false},
      {"placement.identity-disclosed", Known::named, {"school", "provider"}, {}, {"school"}, true, true},
  };
  return types;
}

struct Someone {
  std::string slug;
  std::string role;
  std::map<std::string, std::string> receive;  // full type -> none|masked|full|denied
};

struct Sent {
  const Known* type = nullptr;
  std::string id;
  std::map<std::string, std::string> parties;  // field -> slug
  std::string pseudonym;
};

/// Planted: the oracle forgets roles, so that the comparison must find a difference.
bool forget_roles = false;

Right oracle(const Sent& e, const Someone& m) {
  if (e.type->gated) return Right::nothing;
  const auto* type = registry().find_loosely(e.type->name);
  const auto at = m.receive.find(type->name);
  const std::string receive = at == m.receive.end() ? "none" : at->second;
  if (receive == "denied") return Right::nothing;
  if (e.type->klass == Known::everybody) return Right::full;
  if (e.type->klass == Known::granted)
    return receive == "full" ? Right::full : receive == "masked" ? Right::masked : Right::nothing;
  for (const auto& [field, slug] : e.parties) {
    if (slug == m.slug) return Right::full;
  }
  const bool by_role = !forget_roles && std::ranges::find(e.type->roles, m.role) != e.type->roles.end();
  return !by_role ? Right::nothing : receive == "masked" ? Right::masked : Right::full;
}

class Region {
 public:
  explicit Region(std::uint64_t seed) : random_(seed) {}

  /// What is wrong, or "".
  std::string run() {
    invite();
    for (int i = 0; i < 8; ++i) say_something();
    return compare();
  }

 private:
  std::size_t pick(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }

  void invite() {
    static const std::vector<std::string> roles = {"school", "care_provider", "bureau", "pool"};
    const std::size_t n = 2 + pick(9);  // more than eight make interned audiences
    for (std::size_t i = 0; i < n; ++i) {
      Someone m{fmt::format("m{}-x", i), roles[i < 2 ? i : pick(roles.size())], {}};
      hub_.enrol(m.slug, {m.role});
      for (const auto* type : registry().types()) {
        const bool reads = std::ranges::find(type->readers, m.role) != type->readers.end();
        if (reads) m.receive[type->name] = "full";
      }
      people_.push_back(std::move(m));
    }
    for (std::size_t i = pick(6); i > 0; --i) change_a_grant();
    for (auto& m : people_) {
      Client& c = hub_.connect(m.slug);
      hub_.subscribe(c, "all");
    }
  }

  void change_a_grant() {
    static const std::vector<std::string> kinds = {"none", "masked", "full", "denied"};
    Someone& m = people_[pick(people_.size())];
    const Known& type = catalogue()[pick(catalogue().size())];
    const std::string full = registry().find_loosely(type.name)->name;
    const std::string receive = kinds[pick(kinds.size())];
    const bool sends = std::ranges::find(type.senders, m.role) != type.senders.end();
    hub_.grant(m.slug, full, sends, receive);
    m.receive[full] = receive;
  }

  /// An existing member most of the time; now and then a stranger.
  std::string somebody() { return pick(12) == 0 ? "nobody-here" : people_[pick(people_.size())].slug; }

  void say_something() {
    const Known& type = catalogue()[pick(catalogue().size())];
    std::vector<const Someone*> able;
    for (const auto& m : people_) {
      if (std::ranges::find(type.senders, m.role) != type.senders.end()) able.push_back(&m);
    }
    if (able.empty()) return;
    const Someone& sender = *able[pick(able.size())];
    Sent sent{&type, "", {}, fmt::format("pseudo{:06}", pick(1'000'000))};
    const auto* full = registry().find_loosely(type.name);
    json::object o;
    o[subject_field(type)] = fmt::format("thing-{}", pick(50));
    for (const auto& field : type.parties) {
      sent.parties[field] = somebody();
      o[field] = sent.parties[field];
    }
    if (type.person) o["student"] = sent.pseudonym;
    if (type.name == "vacancy.opened") o["offer"] = json::object{};
    if (type.name == "handover.requested") o["present_provider"] = somebody();  // no party
    if (type.gated) o["match_date_id"] = "md-1";                                // which does not come
    if (type.gated) o["content"] = json::object{{"scheme", "test.1"}, {"keys", json::array{}}, {"content", "AAAA"}};
    Client& client = client_of(sender.slug);
    schema::Event e = hub_.make(client, full->name, json::serialize(o));
    sent.id = to_string(e.id);
    const Errc code = hub_.publish(client, {e}).front();
    if (code != Errc::ok) problem_ = fmt::format("{} was refused: {}", type.name, info(code).name);
    sent_.push_back(std::move(sent));
  }

  static std::string subject_field(const Known& type) {
    static const std::map<std::string, std::string> fields = {{"vacancy", "vacancy_id"},
                                                              {"student", "risk_id"},
                                                              {"handover", "handover_id"},
                                                              {"placement", "placement_id"},
                                                              {"membership", "membership_id"}};
    return fields.at(type.name.substr(0, type.name.find('.')));
  }

  Client& client_of(const std::string& slug) {
    for (auto& [no, c] : hub_.clients) {
      if (c.slug == slug) return c;
    }
    std::abort();
  }

  std::string compare() {
    if (!problem_.empty()) return problem_;
    for (const auto& m : people_) {
      std::map<std::string, const Received*> got;
      for (const auto& r : client_of(m.slug).received) {
        if (!got.emplace(to_string(r.event.id), &r).second) return fmt::format("{} got {} twice", m.slug, r.event.type);
      }
      for (const auto& e : sent_) {
        const Right right = oracle(e, m);
        const auto at = got.find(e.id);
        if ((at != got.end()) != (right != Right::nothing)) {
          return fmt::format("{} ({}) {} {}", m.slug, m.role, at == got.end() ? "missed" : "should not have got",
                             e.type->name);
        }
        if (at == got.end()) continue;
        if (at->second->event.masked != (right == Right::masked))
          return fmt::format("{}: {} masked is {}", m.slug, e.type->name, at->second->event.masked);
        const auto& payload = at->second->event.payload;
        const bool shows = as_text(payload).find(e.pseudonym) != std::string_view::npos;
        if (right == Right::masked && shows)
          return fmt::format("{} sees the person in a masked {}", m.slug, e.type->name);
        if (right == Right::full && e.type->person && !shows)
          return fmt::format("{} does not see the person in {}", m.slug, e.type->name);
        got.erase(at);
      }
      if (!got.empty()) return fmt::format("{} got a {} that nobody sent", m.slug, got.begin()->second->event.type);
    }
    return "";
  }

  std::mt19937_64 random_;
  Harness hub_;
  std::vector<Someone> people_;
  std::vector<Sent> sent_;
  std::string problem_;
};

}  // namespace
}  // namespace iro::test

int main(int argc, char** argv) {
  std::uint64_t regions = 1'000;
  std::uint64_t part = 1;
  std::uint64_t base = std::random_device{}();
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--forget-roles") iro::test::forget_roles = true;
    (name == "--regions" ? regions : name == "--part" ? part : base) = std::strtoull(argv[i + 1], nullptr, 10);
  }
  for (std::uint64_t i = 0; i < regions; ++i) {
    const std::uint64_t seed = base * 1'000'003 + part * 100'000'007 + i;
    const std::string wrong = iro::test::Region(seed).run();
    if (!wrong.empty()) {
      std::cout << "seed " << seed << ": " << wrong << "\n  again with: --regions 1 --seed S where S gives it: base "
                << base << ", part " << part << ", region " << i << "\n";
      return 1;
    }
  }
  std::cout << regions << " regions agree with the oracle (base seed " << base << ", part " << part << ")\n";
  return 0;
}

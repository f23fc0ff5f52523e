// tests/trust/explain/explain_property.cpp: an explanation equals the decision really taken.
//
// Concern: `explain` and `why_not` read the stored decision, not today's
//   membership, and say of each delivery what really became of it.
// Plan: random small regions run through the real core and the real views:
//   members with random roles and grants, parties, strangers, gates, a rule
//   that holds, a rule that answers; then grants change, members are suspended
//   and enrolled, consumers acknowledge, fail and leave. Beside it the oracle
//   writes down by hand who gets each event, and a watcher what each client
//   received. At the end every event is explained, to the operator and to a
//   member by chance, and compared.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <iostream>
#include <random>
#include <set>

#include "tests/trust/explain/oracle.hpp"
#include "tests/trust/explain/watched.hpp"

namespace iro::test::explaining {
namespace {

namespace json = boost::json;

struct Sent {
  const Known* type = nullptr;
  std::string full_type;
  std::string id;
  std::string sender;  // "" for what a rule emitted
  std::string cause;
  std::string gate;  // the match date that it waits for
  std::map<std::string, std::string> parties;
  std::map<std::string, Fate> fates;  // by member, of those who were there
};

const std::string& text(const json::object& o, const char* field) {
  static thread_local std::string out;
  const auto* v = o.if_contains(field);
  out = v != nullptr && v->is_string() ? std::string(v->get_string()) : std::string();
  return out;
}

HarnessOptions options() {
  HarnessOptions o;
  o.views = true;
  o.plugins = {{"echo", {"nl.placements.vacancy.opened.v1"}, {}, {registry().find_loosely("vacancy.withdrawn")->name}},
               {"judge", {}, {"nl.placements.handover.invited.v1"}}};
  return o;
}

class Region {
 public:
  explicit Region(std::uint64_t seed) : random_(seed), hub_(options()) {}

  /// What is wrong, or "". `cases` grows by what was compared.
  std::string run(std::uint64_t& cases) {
    set_up();
    for (int i = 0; i < 36 && problem_.empty(); ++i) {
      act();
      look();
    }
    for (const Sent& e : sent_) {
      if (problem_.empty()) compare(e);
      ++cases;
    }
    return problem_;
  }

 private:
  std::size_t pick(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
  bool chance(std::size_t percent) { return pick(100) < percent; }
  void wrong(std::string what) {
    if (problem_.empty()) problem_ = std::move(what);
  }

  void set_up() {
    hub_.plugins["echo"] = [](const reaction::CallEvent& call) {
      const auto* type = registry().find_loosely("vacancy.withdrawn");
      reaction::Outcome out;
      const std::string subject(call.event.subject.empty() ? std::string_view("thing") : call.event.subject);
      out.emits.push_back({type->name, *registry().from_json(*type, R"({"vacancy_id":"echo","provider":"echo"})")});
      return out;
    };
    hub_.plugins["judge"] = [](const reaction::CallEvent& call) {
      reaction::Outcome out;
      const auto* type = registry().find(call.event.type);
      if (registry().facts(*type, call.event.payload).subject.ends_with("7")) out.ruling = reaction::Ruling::hold;
      return out;
    };
    for (std::size_t i = 2 + pick(8); i > 0; --i) enrol();
    for (std::size_t i = pick(6); i > 0; --i) change_grant();
  }

  void enrol() {
    static const std::vector<std::string> roles = {"school", "care_provider", "bureau", "pool"};
    Someone m{fmt::format("m{}-x", people_.size()), roles[people_.size() < 3 ? people_.size() : pick(4)], true, {}};
    hub_.enrol(m.slug, {m.role});
    for (const auto* type : registry().types()) {
      if (std::ranges::find(type->readers, m.role) != type->readers.end()) m.receive[type->name] = "full";
    }
    people_.push_back(m);
    if (chance(85)) watched_.emplace(m.slug, Watched(chance(25) ? "nl.placements.vacancy." : ""));
    connect(m);
  }

  void connect(const Someone& m) {
    hub_.connect(m.slug, "pub");
    const auto at = watched_.find(m.slug);
    if (at == watched_.end()) return;
    Client& c = hub_.connect(m.slug, "main");
    hub_.subscribe(c, "all", at->second.filter());
    main_[m.slug] = c.connection.value();
  }

  void disconnect(const Someone& m) {
    look();
    if (const auto at = watched_.find(m.slug); at != watched_.end()) at->second.gone();
    main_.erase(m.slug);
    for (auto at = hub_.clients.begin(); at != hub_.clients.end();) {
      Client& c = (at++)->second;
      if (c.slug == m.slug) hub_.disconnect(c);
    }
  }

  void look() {
    for (const auto& [slug, connection] : main_) watched_.at(slug).look(hub_.clients.at(connection));
  }

  void change_grant() {
    static const std::vector<std::string> kinds = {"none", "masked", "full", "denied"};
    Someone& m = people_[pick(people_.size())];
    const Known& type = catalogue()[pick(catalogue().size())];
    const std::string full = registry().find_loosely(type.name)->name;
    m.receive[full] = kinds[pick(kinds.size())];
    hub_.grant(m.slug, full, std::ranges::find(type.senders, m.role) != type.senders.end(), m.receive[full]);
  }

  void suspend_or_return() {
    Someone& m = people_[pick(people_.size())];
    if (m.active) disconnect(m);
    m.active = !m.active;
    const Errc code =
        hub_.operate("nl.placements.hub.member-changed.v1",
                     fmt::format(R"({{"member":"{}","status":"{}"}})", m.slug, m.active ? "active" : "suspended"));
    if (code != Errc::ok) wrong("a member could not be suspended");
    if (m.active) connect(m);
  }

  void answer_something() {
    look();
    if (main_.empty()) return;
    const auto at = std::next(main_.begin(), static_cast<std::ptrdiff_t>(pick(main_.size())));
    Watched& watched = watched_.at(at->first);
    Client& c = hub_.clients.at(at->second);
    const auto number = watched.some_number(pick(1'000));
    if (!number) return;
    const std::size_t pongs = c.pongs.size();
    hub_.send(c, wire::Ping{1});
    if (c.pongs.size() == pongs) return;  // its lease was over: what it says is not heard
    const std::size_t what = pick(10);
    if (what < 6) {
      watched.acknowledged(*number);
      hub_.ack(c, "all", *number);
    } else if (what < 8) {
      watched.set_aside(*number, "retry");
      hub_.send(c, wire::Nak{c.consumers.at("all"), *number, 0, true, "not now"});
    } else {
      watched.set_aside(*number, "parked");
      hub_.send(c, wire::Park{c.consumers.at("all"), *number, "cannot"});
    }
    look();
  }

  void act() {
    const std::size_t what = pick(100);
    if (what < 50) return say_something();
    if (what < 75) return answer_something();
    if (what < 85) return change_grant();
    if (what < 90) return suspend_or_return();
    if (what < 93 && people_.size() < 12) return enrol();
    if (what < 95) return match_date_comes();
    if (what < 98) {
      Someone& m = people_[pick(people_.size())];
      disconnect(m);
      if (m.active) connect(m);
      return;
    }
    hub_.advance_ms(2'000);
    look();
  }

  std::string somebody() { return chance(8) ? "nobody-here" : people_[pick(people_.size())].slug; }

  Client* publisher(const Known& type) {
    std::vector<Client*> able;
    for (auto& [no, c] : hub_.clients) {
      for (const auto& m : people_) {
        if (m.slug == c.slug && !main_connection(c) && std::ranges::find(type.senders, m.role) != type.senders.end())
          able.push_back(&c);
      }
    }
    return able.empty() ? nullptr : able[pick(able.size())];
  }
  [[nodiscard]] bool main_connection(const Client& c) const {
    const auto at = main_.find(c.slug);
    return at != main_.end() && at->second == c.connection.value();
  }

  void write_down(Sent sent, bool held) {
    for (const auto& m : people_) sent.fates[m.slug] = fate_of(*sent.type, sent.full_type, sent.parties, held, m);
    // A date that has come already opens the gate at once.
    const bool open = !sent.gate.empty() && came_.contains(sent.gate);
    sent_.push_back(std::move(sent));
    if (open) go_out(sent_.back());
  }

  /// What waited goes to those who were entitled then, and still are.
  void go_out(Sent& e) {
    hub_.advance_ms(1'000);
    Known open = *e.type;
    open.gated = false;
    for (const auto& m : people_) {
      const auto at = e.fates.find(m.slug);
      if (at != e.fates.end() && at->second.reason == "gate_closed")
        at->second = fate_of(open, e.full_type, e.parties, false, m);
    }
  }

  void match_date_comes() {
    const std::string date = fmt::format("md-{}", pick(3));
    if (came_.contains(date)) return;
    for (auto& [no, c] : hub_.clients) {
      const auto m = std::ranges::find(people_, c.slug, &Someone::slug);
      if (m == people_.end() || m->role != "bureau" || main_connection(c)) continue;
      const Errc code = hub_.publish_one(c, "match-date.reached", fmt::format(R"({{"match_date_id":"{}"}})", date));
      if (code != Errc::ok) wrong(fmt::format("the match date was refused: {}", info(code).name));
      came_.insert(date);
      for (Sent& e : sent_) {
        if (e.gate == date) go_out(e);
      }
      return look();
    }
  }

  void say_something() {
    const Known& type = catalogue()[pick(catalogue().size())];
    Client* client = publisher(type);
    if (client == nullptr) return;
    const std::string thing = fmt::format("thing-{}", pick(20));
    Sent sent{&type, registry().find_loosely(type.name)->name, "", client->slug, "", "", {}, {}};
    json::object o{{type.subject, thing}};
    for (const auto& field : type.parties) o[field] = sent.parties[field] = somebody();
    if (type.person) o["student"] = fmt::format("pseudo{:06}", pick(1'000'000));
    if (type.name == "vacancy.opened") o["offer"] = json::object{};
    if (type.gated) o["match_date_id"] = sent.gate = fmt::format("md-{}", pick(3));
    if (type.gated) o["content"] = json::object{{"scheme", "test.1"}, {"keys", json::array{}}, {"content", "AAAA"}};
    const schema::Event e = hub_.make(*client, sent.full_type, json::serialize(o));
    sent.id = to_string(e.id);
    const std::string id = sent.id;
    if (const Errc code = hub_.publish(*client, {e}).front(); code != Errc::ok)
      return wrong(fmt::format("{} was refused: {}", type.name, info(code).name));
    write_down(std::move(sent), type.name == "handover.invited" && thing.ends_with("7"));
    if (type.name == "vacancy.opened") {
      const auto& withdrawn = catalogue()[1];
      write_down({&withdrawn,
                  registry().find_loosely(withdrawn.name)->name,
                  to_string(derive_event_id("echo", e.id, 0)),
                  "",
                  id,
                  "",
                  {{"provider", "echo"}},
                  {}},
                 false);
    }
    look();
  }

  // ---- comparing

  json::object ask(Client& who, const std::string& view, const std::string& args, Errc expected = Errc::ok) {
    const wire::Answer answer = hub_.ask(who, view, args);
    if (answer.code != expected)
      wrong(fmt::format("{} {} by {}: {} {}", view, args, who.slug, info(answer.code).name, answer.reason));
    return answer.code == Errc::ok ? json::parse(answer.body).as_object() : json::object();
  }
  Client& asker(const std::string& slug) {
    for (auto& [no, c] : hub_.clients) {
      if (c.slug == slug) return c;
    }
    return hub_.connect(slug, "asker");
  }

  void compare(const Sent& e) {
    const json::object said = ask(asker("operator"), "explain", fmt::format(R"({{"id":"{}"}})", e.id));
    if (!problem_.empty()) return;
    std::map<std::string, json::object> lines;
    for (const char* part : {"audience", "kept_out"}) {
      for (const auto& v : said.at(part).as_array()) {
        if (!lines.emplace(text(v.as_object(), "member"), v.as_object()).second) wrong("a member is told of twice");
      }
    }
    if (lines.size() != people_.size() + 1) wrong(fmt::format("{} members are told of", lines.size()));
    if (text(lines["operator"], "reason") != "operator") wrong("the operator is not kept out as the operator");
    for (const auto& m : people_) compare_member(e, m, lines[m.slug]);
    for (const auto& v : said.at("checks").as_array()) {
      if (text(v.as_object(), "verdict") != "passed") wrong("a check is not explained: " + json::serialize(v));
    }
    if (said.at("event").as_object().contains("data")) wrong("the operator is shown content");
    compare_case(e, said.at("case").as_array());
    compare_deliveries(e, said.at("deliveries").as_array(), lines);
    compare_askers(e);
  }

  void compare_member(const Sent& e, const Someone& m, const json::object& line) {
    const auto at = e.fates.find(m.slug);
    const Fate fate = at == e.fates.end() ? Fate{"", "not_yet_member"} : at->second;
    const bool in = !fate.share.empty();
    if (text(line, in ? "rule" : "reason") != fate.reason || text(line, "share") != fate.share)
      wrong(fmt::format("{} of {}: expected {} {}, said {}", e.full_type, m.slug, fate.share, fate.reason,
                        json::serialize(line)));
    if (in && text(line, "since") != since(*e.type, e.full_type, fate, m))
      wrong(fmt::format("{} of {}: since {}", e.full_type, m.slug, json::serialize(line)));
    if (fate.reason == "party" && in && !e.parties.contains(text(line, "field")))
      wrong("a named party without its field: " + json::serialize(line));
    const json::object alone =
        ask(asker("operator"), "why_not", fmt::format(R"({{"id":"{}","member":"{}"}})", e.id, m.slug));
    if (alone.empty() || alone.at("entitled").as_bool() != in || text(alone, in ? "rule" : "reason") != fate.reason)
      wrong("why_not differs: " + json::serialize(alone));
  }

  void compare_case(const Sent& e, const json::array& told) {
    std::map<std::string, std::uint64_t> depth;
    for (const auto& v : told) depth[text(v.as_object(), "id")] = v.as_object().at("depth").to_number<std::uint64_t>();
    if (!depth.contains(e.id)) wrong("a case without its event");
    if (!e.cause.empty() && (!depth.contains(e.cause) || depth[e.id] != depth[e.cause] + 1))
      wrong("a cause is missing: " + json::serialize(told));
    if (e.type->name == "vacancy.opened" && told.size() != 2) wrong("an effect is missing: " + json::serialize(told));
  }

  void compare_deliveries(const Sent& e, const json::array& told, const std::map<std::string, json::object>& lines) {
    std::set<std::string> seen;
    for (const auto& v : told) {
      const json::object& d = v.as_object();
      const std::string slug = text(d, "member");
      seen.insert(slug);
      const auto* line = watched_.at(slug).line(e.id);
      const std::string was = line == nullptr ? "" : line->state;
      const std::string state = text(d, "state");
      const bool narrowed = state == "passed";
      // Given up while the right to it was gone, ahead of the cursor: it is read again when the consumer comes back.
      const bool read_again = state == "not_reached" && !d.at("connected").as_bool();
      const bool fits = was == "acknowledged"              ? state == "acknowledged" || narrowed
                        : was == "retry" || was == "waits" ? state == was || state == "retry" || narrowed || read_again
                        : !was.empty() && was != "not_reached" ? state == was
                                                               : may_be_unseen(d, watched_.at(slug).wants(e.full_type));
      if (!fits) wrong(fmt::format("{} for {}: was '{}', said {}", e.full_type, slug, was, json::serialize(v)));
      if (line != nullptr && was != "not_reached" && d.contains("share") &&
          line->masked != (text(d, "share") == "masked"))
        wrong(fmt::format("{} for {}: masked is {}, said {}", e.full_type, slug, line->masked, json::serialize(v)));
    }
    for (const auto& [slug, watched] : watched_) {
      const bool entitled = lines.at(slug).contains("rule");
      if (watched.line(e.id) != nullptr && !entitled) wrong(slug + " got what it was not entitled to");
      if (entitled != seen.contains(slug)) wrong(slug + ": a consumer is missing, or one too many");
    }
  }
  static bool may_be_unseen(const json::object& d, bool wanted) {
    const std::string state = text(d, "state");
    if (!wanted) return state == "filtered" || state == "passed";
    if (state == "not_reached") return !d.at("connected").as_bool();  // whoever is connected is served at once
    return state == "waits" || state == "passed" || state == "retry";
  }

  /// Nobody is told more than it may know.
  void compare_askers(const Sent& e) {
    const Someone& m = people_[pick(people_.size())];
    if (!m.active) return;
    const std::string args = fmt::format(R"({{"id":"{}"}})", e.id);
    const auto at = e.fates.find(m.slug);
    const bool was = at != e.fates.end() && !at->second.share.empty();
    const std::string left = was ? since(*e.type, e.full_type, at->second, m) : "";
    if (m.slug == e.sender) {
      const json::object said = ask(asker(m.slug), "explain", args);
      for (const auto& v : said.empty() ? json::array() : said.at("deliveries").as_array()) {
        if (text(v.as_object(), "member") != m.slug && v.as_object().contains("consumer"))
          wrong("the sender is told of somebody's consumer");
      }
    } else if (left == "same" || left == "masked") {
      const json::object said = ask(asker(m.slug), "explain", args);
      if (said.empty()) return;
      if (said.at("audience").as_array().size() != 1 || said.contains("kept_out") || said.contains("checks"))
        wrong("a recipient is told of others: " + json::serialize(said));
    } else {
      ask(asker(m.slug), "explain", args, Errc::not_found);
      ask(asker(m.slug), "why_not", fmt::format(R"({{"id":"{}","member":"{}"}})", e.id, m.slug), Errc::not_found);
    }
  }

  std::mt19937_64 random_;
  Harness hub_;
  std::vector<Someone> people_;
  std::map<std::string, Watched> watched_;
  std::map<std::string, std::uint64_t> main_;  // connection of the consumer's client
  std::vector<Sent> sent_;
  std::set<std::string> came_;  // match dates
  std::string problem_;
};

}  // namespace
}  // namespace iro::test::explaining

int main(int argc, char** argv) {
  std::uint64_t cases = 10'000;
  const char* given = std::getenv("IRO_SEED");
  std::uint64_t base = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--cases") cases = std::strtoull(argv[i + 1], nullptr, 10);
    if (name == "--seed") base = std::strtoull(argv[i + 1], nullptr, 10);
    if (name == "--forget-roles") iro::test::explaining::forget_roles = true;
  }
  std::uint64_t done = 0;
  std::uint64_t regions = 0;
  for (std::uint64_t seed = base; done < cases; ++seed, ++regions) {
    const std::string wrong = iro::test::explaining::Region(seed).run(done);
    if (wrong.empty()) continue;
    std::cout << "seed " << seed << ": " << wrong << "\n  again with IRO_SEED=" << seed << "\n";
    return 1;
  }
  std::cout << done << " events of " << regions << " regions are explained as they were decided and delivered (seed "
            << base << ")\n";
  return 0;
}

// Concern: what a member must not know leaves no trace in what it gets.
// Plan: pairs of runs of one random story that differ only in events that X is not entitled to: others in number,
// people, content and parties, or none at all. What X is sent must be the same to the byte, but for tokens, which are
// sealed and of one length. A pair that differs in something X may know must differ, or the comparison sees nothing.
#include <fmt/format.h>

#include <random>

#include "plugins/scenario/harness.hpp"
#include "tests/catch.hpp"

using namespace iro;
using namespace iro::scenario;

namespace {

const std::vector<std::string> schools = {"school-a", "school-b", "school-c"};
const std::vector<std::string> hospitals = {"hospital-a", "hospital-b", "provider-x"};

/// Something that happens. `variant` is what the two runs of a pair differ in.
struct Step {
  enum class Kind { open, secret, own, tick, ack, again, restart } kind = Kind::tick;
  std::uint64_t random = 0;
};

std::vector<Step> story(std::mt19937_64& random) {
  std::vector<Step> out;
  for (int i = 0; i < 25; ++i) {
    const auto n = random() % 20;
    const Step::Kind kind = n < 5    ? Step::Kind::open
                            : n < 12 ? Step::Kind::secret
                            : n < 14 ? Step::Kind::own
                            : n < 16 ? Step::Kind::tick
                            : n < 18 ? Step::Kind::ack
                            : n < 19 ? Step::Kind::again
                                     : Step::Kind::restart;
    out.push_back({kind, random()});
  }
  return out;
}

class Run {
 public:
  Run(const std::vector<Step>& steps, std::uint64_t variant, bool also_the_open) : also_the_open_(also_the_open) {
    for (const auto& s : schools) hub_.enrol(s, {"school"});
    for (const auto& h : hospitals) hub_.enrol(h, {"care_provider"});
    hub_.enrol("bureau-a", {"bureau"});
    connect();
    for (const Step& step : steps) act(step, variant);
    hub_.advance_ms(2'000);
    note();
  }
  [[nodiscard]] const std::string& seen() const { return seen_; }
  [[nodiscard]] std::size_t secrets() const { return secrets_; }

 private:
  void connect() {
    x_ = &hub_.connect("provider-x");
    hub_.subscribe(*x_, "all", "", wire::From::cursor, [](wire::Sub& s) { s.credit_events = 7; });
    read_ = acks_ = 0;
  }
  Client& client(const std::string& slug) {
    for (auto& [no, c] : hub_.clients) {
      if (c.slug == slug) return c;
    }
    return hub_.connect(slug);
  }

  void act(const Step& s, std::uint64_t variant) {
    switch (s.kind) {
      case Step::Kind::open:
        // Everybody may know who is a member.
        say(schools[s.random % 3], "membership.joined",
            fmt::format(R"({{"membership_id": "m-{}", "member": "{}", "phase": "full"}})", s.random % 5,
                        schools[s.random % 3]),
            s.random + (also_the_open_ ? variant : 0));
        break;
      case Step::Kind::secret:
        secret(s.random, variant);
        break;
      case Step::Kind::own:
        say("provider-x", "vacancy.opened",
            fmt::format(R"({{"vacancy_id": "v-{}", "provider": "provider-x", "offer": {{}}}})", s.random % 9),
            s.random);
        break;
      case Step::Kind::tick:
        hub_.advance_ms(static_cast<std::int64_t>(s.random % 700));
        break;
      case Step::Kind::ack:
        hub_.ack_all(*x_);
        break;
      case Step::Kind::again:
        note();
        hub_.disconnect(*x_);
        connect();
        break;
      case Step::Kind::restart:
        hub_.ack_all(*x_);
        hub_.advance_ms(1'200);  // cursors are stored once a second
        note();
        hub_.restart();
        connect();
        break;
    }
    note();
  }

  /// None, one or some events that are none of X's business, other ones in each variant.
  void secret(std::uint64_t seed, std::uint64_t variant) {
    std::mt19937_64 random(seed ^ variant * 0x9E3779B97F4A7C15ULL);
    for (std::uint64_t n = random() % 4; n > 0; --n) {
      ++secrets_;
      const std::string school = schools[random() % 3];
      const std::string other = hospitals[random() % 2];  // never x
      const std::string person = fmt::format("pseudo-{:06}", random() % 1'000'000);
      switch (random() % 5) {
        case 0:
          say(school, "student.at-risk",
              fmt::format(R"({{"risk_id": "r-{}", "student": "{}", "school": "{}"}})", random() % 99, person, school),
              random());
          break;
        case 1:
          say(school, "handover.requested",
              fmt::format(
                  R"({{"handover_id": "h-{}", "student": "{}", "school": "{}", "present_provider": "provider-x"}})",
                  random() % 99, person, school),
              random());
          break;
        case 2:
          say(other, "placement.confirmed",
              fmt::format(R"({{"placement_id": "p-{}", "student": "{}", "school": "{}", "provider": "{}"}})",
                          random() % 99, person, school, other),
              random());
          break;
        case 3:  // waits for a consent that does not come, also when x is the recipient
          say(other, "dossier.item-sealed",
              fmt::format(
                  R"({{"handover_id": "h-{}", "student": "{}", "author": "{}", "recipient": "provider-x", "item": "goals", "school": "{}", "content": {{"scheme": "test.1", "keys": [], "content": "AAAA"}}}})",
                  random() % 99, person, other, school),
              random());
          break;
        default:
          say(other, "vacancy.opened",
              fmt::format(R"({{"vacancy_id": "w-{}", "provider": "{}", "offer": {{"area": "{}"}}}})", random() % 99,
                          other, random() % 9'999),
              random());
      }
    }
  }

  void say(const std::string& who, const std::string& type, const std::string& json, std::uint64_t id) {
    Client& c = client(who);
    schema::Event e = hub_.make(c, type, json);
    const Hash h = sha256(as_bytes(fmt::format("{}", id)));
    std::copy_n(h.begin(), e.id.b.size(), e.id.b.begin());
    REQUIRE(hub_.publish(c, {e}).front() == Errc::ok);
  }

  /// All that X has been sent since the last time, but for tokens.
  void note() {
    for (; read_ < x_->received.size(); ++read_) {
      const Received& r = x_->received[read_];
      seen_ += fmt::format("{} #{} attempt {} {} {} {} {} {} {} {} {} {}\n", r.consumer.value(), r.number, r.attempt,
                           to_string(r.event.id), r.event.type, r.event.source, r.event.subject, r.event.time.value(),
                           r.event.recordedtime.value(), r.event.masked, r.event.hop, to_hex(r.event.payload));
    }
    for (; acks_ < x_->acks.size(); ++acks_) {
      const wire::PubAck& a = x_->acks[acks_];
      seen_ += fmt::format("ack {} {} {}\n", a.up_to.value(), a.exceptions.size(), a.held.size());
    }
    for (const auto& e : x_->errors) seen_ += fmt::format("error {}\n", info(e.code).name);
    x_->errors.clear();
  }

  Harness hub_;
  Client* x_ = nullptr;
  bool also_the_open_;
  std::string seen_;
  std::size_t read_ = 0;
  std::size_t acks_ = 0;
  std::size_t secrets_ = 0;
};

}  // namespace

TEST_CASE("non-interference: 1,000 pairs of runs that differ only in what X must not know give X the same") {
  const std::uint64_t seed = std::random_device{}();
  std::size_t differ_in_secrets = 0;
  std::size_t seen_bytes = 0;
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    INFO("seed " << seed + i);
    std::mt19937_64 random(seed + i);
    const auto steps = story(random);
    const Run one(steps, 1, false);
    const Run other(steps, 2, false);
    REQUIRE(one.seen() == other.seen());
    differ_in_secrets += one.secrets() != other.secrets() ? 1 : 0;
    seen_bytes += one.seen().size();
  }
  CHECK(differ_in_secrets > 500);  // the pairs do differ
  CHECK(seen_bytes > 100'000);     // and X does see something
}

TEST_CASE("non-interference: the comparison notices what X may know") {
  const std::uint64_t seed = std::random_device{}();
  int noticed = 0;
  int pairs = 0;
  for (std::uint64_t i = 0; i < 50; ++i) {
    std::mt19937_64 random(seed + i);
    const auto steps = story(random);
    const bool something = std::ranges::any_of(steps, [](const Step& s) { return s.kind == Step::Kind::open; });
    if (!something) continue;
    ++pairs;
    noticed += Run(steps, 1, true).seen() != Run(steps, 2, true).seen() ? 1 : 0;
  }
  INFO("seed " << seed);
  CHECK(noticed == pairs);
}

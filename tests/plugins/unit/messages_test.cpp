// Concern: hub and child understand each other, and the hub takes nothing that the host would not have let through.
// Plan: random outcomes within the limits come back the same; each limit is broken alone; every message is cut at every
// place.
#include <rapidcheck.h>

#include <iostream>

#include "hub/base/limits.hpp"
#include "hub/reaction/child_messages.hpp"
#include "tests/catch.hpp"

using namespace iro;
using namespace iro::reaction;
namespace child = iro::reaction::child;

namespace {

std::string word(const char* letters, int least, int most) {
  const auto size = static_cast<std::size_t>(*rc::gen::inRange(least, most));
  const std::string all = letters;
  std::string out;
  for (std::size_t n = 0; n < size; ++n) out.push_back(all[*rc::gen::inRange<std::size_t>(0, all.size())]);
  return out;
}
std::string code() { return word("abz019_", 1, 65); }
std::string person() { return *rc::gen::arbitrary<bool>() ? "" : word("aZ9-_", 8, 65); }
std::string text() { return word("een tekst, a text \n\"", 0, 200); }
Bytes bytes(int least, int most) {
  Bytes out(static_cast<std::size_t>(*rc::gen::inRange(least, most)));
  for (auto& b : out) b = *rc::gen::arbitrary<std::uint8_t>();
  return out;
}
Note note(bool reason) { return {reason ? code() : "", text(), text()}; }

Outcome outcome() {
  Outcome o;
  o.item = *rc::gen::arbitrary<std::uint32_t>();
  o.ruling = static_cast<Ruling>(*rc::gen::inRange(0, 3));
  if (o.ruling != Ruling::accept) o.verdict = note(true);
  if (o.ruling == Ruling::reject) return o;
  for (int n = *rc::gen::inRange(0, 4); n > 0; --n) o.notes.push_back(note(false));
  for (int n = *rc::gen::inRange(0, 4); n > 0; --n) o.emits.push_back({word("a.", 1, 200), bytes(0, 300)});
  for (int n = *rc::gen::inRange(0, 6); n > 0; --n) {
    StateChange change{bytes(1, 256), std::nullopt, person()};
    if (*rc::gen::arbitrary<bool>()) change.value = bytes(0, 300);
    o.state.push_back(std::move(change));
  }
  for (int n = *rc::gen::inRange(0, 4); n > 0; --n) {
    TimerChange change{bytes(1, 256), std::nullopt, person()};
    if (*rc::gen::arbitrary<bool>()) change.due = TimeMs(*rc::gen::inRange<std::int64_t>(1, INT64_MAX));
    o.timers.push_back(std::move(change));
  }
  for (int n = *rc::gen::inRange(0, 4); n > 0; --n) {
    HeldWord held;
    held.event = make_event_id(1);
    held.release = *rc::gen::arbitrary<bool>();
    if (!held.release) held.note = note(true);
    o.held.push_back(std::move(held));
  }
  return o;
}

Bytes packed(const std::vector<Outcome>& outcomes, std::uint64_t no = 7) {
  child::OutcomePack pack(no);
  for (const Outcome& o : outcomes) pack.add(o);
  return pack.take(true);
}

Errc refused(const Outcome& outcome) {
  const auto said = child::decode_from_child(packed({outcome}));
  return said ? Errc::ok : said.error().code;
}

/// No cut of the message, and no byte behind it, is taken for a message.
template <typename Decode>
void only_whole(const Bytes& message, Decode decode) {
  for (std::size_t n = 0; n < message.size(); ++n) {
    const Bytes cut(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(n));
    INFO(n);
    CHECK_FALSE(decode(cut).has_value());
  }
  Bytes more = message;
  more.push_back(0);
  CHECK_FALSE(decode(more).has_value());
}

Call sample_call(const Bytes& payload) {
  Call call;
  call.plugin = "p";
  call.no = 9;
  call.now = TimeMs(1'000);
  for (std::uint32_t n = 0; n < 3; ++n) {
    CallEvent e;
    e.item = n;
    e.kind = n == 2 ? EventKind::timer : EventKind::event;
    e.judged = n == 1;
    e.event.id = make_event_id(n + 1);
    e.event.type = "nl.placements.risk.closed.v1";
    e.event.source = "urn:x";
    e.event.subject = "r-1";
    e.event.revision = 3;
    e.event.hop = 2;
    e.event.time = TimeMs(5);
    e.event.payload = payload;
    e.sender = "school-a";
    e.person = "pseudonym-1";
    e.key = to_bytes("k");
    e.due = TimeMs(n);
    call.events.push_back(e);
  }
  return call;
}

}  // namespace

TEST_CASE("child messages: outcomes come back as they were, one by one and together") {
  rc::detail::TestMetadata metadata;
  metadata.id = metadata.description = "outcomes come back";
  const auto result = rc::detail::checkTestable(
      [] {
        std::vector<Outcome> sent;
        for (int n = *rc::gen::inRange(1, 5); n > 0; --n) sent.push_back(outcome());
        // At most eight notes an event: drop explanations beyond.
        std::erase_if(sent, [](const Outcome& o) { return !child::check(o).has_value(); });
        RC_PRE(!sent.empty());
        const Bytes message = packed(sent);
        const auto said = child::decode_from_child(message);
        RC_ASSERT(said.has_value());
        const auto& got = std::get<child::Outcomes>(*said);
        RC_ASSERT(got.no == 7U);
        RC_ASSERT(got.last);
        RC_ASSERT(got.outcomes.size() == sent.size());
        RC_ASSERT(packed(got.outcomes) == message);
        for (std::size_t i = 0; i < sent.size(); ++i) {
          const Outcome& a = sent[i];
          const Outcome& b = got.outcomes[i];
          RC_ASSERT(a.item == b.item);
          RC_ASSERT(a.ruling == b.ruling);
          RC_ASSERT(a.verdict == b.verdict);
          RC_ASSERT(a.notes == b.notes);
          RC_ASSERT(a.state.size() == b.state.size());
          for (std::size_t k = 0; k < a.state.size(); ++k) {
            RC_ASSERT(a.state[k].key == b.state[k].key);
            RC_ASSERT(a.state[k].value == b.state[k].value);
            RC_ASSERT(a.state[k].person == b.state[k].person);
          }
          RC_ASSERT(child::cost_of(a) == child::cost_of(b));
        }
      },
      metadata);
  rc::detail::printResultMessage(result, std::cerr);
  std::cerr << '\n';
  CHECK(result.template is<rc::detail::SuccessResult>());
}

TEST_CASE("child messages: a call comes back with its payloads at multiples of 16") {
  const Bytes payload = to_bytes("a payload of some bytes");
  const Bytes message = child::encode(sample_call(payload));
  const auto said = child::decode_from_hub(message);
  REQUIRE(said.has_value());
  const auto& call = std::get<child::CallIn>(*said);
  CHECK(call.no == 9);
  CHECK(call.now == TimeMs(1'000));
  REQUIRE(call.events.size() == 3);
  for (std::uint32_t n = 0; n < 3; ++n) {
    const child::EventIn& e = call.events[n];
    CHECK(e.item == n);
    CHECK(e.judged == (n == 1));
    CHECK(e.event.type == "nl.placements.risk.closed.v1");
    CHECK(e.event.subject == "r-1");
    CHECK(e.event.revision == 3);
    CHECK(e.event.hop == 2);
    CHECK(e.sender == "school-a");
    CHECK(e.person == "pseudonym-1");
    CHECK(as_text(e.key) == "k");
    CHECK(e.due == TimeMs(n));
    CHECK(to_bytes(e.event.payload) == payload);
    CHECK((e.event.payload.data() - message.data()) % 16 == 0);
  }
  CHECK(call.events[2].kind == EventKind::timer);
  only_whole(message, child::decode_from_hub);
}

TEST_CASE("child messages: everything else comes back too, and only whole") {
  child::Begin begin;
  begin.plugin = "rule";
  begin.version = "1.2.3";
  begin.abi_minor = 9;
  begin.object = "/some/where.so";
  begin.sha256[3] = 7;
  begin.config = "{}";
  begin.schemas = {to_bytes("one"), to_bytes("two")};
  begin.emits = {"a.b.c.v1"};
  begin.judge = true;
  begin.memory_mib = 64;
  const Bytes first = child::encode(begin);
  const auto said = child::decode_from_hub(first);
  REQUIRE(said.has_value());
  const auto& got = std::get<child::Begin>(*said);
  CHECK(got.plugin == "rule");
  CHECK(got.sha256 == begin.sha256);
  CHECK(got.schemas == begin.schemas);
  CHECK(got.emits == begin.emits);
  CHECK(got.judge);
  CHECK_FALSE(got.log_denied);
  CHECK(got.memory_mib == 64);
  only_whole(first, child::decode_from_hub);
  only_whole(child::encode(child::Show{1, TimeMs(2), "list", "{}", "school-a"}), child::decode_from_hub);

  only_whole(child::encode(child::Ready{}), child::decode_from_child);
  only_whole(child::encode(child::Failed{"why"}), child::decode_from_child);
  only_whole(child::encode(child::CallDone{3, "why"}), child::decode_from_child);
  only_whole(child::encode(child::Ask{4, true, as_bytes("k")}), child::decode_from_child);
  only_whole(child::encode(child::Shown{5, true, "{}"}), child::decode_from_child);
  only_whole(child::encode(child::LogLine{"hello"}), child::decode_from_child);
  const auto word = child::encode(child::LastWord::read_clock);
  only_whole(Bytes(word.begin(), word.end()), child::decode_from_child);
  Outcome some;
  some.ruling = Ruling::hold;
  some.verdict = {"a", "b", "c"};
  some.state = {{to_bytes("k"), to_bytes("v"), "pseudonym"}};
  only_whole(packed({some, some}), child::decode_from_child);
}

TEST_CASE("child messages: an answer of state is cut into pages") {
  StateAnswer answer{"p", 5, {}};
  const Bytes value(limits::plugin_value_bytes, 1);
  for (int n = 0; n < 40; ++n) answer.rows.emplace_back(to_bytes("key-" + std::to_string(n)), value);
  std::size_t at = 0;
  std::size_t rows = 0;
  std::size_t pages = 0;
  bool last = false;
  while (!last) {
    const Bytes page = child::encode_page(answer, at);
    CHECK(page.size() <= limits::plugin_state_page_bytes + limits::plugin_value_bytes + 1'024);
    const auto said = child::decode_from_hub(page);
    REQUIRE(said.has_value());
    const auto& part = std::get<child::StatePage>(*said);
    CHECK(part.request == 5);
    rows += part.rows.size();
    last = part.last;
    ++pages;
    if (pages == 1) only_whole(Bytes(page.begin(), page.begin() + 200), [](ByteView) { return std::optional<int>(); });
  }
  CHECK(rows == 40);
  CHECK(pages == 3);
  std::size_t none = 0;
  const auto empty = child::decode_from_hub(child::encode_page({"p", 6, {}}, none));
  REQUIRE(empty.has_value());
  CHECK(std::get<child::StatePage>(*empty).last);
}

TEST_CASE("child messages: what the host would not let through is refused by the hub") {
  Outcome o;
  CHECK(refused(o) == Errc::ok);
  const Note explained{"", "omdat", "because"};
  const Note reason{"code", "nee", "no"};

  o.notes.assign(limits::plugin_notes, explained);
  CHECK(refused(o) == Errc::ok);
  o.ruling = Ruling::hold;
  o.verdict = reason;
  CHECK(refused(o) == Errc::limit_reached);  // the verdict is a note, too

  o = {};
  o.notes = {{"", std::string(limits::plugin_note_bytes + 1, 'x'), "x"}};
  CHECK(refused(o) == Errc::limit_reached);
  o.notes = {{"", "\xff", "x"}};
  CHECK(refused(o) == Errc::frame_malformed);

  o = {};
  o.emits.assign(limits::plugin_emits, {"a.b.c.v1", {}});
  CHECK(refused(o) == Errc::ok);
  o.emits.push_back({"a.b.c.v1", {}});
  CHECK(refused(o) == Errc::limit_reached);
  o.emits = {{"a.b.c.v1", Bytes(limits::payload_bytes + 1)}};
  CHECK(refused(o) == Errc::limit_reached);

  o = {};
  o.state = {{Bytes(limits::plugin_key_bytes), Bytes(limits::plugin_value_bytes), ""}};
  CHECK(refused(o) == Errc::ok);
  o.state = {{Bytes(limits::plugin_key_bytes + 1), std::nullopt, ""}};
  CHECK(refused(o) == Errc::limit_reached);
  o.state = {{Bytes(), std::nullopt, ""}};
  CHECK(refused(o) == Errc::limit_reached);
  o.state = {{Bytes(1), Bytes(limits::plugin_value_bytes + 1), ""}};
  CHECK(refused(o) == Errc::limit_reached);
  o.state = {{Bytes(1), std::nullopt, "not a pseudonym"}};
  CHECK(refused(o) == Errc::frame_malformed);
  o.state.assign(16, {Bytes(1), Bytes(limits::plugin_value_bytes), ""});
  CHECK(refused(o) == Errc::limit_reached);  // 1 MiB and what each counts besides
  CHECK(16 * (limits::plugin_value_bytes + limits::plugin_effect_cost) > limits::plugin_effect_bytes);

  o = {};
  o.timers.assign(limits::plugin_timers + 1, {Bytes(1), TimeMs(1), ""});
  CHECK(refused(o) == Errc::limit_reached);
  o.timers = {{Bytes(1), TimeMs(0), ""}};
  CHECK(refused(o) == Errc::frame_malformed);

  o = {};
  o.held.assign(limits::plugin_held_words + 1, {EventId{}, true, {}});
  CHECK(refused(o) == Errc::limit_reached);
  o.held = {{EventId{}, false, {"No Code", "a", "b"}}};
  CHECK(refused(o) == Errc::frame_malformed);
  o.held = {{EventId{}, false, {std::string(limits::plugin_code_bytes + 1, 'a'), "a", "b"}}};
  CHECK(refused(o) == Errc::frame_malformed);

  o = {};
  o.ruling = Ruling::reject;
  o.verdict = reason;
  CHECK(refused(o) == Errc::ok);
  o.state = {{Bytes(1), std::nullopt, ""}};
  CHECK(refused(o) == Errc::frame_malformed);  // a rejected event has no effects
}

TEST_CASE("child messages: texts for the log and views have their limits") {
  CHECK_FALSE(child::decode_from_child(child::encode(child::LogLine{"\xff"})).has_value());
  CHECK(child::decode_from_child(child::encode(child::LogLine{std::string(5'000, 'x')})).has_value());  // cut
  const std::string large(limits::plugin_view_bytes + 1, 'x');
  CHECK_FALSE(child::decode_from_child(child::encode(child::Shown{1, true, large})).has_value());
  const Bytes key(limits::plugin_key_bytes + 1);
  CHECK_FALSE(child::decode_from_child(child::encode(child::Ask{1, false, key})).has_value());
  CHECK_FALSE(child::decode_from_child(child::encode(child::Ask{1, false, {}})).has_value());
  CHECK(child::decode_from_child(child::encode(child::Ask{1, true, {}})).has_value());
}

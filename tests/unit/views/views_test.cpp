#include "hub/views/views.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "tests/catch.hpp"
#include "tests/unit/views/region.hpp"

using namespace iro;
using namespace iro::views;
using namespace iro::views::test;
namespace json = boost::json;

namespace {

constexpr MemberNo op{0}, school_a{1}, school_b{2}, hospital_a{3}, bureau{5}, gone{6};
const std::string opened = "nl.placements.vacancy.opened.v1";
const std::string withdrawn = "nl.placements.vacancy.withdrawn.v1";
const std::string confirmed = "nl.placements.placement.confirmed.v1";

void index_all(Views& views) {
  for (;;) {
    const auto more = views.index_some(100);
    REQUIRE(more);
    if (!*more) return;
  }
}

std::string_view text(const json::value& v) { return v.as_string(); }

json::object ask(Views& views, std::string_view view, const std::string& args, MemberNo who) {
  const auto pages = views.run(view, args, who);
  if (!pages) FAIL(view << " " << args << ": " << pages.error().text());
  REQUIRE(pages->size() == 1);
  return json::parse(pages->front()).as_object();
}

Errc refusal(Views& views, std::string_view view, const std::string& args, MemberNo who) {
  const auto pages = views.run(view, args, who);
  REQUIRE_FALSE(pages);
  return pages.error().code;
}

struct Shown {
  std::string id;
  std::string seen;
  bool operator==(const Shown&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Shown& s) { return out << s.id << " " << s.seen; }

/// All answers to a question, following `next` to the end.
std::vector<Shown> ask_all(Views& views, json::object args, MemberNo who) {
  std::vector<Shown> out;
  for (int answers = 0; answers < 100'000; ++answers) {
    const auto pages = views.run("events", json::serialize(args), who);
    if (!pages) FAIL(json::serialize(args) << ": " << pages.error().text());
    json::object page;
    for (const std::string& p : *pages) {
      page = json::parse(p).as_object();
      for (const auto& row : page["events"].as_array()) {
        out.push_back({std::string(text(row.at("event").at("id"))), std::string(text(row.at("seen")))});
      }
    }
    if (!page.contains("next")) return out;
    args["from"] = page["next"];
  }
  FAIL("an answer without an end");
  return out;
}

struct Question {
  json::object args;
  std::function<bool(const Written&)> wants;
};

/// A question by chance, and the same in plain C++.
Question random_question(Region& region) {
  Question q{{}, [](const Written&) { return true; }};
  const auto also = [&](auto more) {
    q.wants = [before = q.wants, more](const Written& w) { return before(w) && more(w); };
  };
  if (region.random(3) == 0) {
    const std::uint64_t kind = region.random(3);
    q.args["type"] = kind == 0 ? opened : kind == 1 ? "vacancy." : "placement.confirmed";
    also([kind](const Written& w) {
      return kind == 0 ? w.type == opened : kind == 1 ? w.type == opened || w.type == withdrawn : w.type == confirmed;
    });
  }
  if (region.random(3) == 0) {
    const std::string subject = "thing-" + std::to_string(region.random(22));
    q.args["subject"] = subject;
    also([subject](const Written& w) { return w.subject == subject; });
  }
  if (region.random(4) == 0) {
    EventId id;
    id.b.fill(static_cast<std::uint8_t>(1 + region.random(10)));
    q.args["correlation"] = to_string(id);
    also([id](const Written& w) { return w.correlation == id; });
  }
  const auto any_time = [&] { return region.written()[region.random(region.written().size())].recorded; };
  if (region.random(3) == 0) {
    const TimeMs since = any_time();
    q.args["since"] = format_time(since);
    also([since](const Written& w) { return w.recorded >= since; });
  }
  if (region.random(3) == 0) {
    const TimeMs until = any_time();
    q.args["until"] = format_time(until);
    also([until](const Written& w) { return w.recorded < until; });
  }
  q.args["limit"] = 1 + region.random(60);
  return q;
}

std::vector<Shown> oracle(const Region& region, const Question& question, MemberNo who, bool newest) {
  std::vector<Shown> out;
  for (const Written& w : region.written()) {
    const std::string seen = seen_by(region, w, who);
    if (!seen.empty() && question.wants(w)) out.push_back({to_string(w.id), seen});
  }
  if (newest) std::ranges::reverse(out);
  return out;
}

void check_questions(Views& views, Region& region, int questions) {
  for (int i = 0; i < questions; ++i) {
    Question q = random_question(region);
    const MemberNo who(static_cast<std::uint32_t>(region.random(6)));
    const bool newest = region.random(2) == 0;
    q.args["order"] = newest ? "newest" : "oldest";
    INFO("member " << who.value() << " asks " << json::serialize(q.args));
    REQUIRE(ask_all(views, q.args, who) == oracle(region, q, who, newest));
  }
}

}  // namespace

TEST_CASE("views: what a member is shown is what the plain list of all events says, before, while and after indexing") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed " << seed);
  TempFolder folder;
  Region region(seed);
  region.fill(60, 12);
  Views views = region.views(*region.index(folder / "index.db"));
  check_questions(views, region, 30);
  REQUIRE(views.index_some(150));
  check_questions(views, region, 30);
  index_all(views);
  check_questions(views, region, 30);
  region.fill(20, 12, &views);  // and some more, that come while it runs
  check_questions(views, region, 30);
  for (int i = 0; i < 5; ++i) region.grant(MemberNo(1 + static_cast<std::uint32_t>(region.random(5))), opened, static_cast<admission::Receive>(region.random(4)));
  region.fill(1, 3, &views);
  check_questions(views, region, 30);
}

TEST_CASE("views: an index that was deleted comes back, and gives the same answers") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed " << seed);
  TempFolder folder;
  Region region(seed);
  region.fill(50, 12);
  const auto answers = [&](Views& views) {
    std::vector<Shown> out;
    for (std::uint32_t who = 0; who < 6; ++who) {
      for (const char* subject : {"thing-1", "thing-7", "thing-13"}) {
        for (const Shown& s : ask_all(views, {{"subject", subject}}, MemberNo(who))) out.push_back(s);
      }
    }
    return out;
  };
  std::vector<Shown> first;
  {
    Views views = region.views(*region.index(folder / "index.db"));
    index_all(views);
    first = answers(views);
  }
  REQUIRE(IndexFile::remove(folder / "index.db"));
  Views views = region.views(*region.index(folder / "index.db"));
  CHECK(views.index_lag() == region.written().size());
  index_all(views);
  CHECK(views.index_lag() == 0);
  CHECK(answers(views) == first);
  Views without = region.views(std::nullopt);
  CHECK(answers(without) == first);
}

TEST_CASE("views: a search over more than one window finds everything in both orders") {
  TempFolder folder;
  Region region(11);
  region.fill_with_copies(500, 20);
  Views views = region.views(*region.index(folder / "index.db", 3'000));
  REQUIRE(views.index_some(5'000));
  const Question everything{{}, [](const Written&) { return true; }};
  for (const bool newest : {true, false}) {
    const json::object args{{"limit", 1'000}, {"order", newest ? "newest" : "oldest"}};
    CHECK(ask_all(views, args, school_b) == oracle(region, everything, school_b, newest));
  }
}

TEST_CASE("views: a search that gets long stops, and goes on where it stopped") {
  TempFolder folder;
  Region region(12);
  region.fill(200, 3);
  ViewLimits limits;
  limits.search_bytes = 3'000;
  limits.page_bytes = 2'000;
  Views views = region.views(*region.index(folder / "index.db"), limits);
  index_all(views);
  check_questions(views, region, 20);
}

TEST_CASE("views: a page is never larger than its limit, and rows are whole") {
  Region region(13);
  region.fill(60, 20);
  ViewLimits limits;
  limits.page_bytes = 4'000;
  Views views = region.views(std::nullopt, limits);
  const auto pages = views.run("events", R"({"limit":300,"data":true})", op);
  REQUIRE(pages);
  CHECK(pages->size() > 10);
  std::size_t rows = 0;
  for (const std::string& page : *pages) {
    CHECK(page.size() <= limits.page_bytes);
    rows += json::parse(page).as_object()["events"].as_array().size();
  }
  CHECK(rows == 300);
}

TEST_CASE("views: `event` shows the reader's share of the payload and no more") {
  Region region(14);
  Region::Wish wish;
  wish.type = confirmed;
  wish.sender = bureau;
  wish.full = {school_a};
  wish.masked = {school_b};
  const Written w = region.add(wish);
  region.commit();
  for (const MemberNo m : {school_a, school_b}) region.grant(m, confirmed, admission::Receive::none);
  Views views = region.views(std::nullopt);
  const std::string args = R"({"id":")" + to_string(w.id) + "\"}";

  const json::object full = ask(views, "event", args, school_a);
  CHECK(full.at("seen") == "full");
  CHECK(full.at("event").at("data").at("student") == "pseudo-1234");
  CHECK(full.at("routing") == json::value{{"class", "parties"}, {"sender", "bureau"}});

  const json::object masked = ask(views, "event", args, school_b);
  CHECK(masked.at("seen") == "masked");
  CHECK(masked.at("event").at("masked") == true);
  CHECK_FALSE(masked.at("event").at("data").as_object().contains("student"));
  CHECK(json::serialize(masked).find("pseudo-1234") == std::string::npos);

  CHECK(refusal(views, "event", args, hospital_a) == Errc::not_found);
  CHECK(refusal(views, "event", args, gone) == Errc::missing_grant);
}

TEST_CASE("views: the operator sees where an event went, and nothing of what is in it") {
  Region region(15);
  Region::Wish wish;
  wish.type = confirmed;
  wish.sender = bureau;
  wish.full = {school_a, MemberNo(3), MemberNo(4)};
  wish.masked = {school_b};
  const Written w = region.add(wish);
  region.commit();
  Views views = region.views(std::nullopt);
  const json::object shown = ask(views, "event", R"({"id":")" + to_string(w.id) + "\"}", op);
  CHECK(shown.at("seen") == "routing");
  CHECK(shown.at("withheld") == "not_yours");
  CHECK_FALSE(shown.at("event").as_object().contains("data"));
  const json::object routing = shown.at("routing").as_object();
  CHECK(routing.at("sender") == "bureau");
  CHECK(routing.at("entitled") == json::value{{"full", 3}, {"masked", 1}});
  CHECK(routing.at("reasons").as_array().size() == w.named.size());
  CHECK(routing.at("reasons").at(0).at("rule") == "party");
  const auto listed = views.run("events", R"({"data":true})", op);
  REQUIRE(listed);
  CHECK(listed->front().find("pseudo-1234") == std::string::npos);
}

TEST_CASE("views: a sender sees its event whole, how many were entitled, and by name only whom it named") {
  Region region(16);
  Region::Wish wish;
  wish.type = confirmed;
  wish.sender = bureau;
  wish.full = {school_a, MemberNo(3), MemberNo(4)};
  wish.masked = {school_b};
  const Written w = region.add(wish);
  region.commit();
  region.grant(bureau, confirmed, admission::Receive::denied);
  Views views = region.views(std::nullopt);
  const json::object shown = ask(views, "event", R"({"id":")" + to_string(w.id) + "\"}", bureau);
  CHECK(shown.at("seen") == "sent");
  CHECK(shown.at("event").at("data") == json::parse(w.json));
  CHECK(shown.at("routing").at("entitled") == json::value{{"full", 3}, {"masked", 1}});
  CHECK(shown.at("routing").at("named").as_array().size() == w.named.size());
  const std::string whole = json::serialize(shown.at("routing"));
  CHECK(whole.find("school-b") == std::string::npos);
  CHECK(whole.find("reasons") == std::string::npos);
}

TEST_CASE("views: an event reads like the CloudEvent that a delivery would be") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed " << seed);
  Region region(seed);
  for (int i = 0; i < 30; ++i) {
    Region::Wish wish;
    wish.sender = school_b;
    wish.full = {school_a};
    region.add(wish);
  }
  region.commit();
  Views views = region.views(std::nullopt);
  for (const Written& w : region.written()) {
    const json::object row = ask(views, "event", R"({"id":")" + to_string(w.id) + "\"}", school_b);
    schema::Event event;
    event.id = w.id;
    event.type = w.type;
    event.source = "urn:nld:oin:2:systeem:test";
    event.subject = w.subject;
    event.time = w.recorded.plus(-5);
    event.recordedtime = w.recorded;
    event.correlationid = w.correlation;
    event.payload = *region.registry().from_json(*region.registry().find(w.type), w.json);
    CHECK(json::serialize(row.at("event")) == *region.registry().event_to_json(view_of(event)));
  }
}

TEST_CASE("views: what is gone on purpose is said to be gone, with the reason") {
  Region region(17);
  Region::Wish wish;
  wish.sender = school_a;
  wish.type = confirmed;
  const Written erased = region.add(wish);
  wish.type = opened;
  wish.expiry_month = 24'000;
  const Written expired = region.add(wish);
  region.commit();
  const auto withheld_of = [&](Views& views, const Written& w) {
    const json::object shown = ask(views, "event", R"({"id":")" + to_string(w.id) + "\"}", school_a);
    CHECK(shown.at("event").as_object().contains("data") != shown.contains("withheld"));
    return shown.contains("withheld") ? std::string(text(shown.at("withheld"))) : std::string();
  };
  {
    Views before = region.views(std::nullopt);
    CHECK(withheld_of(before, erased).empty());
    CHECK(withheld_of(before, expired).empty());
  }
  REQUIRE(region.keys().destroy(erased.person_key, "asked", TimeMs(1)));
  region.forget_bodies(24'000);
  Views views = region.views(std::nullopt);
  CHECK(withheld_of(views, erased) == "erased");
  CHECK(withheld_of(views, expired) == "expired");
  ViewLimits narrow;
  narrow.row_bytes = 4;
  Region other(18);
  wish.expiry_month = log::kept_for_ever;
  const Written large = other.add(wish);
  other.commit();
  Views cramped = other.views(std::nullopt, narrow);
  CHECK(withheld_of(cramped, large) == "oversize");
}

TEST_CASE("views: nobody can hide an event behind a copy of its id") {
  TempFolder folder;
  Region region(19);
  Region::Wish wish;
  wish.type = confirmed;
  wish.sender = bureau;
  wish.full = {school_a};
  wish.masked = std::vector<MemberNo>{};
  const Written real = region.add(wish);
  region.commit();
  wish.id = real.id;
  wish.sender = hospital_a;
  wish.full = std::vector<MemberNo>{};
  region.add(wish);
  region.commit();
  region.grant(school_a, confirmed, admission::Receive::none);
  Views views = region.views(*region.index(folder / "index.db"));
  index_all(views);
  CHECK(views.position_after(real.id, school_a).value() == real.seq.next());
  CHECK(views.position_after(real.id, hospital_a).value() == real.seq.plus(2));
  CHECK(views.position_after(real.id, school_b).error().code == Errc::not_found);
}

TEST_CASE("views: a time leads to the first position recorded at or after it") {
  Region region(20);
  region.fill(30, 5);
  Views views = region.views(std::nullopt);
  for (const Written& w : region.written()) {
    const auto first = std::ranges::find_if(region.written(), [&](const Written& o) { return o.recorded >= w.recorded; });
    CHECK(views.position_at(w.recorded).value() == first->seq);
    CHECK(views.position_at(w.recorded.plus(1)).value() > w.seq);
  }
  CHECK(views.position_at(TimeMs(0)).value() == Seq(1));
  CHECK(views.position_at(TimeMs(9'999'999'999'999)).value() == region.next_seq());
}

TEST_CASE("views: while the index is made anew, what it cannot say yet is never called unknown") {
  TempFolder folder;
  Region region(21);
  Region::Wish wish;
  wish.sender = school_a;
  for (int i = 0; i < 300; ++i) {
    wish.subject = i < 100 ? "early" : i < 200 ? "middle" : "late";
    region.add(wish);
    region.commit();
  }
  ViewLimits limits;
  limits.scanned_positions = 50;
  Views views = region.views(*region.index(folder / "index.db"), limits);
  REQUIRE(*views.index_some(126));
  const auto id = [&](std::size_t i) { return region.written()[i].id; };

  CHECK(views.position_after(id(10), school_a));   // indexed
  CHECK(views.position_after(id(280), school_a));  // in the tail that is searched
  const auto between = views.position_after(id(170), school_a);
  REQUIRE_FALSE(between);
  CHECK(between.error().code == Errc::index_rebuilding);
  CHECK(between.error().message == "42 %");
  CHECK(views.position_after(EventId{{1}}, school_a).error().code == Errc::index_rebuilding);

  const auto rows = [&](const json::object& answer) { return answer.at("events").as_array().size(); };
  const json::object late = ask(views, "events", R"({"subject":"late","limit":30})", school_a);
  CHECK(rows(late) == 30);
  const json::object more = ask(views, "events", R"({"subject":"late"})", school_a);
  CHECK(rows(more) == 50);
  CHECK(more.contains("next"));
  CHECK(refusal(views, "events", R"({"subject":"early"})", school_a) == Errc::index_rebuilding);
  const json::object early = ask(views, "events", R"({"subject":"early","order":"oldest","limit":60})", school_a);
  CHECK(rows(early) == 60);
  CHECK(ask_all(views, {}, school_a).size() == 300);  // no key: the index is not needed

  index_all(views);
  CHECK(views.position_after(id(170), school_a));
  CHECK(views.position_after(EventId{{1}}, school_a).error().code == Errc::not_found);
  CHECK(rows(ask(views, "events", R"({"subject":"early"})", school_a)) == 100);
}

TEST_CASE("views: an index that turns out to be damaged is begun anew, and nothing is called unknown meanwhile") {
  TempFolder folder;
  Region region(22);
  Region::Wish wish;
  wish.sender = school_a;
  for (int i = 0; i < 200; ++i) {
    region.add(wish);
    region.commit();
  }
  {
    auto index = region.index(folder / "index.db", 100);
    Views views = region.views(std::move(*index));
    index_all(views);
  }
  auto index = region.index(folder / "index.db", 100);
  REQUIRE(index->stored_through() == Seq(100));
  // The pages of blocks are not read by open(): damage all behind the first few.
  const auto size = std::filesystem::file_size(folder / "index.db");
  std::filesystem::resize_file(folder / "index.db", 4 * limits::page_bytes);
  std::filesystem::resize_file(folder / "index.db", size);
  Views views = region.views(std::move(*index));
  index_all(views);
  CHECK(views.position_after(region.written()[3].id, school_a).error().code == Errc::index_rebuilding);
  index_all(views);
  CHECK(views.position_after(region.written()[3].id, school_a).value() == Seq(5));
}

TEST_CASE("views: `next` is good for the member that got it only") {
  Region region(23);
  region.fill(30, 5);
  Views views = region.views(std::nullopt);
  const json::object first = ask(views, "events", R"({"limit":3})", op);
  const std::string from = R"({"from":")" + std::string(text(first.at("next"))) + "\"}";
  CHECK(views.run("events", from, op));
  CHECK(refusal(views, "events", from, school_a) == Errc::token_invalid);
  CHECK(refusal(views, "events", R"({"from":"00000000000000000000000000000000"})", op) == Errc::token_invalid);
}

TEST_CASE("views: what is asked wrongly is refused by name") {
  Region region(24);
  region.fill(2, 2);
  Views views = region.views(std::nullopt);
  for (const char* args : {"[]", "{", R"({"limit":0})", R"({"limit":1001})", R"({"limit":"9"})", R"({"order":"best"})",
                           R"({"since":"yesterday"})", R"({"until":1})", R"({"correlation":"x"})", R"({"data":1})",
                           R"({"from":"12"})", R"({"type":""})", R"({"subject":7})", R"({"sender":"school-a"})"}) {
    INFO(args);
    CHECK(refusal(views, "events", args, school_a) == Errc::arguments_invalid);
  }
  CHECK(refusal(views, "event", "{}", school_a) == Errc::arguments_invalid);
  CHECK(refusal(views, "event", R"({"id":"x"})", school_a) == Errc::arguments_invalid);
  CHECK(refusal(views, "events", R"({"type":"vacancy.exploded"})", school_a) == Errc::unknown_type);
  CHECK(refusal(views, "nothing", "{}", school_a) == Errc::view_unknown);
  CHECK(refusal(views, "events", "{}", MemberNo(99)) == Errc::missing_grant);
  CHECK(ask(views, "events", R"({"type":"demand.registered"})", op).at("events").as_array().empty());
  CHECK(views::views().size() == 2);
}

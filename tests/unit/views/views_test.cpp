#include "hub/views/views.hpp"

#include <algorithm>
#include <fstream>

#include "tests/unit/views/asking.hpp"

using namespace iro;
using namespace iro::views;
using namespace iro::views::test;

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
    before.retained(24'000);  // said before the bodies are out of the log and out of this memory
    CHECK(withheld_of(before, expired) == "expired");
    CHECK(withheld_of(before, erased).empty());
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
    const auto first =
        std::ranges::find_if(region.written(), [&](const Written& o) { return o.recorded >= w.recorded; });
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
  region.fill_with_copies(100, 40);
  {
    Views views = region.views(*region.index(folder / "index.db", 3'000));
    index_all(views);
  }
  auto index = region.index(folder / "index.db", 3'000);
  REQUIRE(index->stored_through() == Seq(3'000));
  // open() does not read the blocks, which begin behind the four pages of roots; only the last ones may be in its
  // cache.
  const auto size = static_cast<std::streamoff>(std::filesystem::file_size(folder / "index.db"));
  const std::streamoff from = 4 * static_cast<std::streamoff>(limits::page_bytes);
  const std::streamoff to = size - 2 * static_cast<std::streamoff>(limits::page_bytes);
  REQUIRE(from < to);
  std::fstream file(folder / "index.db", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(from);
  file << std::string(static_cast<std::size_t>(to - from), 'x');
  file.close();
  ViewLimits limits;
  limits.scanned_positions = 100;
  Views views = region.views(std::move(*index), limits);
  index_all(views);
  const EventId early = region.written()[3].id;
  CHECK(views.position_after(early, op).error().code == Errc::index_rebuilding);
  CHECK(views.position_after(early, op).error().message == "0 %");
  index_all(views);
  CHECK(views.position_after(early, op).value() == Seq(5));
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
  for (const char* args : {"{}", R"({"ref":"x"})", R"({"ref":"00","types":[]})",
                           R"({"ref":"00000000000000000000000000000000","types":[1]})"}) {
    INFO(args);
    CHECK(refusal(views, "quarantine", args, op) == Errc::arguments_invalid);
  }
  const char* nowhere = R"({"ref":"00000000000000000000000000000000","types":[]})";
  CHECK(refusal(views, "quarantine", nowhere, op) == Errc::token_invalid);
  CHECK(refusal(views, "quarantine", nowhere, school_a) == Errc::missing_grant);
  CHECK(views::views().size() == 6);
}

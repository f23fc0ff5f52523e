#include "hub/views/search.hpp"

#include <algorithm>

#include "tests/unit/views/asking.hpp"

using namespace iro;
using namespace iro::views;
using namespace iro::views::test;

namespace {

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
  for (int i = 0; i < 5; ++i)
    region.grant(MemberNo(1 + static_cast<std::uint32_t>(region.random(5))), opened,
                 static_cast<admission::Receive>(region.random(4)));
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

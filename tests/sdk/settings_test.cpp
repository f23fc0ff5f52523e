#include <iro/settings.hpp>

#include "tests/catch.hpp"

namespace {
struct Config {
  std::uint16_t weeks = 0;
  double share = 0;
  bool strict = false;
  std::string word;
  std::vector<std::string> names;
  std::vector<std::int64_t> numbers;
  void settings(auto& is) {
    is("weeks", weeks);
    is("share", share);
    is("strict", strict);
    is("word", word);
    is("names", names);
    is("numbers", numbers);
  }
};
struct One {
  std::uint16_t weeks = 0;
  void settings(auto& is) { is("weeks", weeks); }
};
}  // namespace

TEST_CASE("settings: every kind of setting arrives") {
  const auto c = iro::read_settings<Config>(
      R"( {"weeks": 6, "share":-2.5e-1,"strict":true, "word":"a\"\\\/\n\u00e9\ud83d\ude00é", "names":["x","y"], "numbers":[ ] } )");
  CHECK(c.weeks == 6);
  CHECK(c.share == -0.25);
  CHECK(c.strict);
  CHECK(c.word == "a\"\\/\n\xC3\xA9\xF0\x9F\x98\x80\xC3\xA9");
  CHECK(c.names == std::vector<std::string>{"x", "y"});
  CHECK(c.numbers.empty());
}

TEST_CASE("settings: a difference between plugin.toml and the source is told") {
  CHECK_THROWS_WITH(iro::read_settings<One>("{}"), "config: the source reads 'weeks', plugin.toml does not declare it");
  CHECK_THROWS_WITH(iro::read_settings<One>(R"({"weeks":1,"more":2})"),
                    "config: plugin.toml declares 'more', the source does not read it");
  const auto* wrong = "config: 'weeks' is a whole number that fits its type in the source";
  CHECK_THROWS_WITH(iro::read_settings<One>(R"({"weeks":"six"})"), wrong);
  CHECK_THROWS_WITH(iro::read_settings<One>(R"({"weeks":70000})"), wrong);
  CHECK_THROWS_WITH(iro::read_settings<One>(R"({"weeks":-1})"), wrong);
  CHECK_THROWS_WITH(iro::read_settings<One>(R"({"weeks":1.5})"), wrong);
  CHECK_THROWS_WITH(iro::read_settings<One>(R"({"weeks":null})"), wrong);
}

TEST_CASE("settings: what is no JSON object is refused") {
  for (const char* text : {"", "{", "[]", "{}x", R"({"a":1)", R"({"a" 1})", R"({"a":1,})", R"({"a":1,"a":2})",
                           R"({"a":[1})", R"({"a":{}})", R"({"a":[[1]]})", R"({"a":"\x"})", R"({"a":"\ud800"})",
                           R"({"a":"\udc00"})", R"({"a":"\u12"})", R"({"a":"b)", R"({a:1})", R"({"a":})"}) {
    INFO(text);
    CHECK_THROWS_AS(iro::json::parse(text), iro::Failed);
  }
}

TEST_CASE("settings: a text is written as JSON so that it reads back") {
  const std::string text = "a\"b\\c\n\x01 é";
  CHECK(iro::json::parse("{\"t\":" + iro::json::quoted(text) + "}").at("t").text == text);
}

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <iro/archive.hpp>
#include <iro/call.hpp>
#include <random>

#include "tests/catch.hpp"

namespace {
using iro::archive::decode;
using iro::archive::encode;
using namespace std::string_literals;

enum class Colour : std::uint8_t { red, green, blue };

struct Inner {
  std::string text;
  std::optional<std::chrono::sys_days> day;
  void fields(auto& f) { f(text, day); }
  auto operator<=>(const Inner&) const = default;
};
struct First {
  std::int64_t a = 0;
  void fields(auto& f) { f(a); }
};
struct Second {
  static constexpr unsigned version = 2;
  std::int64_t a = 0;
  std::string b = "not known then";
  void fields(auto& f) {
    f(a);
    f.since(2, b);
  }
};
struct Everything {
  bool yes = false;
  std::int8_t small = 0;
  std::int64_t wide = 0;
  std::uint64_t huge = 0;
  Colour colour = Colour::red;
  std::string text;
  iro::Time time{};
  std::chrono::minutes minutes{};
  iro::Id id{};
  std::vector<Inner> list;
  std::map<std::string, std::set<std::uint16_t>> map;
  std::pair<std::array<std::int32_t, 2>, std::tuple<bool, std::string>> both;
  void fields(auto& f) { f(yes, small, wide, huge, colour, text, time, minutes, id, list, map, both); }
  bool operator==(const Everything&) const = default;
};

Everything random_value(std::mt19937_64& random) {
  const auto number = [&](std::uint64_t below) { return random() % below; };
  const auto text = [&] {
    std::string out(number(12), '\0');
    for (char& c : out) c = static_cast<char>(number(256));
    return out;
  };
  Everything out;
  out.yes = number(2) == 1;
  out.small = static_cast<std::int8_t>(random());
  out.wide = static_cast<std::int64_t>(random()) >> number(64);
  out.huge = random() >> number(64);
  out.colour = static_cast<Colour>(number(3));
  out.text = text();
  out.time = iro::time_of(static_cast<std::int64_t>(random()) >> 1);
  out.minutes = std::chrono::minutes(number(1000));
  for (auto& byte : out.id.b) byte = static_cast<std::uint8_t>(random());
  for (std::uint64_t n = number(4); n > 0; --n) {
    out.list.push_back(
        {text(), n % 2 == 0 ? std::nullopt : std::optional(std::chrono::sys_days(std::chrono::days(n)))});
  }
  for (std::uint64_t n = number(4); n > 0; --n) out.map[text()].insert(static_cast<std::uint16_t>(random()));
  out.both = {{1, -2}, {true, text()}};
  return out;
}

std::uint64_t seed() {
  const char* given = std::getenv("IRO_SEED");
  std::uint64_t out = std::random_device{}();
  if (given != nullptr) std::from_chars(given, given + std::strlen(given), out);
  return out;
}

}  // namespace

TEST_CASE("archive: the bytes of a value are permanent") {
  CHECK(encode(std::uint16_t{300}) == "\x01\xAC\x02"s);
  CHECK(encode(std::int64_t{-1}) == "\x01\x01"s);
  CHECK(encode("hi"s) == "\x01\x02hi"s);
  CHECK(encode(true) == "\x01\x01"s);
  CHECK(encode(Colour::blue) == "\x01\x02"s);
  CHECK(encode(std::optional<bool>()) == "\x01\x00"s);
  CHECK(encode(std::map<std::string, bool>{{"b", true}, {"a", false}}) == "\x01\x02\x01"s + "a\x00\x01"s + "b\x01"s);
  CHECK(encode(First{5}) == "\x01\x01\x0A"s);
  CHECK(encode(Second{5, "x"}) == "\x01\x02\x0A\x01x"s);
  CHECK(encode(std::chrono::sys_days(std::chrono::days(1))) == "\x01\x02"s);
}

TEST_CASE("archive: what was written is read, whatever it is") {
  const std::uint64_t from = seed();
  INFO("IRO_SEED=" << from);
  std::mt19937_64 random(from);
  for (int round = 0; round < 500; ++round) {
    const Everything value = random_value(random);
    const std::string bytes = encode(value);
    CHECK(decode<Everything>(bytes) == value);
    CHECK(encode(decode<Everything>(bytes)) == bytes);
  }
}

TEST_CASE("archive: an older version leaves what it lacks, a newer one is refused") {
  CHECK(decode<Second>(encode(First{7})).a == 7);
  CHECK(decode<Second>(encode(First{7})).b == "not known then");
  CHECK_THROWS_WITH(decode<First>(encode(Second{7, "x"})), "state was written by a newer version of this plugin");
}

TEST_CASE("archive: bytes that were cut, changed or added to never read as something they are not by crashing") {
  const std::uint64_t from = seed();
  INFO("IRO_SEED=" << from);
  std::mt19937_64 random(from);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = encode(random_value(random));
    const std::size_t cut = random() % bytes.size();
    CHECK_THROWS_AS(decode<Everything>(std::string_view(bytes).substr(0, cut)), iro::Failed);
    CHECK_THROWS_AS(decode<Everything>(bytes + "x"), iro::Failed);
    bytes[cut] = static_cast<char>(random());
    try {
      decode<Everything>(bytes);
    } catch (const iro::Failed&) {
    }
  }
  CHECK_THROWS_AS(decode<std::uint8_t>("\x01\xAC\x02"s), iro::Failed);  // 300
  CHECK_THROWS_AS(decode<bool>("\x01\x02"s), iro::Failed);
  CHECK_THROWS_AS(decode<bool>("\x02\x01"s), iro::Failed);  // another format
  CHECK_THROWS_AS(decode<std::uint64_t>("\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F"s), iro::Failed);
  CHECK_THROWS_AS(decode<std::vector<bool>>("\x01\xFF\xFF\xFF\xFF\x0F"s), iro::Failed);  // no room for so many
}

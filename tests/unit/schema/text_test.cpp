// The small texts of the schema module: UTF-8 and base64.
#include <rapidcheck.h>

#include "hub/schema/json.hpp"
#include "hub/schema/utf8.hpp"
#include "tests/catch.hpp"
#include "tests/unit/schema/property.hpp"

using namespace iro;
using namespace iro::schema;

TEST_CASE("schema: UTF-8 is told from what only looks like it") {
  for (const char* good : {"", "a", "stageplaats", "één", "\xF0\x9F\x98\x80", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF",
                           "\xED\x9F\xBF", "twaalf en \xE2\x82\xAC", "\xC2\x80", "\xE0\xA0\x80", "\xF0\x90\x80\x80"}) {
    INFO(good);
    CHECK(is_utf8(good));
  }
  for (const char* bad :
       {"\x80", "\xC0\xA0", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xFF", "abcdefgh\xC3", "abcdefg\xE2\x82", "\xC3(", "\xE2\x28\xA1"}) {
    CHECK_FALSE(is_utf8(bad));
  }
}

TEST_CASE("schema: base64 is that of RFC 4648, and each blob has one spelling") {
  CHECK(to_base64(as_bytes("")) == "");
  CHECK(to_base64(as_bytes("f")) == "Zg==");
  CHECK(to_base64(as_bytes("fo")) == "Zm8=");
  CHECK(to_base64(as_bytes("foobar")) == "Zm9vYmFy");
  for (const char* bad : {"Z", "Zg=", "Zh==", "Zm9=", "====", "Z===", "Zg==Zg==", "Zm9v\n", "Zm9-"}) {
    INFO(bad);
    CHECK_FALSE(from_base64(bad).has_value());
  }
  property("base64 round trip", [](const Bytes& bytes) {
    const auto back = from_base64(to_base64(bytes));
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == bytes);
  });
}

TEST_CASE("schema: control characters, quotes and backslashes are escaped in JSON") {
  std::string out;
  append_json_string(std::string_view("a\"\\\n\x01\0é", 8), out);
  CHECK(out == "\"a\\\"\\\\\\n\\u0001\\u0000é\"");
}

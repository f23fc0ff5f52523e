#include "adapters/files/dates.hpp"

#include "hub/base/clock.hpp"
#include "tests/catch.hpp"

using namespace iro;
using iro::files::read_date;

TEST_CASE("dates: the spellings of the field are read") {
  const auto day = days_from_date(2023, 2, 1);
  for (const char* text : {"2023-02-01", "1-2-2023", "01-02-2023", "20230201", "1/2/2023", "01.02.2023", "2023/2/1",
                           "1-2-2023 00:00:00"}) {
    INFO(text);
    CHECK(read_date(text) == day);
  }
}

TEST_CASE("dates: what is no day of the calendar is refused") {
  for (const char* text : {"", "2023-02-30", "31-4-2023", "29-2-2023", "20231301", "1-2-23", "2023-02", "1-2-2023x",
                           "+1-2-2023", "1--2-2023", "vandaag", "2-1/2023", "45000", "1-2-2023 08:30"}) {
    INFO(text);
    CHECK_FALSE(read_date(text));
  }
  CHECK(read_date("29-2-2024"));
}

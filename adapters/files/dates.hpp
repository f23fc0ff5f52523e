// adapters/files/dates.hpp: the spellings of dates that occur in the field.
//
// DUO files write 2023-02-01, 1-8-2022 and 20230201; spreadsheets also use
// slashes, points and a time behind the date that is always midnight. Day comes
// before month everywhere: none of our sources is American. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace iro::files {

/// Days since 1970-01-01, or nothing when `text` is no date that exists. No two-digit years.
std::optional<std::int32_t> read_date(std::string_view text);

}  // namespace iro::files

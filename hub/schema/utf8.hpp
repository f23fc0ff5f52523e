// hub/schema/utf8.hpp: is this text UTF-8? Everything that comes in as text is
// asked once, at the door, so that nobody behind it has to (JSON must be UTF-8).
#pragma once

#include <string_view>

namespace iro::schema {

/// Well-formed UTF-8 of RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace iro::schema

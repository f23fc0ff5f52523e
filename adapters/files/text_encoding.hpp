// adapters/files/text_encoding.hpp: from the encodings that office programs
// write to UTF-8.
//
// What is not text in the named encoding is refused with csv_encoding and its
// place, never replaced: a name with a question mark in it would go unnoticed.
// A NUL is refused in every encoding, and so are the bytes that Windows-1252
// leaves undefined and the control characters 80-9F of ISO-8859-1 (a file that
// has them is Windows-1252 under the wrong name).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hub/base/bytes.hpp"
#include "hub/base/error.hpp"

namespace iro::files {

enum class Encoding : std::uint8_t { utf8, windows_1252, iso_8859_1, utf16le, utf16be };

/// "utf-8", "windows-1252", "iso-8859-1", "utf-16le", "utf-16be".
std::string_view name_of(Encoding encoding);
/// Also the usual other spellings ("UTF8", "cp1252", "latin1"), case ignored.
std::optional<Encoding> find_encoding(std::string_view name);

/// What a byte-order mark at the front says, and how long the mark is.
struct ByteOrderMark {
  std::optional<Encoding> encoding;
  std::size_t bytes = 0;
};
ByteOrderMark find_byte_order_mark(ByteView front);

/// Decodes a text block by block. After a failure only that failure comes.
class TextDecoder {
 public:
  explicit TextDecoder(Encoding encoding) : encoding_(encoding) {}

  /// Append the UTF-8 of `in` to `out`. A character cut off by the end of `in` waits for the next call.
  Status decode(ByteView in, std::string& out);
  /// The text ends here: fails when it ends within a character.
  Status finish() const;

 private:
  Status decode_utf8(ByteView in, std::string& out);
  Status decode_single_bytes(ByteView in, std::string& out);
  Status decode_utf16(ByteView in, std::string& out);
  Status take_unit(std::uint16_t unit, std::string& out);
  [[nodiscard]] tl::unexpected<Error> refuse(std::string_view what, std::string_view decoded) const;

  Encoding encoding_;
  Bytes pending_;                   // the first bytes of a character, at most three
  std::uint16_t high_ = 0;          // a high surrogate that waits for its low one
  std::uint64_t lines_before_ = 0;  // line ends in the blocks before this one
};

}  // namespace iro::files

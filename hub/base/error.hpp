// hub/base/error.hpp: how things fail here.
//
// A function that can fail on input or on the world returns Result<T>, or
// Status when there is nothing to give back. Neither may be ignored. An Error
// has one of the permanent codes of errc.inc, a text that says what happened,
// and gains context on the way up: "open log: read page 7: checksum mismatch".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace iro {

enum class Errc : std::uint16_t {
#define X(number, name, permanence, en, next, nl) name = number,
#include "hub/base/errc.inc"
#undef X
};

enum class Permanence : char { P = 'P', T = 'T', L = 'L' };

struct ErrcInfo {
  Errc code;
  std::string_view name;
  Permanence permanence;
  std::string_view en;    // what it means
  std::string_view next;  // what to do
  std::string_view nl;    // what it means, in Dutch
};

/// All codes in numerical order.
const std::vector<ErrcInfo>& all_codes();
const ErrcInfo& info(Errc code);
/// By name ("missing_grant") or number ("202").
std::optional<Errc> find_code(std::string_view text);
/// A number from the wire; an unknown one becomes Errc::internal.
Errc code_from_wire(std::uint16_t number);

struct Error {
  Errc code = Errc::internal;
  std::string message;

  /// The same error, one level further up.
  [[nodiscard]] Error within(std::string_view context) const;
  /// "missing_grant (202): school-a may not publish ...".
  [[nodiscard]] std::string text() const;
};

template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};
template <>
class [[nodiscard]] Result<void> : public tl::expected<void, Error> {
 public:
  using tl::expected<void, Error>::expected;
};
using Status = Result<void>;

inline tl::unexpected<Error> fail(Errc code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace iro

/// Leave the function with the error of `expression`, with `context` put before it.
#define IRO_TRY(expression, context)                                      \
  do {                                                                    \
    if (auto iro_try_result = (expression); !iro_try_result) [[unlikely]] \
      return ::iro::fail(iro_try_result.error().within(context));         \
  } while (false)

// adapters/cli/texts.hpp: every sentence that `iro` says by itself, in English and in Dutch.
//
// The sentences stand in texts.inc, the names of columns and fields in
// labels.inc. What comes from the hub (reasons, event labels) is not here.
// Values; any thread.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace iro::cli {

enum class Lang { en, nl };

/// "nl" or "en"; otherwise the language of the environment's LC_ALL, LC_MESSAGES or LANG; English when that is neither.
Lang choose_lang(std::string_view wish);
std::string_view name_of(Lang lang);

enum class Text {
#define X(name, en, nl) name,
#include "adapters/cli/texts.inc"
#undef X
};

class Texts {
 public:
  explicit Texts(Lang lang) : lang_(lang) {}
  [[nodiscard]] Lang lang() const { return lang_; }
  /// The sentence, with its {} filled.
  template <typename... Values>
  [[nodiscard]] std::string operator()(Text text, const Values&... values) const {
    return fmt::format(fmt::runtime(raw(text)), values...);
  }
  /// What people call a field of an answer: "oin" -> "OIN", "at_head" -> "up to date".
  [[nodiscard]] std::string label(std::string_view field) const;

 private:
  [[nodiscard]] std::string_view raw(Text text) const;
  Lang lang_;
};

}  // namespace iro::cli

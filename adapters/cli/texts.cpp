#include "adapters/cli/texts.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>

namespace iro::cli {
namespace {

struct Pair {
  std::string_view en;
  std::string_view nl;
};
constexpr Pair sentences[] = {
#define X(name, en, nl) {en, nl},
#include "adapters/cli/texts.inc"
#undef X
};

struct Label {
  std::string_view field;
  Pair words;
};
constexpr Label labels[] = {
#define X(field, en, nl) {field, {en, nl}},
#include "adapters/cli/labels.inc"
#undef X
};

}  // namespace

Lang choose_lang(std::string_view wish) {
  if (wish == "nl") return Lang::nl;
  if (wish == "en") return Lang::en;
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return std::string_view(value).starts_with("nl") ? Lang::nl : Lang::en;
  }
  return Lang::en;
}

std::string_view name_of(Lang lang) { return lang == Lang::nl ? "nl" : "en"; }

std::string_view Texts::raw(Text text) const {
  const Pair& pair = sentences[static_cast<std::size_t>(text)];
  return lang_ == Lang::nl ? pair.nl : pair.en;
}

std::string Texts::label(std::string_view field) const {
  const auto* at = std::ranges::find(labels, field, &Label::field);
  if (at != std::end(labels)) return std::string(lang_ == Lang::nl ? at->words.nl : at->words.en);
  std::string out(field);
  std::ranges::replace(out, '_', ' ');
  return out;
}

}  // namespace iro::cli

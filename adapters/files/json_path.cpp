#include "adapters/files/json_path.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <charconv>

namespace iro::files {
namespace {

constexpr std::size_t most_elements = 100;

bool is_name(std::string_view text) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !text.empty() && std::ranges::all_of(text, fits);
}

}  // namespace

std::optional<JsonPath> JsonPath::parse(std::string_view text) {
  JsonPath path;
  path.text_ = text;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t point = std::min(text.find('.', from), text.size());
    std::string_view part = text.substr(from, point - from);
    from = point + 1;
    Step step;
    if (part.ends_with(']')) {
      const std::size_t open = part.find('[');
      if (open == part.npos) return std::nullopt;
      std::size_t index = 0;
      const char* end = part.data() + part.size() - 1;
      const auto [stop, ec] = std::from_chars(part.data() + open + 1, end, index);
      if (ec != std::errc{} || stop != end || index >= most_elements) return std::nullopt;
      step.index = index;
      part = part.substr(0, open);
    }
    if (!is_name(part)) return std::nullopt;
    step.name = part;
    path.steps_.push_back(std::move(step));
  }
  return path;
}

void JsonPath::set(boost::json::object& root, boost::json::value value) const {
  boost::json::object* here = &root;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const bool last = i + 1 == steps_.size();
    boost::json::value* slot = &(*here)[steps_[i].name];
    if (steps_[i].index) {
      if (!slot->is_array()) *slot = boost::json::array();
      boost::json::array& list = slot->as_array();
      if (list.size() <= *steps_[i].index) list.resize(*steps_[i].index + 1);
      slot = &list[*steps_[i].index];
    }
    if (last) {
      *slot = std::move(value);
      return;
    }
    if (!slot->is_object()) *slot = boost::json::object();
    here = &slot->as_object();
  }
}

}  // namespace iro::files

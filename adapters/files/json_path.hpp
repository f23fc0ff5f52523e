// adapters/files/json_path.hpp: where in a payload a value belongs.
//
// "period.start", "seats[0].week": names joined by points, with the number of
// an element where a name holds a list. Values; any thread.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace iro::files {

class JsonPath {
 public:
  struct Step {
    std::string name;
    std::optional<std::size_t> index;
  };

  /// Nothing when `text` is not a path. Lists are filled from 0 up, to at most 99.
  static std::optional<JsonPath> parse(std::string_view text);

  /// Put `value` there, making the objects and lists on the way. The root must
  /// hold nothing else than what JsonPaths put there.
  void set(boost::json::object& root, boost::json::value value) const;

  /// "seats[0].week"
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }

 private:
  std::string text_;
  std::vector<Step> steps_;
};

}  // namespace iro::files

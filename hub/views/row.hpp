// hub/views/row.hpp: an entry as an answer shows it, and answers cut into pages.
//
//   {"event": {CloudEvent attributes, "data": {...}}, "seen": "full",
//    "routing": {"class": "parties", "sender": "school-a", ...}, "withheld": "erased"}
//
// `routing` says to the sender how many members are entitled and which of the
// parties it named are among them; to the operator who is, and by which rule; to
// others only the class and the sender. Names of attributes are those of
// schema/event_json.cpp (a test compares the two). Pure; one thread.
#pragma once

#include <string>
#include <vector>

#include "hub/admission/membership.hpp"
#include "hub/views/catalogue.hpp"
#include "hub/views/perspective.hpp"

namespace iro::views {

/// The payload as JSON, or why it is not there. Both empty: it was not asked for.
struct Content {
  std::string json;
  std::string_view withheld;
};

/// Why a payload is withheld. Permanent: programs read them.
namespace withheld {
inline constexpr std::string_view not_yours = "not_yours";        // the operator, who is not in the audience
inline constexpr std::string_view expired = "expired";            // its retention is over
inline constexpr std::string_view erased = "erased";              // its key was destroyed
inline constexpr std::string_view no_keys = "no_keys";            // this reader has no keys
inline constexpr std::string_view unknown_type = "unknown_type";  // no schema to read it by
inline constexpr std::string_view oversize = "oversize";          // too large for an answer
}  // namespace withheld

struct RowContext {
  const Catalogue& catalogue;
  const admission::Membership& members;
  MemberNo asking;
};
std::string row_json(const log::EntryView& entry, Seen seen, const Content& content, const RowContext& context);

/// Pages of {"events": [...]}; the last one may have "next", from where to go on.
class Pages {
 public:
  explicit Pages(std::size_t page_bytes) : page_bytes_(page_bytes) {}
  void add(const std::string& row);
  [[nodiscard]] std::size_t rows() const { return rows_; }
  /// At least one page.
  std::vector<std::string> finish(const std::string& next) &&;

 private:
  std::size_t page_bytes_;
  std::size_t rows_ = 0;
  std::vector<std::string> done_;
  std::string open_;
};

}  // namespace iro::views

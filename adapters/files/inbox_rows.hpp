// adapters/files/inbox_rows.hpp: a received event as a row for a spreadsheet.
//
// Remembers the columns of the types it has seen. One thread at a time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "adapters/files/type_shape.hpp"
#include "hub/schema/registry.hpp"

namespace iro::files {

class InboxRows {
 public:
  explicit InboxRows(const schema::Registry& registry) : registry_(registry) {}

  /// The first line: the event's attributes, then the fields of the payload.
  const std::string& header(const schema::EventType& type) { return columns(type).header; }
  /// The row under it. Lists of plain values are joined by ", ", lists of tables stay JSON.
  Result<std::string> row(const schema::EventType& type, const schema::EventView& event);

 private:
  struct Columns {
    std::string header;
    std::vector<TypeShape::Leaf> leaves;
  };
  const Columns& columns(const schema::EventType& type);

  const schema::Registry& registry_;
  std::map<std::string, Columns, std::less<>> known_;
};

}  // namespace iro::files

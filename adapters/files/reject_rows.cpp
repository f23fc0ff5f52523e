#include "adapters/files/reject_rows.hpp"

#include "adapters/files/csv_writer.hpp"

namespace iro::files {

std::string reject_header() {
  CsvRow row;
  for (const std::string_view name : {"line", "column", "field", "code", "reason", "original"}) row.text(name);
  return std::string(byte_order_mark) + row.take();
}

std::string reject_row(const Reject& r) {
  CsvRow row;
  row.number(std::to_string(r.at.line)).number(std::to_string(r.at.column)).text(r.column);
  return row.text(info(r.code).name).text(r.reason).text(r.original).take();
}

std::string refused_header() {
  return std::string(byte_order_mark) + CsvRow().text("event").text("type").text("code").text("reason").take();
}

std::string refused_row(const client::RefusedEvent& r) {
  return CsvRow().text(to_string(r.id)).text(r.type).text(info(r.code).name).text(r.reason).take();
}

}  // namespace iro::files

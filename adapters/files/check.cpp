#include "adapters/files/check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "adapters/files/memory_outbox.hpp"
#include "adapters/files/type_shape.hpp"

namespace iro::files {
namespace {

constexpr std::size_t rejects_kept = 1'000;
constexpr std::size_t rejects_shown = 20;

Status read_through(RecordReader& reader, const RecordTaker& taker, MemoryOutbox& outbox, FileReport& report) {
  for (;;) {
    const auto item = reader.next();
    if (!item) return fail(item.error());
    if (*item == RecordReader::Item::end) return {};
    auto rejects = taker.take(reader, *item, outbox, report.counts);
    if (!rejects) return fail(rejects.error());
    for (Reject& reject : *rejects) {
      if (report.rejects.size() < rejects_kept) report.rejects.push_back(std::move(reject));
    }
  }
}

FileReport check_file(const std::filesystem::path& path, const Formats& formats, const RecordTaker& taker,
                      MemoryOutbox& outbox) {
  FileReport report;
  report.path = path.string();
  auto opened = open_file(path, formats, "member");
  if (!opened) {
    report.error = opened.error();
    return report;
  }
  RecordReader& reader = *opened->reader;
  report.format = opened->format;
  report.unused_columns = std::move(opened->unused);
  report.encoding = name_of(reader.csv().encoding());
  report.byte_order_mark = reader.csv().has_byte_order_mark();
  if (Status read = read_through(reader, taker, outbox, report); !read) report.error = read.error();
  report.separator = reader.csv().separator();
  return report;
}

std::string_view name_of_separator(char separator) {
  switch (separator) {
    case ';':
      return "semicolon";
    case ',':
      return "comma";
    case '|':
      return "bar";
    case '\t':
      return "tab";
    default:
      return "";
  }
}

std::string times(const std::map<std::string, std::uint64_t>& types) {
  std::string out;
  for (const auto& [type, n] : types) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", n, short_type(type));
  return out;
}

void add_counts(std::string& out, const Counts& c) {
  out += fmt::format("  {} records, {} events", c.records, c.events);
  if (!c.events_by_type.empty()) out += fmt::format(" ({})", times(c.events_by_type));
  out += fmt::format("\n  {} early ends, {} started before they were drawn up\n", c.early_ends, c.started_unsigned);
  out += fmt::format("  {} students, {} rows rejected\n", c.new_pseudonyms, c.rejected);
  if (c.unchanged > 0) out += fmt::format("  {} rows say the same as an earlier one\n", c.unchanged);
  if (!c.unknown_programmes.empty()) {
    std::vector<std::string> codes;
    for (const auto& [code, n] : c.unknown_programmes) codes.push_back(code);
    out += fmt::format("  programme codes that we have no name for (taken as they are): {}\n", fmt::join(codes, ", "));
  }
}

void add_rejects(std::string& out, const FileReport& file) {
  for (std::size_t i = 0; i < std::min(file.rejects.size(), rejects_shown); ++i) {
    const Reject& r = file.rejects[i];
    out += fmt::format("  line {} column {}{}: {}: {}\n", r.at.line, r.at.column,
                       r.column.empty() ? "" : fmt::format(" ({})", r.column), info(r.code).name, r.reason);
  }
  if (file.rejects.size() > rejects_shown)
    out += fmt::format("  ... and {} more\n", file.rejects.size() - rejects_shown);
}

boost::json::object to_json(const Reject& r) {
  return {{"line", r.at.line},
          {"column", r.at.column},
          {"field", r.column},
          {"code", info(r.code).name},
          {"reason", r.reason}};
}

boost::json::object to_json(const FileReport& file) {
  boost::json::object out = {{"path", file.path},
                             {"format", file.format},
                             {"encoding", file.encoding},
                             {"byte_order_mark", file.byte_order_mark},
                             {"separator", name_of_separator(file.separator)}};
  if (file.error) out["error"] = {{"code", info(file.error->code).name}, {"reason", file.error->message}};
  boost::json::array unused;
  for (const std::string& name : file.unused_columns) unused.emplace_back(name);
  out["unused_columns"] = std::move(unused);
  out["counts"] = boost::json::parse(file.counts.to_json());
  boost::json::array rejects;
  for (const Reject& reject : file.rejects) rejects.push_back(to_json(reject));
  out["rejects"] = std::move(rejects);
  return out;
}

}  // namespace

Report check_files(std::span<const std::filesystem::path> paths, const Formats& formats,
                   const schema::Registry& registry) {
  const PrivateKey key = PrivateKey::random();
  MemoryOutbox outbox;
  Report report;
  for (const auto& path : paths) {
    const UnsealedDocuments documents(path.parent_path() / "documents");
    const RecordTaker taker(registry, key, false, &documents);
    report.files.push_back(check_file(path, formats, taker, outbox));
    const FileReport& file = report.files.back();
    report.total.add(file.counts);
    report.failed_files += file.error.has_value();
  }
  return report;
}

std::string Report::to_text() const {
  std::string out;
  for (const FileReport& file : files) {
    out += file.path + "\n";
    if (file.error) out += fmt::format("  cannot be used: {}\n", file.error->text());
    if (file.format.empty()) continue;
    out += fmt::format("  {}, {}{}, separated by {}\n", file.format, file.encoding,
                       file.byte_order_mark ? " with a byte-order mark" : "", name_of_separator(file.separator));
    if (!file.unused_columns.empty())
      out += fmt::format("  columns not used: {}\n", fmt::join(file.unused_columns, ", "));
    add_counts(out, file.counts);
    add_rejects(out, file);
  }
  out += fmt::format("together {} files\n", files.size());
  add_counts(out, total);
  return out;
}

std::string Report::to_json() const {
  boost::json::array list;
  for (const FileReport& file : files) list.push_back(iro::files::to_json(file));
  return boost::json::serialize(boost::json::object{{"good", good()},
                                                    {"failed_files", failed_files},
                                                    {"total", boost::json::parse(total.to_json())},
                                                    {"files", std::move(list)}});
}

}  // namespace iro::files

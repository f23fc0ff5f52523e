#include "adapters/files/csv_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "hub/base/limits.hpp"

namespace iro::files {
namespace {

constexpr std::size_t block_bytes = 64U << 10;
constexpr std::string_view separators = ";,|\t";
constexpr std::size_t original_bytes = 200;

bool is_line_end(char c) { return c == '\n' || c == '\r'; }

std::size_t find_line_end(std::string_view text, std::size_t from) { return text.find_first_of("\r\n", from); }

/// Line ends in `text`: LF, CRLF (once) and a CR alone.
std::uint64_t count_lines(std::string_view text) {
  std::uint64_t lines = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool half = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    lines += is_line_end(text[i]) && !half;
  }
  return lines;
}

std::string cut_for_people(std::string_view text) {
  if (text.size() <= original_bytes) return std::string(text);
  std::size_t end = original_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

}  // namespace

Result<CsvReader> CsvReader::open(std::unique_ptr<ByteSource> source, CsvOptions options) {
  // The mark is looked for in the raw bytes: it can name the encoding.
  std::array<std::uint8_t, 3> front{};
  std::size_t have = 0;
  while (have < front.size()) {
    const auto got = source->read(std::span(front).subspan(have));
    if (!got) return fail(got.error());
    if (*got == 0) break;
    have += *got;
  }
  const ByteView read(front.data(), have);
  const ByteOrderMark mark = find_byte_order_mark(read);
  const Encoding encoding = mark.encoding ? *mark.encoding : options.encoding.value_or(Encoding::utf8);
  CsvReader reader(std::move(source), encoding);
  reader.mark_ = mark.encoding.has_value();
  reader.bytes_read_ = have;
  IRO_TRY(reader.decoder_.decode(read.subspan(mark.bytes), reader.buffer_), "read");
  if (options.separator != 0) {
    reader.separator_ = options.separator;
  } else {
    IRO_TRY(reader.detect_separator(), "read");
  }
  return reader;
}

Status CsvReader::fill() {
  if (row_ > 0) {
    buffer_.erase(0, row_);
    next_ -= std::min(next_, row_);
    row_ = 0;
  }
  std::array<std::uint8_t, block_bytes> block;  // filled by read()
  const auto got = source_->read(block);
  if (!got) return fail(got.error());
  bytes_read_ += *got;
  if (*got == 0) {
    source_ended_ = true;
    return decoder_.finish();
  }
  return decoder_.decode(ByteView(block.data(), *got), buffer_);
}

Status CsvReader::detect_separator() {
  while (!source_ended_ && find_line_end(buffer_, 0) == buffer_.npos && buffer_.size() < limits::csv_row_bytes) {
    if (Status filled = fill(); !filled) return filled;
  }
  const std::string_view first = std::string_view(buffer_).substr(0, find_line_end(buffer_, 0));
  if (first.size() == 5 && first.starts_with("sep=") && separators.find(first[4]) != separators.npos) {
    separator_ = first[4];
    advance_over(first.size());
    return {};
  }
  std::size_t most = 0;
  for (const char candidate : separators) {
    bool quoted = false;
    std::size_t count = 0;
    for (const char c : first) {
      if (c == '"') quoted = !quoted;
      if (c == candidate && !quoted) ++count;
    }
    if (count > most) {
      most = count;
      separator_ = candidate;
    }
  }
  return {};
}

void CsvReader::advance_over(std::size_t end) {
  const std::string_view t = text();
  if (end < t.size() && is_line_end(t[end])) end += t[end] == '\r' && end + 1 < t.size() && t[end + 1] == '\n' ? 2 : 1;
  next_ = row_ + end;
}

Result<CsvReader::Item> CsvReader::next() {
  for (;;) {
    line_ += count_lines(std::string_view(buffer_).substr(row_, next_ - row_));
    row_ = next_;
    Scan scan = scan_row();
    while (scan == Scan::more) {
      if (Status filled = fill(); !filled) return fail(filled.error());
      scan = scan_row();
    }
    if (scan == Scan::bad) {
      if (Status skipped = report_problem(); !skipped) return fail(skipped.error());
      return Item::problem;
    }
    if (text().empty()) return Item::end;
    if (row_end_ == 0) continue;  // an empty line
    finish_row();
    return Item::row;
  }
}

/// Find the fields of the row that begins at row_, without changing anything
/// but spans_, next_ and row_end_: when the text runs out it is called again from the start.
CsvReader::Scan CsvReader::scan_row() {
  spans_.clear();
  const std::string_view t = text();
  std::size_t at = 0;
  for (bool row_ends = false; !row_ends;) {
    if (at == t.size() && !source_ended_) return Scan::more;
    const bool quoted = at < t.size() && t[at] == '"';
    const Scan field = quoted ? scan_quoted(t, at) : scan_plain(t, at);
    if (field != Scan::whole) return field;
    const Span& span = spans_.back();
    if (span.end - span.begin > limits::csv_field_bytes)
      return refuse(Errc::csv_oversize, span.begin, "a field of more than 64 KiB");
    if (at > limits::csv_row_bytes) return refuse(Errc::csv_oversize, 0, "a row of more than 1 MiB");
    const Scan end = end_of_field(t, at, row_ends);
    if (end != Scan::whole) return end;
  }
  return Scan::whole;
}

CsvReader::Scan CsvReader::scan_quoted(std::string_view t, std::size_t& at) {
  Span span{.begin = at + 1, .end = 0, .quoted = true, .doubled = false};
  for (std::size_t from = span.begin;;) {
    const std::size_t quote = t.find('"', from);
    const std::size_t seen = std::min(quote, t.size());
    if (seen - span.begin > limits::csv_field_bytes) {
      return refuse(Errc::csv_quotes, at, "no closing quote within 64 KiB");
    }
    if (quote == t.npos)
      return source_ended_ ? refuse(Errc::csv_quotes, at, "no closing quote before the end of the file") : Scan::more;
    if (quote + 1 == t.size() && !source_ended_) return Scan::more;
    if (quote + 1 < t.size() && t[quote + 1] == '"') {
      span.doubled = true;
      from = quote + 2;
      continue;
    }
    span.end = quote;
    spans_.push_back(span);
    at = quote + 1;
    if (at < t.size() && t[at] != separator_ && !is_line_end(t[at])) {
      return refuse(Errc::csv_quotes, at, "text behind a closing quote: double the quotes that belong to the text");
    }
    return Scan::whole;
  }
}

CsvReader::Scan CsvReader::scan_plain(std::string_view t, std::size_t& at) {
  std::size_t end = at;
  while (end < t.size() && t[end] != separator_ && !is_line_end(t[end])) ++end;
  if (end == t.size() && !source_ended_ && end - at <= limits::csv_field_bytes) return Scan::more;
  spans_.push_back({.begin = at, .end = end, .quoted = false, .doubled = false});
  at = end;
  return Scan::whole;
}

CsvReader::Scan CsvReader::end_of_field(std::string_view t, std::size_t& at, bool& row_ends) {
  if (at < t.size() && t[at] == separator_) {
    ++at;
    return Scan::whole;
  }
  // A CR at the end of what was read may be the first half of a CRLF.
  if (at + 1 >= t.size() && !source_ended_ && (at == t.size() || t[at] == '\r')) return Scan::more;
  row_ends = true;
  row_end_ = at;
  advance_over(at);
  return Scan::whole;
}

CsvReader::Scan CsvReader::refuse(Errc code, std::size_t at, std::string message) {
  problem_ = {code, position_at(at), std::move(message), ""};
  return Scan::bad;
}

Status CsvReader::report_problem() {
  problem_.original = cut_for_people(text().substr(0, find_line_end(text(), 0)));
  return skip_line();
}

/// Put next_ behind the line that row_ begins on, without holding that line in memory.
Status CsvReader::skip_line() {
  for (;;) {
    const std::size_t end = find_line_end(text(), 0);
    const bool maybe_half = end != text().npos && text()[end] == '\r' && end + 1 == text().size();
    if (source_ended_ || (end != text().npos && !maybe_half)) {
      advance_over(std::min(end, text().size()));
      return {};
    }
    if (end == text().npos) row_ = buffer_.size();  // nothing of it is needed any more
    next_ = row_;
    if (Status filled = fill(); !filled) return filled;
  }
}

void CsvReader::finish_row() {
  const std::string_view t = text();
  unquoted_.clear();
  std::size_t doubled = 0;
  for (const Span& span : spans_) doubled += span.doubled ? span.end - span.begin : 0;
  unquoted_.reserve(doubled);  // views into it must stay valid
  fields_.clear();
  for (const Span& span : spans_) {
    const std::string_view raw = t.substr(span.begin, span.end - span.begin);
    if (!span.doubled) {
      fields_.push_back(raw);
      continue;
    }
    const std::size_t first = unquoted_.size();
    for (std::size_t i = 0; i < raw.size(); ++i) {
      unquoted_.push_back(raw[i]);
      if (raw[i] == '"') ++i;
    }
    fields_.push_back(std::string_view(unquoted_).substr(first));
  }
}

Position CsvReader::position(std::size_t n) const {
  if (n >= spans_.size()) return position_at(row_end_);
  return position_at(spans_[n].begin - (spans_[n].quoted ? 1 : 0));
}

Position CsvReader::position_at(std::size_t offset) const {
  const std::string_view before = text().substr(0, offset);
  const std::size_t line_end = before.find_last_of("\r\n");
  const std::string_view line = line_end == before.npos ? before : before.substr(line_end + 1);
  const auto characters =
      std::ranges::count_if(line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  return {line_ + count_lines(before), static_cast<std::uint64_t>(characters) + 1};
}

std::string_view CsvReader::original() const { return text().substr(0, row_end_); }

}  // namespace iro::files

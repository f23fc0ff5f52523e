// adapters/files/csv_reader.hpp: CSV as it really comes, read in constant memory.
//
// RFC 4180 with what office programs make of it: separators ; , | or tab, line
// ends CRLF, LF or CR, a byte-order mark, other encodings, line breaks and
// doubled quotes inside quotes, Excel's first line "sep=;". A quote inside an
// unquoted field stands for itself.
//
// A row that cannot be read costs one line: it is reported as a problem, and
// reading goes on behind the line it began on. So a forgotten quote does not
// swallow the rows behind it. Only what makes the whole text unreadable (its
// encoding, an I/O error) is an Error. One thread an object.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/files/byte_source.hpp"
#include "adapters/files/text_encoding.hpp"
#include "hub/base/error.hpp"

namespace iro::files {

/// A place in a file as an editor shows it: both from 1, columns in characters.
struct Position {
  std::uint64_t line = 1;
  std::uint64_t column = 1;
};

struct CsvOptions {
  std::optional<Encoding> encoding;  // none: what a byte-order mark says, else UTF-8
  char separator = 0;                // 0: the one of ; , | tab that the first row has most of
};

/// Why a row could not be read: csv_quotes or csv_oversize.
struct CsvProblem {
  Errc code = Errc::ok;
  Position at;
  std::string message;
  std::string original;  // the line it began on, cut at 200 bytes
};

class CsvReader {
 public:
  enum class Item : std::uint8_t { row, problem, end };

  /// Reads the front of `source` to find encoding and separator.
  /// Fails with csv_encoding or io.
  static Result<CsvReader> open(std::unique_ptr<ByteSource> source, CsvOptions options = {});

  /// Go to the next row, passing over empty lines. What the accessors gave
  /// before is gone. Fails with csv_encoding or io, and then for good.
  Result<Item> next();

  /// After Item::row: its fields, unquoted. Valid until next().
  [[nodiscard]] const std::vector<std::string_view>& fields() const { return fields_; }
  /// Where field `n` begins; one behind the last is where the row ends.
  [[nodiscard]] Position position(std::size_t n) const;
  /// After Item::row: the row as it stands in the file (as UTF-8), without its line end.
  [[nodiscard]] std::string_view original() const;
  /// After Item::problem.
  [[nodiscard]] const CsvProblem& problem() const { return problem_; }

  [[nodiscard]] Encoding encoding() const { return encoding_; }
  [[nodiscard]] bool has_byte_order_mark() const { return mark_; }
  [[nodiscard]] char separator() const { return separator_; }
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  enum class Scan : std::uint8_t { whole, more, bad };
  struct Span {  // a field, as offsets from the row's start
    std::size_t begin = 0;
    std::size_t end = 0;
    bool quoted = false;   // begin and end are inside the quotes
    bool doubled = false;  // has doubled quotes to be undone
  };

  CsvReader(std::unique_ptr<ByteSource> source, Encoding encoding)
      : source_(std::move(source)), decoder_(encoding), encoding_(encoding) {}

  Status fill();
  Status detect_separator();
  Status skip_line();
  Scan scan_row();
  Scan scan_quoted(std::string_view text, std::size_t& at);
  Scan scan_plain(std::string_view text, std::size_t& at);
  Scan end_of_field(std::string_view text, std::size_t& at, bool& row_ends);
  Scan refuse(Errc code, std::size_t at, std::string message);
  Status report_problem();
  void finish_row();
  void advance_over(std::size_t end);
  [[nodiscard]] Position position_at(std::size_t offset) const;
  [[nodiscard]] std::string_view text() const { return std::string_view(buffer_).substr(row_); }

  std::unique_ptr<ByteSource> source_;
  TextDecoder decoder_;
  Encoding encoding_;
  bool mark_ = false;
  char separator_ = ';';
  std::uint64_t bytes_read_ = 0;
  bool source_ended_ = false;

  std::string buffer_;       // decoded text; what stands before row_ is done with
  std::size_t row_ = 0;      // where the current row begins
  std::size_t next_ = 0;     // where the one behind it begins
  std::size_t row_end_ = 0;  // of the current row, without its line end; from row_
  std::uint64_t line_ = 1;   // the line on which row_ begins
  std::vector<Span> spans_;
  std::vector<std::string_view> fields_;
  std::string unquoted_;  // fields whose doubled quotes were undone
  CsvProblem problem_;
};

}  // namespace iro::files

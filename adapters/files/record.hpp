// adapters/files/record.hpp: what every format gives, whatever its file looks like.
//
// A RecordReader goes through a file record by record. next() only reads, so
// that records taken before a restart can be passed over cheaply; build() says
// which events the current record asks for. A record is taken whole or rejected
// whole. One thread an object.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/files/csv_reader.hpp"
#include "hub/base/error.hpp"

namespace iro::files {

class Pseudonyms;

/// Why a record was not taken, for the reject file. `original` never holds a personal number.
struct Reject {
  Errc code = Errc::csv_value;
  Position at;
  std::string column;  // its header; "" when it is about the whole row
  std::string reason;
  std::string original;
};

/// An event that a record asks for. It has no identity yet: RecordTaker gives it one.
struct Draft {
  std::string type;          // "vacancy.opened"
  std::string changed_type;  // used when the same key was sent before with another payload; "" = `type`
  std::string key;           // what makes it the same thing in a later file; may hold anything, is only used hashed
  boost::json::object payload;
};

struct Record {
  std::vector<Draft> drafts;
  std::vector<Reject> rejects;    // not empty: nothing of the record is taken
  bool early_end = false;         // DUO: the real end lies before the planned one
  bool started_unsigned = false;  // DUO: drawn up after the start
  std::string unknown_programme;  // a programme code that we have no name for; "" = none
};

class RecordReader {
 public:
  using Item = CsvReader::Item;
  virtual ~RecordReader() = default;

  /// Go to the next record, or to a row that cannot be one.
  virtual Result<Item> next() = 0;
  /// After Item::record (= row): the events it asks for, or why it cannot be used.
  virtual Record build(Pseudonyms& pseudonyms) = 0;
  /// After Item::problem.
  [[nodiscard]] virtual Reject problem() const = 0;
  /// The reject for an error that the schema had to say on `draft` of the
  /// current record; `error` names a JSON path where it can.
  [[nodiscard]] virtual Reject explain(const Draft& draft, const Error& error) const = 0;

  /// Part of every event's identity, so permanent per format.
  [[nodiscard]] virtual std::string_view format() const = 0;
  [[nodiscard]] virtual const CsvReader& csv() const = 0;
};

}  // namespace iro::files

// adapters/files/mapping_reader.hpp: a CSV file read through a mapping.
#pragma once

#include <memory>

#include "adapters/files/mapping.hpp"
#include "adapters/files/programmes.hpp"
#include "adapters/files/record.hpp"

namespace iro::files {

class MappingReader final : public RecordReader {
 public:
  /// Reads the header. `mapping` and `programmes` must outlive the reader;
  /// `member` is what {member} stands for. Fails with csv_column when a required
  /// column is missing, and as CsvReader does.
  static Result<std::unique_ptr<MappingReader>> open(std::unique_ptr<ByteSource> source, const Mapping& mapping,
                                                     const ProgrammeList& programmes, std::string member);

  Result<Item> next() override;
  Record build(Pseudonyms& pseudonyms) override;
  [[nodiscard]] Reject problem() const override;
  [[nodiscard]] Reject explain(const Draft& draft, const Error& error) const override;
  [[nodiscard]] std::string_view format() const override { return mapping_.format; }
  [[nodiscard]] const CsvReader& csv() const override { return csv_; }
  [[nodiscard]] const HeaderMatch& header() const { return match_; }

 private:
  MappingReader(CsvReader csv, const Mapping& mapping, const ProgrammeList& programmes, std::string member)
      : csv_(std::move(csv)), mapping_(mapping), programmes_(programmes), member_(std::move(member)) {}

  [[nodiscard]] std::string_view field_of(std::size_t column) const;
  [[nodiscard]] Reject reject(std::size_t column, const Error& error) const;
  [[nodiscard]] Reject reject_row(Errc code, Position at, std::string reason, std::string_view original) const;
  void read_columns(Pseudonyms& pseudonyms, Record& record);
  void note_unknown(const boost::json::value& codes, Record& record) const;
  void apply(const EventRule& rule, std::size_t number, const Pseudonyms& pseudonyms, Record& record) const;
  [[nodiscard]] Result<boost::json::value> value_of(const Source& source, const Pseudonyms& pseudonyms) const;
  [[nodiscard]] std::string text_of(std::size_t column) const;
  [[nodiscard]] std::string filled_in(const std::string& text) const;

  CsvReader csv_;
  const Mapping& mapping_;
  const ProgrammeList& programmes_;
  std::string member_;
  std::vector<std::string> names_;  // the header's
  HeaderMatch match_;
  std::vector<boost::json::value> values_;  // of the current record, by column
};

}  // namespace iro::files

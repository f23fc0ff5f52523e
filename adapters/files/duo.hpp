// adapters/files/duo.hpp: the registration files that schools get from DUO.
//
// Each line is a record that begins with its kind (VLP PER ISG ISP BPV ...),
// separated by ; or |, with 13 or 16 fields. A BPV record is a placement:
//   BPV;BSN;onderwijsnummer;enrolment;number;drawn up;begin;planned end;real
//   end;hours;company id;programme;optional part
// It becomes placement.adopted (a placement taken in as it is), and with a real
// end placement.ended as well. Drawn up is not signed: a start before that day
// is taken and flagged. A real end before the planned one is the only official
// trace of a dropout; why it ended is not in the file. The personal numbers are
// swapped for a pseudonym here and stand in nothing that this class gives.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/files/programmes.hpp"
#include "adapters/files/record.hpp"

namespace iro::files {

/// Whether a file that begins with `front` is one.
bool looks_like_duo(std::string_view front);

class DuoReader final : public RecordReader {
 public:
  /// `programmes` must outlive the reader; `school` is the member's slug.
  static Result<std::unique_ptr<DuoReader>> open(std::unique_ptr<ByteSource> source, const ProgrammeList& programmes,
                                                 std::string school);

  /// Goes to the next BPV record, passing over the other kinds.
  Result<Item> next() override;
  Record build(Pseudonyms& pseudonyms) override;
  [[nodiscard]] Reject problem() const override;
  [[nodiscard]] Reject explain(const Draft& draft, const Error& error) const override;
  [[nodiscard]] std::string_view format() const override { return "duo-bpv"; }  // permanent
  [[nodiscard]] const CsvReader& csv() const override { return csv_; }

 private:
  enum Field : std::uint8_t {
    kind,
    bsn,
    education_number,
    enrolment,
    number,
    drawn_up,
    begin,
    planned_end,
    real_end,
    hours,
    company,
    programme,
    part
  };
  struct Placement;

  DuoReader(CsvReader csv, const ProgrammeList& programmes, std::string school)
      : csv_(std::move(csv)), programmes_(programmes), school_(std::move(school)) {}

  void note_enrolment();
  [[nodiscard]] std::string_view field(std::size_t n) const;
  [[nodiscard]] Reject reject(Field field, std::string reason) const;
  [[nodiscard]] std::optional<std::int32_t> date(Field field, bool required, Record& record) const;
  [[nodiscard]] Placement read_placement(Record& record) const;
  void check(const Placement& placement, Record& record) const;
  void draft(const Placement& placement, const std::string& student, const Pseudonyms& pseudonyms,
             Record& record) const;

  CsvReader csv_;
  const ProgrammeList& programmes_;
  std::string school_;
  CsvProblem malformed_;  // of a row that is no DUO record
  bool malformed_row_ = false;
  std::map<std::string, std::string> learning_paths_;  // of the current student, by enrolment
};

}  // namespace iro::files

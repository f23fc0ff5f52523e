#include "adapters/files/link_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <optional>

#include "adapters/files/csv_reader.hpp"
#include "adapters/files/mapping.hpp"
#include "adapters/files/values.hpp"

namespace iro::files {
namespace {

constexpr std::size_t rows_per_transaction = 500;
constexpr std::size_t most_reasons = 20;
constexpr std::array student_headers = {"studentnummer", "studentennummer", "leerlingnummer", "student number"};
constexpr std::array bsn_headers = {"bsn", "burgerservicenummer"};
constexpr std::array education_headers = {"onderwijsnummer", "education number"};

class LinkFile {
 public:
  LinkFile(CsvReader csv, const PrivateKey& key, LinkReport& report)
      : csv_(std::move(csv)), key_(key), report_(report) {}

  Status read_header() {
    const auto first = csv_.next();
    if (!first) return fail(first.error());
    if (*first != CsvReader::Item::row) return fail(Errc::csv_column, "there is no header line");
    student_ = find(student_headers);
    bsn_ = find(bsn_headers);
    education_ = find(education_headers);
    if (!student_) return fail(Errc::csv_column, "no column is called studentnummer");
    if (!bsn_ && !education_) return fail(Errc::csv_column, "no column is called bsn or onderwijsnummer");
    return {};
  }

  /// Up to `most` rows; false when the file has no more.
  Result<bool> take(client::OutboxTransaction& notes, std::size_t most) {
    Pseudonyms people(key_, notes);
    for (std::size_t n = 0; n < most; ++n) {
      const auto item = csv_.next();
      if (!item) return fail(item.error());
      if (*item == CsvReader::Item::end) return false;
      ++report_.rows;
      if (*item == CsvReader::Item::problem) {
        reject(csv_.problem().at.line, csv_.problem().message);
        continue;
      }
      const auto done = people.link({field(student_), field(bsn_), field(education_)});
      if (!done && done.error().code != Errc::csv_value) return fail(done.error());
      if (!done) {
        reject(csv_.position(0).line, done.error().message);
        continue;
      }
      ++(*done == Pseudonyms::Link::made      ? report_.made
         : *done == Pseudonyms::Link::joined  ? report_.joined
         : *done == Pseudonyms::Link::already ? report_.already
                                              : report_.merged);
    }
    return true;
  }

 private:
  template <typename Headers>
  std::optional<std::size_t> find(const Headers& headers) const {
    const auto& fields = csv_.fields();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (std::ranges::find(headers, folded(fields[i])) != headers.end()) return i;
    }
    return std::nullopt;
  }
  [[nodiscard]] std::string_view field(std::optional<std::size_t> n) const {
    return n && *n < csv_.fields().size() ? trimmed(csv_.fields()[*n]) : std::string_view();
  }
  void reject(std::uint64_t line, const std::string& reason) {
    ++report_.rejected;
    if (report_.reasons.size() < most_reasons) report_.reasons.push_back(fmt::format("line {}: {}", line, reason));
  }

  CsvReader csv_;
  const PrivateKey& key_;
  LinkReport& report_;
  std::optional<std::size_t> student_;
  std::optional<std::size_t> bsn_;
  std::optional<std::size_t> education_;
};

}  // namespace

Result<LinkReport> link_file(client::Client& client, const PrivateKey& key, std::unique_ptr<ByteSource> source,
                             bool dry_run) {
  auto csv = CsvReader::open(std::move(source));
  if (!csv) return fail(csv.error());
  LinkReport report;
  LinkFile file(std::move(*csv), key, report);
  IRO_TRY(file.read_header(), "link");
  bool more = true;
  bool told = false;  // a dry run is one transaction that is given up: each row must see those before it
  while (more) {
    const Status committed = client.transaction([&](client::OutboxTransaction& notes) -> Status {
      const auto taken = file.take(notes, dry_run ? SIZE_MAX : rows_per_transaction);
      if (!taken) return fail(taken.error());
      more = *taken;
      told = dry_run;
      return dry_run ? Status(fail(Errc::internal, "a dry run keeps nothing")) : Status();
    });
    if (!committed && !told) return fail(committed.error().within("link"));
  }
  return report;
}

std::string LinkReport::to_json() const {
  boost::json::array why(reasons.begin(), reasons.end());
  return boost::json::serialize(boost::json::object{{"rows", rows},
                                                    {"made", made},
                                                    {"joined", joined},
                                                    {"already", already},
                                                    {"merged", merged},
                                                    {"rejected", rejected},
                                                    {"reasons", std::move(why)}});
}

std::string LinkReport::to_text() const {
  std::string out = fmt::format(
      "{} rows: {} students were new, {} were known under one number, {} were linked before, {} had two pseudonyms "
      "and keep the older one, {} rows rejected",
      rows, made, joined, already, merged, rejected);
  for (const std::string& reason : reasons) out += "\n  " + reason;
  return out;
}

}  // namespace iro::files

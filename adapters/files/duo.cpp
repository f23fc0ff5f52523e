#include "adapters/files/duo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "adapters/files/dates.hpp"
#include "adapters/files/pseudonyms.hpp"
#include "adapters/files/values.hpp"
#include "hub/base/clock.hpp"

namespace iro::files {
namespace {

constexpr std::array<std::string_view, 13> names = {"record",     "BSN",       "onderwijsnummer", "enrolment", "number",
                                                    "drawn up",   "begin",     "planned end",     "real end",  "hours",
                                                    "company id", "programme", "optional part"};
constexpr std::size_t fewest_fields = 12;  // the optional part may be left off with its separator
constexpr std::size_t most_fields = 16;
constexpr char between_keys = '\x1F';

bool is_kind(std::string_view text) {
  return text.size() == 3 && std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

/// What a BPV record says, the personal numbers left out.
struct DuoReader::Placement {
  std::optional<std::int32_t> drawn_up;
  std::int32_t begin = 0;
  std::int32_t planned_end = 0;
  std::optional<std::int32_t> real_end;
  std::optional<std::int64_t> hours;
  std::string company;
  std::string programme;
  std::string learning_path;
};

bool looks_like_duo(std::string_view front) {
  if (front.starts_with("\xEF\xBB\xBF")) front.remove_prefix(3);
  constexpr std::string_view kinds[] = {"VLP", "PER", "ISG", "ISP", "ISE", "BPV", "DIP", "AMO", "GEO", "KZD", "SLR"};
  return front.size() > 3 && (front[3] == ';' || front[3] == '|') &&
         std::ranges::find(kinds, front.substr(0, 3)) != std::end(kinds);
}

Result<std::unique_ptr<DuoReader>> DuoReader::open(std::unique_ptr<ByteSource> source, const ProgrammeList& programmes,
                                                   std::string school) {
  auto csv = CsvReader::open(std::move(source));
  if (!csv) return fail(csv.error());
  return std::unique_ptr<DuoReader>(new DuoReader(std::move(*csv), programmes, std::move(school)));
}

Result<RecordReader::Item> DuoReader::next() {
  for (;;) {
    malformed_row_ = false;
    const auto item = csv_.next();
    if (!item || *item != Item::row) return item;
    const std::string_view record = field(kind);
    if (record == "BPV") return Item::row;
    if (record == "PER") learning_paths_.clear();
    if (record == "ISP") note_enrolment();
    if (!is_kind(record)) {
      malformed_row_ = true;
      malformed_ = {Errc::duo_record, csv_.position(0), "a record begins with its kind, three capitals such as BPV",
                    ""};
      return Item::problem;
    }
  }
}

/// ISP;BSN;onderwijsnummer;enrolment;begin;programme;learning path: the last one before a BPV tells its path.
void DuoReader::note_enrolment() {
  const std::string_view path = field(6);
  constexpr std::size_t most_enrolments = 1000;  // of one student; a file without PER records must not fill the memory
  if (learning_paths_.size() < most_enrolments)
    learning_paths_[std::string(field(enrolment))] = path == "BBL" ? "bbl" : path == "BOL" ? "bol" : "";
}

std::string_view DuoReader::field(std::size_t n) const {
  return n < csv_.fields().size() ? trimmed(csv_.fields()[n]) : std::string_view();
}

Reject DuoReader::reject(Field f, std::string reason) const {
  const bool personal = f == bsn || f == education_number || looks_personal(field(f));
  return {Errc::duo_record, csv_.position(f), std::string(names[f]), std::move(reason),
          personal ? "" : std::string(field(f))};
}

Reject DuoReader::problem() const {
  const CsvProblem& p = malformed_row_ ? malformed_ : csv_.problem();
  return {p.code, p.at, "", p.message, ""};  // never the line itself: it holds personal numbers
}

std::optional<std::int32_t> DuoReader::date(Field f, bool required, Record& record) const {
  if (field(f).empty()) {
    if (required) record.rejects.push_back(reject(f, "this may not be empty"));
    return std::nullopt;
  }
  const auto days = read_date(field(f));
  if (!days) record.rejects.push_back(reject(f, "expected a date such as 2023-02-01, 1-8-2022 or 20230201"));
  return days;
}

DuoReader::Placement DuoReader::read_placement(Record& record) const {
  Placement p;
  p.drawn_up = date(drawn_up, false, record);
  p.begin = date(begin, true, record).value_or(0);
  p.planned_end = date(planned_end, true, record).value_or(0);
  p.real_end = date(real_end, false, record);
  p.hours = whole_number(field(hours));
  p.company = field(company);
  p.programme = field(programme);
  if (const auto at = learning_paths_.find(std::string(field(enrolment))); at != learning_paths_.end())
    p.learning_path = at->second;
  return p;
}

void DuoReader::check(const Placement& p, Record& record) const {
  const auto refuse = [&](Field f, std::string reason) { record.rejects.push_back(reject(f, std::move(reason))); };
  if (field(bsn).empty() && field(education_number).empty()) refuse(bsn, "BSN and onderwijsnummer are both empty");
  if (field(number).empty()) refuse(number, "this may not be empty");
  if (p.planned_end < p.begin) refuse(planned_end, "the planned end lies before the begin");
  if (p.real_end && *p.real_end < p.begin) refuse(real_end, "the real end lies before the begin");
  const bool hours_fit = field(hours).empty() || (p.hours && *p.hours >= 0 && *p.hours <= 20'000);
  if (!hours_fit) refuse(hours, "expected whole hours");
  const auto id = whole_number(p.company);
  if (!id || *id < 100'000'000 || *id > 999'999'999) refuse(company, "expected a learning-company id of nine digits");
  const bool code_fits = !p.programme.empty() && p.programme.size() <= 5 && whole_number(p.programme).value_or(-1) >= 0;
  if (!code_fits) refuse(programme, "expected a programme code of at most five digits");
}

Record DuoReader::build(Pseudonyms& pseudonyms) {
  Record record;
  const std::size_t size = csv_.fields().size();
  if (size < fewest_fields || size > most_fields) {
    record.rejects.push_back({Errc::duo_record, csv_.position(size), "",
                              fmt::format("{} fields where a BPV record has 13 or 16", size), ""});
    return record;
  }
  const Placement p = read_placement(record);
  if (record.rejects.empty()) check(p, record);
  if (!record.rejects.empty()) return record;
  const auto student = pseudonyms.of("bsn", {field(bsn), field(education_number)});
  if (!student) {
    record.rejects.push_back(reject(bsn, student.error().message));
    return record;
  }
  record.early_end = p.real_end && *p.real_end < p.planned_end;
  record.started_unsigned = p.drawn_up && *p.drawn_up > p.begin;
  if (!programmes_.knows(p.programme)) record.unknown_programme = p.programme;
  draft(p, *student, pseudonyms, record);
  return record;
}

void DuoReader::draft(const Placement& p, const std::string& student, const Pseudonyms& pseudonyms,
                      Record& record) const {
  const std::string key =
      fmt::format("{}{}{}{}{}", student, between_keys, field(enrolment), between_keys, field(number));
  boost::json::object common;
  common["placement_id"] = pseudonyms.derived_id("pl", key);
  common["student"] = student;
  common["school"] = school_;
  common["learning_company_id"] = p.company;
  common["programme"] = p.programme;
  common["enrolment"] = std::string(field(enrolment));
  if (p.drawn_up) common["drawn_up_on"] = format_date(*p.drawn_up);
  common["begin_on"] = format_date(p.begin);
  common["planned_end_on"] = format_date(p.planned_end);
  if (p.hours) common["hours"] = *p.hours;
  common["started_unsigned"] = record.started_unsigned;

  // What is not known yet when a placement begins is left to placement.ended: so a file that only
  // brings the end makes one event, and does not adopt the placement a second time.
  Draft adopted{.type = "nl.placements.placement.adopted.v1",
                .changed_type = "",
                .key = "adopted" + (between_keys + key),
                .payload = common};
  if (!p.learning_path.empty()) adopted.payload["learning_path"] = p.learning_path;
  adopted.payload["effective_on"] = format_date(p.begin);
  record.drafts.push_back(std::move(adopted));
  if (!p.real_end) return;

  Draft ended{.type = "nl.placements.placement.ended.v1",
              .changed_type = "",
              .key = "ended" + (between_keys + key),
              .payload = std::move(common)};
  ended.payload["ended_on"] = format_date(*p.real_end);
  if (!record.early_end) ended.payload["outcome"] = "completed";
  ended.payload["effective_on"] = format_date(*p.real_end);
  record.drafts.push_back(std::move(ended));
}

Reject DuoReader::explain(const Draft&, const Error& error) const {
  constexpr std::pair<std::string_view, Field> told[] = {
      {"enrolment", enrolment}, {"hours", hours}, {"programme", programme}, {"company", company}};
  for (const auto& [path, f] : told) {
    if (error.message.find(path) == std::string::npos) continue;
    Reject r = reject(f, error.message);
    r.code = error.code;
    return r;
  }
  return {error.code, csv_.position(0), "", error.message, ""};
}

}  // namespace iro::files

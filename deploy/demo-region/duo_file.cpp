#include "deploy/demo-region/duo_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fstream>
#include <vector>

#include "hub/base/clock.hpp"

namespace iro::demo {
namespace {

class DuoFile {
 public:
  explicit DuoFile(DuoSpelling spelling) : spelling_(spelling) {}

  void record(std::vector<std::string> fields) {
    fields.resize(13);
    text_ += fmt::format("{}\r\n", fmt::join(fields, spelling_ == DuoSpelling::iso_with_bars ? "|" : ";"));
  }

  [[nodiscard]] std::string date(std::int32_t days) const {
    const Date d = date_from_days(days);
    switch (spelling_) {
      case DuoSpelling::dutch:
        return fmt::format("{}-{}-{}", d.day, d.month, d.year);
      case DuoSpelling::iso_with_bars:
        return format_date(days);
      case DuoSpelling::compact:
        return fmt::format("{:04}{:02}{:02}", d.year, d.month, d.day);
    }
    return {};
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  DuoSpelling spelling_;
  std::string text_;
};

/// The four ways in which a placement goes wrong in these files.
void spoil(std::vector<std::string>& bpv, std::size_t n) {
  switch (n % 4) {
    case 0:
      bpv[10] = "99900";
      break;  // no company has five digits
    case 1:
      bpv[1].clear();
      break;  // nobody's placement
    case 2:
      std::swap(bpv[6], bpv[7]);
      break;  // ends before it begins
    default:
      bpv[9] = "vierhonderd";
      break;
  }
  bpv[4] += "9";
}

}  // namespace

Result<DuoWritten> write_duo_file(const Region& region, const Year& year, std::size_t school, DuoSpelling spelling,
                                  const std::filesystem::path& folder) {
  const Member& member = region.members[school];
  std::map<std::size_t, std::vector<const Placement*>> by_student;
  for (const Placement& p : year.placements) {
    if (year.students[p.student].school == school) by_student[p.student].push_back(&p);
  }

  DuoFile file(spelling);
  DuoWritten written;
  const std::int32_t first_day = *days_from_date(2026, 8, 1);
  const std::int32_t last_day = *days_from_date(2027, 7, 31);
  std::size_t placements = 0;
  file.record({"VLP", member.brin, file.date(first_day), file.date(last_day), file.date(last_day + 30)});
  for (const auto& [index, list] : by_student) {
    const Student& s = year.students[index];
    const std::string path = s.learning_path == "bbl" ? "BBL" : "BOL";
    file.record(
        {"PER", s.personal_number, "", file.date(*days_from_date(2003, 1, 1) + static_cast<int>(index % 1800)), "V"});
    file.record({"ISG", s.personal_number, "", "1", file.date(first_day), file.date(last_day)});
    file.record({"ISP", s.personal_number, "", "1", file.date(first_day), s.programme, path, "", "J"});
    for (const Placement* p : list) {
      const Vacancy& v = year.vacancies[p->vacancy];
      std::vector<std::string> bpv = {"BPV",
                                      s.personal_number,
                                      "",
                                      "1",
                                      fmt::format("{}", ++placements),
                                      file.date(p->signed_on),
                                      file.date(v.period.from),
                                      file.date(v.period.until),
                                      p->ended ? file.date(*p->ended) : "",
                                      fmt::format("{}", p->hours),
                                      region.members[v.provider].learning_company,
                                      v.programme,
                                      ""};
      file.record(bpv);
      ++written.events["placement.adopted"];
      if (p->ended) ++written.events["placement.ended"];
      if (placements % 90 != 11) continue;
      spoil(bpv, written.bad_records++);
      file.record(bpv);
    }
  }
  file.record({"SLR", fmt::format("{}", by_student.size()), fmt::format("{}", placements + written.bad_records)});

  const auto path = folder / fmt::format("RO_{}_20260801_20270731.csv", member.brin);
  std::ofstream out(path, std::ios::binary);
  out << file.text();
  if (!out.flush()) return fail(Errc::io, fmt::format("write {}", path.string()));
  return written;
}

}  // namespace iro::demo

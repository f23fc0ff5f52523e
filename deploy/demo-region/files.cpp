#include "deploy/demo-region/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <functional>
#include <set>

#include "deploy/demo-region/duo_file.hpp"
#include "deploy/demo-region/sheet.hpp"
#include "hub/base/clock.hpp"

namespace iro::demo {
namespace {

namespace fs = std::filesystem;
using Row = std::vector<std::string>;

constexpr std::string_view study_year = "2026-2027";

std::string dutch_branch(std::string_view branch) {
  static const std::map<std::string_view, std::string_view> words = {
      {"hospital", "ziekenhuis"},  {"nursing_home_care", "VVT"},     {"mental_health", "GGZ"},
      {"disability_care", "GHZ"},  {"general_practice", "huisarts"}, {"maternity_care", "kraamzorg"},
      {"youth_care", "jeugdzorg"}, {"social_work", "sociaal werk"},  {"other", "overig"}};
  return std::string(words.at(branch));
}

/// 1-9-2026, as a Dutch spreadsheet shows it.
std::string dutch_date(std::int32_t days) {
  const Date d = date_from_days(days);
  return fmt::format("{}-{}-{}", d.day, d.month, d.year);
}

/// How the office program of the n-th member saves.
SheetStyle style_of(std::size_t n) {
  static constexpr std::array<SheetStyle, 5> styles = {{{Saved::utf8_with_mark, ';', true},
                                                        {Saved::windows_1252, ';', true},
                                                        {Saved::utf8, ';', false},
                                                        {Saved::utf16, '\t', true},
                                                        {Saved::utf8, ',', false}}};
  return styles[n % styles.size()];
}

/// Makes a good row a bad one. Each table has its own ways of going wrong.
using Spoiler = std::function<void(Row&)>;

class Writer {
 public:
  Writer(const Region& region, const Year& year, const fs::path& out, const fs::path& project)
      : region_(region), year_(year), out_(out), project_(project) {}

  Result<Expected> write() {
    for (std::size_t m = 0; m < region_.members.size(); ++m) {
      const Member& member = region_.members[m];
      for (const char* folder : {"outbox", "inbox", "mappings", "private"}) {
        std::error_code error;
        fs::create_directories(out_ / "members" / member.slug / folder, error);
        if (error)
          return fail(Errc::io, fmt::format("make {}: {}", (out_ / "members" / member.slug).string(), error.message()));
      }
      IRO_TRY(membership(m), "membership");
      if (member.role == Role::provider) IRO_TRY(vacancies(m), "vacancies");
      if (member.role != Role::school) continue;
      IRO_TRY(demand(m), "demand");
      IRO_TRY(placements(m), "placements");
      IRO_TRY(signals(m), "signals");
      IRO_TRY(handovers(m), "handovers");
    }
    return std::move(expected_);
  }

 private:
  /// `n` events of a type, each of which `readers` members may know.
  void count(const Member& member, const std::string& type, std::size_t readers, std::size_t n = 1) {
    expected_.events[type] += n;
    expected_.by_member[member.slug][type] += n;
    expected_.deliveries += readers * n;
  }

  [[nodiscard]] std::size_t schools_and_bureau() const {
    return region_.with_role(Role::school).size() + region_.with_role(Role::bureau).size();
  }

  /// A good row, and behind every fortieth one a bad copy of it. `key` is the column that names the thing.
  std::size_t add(Sheet& sheet, const Member& member, Row row, std::size_t key, const std::vector<Spoiler>& spoilers) {
    const std::size_t line = sheet.row(row);
    if (++rows_ % 40 != 7) return line;
    row[key] += "-X";
    spoilers[spoiled_++ % spoilers.size()](row);
    sheet.row(row);
    ++expected_.bad_rows[member.slug];
    return line;
  }

  [[nodiscard]] std::string path_of(const Member& member, std::string_view file) const {
    return fmt::format("members/{}/outbox/{}", member.slug, file);
  }

  Status save(const Sheet& sheet, const Member& member, std::string_view file) const {
    if (sheet.rows() <= 1) return {};  // nothing but a header: no file
    return sheet.save(out_ / path_of(member, file));
  }

  /// Put a mapping into the member's own folder, behind `before`.
  Status own_mapping(const Member& member, const fs::path& mapping, std::string_view before) const {
    std::ifstream in(mapping, std::ios::binary);
    std::ofstream copy(out_ / "members" / member.slug / "mappings" / mapping.filename(), std::ios::binary);
    copy << before << in.rdbuf();
    if (!in || !copy.flush()) return fail(Errc::io, fmt::format("copy {}", mapping.string()));
    return {};
  }

  Status membership(std::size_t m) {
    const Member& member = region_.members[m];
    IRO_TRY(own_mapping(member, project_ / "deploy" / "demo-region" / "mappings" / "membership.toml", ""), member.slug);
    Sheet sheet({});
    sheet.raw("lidnummer;fase;branche;vanaf");
    sheet.row(Row{"1", "volledig", member.branch.empty() ? "" : dutch_branch(member.branch), "1-8-2026"});
    count(member, "membership.joined", region_.members.size());
    return save(sheet, member, "lidmaatschap.csv");
  }

  Status vacancies(std::size_t m) {
    const Member& member = region_.members[m];
    const SheetStyle style = style_of(m);
    if (style.saved == Saved::windows_1252) {
      // A file without a mark cannot say so itself.
      IRO_TRY(own_mapping(member, project_ / "adapters" / "files" / "mappings" / "vacancies.toml",
                          "# Our program saves in the old Windows encoding.\nencoding = \"windows-1252\"\n"),
              member.slug);
    }
    static const std::vector<Spoiler> spoilers = {
        [](Row& r) { r[9] = "31-2-2027"; },                                        // a day that does not exist
        [](Row& r) { r[11] = "twee"; },                                            // a number in words
        [](Row& r) { r[8] = "avondschool"; },                                      // a code that nobody knows
        [](Row& r) { r[5].clear(); },                                              // required, and empty
        [](Row& r) { r.insert(r.begin() + 3, "verschoven"); },                     // a field too many
        [](Row& r) { r[18] = "Voor student met BSN 999500041, graag maandag"; }};  // never in free text
    Sheet sheet(style);
    sheet.row(Row{"Plaatsnummer", "Afdelingscode", "Afdeling", "Soort afdeling", "Branche", "Opleidingscode", "Niveau",
                  "Leerjaren", "Leerweg", "Begindatum", "Einddatum", "Aantal plaatsen", "Uren per week",
                  "Leerbedrijf-ID", "Praktijkopleider code", "Begeleiding minuten per week", "Postcode",
                  "Onkostenvergoeding", "Opmerking"});
    for (const Vacancy& v : year_.vacancies) {
      if (v.provider != m) continue;
      std::string years = fmt::format("{}", v.first_year);
      for (int y = v.first_year + 1; y <= v.last_year; ++y) years += fmt::format(",{}", y);
      const bool formula = !v.note.empty() && (v.note[0] == '=' || v.note[0] == '@');
      if (formula) ++expected_.formulas;
      count(member, "vacancy.opened", schools_and_bureau());
      add(sheet, member,
          Row{v.number, "A" + v.number.substr(4), v.ward, v.ward_kind, dutch_branch(member.branch), v.programme,
              fmt::format("{}", v.level), years, v.learning_path, dutch_date(v.period.from), dutch_date(v.period.until),
              fmt::format("{}", v.seats), fmt::format("{}", v.hours_a_week), member.learning_company, v.trainer,
              fmt::format("{}", v.supervision_minutes), member.area, "ja", v.note},
          0, spoilers);
    }
    return save(sheet, member, fmt::format("vacatures-{}.csv", study_year));
  }

  Status demand(std::size_t m) {
    const Member& member = region_.members[m];
    static const std::vector<Spoiler> spoilers = {[](Row& r) { r[5] = "ca. 10"; }, [](Row& r) { r[1].clear(); }};
    Sheet sheet(style_of(2 * m));
    sheet.row(Row{"Vraagnummer", "Opleidingscode", "Niveau", "Leerjaar", "Leerweg", "Aantal studenten", "Begindatum",
                  "Einddatum", "Postcode"});
    for (const Demand& d : year_.demands) {
      if (d.school != m) continue;
      count(member, "demand.registered", 2);  // the school itself and the bureau
      add(sheet, member,
          Row{d.number, d.programme, fmt::format("{}", d.level), fmt::format("{}", d.year), d.learning_path,
              fmt::format("{}", d.count), dutch_date(d.period.from), dutch_date(d.period.until), member.area},
          0, spoilers);
    }
    return save(sheet, member, fmt::format("stagevraag-{}.csv", study_year));
  }

  /// Three mbo schools have DUO files; the smallest and the university of applied sciences keep a spreadsheet.
  Status placements(std::size_t m) {
    const Member& member = region_.members[m];
    std::size_t mine = 0;
    for (std::size_t earlier = 0; earlier < m; ++earlier) mine += region_.members[earlier].role == Role::school ? 1 : 0;
    if (mine < 3) {
      auto written =
          write_duo_file(region_, year_, m, static_cast<DuoSpelling>(mine), out_ / "members" / member.slug / "outbox");
      if (!written) return fail(written.error());
      // A DUO file names the learning company, not the member: school and bureau hear it.
      for (const auto& [type, n] : written->events) count(member, type, 2, n);
      if (written->bad_records > 0) expected_.bad_rows[member.slug] += written->bad_records;
      return {};
    }
    return placement_sheet(m);
  }

  Status placement_sheet(std::size_t m) {
    const Member& member = region_.members[m];
    static const std::vector<Spoiler> spoilers = {[](Row& r) { r[1].clear(); },
                                                  [](Row& r) { r[8] = "na de vakantie"; }};
    Sheet sheet(style_of(2 * m));
    sheet.row(Row{"Plaatsingsnummer", "Studentnummer", "Instelling", "Leerbedrijf-ID", "Opleidingscode", "Niveau",
                  "Leerjaar", "Leerweg", "Begindatum", "Verwachte einddatum", "Werkelijke einddatum", "Uren"});
    for (const Placement& p : year_.placements) {
      const Student& s = year_.students[p.student];
      const Vacancy& v = year_.vacancies[p.vacancy];
      if (s.school != m) continue;
      count(member, "placement.adopted", 3);  // school, provider, bureau
      if (p.ended) count(member, "placement.ended", 3);
      const Member& provider = region_.members[v.provider];
      add(sheet, member,
          Row{p.number, s.number, provider.slug, provider.learning_company, v.programme, fmt::format("{}", v.level),
              fmt::format("{}", s.year), s.learning_path, dutch_date(v.period.from), dutch_date(v.period.until),
              p.ended ? dutch_date(*p.ended) : "", fmt::format("{}", p.hours)},
          0, spoilers);
    }
    return save(sheet, member, fmt::format("stages-{}.csv", study_year));
  }

  Status signals(std::size_t m) {
    const Member& member = region_.members[m];
    const std::string file = fmt::format("signalen-{}.csv", study_year);
    static const std::vector<Spoiler> spoilers = {[](Row& r) { r[1].clear(); }, [](Row& r) { r[3] = "afwachten"; }};
    Sheet sheet({Saved::utf8_with_mark, ';', true});
    sheet.row(Row{"Studentnummer", "Datum signaal", "Gesignaleerd door", "Vervolgactie", "Datum vervolgactie"});
    std::map<std::pair<std::int32_t, std::int32_t>, int> seen;
    std::vector<std::pair<const Signal*, std::size_t>> lines;
    for (const Signal& signal : year_.signals) {
      const Student& s = year_.students[year_.placements[signal.placement].student];
      if (s.school != m) continue;
      ++seen[{signal.raised_on, signal.due_on}];
      count(member, "student.at-risk", 1);  // its own school alone
      lines.emplace_back(&signal, add(sheet, member,
                                      Row{s.number, dutch_date(signal.raised_on), signal.author_role,
                                          signal.next_action, dutch_date(signal.due_on)},
                                      0, spoilers));
    }
    // The event carries a pseudonym, so the one to follow is known by its dates: they must be its alone.
    for (const auto& [signal, line] : lines) {
      if (followed_signal_ || seen[{signal->raised_on, signal->due_on}] > 1) continue;
      followed_signal_ = true;
      expected_.follow.push_back(
          {"student.at-risk",
           member.slug,
           path_of(member, file),
           line,
           {{"effective_on", format_date(signal->raised_on)}, {"next_action_on", format_date(signal->due_on)}}});
    }
    return save(sheet, member, file);
  }

  Status handovers(std::size_t m) {
    const Member& member = region_.members[m];
    const std::string file = fmt::format("overdrachtsverzoeken-{}.csv", study_year);
    static const std::vector<Spoiler> spoilers = {[](Row& r) { r[3] = "geen klik"; }, [](Row& r) { r[8] = "enkele"; }};
    Sheet sheet({Saved::utf8_with_mark, ';', true});
    sheet.row(Row{"Verzoeknummer", "Studentnummer", "Huidige instelling", "Grond", "Opleidingscode", "Niveau",
                  "Leerjaar", "Leerweg", "Aantal weken", "Postcode", "Reageren voor", "Kenmerk school"});
    for (const Handover& h : year_.handovers) {
      const Placement& p = year_.placements[h.placement];
      const Student& s = year_.students[p.student];
      const Vacancy& v = year_.vacancies[p.vacancy];
      if (s.school != m) continue;
      const std::string reference = fmt::format("{}-{}", member.brin, h.number);
      count(member, "handover.requested", 2);
      const std::size_t line =
          add(sheet, member,
              Row{h.number, s.number, region_.members[v.provider].slug, h.reason, v.programme,
                  fmt::format("{}", v.level), fmt::format("{}", s.year), s.learning_path, fmt::format("{}", h.weeks),
                  member.area, dutch_date(h.requested_on + 14), reference},
              0, spoilers);
      if (!followed_handover_) {
        expected_.follow.push_back(
            {"handover.requested", member.slug, path_of(member, file), line, {{"dataref", reference}}});
      }
      followed_handover_ = true;
    }
    return save(sheet, member, file);
  }

  const Region& region_;
  const Year& year_;
  const fs::path& out_;
  const fs::path& project_;
  Expected expected_;
  std::size_t rows_ = 0;
  std::size_t spoiled_ = 0;
  bool followed_signal_ = false;
  bool followed_handover_ = false;
};

}  // namespace

Result<Expected> write_members(const Region& region, const Year& year, const fs::path& out, const fs::path& project) {
  return Writer(region, year, out, project).write();
}

}  // namespace iro::demo

#include "invite_file.hpp"

#include "iro/plugin.hpp"

namespace iro::handover {
namespace {

std::string two(unsigned n) { return (n < 10 ? "0" : "") + std::to_string(n); }

/// 20260907T080000Z
std::string stamp(Time time) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return std::to_string(int{date.year()}) + two(unsigned{date.month()}) + two(unsigned{date.day()}) + "T" +
         two(static_cast<unsigned>(clock.hours().count())) + two(static_cast<unsigned>(clock.minutes().count())) +
         two(static_cast<unsigned>(clock.seconds().count())) + "Z";
}

/// TEXT of RFC 5545, 3.3.11.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == ';' || c == ',') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) >= 0x20) {
      out += c;
    }
  }
  return out;
}

/// A content line, folded at 75 octets and never within a character (RFC 5545, 3.1).
std::string line(const std::string& text) {
  std::string out;
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t size = 1;
    while (i + size < text.size() && (static_cast<unsigned char>(text[i + size]) & 0xC0) == 0x80) ++size;
    if (width + size > 75) {
      out += "\r\n ";
      width = 1;
    }
    out.append(text, i, size);
    width += size;
    i += size;
  }
  return out + "\r\n";
}

}  // namespace

std::string invite_file(std::string_view meeting_id, const Meeting& meeting, Time stamped) {
  const auto length = std::chrono::minutes(meeting.minutes == 0 ? 45 : meeting.minutes);
  std::string out = line("BEGIN:VCALENDAR") + line("VERSION:2.0") + line("PRODID:-//IRO hub//warm-handover//NL") +
                    line(words("METHOD:", meeting.waived ? "CANCEL" : "PUBLISH")) + line("BEGIN:VEVENT");
  out += line("UID:" + escaped(meeting_id) + "@warm-handover.iro") + line("DTSTAMP:" + stamp(stamped)) +
         line("SEQUENCE:" + std::to_string(meeting.sequence)) + line("DTSTART:" + stamp(meeting.begins)) +
         line("DTEND:" + stamp(meeting.begins + length)) +
         line("SUMMARY:Kennismaking warme overdracht / Warm handover: introduction");
  if (!meeting.place.empty()) out += line("LOCATION:" + escaped(meeting.place));
  out += line(words("STATUS:", meeting.waived ? "CANCELLED" : "CONFIRMED")) + line("CLASS:PRIVATE") +
         line("END:VEVENT") + line("END:VCALENDAR");
  return out;
}

}  // namespace iro::handover

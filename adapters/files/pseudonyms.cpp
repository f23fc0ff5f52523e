#include "adapters/files/pseudonyms.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <vector>

#include "hub/base/crypto.hpp"

namespace iro::files {
namespace {

constexpr std::string_view space = "files.person";  // permanent: it is in the notes of every member
constexpr std::string_view same_space =
    "files.person.same";                                    // a pseudonym that is not used any more -> the one that is
constexpr std::string_view age_space = "files.person.age";  // a pseudonym -> the how-manieth it was; "" -> the last
constexpr std::string_view link_space = "files.person.linked";  // a student number's HMAC/kind -> the other number's
constexpr std::string_view base32 = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t pseudonym_characters = 20;  // 100 bits
constexpr std::size_t longest_run = 6;            // of digits; personal numbers have eight or nine

std::string to_base32(ByteView bytes, std::size_t characters) {
  std::string out;
  std::uint32_t bits = 0;
  std::uint32_t have = 0;
  for (const std::uint8_t byte : bytes) {
    bits = bits << 8 | byte;
    have += 8;
    for (; have >= 5 && out.size() < characters; have -= 5) out.push_back(base32[bits >> (have - 5) & 31]);
  }
  return out;
}

std::size_t run_of_digits(std::string_view text) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c >= '0' && c <= '9' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

/// A number without what people and spreadsheets put in or take away: spaces,
/// points and hyphens between the digits, zeros before them. Other texts as they are.
std::string plain_number(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ' && c != '.' && c != '-') out.push_back(c);
  }
  const bool digits = std::ranges::all_of(out, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return std::string(text);
  out.erase(0, std::min(out.find_first_not_of('0'), out.size()));
  return out;
}

tl::unexpected<Error> system_error(std::string_view what, const std::filesystem::path& path) {
  return fail(Errc::io, fmt::format("{} {}: {}", what, path.string(), std::strerror(errno)));
}

/// Written beside and linked into place, so that a half-written key is never found and two makers agree on one.
Status make_key_file(const std::filesystem::path& path) {
  std::array<std::uint8_t, 32> key{};
  random_bytes(key);
  const auto beside = path.parent_path() / fmt::format(".{}.{}", path.filename().string(), ::getpid());
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return system_error("create", beside);
  const bool written = ::write(fd, key.data(), key.size()) == ::ssize_t(key.size()) && ::fsync(fd) == 0;
  ::close(fd);
  const bool linked = written && (::link(beside.c_str(), path.c_str()) == 0 || errno == EEXIST);
  Status done;
  if (!linked) done = system_error("write", path);
  ::unlink(beside.c_str());
  // The name must survive a power cut as well: events will refer to what this key makes.
  if (const int folder = ::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); folder >= 0) {
    if (::fsync(folder) != 0 && done) done = system_error("sync", path.parent_path());
    ::close(folder);
  }
  return done;
}

}  // namespace

Result<PrivateKey> PrivateKey::open(const std::filesystem::path& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) {
    if (Status made = make_key_file(path); !made) return fail(made.error());
    fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  }
  if (fd < 0) return system_error("open", path);
  PrivateKey key;
  struct ::stat info {};
  const bool whole = ::fstat(fd, &info) == 0 && info.st_size == ::off_t(key.key_.size()) &&
                     ::read(fd, key.key_.data(), key.key_.size()) == ::ssize_t(key.key_.size());
  ::close(fd);
  if (!whole)
    return fail(
        Errc::corrupt,
        fmt::format(
            "{} is not a key of 32 bytes: restore it from a backup, a new one would give every student a new pseudonym",
            path.string()));
  if ((info.st_mode & 077) != 0)
    return fail(Errc::config_invalid, fmt::format("{} may be read by others: chmod 600 it", path.string()));
  return key;
}

PrivateKey PrivateKey::random() {
  PrivateKey key;
  random_bytes(key.key_);
  return key;
}

std::array<std::uint8_t, 16> PrivateKey::mac_bytes(std::string_view purpose, std::string_view text) const {
  std::string message(purpose);
  message.push_back('\0');
  message += text;
  return keyed_mac(key_, as_bytes(message));
}

std::string PrivateKey::mac(std::string_view purpose, std::string_view text) const {
  std::string letters;
  for (const std::uint8_t byte : mac_bytes(purpose, text)) {
    letters.push_back(static_cast<char>('a' + (byte >> 4)));
    letters.push_back(static_cast<char>('a' + (byte & 15)));
  }
  return letters;
}

std::string random_pseudonym() {
  for (;;) {
    std::array<std::uint8_t, 13> bytes{};
    random_bytes(bytes);
    std::string name = "p-" + to_base32(bytes, pseudonym_characters);
    if (run_of_digits(name) <= longest_run) return name;
  }
}

/// The pseudonym that a number leads to, by its HMAC; over those that were given up for an older one.
std::optional<std::string> Pseudonyms::known(const std::string& number_key) {
  auto out = number_key.empty() ? std::nullopt : notes_.get(space, number_key);
  while (out) {
    auto kept = notes_.get(same_space, *out);
    if (!kept) break;
    out = std::move(kept);
  }
  return out;
}

std::string Pseudonyms::make() {
  std::string pseudonym = random_pseudonym();
  const std::uint64_t number = age("") + 1;
  notes_.put(age_space, "", std::to_string(number));
  notes_.put(age_space, pseudonym, std::to_string(number));
  ++made_;
  return pseudonym;
}

/// 0: from before ages were noted, so older than all that have one.
std::uint64_t Pseudonyms::age(const std::string& pseudonym) const {
  const auto note = notes_.get(age_space, pseudonym);
  std::uint64_t out = 0;
  if (note) std::from_chars(note->data(), note->data() + note->size(), out);
  return out;
}

Result<std::string> Pseudonyms::of(std::string_view kind, PersonalNumbers numbers) {
  const std::string first = plain_number(numbers.bsn);
  const std::string second = plain_number(numbers.other);
  if (first.empty() && second.empty()) return fail(Errc::csv_value, "there is no personal number");
  const std::string first_key = first.empty() ? "" : key_.mac(kind, first);
  const std::string second_key = second.empty() ? "" : key_.mac("onderwijsnummer", second);
  std::optional<std::string> found = known(first_key);
  const bool first_known = found.has_value();
  if (!found) found = known(second_key);
  const bool second_known = found.has_value() && !first_known;
  if (!found) found = make();
  if (!first_key.empty() && !first_known) notes_.put(space, first_key, *found);
  if (!second_key.empty() && !second_known && !notes_.get(space, second_key)) notes_.put(space, second_key, *found);
  return *found;
}

Result<Pseudonyms::Link> Pseudonyms::link(const LinkedNumbers& numbers) {
  struct Number {
    std::string_view kind;
    std::string plain;
    std::string key;
  };
  std::vector<Number> all = {{"bsn", plain_number(numbers.bsn), {}},
                             {"onderwijsnummer", plain_number(numbers.education_number), {}},
                             {"student-number", plain_number(numbers.student_number), {}}};
  if (all.back().plain.empty()) return fail(Errc::csv_value, "there is no student number");
  std::erase_if(all, [](const Number& n) { return n.plain.empty(); });
  if (all.size() < 2) return fail(Errc::csv_value, "there is no BSN and no onderwijsnummer");
  for (Number& n : all) {
    const bool digits = std::ranges::all_of(n.plain, [](char c) { return c >= '0' && c <= '9'; });
    if (&n != &all.back() && (!digits || n.plain.size() < 7 || n.plain.size() > 9))
      return fail(Errc::csv_value, fmt::format("the {} is no number of nine digits", n.kind));
    n.key = key_.mac(n.kind, n.plain);
  }
  const std::string& student = all.back().key;
  for (const Number& n : all) {
    if (&n == &all.back()) continue;
    const auto before = notes_.get(link_space, fmt::format("{}/{}", student, n.kind));
    if (before && *before != n.key)
      return fail(Errc::csv_value,
                  fmt::format("this student number belongs to another {}: it was linked before", n.kind));
  }

  // The oldest first; of those without an age the one of the BSN, as it stands first here.
  std::vector<std::string> found;
  bool all_known = true;
  for (const Number& n : all) {
    auto pseudonym = known(n.key);
    all_known = all_known && pseudonym;
    if (pseudonym && std::ranges::find(found, *pseudonym) == found.end()) found.push_back(std::move(*pseudonym));
  }
  std::ranges::stable_sort(found, {}, [&](const std::string& pseudonym) { return age(pseudonym); });
  const Link what = found.empty()      ? Link::made
                    : found.size() > 1 ? Link::merged
                    : all_known        ? Link::already
                                       : Link::joined;
  if (found.empty()) found.push_back(make());
  for (std::size_t younger = 1; younger < found.size(); ++younger) notes_.put(same_space, found[younger], found[0]);
  for (const Number& n : all) {
    notes_.put(space, n.key, found[0]);
    if (&n != &all.back()) notes_.put(link_space, fmt::format("{}/{}", student, n.kind), n.key);
  }
  return what;
}

std::string Pseudonyms::derived_id(std::string_view prefix, std::string_view text) const {
  for (std::uint32_t round = 0;; ++round) {
    const auto bytes = key_.mac_bytes(fmt::format("id {}", round), text);
    std::string id = fmt::format("{}-{}", prefix, to_base32(bytes, pseudonym_characters));
    if (run_of_digits(id) <= longest_run) return id;
  }
}

}  // namespace iro::files

// adapters/files/pseudonyms.hpp: personal numbers stay at the school.
//
// A student is a random pseudonym in the hub. The school's side remembers it
// under an HMAC-SHA-256 of the number, so that neither the hub nor the
// adapter's own files ever hold a number. The HMAC's key is random, made once a
// member and kept in the member's private folder: whoever has only the notes
// cannot find the numbers by trying them all (nine digits are quickly tried).
//
// Pseudonyms works inside one outbox transaction, so a pseudonym and the first
// event that uses it become durable together. Same thread as the transaction.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/client/client.hpp"
#include "hub/base/error.hpp"

namespace iro::files {

/// The member's secret; loses its use if it is ever published.
class PrivateKey {
 public:
  /// Read it, or make it (mode 0600) when it is not there.
  static Result<PrivateKey> open(const std::filesystem::path& path);
  /// One that lives as long as the process: for checking and tests.
  static PrivateKey random();

  /// HMAC-SHA-256 over `purpose` and `text`, its first 16 bytes as 32 letters
  /// a to p: digits could look like a personal number, and the hub would refuse the event.
  [[nodiscard]] std::string mac(std::string_view purpose, std::string_view text) const;
  [[nodiscard]] std::array<std::uint8_t, 16> mac_bytes(std::string_view purpose, std::string_view text) const;

 private:
  std::array<std::uint8_t, 32> key_{};
};

/// The numbers that a file gives for one person; either may be "".
struct PersonalNumbers {
  std::string_view bsn;    // or a school's own student number, see `kind`
  std::string_view other;  // onderwijsnummer
};

/// The numbers that a school knows one person under: its own, and one that others know as well.
struct LinkedNumbers {
  std::string_view student_number;
  std::string_view bsn;               // or
  std::string_view education_number;  // onderwijsnummer; at least one of the two
};

class Pseudonyms {
 public:
  Pseudonyms(const PrivateKey& key, client::OutboxTransaction& notes) : key_(key), notes_(notes) {}

  /// The person's pseudonym, made on first sight. A person first seen under the
  /// onderwijsnummer alone keeps the pseudonym when the BSN comes too.
  /// `kind` keeps apart numbers of different systems ("bsn", "student-number").
  /// 012.345.678 and 12345678 are one number.
  /// Fails with csv_value when there is no number.
  Result<std::string> of(std::string_view kind, PersonalNumbers numbers);

  enum class Link : std::uint8_t {
    made,     // nobody knew the person: one pseudonym for all of the numbers
    joined,   // some were known under one pseudonym: the others lead there too
    already,  // all were known under one
    merged,   // they had several: the oldest is kept for all
  };
  /// These numbers are one person. From then on each of them, and whatever else
  /// led to a younger pseudonym, leads to one. Of several pseudonyms the one that
  /// was made first is kept; where that is not known (before ages were noted),
  /// that of the BSN or onderwijsnummer. It cannot be undone.
  /// Fails with csv_value: a number is missing or is no number, or the student
  /// number was linked to another BSN or onderwijsnummer before: two persons must
  /// never become one. Errors name no number.
  Result<Link> link(const LinkedNumbers& numbers);

  /// A stable id that says nothing about what it was made of: "pl-" and 20 characters.
  [[nodiscard]] std::string derived_id(std::string_view prefix, std::string_view text) const;

  [[nodiscard]] const PrivateKey& key() const { return key_; }
  [[nodiscard]] std::uint64_t made() const { return made_; }

 private:
  std::optional<std::string> known(const std::string& number_key);
  std::string make();
  [[nodiscard]] std::uint64_t age(const std::string& pseudonym) const;

  const PrivateKey& key_;
  client::OutboxTransaction& notes_;
  std::uint64_t made_ = 0;
};

/// "p-" and 20 characters of base32, without a run of digits that a detector
/// could take for a personal number.
std::string random_pseudonym();

}  // namespace iro::files

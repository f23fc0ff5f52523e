// adapters/files/link_file.hpp: which student number is which BSN or onderwijsnummer, from a file of the school.
//
// A student is known under the BSN in registration files and under the school's
// own number in its lists. A link file has both, and makes them one pseudonym
// (pseudonyms.hpp). It stays on the school's side: nothing of it is published,
// and neither the notes nor what is reported here holds a number.
//
// Columns by their header, in any order; others are passed over:
//   studentnummer, leerlingnummer
//   bsn, burgerservicenummer, and/or onderwijsnummer
//
// 500 rows a transaction; a run that was cut off is run again. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adapters/client/client.hpp"
#include "adapters/files/byte_source.hpp"
#include "adapters/files/pseudonyms.hpp"

namespace iro::files {

struct LinkReport {
  std::uint64_t rows = 0;
  std::uint64_t made = 0;            // nobody knew the student yet
  std::uint64_t joined = 0;          // known under one number, now under both
  std::uint64_t already = 0;         // linked before
  std::uint64_t merged = 0;          // had two pseudonyms: the older one is kept
  std::uint64_t rejected = 0;        // rows
  std::vector<std::string> reasons;  // "line 7: ...", the first 20

  [[nodiscard]] std::string to_json() const;
  [[nodiscard]] std::string to_text() const;
};

/// With `dry_run` nothing is kept: what would become of the file, row after row.
/// Fails with csv_encoding, csv_column (a column is missing), io, or what the outbox fails with.
Result<LinkReport> link_file(client::Client& client, const PrivateKey& key, std::unique_ptr<ByteSource> source,
                             bool dry_run = false);

}  // namespace iro::files

// adapters/files/record_taker.hpp: from a record of a file to events in the outbox.
//
// Each event that a record asks for has an identity made of the format and its
// key columns. What was sent last under that identity is remembered (as a keyed
// hash) in the notes of the same transaction: the same content again is passed
// over, other content is sent as the draft's changed type. So a file may be
// offered again, corrected or longer, and every row makes its events once.
//
// A record is taken whole or not at all. Same thread as the transaction.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "adapters/client/client.hpp"
#include "adapters/files/outgoing_documents.hpp"
#include "adapters/files/pseudonyms.hpp"
#include "adapters/files/record.hpp"
#include "hub/schema/registry.hpp"

namespace iro::files {

/// What became of a file's records so far.
struct Counts {
  std::uint64_t records = 0;    // read, also those passed over or rejected
  std::uint64_t events = 0;     // given to the outbox
  std::uint64_t unchanged = 0;  // records of which everything had been sent before
  std::uint64_t changed = 0;    // events sent because a known thing has other content
  std::uint64_t rejected = 0;   // records
  std::uint64_t early_ends = 0;
  std::uint64_t started_unsigned = 0;
  std::uint64_t new_pseudonyms = 0;
  std::map<std::string, std::uint64_t> events_by_type;
  std::map<std::string, std::uint64_t> unknown_programmes;  // code -> records; at most 1,000 codes

  [[nodiscard]] std::string to_json() const;
  static Result<Counts> from_json(std::string_view text);
  void add(const Counts& other);
};

class RecordTaker {
 public:
  /// With `again`, what was sent before is sent once more, under the same
  /// foreign ids: the hub takes what it had refused, and knows the rest.
  /// `sealer` is for documents that rows name; without one such a row is rejected.
  RecordTaker(const schema::Registry& registry, const PrivateKey& key, bool again = false,
              const DocumentSealer* sealer = nullptr)
      : registry_(registry), key_(key), again_(again), sealer_(sealer) {}

  /// Take the record (or the problem) that `reader` stands at. Gives the
  /// rejects, empty when the record was taken. An Error is about the outbox
  /// (outbox_full, io) or a hub that cannot be asked for a recipient's key:
  /// the transaction must then be given up.
  Result<std::vector<Reject>> take(RecordReader& reader, RecordReader::Item item, client::OutboxTransaction& outbox,
                                   Counts& counts) const;

 private:
  struct Ready;
  [[nodiscard]] std::optional<std::string> personal_number_in(const schema::EventType& type, ByteView payload) const;
  Result<Bytes> seal_into(schema::Event& event, const schema::EventType& type, boost::json::object payload,
                          const client::Document& document) const;
  Result<Ready> prepare(std::string_view format, const Draft& draft, client::OutboxTransaction& outbox) const;

  const schema::Registry& registry_;
  const PrivateKey& key_;
  bool again_;
  const DocumentSealer* sealer_;
};

}  // namespace iro::files

// tests/unit/views/region.hpp: a region with members and a log of events, made
// up from a seed, and beside it the plain list of what was written: the oracle
// reads the list, never the log.
#pragma once

#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "hub/log/memory_log.hpp"
#include "hub/schema/registry.hpp"
#include "hub/views/views.hpp"
#include "tests/support/temp_folder.hpp"

namespace iro::views::test {

using iro::test::TempFolder;

/// One event as it was written.
struct Written {
  Seq seq;
  EventId id;
  std::string type;
  std::string subject;
  std::string json;  // the payload in full
  EventId correlation;
  MemberNo sender;
  TimeMs recorded;
  schema::Routing routing = schema::Routing::parties;
  bool encrypted = false;
  std::vector<MemberNo> full;
  std::vector<MemberNo> masked;
  std::vector<MemberNo> named;  // parties among them
  PersonKeyNo person_key;
};

class Region {
 public:
  /// Members 0 to 6: operator, two schools, two hospitals, the bureau, and one that left; more up to `members`.
  explicit Region(std::uint64_t seed, std::uint32_t members = 7);

  /// What add() needs to know of an event; the rest comes by chance.
  struct Wish {
    std::string type;     // "": one of the four of this region
    std::string subject;  // "": one of twenty
    std::optional<MemberNo> sender;
    std::optional<std::vector<MemberNo>> full;
    std::optional<std::vector<MemberNo>> masked;
    EventId id;  // zero: a new one
    std::uint16_t expiry_month = log::kept_for_ever;
  };
  /// Add an event to the open chunk.
  const Written& add(const Wish& wish);
  const Written& add() { return add(Wish{}); }
  /// Commit the open chunk, and tell `views` of it.
  void commit(Views* views = nullptr);
  /// `chunks` chunks of up to `most` events each.
  void fill(std::size_t chunks, std::size_t most, Views* views = nullptr);
  /// The same chunk of `events` events by chance, `times` times: a long log in a moment.
  void fill_with_copies(std::size_t events, std::size_t times);

  [[nodiscard]] Views views(std::optional<Index> index, const ViewLimits& limits = {});
  [[nodiscard]] Result<Index> index(const std::filesystem::path& path, std::size_t run_events = 64);
  /// Change what a member may receive of a type, from now on.
  void grant(MemberNo member, const std::string& type, admission::Receive receive);
  void forget_bodies(std::uint16_t month);

  [[nodiscard]] std::uint64_t random(std::uint64_t below) { return random_() % below; }
  [[nodiscard]] const std::vector<Written>& written() const { return written_; }
  [[nodiscard]] const admission::Membership& members() const { return *members_; }
  [[nodiscard]] const schema::Registry& registry() const { return registry_; }
  [[nodiscard]] log::MemoryLog& log() { return *log_; }
  [[nodiscard]] log::MemoryKeyRing& keys() { return keys_; }
  [[nodiscard]] Seq next_seq() const { return next_seq_; }

 private:
  AtomNo atom(const std::string& text);
  log::Audience audience(const std::vector<MemberNo>& members);
  std::vector<MemberNo> some_members();
  std::string payload(const std::string& type, const std::string& subject, std::vector<MemberNo>& named);

  std::mt19937_64 random_;
  schema::Registry registry_;
  std::unique_ptr<log::MemoryLog> log_;
  log::MemoryKeyRing keys_;
  std::shared_ptr<const admission::Membership> members_;
  std::vector<Written> written_;
  std::vector<std::pair<log::Entry, Bytes>> open_;
  std::vector<std::string> atoms_;
  std::vector<std::vector<MemberNo>> sets_;
  std::vector<log::Definition> definitions_;
  Seq next_seq_{1};
  Hash head_{};
  TimeMs now_{1'795'000'000'000};
};

/// What `asking` sees of an event: written down once more, from the words of design 7 and 9.
std::string seen_by(const Region& region, const Written& event, MemberNo asking);

}  // namespace iro::views::test

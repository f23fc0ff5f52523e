// hub/views/views.hpp: read-only answers from the log for people and tools, and
// the reader that keeps the index.
//
// Beside the core, on a thread of its own: told of each commit in order, asked
// in between. It opens no door: who asks is what the bus proved (RunView), and
// what is shown is decided by the audience of the commit and today's grants
// (sight.hpp), as for deliveries. Two see more: a sender its own events, and
// the operator where events went, not what is in them.
//
// Nothing acknowledged is unfindable: what the index does not have yet is
// searched in the log. While an index is being made anew, a question that needs
// the part in between is answered index_rebuilding with how far it is, never
// "unknown". A search that gets long stops with a `next` to go on from.
//
// One thread calls everything. After the log's resume(), make a new Views from
// load(): what it was told may not be what the log holds.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hub/admission/membership.hpp"
#include "hub/base/crypto.hpp"
#include "hub/log/event_log.hpp"
#include "hub/log/keys.hpp"
#include "hub/schema/registry.hpp"
#include "hub/views/arguments.hpp"
#include "hub/views/catalogue.hpp"
#include "hub/views/chunk_source.hpp"
#include "hub/views/delivery_facts.hpp"
#include "hub/views/explain_json.hpp"
#include "hub/views/history.hpp"
#include "hub/views/index.hpp"
#include "hub/views/row.hpp"
#include "hub/views/search.hpp"

namespace iro::views {

struct ViewInfo {
  std::string_view name;
  std::string_view arguments;  // as in "[type] id"
  std::string_view nl;
  std::string_view en;
};
/// What run() answers, for `iro show` and the manuals.
std::span<const ViewInfo> views();

/// By event, what each rule said of it, as JSON.
using RuleWords = std::map<EventId, boost::json::array>;

struct ViewLimits {
  std::size_t page_bytes = 256U << 10;     // an answer's page, well within a frame
  std::size_t row_bytes = 768U << 10;      // one event alone; above that its payload is withheld
  std::uint64_t search_bytes = 64U << 20;  // of directories looked at for one answer: about 0.3 s
  // Searched without the index; with more missing it is being rebuilt.
  std::uint64_t scanned_positions = limits::index_lag_events;
};

class Views {
 public:
  struct Parts {
    std::unique_ptr<log::LogReader> reader;
    const schema::Registry& registry;  // outlives the Views
    log::KeyRing* keys = nullptr;      // outlives the Views; null: encrypted bodies are withheld
    Catalogue catalogue;               // of the snapshot
    std::optional<Index> index;        // none: everything is searched in the log, slowly
    std::shared_ptr<const admission::Membership> members;
    Seq next_seq{1};     // of the snapshot
    TokenSealer sealer;  // with the hub's token key
    LogEpoch epoch;
    ViewLimits limits{};
    std::uint16_t deleted_month = 0;  // of the snapshot
  };
  explicit Views(Parts parts);

  /// Retention has ended the bodies of `month` and before.
  void retained(std::uint16_t month) { parts_.deleted_month = month; }

  /// A commit that succeeded. `chunk` is null when it only changed state. Fails
  /// with corrupt when the chunk does not verify; it counts as told all the same.
  Status committed(std::shared_ptr<const log::Chunk> chunk, const std::vector<log::Definition>& definitions,
                   std::shared_ptr<const admission::Membership> members);

  /// Index up to about `events` more. True: there is more to do. A failure of
  /// the index is answered by beginning it anew, or, when its disk does not
  /// take it (disk_full, storage_failed), by trying the same again next time.
  Result<bool> index_some(std::size_t events);
  /// Events that are in the log and not yet in the index. Above
  /// limits().scanned_positions admission should slow down.
  [[nodiscard]] std::uint64_t index_lag() const;

  /// Where to read from for what was recorded at or after `time`.
  Result<Seq> position_at(TimeMs time);
  /// Where to read from for what is behind the event. not_found also when
  /// `member` may not know of it; index_rebuilding when that cannot be said yet.
  /// `released`: behind where it went out, when it had to wait for a gate.
  Result<Seq> position_after(const EventId& id, MemberNo member, bool released = false);

  /// Pages of JSON, at least one. Fails with view_unknown, arguments_invalid,
  /// unknown_type, token_invalid, not_found, missing_grant (the member left),
  /// index_rebuilding, or as the log does. `deliveries` belongs to the event that
  /// an explanation is asked for; without it nothing is said of deliveries.
  Result<std::vector<std::string>> run(std::string_view view, std::string_view args_json, MemberNo asking,
                                       const DeliveryFacts* deliveries = nullptr,
                                       std::span<const PersonKeyNo> person_keys = {});
  /// The events about persons that the answers since the last call have shown.
  std::vector<SeenPerson> take_seen() { return std::exchange(seen_, {}); }

 private:
  Result<std::vector<std::string>> events(std::string_view args, Perspective& perspective);
  Result<std::vector<std::string>> event(std::string_view args, Perspective& perspective);
  Result<std::vector<std::string>> explain(std::string_view args, Perspective& perspective,
                                           const DeliveryFacts* deliveries);
  Result<std::vector<std::string>> why_not(std::string_view args, Perspective& perspective,
                                           const DeliveryFacts* deliveries);
  struct Why {
    admission::Membership then;
    std::optional<std::vector<NamedParty>> named;  // nothing: the content is gone
    Explanation explanation;
    std::optional<Hit> waited;  // where the event waited for its gate
  };
  Result<Why> explain_hit(const Hit& hit, Perspective& perspective, const DeliveryFacts* deliveries);
  /// What happened, as far as `perspective` may see it: the case that `hit` belongs to.
  Result<std::vector<Hit>> case_of(const Hit& hit, Perspective& perspective);
  /// What rules said of these events of the case `whole`, for who sees them so: words to who sees the event in full or
  /// sent it, to the operator that there are some.
  Result<RuleWords> rule_words(const std::vector<Hit>& events, const EventId& whole);
  /// The parties that stand in the payload; nothing when it is gone.
  Result<std::optional<std::vector<NamedParty>>> parties_of(const Hit& hit, Perspective& perspective);
  Status learn_history(Seq before);
  Result<std::vector<std::string>> access(std::string_view args, Perspective& perspective,
                                          std::span<const PersonKeyNo> keys);
  Result<boost::json::object> access_line(const boost::json::object& access, Perspective& op, MemberNo asking,
                                          bool& own);
  Result<std::vector<std::string>> quarantine(std::string_view args, Perspective& perspective);
  /// `last` and what came before it about the same subject, of these types, oldest first.
  Result<std::vector<Hit>> history_of(const Hit& last, const std::vector<std::string>& types, std::size_t limit,
                                      Perspective& perspective);
  void note_seen(const Hit& hit, Perspective& perspective);
  Result<std::string> row(const Hit& hit, Perspective& perspective, bool data);
  Result<Hit> locate(const EventId& id, Perspective& perspective);
  /// The same, but where it went out when it had to wait for a gate.
  Result<Hit> locate_released(const EventId& id, Perspective& perspective);
  Result<Perspective> perspective_of(MemberNo asking) const;

  Result<Stretch> range_of(const EventsArguments& args, MemberNo asking);
  Result<Criteria> criteria_of(const EventsArguments& args) const;
  [[nodiscard]] std::string seal(Seq position, MemberNo member) const;

  /// Positions that only the index could find and that it does not have yet.
  [[nodiscard]] Stretch gap() const;
  [[nodiscard]] Error rebuilding() const;
  Result<std::optional<Hit>> next_of(Search& search);
  Status start_index_over();
  Status index_chunk(Seq first);

  Parts parts_;
  ChunkSource source_;
  History history_;
  std::vector<SeenPerson> seen_;
};

}  // namespace iro::views

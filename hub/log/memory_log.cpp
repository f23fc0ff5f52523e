#include "hub/log/memory_log.hpp"

#include <algorithm>
#include <map>
#include <mutex>

#include "hub/base/assert.hpp"

namespace iro::log {
namespace {

template <typename Map>
auto rows_of(const Map& map) {
  std::vector<typename Map::mapped_type> out;
  out.reserve(map.size());
  for (const auto& [key, row] : map) out.push_back(row);
  return out;
}

}  // namespace

/// The tables of docs/log-format.md, by their primary keys.
struct MemoryLog::Tables {
  std::vector<std::shared_ptr<const Chunk>> chunks;
  std::map<std::uint32_t, std::string> atoms;
  std::map<std::uint32_t, std::vector<MemberNo>> sets;
  std::map<std::uint32_t, SchemaRow> schemas;
  std::map<ProducerId, ProducerRow> producers;
  std::map<MemberNo, MemberRow> members;
  std::map<ConsumerNo, ConsumerRow> consumers;
  std::map<std::pair<ConsumerNo, Seq>, DeviationRow> deviations;
  std::map<std::array<std::uint8_t, 16>, ForeignRow> foreign_ids;
  std::map<std::pair<std::string, Bytes>, PluginStateRow> plugin_state;
  std::map<std::string, PluginCursorRow> plugin_cursors;
  std::map<std::pair<std::string, Seq>, PluginParkedRow> plugin_parked;
  std::map<std::pair<std::string, Bytes>, TimerRow> timers;
  std::map<schema::GateKey, GateRow> gates;
  std::map<Seq, HeldRow> held;
  std::map<PersonKeyNo, TombstoneRow> tombstones;
  std::map<std::uint32_t, BackfillRow> backfills;
  std::uint16_t deleted_month = 0;
  std::vector<AuditRow> audit;
  std::vector<EpochRow> epochs;
  Hash head{};
  Seq next_seq{1};
  TimeMs last_recorded;

  [[nodiscard]] bool rules_hold() const {
    std::map<std::string, int> slugs;
    std::map<std::pair<MemberNo, std::string>, int> names;
    for (const auto& [no, row] : members) {
      if (++slugs[row.slug] > 1) return false;
    }
    for (const auto& [no, row] : consumers) {
      if (++names[{row.member, row.name}] > 1) return false;
    }
    return true;
  }
  void append(const std::shared_ptr<const Chunk>& chunk);
  void define(const Definition& definition);
  void remove(const Commit& commit);
  void put(const Commit& commit);
  void put_plugins(const Commit& commit);
  void put_gates(const Commit& commit);
  void forget_bodies(std::uint16_t month);
  void apply(const Commit& commit);
  [[nodiscard]] Snapshot snapshot() const;
};

struct MemoryLog::Shared {
  mutable std::mutex mutex;
  Tables tables;
  std::optional<Tables> after_resume;  // what a commit that failed left on the disk
};

void MemoryLog::Tables::append(const std::shared_ptr<const Chunk>& chunk) {
  IRO_ASSERT(chunk->first_seq == next_seq && chunk->prev_head == head, "a chunk follows the one before");
  chunks.push_back(chunk);
  head = chunk->head;
  next_seq = chunk->last_seq().next();
  last_recorded = chunk->recorded;
}

void MemoryLog::Tables::define(const Definition& definition) {
  if (definition.kind == DefinitionKind::atom) atoms[definition.number] = std::string(as_text(definition.bytes));
  if (definition.kind == DefinitionKind::set) {
    auto members_of_set = decode_set(definition.bytes);
    IRO_ASSERT(members_of_set, "a set's members ascend");
    sets[definition.number] = std::move(*members_of_set);
  }
}

void MemoryLog::Tables::remove(const Commit& commit) {
  for (const ConsumerNo no : commit.consumers_removed) {
    consumers.erase(no);
    std::erase_if(deviations, [&](const auto& row) { return row.first.first == no; });
  }
  for (const auto& key : commit.deviations_removed) deviations.erase(key);
  if (commit.forget_foreign_before) {
    std::erase_if(foreign_ids, [&](const auto& row) { return row.second.recorded < *commit.forget_foreign_before; });
  }
}

void MemoryLog::Tables::put(const Commit& commit) {
  for (const SchemaRow& row : commit.schemas) schemas[row.no] = {row.no, row.hash, row.name, {}};
  for (const ProducerRow& row : commit.producers) producers[row.id] = row;
  for (const MemberRow& row : commit.members) members[row.no] = row;
  for (const ConsumerRow& row : commit.consumers) consumers[row.no] = row;
  for (const DeviationRow& row : commit.deviations) deviations[{row.consumer, row.seq}] = row;
  for (const ForeignRow& row : commit.foreign_ids) foreign_ids[row.hash] = row;
  audit.insert(audit.end(), commit.audit.begin(), commit.audit.end());
}

void MemoryLog::Tables::put_plugins(const Commit& commit) {
  for (const PluginStateRow& row : commit.plugin_state) {
    if (row.value) {
      plugin_state[{row.plugin, row.key}] = row;
    } else {
      plugin_state.erase({row.plugin, row.key});
    }
  }
  for (const PluginCursorRow& row : commit.plugin_cursors) plugin_cursors[row.plugin] = row;
  for (const auto& key : commit.plugin_parked_removed) plugin_parked.erase(key);
  for (const PluginParkedRow& row : commit.plugin_parked) plugin_parked[{row.plugin, row.seq}] = row;
  for (const TimerRow& row : commit.timers) {
    if (row.due) {
      timers[{row.plugin, row.key}] = row;
    } else {
      timers.erase({row.plugin, row.key});
    }
  }
}

void MemoryLog::Tables::put_gates(const Commit& commit) {
  for (const auto& key : commit.gates_removed) gates.erase(key);
  for (const GateRow& row : commit.gates) gates[row.key] = row;
  for (const Seq seq : commit.held_removed) held.erase(seq);
  for (const HeldRow& row : commit.held) held[row.seq] = row;
}

void MemoryLog::Tables::forget_bodies(std::uint16_t month) {
  deleted_month = std::max(deleted_month, month);
  for (auto& chunk : chunks) {
    if (chunk->bodies.empty() || chunk->bodies.begin()->first > month) continue;
    auto shorter = std::make_shared<Chunk>(*chunk);
    std::erase_if(shorter->bodies, [&](const auto& row) { return row.first <= month; });
    chunk = std::move(shorter);
  }
}

void MemoryLog::Tables::apply(const Commit& commit) {
  if (commit.chunk) append(commit.chunk);
  for (const Definition& definition : commit.definitions) define(definition);
  remove(commit);
  put(commit);
  put_plugins(commit);
  put_gates(commit);
  for (const BackfillRow& row : commit.backfills) backfills[row.no] = row;
  for (const std::uint32_t no : commit.backfills_done) backfills.erase(no);
  for (const TombstoneRow& row : commit.tombstones) {
    tombstones[row.key] = row;
    std::erase_if(plugin_state, [&](const auto& state) { return state.second.person_key == row.key; });
    std::erase_if(timers, [&](const auto& timer) { return timer.second.person_key == row.key; });
  }
  if (commit.retention) forget_bodies(commit.retention->month);
}

Snapshot MemoryLog::Tables::snapshot() const {
  Snapshot out;
  out.log_epoch = epochs.empty() ? LogEpoch(1) : epochs.back().no;
  out.epochs = epochs;
  out.next_seq = next_seq;
  out.head = head;
  out.last_recorded = last_recorded;
  out.atoms = rows_of(atoms);
  out.sets = rows_of(sets);
  out.schemas = rows_of(schemas);
  out.producers = rows_of(producers);
  out.members = rows_of(members);
  out.consumers = rows_of(consumers);
  out.deviations = rows_of(deviations);
  out.foreign_ids = rows_of(foreign_ids);
  out.plugin_cursors = rows_of(plugin_cursors);
  out.plugin_parked = rows_of(plugin_parked);
  out.timers = rows_of(timers);
  out.gates = rows_of(gates);
  out.held = rows_of(held);
  out.tombstones = rows_of(tombstones);
  out.backfills = rows_of(backfills);
  out.deleted_month = deleted_month;
  out.gates = rows_of(gates);
  out.held = rows_of(held);
  return out;
}

MemoryLog::MemoryLog(const std::array<std::uint8_t, 16>& log_id) : shared_(std::make_shared<Shared>()) {
  shared_->tables.head = first_head(log_id);
}
MemoryLog::~MemoryLog() = default;

Result<Snapshot> MemoryLog::load() {
  const std::lock_guard lock(shared_->mutex);
  return shared_->tables.snapshot();
}

Result<std::vector<PluginStateRow>> MemoryLog::plugin_state(const std::string& plugin, ByteView key, bool prefix) {
  const std::lock_guard lock(shared_->mutex);
  const auto& rows = shared_->tables.plugin_state;
  std::vector<PluginStateRow> out;
  for (auto at = rows.lower_bound({plugin, to_bytes(key)}); at != rows.end() && at->first.first == plugin; ++at) {
    const Bytes& found = at->first.second;
    const bool fits = prefix ? found.size() >= key.size() && std::equal(key.begin(), key.end(), found.begin())
                             : std::ranges::equal(found, key);
    if (!fits) break;
    out.push_back(at->second);
  }
  return out;
}

Status MemoryLog::commit(const Commit& commit) {
  const std::lock_guard lock(shared_->mutex);
  if (failed_) return fail(Errc::storage_failed, "the log refuses writes until it is resumed");
  if (full_) return fail(Errc::disk_full, "no room");
  if (fail_next_) return fail_as_asked(commit);
  // Only members and consumers have a rule that a row can break; then nothing of the commit may stay.
  if (commit.members.empty() && commit.consumers.empty()) {
    shared_->tables.apply(commit);
    return {};
  }
  Tables next = shared_->tables;
  next.apply(commit);
  if (!next.rules_hold()) return fail(Errc::internal, "a row breaks a rule of its table");
  shared_->tables = std::move(next);
  return {};
}

Status MemoryLog::fail_as_asked(const Commit& commit) {
  const Errc code = *fail_next_;
  fail_next_.reset();
  full_ = code == Errc::disk_full;
  failed_ = code == Errc::storage_failed || code == Errc::corrupt;
  if (failed_ && survives_) {
    shared_->after_resume = shared_->tables;
    shared_->after_resume->apply(commit);
  }
  return fail(code, "asked for by a test");
}

Status MemoryLog::resume() {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->after_resume) shared_->tables = std::move(*shared_->after_resume);
  shared_->after_resume.reset();
  failed_ = false;
  return {};
}

Status MemoryLog::probe() {
  if (failed_) return fail(Errc::storage_failed, "the log refuses writes until it is resumed");
  if (full_) return fail(Errc::disk_full, "no room");
  return {};
}

std::unique_ptr<MemoryLog> MemoryLog::copy() const {
  const std::lock_guard lock(shared_->mutex);
  auto out = std::make_unique<MemoryLog>();
  out->shared_->tables = shared_->tables;
  return out;
}

void MemoryLog::raise_epoch(LogEpoch above, TimeMs at) {
  const std::lock_guard lock(shared_->mutex);
  Tables& t = shared_->tables;
  const LogEpoch now = t.epochs.empty() ? LogEpoch(1) : t.epochs.back().no;
  t.epochs.push_back({std::max(now, above).next(), t.next_seq, at, ""});
}

std::vector<AuditRow> MemoryLog::audit() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->tables.audit;
}

void MemoryLog::fail_next_commit(Errc code, bool survives) {
  fail_next_ = code;
  survives_ = survives;
}
void MemoryLog::room() { full_ = false; }

std::unique_ptr<LogReader> MemoryLog::reader() const {
  class Reader final : public LogReader {
   public:
    explicit Reader(std::shared_ptr<const Shared> shared) : shared_(std::move(shared)) {}

    Result<std::vector<std::shared_ptr<const Chunk>>> read(Seq from, std::size_t max_bytes,
                                                           std::optional<MemberNo> member) override {
      const std::lock_guard lock(shared_->mutex);
      const auto& chunks = shared_->tables.chunks;
      auto at = std::ranges::partition_point(chunks, [&](const auto& c) { return c->last_seq() < from; });
      std::vector<std::shared_ptr<const Chunk>> out;
      for (std::size_t bytes = 0; at != chunks.end() && (out.empty() || bytes < max_bytes); ++at) {
        auto view = ChunkView::open(*at);
        if (!view) return fail(view.error());
        std::shared_ptr<const Chunk> chunk = *at;
        if (member && !view->concerns(*member)) {
          auto bare = std::make_shared<Chunk>(*chunk);
          bare->bodies.clear();
          chunk = std::move(bare);
        }
        bytes += chunk->size_bytes();
        out.push_back(std::move(chunk));
      }
      return out;
    }

    Result<Seq> position_at(TimeMs time) override {
      const std::lock_guard lock(shared_->mutex);
      const auto& chunks = shared_->tables.chunks;
      const auto at = std::ranges::partition_point(chunks, [&](const auto& c) { return c->recorded < time; });
      return at == chunks.end() ? shared_->tables.next_seq : (*at)->first_seq;
    }

    Result<std::optional<Hash>> head_at(Seq at) override {
      const std::lock_guard lock(shared_->mutex);
      const auto& chunks = shared_->tables.chunks;
      const auto found = std::ranges::partition_point(chunks, [&](const auto& c) { return c->last_seq() < at; });
      if (found == chunks.end() || (*found)->last_seq() != at) return std::optional<Hash>();
      return std::optional((*found)->head);
    }

   private:
    std::shared_ptr<const Shared> shared_;
  };
  return std::make_unique<Reader>(shared_);
}

}  // namespace iro::log

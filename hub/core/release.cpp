// What waited for a gate goes out when it opens: the event is found in the log and committed once more, for those who
// were entitled to it when it came (ADR 0026).
#include <fmt/format.h>

#include <algorithm>

#include "hub/core/core.hpp"

namespace iro::core {

/// After an entry's audience is decided: it may wait, open or close a gate, or be what a gate let out.
void Core::note_gate(const Item& item, const log::EntryView& entry, Seq seq) {
  const schema::EventType& type = *item.admitted.type;
  const schema::Facts& facts = item.admitted.facts;
  if (item.backfill != 0) return;
  if (!item.held_by.empty()) {  // what it opens or closes, it does when the judge lets it go
    gates_.hold(seq, hold_key(item.held_by, item.event.id), entry.expiry_month, entry.person_key, item.sender,
                item.event.expirytime);
    return;
  }
  if (item.released_from.value() != 0) {
    gates_.went_out(item.released_from, seq);
    if (!item.rule_released) return;
  }
  if (type.gate != schema::Gate::none)
    gates_.add(seq, facts.gate_key, entry.expiry_month, entry.person_key, !item.waits);
  if (type.opens != schema::Gate::none) gates_.open(facts.gate_key, facts.gate_until, entry.person_key, now_);
  if (type.closes != schema::Gate::none) gates_.close(facts.gate_key, entry.person_key);
}

/// Find the contents of what is to go out: in memory, or one read of the log at a time. In the order in which it came:
/// what is in memory waits for what is read.
void Core::fetch_opening(Actions& out) {
  if (fault_ || refusing_) return;
  for (const Seq seq : gates_.opening()) {
    if (releases_.size() >= limits::batch_events) return;
    if (fetched_.contains(seq)) continue;
    if (held_read_) return;
    const auto ready = recent(seq);
    if (!ready) {
      held_read_ = next_read_;
      out.emplace_back(ReadChunks{next_read_++, seq, std::nullopt});
      return;
    }
    queue_release(*ready, seq);
  }
}

void Core::on_held_chunks(const ChunksRead& read, Actions& out) {
  held_read_.reset();
  if (!read.chunks) {
    out.emplace_back(
        LogLine{Level::error, fmt::format("reading what a gate lets out failed: {}", read.chunks.error().text())});
    if (read.chunks.error().code == Errc::corrupt) fault_ = read.chunks.error();
    return;  // the next tick tries again
  }
  for (const auto& chunk : *read.chunks) {
    auto ready = make_ready(chunk);
    if (!ready) {
      fault_ = ready.error();
      return;
    }
    const auto& opening = gates_.opening();
    for (auto at = opening.lower_bound(chunk->first_seq); at != opening.end() && *at <= chunk->last_seq(); ++at) {
      if (!fetched_.contains(*at)) queue_release(**ready, *at);
    }
  }
  fetch_opening(out);
}

void Core::queue_release(const Ready& ready, Seq seq) {
  fetched_.insert(seq);
  queue_copy(ready, static_cast<std::uint32_t>(seq.value() - ready.view.chunk().first_seq.value()));
}

/// The event as it was committed, to be committed again.
void Core::queue_copy(const Ready& ready, std::uint32_t index) {
  const log::EntryView& e = ready.entries[index];
  const schema::EventType* type = ready.types[index];
  if (type == nullptr || !readable(ready, e)) return;  // over or erased: nothing is left to let out
  schema::EventView event;
  std::deque<Bytes> arena;
  if (const Status made = materialise({&ready, index, false}, event, arena); !made) {
    fault_ = made.error();
    return;
  }
  auto owner = std::make_shared<schema::Event>(schema::own(event));
  Item item;
  item.event = schema::view_of(*owner);
  item.memory = std::shared_ptr<const Bytes>(owner, &owner->payload);
  item.sender = e.sender;
  item.admitted = {type, registry_.facts(*type, item.event.payload), std::nullopt};
  item.released_from = ready.view.seq(index);
  item.rule_released = (e.flags & log::by_rule) != 0;
  item.expiry_month = e.expiry_month;
  for (const log::Reason& r : e.reasons) item.entitled.push_back(r.member);
  std::ranges::sort(item.entitled);
  releases_.push_back(std::move(item));
}

/// Join the open batch, unless the gate was shut again meanwhile. What a judge let go comes first, for later events of
/// its subject may be in the batch; what a gate let out comes last, for the batch may shut the gate.
void Core::take_releases() {
  if (refusing_ || fault_) return;
  std::vector<Item> first;
  std::size_t taken = 0;
  std::size_t bytes = 0;
  while (!releases_.empty() && taken < limits::batch_events && bytes < limits::batch_bytes) {
    Item item = std::move(releases_.front());
    releases_.pop_front();
    if (item.rule_released && expired_meanwhile(item)) continue;
    if (shut_again(item) || !may_be_given(item)) {
      fetched_.erase(item.released_from);
      continue;
    }
    ++taken;
    bytes += item.event.payload.size() + 256;
    (item.rule_released ? first : batch_.items).push_back(std::move(item));
  }
  batch_.bytes += bytes;
  batch_.items.insert(batch_.items.begin(), std::make_move_iterator(first.begin()),
                      std::make_move_iterator(first.end()));
  // What was fetched is in the batch, waits in releases_, or has no content any more.
  batch_.more_to_let_out =
      !releases_.empty() || std::ranges::any_of(gates_.opening(), [&](Seq seq) { return !fetched_.contains(seq); });
}

/// What a judge held beyond its time is refused, whoever lets it go.
bool Core::expired_meanwhile(const Item& item) {
  if (item.event.expirytime.value() == 0 || item.event.expirytime > now_) return false;
  const log::HeldRow* row = gates_.find(item.released_from);
  fetched_.erase(item.released_from);
  if (row == nullptr) return true;
  const std::string* judge = concerns_.judge(item.event.type);
  const std::string plugin = judge == nullptr ? std::string() : *judge;
  refuse_held(plugin, cause_of(item), item.event.id, row->sender, Errc::event_expired,
              {"expired", "de geldigheid is voorbij", "its time is over"});
  gates_.drop(item.released_from);
  return true;
}

/// An event of this batch, before the release, has closed its gate.
bool Core::shut_again(const Item& item) const {
  return item.released_from.value() != 0 && item.backfill == 0 && !gates_.opening().contains(item.released_from);
}

/// The commit that carried them failed: they go with the next one.
void Core::put_back_releases() {
  for (auto at = batch_.items.rbegin(); at != batch_.items.rend(); ++at) {
    if (at->released_from.value() != 0) releases_.push_front(std::move(*at));
  }
}

}  // namespace iro::core

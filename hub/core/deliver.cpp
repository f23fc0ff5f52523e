// Delivery: consumers with credit get what concerns them, and say how it went.
#include <fmt/format.h>

#include <algorithm>

#include "hub/base/assert.hpp"
#include "hub/core/core.hpp"

namespace iro::core {
namespace {

/// A frame is closed beyond this, well below the most that a frame may be.
constexpr std::size_t frame_target_bytes = limits::frame_bytes / 2;

std::size_t wire_bytes(const log::EntryView& e) { return e.body_length + e.subject.size() + e.foreign_id.size() + 320; }

}  // namespace

iro::Result<std::shared_ptr<const Core::Ready>> Core::make_ready(std::shared_ptr<const log::Chunk> chunk) {
  auto view = log::ChunkView::open(std::move(chunk));
  if (!view) return fail(view.error());
  auto ready = std::make_shared<Ready>(Ready{std::move(*view), {}, {}});
  ready->entries.reserve(ready->view.count());
  ready->types.reserve(ready->view.count());
  for (std::uint32_t i = 0; i < ready->view.count(); ++i) {
    ready->entries.push_back(ready->view.entry(i));
    ready->types.push_back(registry_.find(interner_.text(ready->entries.back().type)));
  }
  return std::shared_ptr<const Ready>(std::move(ready));
}

void Core::remember_recent(std::shared_ptr<const Ready> ready) {
  recent_bytes_ += ready->view.chunk().size_bytes();
  recent_.push_back(std::move(ready));
  while (recent_bytes_ > limits::recent_chunk_bytes && recent_.size() > 1) {
    recent_bytes_ -= recent_.front()->view.chunk().size_bytes();
    recent_.pop_front();
  }
}

std::shared_ptr<const Core::Ready> Core::recent(Seq seq) const {
  const auto at =
      std::ranges::partition_point(recent_, [&](const auto& r) { return r->view.chunk().last_seq() < seq; });
  return at != recent_.end() && (*at)->view.chunk().first_seq <= seq ? *at : nullptr;
}

views::Sight Core::sight(const log::EntryView& entry, const schema::EventType* type, MemberNo member) {
  views::Claim claim;
  claim.in_full = interner_.contains(entry.full, member);
  claim.in_masked = !claim.in_full && interner_.contains(entry.masked, member);
  if (type == nullptr || (!claim.in_full && !claim.in_masked)) return views::Sight::nothing;
  const admission::Member* m = members_->find(member);
  auto& cache = receive_cache_[member];
  auto at = cache.find(type);
  if (at == cache.end()) at = cache.emplace(type, m->grant(type->name).receive).first;
  claim.routing = entry.routing;
  claim.today = at->second;
  claim.active = m->active;
  return views::sight(claim);
}

void Core::pump_all(TimeMs now, Actions& out) {
  for (const auto& [no, connection] : attached_to_) pump(consumers_.at(no), now, out);
  blocks_.clear();
}

void Core::pump(delivery::Consumer& consumer, TimeMs now, Actions& out) {
  pump_retries(consumer, now, out);
  if (!pump_events(consumer, out)) ask_chunks(consumer, consumer.next(), std::nullopt, out);
}

void Core::ask_chunks(const delivery::Consumer& consumer, Seq from, std::optional<Seq> retry, Actions& out) {
  if (!reading_.insert(consumer.no()).second) return;  // one read at a time for each
  reads_[next_read_] = {consumer.no(), retry};
  out.emplace_back(ReadChunks{next_read_++, from, consumer.member()});
}

/// Send what may be sent of the chunks in memory. False when older ones are needed.
bool Core::pump_events(delivery::Consumer& consumer, Actions& out) {
  Selection selection;
  bool in_memory = true;
  while (!fault_ && consumer.has_credit() && !consumer.paused() && consumer.next() < next_seq_) {
    const auto ready = recent(consumer.next());
    in_memory = ready != nullptr;
    if (!in_memory) break;
    if (!offer_chunk(consumer, *ready, selection)) {
      send_chosen(consumer, selection.chosen, 1, out);
      selection = {};
    }
  }
  send_chosen(consumer, selection.chosen, 1, out);
  return in_memory;
}

bool Core::passes_filter(const delivery::Filter& filter, const log::EntryView& e) const {
  if (filter.everything()) return true;
  const std::string id = filter.wants_ids() ? to_string(e.id) : std::string();
  const std::string correlation =
      filter.wants_ids() && !e.correlationid.is_zero() ? to_string(e.correlationid) : std::string();
  return filter.matches({interner_.text(e.type), interner_.text(e.source), e.subject, e.datacategory, id, correlation});
}

/// Offer the chunk's events from next() on. False when the frame is full or credit
/// ran out before the chunk did.
bool Core::offer_chunk(delivery::Consumer& consumer, const Ready& ready, Selection& selection) {
  const log::ChunkView& view = ready.view;
  if (view.concerns(consumer.member())) {
    for (auto i = static_cast<std::uint32_t>(consumer.next().value() - view.chunk().first_seq.value());
         i < view.count(); ++i) {
      const log::EntryView& e = ready.entries[i];
      const bool full = selection.bytes > frame_target_bytes || selection.chosen.size() >= limits::events_per_pub;
      if (fault_ || full || !consumer.has_credit() || consumer.paused()) return false;
      const views::Sight seen = sight(e, ready.types[i], consumer.member());
      if (seen == views::Sight::nothing || !passes_filter(consumer.filter(), e)) continue;
      if (!gate_lets(e, view.seq(i)) || !readable(ready, e)) continue;
      consumer.passed(view.seq(i));
      if (!consumer.offer(view.seq(i), e.subject, wire_bytes(e))) continue;
      selection.chosen.push_back({&ready, i, seen == views::Sight::masked});
      selection.bytes += wire_bytes(e);
    }
  }
  consumer.passed(view.chunk().last_seq().next());
  return true;
}

/// What was closed again, or was open for a time that is over, is not delivered any more.
bool Core::gate_lets(const log::EntryView& e, Seq at) const {
  return e.gate == schema::Gate::none || gates_.may_go(at, now_);
}

/// False when retention or an erasure took the event's content. A key that is gone without a tombstone is damage.
bool Core::readable(const Ready& ready, const log::EntryView& e) {
  // A chunk in memory still has what retention has deleted from the log.
  if (e.expiry_month <= deleted_month_ || !ready.view.body(e)) return false;
  if ((e.flags & log::encrypted) == 0) return true;
  const auto key = keys_.find(e.person_key);
  if (!key) {
    fault_ = key.error();
  } else if (!*key) {
    const auto erased = keys_.destroyed(e.person_key);
    if (!erased) {
      fault_ = erased.error();
    } else if (!*erased) {
      fault_ = Error{Errc::corrupt, fmt::format("keys.db lacks key {}, which no erasure took", e.person_key.value())};
    }
  }
  return !fault_ && *key;
}

/// A readable event as this reader gets it.
Status Core::materialise(const Choice& choice, schema::EventView& event, std::deque<Bytes>& arena) {
  const log::EntryView& e = choice.ready->entries[choice.index];
  const schema::EventType* type = choice.ready->types[choice.index];
  auto body = choice.ready->view.body(e);
  IRO_ASSERT(body && type != nullptr, "only what is readable was chosen");
  event = log::attributes_of(e);
  event.type = interner_.text(e.type);
  event.source = interner_.text(e.source);
  event.payload = *body;
  if ((e.flags & log::encrypted) != 0) {
    const auto key = keys_.find(e.person_key);
    if (!key) return fail(key.error());
    IRO_ASSERT(key->has_value(), "keys are destroyed by this thread, between frames");
    auto open = log::open(**key, e.id, *body);
    if (!open) return fail(open.error());
    arena.push_back(std::move(*open));
    event.payload = arena.back();
  }
  if (choice.masked) {
    if (arena.empty() || arena.back().data() != event.payload.data())
      arena.push_back(to_bytes(event.payload));  // aligned, as in a chunk it need not be
    event.payload = arena.back();
    auto masked = registry_.mask(*type, event.payload);
    if (!masked) return fail(Errc::corrupt, fmt::format("event {}: {}", to_string(e.id), masked.error().message));
    arena.push_back(std::move(*masked));
    event.payload = arena.back();
    event.masked = true;
  }
  return {};
}

/// Consumers that get the same events share their encoding. Nothing when one of them cannot be read.
const wire::DeliverBlock* Core::block_for(const std::vector<Choice>& chosen) {
  for (const auto& b : blocks_) {
    if (b->chosen == chosen) return &b->block;
  }
  std::deque<Bytes> arena;
  std::vector<schema::EventView> events;
  for (const Choice& c : chosen) {
    schema::EventView event;
    if (const Status made = materialise(c, event, arena); !made) {
      fault_ = made.error();
      return nullptr;
    }
    events.push_back(event);
  }
  blocks_.push_back(std::make_unique<Block>(Block{chosen, wire::DeliverBlock(events)}));
  return &blocks_.back()->block;
}

void Core::send_chosen(delivery::Consumer& consumer, const std::vector<Choice>& chosen, std::uint16_t attempt,
                       Actions& out) {
  if (chosen.empty() || fault_) return;
  const auto connection = attached_to_.find(consumer.no());
  IRO_ASSERT(connection != attached_to_.end(), "only attached consumers are offered events");
  const std::uint64_t first = consumer.seal_frame();
  const Seq upto = attempt == 1 ? chosen.back().ready->view.seq(chosen.back().index) : consumer.cursor();
  const Token token = sealer_.seal(upto, consumer.member(), log_epoch_);
  const SessionEpoch epoch = sessions_.at(connection->second).epoch;
  const wire::DeliverBlock* block = block_for(chosen);
  if (block == nullptr) return;
  counters_.delivered += chosen.size();
  note_deliveries(sessions_.at(connection->second), chosen);
  out.emplace_back(Send{connection->second, block->frame(epoch, consumer.no(), first, attempt, token)});
}

/// Retries go one by one, each in a frame with its own attempt.
void Core::pump_retries(delivery::Consumer& consumer, TimeMs now, Actions& out) {
  while (const auto seq = fault_ ? std::nullopt : consumer.due(now)) {
    const auto ready = recent(*seq);
    if (!ready) {
      ask_chunks(consumer, *seq, seq, out);
      return;
    }
    const auto index = static_cast<std::uint32_t>(seq->value() - ready->view.chunk().first_seq.value());
    const log::EntryView& e = ready->entries[index];
    const views::Sight seen = sight(e, ready->types[index], consumer.member());
    if (seen == views::Sight::nothing || !gate_lets(e, *seq) || !readable(*ready, e)) {
      if (!fault_) consumer.give_up(*seq, now);  // no longer to be shown: the subject goes on without it
      continue;
    }
    const std::uint32_t attempt = consumer.attempts(*seq) + 1;
    consumer.sent_retry(*seq, e.subject, wire_bytes(e));
    ++counters_.retries;
    send_chosen(consumer, {{ready.get(), index, seen == views::Sight::masked}}, static_cast<std::uint16_t>(attempt),
                out);
    blocks_.clear();  // they point into `ready`
  }
}

void Core::on_chunks(ChunksRead read, TimeMs now, Actions& out) {
  if (held_read_ == read.read) return on_held_chunks(read, out);
  if (backfill_read_ == read.read) return on_backfill_chunks(read, out);
  for (auto& [id, line] : lines_) {
    if (line.read == read.read) return on_trail_chunks(line, read, now, out);
  }
  const auto at = reads_.find(read.read);
  if (at == reads_.end()) return;
  const PendingRead pending = at->second;
  reads_.erase(at);
  reading_.erase(pending.consumer);
  const auto found = consumers_.find(pending.consumer);
  if (found == consumers_.end() || !attached_to_.contains(pending.consumer)) return;
  delivery::Consumer& consumer = found->second;
  if (!read.chunks) {
    out.emplace_back(LogLine{Level::error, fmt::format("reading the log failed: {}", read.chunks.error().text())});
    if (read.chunks.error().code == Errc::corrupt) fault_ = read.chunks.error();
    return;
  }
  // What was read stands in for the recent chunks while this consumer is served from it.
  std::deque<std::shared_ptr<const Ready>> chunks;
  for (const auto& chunk : *read.chunks) {
    auto ready = make_ready(chunk);
    if (!ready) {
      fault_ = ready.error();
      return;
    }
    chunks.push_back(std::move(*ready));
  }
  std::swap(recent_, chunks);
  if (pending.retry) {
    pump_retries(consumer, now, out);
  } else {
    pump_events(consumer, out);
  }
  blocks_.clear();
  std::swap(recent_, chunks);
  pump(consumer, now, out);
  blocks_.clear();
}

delivery::Consumer* Core::consumer_of(Session& session, ConsumerNo no) {
  return session.consumers.contains(no) ? &consumers_.at(no) : nullptr;
}

void Core::on_ack(Session& session, const wire::Ack& ack, TimeMs now, Actions& out) {
  delivery::Consumer* consumer = consumer_of(session, ack.consumer);
  if (consumer == nullptr) return;
  const std::size_t before = consumer->outstanding();
  if (ack.up_to != 0) consumer->ack(ack.up_to, now);
  for (const std::uint64_t number : ack.set) consumer->ack_one(number, now);
  counters_.acked += before - std::min(before, consumer->outstanding());
  pump(*consumer, now, out);
  blocks_.clear();
}

void Core::on_nak(Session& session, const wire::Nak& nak, TimeMs now, Actions& out) {
  delivery::Consumer* consumer = consumer_of(session, nak.consumer);
  if (consumer == nullptr) return;
  consumer->nak(nak.number, nak.delay_ms, nak.failure, nak.reason, now);
  pump(*consumer, now, out);
  blocks_.clear();
}

void Core::on_park(Session& session, const wire::Park& park, TimeMs now, Actions& out) {
  delivery::Consumer* consumer = consumer_of(session, park.consumer);
  if (consumer == nullptr) return;
  if (consumer->park(park.number, park.reason)) ++counters_.parked;
  pump(*consumer, now, out);
  blocks_.clear();
}

}  // namespace iro::core

// What the hub acknowledged comes back to it: a client's last receipt is compared with the log before it is served
// (docs/protocol.md, "Receipts"). And what follows when an operator has accepted a loss: the new epoch.
#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "hub/base/assert.hpp"
#include "hub/core/core.hpp"

namespace iro::core {

/// What the receipt says, or nothing when this hub has not given it to this member.
std::optional<Core::Claim> Core::read_receipt(const wire::Receipt& receipt, MemberNo member) const {
  ByteWriter bytes;
  bytes.u32(receipt.log_epoch.value());
  bytes.bytes(receipt.token.b);
  bytes.bytes(receipt.head);
  if (!same_secret(keyed_mac(config_.receipt_key, bytes.view()), receipt.mac)) return std::nullopt;
  const auto position = sealer_.open(receipt.token, member, receipt.log_epoch);
  if (!position) return std::nullopt;
  return Claim{receipt.log_epoch, *position, receipt.head};
}

void Core::on_receipt(const Frame& frame, const wire::Hello& hello, TimeMs now, Actions& out) {
  if (!hello.last_receipt) return open_session(frame.from, frame.who, hello, now, out);
  const auto claim = read_receipt(*hello.last_receipt, frame.who.member);
  if (!claim) {
    ++counters_.refusals[Errc::receipt_invalid];
    return send_error(frame.from, SessionEpoch(), Errc::receipt_invalid, "this hub has not given you this receipt", 0,
                      out);
  }
  // What an earlier epoch acknowledged was given up knowingly, and is being sent again.
  if (claim->epoch < log_epoch_) return open_session(frame.from, frame.who, hello, now, out);
  if (claim->epoch > log_epoch_)
    return disproved(
        frame.from, *claim,
        fmt::format("the log is in epoch {}, the receipt of epoch {}", log_epoch_.value(), claim->epoch.value()), now,
        out);
  if (claim->position >= next_seq_)
    return disproved(frame.from, *claim,
                     fmt::format("the log ends at position {}, {} before it", next_seq_.value() - 1,
                                 claim->position.value() + 1 - next_seq_.value()),
                     now, out);
  if (claim->position.next() == next_seq_ && claim->head == head_)
    return open_session(frame.from, frame.who, hello, now, out);
  const std::uint64_t read = next_read_++;
  pending_hellos_.emplace(read, PendingHello{frame.from, frame.who, hello, *claim});
  out.emplace_back(ReadHead{read, claim->position});
}

void Core::on_head(HeadRead read, TimeMs now, Actions& out) {
  const auto at = pending_hellos_.find(read.read);
  if (at == pending_hellos_.end()) return;
  const PendingHello pending = std::move(at->second);
  pending_hellos_.erase(at);
  if (!read.head) {
    out.emplace_back(LogLine{Level::error, fmt::format("reading the log failed: {}", read.head.error().text())});
    if (read.head.error().code == Errc::corrupt) fault_ = read.head.error();
    return;  // the client says HELLO again
  }
  if (*read.head != pending.claim.head)
    return disproved(pending.from, pending.claim, "the log holds something else there", now, out);
  // Meanwhile the key may have been revoked, or the name taken.
  if (const auto no = refuse_hello({pending.from, pending.who, {}}, pending.hello, now)) {
    ++counters_.refusals[no->code];
    return send_error(pending.from, SessionEpoch(), no->code, no->text, 0, out);
  }
  open_session(pending.from, pending.who, pending.hello, now, out);
}

/// The hub has promised what it does not have. It stops, before anybody builds on what is left.
void Core::disproved(ConnectionNo from, const Claim& claim, const std::string& how, TimeMs now, Actions& out) {
  ++counters_.refusals[Errc::receipt_beyond_log];
  send_error(from, SessionEpoch(), Errc::receipt_beyond_log, "the hub has lost what it acknowledged, and stops", 0,
             out);
  fault_ =
      Error{Errc::receipt_beyond_log,
            fmt::format("a member holds our receipt for position {}: {}. Put the newest data folder back; if it is "
                        "gone: `iro restore BACKUP DIR --accept-loss`",
                        claim.position.value(), how)};
  proof_ = log::Testimony{{}, claim.epoch, claim.position, claim.head, 0, now};
}

/// A token of an earlier epoch is worth what the epochs have in common: behind that it means the end of it.
std::optional<Seq> Core::open_token(const Token& token, MemberNo member) const {
  if (const auto position = sealer_.open(token, member, log_epoch_)) return position;
  std::optional<Seq> shared;  // the first position that some epoch since has changed
  for (const auto& epoch : std::ranges::reverse_view(epochs_)) {
    shared = std::min(shared.value_or(epoch.from), epoch.from);
    const bool first = &epoch == &epochs_.front();
    const LogEpoch before = first ? LogEpoch(1) : (&epoch - 1)->no;
    // Epochs between two that are on record were on a disk that is gone; no token of theirs is worth anything.
    if (const auto position = sealer_.open(token, member, before)) return std::min(*position, Seq(shared->value() - 1));
  }
  return std::nullopt;
}

bool Core::restore_unannounced() const { return !epochs_.empty() && epochs_.back().from == next_seq_; }

/// The first event of a new epoch tells everybody that there is one.
void Core::announce_restore(TimeMs now) {
  constexpr std::string_view name = "nl.placements.hub.log-restored.v1";
  const schema::EventType* type = registry_.find(name);
  IRO_ASSERT(type != nullptr, "the hub's own types are built in");
  std::string json =
      fmt::format(R"({{"log":"epoch-{}","restored_at":"{}")", log_epoch_.value(), format_time(epochs_.back().at));
  if (last_recorded_.value() != 0) json += fmt::format(R"(,"kept_until":"{}")", format_time(last_recorded_));
  auto payload = registry_.from_json(*type, json + "}");
  IRO_ASSERT(payload.has_value(), payload ? "" : payload.error().message.c_str());
  auto event = std::make_shared<schema::Event>();
  event->id = make_event_id(static_cast<std::uint64_t>(now.value()));
  event->type = name;
  event->revision = type->revision;
  event->source = fmt::format("urn:nld:oin:{}:systeem:hub", config_.hub_oin);
  event->time = now;
  event->payload = std::move(*payload);
  Item item;
  item.event = schema::view_of(*event);
  item.memory = std::shared_ptr<const Bytes>(event, &event->payload);
  item.sender = admission::operator_no;
  item.admitted = {type, registry_.facts(*type, item.event.payload), std::nullopt};
  batch_.bytes += item.event.payload.size() + 256;
  batch_.items.push_back(std::move(item));
  batch_.audit.push_back({now, admission::operator_no, "log.restored", epochs_.back().lost});
}

}  // namespace iro::core

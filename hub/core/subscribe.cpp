// SUB: a consumer of the member, from a position that it may name.
#include <fmt/format.h>

#include "hub/core/core.hpp"

namespace iro::core {
namespace {

bool valid_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") == std::string_view::npos;
}

Seq before(Seq seq) { return seq.plus(static_cast<std::uint64_t>(-1)); }

}  // namespace

delivery::Consumer* Core::find_consumer(MemberNo member, std::string_view name) {
  const auto at = consumer_by_name_.find({member, std::string(name)});
  return at == consumer_by_name_.end() ? nullptr : &consumers_.at(at->second);
}

void Core::on_sub(Session& session, const wire::Sub& sub, TimeMs now, Actions& out) {
  const auto refuse = [&](Errc code, std::string why) {
    send_error(session.connection, session.epoch, code, std::move(why), sub.request, out);
  };
  if (!valid_name(sub.consumer))
    return refuse(Errc::arguments_invalid, "a consumer's name has 1 to 64 of a-z, 0-9, '.', '_' and '-'");
  if (session.consumers.size() >= limits::consumers_per_session)
    return refuse(Errc::limit_reached, fmt::format("{} consumers in one session", limits::consumers_per_session));
  if (auto filter = delivery::Filter::parse(sub.filter); !filter)
    return refuse(Errc::filter_invalid, filter.error().message);
  const delivery::Consumer* existing = find_consumer(session.who.member, sub.consumer);
  if (existing != nullptr) {
    const auto held = attached_to_.find(existing->no());
    if (held != attached_to_.end() && held->second != session.connection)
      return refuse(Errc::session_busy, fmt::format("consumer '{}' is in use by another session", sub.consumer));
  }
  switch (sub.from) {
    case wire::From::beginning:
      return finish_sub(session, sub, Seq(0), now, out);
    case wire::From::now:
      return finish_sub(session, sub, before(next_seq_), now, out);
    case wire::From::token: {
      const auto position = open_token(sub.token, session.who.member);
      if (!position || *position >= next_seq_)
        return refuse(Errc::token_invalid, "this token was not issued to this member by this log");
      return finish_sub(session, sub, position, now, out);
    }
    case wire::From::time:
    case wire::From::event: {
      FindPosition find{next_read_, sub.time, session.who.member, false};
      if (sub.from == wire::From::event) find.of = sub.event;
      pending_subs_[next_read_++] = {session.connection, session.epoch, sub};
      out.emplace_back(find);
      return;
    }
    case wire::From::cursor:
      break;
  }
  finish_sub(session, sub, std::nullopt, now, out);
}

/// `cursor` is where to go on from; none: where the consumer is, or the beginning for a new one.
void Core::finish_sub(Session& session, const wire::Sub& sub, std::optional<Seq> cursor, TimeMs now, Actions& out) {
  auto filter = delivery::Filter::parse(sub.filter);
  delivery::Consumer* consumer = find_consumer(session.who.member, sub.consumer);
  if (consumer == nullptr) {
    const ConsumerNo no(next_consumer_++);
    consumer_by_name_[{session.who.member, sub.consumer}] = no;
    const auto [at, fresh] =
        consumers_.emplace(no, delivery::Consumer(no, session.who.member, sub.consumer, sub.filter, *filter,
                                                  cursor.value_or(Seq(0)), cursor.value_or(Seq(0))));
    consumer = &at->second;
    if (sub.ephemeral)
      ephemeral_.insert(no);
    else
      new_consumers_.insert(no);
  } else {
    if (consumer->filter_text() != sub.filter) consumer->set_filter(sub.filter, std::move(*filter));
    if (cursor) consumer->seek(*cursor);
  }
  const auto most = [](std::uint32_t wish, std::size_t limit) {
    return wish == 0 ? static_cast<std::uint32_t>(limit)
                     : std::min<std::uint32_t>(wish, static_cast<std::uint32_t>(limit));
  };
  consumer->attach(
      {most(sub.credit_events, limits::consumer_credit_events), most(sub.credit_bytes, limits::consumer_credit_bytes)});
  attached_to_[consumer->no()] = session.connection;
  session.consumers.insert(consumer->no());
  send(session,
       wire::Subscribed{sub.request, consumer->no(), sealer_.seal(consumer->cursor(), session.who.member, log_epoch_)},
       out);
  pump(*consumer, now, out);
  blocks_.clear();
}

void Core::on_position(PositionFound found, TimeMs now, Actions& out) {
  if (go_on_explaining(found, out)) return;
  const auto at = pending_subs_.find(found.read);
  if (at == pending_subs_.end()) return;
  const PendingSub pending = std::move(at->second);
  pending_subs_.erase(at);
  const auto session = sessions_.find(pending.connection);
  if (session == sessions_.end() || session->second.epoch != pending.epoch) return;
  if (!found.position) {
    send_error(pending.connection, pending.epoch, found.position.error().code, found.position.error().message,
               pending.sub.request, out);
    return;
  }
  finish_sub(session->second, pending.sub, before(*found.position), now, out);
}

void Core::on_unsub(Session& session, ConsumerNo no) {
  if (session.consumers.erase(no) == 0) return;
  attached_to_.erase(no);
  if (ephemeral_.contains(no)) {
    remove_consumer(no);
  } else {
    consumers_.at(no).detach();
  }
}

void Core::remove_consumer(ConsumerNo no) {
  const auto at = consumers_.find(no);
  if (at == consumers_.end()) return;
  consumer_by_name_.erase({at->second.member(), at->second.name()});
  attached_to_.erase(no);
  reading_.erase(no);
  if (ephemeral_.erase(no) == 0 && new_consumers_.erase(no) == 0) removed_consumers_.push_back(no);
  consumers_.erase(at);
}

}  // namespace iro::core

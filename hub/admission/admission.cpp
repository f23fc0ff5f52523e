#include "hub/admission/admission.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hub/admission/commands.hpp"
#include "hub/base/crypto.hpp"
#include "hub/base/limits.hpp"
#include "hub/schema/personal_number.hpp"

namespace iro::admission {
namespace {

std::optional<Refused> refuse(Errc code, std::string reason) { return Refused{code, std::move(reason), 0}; }

bool valid_pseudonym(std::string_view person) {
  return person.size() >= 8 && person.size() <= 64 && std::ranges::all_of(person, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

std::string_view name_of(schema::PersonalNumber n) {
  return n == schema::PersonalNumber::bsn ? "BSN" : "onderwijsnummer";
}

}  // namespace

std::optional<std::uint32_t> QuotaBucket::take(const Quota& quota, std::size_t bytes, TimeMs now) {
  if (quota.events_per_second == 0 && quota.bytes_per_second == 0) return std::nullopt;
  const double most_events = quota.burst_events != 0 ? quota.burst_events : 2.0 * quota.events_per_second;
  // One event of the largest size must fit, or it could never pass.
  const double most_bytes = std::max(2.0 * quota.bytes_per_second, static_cast<double>(limits::payload_bytes));
  const double elapsed =
      last_.value() == 0 ? 0 : std::max<double>(0, static_cast<double>(now.value() - last_.value())) / 1000.0;
  events_ = events_ < 0 ? most_events : std::min(most_events, events_ + elapsed * quota.events_per_second);
  bytes_ = bytes_ < 0 ? most_bytes : std::min(most_bytes, bytes_ + elapsed * quota.bytes_per_second);
  last_ = now;
  double wait_s = 0;
  if (quota.events_per_second != 0 && events_ < 1) wait_s = (1 - events_) / quota.events_per_second;
  const auto size = static_cast<double>(bytes);
  if (quota.bytes_per_second != 0 && bytes_ < size) wait_s = std::max(wait_s, (size - bytes_) / quota.bytes_per_second);
  if (wait_s > 0) return static_cast<std::uint32_t>(std::ceil(wait_s * 1000)) + 1;
  events_ -= 1;
  bytes_ -= size;
  return std::nullopt;
}

std::optional<Refused> Admission::check_attributes(const schema::EventView& e, TimeMs now) const {
  if (e.id.is_zero()) return refuse(Errc::id_invalid, "the event has no id");
  if (e.payload.size() > limits::payload_bytes) {
    return refuse(Errc::payload_oversize, fmt::format("{} bytes; at most {}", e.payload.size(), limits::payload_bytes));
  }
  for (const std::string_view text : {e.source, e.subject, e.traceparent, e.foreign_id, e.datacategory}) {
    if (text.size() > limits::attribute_bytes) {
      return refuse(Errc::attribute_oversize,
                    fmt::format("an attribute has {} bytes; at most {}", text.size(), limits::attribute_bytes));
    }
  }
  if (e.time.value() <= 0 || e.time.value() > now.value() + limits::clock_ahead_ms + held_ms_) {
    return refuse(Errc::time_invalid,
                  e.time.value() <= 0 ? "the event has no time"
                                      : fmt::format("{} is more than an hour ahead of the hub", format_time(e.time)));
  }
  if (e.expirytime.value() != 0 && e.expirytime <= now) {
    return refuse(Errc::event_expired, fmt::format("it expired at {}", format_time(e.expirytime)));
  }
  if (e.hop > limits::hop) return refuse(Errc::hop_limit, fmt::format("hop {}; at most {}", e.hop, limits::hop));
  return std::nullopt;
}

std::optional<Refused> Admission::check_right(const schema::EventView& e, const Member& sender) const {
  if (!sender.owns_source(e.source)) {
    return refuse(Errc::wrong_source,
                  fmt::format("{} sends as '{}'; its own is {}", sender.slug, e.source, sender.default_source()));
  }
  const bool may = is_command(e.type) ? may_command(sender, e.type) : sender.grant(e.type).publish;
  if (!may) return refuse(Errc::missing_grant, fmt::format("{} may not publish {}", sender.slug, e.type));
  return std::nullopt;
}

std::optional<Refused> Admission::check_payload(const schema::EventView& e, const schema::EventType& type,
                                                Admitted& out) const {
  if (e.revision > type.revision) {
    return refuse(Errc::schema_newer_than_hub, fmt::format("revision {}; the hub has {}", e.revision, type.revision));
  }
  if (const Status ok = registry_.verify(type, e.payload); !ok) return Refused{ok.error().code, ok.error().message, 0};
  if (!e.datacategory.empty() && e.datacategory != type.datacategory) {
    return refuse(Errc::data_category, fmt::format("'{}'; {} is '{}'", e.datacategory, type.name, type.datacategory));
  }
  out.facts = registry_.facts(type, e.payload);
  if (!e.subject.empty() && e.subject != out.facts.subject) {
    return refuse(Errc::subject_invalid, fmt::format("the attribute differs from the payload's field"));
  }
  if (out.facts.subject.size() > limits::attribute_bytes)
    return refuse(Errc::attribute_oversize, "the subject is too long");
  return std::nullopt;
}

std::optional<Refused> Admission::check_texts(const schema::EventView& e, const schema::EventType& type,
                                              const schema::Facts& facts) const {
  if (type.has_person && !facts.person.empty() && !valid_pseudonym(facts.person)) {
    return refuse(Errc::pseudonym_invalid, "the person's field holds no pseudonym");
  }
  // Ids go further than the payload does, so they are looked at as well.
  for (const auto& [name, text] :
       {std::pair{"subject", facts.subject}, {"person", facts.person}, {"foreign_id", e.foreign_id}}) {
    if (const auto found = schema::find_personal_number_in_id(text))
      return refuse(Errc::personal_number, fmt::format("{} holds a {}", name, name_of(*found)));
  }
  std::optional<Refused> out;
  registry_.visit_texts(type, e.payload, [&](std::string_view path, std::string_view text) {
    if (out) return;
    if (const auto found = schema::find_personal_number(text))
      out = refuse(Errc::personal_number, fmt::format("{} holds a {}", path, name_of(*found)));
  });
  return out;
}

tl::expected<Admitted, Refused> Admission::would_admit(const schema::EventView& e, const Member& sender,
                                                       TimeMs now) const {
  Admitted out;
  if (auto no = check_attributes(e, now)) return tl::unexpected(std::move(*no));
  out.type = registry_.find(e.type);
  if (out.type == nullptr)
    return tl::unexpected(Refused{Errc::unknown_type, fmt::format("'{}'", e.type.substr(0, 100)), 0});
  if (auto no = check_right(e, sender)) return tl::unexpected(std::move(*no));
  if (!e.foreign_id.empty()) {
    out.foreign = foreign_hash(e.source, e.foreign_id);
    if (foreign_.contains(*out.foreign)) {
      return tl::unexpected(Refused{
          Errc::duplicate_event,
          fmt::format("'{}' of this source was taken in the last {} days", e.foreign_id, limits::foreign_id_days), 0});
    }
  }
  if (auto no = check_payload(e, *out.type, out)) return tl::unexpected(std::move(*no));
  if (!out.facts.speaker.empty() && out.facts.speaker != sender.slug) {
    return tl::unexpected(Refused{Errc::not_the_speaker,
                                  fmt::format("{} speaks for '{}'", sender.slug, out.facts.speaker.substr(0, 64)), 0});
  }
  if (auto no = check_texts(e, *out.type, out.facts)) return tl::unexpected(std::move(*no));
  return out;
}

tl::expected<Admitted, Refused> Admission::admit(const schema::EventView& e, const Member& sender, TimeMs now) {
  auto out = would_admit(e, sender, now);
  if (!out) return out;
  if (sender.quota.events_per_second != 0 || sender.quota.bytes_per_second != 0) {
    if (const auto wait = buckets_[sender.no].take(sender.quota, e.payload.size(), now)) {
      return tl::unexpected(
          Refused{Errc::quota_exceeded, fmt::format("{} may send again in {} ms", sender.slug, *wait), *wait});
    }
  }
  return out;
}

void Admission::remember(const std::array<std::uint8_t, 16>& foreign, TimeMs now) {
  if (foreign_.insert(foreign).second) foreign_by_age_.emplace_back(now, foreign);
}

void Admission::forget(const std::array<std::uint8_t, 16>& foreign) { foreign_.erase(foreign); }

std::optional<TimeMs> Admission::expire_foreign(TimeMs now) {
  const TimeMs oldest = now.plus(-limits::foreign_id_days * 86'400'000);
  std::optional<TimeMs> through;
  while (!foreign_by_age_.empty() &&
         (foreign_by_age_.front().first < oldest || foreign_.size() > limits::foreign_ids)) {
    through = foreign_by_age_.front().first.plus(1);
    foreign_.erase(foreign_by_age_.front().second);
    foreign_by_age_.pop_front();
  }
  return through;
}

std::array<std::uint8_t, 16> Admission::foreign_hash(std::string_view source, std::string_view foreign_id) {
  Sha256 sha;
  sha.update(as_bytes(source));
  const std::uint8_t zero = 0;
  sha.update({&zero, 1});
  sha.update(as_bytes(foreign_id));
  const Hash full = sha.finish();
  std::array<std::uint8_t, 16> out{};
  std::copy(full.begin(), full.begin() + 16, out.begin());
  return out;
}

}  // namespace iro::admission

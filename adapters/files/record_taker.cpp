#include "adapters/files/record_taker.hpp"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>

#include "adapters/client/sealed_event.hpp"
#include "adapters/files/values.hpp"
#include "hub/base/assert.hpp"
#include "hub/base/crypto.hpp"

namespace iro::files {
namespace {

constexpr std::string_view space = "files.thing";  // permanent: it is in the notes of every member
constexpr std::size_t most_unknown = 1'000;

/// What the notes remember of a thing: how often it was sent, and a keyed hash of the last content.
struct Sent {
  std::uint64_t times = 0;
  std::string_view hash;
};

Sent read_sent(std::string_view note) {
  Sent sent;
  const std::size_t gap = std::min(note.find(' '), note.size());
  std::from_chars(note.data(), note.data() + gap, sent.times);
  if (gap < note.size()) sent.hash = note.substr(gap + 1);
  return sent;
}

/// The document that the mapping put in the place of a sealed one.
std::optional<std::string> document_in(const boost::json::object& payload) {
  const auto* content = payload.if_contains(client::sealed_field);
  const auto* name =
      content != nullptr && content->is_object() ? content->get_object().if_contains("document") : nullptr;
  if (name == nullptr || !name->is_string()) return std::nullopt;
  return std::string(name->get_string());
}

boost::json::object to_object(const std::map<std::string, std::uint64_t>& numbers) {
  boost::json::object out;
  for (const auto& [name, number] : numbers) out[name] = number;
  return out;
}

}  // namespace

/// An event with its identity, ready to be published; without one when it was sent before.
struct RecordTaker::Ready {
  std::optional<schema::Event> event;
  std::string short_type;
  std::string note_key;
  std::string note;
  bool changed = false;
};

/// Where the hub would find a personal number, if anywhere.
std::optional<std::string> RecordTaker::personal_number_in(const schema::EventType& type, ByteView payload) const {
  const schema::Facts facts = registry_.facts(type, payload);
  if (looks_personal_in_id(facts.subject)) return "the id";
  if (looks_personal_in_id(facts.person)) return "the person";
  std::optional<std::string> where;
  registry_.visit_texts(type, payload, [&](std::string_view path, std::string_view text) {
    if (!where && looks_personal(text)) where = path;
  });
  return where;
}

/// The payload with the document in it. Id, source and subject are fixed first, as the document is bound to them.
Result<Bytes> RecordTaker::seal_into(schema::Event& event, const schema::EventType& type, boost::json::object payload,
                                     const client::Document& document) const {
  const std::string recipient = client::recipient_in(boost::json::serialize(payload));
  if (recipient.empty()) return fail(Errc::csv_value, "content: the payload names no recipient");
  const auto with = [&](const client::SealedDocument& sealed) {
    payload[client::sealed_field] = boost::json::parse(sealed.to_json());
    return registry_.from_json(type, boost::json::serialize(payload));
  };
  const auto draft = with({std::string(client::seal_scheme), {}, {}});
  if (!draft) return draft;
  client::SealedIn in = sealer_->header();
  in.type = type.name;
  in.subject = std::string(registry_.facts(type, *draft).subject);
  const auto sealed = sealer_->seal(document, in, recipient);
  if (!sealed) return fail(sealed.error().within(client::sealed_field));
  event.id = in.id;
  event.source = in.source;
  return with(*sealed);
}

Result<RecordTaker::Ready> RecordTaker::prepare(std::string_view format, const Draft& draft,
                                                client::OutboxTransaction& outbox) const {
  const std::string json = boost::json::serialize(draft.payload);
  std::optional<client::Document> document;
  if (const auto name = document_in(draft.payload)) {
    if (sealer_ == nullptr) return fail(Errc::invalid_argument, "content: documents are not sealed here");
    auto read = sealer_->read(*name);
    if (!read) return fail(read.error().within(client::sealed_field));
    document = std::move(*read);
  }
  // A document that changed is a change, under whatever name.
  const std::string hash = key_.mac("content", document ? json + to_hex(sha256(document->content)) : json);
  const std::string thing = key_.mac("thing", fmt::format("{} {} {}", format, draft.type, draft.key));
  Ready ready;
  ready.note_key = fmt::format("{}/{}", format, thing);
  const auto note = outbox.get(space, ready.note_key);
  const Sent sent = note ? read_sent(*note) : Sent{};
  const bool known = sent.hash == hash;
  if (known && !again_) return ready;

  // The count keeps a thing that goes back to an earlier content from being taken for a repetition.
  const std::uint64_t times = known ? sent.times : sent.times + 1;
  ready.changed = times > 1 && !known;
  const bool as_change = times > 1 && !draft.changed_type.empty();
  const schema::EventType* type = registry_.find_loosely(as_change ? draft.changed_type : draft.type);
  if (type == nullptr) return fail(Errc::unknown_type, draft.type);
  schema::Event event;
  auto payload = document ? seal_into(event, *type, draft.payload, *document) : registry_.from_json(*type, json);
  if (!payload) return fail(payload.error());
  if (const auto where = personal_number_in(*type, *payload)) {
    return fail(Errc::personal_number,
                fmt::format("{}: this holds what looks like a BSN or an onderwijsnummer", *where));
  }
  event.type = type->name;
  event.revision = type->revision;
  event.foreign_id = fmt::format("files:{}:{}:{}", ready.note_key, times, hash);
  event.payload = std::move(*payload);
  ready.event = std::move(event);
  ready.note = fmt::format("{} {}", times, hash);
  return ready;
}

Result<std::vector<Reject>> RecordTaker::take(RecordReader& reader, RecordReader::Item item,
                                              client::OutboxTransaction& outbox, Counts& counts) const {
  ++counts.records;
  if (item == RecordReader::Item::problem) {
    ++counts.rejected;
    return std::vector<Reject>{reader.problem()};
  }
  Pseudonyms pseudonyms(key_, outbox);
  Record record = reader.build(pseudonyms);
  std::vector<Ready> ready;
  for (const Draft& draft : record.drafts) {
    if (!record.rejects.empty()) break;
    auto one = prepare(reader.format(), draft, outbox);
    if (!one && passes(one.error().code)) return fail(one.error());
    if (!one) {
      record.rejects.push_back(reader.explain(draft, one.error()));
    } else if (one->event) {
      ready.push_back(std::move(*one));
    }
  }
  counts.new_pseudonyms += pseudonyms.made();
  if (!record.rejects.empty()) {
    ++counts.rejected;
    return std::move(record.rejects);
  }
  for (Ready& one : ready) {
    outbox.put(space, one.note_key, one.note);
    ++counts.events_by_type[one.event->type];
    const auto id = outbox.publish(std::move(*one.event));
    if (!id) return fail(id.error().within("publish"));
    counts.changed += one.changed;
  }
  counts.events += ready.size();
  counts.unchanged += ready.empty() && !record.drafts.empty();
  counts.early_ends += record.early_end;
  counts.started_unsigned += record.started_unsigned;
  const std::string& unknown = record.unknown_programme;
  if (!unknown.empty() &&
      (counts.unknown_programmes.size() < most_unknown || counts.unknown_programmes.contains(unknown))) {
    ++counts.unknown_programmes[unknown];
  }
  return std::vector<Reject>{};
}

std::string Counts::to_json() const {
  boost::json::object out;
  out["records"] = records;
  out["events"] = events;
  out["unchanged"] = unchanged;
  out["changed"] = changed;
  out["rejected"] = rejected;
  out["early_ends"] = early_ends;
  out["started_unsigned"] = started_unsigned;
  out["new_pseudonyms"] = new_pseudonyms;
  out["events_by_type"] = to_object(events_by_type);
  out["unknown_programmes"] = to_object(unknown_programmes);
  return boost::json::serialize(out);
}

Result<Counts> Counts::from_json(std::string_view text) {
  boost::json::error_code error;
  const boost::json::value value = boost::json::parse(boost::json::string_view(text.data(), text.size()), error);
  const boost::json::object* object = error ? nullptr : value.if_object();
  if (object == nullptr) return fail(Errc::corrupt, "the counts of a file are no JSON object");
  const auto number = [](const boost::json::value* v) {
    return v != nullptr && v->is_number() ? v->to_number<std::uint64_t>() : 0;
  };
  const auto numbers = [&](const char* name, std::map<std::string, std::uint64_t>& out) {
    const boost::json::value* list = object->if_contains(name);
    if (list == nullptr || !list->is_object()) return;
    for (const auto& item : list->as_object()) out[std::string(item.key())] = number(&item.value());
  };
  Counts c;
  c.records = number(object->if_contains("records"));
  c.events = number(object->if_contains("events"));
  c.unchanged = number(object->if_contains("unchanged"));
  c.changed = number(object->if_contains("changed"));
  c.rejected = number(object->if_contains("rejected"));
  c.early_ends = number(object->if_contains("early_ends"));
  c.started_unsigned = number(object->if_contains("started_unsigned"));
  c.new_pseudonyms = number(object->if_contains("new_pseudonyms"));
  numbers("events_by_type", c.events_by_type);
  numbers("unknown_programmes", c.unknown_programmes);
  return c;
}

void Counts::add(const Counts& other) {
  records += other.records;
  events += other.events;
  unchanged += other.unchanged;
  changed += other.changed;
  rejected += other.rejected;
  early_ends += other.early_ends;
  started_unsigned += other.started_unsigned;
  new_pseudonyms += other.new_pseudonyms;
  for (const auto& [type, n] : other.events_by_type) events_by_type[type] += n;
  for (const auto& [code, n] : other.unknown_programmes) unknown_programmes[code] += n;
}

}  // namespace iro::files

// What a scenario expects: compared, and what would have held instead (RunOptions::update).
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "hub/schema/json.hpp"
#include "plugins/scenario/outcome_text.hpp"
#include "plugins/scenario/statements.hpp"

namespace iro::scenario {
namespace json = boost::json;
namespace {

json::value parsed(std::string_view text) {
  auto value = schema::parse_json(text);
  if (!value) throw Wrong{value.error().message};
  return std::move(*value);
}

/// Does `whole` hold everything that `part` says?
bool contains(const json::value& whole, const json::value& part) {
  if (part.is_object()) {
    return whole.is_object() && std::ranges::all_of(part.as_object(), [&](const auto& member) {
             const auto* found = whole.as_object().if_contains(member.key());
             return found != nullptr && contains(*found, member.value());
           });
  }
  return whole == part;
}

/// What of `whole` stands where `part` says something.
json::value same_part(const json::value& whole, const json::value& part) {
  if (!part.is_object() || !whole.is_object()) return whole;
  json::object out;
  for (const auto& member : part.as_object()) {
    if (const auto* found = whole.as_object().if_contains(member.key()))
      out.emplace(member.key(), same_part(*found, member.value()));
  }
  return out;
}

/// JSON as people write it on one line.
std::string written(const json::value& value) {
  std::string out;
  if (value.is_object()) {
    for (const auto& member : value.get_object())
      out += (out.empty() ? "" : ", ") + json::serialize(member.key()) + ": " + written(member.value());
    return "{" + out + "}";
  }
  if (value.is_array()) {
    for (const auto& item : value.get_array()) out += (out.empty() ? "" : ", ") + written(item);
    return "[" + out + "]";
  }
  return json::serialize(value);
}

/// The statement's first `count` words once more, as they would be read again.
std::string begin_of(const Statement& s, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < std::min(count, s.words.size()); ++i) {
    const std::string& one = s.words[i];
    const bool quote = one.empty() || one.find_first_of(" \t{[") != std::string::npos;
    out += (out.empty() ? "" : " ") + (quote ? "\"" + one + "\"" : one);
  }
  return out;
}

/// "handover.invited" of "nl.placements.handover.invited.v1".
std::string short_name(std::string_view type) {
  constexpr std::string_view ours = "nl.placements.";
  if (!type.starts_with(ours) || !type.ends_with(".v1")) return std::string(type);
  type.remove_prefix(ours.size());
  type.remove_suffix(3);
  return std::string(type);
}

Errc code_of(const std::string& name) {
  const auto code = find_code(name);
  if (!code) throw Wrong{fmt::format("there is no code '{}': `iro errors` lists them", name)};
  return *code;
}

std::string name_of(Errc code) { return std::string(info(code).name); }

/// Wrong when the JSON that came does not hold the expected part; the statement up to the part is `begin`.
void require_part(std::string_view what, const std::string& came, const std::string& part, const std::string& begin) {
  if (part.empty()) return;
  const json::value whole = parsed(came);
  const json::value wanted = parsed(part);
  if (contains(whole, wanted)) return;
  const json::value same = same_part(whole, wanted);
  const bool says_something = !same.is_object() || !same.get_object().empty();
  throw Wrong{fmt::format("{} was {}", what, came), begin + (says_something ? " " + written(same) : "")};
}

}  // namespace

void Statements::expect(const Statement& s) {
  const std::string& what = word(s, 1);
  if (what == "accepted") return expect_accepted(s);
  if (what == "refused") return expect_refused(s);
  if (what == "held") return expect_held(s);
  if (what == "answer") return expect_answer(s);
  const std::string& how = word(s, 2);
  if (how == "emits") return expect_emits(s);
  if (how == "fails") return expect_fails(s);
  if (how == "error") return expect_error(s);
  if (how == "gets") return expect_gets(s);
  throw Wrong{fmt::format("what is expected of {}? It gets, emits, fails, or has an error; not '{}'", what, how)};
}

// ------------------------------------------------------------ how a PUB ended

const wire::Refusal* Statements::last_refusal() {
  const auto at = hub().clients.find(last_client_);
  if (at == hub().clients.end() || at->second.acks.empty()) return nullptr;
  const auto& refusals = at->second.acks.back().exceptions;
  return refusals.empty() ? nullptr : &refusals.back();
}

std::string Statements::how_it_ended() {
  if (last_code_ != Errc::ok) return "expect refused " + name_of(last_code_);
  const auto at = hub().clients.find(last_client_);
  const bool held = at != hub().clients.end() && !at->second.acks.empty() && !at->second.acks.back().held.empty();
  return held ? "expect held" : "expect accepted";
}

void Statements::expect_accepted(const Statement&) {
  if (last_code_ == Errc::ok) return;
  const auto* refusal = last_refusal();
  throw Wrong{fmt::format("it was refused: {}{}", name_of(last_code_),
                          refusal == nullptr || refusal->reason.empty() ? "" : " (" + refusal->reason + ")"),
              how_it_ended()};
}

void Statements::expect_refused(const Statement& s) {
  const Errc wanted = code_of(word(s, 2));
  if (last_code_ != wanted)
    throw Wrong{fmt::format("expected {}, got {}", name_of(wanted), name_of(last_code_)), how_it_ended()};
  if (s.words.size() < 4) return;
  const auto* refusal = last_refusal();
  const std::string reason = refusal == nullptr ? "" : refusal->reason;
  if (reason.find(s.words[3]) != std::string::npos) return;
  throw Wrong{fmt::format("the reason was '{}'", reason), fmt::format("{} \"{}\"", begin_of(s, 3), reason)};
}

void Statements::expect_held(const Statement&) {
  const std::string ended = how_it_ended();
  if (ended != "expect held") throw Wrong{"the event was not held", ended};
}

// ------------------------------------------------------------ what somebody was told

void Statements::expect_answer(const Statement& s) {
  const Errc wanted = code_of(word(s, 2));
  const auto at = hub().clients.find(last_client_);
  if (at == hub().clients.end() || at->second.answers.empty()) throw Wrong{"there was no answer"};
  const wire::Answer& answer = at->second.answers.back();
  if (answer.code != wanted)
    throw Wrong{fmt::format("the answer was {}{}", name_of(answer.code),
                            answer.reason.empty() ? "" : " (" + answer.reason + ")"),
                "expect answer " + name_of(answer.code)};
  require_part("the answer", answer.body, s.json, begin_of(s, 3));
}

void Statements::expect_error(const Statement& s) {
  Client& c = client_of(word(s, 1));
  if (c.errors.empty()) throw Wrong{"there was no error"};
  const Errc code = c.errors.back().code;
  if (code != code_of(word(s, 3)))
    throw Wrong{fmt::format("the last error was {}", name_of(code)), begin_of(s, 3) + " " + name_of(code)};
}

void Statements::expect_gets(const Statement& s) {
  Client& c = client_of(word(s, 1));
  std::size_t& read = read_[c.connection.value()];
  const bool nothing = word(s, 3) == "nothing";
  if (read >= c.received.size()) {
    if (!nothing) throw Wrong{"it got nothing", begin_of(s, 3) + " nothing"};
    return;
  }
  const Received& r = c.received[read];
  const std::string came = begin_of(s, 3) + " " + short_name(r.event.type);
  if (nothing) {
    if (options_.update) ++read;
    throw Wrong{fmt::format("it got {}", r.event.type), came};
  }
  ++read;
  const auto& type = type_of(s.words[3]);
  if (r.event.type != type.name) throw Wrong{fmt::format("it got {}", r.event.type), came};
  for (std::size_t i = 4; i < s.words.size(); ++i) {
    if (s.words[i] == "masked" && !r.event.masked) throw Wrong{"it was not masked", came};
    if (s.words[i] == "attempt" && std::to_string(r.attempt) != word(s, i + 1))
      throw Wrong{fmt::format("it was attempt {}", r.attempt)};
  }
  auto payload = types().to_json(type, r.event.payload);
  if (!payload) throw Wrong{payload.error().message};
  require_part("the payload", *payload, s.json, begin_of(s, s.words.size()));
}

// ------------------------------------------------------------ what a plugin did

void Statements::expect_emits(const Statement& s) {
  const std::string& id = word(s, 1);
  if (!is_plugin(id)) throw Wrong{fmt::format("there is no plugin '{}' here", id)};
  const auto& said = emits_[id];
  std::size_t& read = emits_read_[id];
  const bool nothing = word(s, 3) == "nothing";
  if (read >= said.size()) {
    if (!nothing) throw Wrong{"it emitted nothing more", begin_of(s, 3) + " nothing"};
    return;
  }
  const reaction::Emit& emit = said[read];
  const std::string came = begin_of(s, 3) + " " + short_name(emit.type);
  if (nothing) {
    if (options_.update) ++read;
    throw Wrong{fmt::format("it emitted {}", emit.type), came};
  }
  ++read;
  const auto& type = type_of(s.words[3]);
  if (emit.type != type.name) throw Wrong{fmt::format("it emitted {}", emit.type), came};
  auto payload = types().to_json(type, emit.payload);
  if (!payload) throw Wrong{payload.error().message};
  require_part("the payload", *payload, s.json, begin_of(s, 4));
}

void Statements::expect_fails(const Statement& s) {
  if (real(word(s, 1)) == nullptr)
    throw Wrong{fmt::format("'{}' is no real plugin: only that can fail by itself", s.words[1])};
  if (failures_.empty()) throw Wrong{"it did not fail"};
  const auto failure = std::exchange(failures_, {}).back();
  if (failure.plugin != s.words[1]) throw Wrong{fmt::format("it was {} that failed: {}", failure.plugin, failure.why)};
  if (failure.name != word(s, 3))
    throw Wrong{fmt::format("it failed otherwise ({}): {}", failure.name, failure.why),
                begin_of(s, 3) + " " + failure.name};
}

void Statements::state(const Statement& s) {
  if (!is_plugin(word(s, 1))) throw Wrong{fmt::format("there is no plugin '{}' here", s.words[1])};
  const auto rows = hub().read_state(s.words[1], word(s, 2), false);
  const std::string found = rows.empty() ? "nothing" : readable(as_bytes(rows.begin()->second));
  const std::string& wanted = word(s, 4);
  if (word(s, 3) != "is") throw Wrong{"write: state ID KEY is VALUE"};
  if (found == wanted || (wanted == "something" && !rows.empty())) return;
  const bool quote = found.find(' ') != std::string::npos;
  throw Wrong{fmt::format("it is {}", found), fmt::format("{} {}", begin_of(s, 4), quote ? '"' + found + '"' : found)};
}

}  // namespace iro::scenario

// A what-if, as text and as JSON: ids, types, subjects and keys of state, never contents.
#include <fmt/format.h>

#include "adapters/cli/table.hpp"
#include "adapters/cli/what_if.hpp"
#include "hub/base/bytes.hpp"

namespace iro::cli {
namespace {

using whatif::Fate;
using whatif::Report;

std::string_view name_of(Fate fate) {
  switch (fate) {
    case Fate::accepted:
      return "accepted";
    case Fate::held:
      return "held";
    case Fate::let_out:
      return "let_out";
    case Fate::rejected:
      return "rejected";
  }
  return "";
}

/// Keys are a rule's own: text when all of it can be read, else hexadecimal.
std::string text_of(const Bytes& key) {
  const bool readable = std::ranges::all_of(key, [](std::uint8_t c) { return c >= 0x20 && c < 0x7f; });
  return readable ? std::string(as_text(key)) : to_hex(key);
}

json::object event_json(const whatif::Named& event) {
  return {{"id", to_string(event.id)},
          {"type", event.type},
          {"subject", event.subject},
          {"recordedtime", format_time(event.at)}};
}

json::object differences_json(const whatif::Some<whatif::EventDifference>& some) {
  json::array first;
  for (const auto& one : some.first) {
    json::object row{{"type", one.type},
                     {"subject", one.subject},
                     {"cause", to_string(one.cause)},
                     {"cause_type", one.cause_type},
                     {"recordedtime", format_time(one.at)}};
    if (!one.fields.empty()) row["fields"] = json::array(one.fields.begin(), one.fields.end());
    first.push_back(std::move(row));
  }
  return {{"count", some.count}, {"first", std::move(first)}};
}

json::array verdicts_json(const Report& r) {
  json::array out;
  for (const auto& [fates, some] : r.verdicts) {
    json::array first;
    for (const auto& one : some.first) {
      json::object row = event_json(one.event);
      if (!one.note.code.empty())
        row["note"] = json::object{{"code", one.note.code}, {"text_nl", one.note.nl}, {"text_en", one.note.en}};
      first.push_back(std::move(row));
    }
    out.push_back(json::object{{"recorded", name_of(fates.first)},
                               {"replayed", name_of(fates.second)},
                               {"count", some.count},
                               {"first", std::move(first)}});
  }
  return out;
}

json::object keys_json(const whatif::Some<Bytes>& some) {
  json::array first;
  for (const Bytes& key : some.first) first.push_back(json::value(text_of(key)));
  return {{"count", some.count}, {"first", std::move(first)}};
}

json::object state_json(const Report& r) {
  json::array timers;
  for (const auto& one : r.timers.first) {
    json::object row{{"key", text_of(one.key)}};
    if (one.recorded) row["recorded"] = format_time(*one.recorded);
    if (one.replayed) row["replayed"] = format_time(*one.replayed);
    timers.push_back(std::move(row));
  }
  return {{"compared", r.state_compared},
          {"same", r.state_same},
          {"added", keys_json(r.state_more)},
          {"removed", keys_json(r.state_gone)},
          {"changed", keys_json(r.state_otherwise)},
          {"timers", json::object{{"count", r.timers.count}, {"first", std::move(timers)}}}};
}

json::object troubles_json(const Report& r) {
  json::array refused;
  for (const auto& one : r.refused.first) {
    json::object row = event_json(one.cause);
    row["said"] = one.type;
    row["code"] = static_cast<int>(one.code);
    row["name"] = info(one.code).name;
    refused.push_back(std::move(row));
  }
  json::array failed;
  for (const auto& one : r.failed.first) {
    json::object row = event_json(one.event);
    row["why"] = one.why;
    failed.push_back(std::move(row));
  }
  return {{"refused", json::object{{"count", r.refused.count}, {"first", std::move(refused)}}},
          {"failed", json::object{{"count", r.failed.count}, {"first", std::move(failed)}}}};
}

json::object unseen_json(const Report& r) {
  const auto& u = r.unseen;
  return {{"other_plugins_and_people", true},
          {"refused_events", true},
          {"erased", u.erased},
          {"expired", u.expired},
          {"sealed", u.sealed},
          {"waiting", u.waiting},
          {"own_events", u.emitted},
          {"verdicts", u.judged},
          {"state", u.state}};
}

/// Lines such as "  more  3", with what there is nothing of left out.
void print_counts(const Context& context, std::string_view heading,
                  const std::vector<std::pair<std::string, std::uint64_t>>& rows) {
  std::string text;
  for (const auto& [label, count] : rows) {
    if (count != 0) text += fmt::format("  {:34}{:>10}\n", label, count);
  }
  if (!text.empty()) Context::print(context.text.label(heading) + '\n' + text);
}

void print_events(const Context& context, std::string_view change, const whatif::Some<whatif::EventDifference>& some) {
  for (const auto& one : some.first) {
    std::string fields;
    for (const std::string& name : one.fields) fields += (fields.empty() ? " (" : ", ") + name;
    if (!fields.empty()) fields += ')';
    Context::print(fmt::format("  {}: {} {}{} <- {} {} {}\n", context.text.label(change), one.type, clean(one.subject),
                               fields, one.cause_type, to_string(one.cause), format_time(one.at)));
  }
}

std::string verdict_label(const Context& context, const std::pair<Fate, Fate>& fates) {
  return fmt::format("{} -> {}", context.text.label(fmt::format("fate_{}", name_of(fates.first))),
                     context.text.label(fmt::format("fate_{}", name_of(fates.second))));
}

using Counts = std::vector<std::pair<std::string, std::uint64_t>>;

/// What is the same in both runs, and how the others differ.
Counts compared(const Context& context, std::uint64_t same, std::uint64_t more, std::uint64_t gone,
                std::uint64_t otherwise) {
  return {{context.text.label("what_if_same"), same},
          {context.text.label("what_if_more"), more},
          {context.text.label("what_if_gone"), gone},
          {context.text.label("what_if_otherwise"), otherwise}};
}

void print_differences(const Context& context, const Report& r) {
  Counts says = compared(context, r.same, r.more.count, r.gone.count, r.otherwise.count);
  says.emplace_back(context.text.label("what_if_refused"), r.refused.count);
  print_counts(context, "what_if_says", says);
  Counts verdicts;
  verdicts.reserve(r.verdicts.size());
  for (const auto& [fates, some] : r.verdicts) verdicts.emplace_back(verdict_label(context, fates), some.count);
  print_counts(context, "what_if_judges", verdicts);
  Counts keeps = compared(context, r.state_same, r.state_more.count, r.state_gone.count, r.state_otherwise.count);
  keeps.emplace_back(context.text.label("what_if_timers"), r.timers.count);
  print_counts(context, "what_if_keeps", keeps);
  print_counts(context, "what_if_troubles", {{context.text.label("what_if_failed"), r.failed.count}});
}

void print_examples(const Context& context, const Report& r) {
  if (r.differences() == 0) return Context::print(context.text(Text::what_if_same));
  Context::print(context.text.label("what_if_examples") + '\n');
  print_events(context, "what_if_more", r.more);
  print_events(context, "what_if_gone", r.gone);
  print_events(context, "what_if_otherwise", r.otherwise);
  for (const auto& one : r.refused.first)
    Context::print(fmt::format("  {}: {}: {} <- {} {}\n", context.text.label("what_if_refused"), clean(one.type),
                               info(one.code).name, one.cause.type, to_string(one.cause.id)));
  const bool dutch = context.text.lang() == Lang::nl;
  for (const auto& [fates, some] : r.verdicts) {
    for (const auto& one : some.first)
      Context::print(fmt::format("  {}: {} {} {} {}{}\n", verdict_label(context, fates), one.event.type,
                                 clean(one.event.subject), to_string(one.event.id), format_time(one.event.at),
                                 one.note.code.empty() ? "" : ": " + clean(dutch ? one.note.nl : one.note.en)));
  }
  for (const auto& [label, some] : {std::pair{"what_if_more", &r.state_more},
                                    {"what_if_gone", &r.state_gone},
                                    {"what_if_otherwise", &r.state_otherwise}}) {
    for (const Bytes& key : some->first)
      Context::print(
          fmt::format("  {}, {}: {}\n", context.text.label("what_if_keeps"), context.text.label(label), text_of(key)));
  }
  for (const auto& one : r.timers.first)
    Context::print(fmt::format("  {}: {} {} -> {}\n", context.text.label("what_if_timers"), text_of(one.key),
                               one.recorded ? format_time(*one.recorded) : "-",
                               one.replayed ? format_time(*one.replayed) : "-"));
  for (const auto& one : r.failed.first)
    Context::print(fmt::format("  {}: {} {} {}: {}\n", context.text.label("what_if_failed"), one.event.type,
                               clean(one.event.subject), to_string(one.event.id), clean(one.why)));
}

void print_unseen(const Context& context, const Report& r) {
  Context::print(context.text(Text::what_if_unseen));
  const auto say = [](const std::string& line) { Context::print("  - " + line + '\n'); };
  say(context.text(Text::what_if_unseen_always));
  say(context.text(Text::what_if_unseen_refused));
  for (const auto& [text, count] : {std::pair{Text::what_if_unseen_erased, r.unseen.erased},
                                    {Text::what_if_unseen_expired, r.unseen.expired},
                                    {Text::what_if_unseen_sealed, r.unseen.sealed},
                                    {Text::what_if_unseen_waiting, r.unseen.waiting},
                                    {Text::what_if_unseen_emitted, r.unseen.emitted},
                                    {Text::what_if_unseen_judged, r.unseen.judged},
                                    {Text::what_if_unseen_state, r.unseen.state}}) {
    if (count != 0) say(context.text(text, count));
  }
  if (!r.state_compared) say(context.text(Text::what_if_unseen_kept));
}

}  // namespace

json::object what_if_json(const WhatIf& done) {
  const Report& r = done.report;
  json::object out{{"plugin", r.plugin},
                   {"version", r.version},
                   {"recorded_before", r.recorded_before},
                   {"recorded_behind", r.recorded_behind},
                   {"recorded_parked", r.recorded_parked},
                   {"since", format_time(r.since)},
                   {"until", format_time(r.until)},
                   {"events", r.events},
                   {"shown", r.shown},
                   {"timers_fired", r.firings},
                   {"took_ms", done.took_ms},
                   {"differences", r.differences()},
                   {"said", json::object{{"recorded", r.recorded},
                                         {"replayed", r.emitted},
                                         {"same", r.same},
                                         {"more", differences_json(r.more)},
                                         {"gone", differences_json(r.gone)},
                                         {"otherwise", differences_json(r.otherwise)}}},
                   {"verdicts", verdicts_json(r)},
                   {"state", state_json(r)},
                   {"troubles", troubles_json(r)},
                   {"unseen", unseen_json(r)},
                   {"head_before", json::object{{"position", r.through.value()}, {"head", to_hex(r.head)}}},
                   {"head_after", json::object{{"position", done.head_position.value()}, {"head", to_hex(done.head)}}}};
  if (r.heard_from) out["heard_from"] = format_time(*r.heard_from);
  return out;
}

void print_what_if(const Context& context, const WhatIf& done) {
  const Report& r = done.report;
  Context::print(context.text(Text::what_if_title, r.plugin, r.version, r.events, format_time(r.until),
                              r.since.value() == 0 ? context.text(Text::what_if_beginning) : format_time(r.since)));
  if (!r.recorded_before) Context::print(context.text(Text::what_if_new));
  if (r.heard_from) Context::print(context.text(Text::what_if_heard_from, format_time(*r.heard_from)));
  if (r.recorded_behind) Context::print(context.text(Text::what_if_behind));
  if (r.recorded_parked != 0) Context::print(context.text(Text::what_if_parked, r.recorded_parked));
  print_counts(context, "what_if_asked",
               {{context.text.label("what_if_shown"), r.shown}, {context.text.label("what_if_fired"), r.firings}});
  print_differences(context, r);
  print_examples(context, r);
  print_unseen(context, r);
  Context::print(
      context.text(Text::what_if_head, context.text(Text::what_if_before), r.through.value(), to_hex(r.head)));
  Context::print(context.text(Text::what_if_head, context.text(Text::what_if_after), done.head_position.value(),
                              to_hex(done.head)));
  if (done.head_position != r.through) Context::print(context.text(Text::what_if_head_moved));
}

}  // namespace iro::cli

#include "hub/schema/facts.hpp"

#include <fmt/format.h>

#include "hub/base/crypto.hpp"
#include "hub/schema/walk.hpp"

namespace iro::schema {
namespace {

std::string_view root_text(const std::uint8_t* root, std::uint16_t field) {
  if (field == no_index) return {};
  const std::uint8_t* at = field_at(root, field);
  return at == nullptr ? std::string_view() : text_at(at);
}

void add_parties(const TypePlan& plan, const TablePlan& table, const std::uint8_t* from, Facts& out) {
  for (std::size_t i = 0; i < table.steps.size(); ++i) {
    const Step& step = table.steps[i];
    if (!step.is(party) && !step.is(leads_to_party)) continue;
    const std::uint8_t* at = field_at(from, i);
    if (at == nullptr) continue;
    if (step.kind == Kind::text) {
      out.parties.push_back({table.fields[i].name, text_at(at)});
    } else if (step.kind == Kind::table) {
      add_parties(plan, plan.tables[step.table], follow(at), out);
    } else {
      const ListView list = list_at(at, step.element);
      for (std::uint32_t k = 0; k < list.size; ++k) {
        if (step.element == Kind::text) {
          out.parties.push_back({table.fields[i].name, text_at(list.at(k))});
        } else {
          add_parties(plan, plan.tables[step.table], follow(list.at(k)), out);
        }
      }
    }
  }
}

/// SHA-256 of the gate's name and of each gate_key field as "\n", name, "=", value; an absent one has no value.
GateKey gate_key_of(const EventType& type, const std::uint8_t* root) {
  const TypePlan& plan = *type.plan;
  const Gate gate = type.gate != Gate::none ? type.gate : type.opens != Gate::none ? type.opens : type.closes;
  Sha256 sha;
  sha.update(as_bytes(name_of(gate)));
  for (const std::uint16_t i : plan.gate_keys) {
    sha.update(as_bytes("\n"));
    sha.update(as_bytes(plan.tables[0].fields[i].name));
    sha.update(as_bytes("="));
    const Step& step = plan.tables[0].steps[i];
    const std::uint8_t* at = field_at(root, i);
    if (at == nullptr) continue;
    if (step.kind == Kind::text) {
      sha.update(as_bytes(text_at(at)));
    } else {
      sha.update(as_bytes(plan.enums[step.enumeration].names[static_cast<std::size_t>(integer_at(at, step.kind))]));
    }
  }
  const Hash full = sha.finish();
  GateKey out{};
  std::copy_n(full.begin(), out.size(), out.begin());
  return out;
}

void add_gate(const EventType& type, const std::uint8_t* root, Facts& out) {
  constexpr std::int64_t day_ms = 86'400'000;
  const TypePlan& plan = *type.plan;
  out.gate_key = gate_key_of(type, root);
  const std::uint8_t* until = plan.until == no_index ? nullptr : field_at(root, plan.until);
  // The day itself still counts.
  if (until != nullptr) out.gate_until = TimeMs((load<std::int32_t>(until) + 1) * day_ms);
}

/// Shows texts with their paths: "note", "offer.goals[2].text".
class TextWalk {
 public:
  TextWalk(const TypePlan& plan, const TextVisitor& visit) : plan_(plan), visit_(visit) {}

  void table(const TablePlan& table, const std::uint8_t* from) {
    for (std::size_t i = 0; i < table.steps.size(); ++i) {
      const Step& step = table.steps[i];
      if (!step.is(detected) && !step.is(leads_to_text)) continue;
      const std::uint8_t* at = field_at(from, i);
      if (at == nullptr) continue;
      const std::size_t before = path_.size();
      if (before != 0) path_.push_back('.');
      path_.append(table.fields[i].name);
      if (step.kind == Kind::list) {
        list(step, list_at(at, step.element));
      } else {
        value(step, step.kind, at);
      }
      path_.resize(before);
    }
  }

 private:
  void list(const Step& step, const ListView& list) {
    const std::size_t before = path_.size();
    for (std::uint32_t i = 0; i < list.size; ++i) {
      path_.push_back('[');
      path_.append(fmt::format_int(i));
      path_.push_back(']');
      value(step, step.element, list.at(i));
      path_.resize(before);
    }
  }

  void value(const Step& step, Kind kind, const std::uint8_t* at) {
    if (kind == Kind::text) {
      visit_({path_.data(), path_.size()}, text_at(at));
    } else {
      table(plan_.tables[step.table], follow(at));
    }
  }

  const TypePlan& plan_;
  const TextVisitor& visit_;
  fmt::memory_buffer path_;  // on the stack: most paths are never looked at
};

}  // namespace

Facts facts_of(const EventType& type, ByteView payload) {
  const TypePlan& plan = *type.plan;
  const std::uint8_t* root = root_of(payload);
  Facts out;
  out.subject = root_text(root, plan.subject);
  out.person = root_text(root, plan.person);
  out.parties.reserve(plan.parties);
  add_parties(plan, plan.tables[0], root, out);
  out.speaker = root_text(root, plan.speaker);
  if (!plan.gate_keys.empty()) add_gate(type, root, out);
  return out;
}

void visit_texts_of(const TypePlan& plan, ByteView payload, const TextVisitor& visit) {
  TextWalk(plan, visit).table(plan.tables[0], root_of(payload));
}

}  // namespace iro::schema

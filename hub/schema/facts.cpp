#include "hub/schema/facts.hpp"

#include <fmt/format.h>

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

Facts facts_of(const TypePlan& plan, ByteView payload) {
  const std::uint8_t* root = root_of(payload);
  Facts out;
  out.subject = root_text(root, plan.subject);
  out.person = root_text(root, plan.person);
  out.parties.reserve(plan.parties);
  add_parties(plan, plan.tables[0], root, out);
  return out;
}

void visit_texts_of(const TypePlan& plan, ByteView payload, const TextVisitor& visit) {
  TextWalk(plan, visit).table(plan.tables[0], root_of(payload));
}

}  // namespace iro::schema

#include "adapters/files/type_shape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

namespace iro::files {
namespace {

constexpr std::size_t most_depth = 8;

std::string text_of(const boost::json::object& object, std::string_view name) {
  const boost::json::value* v = object.if_contains(name);
  return v != nullptr && v->is_string() ? std::string(v->as_string()) : std::string();
}

}  // namespace

std::string short_type(std::string_view type) {
  constexpr std::string_view ours = "nl.placements.";
  if (type.starts_with(ours)) type.remove_prefix(ours.size());
  if (type.ends_with(".v1")) type.remove_suffix(3);
  return std::string(type);
}

TypeShape::TypeShape(const schema::Registry& registry, const schema::EventType& type) {
  const boost::json::value described = boost::json::parse(registry.describe_json(type));
  root_ = text_of(described.as_object(), "table");
  for (const auto& [name, fields] : described.as_object().at("tables").as_object()) {
    std::vector<Field>& out = tables_[std::string(name)];
    for (const boost::json::value& item : fields.as_array()) {
      const boost::json::object& f = item.as_object();
      const std::string kind = text_of(f, "kind");
      const bool written_as_text = kind == "text" || kind == "blob" || kind == "table" || kind == "boolean" ||
                                   f.contains("enum") || f.contains("format");
      out.push_back(
          {text_of(f, "name"), text_of(f, "table"), f.contains("list"), !written_as_text && !f.contains("list")});
    }
  }
}

const TypeShape::Field* TypeShape::find(const std::string& table, std::string_view name) const {
  const auto fields = tables_.find(table);
  if (fields == tables_.end()) return nullptr;
  const auto field = std::ranges::find(fields->second, name, &Field::name);
  return field == fields->second.end() ? nullptr : &*field;
}

std::optional<std::string> TypeShape::objection(const JsonPath& path) const {
  std::string table = root_;
  for (const JsonPath::Step& step : path.steps()) {
    const Field* field = find(table, step.name);
    const std::string plain = table.substr(table.rfind('.') + 1);
    if (table.empty() || field == nullptr)
      return fmt::format("{}: {} has no field '{}'", path.text(), plain.empty() ? "that" : plain, step.name);
    if (step.index && !field->list) return fmt::format("{}: '{}' is no list", path.text(), step.name);
    if (field->list && !step.index && &step != &path.steps().back()) {
      return fmt::format("{}: '{}' is a list: which element? '{}[0]' is the first", path.text(), step.name, step.name);
    }
    table = field->table;
  }
  return std::nullopt;
}

std::vector<TypeShape::Leaf> TypeShape::leaves() const {
  std::vector<Leaf> out;
  add_leaves(root_, "", 0, out);
  return out;
}

void TypeShape::add_leaves(const std::string& table, const std::string& before, std::size_t depth,
                           std::vector<Leaf>& out) const {
  const auto fields = tables_.find(table);
  if (fields == tables_.end() || depth > most_depth) return;
  for (const Field& field : fields->second) {
    if (!field.table.empty() && !field.list) {
      add_leaves(field.table, before + field.name + ".", depth + 1, out);
    } else {
      out.push_back({before + field.name, field.number});
    }
  }
}

}  // namespace iro::files

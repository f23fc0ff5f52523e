// adapters/files/type_shape.hpp: the fields of an event type, from the registry's catalogue.
//
// A mapping's paths are checked against it, and the columns of an inbox file
// are taken from it. A value; any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/files/json_path.hpp"
#include "hub/schema/registry.hpp"

namespace iro::files {

/// "nl.placements.vacancy.opened.v1" -> "vacancy.opened", for people and for the names of files.
std::string short_type(std::string_view type);

class TypeShape {
 public:
  struct Field {
    std::string name;
    std::string table;  // the table it holds; "" = a plain value
    bool list = false;
    bool number = false;  // written without quotes in JSON
  };

  TypeShape(const schema::Registry& registry, const schema::EventType& type);

  /// What is wrong with a path ("offer.seets: VacancyOpened has no field 'seets'"), or nothing.
  [[nodiscard]] std::optional<std::string> objection(const JsonPath& path) const;

  /// The payload's fields in schema order, tables that are no list opened up: "offer.branch".
  struct Leaf {
    std::string path;
    bool number = false;
  };
  [[nodiscard]] std::vector<Leaf> leaves() const;

 private:
  void add_leaves(const std::string& table, const std::string& before, std::size_t depth, std::vector<Leaf>& out) const;
  [[nodiscard]] const Field* find(const std::string& table, std::string_view name) const;

  std::string root_;
  std::map<std::string, std::vector<Field>, std::less<>> tables_;
};

}  // namespace iro::files

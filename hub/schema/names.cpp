// The permanent names of routing classes, gates, kinds and formats.
#include "hub/schema/plan.hpp"

namespace iro::schema {

std::string_view name_of(Routing routing) {
  switch (routing) {
    case Routing::publik:
      return "public";
    case Routing::regional:
      return "regional";
    case Routing::parties:
      return "parties";
    case Routing::sealed:
      return "sealed";
    case Routing::operators:
      return "operators";
  }
  return "unknown";
}

std::string_view name_of(Gate gate) {
  switch (gate) {
    case Gate::none:
      return "none";
    case Gate::consent:
      return "consent";
    case Gate::match_date:
      return "match-date";
  }
  return "unknown";
}

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::boolean:
      return "bool";
    case Kind::i8:
      return "byte";
    case Kind::u8:
      return "ubyte";
    case Kind::i16:
      return "short";
    case Kind::u16:
      return "ushort";
    case Kind::i32:
      return "int";
    case Kind::u32:
      return "uint";
    case Kind::i64:
      return "long";
    case Kind::u64:
      return "ulong";
    case Kind::f32:
      return "float";
    case Kind::f64:
      return "double";
    case Kind::text:
      return "string";
    case Kind::blob:
      return "bytes";
    case Kind::table:
      return "table";
    case Kind::list:
      return "list";
  }
  return "unknown";
}

std::string_view name_of(Format format) {
  switch (format) {
    case Format::none:
      return "none";
    case Format::date:
      return "date";
    case Format::timestamp:
      return "timestamp";
    case Format::week:
      return "week";
    case Format::month:
      return "month";
  }
  return "unknown";
}

}  // namespace iro::schema

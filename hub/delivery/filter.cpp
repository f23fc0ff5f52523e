#include "hub/delivery/filter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <vector>

namespace iro::delivery {
namespace json = boost::json;
namespace {

using Attribute = std::string_view FilterAttributes::*;
constexpr int max_depth = 16;
constexpr int max_conditions = 256;

const std::map<std::string_view, Attribute>& attributes() {
  static const std::map<std::string_view, Attribute> map = {
      {"type", &FilterAttributes::type},       {"source", &FilterAttributes::source},
      {"subject", &FilterAttributes::subject}, {"datacategory", &FilterAttributes::datacategory},
      {"id", &FilterAttributes::id},           {"correlationid", &FilterAttributes::correlationid}};
  return map;
}

}  // namespace

struct Filter::Node {
  enum class Kind { exact, prefix, suffix, all, any, negate } kind = Kind::all;
  Attribute attribute = nullptr;
  std::string text;
  std::vector<Node> children;

  [[nodiscard]] bool matches(const FilterAttributes& event) const {
    const auto holds = [&](const Node& n) { return n.matches(event); };
    switch (kind) {
      case Kind::all:
        return std::ranges::all_of(children, holds);
      case Kind::any:
        return std::ranges::any_of(children, holds);
      case Kind::negate:
        return !children.front().matches(event);
      default:
        break;
    }
    const std::string_view value = event.*attribute;
    if (value.empty()) return false;
    if (kind == Kind::exact) return value == text;
    return kind == Kind::prefix ? value.starts_with(text) : value.ends_with(text);
  }
};

namespace {

using Node = Filter::Node;

struct Parser {
  int conditions = 0;
  bool wants_ids = false;

  Result<Node> node(const json::value& v, int depth) {
    if (depth > max_depth) return fail(Errc::filter_invalid, fmt::format("more than {} levels", max_depth));
    if (++conditions > max_conditions)
      return fail(Errc::filter_invalid, fmt::format("more than {} conditions", max_conditions));
    if (v.is_array()) return list(Node::Kind::all, v, depth);
    if (!v.is_object() || v.as_object().size() != 1) {
      return fail(Errc::filter_invalid, "a filter is an object with one dialect, or an array of them");
    }
    const auto& [dialect, argument] = *v.as_object().begin();
    if (dialect == "all") return list(Node::Kind::all, argument, depth);
    if (dialect == "any") return list(Node::Kind::any, argument, depth);
    if (dialect == "not") {
      auto child = node(argument, depth + 1);
      if (!child) return child;
      Node n{Node::Kind::negate, nullptr, "", {}};
      n.children.push_back(std::move(*child));
      return n;
    }
    if (dialect == "exact") return texts(Node::Kind::exact, argument);
    if (dialect == "prefix") return texts(Node::Kind::prefix, argument);
    if (dialect == "suffix") return texts(Node::Kind::suffix, argument);
    return fail(Errc::filter_invalid, fmt::format("unknown dialect '{}': use exact, prefix, suffix, all, any, not",
                                                  std::string_view(dialect)));
  }

  Result<Node> list(Node::Kind kind, const json::value& v, int depth) {
    if (!v.is_array() || v.as_array().empty()) return fail(Errc::filter_invalid, "all and any take a list of filters");
    Node out{kind, nullptr, "", {}};
    for (const auto& item : v.as_array()) {
      auto child = node(item, depth + 1);
      if (!child) return child;
      out.children.push_back(std::move(*child));
    }
    return out;
  }

  Result<Node> texts(Node::Kind kind, const json::value& v) {
    if (!v.is_object() || v.as_object().empty())
      return fail(Errc::filter_invalid, "exact, prefix and suffix take an object of attributes");
    Node out{Node::Kind::all, nullptr, "", {}};
    for (const auto& [name, text] : v.as_object()) {
      const auto at = attributes().find(std::string_view(name));
      if (at == attributes().end())
        return fail(Errc::filter_invalid,
                    fmt::format("events have no filterable attribute '{}'", std::string_view(name)));
      if (!text.is_string() || text.as_string().empty())
        return fail(Errc::filter_invalid, fmt::format("'{}' needs a text", std::string_view(name)));
      if (++conditions > max_conditions)
        return fail(Errc::filter_invalid, fmt::format("more than {} conditions", max_conditions));
      wants_ids = wants_ids || name == "id" || name == "correlationid";
      out.children.push_back({kind, at->second, std::string(text.as_string()), {}});
    }
    return out;
  }
};

}  // namespace

Result<Filter> Filter::parse(std::string_view text) {
  Filter out;
  if (text.empty()) return out;
  boost::system::error_code ec;
  json::parse_options options;
  options.max_depth = 2 * max_depth + 2;
  const json::value v = json::parse(text, ec, {}, options);
  if (ec) return fail(Errc::filter_invalid, fmt::format("no JSON: {}", ec.message()));
  if (v.is_array() && v.as_array().empty()) return out;
  Parser parser;
  auto root = parser.node(v, 0);
  if (!root) return fail(root.error());
  out.root_ = std::make_shared<const Node>(std::move(*root));
  out.wants_ids_ = parser.wants_ids;
  return out;
}

bool Filter::matches(const FilterAttributes& event) const { return root_ == nullptr || root_->matches(event); }

}  // namespace iro::delivery

// The JSON side of Expected: what the generator promises, for iro-demo-report to hold the hub to.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "deploy/demo-region/files.hpp"

namespace iro::demo {
namespace json = boost::json;
namespace {

json::object to_json(const Counts& counts) {
  json::object out;
  for (const auto& [name, n] : counts) out[name] = n;
  return out;
}

Counts counts_from(const json::value& value) {
  Counts out;
  for (const auto& [name, n] : value.as_object()) out[std::string(name)] = n.to_number<std::size_t>();
  return out;
}

Followed followed_from(const json::value& value) {
  Followed f;
  f.type = value.at("type").as_string();
  f.member = value.at("member").as_string();
  f.file = value.at("file").as_string();
  f.line = value.at("line").to_number<std::size_t>();
  for (const auto& [name, text] : value.at("data").as_object()) f.data[std::string(name)] = text.as_string();
  return f;
}

}  // namespace

Status save_expected(const Expected& expected, const std::filesystem::path& path) {
  json::object by_member;
  for (const auto& [member, counts] : expected.by_member) by_member[member] = to_json(counts);
  json::array follow;
  for (const Followed& f : expected.follow) {
    json::object data;
    for (const auto& [name, text] : f.data) data[name] = text;
    follow.push_back({{"type", f.type}, {"member", f.member}, {"file", f.file}, {"line", f.line}, {"data", data}});
  }
  const json::object all = {{"size", expected.size},
                            {"seed", expected.seed},
                            {"events", to_json(expected.events)},
                            {"by_member", by_member},
                            {"bad_rows", to_json(expected.bad_rows)},
                            {"formulas", expected.formulas},
                            {"deliveries", expected.deliveries},
                            {"follow", follow}};
  std::ofstream out(path, std::ios::binary);
  out << json::serialize(all) << '\n';
  if (!out.flush()) return fail(Errc::io, fmt::format("write {}", path.string()));
  return {};
}

Result<Expected> load_expected(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return fail(Errc::io, fmt::format("read {}", path.string()));
  try {
    const json::value all = json::parse(text.str());
    Expected e;
    e.size = all.at("size").as_string();
    e.seed = all.at("seed").to_number<std::uint64_t>();
    e.events = counts_from(all.at("events"));
    for (const auto& [member, counts] : all.at("by_member").as_object())
      e.by_member[std::string(member)] = counts_from(counts);
    e.bad_rows = counts_from(all.at("bad_rows"));
    e.formulas = all.at("formulas").to_number<std::size_t>();
    e.deliveries = all.at("deliveries").to_number<std::size_t>();
    for (const json::value& f : all.at("follow").as_array()) e.follow.push_back(followed_from(f));
    return e;
  } catch (const std::exception& e) {  // Boost.JSON throws what a hand-edited file deserves
    return fail(Errc::config_invalid, fmt::format("{}: {}", path.string(), e.what()));
  }
}

}  // namespace iro::demo

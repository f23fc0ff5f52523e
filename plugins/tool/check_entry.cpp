// Groups entry and selftest: what the object says of itself, asked in a child.
#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>

#include "plugins/host/instance.hpp"
#include "plugins/host/object.hpp"
#include "plugins/tool/checks.hpp"
#include "plugins/tool/child.hpp"

namespace iro::tool {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

constexpr seconds look_limit{5};
constexpr seconds selftest_limit{30};
constexpr std::array<std::string_view, 3> entry_names = {"loads", "identity", "interfaces"};

CheckSays of(const std::string& why) { return {why.empty() ? CheckResult::passed : CheckResult::failed, why}; }

template <typename Table>
std::string wrong_table(const iro_entry& entry, const char* id, bool needed, std::string_view advice) {
  const auto* table = static_cast<const Table*>(entry.query(id));
  if (table == nullptr) return needed ? fmt::format("query(\"{}\") gives nothing: {}", id, advice) : "";
  if (table->size >= sizeof(Table)) return "";
  return fmt::format("its {} has {} bytes, and {} are called: begin the table with sizeof", id, table->size,
                     sizeof(Table));
}

/// One line for each of entry_names: why it is wrong, or nothing. In the child.
std::string look_at_entry(const reaction::Manifest& manifest) {
  json::array out;
  const auto entry = host::load_object(manifest.object);
  out.emplace_back(entry ? "" : entry.error().message);
  if (!entry) return json::serialize(out);
  const Status known = host::check_entry(**entry, manifest.spec.id, manifest.version);
  out.emplace_back(known ? "" : known.error().message);
  if (!known) return json::serialize(out);
  std::string wrong = wrong_table<iro_rule>(**entry, IRO_RULE_1, true, "every plugin has it");
  if (wrong.empty())
    wrong = wrong_table<iro_views>(**entry, IRO_VIEWS_1, !manifest.spec.views.empty(), "plugin.toml has [[view]]");
  if (wrong.empty()) wrong = wrong_table<iro_selftest>(**entry, IRO_SELFTEST_1, false, "");
  out.emplace_back(wrong);
  return json::serialize(out);
}

/// What a child answered, or why it did not.
CheckSays of(const Result<ChildEnd>& end, std::string_view advice) {
  if (!end) return {CheckResult::failed, end.error().text()};
  if (!end->answered) return {CheckResult::crashed, fmt::format("{}: {}", end->text, advice)};
  return {};
}

/// {"none": true}, or {"status": n, "looked_at": n, "wrong": ["..."]}. In the child.
std::string run_selftest(const reaction::Manifest& manifest) {
  const auto entry = host::load_object(manifest.object);
  const auto* table = entry ? static_cast<const iro_selftest*>((*entry)->query(IRO_SELFTEST_1)) : nullptr;
  if (table == nullptr || table->run == nullptr) return R"({"none": true})";
  struct Seen {
    std::int64_t looked_at = 0;
    json::array wrong;
  } seen;
  const auto report = [](void* context, iro_text what, std::int32_t ok) {
    auto& all = *static_cast<Seen*>(context);
    ++all.looked_at;
    if (ok == 0) all.wrong.emplace_back(std::string_view(what.data == nullptr ? "" : what.data, what.size));
  };
  const iro_status status = table->run(report, &seen);
  return json::serialize(
      json::object{{"status", status}, {"looked_at", seen.looked_at}, {"wrong", std::move(seen.wrong)}});
}

CheckSays read_selftest(const std::string& text) {
  const json::value said = json::parse(text);
  if (said.as_object().contains("none"))
    return {CheckResult::skipped, "it has no iro.selftest/1; one is written with .selftest<&Rule::test>()"};
  std::string wrong;
  for (const json::value& what : said.at("wrong").as_array()) wrong += "\nnot ok: " + std::string(what.as_string());
  if (!wrong.empty()) return {CheckResult::failed, "its own test says:" + wrong};
  if (said.at("status").as_int64() != IRO_OK)
    return {CheckResult::failed, fmt::format("its own test ended with status {}", said.at("status").as_int64())};
  if (said.at("looked_at").as_int64() == 0)
    return {CheckResult::warning, "its own test looked at nothing: call report() for each thing"};
  return {};
}

}  // namespace

bool check_entry(const CheckTarget& target, CheckReport& report) {
  const auto& manifest = target.folder.manifest;
  const auto end = in_child(look_limit, [&] { return look_at_entry(manifest); });
  if (!end || !end->answered) {
    report.add("entry", entry_names[0], [&] {
      return of(end, "code runs while the object is loaded or asked; take it out of constructors and of query()");
    });
    for (std::size_t i = 1; i < entry_names.size(); ++i) report.skip("entry", entry_names[i], "it cannot be loaded");
    return false;
  }
  const json::value answers = json::parse(end->text);
  const json::array& said = answers.as_array();
  bool good = true;
  for (std::size_t i = 0; i < entry_names.size(); ++i) {
    if (i >= said.size()) {
      report.skip("entry", entry_names[i], "what stands before it does not hold");
    } else {
      good = report.add("entry", entry_names[i], [&] { return of(std::string(said[i].as_string())); }) && good;
    }
  }
  return good;
}

void skip_entry(CheckReport& report, std::string_view why) {
  for (const std::string_view name : entry_names) report.skip("entry", name, why);
}

void check_selftest(const CheckTarget& target, CheckReport& report) {
  report.add("selftest", "own", [&] {
    const auto end = in_child(selftest_limit, [&] { return run_selftest(target.folder.manifest); });
    CheckSays says = of(end, "its own test ends the process or does not end");
    return says.result == CheckResult::passed ? read_selftest(end->text) : says;
  });
}

void skip_selftest(CheckReport& report, std::string_view why) { report.skip("selftest", "own", why); }

}  // namespace iro::tool

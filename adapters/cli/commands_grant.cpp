// grant, quota: what a member may publish and hear, and how much.
#include <fmt/format.h>

#include "adapters/cli/command.hpp"
#include "adapters/cli/operator.hpp"
#include "adapters/cli/table.hpp"

namespace iro::cli {
namespace {

struct GrantOptions {
  std::string slug;
  std::vector<std::string> types;
  bool publish = false;
  std::string receive;  // give: full, masked or denied
  bool hear = false;    // take: the receiving half
};

struct Now {
  bool publish = false;
  std::string receive = "none";
};

Now grant_now(const json::object& member, std::string_view type) {
  Now out;
  const auto* grants = member.if_contains("grants");
  if (grants == nullptr || !grants->is_object()) return out;
  const auto* grant = grants->get_object().if_contains(type);
  if (grant == nullptr || !grant->is_object()) return out;
  if (const auto* publish = grant->get_object().if_contains("publish"); publish != nullptr && publish->is_bool())
    out.publish = publish->get_bool();
  if (auto receive = text_of(grant->get_object(), "receive"); !receive.empty()) out.receive = std::move(receive);
  return out;
}

/// One event sets both halves of a grant, so each change starts from what the member has.
using Change = Now (*)(const Now& now, const GrantOptions& options);

Result<int> change_grants(Context& context, const GrantOptions& o, Change change) {
  auto op = Operator::open(context);
  if (!op) return fail(op.error());
  auto members = op->members();
  if (!members) return fail(members.error());
  const auto member = find_member(*members, o.slug);
  if (!member) return fail(member.error());
  std::vector<Operator::Command> commands;
  for (const auto& name : o.types) {
    const auto type = context.type(name);
    if (!type) return fail(type.error());
    const Now next = change(grant_now(*member, (*type)->name), o);
    commands.push_back(
        {"grant-changed.v1",
         {{"member", o.slug}, {"type", (*type)->name}, {"publish", next.publish}, {"receive", next.receive}}});
  }
  const auto refused = op->publish(commands);
  if (!refused) return fail(refused.error());
  if (!refused->empty()) return fail(refused->begin()->second);
  if (context.options.json) {
    json::array out;
    for (const auto& command : commands) out.push_back(command.payload);
    context.print_json(out);
  } else {
    Context::print(context.text(Text::grants_changed, o.slug, commands.size()));
  }
  return Exit::ok;
}

Result<int> give(Context& context, const GrantOptions& o) {
  if (!o.publish && o.receive.empty()) return fail(Errc::invalid_argument, context.text(Text::give_what));
  return change_grants(context, o, [](const Now& now, const GrantOptions& wish) {
    return Now{now.publish || wish.publish, wish.receive.empty() ? now.receive : wish.receive};
  });
}

Result<int> take(Context& context, const GrantOptions& o) {
  return change_grants(context, o, [](const Now& now, const GrantOptions& wish) {
    const bool all = !wish.publish && !wish.hear;
    return Now{now.publish && !wish.publish && !all, wish.hear || all ? std::string("none") : now.receive};
  });
}

json::array grant_rows(const json::value& members, const std::string& slug) {
  json::array out;
  for (const auto& row : members.is_array() ? members.get_array() : json::array()) {
    if (!row.is_object()) continue;
    const std::string member = text_of(row.get_object(), "member");
    const auto* grants = row.get_object().if_contains("grants");
    if (grants == nullptr || !grants->is_object() || (!slug.empty() && member != slug)) continue;
    for (const auto& [type, value] : grants->get_object()) {
      const Now now = grant_now(row.get_object(), type);
      out.push_back(
          json::object{{"member", member}, {"type", type}, {"publish", now.publish}, {"receive", now.receive}});
    }
  }
  return out;
}

struct ListOptions {
  std::string slug;
};

Result<int> list_grants(Context& context, const ListOptions& o) {
  const auto members = context.query("members", {});
  if (!members) return fail(members.error());
  const json::array rows = grant_rows(*members, o.slug);
  if (context.options.json) {
    context.print_json(rows);
  } else {
    Context::print(table_of(rows, {"member", "type", "publish", "receive"}, context.text));
  }
  return Exit::ok;
}

struct QuotaOptions {
  std::string slug;
  std::uint32_t events = 0;
  std::uint32_t bytes = 0;
  std::uint32_t burst = 0;
  bool none = false;
};

Result<int> show_quotas(Context& context) {
  const auto members = context.query("members", {});
  if (!members) return fail(members.error());
  json::array rows;
  for (const auto& row : members->is_array() ? members->get_array() : json::array()) {
    const auto* quota = row.is_object() ? row.get_object().if_contains("quota") : nullptr;
    if (quota == nullptr || !quota->is_object()) continue;
    json::object out{{"member", text_of(row.get_object(), "member")}};
    for (const auto& [name, value] : quota->get_object()) out[name] = value;
    rows.push_back(std::move(out));
  }
  if (context.options.json) {
    context.print_json(rows);
  } else {
    Context::print(table_of(rows, {}, context.text));
  }
  return Exit::ok;
}

Result<int> quota(Context& context, const QuotaOptions& o) {
  if (o.slug.empty()) return show_quotas(context);
  if (!o.none && o.events == 0 && o.bytes == 0) return fail(Errc::invalid_argument, context.text(Text::quota_what));
  auto op = Operator::open(context);
  if (!op) return fail(op.error());
  json::object payload{
      {"member", o.slug}, {"events_per_second", o.events}, {"bytes_per_second", o.bytes}, {"burst_events", o.burst}};
  IRO_TRY(op->publish("quota-changed.v1", payload), "quota");
  if (context.options.json) {
    context.print_json(payload);
  } else {
    Context::print(context.text(Text::member_done, o.slug));
  }
  return Exit::ok;
}

void add_grant(CLI::App& app, Context& context) {
  auto& grant = add_command(app, context, "grant", Text::about_grant);
  grant.require_subcommand(1);
  auto& g = add_command(grant, context, "give", Text::about_grant_give,
                        "iro grant give waterpoort vacancy.opened vacancy.changed --receive full\niro grant give "
                        "roc-oost placement.adopted --publish");
  auto go = std::make_shared<GrantOptions>();
  g.add_option("MEMBER", go->slug, context.text(Text::opt_member))->required();
  g.add_option("TYPE", go->types, context.text(Text::opt_types))->required();
  g.add_flag("--publish", go->publish, context.text(Text::opt_give_publish));
  g.add_option("--receive", go->receive, context.text(Text::opt_give_receive))
      ->check(CLI::IsMember({"full", "masked", "denied"}));
  runs(g, context, go, give);
  auto& t =
      add_command(grant, context, "take", Text::about_grant_take,
                  "iro grant take waterpoort vacancy.opened\niro grant take roc-oost placement.adopted --publish");
  auto to = std::make_shared<GrantOptions>();
  t.add_option("MEMBER", to->slug, context.text(Text::opt_member))->required();
  t.add_option("TYPE", to->types, context.text(Text::opt_types))->required();
  t.add_flag("--publish", to->publish, context.text(Text::opt_take_publish));
  t.add_flag("--receive", to->hear, context.text(Text::opt_take_receive));
  runs(t, context, to, take);
  auto& ls = add_command(grant, context, "ls", Text::about_grant_ls, "iro grant ls waterpoort");
  auto lo = std::make_shared<ListOptions>();
  ls.add_option("MEMBER", lo->slug, context.text(Text::opt_member));
  runs(ls, context, lo, list_grants);
}

}  // namespace

void add_grant_commands(CLI::App& app, Context& context) {
  add_grant(app, context);
  auto& q = add_command(
      app, context, "quota", Text::about_quota,
      "iro quota\niro quota waterpoort --events 50 --bytes 200000 --burst 500\niro quota waterpoort --none");
  auto o = std::make_shared<QuotaOptions>();
  q.add_option("MEMBER", o->slug, context.text(Text::opt_member));
  q.add_option("--events", o->events, context.text(Text::opt_quota_events));
  q.add_option("--bytes", o->bytes, context.text(Text::opt_quota_bytes));
  q.add_option("--burst", o->burst, context.text(Text::opt_quota_burst));
  q.add_flag("--none", o->none, context.text(Text::opt_quota_none))->excludes("--events", "--bytes", "--burst");
  runs(q, context, o, quota);
}

}  // namespace iro::cli

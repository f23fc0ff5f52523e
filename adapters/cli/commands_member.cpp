// member: who takes part, with which keys.
#include <fmt/format.h>

#include <algorithm>

#include "adapters/cli/command.hpp"
#include "adapters/cli/member_add.hpp"
#include "adapters/cli/member_invite.hpp"
#include "adapters/cli/operator.hpp"
#include "adapters/cli/table.hpp"

namespace iro::cli {
namespace {

struct NoOptions {};

/// For people: keys in the form in which they are passed on.
json::object with_z85_keys(json::object member) {
  if (auto* keys = member.if_contains("keys"); keys != nullptr && keys->is_array()) {
    for (auto& key : keys->get_array()) {
      if (!key.is_object()) continue;
      const std::string z85 = z85_of_hex(text_of(key.get_object(), "public_key"));
      if (!z85.empty()) key.get_object()["public_key"] = z85;
    }
  }
  return member;
}

Result<int> list_members(Context& context, const NoOptions&) {
  const auto rows = context.query("members", {});
  if (!rows) return fail(rows.error());
  if (context.options.json) {
    context.print_json(*rows);
  } else if (rows->is_array()) {
    Context::print(table_of(rows->get_array(), {"member", "name", "oin", "roles", "branches", "active"}, context.text));
  }
  return Exit::ok;
}

struct ShowOptions {
  std::string slug;
};

Result<int> show_member(Context& context, const ShowOptions& o) {
  auto rows = context.query("members", {});
  if (!rows) return fail(rows.error());
  for (const auto& row : rows->is_array() ? rows->get_array() : json::array()) {
    if (!row.is_object() || text_of(row.get_object(), "member") != o.slug) continue;
    const json::value member = with_z85_keys(row.get_object());
    if (context.options.json) {
      context.print_json(member);
    } else {
      Context::print(tree_of(member, context.text));
    }
    return Exit::ok;
  }
  return fail(Errc::not_found, fmt::format("there is no member '{}': `iro member ls` lists them", o.slug));
}

struct ChangeOptions {
  std::string slug;
  std::string name;
  std::vector<std::string> roles;
  std::vector<std::string> branches;
};

/// Publish one command about a member, and say that it was done.
Result<int> tell_hub(Context& context, std::string verb, json::object payload) {
  auto op = Operator::open(context);
  if (!op) return fail(op.error());
  const std::string slug = text_of(payload, "member");
  IRO_TRY(op->publish(std::move(verb), std::move(payload)), slug);
  if (context.options.json) {
    context.print_json(json::object{{"member", slug}, {"done", true}});
  } else {
    Context::print(context.text(Text::member_done, slug));
  }
  return Exit::ok;
}

Result<int> change_member(Context& context, const ChangeOptions& o) {
  json::object payload{{"member", o.slug}};
  if (!o.name.empty()) payload["name"] = o.name;
  if (!o.roles.empty()) payload["roles"] = json::array(o.roles.begin(), o.roles.end());
  if (!o.branches.empty()) payload["branches"] = json::array(o.branches.begin(), o.branches.end());
  if (payload.size() == 1) return fail(Errc::invalid_argument, context.text(Text::nothing_to_change));
  return tell_hub(context, "member-changed.v1", std::move(payload));
}

struct LeaveOptions {
  std::string slug;
  std::string reason;
};

Result<int> leave(Context& context, const LeaveOptions& o) {
  json::object payload{{"member", o.slug}};
  if (!o.reason.empty()) payload["reason"] = o.reason;
  return tell_hub(context, "member-left.v1", std::move(payload));
}

struct KeyOptions {
  std::string slug;
  fs::path out;
  fs::path key_file;
  std::string public_key;
  std::string endpoint;
  std::string reason;
};

json::object key_payload(const KeyOptions& o, const std::string& public_key) {
  json::object payload{{"member", o.slug}, {"public_key", public_key}};
  if (!o.reason.empty()) payload["reason"] = o.reason;
  return payload;
}

Result<int> add_key(Context& context, const KeyOptions& o) {
  if (!o.public_key.empty()) return tell_hub(context, "key-added.v1", key_payload(o, o.public_key));
  if (o.out.empty()) return fail(Errc::invalid_argument, context.text(Text::out_or_public_key));
  auto keys = context.key();
  if (!keys) return fail(keys.error());
  auto op = Operator::open(context);
  if (!op) return fail(op.error());
  auto members = op->members();
  if (!members) return fail(members.error());
  auto member = find_member(*members, o.slug);
  if (!member) return fail(member.error());
  Enrolment as;
  as.slug = o.slug;
  as.oin = text_of(*member, "oin");
  auto pending = PendingKey::prepare(o.out, as, *keys, o.endpoint, PendingKey::Kinds::curve);
  if (!pending) return fail(pending.error());
  const Status done = op->publish("key-added.v1", key_payload(o, pending->public_key()));
  if (!done) {
    if (done.error().code != Errc::timeout) pending->drop();
    return fail(done.error());
  }
  IRO_TRY(pending->keep(), "key file");
  if (context.options.json) {
    context.print_json(
        json::object{{"member", o.slug}, {"key_file", o.out.string()}, {"public_key", pending->public_key()}});
  } else {
    Context::print(context.text(Text::key_added, o.slug, o.out.string()));
  }
  return Exit::ok;
}

Result<int> revoke_key(Context& context, const KeyOptions& o) {
  std::string public_key = o.public_key;
  if (!o.key_file.empty()) {
    const auto file = client::KeyFile::load(o.key_file);
    if (!file) return fail(file.error());
    public_key = file->public_key;
  }
  if (public_key.empty()) return fail(Errc::invalid_argument, context.text(Text::file_or_public_key));
  return tell_hub(context, "key-revoked.v1", key_payload(o, public_key));
}

void add_reading(CLI::App& member, Context& context) {
  auto& ls = add_command(member, context, "ls", Text::about_member_ls,
                         "iro member ls\niro member ls --json | jq -r '.[].member'");
  runs(ls, context, std::make_shared<NoOptions>(), list_members);
  auto& show = add_command(member, context, "show", Text::about_member_show, "iro member show waterpoort");
  auto o = std::make_shared<ShowOptions>();
  show.add_option("MEMBER", o->slug, context.text(Text::opt_member))->required();
  runs(show, context, o, show_member);
}

void add_changing(CLI::App& member, Context& context) {
  auto& change = add_command(member, context, "change", Text::about_member_change,
                             "iro member change waterpoort --branch hospital mental_health");
  auto c = std::make_shared<ChangeOptions>();
  change.add_option("MEMBER", c->slug, context.text(Text::opt_member))->required();
  change.add_option("--name", c->name, context.text(Text::opt_member_name));
  change.add_option("--role", c->roles, context.text(Text::opt_roles));
  change.add_option("--branch", c->branches, context.text(Text::opt_branches));
  runs(change, context, c, change_member);
  auto& gone = add_command(member, context, "leave", Text::about_member_leave,
                           "iro member leave waterpoort --reason \"merged\"");
  auto l = std::make_shared<LeaveOptions>();
  gone.add_option("MEMBER", l->slug, context.text(Text::opt_member))->required();
  gone.add_option("--reason", l->reason, context.text(Text::opt_reason));
  runs(gone, context, l, leave);
}

void add_keys(CLI::App& member, Context& context) {
  auto& add = add_command(member, context, "key-add", Text::about_key_add,
                          "iro member key-add waterpoort --out waterpoort-2.key.toml");
  auto a = std::make_shared<KeyOptions>();
  add.add_option("MEMBER", a->slug, context.text(Text::opt_member))->required();
  add.add_option("--out", a->out, context.text(Text::opt_out));
  add.add_option("--public-key", a->public_key, context.text(Text::opt_public_key));
  add.add_option("--endpoint", a->endpoint, context.text(Text::opt_member_endpoint));
  add.add_option("--reason", a->reason, context.text(Text::opt_reason));
  runs(add, context, a, add_key);
  auto& revoke = add_command(member, context, "key-revoke", Text::about_key_revoke,
                             "iro member key-revoke waterpoort --key-file waterpoort.key.toml\niro member key-revoke "
                             "waterpoort --public-key 'rq:rM>...'");
  auto r = std::make_shared<KeyOptions>();
  revoke.add_option("MEMBER", r->slug, context.text(Text::opt_member))->required();
  revoke.add_option("--public-key", r->public_key, context.text(Text::opt_revoked_key));
  revoke.add_option("--key-file", r->key_file, context.text(Text::opt_revoked_file));
  revoke.add_option("--reason", r->reason, context.text(Text::opt_reason));
  runs(revoke, context, r, revoke_key);
}

}  // namespace

void add_member_commands(CLI::App& app, Context& context) {
  auto& member = add_command(app, context, "member", Text::about_member);
  member.require_subcommand(1);
  add_member_add(member, context);
  add_member_invite(member, context);
  add_reading(member, context);
  add_changing(member, context);
  add_keys(member, context);
}

}  // namespace iro::cli

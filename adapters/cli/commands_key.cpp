// key: one's own keys, and whose keys to believe.
#include <fmt/format.h>

#include <algorithm>

#include "adapters/cli/command.hpp"
#include "adapters/cli/enrolment.hpp"
#include "adapters/cli/operator.hpp"
#include "adapters/cli/own_keys.hpp"
#include "adapters/cli/table.hpp"
#include "adapters/client/key_book.hpp"
#include "adapters/client/member_keys.hpp"
#include "hub/base/z85.hpp"

namespace iro::cli {
namespace {

struct NoOptions {};

/// Beside the key file: the outbox of `iro publish`, and what we believe of others.
fs::path own_folder(const Context& context) { return fs::absolute(context.key_path()).parent_path() / "cli"; }

Result<std::string> own_fingerprint(const client::KeyFile& keys) {
  const auto set = client::public_set(keys);
  if (!set) return fail(set.error());
  return schema::fingerprint_of(set->signing);
}

/// The new keys are signed by the present ones; a member that has none yet signs for itself. `again`: an earlier run
/// may have got so far, and lost only the answer.
Status present_next(Context& context, const client::KeyFile& present, const client::KeyFile& next, bool again) {
  if (again && let_in(context, next)) return {};
  const auto signer = client::signing_pair(present.signing_secret.empty() ? next : present);
  if (!signer) return fail(signer.error());
  return present_keys(context, present, next, *signer, own_folder(context));
}

Result<int> rotate(Context& context, const NoOptions&) {
  const auto present = context.key();
  if (!present) return fail(present.error());
  const fs::path file = context.key_path();
  std::error_code ec;
  const bool left_over = fs::exists(file.string() + ".pending", ec);
  const auto next = pending_keys(file, *present);
  if (!next) return fail(next.error());
  const Status presented = present_next(context, *present, *next, left_over);
  if (!presented) {
    const Errc code = presented.error().code;
    if (code != Errc::timeout && code != Errc::unreachable) drop_pending(file);
    return fail(presented.error().within("key rotate"));
  }
  IRO_TRY(keep_pending(file, *next), "key rotate");
  const auto fingerprint = own_fingerprint(*next);
  if (!fingerprint) return fail(fingerprint.error());
  if (context.options.json) {
    context.print_json(
        json::object{{"member", next->member}, {"key_file", file.string()}, {"fingerprint", *fingerprint}});
  } else {
    Context::print(context.text(Text::rotated, next->member, file.string(), *fingerprint));
  }
  return Exit::ok;
}

struct RevokeOptions {
  std::string member;
  std::string public_key;
  std::string reason;
  bool old = false;
};

/// The member's active keys, but the one of the key file, in Z85.
Result<std::vector<std::string>> old_keys(Operator& op, const std::string& slug, const std::string& present) {
  auto members = op.members();
  if (!members) return fail(members.error());
  const auto member = find_member(*members, slug);
  if (!member) return fail(member.error());
  std::vector<std::string> out;
  const auto* keys = member->if_contains("keys");
  if (keys == nullptr || !keys->is_array()) return out;
  for (const auto& item : keys->get_array()) {
    if (!item.is_object()) continue;
    const auto* active = item.get_object().if_contains("active");
    const std::string key = z85_of_hex(text_of(item.get_object(), "public_key"));
    if (active != nullptr && active->is_bool() && active->get_bool() && key != present) out.push_back(key);
  }
  return out;
}

Result<int> revoke(Context& context, const RevokeOptions& o) {
  if (o.old == !o.public_key.empty()) return fail(Errc::invalid_argument, context.text(Text::revoke_what));
  const auto keys = context.key();
  if (!keys) return fail(keys.error());
  const std::string slug = o.member.empty() ? keys->member : o.member;
  auto op = Operator::open(context);
  if (!op) return fail(op.error());
  std::vector<std::string> which{o.public_key};
  if (o.old) {
    auto found = old_keys(*op, slug, keys->public_key);
    if (!found) return fail(found.error());
    which = std::move(*found);
  }
  for (const auto& key : which) {
    json::object payload{{"member", slug}, {"public_key", key}};
    if (!o.reason.empty()) payload["reason"] = o.reason;
    IRO_TRY(op->publish("key-revoked.v1", std::move(payload)), slug);
  }
  if (context.options.json) {
    context.print_json(json::object{{"member", slug}, {"revoked", json::array(which.begin(), which.end())}});
  } else {
    Context::print(context.text(Text::keys_revoked, slug, which.size()));
  }
  return Exit::ok;
}

struct MemberOption {
  std::string member;
  std::string fingerprint;
};

/// The directory as the hub shows it, unbelieved.
Result<int> list(Context& context, const MemberOption& o) {
  json::object args;
  if (!o.member.empty()) args["member"] = o.member;
  const auto answer = context.query("directory", args);
  if (!answer) return fail(answer.error());
  json::array rows;
  for (const auto& entry : answer->is_array() ? answer->get_array() : json::array()) {
    const auto* keys = entry.is_object() ? entry.get_object().if_contains("keys") : nullptr;
    for (const auto& key : keys != nullptr && keys->is_array() ? keys->get_array() : json::array()) {
      if (!key.is_object()) continue;
      json::object row = key.get_object();
      row["member"] = text_of(entry.get_object(), "member");
      if (const auto signing = z85_decode_key(text_of(row, "signing_key")))
        row["fingerprint"] = schema::fingerprint_of(*signing);
      rows.push_back(std::move(row));
    }
  }
  if (context.options.json) {
    context.print_json(rows);
  } else {
    Context::print(table_of(rows, {"member", "fingerprint", "active", "added", "public_key"}, context.text));
  }
  return Exit::ok;
}

void print_fingerprint(const Context& context, const std::string& member, const std::string& fingerprint, bool first) {
  if (context.options.json)
    return context.print_json(json::object{{"member", member}, {"fingerprint", fingerprint}, {"first_sight", first}});
  Context::print(context.text(Text::fingerprint_line, member, fingerprint));
  if (first) context.note(context.text(Text::first_sight, member));
}

Result<int> fingerprint(Context& context, const MemberOption& o) {
  if (o.member.empty()) {
    const auto keys = context.key();
    if (!keys) return fail(keys.error());
    const auto own = own_fingerprint(*keys);
    if (!own) return fail(own.error());
    print_fingerprint(context, keys->member, *own, false);
    return Exit::ok;
  }
  auto client = context.connect(own_folder(context), "cli");
  if (!client) return fail(client.error());
  const auto book = client::KeyBook::open(own_folder(context));
  if (!book) return fail(book.error());
  const auto keys = (*book)->find(**client, o.member, context.timeout());
  if (!keys) return fail(keys.error());
  print_fingerprint(context, o.member, schema::fingerprint_of(keys->signing), keys->first_sight);
  return Exit::ok;
}

Result<int> trust(Context& context, const MemberOption& o) {
  auto client = context.connect(own_folder(context), "cli");
  if (!client) return fail(client.error());
  const auto book = client::KeyBook::open(own_folder(context));
  if (!book) return fail(book.error());
  const auto entry = client::ask_directory(**client, o.member, context.timeout());
  if (!entry) return fail(entry.error());
  const auto keys = (*book)->trust(*entry, o.fingerprint);
  if (!keys) return fail(keys.error());
  const std::string shown = schema::fingerprint_of(keys->signing);
  if (context.options.json) {
    context.print_json(json::object{{"member", o.member}, {"fingerprint", shown}, {"trusted", true}});
  } else {
    Context::print(context.text(Text::trusted, o.member, shown));
  }
  return Exit::ok;
}

void add_own(CLI::App& key, Context& context) {
  auto& r = add_command(key, context, "rotate", Text::about_key_rotate, "iro key rotate --key waterpoort.key.toml");
  runs(r, context, std::make_shared<NoOptions>(), rotate);
  auto& v =
      add_command(key, context, "revoke", Text::about_key_revoke_own,
                  "iro key revoke --old --key waterpoort.key.toml\n"
                  "iro key revoke --hub region --member waterpoort --public-key 'rq:rM>...' --reason \"laptop lost\"");
  auto o = std::make_shared<RevokeOptions>();
  v.add_option("--member", o->member, context.text(Text::opt_key_member));
  v.add_flag("--old", o->old, context.text(Text::opt_key_old));
  v.add_option("--public-key", o->public_key, context.text(Text::opt_revoked_key));
  v.add_option("--reason", o->reason, context.text(Text::opt_reason));
  runs(v, context, o, revoke);
}

void add_others(CLI::App& key, Context& context) {
  auto& l = add_command(key, context, "ls", Text::about_key_ls, "iro key ls\niro key ls waterpoort --json");
  auto ls = std::make_shared<MemberOption>();
  l.add_option("MEMBER", ls->member, context.text(Text::opt_directory_member));
  runs(l, context, ls, list);
  auto& f = add_command(key, context, "fingerprint", Text::about_key_fingerprint,
                        "iro key fingerprint\niro key fingerprint waterpoort");
  auto fo = std::make_shared<MemberOption>();
  f.add_option("MEMBER", fo->member, context.text(Text::opt_fingerprint_member));
  runs(f, context, fo, fingerprint);
  auto& t = add_command(key, context, "trust", Text::about_key_trust,
                        "iro key trust waterpoort --fingerprint 3f2a1-09bc4-...");
  auto to = std::make_shared<MemberOption>();
  t.add_option("MEMBER", to->member, context.text(Text::opt_member))->required();
  t.add_option("--fingerprint", to->fingerprint, context.text(Text::opt_fingerprint))->required();
  runs(t, context, to, trust);
}

}  // namespace

void add_key_commands(CLI::App& app, Context& context) {
  auto& key = add_command(app, context, "key", Text::about_key);
  key.require_subcommand(1);
  add_own(key, context);
  add_others(key, context);
}

}  // namespace iro::cli

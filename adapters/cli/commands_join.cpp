// join: a member's first keys, made where they will be used.
#include <fmt/format.h>

#include <iostream>

#include "adapters/cli/command.hpp"
#include "adapters/cli/own_keys.hpp"
#include "adapters/client/invitation.hpp"
#include "adapters/client/member_keys.hpp"

namespace iro::cli {
namespace {

struct JoinOptions {
  std::string token;
};

/// The token itself, or the first line of standard input: what stands on a command line others can see.
Result<client::Invitation> invitation_of(const JoinOptions& o) {
  if (o.token != "-") return client::Invitation::read(o.token);
  std::string line;
  std::getline(std::cin, line);
  return client::Invitation::read(line);
}

/// At one of the hub's addresses. After a lost answer the keys may be in already.
Status join_at(Context& context, const client::Invitation& invitation, const std::string& endpoint,
               client::KeyFile& keys) {
  keys.endpoint = endpoint;
  const Status presented =
      present_keys(context, invitation.session_keys(endpoint), keys, invitation.signing(), fs::path());
  if (presented) return {};
  const Errc code = presented.error().code;
  if (code != Errc::unknown_key && code != Errc::enrolment_over && code != Errc::timeout) return presented;
  if (let_in(context, keys)) return {};
  if (code == Errc::timeout) return presented;
  return fail(Errc::enrolment_over, fmt::format("the hub at {} does not know this invitation any more", endpoint));
}

Result<int> join(Context& context, const JoinOptions& o) {
  const fs::path file = context.key_path();
  std::error_code ec;
  if (fs::exists(file, ec)) return fail(Errc::exists, context.text(Text::join_key_there, file.string()));
  const auto invitation = invitation_of(o);
  if (!invitation) return fail(invitation.error());
  client::KeyFile base = invitation->session_keys(invitation->endpoints.front());
  auto keys = pending_keys(file, base);
  if (!keys) return fail(keys.error());
  Status joined = fail(Errc::unreachable, "the invitation names no address");
  for (const auto& endpoint : invitation->endpoints) {
    joined = join_at(context, *invitation, endpoint, *keys);
    if (joined || joined.error().code != Errc::unreachable) break;
  }
  if (!joined) {
    // Only a hub that has not decided may still take them.
    if (joined.error().code != Errc::timeout && joined.error().code != Errc::unreachable) drop_pending(file);
    return fail(joined.error().within("join"));
  }
  IRO_TRY(keep_pending(file, *keys), "join");
  const auto set = client::public_set(*keys);
  if (!set) return fail(set.error());
  const std::string fingerprint = schema::fingerprint_of(set->signing);
  if (context.options.json) {
    context.print_json(json::object{{"member", keys->member},
                                    {"key_file", file.string()},
                                    {"endpoint", keys->endpoint},
                                    {"fingerprint", fingerprint}});
  } else {
    Context::print(context.text(Text::joined, keys->member, file.string(), fingerprint));
  }
  return Exit::ok;
}

}  // namespace

void add_join_command(CLI::App& app, Context& context) {
  auto& c = add_command(app, context, "join", Text::about_join,
                        "iro join iro-invite-1.SGVsbG8... --key waterpoort.key.toml\n"
                        "iro join - --key waterpoort.key.toml < token.txt");
  auto o = std::make_shared<JoinOptions>();
  c.add_option("TOKEN", o->token, context.text(Text::opt_token))->required();
  runs(c, context, o, join);
}

}  // namespace iro::cli

#include "adapters/cli/member_invite.hpp"

#include <fmt/format.h>

#include "adapters/cli/enrolment.hpp"
#include "adapters/cli/operator.hpp"
#include "adapters/client/invitation.hpp"
#include "hub/base/limits.hpp"
#include "hub/base/z85.hpp"

namespace iro::cli {
namespace {

constexpr std::int64_t minute_ms = 60'000;

struct InviteOptions {
  Enrolment one;
  std::vector<std::string> endpoints;
  bool no_default_grants = false;
};

/// What the hub learns of the invitation: all about a new member, of a known one its name alone.
json::object payload_of(Context& context, const InviteOptions& o, const client::Invitation& invitation) {
  json::object out{{"member", o.one.slug}};
  if (!o.one.oin.empty()) {
    out = enrolment_payload(o.one, context.registry(), context.clock.now());
    out.erase("public_key");
  }
  out["enrolment_key"] = z85_encode_key(invitation.curve().public_key);
  out["enrolment_signing_key"] = z85_encode_key(invitation.signing().public_key);
  return out;
}

/// A member that is there keeps what was said of it: only its OIN is needed, for the source.
Status complete(const Context& context, Operator& op, InviteOptions& o) {
  const bool described = !o.one.name.empty() && !o.one.oin.empty() && !o.one.roles.empty();
  if (described) return {};
  if (!o.one.name.empty() || !o.one.oin.empty() || !o.one.roles.empty())
    return fail(Errc::invalid_argument, context.text(Text::invite_incomplete));
  auto members = op.members();
  if (!members) return fail(members.error());
  if (!members->contains(o.one.slug)) return fail(Errc::invalid_argument, context.text(Text::invite_incomplete));
  return {};
}

Result<std::string> source_for(Operator& op, const InviteOptions& o) {
  if (!o.one.oin.empty()) return source_of(o.one);
  auto members = op.members();
  if (!members) return fail(members.error());
  const auto member = find_member(*members, o.one.slug);
  if (!member) return fail(member.error());
  Enrolment known = o.one;
  known.oin = text_of(*member, "oin");
  return source_of(known);
}

Result<int> invite(Context& context, InviteOptions o) {
  const auto keys = context.key();
  if (!keys) return fail(keys.error());
  auto op = Operator::open(context);
  if (!op) return fail(op.error());
  IRO_TRY(complete(context, *op, o), "member invite");
  const auto source = source_for(*op, o);
  if (!source) return fail(source.error());
  if (o.endpoints.empty()) o.endpoints.push_back(keys->endpoint);
  o.one.default_grants = !o.no_default_grants;
  const auto invitation = client::Invitation::make(o.endpoints, keys->hub_public_key, o.one.slug, *source);
  IRO_TRY(op->publish("member-invited.v1", payload_of(context, o, invitation)), "member invite");
  const std::int64_t minutes = limits::enrolment_ms / minute_ms;
  if (context.options.json) {
    context.print_json(json::object{{"member", o.one.slug}, {"token", invitation.token()}, {"valid_minutes", minutes}});
    return Exit::ok;
  }
  Context::print(invitation.token() + '\n');
  context.note(context.text(Text::invited, o.one.slug, minutes));
  return Exit::ok;
}

}  // namespace

void add_member_invite(CLI::App& member, Context& context) {
  auto& c = add_command(member, context, "invite", Text::about_member_invite,
                        "iro member invite waterpoort --hub region --name \"Ziekenhuis Waterpoort\" \\\n"
                        "    --oin 00000099000000002001 --role care_provider --branch hospital\n"
                        "iro member invite waterpoort --hub region          # it lost its keys");
  auto o = std::make_shared<InviteOptions>();
  c.add_option("MEMBER", o->one.slug, context.text(Text::opt_slug))->required();
  c.add_option("--name", o->one.name, context.text(Text::opt_member_name));
  c.add_option("--oin", o->one.oin, context.text(Text::opt_oin));
  c.add_option("--role", o->one.roles, context.text(Text::opt_roles));
  c.add_option("--branch", o->one.branches, context.text(Text::opt_branches));
  c.add_option("--brin", o->one.brin, context.text(Text::opt_brin));
  c.add_option("--kvk", o->one.kvk, context.text(Text::opt_kvk));
  c.add_option("--agb", o->one.agb, context.text(Text::opt_agb));
  c.add_option("--system", o->one.system, context.text(Text::opt_system))->capture_default_str();
  c.add_option("--arrangement-date", o->one.arrangement_on, context.text(Text::opt_arrangement));
  c.add_option("--impact-assessment-date", o->one.assessment_on, context.text(Text::opt_assessment));
  c.add_flag("--no-default-grants", o->no_default_grants, context.text(Text::opt_no_grants));
  c.add_option("--endpoint", o->endpoints, context.text(Text::opt_invite_endpoints));
  runs(c, context, o, invite);
}

}  // namespace iro::cli

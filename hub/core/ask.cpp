// QUERY and CONTROL: what people and tools ask, and the few commands that are no events.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "hub/core/core.hpp"

namespace iro::core {
namespace json = boost::json;
namespace {

constexpr std::string_view core_views[] = {"status", "members", "directory", "consumers", "parked", "trace"};
constexpr std::string_view operator_views[] = {"plugins", "plugin-parked"};

bool is_operator(MemberNo no) { return no == admission::operator_no; }

bool flag_in(std::string_view args, std::string_view name) {
  boost::system::error_code ec;
  const json::value v = json::parse(args.empty() ? "{}" : args, ec);
  const auto* flag = !ec && v.is_object() ? v.as_object().if_contains(name) : nullptr;
  return flag != nullptr && flag->is_bool() && flag->as_bool();
}

json::array texts(const std::vector<std::string>& list) { return json::array(list.begin(), list.end()); }

}  // namespace

RunView Core::view_asked(const Session& session, const wire::Query& query) {
  return {session.connection,
          session.epoch,
          query.id,
          session.who.member,
          query.view,
          query.args,
          nullptr,
          session.client_name,
          {}};
}

void Core::on_query(Session& session, const wire::Query& query, TimeMs now, Actions& out) {
  wire::Answer answer;
  answer.id = query.id;
  if (!query.at_least.is_zero()) {
    const auto position = open_token(query.at_least, session.who.member);
    if (!position || *position >= next_seq_) {
      answer.code = Errc::token_invalid;
      answer.reason = "at_least is no token of this member, or ahead of the log";
      return send(session, answer, out);
    }
  }
  if (std::ranges::find(operator_views, query.view) != std::end(operator_views)) {
    if (is_operator(session.who.member)) {
      answer.body = query.view == "plugins" ? plugins_json() : plugin_parked_json();
    } else {
      answer.code = Errc::missing_grant;
      answer.reason = "only the operator may see that";
    }
    return send(session, answer, out);
  }
  if (query.view == "plugin-views") {
    answer.body = plugin_views_json(session.who.member);
    return send(session, answer, out);
  }
  if (ask_plugin_view(session, query, now, out)) return;
  if (query.view == "access") return ask_access(session, query, out);
  if (explains(query.view)) return ask_explanation(session, query, out);
  if (std::ranges::find(core_views, query.view) == std::end(core_views)) {
    out.emplace_back(view_asked(session, query));
    return;
  }
  if (query.view == "directory") return answer_directory(session, query, out);
  iro::Result<std::string> body = query.view == "status"      ? status_json(now)
                                  : query.view == "members"   ? members_json(session.who.member)
                                  : query.view == "consumers" ? consumers_json(session.who.member)
                                  : query.view == "trace"     ? trace_json(session.who.member, query.args, now)
                                                              : parked_json(session.who.member);
  if (body) {
    answer.body = std::move(*body);
  } else {
    answer.code = body.error().code;
    answer.reason = body.error().message;
  }
  send(session, answer, out);
}

/// The directory of the region: everybody may know who is a member. Grants and keys are the operator's and the member's
/// own.
std::string Core::members_json(MemberNo asking) const {
  json::array out;
  for (const auto& m : members_->all()) {
    json::object o = {{"member", m->slug},
                      {"name", m->name},
                      {"oin", m->oin},
                      {"roles", texts(m->roles)},
                      {"branches", texts(m->branches)},
                      {"active", m->active}};
    if (is_operator(asking) || m->no == asking) {
      json::object grants;
      for (const auto& [type, g] : m->grants)
        grants[type] = json::object{{"publish", g.publish}, {"receive", admission::name_of(g.receive)}};
      o["grants"] = std::move(grants);
      json::array keys;
      for (const auto& k : m->keys) {
        json::object key = {{"no", k.no.value()},
                            {"public_key", to_hex(k.public_key)},
                            {"active", k.active()},
                            {"added", format_time(k.added)}};
        if (k.enrolment) key["invitation_until"] = format_time(k.expires);
        if (k.signs() && !k.enrolment) key["fingerprint"] = schema::fingerprint_of(k.signing);
        keys.push_back(std::move(key));
      }
      o["keys"] = std::move(keys);
      o["quota"] = json::object{{"events_per_second", m->quota.events_per_second},
                                {"bytes_per_second", m->quota.bytes_per_second}};
    }
    out.push_back(std::move(o));
  }
  return json::serialize(out);
}

std::string Core::consumers_json(MemberNo asking) const {
  json::array out;
  for (const auto& [no, c] : consumers_) {
    if (c.member() != asking && !is_operator(asking)) continue;
    std::uint64_t parked = 0;
    for (const auto& [seq, row] : c.deviations()) parked += row.state == log::DeviationState::parked ? 1 : 0;
    out.push_back({{"member", members_->find(c.member())->slug},
                   {"consumer", c.name()},
                   {"filter", c.filter_text()},
                   {"attached", c.attached()},
                   {"outstanding", c.outstanding()},
                   {"waiting", c.deviations().size()},
                   {"parked", parked},
                   {"paused", c.paused()},
                   {"at_head", c.cursor().next() == next_seq_}});
  }
  return json::serialize(out);
}

iro::Result<std::string> Core::parked_json(MemberNo asking) const {
  json::array out;
  for (const auto& [no, c] : consumers_) {
    if (c.member() != asking && !is_operator(asking)) continue;
    for (const auto& [seq, row] : c.deviations()) {
      const char* state = row.state == log::DeviationState::parked  ? "parked"
                          : row.state == log::DeviationState::retry ? "retry"
                                                                    : "waits";
      // The position leaves sealed for its member, as everywhere.
      out.push_back({{"consumer", c.name()},
                     {"member", members_->find(c.member())->slug},
                     {"ref", to_hex(sealer_.seal(seq, c.member(), log_epoch_).b)},
                     {"state", state},
                     {"attempts", row.attempts},
                     {"due", row.due.value() == 0 ? "" : format_time(row.due)},
                     {"subject", row.subject},
                     {"reason", row.reason}});
    }
  }
  return json::serialize(out);
}

void Core::on_control(Session& session, const wire::Control& control, TimeMs now, Actions& out) {
  wire::Answer answer;
  answer.id = control.id;
  const auto finish = [&](iro::Result<std::string> result) {
    if (result) {
      answer.body = std::move(*result);
    } else {
      answer.code = result.error().code;
      answer.reason = result.error().message;
    }
    send(session, answer, out);
  };
  const std::string_view command = control.command;
  if (command == "backup" || command == "backup.progress" || command == "resume") {
    if (!is_operator(session.who.member)) return finish(fail(Errc::missing_grant, "only the operator may do that"));
    if (command != "backup.progress") batch_.audit.push_back({now, session.who.member, std::string(command), ""});
    out.emplace_back(RunCommand{session.connection, session.epoch, control.id, control.command, control.args});
    return;
  }
  if (command == "retention.run") {
    if (!is_operator(session.who.member)) return finish(fail(Errc::missing_grant, "only the operator may do that"));
    out.emplace_back(RunCommand{session.connection, session.epoch, control.id, control.command, control.args});
    if (!flag_in(control.args, "dry_run")) {
      batch_.audit.push_back({now, session.who.member, std::string(command), ""});
      retain(now);
    }
    return;
  }
  if (command == "clock.accept") {
    if (!is_operator(session.who.member)) return finish(fail(Errc::missing_grant, "only the operator may do that"));
    batch_.audit.push_back({now, session.who.member, std::string(command), fmt::format("{} ms", guard_.held_ms())});
    guard_.accept();
    admission_.allow_ahead(0);
    return finish(std::string(R"({"accepted":true})"));
  }
  if (command.starts_with("plugin.")) {
    if (!is_operator(session.who.member)) return finish(fail(Errc::missing_grant, "only the operator may do that"));
    return finish(plugin_command(command, control.args, now, out));
  }
  if (command.starts_with("parked.") || command == "consumer.remove")
    return finish(parked_command(session.who.member, command, control.args, now));
  finish(fail(Errc::view_unknown, fmt::format("there is no command '{}'", command)));
}

iro::Result<std::string> Core::parked_command(MemberNo member, std::string_view verb, std::string_view args,
                                              TimeMs now) {
  boost::system::error_code ec;
  const json::value v = json::parse(args.empty() ? "{}" : args, ec);
  if (ec || !v.is_object()) return fail(Errc::arguments_invalid, "the arguments are no JSON object");
  const auto text = [&](const char* name) {
    const auto* p = v.as_object().if_contains(name);
    return p != nullptr && p->is_string() ? std::string(p->as_string()) : std::string();
  };
  delivery::Consumer* consumer = find_consumer(member, text("consumer"));
  if (consumer == nullptr)
    return fail(Errc::consumer_unknown, fmt::format("you have no consumer '{}'", text("consumer")));
  if (verb == "consumer.remove") {
    if (attached_to_.contains(consumer->no())) return fail(Errc::session_busy, "the consumer is in use");
    batch_.audit.push_back({now, member, std::string(verb), consumer->name()});
    remove_consumer(consumer->no());
    return std::string(R"({"done":1})");
  }
  std::vector<Seq> which;
  if (const std::string ref = text("ref"); !ref.empty()) {
    Token token;
    const auto seq = from_hex(ref, token.b) ? sealer_.open(token, member, log_epoch_) : std::nullopt;
    if (!seq) return fail(Errc::token_invalid, "`ref` is not one that `iro parked ls` showed you");
    which.push_back(*seq);
  } else {
    for (const auto& [seq, row] : consumer->deviations()) which.push_back(seq);
  }
  std::uint64_t done = 0;
  for (const Seq seq : which) {
    if (verb == "parked.redrive" ? consumer->redrive(seq, now) : verb == "parked.skip" && consumer->skip(seq, now))
      ++done;
  }
  batch_.audit.push_back({now, member, std::string(verb), fmt::format("{}: {}", consumer->name(), done)});
  return fmt::format(R"({{"done":{}}})", done);
}

}  // namespace iro::core

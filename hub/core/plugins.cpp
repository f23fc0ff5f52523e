// What the core keeps about plugins, with each commit: where they stand, what they have parked, what they hold.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <ranges>

#include "hub/core/core.hpp"

namespace iro::core {
namespace json = boost::json;

void Core::restore_plugins(const log::Snapshot& snapshot) {
  for (const auto& spec : config_.plugins) {
    PluginLine& line = lines_[spec.id];
    line.spec = spec;
    line.committed.plugin = line.pending.plugin = spec.id;
  }
  for (const auto& row : snapshot.plugin_cursors) {
    if (const auto at = lines_.find(row.plugin); at != lines_.end()) at->second.committed = at->second.pending = row;
  }
  // A plugin that this log has never seen reads what was said of members and codes, and reacts from now on.
  for (auto& [id, line] : lines_) {
    if (line.committed.since.value() != 0) continue;
    line.pending.since = next_seq_;
    line.pending.seq = Seq(next_seq_ == Seq(1) ? 0 : 1);
  }
  for (const auto& row : snapshot.plugin_parked) {
    if (const auto at = lines_.find(row.plugin); at != lines_.end()) at->second.parked[row.seq] = row;
  }
  for (const auto& row : snapshot.timers) timers_.apply(row);
}

/// The batch has its places: those who fell behind in it know where, and late answers what they are about.
void Core::place_plugins() {
  for (auto& [id, line] : lines_) {
    if (line.falls_behind_at) {
      line.pending.seq = next_seq_;
      for (std::size_t i = *line.falls_behind_at; i < batch_.items.size(); ++i) {
        if (batch_.items[i].seq.value() == 0) continue;  // it was refused
        line.pending.seq = batch_.items[i].seq;
        break;
      }
      line.falls_behind_at.reset();
      line.kept_up_since.reset();
    }
    if (line.outstanding && !line.outstanding->trailing) {
      line.outstanding->trailing = true;
      for (const std::uint32_t i : line.outstanding->items) line.outstanding->seqs.push_back(batch_.items[i].seq);
    }
  }
  for (const Item& item : batch_.items) {
    for (const std::string& id : item.waits_for) {
      if (item.seq.value() != 0)
        lines_.at(id).put_parked(
            {id, item.seq, log::PluginParkedState::waits, now_, std::string(item.admitted.facts.subject), {}});
    }
  }
}

/// What judges let go or refuse in this batch, also of this batch.
void Core::settle_held() {
  for (const auto& key : batch_.let_out) {
    if (const log::HeldRow* row = gates_.held_by(key)) gates_.let_out(row->seq);
  }
  for (const auto& key : batch_.dropped) {
    if (const log::HeldRow* row = gates_.held_by(key)) gates_.drop(row->seq);
  }
}

/// Held events whose time is over are fetched like those that go out, and refused then.
void Core::expire_held(TimeMs now) {
  for (const Seq seq : gates_.expired(now)) gates_.let_out(seq);
}

bool Core::plugins_changed() const {
  return !batch_.plugin_state.empty() || !batch_.timers.empty() || !batch_.let_out.empty() ||
         std::ranges::any_of(lines_, [](const auto& l) { return l.second.wrote || !l.second.parked_before.empty(); });
}

void Core::collect_plugins(log::Commit& commit) {
  settle_held();
  for (const auto& [plugin, words] : batch_.plugin_state) {
    for (const auto& [key, word] : words) commit.plugin_state.push_back(word.row);  // may be collected once more
  }
  std::ranges::copy(batch_.timers, std::back_inserter(commit.timers));
  for (const auto& [id, line] : lines_) line.collect(commit);
}

void Core::plugins_committed(const log::Commit& commit, Actions& out) {
  for (const auto& row : commit.timers) timers_.apply(row);
  if (!commit.tombstones.empty()) {
    std::set<PersonKeyNo> gone;
    for (const auto& row : commit.tombstones) gone.insert(row.key);
    timers_.forget(gone);
  }
  for (const auto& row : commit.plugin_state) {
    if (row.value) lines_.at(row.plugin).size.written += row.key.size() + row.value->size();
  }
  for (auto& [id, line] : lines_) {
    line.commit_staged();
    if (commit.tombstones.empty()) continue;
    line.outstanding.reset();  // what it has in memory of the person goes too
    out.emplace_back(RestartPlugin{id});
  }
}

/// Who keeps more than its budget is asked nothing more, until the operator has given it more room and says resume.
/// What it keeps by then is measured anew: an erasure or the end of a retention can have made room, too.
void Core::mind_budget(PluginLine& line, Actions& out) {
  if (line.suspended() || phase_ != Phase::open) return;
  const std::uint64_t budget = line.spec.state_bytes;
  if (line.size.measured.value_or(0) > budget) {
    suspend(line, fmt::format("it keeps {} bytes, and state_mib allows {}", *line.size.measured, budget), out);
    line.size = {};
  } else if (line.size.must_measure(budget)) {
    line.size.asked = true;
    line.size.written = 0;
    out.emplace_back(MeasurePluginState{line.spec.id});
  }
}

void Core::on_state_measured(PluginStateMeasured measured, Actions& out) {
  PluginLine& line = lines_.at(measured.plugin);
  if (!line.size.asked) return;  // it was suspended in between: asked anew when it goes on
  line.size.asked = false;
  if (measured.bytes) {
    line.size.measured = *measured.bytes;
  } else {
    out.emplace_back(LogLine{Level::error, fmt::format("plugin {}: what it keeps was not measured: {}", measured.plugin,
                                                       measured.bytes.error().text())});
    if (measured.bytes.error().code == Errc::corrupt) fault_ = std::move(measured.bytes.error());
  }
}

/// Answers about the log that came while a batch was being decided or written.
void Core::take_late_answers(TimeMs now, Actions& out) {
  for (auto& late : std::exchange(late_answers_, {})) on_plugin(std::move(late), now, out);
}

/// The batch is no more: what plugins remember of it is void.
void Core::plugins_undone(Actions& out) {
  for (auto& [id, line] : lines_) {
    const bool of_the_batch = line.outstanding && !line.outstanding->items.empty();
    if (line.wrote || of_the_batch) {
      line.outstanding.reset();
      out.emplace_back(RestartPlugin{id});
    }
    line.drop_staged();
  }
  applied_.clear();
}

namespace {

bool may_read(const admission::Member& member, const reaction::ViewSpec& view) {
  return std::ranges::any_of(member.roles, [&](const std::string& role) {
    return role == "operator" || std::ranges::find(view.readers, role) != view.readers.end();
  });
}

}  // namespace

/// The views of plugins that this member may ask for.
std::string Core::plugin_views_json(MemberNo asking) const {
  const admission::Member& member = *members_->find(asking);
  json::array out;
  for (const auto& [id, line] : lines_) {
    for (const auto& view : line.spec.views) {
      if (!may_read(member, view)) continue;
      out.push_back({{"view", fmt::format("plugin/{}/{}", id, view.name)},
                     {"kind", view.kind},
                     {"nl", view.nl},
                     {"en", view.en}});
    }
  }
  return json::serialize(out);
}

/// A view that a plugin offers: `plugin/ID/NAME`, for members whose role it names. It is asked between two calls and
/// only reads; that it was asked for is on record.
bool Core::ask_plugin_view(const Session& session, const wire::Query& query, TimeMs now, Actions& out) {
  constexpr std::string_view prefix = "plugin/";
  if (!query.view.starts_with(prefix)) return false;
  const std::string_view rest = std::string_view(query.view).substr(prefix.size());
  const std::size_t slash = rest.find('/');
  const auto at = slash == std::string_view::npos ? lines_.end() : lines_.find(std::string(rest.substr(0, slash)));
  if (at == lines_.end()) return false;
  const auto& views = at->second.spec.views;
  const auto view = std::ranges::find(views, rest.substr(slash + 1), &reaction::ViewSpec::name);
  if (view == views.end()) return false;
  const admission::Member& asker = *members_->find(session.who.member);
  if (!may_read(asker, *view)) {
    wire::Answer answer;
    answer.id = query.id;
    answer.code = Errc::missing_grant;
    answer.reason = view->readers.empty() ? std::string("only the operator may see that")
                                          : fmt::format("it is for {}", fmt::join(view->readers, ", "));
    out.emplace_back(Send{session.connection, wire::encode(session.epoch, answer)});
    return true;
  }
  batch_.audit.push_back({now, session.who.member, "plugin.view", std::string(rest)});
  const std::uint64_t no = next_read_++;
  pending_shows_[no] = {session.connection, session.epoch, query.id, &*view};
  out.emplace_back(ShowPlugin{{at->first, no, view->name, query.args, now, asker.slug}});
  return true;
}

void Core::on_shown(reaction::ViewAnswer answer, Actions& out) {
  const auto at = pending_shows_.find(answer.no);
  if (at == pending_shows_.end()) return;
  wire::Answer said;
  said.id = at->second.id;
  boost::system::error_code ec;
  json::value data = answer.json ? json::parse(*answer.json, ec) : json::value();
  if (answer.json && ec) {
    said.code = Errc::payload_invalid;
    said.reason = fmt::format("what plugin {} shows is no JSON: tell its author", answer.plugin);
  } else if (answer.json) {
    const reaction::ViewSpec& view = *at->second.view;
    said.body = json::serialize(json::object{{"kind", view.kind}, {"nl", view.nl}, {"en", view.en}, {"data", data}});
  } else {
    said.code = answer.json.error().code;
    said.reason = answer.json.error().message;
  }
  out.emplace_back(Send{at->second.connection, wire::encode(at->second.epoch, said)});
  pending_shows_.erase(at);
}

/// Where every plugin stands, for the operator.
std::string Core::plugins_json() const {
  json::array out;
  for (const auto& [id, line] : lines_) {
    std::uint64_t parked = 0;
    for (const auto& [seq, row] : line.parked) parked += row.state == log::PluginParkedState::parked ? 1 : 0;
    const bool follows = line.pending.seq.value() != 0;
    out.push_back({{"plugin", id},
                   {"state", line.suspended() ? "suspended"
                             : follows        ? "behind"
                                              : "inline"},
                   {"lag", follows ? next_seq_.value() - line.pending.seq.value() : 0},
                   {"parked", parked},
                   {"waiting", line.parked.size() - parked},
                   {"why", line.pending.suspended},
                   {"kept_bytes", line.size.most()},
                   {"budget_bytes", line.spec.state_bytes},
                   {"judges", json::array(line.spec.judges.begin(), line.spec.judges.end())},
                   {"reacts", json::array(line.spec.reacts.begin(), line.spec.reacts.end())},
                   {"emits", json::array(line.spec.emits.begin(), line.spec.emits.end())}});
  }
  return json::serialize(out);
}

std::string Core::plugin_parked_json() const {
  json::array out;
  for (const auto& [id, line] : lines_) {
    for (const auto& [seq, row] : line.parked) {
      out.push_back({{"plugin", id},
                     {"ref", to_hex(sealer_.seal(seq, admission::operator_no, log_epoch_).b)},
                     {"state", row.state == log::PluginParkedState::parked  ? "parked"
                               : row.state == log::PluginParkedState::retry ? "retry"
                                                                            : "waits"},
                     {"at", format_time(row.at)},
                     {"subject", row.subject},
                     {"why", row.why}});
    }
  }
  return json::serialize(out);
}

/// plugin.suspend | resume {plugin}; plugin.redrive | skip {plugin, ref?}: without a ref all that is parked.
iro::Result<std::string> Core::plugin_command(std::string_view verb, std::string_view args, TimeMs now, Actions& out) {
  boost::system::error_code ec;
  const json::value v = json::parse(args.empty() ? "{}" : args, ec);
  if (ec || !v.is_object()) return fail(Errc::arguments_invalid, "the arguments are no JSON object");
  const auto text = [&](const char* name) {
    const auto* p = v.as_object().if_contains(name);
    return p != nullptr && p->is_string() ? std::string(p->as_string()) : std::string();
  };
  const auto at = lines_.find(text("plugin"));
  if (at == lines_.end()) return fail(Errc::not_found, fmt::format("there is no plugin '{}'", text("plugin")));
  PluginLine& line = at->second;
  std::size_t done = 0;
  if (verb == "plugin.suspend") {
    if (!line.suspended()) suspend(line, "the operator asked for it", out), ++done;
  } else if (verb == "plugin.resume") {
    done = line.suspended() ? 1 : 0;
    line.pending.suspended.clear();
    line.failed_starts = 0;
    line.retry_at = {};
  } else if (verb == "plugin.redrive" || verb == "plugin.skip") {
    done = move_parked(line, text("ref"), verb == "plugin.skip");
    if (done == 0) return fail(Errc::not_found, "nothing parked has that ref");
  } else {
    return fail(Errc::view_unknown, fmt::format("there is no command '{}'", verb));
  }
  batch_.audit.push_back({now, admission::operator_no, std::string(verb), line.spec.id});
  return json::serialize(json::object{{"done", done}});
}

std::size_t Core::move_parked(PluginLine& line, const std::string& ref, bool skip) {
  std::vector<Seq> chosen;
  for (const auto& [seq, row] : line.parked) {
    const std::string own = to_hex(sealer_.seal(seq, admission::operator_no, log_epoch_).b);
    if (ref.empty() ? row.state == log::PluginParkedState::parked : own == ref) chosen.push_back(seq);
  }
  for (const Seq seq : chosen) {
    if (skip) {
      parked_done(line, seq);
    } else {
      log::PluginParkedRow row = line.parked.at(seq);
      row.state = log::PluginParkedState::retry;
      line.put_parked(std::move(row));
    }
  }
  return chosen.size();
}

}  // namespace iro::core

// History for a member who came later: what every holder of its grants got is committed once more, for it alone. Class
// types only: who was party to an event is decided when it is committed, and for ever.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "hub/core/core.hpp"

namespace iro::core {
namespace json = boost::json;
namespace {

bool lists(const std::string& types, std::string_view name) {
  for (std::size_t at = types.find(name); at != std::string::npos; at = types.find(name, at + 1)) {
    const bool begins = at == 0 || types[at - 1] == ' ';
    const std::size_t end = at + name.size();
    if (begins && (end == types.size() || types[end] == ' ')) return true;
  }
  return false;
}

bool has(const std::vector<MemberNo>& list, MemberNo m) { return std::ranges::binary_search(list, m); }

}  // namespace

std::optional<std::pair<Errc, std::string>> Core::plan_backfill(std::string_view payload_json) {
  const auto no = [](std::string why) { return std::pair{Errc::command_invalid, std::move(why)}; };
  const json::object o = json::parse(payload_json).as_object();
  const auto slug = std::string(o.at("member").as_string());
  const admission::Member* member = members_->find(slug);
  if (member == nullptr || !member->active) return no(fmt::format("there is no member '{}' yet", slug));
  if (backfills_.size() + batch_.backfills.size() >= limits::backfills)
    return no(fmt::format("{} backfills are under way: wait for them", limits::backfills));
  log::BackfillRow row;
  row.member = member->no;
  row.next = Seq(1);
  row.last = next_seq_.plus(static_cast<std::uint64_t>(-1));
  for (const json::value& v : o.at("types").as_array()) {
    const schema::EventType* type = registry_.find(std::string_view(v.as_string()));
    if (type == nullptr) return no(fmt::format("there is no type '{}'", std::string_view(v.as_string())));
    if (routing::by_party(type->routing) || type->routing == schema::Routing::operators)
      return no(fmt::format("{} is not for everybody with a grant: its parties are decided when it is committed",
                            type->name));
    const auto& audience = table_->of(*type);
    if (!has(audience.full, member->no) && !has(audience.masked, member->no))
      return no(fmt::format("{} may not hear {}: give it the grant first", slug, type->name));
    row.types += fmt::format("{}{}", row.types.empty() ? "" : " ", type->name);
  }
  if (row.types.empty()) return no("name at least one type");
  if (const auto* since = o.if_contains("since"); since != nullptr && since->is_string())
    row.since = parse_time(std::string_view(since->as_string())).value_or(TimeMs());
  for (const auto& [number, job] : backfills_) row.no = std::max(row.no, number);
  for (const auto& [number, job] : batch_.backfills) row.no = std::max(row.no, number);
  ++row.no;
  batch_.backfills[row.no] = row;
  return std::nullopt;
}

/// One read of the log at a time, when nothing else waits to go out.
void Core::fetch_backfill(Actions& out) {
  if (fault_ || refusing_ || backfills_.empty() || backfill_read_ || !releases_.empty() || phase_ != Phase::open)
    return;
  if (backfill_end_.value() != 0 || !batch_.backfills.empty()) return;
  backfill_read_ = next_read_;
  out.emplace_back(ReadChunks{next_read_++, backfills_.begin()->second.next, std::nullopt});
}

void Core::on_backfill_chunks(const ChunksRead& read, Actions& out) {
  backfill_read_.reset();
  if (backfills_.empty()) return;
  if (!read.chunks) {
    out.emplace_back(
        LogLine{Level::error, fmt::format("reading for a backfill failed: {}", read.chunks.error().text())});
    if (read.chunks.error().code == Errc::corrupt) fault_ = read.chunks.error();
    return;  // the next tick tries again
  }
  const log::BackfillRow job = backfills_.begin()->second;
  backfill_end_ = job.last.next();
  for (const auto& chunk : *read.chunks) {
    auto ready = make_ready(chunk);
    if (!ready) {
      fault_ = ready.error();
      return;
    }
    if (chunk->first_seq > job.last) break;
    give_history(job, **ready);
    backfill_end_ = chunk->last_seq().next();
  }
  if (read.chunks->empty()) backfill_end_ = job.last.next();
}

void Core::give_history(const log::BackfillRow& job, const Ready& ready) {
  for (std::uint32_t i = 0; i < ready.view.count() && !fault_; ++i) {
    const Seq seq = ready.view.seq(i);
    const log::EntryView& e = ready.entries[i];
    if (seq < job.next || seq > job.last || ready.types[i] == nullptr) continue;
    if (e.recordedtime < job.since || (e.flags & (log::held | log::released)) != 0) continue;
    if (!lists(job.types, ready.types[i]->name)) continue;
    if (interner_.contains(e.full, job.member) || interner_.contains(e.masked, job.member))
      continue;  // it got this one
    const std::size_t before = releases_.size();
    queue_copy(ready, i);
    if (releases_.size() == before) continue;
    releases_.back().backfill = job.no;
    releases_.back().entitled = {job.member};
  }
}

/// Not to a member that has left, or has lost the grant since it was ordered.
bool Core::may_be_given(const Item& item) const {
  if (item.backfill == 0) return true;
  const auto& audience = table_->of(*item.admitted.type);
  return has(audience.full, item.entitled.front()) || has(audience.masked, item.entitled.front());
}

/// In full or masked, as its grant is today.
void Core::decide_backfill(const Item& item, log::EntryView& entry, MemberUnion& everybody) {
  const MemberNo member = item.entitled.front();
  const bool full = has(table_->of(*item.admitted.type).full, member);
  (full ? entry.full : entry.masked) = interner_.audience(item.entitled);
  entry.reasons.push_back({member, log::Rule::grant, 0});
  everybody.add(item.entitled);
}

/// How far each has come with this commit; a job that is done goes.
void Core::collect_backfills(log::Commit& commit) {
  for (const Item& item : batch_.items) {
    if (item.backfill == 0 || !backfills_.contains(item.backfill)) continue;
    auto& row = batch_.backfills.try_emplace(item.backfill, backfills_.at(item.backfill)).first->second;
    row.next = std::max(row.next, item.released_from.next());
  }
  const bool all_taken = std::ranges::none_of(releases_, [](const Item& item) { return item.backfill != 0; });
  if (backfill_end_.value() != 0 && all_taken && !backfills_.empty()) {
    const std::uint32_t no = backfills_.begin()->first;
    batch_.backfills.try_emplace(no, backfills_.at(no)).first->second.next = backfill_end_;
  }
  for (const auto& [no, row] : batch_.backfills) {
    if (row.next > row.last) {
      commit.backfills_done.push_back(no);
    } else {
      commit.backfills.push_back(row);
    }
  }
}

}  // namespace iro::core

#include "tests/unit/views/region.hpp"

#include <algorithm>

#include "hub/base/assert.hpp"
#include "hub/log/keys.hpp"

namespace iro::views::test {
namespace {

using admission::Member;
using admission::Receive;

const std::vector<std::string> types = {"nl.placements.vacancy.opened.v1", "nl.placements.vacancy.withdrawn.v1",
                                        "nl.placements.placement.confirmed.v1", "nl.placements.membership.joined.v1"};

template <typename T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().text().c_str());
    std::abort();
  }
  return std::move(*result);
}

Member member(std::uint32_t no, const std::string& slug) {
  Member m;
  m.no = MemberNo(no);
  m.slug = slug;
  return m;
}

bool has(const std::vector<MemberNo>& list, MemberNo m) { return std::ranges::find(list, m) != list.end(); }

}  // namespace

Region::Region(std::uint64_t seed, std::uint32_t members)
    : random_(seed), registry_(must(schema::Registry::builtin())), log_(std::make_unique<log::MemoryLog>()) {
  head_ = must(log_->load()).head;
  auto membership = std::make_shared<admission::Membership>();
  const char* slugs[] = {"operator", "school-a", "school-b", "hospital-a", "hospital-b", "bureau", "gone"};
  for (std::uint32_t i = 0; i < members; ++i) {
    Member m = member(i, i < 7 ? slugs[i] : "member-" + std::to_string(i));
    m.active = i != 6;
    for (const std::string& type : types) {
      m.grants[type] = {true, static_cast<Receive>(random(4))};
    }
    membership->put(std::move(m));
  }
  members_ = membership;
}

AtomNo Region::atom(const std::string& text) {
  const auto at = std::ranges::find(atoms_, text);
  const auto no = static_cast<std::uint32_t>(at - atoms_.begin()) + 1;
  if (at == atoms_.end()) {
    atoms_.push_back(text);
    definitions_.push_back({log::DefinitionKind::atom, no, to_bytes(text)});
  }
  return AtomNo(no);
}

/// Inline or as a set, by chance where both can be.
log::Audience Region::audience(const std::vector<MemberNo>& members) {
  log::Audience out;
  if (members.empty() || (members.size() <= limits::inline_audience && random(2) == 0)) {
    out.inline_members = members;
    return out;
  }
  const auto at = std::ranges::find(sets_, members);
  const auto no = static_cast<std::uint32_t>(at - sets_.begin()) + 1;
  if (at == sets_.end()) {
    sets_.push_back(members);
    definitions_.push_back({log::DefinitionKind::set, no, log::encode_set(members)});
  }
  out.set = SetId(no);
  out.set_hash = log::set_hash(members);
  return out;
}

std::vector<MemberNo> Region::some_members() {
  std::vector<MemberNo> out;
  for (const auto& m : members_->all()) {
    if (random(3) == 0) out.push_back(m->no);
  }
  return out;
}

std::string Region::payload(const std::string& type, const std::string& subject, std::vector<MemberNo>& named) {
  const std::string a = "hospital-" + std::string(random(2) == 0 ? "a" : "b");
  named = {members_->find(a)->no};
  if (type.find("vacancy.opened") != std::string::npos) {
    return R"({"vacancy_id":")" + subject + R"(","provider":")" + a + R"(","offer":{"ward_name":"Ward é"}})";
  }
  if (type.find("vacancy.") != std::string::npos) {
    return R"({"vacancy_id":")" + subject + R"(","provider":")" + a + "\"}";
  }
  if (type.find("placement.") != std::string::npos) {
    named.push_back(MemberNo(1));
    return R"({"placement_id":")" + subject + R"(","student":"pseudo-1234","school":"school-a","provider":")" + a +
           "\"}";
  }
  return R"({"membership_id":")" + subject + R"(","member":")" + a + "\"}";
}

const Written& Region::add(const Wish& wish) {
  Written w;
  w.seq = next_seq_.plus(open_.size());
  w.type = wish.type.empty() ? types[random(types.size())] : wish.type;
  w.subject = wish.subject.empty() ? "thing-" + std::to_string(random(20)) : wish.subject;
  w.id = wish.id.is_zero() ? make_event_id(static_cast<std::uint64_t>(now_.value())) : wish.id;
  if (random(2) == 0) {
    const std::uint64_t n = random(10);
    w.correlation.b.fill(static_cast<std::uint8_t>(n + 1));
  }
  w.sender = wish.sender.value_or(MemberNo(static_cast<std::uint32_t>(1 + random(5))));
  w.recorded = now_;
  w.full = wish.full ? *wish.full : some_members();
  w.masked = wish.masked ? *wish.masked : some_members();
  std::erase_if(w.masked, [&](MemberNo m) { return has(w.full, m); });

  const schema::EventType& type = *registry_.find(w.type);
  w.routing = type.routing;
  w.encrypted = type.has_person || type.has_personal_fields;
  const Bytes bytes = must(registry_.from_json(type, payload(w.type, w.subject, w.named)));
  w.json = must(registry_.to_json(type, bytes));
  std::erase_if(w.named, [&](MemberNo m) { return !has(w.full, m); });

  log::Entry e;
  e.id = w.id;
  e.type = atom(w.type);
  e.source = atom("urn:nld:oin:" + std::to_string(w.sender.value()) + ":systeem:test");
  e.sender = w.sender;
  e.time = w.recorded.plus(-5);
  e.recordedtime = w.recorded;
  e.routing = w.routing;
  e.correlationid = w.correlation;
  e.subject = w.subject;
  e.expiry_month = wish.expiry_month;
  e.full = audience(w.full);
  e.masked = audience(w.masked);
  for (const MemberNo m : w.named) e.reasons.push_back({m, log::Rule::party, 0});
  Bytes stored = bytes;
  if (w.encrypted) {
    const auto key = must(keys_.get_or_create("pseudo-1234", type.retention_months));
    e.flags |= log::encrypted;
    e.person_key = w.person_key = key.no;
    stored = log::seal(key, e.id, bytes);
  }
  open_.emplace_back(std::move(e), std::move(stored));
  return written_.emplace_back(std::move(w));
}

void Region::commit(Views* views) {
  if (open_.empty()) return;
  log::ChunkBuilder builder(next_seq_, now_, head_);
  std::vector<MemberNo> everybody;
  for (std::size_t i = 0; i < open_.size(); ++i) {
    const Written& w = written_[written_.size() - open_.size() + i];
    everybody.insert(everybody.end(), w.full.begin(), w.full.end());
    everybody.insert(everybody.end(), w.masked.begin(), w.masked.end());
    builder.add(std::move(open_[i].first), open_[i].second);
  }
  open_.clear();
  std::ranges::sort(everybody);
  everybody.erase(std::ranges::unique(everybody).begin(), everybody.end());
  for (const auto& d : definitions_) builder.define(d);
  log::Commit commit;
  commit.definitions = std::exchange(definitions_, {});
  commit.chunk = std::make_shared<const log::Chunk>(std::move(builder).finish(everybody));
  next_seq_ = commit.chunk->last_seq().next();
  head_ = commit.chunk->head;
  IRO_ASSERT(log_->commit(commit), "a log in memory takes it");
  now_ = now_.plus(static_cast<std::int64_t>(1 + random(2'000)));
  if (views != nullptr)
    IRO_ASSERT(views->committed(commit.chunk, commit.definitions, members_), "what we wrote verifies");
}

void Region::fill(std::size_t chunks, std::size_t most, Views* views) {
  for (std::size_t c = 0; c < chunks; ++c) {
    for (std::uint64_t i = 1 + random(most); i > 0; --i) add();
    commit(views);
  }
}

void Region::fill_with_copies(std::size_t events, std::size_t times) {
  for (std::size_t i = 0; i < events; ++i) add();
  const auto pattern = open_;
  const std::vector<Written> texts(written_.end() - static_cast<std::ptrdiff_t>(events), written_.end());
  commit();
  for (std::size_t t = 1; t < times; ++t) {
    open_ = pattern;
    for (std::size_t i = 0; i < events; ++i) {
      Written w = texts[i];
      w.seq = next_seq_.plus(i);
      w.recorded = now_;
      // Unencrypted bodies do not care about the id, and the others are not opened in these tests.
      w.id = open_[i].first.id = make_event_id(static_cast<std::uint64_t>(now_.value()));
      open_[i].first.recordedtime = now_;
      written_.push_back(std::move(w));
    }
    commit();
  }
}

Result<Index> Region::index(const std::filesystem::path& path, std::size_t run_events) {
  return Index::open(path, *log_->reader(), {run_events});
}

Views Region::views(std::optional<Index> index, const ViewLimits& limits) {
  log::Snapshot snapshot = must(log_->load());
  std::array<std::uint8_t, 32> key{};
  key.fill(7);
  return Views({log_->reader(), registry_, &keys_, Catalogue(std::move(snapshot.atoms), std::move(snapshot.sets)),
                std::move(index), members_, snapshot.next_seq, TokenSealer(key), snapshot.log_epoch, limits});
}

void Region::grant(MemberNo no, const std::string& type, Receive receive) {
  auto changed = std::make_shared<admission::Membership>(*members_);
  Member m = *changed->find(no);
  m.grants[type].receive = receive;
  changed->put(std::move(m));
  members_ = changed;
}

void Region::forget_bodies(std::uint16_t month) {
  log::Commit commit;
  commit.retention = log::RetentionRow{month, now_};
  IRO_ASSERT(log_->commit(commit), "a log in memory takes it");
}

std::string seen_by(const Region& region, const Written& event, MemberNo asking) {
  const Member& m = *region.members().find(asking);
  if (event.sender == asking) return "sent";
  const Receive grant = m.grants.at(event.type).receive;
  std::string seen = has(event.full, asking) ? "full" : has(event.masked, asking) ? "masked" : "";
  if (grant == Receive::denied) seen = "";
  const bool regional = event.routing == schema::Routing::regional;
  if (regional && grant == Receive::none) seen = "";
  if (regional && grant == Receive::masked && !seen.empty()) seen = "masked";
  if (seen.empty() && asking.value() == 0) return "routing";
  return seen;
}

}  // namespace iro::views::test

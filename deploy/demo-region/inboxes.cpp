#include "deploy/demo-region/inboxes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace iro::demo {
namespace {

namespace fs = std::filesystem;

bool holds(const std::vector<std::string>& roles, Role role) {
  return std::find(roles.begin(), roles.end(), name_of(role)) != roles.end();
}

std::string slug_of_source(std::string_view source, const Region& region) {
  for (const Member& member : region.members) {
    if (source.find(member.oin) != source.npos) return member.slug;
  }
  return std::string(source);
}

class Reader {
 public:
  Reader(const Region& region, const schema::Registry& registry, const Keep& keep)
      : region_(region), registry_(registry), keep_(keep) {}

  Status read(const fs::path& file, std::size_t member) {
    std::ifstream in(file);
    std::string line;
    for (std::size_t n = 1; std::getline(in, line); ++n) {
      if (line.empty()) continue;
      IRO_TRY(take(line, member), fmt::format("{}:{}", file.string(), n));
    }
    return in.bad() ? Status(fail(Errc::io, fmt::format("read {}", file.string()))) : Status();
  }

  Inboxes give() { return std::move(out_); }

 private:
  Status take(const std::string& line, std::size_t member) {
    auto event = registry_.event_from_json(line);
    if (!event) return fail(event.error());
    const schema::EventType* type = registry_.find(event->type);
    if (type == nullptr) return fail(Errc::unknown_type, event->type);
    Arrived& arrived = out_.events[event->id];
    if (arrived.type == nullptr) {
      arrived.type = type;
      arrived.sender = slug_of_source(event->source, region_);
      arrived.subject = event->subject;
      arrived.recorded = event->recordedtime;
      arrived.entitled = entitled_to(*type, registry_.facts(*type, event->payload), region_);
    }
    if (arrived.received[member]) ++arrived.repeated;
    arrived.received.set(member);
    if (keep_(*type, arrived.sender, *event)) out_.lines.emplace(event->id, line);
    return {};
  }

  const Region& region_;
  const schema::Registry& registry_;
  const Keep& keep_;
  Inboxes out_;
};

}  // namespace

std::string_view name_of(Role role) {
  switch (role) {
    case Role::school:
      return "school";
    case Role::provider:
      return "care_provider";
    case Role::pool:
      return "pool";
    case Role::bureau:
      return "bureau";
  }
  return "";
}

Members entitled_to(const schema::EventType& type, const schema::Facts& facts, const Region& region) {
  using schema::Routing;
  Members out;
  for (std::size_t i = 0; i < region.members.size(); ++i) {
    const Member& member = region.members[i];
    const bool by_party = type.routing == Routing::parties || type.routing == Routing::sealed;
    const bool named = std::any_of(facts.parties.begin(), facts.parties.end(),
                                   [&](const schema::Facts::Party& party) { return party.member == member.slug; });
    const bool reads = type.routing == Routing::regional &&
                       (holds(type.readers, member.role) || holds(type.masked_readers, member.role));
    if (type.routing == Routing::publik || reads || (by_party && (named || holds(type.roles, member.role)))) out.set(i);
  }
  return out;
}

Result<Inboxes> read_inboxes(const fs::path& root, const Region& region, const schema::Registry& registry,
                             const Keep& keep) {
  if (region.members.size() > most_members)
    return fail(Errc::limit_reached, fmt::format("at most {} members", most_members));
  Reader reader(region, registry, keep);
  for (std::size_t i = 0; i < region.members.size(); ++i) {
    const fs::path inbox = root / "members" / region.members[i].slug / "inbox";
    std::error_code error;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(inbox, error)) {
      if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
    }
    if (error) return fail(Errc::io, fmt::format("read {}: {}", inbox.string(), error.message()));
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) IRO_TRY(reader.read(file, i), "inbox");
  }
  return reader.give();
}

}  // namespace iro::demo

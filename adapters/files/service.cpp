#include "adapters/files/service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <thread>

#include "adapters/files/served_member.hpp"

namespace iro::files {

FilesService::FilesService(ServiceConfig config, const Clock& clock, schema::Registry registry)
    : config_(std::move(config)), clock_(clock), registry_(std::move(registry)) {}
FilesService::~FilesService() = default;

Result<std::unique_ptr<FilesService>> FilesService::open(ServiceConfig config, const Clock& clock,
                                                         const OpenClient& open_client,
                                                         const std::function<void(const Note&)>& on_note) {
  auto registry = schema::Registry::builtin();
  if (!registry) return fail(registry.error());
  std::unique_ptr<FilesService> service(new FilesService(std::move(config), clock, std::move(*registry)));
  auto mappings = builtin_mappings(service->registry_);
  if (mappings && !service->config_.mappings.empty()) {
    mappings = with_folder(std::move(*mappings), service->config_.mappings, service->registry_);
  }
  if (!mappings) return fail(mappings.error());
  const auto runtime = client::make_runtime();
  for (const MemberConfig& member : service->config_.members) {
    auto keys = client::KeyFile::load(member.key);
    if (!keys) return fail(keys.error().within(member.folder.string()));
    auto own = with_folder(*mappings, MemberFolder(member.folder).mappings(), service->registry_);
    if (!own) return fail(own.error());
    auto served = ServedMember::open(
        {member, {std::move(*own), ProgrammeList::builtin()}, std::move(*keys), runtime, service->config_.quiet_ms},
        service->registry_, clock, open_client, on_note);
    if (!served) return fail(served.error().within(member.folder.string()));
    service->members_.push_back(std::move(*served));
  }
  return service;
}

bool FilesService::round() {
  bool any = false;
  for (const auto& member : members_) any = member->take_turn() || any;
  return any;
}

void FilesService::run(const std::atomic<bool>& stop) {
  // Woken often enough to stop at once; looks at the folders once a poll.
  constexpr std::chrono::milliseconds nap{50};
  while (!stop) {
    if (round()) continue;
    for (std::int64_t slept = 0; slept < config_.poll_ms && !stop; slept += nap.count())
      std::this_thread::sleep_for(nap);
  }
}

Status FilesService::drain(std::chrono::milliseconds timeout, const std::atomic<bool>& stop) {
  constexpr std::chrono::milliseconds nap{50};
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const auto left = [&] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  };
  const auto has_work = [](const auto& member) { return member->has_work(); };
  while (!stop && std::ranges::any_of(members_, has_work)) {
    if (left().count() <= 0) {
      for (const auto& member : members_) {
        if (const auto trouble = member->trouble()) return fail(trouble->within(member->name()));
      }
      return fail(Errc::timeout, "files are still waiting");
    }
    if (!round()) std::this_thread::sleep_for(nap);
  }
  for (const auto& member : members_) {
    if (Status flushed = member->flush(std::max(left(), nap)); !flushed)
      return fail(flushed.error().within(member->name()));
  }
  round();  // collects what the hub refused meanwhile
  return {};
}

std::string FilesService::status_json() const {
  boost::json::array members;
  for (const auto& member : members_) members.push_back(member->status());
  return boost::json::serialize(boost::json::object{{"members", std::move(members)}});
}

}  // namespace iro::files

#include "hub/daemon/desk.hpp"

#include <spdlog/spdlog.h>

namespace iro::daemon {
namespace {

constexpr std::size_t index_slice = 4'096;  // events; some 10 ms, for which a query may have to wait

}  // namespace

void Hub::Desk::committed(std::shared_ptr<const log::Chunk> chunk, const std::vector<log::Definition>& definitions,
                          std::shared_ptr<const admission::Membership> members) {
  if (const Status told = views->committed(std::move(chunk), definitions, std::move(members)); !told)
    spdlog::error("views: {}", told.error().text());
  index_lag = views->index_lag();
}

bool Hub::Desk::index_some() {
  const auto more = views->index_some(index_slice);
  index_lag = views->index_lag();
  if (!more) spdlog::warn("index: {}", more.error().text());
  return more && *more;
}

Result<Seq> Hub::Desk::find(const core::FindPosition& find) {
  if (const auto* time = std::get_if<TimeMs>(&find.of)) return views->position_at(*time);
  return views->position_after(std::get<EventId>(find.of), find.member, find.released);
}

void Hub::Desk::run(const core::RunView& view, QueryAnswers& out) {
  wire::Answer answer;
  answer.id = view.id;
  auto pages = views->run(view.view, view.args, view.member, view.deliveries.get(), view.person_keys);
  if (auto seen = views->take_seen(); !seen.empty()) out.inputs.emplace_back(core::accessed(view, std::move(seen)));
  if (!pages) {
    answer.code = pages.error().code;
    answer.reason = pages.error().message;
    out.frames.push_back({view.to, wire::encode(view.epoch, answer)});
    return;
  }
  if (pages->empty()) pages->push_back("[]");
  for (std::size_t i = 0; i < pages->size(); ++i) {
    answer.page = static_cast<std::uint32_t>(i);
    answer.last = i + 1 == pages->size();
    answer.body = std::move((*pages)[i]);
    out.frames.push_back({view.to, wire::encode(view.epoch, answer)});
  }
}

}  // namespace iro::daemon

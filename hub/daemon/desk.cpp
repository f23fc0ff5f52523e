#include "hub/daemon/desk.hpp"

namespace iro::daemon {

void Hub::Desk::committed(std::shared_ptr<const log::Chunk> chunk, const std::vector<log::Definition>& definitions,
                          std::shared_ptr<const admission::Membership> members) {
  views->committed(std::move(chunk), definitions, std::move(members));
}

Result<Seq> Hub::Desk::find(const core::FindPosition& find) {
  if (const auto* time = std::get_if<TimeMs>(&find.of)) return views->position_at(*time);
  return views->position_after(std::get<EventId>(find.of), find.member);
}

void Hub::Desk::run(const core::RunView& view, QueryAnswers& out) {
  wire::Answer answer;
  answer.id = view.id;
  auto pages = views->run(view.view, view.args, view.member);
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

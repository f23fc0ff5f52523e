#include "plugins/host/serve.hpp"

#include <unistd.h>

#include "hub/base/limits.hpp"

namespace iro::host {

namespace child = reaction::child;

namespace {

void tell(reaction::ChildChannel& channel, Bytes message) {
  // A blocking end always takes it, or the hub is gone, and the next receive() says so.
  [[maybe_unused]] const bool taken = channel.send(std::move(message));
}

void do_call(reaction::ChildChannel& channel, Instance& instance, const child::CallIn& call) {
  instance.begin_call();
  child::OutcomePack pack(call.no);
  for (const child::EventIn& event : call.events) {
    // There is no clock here: the hub says when it has waited long enough.
    if (!pack.empty() && (channel.was_hurried() || pack.size_bytes() >= limits::plugin_flush_bytes)) {
      tell(channel, pack.take(false));
    }
    const auto outcome = instance.handle(event, call.now);
    if (!outcome) {
      if (!pack.empty()) tell(channel, pack.take(false));
      tell(channel, child::encode(child::CallDone{call.no, outcome.error().message}));
      return;
    }
    pack.add(*outcome);
  }
  tell(channel, pack.take(true));
}

void do_show(reaction::ChildChannel& channel, Instance& instance, const child::Show& show) {
  const auto json = instance.show(show.view, show.args, show.asker, show.now);
  const std::string_view text = json ? std::string_view(*json) : std::string_view(json.error().message);
  tell(channel, child::encode(child::Shown{show.no, json.has_value(), text}));
}

}  // namespace

std::vector<std::pair<Bytes, Bytes>> HubState::read(bool prefix, ByteView key) {
  tell(channel_, child::encode(child::Ask{++request_, prefix, key}));
  std::vector<std::pair<Bytes, Bytes>> out;
  while (true) {
    // Into memory of the channel: the call that is being handled stands in the input memory.
    const auto message = channel_.receive();
    if (!message) ::_exit(0);
    const auto said = child::decode_from_hub(*message);
    const auto* page = said ? std::get_if<child::StatePage>(&*said) : nullptr;
    if (page == nullptr || page->request != request_) ::_exit(EXIT_FAILURE);
    for (const auto& [row_key, value] : page->rows) out.emplace_back(to_bytes(row_key), to_bytes(value));
    if (page->last) return out;
  }
}

Status serve(reaction::ChildChannel& channel, const InputMemory& input, Instance& instance) {
  while (const auto message = channel.receive_into(input.writable())) {
    const auto said = child::decode_from_hub(input.shown(message->size()));
    if (!said) return fail(said.error());
    if (const auto* call = std::get_if<child::CallIn>(&*said)) {
      do_call(channel, instance, *call);
    } else if (const auto* show = std::get_if<child::Show>(&*said)) {
      do_show(channel, instance, *show);
    } else {
      return fail(Errc::frame_malformed, "the hub said what is not said now");
    }
  }
  if (!channel.broken().empty()) return fail(Errc::frame_malformed, channel.broken());
  return {};
}

}  // namespace iro::host

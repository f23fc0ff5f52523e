// plugins/host/serve.hpp: the talk with the hub, from a ready plugin on.
//
// Waits for a message, does it, answers; until the hub hangs up. Outcomes go out
// when there are many or when the first of them has waited, so that the hub can
// tell which event is the slow one. One thread.
#pragma once

#include "hub/reaction/child_channel.hpp"
#include "plugins/host/input_memory.hpp"
#include "plugins/host/instance.hpp"

namespace iro::host {

/// State of the hub, over the channel. Ends the process when the hub is gone: there is nobody to answer to.
class HubState final : public StateSource {
 public:
  explicit HubState(reaction::ChildChannel& channel) : channel_(channel) {}
  std::vector<std::pair<Bytes, Bytes>> read(bool prefix, ByteView key) override;

 private:
  reaction::ChildChannel& channel_;
  std::uint32_t request_ = 0;
};

/// Returns when the hub is gone, or why its messages cannot be followed.
Status serve(reaction::ChildChannel& channel, const InputMemory& input, Instance& instance);

}  // namespace iro::host

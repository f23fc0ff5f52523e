// hub/bus/exchange.hpp: what the core's thread and the bus thread hand each other.
//
// One mutex, held for as long as it takes to swap two vectors. Two rules hold
// whenever it is free:
//   1. No frame of a key that is not in keys() waits to be received.
//   2. core_wakes() is raised if there is something to receive or somebody is
//      gone; bus_wakes() is raised if there is something to send.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "hub/base/event_fd.hpp"
#include "hub/bus/bus.hpp"
#include "hub/bus/key_table.hpp"

namespace iro::bus {

class Exchange {
 public:
  explicit Exchange(std::size_t queue_bytes) : queue_bytes_(queue_bytes) {}

  // The core's side: any thread.
  void set_keys(KeyTable keys);
  std::vector<InFrame> receive();
  void send(std::vector<OutFrame> frames);
  std::vector<ConnectionNo> take_gone();
  [[nodiscard]] bool congested() const;
  void stop();
  [[nodiscard]] int core_fd() const { return core_wakes_.fd(); }

  // The bus thread's side.
  struct Orders {
    std::vector<OutFrame> frames_before;  // given to send() before the keys changed
    std::vector<OutFrame> frames;
    std::shared_ptr<const KeyTable> keys;  // nothing: none were given yet
    bool congested = false;
    bool stop = false;
  };
  /// Everything asked for since the last call.
  Orders take_orders();
  /// Hand over what came in while `keys` were in force. Both vectors are empty afterwards.
  /// The number of frames dropped because their key was revoked meanwhile.
  std::size_t hand_in(std::vector<InFrame>& frames, std::vector<ConnectionNo>& gone,
                      const std::shared_ptr<const KeyTable>& keys);
  [[nodiscard]] int bus_fd() const { return bus_wakes_.fd(); }

 private:
  [[nodiscard]] bool over_limit() const { return in_bytes_ > queue_bytes_; }

  const std::size_t queue_bytes_;
  EventFd core_wakes_;
  EventFd bus_wakes_;
  mutable std::mutex mutex_;
  std::vector<InFrame> in_;
  std::size_t in_bytes_ = 0;
  std::vector<OutFrame> out_before_keys_;
  std::vector<OutFrame> out_;
  std::vector<ConnectionNo> gone_;
  std::shared_ptr<const KeyTable> keys_;
  bool stop_ = false;
};

}  // namespace iro::bus

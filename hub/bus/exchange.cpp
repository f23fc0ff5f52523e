#include "hub/bus/exchange.hpp"

#include <algorithm>
#include <iterator>

namespace iro::bus {
namespace {

/// What a frame costs us while it waits: small ones are not free either.
std::size_t cost(const InFrame& frame) { return frame.bytes.size() + sizeof frame; }

std::size_t drop_revoked(std::vector<InFrame>& frames, const KeyTable& keys) {
  return std::erase_if(frames, [&](const InFrame& f) { return !keys.enrolled(f.from); });
}

template <typename T>
void append(std::vector<T>& to, std::vector<T>& from) {
  if (to.empty()) {
    to.swap(from);
  } else {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  }
  from.clear();
}

}  // namespace

void Exchange::set_keys(KeyTable keys) {
  const std::scoped_lock lock(mutex_);
  keys_ = std::make_shared<const KeyTable>(std::move(keys));
  append(out_before_keys_, out_);
  drop_revoked(in_, *keys_);
  in_bytes_ = 0;
  for (const InFrame& frame : in_) in_bytes_ += cost(frame);
  bus_wakes_.raise();
}

std::vector<InFrame> Exchange::receive() {
  const std::scoped_lock lock(mutex_);
  if (gone_.empty()) core_wakes_.lower();
  if (over_limit()) bus_wakes_.raise();  // there is room again
  in_bytes_ = 0;
  return std::exchange(in_, {});
}

void Exchange::send(std::vector<OutFrame> frames) {
  if (frames.empty()) return;
  const std::scoped_lock lock(mutex_);
  if (out_.empty()) bus_wakes_.raise();
  append(out_, frames);
}

std::vector<ConnectionNo> Exchange::take_gone() {
  const std::scoped_lock lock(mutex_);
  if (in_.empty()) core_wakes_.lower();
  std::ranges::sort(gone_);
  const auto repeats = std::ranges::unique(gone_);
  gone_.erase(repeats.begin(), repeats.end());
  return std::exchange(gone_, {});
}

bool Exchange::congested() const {
  const std::scoped_lock lock(mutex_);
  return over_limit();
}

void Exchange::stop() {
  const std::scoped_lock lock(mutex_);
  stop_ = true;
  bus_wakes_.raise();
}

Exchange::Orders Exchange::take_orders() {
  const std::scoped_lock lock(mutex_);
  bus_wakes_.lower();
  return {std::exchange(out_before_keys_, {}), std::exchange(out_, {}), keys_, over_limit(), stop_};
}

std::size_t Exchange::hand_in(std::vector<InFrame>& frames, std::vector<ConnectionNo>& gone,
                              const std::shared_ptr<const KeyTable>& keys) {
  if (frames.empty() && gone.empty()) return 0;
  const std::scoped_lock lock(mutex_);
  const std::size_t dropped = keys == keys_ ? 0 : drop_revoked(frames, *keys_);
  for (const InFrame& frame : frames) in_bytes_ += cost(frame);
  const bool raised = !in_.empty() || !gone_.empty();
  append(in_, frames);
  append(gone_, gone);
  if (!raised && !(in_.empty() && gone_.empty())) core_wakes_.raise();
  return dropped;
}

}  // namespace iro::bus

#include "hub/daemon/scrub_pace.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "hub/base/limits.hpp"

namespace iro::daemon {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds rest(limits::scrub_pause_ms);
constexpr std::size_t slices_a_second = 8;  // small ones, so that a question never waits for long

}  // namespace

ScrubPace::ScrubPace(std::filesystem::path data, std::size_t bytes_per_second, const Clock& clock)
    : data_(std::move(data)), bytes_per_second_(bytes_per_second), clock_(clock) {
  state_.on = bytes_per_second_ != 0;
  state_.since = clock_.now();
}

core::ScrubState ScrubPace::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void ScrubPace::note(const log::Scrubber* scrubber, const Error* trouble) {
  const std::lock_guard lock(mutex_);
  state_.trouble = trouble == nullptr ? "" : trouble->text();
  if (trouble != nullptr && trouble->code == Errc::corrupt) ++state_.findings;
  if (scrubber == nullptr) return;
  const log::ScrubProgress& p = scrubber->progress();
  state_.file_bytes = p.file_bytes / 2;  // a round reads it twice
  const std::uint64_t part = p.file_bytes == 0 ? 100 : p.bytes * 100 / p.file_bytes;
  state_.percent = scrubber->at_rest() ? 100 : static_cast<std::uint32_t>(std::min<std::uint64_t>(part, 99));
  if (p.round_ended.value() == 0 || p.round_ended == state_.last_pass)
    return;  // 0: of a scrubber that was opened again
  state_.last_pass = p.round_ended;
  ++state_.rounds;
}

milliseconds ScrubPace::run(QueryAnswers& out) {
  if (bytes_per_second_ == 0) return rest;
  const Moment now = std::chrono::steady_clock::now();
  if (now >= due_) due_ = now + slice(out);
  return std::max(milliseconds(1), std::chrono::ceil<milliseconds>(due_ - now));
}

milliseconds ScrubPace::slice(QueryAnswers& out) {
  if (!scrubber_) {
    auto opened = log::Scrubber::open(data_);
    if (!opened) {
      note(nullptr, &opened.error());
      spdlog::warn("the log cannot be scrubbed: {}", opened.error().text());
      if (opened.error().code == Errc::corrupt) out.inputs.emplace_back(core::Damaged{opened.error()});
      return rest;
    }
    scrubber_ = std::move(*opened);
  }
  // A large file takes more than its daily share at the usual pace.
  constexpr std::size_t round_seconds = limits::scrub_round_ms / 1'000;
  const std::size_t pace = std::max(bytes_per_second_, scrubber_->progress().file_bytes / round_seconds);
  const auto read = scrubber_->step(pace / slices_a_second, clock_.now());
  note(scrubber_.get(), read ? nullptr : &read.error());
  if (!read) {
    scrubber_.reset();
    if (read.error().code == Errc::corrupt) out.inputs.emplace_back(core::Damaged{read.error()});
    spdlog::error("scrubbing the log: {}", read.error().text());
    return rest;
  }
  if (scrubber_->at_rest()) return rest;
  return milliseconds(*read * 1'000 / pace);
}

}  // namespace iro::daemon

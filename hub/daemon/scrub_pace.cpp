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
    : data_(std::move(data)), bytes_per_second_(bytes_per_second), clock_(clock) {}

log::ScrubProgress ScrubPace::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
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
  {
    const std::lock_guard lock(mutex_);
    progress_ = scrubber_->progress();
  }
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

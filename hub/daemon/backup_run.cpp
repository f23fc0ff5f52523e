#include "hub/daemon/backup_run.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "hub/log/sqlite/keys_backup.hpp"
#include "hub/schema/frames.hpp"

namespace iro::daemon {
namespace fs = std::filesystem;
namespace {

Result<std::string> finish_and_copy_keys(const fs::path& destination, const fs::path& keys_to, const fs::path& data,
                                         TimeMs now, BackupProgress& progress) {
  const auto report =
      log::finish_backup(destination, data, [&](std::string_view, std::uint64_t done, std::uint64_t of) {
        if (of > 0) progress.percent = static_cast<unsigned>(done * 100 / of);
      });
  if (!report) return fail(report.error());
  boost::json::object answer{{"backup", destination.string()}, {"verified", true}, {"events", report->events}};
  if (!keys_to.empty()) {
    // After the log: a key is on disk before the first body under it, so this copy has every key that one needs.
    auto keys = log::backup_keys(data, keys_to, now);
    if (!keys) return fail(keys.error());
    answer["keys"] = keys->string();
    if (const auto pruned = log::prune_keys_backups(keys_to, now); !pruned) return fail(pruned.error());
  }
  return boost::json::serialize(answer);
}

}  // namespace

std::string BackupProgress::json() const {
  return fmt::format(R"({{"step":"{}","percent":{}}})", step == Step::copying ? "copying" : "verifying",
                     percent.load());
}

BackupRun::BackupRun(core::RunCommand asked, fs::path destination, fs::path keys_to)
    : asked_(std::move(asked)),
      destination_(std::move(destination)),
      keys_to_(std::move(keys_to)),
      progress_(std::make_shared<BackupProgress>()) {}

Result<std::unique_ptr<BackupRun>> BackupRun::begin(log::SqliteLog& log, core::RunCommand asked, fs::path destination,
                                                    fs::path keys_to) {
  std::unique_ptr<BackupRun> run(new BackupRun(std::move(asked), std::move(destination), std::move(keys_to)));
  auto job = log::BackupJob::begin(log, run->destination_);
  if (!job) return fail(job.error());
  run->job_ = std::move(*job);
  return run;
}

Result<bool> BackupRun::step(int pages) {
  if (const Status stepped = job_->step(pages); !stepped) return fail(stepped.error());
  progress_->percent = static_cast<unsigned>(job_->progress() * 100);
  return job_->done();
}

QueryThread::Task BackupRun::finish(const fs::path& data, const Clock& clock) const {
  progress_->percent = 0;
  progress_->step = BackupProgress::Step::verifying;
  return [asked = asked_, destination = destination_, keys_to = keys_to_, progress = progress_, data,
          &clock](QueryAnswers& out) {
    auto done = finish_and_copy_keys(destination, keys_to, data, clock.now(), *progress);
    wire::Answer answer;
    answer.id = asked.id;
    if (done) {
      answer.body = std::move(*done);
    } else {
      answer.code = done.error().code;
      answer.reason = done.error().message;
    }
    out.frames.push_back({asked.to, wire::encode(asked.epoch, answer)});
  };
}

}  // namespace iro::daemon

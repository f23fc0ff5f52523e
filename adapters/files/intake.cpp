#include "adapters/files/intake.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "adapters/files/reject_rows.hpp"
#include "hub/base/crypto.hpp"

namespace iro::files {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view space = "files.content";  // permanent: it is in the notes of every member
constexpr std::size_t records_per_transaction = 500;
constexpr std::size_t block_bytes = 256U << 10;

/// A name in `folder` that is free: NAME, or with the start of the content's hash before its extension.
fs::path free_name(const fs::path& folder, const fs::path& name, const std::string& hash) {
  std::error_code error;
  if (!fs::exists(folder / name, error)) return folder / name;
  return folder / fmt::format("{}-{}{}", name.stem().string(), hash.substr(0, 8), name.extension().string());
}

}  // namespace

/// {"state": "taking", "records": 500, "rejects_bytes": 0, "mapping": "...", "counts": {...}}; permanent.
struct FileJob::Note {
  State state = State::fresh;
  std::uint64_t rejects_bytes = 0;
  std::string mapping;
  Counts counts;
};

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::taken:
      return "taken";
    case Outcome::already_taken:
      return "already_taken";
    case Outcome::refused:
      return "refused";
  }
  return "";
}

Result<std::unique_ptr<FileJob>> FileJob::open(const IntakeContext& context, fs::path path, bool move) {
  std::unique_ptr<FileJob> job(new FileJob(context, std::move(path), move));
  if (Status looked = job->look(); !looked) return fail(looked.error().within(job->path_.filename().string()));
  return job;
}

Status FileJob::look() {
  result_.name = path_.filename().string();
  if (Status stamped = stamp(); !stamped) return stamped;
  auto opened = open_file(path_, context_.formats, context_.member);
  if (!opened && opened.error().code == Errc::io) return fail(opened.error());
  std::optional<TextDecoder> decoder;
  if (opened) decoder.emplace(opened->reader->csv().encoding());
  const Status scanned = scan(decoder ? &*decoder : nullptr);
  if (!scanned && scanned.error().code != Errc::csv_encoding) return scanned;
  // What is wrong with the whole file is its own fault: step() refuses it, before anything was taken.
  if (!opened || !scanned) {
    result_.error = opened ? scanned.error() : opened.error();
    return {};
  }
  opened_ = std::move(*opened);
  result_.format = opened_.format;
  auto note = read_note();
  if (!note) return fail(note.error());
  return start(*note);
}

/// What tells later that the file is still the same.
Status FileJob::stamp() {
  struct ::stat info {};
  if (::stat(path_.c_str(), &info) != 0) return fail(Errc::io, fmt::format("{} is gone", path_.string()));
  total_bytes_ = static_cast<std::uint64_t>(info.st_size);
  modified_ns_ = info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec;
  inode_ = info.st_ino;
  return {};
}

bool FileJob::unchanged() const {
  struct ::stat info {};
  return ::stat(path_.c_str(), &info) == 0 && static_cast<std::uint64_t>(info.st_size) == total_bytes_ &&
         info.st_ino == inode_ && info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec == modified_ns_;
}

/// The content's hash, and whether it is text to its end.
Status FileJob::scan(TextDecoder* decoder) {
  auto source = FileSource::open(path_);
  if (!source) return fail(source.error());
  Sha256 sha;
  Bytes block(block_bytes);
  std::string text;
  Status decoded;
  for (;;) {
    const auto got = (*source)->read(block);
    if (!got) return fail(got.error());
    if (*got == 0) break;
    const ByteView bytes(block.data(), *got);
    sha.update(bytes);
    text.clear();
    if (decoder != nullptr && decoded) decoded = decoder->decode(bytes, text);
  }
  hash_ = to_hex(sha.finish());
  if (decoder != nullptr && decoded) decoded = decoder->finish();
  return decoded;
}

Result<FileJob::Note> FileJob::read_note() const {
  std::optional<std::string> text;
  const Status read = context_.client.transaction([&](client::OutboxTransaction& outbox) -> Status {
    text = outbox.get(space, hash_);
    return {};
  });
  if (!read) return fail(read.error());
  Note note;
  if (!text) return note;
  boost::json::error_code error;
  const boost::json::value value = boost::json::parse(*text, error);
  const boost::json::object* object = error ? nullptr : value.if_object();
  if (object == nullptr) return fail(Errc::corrupt, "the outbox's note of a file");
  const std::string state(object->at("state").as_string());
  note.state = state == "taking" ? State::taking : state == "moving" ? State::moving : State::done;
  note.rejects_bytes = object->at("rejects_bytes").to_number<std::uint64_t>();
  note.mapping = object->at("mapping").as_string();
  auto counts = Counts::from_json(boost::json::serialize(object->at("counts")));
  if (!counts) return fail(counts.error());
  note.counts = std::move(*counts);
  return note;
}

void FileJob::write_note(client::OutboxTransaction& outbox, State state) const {
  const boost::json::object note = {{"state", state == State::taking   ? "taking"
                                              : state == State::moving ? "moving"
                                                                       : "done"},
                                    {"rejects_bytes", rejects_bytes_},
                                    {"mapping", opened_.mapping_hash},
                                    {"counts", boost::json::parse(result_.counts.to_json())}};
  outbox.put(space, hash_, boost::json::serialize(note));
}

Status FileJob::start(const Note& note) {
  // Rows that a mapping rejected may be good under a corrected one; those taken are known one by one.
  const bool corrected = note.state == State::done && note.counts.rejected > 0 && note.mapping != opened_.mapping_hash;
  if (note.state == State::done && !corrected && !context_.again) {
    result_.outcome = Outcome::already_taken;
    result_.counts = note.counts;
    state_ = State::done;
    return {};
  }
  if (note.state == State::fresh || note.state == State::done) {
    state_ = State::taking;
    return {};
  }
  result_.counts = note.counts;
  rejects_bytes_ = note.rejects_bytes;
  state_ = note.state;
  return state_ == State::taking ? pass_over() : Status();
}

/// Read over the records that were taken before a restart.
Status FileJob::pass_over() {
  for (std::uint64_t n = 0; n < result_.counts.records; ++n) {
    const auto item = opened_.reader->next();
    if (!item) return fail(item.error());
    const bool ended = *item == RecordReader::Item::end;
    if (ended) return fail(Errc::corrupt, "the file has fewer records than were taken from it");
  }
  return {};
}

fs::path FileJob::work_rejects() const { return context_.folder.work() / (hash_ + ".rejects.csv"); }

Progress FileJob::progress() const {
  return {result_.counts.records, opened_.reader ? opened_.reader->csv().bytes_read() : 0, total_bytes_};
}

Result<bool> FileJob::step() {
  if (result_.error) return refuse(*result_.error);
  if (state_ != State::taking) return finish();
  bool ended = false;
  const Status committed = context_.client.transaction([&](client::OutboxTransaction& outbox) -> Status {
    auto taken = take_records(outbox);
    if (!taken) return fail(taken.error());
    ended = *taken;
    if (!unchanged()) return fail(Errc::busy, "the file was changed while it was being read");
    write_note(outbox, ended ? State::moving : State::taking);
    return {};
  });
  if (!committed) return fail(committed.error().within(result_.name));
  if (!ended) return false;
  state_ = State::moving;
  return finish();
}

/// Up to 500 records into the transaction; true when the file has no more.
Result<bool> FileJob::take_records(client::OutboxTransaction& outbox) {
  const RecordTaker taker(context_.registry, context_.key, context_.again, context_.sealer);
  RecordReader& reader = *opened_.reader;
  std::string reject_rows;
  bool ended = false;
  for (std::size_t n = 0; n < records_per_transaction; ++n) {
    const auto item = reader.next();
    if (!item) return fail(item.error());
    if (*item == RecordReader::Item::end) {
      ended = true;
      break;
    }
    const auto rejects = taker.take(reader, *item, outbox, result_.counts);
    if (!rejects) return fail(rejects.error());
    for (const Reject& reject : *rejects) reject_rows += reject_row(reject);
  }
  if (Status kept = keep_rejects(reject_rows); !kept) return fail(kept.error());
  return ended;
}

/// Before the commit: the rows must be on the disk when their length is recorded.
Status FileJob::keep_rejects(const std::string& rows) {
  if (rows.empty()) return {};
  if (!rejects_) {
    auto opened = RecordedFile::open(work_rejects());
    if (!opened) return fail(opened.error());
    rejects_ = std::move(*opened);
  }
  const std::string text = rejects_bytes_ == 0 ? reject_header() + rows : rows;
  if (Status put = rejects_->put(rejects_bytes_, text); !put) return put;
  rejects_bytes_ += text.size();
  return rejects_->sync();
}

/// Every part may have been done before a crash, so each looks first.
Result<bool> FileJob::finish() {
  std::error_code ignored;
  if (state_ == State::moving && fs::exists(work_rejects(), ignored)) {
    if (rejects_bytes_ > 0) {
      const fs::path to = free_name(context_.folder.rejected(), result_.name + ".rejects.csv", hash_);
      if (Status moved = move_file(work_rejects(), to); !moved) return fail(moved.error());
      result_.rejects = to;
    } else {
      fs::remove(work_rejects(), ignored);
    }
  }
  if (Status moved = move_away(context_.folder.done()); !moved) return fail(moved.error());
  if (state_ == State::moving) {
    const Status noted = context_.client.transaction([&](client::OutboxTransaction& outbox) -> Status {
      write_note(outbox, State::done);
      return {};
    });
    if (!noted) return fail(noted.error());
    state_ = State::done;
  }
  return true;
}

Result<bool> FileJob::refuse(Error error) {
  const fs::path reasons = free_name(context_.folder.rejected(), result_.name + ".rejects.csv", hash_);
  auto file = RecordedFile::open(reasons);
  if (!file) return fail(file.error());
  if (Status put = file->put(0, reject_header() + reject_row({error.code, {0, 0}, "", error.message, ""})); !put)
    return fail(put.error());
  if (Status synced = file->sync(); !synced) return fail(synced.error());
  if (Status moved = move_away(context_.folder.rejected()); !moved) return fail(moved.error());
  result_.outcome = Outcome::refused;
  result_.error = std::move(error);
  result_.rejects = reasons;
  return true;
}

Status FileJob::move_away(const fs::path& folder) {
  std::error_code ignored;
  if (!move_ || !fs::exists(path_, ignored)) return {};
  return move_file(path_, free_name(folder, path_.filename(), hash_));
}

Result<TakenFile> take_file(const IntakeContext& context, const fs::path& path, bool move,
                            const std::function<void(const Progress&)>& on_progress) {
  auto job = FileJob::open(context, path, move);
  if (!job) return fail(job.error());
  for (;;) {
    const auto finished = (*job)->step();
    if (!finished) return fail(finished.error());
    if (on_progress) on_progress((*job)->progress());
    if (*finished) return (*job)->result();
  }
}

}  // namespace iro::files

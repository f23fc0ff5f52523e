// adapters/files/intake.hpp: a file becomes events, each row once.
//
// A file is known by the hash of its content. How far it has been taken, its
// counts and the length of its reject file stand in the notes of the client's
// outbox and change in the same transaction as the events (of at most 500
// records). So a process that dies at any moment goes on behind the last
// transaction, and every record makes its events exactly once. What has been
// taken is passed over by reading it again: that costs seconds, and a file
// must be read in full anyway for its hash.
//
// When a file has been taken it moves to outbox/done, its bad rows stand in
// outbox/rejected/NAME.rejects.csv. A file that cannot be used at all moves to
// outbox/rejected. One thread an object.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "adapters/client/client.hpp"
#include "adapters/files/format.hpp"
#include "adapters/files/member_folder.hpp"
#include "adapters/files/record_taker.hpp"
#include "adapters/files/recorded_file.hpp"

namespace iro::files {

/// All that taking a member's files needs; outlives its FileJobs.
struct IntakeContext {
  client::Client& client;
  const schema::Registry& registry;
  const Formats& formats;
  const PrivateKey& key;
  MemberFolder folder;
  std::string member;  // slug
  bool again = false;  // take what was taken before once more: the hub had refused it, and would not now
  const DocumentSealer* sealer = nullptr;  // of documents that rows name
};

struct Progress {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  // read of this pass over the file
  std::uint64_t total_bytes = 0;
};

enum class Outcome : std::uint8_t {
  taken,
  already_taken,  // the same content was taken before, perhaps under another name
  refused,        // nothing of it can be used
};
std::string_view name_of(Outcome outcome);

struct TakenFile {
  std::string name;
  Outcome outcome = Outcome::taken;
  std::string format;
  Counts counts;
  std::optional<Error> error;     // why it was refused
  std::filesystem::path rejects;  // "" when no row was bad
};

class FileJob {
 public:
  /// Look at the file: its format, its hash, how far it was taken. With `move`
  /// it leaves the outbox when it is done. Fails with io when it cannot be read now.
  static Result<std::unique_ptr<FileJob>> open(const IntakeContext& context, std::filesystem::path path,
                                               bool move = true);

  /// One transaction of at most 500 records. True when the file is finished and
  /// result() holds. Fails with what the outbox says (outbox_full, ...) or with
  /// busy when the file changed meanwhile: make a new job later, it goes on where this one stood.
  Result<bool> step();
  [[nodiscard]] Progress progress() const;
  [[nodiscard]] const TakenFile& result() const { return result_; }

 private:
  enum class State : std::uint8_t { fresh, taking, moving, done };
  struct Note;  // what the notes know of a content

  FileJob(const IntakeContext& context, std::filesystem::path path, bool move)
      : context_(context), path_(std::move(path)), move_(move) {}

  Status look();
  Status stamp();
  Status scan(TextDecoder* decoder);
  Status pass_over();
  Result<Note> read_note() const;
  Status start(const Note& note);
  Result<bool> take_records(client::OutboxTransaction& outbox);
  Status keep_rejects(const std::string& rows);
  void write_note(client::OutboxTransaction& outbox, State state) const;
  Result<bool> finish();
  Result<bool> refuse(Error error);
  Status move_away(const std::filesystem::path& folder);
  [[nodiscard]] bool unchanged() const;
  [[nodiscard]] std::filesystem::path work_rejects() const;

  const IntakeContext& context_;
  std::filesystem::path path_;
  bool move_;
  OpenedFile opened_;
  std::string hash_;  // of the content, hexadecimal
  std::uint64_t total_bytes_ = 0;
  std::int64_t modified_ns_ = 0;
  std::uint64_t inode_ = 0;
  State state_ = State::fresh;
  std::optional<RecordedFile> rejects_;
  std::uint64_t rejects_bytes_ = 0;
  TakenFile result_;
};

/// Take a whole file. `on_progress` is called after every transaction.
Result<TakenFile> take_file(const IntakeContext& context, const std::filesystem::path& path, bool move,
                            const std::function<void(const Progress&)>& on_progress);

}  // namespace iro::files

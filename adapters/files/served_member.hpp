// adapters/files/served_member.hpp: one member of the files service.
//
// Owns the member's client, the job on its current file, and its inbox files.
// take_turn() belongs to the service's thread, the handler to the client's;
// status() may be called from any thread.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <mutex>
#include <optional>

#include "adapters/client/key_book.hpp"
#include "adapters/files/inbox_files.hpp"
#include "adapters/files/outbox_watch.hpp"
#include "adapters/files/outgoing_documents.hpp"
#include "adapters/files/received_documents.hpp"
#include "adapters/files/service.hpp"

namespace iro::files {

class ServedMember {
 public:
  struct Setup {
    MemberConfig config;
    Formats formats;
    client::KeyFile keys;
    std::shared_ptr<client::Runtime> runtime;
    std::int64_t quiet_ms = 0;
  };
  static Result<std::unique_ptr<ServedMember>> open(Setup setup, const schema::Registry& registry, const Clock& clock,
                                                    const OpenClient& open_client,
                                                    std::function<void(const Note&)> on_note);
  ~ServedMember();

  /// One transaction of the current file, or a look for the next one. True when something was done.
  bool take_turn();
  /// Whether a file is in hand or lies in the outbox.
  [[nodiscard]] bool has_work();
  [[nodiscard]] Status flush(std::chrono::milliseconds timeout) { return client_->flush(timeout); }
  /// What keeps a file from being taken now.
  [[nodiscard]] std::optional<Error> trouble() const;
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] boost::json::object status() const;

 private:
  ServedMember(Setup setup, const schema::Registry& registry, const Clock& clock, PrivateKey key,
               std::function<void(const Note&)> on_note);

  bool begin_next_file();
  void go_on_with_file();
  void finished(const TakenFile& file);
  void in_trouble(const Error& error);
  void collect_refusals();
  client::Verdict receive(const client::Delivery& delivery);
  Status write_received(const client::Delivery& delivery);
  bool open_document();
  Result<client::TrustedKeys> keys_of(const std::string& member);

  std::string name_;
  MemberFolder folder_;
  Formats formats_;
  const schema::Registry& registry_;
  const Clock& clock_;
  PrivateKey key_;
  std::function<void(const Note&)> on_note_;
  OutboxWatch watch_;
  InboxFiles inbox_;
  ReceivedDocuments documents_;
  std::unique_ptr<client::KeyBook> book_;  // made when the first document comes
  TimeMs documents_rest_until_;            // after trouble with one
  std::unique_ptr<OutgoingDocuments> sealer_;
  std::unique_ptr<IntakeContext> context_;
  std::unique_ptr<FileJob> job_;
  TimeMs rest_until_;  // after trouble

  mutable std::mutex mutex_;  // guards what status() reads
  std::map<std::string, std::uint64_t> outcomes_;
  std::map<std::string, std::uint64_t> received_;
  Counts counts_;
  std::uint64_t waiting_files_ = 0;
  std::string current_;
  Progress progress_;
  std::optional<Error> trouble_;  // the last, until a file was taken; it may have passed
  TimeMs trouble_at_;
  std::uint64_t refused_by_hub_ = 0;

  std::unique_ptr<client::Client> client_;  // last: its handlers use all of the above
};

}  // namespace iro::files

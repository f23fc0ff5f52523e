// adapters/client/outbox.hpp: what this client has said and the hub may not have
// heard yet. An event is in the outbox once append() has returned, and stays,
// through crashes and power loss, until the hub has decided on it, and seven
// days beyond: a hub that is restored from a backup gets it again.
//
// Threads: append() and transaction() from any thread; concurrent append()s share
// one fsync. The PublishSource part belongs to the network thread. save() may be
// called from any thread; until then what the hub has decided is in memory only,
// which a crash turns into a repeat that the hub recognises.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "adapters/client/client.hpp"
#include "adapters/client/outbox_file.hpp"
#include "adapters/client/publish_source.hpp"
#include "hub/base/clock.hpp"

namespace iro::client {

inline constexpr std::size_t refused_in_memory = 10'000;  // take_refused() gives the newest; the table has the rest
inline constexpr std::size_t held_in_memory = 10'000;     // take_held() gives the newest

class Outbox final : public PublishSource {
 public:
  struct Settings {
    std::filesystem::path folder;
    std::string source;  // of events that have none
    std::size_t most_events = 0;
  };
  static Result<std::unique_ptr<Outbox>> open(Settings settings, const Clock& clock);
  Outbox(Settings settings, const Clock& clock, std::unique_ptr<OutboxFile> file, std::unique_ptr<OutboxReader> reader);

  /// Called, on the publisher's thread, after something was added.
  void on_added(std::function<void()> wake) { wake_ = std::move(wake); }

  Result<std::vector<EventId>> append(std::span<const schema::Event> events);
  Status transaction(const std::function<Status(OutboxTransaction&)>& body);
  /// Until all that is in the outbox now is decided; false when the time is over.
  bool wait_decided(std::chrono::milliseconds timeout);
  [[nodiscard]] PublishStats stats() const;
  std::vector<RefusedEvent> take_refused();
  std::vector<HeldEvent> take_held();
  /// Whether there is something for save().
  [[nodiscard]] bool unsaved() const;
  Status save();

  [[nodiscard]] Position position() const override;
  [[nodiscard]] std::optional<wire::Receipt> last_receipt() const override;
  Result<std::vector<StoredEvent>> read(ProducerSeq from, std::size_t events, std::size_t bytes) override;
  std::optional<Hash> hash_of(ProducerSeq sequence) override;
  void acknowledge(const wire::PubAck& ack) override;
  Status rewind(ProducerSeq acked) override;
  Status renumber(ProducerSeq behind) override;

 private:
  class Transaction;
  struct NewEvent {
    EventId id;
    std::size_t wire_size = 0;
    Bytes frame;
  };
  struct Waiting {  // one append() on its way to the disk
    std::vector<NewEvent> events;
    Status status;
    bool done = false;
  };
  Result<NewEvent> prepare(const schema::Event& event) const;
  void commit_together(const std::vector<Waiting*>& group);
  /// One transaction of `body` and of what the hub has decided meanwhile.
  Status write(const std::function<Status()>& body);
  Status insert(const NewEvent& event);
  void write_decisions();
  bool take_over();
  std::optional<RefusedRow> describe(const wire::Refusal& refusal);

  const Settings settings_;
  const Clock& clock_;
  std::function<void()> wake_ = [] {};

  // The file and whoever writes to it. writer_mutex_ is taken before state_mutex_.
  std::mutex writer_mutex_;
  std::unique_ptr<OutboxFile> file_;
  std::optional<Error> broken_;  // after an I/O error nothing is written until the next open
  std::atomic<std::thread::id> writing_thread_;
  struct Draft {  // what holds once the open transaction is committed
    OutboxFile::State state;
    ProducerSeq last;
    ProducerSeq oldest;
    std::vector<RefusedRow> refused;
    bool renumbered = false;
    std::uint64_t taken_off = 0;  // by the renumbering
  } draft_;

  std::unique_ptr<OutboxReader> reader_;  // of the network thread

  mutable std::mutex state_mutex_;
  OutboxFile::State state_;
  OutboxFile::State saved_;
  ProducerSeq last_;
  ProducerSeq oldest_;
  std::uint64_t shift_ = 0;  // sum of what renumber() took off: position + shift_ only grows
  std::vector<RefusedRow> unsaved_refused_;
  std::deque<RefusedEvent> refused_;
  std::deque<HeldEvent> held_;
  PublishStats counted_;
  std::condition_variable decided_;

  std::mutex queue_mutex_;
  std::vector<Waiting*> queue_;
  bool leading_ = false;  // some append() is writing for all
  std::condition_variable written_;
};

}  // namespace iro::client

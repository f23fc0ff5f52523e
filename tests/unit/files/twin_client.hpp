// tests/unit/files/twin_client.hpp: the client, in memory and breakable.
//
// A transaction works on a copy and takes its place when the body succeeds.
// `fail_after` commits the twin "dies": every later call fails, as after a
// SIGKILL, and what was committed stays in the TwinDisk for the next one.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Transaction.h>

#include <memory>
#include <optional>

#include "adapters/client/client.hpp"
#include "adapters/files/memory_outbox.hpp"

namespace iro::files::sample {

/// What survives a twin.
struct TwinDisk {
  MemoryOutbox outbox{true};
  std::size_t commits = 0;
};

class TwinClient final : public client::Client {
 public:
  explicit TwinClient(TwinDisk& disk) : disk_(disk) {}

  std::optional<std::size_t> fail_after;  // commits
  std::optional<Error> refusal;           // of every transaction

  Status transaction(const std::function<Status(client::OutboxTransaction&)>& body) override {
    if (refusal) return fail(*refusal);
    MemoryOutbox copy = disk_.outbox;
    if (Status done = body(copy); !done) return done;
    if (fail_after && disk_.commits >= *fail_after) return fail(Errc::internal, "the twin has died");
    disk_.outbox = std::move(copy);
    ++disk_.commits;
    return {};
  }
  /// Hand one event to the handler inside a transaction of `inbox`; with `die` the process ends before the commit.
  client::Verdict deliver(const schema::Event& event, SQLite::Database& inbox, bool die = false) {
    const schema::EventView view = schema::view_of(event);
    SQLite::Transaction transaction(inbox);
    const client::Delivery delivery{view, "files", 1, false, inbox};
    client::Verdict verdict = handler_(delivery);
    if (verdict.kind == client::Verdict::Kind::done && !die) transaction.commit();
    return verdict;
  }

  Result<std::vector<EventId>> publish(std::span<const schema::Event>) override { return std::vector<EventId>{}; }
  Status flush(std::chrono::milliseconds) override { return {}; }
  client::PublishStats publish_stats() const override { return {disk_.outbox.published(), refused.size(), 0, 0}; }
  std::vector<client::RefusedEvent> take_refused() override { return std::exchange(refused, {}); }
  std::vector<client::HeldEvent> take_held() override { return {}; }
  Status subscribe(client::Subscription, client::Handler handler) override {
    handler_ = std::move(handler);
    return {};
  }
  Status unsubscribe(std::string_view) override { return {}; }
  Result<std::vector<std::string>> query(std::string_view, std::string_view, std::chrono::milliseconds) override {
    return fail(Errc::unreachable, "");
  }
  Result<std::string> control(std::string_view, std::string_view, std::chrono::milliseconds) override {
    return fail(Errc::unreachable, "");
  }
  Status connected(std::chrono::milliseconds) override { return {}; }
  std::optional<wire::Welcome> session() const override { return std::nullopt; }
  std::optional<wire::Receipt> last_receipt() const override { return std::nullopt; }

  std::vector<client::RefusedEvent> refused;

 private:
  TwinDisk& disk_;
  client::Handler handler_;
};

}  // namespace iro::files::sample

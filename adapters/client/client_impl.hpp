// adapters/client/client_impl.hpp: the Client of client.hpp, made of its parts:
//
//   caller's thread    publish -> Outbox            query -> WaitingRoom
//   network thread     NetworkClient: Link, ClientSession
//   worker thread      DeliveryRunner: handlers, Inbox
//
// Parts refer to each other only through the Runtime's two task lists, so that
// the destructor can take them apart in order.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "adapters/client/client.hpp"
#include "adapters/client/delivery_runner.hpp"
#include "adapters/client/network_client.hpp"
#include "adapters/client/outbox.hpp"
#include "adapters/client/runtime.hpp"
#include "adapters/client/waiting_room.hpp"
#include "hub/base/clock.hpp"

namespace iro::client {

class ClientImpl final : public Client {
 public:
  /// What Client::open has made. Without a data folder there is no lock and no outbox.
  struct Parts {
    std::optional<FileLock> lock;
    std::unique_ptr<Clock> clock;
    std::unique_ptr<Outbox> outbox;
    std::unique_ptr<Inbox> inbox;
  };
  ClientImpl(Options options, Parts parts);
  ~ClientImpl() override;
  Status connect();

  Result<std::vector<EventId>> publish(std::span<const schema::Event> events) override;
  Status transaction(const std::function<Status(OutboxTransaction&)>& body) override;
  Status flush(std::chrono::milliseconds timeout) override;
  [[nodiscard]] PublishStats publish_stats() const override;
  std::vector<RefusedEvent> take_refused() override;
  std::vector<HeldEvent> take_held() override;
  Status subscribe(Subscription subscription, Handler handler) override;
  Status unsubscribe(std::string_view consumer) override;
  Result<std::vector<std::string>> query(std::string_view view, std::string_view args_json,
                                         std::chrono::milliseconds timeout) override;
  Result<std::string> control(std::string_view command, std::string_view args_json,
                              std::chrono::milliseconds timeout) override;
  Status connected(std::chrono::milliseconds timeout) override { return waiting_.wait_connected(timeout); }
  [[nodiscard]] std::optional<wire::Welcome> session() const override { return waiting_.session(); }
  [[nodiscard]] std::optional<wire::Receipt> last_receipt() const override;

 private:
  NetworkClient::Exits exits();
  void trouble(const Error& error);
  void work(Work work);
  void save();
  /// Do something to the session, on the network thread.
  void with_session(std::function<void(ClientSession&, Ticks)> action);
  Result<std::vector<std::string>> ask(const Questions::Body& body, std::chrono::milliseconds timeout);
  Status check(const Subscription& subscription) const;

  const Options options_;
  std::shared_ptr<Runtime> runtime_;
  Parts parts_;
  WaitingRoom waiting_;
  DeliveryRunner runner_;     // of the worker thread
  bool save_failed_ = false;  // of the worker thread: a trouble is told once
  NetworkClient network_;     // of the network thread
  std::mutex consumers_mutex_;
  std::set<std::string, std::less<>> consumers_;
};

}  // namespace iro::client

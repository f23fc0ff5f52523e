// adapters/client/delivery_runner.hpp: calls the handlers, inside the inbox's
// transactions, and says what the hub is to be told. Worker thread only.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "adapters/client/client.hpp"
#include "adapters/client/inbox.hpp"
#include "adapters/client/session.hpp"
#include "adapters/client/subject_gate.hpp"

namespace iro::client {

inline constexpr std::uint32_t inbox_retry_ms = 5'000;  // when the inbox cannot be written: its disk is full, say

class DeliveryRunner {
 public:
  explicit DeliveryRunner(Inbox& inbox) : inbox_(inbox) {}

  void add(const Subscription& subscription, Handler handler);
  void remove(std::string_view consumer);

  /// Handle every event of a DELIVER in one transaction. Nothing when nobody is subscribed any more.
  std::optional<Handled> run(const DeliverWork& work);
  void run(const FenceWork& work);
  std::vector<Error> take_troubles() { return std::exchange(troubles_, {}); }

 private:
  struct Consumer {
    Handler handler;
    bool deduplicate = false;
    SessionEpoch epoch;  // of the gate
    SubjectGate gate;
  };
  /// What became of one event; nothing: it was held back, the hub sends it again.
  using Outcome = std::optional<Verdict>;
  Result<std::vector<Outcome>> handle_all(Consumer& consumer, const DeliverWork& work, const wire::Deliver& deliver);
  Outcome handle(Consumer& consumer, const DeliverWork& work, const wire::Deliver& deliver,
                 const schema::EventView& event);
  static std::vector<Outcome> put_off_all(Consumer& consumer, const wire::Deliver& deliver);
  Verdict call(Consumer& consumer, const Delivery& delivery);

  Inbox& inbox_;
  std::map<std::string, Consumer, std::less<>> consumers_;
  std::uint32_t last_fence_ = 0;
  std::vector<Error> troubles_;
};

}  // namespace iro::client

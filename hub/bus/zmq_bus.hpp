// hub/bus/zmq_bus.hpp: the Bus of bus.hpp, on ZeroMQ.
//
// open_bus() binds and proves in the caller's thread, before anybody can be
// served; then the sockets belong to the bus thread until the bus is destroyed.
// A round of that thread: wait, answer ZAP, send what the core ordered and what
// waited, read at most 256 frames, hand them in.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "hub/bus/access.hpp"
#include "hub/bus/connections.hpp"
#include "hub/bus/exchange.hpp"
#include "hub/bus/ipc_path.hpp"

namespace iro::bus {

inline constexpr std::size_t frames_per_round = 256;    // so that sends and ZAP never wait for long
inline constexpr std::size_t backlog_bytes = 8U << 20;  // a connection this far behind is given up: the log resends
inline constexpr std::int64_t silent_ms = 60'000;       // twice the lease: no session lives on such a connection

/// Bus::open with the lock's halves given. Only tests give other than the defaults.
Result<std::unique_ptr<Bus>> open_bus(const BusOptions& options, const AccessControl& access);

class ZmqBus final : public Bus {
 public:
  /// What open_bus() has made, proven and hands over.
  struct Parts {
    std::unique_ptr<zmq::context_t> context;
    ZapHandler zap;
    std::vector<Door> doors;
    std::vector<IpcPath> paths;
  };
  ZmqBus(Parts parts, std::size_t queue_bytes);
  ~ZmqBus() override;

  void set_keys(std::vector<EnrolledKey> keys) override { exchange_.set_keys(KeyTable(keys)); }
  std::vector<InFrame> receive() override { return exchange_.receive(); }
  [[nodiscard]] int ready_fd() const override { return exchange_.core_fd(); }
  [[nodiscard]] bool congested() const override { return exchange_.congested(); }
  void send(std::vector<OutFrame> frames) override { exchange_.send(std::move(frames)); }
  std::vector<ConnectionNo> take_gone() override { return exchange_.take_gone(); }
  [[nodiscard]] Counters counters() const override;
  [[nodiscard]] std::vector<std::string> endpoints() const override { return endpoints_; }

 private:
  void run();
  void wait(bool reading);
  void apply_keys(const std::shared_ptr<const KeyTable>& keys);
  void answer_zap();
  void read_round();
  bool read_one(std::size_t door);
  Connection* sender_of(std::size_t door, const zmq::message_t& routing_id, zmq::message_t& body);
  void send_all(std::vector<OutFrame> frames);
  enum class Sent { yes, full, gone };
  Sent try_send(const Connection& to, Bytes& bytes);
  void keep_for_later(Connection& to, Bytes bytes);
  void retry_stalled();
  void give_up(ConnectionNo number);
  void forget_silent();

  Parts parts_;
  std::vector<std::string> endpoints_;
  Exchange exchange_;

  // Of the bus thread alone.
  Connections connections_;
  std::shared_ptr<const KeyTable> keys_;
  std::vector<InFrame> batch_;
  std::vector<ConnectionNo> gone_;
  std::vector<ConnectionNo> stalled_;  // those with a backlog
  std::size_t first_door_ = 0;         // where the next round starts reading
  Ticks now_;
  Ticks next_sweep_;

  struct Tally {
    std::atomic<std::uint64_t> frames_in = 0, frames_out = 0, bytes_in = 0, bytes_out = 0, refused = 0, dropped = 0;
  };
  Tally tally_;
  std::thread thread_;
};

}  // namespace iro::bus

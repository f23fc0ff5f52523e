// tests/unit/bus/bus_fixture.hpp: a hub's bus and clients of it, in one process, for tests.
//
// Every wait is for a condition and has a deadline; none hopes.
#pragma once

#include <poll.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "hub/base/z85.hpp"
#include "hub/bus/bus.hpp"
#include "tests/catch.hpp"
#include "tests/support/temp_folder.hpp"

namespace iro::bus {

using test::TempFolder;

inline constexpr std::chrono::seconds patience{20};  // far more than anything here takes on a loaded machine

struct Keys {
  std::string public_key;
  std::string secret_key;
};
inline Keys make_keys() {
  std::array<char, 41> pub{};
  std::array<char, 41> sec{};
  REQUIRE(zmq_curve_keypair(pub.data(), sec.data()) == 0);
  return {pub.data(), sec.data()};
}

inline Bus::EnrolledKey enrol(const Keys& keys, std::uint32_t member, std::uint32_t key) {
  return {z85_decode_key(keys.public_key).value(), {MemberNo(member), KeyNo(key)}};
}

/// The core's end of the bus: what has come in, and waiting for more of it.
class Hub {
 public:
  explicit Hub(std::unique_ptr<Bus> bus) : bus_(std::move(bus)) {}
  Bus* operator->() { return bus_.get(); }
  [[nodiscard]] const std::vector<InFrame>& frames() const { return frames_; }
  [[nodiscard]] const std::vector<ConnectionNo>& gone() const { return gone_; }

  void collect() {
    for (InFrame& frame : bus_->receive()) frames_.push_back(std::move(frame));
    for (const ConnectionNo no : bus_->take_gone()) gone_.push_back(no);
  }
  /// Collect until `enough`; false when our patience ends first.
  bool wait(const std::function<bool()>& enough) {
    const auto until = std::chrono::steady_clock::now() + patience;
    for (;;) {
      collect();
      if (enough()) return true;
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      if (left.count() <= 0) return false;
      pollfd ready{bus_->ready_fd(), POLLIN, 0};
      // Some conditions (counters, congestion) are not announced on the fd: look every few milliseconds.
      ::poll(&ready, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 5)));
    }
  }
  bool wait_frames(std::size_t n) {
    return wait([&] { return frames_.size() >= n; });
  }

 private:
  std::unique_ptr<Bus> bus_;
  std::vector<InFrame> frames_;
  std::vector<ConnectionNo> gone_;
};

/// One member's DEALER with a monitor that remembers how handshakes ended.
class TestClient {
 public:
  TestClient(zmq::context_t& context, const std::string& endpoint, const std::string& hub_key, const Keys& keys,
             const std::string& chosen_id = "");
  ~TestClient();
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  void send(std::string_view text) { socket_.send(zmq::buffer(text)); }
  /// The next message, or nothing within our patience (or `within`).
  std::optional<std::string> receive(std::chrono::milliseconds within = patience);
  enum class Handshake { succeeded, refused, none };
  /// How the next handshake ends.
  Handshake handshake();
  zmq::socket_t& socket() { return socket_; }

 private:
  zmq::socket_t socket_;
  zmq::socket_t monitor_;
};

/// A bus on a free loopback port, and what a client needs.
class Loopback {
 public:
  explicit Loopback(std::size_t queue_bytes = 64U << 20) : hub_(open(queue_bytes)) {
    clients_.set(zmq::ctxopt::blocky, false);
    endpoint_ = hub_->endpoints().front();
  }
  Hub& hub() { return hub_; }
  std::unique_ptr<TestClient> client(const Keys& keys, const std::string& chosen_id = "") {
    return std::make_unique<TestClient>(clients_, endpoint_, hub_keys_.public_key, keys, chosen_id);
  }

 private:
  std::unique_ptr<Bus> open(std::size_t queue_bytes) {
    auto bus = Bus::open({{"tcp://127.0.0.1:*"}, hub_keys_.public_key, hub_keys_.secret_key, queue_bytes});
    if (!bus) FAIL(bus.error().text());
    return std::move(*bus);
  }
  Keys hub_keys_ = make_keys();
  zmq::context_t clients_;
  Hub hub_;
  std::string endpoint_;
};

}  // namespace iro::bus

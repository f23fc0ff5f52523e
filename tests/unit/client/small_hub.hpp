// tests/unit/client/small_hub.hpp: the other end of real sockets: a Bus, and just
// enough of a hub behind it. It keeps what was published (in memory, beyond its own
// restarts), delivers it to every consumer, and answers views by their name.
#pragma once

#include <poll.h>

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "adapters/client/client.hpp"
#include "hub/base/z85.hpp"
#include "hub/bus/bus.hpp"
#include "tests/unit/client/client_fixture.hpp"

namespace iro::client {

class SmallHub {
 public:
  SmallHub() : keys_(make_curve_keys()) { start("tcp://127.0.0.1:*"); }
  ~SmallHub() { stop(); }

  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    bus_.reset();
  }
  void restart() { start(endpoint_); }
  /// A key file for a new member, who is enrolled unless said otherwise.
  KeyFile member(const std::string& slug, bool enrolled = true) {
    const auto [pub, sec] = make_curve_keys();
    const std::scoped_lock lock(mutex_);
    const auto number = static_cast<std::uint32_t>(enrolled_.size() + 1);
    if (enrolled) enrolled_.push_back({z85_decode_key(pub).value(), {MemberNo(number), KeyNo(number)}});
    bus_->set_keys(enrolled_);
    return {endpoint_, keys_.first, slug, "urn:nld:oin:00000099000000001000:systeem:" + slug, pub, sec};
  }
  [[nodiscard]] std::vector<EventId> log() {
    const std::scoped_lock lock(mutex_);
    std::vector<EventId> ids;
    for (const schema::Event& event : log_) ids.push_back(event.id);
    return ids;
  }
  [[nodiscard]] std::size_t log_size() {
    const std::scoped_lock lock(mutex_);
    return log_.size();
  }
  [[nodiscard]] std::size_t producers() {
    const std::scoped_lock lock(mutex_);
    return producers_.size();
  }
  /// How many DELIVERs every consumer gets of all there is.
  std::atomic<int> repeats = 1;

 private:
  struct Producer {
    ProducerSeq last;
    Hash hash{};
  };
  struct Session {
    SessionEpoch epoch;
    ProducerId producer;
    std::map<ConsumerNo, std::size_t> next;  // into log_, and the session numbers
  };

  void start(const std::string& endpoint) {
    stopping_ = false;
    auto bus = bus::Bus::open({{endpoint}, keys_.first, keys_.second});
    if (!bus) FAIL(bus.error().text());
    bus_ = std::move(*bus);
    endpoint_ = bus_->endpoints().front();
    bus_->set_keys(enrolled_);
    thread_ = std::thread([this] { run(); });
  }
  void run() {
    while (!stopping_) {
      pollfd ready{bus_->ready_fd(), POLLIN, 0};
      ::poll(&ready, 1, 20);
      const std::scoped_lock lock(mutex_);
      for (const bus::InFrame& frame : bus_->receive()) on_frame(frame);
      for (const ConnectionNo gone : bus_->take_gone()) sessions_.erase(gone);
      for (auto& [connection, session] : sessions_) deliver(connection, session);
      bus_->send(std::exchange(out_, {}));
    }
  }
  void say(ConnectionNo to, SessionEpoch epoch, const wire::Body& body) {
    out_.push_back({to, wire::encode(epoch, body)});
  }
  void on_frame(const bus::InFrame& frame) {
    const auto message = wire::decode(frame.bytes);
    if (!message) return;
    const ConnectionNo from = frame.connection;
    if (const auto* hello = std::get_if<wire::Hello>(&message->body)) return on_hello(from, *hello);
    const auto at = sessions_.find(from);
    if (at == sessions_.end() || at->second.epoch != message->epoch) {
      return say(from, message->epoch, wire::ErrorMessage{Errc::session_stale, "", 0});
    }
    Session& session = at->second;
    if (const auto* pub = std::get_if<wire::Pub>(&message->body)) on_pub(from, session, *pub);
    if (const auto* sub = std::get_if<wire::Sub>(&message->body)) on_sub(from, session, *sub);
    if (const auto* ping = std::get_if<wire::Ping>(&message->body)) say(from, session.epoch, wire::Pong{ping->n});
    if (const auto* query = std::get_if<wire::Query>(&message->body)) on_query(from, session, *query);
  }
  void on_hello(ConnectionNo from, const wire::Hello& hello) {
    Session session;
    session.epoch = SessionEpoch(++last_epoch_);
    session.producer = hello.producer;
    wire::Welcome welcome;
    welcome.epoch = session.epoch;
    welcome.hub = "small";
    welcome.lease_ms = 30'000;
    if (const auto at = producers_.find(hello.producer); at != producers_.end()) {
      welcome.producer_last_sequence = at->second.last;
      welcome.producer_last_hash = at->second.hash;
    }
    sessions_[from] = session;
    say(from, session.epoch, welcome);
  }
  void on_pub(ConnectionNo from, const Session& session, const wire::Pub& pub) {
    Producer& producer = producers_[session.producer];
    wire::PubAck ack;
    ProducerSeq n = pub.first_sequence;
    if (n > producer.last.next()) {
      ack.refused_from = producer.last.next();
      ack.refused_code = Errc::sequence_gap;
    } else {
      for (const schema::EventView& event : pub.events) {
        if (n > producer.last) take(producer, n, event, ack);
        n = n.next();
      }
    }
    ack.up_to = producer.last;
    ack.receipt = wire::Receipt{LogEpoch(1), {{static_cast<std::uint8_t>(log_.size())}}, {}, {}};
    say(from, session.epoch, ack);
  }
  void take(Producer& producer, ProducerSeq n, const schema::EventView& event, wire::PubAck& ack) {
    producer.last = n;
    producer.hash = schema::event_hash(event.id, event.payload);
    if (event.subject == "refuse me") {
      ack.exceptions.push_back({n, Errc::rejected_by_rule, "it asked for it"});
    } else {
      log_.push_back(schema::own(event));
    }
  }
  void on_sub(ConnectionNo from, Session& session, const wire::Sub& sub) {
    if (sub.filter == "bad") {
      return say(from, session.epoch, wire::ErrorMessage{Errc::filter_invalid, "no filter", sub.request});
    }
    const ConsumerNo number(++last_consumer_);
    session.next[number] = 0;
    say(from, session.epoch, wire::Subscribed{sub.request, number, {}});
  }
  void on_query(ConnectionNo from, const Session& session, const wire::Query& query) {
    if (query.view == "silence") return;
    say(from, session.epoch, wire::Answer{query.id, 0, false, Errc::ok, "", "[\"" + query.view + "\"]"});
    say(from, session.epoch, wire::Answer{query.id, 1, true, Errc::ok, "", "[]"});
  }
  void deliver(ConnectionNo to, Session& session) {
    for (auto& [consumer, next] : session.next) {
      const std::size_t all = log_.size() * static_cast<std::size_t>(repeats);
      while (next < all) {
        wire::Deliver deliver{consumer, next + 1, static_cast<std::uint16_t>(next / log_.size() + 1), {}, {}};
        for (; next < all && deliver.events.size() < 100; ++next) {
          deliver.events.push_back(schema::view_of(log_[next % log_.size()]));
        }
        say(to, session.epoch, deliver);
      }
    }
  }

  std::pair<std::string, std::string> keys_;
  std::string endpoint_;
  std::unique_ptr<bus::Bus> bus_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;

  std::mutex mutex_;
  std::vector<bus::Bus::EnrolledKey> enrolled_;
  std::map<ConnectionNo, Session> sessions_;
  std::map<ProducerId, Producer> producers_;
  std::vector<schema::Event> log_;
  std::uint64_t last_epoch_ = 0;
  std::uint32_t last_consumer_ = 0;
  std::vector<bus::OutFrame> out_;
};

}  // namespace iro::client

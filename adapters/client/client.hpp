// adapters/client/client.hpp: the C++ client of an IRO hub.
//
// A Client is one member's connection under one client name. What publish()
// has accepted is on the client's own disk (the outbox) and reaches the hub in
// order, once, also through crashes of either side. What a handler of
// subscribe() has done inside its transaction (the inbox) is done exactly once.
//
// Threads: a Runtime owns one ZeroMQ context and one thread that does the
// network of all its clients. Every function here may be called from any
// thread. Handlers run on the Runtime's worker thread, one event at a time per
// client; they may publish, and must not wait for the hub.
// Ownership: a Client holds its Runtime alive; destroying a Client says goodbye
// and waits for its handlers to return.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hub/base/error.hpp"
#include "hub/schema/event.hpp"
#include "hub/schema/frames.hpp"

namespace SQLite {
class Database;
}

namespace iro::client {

/// A member's key file (TOML, mode 0600), as `iro join` writes it: [hub] endpoint, public_key;
/// [member] slug, source, public_key, secret_key, and the sealing and signing keys (member_keys.hpp). Keys are in Z85.
struct KeyFile {
  std::string endpoint;
  std::string hub_public_key;  // 40 characters of Z85
  std::string member;          // slug
  std::string source;          // "urn:nld:oin:<20>:systeem:<name>"
  std::string public_key;
  std::string secret_key;
  bool readable_by_others = false;  // set by load(): the program should tell its user to `chmod 600` the file
  // X25519 and Ed25519 (its seed); "" in the file of a member that has none.
  std::string sealing_public{};
  std::string sealing_secret{};
  std::string signing_public{};
  std::string signing_secret{};
  std::vector<std::string> earlier_sealing{};  // secret halves of before: they open what was sealed to them
  static Result<KeyFile> load(const std::filesystem::path& path);
  /// Written atomically with mode 0600; Errc::exists when there is a file already.
  [[nodiscard]] Status save(const std::filesystem::path& path) const;
  /// The same, over the file that is there.
  [[nodiscard]] Status replace(const std::filesystem::path& path) const;
};
/// A fresh CURVE key pair: public, secret (Z85).
std::pair<std::string, std::string> make_curve_keys();

class Runtime;
std::shared_ptr<Runtime> make_runtime();

struct Options {
  KeyFile keys;
  std::string client_name = "client";     // one session under each name
  std::filesystem::path data_folder;      // outbox.db, inbox.db; empty: publishes nothing, ephemeral consumers only
  std::size_t outbox_events = 1'000'000;  // then publish() fails with outbox_full
  std::shared_ptr<Runtime> runtime;       // none: the client makes its own
  // What no caller waits for: a refused session, a consumer that pauses, a disk that is full. Called on the
  // Runtime's threads; it must not call the client.
  std::function<void(const Error&)> on_trouble;
};

struct PublishStats {
  std::uint64_t accepted = 0;  // acknowledged by the hub
  std::uint64_t refused = 0;   // permanently; kept in the outbox's table `refused`
  std::uint64_t waiting = 0;   // in the outbox
  std::uint64_t held = 0;      // of the accepted ones: on the hub's disk, and given to nobody yet
};
struct RefusedEvent {
  EventId id;
  std::string type;
  Errc code = Errc::ok;
  std::string reason;
};

/// The hub has it on disk and gives it to nobody yet: a gate is shut (`reason` is its name, such as "consent"), or a
/// rule holds it (its reason). What becomes of it comes as an event: it is delivered, or hub.held-refused says why not.
struct HeldEvent {
  EventId id;
  std::string type;
  std::string reason;
};

/// A transaction on the outbox's file: events and the adapter's own notes become
/// durable together, or not at all. Commit by returning success from the body.
class OutboxTransaction {
 public:
  virtual ~OutboxTransaction() = default;
  /// An unset id becomes a UUIDv7, an unset time now, an unset source the key file's.
  virtual Result<EventId> publish(schema::Event event) = 0;
  /// A small key-value store for adapters: `space` keeps them apart.
  virtual void put(std::string_view space, std::string_view key, std::string_view value) = 0;
  virtual void erase(std::string_view space, std::string_view key) = 0;
  [[nodiscard]] virtual std::optional<std::string> get(std::string_view space, std::string_view key) = 0;
};

/// One delivered event, inside the inbox's open transaction.
struct Delivery {
  const schema::EventView& event;
  std::string_view consumer;
  std::uint32_t attempt = 1;
  bool replayed = false;    // attempt > 1, or seen before a restart but not committed
  SQLite::Database& inbox;  // write here, and it is done exactly once with the event
};
/// What a handler decides. `later` is a polite wish; `failed` is counted.
struct Verdict {
  enum class Kind { done, later, failed, park } kind = Kind::done;
  std::uint32_t delay_ms = 0;
  std::string reason;
  static Verdict done() { return {}; }
  static Verdict later(std::uint32_t ms) { return {Kind::later, ms, ""}; }
  static Verdict failed(std::string why, std::uint32_t ms = 0) { return {Kind::failed, ms, std::move(why)}; }
  static Verdict park(std::string why) { return {Kind::park, 0, std::move(why)}; }
};
using Handler = std::function<Verdict(const Delivery&)>;

struct Subscription {
  std::string consumer;
  std::string filter;  // JSON; "" = all that the member may know
  wire::From from = wire::From::cursor;
  Token token;
  TimeMs time;
  EventId event;
  std::uint32_t credit_events = 0;
  std::uint32_t credit_bytes = 0;
  bool ephemeral = false;
  bool deduplicate = true;  // through inbox.db; needs a data folder
};

class Client {
 public:
  /// Opens outbox and inbox (creating them), connects in the background and
  /// returns at once: a hub that is down is no error. Fails with `locked` when
  /// another process has the data folder open.
  static Result<std::unique_ptr<Client>> open(Options options);
  virtual ~Client() = default;

  /// Durable when it returns. One fsync per call: give many events at once.
  virtual Result<std::vector<EventId>> publish(std::span<const schema::Event> events) = 0;
  virtual Status transaction(const std::function<Status(OutboxTransaction&)>& body) = 0;
  /// Until everything published so far is decided by the hub, or Errc::timeout.
  virtual Status flush(std::chrono::milliseconds timeout) = 0;
  [[nodiscard]] virtual PublishStats publish_stats() const = 0;
  /// The permanent refusals since `open`, oldest first, taken out of memory.
  virtual std::vector<RefusedEvent> take_refused() = 0;
  /// The same of those that are held.
  virtual std::vector<HeldEvent> take_held() = 0;

  /// Handlers are called until the subscription's client goes. Survives reconnects. With a session it
  /// waits for the hub's answer and gives its refusal (filter_invalid, ...); without one it returns at
  /// once, and a later refusal goes to on_trouble.
  virtual Status subscribe(Subscription subscription, Handler handler) = 0;
  virtual Status unsubscribe(std::string_view consumer) = 0;

  /// All pages of a view, joined: each page is a JSON array or object.
  virtual Result<std::vector<std::string>> query(std::string_view view, std::string_view args_json,
                                                 std::chrono::milliseconds timeout) = 0;
  virtual Result<std::string> control(std::string_view command, std::string_view args_json,
                                      std::chrono::milliseconds timeout) = 0;

  /// Wait for the first WELCOME (or the refusal that came instead).
  virtual Status connected(std::chrono::milliseconds timeout) = 0;
  [[nodiscard]] virtual std::optional<wire::Welcome> session() const = 0;
  /// The last receipt on disk here.
  [[nodiscard]] virtual std::optional<wire::Receipt> last_receipt() const = 0;
};

}  // namespace iro::client

// Opening and closing a client, and its functions as its user calls them.
#include "adapters/client/client_impl.hpp"

#include <fmt/format.h>

#include <array>

#include "hub/base/assert.hpp"
#include "hub/base/crypto.hpp"
#include "hub/base/limits.hpp"

namespace iro::client {
namespace {

constexpr const char* software = "iro-client-cpp 0.1";
// The session ends every question; this only bounds the wait for the session itself.
constexpr std::chrono::seconds grace{10};

/// Different in each process, so that the hub knows a reconnect from a second program.
std::uint64_t random_start_number() {
  std::array<std::uint8_t, 8> bytes{};
  random_bytes(bytes);
  return (ByteReader(bytes).u64() >> 2) + 1;
}

Error no_outbox() { return {Errc::invalid_argument, "a client without a data folder publishes nothing"}; }

Status check_options(const Options& options) {
  if (options.client_name.empty() || options.client_name.size() > limits::attribute_bytes) {
    return fail(Errc::invalid_argument, "the client's name has 1 to 255 bytes");
  }
  return {};
}

Result<ClientImpl::Parts> open_parts(const Options& options) {
  ClientImpl::Parts parts;
  parts.clock = std::make_unique<SystemClock>();
  if (!options.data_folder.empty()) {
    auto lock = take_folder(options.data_folder);
    if (!lock) return fail(lock.error());
    parts.lock.emplace(std::move(*lock));
    auto outbox = Outbox::open({options.data_folder, options.keys.source, options.outbox_events}, *parts.clock);
    if (!outbox) return fail(outbox.error());
    parts.outbox = std::move(*outbox);
  }
  auto inbox = Inbox::open(options.data_folder);
  if (!inbox) return fail(inbox.error());
  parts.inbox = std::move(*inbox);
  return parts;
}

}  // namespace

Result<std::unique_ptr<Client>> Client::open(Options options) {
  IRO_TRY(check_options(options), "open client");
  auto parts = open_parts(options);
  if (!parts) return fail(parts.error().within("open client"));
  auto client = std::make_unique<ClientImpl>(std::move(options), std::move(*parts));
  IRO_TRY(client->connect(), "open client");
  return client;
}

ClientImpl::ClientImpl(Options options, Parts parts)
    : options_(std::move(options)),
      runtime_(options_.runtime ? options_.runtime : make_runtime()),
      parts_(std::move(parts)),
      runner_(*parts_.inbox),
      network_(runtime_->context(), options_.keys, {options_.client_name, software, random_start_number()},
               parts_.outbox.get(), exits()) {}

Status ClientImpl::connect() {
  Status opened;
  runtime_->on_network_and_wait([&] {
    opened = network_.open();
    if (opened) runtime_->add(network_);
  });
  if (!opened) return opened;
  if (parts_.outbox) {
    parts_.outbox->on_added([this] { with_session([](ClientSession& session, Ticks now) { session.pump(now); }); });
  }
  return {};
}

ClientImpl::~ClientImpl() {
  IRO_ASSERT(!runtime_->on_own_thread(), "a client is not destroyed from within a handler");
  runtime_->on_network_and_wait([this] { network_.stop_work(); });
  runtime_->on_worker_and_wait([] {});  // the handlers have returned, and what they did is on its way
  const std::vector<std::string> consumers(consumers_.begin(), consumers_.end());
  runtime_->on_network_and_wait([&] {
    network_.say_goodbye(consumers, ticks_now());
    runtime_->remove(network_);
  });
  runtime_->on_worker_and_wait([this] { save(); });
}

NetworkClient::Exits ClientImpl::exits() {
  return {[this](Work w) {
            runtime_->on_worker([this, w = std::make_shared<Work>(std::move(w))] { work(std::move(*w)); });
          },
          [this](Answered answered) { waiting_.call(std::move(answered)); },
          [this](const Error& error) { trouble(error); },
          [this](const ClientSession& session) { waiting_.show(session); },
          [this] { runtime_->on_worker([this] { save(); }); }};
}

void ClientImpl::trouble(const Error& error) {
  if (options_.on_trouble) options_.on_trouble(error);
}

/// On the worker thread.
void ClientImpl::work(Work work) {
  const SessionEpoch now = waiting_.epoch();
  if (const auto* fence = std::get_if<FenceWork>(&work)) return runner_.run(*fence);
  const auto& deliver = std::get<DeliverWork>(work);
  if (deliver.epoch != now) return;  // the session has ended: the hub sends them again
  auto handled = runner_.run(deliver);
  for (const Error& error : runner_.take_troubles()) trouble(error);
  if (!handled) return;
  with_session([h = std::move(*handled)](ClientSession& session, Ticks ticks) { session.on_handled(h, ticks); });
}

/// On the worker thread: an fsync.
void ClientImpl::save() {
  if (!parts_.outbox || !parts_.outbox->unsaved()) return;
  const Status saved = parts_.outbox->save();
  if (!saved && !save_failed_) trouble(saved.error());
  save_failed_ = !saved.has_value();
}

void ClientImpl::with_session(std::function<void(ClientSession&, Ticks)> action) {
  runtime_->on_network([this, action = std::move(action)] {
    action(network_.session(), ticks_now());
    network_.act();
  });
}

Result<std::vector<EventId>> ClientImpl::publish(std::span<const schema::Event> events) {
  if (!parts_.outbox) return fail(no_outbox());
  return parts_.outbox->append(events);
}

Status ClientImpl::transaction(const std::function<Status(OutboxTransaction&)>& body) {
  if (!parts_.outbox) return fail(no_outbox());
  return parts_.outbox->transaction(body);
}

Status ClientImpl::flush(std::chrono::milliseconds timeout) {
  if (!parts_.outbox || parts_.outbox->wait_decided(timeout)) return {};
  return fail(Errc::timeout, fmt::format("{} events still wait for the hub", publish_stats().waiting));
}

PublishStats ClientImpl::publish_stats() const { return parts_.outbox ? parts_.outbox->stats() : PublishStats(); }

std::vector<RefusedEvent> ClientImpl::take_refused() {
  return parts_.outbox ? parts_.outbox->take_refused() : std::vector<RefusedEvent>();
}

std::vector<HeldEvent> ClientImpl::take_held() {
  return parts_.outbox ? parts_.outbox->take_held() : std::vector<HeldEvent>();
}

std::optional<wire::Receipt> ClientImpl::last_receipt() const {
  return parts_.outbox ? parts_.outbox->last_receipt() : std::nullopt;
}

Status ClientImpl::check(const Subscription& subscription) const {
  if (!valid_consumer_name(subscription.consumer)) {
    return fail(Errc::invalid_argument, "a consumer's name has 1 to 64 of a-z, 0-9, '.', '_' and '-'");
  }
  if (!subscription.ephemeral && options_.data_folder.empty()) {
    return fail(Errc::invalid_argument, "a client without a data folder has ephemeral consumers only");
  }
  return {};
}

Status ClientImpl::subscribe(Subscription subscription, Handler handler) {
  IRO_TRY(check(subscription), "subscribe");
  const std::string name = subscription.consumer;
  {
    const std::scoped_lock lock(consumers_mutex_);
    if (!consumers_.insert(name).second) return fail(Errc::exists, name + ": this client is subscribed to it already");
  }
  runtime_->on_worker([this, subscription, handler = std::move(handler)] { runner_.add(subscription, handler); });
  auto seat = waiting_.take_seat();
  with_session([subscription, ticket = seat.ticket](ClientSession& session, Ticks now) {
    session.subscribe(subscription, ticket, now);
  });
  if (runtime_->on_own_thread()) return {};  // a handler does not wait for the hub
  const auto answer = seat.pages.get();
  if (answer) return {};
  const std::scoped_lock lock(consumers_mutex_);
  consumers_.erase(name);
  return fail(answer.error());
}

Status ClientImpl::unsubscribe(std::string_view consumer) {
  const std::string name(consumer);
  {
    const std::scoped_lock lock(consumers_mutex_);
    if (consumers_.erase(name) == 0) return fail(Errc::not_found, name + ": this client is not subscribed to it");
  }
  with_session([name](ClientSession& session, Ticks now) { session.unsubscribe(name, now); });
  runtime_->on_worker([this, name] { runner_.remove(name); });
  return {};
}

Result<std::vector<std::string>> ClientImpl::ask(const Questions::Body& body, std::chrono::milliseconds timeout) {
  auto seat = waiting_.take_seat();
  with_session([=, ticket = seat.ticket](ClientSession& session, Ticks now) {
    session.ask(ticket, body, now.plus(timeout.count()), now);
  });
  if (seat.pages.wait_for(timeout + grace) != std::future_status::ready) {
    return fail(Errc::timeout, "no answer in time");
  }
  return seat.pages.get();
}

Result<std::vector<std::string>> ClientImpl::query(std::string_view view, std::string_view args_json,
                                                   std::chrono::milliseconds timeout) {
  return ask(wire::Query{0, std::string(view), std::string(args_json), {}}, timeout);
}

Result<std::string> ClientImpl::control(std::string_view command, std::string_view args_json,
                                        std::chrono::milliseconds timeout) {
  auto pages = ask(wire::Control{0, std::string(command), std::string(args_json)}, timeout);
  if (!pages) return fail(pages.error());
  std::string joined;
  for (const std::string& page : *pages) joined += page;
  return joined;
}

}  // namespace iro::client

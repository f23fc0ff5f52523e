#include "plugins/scenario/harness.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "hub/base/assert.hpp"
#include "hub/base/z85.hpp"
#include "plugins/scenario/enrolment.hpp"

namespace iro::scenario {
namespace {

/// A CURVE key that nobody has the secret of; it differs for each name.
std::string fake_key(const std::string& name) { return z85_encode_key(sha256(as_bytes(name))); }

}  // namespace

const schema::Registry& registry() {
  static const schema::Registry loaded = [] {
    auto r = schema::Registry::builtin();
    IRO_ASSERT(r.has_value(), r ? "" : r.error().message.c_str());
    return std::move(*r);
  }();
  return loaded;
}

Harness::Harness(HarnessOptions options)
    : log(std::make_unique<log::MemoryLog>(options.log_id)),
      keys(options.keys != nullptr ? *options.keys : memory_keys),
      clock(options.start),
      options_(std::move(options)) {
  if (options_.types == nullptr) options_.types = &registry();
  restart();
}

void Harness::restart() {
  core.reset();
  reader_ = log->reader();
  clients.clear();
  late_calls.clear();
  for (PluginProcess* process : options_.processes) process->restart();
  core::Config config;
  config.hub_oin = "00000099000000000000";
  config.plugins = options_.plugins;
  config.guard_clock = options_.guard_clock;
  auto snapshot = log->load();
  IRO_ASSERT(snapshot.has_value(), "the memory log loads");
  const log::Snapshot as_loaded = *snapshot;
  auto made = core::Core::create(types(), keys, config, std::move(*snapshot), clock.now());
  IRO_ASSERT(made.has_value(), made ? "" : made.error().message.c_str());
  core = std::move(*made);
  if (options_.views) start_views(as_loaded, config.token_key);
}

void Harness::start_views(const log::Snapshot& snapshot, const std::array<std::uint8_t, 32>& token_key) {
  desk = std::make_unique<views::Views>(
      views::Views::Parts{log->reader(), types(), &keys, views::Catalogue(snapshot.atoms, snapshot.sets), std::nullopt,
                          core->membership(), snapshot.next_seq, TokenSealer(token_key), snapshot.log_epoch});
}

/// As irod does: when the core has taken a commit in, so that the membership fits.
void Harness::tell_views() {
  for (auto& commit : std::exchange(to_tell_, {})) {
    const Status told = desk->committed(commit->chunk, commit->definitions, core->membership());
    IRO_ASSERT(told.has_value(), "what was committed can be read");
  }
}

void Harness::find(const core::FindPosition& find, std::vector<core::Input>& next) {
  if (const auto* time = std::get_if<TimeMs>(&find.of)) {
    next.emplace_back(core::PositionFound{find.read, reader_->position_at(*time)});
  } else if (desk) {
    next.emplace_back(
        core::PositionFound{find.read, desk->position_after(std::get<EventId>(find.of), find.member, find.released)});
  } else {
    next.emplace_back(core::PositionFound{find.read, fail(Errc::not_found, "no index here")});
  }
}

void Harness::run_view(const core::RunView& view, std::vector<core::Input>& next) {
  if (!desk) return;
  wire::Answer answer;
  answer.id = view.id;
  auto pages = desk->run(view.view, view.args, view.member, view.deliveries.get(), view.person_keys);
  if (auto seen = desk->take_seen(); !seen.empty()) next.emplace_back(core::accessed(view, std::move(seen)));
  if (!pages) {
    answer.code = pages.error().code;
    answer.reason = pages.error().message;
  } else {
    for (const auto& page : *pages) answer.body += answer.body.empty() ? page : "\n" + page;
  }
  answer.last = true;
  receive({view.to, wire::encode(view.epoch, answer)});
}

wire::Answer Harness::ask(Client& c, const std::string& view, const std::string& args) {
  wire::Query query;
  query.id = static_cast<std::uint32_t>(c.answers.size() + 1);
  query.view = view;
  query.args = args;
  const std::size_t before = c.answers.size();
  send(c, query);
  IRO_ASSERT(c.answers.size() == before + 1, "a question has one answer");
  return c.answers.back();
}

void Harness::step(core::Input input) {
  core::Actions actions;
  core->step(std::move(input), clock.now(), actions);
  tell_views();
  perform(std::move(actions));
  // As irod does after each 2 ms of waiting.
  while (core->awaits_plugins() && !late_calls.empty() && depth_ == 0) {
    core::Actions more;
    ++impatience;
    core->step(core::OutOfPatience{}, clock.now(), more);
    perform(std::move(more));
  }
}

/// What a plugin of ours would answer; a crash loses what it has not answered yet.
reaction::Result Harness::run_plugin(const reaction::Call& call) {
  reaction::Result result{call.plugin, call.no, {}, reaction::Failure::none, {}};
  const auto crash = [&] {
    result.failure = reaction::Failure::crashed;
    result.why = "SIGSEGV";
  };
  if (moods[call.plugin] == Mood::absent) {
    result.failure = reaction::Failure::start;
    result.why = "no such program";
    return result;
  }
  if (moods[call.plugin] == Mood::crashes) {
    crash();
    return result;
  }
  for (const auto& event : call.events) {
    if (crashes_on && !call.alone && crashes_on(event)) {
      crash();
      break;
    }
    const auto at = plugins.find(call.plugin);
    result.outcomes.push_back(at == plugins.end() ? reaction::Outcome{} : at->second(event));
    result.outcomes.back().item = event.item;
  }
  return result;
}

void Harness::answer_late(std::size_t i) {
  const reaction::Call call = std::move(late_calls.at(i));
  late_calls.erase(late_calls.begin() + static_cast<std::ptrdiff_t>(i));
  step(answered(run_plugin(call)));
  step(core::Flush{});
}

void Harness::read_plugin_state(const core::ReadPluginState& read) {
  auto rows = reaction::merge_state(*log, keys, read.ask, read.changed);
  IRO_ASSERT(rows.has_value(), "state in memory can be read");
  state_answer_ = {read.ask.plugin, read.ask.request, std::move(*rows)};
}

PluginProcess* Harness::real(const std::string& plugin) const {
  const auto at = std::ranges::find(options_.processes, plugin, [](const auto* p) { return p->manifest().spec.id; });
  return at == options_.processes.end() ? nullptr : *at;
}

/// The process asks while its call is being carried out.
PluginProcess::Rows Harness::answer_real(const reaction::StateAsk& ask) {
  ++depth_;
  step(core::PluginAsks{ask});
  --depth_;
  return std::exchange(state_answer_.rows, {});
}

reaction::ViewAnswer Harness::show_plugin(reaction::ViewAsk ask) {
  PluginProcess* process = real(ask.plugin);
  if (process == nullptr) return {ask.plugin, ask.no, fail(Errc::view_unknown, "a scripted plugin has no views")};
  return process->show(std::move(ask), [this](const reaction::StateAsk& state) { return answer_real(state); });
}

core::PluginAnswered Harness::answered(reaction::Result result) const {
  if (options_.answered) options_.answered(result);
  return {std::move(result)};
}

std::map<std::string, std::string> Harness::read_state(const std::string& plugin, const std::string& key, bool prefix) {
  ++depth_;
  step(core::PluginAsks{{plugin, 1, prefix, to_bytes(key)}});
  --depth_;
  std::map<std::string, std::string> out;
  for (const auto& [k, v] : state_answer_.rows) out.emplace(as_text(k), as_text(v));
  return out;
}

core::PluginStateMeasured Harness::measured(const std::string& plugin) {
  auto rows = log->plugin_state(plugin, {}, true);
  if (!rows) return {plugin, fail(rows.error())};
  std::uint64_t bytes = 0;
  for (const auto& row : *rows) bytes += row.key.size() + row.value->size();
  return {plugin, bytes};
}

void Harness::perform(core::Actions actions) {
  std::vector<core::Input> next;
  for (auto& action : actions) carry_out(std::move(action), next);
  for (auto& input : next) step(std::move(input));
}

void Harness::carry_out(core::Action action, std::vector<core::Input>& next) {
  std::visit(
      [&](auto&& a) {
        using T = std::remove_cvref_t<decltype(a)>;
        if constexpr (std::is_same_v<T, core::Send>)
          receive(a);
        else if constexpr (std::is_same_v<T, core::CommitNow>) {
          IRO_ASSERT(keys.flush().has_value(), "keys in memory");
          const Status done = log->commit(*a.commit);
          for (const auto& row : a.commit->tombstones) {
            if (done) IRO_ASSERT(keys.destroy(row.key, "erased", row.at).has_value(), "keys in memory");
          }
          if (done && options_.also) options_.also(*a.commit);
          if (done && options_.views && a.commit->chunk) to_tell_.push_back(a.commit);
          next.emplace_back(core::Committed{done});
        } else if constexpr (std::is_same_v<T, core::ReadChunks>)
          next.emplace_back(core::ChunksRead{a.read, reader_->read(a.from, limits::read_slice_bytes, a.member)});
        else if constexpr (std::is_same_v<T, core::ReadHead>)
          next.emplace_back(core::HeadRead{a.read, reader_->head_at(a.at)});
        else if constexpr (std::is_same_v<T, core::FindPosition>)
          find(a, next);
        else if constexpr (std::is_same_v<T, core::RunView>)
          run_view(a, next);
        else if constexpr (std::is_same_v<T, core::CallPlugin>) {
          calls.emplace_back(a.call.plugin, a.call.events.size());
          if (PluginProcess* process = real(a.call.plugin)) {
            const auto read = [this](const reaction::StateAsk& ask) { return answer_real(ask); };
            next.emplace_back(answered(process->call(std::move(a.call), read)));
          } else if (moods[a.call.plugin] == Mood::late) {
            late_calls.push_back(std::move(a.call));
          } else {
            next.emplace_back(answered(run_plugin(a.call)));
          }
        } else if constexpr (std::is_same_v<T, core::ReadPluginState>)
          read_plugin_state(a);
        else if constexpr (std::is_same_v<T, core::MeasurePluginState>)
          next.emplace_back(measured(a.plugin));
        else if constexpr (std::is_same_v<T, core::ShowPlugin>) {
          next.emplace_back(core::PluginShown{show_plugin(std::move(a.ask))});
        } else if constexpr (std::is_same_v<T, core::RestartPlugin>) {
          std::erase_if(late_calls, [&](const reaction::Call& call) { return call.plugin == a.plugin; });
          if (PluginProcess* process = real(a.plugin)) process->restart();
          restarted.push_back(a.plugin);
        } else if constexpr (std::is_same_v<T, core::Probe>)
          next.emplace_back(core::Probed{log->probe()});
        else if constexpr (std::is_same_v<T, core::Stop>)
          stops.push_back(a);
      },
      std::move(action));
}

void Harness::receive(const core::Send& s) {
  const auto at = clients.find(s.to.value());
  if (at == clients.end()) return;
  Client& c = at->second;
  auto message = wire::decode(s.frame);
  IRO_ASSERT(message.has_value(), "the hub sends frames that decode");
  std::visit(
      [&](auto& body) {
        using T = std::remove_cvref_t<decltype(body)>;
        if constexpr (std::is_same_v<T, wire::Welcome>) {
          c.welcome = body;
          c.epoch = body.epoch;
          c.next_sequence = body.producer_last_sequence.next();
        } else if constexpr (std::is_same_v<T, wire::PubAck>) {
          c.acks.push_back(body);
          if (body.receipt) c.receipt = body.receipt;
        } else if constexpr (std::is_same_v<T, wire::ErrorMessage>)
          c.errors.push_back(body);
        else if constexpr (std::is_same_v<T, wire::Answer>)
          c.answers.push_back(body);
        else if constexpr (std::is_same_v<T, wire::Pong>)
          c.pongs.push_back(body.n);
        else if constexpr (std::is_same_v<T, wire::Subscribed>)
          c.consumers["#" + std::to_string(body.request)] = body.consumer;
        else if constexpr (std::is_same_v<T, wire::Deliver>) {
          for (std::size_t i = 0; i < body.events.size(); ++i)
            c.received.push_back({body.consumer, body.first_number + i, body.attempt, schema::own(body.events[i])});
        }
      },
      message->body);
}

Errc Harness::try_enrol(const std::string& slug, const std::vector<std::string>& roles) {
  return operate("nl.placements.hub.member-enrolled.v1", enrolment_json(types(), slug, roles, fake_key(slug)));
}

MemberNo Harness::enrol(const std::string& slug, const std::vector<std::string>& roles) {
  const Errc code = try_enrol(slug, roles);
  IRO_ASSERT(code == Errc::ok, std::string(info(code).name).c_str());
  return core->membership()->find(slug)->no;
}

Errc Harness::operate(const std::string& type, const std::string& json) {
  const auto found =
      std::ranges::find_if(clients, [](const auto& c) { return c.second.slug == admission::operator_slug; });
  Client& op = found == clients.end() ? connect(std::string(admission::operator_slug), "operator") : found->second;
  const Errc code = publish_one(op, type, json);
  if (code != Errc::timeout) return code;
  return publish_one(connect(std::string(admission::operator_slug), "operator"), type, json);  // its lease was over
}

void Harness::grant(const std::string& slug, const std::string& type, bool publish, const std::string& receive) {
  const Errc code = operate(
      "nl.placements.hub.grant-changed.v1",
      fmt::format(R"({{"member":"{}","type":"{}","publish":{},"receive":"{}"}})", slug, type, publish, receive));
  IRO_ASSERT(code == Errc::ok, std::string(info(code).name).c_str());
}

Client& Harness::connect(const std::string& slug, const std::string& name) {
  const admission::Member* m = core->membership()->find(slug);
  IRO_ASSERT(m != nullptr, "enrol before you connect");
  return connect_as(slug, m->keys.front().no, name);
}

Client& Harness::connect_as(const std::string& slug, KeyNo key, const std::string& name) {
  const admission::Member* m = core->membership()->find(slug);
  const std::uint64_t connection = next_connection_++;
  Client& c = clients[connection];
  c.connection = ConnectionNo(connection);
  c.who = {m->no, key};
  c.slug = slug;
  c.source = m->default_source();
  const Hash id = sha256(as_bytes(slug + "/" + name));
  std::copy(id.begin(), id.begin() + 16, c.producer.b.begin());
  c.start_number = connection;
  hello(c, name);
  return c;
}

void Harness::hello(Client& c, const std::string& name) {
  wire::Hello hello;
  hello.software = "harness";
  hello.client_name = name;
  hello.producer = c.producer;
  hello.start_number = c.start_number;
  hello.last_receipt = c.receipt;
  step(core::Frame{c.connection, c.who, wire::encode(SessionEpoch(), hello)});
}

void Harness::disconnect(Client& c) {
  const ConnectionNo connection = c.connection;
  clients.erase(connection.value());
  step(core::ConnectionGone{connection});
}

schema::Event Harness::make(const Client& c, const std::string& type_name, const std::string& json) {
  const auto* type = types().find_loosely(type_name);
  IRO_ASSERT(type != nullptr, type_name.c_str());
  auto payload = types().from_json(*type, json);
  IRO_ASSERT(payload.has_value(), payload ? "" : payload.error().message.c_str());
  schema::Event e;
  e.id = options_.numbered_ids ? derive_event_id("harness", EventId{}, ++events_)
                               : make_event_id(static_cast<std::uint64_t>(clock.now().value()));
  e.type = type->name;
  e.revision = type->revision;
  e.source = c.source;
  e.time = clock.now();
  e.payload = std::move(*payload);
  return e;
}

std::vector<Errc> Harness::publish(Client& c, const std::vector<schema::Event>& events) {
  wire::Pub pub;
  pub.first_sequence = c.next_sequence;
  for (const auto& e : events) pub.events.push_back(schema::view_of(e));
  const std::size_t before = c.acks.size();
  send(c, pub);
  std::vector<Errc> out(events.size(), Errc::ok);
  if (c.acks.size() == before) return std::vector<Errc>(events.size(), Errc::timeout);
  const wire::PubAck& ack = c.acks.back();
  for (const auto& no : ack.exceptions) out.at(no.sequence.value() - pub.first_sequence.value()) = no.code;
  if (ack.refused_from.value() != 0) {
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (pub.first_sequence.value() + i >= ack.refused_from.value()) out[i] = ack.refused_code;
    }
  }
  c.next_sequence = std::max(c.next_sequence, ack.up_to.next());
  return out;
}

Errc Harness::publish_one(Client& c, const std::string& type, const std::string& json) {
  return publish(c, {make(c, type, json)}).front();
}

void Harness::subscribe(Client& c, const std::string& consumer, const std::string& filter, wire::From from,
                        std::function<void(wire::Sub&)> change) {
  wire::Sub sub;
  sub.consumer = consumer;
  sub.filter = filter;
  sub.from = from;
  sub.request = static_cast<std::uint32_t>(c.consumers.size() + 1);
  if (change) change(sub);
  send(c, sub);
  if (const auto at = c.consumers.find("#" + std::to_string(sub.request)); at != c.consumers.end())
    c.consumers[consumer] = at->second;
}

void Harness::ack(Client& c, const std::string& consumer, std::uint64_t up_to) {
  send(c, wire::Ack{c.consumers.at(consumer), up_to, {}});
}

void Harness::ack_all(Client& c) {
  for (const auto& [name, no] : std::map<std::string, ConsumerNo>(c.consumers)) {
    if (!name.starts_with("#")) send(c, wire::Ack{no, ~std::uint64_t{0}, {}});
  }
}

void Harness::send(Client& c, const wire::Body& body) { send_raw(c, wire::encode(c.epoch, body)); }

void Harness::send_raw(Client& c, Bytes frame) {
  step(core::Frame{c.connection, c.who, std::move(frame)});
  step(core::Flush{});
}

void Harness::advance_ms(std::int64_t ms) {
  // In ticks, as a running hub, so that what comes due on the way is done on the way; weeks in coarser ones than
  // seconds.
  constexpr std::int64_t hour = 3'600'000;
  while (ms > 0) {
    const std::int64_t part = ms > hour ? std::min<std::int64_t>(ms - hour, 60'000) : std::min<std::int64_t>(ms, 1'000);
    clock.advance_ms(part);
    ms -= part;
    step(core::Tick{});
    step(core::Flush{});
  }
}

}  // namespace iro::scenario

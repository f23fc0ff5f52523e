#include "plugins/host/instance.hpp"

#include <fmt/format.h>

#include <cstring>

#include "hub/base/limits.hpp"
#include "hub/schema/json.hpp"
#include "hub/schema/utf8.hpp"
#include "plugins/host/services.hpp"

namespace iro::host {
namespace {

constexpr iro_host host_table{sizeof(iro_host), IRO_ABI_MAJOR, IRO_ABI_MINOR, query_service};

iro_text text_of(std::string_view text) { return {text.data(), text.size()}; }
iro_bytes bytes_of(ByteView bytes) { return {bytes.data(), bytes.size()}; }
iro_id id_of(const EventId& id) {
  iro_id out;
  std::memcpy(out.b, id.b.data(), sizeof out.b);
  return out;
}

iro_event shown(const reaction::child::EventIn& in, TimeMs now) {
  iro_event e{};
  e.size = sizeof e;
  e.kind = static_cast<std::uint32_t>(in.kind);
  e.id = id_of(in.event.id);
  e.correlation = id_of(in.event.correlationid);
  e.causation = id_of(in.event.causationid);
  e.now_ms = now.value();
  e.time_ms = in.event.time.value();
  e.due_ms = in.due.value();
  e.type = text_of(in.event.type);
  e.source = text_of(in.event.source);
  e.subject = text_of(in.event.subject);
  e.sender = text_of(in.sender);
  e.person = text_of(in.person);
  e.payload = bytes_of(in.event.payload);
  e.key = bytes_of(in.key);
  e.revision = in.event.revision;
  e.hop = in.event.hop;
  e.judged = in.judged ? 1 : 0;
  return e;
}

/// A table of an interface has what this host calls.
template <typename Table>
const Table* whole(const void* table, std::size_t least) {
  const auto* typed = static_cast<const Table*>(table);
  return typed != nullptr && typed->size >= least ? typed : nullptr;
}

std::string_view name_of(iro_status status) {
  switch (status) {
    case IRO_INVALID:
      return "IRO_INVALID";
    case IRO_LIMIT:
      return "IRO_LIMIT";
    case IRO_DENIED:
      return "IRO_DENIED";
    case IRO_FAILED:
      return "IRO_FAILED";
    default:
      return "a status that none is";
  }
}

/// Runs a function of the plugin. Nothing may be thrown across the boundary; what is, is a failure and no more.
template <typename Function>
Status guarded(std::string_view what, Handling& handling, Function&& function) {
  iro_status status = IRO_FAILED;
  const HandlingScope scope(handling);
  try {
    status = function();
  } catch (...) {
    return fail(Errc::invalid_argument, fmt::format("{} threw an exception across the boundary", what));
  }
  if (status == IRO_OK) return {};
  return fail(Errc::invalid_argument, fmt::format("{} returned {} ({}){}{}", what, name_of(status), status,
                                                  handling.fault.empty() ? "" : ": ", handling.fault));
}

struct Answer {
  std::optional<std::string> json;
  bool twice = false;
  bool large = false;
};
void take_answer(void* context, iro_text json) {
  auto& answer = *static_cast<Answer*>(context);
  answer.twice = answer.json.has_value();
  answer.large = json.size > limits::plugin_view_bytes;
  if (!answer.large)
    answer.json = std::string(json.data == nullptr ? "" : json.data, json.data == nullptr ? 0 : json.size);
}

}  // namespace

Status check_entry(const iro_entry& entry, std::string_view id, std::string_view version) {
  const auto refuse = [](std::string text) { return fail(Errc::invalid_argument, std::move(text)); };
  if (entry.size < sizeof(iro_entry)) {
    return refuse(
        fmt::format("iro_plugin_entry says that it has {} bytes; {} are needed", entry.size, sizeof(iro_entry)));
  }
  if (entry.abi_major != IRO_ABI_MAJOR || entry.abi_minor > IRO_ABI_MINOR) {
    return refuse(fmt::format("it was built for ABI {}.{}; this host has {}.{}", entry.abi_major, entry.abi_minor,
                              IRO_ABI_MAJOR, IRO_ABI_MINOR));
  }
  if (entry.id == nullptr || entry.version == nullptr || entry.query == nullptr) {
    return refuse("iro_plugin_entry has a null where the id, the version or query belongs");
  }
  if (entry.id != id)
    return refuse(fmt::format("the object says that it is '{}'; plugin.toml says '{}'", entry.id, id));
  if (entry.version != version) {
    return refuse(fmt::format("the object says that it is version {}; plugin.toml says {}", entry.version, version));
  }
  return {};
}

Result<std::unique_ptr<Instance>> Instance::create(const iro_entry& entry, InstanceOptions options,
                                                   const schema::Registry& registry, StateSource& source) {
  const auto* rule =
      whole<iro_rule>(entry.query(IRO_RULE_1), offsetof(iro_rule, on_event) + sizeof(iro_rule::on_event));
  if (rule == nullptr || rule->create == nullptr || rule->destroy == nullptr || rule->on_event == nullptr) {
    return fail(Errc::invalid_argument, "it has no whole " IRO_RULE_1);
  }
  const auto* views = whole<iro_views>(entry.query(IRO_VIEWS_1), offsetof(iro_views, show) + sizeof(iro_views::show));
  if (views != nullptr && views->show == nullptr) views = nullptr;
  // The constructor is private, so std::make_unique cannot call it.
  auto out = std::unique_ptr<Instance>(new Instance(*rule, views, std::move(options), registry, source));
  Handling handling{*out, nullptr};
  IRO_TRY(guarded("create()", handling,
                  [&] { return rule->create(&host_table, text_of(out->options_.config), &out->self_); }),
          "start");
  out->made_ = true;
  return out;
}

Instance::Instance(const iro_rule& rule, const iro_views* views, InstanceOptions options,
                   const schema::Registry& registry, StateSource& source)
    : rule_(rule),
      views_(views),
      options_(std::move(options)),
      registry_(registry),
      source_(source),
      cache_(options_.cache_bytes),
      scratch_(first_block_.data(), first_block_.size()) {}

Instance::~Instance() {
  if (made_) rule_.destroy(self_);
}

iro_call& Instance::next_call() {
  call_ = (call_ + 1) % calls_.size();
  return calls_[call_];
}

void Instance::begin_call() { cache_.settle(); }

Result<reaction::Outcome> Instance::handle(const reaction::child::EventIn& event, TimeMs now) {
  scratch_.release();
  cache_.trim();
  const iro_event shown_event = shown(event, now);
  Effects effects(event.item);
  iro_call& call = next_call();
  Handling handling{*this, &call, &effects, event.judged};
  IRO_TRY(guarded("on_event()", handling, [&] { return rule_.on_event(self_, &shown_event, &call); }), "event");
  reaction::Outcome outcome = effects.take();
  for (const reaction::StateChange& change : outcome.state) cache_.write(as_text(change.key), change.value);
  return outcome;
}

Result<std::string> Instance::show(std::string_view view, std::string_view args, std::string_view asker, TimeMs now) {
  if (views_ == nullptr) return fail(Errc::view_unknown, "the plugin has no " IRO_VIEWS_1);
  scratch_.release();
  cache_.trim();
  iro_call& call = next_call();
  Handling handling{*this, &call};
  handling.asker = asker;
  Answer answer;
  IRO_TRY(guarded("show()", handling,
                  [&] {
                    return views_->show(self_, &call, text_of(view), text_of(args), now.value(), take_answer, &answer);
                  }),
          view);
  if (answer.large) return fail(Errc::limit_reached, "the answer is larger than a view's may be");
  if (!answer.json || answer.twice) return fail(Errc::arguments_invalid, "show() must answer once");
  if (const auto json = schema::parse_json(*answer.json); !json) return fail(json.error().within("the answer"));
  return std::move(*answer.json);
}

const Bytes* Instance::look_up(std::string_view key) {
  if (const auto known = cache_.find(key)) return *known;
  auto rows = source_.read(false, as_bytes(key));
  std::optional<Bytes> value;
  if (!rows.empty()) value = std::move(rows.front().second);
  cache_.learn(key, std::move(value));
  return *cache_.find(key);
}

void Instance::look_up_all(std::string_view prefix) {
  if (!cache_.covers(prefix)) cache_.learn_all(prefix, source_.read(true, as_bytes(prefix)));
}

ByteView Instance::keep(ByteView bytes) {
  if (bytes.empty()) return {};
  auto* copy = static_cast<std::uint8_t*>(scratch_.allocate(bytes.size(), 16));
  std::memcpy(copy, bytes.data(), bytes.size());
  return {copy, bytes.size()};
}

}  // namespace iro::host

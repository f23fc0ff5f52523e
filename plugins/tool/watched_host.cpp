#include "plugins/tool/watched_host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "plugins/host/object.hpp"

namespace iro::tool {
namespace {

std::map<std::string, std::size_t> refusals;  // what was refused -> how often

iro_status noted(std::string_view function, iro_status status) {
  if (status >= 0) return status;
  constexpr std::array<std::string_view, 4> names = {"IRO_INVALID", "IRO_LIMIT", "IRO_DENIED", "IRO_FAILED"};
  const auto index = std::min<std::size_t>(static_cast<std::size_t>(-(status + 1)), names.size() - 1);
  ++refusals[fmt::format("{}: {}", function, names[index])];
  return status;
}

/// A name as a template's argument.
template <std::size_t n>
struct Name {
  constexpr Name(const char (&from)[n]) { std::copy_n(from, n, text); }  // NOLINT(google-explicit-constructor)
  char text[n]{};
};

template <typename Table>
const Table* real = nullptr;  // the host's own

/// A function of a service's table that passes the call on.
template <auto member, Name name>
struct Passed;
template <typename Table, typename... Args, iro_status (*Table::*member)(Args...), Name name>
struct Passed<member, name> {
  static iro_status on(Args... args) { return noted(name.text, (real<Table>->*member)(args...)); }
};
template <auto member, Name name>
constexpr auto passed = &Passed<member, name>::on;

constexpr iro_host_state state_table{sizeof(iro_host_state),
                                     0,
                                     passed<&iro_host_state::get, "iro.host.state/1 get">,
                                     passed<&iro_host_state::each, "iro.host.state/1 each">,
                                     passed<&iro_host_state::put, "iro.host.state/1 put">,
                                     passed<&iro_host_state::remove, "iro.host.state/1 remove">};
constexpr iro_host_emit emit_table{sizeof(iro_host_emit), 0, passed<&iro_host_emit::emit, "iro.host.emit/1 emit">};
constexpr iro_host_timer timer_table{sizeof(iro_host_timer), 0, passed<&iro_host_timer::set, "iro.host.timer/1 set">,
                                     passed<&iro_host_timer::cancel, "iro.host.timer/1 cancel">};
constexpr iro_host_verdict verdict_table{sizeof(iro_host_verdict),
                                         0,
                                         passed<&iro_host_verdict::reject, "iro.host.verdict/1 reject">,
                                         passed<&iro_host_verdict::hold, "iro.host.verdict/1 hold">,
                                         passed<&iro_host_verdict::release, "iro.host.verdict/1 release">,
                                         passed<&iro_host_verdict::refuse, "iro.host.verdict/1 refuse">};
constexpr iro_host_explain explain_table{sizeof(iro_host_explain), 0,
                                         passed<&iro_host_explain::explain, "iro.host.explain/1 explain">};

const iro_entry* entry_of_plugin = nullptr;
const iro_rule* rule_of_plugin = nullptr;
const iro_host* outer = nullptr;

/// Our table in place of the host's. Asking whether JSON can be read is no mistake, so that service is not watched.
template <typename Table>
const void* in_place(const Table& ours, const void* theirs) {
  real<Table> = static_cast<const Table*>(theirs);
  return theirs == nullptr ? nullptr : &ours;
}
const void* query_service(const char* id) {
  const void* theirs = outer->query(id);
  const std::string_view wanted(id);
  if (wanted == IRO_HOST_STATE_1) return in_place(state_table, theirs);
  if (wanted == IRO_HOST_EMIT_1) return in_place(emit_table, theirs);
  if (wanted == IRO_HOST_TIMER_1) return in_place(timer_table, theirs);
  if (wanted == IRO_HOST_VERDICT_1) return in_place(verdict_table, theirs);
  if (wanted == IRO_HOST_EXPLAIN_1) return in_place(explain_table, theirs);
  return theirs;
}
constexpr iro_host watching_host{sizeof(iro_host), IRO_ABI_MAJOR, IRO_ABI_MINOR, query_service};

/// create() of the plugin gets our host in the place of the real one.
iro_status create_watched(const iro_host* host, iro_text config, void** self) {
  outer = host;
  return rule_of_plugin->create(&watching_host, config, self);
}
void destroy_watched(void* self) { rule_of_plugin->destroy(self); }
iro_status event_watched(void* self, const iro_event* event, iro_call* call) {
  return rule_of_plugin->on_event(self, event, call);
}
constexpr iro_rule watched_rule{sizeof(iro_rule), 0, create_watched, destroy_watched, event_watched};

const void* query_plugin(const char* id) {
  const void* table = entry_of_plugin->query(id);
  if (std::string_view(id) != IRO_RULE_1 || table == nullptr) return table;
  rule_of_plugin = static_cast<const iro_rule*>(table);
  return &watched_rule;
}

}  // namespace

Result<std::unique_ptr<WatchedHost>> WatchedHost::create(const std::filesystem::path& object, std::string_view id,
                                                         std::string_view version, host::InstanceOptions options,
                                                         const schema::Registry& types) {
  const auto entry = host::load_object(object);
  if (!entry) return fail(entry.error());
  IRO_TRY(host::check_entry(**entry, id, version), "entry");
  entry_of_plugin = *entry;
  static iro_entry watched;
  watched = **entry;
  watched.query = query_plugin;
  auto out = std::make_unique<WatchedHost>();
  auto instance = host::Instance::create(watched, std::move(options), types, *out);
  if (!instance) return fail(instance.error());
  out->instance_ = std::move(*instance);
  return out;
}

Result<reaction::Outcome> WatchedHost::handle(const reaction::CallEvent& event, TimeMs now) {
  reaction::child::EventIn in;
  in.item = event.item;
  in.kind = event.kind;
  in.judged = event.judged;
  in.event = event.event;
  in.sender = event.sender;
  in.person = event.person;
  in.key = event.key;
  in.due = event.due;
  instance_->begin_call();
  auto outcome = instance_->handle(in, now);
  if (!outcome) return outcome;
  for (const auto& change : outcome->state) {
    if (change.value) {
      state_.insert_or_assign(std::string(as_text(change.key)), *change.value);
    } else if (const auto at = state_.find(as_text(change.key)); at != state_.end()) {
      state_.erase(at);
    }
  }
  return outcome;
}

std::string WatchedHost::take_refusals() {
  std::string out;
  for (const auto& [what, times] : std::exchange(refusals, {}))
    out += fmt::format("{}{}, {} {}", out.empty() ? "" : "; ", what, times, times == 1 ? "time" : "times");
  return out;
}

std::vector<std::pair<Bytes, Bytes>> WatchedHost::read(bool prefix, ByteView key) {
  std::vector<std::pair<Bytes, Bytes>> out;
  const std::string_view from = as_text(key);
  for (auto at = state_.lower_bound(from); at != state_.end(); ++at) {
    if (prefix ? !at->first.starts_with(from) : at->first != from) break;
    out.emplace_back(to_bytes(at->first), at->second);
  }
  return out;
}

}  // namespace iro::tool

// plugins/host/instance.hpp: a plugin in this process: its functions called, its services served.
//
// The same code runs in iro-plugin-host and, for tests and tools, in any
// process: what a plugin may do to a process is the host's business (sandbox.hpp),
// not this one's. One thread an instance, one call at a time, as iro/plugin.h says.
#pragma once

#include <iro/plugin.h>

#include <array>
#include <memory>
#include <memory_resource>
#include <string>
#include <vector>

#include "hub/base/error.hpp"
#include "hub/reaction/child_messages.hpp"
#include "hub/schema/registry.hpp"
#include "plugins/host/effects.hpp"
#include "plugins/host/state_cache.hpp"

/// The address that a plugin gets for one event. They are used in turn, so that one kept from an earlier event is
/// noticed.
struct iro_call {
  std::uint64_t nothing_to_see = 0;
};

namespace iro::host {

/// Where state is that the instance does not know.
class StateSource {
 public:
  virtual ~StateSource() = default;
  /// One key, or all that begin with it, ascending. Waits.
  virtual std::vector<std::pair<Bytes, Bytes>> read(bool prefix, ByteView key) = 0;
};

struct InstanceOptions {
  std::string config = "{}";
  std::vector<std::string> emits;
  bool judge = false;  // it judges at least one type
  std::size_t cache_bytes = limits::plugin_cache_bytes;
};

/// The entry is one that this host can work with, and is the plugin `id` in `version`.
Status check_entry(const iro_entry& entry, std::string_view id, std::string_view version);

class Instance {
 public:
  /// create() of the plugin. Entry, registry and source outlive the instance.
  static Result<std::unique_ptr<Instance>> create(const iro_entry& entry, InstanceOptions options,
                                                  const schema::Registry& registry, StateSource& source);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  /// The hub has everything of the calls before.
  void begin_call();
  /// The effects of one event, or why it was not handled; then nothing of it remains. What `event` points to is shown
  /// to the plugin as it is: it is aligned to 16, and better read-only.
  Result<reaction::Outcome> handle(const reaction::child::EventIn& event, TimeMs now);
  /// The answer of a view to the member `asker`: JSON.
  Result<std::string> show(std::string_view view, std::string_view args, std::string_view asker, TimeMs now);

  // For the services (services.cpp).
  [[nodiscard]] const InstanceOptions& options() const { return options_; }
  [[nodiscard]] const schema::Registry& registry() const { return registry_; }
  /// A value as it stands now, or null.
  const Bytes* look_up(std::string_view key);
  /// Every key with the prefix is in the cache afterwards.
  void look_up_all(std::string_view prefix);
  [[nodiscard]] const StateCache& cache() const { return cache_; }
  /// A copy that lives until the plugin's function returns, aligned to 16.
  ByteView keep(ByteView bytes);

 private:
  Instance(const iro_rule& rule, const iro_views* views, InstanceOptions options, const schema::Registry& registry,
           StateSource& source);
  iro_call& next_call();

  const iro_rule& rule_;
  const iro_views* views_;
  InstanceOptions options_;
  const schema::Registry& registry_;
  StateSource& source_;
  StateCache cache_;
  void* self_ = nullptr;
  bool made_ = false;
  std::array<iro_call, 64> calls_;
  std::size_t call_ = 0;
  alignas(16) std::array<std::byte, 64U << 10> first_block_;
  std::pmr::monotonic_buffer_resource scratch_;
};

}  // namespace iro::host

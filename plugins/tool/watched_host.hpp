// plugins/tool/watched_host.hpp: a host in this process that writes down what it refused.
//
// The real host answers IRO_LIMIT, IRO_INVALID or IRO_DENIED and lets nothing
// through, so a plugin that does not look at the answer seems to work. Between the
// plugin and the services of plugins/host stand functions here that pass each
// call on and count refusals. State is kept in memory, effects are applied.
// One plugin a process (C functions have no object to hang it on): for in_child().
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "plugins/host/instance.hpp"

namespace iro::tool {

class WatchedHost final : private host::StateSource {
 public:
  /// Loads the object: its constructors run.
  static Result<std::unique_ptr<WatchedHost>> create(const std::filesystem::path& object, std::string_view id,
                                                     std::string_view version, host::InstanceOptions options,
                                                     const schema::Registry& types);

  Result<reaction::Outcome> handle(const reaction::CallEvent& event, TimeMs now);
  /// What was refused since the last time: "iro.host.state/1 put: IRO_LIMIT, 3 times"; "" when nothing was.
  std::string take_refusals();

 private:
  std::vector<std::pair<Bytes, Bytes>> read(bool prefix, ByteView key) override;

  std::unique_ptr<host::Instance> instance_;
  std::map<std::string, Bytes, std::less<>> state_;
};

}  // namespace iro::tool

// hub/reaction/rounds.hpp: which plugin is asked about which event, and when
// the batch is quiet.
//
// A round takes the events that are new in the batch. First the judges of
// their types are called, all at once; then every plugin that reacts to what was
// accepted, all at once. What they emit is the next round. Rounds are pure
// bookkeeping: the core makes the calls and applies the effects. One thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hub/base/error.hpp"
#include "hub/reaction/plugin.hpp"

namespace iro::reaction {

class Rounds {
 public:
  /// Fails with config_invalid when two plugins have one id or judge one type; the message names all of them.
  static iro::Result<Rounds> create(std::vector<PluginSpec> plugins);

  [[nodiscard]] bool any() const { return !plugins_.empty(); }

  /// Begin with these events (batch items, ascending). Gives the calls to make
  /// now; none means that the batch is quiet. When no judge is concerned the
  /// reacting plugins are called at once.
  std::vector<Call> begin(const std::vector<CallEvent>& events);

  /// One plugin answered. Nothing while others are awaited; then the outcomes of all, in
  /// (item, plugin id) order: apply them, and ask next().
  struct Applied {
    std::string plugin;
    Outcome outcome;
  };
  std::optional<std::vector<Applied>> answer(Result result);

  /// After a judging phase: the calls for the events that were accepted.
  std::vector<Call> next(const std::vector<std::uint32_t>& accepted);
  [[nodiscard]] bool judging() const { return judging_; }

 private:
  std::vector<Call> calls_for(bool judging, const std::vector<CallEvent>& events);

  std::map<std::string, PluginSpec> plugins_;
  std::multimap<std::string, std::string, std::less<>> reacts_;  // type -> plugin
  std::map<std::string, std::string, std::less<>> judge_;        // type -> plugin
  std::vector<CallEvent> events_;
  bool judging_ = false;
  std::size_t awaited_ = 0;
  std::vector<Applied> collected_;
};

}  // namespace iro::reaction

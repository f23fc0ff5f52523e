// hub/reaction/rounds.hpp: which plugin may be asked about which event of the
// open batch, and when the batch is quiet.
//
// A round takes the items that are new in the batch. Each plugin has a queue of
// those that concern it, in the batch's order, and is asked for as long a piece
// of it as is known to be accepted: an item with a judge waits in the others'
// queues for the judge's verdict. So every plugin sees events in the order of the
// log, whoever answers first, and the same later when it reads them from there.
// It cannot lock up: the earliest item without a verdict is always the next one
// of its judge. What plugins emit is the next round.
//
// Pure bookkeeping: the core makes the calls and applies the effects. One thread.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "hub/base/error.hpp"
#include "hub/reaction/plugin.hpp"

namespace iro::reaction {

/// Who is concerned with which type. Two plugins of one id, or two judges of one type, are config_invalid.
class Concerns {
 public:
  static iro::Result<Concerns> create(const std::vector<PluginSpec>& plugins);
  /// nullptr when nobody judges the type.
  [[nodiscard]] const std::string* judge(std::string_view type) const;
  /// Who is shown events of the type after they are accepted, ascending; the judge is not among them.
  [[nodiscard]] const std::vector<std::string>& reactors(std::string_view type) const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> reacts_;
  std::map<std::string, std::string, std::less<>> judge_;
};

class Rounds {
 public:
  struct Item {
    std::uint32_t item = 0;
    std::string judge;                  // "" = none is asked: it is accepted
    std::vector<std::string> reactors;  // who is shown it once it is accepted
  };
  struct Want {
    std::uint32_t item = 0;
    bool judged = false;
    bool operator==(const Want&) const = default;
  };
  struct Ask {
    std::string plugin;
    std::vector<Want> wants;
  };

  /// A new round; the one before is quiet. Items ascend.
  void begin(const std::vector<Item>& items);
  /// What the plugins that are not busy may be asked now; they are busy from here on.
  std::vector<Ask> ready();
  /// The judge's word on an item. Only accepted ones go on to the others.
  void rule(std::uint32_t item, Ruling ruling);
  /// The plugin has answered everything that it was asked.
  void answered(const std::string& plugin);
  /// The plugin is not waited for any more: what it was asked and what it would have been asked, in order.
  std::vector<Want> leave(const std::string& plugin);

  /// Who is being waited for.
  [[nodiscard]] std::vector<std::string> busy() const;
  [[nodiscard]] bool quiet() const;

 private:
  struct Queue {
    std::deque<Want> wants;
    std::vector<Want> asked;  // not empty: busy
  };
  std::map<std::string, Queue> queues_;
  std::set<std::uint32_t> open_;     // judged, no verdict yet
  std::set<std::uint32_t> dropped_;  // rejected or held
};

}  // namespace iro::reaction

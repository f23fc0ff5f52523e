// plugins/host/state_cache.hpp: what this process knows of its plugin's state.
//
// The truth is in the hub; a question costs a round trip. The cache holds what was
// answered, and on top of it what the plugin wrote in the running call: the hub
// does not have that yet, so it is never forgotten before settle(). Everything
// else may go at any time, and does when the cache is full. One thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hub/base/bytes.hpp"

namespace iro::host {

class StateCache {
 public:
  explicit StateCache(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  /// What is known of the key. Nothing: ask the hub. A null in it: there is no such key.
  [[nodiscard]] std::optional<const Bytes*> find(std::string_view key) const;
  /// Is every key with this prefix known?
  [[nodiscard]] bool covers(std::string_view prefix) const;
  /// Keys and values with this prefix, ascending, as far as known.
  using Rows = std::vector<std::pair<std::string_view, const Bytes*>>;
  [[nodiscard]] Rows rows(std::string_view prefix) const;

  /// The hub's answers. What the plugin wrote since stands above them.
  void learn(std::string_view key, std::optional<Bytes> value);
  void learn_all(std::string_view prefix, std::vector<std::pair<Bytes, Bytes>> rows);
  /// The plugin wrote; nothing = removed.
  void write(std::string_view key, std::optional<Bytes> value);
  /// The hub has all that was written.
  void settle();
  /// Back below the limit, if that is possible without what was written.
  void trim();
  [[nodiscard]] std::size_t size_bytes() const { return bytes_; }

 private:
  struct Entry {
    std::optional<Bytes> value;
    bool own = false;  // written in this call
  };
  using Map = std::map<std::string, Entry, std::less<>>;
  void set(std::string_view key, std::optional<Bytes> value, bool own);
  static std::size_t weight(const std::string& key, const Entry& entry);

  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  Map entries_;
  std::vector<std::string> own_;
  std::set<std::string, std::less<>> complete_;  // prefixes of which everything is here
};

}  // namespace iro::host

// hub/daemon/desk.hpp: what the query thread owns and does.
#pragma once

#include <atomic>
#include <memory>

#include "hub/daemon/hub.hpp"
#include "hub/log/sqlite/sqlite_reader.hpp"
#include "hub/views/views.hpp"

namespace iro::daemon {

struct Hub::Desk {
  std::unique_ptr<log::SqliteReader> reader;  // for the core's catch-up
  std::unique_ptr<views::Views> views;
  std::atomic<std::int64_t> backup_good_ms{0};  // when one was last made and verified; read by the core's thread
  std::atomic<bool> backup_failed{false};       // the last one
  std::atomic<std::uint64_t> index_lag{0};      // events; read by the core's thread

  void committed(std::shared_ptr<const log::Chunk> chunk, const std::vector<log::Definition>& definitions,
                 std::shared_ptr<const admission::Membership> members);
  Result<Seq> find(const core::FindPosition& find);
  /// Some of the index's trailing work; true when there is more to do at once.
  bool index_some();
  void run(const core::RunView& view, QueryAnswers& out);
};

}  // namespace iro::daemon

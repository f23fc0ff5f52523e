// hub/log/sqlite/transaction.hpp: a writer's transactions, all or nothing.
#pragma once

#include <sqlite3.h>

#include "hub/log/sqlite/connection.hpp"
#include "hub/log/sqlite/statement.hpp"

namespace iro::log {

class Transactions {
 public:
  /// Runs `work`, which may throw SQLite::Exception, and commits. After any
  /// error nothing of it is there (storage_failed: as far as this connection
  /// can see) and the connection is not left in a transaction.
  template <typename Work>
  Status run(SQLite::Database& db, const std::string& what, Work&& work) {
    const Status done = guarded(db, what, [&] {
      // At once, never read first and write later: an upgrade fails with 517 and does not wait.
      Use(db, begin_).run();
      work();
      Use(db, commit_).run();
    });
    // Some errors roll back by themselves; ROLLBACK would then be one more.
    if (!done && sqlite3_get_autocommit(db.getHandle()) == 0) {
      (void)guarded(db, "roll back", [&] { Use(db, rollback_).run(); });
    }
    return done;
  }

 private:
  Statement begin_{"BEGIN IMMEDIATE"};
  Statement commit_{"COMMIT"};
  Statement rollback_{"ROLLBACK"};
};

}  // namespace iro::log

// hub/log/sqlite/statement.hpp: an SQL statement, prepared when it is first
// used and kept, and the binding of our types to it.
//
// Bound texts and bytes are not copied: they must live until the Use ends. All
// of it throws SQLite::Exception; callers are inside guarded().
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <string>

#include "hub/base/bytes.hpp"
#include "hub/base/strong.hpp"

namespace iro::log {

class Statement {
 public:
  explicit Statement(const char* sql) : sql_(sql) {}
  SQLite::Statement& in(SQLite::Database& db) {
    if (!prepared_) prepared_.emplace(db, sql_);
    return *prepared_;
  }

 private:
  const char* sql_;
  std::optional<SQLite::Statement> prepared_;
};

/// One use of a statement: bind in order, then run() or step(); ends by resetting it.
class Use {
 public:
  template <typename... Values>
  Use(SQLite::Database& db, Statement& statement, const Values&... values) : statement_(statement.in(db)) {
    (bind(values), ...);
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  ~Use() { statement_.tryReset(); }

  void run() { statement_.exec(); }
  [[nodiscard]] bool step() { return statement_.executeStep(); }

  [[nodiscard]] std::int64_t number(int column) const { return statement_.getColumn(column).getInt64(); }
  [[nodiscard]] ByteView bytes(int column) const {
    const SQLite::Column value = statement_.getColumn(column);
    const void* data = value.getBlob();  // before the size, as SQLite wants it
    return {static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(value.getBytes())};
  }
  [[nodiscard]] std::string text(int column) const { return std::string(as_text(bytes(column))); }
  /// A blob that must have exactly the size of `out`; else false.
  template <typename Array>
  [[nodiscard]] bool array(int column, Array& out) const {
    const ByteView b = bytes(column);
    if (b.size() != out.size()) return false;
    std::copy(b.begin(), b.end(), out.begin());
    return true;
  }

 private:
  void bind(std::int64_t v) { statement_.bind(++at_, v); }
  void bind(std::uint64_t v) { statement_.bind(++at_, static_cast<std::int64_t>(v)); }
  void bind(std::uint32_t v) { statement_.bind(++at_, static_cast<std::int64_t>(v)); }
  void bind(std::uint16_t v) { statement_.bind(++at_, static_cast<std::int64_t>(v)); }
  template <typename Tag, typename Rep>
  void bind(const Strong<Tag, Rep>& v) {
    bind(v.value());
  }
  void bind(const std::string& v) { statement_.bindNoCopy(++at_, v); }
  void bind(ByteView v) {
    // Of a null pointer SQLite would make NULL.
    statement_.bindNoCopy(++at_, v.data() == nullptr ? "" : static_cast<const void*>(v.data()),
                          static_cast<int>(v.size()));
  }
  void bind(const Bytes& v) { bind(ByteView(v)); }
  template <std::size_t N>
  void bind(const std::array<std::uint8_t, N>& v) {
    bind(ByteView(v));
  }

  SQLite::Statement& statement_;
  int at_ = 0;
};

}  // namespace iro::log

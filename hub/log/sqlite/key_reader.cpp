#include "hub/log/sqlite/key_reader.hpp"

#include <fmt/format.h>

#include "hub/log/sqlite/connection.hpp"

namespace iro::log {

Result<std::unique_ptr<KeyReader>> KeyReader::open(const std::filesystem::path& folder, const std::string& vfs) {
  ConnectionOptions options;
  options.vfs = vfs;
  auto db = open_connection(folder / "keys.db", options);
  if (!db) return fail(db.error().within("open the personal keys for reading"));
  return std::unique_ptr<KeyReader>(new KeyReader(std::move(*db)));
}

Result<std::optional<PersonKey>> KeyReader::find(PersonKeyNo no) {
  return guarded(*db_, "read a personal key", [&]() -> Result<std::optional<PersonKey>> {
    Use row(*db_, by_no_, no);
    if (!row.step()) return std::optional<PersonKey>();
    PersonKey key;
    key.no = no;
    if (!row.array(0, key.key)) return fail(Errc::corrupt, fmt::format("keys.db: key {} has no 32 bytes", no.value()));
    return std::optional<PersonKey>(key);
  });
}

}  // namespace iro::log

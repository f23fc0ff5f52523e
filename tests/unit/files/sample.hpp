// tests/unit/files/sample.hpp: what the tests of the files adapter share. All numbers are invented.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "adapters/files/format.hpp"
#include "adapters/files/memory_outbox.hpp"
#include "adapters/files/record_taker.hpp"
#include "hub/schema/registry.hpp"
#include "tests/catch.hpp"
#include "tests/support/temp_folder.hpp"

namespace iro::files::sample {

/// A folder that goes with the test, and files in it.
class Folder : public test::TempFolder {
 public:
  [[nodiscard]] std::filesystem::path write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = path() / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }
};

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

inline const schema::Registry& registry() {
  static const schema::Registry loaded = [] {
    auto made = schema::Registry::builtin();
    if (!made) throw std::runtime_error(made.error().text());
    return std::move(*made);
  }();
  return loaded;
}

inline Formats formats() {
  auto mappings = builtin_mappings(registry());
  if (!mappings) throw std::runtime_error(mappings.error().text());
  return {std::move(*mappings), ProgrammeList({"25655", "25656", "25779"})};
}

/// What a file became: its events as JSON, its rejects and its counts.
struct Taken {
  std::vector<std::string> types;
  std::vector<std::string> payloads;
  std::vector<Reject> rejects;
  Counts counts;
  std::optional<Error> error;
};

/// Read a file to its end, onto `outbox`.
inline Taken take(const std::filesystem::path& path, MemoryOutbox& outbox, const PrivateKey& key,
                  const Formats& known) {
  Taken taken;
  const std::size_t before = outbox.events().size();
  auto opened = open_file(path, known, "roc-noord");
  if (!opened) {
    taken.error = opened.error();
    return taken;
  }
  const RecordTaker taker(registry(), key);
  for (;;) {
    const auto item = opened->reader->next();
    if (!item) taken.error = item.error();
    if (!item || *item == RecordReader::Item::end) break;
    auto rejects = taker.take(*opened->reader, *item, outbox, taken.counts);
    REQUIRE(rejects);
    for (Reject& r : *rejects) taken.rejects.push_back(std::move(r));
  }
  for (std::size_t i = before; i < outbox.events().size(); ++i) {
    const schema::Event& e = outbox.events()[i];
    taken.types.push_back(e.type);
    taken.payloads.push_back(registry().to_json(*registry().find(e.type), e.payload).value());
  }
  return taken;
}

inline Taken take(const std::filesystem::path& path) {
  MemoryOutbox outbox(true);
  const PrivateKey key = PrivateKey::random();
  const Formats known = formats();
  return take(path, outbox, key, known);
}

}  // namespace iro::files::sample

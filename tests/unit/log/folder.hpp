// tests/unit/log/folder.hpp: a data folder that is gone after the test, and a
// few commits to put into a log.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>

#include "hub/log/event_log.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/log/chunks.hpp"

namespace iro::log::test {

using Folder = iro::test::TempFolder;

inline Bytes file_bytes(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void flip_bit(const std::filesystem::path& file, std::uint64_t byte, int bit = 0) {
  std::fstream io(file, std::ios::binary | std::ios::in | std::ios::out);
  io.seekg(static_cast<std::streamoff>(byte));
  const int was = io.get();
  io.seekp(static_cast<std::streamoff>(byte));
  io.put(static_cast<char>(was ^ (1 << bit)));
}

/// A writer's place in a log, and the commits that lead on from it.
struct Writer {
  Seq next{1};
  Hash head{};
  std::mt19937_64 random{42};
  TimeMs now{1'795'000'000'000};
  bool defined = false;

  explicit Writer(const Snapshot& at) : next(at.next_seq), head(at.head), defined(!at.atoms.empty()) {
    if (at.last_recorded > now) now = at.last_recorded;
  }

  /// A commit of `events` events with a producer's and a consumer's row.
  Commit commit(std::size_t events = 3) {
    now = now.plus(1'000);
    Commit out;
    ChunkBuilder builder(next, now, head);
    if (!defined) {
      out.definitions.push_back({DefinitionKind::atom, 1, to_bytes("nl.placements.vacancy.opened.v1")});
      out.definitions.push_back({DefinitionKind::atom, 2, to_bytes("urn:nld:oin:00000099000000001000")});
      out.definitions.push_back({DefinitionKind::set, 1, encode_set(std::vector{MemberNo(1), MemberNo(2)})});
      for (const Definition& d : out.definitions) builder.define(d);
      defined = true;
    }
    for (std::size_t i = 0; i < events; ++i)
      builder.add(random_entry(random), random_body(random, 20 + random() % 300));
    std::vector<MemberNo> everybody;
    for (std::uint32_t m = 0; m < 16; ++m) everybody.emplace_back(m);
    out.chunk = std::make_shared<const Chunk>(std::move(builder).finish(everybody));
    ProducerRow producer;
    producer.id.b.fill(1);
    producer.last_seq = ProducerSeq(next.value());
    out.producers.push_back(producer);
    out.consumers.push_back({ConsumerNo(1), MemberNo(1), "sis", "", Seq(next.value() - 1), now});
    return out;
  }
  void took(const Commit& commit) {
    if (!commit.chunk) return;
    next = commit.chunk->last_seq().next();
    head = commit.chunk->head;
  }
};

}  // namespace iro::log::test

#include "hub/whatif/recording.hpp"

#include <fmt/format.h>

#include "hub/reaction/firing.hpp"

namespace iro::whatif {
namespace {

constexpr std::size_t slice_bytes = 4U << 20;  // of one read transaction
// In no audience, so that a chunk read for it comes without bodies.
constexpr MemberNo nobody{0xFFFF'FFFF};

void define(Recording& out, const log::ChunkView& view) {
  for (const log::Definition& definition : view.definitions()) {
    if (definition.kind != log::DefinitionKind::atom) continue;
    if (out.atoms.size() < definition.number) out.atoms.resize(definition.number);
    out.atoms[definition.number - 1] = as_text(definition.bytes);
  }
}

}  // namespace

Status each_chunk(log::LogReader& reader, Seq from, Seq through, bool bodies,
                  const std::function<Status(const log::ChunkView&)>& use) {
  while (from <= through) {
    const auto chunks = reader.read(from, slice_bytes, bodies ? std::nullopt : std::optional(nobody));
    if (!chunks) return fail(chunks.error());
    if (chunks->empty()) return fail(Errc::corrupt, fmt::format("the log ends before position {}", through.value()));
    for (const auto& chunk : *chunks) {
      if (chunk->first_seq > through) return {};
      auto view = log::ChunkView::open(chunk);
      if (!view) return fail(view.error());
      if (Status used = use(*view); !used) return used;
      from = chunk->last_seq().next();
    }
  }
  return {};
}

Result<Recording> read_recording(log::LogReader& reader, Seq through, const std::string& plugin) {
  Recording out;
  const std::string said_by = ":systeem:plugin-" + plugin;
  std::vector<char> own;     // by atom: is it the plugin as a source?
  std::vector<char> firing;  // by atom: is it the type of a firing?
  const Status read = each_chunk(reader, Seq(1), through, false, [&](const log::ChunkView& view) -> Status {
    define(out, view);
    for (std::size_t i = own.size(); i < out.atoms.size(); ++i) {
      own.push_back(out.atoms[i].ends_with(said_by) ? 1 : 0);
      firing.push_back(out.atoms[i] == reaction::timer_fired_type ? 1 : 0);
    }
    for (std::uint32_t i = 0; i < view.count(); ++i) {
      const log::EntryView e = view.entry(i);
      if (!e.producer.is_zero() || (e.flags & log::released) != 0) continue;
      const bool fired = firing[e.type.value() - 1] != 0 && e.subject == plugin;
      if (!fired && own[e.source.value() - 1] == 0) continue;
      (fired ? out.firings : out.emitted).emplace(e.id, view.seq(i));
      if (!fired) out.causes.try_emplace(e.causationid);
    }
    return {};
  });
  if (!read) return fail(read.error());
  return out;
}

}  // namespace iro::whatif

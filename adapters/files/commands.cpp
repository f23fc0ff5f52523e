#include "adapters/files/commands.hpp"

#include <fmt/format.h>

#include <atomic>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <csignal>
#include <cstdio>
#include <thread>

#include "adapters/client/key_book.hpp"
#include "adapters/files/check.hpp"
#include "adapters/files/link_file.hpp"
#include "adapters/files/service.hpp"

namespace iro::files {
namespace {

std::atomic<bool> stop_asked{false};  // set by a signal; the only state that a handler may touch

void ask_stop(int) { stop_asked = true; }

void print(const std::string& line) {
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

int cannot_begin(const Error& error) {
  std::fputs(fmt::format("iro files: {}\n", error.text()).c_str(), stderr);
  return 2;
}

Result<Formats> load_formats(const schema::Registry& registry, const std::filesystem::path& folder) {
  auto mappings = builtin_mappings(registry);
  if (mappings && !folder.empty()) mappings = with_folder(std::move(*mappings), folder, registry);
  if (!mappings) return fail(mappings.error());
  return Formats{std::move(*mappings), ProgrammeList::builtin()};
}

std::string describe(const TakenFile& file) {
  boost::json::object out = {{"file", file.name},
                             {"outcome", name_of(file.outcome)},
                             {"format", file.format},
                             {"counts", boost::json::parse(file.counts.to_json())}};
  if (file.error) out["error"] = file.error->text();
  if (!file.rejects.empty()) out["rejects"] = file.rejects.string();
  return boost::json::serialize(out);
}

std::string describe(const Progress& p) {
  return boost::json::serialize(
      boost::json::object{{"records", p.records}, {"bytes", p.bytes}, {"total_bytes", p.total_bytes}});
}

int report_taken(const TakenFile& file, const client::PublishStats& publish, bool json) {
  if (json) print(describe(file));
  if (!json) {
    print(fmt::format("{}: {}; {} records, {} events, {} unchanged, {} rejected", file.name, name_of(file.outcome),
                      file.counts.records, file.counts.events, file.counts.unchanged, file.counts.rejected));
    if (file.error) print(fmt::format("  {}", file.error->text()));
    if (!file.rejects.empty()) print(fmt::format("  what was wrong: {}", file.rejects.string()));
    if (publish.waiting > 0) print(fmt::format("  {} events wait in the outbox for the hub", publish.waiting));
    if (publish.refused > 0) print(fmt::format("  the hub refused {} events", publish.refused));
  }
  return file.outcome == Outcome::refused || file.counts.rejected > 0 || publish.refused > 0 ? 1 : 0;
}

}  // namespace

int run_check(const CheckOptions& options) {
  const auto registry = schema::Registry::builtin();
  if (!registry) return cannot_begin(registry.error());
  const auto formats = load_formats(*registry, options.mappings);
  if (!formats) return cannot_begin(formats.error());
  const Report report = check_files(options.paths, *formats, *registry);
  print(options.json ? report.to_json() : report.to_text());
  return report.good() ? 0 : 1;
}

int run_take(const TakeOptions& options) {
  const auto registry = schema::Registry::builtin();
  if (!registry) return cannot_begin(registry.error());
  const MemberFolder folder(options.folder);
  if (Status made = folder.create(); !made) return cannot_begin(made.error());
  const auto formats = load_formats(*registry, folder.mappings());
  if (!formats) return cannot_begin(formats.error());
  const auto keys = client::KeyFile::load(options.key.empty() ? options.folder / "key.toml" : options.key);
  if (!keys) return cannot_begin(keys.error());
  const auto key = PrivateKey::open(folder.pseudonym_key());
  if (!key) return cannot_begin(key.error());
  client::Options setup;
  setup.keys = *keys;
  setup.client_name = "files";
  setup.data_folder = folder.data();
  auto client = client::Client::open(std::move(setup));
  if (!client) return cannot_begin(client.error());

  std::error_code ignored;
  const bool in_outbox = std::filesystem::equivalent(options.file.parent_path(), folder.outbox(), ignored);
  auto book = client::KeyBook::open(folder.data());
  if (!book) return cannot_begin(book.error());
  const OutgoingDocuments sealer(folder.to_seal(), *keys, [&](const std::string& slug) -> Result<client::Key32> {
    const auto found = (*book)->find(**client, slug, std::chrono::milliseconds(options.flush_ms));
    if (!found) return fail(found.error());
    return found->sealing;
  });
  const IntakeContext context{**client, *registry, *formats, *key, folder, keys->member, options.again, &sealer};
  const auto taken = take_file(context, options.file, in_outbox, [&](const Progress& progress) {
    if (options.json) print(describe(progress));
  });
  if (!taken) {
    std::fputs(fmt::format("iro files: {}\n", taken.error().text()).c_str(), stderr);
    return 1;
  }
  const Status flushed = (*client)->flush(std::chrono::milliseconds(options.flush_ms));
  const int code = report_taken(*taken, (*client)->publish_stats(), options.json);
  if (!flushed) std::fputs(fmt::format("iro files: {}\n", flushed.error().text()).c_str(), stderr);
  return flushed ? code : 1;
}

int run_link(const LinkOptions& options) {
  const MemberFolder folder(options.folder);
  if (Status made = folder.create(); !made) return cannot_begin(made.error());
  const auto keys = client::KeyFile::load(options.key.empty() ? options.folder / "key.toml" : options.key);
  if (!keys) return cannot_begin(keys.error());
  const auto key = PrivateKey::open(folder.pseudonym_key());
  if (!key) return cannot_begin(key.error());
  auto source = FileSource::open(options.file);
  if (!source) return cannot_begin(source.error());
  client::Options setup;  // its outbox has the notes; nothing is published
  setup.keys = *keys;
  setup.client_name = "files";
  setup.data_folder = folder.data();
  auto client = client::Client::open(std::move(setup));
  if (!client) return cannot_begin(client.error());
  const auto report = link_file(**client, *key, std::move(*source), options.dry_run);
  if (!report) return cannot_begin(report.error());
  print(options.json ? report->to_json() : report->to_text());
  return report->rejected == 0 ? 0 : 1;
}

int run_service(const ServeOptions& options) {
  auto config = ServiceConfig::load(options.config);
  if (!config) return cannot_begin(config.error());
  stop_asked = false;
  std::signal(SIGTERM, ask_stop);
  std::signal(SIGINT, ask_stop);
  const SystemClock clock;
  const bool json = options.json;
  auto service = FilesService::open(std::move(*config), clock, client::Client::open, [json](const Note& note) {
    if (!json) print(fmt::format("{}: {}", note.member, note.text));
  });
  if (!service) return cannot_begin(service.error());
  // The status comes from a thread of its own, so that a long transaction does not silence it.
  std::jthread reporter([&](const std::stop_token& ended) {
    while (json && !ended.stop_requested()) {
      print((*service)->status_json());
      for (int i = 0; i < 20 && !ended.stop_requested(); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  });
  Status done;
  if (options.drain) {
    done = (*service)->drain(std::chrono::milliseconds(options.drain_ms), stop_asked);
  } else {
    (*service)->run(stop_asked);
  }
  reporter.request_stop();
  reporter.join();
  print((*service)->status_json());
  if (!done) std::fputs(fmt::format("iro files: {}\n", done.error().text()).c_str(), stderr);
  return done ? 0 : 1;
}

}  // namespace iro::files

#include "adapters/files/received_documents.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "adapters/client/member_keys.hpp"
#include "adapters/client/sealed_event.hpp"
#include "adapters/files/outgoing_documents.hpp"
#include "adapters/files/recorded_file.hpp"

namespace iro::files {
namespace {

namespace fs = std::filesystem;

constexpr mode_t owner_only = 0600;
constexpr std::string_view part = ".part";

tl::unexpected<Error> system_error(const fs::path& path) {
  return fail(Errc::io, fmt::format("{}: {}", path.string(), std::strerror(errno)));
}

Status make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return fail(Errc::io, fmt::format("create {}: {}", folder.string(), error.message()));
  fs::permissions(folder, fs::perms::owner_all, error);
  if (error) return fail(Errc::io, fmt::format("make {} private: {}", folder.string(), error.message()));
  return {};
}

/// The whole file under its name, on the disk, or none: a draft beside it is renamed.
Status write_whole(const fs::path& path, ByteView bytes) {
  const fs::path draft = path.string() + std::string(part);
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, owner_only);
  if (fd < 0) return system_error(draft);
  bool good = true;
  while (good && !bytes.empty()) {
    const auto n = ::write(fd, bytes.data(), bytes.size());
    good = n >= 0;
    if (good) bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  good = good && ::fsync(fd) == 0;
  const auto failed = good ? Status() : Status(system_error(draft));
  ::close(fd);
  return good ? move_file(draft, path) : failed;
}

std::string reason_text(const Error& error) {
  const ErrcInfo& about = info(error.code);
  return fmt::format("{}\n{}\n{}\n{}\n", error.text(), about.en, about.next, about.nl);
}

}  // namespace

Status ReceivedDocuments::keep(const EventId& id, std::string_view cloud_event) const {
  if (!client::read_sealed_event(cloud_event)) return {};
  if (Status made = make_folder(waiting_); !made) return made;
  return write_whole(waiting_ / to_string(id), as_bytes(cloud_event));
}

Result<client::Document> ReceivedDocuments::open(std::string_view cloud_event, const Signers& signers) const {
  const auto event = client::read_sealed_event(cloud_event);
  if (!event) return fail(event.error());
  const auto ours = client::sealing_pairs(keys_);
  if (!ours) return fail(ours.error());
  const auto believed = signers(event->sender);
  if (!believed) return fail(believed.error());
  return client::open(event->sealed, event->in, *ours, *believed);
}

Result<bool> ReceivedDocuments::open_next(const Signers& signers) const {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(waiting_, none)) {
    const std::string id = entry.path().filename().string();
    if (id.ends_with(part)) continue;  // a crash left it; the event comes again
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(in), {});
    const auto document = open(text, signers);
    if (!document && passes(document.error().code)) return fail(document.error());
    if (Status made = make_folder(opened_); !made) return fail(made.error());
    const Status written =
        document
            ? write_whole(opened_ / fmt::format("{}-{}", id, client::safe_file_name(document->name)), document->content)
            : write_whole(opened_ / (id + ".not-opened.txt"), as_bytes(reason_text(document.error())));
    if (!written) return fail(written.error());
    fs::remove(entry.path(), none);
    return true;
  }
  return false;
}

}  // namespace iro::files

#include "adapters/cli/own_keys.hpp"

#include <fmt/format.h>

#include "adapters/cli/operator.hpp"
#include "adapters/client/member_keys.hpp"

namespace iro::cli {
namespace {

fs::path pending_of(const fs::path& file) { return file.string() + ".pending"; }

}  // namespace

Result<client::KeyFile> pending_keys(const fs::path& file, const client::KeyFile& base) {
  const fs::path pending = pending_of(file);
  std::error_code ec;
  if (fs::exists(pending, ec)) {
    auto keys = client::KeyFile::load(pending);
    if (keys && (keys->member != base.member || keys->hub_public_key != base.hub_public_key))
      return fail(Errc::exists, fmt::format("{} is {}'s", pending.string(), keys->member));
    return keys;
  }
  client::KeyFile keys = client::with_fresh_keys(base);
  IRO_TRY(keys.save(pending), "key file");
  return keys;
}

Status keep_pending(const fs::path& file, const client::KeyFile& keys) {
  IRO_TRY(keys.replace(file), "key file");
  drop_pending(file);
  return {};
}

void drop_pending(const fs::path& file) {
  std::error_code ec;
  fs::remove(pending_of(file), ec);
}

Status present_keys(Context& context, const client::KeyFile& session, const client::KeyFile& keys,
                    const schema::SigningPair& signer, const fs::path& data_folder) {
  auto event = client::presentation(context.registry(), keys, signer);
  if (!event) return fail(event.error());
  std::optional<TemporaryFolder> temporary;
  if (data_folder.empty()) {
    auto made = TemporaryFolder::create();
    if (!made) return fail(made.error());
    temporary.emplace(std::move(*made));
  }
  auto client = context.connect_as(session, temporary ? temporary->path() : data_folder, temporary ? "" : "cli");
  if (!client) return fail(client.error());
  const auto ids = (*client)->publish({&*event, 1});
  if (!ids) return fail(ids.error());
  IRO_TRY(settle(context, **client), "present keys");
  for (auto& refused : (*client)->take_refused()) {
    if (refused.id == ids->front()) return fail(refused.code, std::move(refused.reason));
  }
  return {};
}

bool let_in(Context& context, const client::KeyFile& keys) { return context.connect_as(keys).has_value(); }

}  // namespace iro::cli

// adapters/cli/consumers.hpp: durable consumers, as `tail`, `consumer` and `replay` handle them.
#pragma once

#include "adapters/cli/context.hpp"
#include "adapters/cli/moment.hpp"

namespace iro::cli {

/// 1 to 64 of a-z, 0-9, '.', '_' and '-': as the hub takes it, and harmless as a part of a path.
bool valid_consumer(std::string_view name);

/// Where this program keeps what belongs to the consumer `name` of its key: beside the key file.
fs::path consumer_folder(const Context& context, const std::string& name);

void put(const Position& position, client::Subscription& subscription);

/// Move the durable consumer `name` of the key's member to `position`. Fails with
/// consumer_unknown, session_busy when somebody uses it, or what the hub says of the position.
Status seek(Context& context, const std::string& name, const Position& position);

}  // namespace iro::cli

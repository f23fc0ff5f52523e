// tests/unit/schema/fixtures.hpp: what the schema tests share.
#pragma once

#include "hub/schema/registry.hpp"

/// The registry of this build's types.
const iro::schema::Registry& builtin();

/// A vacancy.opened of about 256 bytes, as generated code builds it.
iro::Bytes sample_vacancy();

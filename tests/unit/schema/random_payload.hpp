// tests/unit/schema/random_payload.hpp: random payloads of a type, made by its plan, for property tests.
#pragma once

#include "hub/schema/plan.hpp"

/// A payload that verifies. Every hidden text and blob holds `secret`, a mark
/// that no other value holds; numbers that are hidden are `secret_number`.
iro::Bytes random_payload(const iro::schema::TypePlan& plan);

inline constexpr const char* secret = "SECRET-PSEUDONYM";
inline constexpr std::uint64_t secret_number = 0xC25EE7C2;

/// A schema with every kind of field that an event can have, and personal ones at every place.
std::string everything_fbs();

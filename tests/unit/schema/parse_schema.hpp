// tests/unit/schema/parse_schema.hpp: schemas written in a test, compiled as flatc would.
#pragma once

#include <string>

#include "hub/base/bytes.hpp"

/// The .bfbs of an .fbs text; includes are looked up in `folder`. Fails the test when it does not parse.
iro::Bytes bfbs_of(const std::string& fbs, const std::string& folder = IRO_SCHEMAS);

/// An .fbs with our attributes declared and one event table: `attributes` go on the table, `fields` in it.
std::string event_fbs(const std::string& attributes, const std::string& fields, const std::string& before = "");

/// The text of a file.
std::string read_text(const std::string& path);

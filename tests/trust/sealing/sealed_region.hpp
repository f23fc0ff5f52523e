// tests/trust/sealing/sealed_region.hpp: a real irod whose members join by invitation, with keys made on their side.
#pragma once

#include <fmt/format.h>

#include <boost/json.hpp>
#include <chrono>
#include <fstream>
#include <iterator>

#include "adapters/client/invitation.hpp"
#include "adapters/client/member_keys.hpp"
#include "adapters/client/sealing.hpp"
#include "hub/base/z85.hpp"
#include "hub/schema/registry.hpp"
#include "plugins/scenario/enrolment.hpp"
#include "tests/catch.hpp"
#include "tests/support/running_hub.hpp"

namespace iro::test {
using namespace scenario;

using namespace std::chrono_literals;
using client::KeyFile;
namespace fs = std::filesystem;
namespace json = boost::json;

inline constexpr auto patience = 30s;

inline const schema::Registry& types() {
  static const schema::Registry registry = std::move(*schema::Registry::builtin());
  return registry;
}

inline std::unique_ptr<client::Client> open_client(const KeyFile& keys, const fs::path& folder,
                                                   const std::string& name) {
  client::Options options;
  options.keys = keys;
  options.client_name = name;
  options.data_folder = folder;
  auto opened = client::Client::open(std::move(options));
  REQUIRE(opened);
  return std::move(*opened);
}

/// Publish and wait; the refusal's code, or ok.
inline Errc say(client::Client& client, schema::Event event) {
  const auto ids = client.publish({&event, 1});
  REQUIRE(ids);
  REQUIRE(client.flush(patience));
  const auto refused = client.take_refused();
  return refused.empty() ? Errc::ok : refused.front().code;
}

inline schema::Event make(const std::string& type_name, const json::object& data) {
  const auto* type = types().find_loosely(type_name);
  auto payload = types().from_json(*type, json::serialize(data));
  REQUIRE(payload);
  schema::Event event;
  event.type = type->name;
  event.payload = std::move(*payload);
  return event;
}

struct SealedRegion {
  TempFolder folder;
  RunningHub hub{folder.path()};
  std::unique_ptr<client::Client> op;

  SealedRegion() {
    hub.start();
    op = open_client(hub.operator_key(), folder / "operator", "operator-desk");
  }

  client::Invitation invite(const std::string& slug, json::object about) {
    auto out = client::Invitation::make({hub.operator_key().endpoint}, hub.operator_key().hub_public_key, slug,
                                        fmt::format("urn:nld:oin:{}:systeem:sis", oin_of(slug)));
    about["member"] = slug;
    about.erase("public_key");
    about["enrolment_key"] = z85_encode_key(out.curve().public_key);
    about["enrolment_signing_key"] = z85_encode_key(out.signing().public_key);
    REQUIRE(say(*op, make("hub.member-invited", about)) == Errc::ok);
    return out;
  }
  /// What `iro join` does on the member's machine.
  KeyFile present(const client::Invitation& invitation, const std::string& place) {
    const KeyFile session = invitation.session_keys(invitation.endpoints.front());
    const KeyFile keys = client::with_fresh_keys(session);
    auto event = client::presentation(types(), keys, invitation.signing());
    REQUIRE(event);
    REQUIRE(say(*open_client(session, folder.path() / (place + "-join"), "join"), *event) == Errc::ok);
    return keys;
  }
  KeyFile join(const std::string& slug, const std::string& role) {
    return present(invite(slug, json::parse(enrolment_json(types(), slug, {role}, "")).as_object()), slug);
  }
};

/// Files below `folder` in which the bytes occur.
inline std::vector<std::string> files_with(const fs::path& folder, ByteView needle) {
  std::vector<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(in), {});
    if (bytes.find(as_text(needle)) != std::string::npos) out.push_back(entry.path().filename().string());
  }
  return out;
}

inline client::SealedDocument sealed_in(const schema::Event& event) {
  const auto data = types().to_json(*types().find(event.type), event.payload);
  REQUIRE(data);
  return client::SealedDocument::from_json(json::serialize(json::parse(*data).as_object().at("content"))).value();
}

}  // namespace iro::test

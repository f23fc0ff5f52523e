// adapters/cli/enrolment.hpp: new members: what the operator says of them, and
// the key files that they get.
//
// Pure but for read_batch and PendingKey, which touch files. Any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "adapters/cli/context.hpp"

namespace iro::cli {

struct Enrolment {
  std::string slug;
  std::string name;
  std::string oin;
  std::string brin;
  std::string kvk;
  std::string agb;
  std::vector<std::string> roles;
  std::vector<std::string> branches;
  std::string system = "iro";  // the last part of its source
  std::string arrangement_on;  // dates; "" leaves them out
  std::string assessment_on;
  bool default_grants = true;
  std::string public_key;   // Z85
  std::string sealing_key;  // Z85, with signing_key and signature or not at all
  std::string signing_key;
  std::string signature;  // base64
};

/// The payload of member-enrolled.v1.
json::object enrolment_payload(const Enrolment& enrolment, const schema::Registry& registry, TimeMs now);
std::string source_of(const Enrolment& enrolment);

/// The tables [[member]] of a TOML file: slug, name, oin, role or roles, and if wanted branch or
/// branches, brin, kvk, agb, system. Other keys are somebody else's. config_invalid names the line.
Result<std::vector<Enrolment>> read_batch(const fs::path& file);

/// A member's key file that becomes real when the hub has accepted the member:
/// until then it is FILE.pending. A pending file that is there is used again,
/// so that an enrolment whose answer was lost can be repeated.
class PendingKey {
 public:
  /// Fails with `exists` when FILE itself is there.
  enum class Kinds { curve, all };  // key-added.v1 takes a CURVE key alone
  static Result<PendingKey> prepare(const fs::path& file, const Enrolment& enrolment,
                                    const client::KeyFile& operator_key, const std::string& endpoint, Kinds kinds);
  /// Put the public halves where the payload is made from, signed by the signing key itself.
  Status describe(Enrolment& enrolment) const;
  [[nodiscard]] const std::string& public_key() const { return keys_.public_key; }
  [[nodiscard]] const fs::path& file() const { return file_; }
  Status keep() const;
  void drop() const;

 private:
  PendingKey(fs::path file, client::KeyFile keys) : file_(std::move(file)), keys_(std::move(keys)) {}
  [[nodiscard]] fs::path pending() const { return file_.string() + ".pending"; }
  fs::path file_;
  client::KeyFile keys_;
};

/// 40 characters of Z85 (ZeroMQ RFC 32) for a key that the hub shows in hexadecimal; "" when it is no key.
std::string z85_of_hex(std::string_view hex);

}  // namespace iro::cli

// Key files and fresh keys (client.hpp).
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <toml++/toml.h>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "adapters/client/client.hpp"
#include "hub/base/assert.hpp"

namespace iro::client {
namespace {

constexpr std::size_t z85_key_chars = 40;
constexpr mode_t owner_only = 0600;
constexpr mode_t group_and_others = 0077;

Status check_key(std::string_view name, const std::string& text) {
  std::array<std::uint8_t, 32> raw{};
  if (text.size() != z85_key_chars || zmq_z85_decode(raw.data(), text.c_str()) == nullptr) {
    return fail(Errc::config_invalid, fmt::format("{} is not 40 characters of Z85", name));
  }
  return {};
}

Status check(const KeyFile& keys) {
  if (keys.endpoint.empty()) return fail(Errc::config_invalid, "hub.endpoint is missing");
  IRO_TRY(check_key("hub.public_key", keys.hub_public_key), "hub");
  IRO_TRY(check_key("member.public_key", keys.public_key), "member");
  IRO_TRY(check_key("member.secret_key", keys.secret_key), "member");
  for (const auto& [name, key] : {std::pair{"member.sealing_public", &keys.sealing_public},
                                  {"member.sealing_secret", &keys.sealing_secret},
                                  {"member.signing_public", &keys.signing_public},
                                  {"member.signing_secret", &keys.signing_secret}}) {
    if (!key->empty()) IRO_TRY(check_key(name, *key), "member");
  }
  for (const auto& key : keys.earlier_sealing) IRO_TRY(check_key("member.earlier_sealing", key), "member");
  return {};
}

/// A TOML basic string. Slugs, URNs and Z85 need no escape but these two.
std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string render(const KeyFile& k) {
  std::string out = fmt::format(
      "# Key file of {0}. Whoever has it can speak for {0}: keep it to yourself.\n"
      "[hub]\nendpoint = {1}\npublic_key = {2}\n\n"
      "[member]\nslug = {3}\nsource = {4}\npublic_key = {5}\nsecret_key = {6}\n",
      k.member, toml_text(k.endpoint), toml_text(k.hub_public_key), toml_text(k.member), toml_text(k.source),
      toml_text(k.public_key), toml_text(k.secret_key));
  for (const auto& [name, key] : {std::pair{"sealing_public", &k.sealing_public},
                                  {"sealing_secret", &k.sealing_secret},
                                  {"signing_public", &k.signing_public},
                                  {"signing_secret", &k.signing_secret}}) {
    if (!key->empty()) out += fmt::format("{} = {}\n", name, toml_text(*key));
  }
  if (k.earlier_sealing.empty()) return out;
  out += "# What was sealed to an earlier key opens with it only.\nearlier_sealing = [";
  for (const auto& key : k.earlier_sealing) out += toml_text(key) + ", ";
  return out + "]\n";
}

Error system_error(std::string_view what, const std::filesystem::path& path) {
  return {errno == EEXIST ? Errc::exists : Errc::io,
          fmt::format("{} {}: {}", what, path.string(), std::strerror(errno))};
}

/// Write all of `text` and its file to disk.
Status write_file(int fd, std::string_view text, const std::filesystem::path& path) {
  while (!text.empty()) {
    const auto n = ::write(fd, text.data(), text.size());
    if (n < 0) return fail(system_error("write", path));
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fsync(fd) != 0) return fail(system_error("write", path));
  return {};
}

/// Write a draft beside `path`, safe on disk, and let `put` give it its name.
Status write_whole(const KeyFile& keys, const std::filesystem::path& path, int (*put)(const char*, const char*)) {
  IRO_TRY(check(keys), path.string());
  std::string draft = path.string() + ".XXXXXX";
  const int fd = ::mkostemp(draft.data(), O_CLOEXEC);
  if (fd < 0) return fail(system_error("write", draft));
  Status status = write_file(fd, render(keys), path);
  if (status && ::fchmod(fd, owner_only) != 0) status = fail(system_error("protect", path));
  ::close(fd);
  if (status && put(draft.c_str(), path.c_str()) != 0) status = fail(system_error("write", path));
  ::unlink(draft.c_str());
  return status;
}

}  // namespace

Result<KeyFile> KeyFile::load(const std::filesystem::path& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return fail(system_error("read", path));
  try {
    const toml::table file = toml::parse_file(path.string());
    const auto text = [&](std::string_view table, std::string_view key) {
      return file[table][key].value_or(std::string());
    };
    KeyFile keys{text("hub", "endpoint"),  text("hub", "public_key"),    text("member", "slug"),
                 text("member", "source"), text("member", "public_key"), text("member", "secret_key")};
    keys.sealing_public = text("member", "sealing_public");
    keys.sealing_secret = text("member", "sealing_secret");
    keys.signing_public = text("member", "signing_public");
    keys.signing_secret = text("member", "signing_secret");
    if (const auto* earlier = file["member"]["earlier_sealing"].as_array()) {
      for (const auto& key : *earlier) keys.earlier_sealing.push_back(key.value_or(std::string()));
    }
    keys.readable_by_others = (about.st_mode & group_and_others) != 0;
    IRO_TRY(check(keys), path.string());
    return keys;
  } catch (const toml::parse_error& e) {
    return fail(Errc::config_invalid, fmt::format("{}:{}: {}", path.string(), e.source().begin.line, e.description()));
  }
}

Status KeyFile::save(const std::filesystem::path& path) const {
  // The whole file appears under its name or nothing does: link() refuses a name that is taken.
  return write_whole(*this, path, [](const char* draft, const char* name) { return ::link(draft, name); });
}

Status KeyFile::replace(const std::filesystem::path& path) const {
  return write_whole(*this, path, [](const char* draft, const char* name) { return ::rename(draft, name); });
}

std::pair<std::string, std::string> make_curve_keys() {
  std::array<char, z85_key_chars + 1> public_key{};
  std::array<char, z85_key_chars + 1> secret_key{};
  const int made = zmq_curve_keypair(public_key.data(), secret_key.data());
  IRO_ASSERT(made == 0, "libzmq is built with CURVE");
  return {public_key.data(), secret_key.data()};
}

}  // namespace iro::client

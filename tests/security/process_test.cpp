// The same promises with a real irod, real sockets and real files.
#include <SQLiteCpp/SQLiteCpp.h>

#include <chrono>
#include <fstream>
#include <sstream>

#include "hub/schema/registry.hpp"
#include "tests/catch.hpp"
#include "tests/support/running_hub.hpp"

namespace {

using namespace iro;
using namespace iro::test;
using namespace std::chrono_literals;

std::string contents(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

client::Options options(const client::KeyFile& keys, const std::filesystem::path& folder) {
  client::Options o;
  o.keys = keys;
  o.client_name = "test";
  o.data_folder = folder;
  return o;
}

}  // namespace

TEST_CASE("security: a key that is not enrolled gets no session, however long it tries") {
  TempFolder folder;
  RunningHub hub(folder.path());
  hub.start();
  client::KeyFile stranger = hub.operator_key();
  std::tie(stranger.public_key, stranger.secret_key) = client::make_curve_keys();
  auto client = client::Client::open(options(stranger, folder.path() / "stranger"));
  REQUIRE(client);
  CHECK_FALSE((*client)->connected(2s));
  CHECK_FALSE((*client)->session());
}

TEST_CASE("security: an enrolled key works at once, and no longer than it is enrolled") {
  TempFolder folder;
  RunningHub hub(folder.path());
  hub.start();
  const auto keys = hub.enrol("hospital-a", {"care_provider"});
  auto client = client::Client::open(options(keys, folder.path() / "hospital"));
  REQUIRE(client);
  REQUIRE((*client)->connected(10s));
  auto op = client::Client::open([&] {
    auto o = options(hub.operator_key(), folder.path() / "op");
    o.client_name = "revoke";
    return o;
  }());
  REQUIRE(op);
  const auto registry = schema::Registry::builtin();
  const auto* type = registry->find_loosely("hub.key-revoked");
  schema::Event e;
  e.type = type->name;
  e.payload =
      registry->from_json(*type, R"({"member": "hospital-a", "public_key": ")" + keys.public_key + R"("})").value();
  REQUIRE((*op)->publish({&e, 1}));
  REQUIRE((*op)->flush(10s));
  REQUIRE((*op)->take_refused().empty());
  // A new connection with the revoked key is refused at the handshake.
  client->reset();
  auto again = client::Client::open(options(keys, folder.path() / "again"));
  REQUIRE(again);
  CHECK_FALSE((*again)->connected(2s));
}

TEST_CASE("security: a damaged database is not opened: exit 74, the file untouched") {
  TempFolder folder;
  RunningHub hub(folder.path());
  hub.start();
  for (int i = 0; i < 5; ++i) hub.enrol("hospital-" + std::to_string(i), {"care_provider"});
  REQUIRE(hub.stop() == 0);
  const auto file = hub.data() / "log.db";
  std::string bytes = contents(file);
  REQUIRE(bytes.size() > 3 * 4'096);
  // One bit in each page but the first: whichever page the start reads, it is damaged.
  for (std::size_t page = 1; page * 4'096 < bytes.size(); ++page)
    bytes[page * 4'096 + 100] = static_cast<char>(bytes[page * 4'096 + 100] ^ 1);
  std::ofstream(file, std::ios::binary) << bytes;
  CHECK_THROWS_WITH(hub.start(), ContainsSubstring("74"));
  CHECK(contents(file) == bytes);
}

TEST_CASE("security: a second hub on the same folder is refused and says why") {
  TempFolder folder;
  RunningHub hub(folder.path());
  hub.start();
  const std::string command = std::string(IROD_PATH) + " " + hub.folder().string() + " 2>&1";
  FILE* out = ::popen(command.c_str(), "r");
  REQUIRE(out != nullptr);
  std::string said;
  char buffer[256];
  while (std::fgets(buffer, sizeof buffer, out) != nullptr) said += buffer;
  CHECK(::pclose(out) != 0);
  CHECK(said.find("locked") != std::string::npos);
}

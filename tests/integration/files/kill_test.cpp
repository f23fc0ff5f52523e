// Concern: a files adapter that is killed at any moment makes each row's events
// exactly once, with the client's real outbox.
// Plan: a child process takes a file and is killed with SIGKILL after a random
// time, again and again, until one lives to the end; then a reader of outbox.db
// counts what is in it. Repeated with new files until 60 children were killed.
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <map>
#include <random>
#include <thread>

#include "adapters/files/intake.hpp"
#include "hub/schema/frames.hpp"
#include "tests/unit/files/sample.hpp"

using namespace iro;
using namespace iro::files;
using sample::Folder;

namespace {

constexpr int kills_wanted = 60;
constexpr int rows = 4'000;
constexpr int bad_each = 9;

client::KeyFile key_file() {
  const auto [open, secret] = client::make_curve_keys();
  client::KeyFile keys;
  keys.endpoint = "tcp://127.0.0.1:9";  // no hub: the outbox is what is tested
  keys.hub_public_key = open;
  keys.member = "roc-noord";
  keys.source = "urn:nld:oin:00000099000000001000:systeem:files";
  keys.public_key = open;
  keys.secret_key = secret;
  return keys;
}

std::string duo_file(int salt) {
  std::string text = "VLP;99ZZ\r\n";
  for (int i = 0; i < rows; ++i) {
    const std::string end = i % bad_each == 0 ? "x" : i % 2 == 0 ? "" : "30-6-2025";
    text += "BPV;" + std::to_string(100'000'000 + salt * rows + i / 3) + ";;1;" + std::to_string(i % 3) +
            ";1-8-2022;1-8-2022;31-7-2025;" + end + ";900;100000001;25655;\r\n";
  }
  return text;
}

/// The child: take the file and end with 0.
[[noreturn]] void take_and_exit(const MemberFolder& folder, const client::KeyFile& keys,
                                const std::filesystem::path& file) {
  client::Options options;
  options.keys = keys;
  options.client_name = "files";
  options.data_folder = folder.data();
  auto client = client::Client::open(std::move(options));
  if (!client) ::_exit(2);
  const auto key = PrivateKey::open(folder.pseudonym_key());
  if (!key) ::_exit(3);
  const Formats formats = sample::formats();
  const IntakeContext context{**client, sample::registry(), formats, *key, folder, keys.member};
  ::_exit(take_file(context, file, true, {}) ? 0 : 4);
}

/// Starts a child and kills it after `delay_us`; true when it had finished before.
bool run_child(const MemberFolder& folder, const client::KeyFile& keys, const std::filesystem::path& file,
               std::int64_t delay_us) {
  const ::pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) take_and_exit(folder, keys, file);
  const std::chrono::microseconds moment(delay_us);
  std::this_thread::sleep_for(moment);  // style: sleep-in-test, because the moment of the kill is what is random
  ::kill(child, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  if (WIFEXITED(status)) {
    INFO("exit code " << WEXITSTATUS(status));
    REQUIRE(WEXITSTATUS(status) == 0);
  }
  return WIFEXITED(status);
}

/// How often each foreign id, and each type, stands in the outbox.
struct Sent {
  std::map<std::string, int> by_id;
  std::map<std::string, int> by_type;
};
Sent read_outbox(const MemberFolder& folder) {
  Sent sent;
  SQLite::Database db((folder.data() / "outbox.db").string(), SQLite::OPEN_READONLY);
  SQLite::Statement frames(db, "SELECT frame FROM event ORDER BY seq");
  while (frames.executeStep()) {
    const SQLite::Column frame = frames.getColumn(0);
    const auto message =
        wire::decode({static_cast<const std::uint8_t*>(frame.getBlob()), static_cast<std::size_t>(frame.getBytes())});
    REQUIRE(message);
    for (const schema::EventView& event : std::get<wire::Pub>(message->body).events) {
      ++sent.by_id[std::string(event.foreign_id)];
      ++sent.by_type[std::string(event.type)];
    }
  }
  return sent;
}

}  // namespace

TEST_CASE("files: a process killed at random moments makes the events of each row exactly once") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const client::KeyFile keys = key_file();
  int killed = 0;
  for (int salt = 0; killed < kills_wanted; ++salt) {
    const Folder root;
    const MemberFolder folder(root.path());
    REQUIRE(folder.create());
    const auto file = root.write("outbox/ro.csv", duo_file(salt));
    std::int64_t most_us = 200'000;
    // A child can be killed behind its last act, which is to move the file away.
    while (std::filesystem::exists(file)) {
      const auto delay_us = std::uniform_int_distribution<std::int64_t>(0, most_us)(random);
      killed += !run_child(folder, keys, file, delay_us);
      most_us += most_us / 8;  // a slow machine needs longer to come anywhere
    }
    int good = 0;
    int ended = 0;
    for (int i = 0; i < rows; ++i) {
      good += i % bad_each != 0;
      ended += i % bad_each != 0 && i % 2 != 0;
    }
    const Sent sent = read_outbox(folder);
    CHECK(sent.by_type.at("nl.placements.placement.adopted.v1") == good);
    CHECK(sent.by_type.at("nl.placements.placement.ended.v1") == ended);
    CHECK(sent.by_id.size() == std::size_t(good + ended));
    const std::string rejects = sample::read_file(folder.rejected() / "ro.csv.rejects.csv");
    CHECK(std::ranges::count(rejects, '\n') == rows - good + 1);
    CHECK(std::filesystem::exists(folder.done() / "ro.csv"));
    CHECK(std::filesystem::is_empty(folder.work()));
  }
  CHECK(killed >= kills_wanted);
}

#include "adapters/files/service.hpp"

#include <SQLiteCpp/Database.h>

#include <boost/json.hpp>

#include "adapters/files/outbox_watch.hpp"
#include "tests/unit/files/sample.hpp"
#include "tests/unit/files/twin_client.hpp"

using namespace iro;
using namespace iro::files;
using sample::Folder;
using sample::TwinClient;
using sample::TwinDisk;

namespace {

const std::string rows =
    "Plaatsnummer;Crebo;Begindatum;Einddatum;Aantal\r\n1;25655;1-9-2026;2-9-2026;1\r\n2;25655;1-9-2026;2-9-2026;x\r\n";

/// A service of two members on twins.
struct Served {
  Folder folder;
  ManualClock clock{TimeMs(1'790'000'000'000)};
  std::map<std::string, TwinDisk> disks;
  std::map<std::string, TwinClient*> clients;
  std::vector<std::string> notes;
  std::unique_ptr<FilesService> service;

  Served() {
    for (const std::string member : {"roc", "zorg"}) {
      const auto [open, secret] = client::make_curve_keys();
      client::KeyFile keys;
      keys.endpoint = "ipc:///nowhere";
      keys.hub_public_key = open;
      keys.member = member;
      keys.source = "urn:nld:oin:00000099000000001000:systeem:files";
      keys.public_key = open;
      keys.secret_key = secret;
      std::filesystem::create_directories(folder.path() / member);
      REQUIRE(keys.save(folder.path() / member / "key.toml"));
    }
    auto config = ServiceConfig::load(folder.write("files.toml", "root = \".\"\npoll_ms = 10\nquiet_ms = 2000\n"));
    REQUIRE(config);
    auto opened = FilesService::open(
        std::move(*config), clock,
        [this](const client::Options& options) -> Result<std::unique_ptr<client::Client>> {
          auto twin = std::make_unique<TwinClient>(disks[options.keys.member]);
          clients[options.keys.member] = twin.get();
          return std::unique_ptr<client::Client>(std::move(twin));
        },
        [this](const Note& note) { notes.push_back(note.member + ": " + note.text); });
    if (!opened) FAIL(opened.error().text());
    service = std::move(*opened);
  }
  void rounds() const {
    while (service->round()) {
    }
  }
};

}  // namespace

TEST_CASE("service: takes what members put in their outboxes once it is complete, each under its own name") {
  Served served;
  const auto a = served.folder.write("roc/outbox/a.csv", rows);
  const auto b = served.folder.write("zorg/outbox/b.csv", rows);
  served.rounds();
  CHECK(std::filesystem::exists(a));  // it may still be growing
  served.clock.advance_ms(2'000);
  served.rounds();
  CHECK_FALSE(std::filesystem::exists(a));
  CHECK_FALSE(std::filesystem::exists(b));
  CHECK(served.disks["roc"].outbox.published() == 1);
  CHECK(served.disks["zorg"].outbox.published() == 1);
  const auto status = boost::json::parse(served.service->status_json());
  const auto& roc = status.at("members").at(0);
  CHECK(roc.at("member").as_string() == "roc");
  CHECK(roc.at("files").at("taken").to_number<int>() == 1);
  CHECK(roc.at("counts").at("rejected").to_number<int>() == 1);
  REQUIRE(served.notes.size() == 2);
  CHECK(served.notes[0] == "roc: a.csv taken: 2 records, 1 events, 1 rejected");
}

TEST_CASE("service: what the hub refused for good is written where the member looks") {
  Served served;
  served.clients["roc"]->refused.push_back({EventId{}, "nl.placements.vacancy.opened.v1", Errc::missing_grant, "=nee"});
  served.rounds();
  CHECK_THAT(sample::read_file(served.folder.path() / "roc/outbox/rejected/hub-refused.csv"),
             ContainsSubstring("missing_grant;'=nee"));
}

TEST_CASE("service: a received event lands in the member's inbox and is counted") {
  Served served;
  SQLite::Database inbox(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  const schema::EventType* type = sample::registry().find_loosely("vacancy.opened");
  schema::Event event;
  event.type = type->name;
  event.payload = sample::registry().from_json(*type, R"({"vacancy_id":"v","provider":"zorg","offer":{}})").value();
  CHECK(served.clients["roc"]->deliver(event, inbox).kind == client::Verdict::Kind::done);
  CHECK(std::filesystem::exists(served.folder.path() / "roc/inbox/vacancy.opened.csv"));
  CHECK_FALSE(std::filesystem::exists(served.folder.path() / "zorg/inbox/vacancy.opened.csv"));
  event.type = "nl.placements.something.new.v1";
  CHECK(served.clients["roc"]->deliver(event, inbox).kind == client::Verdict::Kind::park);
  const auto status = boost::json::parse(served.service->status_json());
  CHECK(status.at("members").at(0).at("received").at("vacancy.opened").to_number<int>() == 1);
}

TEST_CASE("service: trouble with one member's outbox holds nobody else up, and passes") {
  Served served;
  const auto a = served.folder.write("roc/outbox/a.csv", rows);
  const auto b = served.folder.write("zorg/outbox/b.csv", rows);
  served.clients["roc"]->refusal = Error{Errc::outbox_full, "full"};
  served.rounds();
  served.clock.advance_ms(2'000);
  served.rounds();
  CHECK(std::filesystem::exists(a));
  CHECK_FALSE(std::filesystem::exists(b));
  CHECK_THAT(served.service->status_json(), ContainsSubstring("outbox_full"));
  served.clients["roc"]->refusal.reset();
  served.clock.advance_ms(10'000);
  served.rounds();
  CHECK_FALSE(std::filesystem::exists(a));
  CHECK_THAT(served.service->status_json(), !ContainsSubstring("outbox_full"));
}

TEST_CASE("watch: a file that is still growing, hidden or named .part waits") {
  CHECK(is_for_taking("a.csv"));
  for (const char* name : {".a.csv", "a.csv.part", "a.tmp", "~$a.csv", "a.csv~", ""}) CHECK_FALSE(is_for_taking(name));
  OutboxWatch watch(2'000);
  using Names = std::vector<std::string>;
  CHECK(watch.ready({{"a", 1, 1}}, TimeMs(1'000)).empty());
  CHECK(watch.ready({{"a", 2, 1}}, TimeMs(3'500)).empty());
  CHECK(watch.ready({{"a", 2, 2}}, TimeMs(6'000)).empty());
  CHECK(watch.ready({{"a", 2, 2}, {"b", 1, 1}}, TimeMs(8'000)) == Names{"a"});
  CHECK(watch.ready({{"a", 2, 2}, {"b", 1, 1}}, TimeMs(10'000)) == Names{"b", "a"});
  CHECK(watch.ready({}, TimeMs(10'000)).empty());
  CHECK(watch.ready({{"a", 2, 2}}, TimeMs(10'000)).empty());
}

TEST_CASE("service: a configuration that cannot be used is told with its line") {
  const Folder folder;
  const auto error = [&](const std::string& text) {
    const auto config = ServiceConfig::load(folder.write("f.toml", text));
    return config ? "" : config.error().text();
  };
  CHECK_THAT(error("roots = \"x\""), ContainsSubstring("unknown key 'roots'"));
  CHECK_THAT(error("poll_ms = 1000"), ContainsSubstring("there are no members"));
  CHECK_THAT(error("[[member]]\nkey = \"k\""), ContainsSubstring("f.toml:1: 'folder' is missing"));
  CHECK_THAT(error("root = "), ContainsSubstring("f.toml:1:"));
  const auto config = ServiceConfig::load(folder.write("f.toml", "[[member]]\nfolder = \"roc\"\n"));
  REQUIRE(config);
  CHECK(config->members[0].key == folder.path() / "roc" / "key.toml");
}

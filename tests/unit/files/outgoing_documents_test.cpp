// Concern: a row that names a document becomes an event that holds it, sealed to the recipient; bad ones cost
// themselves. Plan: a mapping for identity-disclosed, documents in a folder, a recipient's key as the hub would show
// it.
#include "adapters/files/outgoing_documents.hpp"

#include "adapters/client/member_keys.hpp"
#include "adapters/client/sealed_event.hpp"
#include "tests/unit/files/sample.hpp"

using namespace iro;
using namespace iro::files;
using sample::Folder;

namespace {

constexpr const char* mapping = R"(
format = "namen"
key = ["handover"]
[column.handover]
headers = ["overdracht"]
required = true
[column.student]
headers = ["pseudoniem"]
[column.to]
headers = ["instelling"]
[column.file]
headers = ["bestand"]
[[event]]
type = "handover.identity-disclosed"
[event.set]
handover_id = "handover"
student = "student"
school = { text = "{member}" }
provider = "to"
content = { document = "file" }
)";

client::KeyFile keys_of(const std::string& member) {
  const auto [open, secret] = client::make_curve_keys();
  return client::with_fresh_keys({"ipc:///nowhere", open, member, "urn:nld:oin:1", "", ""});
}

struct Sending {
  Folder folder;
  client::KeyFile school = keys_of("roc-noord");
  client::KeyFile hospital = keys_of("zorg");
  bool reachable = true;
  OutgoingDocuments sealer{folder.path() / "documents", school,
                           [this](const std::string& member) { return key_of(member); }};
  MemoryOutbox outbox{true};
  PrivateKey key = PrivateKey::random();
  Formats known{{read_mapping(mapping, "namen.toml", sample::registry()).value()}, ProgrammeList({})};

  void put(const std::string& name, const std::string& text) const {
    REQUIRE(std::filesystem::exists(folder.write(name, text)));
  }
  /// What the hub shows, as far as it is believed.
  [[nodiscard]] Result<client::Key32> key_of(const std::string& member) const {
    if (!reachable) return fail(Errc::unreachable, "");
    if (member != "zorg") return fail(Errc::sealing_key_swapped, member);
    return client::public_set(hospital)->sealing;
  }
  /// What becomes of a file of these rows.
  Result<std::vector<Reject>> take(const std::string& rows) {
    const auto file = folder.write("namen.csv", "overdracht;pseudoniem;instelling;bestand\r\n" + rows);
    auto opened = open_file(file, known, "roc-noord");
    REQUIRE(opened);
    const RecordTaker taker(sample::registry(), key, false, &sealer);
    std::vector<Reject> out;
    Counts counts;
    for (;;) {
      const auto item = opened->reader->next();
      REQUIRE(item);
      if (*item == RecordReader::Item::end) return out;
      auto rejects = taker.take(*opened->reader, *item, outbox, counts);
      if (!rejects) return fail(rejects.error());
      for (Reject& r : *rejects) out.push_back(std::move(r));
    }
  }
};

constexpr const char* row = "ho-1;pseudonym-1;zorg;naam.txt\r\n";

}  // namespace

TEST_CASE("outgoing documents: a row's document is sealed to the recipient that the row names") {
  Sending s;
  s.put("documents/naam.txt", "een naam");
  REQUIRE(s.take(row).value().empty());
  REQUIRE(s.outbox.events().size() == 1);
  const schema::Event& event = s.outbox.events().front();
  const std::string json = sample::registry().event_to_json(schema::view_of(event)).value();
  CHECK(json.find("een naam") == std::string::npos);
  auto read = client::read_sealed_event(json);
  REQUIRE(read);
  read->in.subject = "ho-1";  // the hub takes it from the payload
  const auto opened = client::open(read->sealed, read->in, client::sealing_pairs(s.hospital).value(),
                                   std::vector{client::public_set(s.school)->signing});
  REQUIRE(opened);
  CHECK(as_text(opened->content) == "een naam");
  CHECK(opened->name == "naam.txt");
}

TEST_CASE("outgoing documents: the same row again sends nothing, a changed document sends it anew") {
  Sending s;
  s.put("documents/naam.txt", "een naam");
  REQUIRE(s.take(row).value().empty());
  REQUIRE(s.take(row).value().empty());
  CHECK(s.outbox.events().size() == 1);
  s.put("documents/naam.txt", "een andere naam");
  REQUIRE(s.take(row).value().empty());
  CHECK(s.outbox.events().size() == 2);
}

TEST_CASE("outgoing documents: a row that cannot be sealed is rejected with its reason, and nothing of it goes out") {
  Sending s;
  s.put("documents/naam.txt", "een naam");
  s.put("documents/bsn.txt", "111222333");
  s.put("elsewhere.txt", "x");
  for (const auto& [bad, code] : {std::pair{"ho-1;pseudonym-1;zorg;geen.txt\r\n", Errc::csv_value},
                                  {"ho-1;pseudonym-1;zorg;../elsewhere.txt\r\n", Errc::csv_value},
                                  {"ho-1;pseudonym-1;zorg;bsn.txt\r\n", Errc::personal_number},
                                  {"ho-1;pseudonym-1;nep;naam.txt\r\n", Errc::sealing_key_swapped}}) {
    const auto rejects = s.take(bad);
    REQUIRE(rejects);
    REQUIRE(rejects->size() == 1);
    CHECK(rejects->front().code == code);
    CHECK(rejects->front().column == "bestand");
  }
  CHECK(s.outbox.events().empty());
}

TEST_CASE("outgoing documents: while the hub cannot be asked for keys, the file waits") {
  Sending s;
  s.put("documents/naam.txt", "een naam");
  s.reachable = false;
  const auto waits = s.take(row);
  REQUIRE_FALSE(waits);
  CHECK(waits.error().code == Errc::unreachable);
  CHECK(s.outbox.events().empty());
  s.reachable = true;
  CHECK(s.take(row).value().empty());
}

TEST_CASE("outgoing documents: a mapping puts a document nowhere but into a sealed field") {
  std::string wrong = mapping;
  wrong.replace(wrong.find("student = \"student\""), 19, "student = { document = \"file\" }");
  const auto refused = read_mapping(wrong, "namen.toml", sample::registry());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::mapping_invalid);
}

// Concern: a sealed document that came in becomes a file once, whole and private; one that cannot be opened says why.
// Plan: seal as a sender does, keep the event as the handler does, and open; with the hub away, a wrong sender, a
// crash.
#include "adapters/files/received_documents.hpp"

#include <sys/stat.h>

#include "adapters/client/member_keys.hpp"
#include "adapters/client/sealed_event.hpp"
#include "tests/unit/files/sample.hpp"

using namespace iro;
using namespace iro::files;
using sample::Folder;
using sample::read_file;

namespace {

client::KeyFile keys_of(const std::string& member) {
  const auto [open, secret] = client::make_curve_keys();
  return client::with_fresh_keys({"ipc:///nowhere", open, member, "s", "", ""});
}

struct Received {
  Folder folder;
  client::KeyFile school = keys_of("school-a");
  client::KeyFile hospital = keys_of("hospital-a");
  std::filesystem::path out = folder.path() / "inbox" / "documents";
  ReceivedDocuments documents{folder.path() / "sealed", out, hospital};
  EventId id = make_event_id(1'790'000'000'000);
  ReceivedDocuments::Signers signers;

  Received() {
    signers = [this](const std::string& member) -> Result<std::vector<client::Key32>> {
      CHECK(member == "school-a");
      return std::vector{client::public_set(school)->signing};
    };
  }

  [[nodiscard]] std::string event(const std::string& name = "plan.txt") const {
    const client::SealedIn in{id, "nl.placements.handover.identity-disclosed.v1", "s", "ho-1"};
    const auto sealed =
        client::seal({name, "text/plain", to_bytes(std::string_view("een naam"))}, in,
                     std::vector{client::public_set(hospital)->sealing}, client::signing_pair(school).value());
    REQUIRE(sealed);
    return R"({"id": ")" + to_string(id) + R"(", "type": ")" + in.type +
           R"(", "source": "s", "subject": "ho-1", "data": {"school": "school-a", "provider": "hospital-a", "content": )" +
           sealed->to_json() + "}}";
  }
};

}  // namespace

TEST_CASE("received documents: what was sealed to us becomes a file that only we can read, once") {
  Received r;
  REQUIRE(r.documents.keep(r.id, r.event()));
  REQUIRE(r.documents.keep(r.id, r.event()));  // delivered again after a crash
  CHECK(r.documents.open_next(r.signers).value());
  CHECK_FALSE(r.documents.open_next(r.signers).value());
  const auto file = r.out / (to_string(r.id) + "-plan.txt");
  CHECK(read_file(file) == "een naam");
  struct stat about {};
  REQUIRE(::stat(file.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
}

TEST_CASE("received documents: a sender cannot choose where the file goes") {
  Received r;
  REQUIRE(r.documents.keep(r.id, r.event("../../key.toml")));
  CHECK(r.documents.open_next(r.signers).value());
  CHECK(read_file(r.out / (to_string(r.id) + "-key.toml")) == "een naam");
  CHECK(client::safe_file_name("..") == "document");
  CHECK(client::safe_file_name("a\\b\n.pdf") == "b_.pdf");
  CHECK(client::safe_file_name("") == "document");
}

TEST_CASE("received documents: while the hub cannot say whose keys they are, a document waits") {
  Received r;
  REQUIRE(r.documents.keep(r.id, r.event()));
  const auto later = r.documents.open_next(
      [](const std::string&) -> Result<std::vector<client::Key32>> { return fail(Errc::timeout, "no answer"); });
  REQUIRE_FALSE(later);
  CHECK(later.error().code == Errc::timeout);
  CHECK(r.documents.open_next(r.signers).value());
}

TEST_CASE("received documents: one that cannot be opened leaves its reason, and the next one goes on") {
  Received r;
  REQUIRE(r.documents.keep(r.id, r.event()));
  const client::KeyFile somebody = keys_of("somebody");
  CHECK(r.documents
            .open_next([&](const std::string&) -> Result<std::vector<client::Key32>> {
              return std::vector{client::public_set(somebody)->signing};
            })
            .value());
  CHECK_THAT(read_file(r.out / (to_string(r.id) + ".not-opened.txt")), ContainsSubstring("sealed_sender (546)"));
  CHECK_FALSE(r.documents.open_next(r.signers).value());
}

TEST_CASE("received documents: an event without a document is none of ours") {
  Received r;
  REQUIRE(r.documents.keep(r.id, R"({"id": "x", "data": {"vacancy_id": "v-1"}})"));
  CHECK_FALSE(r.documents.open_next(r.signers).value());
}

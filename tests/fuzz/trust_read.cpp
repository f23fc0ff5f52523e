// Fuzz: what others send about keys and documents is refused, or read as what it says: sealed events, the hub's
// directory, an operator's token. Nothing that strangers write is believed or opened.
#include <cstdlib>

#include "adapters/client/invitation.hpp"
#include "adapters/client/key_book.hpp"
#include "adapters/client/sealed_event.hpp"

namespace {

using namespace iro;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_document(std::string_view text) {
  static const schema::SealingPair ours = schema::make_sealing_pair();
  static const schema::SigningPair sender = schema::make_signing_pair();
  const auto event = client::read_sealed_event(text);
  if (!event) return;
  require(!client::open(event->sealed, event->in, {&ours, 1}, {&sender.public_key, 1}).has_value());
  const auto again = client::SealedDocument::from_json(event->sealed.to_json());
  require(again.has_value() && again->to_json() == event->sealed.to_json());
}

void read_keys(std::string_view text) {
  const auto entries = client::read_directory({std::string(text)});
  if (!entries) return;
  const std::vector<client::Pin> pins{{schema::make_signing_pair().public_key, false}};
  for (const auto& entry : *entries) require(!client::judge(entry, pins).has_value());
}

void read_token(std::string_view text) {
  const auto invitation = client::Invitation::read(text);
  if (invitation) require(client::Invitation::read(invitation->token())->seed == invitation->seed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  read_document(text);
  read_keys(text);
  read_token(text);
  return 0;
}

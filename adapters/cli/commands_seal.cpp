// seal, open: documents from client to client, which the hub carries and cannot read.
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <iterator>

#include "adapters/cli/command.hpp"
#include "adapters/cli/moment.hpp"
#include "adapters/cli/operator.hpp"
#include "adapters/cli/table.hpp"
#include "adapters/client/key_book.hpp"
#include "adapters/client/member_keys.hpp"
#include "adapters/client/sealed_event.hpp"
#include "hub/base/z85.hpp"

namespace iro::cli {
namespace {

Result<Bytes> read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Errc::io, fmt::format("{} cannot be read", path.string()));
  const std::string text(std::istreambuf_iterator<char>(in), {});
  if (in.bad()) return fail(Errc::io, fmt::format("{} cannot be read", path.string()));
  return to_bytes(text);
}

Status write_file(const fs::path& path, ByteView bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(as_text(bytes).data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) return fail(Errc::io, fmt::format("{} cannot be written", path.string()));
  return {};
}

/// A client in the folder beside the key file, and what that folder knows of other members' keys.
struct Desk {
  std::unique_ptr<client::Client> client;
  std::unique_ptr<client::KeyBook> book;

  static Result<Desk> open(Context& context) {
    const fs::path folder = fs::absolute(context.key_path()).parent_path() / "cli";
    auto client = context.connect(folder, "cli");
    if (!client) return fail(client.error());
    auto book = client::KeyBook::open(folder);
    if (!book) return fail(book.error());
    return Desk{std::move(*client), std::move(*book)};
  }
  Result<client::TrustedKeys> keys_of(Context& context, const std::string& member) {
    auto keys = book->find(*client, member, context.timeout());
    if (keys && keys->first_sight) context.note(context.text(Text::first_sight, member));
    return keys;
  }
};

// ---- seal

struct SealOptions {
  fs::path document;
  std::string type = "dossier.item-sealed";
  std::string data;
  std::vector<std::string> to;
  std::string media_type;
  fs::path out;
  bool publish = false;
};

Result<json::object> data_of(const Context& context, const SealOptions& o) {
  std::string text = o.data;
  if (text.starts_with('@')) {
    const auto file = read_file(text.substr(1));
    if (!file) return fail(file.error());
    text = as_text(*file);
  }
  boost::system::error_code ec;
  json::value value = json::parse(text, ec);
  if (ec || !value.is_object()) return fail(Errc::invalid_argument, context.text(Text::seal_data_object));
  return std::move(value.get_object());
}

Result<std::vector<client::Key32>> recipient_keys(Context& context, Desk& desk, const std::vector<std::string>& to) {
  std::vector<client::Key32> out;
  for (const auto& slug : to) {
    const auto keys = desk.keys_of(context, slug);
    if (!keys) return fail(keys.error());
    out.push_back(keys->sealing);
  }
  return out;
}

/// The payload with `sealed` in it.
Result<Bytes> payload_with(const schema::Registry& registry, const schema::EventType& type, json::object data,
                           const client::SealedDocument& sealed) {
  data[client::sealed_field] = json::parse(sealed.to_json());
  return registry.from_json(type, json::serialize(data));
}

/// The event with the document in it. Its header is fixed first, as the document is bound to it.
Result<schema::Event> sealed_event(Context& context, Desk& desk, const SealOptions& o, const client::KeyFile& own) {
  const auto type = context.type(o.type);
  if (!type) return fail(type.error());
  const auto data = data_of(context, o);
  if (!data) return fail(data.error());
  auto to = o.to;
  if (to.empty()) to.push_back(client::recipient_in(json::serialize(*data)));
  if (to.front().empty()) return fail(Errc::invalid_argument, context.text(Text::seal_no_recipient));
  auto content = read_file(o.document);
  if (!content) return fail(content.error());
  const auto signer = client::signing_pair(own);
  if (!signer) return fail(signer.error());
  const auto recipients = recipient_keys(context, desk, to);
  if (!recipients) return fail(recipients.error());

  schema::Event event;
  event.type = (*type)->name;
  event.revision = (*type)->revision;
  event.id = make_event_id(static_cast<std::uint64_t>(context.clock.now().value()));
  event.source = own.source;
  const auto draft = payload_with(context.registry(), **type, *data, {std::string(client::seal_scheme), {}, {}});
  if (!draft) return fail(draft.error());
  event.subject = std::string(context.registry().facts(**type, *draft).subject);
  const auto sealed = client::seal({o.document.filename().string(), o.media_type, std::move(*content)},
                                   {event.id, event.type, event.source, event.subject}, *recipients, *signer);
  if (!sealed) return fail(sealed.error());
  auto payload = payload_with(context.registry(), **type, *data, *sealed);
  if (!payload) return fail(payload.error());
  event.payload = std::move(*payload);
  return event;
}

Status publish(Context& context, client::Client& client, const schema::Event& event) {
  const auto ids = client.publish({&event, 1});
  if (!ids) return fail(ids.error());
  IRO_TRY(settle(context, client), "publish");
  for (auto& refused : client.take_refused()) {
    if (refused.id == event.id) return fail(refused.code, std::move(refused.reason));
  }
  return {};
}

Result<int> seal(Context& context, const SealOptions& o) {
  const auto own = context.key();
  if (!own) return fail(own.error());
  auto desk = Desk::open(context);
  if (!desk) return fail(desk.error());
  auto event = sealed_event(context, *desk, o, *own);
  if (!event) return fail(event.error());
  if (o.publish) {
    IRO_TRY(publish(context, *desk->client, *event), "seal");
    if (context.options.json) {
      context.print_json(json::object{{"id", to_string(event->id)}, {"result", "accepted"}});
    } else {
      Context::print(to_string(event->id) + '\n');
    }
    return Exit::ok;
  }
  event->time = context.clock.now();
  const auto text = context.registry().event_to_json(schema::view_of(*event));
  if (!text) return fail(text.error());
  if (o.out.empty()) {
    Context::print(*text + '\n');
  } else {
    IRO_TRY(write_file(o.out, as_bytes(*text + '\n')), "seal");
  }
  return Exit::ok;
}

// ---- open

struct OpenOptions {
  std::string what;
  std::string from;
  fs::path out;
};

/// The event as the hub shows it to this member, or as it stands in a file.
Result<std::string> event_text(Context& context, Desk& desk, const std::string& what) {
  if (parse_event_id(what)) {
    const auto answer = context.query("event", {{"id", what}}, desk.client.get());
    if (!answer) return fail(answer.error());
    const auto* event = answer->is_object() ? answer->get_object().if_contains("event") : nullptr;
    if (event == nullptr) return fail(Errc::not_found, what);
    return json::serialize(*event);
  }
  if (what == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  const auto file = read_file(what);
  if (!file) return fail(file.error());
  return std::string(as_text(*file));
}

Result<int> open(Context& context, const OpenOptions& o) {
  if (context.options.json && o.out.empty()) return fail(Errc::invalid_argument, context.text(Text::open_json_out));
  const auto own = context.key();
  if (!own) return fail(own.error());
  const auto ours = client::sealing_pairs(*own);
  if (!ours) return fail(ours.error());
  auto desk = Desk::open(context);
  if (!desk) return fail(desk.error());
  const auto text = event_text(context, *desk, o.what);
  if (!text) return fail(text.error());
  const auto found = client::read_sealed_event(*text);
  if (!found) return fail(found.error());
  const std::string sender = o.from.empty() ? found->sender : o.from;
  if (sender.empty()) return fail(Errc::invalid_argument, context.text(Text::open_no_sender));
  const auto keys = desk->keys_of(context, sender);
  if (!keys) return fail(keys.error());
  const auto document = client::open(found->sealed, found->in, *ours, keys->signers);
  if (!document) return fail(document.error());

  if (o.out.empty()) {
    Context::print(as_text(document->content));
    context.note(context.text(Text::opened, clean(document->name), sender));
    return Exit::ok;
  }
  std::error_code ec;
  const fs::path path = fs::is_directory(o.out, ec) ? o.out / client::safe_file_name(document->name) : o.out;
  IRO_TRY(write_file(path, document->content), "open");
  if (context.options.json) {
    context.print_json(json::object{{"name", document->name},
                                    {"media_type", document->media_type},
                                    {"bytes", document->content.size()},
                                    {"sender", sender},
                                    {"file", path.string()}});
  } else {
    Context::print(path.string() + '\n');
    context.note(context.text(Text::opened, clean(document->name), sender));
  }
  return Exit::ok;
}

}  // namespace

void add_seal_commands(CLI::App& app, Context& context) {
  auto& s = add_command(app, context, "seal", Text::about_seal,
                        "iro seal plan.pdf --publish --data '{\"handover_id\": \"ho-1\", \"student\": \"p-7f3a91c2\",\n"
                        "    \"author\": \"school-a\", \"recipient\": \"waterpoort\", \"item\": \"progress\"}'\n"
                        "iro seal plan.pdf --data @item.json --out event.json");
  auto so = std::make_shared<SealOptions>();
  s.add_option("FILE", so->document, context.text(Text::opt_document))->required()->check(CLI::ExistingFile);
  s.add_option("--type", so->type, context.text(Text::opt_seal_type));
  s.add_option("--data", so->data, context.text(Text::opt_seal_data))->required();
  s.add_option("--to", so->to, context.text(Text::opt_seal_to));
  s.add_option("--media-type", so->media_type, context.text(Text::opt_media_type));
  s.add_flag("--publish", so->publish, context.text(Text::opt_seal_publish));
  s.add_option("--out", so->out, context.text(Text::opt_seal_out))->excludes("--publish");
  runs(s, context, so, seal);
  auto& p =
      add_command(app, context, "open", Text::about_open,
                  "iro open 0190b2c4-7e1f-7abc-8def-0123456789ab --out documents/\niro open event.json > plan.pdf");
  auto po = std::make_shared<OpenOptions>();
  p.add_option("EVENT", po->what, context.text(Text::opt_open_what))->required();
  p.add_option("--from", po->from, context.text(Text::opt_open_from));
  p.add_option("--out", po->out, context.text(Text::opt_open_out));
  runs(p, context, po, open);
}

}  // namespace iro::cli

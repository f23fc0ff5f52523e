#include "adapters/cli/member_add.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/cli/operator.hpp"
#include "adapters/cli/table.hpp"

namespace iro::cli {
namespace {

struct AddOptions {
  Enrolment one;
  fs::path out;
  fs::path batch;
  fs::path out_folder;
  std::string endpoint;
  bool no_default_grants = false;
};

/// One member on its way in.
struct Entry {
  Enrolment enrolment;
  std::optional<PendingKey> key;  // none: the member made its own
  enum class State { wanted, there_already, enrolled, refused } state = State::wanted;
  Error why;
};

Result<std::vector<Entry>> entries_of(const AddOptions& o, const client::KeyFile& operator_key) {
  std::vector<Enrolment> wanted{o.one};
  if (!o.batch.empty()) {
    auto batch = read_batch(o.batch);
    if (!batch) return fail(batch.error());
    wanted = std::move(*batch);
  }
  std::vector<Entry> out;
  for (auto& enrolment : wanted) {
    Entry entry;
    enrolment.default_grants = !o.no_default_grants;
    const fs::path file = o.batch.empty() ? o.out : o.out_folder / enrolment.slug / "key.toml";
    std::error_code ec;
    if (!o.batch.empty() && fs::exists(file, ec)) {
      entry.state = Entry::State::there_already;  // so that a batch can be run again after members were added to it
    } else if (enrolment.public_key.empty()) {
      auto key = PendingKey::prepare(file, enrolment, operator_key, o.endpoint, PendingKey::Kinds::all);
      if (!key) return fail(key.error());
      IRO_TRY(key->describe(enrolment), file.string());
      entry.key = std::move(*key);
    }
    entry.enrolment = std::move(enrolment);
    out.push_back(std::move(entry));
  }
  return out;
}

/// Is this member there with this key? Then an earlier enrolment arrived and only its answer was lost.
bool enrolled_before(const std::map<std::string, json::object>& members, const Enrolment& e) {
  const auto at = members.find(e.slug);
  if (at == members.end()) return false;
  const auto* keys = at->second.if_contains("keys");
  return keys != nullptr && keys->is_array() && std::ranges::any_of(keys->get_array(), [&](const json::value& key) {
           return key.is_object() && z85_of_hex(text_of(key.get_object(), "public_key")) == e.public_key;
         });
}

/// "joined" is public and the member's own to say; the operator says it where the schema lets the operator.
void announce(Context& context, const std::vector<Entry>& entries, Operator& op) {
  const auto* type = context.registry().find("nl.placements.membership.joined.v1");
  if (type == nullptr || std::ranges::find(type->senders, "operator") == type->senders.end()) return;
  std::vector<schema::Event> events;
  for (const auto& entry : entries) {
    if (entry.state != Entry::State::enrolled) continue;
    const json::object payload{
        {"membership_id", "mem-" + entry.enrolment.slug}, {"member", entry.enrolment.slug}, {"phase", "full"}};
    auto bytes = context.registry().from_json(*type, json::serialize(payload));
    if (!bytes) continue;
    schema::Event event;
    event.type = type->name;
    event.revision = type->revision;
    event.payload = std::move(*bytes);
    events.push_back(std::move(event));
  }
  if (events.empty()) return;
  const auto ids = op.client().publish(events);
  const Status told = ids ? settle(context, op.client()) : Status(fail(ids.error()));
  if (!told) context.note(context.text(Text::not_announced, told.error().text()));
}

/// Publish what is wanted and write down in each entry how it ended.
Status enrol(Context& context, Operator& op, std::vector<Entry>& entries) {
  std::vector<Operator::Command> commands;
  std::vector<Entry*> asked;
  for (auto& entry : entries) {
    if (entry.state != Entry::State::wanted) continue;
    commands.push_back(
        {"member-enrolled.v1", enrolment_payload(entry.enrolment, context.registry(), context.clock.now())});
    asked.push_back(&entry);
  }
  if (commands.empty()) return {};
  auto refused = op.publish(commands);
  if (!refused) return fail(refused.error());
  std::map<std::string, json::object> members;
  if (!refused->empty()) {
    if (auto known = op.members()) members = std::move(*known);
  }
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const auto no = refused->find(i);
    const bool in = no == refused->end() || enrolled_before(members, asked[i]->enrolment);
    asked[i]->state = in ? Entry::State::enrolled : Entry::State::refused;
    if (!in) asked[i]->why = no->second;
  }
  return {};
}

void drop_keys(const std::vector<Entry>& entries) {
  for (const auto& entry : entries) {
    if (entry.key) entry.key->drop();
  }
}

/// Key files of accepted members become real, those of refused ones go.
Status finish_keys(const std::vector<Entry>& entries) {
  for (const auto& entry : entries) {
    if (!entry.key) continue;
    if (entry.state == Entry::State::refused) entry.key->drop();
    if (entry.state == Entry::State::enrolled) IRO_TRY(entry.key->keep(), "key file");
  }
  return {};
}

std::string_view word(Entry::State state) {
  switch (state) {
    case Entry::State::there_already:
      return "there";
    case Entry::State::enrolled:
      return "enrolled";
    case Entry::State::refused:
      return "refused";
    case Entry::State::wanted:
      break;
  }
  return "undecided";
}

json::object entry_json(const Entry& e) {
  json::object out{{"member", e.enrolment.slug}, {"result", word(e.state)}};
  if (e.key && e.state == Entry::State::enrolled) out["key_file"] = e.key->file().string();
  if (e.state == Entry::State::refused) {
    out["code"] = info(e.why.code).name;
    out["reason"] = e.why.message;
  }
  return out;
}

void print_enrolled(const Context& context, const Entry& e, bool one_of_many) {
  const std::string& slug = e.enrolment.slug;
  if (!e.key) {
    Context::print(context.text(Text::member_added_bare, slug));
  } else if (one_of_many) {
    Context::print(fmt::format("{}  {}\n", slug, e.key->file().string()));
  } else {
    Context::print(context.text(Text::member_added, slug, e.key->file().string()));
  }
}

void report(const Context& context, const std::vector<Entry>& entries) {
  if (context.options.json) {
    json::array rows;
    for (const auto& e : entries) rows.push_back(entry_json(e));
    context.print_json(rows);
    return;
  }
  std::size_t enrolled = 0;
  std::size_t there = 0;
  for (const auto& e : entries) {
    enrolled += e.state == Entry::State::enrolled ? 1 : 0;
    there += e.state == Entry::State::there_already ? 1 : 0;
    if (e.state == Entry::State::refused) fmt::print(stderr, "{}: {}\n", e.enrolment.slug, clean(e.why.text()));
    if (e.state == Entry::State::enrolled) print_enrolled(context, e, entries.size() > 1);
  }
  if (entries.size() > 1)
    Context::print(context.text(Text::batch_done, enrolled, there, entries.size() - enrolled - there));
}

Status check(const Context& context, const AddOptions& o) {
  if (!o.batch.empty()) {
    if (o.out_folder.empty()) return fail(Errc::invalid_argument, context.text(Text::out_dir_missing));
    return {};
  }
  if (o.one.slug.empty() || o.one.name.empty() || o.one.oin.empty() || o.one.roles.empty()) {
    return fail(Errc::invalid_argument, context.text(Text::member_incomplete));
  }
  if (o.out.empty() == o.one.public_key.empty())
    return fail(Errc::invalid_argument, context.text(Text::out_or_public_key));
  return {};
}

Result<int> add(Context& context, const AddOptions& o) {
  IRO_TRY(check(context, o), "member add");
  const auto keys = context.key();
  if (!keys) return fail(keys.error());
  auto entries = entries_of(o, *keys);
  if (!entries) return fail(entries.error());
  auto op = Operator::open(context);
  if (!op) {
    drop_keys(*entries);  // nothing was said to the hub
    return fail(op.error());
  }
  if (const Status asked = enrol(context, *op, *entries); !asked) {
    // After a timeout the hub may still accept them: then the pending keys are what they will need.
    if (asked.error().code != Errc::timeout) drop_keys(*entries);
    return fail(asked.error().within("member add"));
  }
  IRO_TRY(finish_keys(*entries), "member add");
  announce(context, *entries, *op);
  const auto refused = std::ranges::find(*entries, Entry::State::refused, &Entry::state);
  if (entries->size() == 1 && refused != entries->end()) return fail(refused->why);
  report(context, *entries);
  return refused == entries->end() ? Exit::ok : Exit::failed;
}

}  // namespace

void add_member_add(CLI::App& member, Context& context) {
  auto& c =
      add_command(member, context, "add", Text::about_member_add,
                  "iro member add --hub region --slug waterpoort --name \"Ziekenhuis Waterpoort\" \\\n"
                  "    --oin 00000099000000002001 --role care_provider --branch hospital --out waterpoort.key.toml\n"
                  "iro member add --hub region --batch region.toml --out-dir members");
  auto o = std::make_shared<AddOptions>();
  c.add_option("--slug", o->one.slug, context.text(Text::opt_slug));
  c.add_option("--name", o->one.name, context.text(Text::opt_member_name));
  c.add_option("--oin", o->one.oin, context.text(Text::opt_oin));
  c.add_option("--role", o->one.roles, context.text(Text::opt_roles));
  c.add_option("--branch", o->one.branches, context.text(Text::opt_branches));
  c.add_option("--brin", o->one.brin, context.text(Text::opt_brin));
  c.add_option("--kvk", o->one.kvk, context.text(Text::opt_kvk));
  c.add_option("--agb", o->one.agb, context.text(Text::opt_agb));
  c.add_option("--system", o->one.system, context.text(Text::opt_system))->capture_default_str();
  c.add_option("--arrangement-date", o->one.arrangement_on, context.text(Text::opt_arrangement));
  c.add_option("--impact-assessment-date", o->one.assessment_on, context.text(Text::opt_assessment));
  c.add_flag("--no-default-grants", o->no_default_grants, context.text(Text::opt_no_grants));
  c.add_option("--out", o->out, context.text(Text::opt_out));
  c.add_option("--public-key", o->one.public_key, context.text(Text::opt_public_key));
  c.add_option("--endpoint", o->endpoint, context.text(Text::opt_member_endpoint));
  c.add_option("--batch", o->batch, context.text(Text::opt_batch))->check(CLI::ExistingFile);
  c.add_option("--out-dir", o->out_folder, context.text(Text::opt_out_dir));
  runs(c, context, o, add);
}

}  // namespace iro::cli

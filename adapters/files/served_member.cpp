#include "adapters/files/served_member.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>

#include "adapters/files/reject_rows.hpp"

namespace iro::files {
namespace {

constexpr std::int64_t rest_ms = 5'000;  // after trouble: a full outbox or disk does not pass in a second
constexpr std::uint32_t retry_ms = 2'000;
constexpr std::chrono::milliseconds directory_patience{2'000};

boost::json::object to_object(const std::map<std::string, std::uint64_t>& numbers) {
  boost::json::object out;
  for (const auto& [name, n] : numbers) out[name] = n;
  return out;
}

}  // namespace

ServedMember::ServedMember(Setup setup, const schema::Registry& registry, const Clock& clock, PrivateKey key,
                           std::function<void(const Note&)> on_note)
    : name_(setup.keys.member),
      folder_(setup.config.folder),
      formats_(std::move(setup.formats)),
      registry_(registry),
      clock_(clock),
      key_(key),
      on_note_(std::move(on_note)),
      watch_(setup.quiet_ms),
      inbox_(folder_.inbox(), registry),
      documents_(folder_.sealed(), folder_.documents(), setup.keys) {}

ServedMember::~ServedMember() = default;

Result<std::unique_ptr<ServedMember>> ServedMember::open(Setup setup, const schema::Registry& registry,
                                                         const Clock& clock, const OpenClient& open_client,
                                                         std::function<void(const Note&)> on_note) {
  const MemberFolder folder(setup.config.folder);
  if (Status made = folder.create(); !made) return fail(made.error());
  const auto key = PrivateKey::open(folder.pseudonym_key());
  if (!key) return fail(key.error());
  const client::KeyFile own = setup.keys;
  client::Options options;
  options.keys = setup.keys;
  options.client_name = "files";
  options.data_folder = folder.data();
  options.runtime = setup.runtime;
  std::unique_ptr<ServedMember> member(new ServedMember(std::move(setup), registry, clock, *key, std::move(on_note)));
  options.on_trouble = [raw = member.get()](const Error& error) { raw->in_trouble(error); };
  auto client = open_client(std::move(options));
  if (!client) return fail(client.error());
  member->client_ = std::move(*client);
  member->sealer_ = std::make_unique<OutgoingDocuments>(
      member->folder_.to_seal(), own, [raw = member.get()](const std::string& slug) -> Result<client::Key32> {
        const auto found = raw->keys_of(slug);
        if (!found) return fail(found.error());
        return found->sealing;
      });
  member->context_ =
      std::make_unique<IntakeContext>(IntakeContext{*member->client_, registry, member->formats_, member->key_,
                                                    member->folder_, member->name_, false, member->sealer_.get()});
  client::Subscription subscription;
  subscription.consumer = "files";
  const Status subscribed = member->client_->subscribe(
      subscription, [raw = member.get()](const client::Delivery& delivery) { return raw->receive(delivery); });
  if (!subscribed) return fail(subscribed.error());
  return member;
}

client::Verdict ServedMember::receive(const client::Delivery& delivery) {
  const Status written = write_received(delivery);
  if (!written) {
    if (written.error().code == Errc::unknown_type) return client::Verdict::park(written.error().message);
    in_trouble(written.error().within("inbox"));
    return client::Verdict::failed(written.error().text(), retry_ms);
  }
  const std::lock_guard lock(mutex_);
  ++received_[short_type(delivery.event.type)];
  return client::Verdict::done();
}

/// Its row and line; a sealed document is put aside, to be opened when the hub can be asked.
Status ServedMember::write_received(const client::Delivery& delivery) {
  if (Status written = inbox_.write(delivery.event, delivery.inbox); !written) return written;
  const schema::EventType* type = registry_.find(delivery.event.type);
  if (type->routing != schema::Routing::sealed) return {};
  const auto text = registry_.event_to_json(delivery.event);
  if (!text) return fail(text.error());
  return documents_.keep(delivery.event.id, *text);
}

/// What the hub shows of a member's keys, as far as it is to be believed.
Result<client::TrustedKeys> ServedMember::keys_of(const std::string& member) {
  if (!client_->session()) return fail(Errc::unreachable, "the hub cannot be asked for keys now");
  if (!book_) {
    auto book = client::KeyBook::open(folder_.data());
    if (!book) return fail(book.error());
    book_ = std::move(*book);
  }
  return book_->find(*client_, member, directory_patience);
}

/// True when a document was opened, or could not be and is done with.
bool ServedMember::open_document() {
  if (clock_.now() < documents_rest_until_ || !client_->session()) return false;
  const auto opened = documents_.open_next([this](const std::string& member) -> Result<std::vector<client::Key32>> {
    auto keys = keys_of(member);
    if (!keys) return fail(keys.error());
    return std::move(keys->signers);
  });
  if (opened) return *opened;
  in_trouble(opened.error().within("open a document"));
  documents_rest_until_ = clock_.now().plus(rest_ms);
  return false;
}

bool ServedMember::has_work() {
  const auto entries = OutboxWatch::list(folder_.outbox());
  const std::lock_guard lock(mutex_);
  waiting_files_ = entries.size();
  return job_ != nullptr || !entries.empty();
}

bool ServedMember::take_turn() {
  collect_refusals();
  if (open_document()) return true;
  if (clock_.now() < rest_until_) return false;
  if (!job_) return begin_next_file();
  go_on_with_file();
  return true;
}

bool ServedMember::begin_next_file() {
  const auto entries = OutboxWatch::list(folder_.outbox());
  const auto ready = watch_.ready(entries, clock_.now());
  {
    const std::lock_guard lock(mutex_);
    waiting_files_ = entries.size();
  }
  // A file that cannot be read now must not keep the others waiting.
  for (const std::string& name : ready) {
    auto job = FileJob::open(*context_, folder_.outbox() / name);
    if (!job) {
      in_trouble(job.error());
      continue;
    }
    job_ = std::move(*job);
    const std::lock_guard lock(mutex_);
    current_ = name;
    progress_ = job_->progress();
    return true;
  }
  return false;
}

void ServedMember::go_on_with_file() {
  const auto step = job_->step();
  if (!step) {
    in_trouble(step.error());
    job_.reset();  // a new one goes on behind the last transaction
    rest_until_ = clock_.now().plus(rest_ms);
  } else if (*step) {
    const TakenFile file = job_->result();
    job_.reset();
    finished(file);
  }
  const std::lock_guard lock(mutex_);
  if (job_) progress_ = job_->progress();
  if (!job_) current_.clear();
}

void ServedMember::finished(const TakenFile& file) {
  {
    const std::lock_guard lock(mutex_);
    ++outcomes_[std::string(name_of(file.outcome))];
    if (file.outcome == Outcome::taken) counts_.add(file.counts);
    trouble_.reset();
  }
  if (!on_note_) return;
  const std::string what = file.error ? file.error->text()
                                      : fmt::format("{} records, {} events, {} rejected", file.counts.records,
                                                    file.counts.events, file.counts.rejected);
  on_note_({name_, fmt::format("{} {}: {}", file.name, name_of(file.outcome), what), &file});
}

void ServedMember::in_trouble(const Error& error) {
  bool is_new = false;
  {
    const std::lock_guard lock(mutex_);
    is_new = !trouble_ || trouble_->message != error.message;
    trouble_ = error;
    trouble_at_ = clock_.now();
  }
  if (is_new && on_note_) on_note_({name_, error.text(), nullptr});
}

/// What the hub refused for ever, for the member to read; the outbox's table keeps it too.
void ServedMember::collect_refusals() {
  auto refused = client_->take_refused();
  // What the hub has already is no loss (`take --again` sends it once more).
  std::erase_if(refused, [](const client::RefusedEvent& r) { return r.code == Errc::duplicate_event; });
  if (refused.empty()) return;
  auto file = RecordedFile::open(folder_.rejected() / "hub-refused.csv");
  const auto size = file ? file->size() : Result<std::uint64_t>(fail(file.error()));
  if (!size) return in_trouble(size.error());
  std::string text = *size == 0 ? refused_header() : "";
  for (const client::RefusedEvent& r : refused) text += refused_row(r);
  if (Status put = file->put(*size, text); !put) in_trouble(put.error());
  if (on_note_)
    on_note_({name_, fmt::format("the hub refused {} events; see outbox/rejected/hub-refused.csv", refused.size()),
              nullptr});
  const std::lock_guard lock(mutex_);
  refused_by_hub_ += refused.size();
}

std::optional<Error> ServedMember::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

boost::json::object ServedMember::status() const {
  const client::PublishStats publish = client_->publish_stats();
  const bool connected = client_->session().has_value();
  const std::lock_guard lock(mutex_);
  boost::json::object out = {
      {"member", name_},
      {"folder", folder_.root().string()},
      {"connected", connected},
      {"waiting_files", waiting_files_},
      {"files", to_object(outcomes_)},
      {"counts", boost::json::parse(counts_.to_json())},
      {"publish", {{"accepted", publish.accepted}, {"refused", publish.refused}, {"waiting", publish.waiting}}},
      {"refused_by_hub", refused_by_hub_},
      {"received", to_object(received_)}};
  if (!current_.empty()) {
    out["current"] = {{"file", current_},
                      {"records", progress_.records},
                      {"bytes", progress_.bytes},
                      {"total_bytes", progress_.total_bytes}};
  }
  if (trouble_) out["trouble"] = {{"text", trouble_->text()}, {"at", format_time(trouble_at_)}};
  return out;
}

}  // namespace iro::files

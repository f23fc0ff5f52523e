// iro-plugin-host: the process that one plugin lives in. Started by the hub (hub/reaction/child_process.hpp) with a
// SEQPACKET socket as fd 3 and a mailbox as fd 4, no arguments, no environment. It reads one Begin, confines itself,
// loads the plugin, and serves until the hub hangs up or ends it.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>

#include "hub/base/limits.hpp"
#include "plugins/host/input_memory.hpp"
#include "plugins/host/instance.hpp"
#include "plugins/host/last_words.hpp"
#include "plugins/host/object.hpp"
#include "plugins/host/sandbox.hpp"
#include "plugins/host/serve.hpp"

namespace {

using namespace iro;
using namespace iro::host;
namespace child = iro::reaction::child;

constexpr int channel_fd = 3;  // permanent: hub/reaction/child_process.cpp puts them there
constexpr int mailbox_fd = 4;

/// What the C library would ask the system for later, when that is denied.
void warm_c_library() {
  static std::array<char, 4'096> out_buffer;
  std::setvbuf(stdout, out_buffer.data(), _IOLBF, out_buffer.size());  // or the first printf() looks at the descriptor
  ::setenv("TZ", "UTC0", 1);                                           // or gmtime() opens the machine's time zone
  ::tzset();
  std::array<int, 1'024> numbers{};  // qsort() asks once how much memory there is
  std::qsort(numbers.data(), numbers.size(), sizeof(int), [](const void*, const void*) { return 0; });
}

Result<schema::Registry> registry_of(const child::Begin& begin) {
  auto registry = begin.builtin_schemas ? schema::Registry::builtin() : Result<schema::Registry>(schema::Registry());
  if (!registry) return registry;
  for (const Bytes& bfbs : begin.schemas) {
    IRO_TRY(registry->add(bfbs), "a schema that the plugin brings");
  }
  return registry;
}

Result<child::Begin> read_begin(reaction::ChildChannel& channel) {
  const auto message = channel.receive();
  if (!message) return fail(Errc::unreachable, "the hub hung up");
  auto said = child::decode_from_hub(*message);
  if (!said) return fail(said.error());
  auto* begin = std::get_if<child::Begin>(&*said);
  if (begin == nullptr) return fail(Errc::frame_malformed, "the first message says who the plugin is");
  return std::move(*begin);
}

Status run(reaction::ChildChannel& channel) {
  auto begin = read_begin(channel);
  if (!begin) return fail(begin.error());
  if (begin->abi_major != IRO_ABI_MAJOR || begin->abi_minor > IRO_ABI_MINOR) {
    return fail(Errc::invalid_argument, fmt::format("plugin.toml says ABI {}.{}; this host has {}.{}", begin->abi_major,
                                                    begin->abi_minor, IRO_ABI_MAJOR, IRO_ABI_MINOR));
  }
  const auto input = InputMemory::create(limits::plugin_message_bytes);
  if (!input) return fail(input.error());
  auto opened = ObjectFile::open(begin->object, begin->sha256);
  if (!opened) return fail(opened.error());
  std::optional<ObjectFile> object(std::move(*opened));
  SandboxOptions options;
  options.channel_fd = channel_fd;
  options.memory_bytes = std::size_t{begin->memory_mib} << 20;
  options.object_bytes = object->size_bytes();
  options.log_denied = begin->log_denied;
  auto sandbox = Sandbox::prepare(options);
  if (!sandbox) return fail(sandbox.error());
  if (IRO_HOST_SANDBOX) {
    install_last_words({channel_fd, input->shown(limits::plugin_message_bytes), clock_pages(), begin->log_denied});
  }

  IRO_TRY(sandbox->enter_loading(), "load");
  if (!sandbox->files_confined()) {
    [[maybe_unused]] const bool told = channel.send(child::encode(
        child::LogLine{"this kernel has no Landlock: while it is loaded, the plugin may read what the hub may read"}));
  }
  const auto registry = registry_of(*begin);
  if (!registry) return fail(registry.error());
  const auto entry = object->load();
  if (!entry) return fail(entry.error());
  IRO_TRY(check_entry(**entry, begin->plugin, begin->version), "check");

  object.reset();  // later it could not even be closed

  IRO_TRY(sandbox->enter_running(), "confine");
  HubState state(channel);
  auto instance = Instance::create(**entry, {begin->config, begin->emits, begin->judge, limits::plugin_cache_bytes},
                                   *registry, state);
  if (!instance) return fail(instance.error());
  if (!channel.send(child::encode(child::Ready{}))) return fail(Errc::unreachable, "the hub hung up");
  const Status served = serve(channel, *input, **instance);
  // The plugin is not taken down: the hub has gone, and nothing of it is kept.
  static_cast<void>(instance->release());  // NOLINT(bugprone-unused-return-value)
  return served;
}

}  // namespace

#if !IRO_HOST_SANDBOX
// The environment is empty, so the options stand here. A plugin that ends the process has leaked its host.
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }  // NOLINT(bugprone-reserved-identifier)
#endif

int main() {
  const Status begun = Sandbox::begin(channel_fd);
  if (!begun) return EXIT_FAILURE;
  warm_c_library();
  const auto mailbox = reaction::Mailbox::open(mailbox_fd);
  if (!mailbox) return EXIT_FAILURE;
  reaction::ChildChannel channel(channel_fd, reaction::ChildChannel::Mode::blocking, limits::plugin_message_bytes);
  channel.share(mailbox->to_child(), mailbox->to_hub());
  const Status status = run(channel);
  if (!status && !channel.gone()) {
    const std::string why = status.error().message;
    [[maybe_unused]] const bool told = channel.send(child::encode(child::Failed{why}));
  }
  ::_exit(status ? EXIT_SUCCESS : EXIT_FAILURE);
}

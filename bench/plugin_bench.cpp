// plugin-bench: what it costs that a plugin has a process of its own. The echo rule (one value written an event) gets
// events of 1 KiB, in this process and through iro-plugin-host, in calls of 1 and of 64. Prints; asserts nothing.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>

#include "hub/base/assert.hpp"
#include "plugins/host/instance.hpp"
#include "plugins/host/object.hpp"
#include "tests/plugins/support/plugin_hub.hpp"

namespace {

using namespace iro;
using namespace iro::reaction;
using Moment = Runner::Moment;

constexpr std::size_t payload_bytes = 1'024;

double us_between(Moment a, Moment b) { return std::chrono::duration<double, std::micro>(b - a).count(); }

struct Figures {
  double p50 = 0;
  double p99 = 0;
  double an_event = 0;
};
Figures figures(std::vector<double> us, std::size_t batch) {
  std::ranges::sort(us);
  double sum = 0;
  for (const double one : us) sum += one;
  const double events = static_cast<double>(us.size() * batch);
  return {us[us.size() / 2], us[us.size() * 99 / 100], sum / events};
}
void print(const char* where, std::size_t batch, const Figures& f) {
  fmt::print("{:<16} {:>6} {:>12.2f} {:>12.2f} {:>14.2f}\n", where, batch, f.p50, f.p99, f.an_event);
}

std::vector<CallEvent> events_of(const Bytes& payload, std::size_t batch) {
  std::vector<CallEvent> out(batch);
  for (std::size_t n = 0; n < batch; ++n) {
    CallEvent& e = out[n];
    e.item = static_cast<std::uint32_t>(n);
    e.event.id = make_event_id(1'800'000'000'000 + n);
    e.event.type = test::closed_type;
    e.event.source = "urn:nld:oin:00000099000000001000:systeem:sis";
    e.event.subject = "risk-2026-0001";
    e.event.payload = payload;
    e.sender = "school-a";
    e.person = "pseudonym-1";
  }
  return out;
}

/// In a process of its own, over the channel.
void isolated(Runner& runner, const Bytes& payload, std::size_t batch, std::size_t calls) {
  std::vector<double> us;
  const auto events = events_of(payload, batch);
  static std::uint64_t no = 0;
  for (std::size_t n = 0; n < calls; ++n) {
    Call call;
    call.plugin = "echo";
    call.no = ++no;
    call.now = TimeMs(1);
    call.events = events;
    const Moment begun = Moment::clock::now();
    runner.call(std::move(call));
    for (bool done = false; !done;) {
      reaction::wait_for(runner, std::chrono::seconds(1));
      for (Said& said : runner.take()) {
        const auto& result = std::get<reaction::Result>(said);
        IRO_ASSERT(result.failure == Failure::none && result.outcomes.size() == batch, "the echo rule answers");
        done = true;
      }
    }
    if (n >= calls / 10) us.push_back(us_between(begun, Moment::clock::now()));
  }
  print("iro-plugin-host", batch, figures(std::move(us), batch));
}

struct NoState final : host::StateSource {
  std::vector<std::pair<Bytes, Bytes>> read(bool, ByteView) override { return {}; }
};

void in_process(const Bytes& payload, std::size_t batch, std::size_t calls) {
  const auto object = test::test_object("echo");
  const auto entry = host::load_object(object);
  IRO_ASSERT(entry.has_value(), "the echo rule loads");
  NoState state;
  auto instance = host::Instance::create(**entry, {}, test::builtin_types(), state);
  IRO_ASSERT(instance.has_value(), "the echo rule is made");
  Call call;
  call.events = events_of(payload, batch);
  std::vector<double> us;
  const Bytes message = child::encode(call);
  const auto said = child::decode_from_hub(message);
  const auto& in = std::get<child::CallIn>(*said);
  for (std::size_t n = 0; n < calls; ++n) {
    const Moment begun = Moment::clock::now();
    (*instance)->begin_call();
    std::vector<Outcome> outcomes;
    for (const child::EventIn& e : in.events) {
      auto outcome = (*instance)->handle(e, in.now);
      IRO_ASSERT(outcome.has_value(), "the echo rule answers");
      outcomes.push_back(std::move(*outcome));
    }
    if (n >= calls / 10) us.push_back(us_between(begun, Moment::clock::now()));
  }
  print("in this process", batch, figures(std::move(us), batch));
}

}  // namespace

int main() try {
  test::PluginHub hub;
  test::PluginWish wish;
  wish.object = "echo";
  hub.add(wish);
  const Moment begun = Moment::clock::now();
  hub.ask("echo", "warm");
  fmt::print("process started, plugin loaded, first answer: {:.1f} ms\n",
             us_between(begun, Moment::clock::now()) / 1'000);
  Bytes payload(payload_bytes);
  const Bytes real = test::closed_payload();
  std::ranges::copy(real, payload.begin());
  fmt::print("{:<16} {:>6} {:>12} {:>12} {:>14}\n", "where", "batch", "p50 us", "p99 us", "us an event");
  for (const std::size_t batch : {1, 64}) {
    in_process(payload, batch, 2'000'000 / (batch * 10));
    isolated(hub.runner(), payload, batch, 2'000'000 / (batch * 10));
  }
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "plugin-bench: %s\n", e.what());
  return 1;
}

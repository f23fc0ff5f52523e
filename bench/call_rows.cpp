#include "bench/call_rows.hpp"

#include <fmt/format.h>

#include <chrono>
#include <iostream>

#include "hub/base/assert.hpp"
#include "plugins/host/instance.hpp"
#include "plugins/host/object.hpp"
#include "tests/plugins/support/plugin_hub.hpp"

namespace iro::bench {
namespace {

using namespace iro::reaction;
using Moment = Runner::Moment;

constexpr std::size_t events_in_all = 200'000;

double us_between(Moment a, Moment b) { return std::chrono::duration<double, std::micro>(b - a).count(); }

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

/// In a process of its own, over the channel: microseconds a call, p50.
double isolated(Runner& runner, const Bytes& payload, std::size_t batch) {
  const std::size_t calls = events_in_all / batch;
  std::vector<double> us;
  const auto events = events_of(payload, batch);
  static std::uint64_t no = 0;  // of the calls to one process
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
  return quantiles(std::move(us)).p50;
}

struct NoState final : host::StateSource {
  std::vector<std::pair<Bytes, Bytes>> read(bool, ByteView) override { return {}; }
};

/// The same in this one.
double in_process(const Bytes& payload, std::size_t batch) {
  const std::size_t calls = events_in_all / batch;
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
  return quantiles(std::move(us)).p50;
}

}  // namespace

void measure_calls(std::vector<Row>& rows) {
  std::cerr << "calls of a plugin ...\n";
  test::PluginHub hub;
  test::PluginWish wish;
  wish.object = "echo";
  hub.add(wish);
  const Moment begun = Moment::clock::now();
  hub.ask("echo", "warm");
  rows.push_back(
      {"a rule's process is started and has answered", us_between(begun, Moment::clock::now()) / 1'000, 0, "ms"});
  struct Case {
    std::size_t batch;
    std::size_t payload_bytes;
  };
  for (const auto& [batch, payload_bytes] : {Case{1, 256}, Case{64, 256}, Case{64, 1'024}}) {
    Bytes payload(payload_bytes);
    std::ranges::copy(test::closed_payload(), payload.begin());
    const std::string what = fmt::format("a call of {} x {} B", batch, payload_bytes);
    const double here = in_process(payload, batch);
    const double there = isolated(hub.runner(), payload, batch);
    rows.push_back({what + ", in this process, p50", here, 0, "us"});
    rows.push_back({what + ", in its own, p50", there, 0, "us", there / here});
    rows.push_back({"  what that adds to an event", (there - here) / static_cast<double>(batch), 0, "us"});
  }
}

}  // namespace iro::bench

// tests/crash/exactly_once/exactly_once_test.cpp: hub and plugin processes are killed at random moments while events
// pass three rules: a judge, one that answers at once, one that has to trail and fails on some events. Afterwards:
//   1. every event that the judge accepts is in force once, every one that it refuses never (`log_check.hpp`);
//   2. each rule did its work on each of them exactly once, in order: its own count, kept in its state, has no gap;
//   3. what a rule fails on is parked, and its subject waits behind it; nothing else is left;
//   4. the log verifies.
#include <fmt/format.h>
#include <signal.h>

#include <boost/json.hpp>
#include <chrono>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>
#include <thread>

#include "hub/log/sqlite/verify.hpp"
#include "hub/schema/registry.hpp"
#include "tests/crash/exactly_once/log_check.hpp"
#include "tests/support/must.hpp"
#include "tests/support/running_hub.hpp"

namespace iro::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace std::chrono_literals;
constexpr int publishers = 4;
constexpr int subjects = 64;         // a publisher; and one that is poison
constexpr int poison_events = 20;    // of such a subject
constexpr std::size_t a_time = 250;  // events that are made durable together

class Test {
 public:
  Test(std::size_t events, int kills, std::uint64_t seed)
      : events_(events),
        kills_(kills),
        random_(seed),
        hub_(folder_.path()),
        registry_(must(schema::Registry::builtin(), "schemas")) {}

  void run() {
    fs::create_directories(hub_.folder() / "plugins");
    fs::copy(ONCE_PLUGINS "/once-judge", hub_.folder() / "plugins/once-judge", fs::copy_options::recursive);
    fs::copy(ONCE_PLUGINS "/once-prompt", hub_.folder() / "plugins/once-prompt", fs::copy_options::recursive);
    fs::copy(ONCE_PLUGINS "/once-slow", hub_.folder() / "plugins/once-slow", fs::copy_options::recursive);
    hub_.log_to(folder_.path() / "irod.log", "warning");
    hub_.start();
    open_clients();
    for (int k = 1; k <= kills_; ++k) {
      publish(events_ * static_cast<std::size_t>(k) / static_cast<std::size_t>(kills_), k);
      const std::chrono::milliseconds moment(std::uniform_int_distribution<int>(0, 700)(random_));
      std::this_thread::sleep_for(moment);  // style: sleep-in-test, because the moment of the kill is what is random
      kill_something();
      if (k % 10 == 0) std::cout << fmt::format("{} kills, {} published\n", k, sent_.size()) << std::flush;
    }
    wait_until(
        "the hub has decided on everything", [this] { return waiting() == 0; }, [this] { return waiting(); });
    wait_until(
        "every plugin has done its work", [this] { return settled(); }, [this] { return progress(); });
    check_parked();
    operator_.reset();
    clients_.clear();
    if (const int code = hub_.stop(); code != 0) throw std::runtime_error(fmt::format("irod ended with {}", code));
    const auto report = must(log::verify(hub_.data()), "verify");
    if (!report.sound())
      throw std::runtime_error(fmt::format("the log does not verify: {}", report.findings.front().text()));
    const once::Found found = once::check(hub_.data(), sent_);
    std::cout << fmt::format(
        "{} kills of the hub and {} of plugins: of {} events {} are in force ({} of them held first) and {} refused; "
        "each rule did each once, in order; {} wait behind {} parked\n",
        hub_kills_, plugin_kills_, sent_.size(), found.in_force, found.held_first, found.refused, found.waiting,
        publishers);
  }

 private:
  void open_clients() {
    for (int i = 0; i < publishers; ++i) {
      client::Options o;
      o.client_name = "publisher";
      o.keys = hub_.enrol(fmt::format("hospital-{}", i), {"care_provider"});
      o.data_folder = folder_.path() / fmt::format("hospital-{}", i);
      clients_.push_back(must(client::Client::open(o), "publisher"));
    }
    client::Options o;
    o.client_name = "operator";
    o.keys = hub_.operator_key();
    operator_ = must(client::Client::open(o), "operator");
  }

  /// Up to `total` events in all; of the poison subjects one now and then, so that they fail amid the load.
  void publish(std::size_t total, int kill) {
    wait_until(
        "the hub catches up", [this] { return waiting() < 2 * events_ / static_cast<std::size_t>(kills_); },
        [this] { return waiting(); });
    for (int i = 0; i < publishers; ++i) {
      const std::size_t goal = total * static_cast<std::size_t>(i + 1) / publishers;
      std::vector<schema::Event> events;
      if (kill % std::max(1, kills_ / poison_events) == 0) events.push_back(make(i, fmt::format("v-{}-poison", i)));
      for (; sent_.size() + events.size() < goal; ++turn_) {
        events.push_back(make(i, fmt::format("v-{}-{}", i, turn_ % subjects)));
        if (events.size() == a_time) send(i, events);
      }
      send(i, events);
    }
  }
  schema::Event make(int publisher, const std::string& subject) {
    const auto* type = registry_.find_loosely("vacancy.opened");
    schema::Event e;
    e.type = type->name;
    e.subject = subject;
    made_.push_back({subject, ++numbers_[subject]});
    e.payload = must(
        registry_.from_json(*type, json::serialize(json::object{{"vacancy_id", subject},
                                                                {"provider", fmt::format("hospital-{}", publisher)},
                                                                {"offer", {{"hours_per_week", made_.back().number}}},
                                                                {"effective_on", "2026-09-01"}})),
        "payload");
    e.subject.clear();
    return e;
  }
  void send(int publisher, std::vector<schema::Event>& events) {
    if (!events.empty()) {
      const auto ids = must(clients_[static_cast<std::size_t>(publisher)]->publish(events), "publish");
      for (std::size_t i = 0; i < ids.size(); ++i) sent_.emplace(ids[i], made_[i]);
    }
    events.clear();
    made_.clear();
  }

  void kill_something() {
    const int choice = std::uniform_int_distribution<int>(0, 9)(random_);
    if (choice < 5) {
      hub_.kill();
      hub_.start();
      ++hub_kills_;
      return;
    }
    auto plugins = hub_.children();
    std::ranges::shuffle(plugins, random_);
    if (choice < 8 && plugins.size() > 1) plugins.erase(plugins.begin() + 1, plugins.end());
    for (const pid_t pid : plugins) plugin_kills_ += ::kill(pid, SIGKILL) == 0 ? 1 : 0;
  }

  [[nodiscard]] std::uint64_t waiting() const {
    std::uint64_t n = 0;
    for (const auto& c : clients_) n += c->publish_stats().waiting;
    return n;
  }
  json::array view(const char* name) {
    json::array out;
    for (const auto& page : must(operator_->query(name, "{}", 20s), name)) {
      const json::value rows = json::parse(page);
      out.insert(out.end(), rows.as_array().begin(), rows.as_array().end());
    }
    return out;
  }
  static std::string text(const json::value& row, const char* name) {
    return json::value_to<std::string>(row.at(name));
  }
  void control(const char* verb, const json::object& args) {
    must(operator_->control(verb, json::serialize(args), 20s), verb);
  }

  /// Nobody is behind, and only poison is parked. What a kill has parked or suspended is set going, as an operator
  /// does.
  bool settled() {
    bool quiet = true;
    for (const auto& row : view("plugins")) {
      if (text(row, "state") == "suspended") control("plugin.resume", {{"plugin", row.at("plugin")}});
      quiet = quiet && text(row, "state") != "suspended" && row.at("lag").to_number<std::uint64_t>() == 0;
    }
    const json::array parked = view("plugin-parked");
    std::map<std::string, std::size_t> of_poison;
    for (const auto& row : parked) of_poison[text(row, "plugin") == "once-slow" ? text(row, "subject") : ""] += 1;
    for (const auto& row : parked) {
      const std::string subject = text(row, "subject");
      if (text(row, "plugin") == "once-slow" && subject.ends_with("-poison") &&
          of_poison[subject] == waiting_behind_poison(subject))
        continue;
      quiet = false;
      if (text(row, "state") == "parked")
        control("plugin.redrive", {{"plugin", row.at("plugin")}, {"ref", row.at("ref")}});
    }
    return quiet;
  }
  /// The fifth event of a poison subject fails, and all behind it wait.
  std::size_t waiting_behind_poison(const std::string& subject) {
    return std::max<std::size_t>(numbers_[subject], 4) - 4;
  }
  std::uint64_t progress() {
    std::uint64_t sum = view("plugin-parked").size();
    for (const auto& row : view("plugins")) sum += row.at("lag").to_number<std::uint64_t>();
    return sum;
  }

  /// Until `done`, as long as `measure` changes: a minute without that is a failure.
  template <typename Done, typename Measure>
  void wait_until(const char* what, Done done, Measure measure) {
    auto moved = std::chrono::steady_clock::now();
    for (std::uint64_t before = measure(); !done();) {
      if (std::chrono::steady_clock::now() > moved + 60s)
        throw std::runtime_error(
            fmt::format("a minute without progress: {} ({})\n{}", what, before, json::serialize(view("plugins"))));
      std::this_thread::sleep_for(20ms);  // style: sleep-in-test, because a process can only be asked, until a deadline
      if (const std::uint64_t now = measure(); now != before) before = now, moved = std::chrono::steady_clock::now();
    }
  }

  void check_parked() {
    std::map<std::string, std::vector<std::string>> by_subject;
    for (const auto& row : view("plugin-parked")) by_subject[text(row, "subject")].push_back(text(row, "state"));
    for (int i = 0; i < publishers; ++i) {
      const std::string subject = fmt::format("v-{}-poison", i);
      std::vector<std::string> wanted(waiting_behind_poison(subject), "waits");
      if (!wanted.empty()) wanted.front() = "parked";
      if (by_subject[subject] != wanted)
        throw std::runtime_error(
            fmt::format("{}: {} are parked or wait, not {}", subject, by_subject[subject].size(), wanted.size()));
    }
  }

  std::size_t events_;
  int kills_;
  std::mt19937_64 random_;
  TempFolder folder_;
  RunningHub hub_;
  schema::Registry registry_;
  std::vector<std::unique_ptr<client::Client>> clients_;
  std::unique_ptr<client::Client> operator_;
  std::size_t turn_ = 0;
  std::map<std::string, std::uint16_t> numbers_;  // by subject: how many were made
  std::vector<once::Sent> made_;                  // not sent yet
  std::map<EventId, once::Sent> sent_;
  int hub_kills_ = 0;
  int plugin_kills_ = 0;
};

}  // namespace
}  // namespace iro::test

int main(int argc, char** argv) {
  std::size_t events = 400'000;
  int kills = 100;
  std::uint64_t seed = std::random_device{}();
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--events") events = std::strtoull(argv[i + 1], nullptr, 10);
    if (name == "--kills") kills = std::atoi(argv[i + 1]);
    if (name == "--seed") seed = std::strtoull(argv[i + 1], nullptr, 10);
  }
  std::cout << "seed " << seed << "\n" << std::flush;
  try {
    iro::test::Test(events, kills, seed).run();
  } catch (const std::exception& e) {
    std::cout << "FAILED with seed " << seed << ": " << e.what() << "\n";
    return 1;
  }
  return 0;
}

#include "adapters/client/runtime.hpp"

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <future>

namespace iro::client {
namespace {

constexpr std::int64_t most_wait_ms = 60'000;

/// Signals are for the program's own threads.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

template <typename Add>
void add_and_wait(const TaskList::Task& task, Add&& add) {
  std::promise<void> done;
  auto waiting = done.get_future();
  add([&] {
    task();
    done.set_value();
  });
  waiting.wait();
}

}  // namespace

void TaskList::add(Task task) {
  {
    const std::scoped_lock lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  added_.notify_one();
}

std::vector<TaskList::Task> TaskList::take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(tasks_, {});
}

std::vector<TaskList::Task> TaskList::wait_and_take() {
  std::unique_lock lock(mutex_);
  added_.wait(lock, [this] { return stopped_ || !tasks_.empty(); });
  return std::exchange(tasks_, {});
}

void TaskList::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
  }
  added_.notify_one();
}

std::shared_ptr<Runtime> make_runtime() { return std::make_shared<Runtime>(); }

Runtime::Runtime() {
  context_.set(zmq::ctxopt::blocky, false);
  network_ = std::thread([this] { run_network(); });
  worker_ = std::thread([this] { run_worker(); });
}

Runtime::~Runtime() {
  IRO_ASSERT(!on_own_thread(), "the last client, and with it the Runtime, ends outside of a handler");
  worker_tasks_.stop();
  worker_.join();
  on_network([this] { stopping_ = true; });
  network_.join();
}

void Runtime::on_network(TaskList::Task task) {
  network_tasks_.add(std::move(task));
  wakes_.raise();
}

void Runtime::on_network_and_wait(const TaskList::Task& task) {
  add_and_wait(task, [this](TaskList::Task wrapped) { on_network(std::move(wrapped)); });
}

void Runtime::on_worker_and_wait(const TaskList::Task& task) {
  add_and_wait(task, [this](TaskList::Task wrapped) { on_worker(std::move(wrapped)); });
}

bool Runtime::on_own_thread() const {
  return std::this_thread::get_id() == network_.get_id() || std::this_thread::get_id() == worker_.get_id();
}

void Runtime::run_network() {
  block_signals();
  std::vector<zmq_pollitem_t> items;
  while (!stopping_) {
    items.assign(1, {nullptr, wakes_.fd(), ZMQ_POLLIN, 0});
    Ticks wakes = never;
    for (NetworkClient* client : clients_) {
      client->add_poll_items(items);
      wakes = std::min(wakes, client->wakes_at());
    }
    const std::int64_t wait = std::clamp<std::int64_t>(wakes.value() - ticks_now().value(), 0, most_wait_ms);
    zmq_poll(items.data(), static_cast<int>(items.size()), static_cast<long>(wait));  // interrupted is as good as early
    wakes_.lower();
    for (const auto& task : network_tasks_.take()) task();
    const Ticks now = ticks_now();
    for (NetworkClient* client : clients_) client->take_turn(now);
  }
}

void Runtime::run_worker() {
  block_signals();
  for (;;) {
    const auto tasks = worker_tasks_.wait_and_take();
    if (tasks.empty()) return;
    for (const auto& task : tasks) task();
  }
}

}  // namespace iro::client

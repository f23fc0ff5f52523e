// adapters/client/runtime.hpp: the threads that clients share. One owns the
// ZeroMQ context's sockets and does the network of every client; one calls the
// handlers and commits inboxes. Both run what they are given in order.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "adapters/client/client.hpp"
#include "adapters/client/network_client.hpp"
#include "hub/base/event_fd.hpp"

namespace iro::client {

/// A thread's list of things to do. Any thread adds; the owner takes all at once.
class TaskList {
 public:
  using Task = std::function<void()>;
  void add(Task task);
  std::vector<Task> take();
  /// Until there is something, or stop() was called and nothing is left: then it is empty.
  std::vector<Task> wait_and_take();
  void stop();

 private:
  std::mutex mutex_;
  std::condition_variable added_;
  std::vector<Task> tasks_;
  bool stopped_ = false;
};

class Runtime {
 public:
  Runtime();
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  [[nodiscard]] zmq::context_t& context() { return context_; }
  void on_network(TaskList::Task task);
  void on_worker(TaskList::Task task) { worker_tasks_.add(std::move(task)); }
  /// The same, and wait until it is done. Not from the Runtime's own threads.
  void on_network_and_wait(const TaskList::Task& task);
  void on_worker_and_wait(const TaskList::Task& task);
  [[nodiscard]] bool on_own_thread() const;

  // On the network thread.
  void add(NetworkClient& client) { clients_.push_back(&client); }
  void remove(NetworkClient& client) { std::erase(clients_, &client); }

 private:
  void run_network();
  void run_worker();

  zmq::context_t context_;
  EventFd wakes_;
  TaskList network_tasks_;
  TaskList worker_tasks_;
  std::vector<NetworkClient*> clients_;  // of the network thread
  bool stopping_ = false;                // of the network thread
  std::thread network_;
  std::thread worker_;
};

}  // namespace iro::client

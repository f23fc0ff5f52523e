// plugins/supervisor_pool/assignment.hpp: which supervisor has which student, at the least cost. Pure: no events, no
// SDK.
//
// Objective, a minimum over all ways to give each student one supervisor or a place in the queue:
//     sum over students with a supervisor   option cost (+ `move` when settled with another one before)
//   + sum over students in the queue        what their kind costs unserved
//   + sum over supervisors, over the seats k = taken + 1 .. taken + students
//                                           floor(balance * (2k - 1) / seats)
// The last line is the balance: without rounding a supervisor with n students on c seats costs balance * n * n / c,
// which is least when all are equally full. Seats are whole: nobody has more students than seats. Costs are whole
// numbers without a unit, at most `most_cost`; the caller weighs minutes of travel against the rest.
//
// This is a minimum-cost flow (kinds -> supervisors or queue -> sink, one arc a seat, its costs not falling), so the
// optimum is exact and whole. solve() finds it from scratch with LEMON's network simplex. enter, leave, join and
// set_seats change one thing and restore the optimum along shortest paths in the residual graph, under the prices
// (duals) that the last optimum left behind: the cost is then that of solve(), not an approximation. optimal() is the
// certificate.
//
// A seat has no weeks here: what is planned together shares its weeks, and the caller plans weeks that differ one after
// the other. Who takes two seats is the caller's business, too: with sizes that differ the problem is no flow (and
// NP-hard).
//
// Students that are alike (a kind: the same options at the same cost) are one node, which is what makes a region fast.
// Not thread-safe; a copy is independent. Misuse (numbers that were not given out) is a bug of the caller:
// std::logic_error. The same calls give the same assignment on every machine as long as solve() is not among them:
// among equal optima LEMON's choice is its version's, ours follows from the order of calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace iro::pool {

class Assignment {
 public:
  static constexpr std::uint32_t nobody = UINT32_MAX;
  static constexpr std::int64_t most_cost = 1'000'000'000;  // sums over a country's students stay far from 64 bits

  struct Costs {
    std::int64_t balance = 0;
    std::int64_t move = 0;
  };
  struct Option {
    std::uint32_t supervisor = 0;
    std::int64_t cost = 0;
  };
  struct Seats {
    std::uint32_t all = 0;
    std::uint32_t taken = 0;  // by students that this plan leaves where they are
  };

  explicit Assignment(Costs costs);

  /// Numbers count from 0 in the order of adding.
  std::uint32_t add_supervisor(Seats seats);
  std::uint32_t add_kind(std::vector<Option> options, std::int64_t unserved);
  /// A student that waits in the queue for solve(). Not to be mixed with enter() before the first solve().
  std::uint32_t add_student(std::uint32_t kind);

  /// The optimum from scratch.
  void solve();

  // One change, and the optimum again.
  std::uint32_t enter(std::uint32_t kind);
  void leave(std::uint32_t student);
  void set_seats(std::uint32_t supervisor, Seats seats);
  /// A supervisor comes, with a cost for each kind that it may have.
  std::uint32_t join(Seats seats, const std::vector<std::pair<std::uint32_t, std::int64_t>>& costs);
  /// From here on a student that has a supervisor costs `move` more with any other; one in the queue stays as it was.
  /// The assignment does not change.
  void settle();

  /// `nobody`: in the queue, or gone.
  [[nodiscard]] std::uint32_t supervisor_of(std::uint32_t student) const;
  [[nodiscard]] std::uint32_t students_of(std::uint32_t supervisor) const;
  [[nodiscard]] std::uint32_t queued() const;
  [[nodiscard]] std::int64_t cost() const;
  /// No change makes it cheaper: no arc of the residual graph has a negative price. Reads everything.
  [[nodiscard]] bool optimal() const;

 private:
  // A node is the queue (0) or a supervisor (its number + 1). The sink's price is 0, always.
  static constexpr std::uint32_t queue = 0;
  static constexpr std::uint32_t gone = UINT32_MAX;
  static constexpr std::int64_t far = INT64_MAX / 4;

  /// A group, as seen from its kind: what a search backwards asks for most.
  struct Place {
    std::uint32_t node = 0;
    std::uint32_t kept = gone;
    std::int64_t cost = 0;
  };
  struct Kind {
    std::vector<Option> options;  // supervisor counts as node; in the order of nodes
    std::int64_t unserved = 0;
    std::vector<Place> places;  // where such students are: one entry a group
  };
  struct Student {
    std::uint32_t kind = 0;
    std::uint32_t kept = gone;  // the node it was settled at
    std::uint32_t at = queue;
    std::uint32_t place = 0;  // in its group
  };
  /// Students at one node that are alike and were settled at the same node.
  struct Group {
    std::uint32_t kind = 0;
    std::uint32_t kept = gone;
    std::int64_t cost = 0;  // of one of them, here
    std::vector<std::uint32_t> students;
  };
  struct Comer {
    std::uint32_t kind = 0;
    std::int64_t cost = 0;
  };
  struct Node {
    Seats seats;
    std::uint32_t used = 0;  // units that flow from here to the sink
    std::int64_t price = 0;
    std::vector<Group> groups;  // in the order of (kind, kept); none is empty
    std::vector<Comer> comers;  // kinds that may come here; not for the queue, where all may
  };
  struct Step {
    std::uint32_t other = gone;  // the node before this one, or behind it in a search backwards; gone: the path's end
    std::uint32_t kind = 0;      // of the student that moves on
    std::uint32_t kept = gone;
  };

  [[nodiscard]] std::int64_t cost_at(std::uint32_t kind, std::uint32_t kept, std::uint32_t node) const;
  [[nodiscard]] std::int64_t seat_cost(const Node& node, std::uint32_t nth) const;
  [[nodiscard]] bool is_queue(const Node& node) const { return &node == nodes_.data(); }
  [[nodiscard]] bool has_room(const Node& node) const {
    return is_queue(node) || node.seats.taken + node.used < node.seats.all;
  }
  [[nodiscard]] std::int64_t next_seat(const Node& node) const { return seat_cost(node, node.used + 1); }
  [[nodiscard]] std::int64_t last_seat(const Node& node) const { return seat_cost(node, node.used); }

  Group& group_of(Node& node, std::uint32_t kind, std::uint32_t kept);
  void put(std::uint32_t student, std::uint32_t node);
  void take(std::uint32_t student);
  /// visit(node, cost) for each node where such a student may be.
  template <typename Visit>
  void each_option(std::uint32_t kind, std::uint32_t kept, Visit visit) const {
    const Kind& of = kinds_[kind];
    visit(queue, of.unserved);
    for (const Option& option : of.options) {
      visit(option.supervisor, option.cost + (kept != gone && kept != option.supervisor ? costs_.move : 0));
    }
  }

  void begin_search();
  void reach(std::uint32_t node, std::int64_t distance, const Step& by);
  /// The nearest node that is not yet final, which it becomes; `gone` when none is nearer than `most`.
  std::uint32_t nearest(std::int64_t most);
  void go_on_from(std::uint32_t node);
  void go_back_from(std::uint32_t node, std::int64_t most);
  [[nodiscard]] std::int64_t least_of(std::uint32_t kind);
  [[nodiscard]] std::int64_t move_cost(std::uint32_t kept, std::uint32_t to) const {
    return to != queue && kept != gone && kept != to ? costs_.move : 0;
  }
  void move_one(const Step& by, std::uint32_t from, std::uint32_t to);
  std::uint32_t send_to_sink();
  void fetch_from_sink(std::uint32_t to);

  [[nodiscard]] const Student& student(std::uint32_t no) const;

  Costs costs_;
  std::vector<Kind> kinds_;
  std::vector<Student> students_;
  std::vector<Node> nodes_;
  std::vector<std::int64_t> distance_;  // of the present search
  std::vector<Step> step_;
  std::vector<std::uint8_t> final_;
  std::vector<std::pair<std::uint32_t, std::int64_t>> least_;  // of each kind, and the search that it was found in
  std::uint32_t search_ = 0;
  std::vector<std::pair<std::int64_t, std::uint32_t>> heap_;
};

}  // namespace iro::pool

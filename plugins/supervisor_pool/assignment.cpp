#include "plugins/supervisor_pool/assignment.hpp"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <tuple>

namespace iro::pool {

namespace {
void must(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}
}  // namespace

Assignment::Assignment(Costs costs) : costs_(costs), nodes_(1) {
  must(costs.balance >= 0 && costs.move >= 0 && costs.balance <= most_cost && costs.move <= most_cost,
       "assignment: a cost is 0 to most_cost");
}

std::uint32_t Assignment::add_supervisor(Seats seats) {
  must(seats.taken <= seats.all, "assignment: no more seats are taken than there are");
  Node node;
  node.seats = seats;
  nodes_.push_back(std::move(node));
  return static_cast<std::uint32_t>(nodes_.size() - 2);
}

std::uint32_t Assignment::add_kind(std::vector<Option> options, std::int64_t unserved) {
  for (Option& option : options) {
    must(option.supervisor + 1 < nodes_.size(), "assignment: an option of no supervisor");
    must(option.cost >= 0 && option.cost <= most_cost, "assignment: a cost is 0 to most_cost");
    ++option.supervisor;
  }
  must(unserved >= 0 && unserved <= most_cost, "assignment: a cost is 0 to most_cost");
  std::ranges::sort(options, {}, &Option::supervisor);
  const auto no = static_cast<std::uint32_t>(kinds_.size());
  for (const Option& option : options) nodes_[option.supervisor].comers.push_back({no, option.cost});
  kinds_.push_back({std::move(options), unserved, {}});
  return no;
}

std::uint32_t Assignment::add_student(std::uint32_t kind) {
  must(kind < kinds_.size(), "assignment: a student of no kind");
  const auto no = static_cast<std::uint32_t>(students_.size());
  students_.push_back({kind, gone, gone, 0});
  put(no, queue);
  ++nodes_[queue].used;
  return no;
}

const Assignment::Student& Assignment::student(std::uint32_t no) const {
  must(no < students_.size(), "assignment: no such student");
  return students_[no];
}

std::uint32_t Assignment::supervisor_of(std::uint32_t no) const {
  const std::uint32_t at = student(no).at;
  return at == queue || at == gone ? nobody : at - 1;
}

std::uint32_t Assignment::students_of(std::uint32_t supervisor) const {
  must(supervisor + 1 < nodes_.size(), "assignment: no such supervisor");
  return nodes_[supervisor + 1].used;
}

std::uint32_t Assignment::queued() const { return nodes_[queue].used; }

// ---- costs

std::int64_t Assignment::cost_at(std::uint32_t kind, std::uint32_t kept, std::uint32_t node) const {
  const Kind& of = kinds_[kind];
  if (node == queue) return of.unserved;
  const auto at = std::ranges::lower_bound(of.options, node, {}, &Option::supervisor);
  return at->cost + (kept != gone && kept != node ? costs_.move : 0);
}

/// Of the seat that the nth student of this plan takes; nothing in the queue.
std::int64_t Assignment::seat_cost(const Node& node, std::uint32_t nth) const {
  if (is_queue(node)) return 0;
  const std::int64_t k = std::int64_t{node.seats.taken} + nth;
  return costs_.balance * (2 * k - 1) / std::max<std::int64_t>(1, node.seats.all);
}

std::int64_t Assignment::cost() const {
  std::int64_t sum = 0;
  for (const Student& s : students_) {
    if (s.at != gone) sum += cost_at(s.kind, s.kept, s.at);
  }
  for (const Node& node : nodes_) {
    for (std::uint32_t n = 1; n <= node.used && !is_queue(node); ++n) sum += seat_cost(node, n);
  }
  return sum;
}

bool Assignment::optimal() const {
  for (const Node& node : nodes_) {
    std::size_t inside = 0;
    for (const Group& group : node.groups) {
      inside += group.students.size();
      const std::int64_t left = node.price - group.cost;
      bool dearer = true;
      each_option(group.kind, group.kept,
                  [&](std::uint32_t to, std::int64_t cost) { dearer = dearer && left + cost >= nodes_[to].price; });
      if (!dearer) return false;
    }
    if (inside != node.used || (!is_queue(node) && node.seats.taken + node.used > node.seats.all)) return false;
    if (has_room(node) && next_seat(node) + node.price < 0) return false;
    if (node.used > 0 && last_seat(node) + node.price > 0) return false;
  }
  return true;
}

// ---- who is where

Assignment::Group& Assignment::group_of(Node& node, std::uint32_t kind, std::uint32_t kept) {
  const auto before = [](const Group& group, const std::pair<std::uint32_t, std::uint32_t>& wanted) {
    return std::pair(group.kind, group.kept) < wanted;
  };
  auto at = std::lower_bound(node.groups.begin(), node.groups.end(), std::pair(kind, kept), before);
  if (at == node.groups.end() || at->kind != kind || at->kept != kept) {
    const auto here = static_cast<std::uint32_t>(&node - nodes_.data());
    at = node.groups.insert(at, Group{kind, kept, cost_at(kind, kept, here), {}});
    kinds_[kind].places.push_back({here, kept, at->cost});
  }
  return *at;
}

void Assignment::put(std::uint32_t no, std::uint32_t to) {
  Student& one = students_[no];
  Group& group = group_of(nodes_[to], one.kind, one.kept);
  one.at = to;
  one.place = static_cast<std::uint32_t>(group.students.size());
  group.students.push_back(no);
}

void Assignment::take(std::uint32_t no) {
  Student& one = students_[no];
  Node& node = nodes_[one.at];
  Group& group = group_of(node, one.kind, one.kept);
  const std::uint32_t last = group.students.back();
  group.students[one.place] = last;
  students_[last].place = one.place;
  group.students.pop_back();
  if (group.students.empty()) {
    node.groups.erase(node.groups.begin() + (&group - node.groups.data()));
    auto& places = kinds_[one.kind].places;
    *std::ranges::find_if(places, [&](const Place& p) { return p.node == one.at && p.kept == one.kept; }) =
        places.back();
    places.pop_back();
  }
  one.at = gone;
}

// ---- shortest paths: Dijkstra over nodes; an arc from u to v is a student at u that could be at v, at the difference
// in cost, seen through the prices. Invariants between changes: 1. no such arc is negative, nor one to or from the
// sink.
// 2. What comes into a node leaves it to the sink.

void Assignment::begin_search() {
  distance_.assign(nodes_.size(), far);
  step_.assign(nodes_.size(), {});
  final_.assign(nodes_.size(), 0);
  heap_.clear();
  ++search_;
}

void Assignment::reach(std::uint32_t node, std::int64_t distance, const Step& by) {
  if (distance >= distance_[node]) return;
  distance_[node] = distance;
  step_[node] = by;
  heap_.emplace_back(distance, node);
  std::ranges::push_heap(heap_, std::greater<>());
}

std::uint32_t Assignment::nearest(std::int64_t most) {
  while (!heap_.empty()) {
    const auto [distance, node] = heap_.front();
    if (distance >= most) return gone;
    std::ranges::pop_heap(heap_, std::greater<>());
    heap_.pop_back();
    if (final_[node] != 0 || distance != distance_[node]) continue;
    final_[node] = 1;
    return node;
  }
  return gone;
}

void Assignment::go_on_from(std::uint32_t from) {
  const Node& node = nodes_[from];
  for (const Group& group : node.groups) {
    const std::int64_t base = distance_[from] + node.price - group.cost;
    const Step by{from, group.kind, group.kept};
    each_option(group.kind, group.kept, [&](std::uint32_t to, std::int64_t cost) {
      if (const std::int64_t distance = base + cost - nodes_[to].price; distance < distance_[to]) {
        reach(to, distance, by);
      }
    });
  }
}

/// The least that the price of a node and the cost of such a student there come to: within one search it is asked for
/// often.
std::int64_t Assignment::least_of(std::uint32_t kind) {
  if (least_.size() < kinds_.size()) least_.resize(kinds_.size(), {0, 0});
  auto& [search, least] = least_[kind];
  if (search == search_) return least;
  search = search_;
  least = far;
  for (const Place& place : kinds_[kind].places) least = std::min(least, nodes_[place.node].price - place.cost);
  return least;
}

/// The same the other way: who could come here, nearer than `most`.
void Assignment::go_back_from(std::uint32_t to, std::int64_t most) {
  const std::int64_t base = distance_[to] - nodes_[to].price;
  const auto come = [&](std::uint32_t kind, std::int64_t cost) {
    if (base + cost + least_of(kind) >= most) return;
    for (const auto& [from, kept, cost_there] : kinds_[kind].places) {
      const std::int64_t distance = base + cost + move_cost(kept, to) + nodes_[from].price - cost_there;
      if (distance < most && distance < distance_[from]) reach(from, distance, {to, kind, kept});
    }
  };
  if (to != queue) {
    for (const Comer& comer : nodes_[to].comers) come(comer.kind, comer.cost);
    return;
  }
  for (std::uint32_t kind = 0; kind < kinds_.size(); ++kind) come(kind, kinds_[kind].unserved);
}

/// Among those that are alike it does not matter who.
void Assignment::move_one(const Step& by, std::uint32_t from, std::uint32_t to) {
  const std::uint32_t mover = group_of(nodes_[from], by.kind, by.kept).students.back();
  take(mover);
  put(mover, to);
}

/// From the nodes that were reached (one unit stands there) to the sink, by the cheapest way. Sets the prices, moves
/// the students; gives the node at which the path begins, where there is room for one now.
std::uint32_t Assignment::send_to_sink() {
  std::int64_t best = far;
  std::uint32_t end = gone;
  for (std::uint32_t node = nearest(best); node != gone; node = nearest(best)) {
    const Node& here = nodes_[node];
    if (has_room(here) && distance_[node] + next_seat(here) + here.price < best) {
      best = distance_[node] + next_seat(here) + here.price;
      end = node;
    }
    if (distance_[node] < best) go_on_from(node);
  }
  must(end != gone, "assignment: the queue has room for everybody");
  for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
    if (distance_[node] < best) nodes_[node].price += distance_[node] - best;
  }
  ++nodes_[end].used;
  for (; step_[end].other != gone; end = step_[end].other) move_one(step_[end], step_[end].other, end);
  return end;
}

/// A node's place is empty: the cheapest way in which one seat less is used in all. Searched backwards, for what is
/// near the empty place is few, and all that use a seat are many.
void Assignment::fetch_from_sink(std::uint32_t to) {
  begin_search();
  reach(to, 0, {});
  std::int64_t best = far;
  std::uint32_t first = gone;
  for (std::uint32_t node = nearest(best); node != gone; node = nearest(best)) {
    const Node& here = nodes_[node];
    if (here.used > 0 && distance_[node] - last_seat(here) - here.price < best) {
      best = distance_[node] - last_seat(here) - here.price;
      first = node;
    }
    if (distance_[node] < best) go_back_from(node, best);
  }
  must(first != gone, "assignment: a seat can always be given up again");
  for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
    if (distance_[node] < best) nodes_[node].price += best - distance_[node];
  }
  --nodes_[first].used;
  for (; step_[first].other != gone; first = step_[first].other) move_one(step_[first], first, step_[first].other);
}

// ---- one change

std::uint32_t Assignment::enter(std::uint32_t kind) {
  must(kind < kinds_.size(), "assignment: a student of no kind");
  begin_search();
  std::int64_t price = -far;
  each_option(kind, gone,
              [&](std::uint32_t to, std::int64_t cost) { price = std::max(price, nodes_[to].price - cost); });
  each_option(kind, gone, [&](std::uint32_t to, std::int64_t cost) { reach(to, cost + price - nodes_[to].price, {}); });
  const std::uint32_t first = send_to_sink();
  const auto no = static_cast<std::uint32_t>(students_.size());
  students_.push_back({kind, gone, gone, 0});
  put(no, first);
  return no;
}

void Assignment::leave(std::uint32_t no) {
  const std::uint32_t at = student(no).at;
  must(at != gone, "assignment: this student has left");
  take(no);
  fetch_from_sink(at);
}

void Assignment::set_seats(std::uint32_t supervisor, Seats seats) {
  must(supervisor + 1 < nodes_.size() && seats.taken <= seats.all, "assignment: no such supervisor, or seats");
  const std::uint32_t no = supervisor + 1;
  Node& node = nodes_[no];
  const std::uint32_t inside = node.used;
  node.seats = seats;
  if (node.groups.empty()) {  // nobody leaves it: its price may be as high as those who could come allow
    node.price = 0;
    for (const Comer& comer : node.comers) {
      for (const auto& [from, kept, cost_there] : kinds_[comer.kind].places) {
        node.price = std::min(node.price, nodes_[from].price + comer.cost + move_cost(kept, no) - cost_there);
      }
    }
  }
  // As many units to the sink as the prices want: those that cost less than nothing must flow, those that cost more
  // must not.
  std::uint32_t least = 0;
  while (least < seats.all - seats.taken && seat_cost(node, least + 1) + node.price < 0) ++least;
  std::uint32_t most = least;
  while (most < seats.all - seats.taken && seat_cost(node, most + 1) + node.price <= 0) ++most;
  node.used = std::clamp(inside, least, most);
  for (std::uint32_t missing = node.used; missing < inside; ++missing) {
    begin_search();
    reach(no, 0, {});
    send_to_sink();
  }
  for (std::uint32_t extra = nodes_[no].used; extra > inside; --extra) fetch_from_sink(no);
}

std::uint32_t Assignment::join(Seats seats, const std::vector<std::pair<std::uint32_t, std::int64_t>>& costs) {
  const std::uint32_t supervisor = add_supervisor({0, 0});
  for (const auto& [kind, cost] : costs) {
    must(kind < kinds_.size() && cost >= 0 && cost <= most_cost, "assignment: a cost of no kind, or none");
    kinds_[kind].options.push_back({supervisor + 1, cost});  // the highest number: the order holds
    nodes_[supervisor + 1].comers.push_back({kind, cost});
  }
  set_seats(supervisor, seats);
  return supervisor;
}

void Assignment::settle() {
  for (std::uint32_t no = 0; no < students_.size(); ++no) {
    const std::uint32_t at = students_[no].at;
    if (at == gone || at == queue || students_[no].kept == at) continue;
    take(no);
    students_[no].kept = at;
    put(no, at);
  }
}

}  // namespace iro::pool

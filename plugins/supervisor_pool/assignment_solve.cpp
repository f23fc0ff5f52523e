// The optimum from scratch, with LEMON. Apart from the rest, because only this sees the library.
#include <lemon/network_simplex.h>
#include <lemon/smart_graph.h>

#include <map>
#include <stdexcept>

#include "plugins/supervisor_pool/assignment.hpp"

namespace iro::pool {

void Assignment::solve() {
  using Graph = lemon::SmartDigraph;
  // Students that are alike and were settled at the same node are one node of the flow.
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<std::uint32_t>> alike;
  for (std::uint32_t no = 0; no < students_.size(); ++no) {
    if (students_[no].at != gone) alike[{students_[no].kind, students_[no].kept}].push_back(no);
  }
  struct Line {
    Graph::Arc arc;
    std::int64_t most;
    std::int64_t cost;
  };
  std::vector<Line> lines;
  Graph graph;
  const Graph::Node sink = graph.addNode();
  std::vector<Graph::Node> of_node;
  for (Node& node : nodes_) {
    of_node.push_back(graph.addNode());
    const std::uint32_t free = is_queue(node) ? 0 : node.seats.all - node.seats.taken;
    for (std::uint32_t n = 1, until = 1; n <= free; n = until) {  // seats of one cost are one arc
      while (until <= free && seat_cost(node, until) == seat_cost(node, n)) ++until;
      lines.push_back({graph.addArc(of_node.back(), sink), until - n, seat_cost(node, n)});
    }
  }
  const auto all = static_cast<std::int64_t>(students_.size());
  lines.push_back({graph.addArc(of_node[queue], sink), all, 0});
  std::vector<std::pair<std::uint32_t, std::size_t>> ways;  // node, and its line
  std::vector<Graph::Node> of_group;
  for (const auto& [group, members] : alike) {
    const std::vector<std::uint32_t>& students = members;  // clang's analyzer follows no binding into a lambda
    of_group.push_back(graph.addNode());
    each_option(group.first, group.second, [&](std::uint32_t to, std::int64_t cost) {
      ways.emplace_back(to, lines.size());
      lines.push_back({graph.addArc(of_group.back(), of_node[to]), static_cast<std::int64_t>(students.size()), cost});
    });
  }

  Graph::NodeMap<std::int64_t> supply(graph, 0);
  Graph::ArcMap<std::int64_t> most(graph);
  Graph::ArcMap<std::int64_t> cost(graph);
  std::int64_t sum = 0;
  std::size_t at = 0;
  for (const auto& [group, students] : alike) {
    supply[of_group[at++]] = static_cast<std::int64_t>(students.size());
    sum += static_cast<std::int64_t>(students.size());
  }
  supply[sink] = -sum;
  for (const Line& line : lines) {
    most[line.arc] = line.most;
    cost[line.arc] = line.cost;
  }
  using Simplex = lemon::NetworkSimplex<Graph, std::int64_t, std::int64_t>;
  Simplex simplex(graph);
  simplex.upperMap(most).costMap(cost).supplyMap(supply);
  if (simplex.run() != Simplex::OPTIMAL) throw std::logic_error("assignment: the queue has room for everybody");

  for (Kind& kind : kinds_) kind.places.clear();
  for (Node& node : nodes_) {
    node.groups.clear();
    node.used = 0;
  }
  for (std::uint32_t n = 0; n < nodes_.size(); ++n) {
    nodes_[n].price = simplex.potential(of_node[n]) - simplex.potential(sink);
  }
  std::size_t way = 0;
  for (const auto& [group, members] : alike) {
    const std::vector<std::uint32_t>& students = members;  // clang's analyzer follows no binding into a lambda
    std::size_t next = 0;
    each_option(group.first, group.second, [&](std::uint32_t to, std::int64_t) {
      for (std::int64_t flow = simplex.flow(lines[ways[way++].second].arc); flow > 0; --flow) {
        put(students[next++], to);
        ++nodes_[to].used;
      }
    });
  }
}

}  // namespace iro::pool

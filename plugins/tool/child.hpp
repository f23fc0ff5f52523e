// plugins/tool/child.hpp: a piece of work in a process of its own, with a time limit.
//
// For looking at an object from inside, where iro-plugin-host does not: whatever
// its code does, this program goes on. What the child prints is thrown away.
// Not a sandbox: it is the author's own code on the author's machine.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "hub/base/error.hpp"

namespace iro::tool {

struct ChildEnd {
  bool answered = false;
  std::string text;  // the answer; otherwise why there is none: "killed by SIGSEGV"
};

/// Forks; one thread must be all that this process has. Fails with Errc::io.
Result<ChildEnd> in_child(std::chrono::milliseconds limit, const std::function<std::string()>& work);

}  // namespace iro::tool

// hub/base/assert.hpp: IRO_ASSERT is for our own bugs and is always on. Input
// from outside is never asserted: it is refused with an Error.
#pragma once

#include <cstdio>
#include <cstdlib>

#define IRO_ASSERT(condition, why)                                                                     \
  do {                                                                                                 \
    if (!(condition)) [[unlikely]] {                                                                   \
      std::fprintf(stderr, "%s:%d: broken invariant: %s (%s)\n", __FILE__, __LINE__, why, #condition); \
      std::abort();                                                                                    \
    }                                                                                                  \
  } while (false)

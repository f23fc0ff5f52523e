#include "hub/views/sight.hpp"

#include "tests/catch.hpp"

using namespace iro;
using namespace iro::views;
using admission::Receive;
using schema::Routing;

namespace {

constexpr Routing classes[] = {Routing::publik, Routing::regional, Routing::parties, Routing::sealed,
                               Routing::operators};
constexpr Receive grants[] = {Receive::none, Receive::masked, Receive::full, Receive::denied};

template <typename Check>
void for_every_claim(Check check) {
  for (const Routing routing : classes) {
    for (const Receive today : grants) {
      for (int bits = 0; bits < 8; ++bits)
        check(Claim{routing, (bits & 1) != 0, (bits & 2) != 0, today, (bits & 4) != 0});
    }
  }
}

}  // namespace

TEST_CASE("sight: whoever was in no audience, has left or is denied sees nothing") {
  for_every_claim([](Claim c) {
    if ((!c.in_full && !c.in_masked) || !c.active || c.today == Receive::denied) CHECK(sight(c) == Sight::nothing);
  });
}

TEST_CASE("sight: no grant of today shows more than the commit decided") {
  for_every_claim([](Claim c) {
    if (!c.in_full) CHECK(sight(c) != Sight::full);
    if (!c.in_full && !c.in_masked) CHECK(sight(c) == Sight::nothing);
  });
}

TEST_CASE("sight: a regional event needs the grant to be there still, and is masked when the grant is") {
  CHECK(sight({Routing::regional, true, false, Receive::full, true}) == Sight::full);
  CHECK(sight({Routing::regional, true, false, Receive::masked, true}) == Sight::masked);
  CHECK(sight({Routing::regional, true, false, Receive::none, true}) == Sight::nothing);
  CHECK(sight({Routing::regional, false, true, Receive::full, true}) == Sight::masked);
}

TEST_CASE("sight: a party keeps what it was named in, without any grant") {
  for (const Routing routing : {Routing::parties, Routing::sealed, Routing::publik, Routing::operators}) {
    CHECK(sight({routing, true, false, Receive::none, true}) == Sight::full);
    CHECK(sight({routing, true, false, Receive::masked, true}) == Sight::full);
    CHECK(sight({routing, false, true, Receive::none, true}) == Sight::masked);
  }
}

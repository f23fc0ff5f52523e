// One event on each that it hears; of which types, the build says (BENCH_HEARS, BENCH_SAYS).
#include <iro/events/vacancy.hpp>
#include <iro/plugin.hpp>

namespace {
using namespace iro::events;

template <typename Hears, typename Says>
struct Link {
  void heard(const Hears& heard, const iro::Event& event, iro::Effects& effects) const {
    Says said;
    said.vacancy_id = event.subject();
    said.provider = iro::str(heard.provider());
    if constexpr (requires { said.offer; }) said.offer = std::make_unique<OfferT>();
    effects.emit(said);
  }
};
using OfThisBuild = Link<BENCH_HEARS, BENCH_SAYS>;

}  // namespace

IRO_PLUGIN(iro::plugin<OfThisBuild>().on<&OfThisBuild::heard>())

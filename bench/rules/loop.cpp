// Answers at once, but never on a vacancy whose name asks for that.
#include <iro/events/vacancy.hpp>
#include <iro/plugin.hpp>

namespace {
using namespace iro::events;

struct Loop {
  void withdrawn(const VacancyWithdrawn&, const iro::Event& event, iro::Effects&) const {
    for (volatile bool loops = event.subject().starts_with("vac-loop"); loops;) {
    }
  }
};

}  // namespace

IRO_PLUGIN(iro::plugin<Loop>().on<&Loop::withdrawn>())

// The header as strict C++20, included twice, with nothing before it.
#include <iro/plugin.h>

static_assert(sizeof(iro_entry) == 32);
iro_status header_cxx20(const iro_event& event) { return IRO_HAS(&event, judged) ? IRO_OK : IRO_FAILED; }

/* The header as strict C11, and a plugin that is written in C. */
#include <iro/plugin.h>

static iro_status create(const iro_host* host, iro_text config, void** self) {
  (void)config;
  *self = (void*)(uintptr_t)host;
  return IRO_OK;
}
static void destroy(void* self) { (void)self; }
static iro_status on_event(void* self, const iro_event* event, iro_call* call) {
  (void)self;
  (void)call;
  return IRO_HAS(event, judged) && event->judged ? IRO_OK : IRO_INVALID;
}
static const iro_rule rule = {sizeof(iro_rule), 0, create, destroy, on_event};
static const void* query(const char* id) { return id[0] == 'i' ? &rule : NULL; }

IRO_EXPORT const iro_entry iro_plugin_entry = {sizeof(iro_entry), IRO_ABI_MAJOR, IRO_ABI_MINOR, "in-c", "1.0.0", query};

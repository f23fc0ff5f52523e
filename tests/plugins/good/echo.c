/* The smallest rule that does something: it keeps the subject of the last event. */
#include <iro/plugin.h>
#include <string.h>

static const iro_host_state* state;

static iro_status make(const iro_host* host, iro_text config, void** self) {
  (void)config;
  *self = NULL;
  state = host->query(IRO_HOST_STATE_1);
  return state ? IRO_OK : IRO_FAILED;
}
static void unmake(void* self) { (void)self; }
static iro_status on_event(void* self, const iro_event* event, iro_call* call) {
  (void)self;
  return state->put(call, (iro_bytes){"last", 4}, (iro_bytes){event->subject.data, event->subject.size},
                    (iro_text){NULL, 0});
}

static const iro_rule rule = {sizeof rule, 0, make, unmake, on_event};
static const void* query(const char* interface_id) { return strcmp(interface_id, IRO_RULE_1) ? NULL : &rule; }

IRO_EXPORT const iro_entry iro_plugin_entry = {sizeof(iro_entry), IRO_ABI_MAJOR, IRO_ABI_MINOR, "echo", "1.0.0", query};

/* Breaks: the table of an interface has all that its first version had. */
#include "bad.h"

BAD_QUIET_EVENTS
static const iro_rule short_rule = {sizeof(iro_rule) - 8, 0, make, unmake, on_event};
static const void* short_query(const char* interface_id) { return query(interface_id) ? &short_rule : NULL; }
IRO_EXPORT const iro_entry iro_plugin_entry = {sizeof(iro_entry), IRO_ABI_MAJOR, IRO_ABI_MINOR,
                                               "wrong-rule-size", "1.0.0",       short_query};

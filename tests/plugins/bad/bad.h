// tests/plugins/bad/bad.h: what every bad plugin shares, so that each file shows the one rule that it breaks.
//
// A file defines on_event() (and says BAD_OWN_CREATE when it has a create() of its
// own), and ends with BAD_PLUGIN("its-id").
#pragma once

#include <iro/plugin.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
#define BAD_DECLARE                                   \
  extern "C" {                                        \
  IRO_EXPORT extern const iro_entry iro_plugin_entry; \
  }
#else
#define BAD_DECLARE IRO_EXPORT extern const iro_entry iro_plugin_entry;
#endif

static const iro_host_state* state;
static const iro_host_emit* emits;
static const iro_host_explain* explains;

static inline iro_text text_of(const char* s) {
  const iro_text text = {s, strlen(s)};
  return text;
}
static inline iro_bytes bytes_of(const char* s) {
  const iro_bytes bytes = {s, strlen(s)};
  return bytes;
}
static inline iro_status tell(iro_call* call, const char* what) {
  return explains->explain(call, text_of(what), text_of(what));
}

static void find_services(const iro_host* host) {
  state = (const iro_host_state*)host->query(IRO_HOST_STATE_1);
  emits = (const iro_host_emit*)host->query(IRO_HOST_EMIT_1);
  explains = (const iro_host_explain*)host->query(IRO_HOST_EXPLAIN_1);
}

static iro_status make(const iro_host* host, iro_text config, void** self)
#ifdef BAD_OWN_CREATE
    ;
#else
{
  (void)config;
  *self = NULL;
  find_services(host);
  return IRO_OK;
}
#endif
static void unmake(void* self) { (void)self; }
static iro_status on_event(void* self, const iro_event* event, iro_call* call);

static const iro_rule rule = {sizeof(iro_rule), 0, make, unmake, on_event};
static const void* query(const char* interface_id) { return strcmp(interface_id, IRO_RULE_1) ? NULL : &rule; }

#define BAD_ENTRY(size, minor, id) \
  BAD_DECLARE                      \
  const iro_entry iro_plugin_entry = {size, IRO_ABI_MAJOR, minor, id, "1.0.0", query}
#define BAD_PLUGIN(id) BAD_ENTRY(sizeof(iro_entry), IRO_ABI_MINOR, id)

/* For what is broken before an event comes. */
#define BAD_QUIET_EVENTS                                                           \
  static iro_status on_event(void* self, const iro_event* event, iro_call* call) { \
    (void)self;                                                                    \
    (void)event;                                                                   \
    (void)call;                                                                    \
    return IRO_OK;                                                                 \
  }
#define BAD_ON_EVENT static iro_status on_event(void* self, const iro_event* event, iro_call* call)
#define BAD_UNUSED (void)self, (void)event, (void)call

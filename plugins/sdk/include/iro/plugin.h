/* iro/plugin.h: how a rule of a region is made known to IRO hub, and what it may do.
 *
 * A plugin is a shared object with one exported constant, `iro_plugin_entry`.
 * The hub never loads it: each plugin lives in a process of its own
 * (iro-plugin-host), without files, network, threads or clock, and speaks with
 * the hub only through the functions below. If it crashes, hangs or talks
 * nonsense, the hub and the other plugins do not notice more than that.
 *
 * A plugin is a function: of an event, of its configuration and of its own
 * state. Given the same three it must do the same, on every machine and in every
 * year, because the hub asks again: after a crash, when history is replayed
 * through a newer version (what-if), and to find out whether a rule is sound.
 * So: no clock but `now_ms`, no randomness, no address of an object as a key,
 * no order of a hash table in what it emits, no variable outside its instance.
 *
 * What it does is written down as effects (state, events, timers, a verdict, an
 * explanation). The hub commits them together with the event that caused them,
 * in one fsync, or not at all. So a rule needs no care for crashes.
 *
 * RULES FOR ALL FUNCTIONS
 *  - One thread. Everything of one instance is called from one thread, one call
 *    at a time. A host function may be called from inside a plugin function and
 *    nowhere else.
 *  - Borrow in, copy out. What the plugin is given (events, texts, bytes from
 *    `get`) is valid until the plugin function returns and is read-only. What
 *    the plugin gives to the host is copied before the host function returns.
 *  - Texts are UTF-8 with a length, not ended by zero. An empty text may have a
 *    null pointer. Ids are 16 bytes. Times are milliseconds since 1970, UTC.
 *  - Nothing is thrown across this boundary. A plugin function returns IRO_OK or
 *    an error; an error means "this event was not handled": its effects are
 *    dropped and the event is tried again, alone, in a fresh process; failing
 *    twice, it is parked for the operator together with its subject.
 *  - Structs that cross the boundary begin with their size in bytes and grow
 *    only at the end. Read a field only when `size` says that it is there:
 *    IRO_HAS(event, person).
 *  - 64-bit little-endian machines. Payloads are FlatBuffers that the hub has
 *    verified, aligned to 16 bytes.
 *
 * How this header changes, and how it does not: ABI.md beside it.
 * The friendly way to write a plugin in C++ is iro/plugin.hpp.
 */
#ifndef IRO_PLUGIN_H
#define IRO_PLUGIN_H
/* Read more than it is changed, so its columns are aligned by hand. */
/* clang-format off */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version that this header describes. A host loads a plugin of the same
 * major version whose minor version is not above its own. */
#define IRO_ABI_MAJOR 1
#define IRO_ABI_MINOR 0

#define IRO_EXPORT __attribute__((visibility("default")))

/* Is `field` inside what the other side has filled in? */
#define IRO_HAS(ptr, field) \
  ((ptr)->size >= offsetof(__typeof__(*(ptr)), field) + sizeof((ptr)->field))

typedef struct iro_text {
  const char *data;
  size_t size; /* bytes */
} iro_text;

typedef struct iro_bytes {
  const void *data;
  size_t size;
} iro_bytes;

typedef struct iro_id {
  uint8_t b[16];
} iro_id;

/* What functions return. Permanent. Positive: an answer. Negative: an error. */
typedef int32_t iro_status;
enum {
  IRO_OK = 0,
  IRO_NOT_FOUND = 1,  /* there is nothing under this key */
  IRO_STOPPED = 2,    /* the visitor asked to stop */
  IRO_INVALID = -1,   /* an argument that can't be meant: an unknown type, a payload that does not verify */
  IRO_LIMIT = -2,     /* more than the limits below allow; nothing was done */
  IRO_DENIED = -3,    /* not declared in plugin.toml, or not possible in this kind of call */
  IRO_FAILED = -4     /* anything else; the plugin's own errors too */
};

/* Limits of one plugin. A host function that would go beyond one returns
 * IRO_LIMIT. They are the hub's (hub/base/limits.hpp), repeated for authors. */
#define IRO_KEY_BYTES 255              /* of a key of state or of a timer; at least 1 */
#define IRO_VALUE_BYTES 65536          /* of one value of state */
#define IRO_EMITS_PER_EVENT 64         /* events emitted on one event */
#define IRO_EFFECT_BYTES 1048576       /* everything that one event makes it write */
#define IRO_TIMERS_PER_EVENT 64
#define IRO_NOTES_PER_EVENT 8          /* explanations and verdict reasons together: 8, of at most */
#define IRO_NOTE_BYTES 1024            /* this many bytes each */

/* ------------------------------------------------------------------ events */

/* What is shown to a plugin. Permanent. */
enum {
  IRO_EVENT = 1,  /* an event of a type that plugin.toml lists */
  IRO_TIMER = 2,  /* a timer of this plugin is due: `key` and `due_ms` */
  IRO_ERASED = 3  /* only in a replay: here was an event, and its content is gone by
                     retention or at a person's request; type, id and times remain */
};

typedef struct iro_event {
  uint32_t size;
  uint32_t kind;        /* IRO_EVENT, IRO_TIMER, IRO_ERASED */
  iro_id id;
  iro_id correlation;   /* the case; all zero: none */
  iro_id causation;     /* the event it answers; all zero: none */
  int64_t now_ms;       /* when the hub records it. The only clock there is */
  int64_t time_ms;      /* when the sender logged it */
  int64_t due_ms;       /* IRO_TIMER: when it was to fire (it may be late) */
  iro_text type;        /* "nl.placements.handover.requested.v1" */
  iro_text source;
  iro_text subject;     /* the thing that it is about */
  iro_text sender;      /* the member's slug; "hub" for events of the hub and of plugins */
  iro_text person;      /* the pseudonym that it is about, if any */
  iro_bytes payload;    /* FlatBuffer of the type's table; empty unless IRO_EVENT */
  iro_bytes key;        /* IRO_TIMER */
  uint16_t revision;    /* of the type's schema */
  uint8_t hop;          /* how many reactions lie before it */
  uint8_t judged;       /* 1: this plugin is asked for a verdict */
  uint8_t reserved[4];
} iro_event;

/* One event being handled. Only an address; it ends when on_event returns. */
typedef struct iro_call iro_call;

/* -------------------------------------------------------------------- host */

/* What the host hands to create(). `query` gives the table of a service, or
 * null when this host does not have it. Tables live as long as the process. */
typedef struct iro_host {
  uint32_t size;
  uint16_t abi_major;
  uint16_t abi_minor;
  const void *(*query)(const char *service_id);
} iro_host;

/* "iro.host.state/1": the plugin's own keyed state.
 *
 * Reads see all earlier effects of this plugin, committed or not. With a
 * `person` (a pseudonym) the value is kept under that person's key: when the
 * person is erased it is gone, and `get` says IRO_NOT_FOUND. So what is known of
 * a person must be put with the person; and a key never contains a pseudonym. */
#define IRO_HOST_STATE_1 "iro.host.state/1"
/* Returns 0 to go on, anything else to stop. */
typedef int32_t (*iro_state_visitor)(void *context, iro_bytes key, iro_bytes value);
typedef struct iro_host_state {
  uint32_t size;
  uint32_t reserved;
  iro_status (*get)(iro_call *call, iro_bytes key, iro_bytes *value);
  /* Every key that begins with `prefix`, in byte order. IRO_OK or IRO_STOPPED. */
  iro_status (*each)(iro_call *call, iro_bytes prefix, iro_state_visitor visitor, void *context);
  iro_status (*put)(iro_call *call, iro_bytes key, iro_bytes value, iro_text person);
  iro_status (*remove)(iro_call *call, iro_bytes key);
} iro_host_state;

/* "iro.host.emit/1": say something. The event joins the same commit; its id
 * comes from this plugin, the event that is handled and the ordinal, so a replay
 * cannot double it. `type` must stand under `emits` in plugin.toml. */
#define IRO_HOST_EMIT_1 "iro.host.emit/1"
typedef struct iro_host_emit {
  uint32_t size;
  uint32_t reserved;
  iro_status (*emit)(iro_call *call, iro_text type, iro_bytes payload);
} iro_host_emit;

/* "iro.host.timer/1": be woken. A timer has a key of the plugin's choice;
 * setting it again moves it. It fires once, at or after `due_ms`, as an
 * IRO_TIMER event; a hub that was down fires what is overdue when it is back. */
#define IRO_HOST_TIMER_1 "iro.host.timer/1"
typedef struct iro_host_timer {
  uint32_t size;
  uint32_t reserved;
  iro_status (*set)(iro_call *call, iro_bytes key, int64_t due_ms, iro_text person);
  iro_status (*cancel)(iro_call *call, iro_bytes key);
} iro_host_timer;

/* "iro.host.verdict/1": for a plugin that judges the type (event->judged).
 *
 * Saying nothing accepts. A rejected event never happened: what else this call
 * wrote is dropped, and the sender gets the reason. A held one is kept for nobody
 * until this plugin says release or refuse, on a later event or timer, or its
 * expiry time comes. `code` is the rule's own permanent name, [a-z0-9_]. The
 * reason is read by people, so it comes in Dutch and English. */
#define IRO_HOST_VERDICT_1 "iro.host.verdict/1"
typedef struct iro_host_verdict {
  uint32_t size;
  uint32_t reserved;
  iro_status (*reject)(iro_call *call, iro_text code, iro_text nl, iro_text en);
  iro_status (*hold)(iro_call *call, iro_text code, iro_text nl, iro_text en);
  /* IRO_NOT_FOUND is told later, as hub.refused: the call does not look. */
  iro_status (*release)(iro_call *call, iro_id held);
  iro_status (*refuse)(iro_call *call, iro_id held, iro_text code, iro_text nl, iro_text en);
} iro_host_verdict;

/* "iro.host.explain/1": why. Kept beside the event for as long as the event,
 * under the person's key if there is one; shown by `iro explain` to whoever
 * may read the event in full, and to its sender. */
#define IRO_HOST_EXPLAIN_1 "iro.host.explain/1"
typedef struct iro_host_explain {
  uint32_t size;
  uint32_t reserved;
  iro_status (*explain)(iro_call *call, iro_text nl, iro_text en);
} iro_host_explain;

/* "iro.host.json/1": payloads as JSON, for those who do not link FlatBuffers. */
#define IRO_HOST_JSON_1 "iro.host.json/1"
typedef struct iro_host_json {
  uint32_t size;
  uint32_t reserved;
  /* `json` is valid until on_event returns. */
  iro_status (*to_json)(iro_call *call, iro_text type, iro_bytes payload, iro_text *json);
  iro_status (*from_json)(iro_call *call, iro_text type, iro_text json, iro_bytes *payload);
} iro_host_json;

/* "iro.host.fault/1": what went wrong, for the author and the operator.
 * Shown when the plugin function that is running returns an error, otherwise
 * dropped; the last one counts. In create() `call` is null. At most
 * IRO_NOTE_BYTES, and never a payload or a pseudonym. */
#define IRO_HOST_FAULT_1 "iro.host.fault/1"
typedef struct iro_host_fault {
  uint32_t size;
  uint32_t reserved;
  iro_status (*tell)(iro_call *call, iro_text what);
} iro_host_fault;

/* "iro.host.asker/1": in a view, who asks: the member's slug, as it was enrolled.
 * For lists that are each member's own. The operator of the hub is "operator".
 * Valid until show() returns; IRO_DENIED on an event. */
#define IRO_HOST_ASKER_1 "iro.host.asker/1"
typedef struct iro_host_asker {
  uint32_t size;
  uint32_t reserved;
  iro_status (*member)(iro_call *call, iro_text *slug);
} iro_host_asker;

/* ------------------------------------------------------------------ plugin */

/* "iro.rule/1": what every plugin has. */
#define IRO_RULE_1 "iro.rule/1"
typedef struct iro_rule {
  uint32_t size;
  uint32_t reserved;
  /* Make an instance. `config` is JSON: an object with every setting that
   * plugin.toml declares, defaults filled in, checked. Give what on_event is to
   * get as `self`. */
  iro_status (*create)(const iro_host *host, iro_text config, void **self);
  void (*destroy)(void *self);
  /* Handle one event: look, decide, write effects through the host. */
  iro_status (*on_event)(void *self, const iro_event *event, iro_call *call);
} iro_rule;

/* "iro.views/1": read-only lists and pictures for people (`iro show NAME`).
 * `name` stands under [[view]] in plugin.toml. `args` is a JSON object. The
 * answer is JSON in the form that the view's kind asks for (docs). State may be
 * read through `call`, nothing may be written. */
#define IRO_VIEWS_1 "iro.views/1"
typedef struct iro_views {
  uint32_t size;
  uint32_t reserved;
  /* Calls `answer(context, json)` once. */
  iro_status (*show)(void *self, iro_call *call, iro_text name, iro_text args, int64_t now_ms,
                     void (*answer)(void *context, iro_text json), void *context);
} iro_views;

/* "iro.selftest/1": the plugin's own test, run by `iro-plugin check`. Calls
 * `report` for each thing it looked at; `ok` is 0 or 1. */
#define IRO_SELFTEST_1 "iro.selftest/1"
typedef struct iro_selftest {
  uint32_t size;
  uint32_t reserved;
  iro_status (*run)(void (*report)(void *context, iro_text what, int32_t ok), void *context);
} iro_selftest;

/* The one exported symbol:
 *
 *   IRO_EXPORT const iro_entry iro_plugin_entry = {
 *     sizeof(iro_entry), IRO_ABI_MAJOR, IRO_ABI_MINOR, "first-year-weeks", "1.0.0", query};
 *
 * `id` and `version` must be those of plugin.toml. `query` gives the plugin's
 * table of an interface, or null; it is called before create(), and cheap. */
typedef struct iro_entry {
  uint32_t size;
  uint16_t abi_major;
  uint16_t abi_minor;
  const char *id;      /* [a-z][a-z0-9-]{1,39} */
  const char *version; /* semantic version */
  const void *(*query)(const char *interface_id);
} iro_entry;
#define IRO_ENTRY_SYMBOL "iro_plugin_entry"

/* ------------------------------------------------------------ layout lock
 * Append-only. A line that fails means that a released plugin would break. */
#ifdef __cplusplus
#define IRO_LOCK(what) static_assert(what, #what)
#else
#define IRO_LOCK(what) _Static_assert(what, #what)
#endif
IRO_LOCK(sizeof(void *) == 8);
IRO_LOCK(sizeof(iro_text) == 16);
IRO_LOCK(sizeof(iro_bytes) == 16);
IRO_LOCK(sizeof(iro_id) == 16);
IRO_LOCK(offsetof(iro_event, kind) == 4);
IRO_LOCK(offsetof(iro_event, id) == 8);
IRO_LOCK(offsetof(iro_event, correlation) == 24);
IRO_LOCK(offsetof(iro_event, causation) == 40);
IRO_LOCK(offsetof(iro_event, now_ms) == 56);
IRO_LOCK(offsetof(iro_event, time_ms) == 64);
IRO_LOCK(offsetof(iro_event, due_ms) == 72);
IRO_LOCK(offsetof(iro_event, type) == 80);
IRO_LOCK(offsetof(iro_event, source) == 96);
IRO_LOCK(offsetof(iro_event, subject) == 112);
IRO_LOCK(offsetof(iro_event, sender) == 128);
IRO_LOCK(offsetof(iro_event, person) == 144);
IRO_LOCK(offsetof(iro_event, payload) == 160);
IRO_LOCK(offsetof(iro_event, key) == 176);
IRO_LOCK(offsetof(iro_event, revision) == 192);
IRO_LOCK(offsetof(iro_event, hop) == 194);
IRO_LOCK(offsetof(iro_event, judged) == 195);
IRO_LOCK(offsetof(iro_host, query) == 8);
IRO_LOCK(offsetof(iro_host_state, get) == 8);
IRO_LOCK(offsetof(iro_host_state, each) == 16);
IRO_LOCK(offsetof(iro_host_state, put) == 24);
IRO_LOCK(offsetof(iro_host_state, remove) == 32);
IRO_LOCK(offsetof(iro_host_emit, emit) == 8);
IRO_LOCK(offsetof(iro_host_timer, set) == 8);
IRO_LOCK(offsetof(iro_host_timer, cancel) == 16);
IRO_LOCK(offsetof(iro_host_verdict, reject) == 8);
IRO_LOCK(offsetof(iro_host_verdict, hold) == 16);
IRO_LOCK(offsetof(iro_host_verdict, release) == 24);
IRO_LOCK(offsetof(iro_host_verdict, refuse) == 32);
IRO_LOCK(offsetof(iro_host_explain, explain) == 8);
IRO_LOCK(offsetof(iro_host_json, to_json) == 8);
IRO_LOCK(offsetof(iro_host_json, from_json) == 16);
IRO_LOCK(offsetof(iro_rule, create) == 8);
IRO_LOCK(offsetof(iro_rule, destroy) == 16);
IRO_LOCK(offsetof(iro_rule, on_event) == 24);
IRO_LOCK(offsetof(iro_views, show) == 8);
IRO_LOCK(offsetof(iro_selftest, run) == 8);
IRO_LOCK(offsetof(iro_entry, id) == 8);
IRO_LOCK(offsetof(iro_entry, version) == 16);
IRO_LOCK(offsetof(iro_entry, query) == 24);
IRO_LOCK(offsetof(iro_host_fault, tell) == 8);
IRO_LOCK(offsetof(iro_host_asker, member) == 8);
#undef IRO_LOCK

#ifdef __cplusplus
}
#endif
#endif /* IRO_PLUGIN_H */

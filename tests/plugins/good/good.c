/* A well-behaved plugin: it does what the event's subject says, one word and its arguments, and explains what came of
 * it. */
#include <iro/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const iro_host_state* state;
static const iro_host_emit* emits;
static const iro_host_timer* timers;
static const iro_host_verdict* verdicts;
static const iro_host_explain* explains;
static const iro_host_json* jsons;
static const iro_host_fault* faults;
static const iro_host_asker* asker;

struct good {
  char config[256];
};

static iro_text text(const char* s) { return (iro_text){s, strlen(s)}; }
static iro_bytes bytes(const char* s) { return (iro_bytes){s, strlen(s)}; }

/* The explanation is how the tests see what a service answered. */
static iro_status tell(iro_call* call, const char* what) { return explains->explain(call, text(what), text(what)); }
static iro_status tell_status(iro_call* call, const char* what, iro_status status) {
  char line[64];
  snprintf(line, sizeof line, "%s %d", what, (int)status);
  return tell(call, line);
}

struct list {
  char text[900];
  size_t size;
  int most;
};
static int32_t add_row(void* context, iro_bytes key, iro_bytes value) {
  struct list* list = context;
  const int n = snprintf(list->text + list->size, sizeof list->text - list->size, "%.*s=%.*s;", (int)key.size,
                         (const char*)key.data, (int)value.size, (const char*)value.data);
  if (n > 0) list->size += (size_t)n;
  if (list->size >= sizeof list->text) list->size = sizeof list->text - 1; /* cut off */
  return --list->most == 0;
}

static iro_status make(const iro_host* host, iro_text config, void** self) {
  state = host->query(IRO_HOST_STATE_1);
  emits = host->query(IRO_HOST_EMIT_1);
  timers = host->query(IRO_HOST_TIMER_1);
  verdicts = host->query(IRO_HOST_VERDICT_1);
  explains = host->query(IRO_HOST_EXPLAIN_1);
  jsons = host->query(IRO_HOST_JSON_1);
  faults = host->query(IRO_HOST_FAULT_1);
  asker = host->query(IRO_HOST_ASKER_1);
  if (!state || !emits || !timers || !verdicts || !explains || !jsons || !faults) return IRO_FAILED;
  if (host->query("iro.host.files/1")) return IRO_FAILED; /* there is no such thing */
  struct good* good = calloc(1, sizeof *good);
  if (!good || config.size >= sizeof good->config) return IRO_FAILED;
  memcpy(good->config, config.data, config.size);
  *self = good;
  return IRO_OK;
}

static void unmake(void* self) { free(self); }

static iro_status do_json(const iro_event* event, iro_call* call) {
  iro_text json;
  iro_bytes payload;
  iro_status status = jsons->to_json(call, event->type, event->payload, &json);
  if (status == IRO_OK) status = jsons->from_json(call, event->type, json, &payload);
  if (status != IRO_OK) return tell_status(call, "json", status);
  if (((uintptr_t)payload.data) % 16 != 0) return IRO_FAILED;
  char line[1024];
  snprintf(line, sizeof line, "%.*s", (int)json.size, json.data);
  return tell(call, line);
}

static iro_status do_word(struct good* self, const iro_event* event, iro_call* call, const char* word, const char* a,
                          const char* b) {
  if (!strcmp(word, "put")) return tell_status(call, "put", state->put(call, bytes(a), bytes(b), event->person));
  if (!strcmp(word, "write")) return state->put(call, bytes(a), bytes(b), text(""));
  if (!strcmp(word, "asker")) {
    iro_text member;
    return tell_status(call, "asker", asker->member(call, &member));
  }
  if (!strcmp(word, "remove")) return tell_status(call, "remove", state->remove(call, bytes(a)));
  if (!strcmp(word, "get")) {
    iro_bytes value;
    const iro_status status = state->get(call, bytes(a), &value);
    if (status != IRO_OK) return tell_status(call, "get", status);
    char line[512];
    snprintf(line, sizeof line, "%.*s", (int)value.size, (const char*)value.data);
    return tell(call, line);
  }
  if (!strcmp(word, "each")) {
    struct list list = {"", 0, *b ? atoi(b) : -1};
    const iro_status status = state->each(call, bytes(a), add_row, &list);
    tell_status(call, "each", status);
    return tell(call, list.size ? list.text : "(none)");
  }
  if (!strcmp(word, "emit")) {
    int done = 0;
    iro_status status = IRO_OK;
    for (int n = atoi(a); n > 0 && status == IRO_OK; --n) {
      status = emits->emit(call, *b ? text(b) : event->type, event->payload);
      done += status == IRO_OK;
    }
    char line[64];
    snprintf(line, sizeof line, "emit %d %d", done, (int)status);
    return tell(call, line);
  }
  if (!strcmp(word, "emit-nonsense"))
    return tell_status(call, "emit", emits->emit(call, event->type, bytes("nonsense")));
  if (!strcmp(word, "timer")) return tell_status(call, "timer", timers->set(call, bytes(a), atoll(b), event->person));
  if (!strcmp(word, "timers")) {
    char key[16];
    iro_status status = IRO_OK;
    for (int n = atoi(a); n > 0 && status == IRO_OK; --n) {
      snprintf(key, sizeof key, "t%d", n);
      status = timers->set(call, bytes(key), 1000 + n, text(""));
    }
    return tell_status(call, "timers", status);
  }
  if (!strcmp(word, "cancel")) return tell_status(call, "cancel", timers->cancel(call, bytes(a)));
  if (!strcmp(word, "reject")) {
    state->put(call, bytes("never"), bytes("written"), text(""));
    const iro_status status = verdicts->reject(call, text("too_long"), text("te lang"), text("too long"));
    return status == IRO_OK ? IRO_OK : tell_status(call, "reject", status);
  }
  if (!strcmp(word, "hold")) {
    state->put(call, bytes("held"), bytes("yes"), text(""));
    return verdicts->hold(call, text("wait"), text("wacht"), text("wait"));
  }
  if (!strcmp(word, "release")) return tell_status(call, "release", verdicts->release(call, event->correlation));
  if (!strcmp(word, "refuse")) {
    return tell_status(call, "refuse", verdicts->refuse(call, event->correlation, text("no"), text("nee"), text("no")));
  }
  if (!strcmp(word, "bad-code")) {
    return tell_status(call, "code", verdicts->reject(call, text("Not A Code"), text("a"), text("b")));
  }
  if (!strcmp(word, "explain")) {
    iro_status status = IRO_OK;
    int done = 0;
    for (int n = atoi(a); n > 0; --n) {
      status = tell(call, "because");
      done += status == IRO_OK;
    }
    char key[32];
    snprintf(key, sizeof key, "%d %d", done, (int)status);
    return state->put(call, bytes("explained"), bytes(key), text(""));
  }
  if (!strcmp(word, "sizes")) { /* each limit and one more */
    static char big[IRO_VALUE_BYTES + 1];
    memset(big, 'x', sizeof big);
    char line[256];
    snprintf(line, sizeof line, "%d %d %d %d %d %d %d",
             (int)state->put(call, (iro_bytes){big, IRO_KEY_BYTES}, bytes("v"), text("")),
             (int)state->put(call, (iro_bytes){big, IRO_KEY_BYTES + 1}, bytes("v"), text("")),
             (int)state->put(call, bytes(""), bytes("v"), text("")),
             (int)state->put(call, bytes("v"), (iro_bytes){big, IRO_VALUE_BYTES}, text("")),
             (int)state->put(call, bytes("w"), (iro_bytes){big, IRO_VALUE_BYTES + 1}, text("")),
             (int)explains->explain(call, (iro_text){big, IRO_NOTE_BYTES + 1}, text("b")),
             (int)state->put(call, bytes("p"), bytes("v"), text("not a pseudonym")));
    return tell(call, line);
  }
  if (!strcmp(word, "fill")) { /* until everything that one event may write is written */
    static char big[IRO_VALUE_BYTES];
    char key[16];
    int n = 0;
    iro_status status = IRO_OK;
    for (; n < 100 && status == IRO_OK; ++n) {
      snprintf(key, sizeof key, "f%02d", n);
      status = state->put(call, bytes(key), (iro_bytes){big, sizeof big}, text(""));
    }
    return tell_status(call, "fill", status);
  }
  if (!strcmp(word, "json")) return do_json(event, call);
  if (!strcmp(word, "config")) return tell(call, self->config);
  if (!strcmp(word, "spin")) { /* takes time, without a clock */
    volatile unsigned long long n = strtoull(a, NULL, 10);
    while (n > 0) --n;
    return IRO_OK;
  }
  if (!strcmp(word, "print")) {
    printf("%s\n", a);
    return IRO_OK;
  }
  if (!strcmp(word, "fail")) {
    state->put(call, bytes("never"), bytes("written"), text(""));
    if (faults->tell((iro_call*)&faults, text("another call's")) != IRO_INVALID) return IRO_OK;
    faults->tell(call, text("told to\nfail"));
    return IRO_FAILED;
  }
  return IRO_OK;
}

static iro_status on_event(void* self, const iro_event* event, iro_call* call) {
  if (!IRO_HAS(event, judged)) return IRO_FAILED;
  if (event->kind == IRO_TIMER) return state->put(call, bytes("fired"), event->key, text(""));
  if (event->kind == IRO_ERASED) return state->put(call, bytes("erased"), bytes("seen"), text(""));
  if (((uintptr_t)event->payload.data) % 16 != 0) return IRO_FAILED;
  char subject[256] = "";
  if (event->subject.size >= sizeof subject) return IRO_FAILED;
  memcpy(subject, event->subject.data, event->subject.size);
  const char* word = strtok(subject, " "); /* style: c-string, because plain C has nothing better */
  const char* a = strtok(NULL, " ");       /* style: c-string, because plain C has nothing better */
  const char* b = strtok(NULL, " ");       /* style: c-string, because plain C has nothing better */
  return do_word(self, event, call, word ? word : "", a ? a : "", b ? b : "");
}

static iro_status show(void* self, iro_call* call, iro_text name, iro_text args, int64_t now_ms,
                       void (*answer)(void*, iro_text), void* context) {
  (void)self;
  (void)args;
  struct list list = {"", 0, -1};
  if (name.size == 4 && !memcmp(name.data, "junk", 4)) {
    answer(context, text("{not json"));
    return IRO_OK;
  }
  if (name.size == 4 && !memcmp(name.data, "deaf", 4)) return IRO_FAILED;
  if (name.size == 4 && !memcmp(name.data, "spin", 4)) {
    for (volatile int n = 1; n;) n = 1;
  }
  const iro_status written = state->put(call, bytes("view"), bytes("wrote"), text(""));
  const iro_status read = state->each(call, bytes(""), add_row, &list);
  char json[1024];
  iro_text member = {"", 0};
  asker->member(call, &member);
  snprintf(json, sizeof json, "{\"rows\":\"%s\",\"write\":%d,\"read\":%d,\"now\":%lld,\"asker\":\"%.*s\"}", list.text,
           (int)written, (int)read, (long long)now_ms, (int)member.size, member.data);
  answer(context, text(json));
  return IRO_OK;
}

static const iro_rule rule = {sizeof rule, 0, make, unmake, on_event};
static const iro_views views = {sizeof views, 0, show};

static const void* query(const char* interface_id) {
  if (!strcmp(interface_id, IRO_RULE_1)) return &rule;
  if (!strcmp(interface_id, IRO_VIEWS_1)) return &views;
  return NULL;
}

IRO_EXPORT const iro_entry iro_plugin_entry = {sizeof(iro_entry), IRO_ABI_MAJOR, IRO_ABI_MINOR, "good", "1.0.0", query};

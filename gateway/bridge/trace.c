#include "gateway/bridge/trace.h"
#include <string.h>
#include "base/limits.h"

#define FIRST (GW_MAX_TRACE / 4) /* how a call began explains most of what is wrong with it */
#define MAX_TEXT 120             /* bytes */
#define MAX_WHO 64

struct gw_trace {
  guint refs;
  GPtrArray *first; /* gw_trace_event, at most FIRST */
  GQueue last;      /* gw_trace_event, at most GW_MAX_TRACE - FIRST */
  guint dropped;
};

static void event_free(void *data) {
  gw_trace_event *e = data;
  g_free(e->who);
  g_free(e->text);
  g_free(e);
}

gw_trace *gw_trace_new(void) {
  gw_trace *t = g_new0(gw_trace, 1);
  t->refs = 1;
  t->first = g_ptr_array_new_with_free_func(event_free);
  return t;
}

gw_trace *gw_trace_ref(gw_trace *t) {
  if (t) t->refs++;
  return t;
}

void gw_trace_unref(gw_trace *t) {
  if (!t || --t->refs) return;
  g_ptr_array_unref(t->first);
  g_queue_clear_full(&t->last, event_free);
  g_free(t);
}

/* Whole characters of at most max bytes; what a terminal would obey becomes a question mark. */
static char *clean(const char *text, gsize max) {
  g_autofree char *valid = g_utf8_make_valid(text, (gssize)MIN(strlen(text), 4 * max));
  GString *out = g_string_new(NULL);
  for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
    gunichar c = g_utf8_get_char(p);
    gboolean shown = g_unichar_isprint(c) && g_unichar_type(c) != G_UNICODE_FORMAT;
    if (out->len + 6 > max) break;
    g_string_append_unichar(out, shown ? c : '?');
  }
  return g_string_free(out, FALSE);
}

static gw_trace_event *newest(const gw_trace *t) {
  if (t->last.tail) return t->last.tail->data;
  return t->first->len ? t->first->pdata[t->first->len - 1] : NULL;
}

static gboolean same(const gw_trace_event *a, const gw_trace_event *b) {
  return a && a->lane == b->lane && a->dir == b->dir && !strcmp(a->who, b->who) &&
         !strcmp(a->text, b->text);
}

static void keep(gw_trace *t, gw_trace_event *e) {
  if (t->first->len < FIRST) {
    g_ptr_array_add(t->first, e);
    return;
  }
  g_queue_push_tail(&t->last, e);
  if (t->last.length <= GW_MAX_TRACE - FIRST) return;
  event_free(g_queue_pop_head(&t->last));
  t->dropped++;
}

void gw_trace_add(gw_trace *t, gint64 ms, gw_lane lane, gw_trace_dir dir, const char *who,
                  const char *text) {
  gw_trace_event *e = g_new0(gw_trace_event, 1), *before = newest(t);
  gboolean phone = lane == GW_LANE_SIP || lane == GW_LANE_MEDIA;
  *e = (gw_trace_event){
      ms, lane, dir, clean(who ? who : phone ? "phone" : "room", MAX_WHO), clean(text, MAX_TEXT),
      1};
  if (!same(before, e)) {
    keep(t, e);
    return;
  }
  before->times++;
  event_free(e);
}

guint gw_trace_count(const gw_trace *t) {
  return t->first->len + t->last.length;
}

const gw_trace_event *gw_trace_at(const gw_trace *t, guint i) {
  if (i < t->first->len) return t->first->pdata[i];
  return g_queue_peek_nth((GQueue *)&t->last, i - t->first->len);
}

guint gw_trace_dropped(const gw_trace *t) {
  return t->dropped;
}

const char *gw_lane_word(gw_lane lane) {
  static const char *const words[GW_N_LANES] = {"sip", "muc",  "jmuci", "jingle", "sfu",
                                                "ice", "dtls", "media"};
  return words[lane];
}

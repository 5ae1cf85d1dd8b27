#include "xmpp/iq.h"
#include <string.h>
#include "base/clock.h"
#include "base/jid.h"
#include "base/timer.h"
#include "xmpp/ns.h"

typedef struct {
  char *id, *to;
  void *owner;
  gint64 until;
  gw_iq_fn fn;
  void *data;
  GDestroyNotify destroy;
} entry;
struct gw_iqs {
  GHashTable *table; /* id -> entry */
  gw_timer *timer;
  gw_ids *ids;
};

static void entry_free(void *p) {
  entry *e = p;
  if (e->destroy) e->destroy(e->data);
  g_free(e->id);
  g_free(e->to);
  g_free(e);
}

static void rearm(gw_iqs *q) {
  gint64 at = GW_NEVER;
  GHashTableIter it;
  void *e;
  g_hash_table_iter_init(&it, q->table);
  while (g_hash_table_iter_next(&it, NULL, &e))
    at = MIN(at, ((entry *)e)->until);
  gw_timer_set(q->timer, at);
}

static entry *take(gw_iqs *q, entry *e) {
  g_hash_table_steal(q->table, e->id);
  return e;
}

static entry *take_expired(gw_iqs *q, gint64 now) {
  GHashTableIter it;
  void *e;
  g_hash_table_iter_init(&it, q->table);
  while (g_hash_table_iter_next(&it, NULL, &e))
    if (((entry *)e)->until <= now) return take(q, e);
  return NULL;
}

static void on_time(void *user) {
  gw_iqs *q = user;
  gint64 now = gw_now_us();
  for (entry *e; (e = take_expired(q, now)); entry_free(e))
    e->fn(NULL, e->data);
  rearm(q);
}

gw_iqs *gw_iqs_new(GMainContext *ctx, gw_ids *ids) {
  gw_iqs *q = g_new0(gw_iqs, 1);
  q->table = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free);
  q->timer = gw_timer_new(ctx, on_time, q);
  q->ids = ids;
  return q;
}

void gw_iqs_free(gw_iqs *q) {
  if (!q) return;
  gw_timer_free(q->timer);
  g_hash_table_unref(q->table);
  g_free(q);
}

const char *gw_iqs_add(gw_iqs *q, const char *to, void *owner, guint seconds, gw_iq_fn fn,
                       void *data, GDestroyNotify destroy) {
  entry *e = g_new0(entry, 1);
  e->id = gw_ids_hex(q->ids, 8);
  e->to = to ? gw_jid_normal(to) : NULL;
  e->owner = owner;
  e->until = gw_now_us() + GW_SEC(seconds);
  e->fn = fn;
  e->data = data;
  e->destroy = destroy;
  g_hash_table_insert(q->table, e->id, e);
  rearm(q);
  return e->id;
}

/* An answer counts only from where we asked; without `from` it is our own server's. */
static gboolean from_asked(const entry *e, const char *from) {
  g_autofree char *normal = from ? gw_jid_normal(from) : NULL;
  return !e->to || !from ? !e->to : normal && !strcmp(normal, e->to);
}

gboolean gw_iqs_answer(gw_iqs *q, xmpp_stanza_t *iq) {
  const char *id = xmpp_stanza_get_id(iq);
  entry *e = id ? g_hash_table_lookup(q->table, id) : NULL;
  if (!e || !from_asked(e, xmpp_stanza_get_from(iq))) return FALSE;
  take(q, e);
  rearm(q);
  e->fn(iq, e->data);
  entry_free(e);
  return TRUE;
}

static gboolean owned(void *key, void *value, void *owner) {
  return ((entry *)value)->owner == owner;
}

void gw_iqs_forget(gw_iqs *q, void *owner) {
  g_hash_table_foreach_remove(q->table, owned, owner);
  rearm(q);
}

gboolean gw_iq_ok(xmpp_stanza_t *answer) {
  return answer && !g_strcmp0(xmpp_stanza_get_type(answer), "result");
}

const char *gw_iq_condition(xmpp_stanza_t *answer) {
  if (!answer) return "timeout";
  if (gw_iq_ok(answer)) return NULL;
  xmpp_stanza_t *error = gw_xml_child(answer, "error", NULL);
  if (error) {
    GW_XML_EACH(c, error)
    if (gw_xml_is(c, NULL, XMPP_NS_STANZAS_IETF) && !gw_xml_is(c, "text", NULL))
      return xmpp_stanza_get_name(c);
  }
  return "undefined-condition";
}

gboolean gw_iq_has_jingle(xmpp_stanza_t *answer, const char *condition) {
  xmpp_stanza_t *error = answer ? gw_xml_child(answer, "error", NULL) : NULL;
  return error && gw_xml_child(error, condition, GW_NS_JINGLE_ERRORS);
}

xmpp_stanza_t *gw_iq_new(const char *type, const char *from, const char *to, const char *id) {
  xmpp_stanza_t *iq = gw_xml_new("iq", NULL);
  gw_xml_set(iq, "type", type);
  gw_xml_set(iq, "from", from);
  gw_xml_set(iq, "to", to);
  gw_xml_set(iq, "id", id);
  return iq;
}

xmpp_stanza_t *gw_iq_result(xmpp_stanza_t *iq) {
  return gw_iq_new("result", xmpp_stanza_get_to(iq), xmpp_stanza_get_from(iq),
                   xmpp_stanza_get_id(iq));
}

xmpp_stanza_t *gw_iq_error(xmpp_stanza_t *iq, const char *type, const char *condition,
                           const char *jingle) {
  xmpp_stanza_t *reply =
      gw_iq_new("error", xmpp_stanza_get_to(iq), xmpp_stanza_get_from(iq), xmpp_stanza_get_id(iq));
  xmpp_stanza_t *error = gw_xml_add(reply, "error", NULL);
  gw_xml_set(error, "type", type);
  gw_xml_add(error, condition, XMPP_NS_STANZAS_IETF);
  if (jingle) gw_xml_add(error, jingle, GW_NS_JINGLE_ERRORS);
  return reply;
}

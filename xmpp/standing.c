/* standing.c - the presence of a phone itself, NUMBER@DOMAIN/tipring, as it is told to those who watch it (RFC 6121 4):
 * a few at a time, the newest state only, and all of them again when the stream is back. Component mode only. */
#include <string.h>
#include "base/clock.h"
#include "base/jid.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/thread.h"
#include "xmpp/internal.h"

#define SETTLE GW_MS(200) /* a phone that rings and is picked up at once is told once */
#define BREATH GW_MS(100) /* between two batches */
#define BATCH 50          /* presences */
#define LAST_BATCH 4096   /* when we go */
#define RESOURCE "tipring"

static void send_stand(gw_xmpp *x, const char *ours, const char *to, const gw_stand *stand) {
  gboolean phone = strchr(ours, '@') != NULL;
  gw_stand own = *stand;
  const gw_stand *s = &own;
  if (!phone) gw_register_stand(x, to, &own);
  g_autofree char *from = phone ? g_strdup_printf("%s/" RESOURCE, ours) : g_strdup(ours);
  xmpp_stanza_t *p = gw_xml_new("presence", NULL);
  gw_xml_set(p, "from", from);
  gw_xml_set(p, "to", to);
  if (!s->available) gw_xml_set(p, "type", "unavailable");
  if (s->show) gw_xml_set_text(gw_xml_add(p, "show", NULL), s->show);
  if (s->status) gw_xml_set_text(gw_xml_add(p, "status", NULL), s->status);
  if (s->available && phone) gw_disco_add_standing_caps(x, p);
  gw_xmpp_send(x, x->main, p, FALSE);
}

static void wake(gw_xmpp *x, gint64 wait) {
  if (x->standing_armed) return;
  x->standing_armed = TRUE;
  gw_timer_set(x->standing_timer, gw_now_us() + wait);
}

static guint tell(gw_xmpp *x, guint most) {
  const char *ours, *theirs;
  gw_stand s;
  guint n = 0;
  for (; n < most && gw_watchers_next(x->watchers, &ours, &theirs, &s); n++)
    send_stand(x, ours, theirs, &s);
  return n;
}

static void on_time(void *user) {
  gw_xmpp *x = user;
  x->standing_armed = FALSE;
  if (gw_stream_state(x->main) == GW_XMPP_UP && tell(x, BATCH) == BATCH) wake(x, BREATH);
}

/* The gateway itself can be watched, too (XEP-0100 4.1): it is there while the stream is. */
void gw_standing_init(gw_xmpp *x) {
  x->watchers = gw_watchers_new(GW_MAX_WATCHERS, GW_MAX_WATCHERS_OF_PHONE);
  if (!x->client) gw_watchers_set(x->watchers, x->domain, &(gw_stand){.available = TRUE});
  x->standing_timer = gw_timer_new(x->ctx, on_time, x);
}

void gw_standing_clear(gw_xmpp *x) {
  gw_timer_free(x->standing_timer);
  gw_watchers_free(x->watchers);
}

void gw_standing_stream_up(gw_xmpp *x) {
  gw_watchers_renew(x->watchers);
  wake(x, 0);
}

/* The server tells nobody that a component has gone. */
void gw_standing_leave(gw_xmpp *x) {
  const char *ours, *theirs;
  gw_stand s;
  gw_watchers_renew(x->watchers);
  for (guint n = 0; n < LAST_BATCH && gw_watchers_next(x->watchers, &ours, &theirs, &s); n++)
    if (s.available) send_stand(x, ours, theirs, &(gw_stand){FALSE, NULL, "shutting down"});
}

gboolean gw_standing_is(const gw_xmpp *x, const char *jid) {
  g_autofree char *bare = jid ? gw_jid_bare(jid) : NULL;
  const char *resource = jid ? gw_jid_resource(jid) : NULL;
  return bare && strchr(bare, '@') && !g_strcmp0(resource, RESOURCE) && gw_watchers_get(x->watchers, bare);
}

gboolean gw_standing_show(gw_xmpp *x, const char *ours, const char *to) {
  const gw_stand *s = gw_watchers_get(x->watchers, ours);
  if (s) send_stand(x, ours, to, s);
  return s != NULL;
}

void gw_standing_watch(gw_xmpp *x, const char *ours, const char *theirs) {
  if (x->client || !gw_watchers_get(x->watchers, ours)) return;
  gboolean added = gw_watchers_add(x->watchers, ours, theirs);
  if (added && x->events.watcher) x->events.watcher(x, ours, theirs, TRUE, x->user);
  if (added && gw_watchers_count(x->watchers) == GW_MAX_WATCHERS)
    gw_warn(NULL, "watchers-full", "most=%d", GW_MAX_WATCHERS);
}

void gw_standing_unwatch(gw_xmpp *x, const char *ours, const char *theirs) {
  if (gw_watchers_remove(x->watchers, ours, theirs) && x->events.watcher)
    x->events.watcher(x, ours, theirs, FALSE, x->user);
}

/* --- the public side */

void gw_xmpp_stand(gw_xmpp *x, const char *local, const gw_stand *stand) {
  GW_ON_CONTROL();
  if (x->client) return;
  g_autofree char *node = gw_xmpp_node(local);
  g_autofree char *full = gw_jid_join(node, x->domain, NULL);
  g_autofree char *bare = gw_jid_bare(full);
  if (!bare) return;
  gw_watchers_set(x->watchers, bare, stand);
  wake(x, SETTLE);
}

void gw_xmpp_restore_watcher(gw_xmpp *x, const char *our_bare, const char *their_bare) {
  GW_ON_CONTROL();
  if (!x->client && gw_xmpp_is_ours(x, our_bare))
    gw_watchers_add(x->watchers, our_bare, their_bare);
}

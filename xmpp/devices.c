/* devices.c - which devices of a person are there now: those that show us their presence, as people do whose presence one of our
 * phones is subscribed to. */
#include "base/jid.h"
#include "base/thread.h"
#include "xmpp/internal.h"
#include "xmpp/xml.h"

#define MOST 8 /* of one person, told in all */

struct gw_devices {
  char *of;        /* bare JID */
  GPtrArray *seen; /* char*, full JIDs */
  void (*fn)(const char *, void *);
  void *user;
};

void gw_devices_free(gw_devices *d) {
  if (!d) return;
  g_ptr_array_unref(d->seen);
  g_free(d->of);
  g_free(d);
}

void gw_persona_watch_devices(gw_persona *p, const char *bare_jid, void (*fn)(const char *, void *),
                              void *user) {
  GW_ON_CONTROL();
  char *of = gw_jid_bare(bare_jid);
  if (p->x->client || !of) {
    g_free(of);
    return;
  }
  gw_devices_free(p->devices);
  gw_devices *d = p->devices = g_new0(gw_devices, 1);
  *d = (gw_devices){of, g_ptr_array_new_with_free_func(g_free), fn, user};
  xmpp_stanza_t *probe = gw_xml_new("presence", NULL);
  gw_xml_set(probe, "type", "probe");
  gw_xml_set(probe, "from", p->bare); /* the subscription is the phone's */
  gw_xml_set(probe, "to", of);
  gw_persona_send(p, probe, FALSE);
}

static void seen(gw_persona *p, const char *them, const char *from) {
  gw_devices *d = p->devices;
  if (!d || g_strcmp0(d->of, them) || d->seen->len >= MOST) return;
  for (guint i = 0; i < d->seen->len; i++)
    if (gw_jid_same(d->seen->pdata[i], from)) return;
  char *jid = gw_jid_normal(from);
  if (!jid) return;
  g_ptr_array_add(d->seen, jid);
  gw_persona_hold(p);
  d->fn(jid, d->user);
  gw_persona_drop(p);
}

void gw_devices_seen(gw_xmpp *x, const char *us, const char *them, const char *from) {
  if (!gw_jid_resource(from)) return;
  g_autoptr(GPtrArray) all = g_ptr_array_copy(x->personas, NULL, NULL);
  for (guint i = 0; i < all->len; i++) {
    gw_persona *p = all->pdata[i];
    if (g_ptr_array_find(x->personas, p, NULL) && !g_strcmp0(p->bare, us)) seen(p, them, from);
  }
}

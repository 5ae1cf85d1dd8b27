#include <string.h>
#include "base/clock.h"
#include "base/jid.h"
#include "xmpp/internal.h"
#include "xmpp/ns.h"

#define ROSTER_WAIT GW_SEC(2)
#define ROSTER_GRACE GW_SEC(1) /* after the server has answered something else */
#define MAX_ASKED 4096         /* pairs whose subscription we have asked for */

static void send_plain(gw_xmpp *x, gw_stream *s, const char *type, const char *from,
                       const char *to) {
  xmpp_stanza_t *p = gw_xml_new("presence", NULL);
  gw_xml_set(p, "type", type);
  gw_xml_set(p, "from", from);
  gw_xml_set(p, "to", to);
  gw_xmpp_send(x, s, p, FALSE);
}

static void send_standing(gw_xmpp *x, gw_stream *s, const gw_persona *p, const char *to) {
  xmpp_stanza_t *pres = gw_xml_new("presence", NULL);
  gw_xml_set(pres, "from", p->jid);
  gw_xml_set(pres, "to", to);
  gw_disco_add_caps(x, pres);
  gw_xmpp_send(x, s, pres, FALSE);
}

void gw_presence_initial(gw_persona *p) {
  xmpp_stanza_t *pres = gw_xml_new("presence", NULL);
  gw_xml_set_text(gw_xml_add(pres, "priority", NULL), "-1"); /* no chat messages for a phone */
  gw_disco_add_caps(p->x, pres);
  gw_persona_send(p, pres, FALSE);
}

/* Tells `to` of the phone, or else of everybody who stands under this bare JID; nobody there is an answer too. */
static void show(gw_xmpp *x, gw_stream *s, const char *bare, const char *to) {
  if (gw_standing_show(x, bare, to)) return;
  guint shown = 0;
  for (guint i = 0; i < x->personas->len; i++) {
    const gw_persona *p = x->personas->pdata[i];
    if (!p->jid || g_strcmp0(p->bare, bare)) continue;
    send_standing(x, s, p, to);
    shown++;
  }
  if (!shown) send_plain(x, s, "unavailable", bare, to);
}

/* --- subscriptions (RFC 6121 3): whoever wants to see a phone may, and is asked to be seen in
 * turn, once. */

static gboolean asked_before(gw_xmpp *x, const char *us, const char *them) {
  if (g_hash_table_size(x->asked) >= MAX_ASKED) g_hash_table_remove_all(x->asked);
  return !g_hash_table_add(x->asked, g_strconcat(us, "\n", them, NULL));
}

/* Whoever does not want to see us need not show himself either: nothing of us stays in his contact list. */
static void on_unsubscribe(gw_xmpp *x, gw_stream *s, const char *us, const char *them) {
  g_autofree char *pair = g_strconcat(us, "\n", them, NULL);
  gw_standing_unwatch(x, us, them);
  gw_register_unsubscribed(x, us, them);
  send_plain(x, s, "unsubscribed", us, them);
  if (g_hash_table_remove(x->asked, pair)) send_plain(x, s, "unsubscribe", us, them);
  if (!x->client) send_plain(x, s, "unavailable", us, them);
}

static void on_subscribe(gw_xmpp *x, gw_stream *s, const char *us, const char *them) {
  send_plain(x, s, "subscribed", us, them);
  gw_standing_watch(x, us, them);
  if (!asked_before(x, us, them)) send_plain(x, s, "subscribe", us, them);
  if (!x->client) show(x, s, us, them);
}

/* --- who has us in the roster? */

static void settle(gw_xmpp *x, guint i, gw_answer answer) {
  gw_roster_question q = g_array_index(x->roster_questions, gw_roster_question, i);
  g_array_remove_index(x->roster_questions, i);
  g_free(q.own_bare);
  g_free(q.peer_bare);
  if (q.fn) q.fn(answer, q.user);
}

static void on_news_of(gw_xmpp *x, const char *us, const char *them, gw_answer answer) {
  for (guint i = 0; i < x->roster_questions->len; i++) {
    const gw_roster_question *q = &g_array_index(x->roster_questions, gw_roster_question, i);
    if (strcmp(q->own_bare, us) || strcmp(q->peer_bare, them)) continue;
    settle(x, i, answer);
    i = (guint)-1; /* the callback may have changed the list */
  }
}

static void rearm(gw_xmpp *x) {
  gint64 at = GW_NEVER;
  for (guint i = 0; i < x->roster_questions->len; i++)
    at = MIN(at, g_array_index(x->roster_questions, gw_roster_question, i).until);
  gw_timer_set(x->roster_timer, at);
}

void gw_presence_expire(void *user) {
  gw_xmpp *x = user;
  gint64 now = gw_now_us();
  for (guint i = 0; i < x->roster_questions->len; i++) {
    if (g_array_index(x->roster_questions, gw_roster_question, i).until > now) continue;
    settle(x, i, g_array_index(x->roster_questions, gw_roster_question, i).otherwise);
    i = (guint)-1;
  }
  rearm(x);
}

void gw_presence_forget(gw_xmpp *x, gw_persona *p) {
  for (guint i = x->roster_questions->len; i-- > 0;) {
    gw_roster_question *q = &g_array_index(x->roster_questions, gw_roster_question, i);
    if (q->owner != p) continue;
    q->fn = NULL;
    settle(x, i, GW_ANSWER_UNKNOWN);
  }
}

typedef struct {
  char *bare;
  void (*fn)(gw_answer, void *);
  void *user;
} roster_ask;

static void roster_ask_free(void *p) {
  roster_ask *a = p;
  g_free(a->bare);
  g_free(a);
}

static void on_roster(xmpp_stanza_t *answer, void *data) {
  roster_ask *a = data;
  xmpp_stanza_t *query = gw_iq_ok(answer) ? gw_xml_child(answer, "query", XMPP_NS_ROSTER) : NULL;
  gw_answer result = query ? GW_ANSWER_NO : GW_ANSWER_UNKNOWN;
  if (query) {
    GW_XML_EACH(i, query) {
      const char *jid = gw_xml_get(i, "jid"), *sub = gw_xml_get(i, "subscription");
      if (jid && sub && gw_jid_same_bare(jid, a->bare) &&
          (!strcmp(sub, "both") || !strcmp(sub, "from")))
        result = GW_ANSWER_YES;
    }
  }
  a->fn(result, a->user);
}

/* An account may not probe; its own roster says who is subscribed to it. */
static void ask_own_roster(gw_persona *p, const char *bare, void (*fn)(gw_answer, void *),
                           void *user) {
  roster_ask *a = g_new0(roster_ask, 1);
  *a = (roster_ask){g_strdup(bare), fn, user};
  const char *id = gw_iqs_add(p->x->iqs, NULL, p, 2, on_roster, a, roster_ask_free);
  xmpp_stanza_t *iq = gw_iq_new("get", NULL, NULL, id);
  gw_xml_add(iq, "query", XMPP_NS_ROSTER);
  gw_persona_send(p, iq, FALSE);
}

/* Prosody keeps its own "unsubscribed" to itself, so a probe for somebody who does not know us is
 * met with silence. A question sent behind it shows that the server has seen both: no presence soon
 * after its answer means no. */
typedef struct {
  gw_xmpp *x;
  guint no;
} marker;

static void on_marker(xmpp_stanza_t *answer, void *data) {
  const marker *m = data;
  const char *condition = gw_iq_condition(answer);
  if (!answer || (condition && g_str_has_prefix(condition, "remote-server"))) return;
  for (guint i = 0; i < m->x->roster_questions->len; i++) {
    gw_roster_question *q = &g_array_index(m->x->roster_questions, gw_roster_question, i);
    if (q->no != m->no) continue;
    q->otherwise = GW_ANSWER_NO;
    q->until = MIN(q->until, gw_now_us() + ROSTER_GRACE);
  }
  rearm(m->x);
}

static void send_marker(gw_persona *p, guint no, const char *peer) {
  marker *m = g_new0(marker, 1);
  *m = (marker){p->x, no};
  const char *id = gw_iqs_add(p->x->iqs, peer, p, 2, on_marker, m, g_free);
  xmpp_stanza_t *iq = gw_iq_new("get", p->jid, peer, id);
  gw_xml_add(iq, "query", XMPP_NS_DISCO_INFO);
  gw_persona_send(p, iq, FALSE);
}

void gw_persona_ask_roster(gw_persona *p, const char *bare_jid, void (*fn)(gw_answer, void *),
                           void *user) {
  gw_xmpp *x = p->x;
  if (x->client) {
    ask_own_roster(p, bare_jid, fn, user);
    return;
  }
  char *peer = gw_jid_bare(bare_jid);
  gw_roster_question q = {.no = ++x->roster_no,
                          .own_bare = g_strdup(p->bare),
                          .peer_bare = peer ? peer : g_strdup(""),
                          .until = gw_now_us() + ROSTER_WAIT,
                          .otherwise = GW_ANSWER_UNKNOWN,
                          .fn = fn,
                          .user = user,
                          .owner = p};
  g_array_append_val(x->roster_questions, q);
  rearm(x);
  if (!peer) return;
  send_plain(x, x->main, "probe", p->bare, peer);
  send_marker(p, q.no, peer);
}

/* --- what comes in */

void gw_presence_in(gw_xmpp *x, gw_stream *s, xmpp_stanza_t *stanza) {
  const char *type = xmpp_stanza_get_type(stanza), *to = xmpp_stanza_get_to(stanza);
  g_autofree char *them = gw_jid_bare(xmpp_stanza_get_from(stanza));
  g_autofree char *us = to ? gw_jid_bare(to) : g_strdup(x->account);
  if (!them || !us || (x->client && s != x->main)) return;
  gboolean own = gw_xmpp_is_ours(x, them);
  if (!type) gw_devices_seen(x, us, them, xmpp_stanza_get_from(stanza));
  if (!type || !strcmp(type, "unavailable")) {
    on_news_of(x, us, them, GW_ANSWER_YES);
  } else if (!strcmp(type, "unsubscribed")) {
    on_news_of(x, us, them, GW_ANSWER_NO);
  } else if (!strcmp(type, "error")) {
    on_news_of(x, us, them, GW_ANSWER_UNKNOWN);
    gw_standing_unwatch(x, us, them);
  } else if (!strcmp(type, "subscribe") && !own) {
    on_subscribe(x, s, us, them);
  } else if (!strcmp(type, "unsubscribe") && !own) {
    on_unsubscribe(x, s, us, them);
  } else if (!strcmp(type, "probe") && !x->client) {
    if (!own) gw_standing_watch(x, us, them);
    show(x, s, us, xmpp_stanza_get_from(stanza));
  }
  rearm(x);
}

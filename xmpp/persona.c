#include <string.h>
#include "base/jid.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/thread.h"
#include "xmpp/conference_xml.h"
#include "xmpp/internal.h"
#include "xmpp/jmi_xml.h"
#include "xmpp/muc_xml.h"
#include "xmpp/ns.h"
#include "xmpp/words_xml.h"

/* --- life */

void gw_persona_hold(gw_persona *p) {
  p->refs++;
}

void gw_persona_drop(gw_persona *p) {
  if (--p->refs) return;
  gw_sessions_free(p->sessions);
  g_ptr_array_unref(p->mucs);
  g_free(p->local);
  g_free(p->resource);
  g_free(p->jid);
  g_free(p->bare);
  g_free(p->shown);
  g_free(p);
}

/* A node that is no word already (XEP-0106 makes it one) would cost us the stream. */
char *gw_xmpp_node(const char *local) {
  for (const char *c = local; *c; c++)
    if (strchr(" \"&'/:<>@", *c) || (guchar)*c < 0x20) return gw_jid_escape(local);
  return g_strdup(local);
}

static void on_own_stream(gw_stream *s, gw_xmpp_state state, const char *detail, void *user) {
  gw_persona *p = user;
  if (state == GW_XMPP_CONNECTING) return;
  if (state == GW_XMPP_DOWN)
    gw_debug(NULL, "persona-stream-down", "resource=%s detail=%s", p->resource, detail);
  g_free(p->jid);
  p->jid = state == GW_XMPP_UP ? gw_jid_normal(gw_stream_jid(s)) : NULL;
  if (p->jid) gw_presence_initial(p);
  gw_xmpp_check_stopped(p->x);
  gw_persona_stream_changed(p, state == GW_XMPP_UP);
}

static void on_own_stanza(gw_stream *s, xmpp_stanza_t *stanza, void *user) {
  gw_persona *p = user;
  gw_xmpp_stanza(p->x, s, stanza, p);
}

static void open_own_stream(gw_persona *p) {
  static const gw_stream_events events = {on_own_stream, on_own_stanza};
  gw_xmpp *x = p->x;
  if (x->n_streams >= x->max_streams) {
    gw_warn(NULL, "xmpp-streams-full", "max=%u resource=%s", x->max_streams, p->resource);
    return;
  }
  g_autofree char *wish = g_strdup_printf("%s/%s", x->account, p->resource);
  p->stream = gw_xmpp_new_stream(x, wish, &events, p);
  x->n_streams++;
  if (x->started && !x->stopping) gw_stream_start(p->stream);
}

gw_persona *gw_persona_new(gw_xmpp *x, const char *local, const char *resource,
                           const gw_persona_events *events, void *user) {
  GW_ON_CONTROL();
  gw_persona *p = g_new0(gw_persona, 1);
  p->x = x;
  p->refs = 1;
  p->local = gw_xmpp_node(local && *local ? local : "phone");
  p->resource = g_strdup(resource && *resource ? resource : "tipring");
  p->events = *events;
  p->user = user;
  p->sessions = gw_sessions_new(GW_MAX_SESSIONS_PER_SEAT);
  p->mucs = g_ptr_array_new();
  if (x->client) {
    p->bare = g_strdup(x->account);
    open_own_stream(p);
  } else {
    g_autofree char *full = gw_jid_join(p->local, x->domain, p->resource);
    p->jid = gw_jid_normal(full);
    p->bare = gw_jid_bare(full);
    p->stream = x->main;
    if (p->jid && !g_hash_table_contains(x->by_jid, p->jid))
      g_hash_table_insert(x->by_jid, p->jid, p);
  }
  g_ptr_array_add(x->personas, p);
  return p;
}

/* Presence to one person (XEP-0353, "Initiator Sends Directed Presence"). */
static void show(gw_persona *p, const char *to) {
  xmpp_stanza_t *presence = gw_xml_new("presence", NULL);
  gw_xml_set(presence, "from", p->jid);
  gw_xml_set(presence, "to", to ? to : p->shown);
  if (to)
    gw_disco_add_caps(p->x, presence);
  else
    gw_xml_set(presence, "type", "unavailable");
  gw_persona_send(p, presence, FALSE);
  g_free(p->shown);
  p->shown = g_strdup(to);
}

void gw_persona_free(gw_persona *p) {
  if (!p) return;
  GW_ON_CONTROL();
  gw_xmpp *x = p->x;
  if (p->shown) show(p, NULL);
  while (p->mucs->len)
    gw_muc_leave(p->mucs->pdata[0], NULL);
  p->dead = TRUE;
  gw_xmpp_forget(x, p);
  gw_presence_forget(x, p);
  g_clear_pointer(&p->devices, gw_devices_free);
  if (p->jid && g_hash_table_lookup(x->by_jid, p->jid) == p) g_hash_table_remove(x->by_jid, p->jid);
  g_ptr_array_remove(x->personas, p);
  if (x->client && p->stream) {
    gw_stream_retire(g_steal_pointer(&p->stream));
    x->n_streams--;
  }
  gw_persona_drop(p);
}

const char *gw_persona_jid(const gw_persona *p) {
  return p->jid;
}

gboolean gw_persona_send(gw_persona *p, xmpp_stanza_t *stanza, gboolean keep) {
  return gw_xmpp_send(p->x, p->stream, stanza, keep);
}

gw_muc *gw_persona_muc(const gw_persona *p, const char *room) {
  for (guint i = 0; i < p->mucs->len; i++) {
    gw_muc *m = p->mucs->pdata[i];
    if (!strcmp(gw_muc_machine_room(m->machine), room)) return m;
  }
  return NULL;
}

void gw_persona_stream_changed(gw_persona *p, gboolean up) {
  gw_persona_hold(p);
  g_autoptr(GPtrArray) mucs = g_ptr_array_copy(p->mucs, NULL, NULL);
  for (guint i = 0; i < mucs->len; i++)
    if (g_ptr_array_find(p->mucs, mucs->pdata[i], NULL)) gw_muc_stream_changed(mucs->pdata[i], up);
  if (!p->dead && p->events.stream) p->events.stream(p, up, p->user);
  gw_persona_drop(p);
}

/* --- Jingle in */

static void hand_over(gw_persona *p, const gw_word *w) {
  if (!p->dead && p->events.word) p->events.word(p, w, p->user);
}

static void send_further(gw_persona *p, const gw_word *w) {
  g_autofree char *id = gw_ids_hex(p->x->ids, 8);
  gw_persona_send(p, gw_words_build_jingle(w, p->jid, id),
                  w->u.jingle.action == GW_JINGLE_SESSION_TERMINATE);
}

static void act_on(gw_persona *p, const gw_verdict *v, const gw_word *in) {
  gw_persona_hold(p);
  if (v->further) send_further(p, v->further);
  if (v->local) hand_over(p, v->local);
  if (v->deliver && in) hand_over(p, in);
  gw_persona_drop(p);
}

static gboolean is_occupant(const gw_persona *p, const char *jid) {
  for (guint i = 0; i < p->mucs->len; i++)
    if (gw_muc_roster_has_jid(gw_muc_machine_roster(((gw_muc *)p->mucs->pdata[i])->machine), jid))
      return TRUE;
  return FALSE;
}

static gw_word *weigh(gw_persona *p, xmpp_stanza_t *iq, const char *from,
                      const gw_jingle_head *head, const char **ret_why, gw_verdict *v) {
  gboolean we_initiated = FALSE;
  const gboolean offer = head->action == GW_JINGLE_SESSION_INITIATE;
  const gboolean known =
      head->sid && gw_sessions_known(p->sessions, from, head->sid, &we_initiated);
  if (offer && !p->events.word) { /* the watcher: who offers must not wait for it */
    *ret_why = "takes no calls";
    gw_sessions_deny(from, head->sid, v);
    return NULL;
  }
  gw_word *w = NULL;
  if (offer || known || !head->sid) w = gw_words_parse_jingle(iq, !offer && we_initiated, ret_why);
  if (w)
    gw_sessions_in(p->sessions, w, v);
  else
    gw_sessions_in_broken(p->sessions, from, head->sid, head->action, v);
  return w;
}

static gw_word *judge(gw_persona *p, xmpp_stanza_t *iq, const char *from, gw_verdict *v) {
  gw_jingle_head head;
  const char *why = "no such session";
  gw_words_peek_jingle(iq, &head);
  gw_word *w = weigh(p, iq, from, &head, &why, v);
  if (!v->ack)
    gw_info(NULL, "jingle-refused", "to=%s from=%s action=%s sid=%s condition=%s reason=%s", p->jid,
            from, gw_jingle_action_name(head.action), head.sid ? head.sid : "", v->condition,
            w ? (v->jingle ? v->jingle : "state") : why);
  return w;
}

/* Real JIDs carry our calls; only Jitsi calls through the room. The room itself may be a conference service, and an occupant
 * whose request comes through it is not. */
static gboolean refused_through_room(gw_persona *p, xmpp_stanza_t *iq) {
  const char *from = xmpp_stanza_get_from(iq);
  g_autofree char *bare = from ? gw_jid_bare(from) : NULL;
  if (!bare || !gw_jid_resource(from) || !gw_persona_muc(p, bare)) return FALSE;
  p->x->counters.strangers++;
  gw_persona_send(p, gw_iq_error(iq, "cancel", "service-unavailable", NULL), FALSE);
  return TRUE;
}

void gw_persona_jingle(gw_persona *p, xmpp_stanza_t *iq) {
  const char *from = xmpp_stanza_get_from(iq);
  g_autofree char *bare = from ? gw_jid_bare(from) : NULL;
  gw_jingle_head head;
  gw_verdict v = {0};
  if (!bare || !gw_words_peek_jingle(iq, &head)) return;
  if (refused_through_room(p, iq)) return;
  if (head.action == GW_JINGLE_SESSION_INITIATE && !is_occupant(p, from))
    p->x->counters.strangers++;
  g_autoptr(gw_word) w = judge(p, iq, from, &v);
  gw_persona_send(p, v.ack ? gw_iq_result(iq) : gw_iq_error(iq, v.type, v.condition, v.jingle),
                  FALSE);
  act_on(p, &v, w);
  gw_verdict_clear(&v);
}

/* --- who publishes in a meet */

void gw_persona_meet(gw_persona *p, xmpp_stanza_t *iq) {
  if (refused_through_room(p, iq)) return;
  g_autoptr(gw_word) w = p->events.word ? gw_meet_xml_parse(iq) : NULL;
  gw_persona_send(p, w ? gw_iq_result(iq) : gw_iq_error(iq, "modify", "bad-request", NULL), FALSE);
  gw_persona_hold(p);
  if (w) hand_over(p, w);
  gw_persona_drop(p);
}

void gw_persona_greet(gw_persona *p, const char *jid, gboolean come) {
  GW_ON_CONTROL();
  xmpp_stanza_t *presence = gw_xml_new("presence", NULL);
  if (!come) gw_xml_set(presence, "type", "unavailable");
  gw_xml_set(presence, "from", p->jid);
  gw_xml_set(presence, "to", jid);
  if (come) gw_disco_add_caps(p->x, presence);
  gw_persona_send(p, presence, FALSE);
}

/* --- Jingle out */

typedef struct {
  gw_persona *p;
  char *peer, *sid;
  gw_jingle_action action;
} request;

static void request_free(void *data) {
  request *r = data;
  g_free(r->peer);
  g_free(r->sid);
  g_free(r);
}

static void failed(gw_persona *p, const char *peer, const char *sid, gw_jingle_action of,
                   const char *condition, gboolean unknown) {
  gw_verdict v;
  gw_sessions_failed(p->sessions, peer, sid, of, condition, unknown, &v);
  if (v.local)
    gw_info(NULL, "jingle-request-failed", "to=%s action=%s sid=%s condition=%s", peer,
            gw_jingle_action_name(of), sid, condition);
  act_on(p, &v, NULL);
  gw_verdict_clear(&v);
}

static void on_answer(xmpp_stanza_t *answer, void *data) {
  request *r = data;
  const char *condition = gw_iq_condition(answer);
  if (condition)
    failed(r->p, r->peer, r->sid, r->action, condition,
           gw_iq_has_jingle(answer, "unknown-session"));
}

static void refused_by_us(void *data) {
  request *r = data;
  gw_word *w = gw_word_new_jingle(GW_JINGLE_ERROR, NULL, r->sid, TRUE);
  w->from = g_strdup(r->peer);
  w->u.jingle.of = r->action;
  w->u.jingle.error = g_strdup("resource-constraint");
  hand_over(r->p, w);
  gw_word_free(w);
}

static void say_jingle(gw_persona *p, const gw_word *w) {
  const gw_jingle *j = &w->u.jingle;
  request *r = g_new0(request, 1);
  *r = (request){p, g_strdup(w->to), g_strdup(j->sid), j->action};
  if (!p->jid || !w->to || !j->sid || !gw_sessions_out(p->sessions, w)) {
    gw_debug(NULL, "jingle-not-sent", "to=%s action=%s sid=%s", w->to ? w->to : "",
             gw_jingle_action_name(j->action), j->sid ? j->sid : "");
    if (j->action == GW_JINGLE_SESSION_INITIATE)
      gw_xmpp_later(p->x, p, refused_by_us, r, request_free);
    else
      request_free(r);
    return;
  }
  if (j->action == GW_JINGLE_SESSION_TERMINATE) {
    request_free(r);
    send_further(p, w);
    return;
  }
  const char *id = gw_iqs_add(p->x->iqs, w->to, p, GW_IQ_WAIT, on_answer, r, request_free);
  gw_persona_send(p, gw_words_build_jingle(w, p->jid, id), FALSE);
}

static void say_jmi(gw_persona *p, const gw_word *w) {
  const gw_jmi_action a = w->u.jmi.action;
  g_autofree char *id = gw_ids_hex(p->x->ids, 8);
  if (!p->jid || !w->to) return;
  if (!p->shown && (a == GW_JMI_PROPOSE || a == GW_JMI_PROCEED)) show(p, w->to);
  gw_persona_send(p, gw_jmi_xml_build(w, p->jid, id), FALSE);
}

void gw_persona_say(gw_persona *p, gw_muc *muc, const gw_word *w) {
  GW_ON_CONTROL();
  if (w->kind == GW_WORD_JINGLE)
    say_jingle(p, w);
  else if (w->kind == GW_WORD_JMI)
    say_jmi(p, w);
  else if (muc)
    gw_muc_say(muc, w);
}

/* --- questions */

typedef struct {
  void (*disco)(const char *, const char *const *, void *);
  void (*grant)(gw_answer, const char *, void *);
  void *user;
} question;

static void on_disco(xmpp_stanza_t *answer, void *data) {
  question *q = data;
  xmpp_stanza_t *query =
      gw_iq_ok(answer) ? gw_xml_child(answer, "query", XMPP_NS_DISCO_INFO) : NULL;
  if (!query || !gw_xml_bounded(answer)) {
    q->disco("", NULL, q->user);
    return;
  }
  const char *name = NULL;
  g_autoptr(GPtrArray) features = g_ptr_array_new();
  GW_XML_EACH(c, query) {
    if (!name && gw_xml_is(c, "identity", NULL)) name = gw_xml_get(c, "name");
    if (gw_xml_is(c, "feature", NULL) && gw_xml_get(c, "var"))
      g_ptr_array_add(features, (void *)gw_xml_get(c, "var"));
  }
  g_ptr_array_add(features, NULL);
  q->disco(name ? name : "", (const char *const *)features->pdata, q->user);
}

void gw_persona_ask_disco(gw_persona *p, const char *jid,
                          void (*fn)(const char *, const char *const *, void *), void *user) {
  GW_ON_CONTROL();
  question *q = g_new0(question, 1);
  q->disco = fn;
  q->user = user;
  const char *id = gw_iqs_add(p->x->iqs, jid, p, 5, on_disco, q, g_free);
  xmpp_stanza_t *iq = gw_iq_new("get", p->jid, jid, id);
  gw_xml_add(iq, "query", XMPP_NS_DISCO_INFO);
  gw_persona_send(p, iq, FALSE);
}

typedef struct {
  void (*fn)(gboolean, void *);
  void *user;
} telling;

/* Dino reads such words and answers nothing. */
static void on_told(xmpp_stanza_t *answer, void *data) {
  const telling *t = data;
  t->fn(!answer || gw_iq_ok(answer), t->user);
}

void gw_persona_tell_conference(gw_persona *p, const char *jid, const gw_coin *c,
                                void (*fn)(gboolean, void *), void *user) {
  GW_ON_CONTROL();
  telling *t = g_new0(telling, 1);
  *t = (telling){fn, user};
  xmpp_stanza_t *iq = gw_iq_new("set", p->jid, jid, gw_iqs_add(p->x->iqs, jid, p, GW_IQ_WAIT, on_told, t, g_free));
  gw_coin_xml_build(iq, c);
  gw_persona_send(p, iq, FALSE);
}

static void on_granted(xmpp_stanza_t *answer, void *data) {
  question *q = data;
  const char *condition = gw_iq_condition(answer);
  q->grant(!condition ? GW_ANSWER_YES
           : !answer  ? GW_ANSWER_UNKNOWN
                      : GW_ANSWER_NO,
           condition ? condition : "", q->user);
}

/* One item in each request: Prosody looks at the first only. */
static void grant(gw_persona *p, const char *room, const char *bare_jid, const char *affiliation,
                  void (*fn)(gw_answer, const char *, void *), void *user) {
  GW_ON_CONTROL();
  question *q = g_new0(question, 1);
  q->grant = fn;
  q->user = user;
  const char *id = gw_iqs_add(p->x->iqs, room, p, GW_IQ_WAIT, on_granted, q, g_free);
  xmpp_stanza_t *iq = gw_iq_new("set", p->jid, room, id);
  gw_muc_xml_add_affiliation(iq, bare_jid, affiliation);
  gw_persona_send(p, iq, FALSE);
}

void gw_persona_grant_member(gw_persona *p, const char *room, const char *bare_jid,
                             void (*fn)(gw_answer, const char *, void *), void *user) {
  grant(p, room, bare_jid, "member", fn, user);
}

void gw_persona_grant_owner(gw_persona *p, const char *room, const char *bare_jid,
                            void (*fn)(gw_answer, const char *, void *), void *user) {
  grant(p, room, bare_jid, "owner", fn, user);
}

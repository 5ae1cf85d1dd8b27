#include "xmpp/xmpp.h"
#include <string.h>
#include "base/clock.h"
#include "base/jid.h"
#include "base/log.h"
#include "base/thread.h"
#include "xmpp/conference_xml.h"
#include "xmpp/internal.h"
#include "xmpp/jmi_xml.h"
#include "xmpp/meet_xml.h"
#include "xmpp/muji_xml.h"
#include "xmpp/ns.h"
#include "xmpp/pump.h"
#include "xmpp/words_xml.h"

#define COMPONENT_SPARES 8
#define STOP_WAIT GW_SEC(3)

/* --- sending, and who is who */

gboolean gw_xmpp_send(gw_xmpp *x, gw_stream *s, xmpp_stanza_t *stanza, gboolean keep) {
  if (!s) {
    xmpp_stanza_release(stanza);
    return FALSE;
  }
  gboolean sent = gw_stream_send(s, stanza, keep);
  if (sent)
    x->counters.stanzas_out++;
  else
    x->counters.dropped++;
  return sent;
}

gboolean gw_xmpp_is_ours(const gw_xmpp *x, const char *jid) {
  g_autofree char *domain = NULL;
  if (x->client) return gw_jid_same_bare(jid, x->account);
  return gw_jid_split(jid, NULL, &domain, NULL) && !strcmp(domain, x->domain);
}

gw_persona *gw_xmpp_persona(const gw_xmpp *x, const char *full_jid) {
  g_autofree char *normal = gw_jid_normal(full_jid);
  return normal ? g_hash_table_lookup(x->by_jid, normal) : NULL;
}

gboolean gw_xmpp_has_bare(const gw_xmpp *x, const char *bare_jid) {
  g_autofree char *bare = gw_jid_bare(bare_jid);
  for (guint i = 0; bare && i < x->personas->len; i++)
    if (!g_strcmp0(((gw_persona *)x->personas->pdata[i])->bare, bare)) return TRUE;
  return FALSE;
}

/* --- things to be said from the loop and not from inside the call that caused them */

static void job_free(gw_later_job *j) {
  if (j->destroy) j->destroy(j->data);
  g_free(j);
}

static void on_later(void *user) {
  gw_xmpp *x = user;
  for (guint n = g_queue_get_length(&x->later); n > 0; n--) {
    gw_later_job *j = g_queue_pop_head(&x->later);
    if (!j) return;
    j->fn(j->data);
    job_free(j);
  }
  if (!g_queue_is_empty(&x->later)) gw_timer_set(x->later_timer, gw_now_us());
}

void gw_xmpp_later(gw_xmpp *x, void *owner, void (*fn)(void *), void *data,
                   GDestroyNotify destroy) {
  gw_later_job *j = g_new0(gw_later_job, 1);
  *j = (gw_later_job){owner, fn, data, destroy};
  g_queue_push_tail(&x->later, j);
  gw_timer_set(x->later_timer, gw_now_us());
}

void gw_xmpp_forget(gw_xmpp *x, void *owner) {
  gw_iqs_forget(x->iqs, owner);
  for (GList *l = x->later.head, *next; l; l = next) {
    gw_later_job *j = l->data;
    next = l->next;
    if (j->owner != owner) continue;
    g_queue_delete_link(&x->later, l);
    job_free(j);
  }
}

/* --- stanzas in */

/* The answer to the request, and the end of the session that it has begun. */
static void end_offer(gw_xmpp *x, gw_stream *s, xmpp_stanza_t *iq, const char *sid,
                      xmpp_stanza_t *answer, const char *reason) {
  g_autoptr(gw_word) no =
      gw_word_new_jingle(GW_JINGLE_SESSION_TERMINATE, xmpp_stanza_get_from(iq), sid, FALSE);
  g_autofree char *id = gw_ids_hex(x->ids, 8);
  no->u.jingle.reason = g_strdup(reason);
  gw_xmpp_send(x, s, answer, FALSE);
  gw_xmpp_send(x, s, gw_words_build_jingle(no, xmpp_stanza_get_to(iq), id), FALSE);
}

/* A phone that is in no call is called: whoever takes the call makes the persona that it is for. What cannot be read is no
 * call: the phone would ring for a session that the persona refuses. */
static gw_persona *called(gw_xmpp *x, gw_stream *s, xmpp_stanza_t *iq, const gw_jingle_head *head,
                          gboolean *ret_refused) {
  const char *to = xmpp_stanza_get_to(iq), *from = xmpp_stanza_get_from(iq);
  const char *why = NULL;
  *ret_refused = FALSE;
  if (head->action != GW_JINGLE_SESSION_INITIATE || !head->sid || !x->events.offer ||
      !gw_jid_resource(from) || !gw_standing_is(x, to))
    return NULL;
  g_autoptr(gw_word) w = gw_words_parse_jingle(iq, FALSE, &why);
  gw_cause cause = w ? x->events.offer(x, to, from, x->user) : GW_CAUSE_BAD_REQUEST;
  if (!cause) return gw_xmpp_persona(x, to);
  *ret_refused = TRUE;
  if (w) {
    end_offer(x, s, iq, head->sid, gw_iq_result(iq), gw_cause_jingle(cause));
    return NULL;
  }
  gw_info(NULL, "jingle-refused", "to=%s from=%s sid=%s reason=%s", to, from, head->sid, why);
  end_offer(x, s, iq, head->sid, gw_iq_error(iq, "modify", "bad-request", NULL), "general-error");
  return NULL;
}

static void refuse_jingle(gw_xmpp *x, gw_stream *s, xmpp_stanza_t *iq) {
  gw_jingle_head head;
  gboolean refused;
  gw_words_peek_jingle(iq, &head);
  gw_persona *p = called(x, s, iq, &head, &refused);
  if (p) gw_persona_jingle(p, iq);
  if (p || refused) return;
  x->counters.strangers++;
  gw_xmpp_send(x, s,
               gw_iq_error(iq, "cancel", "item-not-found",
                           head.action == GW_JINGLE_SESSION_INITIATE ? NULL : "unknown-session"),
               FALSE);
}

/* A push of the account's roster must be acknowledged (RFC 6121 2.1.6); nobody here keeps it. */
static gboolean serve_roster_push(gw_xmpp *x, gw_stream *s, xmpp_stanza_t *iq) {
  const char *from = xmpp_stanza_get_from(iq);
  if (!x->client || g_strcmp0(xmpp_stanza_get_type(iq), "set") ||
      !gw_xml_child(iq, "query", XMPP_NS_ROSTER) || (from && !gw_jid_same_bare(from, x->account)))
    return FALSE;
  gw_xmpp_send(x, s, gw_iq_result(iq), FALSE);
  return TRUE;
}

static gboolean addressee_exists(const gw_xmpp *x, const char *to, const gw_persona *p) {
  if (p || x->client || gw_standing_is(x, to)) return TRUE;
  return !gw_jid_resource(to) && (!strchr(to, '@') || gw_xmpp_has_bare(x, to));
}

static void request_in(gw_xmpp *x, gw_stream *s, xmpp_stanza_t *iq, gw_persona *p) {
  const char *id = xmpp_stanza_get_id(iq), *type = xmpp_stanza_get_type(iq);
  const char *to = xmpp_stanza_get_to(iq);
  gboolean set = !g_strcmp0(type, "set");
  gw_disco_who who = p                       ? GW_DISCO_PERSONA
                     : gw_standing_is(x, to) ? GW_DISCO_STANDING
                                             : GW_DISCO_OTHER;
  if (!id || strlen(id) > GW_MAX_IQ_ID || (!set && g_strcmp0(type, "get"))) {
    x->counters.dropped++;
    return;
  }
  if (set && p && gw_coin_xml_is(iq)) { /* who else is there: others say so better */
    gw_xmpp_send(x, s, gw_iq_result(iq), FALSE);
    return;
  }
  if (set && gw_xml_child(iq, "jingle", GW_NS_JINGLE)) {
    if (p)
      gw_persona_jingle(p, iq);
    else
      refuse_jingle(x, s, iq);
    return;
  }
  if (!x->client && !strchr(to, '@') && !gw_jid_resource(to) &&
      (gw_adhoc_serve(x, s, iq) || gw_gateway_serve(x, s, iq) || gw_register_serve(x, s, iq)))
    return;
  if (set && p && gw_meet_xml_is(iq)) {
    gw_persona_meet(p, iq);
    return;
  }
  if (addressee_exists(x, to, p) && gw_disco_serve(x, s, iq, who)) return;
  if (serve_roster_push(x, s, iq)) return;
  if (gw_extdisco_push(x->extdisco, s, iq)) return;
  gw_xmpp_send(x, s, gw_iq_error(iq, "cancel", "service-unavailable", NULL), FALSE);
}

static void iq_in(gw_xmpp *x, gw_stream *s, xmpp_stanza_t *iq, gw_persona *p) {
  const char *type = xmpp_stanza_get_type(iq);
  if (!g_strcmp0(type, "result") || !g_strcmp0(type, "error"))
    gw_iqs_answer(x->iqs, iq);
  else
    request_in(x, s, iq, p);
}

static gboolean call_invite_in(gw_xmpp *x, xmpp_stanza_t *message) {
  if (!x->events.call_invite || !g_strcmp0(xmpp_stanza_get_type(message), "groupchat"))
    return FALSE;
  g_autoptr(gw_word) w = gw_muji_xml_parse_invite(message);
  if (!w) w = gw_meet_xml_parse_invite(message);
  if (w) x->events.call_invite(x, w, x->user);
  return w != NULL;
}

/* Calls to one person, in component mode: an account has no number to be called. */
static gboolean jmi_in(gw_xmpp *x, xmpp_stanza_t *message) {
  if (x->client || !x->events.jmi) return FALSE;
  g_autoptr(gw_word) w = gw_jmi_xml_parse(message);
  if (w) x->events.jmi(x, w, x->user);
  return w != NULL;
}

/* Only calls and invitations are of interest. Those of our own phones are none: nothing here invites. */
static gboolean message_in(gw_xmpp *x, gw_stream *s, xmpp_stanza_t *message) {
  const char *from = xmpp_stanza_get_from(message);
  if (from && !gw_xmpp_is_ours(x, from) && jmi_in(x, message)) return TRUE;
  if (!x->events.invite || !from || gw_xmpp_is_ours(x, from) || (x->client && s != x->main))
    return FALSE;
  g_autoptr(gw_word) w = gw_words_parse_invite(message);
  if (w) x->events.invite(x, w, x->user);
  return w || call_invite_in(x, message);
}

void gw_xmpp_stanza(gw_xmpp *x, gw_stream *s, xmpp_stanza_t *stanza, gw_persona *p) {
  const char *to = xmpp_stanza_get_to(stanza), *from = xmpp_stanza_get_from(stanza);
  x->counters.stanzas_in++;
  if (!x->client) {
    /* A server with two components on one port may give us the other one's. */
    if (!to || !from || !gw_xmpp_is_ours(x, to)) {
      x->counters.dropped++;
      return;
    }
    p = gw_xmpp_persona(x, to);
  }
  if (gw_xml_is(stanza, "iq", NULL)) {
    iq_in(x, s, stanza, p);
    return;
  }
  g_autofree char *room = p && from ? gw_jid_bare(from) : NULL;
  gw_muc *muc = room ? gw_persona_muc(p, room) : NULL;
  if (muc)
    gw_muc_stanza(muc, stanza);
  else if (gw_xml_is(stanza, "presence", NULL))
    gw_presence_in(x, s, stanza);
  else if (!message_in(x, s, stanza) && (x->client || !gw_rosters_message_in(x, stanza)))
    x->counters.dropped++;
}

/* --- streams */

static gboolean all_down(const gw_xmpp *x) {
  for (guint i = 0; x->client && i < x->personas->len; i++) {
    const gw_persona *p = x->personas->pdata[i];
    if (p->stream && gw_stream_state(p->stream) != GW_XMPP_DOWN) return FALSE;
  }
  return gw_stream_state(x->main) == GW_XMPP_DOWN;
}

static void stopped(void *user) {
  gw_xmpp *x = user;
  void (*done)(void *) = g_steal_pointer(&x->stop_done);
  gw_timer_set(x->stop_timer, GW_NEVER);
  if (done) done(x->stop_data);
}

void gw_xmpp_check_stopped(gw_xmpp *x) {
  if (x->stop_done && all_down(x)) gw_timer_set(x->stop_timer, gw_now_us());
}

static void tell_personas(gw_xmpp *x, gboolean up) {
  g_autoptr(GPtrArray) all = g_ptr_array_copy(x->personas, NULL, NULL);
  for (guint i = 0; i < all->len; i++)
    if (g_ptr_array_find(x->personas, all->pdata[i], NULL))
      gw_persona_stream_changed(all->pdata[i], up);
}

static void on_main_state(gw_stream *s, gw_xmpp_state state, const char *detail, void *user) {
  gw_xmpp *x = user;
  static const char *const words[] = {"xmpp-down", "xmpp-connecting", "xmpp-up"};
  gw_log(state == GW_XMPP_DOWN && !x->stopping ? GW_LOG_WARN : GW_LOG_INFO, NULL, words[state],
         "jid=%s host=%s port=%u detail=%s", x->jid, x->host, x->port, detail);
  if (state != GW_XMPP_CONNECTING && !x->client) tell_personas(x, state == GW_XMPP_UP);
  if (state == GW_XMPP_UP) gw_standing_stream_up(x);
  if (state != GW_XMPP_CONNECTING) gw_extdisco_stream(x->extdisco, state == GW_XMPP_UP);
  if (state == GW_XMPP_DOWN) gw_rosters_stream_down(x);
  gw_xmpp_check_stopped(x);
  if (x->events.stream) x->events.stream(x, state, detail, x->user);
}

static void on_main_stanza(gw_stream *s, xmpp_stanza_t *stanza, void *user) {
  gw_xmpp_stanza(user, s, stanza, NULL);
}

gw_stream *gw_xmpp_new_stream(gw_xmpp *x, const char *jid, const gw_stream_events *events,
                              void *user) {
  gw_stream_config c = {.client = x->client,
                        .jid = jid,
                        .secret = x->secret,
                        .host = x->host,
                        .port = x->port,
                        .tls = x->tls,
                        .ca_file = x->ca_file};
  return gw_stream_new(x->ctx, &c, events, user);
}

/* --- life */

static gboolean config_ok(const gw_xmpp_config *c, GError **err) {
  const char *what = NULL;
  if (!c->host || !*c->host) what = "host is missing";
  if (!c->secret || !*c->secret) what = c->client ? "password is missing" : "secret is missing";
  if (!c->client &&
      (!c->domain || !gw_jid_split(c->domain, NULL, NULL, NULL) || strpbrk(c->domain, "@/")))
    what = "domain is no domain";
  if (c->client && (!c->jid || !strchr(c->jid, '@') || !gw_jid_split(c->jid, NULL, NULL, NULL)))
    what = "jid is no account";
  if (c->client && c->tls == GW_TLS_OFF && !gw_stream_is_loopback(c->host))
    what = "tls = \"off\" is for loopback only";
  if (what) g_set_error(err, g_quark_from_static_string("gw-xmpp"), 0, "xmpp: %s", what);
  return !what;
}

static void take_config(gw_xmpp *x, const gw_xmpp_config *c) {
  x->client = c->client;
  x->domain = c->domain ? g_utf8_strdown(c->domain, -1) : NULL;
  x->account = c->client ? gw_jid_bare(c->jid) : NULL;
  x->jid = g_strdup(c->client ? x->account : x->domain);
  x->secret = g_strdup(c->secret);
  x->host = g_strdup(c->host);
  x->port = c->port ? c->port : c->client ? 5222 : 5347;
  x->tls = c->tls;
  x->ca_file = c->ca_file && *c->ca_file ? g_strdup(c->ca_file) : NULL;
  x->max_streams = c->client ? MAX(c->max_streams, 2u) : 1;
  x->name = g_strdup(c->name ? c->name : "Tipring");
  x->version = g_strdup(c->version ? c->version : TIPRING_VERSION);
}

gw_xmpp *gw_xmpp_new(GMainContext *ctx, const gw_xmpp_config *c, const gw_xmpp_events *events,
                     void *user, GError **err) {
  static const gw_stream_events main_events = {on_main_state, on_main_stanza};
  GW_ON_CONTROL();
  if (!config_ok(c, err)) return NULL;
  gw_xmpp *x = g_new0(gw_xmpp, 1);
  x->ctx = ctx;
  take_config(x, c);
  x->events = *events;
  x->user = user;
  x->callable = c->callable;
  gw_disco_init(x, c->features);
  gw_standing_init(x);
  gw_adhoc_init(x);
  gw_register_init(x);
  gw_rosters_init(x);
  x->asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  x->personas = g_ptr_array_new();
  x->by_jid = g_hash_table_new(g_str_hash, g_str_equal);
  x->ids = gw_ids_new();
  x->iqs = gw_iqs_new(ctx, x->ids);
  x->roster_questions = g_array_new(FALSE, FALSE, sizeof(gw_roster_question));
  x->extdisco = gw_extdisco_new(x, c->services);
  g_queue_init(&x->later);
  x->later_timer = gw_timer_new(ctx, on_later, x);
  x->roster_timer = gw_timer_new(ctx, gw_presence_expire, x);
  x->stop_timer = gw_timer_new(ctx, stopped, x);
  g_autofree char *wish =
      x->client ? g_strdup_printf("%s/gateway", x->account) : g_strdup(x->domain);
  x->main = gw_xmpp_new_stream(x, wish, &main_events, x);
  x->n_streams = 1;
  gw_pump *pump = gw_pump_ref(ctx); /* the stream keeps it alive */
  gw_pump_reserve(pump, x->client ? x->max_streams : COMPONENT_SPARES);
  gw_pump_unref(pump);
  return x;
}

void gw_xmpp_start(gw_xmpp *x) {
  GW_ON_CONTROL();
  if (x->started) return;
  x->started = TRUE;
  gw_stream_start(x->main);
  for (guint i = 0; x->client && i < x->personas->len; i++) {
    gw_persona *p = x->personas->pdata[i];
    if (p->stream) gw_stream_start(p->stream);
  }
}

void gw_xmpp_stop(gw_xmpp *x, void (*done)(void *), void *done_data) {
  GW_ON_CONTROL();
  x->stopping = TRUE;
  x->stop_done = done;
  x->stop_data = done_data;
  if (!x->client) gw_standing_leave(x);
  for (guint i = 0; i < x->personas->len; i++) {
    gw_persona *p = x->personas->pdata[i];
    for (guint k = 0; k < p->mucs->len; k++)
      gw_muc_depart(p->mucs->pdata[k], "shutting down");
    if (x->client && p->stream) gw_stream_close(p->stream);
  }
  gw_stream_close(x->main);
  gw_timer_set(x->stop_timer, gw_now_us() + STOP_WAIT);
}

void gw_xmpp_free(gw_xmpp *x) {
  if (!x) return;
  GW_ON_CONTROL();
  while (x->personas->len)
    gw_persona_free(x->personas->pdata[0]);
  gw_stream_free(x->main);
  gw_timer_free(x->later_timer);
  gw_timer_free(x->roster_timer);
  gw_timer_free(x->stop_timer);
  gw_later_job *j;
  while ((j = g_queue_pop_head(&x->later)))
    job_free(j);
  gw_extdisco_free(x->extdisco);
  gw_iqs_free(x->iqs);
  gw_ids_free(x->ids);
  g_array_unref(x->roster_questions);
  g_hash_table_unref(x->by_jid);
  g_ptr_array_unref(x->personas);
  gw_disco_clear(x);
  gw_standing_clear(x);
  gw_adhoc_clear(x);
  gw_rosters_clear(x);
  g_hash_table_unref(x->asked);
  g_strfreev(x->visible_to);
  gw_register_clear(x);
  g_free(x->domain);
  g_free(x->account);
  g_free(x->jid);
  g_free(x->secret);
  g_free(x->host);
  g_free(x->ca_file);
  g_free(x->name);
  g_free(x->version);
  g_free(x);
}

gw_xmpp_state gw_xmpp_get_state(const gw_xmpp *x) {
  return gw_stream_state(x->main);
}

const char *gw_xmpp_jid(const gw_xmpp *x) {
  return x->jid;
}

void gw_xmpp_get_counters(const gw_xmpp *x, gw_xmpp_counters *ret) {
  *ret = x->counters;
  ret->reconnects = gw_stream_reconnects(x->main);
}

void gw_xmpp_decline(gw_xmpp *x, const gw_word *invite, const char *reason) {
  GW_ON_CONTROL();
  g_autofree char *us = x->client || !invite->to ? NULL : gw_jid_bare(invite->to);
  g_autofree char *id = gw_ids_hex(x->ids, 8);
  gw_xmpp_send(x, x->main, gw_words_build_decline(invite, us, reason, id), FALSE);
}

void gw_xmpp_say_call_invite(gw_xmpp *x, const gw_word *w) {
  GW_ON_CONTROL();
  g_autofree char *id = gw_ids_uuid(x->ids);
  if (!w->from || !w->to || !gw_xmpp_is_ours(x, w->from)) return;
  xmpp_stanza_t *s = w->u.call_invite.in_meet
                         ? gw_meet_xml_build_invite(w, id)
                         : gw_muji_xml_build_invite(w, w->from, w->to, "chat", id);
  if (s) gw_xmpp_send(x, x->main, s, FALSE);
}

void gw_xmpp_reject(gw_xmpp *x, const gw_word *propose, const char *reason) {
  GW_ON_CONTROL();
  g_autofree char *us = propose->to ? gw_jid_bare(propose->to) : NULL;
  g_autofree char *id = gw_ids_hex(x->ids, 8);
  g_autoptr(gw_word) no = gw_word_new_jmi(GW_JMI_REJECT, propose->from, propose->u.jmi.id);
  no->u.jmi.reason = g_strdup(reason);
  gw_xmpp_send(x, x->main, gw_jmi_xml_build(no, us, id), FALSE);
}

/* --- what the store still knew after a crash */

void gw_xmpp_bury_session(gw_xmpp *x, const char *our_full_jid, const char *peer_full_jid,
                          const char *sid) {
  GW_ON_CONTROL();
  if (x->client || !gw_xmpp_is_ours(x, our_full_jid))
    return; /* a client's resource died with its stream */
  g_autoptr(gw_word) w = gw_word_new_jingle(GW_JINGLE_SESSION_TERMINATE, peer_full_jid, sid, TRUE);
  g_autofree char *id = gw_ids_hex(x->ids, 8);
  w->u.jingle.reason = g_strdup("success");
  gw_xmpp_send(x, x->main, gw_words_build_jingle(w, our_full_jid, id), TRUE);
}

void gw_xmpp_bury_occupant(gw_xmpp *x, const char *our_full_jid, const char *room_slash_nick) {
  GW_ON_CONTROL();
  if (x->client || !gw_xmpp_is_ours(x, our_full_jid)) return;
  xmpp_stanza_t *p = gw_xml_new("presence", NULL);
  gw_xml_set(p, "type", "unavailable");
  gw_xml_set(p, "from", our_full_jid);
  gw_xml_set(p, "to", room_slash_nick);
  gw_xmpp_send(x, x->main, p, TRUE);
}

#include <string.h>
#include "base/clock.h"
#include "base/jid.h"
#include "base/log.h"
#include "base/thread.h"
#include "xmpp/internal.h"
#include "xmpp/muc_xml.h"
#include "xmpp/muji_xml.h"
#include "xmpp/ns.h"
#include "xmpp/words_xml.h"

static void step(gw_muc *m, const gw_me *e);

static void drop(gw_muc *m) {
  if (--m->refs) return;
  gw_muc_machine_free(m->machine);
  g_free(m->password);
  g_free(m->show);
  g_free(m->status);
  gw_muji_free(m->muji);
  g_free(m);
}

/* --- sending */

static char *occupant_jid(const gw_muc *m) {
  return g_strdup_printf("%s/%s", gw_muc_machine_room(m->machine), gw_muc_machine_nick(m->machine));
}

static xmpp_stanza_t *presence(const gw_muc *m, const char *type) {
  g_autofree char *to = occupant_jid(m);
  xmpp_stanza_t *s = gw_xml_new("presence", NULL);
  gw_xml_set(s, "type", type);
  gw_xml_set(s, "from", m->p->jid);
  gw_xml_set(s, "to", to);
  return s;
}

static void text_child(xmpp_stanza_t *s, const char *name, const char *text) {
  if (text) gw_xml_set_text(gw_xml_add(s, name, NULL), text);
}

/* A presence replaces the one before: everything is said every time. */
static xmpp_stanza_t *available(const gw_muc *m) {
  xmpp_stanza_t *s = presence(m, NULL);
  text_child(s, "show", m->show);
  text_child(s, "status", m->status);
  gw_muji_xml_add(s, m->muji);
  gw_disco_add_caps(m->p->x, s);
  return s;
}

static void send_unavailable(gw_muc *m, const char *status) {
  if (!m->p->jid) return; /* its stream is gone, and its occupant with it */
  xmpp_stanza_t *s = presence(m, "unavailable");
  text_child(s, "status", status);
  gw_persona_send(m->p, s, TRUE); /* a component's occupant outlives the stream */
}

static void send_word(gw_muc *m, const gw_word *w) {
  g_autofree char *id = gw_ids_uuid(m->p->x->ids);
  const char *room = gw_muc_machine_room(m->machine);
  gw_persona_send(m->p,
                  w->kind == GW_WORD_CALL_INVITE
                      ? gw_muji_xml_build_invite(w, m->p->jid, room, "groupchat", id)
                      : gw_words_build_jmuci(w, m->p->jid, room, id),
                  FALSE);
}

static void send_voice(gw_muc *m) {
  xmpp_stanza_t *s = gw_xml_new("message", NULL);
  gw_xml_set(s, "from", m->p->jid);
  gw_xml_set(s, "to", gw_muc_machine_room(m->machine));
  gw_muc_xml_add_voice(s);
  gw_persona_send(m->p, s, FALSE);
}

/* --- questions to the room */

static xmpp_stanza_t *question(gw_muc *m, const char *type, const char *to, guint wait,
                               gw_iq_fn fn) {
  const char *id = gw_iqs_add(m->p->x->iqs, to, m, wait, fn, m, NULL);
  return gw_iq_new(type, m->p->jid, to, id);
}

static void on_disco(xmpp_stanza_t *answer, void *data) {
  gw_me e = {.type = GW_ME_DISCO};
  gw_muc_xml_disco(answer, &e.u.disco);
  step(data, &e);
}

static void ask_disco(gw_muc *m) {
  xmpp_stanza_t *iq = question(m, "get", gw_muc_machine_room(m->machine), 5, on_disco);
  gw_xml_add(iq, "query", XMPP_NS_DISCO_INFO);
  gw_persona_send(m->p, iq, FALSE);
}

static void on_nick(xmpp_stanza_t *answer, void *data) {
  xmpp_stanza_t *query =
      gw_iq_ok(answer) ? gw_xml_child(answer, "query", XMPP_NS_DISCO_INFO) : NULL;
  xmpp_stanza_t *identity = query ? gw_xml_child(query, "identity", NULL) : NULL;
  gw_me e = {.type = GW_ME_REGISTERED_NICK,
             .u.text = identity ? gw_xml_get(identity, "name") : NULL};
  step(data, &e);
}

static void ask_nick(gw_muc *m) { /* XEP-0045 7.12 */
  xmpp_stanza_t *iq = question(m, "get", gw_muc_machine_room(m->machine), 5, on_nick);
  gw_xml_set(gw_xml_add(iq, "query", XMPP_NS_DISCO_INFO), "node", "x-roomuser-item");
  gw_persona_send(m->p, iq, FALSE);
}

static void on_configured(xmpp_stanza_t *answer, void *data) {
  gw_me e = {.type = GW_ME_CONFIGURED, .flag = gw_iq_ok(answer)};
  step(data, &e);
}

static void configure(gw_muc *m) {
  xmpp_stanza_t *iq =
      question(m, "set", gw_muc_machine_room(m->machine), GW_IQ_WAIT, on_configured);
  gw_muc_xml_add_submit(iq, m->for_a_call, m->members_only);
  gw_persona_send(m->p, iq, FALSE);
}

static gboolean one_of(const char *word, const char *const *list) {
  return word && g_strv_contains(list, word);
}

static void on_ping(xmpp_stanza_t *answer, void *data) { /* XEP-0410 3 */
  static const char *const in[] = {"service-unavailable", "feature-not-implemented",
                                   "item-not-found", NULL};
  static const char *const out[] = {"not-acceptable", "not-allowed", "bad-request", NULL};
  const char *condition = gw_iq_condition(answer);
  gw_me e = {.type = GW_ME_PINGED, .u.ping = GW_PING_UNDECIDED};
  if (!condition || one_of(condition, in)) e.u.ping = GW_PING_JOINED;
  if (one_of(condition, out)) e.u.ping = GW_PING_GONE;
  step(data, &e);
}

static void ping(gw_muc *m) {
  g_autofree char *to = occupant_jid(m);
  xmpp_stanza_t *iq = question(m, "get", to, GW_IQ_WAIT, on_ping);
  gw_xml_add(iq, "ping", GW_NS_PING);
  gw_persona_send(m->p, iq, FALSE);
}

/* --- telling */

static gw_occupant outward(const gw_muc *m, const gw_muc_occ *o, const char *old_nick) {
  const char *last = o->jids->len > 1 ? o->jids->pdata[o->jids->len - 2] : NULL;
  return (gw_occupant){.nick = o->nick,
                       .old_nick = old_nick,
                       .jids = (const char *const *)o->jids->pdata,
                       .affiliation = o->affiliation ? o->affiliation : "none",
                       .role = o->role ? o->role : "none",
                       .self = o->self,
                       .muji = o->muji,
                       .ours = o->self || (last && gw_xmpp_is_ours(m->p->x, last))};
}

static void tell(gw_muc *m, const gw_ma *a) {
  gw_log_ctx ctx = {NULL, gw_muc_machine_room(m->machine)};
  if (a->type == GW_MA_TELL_JOINED) {
    gw_info(&ctx, a->again ? "room-rejoined" : "room-joined", "jid=%s nick=%s", m->p->jid,
            gw_muc_machine_nick(m->machine));
    if (m->events.joined) m->events.joined(m, a->again, m->user);
  } else if (a->type == GW_MA_TELL_LEFT) {
    gw_warn(&ctx, "room-left", "jid=%s cause=%s detail=%s", m->p->jid ? m->p->jid : "",
            gw_cause_word(a->cause), a->text);
    if (m->events.left) m->events.left(m, a->cause, a->text, m->user);
  } else if (a->type == GW_MA_TELL_BARRED) {
    if (m->events.barred) m->events.barred(m, m->user);
  } else if (a->type == GW_MA_TELL_OCCUPANT) {
    gw_occupant o = outward(m, a->occ, a->old_nick);
    if (m->events.occupant) m->events.occupant(m, &o, a->change, m->user);
  } else if (a->type == GW_MA_TELL_WORD) {
    if (m->events.word) m->events.word(m, a->word, m->user);
  } else if (a->type == GW_MA_WARN) {
    gw_warn(&ctx, "room-trouble", "jid=%s detail=%s", m->p->jid ? m->p->jid : "", a->text);
  }
}

static void carry_out(gw_muc *m, const gw_ma *a) {
  switch (a->type) {
  case GW_MA_JOIN: {
    xmpp_stanza_t *s = available(m);
    gw_muc_xml_add_join(s, m->password);
    gw_persona_send(m->p, s, FALSE);
    break;
  }
  case GW_MA_UNAVAILABLE:
    send_unavailable(m, a->text);
    break;
  case GW_MA_DISCO:
    ask_disco(m);
    break;
  case GW_MA_ASK_NICK:
    ask_nick(m);
    break;
  case GW_MA_CONFIGURE:
    configure(m);
    break;
  case GW_MA_PING:
    ping(m);
    break;
  case GW_MA_VOICE:
    send_voice(m);
    break;
  case GW_MA_SEND:
    send_word(m, a->word);
    break;
  default:
    tell(m, a);
  }
}

static void step(gw_muc *m, const gw_me *e) {
  g_autoptr(GArray) acts = gw_ma_list_new();
  m->refs++;
  gw_muc_machine_step(m->machine, e, gw_now_us(), acts);
  for (guint i = 0; i < acts->len && !m->dead; i++)
    carry_out(m, &g_array_index(acts, gw_ma, i));
  if (!m->dead) gw_timer_set(m->timer, gw_muc_machine_deadline(m->machine));
  drop(m);
}

static void on_time(void *user) {
  gw_me e = {.type = GW_ME_TICK};
  step(user, &e);
}

/* --- what comes in */

static void presence_in(gw_muc *m, xmpp_stanza_t *s) {
  gw_muc_presence p;
  gw_me e = {.type = GW_ME_PRESENCE, .u.presence = &p};
  gw_muc_xml_presence(s, &p);
  g_autofree char *moved_to = p.type == GW_PRES_ERROR ? gw_muc_xml_alternate(s) : NULL;
  if (moved_to) p.alternate = moved_to;
  g_autoptr(gw_muji) muji = gw_muji_xml_parse(s);
  p.muji = muji;
  step(m, &e);
}

static gboolean config_changed(xmpp_stanza_t *s) {
  gw_muc_presence p;
  gw_muc_xml_presence(s, &p);
  for (guint i = 0; i < p.n_codes; i++)
    if (p.codes[i] == 104 || (p.codes[i] >= 172 && p.codes[i] <= 174)) return TRUE;
  return FALSE;
}

/* Only the room refuses words said in it; what another occupant sends us privately is no matter. */
static void error_in(gw_muc *m, xmpp_stanza_t *s) {
  gw_log_ctx ctx = {NULL, gw_muc_machine_room(m->machine)};
  const char *nick = gw_jid_resource(xmpp_stanza_get_from(s));
  gw_me e = {.type = GW_ME_SAY_REFUSED, .u.text = gw_iq_condition(s)};
  gw_warn(&ctx, "room-word-refused", "jid=%s condition=%s", m->p->jid, e.u.text);
  if (!nick || !strcmp(nick, gw_muc_machine_nick(m->machine))) step(m, &e);
}

/* Before the room's subject everything is history, whatever it says of itself. */
static void text_in(gw_muc *m, xmpp_stanza_t *s) {
  const char *nick = gw_jid_resource(xmpp_stanza_get_from(s));
  if (!m->events.text || gw_muc_machine_state(m->machine) != GW_MUC_IN ||
      !strcmp(nick, gw_muc_machine_nick(m->machine)))
    return;
  g_autofree char *body = gw_muc_xml_text(s);
  if (!body) return;
  m->refs++;
  m->events.text(m, nick, body, m->user);
  drop(m);
}

static void message_in(gw_muc *m, xmpp_stanza_t *s) {
  const char *type = xmpp_stanza_get_type(s);
  gw_me e = {.type = GW_ME_SUBJECT};
  if (!g_strcmp0(type, "error")) {
    error_in(m, s);
    return;
  }
  if (g_strcmp0(type, "groupchat"))
    return; /* private messages: dropped, an error would get us kicked */
  if (config_changed(s)) ask_disco(m);
  if (gw_muc_xml_is_subject(s)) {
    step(m, &e);
    return;
  }
  if (!gw_jid_resource(xmpp_stanza_get_from(s))) return;
  g_autoptr(gw_word) w = gw_words_parse_jmuci(s);
  if (!w) w = gw_muji_xml_parse_invite(s);
  if (!w) {
    text_in(m, s);
    return;
  }
  e.type = GW_ME_WORD;
  e.u.word = w;
  step(m, &e);
}

void gw_muc_stanza(gw_muc *m, xmpp_stanza_t *s) {
  if (gw_xml_is(s, "presence", NULL))
    presence_in(m, s);
  else
    message_in(m, s);
}

void gw_muc_say(gw_muc *m, const gw_word *w) {
  gw_me e = {.type = GW_ME_SAY, .u.word = w};
  step(m, &e);
}

void gw_muc_stream_changed(gw_muc *m, gboolean up) {
  gw_me e = {.type = GW_ME_STREAM, .flag = up};
  if (up) gw_muc_machine_set_jid(m->machine, m->p->jid);
  step(m, &e);
}

void gw_muc_depart(gw_muc *m, const char *status) {
  gw_me e = {.type = GW_ME_LEAVE, .u.text = status};
  step(m, &e);
}

/* --- the public side */

static gboolean nick_taken(const char *nick, void *user) {
  const gw_muc *me = user;
  const GPtrArray *personas = me->p->x->personas;
  for (guint i = 0; i < personas->len; i++) {
    const gw_muc *m = gw_persona_muc(personas->pdata[i], gw_muc_machine_room(me->machine));
    if (m && m != me && gw_muc_machine_state(m->machine) != GW_MUC_OUT &&
        !strcmp(gw_muc_machine_nick(m->machine), nick))
      return TRUE;
  }
  return FALSE;
}

gw_muc *gw_muc_join(gw_persona *p, const char *room, const char *nick, const char *password,
                    const gw_muc_events *events, void *user) {
  GW_ON_CONTROL();
  g_autofree char *bare = gw_jid_bare(room);
  gw_muc *m = g_new0(gw_muc, 1);
  gw_muc_params params = {bare ? bare : room, nick, p->jid, p->resource, nick_taken, m};
  m->p = p;
  m->refs = 1;
  m->events = *events;
  m->user = user;
  m->password = password && *password ? g_strdup(password) : NULL;
  m->machine = gw_muc_machine_new(&params);
  m->timer = gw_timer_new(p->x->ctx, on_time, m);
  g_ptr_array_add(p->mucs, m);
  gw_me e = {.type = GW_ME_START, .flag = p->stream && gw_stream_state(p->stream) == GW_XMPP_UP};
  step(m, &e);
  return m;
}

void gw_muc_make_for_call(gw_muc *m, gboolean members_only) {
  m->for_a_call = TRUE;
  m->members_only = members_only;
}

void gw_muc_leave(gw_muc *m, const char *status) {
  if (!m) return;
  GW_ON_CONTROL();
  gw_muc_depart(m, status);
  m->dead = TRUE;
  gw_xmpp_forget(m->p->x, m);
  gw_timer_free(m->timer);
  g_ptr_array_remove(m->p->mucs, m);
  drop(m);
}

gw_muc_state gw_muc_get_state(const gw_muc *m) {
  return gw_muc_machine_state(m->machine);
}

const char *gw_muc_nick(const gw_muc *m) {
  return gw_muc_machine_nick(m->machine);
}

const char *gw_muc_room(const gw_muc *m) {
  return gw_muc_machine_room(m->machine);
}

gboolean gw_muc_is_members_only(const gw_muc *m) {
  return gw_muc_machine_members_only(m->machine);
}

typedef struct {
  const gw_muc *m;
  void (*fn)(const gw_occupant *, void *);
  void *user;
} visit;

static void each(const gw_muc_occ *o, void *user) {
  const visit *v = user;
  gw_occupant out = outward(v->m, o, NULL);
  v->fn(&out, v->user);
}

void gw_muc_foreach(const gw_muc *m, void (*fn)(const gw_occupant *, void *), void *user) {
  visit v = {m, fn, user};
  gw_muc_roster_foreach(gw_muc_machine_roster(m->machine), each, &v);
}

guint gw_muc_count(const gw_muc *m) {
  return gw_muc_roster_count(gw_muc_machine_roster(m->machine));
}

void gw_muc_tell(gw_muc *m, const char *text) {
  GW_ON_CONTROL();
  if (gw_muc_machine_state(m->machine) != GW_MUC_IN) return;
  g_autofree char *id = gw_ids_uuid(m->p->x->ids);
  xmpp_stanza_t *s = gw_xml_new("message", NULL);
  gw_xml_set(s, "type", "groupchat");
  gw_xml_set(s, "from", m->p->jid);
  gw_xml_set(s, "to", gw_muc_machine_room(m->machine));
  gw_xml_set(s, "id", id);
  text_child(s, "body", text);
  gw_persona_send(m->p, s, FALSE);
}

void gw_muc_set_status(gw_muc *m, const char *show, const char *status) {
  GW_ON_CONTROL();
  g_free(m->show);
  g_free(m->status);
  m->show = g_strdup(show);
  m->status = g_strdup(status);
  if (gw_muc_machine_state(m->machine) == GW_MUC_IN) gw_persona_send(m->p, available(m), FALSE);
}

void gw_muc_set_muji(gw_muc *m, const gw_muji *muji) {
  GW_ON_CONTROL();
  gw_muji_free(m->muji);
  m->muji = gw_muji_copy(muji);
  if (gw_muc_machine_state(m->machine) == GW_MUC_IN) gw_persona_send(m->p, available(m), FALSE);
}

/* direct.c - calls between one phone and one person (docs/direct.md): who may call whom, and to which call his words belong.
 * Such a call is a room of its own, with one seat and no occupants; the flavour "direct" speaks for it. */
#include <string.h>
#include "base/limits.h"
#include "gateway/bridge/private.h"

#define CALLS_AT_ONCE 10 /* of one person; from then on one in CALL_EVERY */
#define CALL_EVERY GW_SEC(10)

void gw_direct_init(gw_bridge *b) {
  b->call_pace = gw_pace_new(CALLS_AT_ONCE, CALL_EVERY, GW_MAX_INVITERS);
}

void gw_direct_clear(gw_bridge *b) {
  gw_pace_free(b->call_pace);
}

gboolean gw_direct_is(const gw_room_conf *r) {
  return r && !g_strcmp0(r->flavour, gw_flavour_direct.name);
}

static gw_direct *direct_new(const char *from, const char *sid) {
  gw_direct *d = g_new0(gw_direct, 1);
  *d = (gw_direct){gw_jid_normal(from), g_strdup(sid)};
  return d;
}

void gw_direct_free(gw_direct *d) {
  if (!d) return;
  g_free(d->peer);
  g_free(d->sid);
  g_free(d);
}

/* --- its seat --- */

/* Who calls without asking first does so by the JID that he sees: that of the phone's standing presence. */
char *gw_direct_resource(const gw_call *c) {
  return c->direct && !c->direct->sid ? g_strdup("tipring") : gw_ids_hex(c->bridge->ids, 4);
}

gw_flavour *gw_direct_flavour(const gw_call *c, const char *own_jid) {
  const gw_direct *d = c->direct;
  const gw_flavour_params params = {.own_jid = own_jid,
                                    .peer = d ? d->peer : c->room_conf->room,
                                    .incoming = d != NULL,
                                    .sid = d ? d->sid : NULL,
                                    .ring_us = c->machine.ring_limit_us,
                                    .ids = c->bridge->ids};
  return gw_flavour_direct.make(&params);
}

void gw_direct_begin(gw_call *c) {
  if (c->direct) {
    gw_call_post(c, &(gw_ce){.type = GW_CE_JOINED});
    return;
  }
  gw_seat_step(c->seat, &(gw_ev){.type = GW_EV_START});
  gw_devices_watch(c->seat);
}

void gw_direct_picked_up(gw_seat *s) {
  const gw_call *c = gw_seat_call(s);
  if (c->direct) gw_seat_step(s, &(gw_ev){.type = GW_EV_START});
  if (c->held) gw_seat_step(s, &(gw_ev){.type = GW_EV_HELD, .u.flag = TRUE});
  if (c->held || c->muted) gw_seat_mute(s, TRUE);
  gw_conference_changed(c->conference);
}

static void hand_over(gw_call *c, const gw_word *w) {
  gw_seat_trace_word(c, NULL, NULL, w, GW_TRACE_IN);
  gw_seat_step(c->seat, &(gw_ev){.type = GW_EV_WORD, .u.word = w});
}

/* --- who may --- */

/* "local": whose server is the one that we are a component of, as far as the names tell. */
static gboolean is_local(const gw_bridge_conf *c, const char *domain) {
  const char *above = gw_jid_domain_above(c->domain);
  return above && !g_ascii_strcasecmp(above, domain);
}

static gboolean listed(const gw_bridge_conf *c, char *const *patterns, const char *bare) {
  g_autofree char *domain = NULL;
  if (!gw_jid_split(bare, NULL, &domain, NULL)) return FALSE;
  for (; patterns && *patterns; patterns++) {
    g_autofree char *folded = g_utf8_strdown(*patterns, -1);
    if (!strcmp(folded, "local") ? is_local(c, domain) : g_pattern_match_simple(folded, bare))
      return TRUE;
  }
  return FALSE;
}

/* The number that leads to this person, NULL none. */
static const gw_room_conf *number_of(const gw_bridge *b, const char *bare) {
  for (guint i = 0; i < b->conf->rooms->len; i++) {
    const gw_room_conf *r = b->conf->rooms->pdata[i];
    if (gw_direct_is(r) && gw_jid_same_bare(r->room, bare)) return r;
  }
  return NULL;
}

const char *gw_direct_rule(const gw_bridge *b, const char *bare) {
  if (number_of(b, bare)) return "a number leads to him";
  return listed(b->conf, b->conf->callers, bare) ? "xmpp.callers lets him call phones" : NULL;
}

/* Whoever has a number here may call phones and rooms; who may have other numbers called is said by the trunk alone. */
static const char *obstacle(const gw_bridge *b, const char *bare, const char *number) {
  const char *why = "no rule lets him call that number";
  if (gw_dial_in_room(b, number, bare, &why)) return gw_direct_rule(b, bare) ? NULL : why;
  const gboolean may = gw_dial_allowed(b, bare, number) &&
                       (!gw_bridge_conf_phone(b->conf, number) || gw_direct_rule(b, bare));
  return may ? NULL : why;
}

/* --- a phone calls a person --- */

static gw_room_conf *conf_of(const gw_bridge *b, const char *jid) {
  g_autofree char *bare = gw_jid_bare(jid);
  const gw_room_conf *known = number_of(b, bare);
  gw_room_conf *conf = known ? gw_room_conf_copy(known) : gw_room_conf_new();
  g_free(conf->room);
  g_free(conf->flavour);
  conf->room = gw_jid_normal(jid);
  conf->flavour = g_strdup(gw_flavour_direct.name);
  conf->watch = FALSE;
  return conf;
}

/* alice@example.org as it was dialled: in the user part (%40), or as the address itself. */
static char *address_of(const char *to, const char *to_host) {
  g_autofree char *whole = strchr(to, '@') ? g_strdup(to)
                           : to_host       ? g_strconcat(to, "@", to_host, NULL)
                                           : NULL;
  g_autofree char *bare = whole && strlen(whole) <= GW_MAX_JID ? gw_jid_bare(whole) : NULL;
  return bare && strchr(bare, '@') ? g_steal_pointer(&bare) : NULL;
}

gw_room_conf *gw_direct_dialled(const gw_bridge *b, const char *to, const char *to_host,
                                char **ret_jid) {
  char *jid = *ret_jid = b->conf->client_mode ? NULL : address_of(to, to_host);
  g_autofree char *domain = NULL;
  if (!jid) return NULL;
  gw_jid_split(jid, NULL, &domain, NULL);
  if (!g_strcmp0(domain, b->conf->domain) || !listed(b->conf, b->conf->dial_users, jid)) return NULL;
  return conf_of(b, jid);
}

/* Who calls his own account is asked for no PIN: that is of the number that leads to him here. */
gw_room_conf *gw_direct_owner(const gw_bridge *b, const char *trunk) {
  const gw_trunk_conf *t = gw_bridge_conf_trunk(b->conf, trunk);
  if (!t || !t->owner) return NULL;
  gw_room_conf *conf = conf_of(b, t->owner);
  g_free(conf->pin);
  conf->pin = g_strdup("");
  return conf;
}

/* --- a person calls a phone --- */

char *gw_direct_number(const gw_bridge *b, const char *to) {
  g_autofree char *node = NULL;
  if (!to || !gw_jid_split(to, &node, NULL, NULL) || !node) return NULL;
  g_autofree char *plain = gw_jid_unescape(node);
  g_autofree char *number = gw_dialplan_normalise(plain);
  return number && *number ? g_steal_pointer(&number) : NULL;
}

static gw_cause refused(const char *from, const char *number, gw_cause cause, const char *why) {
  gw_warn(NULL, "person-refused", "from=%s number=%s cause=%s why=%s", from, number ? number : "-",
          gw_cause_word(cause), why);
  return cause;
}

/* Who may not call has no place in call_pace: many of them would leave none for who may. */
static gw_cause turned_away(gw_bridge *b, const char *from, const char *number, gw_cause cause,
                            const char *why, gboolean *ret_silent) {
  gboolean last;
  *ret_silent = !gw_refusal_due(b, from, &last);
  return *ret_silent ? cause : refused(from, number, cause, last ? "asks too often" : why);
}

/* The call as it rings; NULL with the cause. *ret_silent: refused too often to be told again. */
static gw_call *ring(gw_bridge *b, const char *from, const char *to, const char *sid,
                     gw_cause *ret_cause, gboolean *ret_silent) {
  g_autofree char *bare = gw_jid_bare(from), *number = gw_direct_number(b, to);
  gboolean first = TRUE;
  const char *why = NULL;
  *ret_silent = FALSE;
  if (!bare) {
    *ret_cause = GW_CAUSE_BAD_REQUEST;
    *ret_silent = TRUE;
    return NULL;
  }
  why = number ? obstacle(b, bare, number) : "that is no number";
  if (why) {
    *ret_cause = turned_away(b, bare, number, GW_CAUSE_FORBIDDEN, why, ret_silent);
    return NULL;
  }
  if (!gw_pace_take(b->call_pace, bare, gw_now_us(), &first)) {
    *ret_silent = !first;
    *ret_cause = first ? refused(bare, number, GW_CAUSE_BUSY, "calls too often") : GW_CAUSE_BUSY;
    return NULL;
  }
  g_autoptr(gw_room_conf) conf = conf_of(b, bare);
  gw_call *c = gw_dial_in_room(b, number, bare, &why) ? gw_dial_in(b, number, conf, ret_cause, &why)
                                                : gw_dial(b, bare, number, conf, ret_cause, &why);
  if (!c) {
    if (*ret_cause == GW_CAUSE_NONE) *ret_cause = GW_CAUSE_INTERNAL;
    refused(bare, number, *ret_cause, why);
    return NULL;
  }
  c->direct = direct_new(from, sid);
  if (!c->node || !gw_bridge_conf_phone(b->conf, c->phone)) {
    g_free(c->node); /* he called the number, and is answered by it */
    c->node = g_strdup(number);
  }
  c->machine.flavour_started = TRUE;
  c->seat = gw_seat_new(c, c->conference, c->room_conf);
  gw_info(&(gw_log_ctx){.call = c->id}, "person-calls", "from=%s number=%s jmi=%d", from, number,
          sid != NULL);
  return c;
}

gw_cause gw_bridge_offered(gw_xmpp *x, const char *our_jid, const char *from, void *bridge) {
  gw_cause cause = GW_CAUSE_NONE;
  gboolean silent;
  return ring(bridge, from, our_jid, NULL, &cause, &silent) ? GW_CAUSE_NONE : cause;
}

/* By the JID of a phone's standing presence anybody may come in the middle of a call: he hears that it is busy, unless he may not call
 * at all, which he hears whether there is a call or not. */
gboolean gw_direct_lets(const gw_call *c, const gw_word *w) {
  const gboolean begins =
      w->kind == GW_WORD_JINGLE && w->u.jingle.action == GW_JINGLE_SESSION_INITIATE;
  if (!c->machine.direct || !begins || gw_jid_same_bare(c->room_conf->room, w->from)) return TRUE;
  g_autofree char *bare = gw_jid_bare(w->from);
  const char *why = obstacle(c->bridge, bare, c->node);
  const gboolean may = !why;
  gboolean first = TRUE; /* who may not has no place in call_pace */
  if (may ? gw_pace_take(c->bridge->call_pace, bare, gw_now_us(), &first) || first
          : gw_refusal_due(c->bridge, bare, &first))
    refused(bare, c->node, may ? GW_CAUSE_BUSY : GW_CAUSE_FORBIDDEN,
            may ? "in another call" : why);
  return may;
}

/* Two that call each other at the same time: the call of our phone that still waits for this person. */
static gw_call *crossing(const gw_bridge *b, const gw_word *w) {
  g_autofree char *number = gw_direct_number(b, w->to);
  for (guint i = 0; i < b->calls->len; i++) {
    gw_call *c = b->calls->pdata[i];
    if (c->machine.direct && !c->machine.out && c->machine.state == GW_CS_JOINING && c->seat &&
        !g_strcmp0(c->node, number) && gw_jid_same_bare(c->room_conf->room, w->from))
      return c;
  }
  return NULL;
}

/* A propose that comes once more, after a resumed stream: it is a call already, or has met one, for as long as that is remembered. */
static gboolean is_it(const gw_direct *d, const gw_word *w) {
  return d && !g_strcmp0(d->sid, w->u.jmi.id) && gw_jid_same(d->peer, w->from);
}

static gboolean is_known(const gw_bridge *b, const gw_word *w) {
  for (guint i = 0; i < b->calls->len; i++) {
    const gw_call *c = b->calls->pdata[i];
    if (is_it(c->direct, w) || is_it(c->crossed, w)) return TRUE;
  }
  return FALSE;
}

static void proposed(gw_bridge *b, const gw_word *w) {
  if (is_known(b, w)) return;
  gw_call *c = crossing(b, w);
  gw_cause cause = GW_CAUSE_NONE;
  gboolean silent = FALSE;
  if (c) {
    gw_direct_free(c->crossed);
    c->crossed = direct_new(w->from, w->u.jmi.id);
    hand_over(c, w);
    return;
  }
  if (!w->u.jmi.audio)
    cause = turned_away(b, w->from, NULL, GW_CAUSE_NO_CODEC, "proposes no audio", &silent);
  else
    ring(b, w->from, w->to, w->u.jmi.id, &cause, &silent);
  if (cause && !silent) gw_xmpp_reject(b->xmpp, w, gw_cause_jingle(cause));
}

/* Each call looks at person and id by itself: there are few, and most words are of one. */
void gw_bridge_jmi(gw_xmpp *x, const gw_word *w, void *bridge) {
  gw_bridge *b = bridge;
  if (w->historic || !w->from || !gw_jid_resource(w->from)) {
    if (w->u.jmi.action != GW_JMI_ERROR)
      return; /* it came late, or from nobody who could be answered */
  }
  if (w->u.jmi.action == GW_JMI_PROPOSE) {
    proposed(b, w);
    return;
  }
  for (guint i = 0; i < b->calls->len; i++) {
    gw_call *c = b->calls->pdata[i];
    if (c->machine.direct && c->seat && gw_jid_same_bare(c->room_conf->room, w->from))
      hand_over(c, w);
  }
}

/* --- hold --- */

/* He holds the call: the phone is told by a new offer, as a telephone system would (RFC 3264 8.4). */
void gw_direct_held(gw_call *c, gboolean on) {
  if (!c->sip || !c->leg_caps || c->machine.state >= GW_CS_CLOSING) return;
  g_autoptr(gw_desc) offer = gw_desc_copy(c->leg_caps);
  gw_desc_media *audio = gw_desc_audio(offer);
  gw_log_ctx ctx = gw_call_ctx(c);
  if (!audio) return;
  audio->dir = on ? GW_DIR_SENDONLY : GW_DIR_SENDRECV;
  gw_call_reoffer(c, offer);
  gw_call_trace(c, GW_LANE_JINGLE, GW_TRACE_NOTE, NULL, on ? "holds the call" : "takes it back");
  gw_info(&ctx, "held-by-peer", "on=%d", on);
}

#include "gateway/flavour/jmuci_mesh.h"
#include <string.h>
#include "base/jid.h"
#include "gateway/flavour/session_desc.h"

/* --- life --- */

gw_pair *gw_pair_new(const char *nick) {
  gw_pair *p = g_new0(gw_pair, 1);
  p->nick = g_strdup(nick);
  p->due = GW_NEVER;
  p->local = g_array_new(FALSE, FALSE, sizeof(gw_candidate));
  p->remote = g_ptr_array_new_with_free_func((GDestroyNotify)gw_desc_free);
  p->tried = g_ptr_array_new_with_free_func(g_free);
  return p;
}

void gw_pair_free(gpointer data) {
  gw_pair *p = data;
  g_free(p->nick);
  g_free(p->jid);
  g_free(p->sid);
  g_free(p->last_sid);
  g_free(p->mid);
  g_free(p->ufrag);
  g_free(p->pwd);
  gw_desc_free(p->offer);
  g_array_unref(p->local);
  g_ptr_array_unref(p->remote);
  g_ptr_array_unref(p->tried);
  g_free(p);
}

gw_pair *gw_pair_find(const gw_flavour *f, const char *nick) {
  for (guint i = 0; nick && i < f->pairs->len; i++) {
    gw_pair *p = f->pairs->pdata[i];
    if (!strcmp(p->nick, nick)) return p;
  }
  return NULL;
}

/* The oldest of those with whom nothing is under way gives up its place. */
static gboolean make_room(gw_flavour *f) {
  if (f->pairs->len < GW_MAX_SESSIONS_PER_SEAT) return TRUE;
  for (guint i = 0; i < f->pairs->len; i++) {
    const gw_pair *p = f->pairs->pdata[i];
    if (p->state != GW_PAIR_NONE) continue;
    g_ptr_array_remove_index(f->pairs, i);
    return TRUE;
  }
  return FALSE;
}

gw_pair *gw_pair_get(gw_flavour *f, const char *nick) {
  gw_pair *p = gw_pair_find(f, nick);
  if (p || !make_room(f)) return p;
  p = gw_pair_new(nick);
  g_ptr_array_add(f->pairs, p);
  return p;
}

gw_pair *gw_pair_by_peer(const gw_flavour *f, guint peer) {
  for (guint i = 0; peer && i < f->pairs->len; i++) {
    gw_pair *p = f->pairs->pdata[i];
    if (p->peer == peer) return p;
  }
  return NULL;
}

gw_pair *gw_pair_by_sid(const gw_flavour *f, const char *jid, const char *sid) {
  for (guint i = 0; jid && sid && i < f->pairs->len; i++) {
    gw_pair *p = f->pairs->pdata[i];
    if (p->sid && !strcmp(p->sid, sid) && gw_jid_same(p->jid, jid)) return p;
  }
  return NULL;
}

/* Waiting for a proposer without end does not count: it may never call. */
gboolean gw_pair_busy(const gw_pair *p) {
  return p->state != GW_PAIR_NONE && (p->state != GW_PAIR_EXPECT || p->due != GW_NEVER);
}

static gw_action *act(gw_flavour *f, gw_act_type type, const gw_pair *p) {
  gw_action *a = gw_actions_add(f->out, type);
  a->peer = p->peer;
  return a;
}

static void set_state(gw_pair *p, gw_pair_state state, gint64 due) {
  p->state = state;
  p->due = due;
}

static gw_word *jingle(const gw_pair *p, gw_jingle_action action) {
  return gw_word_new_jingle(action, p->jid, p->sid, p->offerer);
}

static void open_transport(gw_flavour *f, gw_pair *p, const char *jid, char *sid, gw_setup setup) {
  p->jid = g_strdup(jid);
  p->sid = sid;
  p->peer = ++f->last_peer;
  gw_action *a = act(f, GW_ACT_PEER_OPEN, p);
  a->offerer = p->offerer;
  a->setup = setup;
  a->jid = g_strdup(p->jid);
  a->nick = g_strdup(p->nick);
  a->sid = g_strdup(p->sid);
}

static void say_remote(gw_flavour *f, const gw_pair *p, const gw_desc *desc) {
  act(f, GW_ACT_PEER_REMOTE, p)->desc = gw_desc_copy(desc);
}

/* --- descriptions --- */

static void remember_transport(gw_pair *p, const gw_desc_media *m) {
  p->mid = g_strdup(m->mid);
  p->ufrag = g_strdup(m->ufrag);
  p->pwd = g_strdup(m->pwd);
  g_array_set_size(p->local, 0);
}

/* What every JMUCI client takes: these three and no more (G.722 and telephone-event come back by
 * our answers only). */
static void keep_offered(gw_desc_media *m) {
  static const struct {
    const char *name;
    guint8 pt;
    guint32 clock;
    guint8 channels;
  } known[] = {{"opus", 111, 48000, 2}, {"PCMU", 0, 8000, 1}, {"PCMA", 8, 8000, 1}};
  g_autoptr(gw_desc) scratch = gw_desc_new();
  gw_desc_media *had = gw_desc_add(scratch, GW_KIND_AUDIO, NULL);
  GArray *codecs = m->codecs;
  m->codecs = had->codecs;
  had->codecs = codecs;
  for (guint i = 0; i < had->codecs->len; i++) {
    const gw_codec *c = &g_array_index(had->codecs, gw_codec, i);
    for (guint k = 0; k < G_N_ELEMENTS(known); k++)
      if (gw_codec_is(c, known[k].name) && c->clock == known[k].clock)
        gw_desc_media_add_codec(m, c->pt, c->name, c->clock, c->channels, c->fmtp);
  }
  const gboolean none = !m->codecs->len;
  for (guint k = 0; none && k < G_N_ELEMENTS(known); k++)
    gw_desc_media_add_codec(m, known[k].pt, known[k].name, known[k].clock, known[k].channels, NULL);
}

/* Our offer: one content "0", like a browser's. */
static gw_desc *make_offer(const gw_pair *p, const gw_desc *local) {
  gw_desc *d = gw_sd_offer(local, "0", TRUE, p->local);
  if (d) keep_offered(gw_desc_audio(d));
  return d;
}

static gw_desc *make_answer(const gw_pair *p, const gw_desc *local, const char **ret_reason) {
  return gw_sd_answer(p->offer, local, FALSE, p->local, ret_reason);
}

/* --- ending --- */

void gw_mesh_refuse(gw_flavour *f, const char *jid, const char *sid, const char *reason) {
  gw_word *w = gw_word_new_jingle(GW_JINGLE_SESSION_TERMINATE, jid, sid, FALSE);
  w->u.jingle.reason = g_strdup(reason);
  gw_mesh_say(f, w);
}

static char *random_fingerprint(gw_ids *ids) {
  guint8 digest[32];
  GString *s = g_string_new(NULL);
  gw_ids_bytes(ids, digest, sizeof digest);
  for (guint i = 0; i < sizeof digest; i++)
    g_string_append_printf(s, "%s%02X", i ? ":" : "", digest[i]);
  return g_string_free(s, FALSE);
}

/* A JSXC proposer whose offer ends before it was accepted calls nobody after us, whatever the reason
 * (jmuci.md 2.2). Where we have no transport, an answer is made without one: it is ended in the same
 * breath. FALSE: not even that can be answered. */
static gboolean accept_for_form(gw_flavour *f, gw_pair *p) {
  g_autoptr(gw_desc) caps = gw_desc_new();
  gw_desc_media *m = gw_desc_add(caps, GW_KIND_AUDIO, NULL);
  const char *why = NULL;
  m->dir = GW_DIR_SENDRECV;
  m->ufrag = gw_ids_hex(f->ids, 4);
  m->pwd = gw_ids_hex(f->ids, 12);
  m->fp_hash = g_strdup("sha-256");
  m->fp_value = random_fingerprint(f->ids);
  keep_offered(m);
  gw_desc *answer = make_answer(p, caps, &why);
  if (!answer) return FALSE;
  gw_sd_only_audio_candidates(answer);
  gw_word *w = jingle(p, GW_JINGLE_SESSION_ACCEPT);
  w->u.jingle.desc = answer;
  gw_mesh_say(f, w);
  return TRUE;
}

static void say_terminate(gw_flavour *f, gw_pair *p, const char *reason) {
  const gboolean replaced = !strcmp(reason, "alternative-session"); /* the next one is accepted */
  if (p->state == GW_PAIR_ANSWERING && !replaced && accept_for_form(f, p))
    reason = gw_mesh_farewell(f);
  gw_word *w = jingle(p, GW_JINGLE_SESSION_TERMINATE);
  w->u.jingle.reason = g_strdup(reason);
  gw_mesh_say(f, w);
}

void gw_pair_close(gw_flavour *f, gw_pair *p, const char *reason) {
  if (reason && p->state >= GW_PAIR_OFFERED) /* earlier states: the other side knows of nothing */
    say_terminate(f, p, reason);
  if (p->peer) act(f, GW_ACT_PEER_CLOSE, p);
  set_state(p, GW_PAIR_NONE, GW_NEVER);
  p->peer = 0;
  p->offerer = p->up = FALSE;
  if (p->sid) {
    g_free(p->last_sid);
    p->last_sid = g_steal_pointer(&p->sid);
  }
  g_clear_pointer(&p->jid, g_free);
  g_clear_pointer(&p->mid, g_free);
  g_clear_pointer(&p->ufrag, g_free);
  g_clear_pointer(&p->pwd, g_free);
  g_clear_pointer(&p->offer, gw_desc_free);
  g_array_set_size(p->local, 0);
  g_ptr_array_set_size(p->remote, 0);
}

void gw_pair_gone(gw_flavour *f, gw_pair *p, const char *reason) {
  gw_pair_close(f, p, reason);
  if (!gw_mesh_call(f)) return;
  gw_ledger_kill_nick(f->ledger, f->call_id, p->nick);
  gw_mesh_dead(f, p->nick);
}

/* --- calling --- */

void gw_pair_expect(gw_flavour *f, gw_pair *p) {
  set_state(p, GW_PAIR_EXPECT, f->now + GW_MESH_SILENT);
}

static gboolean usable(const gw_pair *p, const char *jid) {
  return jid && gw_jid_resource(jid) &&
         !g_ptr_array_find_with_equal_func(p->tried, jid, (GEqualFunc)gw_jid_same, NULL);
}

/* The device that accepted; then the others of the nick, the newest first. */
static const char *best_jid(const gw_flavour *f, const gw_pair *p, const gw_ledger_call *c) {
  const gw_order_entry *e = gw_ledger_entry_of(c, p->nick);
  const gw_jmuci_person *who = gw_jmuci_roster_find(gw_ledger_roster(f->ledger), p->nick);
  if (e && usable(p, e->jid)) return e->jid;
  for (guint i = who ? g_strv_length(who->jids) : 0; i > 0; i--)
    if (usable(p, who->jids[i - 1])) return who->jids[i - 1];
  return NULL;
}

void gw_pair_call(gw_flavour *f, gw_pair *p) {
  const gw_ledger_call *c = gw_mesh_call(f);
  /* a proposer holds no accepted call: our offer would ring there as a new one */
  const gboolean may = c && gw_ledger_index(c, p->nick) != 0 && gw_mesh_is_other(f, p->nick);
  const char *jid = may && p->attempts < GW_MESH_ATTEMPTS ? best_jid(f, p, c) : NULL;
  if (!jid) {
    gw_pair_gone(f, p, NULL);
    return;
  }
  g_autofree char *uuid = gw_ids_uuid(f->ids);
  p->attempts++;
  p->offerer = TRUE;
  open_transport(f, p, jid, g_strconcat(f->call_id, ":", uuid, NULL), GW_SETUP_ACTPASS);
  set_state(p, GW_PAIR_OPENING, f->now + GW_MESH_LOCAL);
}

gboolean gw_pair_retry(gw_flavour *f, gw_pair *p) {
  const gw_ledger_call *c = gw_mesh_call(f);
  if (!c || p->tried->len >= GW_MAX_JIDS_PER_NICK) return FALSE;
  g_ptr_array_add(p->tried, g_strdup(p->jid));
  if (!best_jid(f, p, c)) return FALSE;
  gw_pair_close(f, p, NULL);
  gw_pair_call(f, p);
  return TRUE;
}

/* --- our descriptions are said --- */

static void say_offer(gw_flavour *f, gw_pair *p, const gw_desc *local) {
  gw_desc *offer = make_offer(p, local);
  if (!offer) {
    gw_pair_gone(f, p, NULL);
    return;
  }
  remember_transport(p, gw_desc_audio(offer));
  gw_word *w = jingle(p, GW_JINGLE_SESSION_INITIATE);
  w->u.jingle.desc = offer;
  gw_mesh_say(f, w);
  p->said_us = f->now;
  set_state(p, GW_PAIR_OFFERED, f->now + GW_MESH_OFFERED);
}

static void become_active(gw_flavour *f, gw_pair *p) {
  set_state(p, GW_PAIR_ACTIVE, f->now + GW_MESH_CONNECT);
  f->had_session = TRUE;
  if (f->muted) gw_pair_mute(f, p);
}

static void say_answer(gw_flavour *f, gw_pair *p, const gw_desc *local) {
  const char *reason = NULL;
  gw_desc *answer = make_answer(p, local, &reason);
  if (!answer) {
    gw_pair_gone(f, p, reason);
    return;
  }
  remember_transport(p, gw_sd_only_audio_candidates(answer));
  g_clear_pointer(&p->offer, gw_desc_free);
  gw_word *w = jingle(p, GW_JINGLE_SESSION_ACCEPT);
  w->u.jingle.desc = answer;
  gw_mesh_say(f, w);
  if (f->phase == GW_MESH_STOPPING) {
    p->state = GW_PAIR_ACTIVE;
    gw_pair_close(
        f, p, gw_mesh_farewell(f)); /* the phone has gone, but a proposer must see an accept, or it
                                       calls nobody else */
  } else {
    become_active(f, p);
  }
}

void gw_pair_local(gw_flavour *f, gw_pair *p, const gw_desc *local) {
  if (p->state == GW_PAIR_OPENING)
    say_offer(f, p, local);
  else if (p->state == GW_PAIR_ANSWERING)
    say_answer(f, p, local);
}

/* --- the other side --- */

void gw_pair_take(gw_flavour *f, gw_pair *p, const gw_word *w) {
  gw_pair_close(f, p, "alternative-session");
  p->offer = gw_desc_copy(w->u.jingle.desc);
  open_transport(f, p, w->from, g_strdup(w->u.jingle.sid), gw_sd_answer_setup(p->offer));
  set_state(p, GW_PAIR_ANSWERING, f->now + GW_MESH_LOCAL);
  say_remote(f, p, p->offer);
}

void gw_pair_accepted(gw_flavour *f, gw_pair *p, const gw_desc *desc) {
  const gw_desc_media *m = gw_desc_audio(desc);
  const char *reason = !m || !m->codecs->len ? "incompatible-parameters"
                       : !m->fp_value        ? "security-error"
                                             : NULL;
  if (reason) {
    gw_pair_gone(f, p, reason);
    return;
  }
  say_remote(f, p, desc);
  for (guint i = 0; i < p->remote->len; i++)
    say_remote(f, p, p->remote->pdata[i]);
  g_ptr_array_set_size(p->remote, 0);
  become_active(f, p);
}

void gw_pair_remote(gw_flavour *f, gw_pair *p, const gw_desc *desc) {
  if (p->state == GW_PAIR_ANSWERING || p->state == GW_PAIR_ACTIVE)
    say_remote(f, p, desc);
  else if (p->state == GW_PAIR_OFFERED && p->remote->len < GW_MAX_CANDIDATES)
    g_ptr_array_add(p->remote, gw_desc_copy(desc));
  else
    f->ignored++;
}

/* --- trickle and mute --- */

void gw_pair_candidate(gw_flavour *f, gw_pair *p, const gw_candidate *c) {
  if (p->state == GW_PAIR_OPENING || p->state == GW_PAIR_ANSWERING) {
    if (p->local->len < GW_MAX_CANDIDATES) g_array_append_val(p->local, *c);
    return;
  }
  gw_word *w = jingle(p, GW_JINGLE_TRANSPORT_INFO);
  w->u.jingle.desc = gw_sd_trickle(p->mid, p->ufrag, p->pwd, c);
  gw_mesh_say(f, w);
}

void gw_pair_mute(gw_flavour *f, const gw_pair *p) {
  gw_word *w = jingle(p, GW_JINGLE_SESSION_INFO);
  w->u.jingle.info = f->muted ? GW_INFO_MUTE : GW_INFO_UNMUTE;
  w->u.jingle.info_name = g_strdup(p->mid);
  gw_mesh_say(f, w);
}

/* --- time --- */

static void expected_in_vain(gw_flavour *f, gw_pair *p) {
  const gw_ledger_call *c = gw_mesh_call(f);
  const gw_order_entry *e = c ? gw_ledger_entry_of(c, p->nick) : NULL;
  if (!e || !gw_ledger_entry_lives(f->ledger, e))
    gw_pair_close(f, p, NULL);
  else if (gw_ledger_index(c, p->nick) == 0)
    p->due = GW_NEVER; /* it serves one after the other: our turn may come */
  else if (!f->had_session)
    p->due = GW_NEVER; /* not one has called: the whole call is dead, and its windows are closed */
  else
    gw_pair_call(f, p);
}

void gw_pair_due(gw_flavour *f, gw_pair *p) {
  if (f->now < p->due) return;
  switch (p->state) {
  case GW_PAIR_EXPECT:
    expected_in_vain(f, p);
    break;
  case GW_PAIR_PAUSE:
    gw_pair_call(f, p);
    break;
  case GW_PAIR_OPENING:
    gw_pair_gone(f, p, NULL);
    break;
  case GW_PAIR_ANSWERING:
    gw_pair_gone(f, p, "general-error");
    break;
  case GW_PAIR_OFFERED:
    gw_pair_gone(f, p, "timeout");
    break;
  case GW_PAIR_ACTIVE:
    gw_pair_gone(f, p, "connectivity-error");
    break;
  case GW_PAIR_NONE:
    p->due = GW_NEVER;
    break;
  }
}

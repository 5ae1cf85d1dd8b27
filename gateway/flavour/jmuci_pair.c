#include "gateway/flavour/jmuci_mesh.h"
#include <string.h>
#include "base/jid.h"
#include "gateway/flavour/session_desc.h"

/* --- life --- */

gw_pair *gw_pair_new(const char *nick) {
  gw_pair *p = g_new0(gw_pair, 1);
  p->nick = g_strdup(nick);
  p->due = GW_NEVER;
  gw_fl_session_init(&p->s);
  p->tried = g_ptr_array_new_with_free_func(g_free);
  return p;
}

void gw_pair_free(gpointer data) {
  gw_pair *p = data;
  g_free(p->nick);
  g_free(p->last_sid);
  gw_fl_session_clear(&p->s);
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
    if (p->s.peer == peer) return p;
  }
  return NULL;
}

gw_pair *gw_pair_by_sid(const gw_flavour *f, const char *jid, const char *sid) {
  for (guint i = 0; i < f->pairs->len; i++) {
    gw_pair *p = f->pairs->pdata[i];
    if (gw_fl_session_is(&p->s, jid, sid)) return p;
  }
  return NULL;
}

/* Waiting for a proposer without end does not count: it may never call. */
gboolean gw_pair_busy(const gw_pair *p) {
  return p->state != GW_PAIR_NONE && (p->state != GW_PAIR_EXPECT || p->due != GW_NEVER);
}

static void set_state(gw_pair *p, gw_pair_state state, gint64 due) {
  p->state = state;
  p->due = due;
}

/* --- descriptions --- */

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
  gw_desc *d = gw_sd_offer(local, "0", TRUE, p->s.local);
  if (d) keep_offered(gw_desc_audio(d));
  return d;
}

static gw_desc *make_answer(const gw_pair *p, const gw_desc *local, const char **ret_reason) {
  return gw_sd_answer(p->s.offer, local, FALSE, p->s.local, ret_reason);
}

/* --- ending --- */

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
  gw_word *w = gw_fl_session_word(&p->s, GW_JINGLE_SESSION_ACCEPT);
  w->u.jingle.desc = answer;
  gw_fl_say(&f->common, w);
  return TRUE;
}

static void say_terminate(gw_flavour *f, gw_pair *p, const char *reason) {
  const gboolean replaced = !strcmp(reason, "alternative-session"); /* the next one is accepted */
  if (p->state == GW_PAIR_ANSWERING && !replaced && accept_for_form(f, p))
    reason = gw_mesh_farewell(f);
  gw_fl_session_terminate(&f->common, &p->s, reason);
}

void gw_pair_close(gw_flavour *f, gw_pair *p, const char *reason) {
  if (reason && p->state >= GW_PAIR_OFFERED) /* earlier states: the other side knows of nothing */
    say_terminate(f, p, reason);
  set_state(p, GW_PAIR_NONE, GW_NEVER);
  if (p->s.sid) {
    g_free(p->last_sid);
    p->last_sid = g_steal_pointer(&p->s.sid);
  }
  gw_fl_session_close(&f->common, &p->s);
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
  p->s.offerer = TRUE;
  gw_fl_session_open(&f->common, &p->s, p->nick, jid, g_strconcat(f->call_id, ":", uuid, NULL),
                     GW_SETUP_ACTPASS);
  set_state(p, GW_PAIR_OPENING, f->now + GW_MESH_LOCAL);
}

gboolean gw_pair_retry(gw_flavour *f, gw_pair *p) {
  const gw_ledger_call *c = gw_mesh_call(f);
  if (!c || p->tried->len >= GW_MAX_JIDS_PER_NICK) return FALSE;
  g_ptr_array_add(p->tried, g_strdup(p->s.jid));
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
  gw_fl_session_initiate(&f->common, &p->s, offer, NULL);
  p->said_us = f->now;
  set_state(p, GW_PAIR_OFFERED, f->now + GW_MESH_OFFERED);
}

static void become_active(gw_flavour *f, gw_pair *p) {
  set_state(p, GW_PAIR_ACTIVE, f->now + GW_MESH_CONNECT);
  f->had_session = TRUE;
  if (f->muted) gw_fl_session_mute(&f->common, &p->s);
}

static void say_answer(gw_flavour *f, gw_pair *p, const gw_desc *local) {
  const char *reason = NULL;
  gw_desc *answer = make_answer(p, local, &reason);
  if (!answer) {
    gw_pair_gone(f, p, reason);
    return;
  }
  gw_fl_session_accept(&f->common, &p->s, answer);
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
  gw_fl_session_take(&f->common, &p->s, p->nick, w);
  set_state(p, GW_PAIR_ANSWERING, f->now + GW_MESH_LOCAL);
}

void gw_pair_accepted(gw_flavour *f, gw_pair *p, const gw_desc *desc) {
  const char *reason = gw_fl_session_accepted(&f->common, &p->s, desc);
  if (reason)
    gw_pair_gone(f, p, reason);
  else
    become_active(f, p);
}

void gw_pair_remote(gw_flavour *f, gw_pair *p, const gw_desc *desc) {
  if (p->state == GW_PAIR_ANSWERING || p->state == GW_PAIR_ACTIVE)
    gw_fl_session_remote(&f->common, &p->s, desc);
  else if (p->state != GW_PAIR_OFFERED || !gw_fl_session_keep(&p->s, desc))
    f->ignored++;
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

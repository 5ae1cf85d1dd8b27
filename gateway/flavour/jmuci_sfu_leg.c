/* One stream at the forwarding service: opened, asked for, answered, heard. */
#include "gateway/flavour/jmuci_sfu.h"
#include <string.h>

/* --- life --- */

static gw_sfu_leg *leg_new(gw_flavour *f, const char *nick) {
  if (f->legs->len >= GW_MAX_SESSIONS_PER_SEAT) return NULL;
  gw_sfu_leg *l = g_new0(gw_sfu_leg, 1);
  l->nick = g_strdup(nick);
  l->due = GW_NEVER;
  l->local = g_array_new(FALSE, FALSE, sizeof(gw_candidate));
  l->remote = g_ptr_array_new_with_free_func((GDestroyNotify)gw_desc_free);
  g_ptr_array_add(f->legs, l);
  return l;
}

void gw_sfu_leg_free(gpointer data) {
  gw_sfu_leg *l = data;
  g_free(l->nick);
  g_free(l->ufrag);
  g_free(l->pwd);
  g_array_unref(l->local);
  g_ptr_array_unref(l->remote);
  g_free(l);
}

gw_sfu_leg *gw_sfu_leg_of(const gw_flavour *f, const char *nick) {
  for (guint i = 0; nick && i < f->legs->len; i++) {
    gw_sfu_leg *l = f->legs->pdata[i];
    if (!strcmp(l->nick, nick)) return l;
  }
  return NULL;
}

gw_sfu_leg *gw_sfu_leg_by_peer(const gw_flavour *f, guint peer) {
  for (guint i = 0; peer && i < f->legs->len; i++) {
    gw_sfu_leg *l = f->legs->pdata[i];
    if (l->peer == peer) return l;
  }
  return NULL;
}

gboolean gw_sfu_leg_busy(const gw_sfu_leg *l) {
  return l->state != GW_LEG_LOST && !l->quiet;
}

static void close_peer(gw_flavour *f, gw_sfu_leg *l) {
  if (l->peer) gw_actions_add(f->out, GW_ACT_PEER_CLOSE)->peer = l->peer;
  l->peer = 0;
  l->up = l->rtp = FALSE;
  l->due = GW_NEVER;
}

void gw_sfu_leg_drop(gw_flavour *f, gw_sfu_leg *l) {
  close_peer(f, l);
  g_ptr_array_remove(f->legs, l);
}

void gw_sfu_legs_drop_all(gw_flavour *f) {
  while (f->legs->len)
    gw_sfu_leg_drop(f, f->legs->pdata[0]);
}

void gw_sfu_leg_lose(gw_flavour *f, gw_sfu_leg *l) {
  close_peer(f, l);
  l->state = GW_LEG_LOST;
}

/* --- asking --- */

static const char *jid_of(const gw_flavour *f, const char *nick) {
  const gw_jmuci_person *p = gw_jmuci_roster_find(gw_ledger_roster(f->ledger), nick);
  const char *jid = p ? gw_jmuci_person_newest(p) : NULL;
  return jid ? jid : nick;
}

static void open_leg(gw_flavour *f, gw_sfu_leg *l) {
  l->state = GW_LEG_OPENING;
  l->due = f->now + GW_SFUFL_LOCAL;
  l->peer = ++f->last_peer;
  gw_action *a = gw_actions_add(f->out, GW_ACT_PEER_OPEN);
  a->peer = l->peer;
  a->offerer = TRUE;
  a->use = l->publish ? GW_USE_PUBLISH : GW_USE_RECEIVE;
  a->jid = g_strdup(l->publish ? f->own_jid : jid_of(f, l->nick));
  a->nick = g_strdup(l->nick);
}

void gw_sfu_leg_publish(gw_flavour *f) {
  gw_sfu_leg *l = leg_new(f, f->own_nick);
  if (!l) return;
  l->publish = TRUE;
  open_leg(f, l);
}

void gw_sfu_leg_want(gw_flavour *f, const char *nick) {
  gw_sfu_leg *l = gw_sfu_leg_of(f, nick) ? NULL : leg_new(f, nick);
  if (!l) return;
  l->state = GW_LEG_WANTED;
  l->due = f->now + GW_SFUFL_UNJOINED;
  if (g_hash_table_contains(f->there, nick)) open_leg(f, l);
}

void gw_sfu_leg_there(gw_flavour *f, gw_sfu_leg *l) {
  if (l->state == GW_LEG_WANTED) open_leg(f, l);
}

void gw_sfu_leg_due(gw_flavour *f, gw_sfu_leg *l) {
  if (f->now < l->due) return;
  l->due = GW_NEVER;
  if (l->state == GW_LEG_WANTED)
    open_leg(f, l);
  else if (l->state == GW_LEG_OPENING)
    gw_sfu_leg_lose(f, l);
}

/* --- descriptions --- */

/* Port 9: nothing is known yet (RFC 8840 4.1.1), while port 0 would refuse the stream. */
static void dress(gw_desc *d) {
  d->bundle = TRUE;
  for (guint i = 0; i < d->media->len; i++) {
    gw_desc_media *m = d->media->pdata[i];
    g_free(m->mid);
    m->mid = g_strdup_printf("%u", i);
    m->proto = GW_PROTO_DTLS_SAVPF;
    m->setup = GW_SETUP_ACTPASS;
    m->rtcp_mux = TRUE;
    m->port = 9;
    if (i) g_array_set_size(m->candidates, 0); /* bundled: the first one's are enough */
  }
}

static void say_candidates(gw_flavour *f, gw_sfu_leg *l, const gw_candidate *first, guint n) {
  gw_action *a = gw_sfufl_ask(f, GW_SFU_ASK_CANDIDATE, l->nick);
  a->desc = gw_desc_new();
  gw_desc_media *m = gw_desc_add(a->desc, GW_KIND_AUDIO, "0");
  g_array_append_vals(m->candidates, first, n);
}

void gw_sfu_leg_local(gw_flavour *f, gw_sfu_leg *l, const gw_desc *local) {
  if (l->state != GW_LEG_OPENING) return;
  gw_action *a = gw_sfufl_ask(f, GW_SFU_ASK_STREAM, l->nick);
  a->desc = gw_desc_copy(local);
  dress(a->desc);
  l->state = GW_LEG_ASKED;
  l->due = GW_NEVER; /* the service's side keeps the time */
  if (l->local->len)
    say_candidates(f, l, (const gw_candidate *)(void *)l->local->data, l->local->len);
  g_array_set_size(l->local, 0);
}

void gw_sfu_leg_candidate(gw_flavour *f, gw_sfu_leg *l, const gw_candidate *c) {
  if (l->state == GW_LEG_OPENING && l->local->len < GW_MAX_CANDIDATES)
    g_array_append_val(l->local, *c);
  else if (l->state == GW_LEG_ASKED || l->state == GW_LEG_ACTIVE)
    say_candidates(f, l, c, 1);
}

/* Sound that we can send or hear, on a transport that can be trusted. */
static gboolean is_usable(const gw_sfu_leg *l, const gw_desc *answer) {
  const gw_desc_media *m = gw_desc_audio(answer);
  const gw_dir dir = l->publish ? GW_DIR_RECVONLY : GW_DIR_SENDONLY;
  return m && m->codecs->len && m->ufrag && m->pwd && m->fp_value && (m->dir & dir);
}

gboolean gw_sfu_leg_answer(gw_flavour *f, gw_sfu_leg *l, const gw_desc *answer) {
  if (l->state != GW_LEG_ASKED) return TRUE;
  if (!answer || !is_usable(l, answer)) {
    gw_sfu_leg_lose(f, l);
    return FALSE;
  }
  const gw_desc_media *m = gw_desc_audio(answer);
  l->state = GW_LEG_ACTIVE;
  l->ufrag = g_strdup(m->ufrag);
  l->pwd = g_strdup(m->pwd);
  gw_action *a = gw_actions_add(f->out, GW_ACT_PEER_REMOTE);
  a->peer = l->peer;
  a->desc = gw_desc_copy(answer);
  for (guint i = 0; i < l->remote->len; i++)
    gw_sfu_leg_remote(f, l, l->remote->pdata[i]);
  g_ptr_array_set_size(l->remote, 0);
  return TRUE;
}

/* Of bundled media and with RTCP beside RTP on one port, candidates for anything else are left out. */
void gw_sfu_leg_remote(gw_flavour *f, gw_sfu_leg *l, const gw_desc *candidates) {
  const gw_desc_media *m = candidates->media->len ? candidates->media->pdata[0] : NULL;
  const gw_candidate *c =
      m && m->candidates->len ? &g_array_index(m->candidates, gw_candidate, 0) : NULL;
  if (!c || c->component != 1 || !c->udp) return;
  if (l->state == GW_LEG_ASKED && l->remote->len < GW_MAX_CANDIDATES)
    g_ptr_array_add(l->remote, gw_desc_copy(candidates));
  if (l->state != GW_LEG_ACTIVE) return;
  gw_action *a = gw_actions_add(f->out, GW_ACT_PEER_REMOTE);
  a->peer = l->peer;
  a->desc = gw_desc_copy(candidates);
  gw_desc_media *to = a->desc->media->pdata[0];
  g_free(to->ufrag);
  g_free(to->pwd);
  to->ufrag = g_strdup(l->ufrag);
  to->pwd = g_strdup(l->pwd);
}

/* Who takes part, as the room's presences say, and who calls whom: whoever comes calls those who were there before. */
#include <string.h>
#include "base/jid.h"
#include "gateway/flavour/muji.h"

static gw_mj_member *find(const gw_flavour *f, const char *nick, guint *ret_i) {
  for (guint i = 0; nick && i < f->members->len; i++) {
    gw_mj_member *m = f->members->pdata[i];
    if (strcmp(m->nick, nick)) continue;
    if (ret_i) *ret_i = i;
    return m;
  }
  return NULL;
}

static gboolean has_jid(const gw_mj_member *m, const char *jid) {
  for (guint i = 0; m->jids[i]; i++)
    if (gw_jid_same(m->jids[i], jid)) return TRUE;
  return FALSE;
}

gw_mj_member *gw_mj_by_jid(const gw_flavour *f, const char *jid) {
  for (guint i = 0; jid && i < f->members->len; i++)
    if (has_jid(f->members->pdata[i], jid)) return f->members->pdata[i];
  return NULL;
}

gw_mj_member *gw_mj_by_peer(const gw_flavour *f, guint peer) {
  for (guint i = 0; peer && i < f->members->len; i++) {
    gw_mj_member *m = f->members->pdata[i];
    if (m->s.peer == peer) return m;
  }
  return NULL;
}

void gw_mj_member_free(gpointer data) {
  gw_mj_member *m = data;
  g_free(m->nick);
  g_strfreev(m->jids);
  gw_desc_free(m->desc);
  gw_fl_session_clear(&m->s);
  g_free(m);
}

static gw_mj_member *add(gw_flavour *f, const char *nick) {
  if (f->members->len >= GW_MAX_SESSIONS_PER_SEAT) return NULL;
  gw_mj_member *m = g_new0(gw_mj_member, 1);
  m->nick = g_strdup(nick);
  m->due = GW_NEVER;
  gw_fl_session_init(&m->s);
  g_ptr_array_add(f->members, m);
  return m;
}

/* --- counting */

gboolean gw_mj_must_wait(const gw_flavour *f) {
  for (guint i = 0; i < f->members->len; i++) {
    const gw_mj_member *m = f->members->pdata[i];
    if (m->before && !m->ours && m->preparing && !m->contents) return TRUE;
  }
  return FALSE;
}

guint gw_mj_company(const gw_flavour *f, gboolean ours_too) {
  guint n = 0;
  for (guint i = 0; i < f->members->len; i++)
    n += ours_too || !((const gw_mj_member *)f->members->pdata[i])->ours;
  return n;
}

/* --- leaving */

static void drop(gw_flavour *f, guint i) {
  gw_mj_close(f, f->members->pdata[i], "success");
  g_ptr_array_remove_index(f->members, i);
}

/* Out of the room only because the server was away: still heard, and perhaps back soon. */
static gboolean missed(const gw_flavour *f, const gw_mj_member *m) {
  return (f->frozen || f->settle_at != GW_NEVER) && m->state == GW_MJ_ACTIVE && m->s.up;
}

void gw_mj_settle(gw_flavour *f, gboolean all) {
  f->settle_at = all ? GW_NEVER : f->now + GW_MJ_BACK;
  for (guint i = f->members->len; i-- > 0;) {
    const gw_mj_member *m = f->members->pdata[i];
    if (m->stale && (all || !missed(f, m))) drop(f, i);
  }
}

/* --- coming */

static gboolean finished(const gw_mj_member *m) {
  return m->contents;
}

void gw_mj_arrange(gw_flavour *f, gw_mj_member *m) {
  if (m->ours || m->state != GW_MJ_NONE || !finished(m)) return;
  if (f->phase == GW_MJ_PUBLISHING && m->before)
    gw_mj_call(f, m);
  else /* it finished after we came in, so it has read our presence and calls: unless it does not */
    gw_mj_expect(f, m, m->before ? GW_MJ_PAUSE : GW_MJ_LATE);
}

/* The device that we talk to is not of this nick any more. */
static void check_device(gw_flavour *f, gw_mj_member *m) {
  if (m->s.jid && m->jids[0] && !has_jid(m, m->s.jid)) gw_mj_again(f, m, "gone", GW_MJ_PAUSE);
}

static void note_crowd(gw_flavour *f) {
  if (gw_mj_company(f, TRUE) >= GW_MJ_CROWD)
    gw_fl_note(&f->common, &f->crowd_noted,
               "more than five participants: a Dino that comes now ends its call at once");
}

/* He has led us here from a call with him alone, and stays in that session: he would take a second one for another call. */
static void carry(gw_flavour *f, gw_mj_member *m) {
  if (!f->carried.jid || m->state != GW_MJ_NONE || !has_jid(m, f->carried.jid)) return;
  const gw_fl_session none = m->s;
  m->s = f->carried;
  f->carried = none;
  m->carried = TRUE;
  m->state = GW_MJ_ACTIVE;
}

static void update(gw_flavour *f, gw_mj_member *m, const gw_fl_occupant *who) {
  static const char *const nobody[] = {NULL};
  const gboolean was = finished(m);
  g_strfreev(m->jids);
  m->jids = g_strdupv((char **)(who->jids ? who->jids : nobody));
  m->ours = who->seat;
  m->stale = FALSE;
  m->preparing = who->muji->preparing;
  m->contents |= who->muji->contents;
  if (who->muji->desc) {
    gw_desc_free(m->desc);
    m->desc = gw_desc_copy(who->muji->desc);
  }
  check_device(f, m);
  carry(f, m);
  if (!was && finished(m) && f->phase == GW_MJ_IN) gw_mj_arrange(f, m);
}

static void rename_to(gw_flavour *f, const gw_fl_occupant *who) {
  gw_mj_member *m = who->old_nick ? find(f, who->old_nick, NULL) : NULL;
  if (!m || find(f, who->nick, NULL)) return;
  g_free(m->nick);
  m->nick = g_strdup(who->nick);
}

/* Our own presence came back: in the room's order we are after those that were told before. */
static void reflection(gw_flavour *f, const gw_muji *muji) {
  if (!muji || f->reflected) return;
  if (f->phase == GW_MJ_PREPARING && muji->preparing) {
    f->reflected = TRUE;
    f->phase_until = MIN(f->phase_until, f->now + GW_MJ_OTHERS);
    for (guint i = 0; i < f->members->len; i++)
      ((gw_mj_member *)f->members->pdata[i])->before = TRUE;
  }
  if (f->phase == GW_MJ_PUBLISHING && muji->contents && !muji->preparing) {
    f->reflected = TRUE;
    f->phase_until = f->now + GW_MJ_SETTLE;
  }
}

void gw_mj_occupant(gw_flavour *f, const gw_fl_occupant *who) {
  guint i = 0;
  if (who->self || !strcmp(who->nick, f->own_nick)) {
    reflection(f, who->muji);
    return;
  }
  if (who->watcher) return;
  rename_to(f, who);
  gw_mj_member *m = find(f, who->nick, &i);
  const gboolean takes_part =
      who->present && who->muji && (who->muji->preparing || who->muji->contents);
  if (!takes_part && m && !who->present && missed(f, m))
    m->stale = TRUE;
  else if (!takes_part && m)
    drop(f, i);
  if (!takes_part) return;
  if (!m) m = add(f, who->nick);
  if (!m) {
    f->ignored++;
    return;
  }
  update(f, m, who);
  note_crowd(f);
  gw_mj_early_flush(f);
}

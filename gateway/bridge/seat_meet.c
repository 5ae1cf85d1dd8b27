/* seat_meet.c - a seat whose call is at a meet that had to be found for it, or whose conference has no room around it. */
#include "gateway/bridge/seat_priv.h"

const char *gw_seat_meet(const gw_seat *s) {
  return s->meet;
}

void gw_seat_found_meet(gw_seat *s, const char *jid, gw_cause cause) {
  const gw_ce failed = {.type = GW_CE_JOIN_FAILED, .cause = cause};
  if (s->stopped) return;
  if (jid) {
    g_free(s->meet);
    s->meet = g_strdup(jid);
    gw_seat_begin(s);
    return;
  }
  gw_seat_post(s, &failed);
  gw_seat_shared_post(s, &failed);
}

const char *gw_seat_service(const gw_seat *s) {
  return s->meet ? s->meet : s->conf->conference;
}

gboolean gw_seat_stands_alone(gw_seat *s) {
  if (!s->conference->conf->no_room) return FALSE;
  s->nick = gw_seat_fresh_nick(s);
  gw_timer_set(s->timer, 0); /* not from inside of what makes this seat */
  return TRUE;
}

void gw_seat_stand(gw_seat *s) {
  if (s->conference->conf->no_room && !s->admitted && !s->host) gw_seat_admitted(s);
}

/* Names may be alike here, JIDs are not. */
static void introduce(gw_seat *to, const gw_seat *who) {
  const char *const jids[] = {gw_seat_jid(who), NULL};
  const gw_fl_occupant o = {.nick = jids[0], .jids = jids, .present = TRUE, .seat = TRUE};
  gw_seat_step(to, &(gw_ev){.type = GW_EV_OCCUPANT, .u.who = &o});
}

void gw_seat_meet_companions(gw_seat *s) {
  const GPtrArray *seats = s->conference->seats;
  for (guint i = 0; i < seats->len; i++) {
    gw_seat *other = seats->pdata[i];
    if (other == s || other->host) continue;
    introduce(s, other);
    introduce(other, s);
  }
}

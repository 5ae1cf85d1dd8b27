/* seat_shared.c - identity = "shared": all phones of a room are one participant of its call, phones@DOMAIN. The seat of the first
 * one sits in the room for all; its sessions carry the sound of every phone there (media.h: a peer without leg). The seats of the
 * others have neither persona nor flavour and go by it; when its phone goes, another phone gets it. */
#include "gateway/bridge/seat_priv.h"

const gw_seat *gw_seat_main(const gw_seat *s) {
  return s->host ? s->host : s;
}

gboolean gw_seat_is_shared(const gw_seat *s) {
  return s->shared || s->host;
}

static gw_seat *guest(const gw_seat *host, gboolean started) {
  for (guint i = 0; host->shared && i < host->conference->seats->len; i++) {
    gw_seat *s = host->conference->seats->pdata[i];
    if (s->host == host && (!started || gw_seat_started(s))) return s;
  }
  return NULL;
}

static void each_guest(gw_seat *host, void (*fn)(gw_seat *, const void *), const void *arg) {
  g_autoptr(GPtrArray) seats = g_ptr_array_copy(host->conference->seats, NULL, NULL);
  for (guint i = 0; host->shared && i < seats->len; i++)
    if (((gw_seat *)seats->pdata[i])->host == host) fn(seats->pdata[i], arg);
}

/* --- coming in --- */

gboolean gw_seat_shared_begin(gw_seat *s) {
  gw_conference *c = s->conference;
  s->host = NULL;
  if (gw_direct_is(s->conf) || !g_str_equal(s->conf->identity, "shared")) return FALSE;
  if (!c->shared) {
    c->shared = s;
    s->shared = TRUE;
    return FALSE;
  }
  s->host = c->shared;
  if (s->host->admitted) gw_timer_set(s->timer, 0); /* not from inside of what makes this seat */
  return TRUE;
}

static void post_to(gw_seat *s, const void *event) {
  gw_seat_post(s, event);
}

void gw_seat_shared_post(gw_seat *host, const gw_ce *e) {
  if (e->type == GW_CE_JOIN_FAILED) { /* whoever comes later tries anew */
    host->lost = TRUE;
    if (host->conference->shared == host) host->conference->shared = NULL;
  }
  each_guest(host, post_to, e);
}

/* The seat in the room is that of the other call from now on. */
static void swap(gw_seat *host, gw_seat *other) {
  gw_call *was = host->call;
  const gboolean its = was->seat == host;
  const gboolean started = host->started, stopped = host->stopped, muted = host->muted;
  host->call = other->call;
  host->started = other->started;
  host->stopped = other->stopped;
  host->muted = other->muted;
  host->call->seat = host;
  other->call = was;
  other->started = started;
  other->stopped = stopped;
  other->muted = muted;
  if (its) was->seat = other;
}

gw_seat *gw_seat_shared_start(gw_seat *s) {
  gw_seat *host = s->host;
  if (!host) return s;
  if (!host->flavour && (host->call->seat != host || host->begun))
    return s; /* its call is not there yet: it comes from another room, or looks for its meet */
  if (!host->flavour && !host->lost) {
    swap(host, s);
    return host;
  }
  s->started = TRUE;
  s->class = s->call->flavour = host->class;
  gw_conference_changed(s->conference);
  return s;
}

static void start_late(gw_seat *s, const void *unused) {
  if (s->due && !s->started && !s->stopped) gw_seat_start(s);
}

void gw_seat_shared_started(gw_seat *host) {
  each_guest(host, start_late, NULL);
}

/* --- being there --- */

static void tell(gw_seat *s, const void *cause) {
  if (!gw_seat_started(s)) return;
  gw_seat_tell(s, *(const gw_cause *)cause);
  if (s->host->state == GW_CALL_ENDED) s->started = FALSE;
}

void gw_seat_shared_tell(gw_seat *host, gw_cause cause) {
  each_guest(host, tell, &cause);
}

/* --- leaving --- */

static void begin_anew(gw_seat *s, const void *lost) {
  s->host = NULL;
  if (!*(const gboolean *)lost) gw_seat_take_place(s);
}

void gw_seat_shared_end(gw_seat *s) {
  if (s->conference->shared == s) s->conference->shared = NULL;
  each_guest(s, begin_anew, &s->lost);
}

gw_seat *gw_seat_shared_pass(gw_seat *s) {
  const gw_seat *host = gw_seat_main(s);
  if (s->stopped || !gw_seat_is_shared(s)) return s;
  if (s->host) {
    gw_seat_remember_all(host, s->call);
    return s;
  }
  gw_seat *next = s->lost || s->state == GW_CALL_ENDED ? NULL : guest(s, TRUE);
  if (!next) {
    gw_seat_shared_end(s);
    return s;
  }
  gw_seat_remember_all(s, s->call);
  swap(s, next);
  return next;
}

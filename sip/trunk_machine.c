#include "sip/trunk_machine.h"
#include <string.h>
#include "base/timer.h"

#define SILENCE_FIRST GW_SEC(2) /* after a round in which nobody answered; doubled each time */
#define SILENCE_LAST GW_SEC(120)
#define REFUSAL_FIRST GW_SEC(30) /* after a clear no: asking often makes it no yes */
#define REFUSAL_LAST GW_SEC(600)
#define PING_AGAIN GW_SEC(1) /* one packet may be lost */
#define PINGS_MISSED 2       /* a host that misses so many is dead */
#define RESOLVE_EVERY GW_SEC(300)
#define GRANT_MIN 20   /* s; a registrar that grants less is asked no more often */
#define GRANT_MAX 3600 /* and one that grants more is not believed */

void gw_trunk_machine_init(gw_trunk_machine *m, gboolean registers, guint keepalive_s,
                           guint expires_s) {
  memset(m, 0, sizeof *m);
  m->registers = registers;
  m->keepalive_us = GW_SEC(keepalive_s);
  m->wish_s = m->expires_s = expires_s;
  m->refresh_us = m->ping_us = m->retry_us = m->resolve_us = GW_NEVER;
  g_strlcpy(m->reason, "starting", sizeof m->reason);
}

typedef struct {
  gw_trunk_machine *m;
  gint64 now;
  guint32 random;
  gw_ta *ret;
  guint n;
} turn;

static void act(turn *t, gw_ta a) {
  g_assert(t->n < GW_TA_MAX);
  t->ret[t->n++] = a;
}

/* Somewhere in the second half: many gateways behind one provider must not come back at the same moment. */
static gint64 jitter(gint64 us, guint32 random) {
  return us / 2 + (gint64)((guint64)random * (guint64)(us / 2) / G_MAXUINT32);
}

static void become(turn *t, gw_ts state, const char *reason) {
  gw_trunk_machine *m = t->m;
  if (m->state == state && strcmp(m->reason, reason) == 0) return;
  m->state = state;
  g_strlcpy(m->reason, reason, sizeof m->reason);
  act(t, GW_TA_CHANGED);
}

static void fail(turn *t, const char *reason, gint64 first, gint64 last, gint64 at_least) {
  gw_trunk_machine *m = t->m;
  gint64 wait = MIN(first << MIN(m->rounds, 10), last);
  m->busy = GW_TB_IDLE;
  m->rounds++;
  m->missed = 0;
  m->refresh_us = m->ping_us = m->resolve_us = GW_NEVER;
  m->retry_us = t->now + MAX(jitter(wait, t->random), MIN(at_least, last));
  become(t, GW_TS_DOWN, reason);
}

/* One at a time. */
static void look_up(turn *t) {
  t->m->resolve_us = GW_NEVER;
  if (!t->m->looking) act(t, GW_TA_RESOLVE);
  t->m->looking = TRUE;
}

static void resolve(turn *t) {
  t->m->busy = GW_TB_RESOLVING;
  t->m->retry_us = GW_NEVER;
  look_up(t);
}

static void up(turn *t) {
  gw_trunk_machine *m = t->m;
  m->busy = GW_TB_IDLE;
  m->rounds = m->missed = 0;
  m->retry_us = GW_NEVER;
  if (m->resolve_us == GW_NEVER && !m->looking) m->resolve_us = t->now + RESOLVE_EVERY;
  m->ping_us = m->keepalive_us ? t->now + jitter(m->keepalive_us, t->random) : GW_NEVER;
  become(t, GW_TS_UP, "");
}

static void enlist(turn *t) {
  gw_trunk_machine *m = t->m;
  m->busy = GW_TB_REGISTERING;
  m->refresh_us = GW_NEVER;
  act(t, GW_TA_REGISTER);
}

static void ping(turn *t) {
  t->m->busy = GW_TB_PINGING;
  t->m->ping_us = GW_NEVER;
  act(t, GW_TA_PING);
}

static void approach(turn *t) {
  t->m->missed = 0;
  if (t->m->registers)
    enlist(t);
  else if (t->m->keepalive_us)
    ping(t);
  else
    up(t);
}

static void next_host(turn *t, const char *reason, gint64 at_least) {
  gw_trunk_machine *m = t->m;
  if (++m->host >= m->n) {
    m->host = 0;
    fail(t, reason, SILENCE_FIRST, SILENCE_LAST, at_least);
    return;
  }
  if (m->state == GW_TS_UP) become(t, GW_TS_TRYING, reason);
  approach(t);
}

/* Nothing could be done without them. */
static void first_hosts(turn *t, const gw_te *e) {
  gw_trunk_machine *m = t->m;
  m->busy = GW_TB_IDLE;
  m->n = e->n;
  m->host = 0;
  if (e->n)
    approach(t);
  else
    fail(t, e->reason ? e->reason : "its name leads nowhere", SILENCE_FIRST, SILENCE_LAST, 0);
}

/* Meanwhile all went on with those of before. None: the name server is away, the trunk is not. */
static void new_hosts(turn *t, const gw_te *e) {
  gw_trunk_machine *m = t->m;
  if (m->state == GW_TS_UP) m->resolve_us = t->now + RESOLVE_EVERY;
  if (!e->n) return;
  m->n = e->n;
  m->host = e->kept >= 0 ? (guint)e->kept : 0;
  if (e->kept < 0 && (m->state == GW_TS_UP || m->busy != GW_TB_IDLE)) approach(t);
}

static void hosts(turn *t, const gw_te *e) {
  t->m->looking = FALSE;
  if (t->m->busy == GW_TB_RESOLVING)
    first_hosts(t, e);
  else
    new_hosts(t, e);
}

static void accepted(turn *t, guint granted_s) {
  gw_trunk_machine *m = t->m;
  if (m->busy != GW_TB_REGISTERING) return;
  if (!granted_s) {
    fail(t, "registered for no time at all", REFUSAL_FIRST, REFUSAL_LAST, 0);
    return;
  }
  gint64 grant = GW_SEC(CLAMP(granted_s, GRANT_MIN, GRANT_MAX));
  m->renegotiated = FALSE;
  m->refresh_us = t->now + jitter(grant, t->random) * 9 / 10;
  up(t);
}

static void refused(turn *t, const gw_te *e) {
  gw_trunk_machine *m = t->m;
  g_autofree char *why = g_strdup_printf("%u %s", e->status, e->reason ? e->reason : "");
  if (m->busy != GW_TB_REGISTERING) return;
  if (e->status == 423 && !m->renegotiated && e->min_expires_s > m->expires_s &&
      e->min_expires_s <= 86400) {
    m->renegotiated = TRUE;
    m->expires_s = e->min_expires_s;
    enlist(t);
    return;
  }
  m->renegotiated = FALSE;
  m->expires_s = m->wish_s;
  if (e->status == 408 || e->status == 480 || (e->status >= 500 && e->status < 600))
    next_host(t, g_strchomp(why), GW_SEC(e->retry_after_s));
  else
    fail(t, g_strchomp(why), REFUSAL_FIRST, REFUSAL_LAST, GW_SEC(e->retry_after_s));
}

static void silent(turn *t, const gw_te *e) {
  gw_trunk_machine *m = t->m;
  const char *reason = e->reason ? e->reason : "no answer";
  if (m->busy == GW_TB_REGISTERING) {
    next_host(t, reason, 0);
  } else if (m->busy == GW_TB_PINGING && ++m->missed < PINGS_MISSED) {
    m->busy = GW_TB_IDLE;
    m->ping_us = t->now + PING_AGAIN;
  } else if (m->busy == GW_TB_PINGING) {
    m->refresh_us = GW_NEVER;
    next_host(t, reason, 0);
  }
}

/* One thing at a time; what else is due waits for its answer. */
static void tick(turn *t) {
  gw_trunk_machine *m = t->m;
  if (m->busy != GW_TB_IDLE) return;
  if (t->now >= m->retry_us)
    resolve(t);
  else if (t->now >= m->refresh_us)
    enlist(t);
  else if (t->now >= m->resolve_us)
    look_up(t);
  else if (t->now >= m->ping_us)
    ping(t);
}

guint gw_trunk_machine_step(gw_trunk_machine *m, const gw_te *e, gint64 now, guint32 random,
                            gw_ta *ret) {
  turn t = {m, now, random, ret, 0};
  switch (e->type) {
  case GW_TE_START:
    resolve(&t);
    break;
  case GW_TE_HOSTS:
    hosts(&t, e);
    break;
  case GW_TE_OK:
    accepted(&t, e->granted_s);
    break;
  case GW_TE_REFUSED:
    refused(&t, e);
    break;
  case GW_TE_ALIVE:
    if (m->busy == GW_TB_PINGING) up(&t);
    break;
  case GW_TE_SILENT:
    silent(&t, e);
    break;
  case GW_TE_TICK:
    tick(&t);
    break;
  }
  return t.n;
}

gint64 gw_trunk_machine_deadline(const gw_trunk_machine *m) {
  if (m->busy != GW_TB_IDLE) return GW_NEVER;
  return MIN(MIN(m->refresh_us, m->ping_us), MIN(m->retry_us, m->resolve_us));
}

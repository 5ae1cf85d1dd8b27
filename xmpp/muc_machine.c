#include "xmpp/muc_machine.h"
#include <string.h>
#include "base/jid.h"
#include "base/limits.h"

#define DISCO_WAIT GW_SEC(6)       /* the question itself gives up after 5 s */
#define JOIN_WAIT GW_SEC(15)       /* no presence of ours by then: try again */
#define JOIN_WAIT_LATER GW_SEC(60) /* a room on another server may need long to answer */
#define SETTLE_WAIT GW_SEC(5)      /* a server that sends no empty subject */
#define LOCKED_WAIT                                                                                \
  GW_SEC(10) /* its creator has not configured it yet, or has not let us in again */
#define PING_SILENCE GW_SEC(300)
#define PING_AGAIN GW_SEC(120)
#define WORD_GAP GW_SEC(1)   /* servers delay or punish faster talkers */
#define BACK_WAIT GW_SEC(15) /* after a shutdown of the room's service: so long media is kept */
#define BACK_TRY GW_SEC(5)
#define VOICE_WAIT GW_SEC(10) /* somebody has to look at our request */
#define MAX_QUEUE 64
#define MAX_KICKS 3        /* in a minute, for errors that may be ours */
#define MAX_TRIES 3        /* joining for the first time */
#define MAX_TRIES_AGAIN 10 /* having been in */
#define N_NICKS 6

typedef enum { IDLE, ASKING, ASKING_NICK, JOINING, SETTLING, IN, WAITING, OUT } phase;
struct gw_muc_machine {
  char *room, *wish, *nick, *own_jid, *resource;
  gboolean (*taken)(const char *, void *);
  void *user;
  phase phase;
  gint64 until;   /* end of the phase */
  gint64 back_by; /* after a 332; else GW_NEVER */
  gboolean been_in;
  gboolean subject_seen, configuring, open, moved, nick_asked, nick_fixed, voice_asked,
      crowd_warned, members_only;
  guint nick_no, tries, kicks;
  gint64 locked_since, kicks_since;
  gint64 heard, ping_at; /* of the room, and when to ask it whether we are still in */
  gint64 word_at;        /* earliest next room message */
  GQueue queue;          /* gw_word */
  gw_word *said;         /* the last one sent */
  gint64 voice_by;       /* the room refuses our words: they wait, so long at most; else GW_NEVER */
  gw_muc_roster *roster;
};

/* --- actions */

static void ma_clear(void *p) {
  gw_ma *a = p;
  g_free(a->text);
  gw_muc_occ_free(a->occ);
  g_free(a->old_nick);
  gw_word_free(a->word);
}

GArray *gw_ma_list_new(void) {
  GArray *a = g_array_new(FALSE, TRUE, sizeof(gw_ma));
  g_array_set_clear_func(a, ma_clear);
  return a;
}

static gw_ma *act(GArray *acts, gw_ma_type type, const char *text) {
  gw_ma a = {.type = type, .text = g_strdup(text)};
  g_array_append_val(acts, a);
  return &g_array_index(acts, gw_ma, acts->len - 1);
}

static void tell_occupant(GArray *acts, const gw_muc_occ *o, gw_occ_change change,
                          const char *old_nick) {
  gw_ma *a = act(acts, GW_MA_TELL_OCCUPANT, NULL);
  a->occ = gw_muc_occ_copy(o);
  a->change = change;
  a->old_nick = g_strdup(old_nick);
}

/* --- life */

gw_muc_machine *gw_muc_machine_new(const gw_muc_params *p) {
  gw_muc_machine *m = g_new0(gw_muc_machine, 1);
  m->room = g_strdup(p->room);
  m->wish = gw_nick_clean(p->nick);
  if (!m->wish) m->wish = g_strdup(p->resource && *p->resource ? p->resource : "phone");
  m->nick = g_strdup(m->wish);
  m->own_jid = g_strdup(p->own_jid);
  m->resource = g_strdup(p->resource);
  m->taken = p->taken;
  m->user = p->user;
  m->until = m->ping_at = m->back_by = m->voice_by = GW_NEVER;
  m->roster = gw_muc_roster_new();
  g_queue_init(&m->queue);
  return m;
}

static void word_free(void *p) {
  gw_word_free(p);
}

void gw_muc_machine_free(gw_muc_machine *m) {
  if (!m) return;
  g_free(m->room);
  g_free(m->wish);
  g_free(m->nick);
  g_free(m->own_jid);
  g_free(m->resource);
  gw_muc_roster_free(m->roster);
  g_queue_clear_full(&m->queue, word_free);
  gw_word_free(m->said);
  g_free(m);
}

gw_muc_state gw_muc_machine_state(const gw_muc_machine *m) {
  return m->phase == IN ? GW_MUC_IN : m->phase == OUT ? GW_MUC_OUT : GW_MUC_JOINING;
}

const char *gw_muc_machine_nick(const gw_muc_machine *m) {
  return m->nick;
}

const char *gw_muc_machine_room(const gw_muc_machine *m) {
  return m->room;
}

gboolean gw_muc_machine_members_only(const gw_muc_machine *m) {
  return m->members_only;
}

const gw_muc_roster *gw_muc_machine_roster(const gw_muc_machine *m) {
  return m->roster;
}

void gw_muc_machine_set_jid(gw_muc_machine *m, const char *own_jid) {
  g_free(m->own_jid);
  m->own_jid = g_strdup(own_jid);
}

/* Settling, the room has let us in already. */
static gboolean is_outside(const gw_muc_machine *m) {
  return m->phase == WAITING || m->phase == JOINING || m->phase == ASKING_NICK;
}

gint64 gw_muc_machine_deadline(const gw_muc_machine *m) {
  gint64 at = m->until;
  if (is_outside(m)) return MIN(at, m->back_by);
  if (m->phase != IN) return at;
  if (m->queue.length && m->voice_by == GW_NEVER) at = MIN(at, m->word_at);
  return MIN(at, MIN(m->ping_at, m->voice_by));
}

static void enter(gw_muc_machine *m, phase ph, gint64 until) {
  m->phase = ph;
  m->until = until;
}

static void leave_for_good(gw_muc_machine *m, gw_cause cause, const char *detail, GArray *acts) {
  enter(m, OUT, GW_NEVER);
  gw_muc_roster_clear(m->roster);
  g_queue_clear_full(&m->queue, word_free);
  act(acts, GW_MA_TELL_LEFT, detail)->cause = cause;
}

/* --- joining */

static char *nick_at(const gw_muc_machine *m, guint i) {
  if (i == 0) return g_strdup(m->wish);
  if (i + 1 < N_NICKS) return g_strdup_printf("%s (%u)", m->wish, i + 1);
  return g_strdup_printf("%s-%s", m->wish, m->resource ? m->resource : "");
}

/* Two personas of one bare JID under one nick would become one occupant, so ours are looked at
 * first. */
static gboolean pick_nick(gw_muc_machine *m) {
  if (m->nick_fixed) return TRUE;
  for (; m->nick_no < N_NICKS; m->nick_no++) {
    g_autofree char *nick = nick_at(m, m->nick_no);
    if (m->taken && m->taken(nick, m->user)) continue;
    g_free(m->nick);
    m->nick = g_steal_pointer(&nick);
    return TRUE;
  }
  return FALSE;
}

static void fix_nick(gw_muc_machine *m, char *nick /* taken */) {
  g_free(m->nick);
  m->nick = nick;
  m->nick_fixed = TRUE;
}

static void join(gw_muc_machine *m, gint64 now, GArray *acts) {
  m->subject_seen = m->configuring = FALSE;
  gw_muc_roster_mark_stale(m->roster);
  enter(m, JOINING, now + (m->tries ? JOIN_WAIT_LATER : JOIN_WAIT));
  act(acts, GW_MA_JOIN, NULL);
}

static void join_first(gw_muc_machine *m, gint64 now, GArray *acts) {
  if (pick_nick(m))
    join(m, now, acts);
  else
    leave_for_good(m, GW_CAUSE_FORBIDDEN, "conflict: every nick that was tried is in use", acts);
}

static void begin(gw_muc_machine *m, gint64 now, GArray *acts) {
  if (m->been_in) {
    join(m, now, acts);
    return;
  }
  enter(m, ASKING, now + DISCO_WAIT);
  act(acts, GW_MA_DISCO, NULL);
}

static void try_later(gw_muc_machine *m, gw_cause cause, const char *detail, gint64 now,
                      GArray *acts) {
  static const guint wait_s[] = {5, 30, 120};
  if (m->back_by != GW_NEVER) {
    enter(m, WAITING, now + BACK_TRY);
    return;
  }
  if (m->tries >= (m->been_in ? MAX_TRIES_AGAIN : MAX_TRIES)) {
    leave_for_good(m, cause, detail, acts);
    return;
  }
  enter(m, WAITING, now + GW_SEC(wait_s[MIN(m->tries, G_N_ELEMENTS(wait_s) - 1)]));
  m->tries++;
}

static void not_back_in_time(gw_muc_machine *m, GArray *acts) {
  if (m->phase == JOINING) act(acts, GW_MA_UNAVAILABLE, NULL); /* it may yet let us in */
  leave_for_good(m, GW_CAUSE_ROOM_CLOSED, "the room's service was shut down", acts);
}

static void refuse_hidden(gw_muc_machine *m, GArray *acts) {
  g_autofree char *detail = g_strdup_printf(
      "the room hides real JIDs: let anyone see them (whois = anyone) in %s", m->room);
  act(acts, GW_MA_UNAVAILABLE, NULL);
  leave_for_good(m, GW_CAUSE_FORBIDDEN, detail, acts);
}

static gboolean is_mute(const gw_muc_occ *self) {
  return !g_strcmp0(self->role, "visitor");
}

static void ask_voice(gw_muc_machine *m, GArray *acts) {
  if (m->voice_asked) return;
  m->voice_asked = TRUE;
  act(acts, GW_MA_VOICE, NULL);
  act(acts, GW_MA_WARN, "the room is moderated and does not let us speak: give us voice there");
}

static void joined(gw_muc_machine *m, gint64 now, GArray *acts) {
  if (!m->open) {
    refuse_hidden(m, acts);
    return;
  }
  gw_muc_occ *gone, *self = gw_muc_roster_find(m->roster, m->nick);
  while ((gone = gw_muc_roster_take_stale(m->roster))) {
    tell_occupant(acts, gone, GW_OCC_LEFT, NULL);
    gw_muc_occ_free(gone);
  }
  enter(m, IN, GW_NEVER);
  m->back_by = m->voice_by = GW_NEVER;
  m->tries = 0;
  m->locked_since = 0;
  m->ping_at = now + PING_SILENCE;
  act(acts, GW_MA_TELL_JOINED, NULL)->again = m->been_in;
  m->been_in = TRUE;
  if (self && is_mute(self)) ask_voice(m, acts);
}

static void maybe_joined(gw_muc_machine *m, gint64 now, GArray *acts) {
  if (m->phase == SETTLING && m->subject_seen && !m->configuring) joined(m, now, acts);
}

static void on_disco(gw_muc_machine *m, const gw_muc_disco *d, gint64 now, GArray *acts) {
  if (d->answered) {
    m->open = d->open;
    m->members_only = d->members_only;
  }
  if (m->phase == IN && d->answered && d->closed)
    act(acts, GW_MA_WARN, "the room hides real JIDs now: no new sessions can be made in it");
  if (m->phase != ASKING) return;
  if (d->answered && d->closed)
    refuse_hidden(m, acts);
  else
    join_first(m, now, acts);
}

static void on_registered_nick(gw_muc_machine *m, const char *nick, gint64 now, GArray *acts) {
  if (m->phase != ASKING_NICK) return;
  g_autofree char *clean = gw_nick_clean(nick);
  if (!clean || (m->taken && m->taken(clean, m->user))) {
    leave_for_good(m, GW_CAUSE_FORBIDDEN,
                   "not-acceptable: the room wants a registered nick and has none for us", acts);
    return;
  }
  fix_nick(m, g_steal_pointer(&clean));
  join(m, now, acts);
}

/* --- refusals of a join (XEP-0045 7.2) */

typedef enum {
  NEXT_NICK,
  FATAL,
  FULL,
  MEMBERS,
  LOCKED,
  LATER,
  ASK_NICK,
  PLAIN_NICK,
  MOVED
} reaction;
static const struct {
  const char *condition;
  reaction what;
  gw_cause cause;
  const char *hint;
} refusals[] = {
    {"conflict", NEXT_NICK, GW_CAUSE_FORBIDDEN, "nick in use"},
    {"not-authorized", FATAL, GW_CAUSE_FORBIDDEN, "the room's password is missing or wrong"},
    {"registration-required", MEMBERS, GW_CAUSE_FORBIDDEN, ""},
    {"forbidden", FATAL, GW_CAUSE_FORBIDDEN, "banned from the room"},
    {"service-unavailable", FULL, GW_CAUSE_BUSY, "the room is full"},
    {"resource-constraint", FULL, GW_CAUSE_BUSY, "the room is full or the server at a limit"},
    {"item-not-found", LOCKED, GW_CAUSE_NOT_FOUND,
     "no such room, or not configured by its creator"},
    {"not-allowed", FATAL, GW_CAUSE_FORBIDDEN, "rooms may not be created there"},
    {"not-acceptable", ASK_NICK, GW_CAUSE_FORBIDDEN, "the room wants a registered nick"},
    {"jid-malformed", PLAIN_NICK, GW_CAUSE_BAD_REQUEST, "the server does not take this nick"},
    {"gone", MOVED, GW_CAUSE_NOT_FOUND, "the room is gone"},
    {"remote-server-not-found", LATER, GW_CAUSE_NOT_FOUND, "the room's server is not reachable"},
    {"remote-server-timeout", LATER, GW_CAUSE_TIMEOUT, "the room's server does not answer"},
};

static void moved(gw_muc_machine *m, const char *alternate, const char *detail, gint64 now,
                  GArray *acts) {
  g_autofree char *room = alternate ? gw_jid_bare(alternate) : NULL;
  if (!room || m->moved || !strchr(room, '@')) {
    leave_for_good(m, GW_CAUSE_NOT_FOUND, detail, acts);
    return;
  }
  m->moved = TRUE;
  g_free(m->room);
  m->room = g_steal_pointer(&room);
  begin(m, now, acts);
}

/* TRUE: it is tried again in a second. */
static gboolean locked(gw_muc_machine *m, gw_cause cause, const char *detail, gint64 now,
                       GArray *acts) {
  if (!m->locked_since) m->locked_since = now;
  if (now - m->locked_since >= LOCKED_WAIT) {
    leave_for_good(m, cause, detail, acts);
    return FALSE;
  }
  enter(m, WAITING, now + GW_SEC(1));
  return TRUE;
}

/* A server that was restarted knows a room of the moment no more: whoever is back first makes it anew, without its members. */
static void barred(gw_muc_machine *m, const char *detail, gint64 now, GArray *acts) {
  if (!m->been_in)
    leave_for_good(m, GW_CAUSE_FORBIDDEN, detail, acts);
  else if (locked(m, GW_CAUSE_FORBIDDEN, detail, now, acts))
    act(acts, GW_MA_TELL_BARRED, NULL);
}

static char *members_hint(const gw_muc_machine *m) {
  g_autofree char *bare = gw_jid_bare(m->own_jid);
  return g_strdup_printf("make %s a member of %s", bare ? bare : "this JID", m->room);
}

/* After a shutdown these only mean that the service is not there yet. */
static reaction reaction_to(const gw_muc_machine *m, guint i) {
  const reaction what = refusals[i].what;
  return m->back_by != GW_NEVER && (what == FULL || what == LOCKED) ? LATER : what;
}

static void react(gw_muc_machine *m, guint i, const char *alternate, gint64 now, GArray *acts) {
  g_autofree char *hint =
      refusals[i].what == MEMBERS ? members_hint(m) : g_strdup(refusals[i].hint);
  g_autofree char *detail = g_strdup_printf("%s: %s", refusals[i].condition, hint);
  switch (reaction_to(m, i)) {
  case NEXT_NICK:
    if (m->nick_fixed) m->nick_no = N_NICKS;
    m->nick_fixed = FALSE;
    m->nick_no++;
    join_first(m, now, acts);
    break;
  case PLAIN_NICK:
    if (m->nick_fixed || !m->resource || !*m->resource) {
      leave_for_good(m, refusals[i].cause, detail, acts);
      break;
    }
    fix_nick(m, g_strdup(m->resource));
    join(m, now, acts);
    break;
  case ASK_NICK:
    if (m->nick_asked) {
      leave_for_good(m, refusals[i].cause, detail, acts);
      break;
    }
    m->nick_asked = TRUE;
    enter(m, ASKING_NICK, now + DISCO_WAIT);
    act(acts, GW_MA_ASK_NICK, NULL);
    break;
  case LOCKED:
    locked(m, refusals[i].cause, detail, now, acts);
    break;
  case MEMBERS:
    barred(m, detail, now, acts);
    break;
  case LATER:
    try_later(m, refusals[i].cause, detail, now, acts);
    break;
  case MOVED:
    moved(m, alternate, detail, now, acts);
    break;
  default:
    leave_for_good(m, refusals[i].cause, detail, acts);
  }
}

static void on_error(gw_muc_machine *m, const gw_muc_presence *p, gint64 now, GArray *acts) {
  if (m->phase == IN) {
    m->ping_at = now; /* about some later presence of ours: are we still in? */
    return;
  }
  if (m->phase != JOINING) return;
  for (guint i = 0; i < G_N_ELEMENTS(refusals); i++)
    if (!g_strcmp0(p->condition, refusals[i].condition)) {
      react(m, i, p->alternate, now, acts);
      return;
    }
  g_autofree char *detail =
      g_strdup_printf("%s: the room refused us", p->condition ? p->condition : "no condition");
  try_later(m, GW_CAUSE_REJECTED, detail, now, acts);
}

/* --- presence */

static gboolean has(const gw_muc_presence *p, guint code) {
  for (guint i = 0; i < p->n_codes; i++)
    if (p->codes[i] == code) return TRUE;
  return FALSE;
}

static void on_self(gw_muc_machine *m, const gw_muc_presence *p, gint64 now, GArray *acts) {
  if (strcmp(m->nick, p->nick)) { /* 210: the service gave us another one */
    g_free(m->nick);
    m->nick = g_strdup(p->nick);
  }
  if (has(p, 100)) m->open = TRUE;
  if (m->phase != JOINING) return;
  enter(m, SETTLING, now + SETTLE_WAIT);
  if (has(p, 201)) {
    m->configuring = TRUE;
    m->until = now + JOIN_WAIT;
    act(acts, GW_MA_CONFIGURE, NULL);
  }
  maybe_joined(m, now, acts);
}

static void on_available(gw_muc_machine *m, const gw_muc_presence *p, gint64 now, GArray *acts) {
  gboolean self = has(p, 110);
  gw_muc_occ *o = NULL;
  if (m->phase != JOINING && m->phase != SETTLING && m->phase != IN) return;
  gw_roster_news news = gw_muc_roster_see(m->roster, p->nick, p->items, p->n_items,
                                          self || !strcmp(p->nick, m->nick), &o);
  if (news == GW_ROSTER_FULL && !m->crowd_warned) {
    m->crowd_warned = TRUE;
    act(acts, GW_MA_WARN, "the room has more occupants than we keep: the others are not seen");
  }
  const gboolean other_muji = o && gw_muc_occ_set_muji(o, p->muji);
  if (news == GW_ROSTER_SAME && other_muji) news = GW_ROSTER_CHANGED;
  if (news == GW_ROSTER_NEW) tell_occupant(acts, o, GW_OCC_JOINED, NULL);
  if (news == GW_ROSTER_CHANGED) tell_occupant(acts, o, GW_OCC_CHANGED, NULL);
  if (!self) return;
  if (o && !is_mute(o)) m->voice_by = GW_NEVER;
  on_self(m, p, now, acts);
}

static void on_rename(gw_muc_machine *m, const gw_muc_presence *p, const char *to, gboolean self,
                      GArray *acts) {
  const gw_muc_occ *o = gw_muc_roster_rename(m->roster, p->nick, to);
  g_autofree char *old = g_strdup(p->nick);
  if (self) {
    g_free(m->nick);
    m->nick = g_strdup(to);
  }
  if (o) tell_occupant(acts, o, GW_OCC_RENAMED, old);
}

static void rejoin_now(gw_muc_machine *m, gint64 now, GArray *acts) {
  if (now - m->kicks_since > GW_SEC(60)) {
    m->kicks_since = now;
    m->kicks = 0;
  }
  if (++m->kicks > MAX_KICKS)
    leave_for_good(m, GW_CAUSE_ROOM_CLOSED, "removed again and again for errors", acts);
  else
    join(m, now, acts);
}

static void on_removed(gw_muc_machine *m, const gw_muc_presence *p, gint64 now, GArray *acts) {
  static const struct {
    guint code;
    const char *why;
  } final[] = {{301, "banned from the room"},
               {321, "no longer a member of the room"},
               {322, "the room is for members only now: make us a member"},
               {307, "kicked from the room"}};
  if (p->destroyed) {
    g_autofree char *why =
        g_strdup_printf("the room was destroyed%s%s", p->alternate ? ", instead: " : "",
                        p->alternate ? p->alternate : "");
    leave_for_good(m, GW_CAUSE_ROOM_CLOSED, why, acts);
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS(final); i++)
    if (has(p, final[i].code) && !has(p, 333) && !has(p, 332)) {
      leave_for_good(m, GW_CAUSE_ROOM_CLOSED, final[i].why, acts);
      return;
    }
  if (m->phase == JOINING) return; /* a ghost of ours being cleared away */
  if (has(p, 332)) {
    m->back_by = now + BACK_WAIT;
    enter(m, WAITING, now + BACK_TRY);
  } else
    rejoin_now(m, now, acts);
}

static void on_unavailable(gw_muc_machine *m, const gw_muc_presence *p, gint64 now, GArray *acts) {
  gboolean self = has(p, 110) || !strcmp(p->nick, m->nick);
  const char *to = NULL;
  if (m->phase != JOINING && m->phase != SETTLING && m->phase != IN) return;
  for (guint i = 0; i < p->n_items; i++)
    if (p->items[i].nick) to = p->items[i].nick;
  if (has(p, 303) && to) {
    on_rename(m, p, to, self, acts);
    return;
  }
  if (self) {
    on_removed(m, p, now, acts);
    return;
  }
  g_autoptr(gw_muc_occ) gone = gw_muc_roster_take(m->roster, p->nick);
  if (gone) tell_occupant(acts, gone, GW_OCC_LEFT, NULL);
}

static void on_presence(gw_muc_machine *m, const gw_muc_presence *p, gint64 now, GArray *acts) {
  m->ping_at = now + PING_SILENCE;
  if (p->type == GW_PRES_ERROR)
    on_error(m, p, now, acts);
  else if (!p->nick)
    return; /* the room's own (caps, vCard update): no occupant */
  else if (p->type == GW_PRES_AVAILABLE)
    on_available(m, p, now, acts);
  else
    on_unavailable(m, p, now, acts);
}

/* --- words */

static void send_due(gw_muc_machine *m, gint64 now, GArray *acts) {
  if (m->phase != IN || m->voice_by != GW_NEVER || g_queue_is_empty(&m->queue) || now < m->word_at)
    return;
  gw_word_free(m->said);
  m->said = g_queue_pop_head(&m->queue);
  act(acts, GW_MA_SEND, NULL)->word = gw_word_copy(m->said);
  m->word_at = now + WORD_GAP;
}

/* XEP-0045 7.5, 8.7: a visitor of a moderated room. Nobody has seen the word, so it is said again as
 * soon as we have voice. */
static void on_say_refused(gw_muc_machine *m, const char *condition, gint64 now, GArray *acts) {
  if (m->phase != IN || m->voice_by != GW_NEVER || !m->said || g_strcmp0(condition, "forbidden"))
    return;
  g_queue_push_head(&m->queue, g_steal_pointer(&m->said));
  m->voice_by = now + VOICE_WAIT;
  ask_voice(m, acts);
}

static void no_voice(gw_muc_machine *m, GArray *acts) {
  act(acts, GW_MA_UNAVAILABLE, NULL);
  leave_for_good(m, GW_CAUSE_FORBIDDEN,
                 "forbidden: the room is moderated: give this occupant voice", acts);
}

static void on_say(gw_muc_machine *m, const gw_word *w, gint64 now, GArray *acts) {
  if (m->phase == OUT) return;
  if (g_queue_get_length(&m->queue) >= MAX_QUEUE) {
    act(acts, GW_MA_WARN, "too many words wait to be said in the room: one is dropped");
    return;
  }
  g_queue_push_tail(&m->queue, gw_word_copy(w));
  send_due(m, now, acts);
}

static void on_word(gw_muc_machine *m, const gw_word *w, gint64 now, GArray *acts) {
  m->ping_at = now + PING_SILENCE;
  if (m->phase != SETTLING && m->phase != IN) return;
  gw_ma *a = act(acts, GW_MA_TELL_WORD, NULL);
  a->word = gw_word_copy(w);
  if (!m->subject_seen && m->phase != IN) a->word->historic = TRUE;
}

/* --- time, stream, farewell */

static void on_ping(gw_muc_machine *m, gw_ping_result r, gint64 now, GArray *acts) {
  if (m->phase != IN) return;
  m->ping_at = now + (r == GW_PING_UNDECIDED ? PING_AGAIN : PING_SILENCE);
  if (r == GW_PING_GONE) rejoin_now(m, now, acts);
}

static void on_tick(gw_muc_machine *m, gint64 now, GArray *acts) {
  if (is_outside(m) && now >= m->back_by) {
    not_back_in_time(m, acts);
    return;
  }
  if (m->phase == IN && now >= m->voice_by) {
    no_voice(m, acts);
    return;
  }
  send_due(m, now, acts);
  if (m->phase == IN && now >= m->ping_at) {
    m->ping_at = now + PING_AGAIN;
    act(acts, GW_MA_PING, NULL);
  }
  if (now < m->until) return;
  switch (m->phase) {
  case ASKING:
    join_first(m, now, acts);
    break;
  case ASKING_NICK:
    on_registered_nick(m, NULL, now, acts);
    break;
  case WAITING:
    if (m->been_in)
      join(m, now, acts);
    else
      join_first(m, now, acts);
    break;
  case JOINING:
    act(acts, GW_MA_UNAVAILABLE, NULL);
    try_later(m, GW_CAUSE_TIMEOUT, "the room does not answer", now, acts);
    break;
  case SETTLING:
    joined(m, now, acts);
    break;
  default:
    enter(m, m->phase, GW_NEVER);
  }
}

static void on_stream(gw_muc_machine *m, gboolean up, gint64 now, GArray *acts) {
  if (m->phase == OUT) return;
  if (!up) {
    m->back_by = GW_NEVER; /* the stream has its own time */
    m->locked_since = 0;   /* nobody could let us in meanwhile */
    enter(m, IDLE, GW_NEVER);
  } else if (m->phase == IDLE) {
    begin(m, now, acts);
  }
}

static void on_leave(gw_muc_machine *m, const char *status, GArray *acts) {
  while (m->phase == IN && m->voice_by == GW_NEVER && !g_queue_is_empty(&m->queue))
    act(acts, GW_MA_SEND, NULL)->word = g_queue_pop_head(&m->queue);
  if (m->phase != OUT && (m->been_in || m->phase == JOINING || m->phase == SETTLING))
    act(acts, GW_MA_UNAVAILABLE, status);
  enter(m, OUT, GW_NEVER);
}

void gw_muc_machine_step(gw_muc_machine *m, const gw_me *e, gint64 now, GArray *acts) {
  switch (e->type) {
  case GW_ME_START:
  case GW_ME_STREAM:
    on_stream(m, e->flag, now, acts);
    break;
  case GW_ME_PRESENCE:
    on_presence(m, e->u.presence, now, acts);
    break;
  case GW_ME_SUBJECT:
    m->subject_seen = TRUE;
    maybe_joined(m, now, acts);
    break;
  case GW_ME_WORD:
    on_word(m, e->u.word, now, acts);
    break;
  case GW_ME_SAY:
    on_say(m, e->u.word, now, acts);
    break;
  case GW_ME_SAY_REFUSED:
    on_say_refused(m, e->u.text, now, acts);
    break;
  case GW_ME_DISCO:
    on_disco(m, &e->u.disco, now, acts);
    break;
  case GW_ME_REGISTERED_NICK:
    on_registered_nick(m, e->u.text, now, acts);
    break;
  case GW_ME_CONFIGURED:
    m->configuring = FALSE;
    maybe_joined(m, now, acts);
    break;
  case GW_ME_PINGED:
    on_ping(m, e->u.ping, now, acts);
    break;
  case GW_ME_LEAVE:
    on_leave(m, e->u.text, acts);
    break;
  case GW_ME_TICK:
    on_tick(m, now, acts);
    break;
  }
  send_due(m, now, acts);
}

/* own_meet.c - meets (Tigase Meet) that a phone starts where its room wants a private call: made at the service for all of
 * ours in the room; whoever sits in the room, and the people that the configuration names, are let in and invited. */
#include <string.h>
#include "gateway/bridge/private.h"

#define MAX_PEOPLE 64 /* that are let into one meet, as of a private room */

struct gw_own_meet {
  gw_conference *conference;
  char *service, *jid;  /* jid: of the meet; NULL while it is being made */
  gw_seat *maker;       /* it is its owner; NULL when it has left */
  char *from;           /* bare JID that people are invited by */
  gboolean company;     /* somebody came */
  GPtrArray *questions; /* question, owned */
  GPtrArray *waiting;   /* gw_seat*: phones that come while it is being made, or that find it gone */
  GPtrArray *invited;   /* invited_person, owned */
};

/* About somebody who is to be let in: a phone of ours that goes there then, or a person who is invited then. */
typedef struct {
  gw_own_meet *own;
  gw_seat *by, *seat; /* seat: NULL for people */
  char *person;
} question;

typedef struct {
  char *bare, *id;
  gboolean taken, refused;
} invited_person;

static gw_log_ctx ctx_of(const gw_own_meet *o) {
  return (gw_log_ctx){.room = o->conference->conf->room};
}

static void question_free(gpointer data) {
  g_free(((question *)data)->person);
  g_free(data);
}

static void invited_free(gpointer data) {
  g_free(((invited_person *)data)->bare);
  g_free(((invited_person *)data)->id);
  g_free(data);
}

static void own_free(gw_own_meet *o) {
  g_free(o->service);
  g_free(o->jid);
  g_free(o->from);
  g_ptr_array_unref(o->questions);
  g_ptr_array_unref(o->waiting);
  g_ptr_array_unref(o->invited);
  g_free(o);
}

void gw_own_meet_clear(gw_conference *c) {
  g_clear_pointer(&c->meet, own_free);
}

const char *gw_own_meet_jid(const gw_conference *c) {
  return c->meet ? c->meet->jid : NULL;
}

/* --- invitations --- */

static void say(const gw_own_meet *o, const invited_person *p, gw_invite_action action) {
  g_autoptr(gw_word) w = g_new0(gw_word, 1);
  w->kind = GW_WORD_CALL_INVITE;
  w->from = g_strdup(o->from);
  w->to = g_strdup(p->bare);
  w->u.call_invite = (gw_call_invite){.action = action, .in_meet = TRUE, .multi = TRUE, .n_ids = 1};
  w->u.call_invite.ids[0] = g_strdup(p->id);
  w->u.call_invite.meet = g_strdup(o->jid);
  gw_xmpp_say_call_invite(o->conference->bridge->xmpp, w);
}

static invited_person *invited_of(const gw_own_meet *o, const char *bare) {
  for (guint i = 0; i < o->invited->len; i++) {
    invited_person *p = o->invited->pdata[i];
    if (gw_jid_same_bare(p->bare, bare)) return p;
  }
  return NULL;
}

/* Each gets an id of his own, as the service's clients do it: an answer is one person's. */
static void invite(gw_own_meet *o, const char *bare) {
  if (invited_of(o, bare) || o->invited->len >= MAX_PEOPLE) return;
  invited_person *p = g_new0(invited_person, 1);
  *p = (invited_person){.bare = g_strdup(bare), .id = gw_ids_uuid(o->conference->bridge->ids)};
  g_ptr_array_add(o->invited, p);
  say(o, p, GW_INVITE_INVITE);
}

/* --- who may come --- */

typedef struct {
  const gw_conference *conference;
  GPtrArray *people; /* char*, bare JIDs, owned */
} collection;

static void add_person(GPtrArray *people, const char *jid) {
  g_autofree char *bare = jid ? gw_jid_bare(jid) : NULL;
  if (bare && people->len < MAX_PEOPLE &&
      !g_ptr_array_find_with_equal_func(people, bare, g_str_equal, NULL))
    g_ptr_array_add(people, g_steal_pointer(&bare));
}

static gboolean is_somebody(const gw_conference *c, const gw_occupant *o) {
  gboolean watcher = FALSE;
  return !o->self && !o->ours && !gw_conference_is_ours(c, o->jids, o->nick, &watcher) && !watcher;
}

static void add_occupant(const gw_occupant *o, void *user) {
  const collection *c = user;
  if (is_somebody(c->conference, o) && o->jids) add_person(c->people, o->jids[0]);
}

/* Nobody where the room waits for others to begin. */
static GPtrArray *people_of(const gw_conference *c, const gw_seat *s) {
  collection all = {c, g_ptr_array_new_with_free_func(g_free)};
  const gw_room_conf *conf = gw_seat_conf(s);
  const gw_muc *see = c->watch_muc ? c->watch_muc : gw_seat_muc(s);
  if (!conf->propose_when_idle) return all.people;
  for (char **p = conf->people; p && *p; p++)
    add_person(all.people, *p);
  if (see) gw_muc_foreach(see, add_occupant, &all);
  return all.people;
}

static question *question_new(gw_own_meet *o, gw_seat *by, gw_seat *seat, const char *person) {
  question *q = g_new0(question, 1);
  *q = (question){o, by, seat, g_strdup(person)};
  g_ptr_array_add(o->questions, q);
  return q;
}

/* It has been answered: what it was about, out of the list. */
static gw_seat *question_end(question *q, char **ret_person) {
  gw_seat *seat = q->seat;
  *ret_person = g_steal_pointer(&q->person);
  g_ptr_array_remove_fast(q->own->questions, q);
  return seat;
}

/* --- asking the service --- */

/* A phone of ours that is in it. */
static gw_seat *one_in(const gw_own_meet *o) {
  for (guint i = 0; o->jid && i < o->conference->seats->len; i++)
    if (!g_strcmp0(gw_seat_meet(o->conference->seats->pdata[i]), o->jid))
      return o->conference->seats->pdata[i];
  return NULL;
}

/* Those who came while it was being made, or whose question has no answer any more. */
static void find_again(GPtrArray *seats) {
  for (guint i = 0; i < seats->len; i++)
    gw_seat_begin(seats->pdata[i]);
}

static void let_in(gw_own_meet *o, const char *bare);
static void give_up(const gw_own_meet *o);

/* The first of ours is there. */
static void begin(gw_own_meet *o, gw_seat *s) {
  gw_log_ctx ctx = ctx_of(o);
  g_autofree char *bare = gw_jid_bare(gw_seat_jid(s));
  g_autoptr(GPtrArray) people = people_of(o->conference, s);
  o->maker = s;
  g_free(o->from);
  o->from = g_steal_pointer(&bare);
  gw_info(&ctx, "meet-begun", "meet=%s people=%u", o->jid, people->len);
  for (guint i = 0; i < people->len; i++)
    let_in(o, people->pdata[i]);
}

static void go(gw_own_meet *o, gw_seat *s) {
  if (!one_in(o)) begin(o, s);
  gw_seat_found_meet(s, o->jid, GW_CAUSE_NONE);
}

static gw_cause cause_of(const char *condition) {
  const gw_cause cause = gw_cause_from_condition(condition, GW_CAUSE_SFU_DOWN);
  return cause == GW_CAUSE_TIMEOUT ? GW_CAUSE_SFU_DOWN : cause;
}

static void on_made(const char *meet, const char *why, void *user) {
  question *q = user;
  gw_own_meet *o = q->own;
  gw_conference *c = o->conference;
  g_autofree char *nobody = NULL;
  gw_seat *s = question_end(q, &nobody);
  gw_log_ctx ctx = ctx_of(o);
  g_autoptr(GPtrArray) waiting = g_ptr_array_copy(o->waiting, NULL, NULL);
  g_ptr_array_set_size(o->waiting, 0);
  gw_call_trace(gw_seat_call(s), GW_LANE_SFU, GW_TRACE_IN, NULL, "%s", meet ? "made" : why);
  if (meet) {
    gw_info(&ctx, "meet-made", "meet=%s", meet);
    o->jid = g_strdup(meet);
    go(o, s);
    find_again(waiting);
    return;
  }
  gw_warn(&ctx, "meet-refused", "service=%s why=%s mend=%s", o->service, why,
          "let this gateway's domain make meets there, or name one that stands (jid)");
  gw_own_meet_clear(c);
  g_ptr_array_add(waiting, s);
  for (guint i = 0; i < waiting->len; i++)
    gw_seat_found_meet(waiting->pdata[i], NULL, cause_of(why));
}

/* Who has heard that it is no more waits for all others who ask: their questions are of this one, and one of them may be let in. */
static void settle(gw_own_meet *o) {
  const gboolean stands = one_in(o) != NULL;
  if (!o->waiting->len || (!stands && o->questions->len)) return;
  g_autoptr(GPtrArray) waiting = g_ptr_array_copy(o->waiting, NULL, NULL);
  g_ptr_array_set_size(o->waiting, 0);
  if (!stands) gw_own_meet_clear(o->conference);
  find_again(waiting);
}

/* One that is no more is made anew, as long as nobody of ours is in it. A service that does not know the word may let us in
 * all the same: the session will tell. */
static void on_allowed(gw_answer answer, const char *detail, void *user) {
  question *q = user;
  gw_own_meet *o = q->own;
  g_autofree char *person = NULL;
  gw_seat *s = question_end(q, &person);
  gw_log_ctx ctx = ctx_of(o);
  if (answer != GW_ANSWER_YES)
    gw_warn(&ctx, "not-let-in", "meet=%s who=%s detail=%s", o->jid,
            person ? person : gw_seat_jid(s), detail);
  if (person) {
    if (answer == GW_ANSWER_YES)
      invite(o, person);
    else
      give_up(o);
  } else if (answer == GW_ANSWER_NO && !strcmp(detail, "item-not-found") && !one_in(o)) {
    g_ptr_array_add(o->waiting, s);
  } else {
    go(o, s);
  }
  settle(o);
}

/* By its owner while that is in it; else whoever comes asks for himself. */
static void allow(gw_own_meet *o, gw_seat *seat, const char *person) {
  gw_seat *by = o->maker ? o->maker : seat;
  g_autofree char *bare = seat ? gw_jid_bare(gw_seat_jid(seat)) : NULL;
  const char *const who[] = {seat ? bare : person, NULL};
  if (!by || !who[0]) return;
  gw_persona_meet_allow(gw_seat_persona(by), o->jid, who, on_allowed,
                        question_new(o, by, seat, person));
}

static void let_in(gw_own_meet *o, const char *bare) {
  if (o->invited->len + o->questions->len < MAX_PEOPLE && !invited_of(o, bare))
    allow(o, NULL, bare);
}

/* Who is there already is named at once, so that he is let in when his invitation comes. */
static void make(gw_conference *c, gw_seat *s) {
  gw_own_meet *o = c->meet = g_new0(gw_own_meet, 1);
  o->conference = c;
  o->service = g_strdup(gw_seat_conf(s)->conference);
  o->questions = g_ptr_array_new_with_free_func(question_free);
  o->waiting = g_ptr_array_new();
  o->invited = g_ptr_array_new_with_free_func(invited_free);
  g_autofree char *bare = gw_jid_bare(gw_seat_jid(s));
  g_autoptr(GPtrArray) who = people_of(c, s);
  if (bare) g_ptr_array_add(who, g_steal_pointer(&bare));
  g_ptr_array_add(who, NULL);
  gw_call_trace(gw_seat_call(s), GW_LANE_SFU, GW_TRACE_OUT, NULL, "make a meet");
  gw_persona_meet_make(gw_seat_persona(s), o->service, (const char *const *)who->pdata, on_made,
                       question_new(o, s, s, NULL));
}

/* --- phones --- */

static gboolean is_wanted(const gw_room_conf *conf) {
  return conf->private_calls && conf->conference && !strchr(conf->conference, '@') &&
         !g_strcmp0(conf->conference_kind, "tigase-meet");
}

static gboolean is_asking(const gw_own_meet *o, const gw_seat *s) {
  for (guint i = 0; i < o->questions->len; i++)
    if (((const question *)o->questions->pdata[i])->seat == s) return TRUE;
  return g_ptr_array_find(o->waiting, s, NULL);
}

gboolean gw_own_meet_wait(gw_conference *c, gw_seat *s) {
  if (!is_wanted(gw_seat_conf(s)) || gw_seat_meet(s)) return FALSE;
  if (!c->meet)
    make(c, s);
  else if (is_asking(c->meet, s))
    return TRUE;
  else if (c->meet->jid)
    allow(c->meet, s, NULL);
  else
    g_ptr_array_add(c->meet->waiting, s);
  return TRUE;
}

void gw_own_meet_met(gw_conference *c, const gw_occupant *who) {
  gw_own_meet *o = c->meet;
  if (!o || !o->maker || !o->jid || !is_somebody(c, who) || !who->jids || !who->jids[0]) return;
  g_autofree char *bare = gw_jid_bare(who->jids[0]);
  if (bare && gw_seat_conf(o->maker)->propose_when_idle) let_in(o, bare);
}

/* --- ending --- */

/* Who has taken it may be in it, and would be put out of it by his own client. */
static void take_back(gw_own_meet *o) {
  for (guint i = 0; i < o->invited->len; i++) {
    const invited_person *p = o->invited->pdata[i];
    o->company |= p->taken;
    if (!p->taken && !p->refused) say(o, p, GW_INVITE_RETRACT);
  }
  g_ptr_array_set_size(o->invited, 0);
}

static gboolean is_being_made(const gw_own_meet *o) {
  return o->questions->len > 0;
}

/* The persona of a seat that leaves asks nothing any more: phones that it has asked for begin anew, another one asks for the people. */
static GPtrArray *orphans(gw_own_meet *o, const gw_seat *left, GPtrArray *ret_people) {
  GPtrArray *ret = g_ptr_array_new();
  for (guint i = o->questions->len; i-- > 0;) {
    const question *q = o->questions->pdata[i];
    if (q->by != left && q->seat != left) continue;
    if (q->seat && q->seat != left) g_ptr_array_add(ret, q->seat);
    if (q->person) g_ptr_array_add(ret_people, g_strdup(q->person));
    g_ptr_array_remove_index_fast(o->questions, i);
  }
  return ret;
}

static void next_maker(gw_own_meet *o, const GPtrArray *people) {
  o->maker = one_in(o);
  for (guint i = 0; o->maker && i < people->len; i++)
    let_in(o, people->pdata[i]);
}

/* Where somebody came he may go on without us, and phones may come back to him; else it is no more. */
static void over(gw_own_meet *o, gw_seat *last) {
  take_back(o);
  if (o->company) return;
  if (o->jid) gw_persona_meet_end(gw_seat_persona(last), o->jid);
  gw_own_meet_clear(o->conference);
}

void gw_own_meet_left(gw_conference *c, gw_seat *s) {
  gw_own_meet *o = c->meet;
  if (!o) return;
  g_autoptr(GPtrArray) people = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GPtrArray) again = orphans(o, s, people);
  g_ptr_array_remove(o->waiting, s);
  o->company |= gw_seat_had_company(s);
  if (!o->jid) { /* it never came to be, and only its maker would have heard of it */
    if (is_being_made(o)) return;
    g_ptr_array_extend(again, o->waiting, NULL, NULL);
    gw_own_meet_clear(c);
  } else {
    if (o->maker == s) next_maker(o, people);
    if (!one_in(o)) over(o, s);
    if (c->meet) settle(o);
  }
  find_again(again);
}

/* --- what those who were invited say --- */

/* Nobody is left who could come, and nobody has: the phones need not wait. Where nobody could be invited at all they do: who sits in the
 * room may come. */
static void give_up(const gw_own_meet *o) {
  if (!o->invited->len || o->questions->len) return;
  for (guint i = 0; i < o->invited->len; i++)
    if (!((const invited_person *)o->invited->pdata[i])->refused) return;
  for (guint i = 0; i < o->conference->seats->len; i++) {
    gw_seat *s = o->conference->seats->pdata[i];
    guint in_call, in_room;
    gw_seat_company(s, &in_call, &in_room);
    if (gw_seat_call(s)->seat == s && !g_strcmp0(gw_seat_meet(s), o->jid) && !in_call)
      gw_call_post(gw_seat_call(s), &(gw_ce){.type = GW_CE_HANGUP, .cause = GW_CAUSE_REJECTED});
  }
}

void gw_own_meet_answered(gw_bridge *b, const gw_word *w, const char *bare) {
  const gw_call_invite *v = &w->u.call_invite;
  for (guint i = 0; i < b->conferences->len; i++) {
    gw_own_meet *o = ((gw_conference *)b->conferences->pdata[i])->meet;
    invited_person *p = o ? invited_of(o, bare) : NULL;
    if (!p || strcmp(p->id, v->ids[0])) continue;
    gw_log_ctx ctx = ctx_of(o);
    gw_info(&ctx, "meet-invite-answered", "by=%s says=%s", bare, gw_invite_action_name(v->action));
    p->taken = v->action == GW_INVITE_ACCEPT;
    p->refused = v->action == GW_INVITE_REJECT || v->action == GW_INVITE_FAILED;
    if (p->refused) give_up(o);
    return;
  }
}

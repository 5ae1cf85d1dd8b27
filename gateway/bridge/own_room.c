/* own_room.c - Muji calls that a phone starts, as Dino starts them: in a private room that is made for the call, to which
 * everybody in the parent room is invited, and the people that the configuration names (XEP-0482 and the older form). */
#include <string.h>
#include "gateway/bridge/private.h"

#define MAX_PEOPLE 64 /* that are let into one call; the room can be larger */

struct gw_own_room {
  gw_conference *conference;
  gw_seat *maker;       /* while the room is being made; then NULL */
  gw_word *invite;      /* as it is said to the parent room */
  char *from;           /* bare JID that people were asked by */
  gboolean said, aloud; /* aloud: to the parent room, too */
  gboolean company;     /* somebody came */
  GPtrArray *people;    /* char*, bare JIDs: who has been asked and has not refused */
  GPtrArray *members;   /* char*, bare JIDs that are let in */
  guint pending;        /* of them, not answered yet */
  GPtrArray *waiting;   /* gw_seat*: phones that come meanwhile */
};

static gw_log_ctx ctx_of_conference(const gw_conference *c) {
  return (gw_log_ctx){.room = c->conf->room};
}

static gw_log_ctx ctx_of(const gw_own_room *o) {
  return ctx_of_conference(o->conference);
}

static const char *room_of(const gw_own_room *o) {
  return o->invite->u.call_invite.muji_room;
}

static void own_free(gw_own_room *o) {
  gw_word_free(o->invite);
  g_free(o->from);
  g_ptr_array_unref(o->people);
  g_ptr_array_unref(o->members);
  g_ptr_array_unref(o->waiting);
  g_free(o);
}

void gw_own_room_clear(gw_conference *c) {
  g_clear_pointer(&c->own, own_free);
}

/* --- saying it --- */

static void say(const gw_own_room *o, gw_invite_action action) {
  const gw_conference *c = o->conference;
  g_autoptr(gw_word) w = gw_word_copy(o->invite);
  w->u.call_invite.action = action;
  if (o->aloud && c->watch_muc) gw_persona_say(c->watcher, c->watch_muc, w);
  w->from = g_strdup(o->from);
  for (guint i = 0; i < o->people->len; i++) {
    g_free(w->to);
    w->to = g_strdup(o->people->pdata[i]);
    gw_xmpp_say_call_invite(c->bridge->xmpp, w);
  }
}

/* The room stands, and lets them in. */
static void made(gw_own_room *o) {
  gw_log_ctx ctx = ctx_of(o);
  g_autoptr(GPtrArray) waiting = g_ptr_array_copy(o->waiting, NULL, NULL);
  o->said = TRUE;
  o->maker = NULL;
  g_ptr_array_set_size(o->waiting, 0);
  gw_info(&ctx, "call-started", "call_room=%s invited=%u aloud=%d", room_of(o), o->people->len,
          o->aloud);
  gw_call_room_set(o->conference, &o->invite->u.call_invite);
  say(o, GW_INVITE_INVITE);
  for (guint i = 0; i < waiting->len; i++)
    gw_seat_find_room(waiting->pdata[i]);
}

/* --- who is let in --- */

static void add(GPtrArray *list, const char *jid) {
  g_autofree char *bare = jid ? gw_jid_bare(jid) : NULL;
  if (bare && list->len < MAX_PEOPLE &&
      !g_ptr_array_find_with_equal_func(list, bare, g_str_equal, NULL))
    g_ptr_array_add(list, g_steal_pointer(&bare));
}

static void add_occupant(const gw_occupant *o, void *user) {
  gw_own_room *own = user;
  gboolean watcher = FALSE;
  if (o->self || gw_conference_is_ours(own->conference, o->jids, o->nick, &watcher) || watcher)
    return;
  own->aloud = TRUE;
  for (guint i = 0; o->jids && o->jids[i]; i++)
    add(own->members, o->jids[i]);
}

static void on_granted(gw_answer answer, const char *detail, void *user) {
  gw_own_room *o = user;
  gw_log_ctx ctx = ctx_of(o);
  if (answer != GW_ANSWER_YES)
    gw_warn(&ctx, "not-let-in", "call_room=%s detail=%s", room_of(o), detail ? detail : "-");
  if (!--o->pending) made(o);
}

/* The watcher makes phones members that come later. */
static void let_in(const gw_own_room *o, gw_persona *p, const char *watcher,
                   void (*fn)(gw_answer, const char *, void *), void *user) {
  if (watcher) gw_persona_grant_owner(p, room_of(o), watcher, fn, user);
  for (guint i = 0; i < o->members->len; i++)
    gw_persona_grant_member(p, room_of(o), o->members->pdata[i], fn, user);
}

static char *watcher_of(const gw_conference *c) {
  return c->watcher ? gw_jid_bare(gw_persona_jid(c->watcher)) : NULL;
}

void gw_own_room_joined(gw_conference *c, gw_seat *s) {
  gw_own_room *o = c->own;
  if (!o || o->maker != s || o->pending) return;
  g_autofree char *watcher = watcher_of(c);
  if (c->watch_muc) gw_muc_foreach(c->watch_muc, add_occupant, o);
  for (guint i = 0; i < o->people->len; i++)
    add(o->members, o->people->pdata[i]);
  o->pending = o->members->len + (watcher ? 1 : 0);
  if (!o->pending) {
    made(o);
    return;
  }
  let_in(o, gw_seat_persona(s), watcher, on_granted, o);
}

/* The room may be no more by now: the conference is longer there than its seats. */
static void on_granted_again(gw_answer answer, const char *detail, void *conference) {
  gw_log_ctx ctx = ctx_of_conference(conference);
  if (answer != GW_ANSWER_YES) gw_info(&ctx, "not-let-in", "detail=%s", detail ? detail : "-");
}

void gw_own_room_again(gw_conference *c, gw_seat *s) {
  gw_own_room *o = c->own;
  if (!o || !o->said || !gw_own_room_is_for(c, s)) return;
  g_autofree char *watcher = watcher_of(c);
  for (guint i = 0; i < c->seats->len; i++)
    if (c->seats->pdata[i] != s && gw_own_room_is_for(c, c->seats->pdata[i]))
      add(o->members, gw_seat_jid(c->seats->pdata[i]));
  let_in(o, gw_seat_persona(s), watcher, on_granted_again, c);
}

/* --- beginning --- */

static gboolean wanted(const gw_conference *c, const gw_seat *s) {
  const gw_room_conf *conf = gw_seat_conf(s);
  return conf->private_calls && conf->propose_when_idle && !gw_seat_answer_id(s) &&
         gw_conference_flavour(c, conf) == &gw_flavour_muji && !gw_which_muji_runs(c);
}

const char *gw_own_room_begin(gw_conference *c, gw_seat *s) {
  gw_bridge *b = c->bridge;
  g_autofree char *service = NULL;
  if (c->own || !wanted(c, s) || !gw_jid_split(c->conf->room, NULL, &service, NULL)) return NULL;
  g_autofree char *name = gw_ids_hex(b->ids, 4);
  gw_own_room *o = c->own = g_new0(gw_own_room, 1);
  o->conference = c;
  o->maker = s;
  o->people = g_ptr_array_new_with_free_func(g_free);
  o->members = g_ptr_array_new_with_free_func(g_free);
  o->waiting = g_ptr_array_new();
  o->from = gw_jid_bare(gw_seat_jid(s));
  o->invite = g_new0(gw_word, 1);
  o->invite->kind = GW_WORD_CALL_INVITE;
  gw_call_invite *v = &o->invite->u.call_invite;
  *v = (gw_call_invite){.action = GW_INVITE_INVITE, .multi = TRUE, .n_ids = 1};
  v->ids[0] = gw_ids_uuid(b->ids);
  v->muji_room = g_strconcat(name, "@", service, NULL);
  for (char **p = gw_seat_conf(s)->people; p && *p; p++)
    add(o->people, *p);
  return v->muji_room;
}

gboolean gw_own_room_is_for(const gw_conference *c, const gw_seat *s) {
  return c->own && gw_jid_same_bare(gw_seat_room(s), room_of(c->own));
}

gboolean gw_own_room_wait(gw_conference *c, gw_seat *s) {
  if (!c->own || !c->own->maker) return FALSE;
  g_ptr_array_add(c->own->waiting, s);
  return TRUE;
}

/* --- ending --- */

static gboolean used(const gw_conference *c, const char *room) {
  for (guint i = 0; i < c->seats->len; i++)
    if (gw_jid_same_bare(gw_seat_room(c->seats->pdata[i]), room)) return TRUE;
  return FALSE;
}

/* Others may go on without us, and phones may come back to them: then it is a call that we know of, like any. */
static void over(gw_conference *c) {
  gw_own_room *o = g_steal_pointer(&c->own);
  if (o->said) say(o, o->company ? GW_INVITE_LEFT : GW_INVITE_RETRACT);
  if (!o->company) gw_call_room_forget(c);
  own_free(o);
}

void gw_own_room_left(gw_conference *c, gw_seat *s) {
  gw_own_room *o = c->own;
  if (!o) return;
  g_ptr_array_remove(o->waiting, s);
  o->company |= gw_seat_had_company(s);
  if (o->maker == s) { /* it never came to be: whoever waits starts anew */
    g_autoptr(GPtrArray) waiting = g_ptr_array_copy(o->waiting, NULL, NULL);
    gw_own_room_clear(c);
    for (guint i = 0; i < waiting->len; i++)
      gw_seat_find_room(waiting->pdata[i]);
  } else if (o->said && !used(c, room_of(o))) {
    over(c);
  }
}

/* --- what those who were asked say --- */

/* Nobody is left who could come, and nobody has: the phone need not wait. One that a transfer has taken elsewhere does not: its old
 * seat is still saying goodbye here. */
static void give_up(const gw_conference *c) {
  for (guint i = 0; i < c->seats->len; i++) {
    guint in_call, in_room;
    gw_seat *s = c->seats->pdata[i];
    gw_seat_company(s, &in_call, &in_room);
    if (gw_seat_call(s)->seat == s && gw_jid_same_bare(gw_seat_room(s), room_of(c->own)) && !in_room)
      gw_call_post(gw_seat_call(s), &(gw_ce){.type = GW_CE_HANGUP, .cause = GW_CAUSE_REJECTED});
  }
}

void gw_own_room_answered(gw_bridge *b, const gw_word *w, const char *bare) {
  const gw_call_invite *v = &w->u.call_invite;
  for (guint i = 0; i < b->conferences->len; i++) {
    gw_conference *c = b->conferences->pdata[i];
    gw_own_room *o = c->own;
    guint at;
    if (!o || !o->said || !gw_call_invite_has_id(&o->invite->u.call_invite, v->ids[0]) ||
        !g_ptr_array_find_with_equal_func(o->people, bare, g_str_equal, &at))
      continue;
    gw_log_ctx ctx = ctx_of(o);
    gw_info(&ctx, "call-invite-answered", "by=%s says=%s", bare, gw_invite_action_name(v->action));
    if (v->action != GW_INVITE_REJECT) continue;
    g_ptr_array_remove_index(o->people, at);
    if (!o->people->len && !o->aloud) give_up(c);
  }
}

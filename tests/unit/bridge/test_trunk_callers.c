/* Calls by trunks: under which JID and name the room sees callers, what the operator sees, how many at once; and the next
 * trunk when one fails. */
#include "kit.h"

#define NUMBER "+493012345647"

static gw_trunk_conf *trunk(const char *name, const char *dial_out) {
  gw_trunk_conf *t = g_new0(gw_trunk_conf, 1);
  *t = (gw_trunk_conf){.name = g_strdup(name),
                       .country = g_strdup("49"),
                       .international = g_strdup("00"),
                       .national = g_strdup("0"),
                       .format = g_strdup("national"),
                       .dial_out = g_strsplit(dial_out, ",", 0),
                       .dial_out_by = g_strsplit("anna@x.test", ",", 0)};
  return t;
}

static void with_trunk(world *w, gboolean number_jid, guint max_calls) {
  gw_bridge_conf *c = conf(FALSE);
  const char *const names[] = {"dead", "provider"}; /* the dead one is asked first */
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    gw_trunk_conf *t = trunk(names[i], "+4930*");
    t->number_jid = number_jid;
    t->max_calls = max_calls;
    g_ptr_array_add(c->trunks, t);
  }
  gw_bridge_reconfigure(w->b, c);
}

static gw_sip_call *call_to(world *w, const char *to, const char *trunk, const char *user,
                            const char *name, gboolean anonymous) {
  gw_sip_call *sip = fake_sip_call();
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_invite i = {.trunk = trunk,
                     .from_user = user,
                     .from_name = name,
                     .anonymous = anonymous,
                     .to_user = to,
                     .history = "Diversion: <sip:+49301@h>;reason=no-answer",
                     .source = "udp:192.0.2.7:5060",
                     .call_id = "x",
                     .offer = offer};
  gw_bridge_invite(NULL, sip, &i, w->b);
  spin();
  return sip;
}

static gw_sip_call *call_in(world *w, const char *trunk, const char *user, const char *name,
                            gboolean anonymous) {
  return call_to(w, "8000", trunk, user, name, anonymous);
}

static void test_names(void) {
  static const struct {
    const char *user, *name;
    gboolean anonymous, number_jid;
    const char *nick, *node, *caller;
  } rows[] = {
      {"03012345647", "Anna", FALSE, FALSE, "Anna", "guest@", NUMBER},
      {"03012345647", "", FALSE, FALSE, "+49 30 ••• 47", "guest@", NUMBER},
      {"03012345647", "+49 30 12345647", FALSE, FALSE, "+49 30 ••• 47", "guest@",
       NUMBER}, /* the number as a name */
      {"03012345647", "(030) 12345647", FALSE, FALSE, "+49 30 ••• 47", "guest@", NUMBER},
      {"03012345647", "Anna", TRUE, FALSE, "Anonymous caller", "guest@", NUMBER},
      {"03012345647", "Anna", TRUE, TRUE, "Anonymous caller", "guest@", NUMBER},
      {"03012345647", "Anna", FALSE, TRUE, "Anna", NUMBER "@", NUMBER},
      {"20", "", FALSE, TRUE, "20", "guest@", "20"}, /* an extension tells nothing about a person */
      {"anonymous", "", TRUE, TRUE, "Anonymous caller", "guest@", "anonymous"},
      {"", "", FALSE, TRUE, "Anonymous caller", "guest@", ""},
      {"+4930@evil.example/x", "\u202eeve", FALSE, TRUE, "eve", "guest@", "+4930"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    world w;
    setup(&w);
    with_trunk(&w, rows[i].number_jid, 0);
    gw_sip_call *sip = call_in(&w, "provider", rows[i].user, rows[i].name, rows[i].anonymous);
    g_autofree char *joined = g_strdup_printf("join " ROOM " as %s", rows[i].nick);
    fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
    spin();
    g_assert_true(fake_said(joined));
    g_assert_nonnull(fake_muc(rows[i].node));
    g_autoptr(GPtrArray) calls = gw_bridge_calls(w.b);
    const gw_call_info *info = calls->pdata[0];
    g_assert_null(info->phone);
    g_assert_cmpstr(info->trunk, ==, "provider");
    g_assert_cmpstr(info->caller, ==, rows[i].caller);
    g_assert_cmpstr(info->name, ==, rows[i].nick);
    end_sip(&w, sip, GW_CAUSE_NORMAL);
    gw_sip_call_unref(sip);
    teardown(&w);
  }
}

static void test_how_many(void) {
  world w;
  setup(&w);
  with_trunk(&w, FALSE, 1);
  gw_sip_call *first = call_in(&w, "provider", "1", "", FALSE);
  fake_clear();
  gw_sip_call *second = call_in(&w, "provider", "2", "", FALSE);
  g_assert_true(fake_said("sip hangup busy"));
  gw_sip_call *other = call_in(&w, "dead", "3", "", FALSE);
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 2);
  fake_clear();
  gw_sip_call *gone = call_in(&w, "left the file", "4", "", FALSE);
  g_assert_true(fake_said("sip hangup forbidden"));
  end_sip(&w, first, GW_CAUSE_NORMAL);
  end_sip(&w, other, GW_CAUSE_NORMAL);
  gw_sip_call_unref(first);
  gw_sip_call_unref(second);
  gw_sip_call_unref(other);
  gw_sip_call_unref(gone);
  teardown(&w);
}

static void test_explained(void) {
  static const struct {
    const char *from, *to;
    gboolean allowed;
    const char *trunk, *room;
    guint code;
  } rows[] = {
      {"operator", "030 123456", TRUE, "provider", NULL, 0}, /* the dead one is passed over */
      {"anna@x.test", "+4930123456", TRUE, "provider", NULL, 0},
      {"bob@x.test", "+4930123456", FALSE, NULL, NULL, 403},
      {"operator", "+44207946000", FALSE, NULL, NULL, 403},
      {"operator", "100", TRUE, NULL, NULL, 0}, /* a phone of ours */
      {"trunk:provider", "8000", TRUE, NULL, ROOM, 0},
      {"trunk:provider", "+4930123456", FALSE, NULL, NULL,
       404}, /* what comes in does not go out again */
      {"+4930123456", "0049900123456", FALSE, NULL, NULL, 404},
      {"100", "+4930123456", FALSE, NULL, NULL, 404},
      {"100", "8000", TRUE, NULL, ROOM, 0},
  };
  world w;
  setup(&w);
  with_trunk(&w, FALSE, 0);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(gw_route) r = gw_bridge_route(w.b, rows[i].from, rows[i].to);
    g_assert_cmpint(r->allowed, ==, rows[i].allowed);
    g_assert_cmpstr(r->trunk, ==, rows[i].trunk);
    g_assert_cmpstr(r->room, ==, rows[i].room);
    g_assert_cmpuint(r->code, ==, rows[i].code);
    g_assert_cmpuint(r->tried->len, >=, 2);
  }
  teardown(&w);
}

/* -- asked for room and PIN -- */

static void with_doors(world *w) {
  with_trunk(w, FALSE, 0);
  gw_bridge_conf *c = conf(FALSE);
  gw_room_conf *r = gw_room_conf_new();
  gw_menu_conf *m = g_new0(gw_menu_conf, 1);
  g_free(r->pin);
  r->number = g_strdup("+493055500");
  r->room = g_strdup(ROOM);
  r->pin = g_strdup("471147");
  g_ptr_array_add(c->rooms, r);
  *m = (gw_menu_conf){g_strdup("+493055599"), g_strdup("en")};
  g_ptr_array_add(c->menus, m);
  g_ptr_array_add(c->trunks, trunk("provider", "+4930*"));
  gw_bridge_reconfigure(w->b, c);
  fake_clear();
}

static void key_in(world *w, gw_sip_call *sip, const char *keys) {
  for (; *keys; keys++)
    gw_bridge_sip_digit(sip, *keys, 100, w->b);
  spin();
}

static gboolean late(gpointer flag) {
  *(gboolean *)flag = TRUE;
  return G_SOURCE_REMOVE;
}

/* The verdict on a PIN takes its moment, and longer for who was wrong before. */
static gboolean told_within(const char *part, guint ms) {
  gboolean over = FALSE;
  guint id = g_timeout_add(ms, late, &over);
  while (!over && !fake_said(part))
    g_main_context_iteration(NULL, TRUE);
  if (!over) g_source_remove(id);
  return !over;
}

static gw_sip_call *guess(world *w, const char *user) {
  gw_sip_call *sip = call_to(w, "03055500", "provider", user, "", FALSE);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w->b);
  spin();
  for (guint i = 0; i < 3; i++) {
    key_in(w, sip, "000000#");
    told_within("never", i < 2 ? 700 : 0);
  }
  g_assert_true(told_within("sip hangup auth", 10000));
  fake_clear();
  return sip;
}

static guint tries_of(world *w, const char *who) {
  gw_lockout_slow slow[8];
  guint n = MIN(gw_bridge_slowed(w->b, slow, G_N_ELEMENTS(slow)), G_N_ELEMENTS(slow));
  for (guint i = 0; i < n; i++)
    if (slow[i].kind == GW_LOCK_SOURCE && !strcmp(slow[i].key, who)) return slow[i].tries;
  return 0;
}

/* All of a provider's callers come from its address: one who guesses does not lock the others out. */
static void test_pins_by_caller(void) {
  world w;
  setup(&w);
  with_doors(&w);
  gw_sip_call *a = guess(&w, "03011111");
  g_assert_cmpuint(tries_of(&w, "trunk:provider 03011111"), >=, 3);
  g_assert_cmpuint(tries_of(&w, "trunk:provider 03022222"), ==, 0);
  g_assert_cmpuint(tries_of(&w, "192.0.2.7"), ==, 0);
  gw_sip_call *other = call_to(&w, "03055500", "provider", "03022222", "", FALSE);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  key_in(&w, other, "471147#");
  g_assert_true(told_within("join " ROOM, 15000)); /* the room itself is slowed a little, for all */
  g_assert_null(strstr(w.store->str, "471147"));
  end_sip(&w, other, GW_CAUSE_NORMAL);
  gw_sip_call_unref(a);
  gw_sip_call_unref(other);
  teardown(&w);
}

/* The menu's number as the trunk writes it; what is keyed in is a room's, as the file writes it. */
static void test_menu(void) {
  static const char *const rooms[] = {"8000#", "03055500#471147#"};
  for (guint i = 0; i < G_N_ELEMENTS(rooms); i++) {
    world w;
    setup(&w);
    with_doors(&w);
    gw_sip_call *sip = call_to(&w, "03055599", "provider", "03011111", "Anna", FALSE);
    fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
    spin();
    g_assert_true(fake_said("sip answer"));
    g_autofree char *state = state_of_first(&w);
    g_assert_cmpstr(state, ==, "menu");
    key_in(&w, sip, rooms[i]);
    g_assert_true(told_within("join " ROOM " as Anna", 5000));
    g_autoptr(GPtrArray) calls = gw_bridge_calls(w.b);
    const gw_call_info *info = calls->pdata[0];
    g_assert_cmpstr(info->number, ==, "+493055599");
    g_assert_cmpstr(info->history, ==, "Diversion: <sip:+49301@h>;reason=no-answer");
    g_assert_cmpstr(info->caller, ==, "+493011111");
    end_sip(&w, sip, GW_CAUSE_NORMAL);
    gw_sip_call_unref(sip);
    teardown(&w);
  }
}

/* -- a trunk fails: the next one -- */

/* "first" and "third" may call Berlin, "second" may not; "fourth" has one line and wants numbers otherwise. */
static void with_four(world *w, const char *last) {
  gw_bridge_conf *c = conf(TRUE);
  for (guint i = 0; i < c->rooms->len; i++)
    g_strfreev(g_steal_pointer(&((gw_room_conf *)c->rooms->pdata[i])->ring));
  c->ring_limit = 30;
  g_ptr_array_add(c->trunks, trunk("first", "+4930*"));
  g_ptr_array_add(c->trunks, trunk("second", "!+4930*,+49*"));
  g_ptr_array_add(c->trunks, trunk("dead", "+4930*"));
  g_ptr_array_add(c->trunks, trunk("third", "+4930*"));
  gw_trunk_conf *t = trunk("fourth", "+4930*");
  g_free(t->format);
  t->format = g_strdup(last);
  t->max_calls = 1;
  g_ptr_array_add(c->trunks, t);
  gw_bridge_reconfigure(w->b, c);
}

static void leg_ready(world *w) {
  fake_local_desc(fake_last(GW_MEDIA_LEG), w->b);
  spin();
}

static char *dial_away(world *w, const char *room) {
  char *why = NULL, *id = gw_bridge_dial(w->b, "030 12345647", room, &why);
  g_assert_cmpstr(why, ==, NULL);
  g_assert_nonnull(id);
  spin();
  leg_ready(w);
  return id;
}

static void fails(world *w, gw_cause cause, guint status) {
  fake_clear();
  gw_bridge_sip_state(fake_dialled, GW_SIP_ENDED, cause, status, w->b);
  spin();
}

static gboolean over(world *w, const char *id) {
  gw_call_info *info = gw_bridge_call(w->b, id);
  gboolean ended = !strcmp(info->state, "ended");
  gw_call_info_free(info);
  return ended;
}

static void done(world *w) {
  g_clear_pointer(&fake_dialled, gw_sip_call_unref);
  teardown(w);
}

static void test_next(void) {
  world w;
  setup(&w);
  with_four(&w, "plain");
  g_autofree char *id = dial_away(&w, "8000");
  g_assert_true(fake_said("sip dial 03012345647 by first from 8000"));
  g_assert_true(fake_said("sip hurry"));
  fails(&w, GW_CAUSE_OVERLOAD, 503);
  g_assert_false(fake_said("sip dial")); /* with a leg of its own: it is not ready yet */
  g_assert_cmpuint(fake_open(GW_MEDIA_LEG), ==, 1);
  leg_ready(&w);
  g_assert_true(fake_said("sip dial 03012345647 by third"));
  fails(&w, GW_CAUSE_PEER_GONE, 480);
  leg_ready(&w);
  g_assert_true(fake_said("sip dial 493012345647 by fourth"));
  g_assert_false(fake_said("sip hurry")); /* there is nobody else: it gets all the time there is */
  gw_bridge_sip_state(fake_dialled, GW_SIP_RINGING, GW_CAUSE_NONE, 180, w.b);
  gw_bridge_sip_state(fake_dialled, GW_SIP_ANSWERED, GW_CAUSE_NONE, 200, w.b);
  spin();
  g_assert_true(fake_said("join " ROOM " as +49 30"));
  gw_call_info *info = gw_bridge_call(w.b, id);
  g_assert_cmpstr(info->trunk, ==, "fourth");
  g_assert_cmpstr(info->caller, ==, NUMBER);
  g_autofree char *ladder = gw_call_trace_json(info);
  g_assert_nonnull(strstr(ladder, "INVITE by trunk first"));
  g_assert_nonnull(strstr(ladder, "trunk first failed (overload): next is third"));
  g_assert_nonnull(strstr(ladder, "INVITE by trunk third"));
  g_assert_nonnull(strstr(ladder, "INVITE by trunk fourth"));
  gw_call_info_free(info);
  end_sip(&w, fake_dialled, GW_CAUSE_NORMAL);
  done(&w);
}

static void test_not_next(void) {
  static const struct {
    gw_cause cause;
    guint status, rang;
  } rows[] = {{GW_CAUSE_BUSY, 486, 0},      {GW_CAUSE_REJECTED, 603, 0},
              {GW_CAUSE_NOT_FOUND, 404, 0}, {GW_CAUSE_TIMEOUT, 480, 0},
              {GW_CAUSE_REJECTED, 302, 0},  {GW_CAUSE_OVERLOAD, 503, 180},
              {GW_CAUSE_TIMEOUT, 408, 180}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    world w;
    setup(&w);
    with_four(&w, "plain");
    g_autofree char *id = dial_away(&w, "8000");
    if (rows[i].rang)
      gw_bridge_sip_state(fake_dialled, GW_SIP_RINGING, GW_CAUSE_NONE, rows[i].rang, w.b);
    fails(&w, rows[i].cause, rows[i].status);
    g_assert_true(over(&w, id));
    g_assert_false(fake_said("sip dial"));
    gw_call_info *info = gw_bridge_call(w.b, id);
    g_assert_cmpint(info->cause, ==, rows[i].cause);
    g_assert_cmpuint(info->sip_status, ==, rows[i].status);
    gw_call_info_free(info);
    done(&w);
  }
}

/* An announcement of the trunk itself is not the telephone. */
static void test_announced(void) {
  world w;
  setup(&w);
  with_four(&w, "plain");
  g_autofree char *id = dial_away(&w, "8000");
  g_autoptr(gw_desc) early = phone_offer(GW_DIR_SENDRECV);
  gw_bridge_sip_state(fake_dialled, GW_SIP_RINGING, GW_CAUSE_NONE, 183, w.b);
  gw_bridge_sip_remote(fake_dialled, early, FALSE, w.b);
  fails(&w, GW_CAUSE_OVERLOAD, 503);
  leg_ready(&w);
  g_assert_true(fake_said("by third"));
  gw_bridge_hangup(w.b, id);
  spin();
  done(&w);
}

/* What may leave is asked again each time, and so is who has a line left. */
static void test_policy_again(void) {
  world w;
  setup(&w);
  with_four(&w, "plain");
  g_autofree char *other = dial_away(&w, "8001"), *id = NULL;
  for (guint i = 0; i < 2; i++) { /* takes the only line of the last one */
    fails(&w, GW_CAUSE_OVERLOAD, 503);
    leg_ready(&w);
  }
  g_assert_true(fake_said("by fourth"));
  gw_sip_call *kept = gw_sip_call_ref(fake_dialled);
  id = dial_away(&w, "8000");
  fails(&w, GW_CAUSE_OVERLOAD, 503);
  leg_ready(&w);
  g_assert_true(fake_said("by third"));
  fails(&w, GW_CAUSE_OVERLOAD, 503); /* nobody left: the fourth is in use */
  g_assert_true(over(&w, id));
  gw_bridge_sip_state(kept, GW_SIP_ENDED, GW_CAUSE_BUSY, 486, w.b);
  spin();
  gw_sip_call_unref(kept);
  g_free(id);
  id = dial_away(&w, "8000");
  gw_bridge_conf *c = conf(TRUE); /* meanwhile the file names another rule for the third */
  g_ptr_array_add(c->trunks, trunk("third", "!*"));
  gw_bridge_reconfigure(w.b, c);
  fails(&w, GW_CAUSE_OVERLOAD, 503);
  g_assert_true(over(&w, id));
  g_assert_false(fake_said("sip dial"));
  done(&w);
}

static void test_refused_at_once(void) {
  world w;
  setup(&w);
  with_four(&w, "plain");
  fake_trunk_refuses = GW_CAUSE_PEER_GONE; /* each goes down between the choice and its turn */
  g_autofree char *id = dial_away(&w, "8000");
  for (guint i = 0; i < 2; i++)
    leg_ready(&w);
  g_assert_true(fake_said("by first"));
  g_assert_true(fake_said("by third"));
  g_assert_true(fake_said("by fourth"));
  spin();
  g_assert_true(over(&w, id));
  done(&w);
}

/* Ended by the operator at the same moment: nobody else is called. */
static void test_hung_up(void) {
  world w;
  setup(&w);
  with_four(&w, "plain");
  g_autofree char *id = dial_away(&w, "8000");
  fake_clear();
  gw_bridge_hangup(w.b, id);
  gw_bridge_sip_state(fake_dialled, GW_SIP_ENDED, GW_CAUSE_OVERLOAD, 503, w.b);
  spin();
  g_assert_true(over(&w, id));
  g_assert_false(fake_said("sip dial"));
  done(&w);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/bridge/trunk/names", test_names);
  g_test_add_func("/bridge/trunk/how-many", test_how_many);
  g_test_add_func("/bridge/trunk/explained", test_explained);
  g_test_add_func("/bridge/trunk/pins-by-caller", test_pins_by_caller);
  g_test_add_func("/bridge/trunk/menu", test_menu);
  g_test_add_func("/bridge/trunk/next", test_next);
  g_test_add_func("/bridge/trunk/not-next", test_not_next);
  g_test_add_func("/bridge/trunk/announced", test_announced);
  g_test_add_func("/bridge/trunk/policy-again", test_policy_again);
  g_test_add_func("/bridge/trunk/refused-at-once", test_refused_at_once);
  g_test_add_func("/bridge/trunk/hung-up", test_hung_up);
  return g_test_run();
}

/* Muji rooms in the bridge: which kind of call a room has, and calls that are invited to in one room and take place in
 * another. */
#include "kit.h"
#include "base/limits.h"

/* The room with that flavour, and nobody is rung. */
static void use(world *w, const char *flavour) {
  gw_bridge_conf *c = conf(FALSE);
  gw_room_conf *r = c->rooms->pdata[0];
  g_strfreev(g_steal_pointer(&r->ring));
  g_free(r->flavour);
  r->flavour = g_strdup(flavour);
  gw_bridge_reconfigure(w->b, c);
}

static void test_muji(void) {
  static const char *const both[] = {GW_NS_MUJI, GW_NS_JMUCI_MESH, NULL};
  static const char *const one[] = {GW_NS_MUJI, NULL};
  static const struct {
    const char *flavour, *nick;
    const char *const *features;
    gboolean muji;
  } rows[] = {{"muji", NULL, NULL, TRUE},
              {"auto", NULL, NULL, FALSE},
              {"auto", "bob", NULL, TRUE},          /* whose presence says so */
              {"jmuci-mesh", "bob", NULL, FALSE},
              {"auto", NULL, one, TRUE},
              {"auto", NULL, both, FALSE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    world w;
    setup(&w);
    use(&w, rows[i].flavour);
    fake_muji_nick = rows[i].nick;
    fake_disco_features = rows[i].features;
    fake_occupant(fake_muc("gateway@"), "bob", "bob@x.test/1", GW_OCC_JOINED);
    fake_answer_questions();
    gw_sip_call *sip = seated(&w);
    g_assert_cmpint(fake_said("muji preparing"), ==, rows[i].muji);
    g_assert_cmpint(fake_said("say propose"), ==, !rows[i].muji);
    g_assert_true(fake_said("media expect offerer=1 peers=1")); /* whoever comes is called, and those who are there in Muji */
    end_sip(&w, sip, GW_CAUSE_NORMAL);
    gw_sip_call_unref(sip);
    teardown(&w);
  }
}

static gw_word *call_invite(gw_invite_action action, const char *room) {
  gw_word *w = g_new0(gw_word, 1);
  w->kind = GW_WORD_CALL_INVITE;
  w->from = g_strdup(ROOM "/bob");
  w->u.call_invite = (gw_call_invite){
      .action = action, .ids = {g_strdup("U"), g_strdup("m")}, .n_ids = 2, .muji_room = g_strdup(room)};
  return w;
}

/* Dino makes a room for the call and invites to it: phones ring, and go there. */
static void test_call_room(void) {
  static const char *const stands[] = {"http://jabber.org/protocol/muc", NULL};
  world w;
  setup(&w);
  fake_word(fake_muc("gateway@"), call_invite(GW_INVITE_INVITE, "c0ffee00@muc.test"));
  spin();
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 2);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  fake_local_desc((gw_handle){fake_last(GW_MEDIA_LEG).v - 1}, w.b);
  spin();
  g_assert_true(fake_said("sip dial 100"));
  fake_word(fake_muc("gateway@"), call_invite(GW_INVITE_RETRACT, NULL)); /* and the ringing stops */
  spin();
  g_assert_true(fake_said("sip hangup cancelled"));
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
  g_clear_pointer(&fake_dialled, gw_sip_call_unref);
  use(&w, "auto");
  for (guint stand = 0; stand < 2; stand++) { /* whether or not it still stands when somebody dials the number */
    fake_clear();
    fake_word(fake_muc("gateway@"), call_invite(GW_INVITE_INVITE, "c0ffee00@muc.test"));
    fake_disco_features = stand ? stands : NULL;
    g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
    gw_sip_call *sip = invite(&w, "100", "8000", offer);
    fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
    spin();
    g_assert_null(fake_muc("100@"));
    fake_answer_questions(); /* does it stand? */
    fake_answer_questions(); /* may we in? */
    g_assert_cmpint(fake_said("join c0ffee00@muc.test as"), ==, stand);
    g_assert_cmpint(fake_said("grant 100@gw.test"), ==, stand);
    g_assert_cmpint(fake_said("temporary c0ffee00@muc.test"), ==, stand); /* should we have to make it anew */
    fake_muc_in(fake_muc("100@"), FALSE);
    spin();
    g_assert_cmpint(fake_said("muji preparing"), ==, stand);
    end_sip(&w, sip, GW_CAUSE_NORMAL);
    gw_sip_call_unref(sip);
    fake_word(fake_muc("gateway@"), call_invite(GW_INVITE_RETRACT, NULL));
  }
  teardown(&w);
  setup(&w);
  use(&w, "jmuci-mesh"); /* a room that is something else */
  fake_word(fake_muc("gateway@"), call_invite(GW_INVITE_INVITE, "c0ffee00@muc.test"));
  gw_sip_call *sip = seated(&w);
  g_assert_false(fake_said("c0ffee00"));
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  gw_sip_call_unref(sip);
  teardown(&w);
}

static gw_sip_call *dials_and_asks(world *w, const char *phone) {
  gw_sip_call *sip = dials(w, phone, "8000");
  fake_answer_questions();
  fake_answer_questions();
  return sip;
}

/* Phones of one room hear each other without a session: where the first went the others go, whoever invites or runs what. */
static void test_one_call(void) {
  static const char *const stands[] = {"http://jabber.org/protocol/muc", NULL};
  world w;
  setup(&w);
  use(&w, "auto");
  fake_disco_features = stands;
  fake_word(fake_muc("gateway@"), call_invite(GW_INVITE_INVITE, "c0ffee00@muc.test"));
  gw_sip_call *one = dials_and_asks(&w, "100");
  fake_muc_in(fake_muc("100@"), FALSE);
  spin();
  fake_clear();
  fake_word(fake_muc("gateway@"), call_invite(GW_INVITE_INVITE, "decaf000@muc.test"));
  fake_word(fake_muc("gateway@"), call_invite(GW_INVITE_RETRACT, NULL));
  bob_joins("gateway@");
  fake_word(fake_muc("gateway@"), word(GW_JMUCI_PROPOSE, "P", "bob")); /* a call in the room itself */
  gw_sip_call *two = dials_and_asks(&w, "101");
  g_assert_true(fake_said("join c0ffee00@muc.test as Workshop"));
  fake_muc_in(fake_muc("101@"), FALSE);
  spin();
  end_sip(&w, one, GW_CAUSE_NORMAL);
  end_sip(&w, two, GW_CAUSE_NORMAL);
  fake_clear();
  gw_sip_call *three = dials_and_asks(&w, "100"); /* nobody of ours is there any more */
  g_assert_true(fake_said("join " ROOM " as"));
  end_sip(&w, three, GW_CAUSE_NORMAL);
  gw_sip_call_unref(one);
  gw_sip_call_unref(two);
  gw_sip_call_unref(three);
  teardown(&w);
}

/* Who invited has gone before anybody answered: nothing rings any more, and the number leads to the room itself. */
static void test_inviter_leaves(void) {
  world w;
  setup(&w);
  bob_joins("gateway@");
  fake_occupant(fake_muc("gateway@"), "eve", "eve@x.test/1", GW_OCC_JOINED);
  fake_word(fake_muc("gateway@"), call_invite(GW_INVITE_INVITE, "c0ffee00@muc.test"));
  spin();
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  fake_local_desc((gw_handle){fake_last(GW_MEDIA_LEG).v - 1}, w.b);
  spin();
  fake_clear();
  fake_occupant(fake_muc("gateway@"), "eve", "eve@x.test/1", GW_OCC_LEFT); /* that is somebody else */
  spin();
  g_assert_false(fake_said("sip hangup"));
  fake_occupant(fake_muc("gateway@"), "bob", "bob@x.test/web", GW_OCC_LEFT);
  spin();
  g_assert_true(fake_said("sip hangup cancelled"));
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
  g_clear_pointer(&fake_dialled, gw_sip_call_unref);
  fake_clear();
  gw_sip_call *sip = dials_and_asks(&w, "100");
  g_assert_true(fake_said("join " ROOM " as"));
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  gw_sip_call_unref(sip);
  teardown(&w);
}

/* --- invites to a phone itself --- */

/* Whoever leaves says so first and ends its sessions a moment later. */
static gw_word *to_phone(gw_invite_action action, gboolean old) {
  gw_word *w = call_invite(action, "c0ffee00@muc.test");
  g_free(w->from);
  w->from = g_strdup("bob@x.test/web");
  w->to = g_strdup("100@gw.test");
  w->u.call_invite.in_old = old;
  w->u.call_invite.in_new = !old;
  return w;
}

static void say_to_phone(world *w, gw_invite_action action, gboolean old) {
  g_autoptr(gw_word) word = to_phone(action, old);
  gw_bridge_call_invited(NULL, word, w->b);
  spin();
}

static void rung(world *w) {
  say_to_phone(w, GW_INVITE_INVITE, TRUE);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w->b);
  spin();
  g_assert_true(fake_said("sip dial 100"));
}

static void test_phone_is_invited(void) {
  static const char *const stands[] = {"http://jabber.org/protocol/muc", NULL};
  world w;
  setup(&w);
  say_to_phone(&w, GW_INVITE_INVITE, TRUE); /* by somebody whom nobody knows */
  g_assert_true(fake_said("call reject U from=100@gw.test to=bob@x.test old"));
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
  bob_joins("gateway@");
  fake_clear();
  rung(&w);
  say_to_phone(&w, GW_INVITE_INVITE, FALSE); /* the same once more */
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
  say_to_phone(&w, GW_INVITE_RETRACT, TRUE);
  g_assert_true(fake_said("sip hangup cancelled"));
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
  g_assert_false(fake_said("call "));
  g_clear_pointer(&fake_dialled, gw_sip_call_unref);
  rung(&w);
  end_sip(&w, fake_dialled, GW_CAUSE_REJECTED); /* at the phone */
  g_assert_true(fake_said("call reject U"));
  g_clear_pointer(&fake_dialled, gw_sip_call_unref);
  for (guint stand = 0; stand < 2; stand++) {
    fake_clear();
    fake_disco_features = stand ? stands : NULL;
    rung(&w);
    gw_bridge_sip_state(fake_dialled, GW_SIP_ANSWERED, GW_CAUSE_NONE, 200, w.b);
    spin();
    g_assert_true(fake_said("call accept U from=100@gw.test to=bob@x.test old"));
    fake_answer_questions();
    spin();
    g_assert_cmpint(fake_said("join c0ffee00@muc.test"), ==, stand);
    g_assert_cmpint(fake_said("call left U"), ==, !stand);
    if (stand) fake_muc_in(fake_muc("100@"), FALSE);
    spin();
    if (stand) fake_local_desc(fake_last(GW_MEDIA_LEG), w.b); /* out of its lobby */
    spin();
    g_assert_cmpint(fake_said("muji preparing"), ==, stand);
    if (stand) end_sip(&w, fake_dialled, GW_CAUSE_NORMAL);
    until_calls(&w, 0);
    g_assert_true(fake_said("call left U"));
    g_clear_pointer(&fake_dialled, gw_sip_call_unref);
  }
  teardown(&w);
}

static void say_to_number(world *w, gw_invite_action action, const char *number) {
  g_autoptr(gw_word) word = to_phone(action, FALSE);
  g_free(word->to);
  word->to = g_strconcat(number, "@gw.test", NULL);
  gw_bridge_call_invited(NULL, word, w->b);
  spin();
}

/* Two that take the same number for one of theirs: which it is in full is another by each of them. */
static void with_trunks(world *w) {
  static const char *const names[] = {"first", "second"}, *const countries[] = {"49", "43"};
  gw_bridge_conf *c = conf(FALSE);
  g_strfreev(g_steal_pointer(&((gw_room_conf *)c->rooms->pdata[0])->ring));
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    gw_trunk_conf *t = g_new0(gw_trunk_conf, 1);
    *t = (gw_trunk_conf){.name = g_strdup(names[i]),
                         .country = g_strdup(countries[i]),
                         .international = g_strdup("00"),
                         .national = g_strdup("0"),
                         .format = g_strdup("national"),
                         .dial_out = g_strsplit("+4*", ",", 0),
                         .dial_out_by = g_strsplit("bob@x.test", ",", 0)};
    g_ptr_array_add(c->trunks, t);
  }
  gw_bridge_reconfigure(w->b, c);
  bob_joins("gateway@");
}

/* A number that is called by a trunk: the invite twice rings it once, and taken back it rings no more, also when the next trunk
 * rings it by now. */
static void test_number_is_invited(void) {
  for (guint trunk = 0; trunk < 2; trunk++) {
    world w;
    setup(&w);
    with_trunks(&w);
    fake_clear();
    say_to_number(&w, GW_INVITE_INVITE, "0301234567");
    fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
    spin();
    g_assert_true(fake_said("sip dial 0301234567 by first"));
    if (trunk) {
      gw_bridge_sip_state(fake_dialled, GW_SIP_ENDED, GW_CAUSE_PEER_GONE, 503, w.b);
      spin();
      fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
      spin();
      g_assert_true(fake_said("sip dial 0301234567 by second"));
    }
    say_to_number(&w, GW_INVITE_INVITE, "0301234567");
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 1);
    g_assert_false(fake_said("call reject"));
    say_to_number(&w, GW_INVITE_RETRACT, "0301234567");
    g_assert_true(fake_said("sip hangup cancelled"));
    g_assert_cmpuint(gw_bridge_call_count(w.b), ==, 0);
    g_clear_pointer(&fake_dialled, gw_sip_call_unref);
    teardown(&w);
  }
}

/* More people than are counted, none of whom may: who may is not kept out. */
static void test_strangers(void) {
  world w;
  setup(&w);
  guint told = 0;
  for (guint i = 0; i <= GW_MAX_INVITERS; i++) {
    g_autoptr(gw_word) invite = to_phone(GW_INVITE_INVITE, TRUE);
    g_free(invite->from);
    invite->from = g_strdup_printf("eve%u@evil.test/x", i);
    fake_clear();
    gw_bridge_call_invited(NULL, invite, w.b);
    told += fake_said("call reject U");
  }
  g_assert_cmpuint(told, ==, 21);
  bob_joins("gateway@");
  rung(&w);
  end_sip(&w, fake_dialled, GW_CAUSE_REJECTED);
  g_clear_pointer(&fake_dialled, gw_sip_call_unref);
  teardown(&w);
}

/* --- calls that a phone starts in a private room --- */

static void use_private(world *w) {
  gw_bridge_conf *c = conf(FALSE);
  gw_room_conf *r = c->rooms->pdata[0];
  g_strfreev(r->ring);
  r->ring = NULL;
  r->people = g_strsplit("carol@x.test", ",", 0);
  r->private_calls = TRUE;
  g_free(r->flavour);
  r->flavour = g_strdup("muji");
  gw_bridge_reconfigure(w->b, c);
}

static gw_sip_call *starts_call(world *w) {
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *sip = invite(w, "100", "8000", offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w->b);
  spin();
  g_assert_true(fake_said("private ") && !fake_said("join " ROOM));
  fake_muc_in(fake_muc("100@"), FALSE);
  spin();
  return sip;
}

/* A server that was restarted has forgotten the room: the first of ours makes it, and lets in whoever was; nobody is invited
 * again. */
static void made_anew(void) {
  fake_clear();
  fake_muc_barred(fake_muc("101@")); /* the other one is not back yet, or was not let speak of it */
  g_assert_true(fake_said("grant 101@gw.test"));
  fake_answer_questions();
  fake_muc_in(fake_muc("100@"), TRUE);
  g_assert_false(fake_said("grant owner")); /* it stood */
  fake_affiliation = "owner";
  fake_muc_in(fake_muc("100@"), TRUE);
  fake_affiliation = NULL;
  spin();
  g_assert_true(fake_said("grant owner gateway@gw.test") && fake_said("grant bob@x.test") &&
                fake_said("grant carol@x.test"));
  g_assert_false(fake_said("grant 100@gw.test"));
  fake_answer_questions();
  fake_muc_in(fake_muc("101@"), TRUE);
  spin();
  g_assert_false(fake_said("invite invite") || fake_said("call invite") || fake_said("join ") ||
                 fake_said("leave "));
}

static void test_own_room(void) {
  static const char *const stands[] = {"http://jabber.org/protocol/muc", NULL};
  world w;
  setup(&w);
  use_private(&w);
  bob_joins("gateway@");
  fake_answer_questions();
  fake_clear();
  fake_disco_features = stands;
  gw_sip_call *sip = starts_call(&w);
  g_assert_true(fake_said("muji preparing") && !fake_said("invite"));
  g_assert_true(fake_said("grant owner gateway@gw.test") && fake_said("grant bob@x.test") &&
                fake_said("grant carol@x.test"));
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *second = invite(&w, "101", "8000", offer); /* waits until the room stands */
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  g_assert_null(fake_muc("101@"));
  fake_answer_questions();
  g_assert_true(fake_said("invite invite in " ROOM " to "));
  g_assert_true(fake_said("from=100@gw.test to=carol@x.test"));
  fake_answer_questions(); /* does it stand? */
  fake_answer_questions(); /* may the second phone in? */
  g_assert_nonnull(fake_muc("101@"));
  g_assert_cmpstr(gw_muc_room(fake_muc("101@")), ==, gw_muc_room(fake_muc("100@")));
  fake_muc_in(fake_muc("101@"), FALSE);
  spin();
  made_anew();
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  until_calls(&w, 1);
  g_assert_false(fake_said("retract")); /* the other phone is still there */
  hangs_up(&w, second, 0);
  g_assert_true(fake_said("invite retract in " ROOM) && fake_said("call retract "));
  gw_sip_call_unref(sip);
  teardown(&w);
}

/* The only one who was asked does not want to. */
static void test_refused(void) {
  world w;
  setup(&w);
  use_private(&w);
  fake_clear();
  gw_sip_call *sip = starts_call(&w);
  fake_answer_questions();
  const char *id = strstr(fake_log(), "call invite ");
  g_assert_true(id && !fake_said("invite invite in "));
  g_autofree char *uuid = g_strndup(id + strlen("call invite "), 36);
  static const char *const from[] = {"mallory@x.test/1", "carol@x.test/1"};
  for (guint i = 0; i < G_N_ELEMENTS(from); i++) {
    g_autoptr(gw_word) no = call_invite(GW_INVITE_REJECT, NULL);
    g_free(no->from);
    no->from = g_strdup(from[i]);
    no->to = g_strdup("100@gw.test");
    g_free(no->u.call_invite.ids[0]);
    no->u.call_invite.ids[0] = g_strdup(uuid);
    gw_bridge_call_invited(NULL, no, w.b);
    spin();
    g_assert_cmpint(fake_said("sip hangup rejected"), ==, i);
  }
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  gw_sip_call_unref(sip);
  teardown(&w);
}

/* --- a call that a transfer moves to another room --- */

/* 8000 leads to ROOM, 8001 to OTHER, both for Muji calls; nobody is rung. own: which of them starts private calls, with carol or
 * dave; 2: none. */
static void use_two(world *w, guint own) {
  gw_bridge_conf *c = conf(TRUE);
  for (guint i = 0; i < 2; i++) {
    gw_room_conf *r = c->rooms->pdata[i];
    g_strfreev(g_steal_pointer(&r->ring));
    g_free(r->flavour);
    r->flavour = g_strdup("muji");
    r->private_calls = i == own;
    r->people = g_strsplit(i ? "dave@x.test" : "carol@x.test", ",", 0);
  }
  gw_bridge_reconfigure(w->b, c);
  fake_muc_in(fake_muc_at("gateway@", OTHER), FALSE);
  fake_clear();
}

static void move_to_other(world *w, gw_sip_call *sip) {
  const gw_sip_refer r = {.target = "8001", .uri = "8001", .ours = TRUE};
  fake_clear();
  gw_bridge_sip_refer(sip, &r, w->b);
  spin();
  fake_answer_questions();
  spin();
}

static void other_lets_it_in(world *w) {
  fake_muc_in(fake_muc_at("100@", OTHER), FALSE);
  spin();
  fake_local_desc(fake_last(GW_MEDIA_LEG), w->b);
  spin();
  g_assert_true(fake_said("media move"));
}

/* He is in the phone's call by now. */
static void bob_calls(void) {
  gw_word *initiate = gw_word_new_jingle(GW_JINGLE_SESSION_INITIATE, NULL, "s1", FALSE);
  initiate->from = g_strdup("bob@x.test/web");
  initiate->u.jingle.desc = web_sound("audio", "bbbb", GW_SETUP_ACTPASS);
  fake_muji_nick = "bob";
  bob_joins("100@");
  fake_jingle("100@", initiate);
  fake_muji_nick = NULL;
  g_assert_true(fake_said("media peer"));
}

/* The settings are those of the number that it goes to, not of the one that it comes from. */
static void test_moved_private(void) {
  for (guint own = 0; own < 2; own++) {
    world w;
    setup(&w);
    use_two(&w, own);
    gw_sip_call *sip = own ? seated(&w) : starts_call(&w);
    fake_answer_questions(); /* who is let in: the room stands */
    spin();
    bob_calls();
    move_to_other(&w, sip);
    const char *room = strstr(fake_log(), "private ");
    g_assert_cmpint(room != NULL, ==, own);
    g_assert_cmpint(fake_said("join " OTHER), ==, !own);
    if (own) {
      g_autofree char *name = g_strndup(room + 8, strcspn(room + 8, "\n"));
      fake_muc_in(fake_muc_at("100@", name), FALSE);
      fake_answer_questions();
      spin();
      g_assert_true(fake_said("to=dave@x.test") && !fake_said("to=carol@x.test"));
      g_assert_true(fake_said("media move"));
    } else {
      other_lets_it_in(&w);
      g_assert_false(fake_said("call invite "));
    }
    end_sip(&w, sip, GW_CAUSE_NORMAL);
    until_calls(&w, 0);
    g_assert_cmpint(fake_said("call retract "), ==, own); /* nobody came there, whoever was in the old one */
    gw_sip_call_unref(sip);
    teardown(&w);
  }
}

/* The only one who was asked refuses while the phone is on its way out, into another room: the call there goes on. */
static void test_moved_refused(void) {
  world w;
  setup(&w);
  use_two(&w, 0);
  gw_sip_call *sip = starts_call(&w);
  fake_answer_questions();
  spin();
  g_autofree char *uuid = g_strndup(strstr(fake_log(), "call invite ") + strlen("call invite "), 36);
  move_to_other(&w, sip);
  fake_muc_in(fake_muc_at("100@", OTHER), FALSE);
  fake_clear();
  for (guint i = 0; i < 50 && !fake_said("muji none"); i++)
    g_main_context_iteration(NULL, FALSE); /* it says goodbye there, which takes a moment */
  g_assert_true(fake_said("muji none") && !fake_said("call retract"));
  g_autoptr(gw_word) no = call_invite(GW_INVITE_REJECT, NULL);
  g_free(no->from);
  no->from = g_strdup("carol@x.test/1");
  no->to = g_strdup("100@gw.test");
  g_free(no->u.call_invite.ids[0]);
  no->u.call_invite.ids[0] = g_strdup(uuid);
  gw_bridge_call_invited(NULL, no, w.b);
  spin();
  g_assert_false(fake_said("sip hangup"));
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  until_calls(&w, 0);
  gw_sip_call_unref(sip);
  teardown(&w);
}

/* Somebody had invited the phone to a call of his: where it goes nobody has, and he hears when it goes. */
static void test_moved_invited(void) {
  static const char *const stands[] = {"http://jabber.org/protocol/muc", NULL};
  world w;
  setup(&w);
  use_two(&w, 2);
  bob_joins("gateway@");
  fake_disco_features = stands;
  rung(&w);
  gw_bridge_sip_state(fake_dialled, GW_SIP_ANSWERED, GW_CAUSE_NONE, 200, w.b);
  spin();
  fake_answer_questions();
  spin();
  fake_muc_in(fake_muc("100@"), FALSE);
  spin();
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  fake_disco_features = NULL;
  move_to_other(&w, fake_dialled);
  g_assert_true(fake_said("join " OTHER " as Front desk"));
  g_assert_false(fake_said("call left U"));
  other_lets_it_in(&w);
  g_assert_true(fake_said("call left U from=100@gw.test to=bob@x.test"));
  fake_clear();
  end_sip(&w, fake_dialled, GW_CAUSE_NORMAL);
  until_calls(&w, 0);
  g_assert_false(fake_said("call left")); /* once */
  g_clear_pointer(&fake_dialled, gw_sip_call_unref);
  teardown(&w);
}

/* Rung for a proposal in the one room: what is weighed is the call that runs in the other, whose proposer could not call it. */
static void test_moved_rung(void) {
  world w;
  setup(&w);
  gw_bridge_conf *c = conf(TRUE);
  for (guint i = 0; i < 2; i++) {
    gw_room_conf *r = c->rooms->pdata[i];
    g_strfreev(r->ring);
    r->ring = i ? NULL : g_strsplit("100", ",", 0);
  }
  gw_bridge_reconfigure(w.b, c);
  fake_muc_in(fake_muc_at("gateway@", OTHER), FALSE);
  bob_joins("gateway@");
  fake_word(fake_muc("gateway@"), word(GW_JMUCI_PROPOSE, "id-1", "bob"));
  spin();
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  g_assert_true(fake_said("sip dial 100"));
  gw_sip_call *sip = fake_dialled;
  gw_bridge_sip_state(sip, GW_SIP_ANSWERED, GW_CAUSE_NONE, 200, w.b);
  spin();
  fake_muc_in(fake_muc("100@"), FALSE);
  fake_answer_questions();
  spin();
  fake_local_desc(fake_last(GW_MEDIA_LEG), w.b);
  spin();
  gw_muc *other = fake_muc_at("gateway@", OTHER);
  fake_occupant(other, "eve", "eve@x.test/web", GW_OCC_JOINED);
  gw_word *proposal = word(GW_JMUCI_PROPOSE, "id-9", "eve");
  g_free(proposal->from);
  proposal->from = g_strdup(OTHER "/eve");
  fake_word(other, proposal);
  spin();
  fake_roster_answer = GW_ANSWER_NO;
  fake_disco_name = "JSXC";
  move_to_other(&w, sip);
  g_assert_true(fake_said("join " OTHER));
  fake_muc_in(fake_muc_at("100@", OTHER), FALSE);
  fake_answer_questions();
  spin();
  g_assert_true(fake_said("sip refer-progress 403") && !fake_said("media move"));
  end_sip(&w, sip, GW_CAUSE_NORMAL);
  gw_sip_call_unref(sip);
  teardown(&w);
}

static void said(const char *nick, gw_jmuci_action a, const char *id, gboolean sfu) {
  gw_word *w = word(a, id, nick);
  w->u.jmuci.sfu = sfu;
  fake_word(fake_muc("gateway@"), w);
}

/* A call that people are in comes before one that somebody has only proposed, whatever kind either is. */
static void test_running_first(void) {
  static const struct {
    gboolean sfu_runs, mesh_runs;
    const char *expect;
  } rows[] = {{TRUE, FALSE, "jmuci-sfu"}, {FALSE, TRUE, "jmuci-mesh"}};
  static const char *const nicks[] = {"alice", "bob", "carol", "dave"};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    world w;
    setup(&w);
    use(&w, "auto");
    gw_bridge_conf *c = conf(FALSE);
    gw_room_conf *r = c->rooms->pdata[0];
    g_strfreev(g_steal_pointer(&r->ring));
    r->sfu = g_strdup("ws://127.0.0.1:1");
    gw_bridge_reconfigure(w.b, c);
    for (guint k = 0; k < G_N_ELEMENTS(nicks); k++) {
      g_autofree char *jid = g_strconcat(nicks[k], "@x.test/1", NULL);
      fake_occupant(fake_muc("gateway@"), nicks[k], jid, GW_OCC_JOINED);
    }
    said("alice", GW_JMUCI_PROPOSE, "S", TRUE);
    said("carol", GW_JMUCI_PROPOSE, "M", FALSE);
    if (rows[i].sfu_runs) said("bob", GW_JMUCI_ACCEPT, "S", TRUE);
    if (rows[i].mesh_runs) said("dave", GW_JMUCI_ACCEPT, "M", FALSE);
    gw_sip_call *sip = dials_and_asks(&w, "100");
    fake_muc_in(fake_muc("100@"), FALSE);
    spin();
    fake_answer_questions();
    spin();
    g_autoptr(GPtrArray) calls = gw_bridge_calls(w.b);
    g_assert_cmpstr(((gw_call_info *)calls->pdata[0])->flavour, ==, rows[i].expect);
    end_sip(&w, sip, GW_CAUSE_NORMAL);
    gw_sip_call_unref(sip);
    teardown(&w);
  }
}

/* Two gateways in one room must not answer each other's invites with invites of their own: who was rung starts no call, not even
 * when the one that it was rung for is gone. */
/* By the room that it rings for, and by a message: it rings once, and whoever wrote the message is answered. */
static void test_invited_both_ways(void) {
  world w;
  setup(&w);
  bob_joins("gateway@");
  fake_word(fake_muc("gateway@"), call_invite(GW_INVITE_INVITE, "c0ffee00@muc.test"));
  spin();
  fake_local_desc((gw_handle){fake_last(GW_MEDIA_LEG).v - 1}, w.b);
  spin();
  g_assert_true(fake_said("sip dial 100"));
  const guint calls = gw_bridge_call_count(w.b);
  fake_clear();
  say_to_phone(&w, GW_INVITE_INVITE, FALSE);
  say_to_phone(&w, GW_INVITE_INVITE, FALSE);
  g_assert_cmpuint(gw_bridge_call_count(w.b), ==, calls);
  g_assert_false(fake_said("call "));
  gw_bridge_sip_state(fake_dialled, GW_SIP_ANSWERED, GW_CAUSE_NONE, 200, w.b);
  spin();
  g_assert_true(fake_said("call accept U from=100@gw.test to=bob@x.test new"));
  end_sip(&w, fake_dialled, GW_CAUSE_NORMAL);
  g_assert_true(fake_said("call left U"));
  g_assert_false(fake_said("call reject"));
  g_clear_pointer(&fake_dialled, gw_sip_call_unref);
  teardown(&w);
}

static void test_invited_invites_nobody(void) {
  world w;
  setup(&w);
  use_private(&w);
  gw_bridge_conf *c = conf(FALSE);
  gw_room_conf *r = c->rooms->pdata[0];
  g_free(r->flavour);
  r->flavour = g_strdup("muji");
  r->private_calls = TRUE;
  gw_bridge_reconfigure(w.b, c);
  bob_joins("gateway@");
  fake_word(fake_muc("gateway@"), call_invite(GW_INVITE_INVITE, "c0ffee00@muc.test"));
  spin();
  fake_local_desc((gw_handle){fake_last(GW_MEDIA_LEG).v - 1}, w.b);
  spin();
  g_assert_true(fake_said("sip dial 100"));
  gw_bridge_sip_state(fake_dialled, GW_SIP_ANSWERED, GW_CAUSE_NONE, 200, w.b);
  spin();
  fake_disco_features = NULL; /* it stands no more */
  fake_answer_questions();
  spin();
  g_assert_true(fake_said("join " ROOM " as Front desk"));
  g_assert_false(fake_said("private ") || fake_said("invite invite"));
  end_sip(&w, fake_dialled, GW_CAUSE_NORMAL);
  g_clear_pointer(&fake_dialled, gw_sip_call_unref);
  teardown(&w);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/muji-rooms/which-kind", test_muji);
  g_test_add_func("/muji-rooms/call-room", test_call_room);
  g_test_add_func("/muji-rooms/one-call", test_one_call);
  g_test_add_func("/muji-rooms/inviter-leaves", test_inviter_leaves);
  g_test_add_func("/muji-rooms/running-first", test_running_first);
  g_test_add_func("/muji-rooms/phone-is-invited", test_phone_is_invited);
  g_test_add_func("/muji-rooms/number-is-invited", test_number_is_invited);
  g_test_add_func("/muji-rooms/strangers", test_strangers);
  g_test_add_func("/muji-rooms/own-room", test_own_room);
  g_test_add_func("/muji-rooms/refused", test_refused);
  g_test_add_func("/muji-rooms/invited-both-ways", test_invited_both_ways);
  g_test_add_func("/muji-rooms/invited-invites-nobody", test_invited_invites_nobody);
  g_test_add_func("/muji-rooms/moved-private", test_moved_private);
  g_test_add_func("/muji-rooms/moved-refused", test_moved_refused);
  g_test_add_func("/muji-rooms/moved-invited", test_moved_invited);
  g_test_add_func("/muji-rooms/moved-rung", test_moved_rung);
  return g_test_run();
}

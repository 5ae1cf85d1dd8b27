/* Callers from a trunk: under which JID and name the room sees them, what the operator sees, and how many at once. */
#include "kit.h"

#define NUMBER "+493012345647"

static void with_trunk(world *w, gboolean number_jid, guint max_calls) {
  gw_bridge_conf *c = conf(FALSE);
  const char *const names[] = {"provider", "dead"};
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    gw_trunk_conf *t = g_new0(gw_trunk_conf, 1);
    *t = (gw_trunk_conf){.name = g_strdup(names[i]),
                         .country = g_strdup("49"),
                         .international = g_strdup("00"),
                         .national = g_strdup("0"),
                         .format = g_strdup("national"),
                         .dial_out = g_strsplit("+4930*", ",", 0),
                         .dial_out_by = g_strsplit("anna@x.test", ",", 0),
                         .number_jid = number_jid,
                         .max_calls = max_calls};
    g_ptr_array_insert(c->trunks, 0, t); /* the dead one is asked first */
  }
  gw_bridge_reconfigure(w->b, c);
}

static gw_sip_call *call_in(world *w, const char *trunk, const char *user, const char *name,
                            gboolean anonymous) {
  gw_sip_call *sip = fake_sip_call();
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_invite i = {.trunk = trunk,
                     .from_user = user,
                     .from_name = name,
                     .anonymous = anonymous,
                     .to_user = "8000",
                     .source = "udp:192.0.2.7:5060",
                     .call_id = "x",
                     .offer = offer};
  gw_bridge_invite(NULL, sip, &i, w->b);
  spin();
  return sip;
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

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/bridge/trunk/names", test_names);
  g_test_add_func("/bridge/trunk/how-many", test_how_many);
  g_test_add_func("/bridge/trunk/explained", test_explained);
  return g_test_run();
}

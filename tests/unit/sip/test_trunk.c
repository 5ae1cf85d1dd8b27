/* test_trunk.c - the client registers at the server and calls by it; the server lets a peer in by its address; a trunk
 * that answers nonsense. */
#include "rig.h"
#include <string.h>

static gw_sip_trunk_info state_of(gw_sip *sip, const char *name) {
  gw_sip_trunk_info info = {.state = GW_TRUNK_TRYING, .reason = "not there"};
  gw_sip_find_trunk(sip, name, &info);
  return info;
}

static char *at(guint port) {
  return g_strdup_printf("127.0.0.1:%u", port);
}

static void test_registers_and_calls(void) {
  rig *r = rig_new();
  gw_cause why = GW_CAUSE_NONE;
  r->server.on_invite = DO_RING_ANSWER;
  g_autofree char *proxy = at(r->server.udp);
  gw_sip_trunk t = {.name = "provider",
                    .proxy = proxy,
                    .registers = TRUE,
                    .user = "100",
                    .password = "secret",
                    .trusted = TRUE};
  gw_sip_set_trunks(r->client.sip, &t, 1);
  g_assert_null(rig_dial_trunk(r, "nobody", "1", "2", NULL, &why));
  g_assert_cmpint(why, ==, GW_CAUSE_NOT_FOUND);
  g_assert_true(RIG_WAIT(r, state_of(r->client.sip, "provider").state == GW_TRUNK_UP));
  g_assert_cmpuint(gw_sip_contacts(r->server.sip, "100"), ==, 1);
  gw_sip_set_trunks(r->client.sip, &t, 1); /* nothing has changed */
  rig_spin(r, 200);
  g_assert_cmpuint(r->server.bindings_told, ==, 1);
  g_autoptr(gw_desc) offer = rig_desc(30000, GW_DIR_SENDRECV);
  end *c = rig_dial_trunk(r, "provider", "+4930123456", "+493099", offer, &why);
  g_assert_nonnull(c);
  g_assert_true(RIG_WAIT(r, c->states[GW_SIP_CONFIRMED]));
  end *s = rig_in(&r->server, 0);
  g_assert_cmpstr(s->phone, ==, "100");
  g_assert_cmpstr(s->to_user, ==, "+4930123456");
  g_assert_cmpstr(s->from_user, ==, "100"); /* the server does not trust us */
  g_assert_cmpstr(s->from_name, ==, "Anna");
  gw_sip_call_hangup(c->call, GW_CAUSE_NORMAL);
  g_assert_true(RIG_WAIT(r, s->states[GW_SIP_ENDED]));
  gw_sip_set_trunks(r->client.sip, NULL, 0);
  g_assert_true(RIG_WAIT(r, gw_sip_contacts(r->server.sip, "100") == 0));
  rig_free(r);
}

static void test_wrong_password(void) {
  rig *r = rig_new();
  gw_cause why = GW_CAUSE_NONE;
  g_autofree char *proxy = at(r->server.udp);
  gw_sip_trunk t = {
      .name = "provider", .proxy = proxy, .registers = TRUE, .user = "100", .password = "guess"};
  gw_sip_set_trunks(r->client.sip, &t, 1);
  g_assert_true(RIG_WAIT(r, state_of(r->client.sip, "provider").state == GW_TRUNK_DOWN));
  g_assert_cmpstr(state_of(r->client.sip, "provider").reason, ==, "401 Unauthorized");
  rig_spin(r, 500);
  g_assert_cmpuint(rig_count_lines(r, "sip-auth-failed"), ==, 1); /* not asked again at once */
  g_assert_null(rig_dial_trunk(r, "provider", "1", "2", NULL, &why));
  g_assert_cmpint(why, ==, GW_CAUSE_PEER_GONE);
  rig_free(r);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/trunk/registers-and-calls", test_registers_and_calls);
  g_test_add_func("/trunk/wrong-password", test_wrong_password);
  return g_test_run();
}

/* direct_kit.h - a person and her phone calls, for the tests of calls between one phone and one person.
 * Thread: the test's.  Owner: start makes, finish frees.  Calls back: never. */
#ifndef BRIDGE_DIRECT_KIT_H
#define BRIDGE_DIRECT_KIT_H
#include "kit.h"

#define ALICE "alice@example.test"
#define DEVICE "alice@example.test/phone"

G_GNUC_UNUSED static void add_number(gw_bridge_conf *c, const char *number, const char *pin) {
  gw_room_conf *r = gw_room_conf_new();
  g_free(r->flavour);
  g_free(r->pin);
  r->number = g_strdup(number);
  r->room = g_strdup(ALICE);
  r->flavour = g_strdup("direct");
  r->pin = g_strdup(pin);
  g_ptr_array_add(c->rooms, r);
}

G_GNUC_UNUSED static gw_bridge_conf *direct_conf(void) {
  gw_bridge_conf *c = conf(FALSE);
  g_free(c->domain);
  c->domain = g_strdup("gw.example.test");
  g_strfreev(g_steal_pointer(&((gw_room_conf *)c->rooms->pdata[0])->ring));
  add_number(c, "8101", "");
  add_number(c, "8102", "4711");
  gw_trunk_conf *t = g_new0(gw_trunk_conf, 1);
  t->name = g_strdup("main");
  t->country = g_strdup("49");
  t->international = g_strdup("00");
  t->national = g_strdup("0");
  t->format = g_strdup("e164");
  t->dial_out = g_strsplit("+4930*", ",", 0);
  t->dial_out_by = g_strsplit(ALICE, ",", 0);
  g_ptr_array_add(c->trunks, t);
  return c;
}

G_GNUC_UNUSED static void start(world *w) {
  setup(w);
  gw_bridge_reconfigure(w->b, direct_conf());
  fake_clear();
}

G_GNUC_UNUSED static void finish(world *w) {
  g_clear_pointer(&fake_dialled, gw_sip_call_unref);
  teardown(w);
}

G_GNUC_UNUSED static void jmi(world *w, gw_jmi_action a, const char *from, const char *to, const char *id) {
  g_autoptr(gw_word) word = gw_word_new_jmi(a, to, id);
  word->from = g_strdup(from);
  word->u.jmi.audio = a == GW_JMI_PROPOSE;
  gw_bridge_jmi(NULL, word, w->b);
  spin();
}

G_GNUC_UNUSED static gw_word *jingle(gw_jingle_action a, const char *sid) {
  gw_word *word = gw_word_new_jingle(a, NULL, sid, FALSE);
  word->from = g_strdup(DEVICE);
  if (a == GW_JINGLE_SESSION_TERMINATE) {
    word->u.jingle.reason = g_strdup("success");
    return word;
  }
  word->u.jingle.desc = gw_desc_new();
  gw_desc_media *m = gw_desc_add(word->u.jingle.desc, GW_KIND_AUDIO, "audio");
  gw_desc_media_add_codec(m, 111, "opus", 48000, 2, "useinbandfec=1");
  m->rtcp_mux = TRUE;
  m->ufrag = g_strdup("rrrr");
  m->pwd = g_strdup("ssssssssssssssssssssss");
  m->fp_hash = g_strdup("sha-256");
  m->fp_value = g_strdup("CC:DD");
  m->setup = a == GW_JINGLE_SESSION_INITIATE ? GW_SETUP_ACTPASS : GW_SETUP_ACTIVE;
  return word;
}

/* phone 100 has called alice, and she has taken the call */
G_GNUC_UNUSED static gw_sip_call *talking(world *w) {
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *sip = invite(w, "100", "8101", offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w->b);
  spin();
  const char *said = strstr(fake_log(), "jmi propose ");
  g_assert_nonnull(said);
  g_assert_true(fake_said("media expect offerer=1 peers=1")); /* while it rings there */
  g_autofree char *id = g_strndup(said + strlen("jmi propose "), 36);
  g_assert_false(fake_said("sip ringing")); /* nothing rings there yet */
  jmi(w, GW_JMI_RINGING, DEVICE, "100@gw.example.test", id);
  g_assert_true(fake_said("sip ringing"));
  jmi(w, GW_JMI_PROCEED, DEVICE, "100@gw.example.test", id);
  g_assert_false(fake_said("sip answer"));
  fake_local_desc(fake_last(GW_MEDIA_PEER), w->b);
  g_assert_true(fake_said("jingle session-initiate to=" DEVICE));
  fake_jingle("100@", jingle(GW_JINGLE_SESSION_ACCEPT, id));
  spin();
  g_assert_true(fake_said("sip answer dir=3"));
  return sip;
}

G_GNUC_UNUSED static void picked_up(world *w) {
  fake_local_desc(fake_last(GW_MEDIA_LEG), w->b);
  spin();
  g_assert_nonnull(fake_dialled);
  gw_bridge_sip_state(fake_dialled, GW_SIP_RINGING, GW_CAUSE_NONE, 180, w->b);
  gw_bridge_sip_state(fake_dialled, GW_SIP_ANSWERED, GW_CAUSE_NONE, 200, w->b);
  spin();
  fake_local_desc(fake_last(GW_MEDIA_LEG), w->b); /* in its room now */
  spin();
}

#endif

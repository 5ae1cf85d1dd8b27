/* kit.h - one bridge among its stand-ins, and what every test of it does: invite, seat, hang up.
 * Thread: the test's.  Owner: setup makes, teardown frees.  Calls back: never. */
#ifndef BRIDGE_KIT_H
#define BRIDGE_KIT_H
#include <json-glib/json-glib.h>
#include <string.h>
#include "base/clock.h"
#include "fakes.h"

#define ROOM "standup@muc.test"
#define OTHER "other@muc.test"

typedef struct {
  gw_bridge *b;
  GString *store;
  gboolean stopped;
} world;

static void session_add(const char *ours, const char *peer, const char *sid, void *user) {
  g_string_append_printf(((world *)user)->store, "+session %s\n", peer);
}

static void session_remove(const char *ours, const char *peer, const char *sid, void *user) {
  g_string_append_printf(((world *)user)->store, "-session %s\n", peer);
}

static void occupant_add(const char *ours, const char *where, void *user) {
  g_string_append_printf(((world *)user)->store, "+occupant %s\n", where);
}

static void occupant_remove(const char *ours, const char *where, void *user) {
  g_string_append_printf(((world *)user)->store, "-occupant %s\n", where);
}

static void ledger_save(const char *room, const char *saved, void *user) {
  g_string_append_printf(((world *)user)->store, "ledger %s\n", room);
}

static void record(const char *id, const char *json, gint64 started, void *user) {
  g_string_append_printf(((world *)user)->store, "record %s\n", json);
  g_test_message("%s", json);
}

static const gw_bridge_store store = {session_add,     session_remove, occupant_add,
                                      occupant_remove, ledger_save,    record};

static gw_bridge_conf *conf(gboolean second_room) {
  gw_bridge_conf *c = gw_bridge_conf_new();
  c->domain = g_strdup("gw.test");
  c->codecs = g_strsplit("PCMU,PCMA", ",", 0);
  for (guint i = 0; i < 2; i++) {
    gw_phone_conf *p = g_new0(gw_phone_conf, 1);
    p->number = g_strdup(i ? "101" : "100");
    p->password = g_strdup("x");
    p->name = g_strdup(i ? "Workshop" : "Front desk");
    p->max_calls = 2;
    g_ptr_array_add(c->phones, p);
  }
  for (guint i = 0; i < (second_room ? 2u : 1u); i++) {
    gw_room_conf *r = gw_room_conf_new();
    r->number = g_strdup(i ? "8001" : "8000");
    r->room = g_strdup(i ? OTHER : ROOM);
    r->ring = g_strsplit("100,101", ",", 0);
    g_ptr_array_add(c->rooms, r);
  }
  return c;
}

static void setup(world *w) {
  fake_reset();
  *w = (world){.store = g_string_new(NULL)};
  w->b = gw_bridge_new(NULL, conf(FALSE), &store, w);
  gw_bridge_connect(w->b, NULL, NULL, NULL);
  gw_bridge_start(w->b);
  fake_muc_in(fake_muc("gateway@"), FALSE);
}

static void spin(void) {
  while (g_main_context_iteration(NULL, FALSE))
    continue;
}

static void teardown(world *w) {
  gw_bridge_free(w->b);
  g_string_free(w->store, TRUE);
  g_assert_cmpuint(fake_open(GW_MEDIA_LEG), ==, 0);
  g_assert_cmpuint(fake_open(GW_MEDIA_PEER), ==, 0);
  g_assert_cmpuint(fake_open(GW_MEDIA_ROOM), ==, 0);
}

static gw_desc *phone_offer(gw_dir dir) {
  gw_desc *d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, NULL);
  gw_desc_media_add_codec(m, 8, "PCMA", 8000, 1, NULL);
  m->dir = dir;
  return d;
}

G_GNUC_UNUSED static gw_sip_call *invite(world *w, const char *phone, const char *to,
                                         const gw_desc *offer) {
  gw_sip_call *sip = fake_sip_call();
  gw_sip_invite i = {.phone = phone,
                     .from_user = phone,
                     .from_name = "",
                     .to_user = to,
                     .source = "udp:127.0.0.1:5062",
                     .call_id = "x"};
  i.offer = offer;
  gw_bridge_invite(NULL, sip, &i, w->b);
  spin();
  return sip;
}

/* Also a room OTHER, number 8001. */
G_GNUC_UNUSED static void setup_two(world *w) {
  setup(w);
  gw_bridge_reconfigure(w->b, conf(TRUE));
  fake_muc_in(fake_muc_at("gateway@", OTHER), FALSE);
}

/* The offer or answer of a peer by WebRTC. */
G_GNUC_UNUSED static gw_desc *web_sound(const char *mid, const char *ufrag, gw_setup setup) {
  gw_desc *d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, mid);
  gw_desc_media_add_codec(m, 111, "opus", 48000, 2, NULL);
  m->rtcp_mux = TRUE;
  m->ufrag = g_strdup(ufrag);
  m->pwd = g_strdup("bbbbbbbbbbbbbbbbbbbbbb");
  m->fp_hash = g_strdup("sha-256");
  m->fp_value = g_strdup("CC:DD");
  m->setup = setup;
  return d;
}

/* It calls a number, and its leg is ready. */
G_GNUC_UNUSED static gw_sip_call *dials(world *w, const char *phone, const char *to) {
  g_autoptr(gw_desc) offer = phone_offer(GW_DIR_SENDRECV);
  gw_sip_call *sip = invite(w, phone, to, offer);
  fake_local_desc(fake_last(GW_MEDIA_LEG), w->b);
  spin();
  return sip;
}

/* The same, and the room lets in whose JID begins so. */
G_GNUC_UNUSED static gw_sip_call *enters(world *w, const char *phone, const char *to,
                                         const char *jid) {
  gw_sip_call *sip = dials(w, phone, to);
  fake_muc_in(fake_muc(jid), FALSE);
  spin();
  return sip;
}

G_GNUC_UNUSED static void bob_joins(const char *part) {
  fake_occupant(fake_muc(part), "bob", "bob@x.test/web", GW_OCC_JOINED);
}

/* phone 100 in the room, nobody else */
G_GNUC_UNUSED static gw_sip_call *seated(world *w) {
  gw_sip_call *sip = enters(w, "100", "8000", "100@");
  g_assert_true(fake_said("sip answer dir=3"));
  return sip;
}

G_GNUC_UNUSED static void end_sip(world *w, gw_sip_call *sip, gw_cause cause) {
  gw_bridge_sip_state(sip, GW_SIP_ENDED, cause, 0, w->b);
  spin();
}

G_GNUC_UNUSED static void until_calls(world *w, guint n) {
  while (gw_bridge_call_count(w->b) > n)
    g_main_context_iteration(NULL, TRUE);
}

G_GNUC_UNUSED static void hangs_up(world *w, gw_sip_call *sip, guint left) {
  end_sip(w, sip, GW_CAUSE_NORMAL);
  until_calls(w, left);
  gw_sip_call_unref(sip);
}

G_GNUC_UNUSED static void refer(world *w, gw_sip_call *sip, const char *target, gboolean ours,
                  gw_sip_call *replaces) {
  gw_sip_refer r = {.target = target,
                    .uri = target,
                    .ours = ours,
                    .names_call = replaces != NULL,
                    .replaces = replaces};
  gw_bridge_sip_refer(sip, &r, w->b);
  spin();
}

G_GNUC_UNUSED static char *state_of_first(world *w) {
  g_autoptr(GPtrArray) calls = gw_bridge_calls(w->b);
  return g_strdup(((gw_call_info *)calls->pdata[0])->state);
}

G_GNUC_UNUSED static gboolean too_late(gpointer flag) {
  *(gboolean *)flag = TRUE;
  return G_SOURCE_REMOVE;
}

G_GNUC_UNUSED static void run_for(guint ms) {
  gboolean over = FALSE;
  g_timeout_add(ms, too_late, &over);
  while (!over)
    g_main_context_iteration(NULL, TRUE);
}

G_GNUC_UNUSED static void end_prompt(world *w) {
  run_for(80); /* an earlier end would be that of the prompt before */
  gw_bridge_media_events.prompt_end(fake_last(GW_MEDIA_LEG), w->b);
  spin();
}

/* The verdict on a PIN has its moment, so the loop has to run for it. */
G_GNUC_UNUSED static void wait_said(const char *part) {
  gboolean late = FALSE;
  guint id = g_timeout_add_seconds(10, too_late, &late);
  while (!late && !fake_said(part))
    g_main_context_iteration(NULL, TRUE);
  if (late) g_test_message("%s", fake_log());
  g_assert_false(late);
  g_source_remove(id);
}

/* Each key by RTP and by INFO. */
G_GNUC_UNUSED static void keys(world *w, gw_sip_call *sip, const char *text) {
  for (; *text; text++) {
    gw_bridge_media_events.digit(fake_last(GW_MEDIA_LEG), *text, 100, w->b);
    gw_bridge_sip_digit(sip, *text, 100, w->b);
  }
  spin();
}

G_GNUC_UNUSED static gw_word *word(gw_jmuci_action a, const char *id, const char *nick) {
  gw_word *w = gw_word_new_jmuci(a, FALSE, id);
  w->from = g_strdup_printf(ROOM "/%s", nick);
  w->u.jmuci.audio = TRUE;
  return w;
}

#endif

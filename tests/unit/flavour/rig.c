#include "rig.h"
#include <string.h>
#include "base/jid.h"

/* --- descriptions --- */

static void add_transport(gw_desc_media *m, const char *tag, gw_setup setup) {
  m->proto = GW_PROTO_DTLS_SAVPF;
  m->rtcp_mux = TRUE;
  m->ufrag = g_strdup_printf("u%s", tag);
  m->pwd = g_strdup_printf("passwordpasswordpass%s", tag);
  m->fp_hash = g_strdup("sha-256");
  m->fp_value = g_strdup("AB:CD:EF");
  m->setup = setup;
}

static void add_source(gw_desc_media *m, guint32 ssrc, const char *cname, const char *msid) {
  const gw_source s = {ssrc, g_strdup(cname), g_strdup(msid)};
  g_array_append_val(m->sources, s);
}

gw_desc *rig_desc(gw_dir dir, gboolean source, gboolean video, gboolean bundle, gw_setup setup) {
  gw_desc *d = gw_desc_new();
  d->bundle = bundle;
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, "0");
  m->dir = dir;
  gw_desc_media_add_codec(m, 111, "opus", 48000, 2, "minptime=10;useinbandfec=1");
  gw_desc_media_add_codec(m, 9, "G722", 8000, 1, NULL);
  gw_desc_media_add_codec(m, 0, "PCMU", 8000, 1, NULL);
  gw_desc_media_add_codec(m, 8, "PCMA", 8000, 1, NULL);
  add_transport(m, "them", setup);
  if (source) add_source(m, 77, "them", "them a0");
  if (!video) return d;
  m = gw_desc_add(d, GW_KIND_VIDEO, "1");
  m->dir = GW_DIR_RECVONLY;
  gw_desc_media_add_codec(m, 96, "VP8", 90000, 1, NULL);
  add_transport(m, "them", setup);
  return d;
}

gw_desc *rig_caps(guint peer) {
  g_autofree char *tag = g_strdup_printf("us%u", peer);
  gw_desc *d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, NULL);
  m->dir = GW_DIR_SENDRECV;
  gw_desc_media_add_codec(m, 111, "opus", 48000, 2, "useinbandfec=1");
  gw_desc_media_add_codec(m, 9, "G722", 8000, 1, NULL);
  gw_desc_media_add_codec(m, 8, "PCMA", 8000, 1, NULL);
  gw_desc_media_add_codec(m, 0, "PCMU", 8000, 1, NULL);
  add_transport(m, tag, GW_SETUP_ACTPASS);
  add_source(m, 1000 + peer, NULL, NULL);
  gw_candidate c = {.foundation = "1",
                    .component = 1,
                    .udp = TRUE,
                    .priority = 1,
                    .ip = "127.0.0.1",
                    .port = 4000};
  c.port = (guint16)(4000 + peer % 1000);
  g_array_append_val(m->candidates, c);
  return d;
}

/* --- actions as text --- */

static char *jingle_text(const gw_word *w) {
  const gw_jingle *j = &w->u.jingle;
  switch (j->action) {
  case GW_JINGLE_SESSION_INITIATE:
    return g_strdup_printf("initiate %s", w->to);
  case GW_JINGLE_SESSION_ACCEPT:
    return g_strdup_printf("answer %s", w->to);
  case GW_JINGLE_SESSION_TERMINATE:
    return g_strdup_printf("end %s %s", w->to, j->reason);
  case GW_JINGLE_TRANSPORT_INFO:
    return g_strdup_printf("cand %s", w->to);
  case GW_JINGLE_SESSION_INFO:
    return g_strdup_printf("info %s %s:%s", w->to, j->info == GW_INFO_MUTE ? "mute" : "unmute",
                           j->info_name);
  default:
    return g_strdup_printf("%s %s", gw_jingle_action_name(j->action), w->to);
  }
}

static char *sfu_text(const gw_action *a) {
  static const char *const words[] = {"join", "again", "stream", "cand", "leave", "answer", "close"};
  if (a->sid)
    return g_strdup_printf("sfu %s%s%s%s%s", words[a->ask], a->ask == GW_SFU_ASK_STREAM ? "" : " ",
                           a->ask == GW_SFU_ASK_STREAM ? "" : strlen(a->sid) < 8 ? a->sid : "mine",
                           a->text ? " " : "", a->text ? a->text : "");
  return g_strdup_printf("sfu %s%s%s", words[a->ask], a->text || a->nick ? " " : "",
                         a->text && strlen(a->text) < 8 ? a->text : a->text ? "P" : a->nick ? a->nick : "");
}

char *rig_action_text(const gw_action *a, const char *proposed) {
  static const char *const states[] = {"waiting", "connecting", "talking", "ended"};
  switch (a->type) {
  case GW_ACT_SAY:
    if (a->word->kind == GW_WORD_JINGLE) return jingle_text(a->word);
    return g_strdup_printf("%s %s", gw_jmuci_action_name(a->word->u.jmuci.action),
                           !g_strcmp0(proposed, a->word->u.jmuci.id) ? "P" : a->word->u.jmuci.id);
  case GW_ACT_SFU:
    return sfu_text(a);
  case GW_ACT_PEER_OPEN:
    if (a->use != GW_USE_BOTH)
      return g_strdup_printf("open %u %s %s", a->peer, a->nick,
                             a->use == GW_USE_PUBLISH   ? "publish"
                           : a->use == GW_USE_RECEIVE ? "receive"
                                                      : "receive-many");
    return g_strdup_printf("open %u %s %s", a->peer, a->nick,
                           a->offerer                     ? "offer"
                           : a->setup == GW_SETUP_PASSIVE ? "answer:passive"
                                                          : "answer:active");
  case GW_ACT_PEER_REMOTE:
    return g_strdup_printf("remote %u", a->peer);
  case GW_ACT_PEER_NAMED:
    return g_strdup_printf("named %u %s (%s)", a->peer, a->nick, a->text);
  case GW_ACT_PEER_CLOSE:
    return g_strdup_printf("close %u", a->peer);
  case GW_ACT_CALL:
    return a->call == GW_CALL_ENDED ? g_strdup_printf("ended:%s", gw_cause_word(a->cause))
                                    : g_strdup(states[a->call]);
  case GW_ACT_PRESENCE:
    return g_strdup(!a->muji ? "muji none" : a->muji->preparing ? "muji preparing" : "muji in");
  case GW_ACT_NOTE:
    return g_strdup("note");
  case GW_ACT_SAVE:
  case GW_ACT_LEDGER:
  case GW_ACT_HELD:
    return NULL;
  }
  return NULL;
}

/* --- the bench --- */

static void note_word(rig *r, const gw_word *w) {
  gw_word_free(r->said);
  r->said = gw_word_copy(w);
  if (w->kind == GW_WORD_JMUCI) {
    g_assert_cmpint(w->u.jmuci.action, !=, GW_JMUCI_REJECT); /* poison, whatever happens */
    if (w->u.jmuci.action == GW_JMUCI_ACCEPT)
      g_assert_true(g_hash_table_add(r->accepted, g_strdup(w->u.jmuci.id)));
    if (w->u.jmuci.action != GW_JMUCI_PROPOSE) return;
    g_free(r->proposed);
    r->proposed = g_strdup(w->u.jmuci.id);
  } else if (w->u.jingle.action == GW_JINGLE_SESSION_INITIATE) {
    g_free(r->sid);
    r->sid = g_strdup(w->u.jingle.sid);
  } else if (w->u.jingle.action == GW_JINGLE_SESSION_ACCEPT) {
    gw_desc_free(r->answer);
    r->answer = gw_desc_copy(w->u.jingle.desc);
  }
}

static void note(rig *r, const gw_action *a) {
  if (a->type == GW_ACT_SAY) note_word(r, a->word);
  if (a->type == GW_ACT_SAVE) r->saves++;
  if (a->type == GW_ACT_PRESENCE) {
    gw_muji_free(r->muji);
    r->muji = gw_muji_copy(a->muji);
  }
  if (a->type == GW_ACT_LEDGER)
    g_string_append_printf(r->dead, "%s%s%s", r->dead->len ? " " : "",
                           g_strcmp0(a->text, "X") ? "not of X: " : "", a->nick ? a->nick : "*");
  if (a->type == GW_ACT_PEER_OPEN)
    g_assert_true(g_hash_table_add(r->open, GUINT_TO_POINTER(a->peer)));
  if (a->type == GW_ACT_PEER_CLOSE)
    g_assert_true(g_hash_table_remove(r->open, GUINT_TO_POINTER(a->peer)));
  if (a->type == GW_ACT_PEER_REMOTE) {
    g_assert_true(g_hash_table_contains(r->open, GUINT_TO_POINTER(a->peer)));
    gw_desc_free(r->remote);
    r->remote = gw_desc_copy(a->desc);
  }
  g_autofree char *text = rig_action_text(a, r->proposed);
  if (text) g_string_append_printf(r->log, "%s%s", r->log->len ? " | " : "", text);
}

void rig_ev(rig *r, const gw_ev *ev) {
  gw_actions actions;
  gw_actions_init(&actions);
  r->class->step(r->f, ev, r->now, &actions);
  for (guint i = 0; i < gw_actions_count(&actions); i++)
    note(r, gw_actions_at(&actions, i));
  gw_actions_clear(&actions);
  const gint64 next = r->class->deadline(r->f);
  g_assert_cmpint(next, >, r->now);
}

void rig_init(rig *r, rig_opt opt) {
  memset(r, 0, sizeof *r);
  r->class = opt.class ? opt.class : &gw_flavour_jmuci_mesh;
  r->now = GW_SEC(1000);
  r->ids = gw_ids_new_fixed(7);
  r->log = g_string_new(NULL);
  r->dead = g_string_new(NULL);
  r->accepted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  r->open = g_hash_table_new(NULL, NULL);
  const gw_flavour_params params = {.own_nick = "phone",
                                    .own_jid = "phone@gw/1",
                                    .room = "room@muc",
                                    .propose_when_idle = opt.idle,
                                    .patient = opt.patient,
                                    .answer_id = opt.answer_id,
                                    .ledger = opt.ledger,
                                    .running = opt.running,
                                    .ids = r->ids};
  if (opt.running) g_hash_table_add(r->open, GUINT_TO_POINTER(opt.running->peer));
  r->f = r->class->make(&params);
  rig_join_as(r, "phone", "phone@gw/1", FALSE, FALSE);
}

void rig_clear(rig *r) {
  r->class->free(r->f);
  gw_ids_free(r->ids);
  g_string_free(r->log, TRUE);
  g_string_free(r->dead, TRUE);
  g_free(r->proposed);
  g_free(r->sid);
  gw_muji_free(r->muji);
  gw_word_free(r->said);
  gw_desc_free(r->remote);
  gw_desc_free(r->answer);
  g_hash_table_unref(r->accepted);
  g_hash_table_unref(r->open);
}

void rig_start(rig *r) {
  rig_ev(r, &(gw_ev){.type = GW_EV_START});
}

void rig_stop(rig *r) {
  rig_ev(r, &(gw_ev){.type = GW_EV_STOP});
}

static void occupant(rig *r, gw_fl_occupant who) {
  who.self = !strcmp(who.nick, "phone");
  rig_ev(r, &(gw_ev){.type = GW_EV_OCCUPANT, .u.who = &who});
}

void rig_join(rig *r, const char *nick, const char *jids) {
  g_auto(GStrv) list = g_strsplit(jids, " ", -1);
  occupant(r, (gw_fl_occupant){.nick = nick, .jids = (const char *const *)list, .present = TRUE});
}

void rig_join_as(rig *r, const char *nick, const char *jid, gboolean seat, gboolean watcher) {
  const char *const jids[] = {jid, NULL};
  occupant(r, (gw_fl_occupant){
                  .nick = nick, .jids = jids, .present = TRUE, .seat = seat, .watcher = watcher});
}

void rig_present(rig *r, const char *nick, const char *jid, const gw_muji *muji) {
  const char *const jids[] = {jid, NULL};
  occupant(r, (gw_fl_occupant){.nick = nick, .jids = jids, .present = TRUE, .muji = muji});
}

void rig_leave(rig *r, const char *nick) {
  occupant(r, (gw_fl_occupant){.nick = nick});
}

void rig_rename(rig *r, const char *old_nick, const char *nick, const char *jid) {
  const char *const jids[] = {jid, NULL};
  occupant(r, (gw_fl_occupant){.nick = nick, .old_nick = old_nick, .jids = jids, .present = TRUE});
}

void rig_word(rig *r, gw_word *w) {
  rig_ev(r, &(gw_ev){.type = GW_EV_WORD, .u.word = w});
  gw_word_free(w);
}

void rig_say(rig *r, const char *nick, gw_jmuci_action action, const char *id) {
  gw_word *w = gw_word_new_jmuci(action, r->class == &gw_flavour_jmuci_sfu, strcmp(id, "P") ? id : r->proposed);
  w->from = g_strconcat("room@muc/", nick, NULL);
  rig_word(r, w);
}

static gw_word *from_peer(gw_jingle_action action, const char *from, const char *sid) {
  gw_word *w = gw_word_new_jingle(action, "phone@gw/1", sid, FALSE);
  w->from = g_strdup(from);
  return w;
}

void rig_jingle(rig *r, gw_jingle_action action, const char *from, const char *sid) {
  gw_word *w = from_peer(action, from, sid);
  if (action == GW_JINGLE_TRANSPORT_INFO) {
    w->u.jingle.desc = gw_desc_new();
    gw_desc_media *m = gw_desc_add(w->u.jingle.desc, GW_KIND_AUDIO, "0");
    const gw_candidate c = {.foundation = "9",
                            .component = 1,
                            .udp = TRUE,
                            .priority = 9,
                            .ip = "192.0.2.1",
                            .port = 99};
    g_array_append_val(m->candidates, c);
  }
  rig_word(r, w);
}

void rig_end(rig *r, const char *from, const char *sid, const char *reason) {
  gw_word *w = from_peer(GW_JINGLE_SESSION_TERMINATE, from, sid);
  w->u.jingle.reason = g_strdup(reason);
  rig_word(r, w);
}

void rig_error(rig *r, const char *from, const char *sid, gw_jingle_action of,
               const char *condition) {
  gw_word *w = from_peer(GW_JINGLE_ERROR, from, sid);
  w->u.jingle.of = of;
  w->u.jingle.error = g_strdup(condition);
  rig_word(r, w);
}

void rig_offer_with(rig *r, const char *from, const char *sid, gw_desc *d) {
  gw_word *w = from_peer(GW_JINGLE_SESSION_INITIATE, from, sid);
  w->u.jingle.desc = d;
  rig_word(r, w);
}

void rig_offer(rig *r, const char *from, const char *sid) {
  rig_offer_with(r, from, sid, rig_desc(GW_DIR_SENDRECV, TRUE, TRUE, TRUE, GW_SETUP_ACTPASS));
}

void rig_accepts(rig *r, const char *from, const char *sid) {
  gw_word *w = from_peer(GW_JINGLE_SESSION_ACCEPT, from, sid);
  w->u.jingle.desc = rig_desc(GW_DIR_SENDRECV, TRUE, FALSE, TRUE, GW_SETUP_ACTIVE);
  w->u.jingle.we_initiated = TRUE;
  rig_word(r, w);
}

void rig_local(rig *r, guint peer) {
  g_autoptr(gw_desc) d = rig_caps(peer);
  rig_ev(r, &(gw_ev){.type = GW_EV_LOCAL_DESC, .peer = peer, .u.desc = d});
}

void rig_state(rig *r, guint peer, gw_fl_peer_state state) {
  rig_ev(r, &(gw_ev){.type = GW_EV_PEER_STATE, .peer = peer, .u.state = state});
}

void rig_after(rig *r, gint64 us) {
  const gint64 until = r->now + us;
  for (guint guard = 0; guard < 10000; guard++) {
    const gint64 next = r->class->deadline(r->f);
    if (next > until) break;
    r->now = next;
    rig_ev(r, &(gw_ev){.type = GW_EV_TICK});
  }
  r->now = until;
}

void rig_expect_at(rig *r, const char *text, const char *file, int line) {
  if (strcmp(r->log->str, text)) {
    g_test_message("%s:%d expected: %s", file, line, text);
    g_test_message("%s:%d done:     %s", file, line, r->log->str);
    g_test_fail();
  }
  g_string_truncate(r->log, 0);
}

void rig_expect_dead(rig *r, const char *text) {
  g_assert_cmpstr(r->dead->str, ==, text);
  g_string_truncate(r->dead, 0);
}

/* --- scenes --- */

void rig_two(rig *r, rig_opt opt) {
  rig_init(r, opt);
  rig_join(r, "bob", BOB);
  rig_join(r, "carol", CAROL);
}

static void run_x(rig *r) {
  rig_say(r, "bob", GW_JMUCI_PROPOSE, "X");
  rig_say(r, "carol", GW_JMUCI_ACCEPT, "X");
  rig_after(r, GW_SEC(100));
}

static void go_in(rig *r) {
  rig_start(r);
  rig_say(r, "phone", GW_JMUCI_ACCEPT, "X");
  rig_expect(r, "accept X | connecting");
}

void rig_running(rig *r, rig_opt opt) {
  rig_two(r, opt);
  run_x(r);
}

void rig_inside(rig *r, rig_opt opt) {
  rig_running(r, opt);
  go_in(r);
}

void rig_three(rig *r) {
  rig_two(r, (rig_opt){0});
  rig_join(r, "dave", DAVE);
  run_x(r);
  go_in(r);
}

void rig_talking(rig *r) {
  rig_three(r);
  rig_offer(r, CAROL, "X:1");
  rig_local(r, 1);
  rig_state(r, 1, GW_PEER_ICE);
  rig_state(r, 1, GW_PEER_UP);
  rig_state(r, 1, GW_PEER_RTP);
  rig_expect(r, "open 1 carol answer:passive | remote 1 | answer " CAROL " | talking");
}

void rig_offered(rig *r) {
  rig_talking(r);
  rig_say(r, "dave", GW_JMUCI_ACCEPT, "X");
  rig_local(r, 2);
  rig_expect(r, "open 2 dave offer | initiate " DAVE);
}

const gw_desc *rig_said(const rig *r) {
  return r->said->u.jingle.desc;
}

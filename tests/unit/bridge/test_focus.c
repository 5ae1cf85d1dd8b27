/* One participant at one conference service that speaks Jingle: dialogues as words in, words and news out; then whole calls of
 * several phones (flavour and line together) at a service that is played here, in both dialects. */
#include <string.h>
#include "base/limits.h"
#include "gateway/bridge/focus.h"
#include "gateway/flavour/jingle_sfu.h"

#define TALKS "room@talks.x"

static gw_desc *sound(const char *mid, gw_dir dir, guint32 ssrc) {
  gw_desc *d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, mid);
  const gw_source s = {.ssrc = ssrc};
  m->dir = dir;
  m->proto = GW_PROTO_DTLS_SAVPF;
  m->rtcp_mux = TRUE;
  m->ufrag = g_strdup("ufrag");
  m->pwd = g_strdup("passwordpasswordpassword");
  m->fp_hash = g_strdup("sha-256");
  m->fp_value = g_strdup("AA:BB");
  m->setup = GW_SETUP_ACTPASS;
  gw_desc_media_add_codec(m, 111, "opus", 48000, 2, NULL);
  if (ssrc) g_array_append_val(m->sources, s);
  return d;
}

/* --- the dialogues --- */

typedef struct {
  gw_focus *f;
  gint64 now;
  GString *log;
} bench;

static void note_word(GString *log, const gw_word *w) {
  const gw_jingle *j = &w->u.jingle;
  g_string_append_printf(log, "%s %s", gw_jingle_action_name(j->action), j->sid);
  if (strcmp(w->to, TALKS)) g_string_append_printf(log, " to %s", w->to);
  if (j->reason) g_string_append_printf(log, " %s", j->reason);
  if (j->action == GW_JINGLE_SESSION_ACCEPT && j->grows) g_string_append(log, " grows");
  g_string_append_c(log, '\n');
}

static void note(GString *log, const gw_focus_out *o) {
  static const char *const words[] = {"joined", "answer", "candidate", "comes", "goes",
                                      "down",   "failed", "offer",     "ended", "owners"};
  const gw_fl_sfu *n = &o->news;
  g_autofree char *users = n->users ? g_strjoinv(",", (char **)n->users) : NULL;
  const char *who = n->who ? n->who : users;
  if (o->type == GW_FOCUS_SAY) {
    note_word(log, o->word);
  } else if (o->type == GW_FOCUS_GREET) {
    g_string_append(log, o->come ? "greet\n" : "part\n");
  } else if (o->type == GW_FOCUS_NOTE) {
    g_string_append(log, "note\n");
  } else {
    g_string_append_printf(log, "= %s%s%s%s%s%s%s%s%s%s\n", words[n->news], n->sid ? " " : "",
                           n->sid ? n->sid : "", who ? " of " : "", who ? who : "",
                           n->mids && n->mids[0] ? " in " : "",
                           n->mids && n->mids[0] ? n->mids[0] : "", n->many ? " many" : "",
                           o->cause ? " cause=" : "", o->cause ? gw_cause_word(o->cause) : "");
  }
}

static void take(bench *b, GArray *outs) {
  for (guint i = 0; i < outs->len; i++)
    note(b->log, &g_array_index(outs, gw_focus_out, i));
  g_array_unref(outs);
  g_assert_cmpint(gw_focus_deadline(b->f), >, b->now);
}

static void ask_with(bench *b, gw_fl_sfu_ask what, const char *sid, gw_desc *taken,
                     const char *text) {
  g_autoptr(gw_desc) d = taken;
  GArray *outs = gw_focus_outs_new();
  gw_focus_ask(
      b->f,
      &(gw_action){
          .type = GW_ACT_SFU, .ask = what, .sid = (char *)sid, .desc = d, .text = (char *)text},
      b->now, outs);
  take(b, outs);
}

static void ask(bench *b, gw_fl_sfu_ask what, const char *sid) {
  const gboolean with =
      what == GW_SFU_ASK_STREAM || what == GW_SFU_ASK_ANSWER || what == GW_SFU_ASK_CANDIDATE;
  ask_with(b, what, sid, with ? sound("audio", GW_DIR_SENDONLY, 0) : NULL, NULL);
}

static gw_word *word(gw_jingle_action action, const char *sid) {
  gw_word *w = gw_word_new_jingle(action, "phone@gw/1", sid, FALSE);
  w->from = g_strdup(TALKS);
  if (action == GW_JINGLE_SESSION_INITIATE || action == GW_JINGLE_SESSION_ACCEPT ||
      action == GW_JINGLE_TRANSPORT_INFO || action == GW_JINGLE_CONTENT_ADD)
    w->u.jingle.desc = sound("0", GW_DIR_SENDONLY, 5);
  return w;
}

static gboolean hear_word(bench *b, gw_word *taken) {
  g_autoptr(gw_word) w = taken;
  GArray *outs = gw_focus_outs_new();
  const gboolean its = gw_focus_word(b->f, w, b->now, outs);
  take(b, outs);
  return its;
}

static void hear(bench *b, gw_jingle_action action, const char *sid, const char *reason) {
  gw_word *w = word(action, sid);
  w->u.jingle.reason = g_strdup(reason);
  w->u.jingle.focus = TRUE;
  if (action == GW_JINGLE_SESSION_INITIATE) w->u.jingle.users = g_strsplit("bob@x", ",", 0);
  g_assert_true(hear_word(b, w));
}

#define expect(b, want) expect_at(b, want, __LINE__)
static void expect_at(bench *b, const char *want, int line) {
  if (strcmp(b->log->str, want)) g_error("line %d: got\n%s--- want\n%s", line, b->log->str, want);
  g_string_truncate(b->log, 0);
}

static void begin(bench *b, const gw_focus_dialect *dialect) {
  *b = (bench){gw_focus_new(dialect, TALKS), GW_SEC(100), g_string_new(NULL)};
}

static void inside(bench *b, const gw_focus_dialect *dialect) {
  begin(b, dialect);
  ask(b, GW_SFU_ASK_JOIN, NULL);
  ask(b, GW_SFU_ASK_STREAM, "mine");
  hear(b, GW_JINGLE_SESSION_ACCEPT, "mine", NULL);
  expect(b, dialect->greets ? "greet\n= joined\nsession-initiate mine\n= answer mine\n"
                            : "= joined\nsession-initiate mine\n= answer mine\n");
}

static void end(bench *b) {
  expect(b, "");
  gw_focus_free(b->f);
  g_string_free(b->log, TRUE);
}

static void test_xep0521(void) {
  bench b;
  inside(&b, &gw_focus_xep0521);
  ask(&b, GW_SFU_ASK_CANDIDATE, "mine");
  hear(&b, GW_JINGLE_TRANSPORT_INFO, "mine", NULL);
  hear(&b, GW_JINGLE_SESSION_INITIATE, "s1", NULL);
  ask(&b, GW_SFU_ASK_ANSWER, "s1");
  expect(&b, "transport-info mine\n= candidate mine\n= offer s1 of bob@x\nsession-accept s1\n");
  hear(&b, GW_JINGLE_CONTENT_ADD, "s1", NULL); /* not in this dialect */
  hear(&b, GW_JINGLE_SESSION_INITIATE, "s2", NULL);
  ask_with(&b, GW_SFU_ASK_ANSWER, "s2", NULL, "decline");
  hear(&b, GW_JINGLE_SESSION_INITIATE, "s3", NULL);
  ask(&b, GW_SFU_ASK_ANSWER, "s3");
  ask_with(&b, GW_SFU_ASK_CLOSE, "s3", NULL, "connectivity-error");
  expect(
      &b,
      "= offer s2 of bob@x\nsession-terminate s2 decline\n= offer s3 of bob@x\nsession-accept s3\n"
      "session-terminate s3 connectivity-error\n");
  hear(&b, GW_JINGLE_SESSION_TERMINATE, "s1", "success");
  hear(&b, GW_JINGLE_SESSION_TERMINATE, "s9", "success");
  expect(&b, "= ended s1 cause=normal\n");
  hear(&b, GW_JINGLE_SESSION_INITIATE, "s4", NULL);
  ask(&b, GW_SFU_ASK_LEAVE, NULL);
  expect(&b, "= offer s4 of bob@x\nsession-terminate s4 success\nsession-terminate mine success\n");
  hear(&b, GW_JINGLE_SESSION_INITIATE, "s5", NULL);
  expect(&b, "session-terminate s5 decline\n");
  end(&b);
}

static void meet_word(bench *b, gboolean left, const char *jid, const char *mid) {
  const char *const mids[] = {mid, NULL};
  gw_word *w = gw_word_new_meet(left);
  w->from = g_strdup(TALKS);
  gw_meet_add(&w->u.meet, jid, mids);
  g_assert_true(hear_word(b, w));
}

static void test_tigase(void) {
  bench b;
  inside(&b, &gw_focus_tigase_meet);
  meet_word(&b, FALSE, "bob@x", "7");
  hear(&b, GW_JINGLE_SESSION_INITIATE, "s1", NULL);
  hear(&b, GW_JINGLE_CONTENT_ADD, "s1",
       NULL); /* before our answer: the session does not stand yet */
  ask(&b, GW_SFU_ASK_ANSWER, "s1");
  hear(&b, GW_JINGLE_CONTENT_ADD, "s1", NULL);
  ask(&b, GW_SFU_ASK_ANSWER, "s1");
  ask_with(&b, GW_SFU_ASK_ANSWER, "s1", sound("9", GW_DIR_SENDONLY, 0), "unsupported-applications");
  meet_word(&b, TRUE, "bob@x", "7");
  expect(
      &b,
      "= comes of bob@x in 7\n= offer s1 of bob@x many\nsession-accept s1 grows\n= offer s1 many\n"
      "content-accept s1\ncontent-reject s1 unsupported-applications\n= goes of bob@x in 7\n");
  ask(&b, GW_SFU_ASK_AGAIN, NULL);
  expect(&b, "session-terminate s1 success\nsession-terminate mine success\ngreet\n= joined\n");
  ask(&b, GW_SFU_ASK_LEAVE, NULL);
  meet_word(&b, FALSE, "bob@x", "7"); /* of a meet that we have left */
  expect(&b, "part\n");
  end(&b);
}

static void info(bench *b, const char *sid, const char *users, const char *gone, gboolean partial) {
  gw_word *w = word(GW_JINGLE_SESSION_INFO, sid);
  w->u.jingle.users = users ? g_strsplit(users, ",", 0) : NULL;
  w->u.jingle.gone = gone ? g_strsplit(gone, ",", 0) : NULL;
  w->u.jingle.partial = partial;
  g_assert_true(hear_word(b, w));
}

/* Whose stream it is, while it runs: a full list is the list, a partial one what has changed; only news are told. */
static void test_owners(void) {
  bench b;
  inside(&b, &gw_focus_xep0521);
  hear(&b, GW_JINGLE_SESSION_INITIATE, "s1", NULL);
  ask(&b, GW_SFU_ASK_ANSWER, "s1");
  expect(&b, "= offer s1 of bob@x\nsession-accept s1\n");
  info(&b, "s1", "bob@x", NULL, FALSE);
  info(&b, "s1", NULL, NULL, FALSE); /* ringing, or whatever */
  info(&b, "s1", "", "carol@x", TRUE);
  info(&b, "s7", "carol@x", NULL, FALSE);
  info(&b, "mine", "carol@x", NULL, FALSE);
  expect(&b, "");
  info(&b, "s1", "carol@x", NULL, TRUE);
  info(&b, "s1", "dave@x", "bob@x", TRUE);
  info(&b, "s1", "erin@x", NULL, FALSE);
  info(&b, "s1", "", "erin@x/1", TRUE);
  expect(&b, "= owners s1 of bob@x,carol@x\n= owners s1 of carol@x,dave@x\n= owners s1 of erin@x\n"
             "= owners s1 of \n");
  for (guint i = 0; i < 30; i++) {
    g_autofree char *who = g_strdup_printf("u%u@x", i);
    info(&b, "s1", who, NULL, TRUE);
  }
  const char *last = g_strrstr(b.log->str, "= owners");
  g_auto(GStrv) users = g_strsplit(last, ",", 0);
  g_assert_cmpuint(g_strv_length(users), ==, GW_MAX_COIN_USERS);
  g_string_truncate(b.log, 0);
  ask(&b, GW_SFU_ASK_LEAVE, NULL);
  expect(&b, "session-terminate s1 success\nsession-terminate mine success\n");
  end(&b);
  inside(&b, &gw_focus_tigase_meet); /* which says so in its own words */
  hear(&b, GW_JINGLE_SESSION_INITIATE, "s1", NULL);
  info(&b, "s1", "carol@x", NULL, FALSE);
  expect(&b, "= offer s1 of bob@x many\n");
  end(&b);
}

/* Whose words they are decides the address alone. */
static void test_strangers(void) {
  static const char *const others[] = {"other@talks.x", "talks.x", "bob@x/1", NULL};
  bench b;
  inside(&b, &gw_focus_xep0521);
  for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
    gw_word *w = word(GW_JINGLE_SESSION_INITIATE, "s1");
    g_free(w->from);
    w->from = g_strdup(others[i]);
    g_assert_false(hear_word(&b, w));
  }
  expect(&b, "");
  gw_word *w = word(GW_JINGLE_SESSION_INITIATE, "s1"); /* one of its own devices may call */
  g_free(w->from);
  w->from = g_strdup("ROOM@talks.x/mixer");
  g_assert_true(hear_word(&b, w));
  ask(&b, GW_SFU_ASK_ANSWER, "s1");
  expect(&b, "note\n= offer s1\nsession-accept s1 to ROOM@talks.x/mixer\n");
  hear(&b, GW_JINGLE_SESSION_TERMINATE, "s1", NULL); /* of another address: no such session */
  ask(&b, GW_SFU_ASK_LEAVE, NULL);
  expect(&b,
         "session-terminate s1 to ROOM@talks.x/mixer success\nsession-terminate mine success\n");
  end(&b);
}

static void test_not_asked_for(void) {
  bench b;
  begin(&b, &gw_focus_xep0521);
  hear(&b, GW_JINGLE_SESSION_INITIATE, "s1", NULL);
  ask(&b, GW_SFU_ASK_JOIN, NULL);
  hear(&b, GW_JINGLE_SESSION_INITIATE, "s2", NULL);
  expect(&b, "session-terminate s1 decline\n= joined\nsession-terminate s2 decline\n");
  end(&b);
}

static void test_flood(void) {
  bench b;
  inside(&b, &gw_focus_xep0521);
  for (guint i = 1; i < GW_MAX_SFU_STREAMS; i++) {
    g_autofree char *sid = g_strdup_printf("s%u", i);
    hear(&b, GW_JINGLE_SESSION_INITIATE, sid, NULL);
  }
  g_string_truncate(b.log, 0);
  g_assert_cmpuint(gw_focus_streams(b.f), ==, GW_MAX_SFU_STREAMS);
  hear(&b, GW_JINGLE_SESSION_INITIATE, "t1", NULL);
  hear(&b, GW_JINGLE_SESSION_INITIATE, "t2", NULL);
  expect(&b, "note\nsession-terminate t1 busy\nsession-terminate t2 busy\n"); /* said once */
  hear(&b, GW_JINGLE_SESSION_TERMINATE, "s1", NULL);
  gw_word *w = word(GW_JINGLE_SESSION_INITIATE, "t3");
  while (w->u.jingle.desc->media->len <= GW_MAX_SFU_CONTENTS)
    gw_desc_add(w->u.jingle.desc, GW_KIND_AUDIO, "x");
  hear_word(&b, w);
  hear(&b, GW_JINGLE_SESSION_INITIATE, "t4", NULL);
  expect(&b, "= ended s1 cause=peer-gone\nsession-terminate t3 busy\n= offer t4 of bob@x\n");
  gw_focus_free(b.f);
  g_string_free(b.log, TRUE);
}

static void test_refused(void) {
  static const struct {
    const char *condition, *cause;
  } rows[] = {{"item-not-found", "not-found"}, {"forbidden", "forbidden"},
              {"not-allowed", "forbidden"},    {"registration-required", "forbidden"},
              {"resource-constraint", "busy"}, {"service-unavailable", "sfu-down"},
              {"timeout", "sfu-down"},         {NULL, "sfu-down"},
              {"not-acceptable", "no-codec"},  {"remote-server-timeout", "sfu-down"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    bench b;
    begin(&b, &gw_focus_xep0521);
    ask(&b, GW_SFU_ASK_JOIN, NULL);
    ask(&b, GW_SFU_ASK_STREAM, "mine");
    g_string_truncate(b.log, 0);
    gw_word *w = word(GW_JINGLE_ERROR, "mine");
    w->u.jingle.of = GW_JINGLE_SESSION_INITIATE;
    w->u.jingle.error = g_strdup(rows[i].condition);
    hear_word(&b, w);
    g_autofree char *want = g_strdup_printf("= answer mine cause=%s\n", rows[i].cause);
    expect(&b, want);
    end(&b);
  }
}

static void test_silent(void) {
  bench b;
  begin(&b, &gw_focus_tigase_meet);
  ask(&b, GW_SFU_ASK_JOIN, NULL);
  ask(&b, GW_SFU_ASK_STREAM, "mine");
  g_string_truncate(b.log, 0);
  b.now = gw_focus_deadline(b.f);
  g_assert_cmpint(b.now, ==, GW_SEC(100) + GW_FOCUS_ANSWER);
  GArray *outs = gw_focus_outs_new();
  gw_focus_tick(b.f, b.now, outs);
  take(&b, outs);
  expect(&b, "session-terminate mine timeout\n= answer mine cause=sfu-down\n");
  hear(&b, GW_JINGLE_SESSION_ACCEPT, "mine", NULL); /* too late */
  end(&b);
}

static void test_no_focus(void) {
  bench b;
  begin(&b, &gw_focus_xep0521);
  ask(&b, GW_SFU_ASK_JOIN, NULL);
  ask(&b, GW_SFU_ASK_STREAM, "mine");
  hear_word(&b, word(GW_JINGLE_SESSION_ACCEPT, "mine"));
  expect(&b, "= joined\nsession-initiate mine\nnote\n= answer mine\n");
  end(&b);
}

static void test_addresses(void) {
  static const struct {
    const char *configured, *room, *want;
  } rows[] = {{"talks.x", "standup@rooms.x", "standup@talks.x"},
              {"Ball@Talks.x", "standup@rooms.x", "ball@talks.x"},
              {"rooms.x", "standup@rooms.x", "standup@rooms.x"},
              {"talks.x", "rooms.x", NULL}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *jid = gw_focus_jid_for(rows[i].configured, rows[i].room);
    g_assert_cmpstr(jid, ==, rows[i].want);
  }
}

/* --- whole calls: phones at a service that is played here --- */

#define PHONES 4

typedef struct {
  char jid[32];
  gw_flavour *f;
  gw_focus *line;
  gboolean in, ended;
  char *growing;        /* the service's session to it */
  GHashTable *sessions; /* sid -> source (phone*), the service's */
} phone;

typedef struct {
  const gw_focus_dialect *dialect;
  phone p[PHONES];
  guint sids;
  GQueue *words; /* gw_word*, to the service */
  gw_ids *ids;
  gint64 now;
} world;

static void feed(world *w, phone *p, const gw_ev *ev);

static void outs_of(world *w, phone *p, GArray *outs) {
  for (guint i = 0; i < outs->len; i++) {
    gw_focus_out *o = &g_array_index(outs, gw_focus_out, i);
    if (o->type == GW_FOCUS_SAY) {
      o->word->from = g_strdup(p->jid);
      g_queue_push_tail(w->words, g_steal_pointer(&o->word));
    } else if (o->type == GW_FOCUS_NEWS) {
      feed(w, p, &(gw_ev){.type = GW_EV_SFU, .cause = o->cause, .u.sfu = &o->news});
    }
  }
  g_array_unref(outs);
}

/* Transports stand at once; what they are given is checked by the flavour's own tests. */
static void act(world *w, phone *p, const gw_action *a) {
  if (a->type == GW_ACT_SFU) {
    GArray *outs = gw_focus_outs_new();
    gw_focus_ask(p->line, a, w->now, outs);
    outs_of(w, p, outs);
  } else if (a->type == GW_ACT_PEER_OPEN) {
    g_autoptr(gw_desc) d = sound("audio", a->offerer ? GW_DIR_SENDONLY : GW_DIR_RECVONLY, 0);
    const guint peer = a->peer;
    feed(w, p, &(gw_ev){.type = GW_EV_LOCAL_DESC, .peer = peer, .u.desc = d});
    feed(w, p, &(gw_ev){.type = GW_EV_PEER_STATE, .peer = peer, .u.state = GW_PEER_UP});
  } else if (a->type == GW_ACT_CALL) {
    p->ended |= a->call == GW_CALL_ENDED;
  }
}

static void feed(world *w, phone *p, const gw_ev *ev) {
  gw_actions actions;
  gw_actions_init(&actions);
  gw_flavour_jingle_sfu.step(p->f, ev, w->now, &actions);
  for (guint i = 0; i < gw_actions_count(&actions); i++)
    act(w, p, gw_actions_at(&actions, i));
  gw_actions_clear(&actions);
}

static void to_phone(world *w, phone *p, gw_word *taken) {
  g_autoptr(gw_word) word_in = taken;
  GArray *outs = gw_focus_outs_new();
  word_in->from = g_strdup(TALKS);
  gw_focus_word(p->line, word_in, w->now, outs);
  outs_of(w, p, outs);
}

static phone *by_jid(world *w, const char *jid) {
  for (guint i = 0; i < PHONES; i++)
    if (!strcmp(w->p[i].jid, jid)) return &w->p[i];
  return NULL;
}

static void forward(world *w, phone *to, phone *from) {
  const gboolean more = w->dialect->grows && to->growing;
  g_autofree char *mid = g_strdup_printf("%u", ++w->sids);
  char *sid = more ? g_strdup(to->growing) : g_strdup_printf("s%u", w->sids);
  gw_word *out = gw_word_new_jingle(more ? GW_JINGLE_CONTENT_ADD : GW_JINGLE_SESSION_INITIATE,
                                    to->jid, sid, FALSE);
  out->u.jingle.desc = sound(mid, GW_DIR_SENDONLY, w->sids);
  if (w->dialect->grows) {
    const char *const mids[] = {mid, NULL};
    gw_word *who = gw_word_new_meet(FALSE);
    gw_meet_add(&who->u.meet, from->jid, mids);
    to_phone(w, to, who);
    if (!more) to->growing = g_strdup(sid);
  } else {
    out->u.jingle.users = g_strsplit(from->jid, ",", 0);
    g_hash_table_insert(to->sessions, g_strdup(sid), from);
  }
  g_free(sid);
  to_phone(w, to, out);
}

static void gone(world *w, phone *p) {
  p->in = FALSE;
  g_clear_pointer(&p->growing, g_free);
  g_hash_table_remove_all(p->sessions);
  for (guint i = 0; i < PHONES; i++) {
    phone *o = &w->p[i];
    GHashTableIter it;
    gpointer sid, from;
    if (o == p || !o->in) continue;
    if (w->dialect->grows) {
      gw_word *who = gw_word_new_meet(TRUE);
      gw_meet_add(&who->u.meet, p->jid, NULL);
      to_phone(w, o, who);
    }
    g_hash_table_iter_init(&it, o->sessions);
    while (g_hash_table_iter_next(&it, &sid, &from)) {
      if (from != p) continue;
      gw_word *out = gw_word_new_jingle(GW_JINGLE_SESSION_TERMINATE, o->jid, sid, FALSE);
      g_hash_table_iter_remove(&it);
      to_phone(w, o, out);
    }
  }
}

static void service(world *w, const gw_word *word_in) {
  phone *p = by_jid(w, word_in->from);
  const gw_jingle *j = &word_in->u.jingle;
  if (j->action == GW_JINGLE_SESSION_INITIATE) {
    gw_word *yes = gw_word_new_jingle(GW_JINGLE_SESSION_ACCEPT, p->jid, j->sid, TRUE);
    yes->u.jingle.desc = sound("audio", GW_DIR_RECVONLY, 0);
    yes->u.jingle.focus = p->in = TRUE;
    to_phone(w, p, yes);
    for (guint i = 0; i < PHONES; i++) {
      if (&w->p[i] == p || !w->p[i].in) continue;
      forward(w, p, &w->p[i]);
      forward(w, &w->p[i], p);
    }
  } else if (j->action == GW_JINGLE_SESSION_TERMINATE) {
    g_hash_table_remove(p->sessions, j->sid);
    if (j->we_initiated && p->in) gone(w, p);
  }
}

static void run(world *w) {
  for (gw_word *out; (out = g_queue_pop_head(w->words)); gw_word_free(out))
    service(w, out);
}

/* What a phone hears: sessions that stand, or contents with a source of one that grows. */
static guint hears(const phone *p) {
  guint n = 0;
  for (guint i = 0; i < p->f->legs->len; i++) {
    const gw_jsfu_leg *l = p->f->legs->pdata[i];
    if (!l->publish && l->up) n += l->many ? p->f->publishers->len : 1;
  }
  return n;
}

static void world_init(world *w, const gw_focus_dialect *dialect) {
  *w = (world){
      .dialect = dialect, .words = g_queue_new(), .ids = gw_ids_new_fixed(3), .now = GW_SEC(9)};
  for (guint i = 0; i < PHONES; i++) {
    phone *p = &w->p[i];
    g_snprintf(p->jid, sizeof p->jid, "user%u@x/1", i);
    const gw_flavour_params params = {
        .own_nick = "me", .own_jid = p->jid, .room = "room@muc", .ids = w->ids};
    p->f = gw_flavour_jingle_sfu.make(&params);
    p->line = gw_focus_new(dialect, TALKS);
    p->sessions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  }
}

static void world_clear(world *w) {
  for (guint i = 0; i < PHONES; i++) {
    gw_flavour_jingle_sfu.free(w->p[i].f);
    gw_focus_free(w->p[i].line);
    g_hash_table_unref(w->p[i].sessions);
    g_free(w->p[i].growing);
  }
  g_queue_free(w->words);
  gw_ids_free(w->ids);
}

static void check(world *w) {
  guint in = 0;
  for (guint i = 0; i < PHONES; i++)
    in += w->p[i].in;
  for (guint i = 0; i < PHONES; i++) {
    const phone *p = &w->p[i];
    g_assert_cmpuint(hears(p), ==, p->in ? in - 1 : 0);
    if (p->in) g_assert_cmpint(p->f->told, ==, in > 1 ? GW_CALL_TALKING : GW_CALL_WAITING);
    if (!p->in) g_assert_cmpuint(gw_focus_streams(p->line), ==, 0);
  }
}

static void start(world *w, guint i) {
  feed(w, &w->p[i], &(gw_ev){.type = GW_EV_START});
  run(w);
  check(w);
}

static void stop(world *w, guint i) {
  feed(w, &w->p[i], &(gw_ev){.type = GW_EV_STOP});
  run(w);
  g_assert_true(w->p[i].ended);
  check(w);
}

/* Everybody comes, in each order of leaving. */
static void test_pairs(gconstpointer dialect) {
  for (guint order = 0; order < PHONES; order++) {
    world w;
    world_init(&w, dialect);
    for (guint i = 0; i < PHONES; i++)
      start(&w, (i + order) % PHONES);
    for (guint i = 0; i < PHONES; i++)
      stop(&w, (i * 3 + order) % PHONES);
    world_clear(&w);
  }
}

/* The service ends everything: who was put out is told so, and says nothing more. */
static void test_put_out(gconstpointer dialect) {
  world w;
  world_init(&w, dialect);
  for (guint i = 0; i < PHONES; i++)
    start(&w, i);
  g_autofree char *sid = NULL;
  for (guint i = 0; i < w.p[1].f->legs->len; i++) {
    const gw_jsfu_leg *l = w.p[1].f->legs->pdata[i];
    if (l->publish) sid = g_strdup(l->sid);
  }
  gone(&w, &w.p[1]);
  to_phone(&w, &w.p[1], gw_word_new_jingle(GW_JINGLE_SESSION_TERMINATE, w.p[1].jid, sid, TRUE));
  run(&w);
  g_assert_true(w.p[1].ended);
  check(&w);
  world_clear(&w);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/focus/xep-0521", test_xep0521);
  g_test_add_func("/focus/tigase-meet", test_tigase);
  g_test_add_func("/focus/owners", test_owners);
  g_test_add_func("/focus/strangers", test_strangers);
  g_test_add_func("/focus/not-asked-for", test_not_asked_for);
  g_test_add_func("/focus/flood", test_flood);
  g_test_add_func("/focus/refused", test_refused);
  g_test_add_func("/focus/silent", test_silent);
  g_test_add_func("/focus/no-focus", test_no_focus);
  g_test_add_func("/focus/addresses", test_addresses);
  g_test_add_data_func("/focus/pairs/xep-0521", &gw_focus_xep0521, test_pairs);
  g_test_add_data_func("/focus/pairs/tigase-meet", &gw_focus_tigase_meet, test_pairs);
  g_test_add_data_func("/focus/put-out/xep-0521", &gw_focus_xep0521, test_put_out);
  g_test_add_data_func("/focus/put-out/tigase-meet", &gw_focus_tigase_meet, test_put_out);
  return g_test_run();
}

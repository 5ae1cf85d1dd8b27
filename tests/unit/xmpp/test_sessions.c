/* Which Jingle request is answered how, in which state. */
#include <glib.h>
#include <string.h>
#include "base/limits.h"
#include "xmpp/jingle_session.h"

#define US "100@phone.example/leg"
#define PEER "alice@example/web"

typedef struct {
  gw_sessions *t;
  gw_verdict v;
} fixture;

static gw_desc *contents(gboolean video) {
  gw_desc *d = gw_desc_new();
  gw_desc_add(d, GW_KIND_AUDIO, "0");
  if (video) gw_desc_add(d, GW_KIND_VIDEO, "1");
  return d;
}

static gw_word *word(gw_jingle_action a, const char *sid) {
  gw_word *w = gw_word_new_jingle(a, NULL, sid, FALSE);
  if (a != GW_JINGLE_SESSION_TERMINATE && a != GW_JINGLE_SESSION_INFO)
    w->u.jingle.desc = contents(TRUE);
  return w;
}

static void receive_from(fixture *f, const char *peer, gw_word *w /* taken */) {
  w->from = g_strdup(peer);
  w->to = g_strdup(US);
  gw_verdict_clear(&f->v);
  gw_sessions_in(f->t, w, &f->v);
  gw_word_free(w);
}

static void receive(fixture *f, gw_jingle_action a, const char *sid) {
  receive_from(f, PEER, word(a, sid));
}

static gboolean send_out(fixture *f, gw_jingle_action a, const char *sid) {
  g_autoptr(gw_word) w = word(a, sid);
  w->to = g_strdup(PEER);
  w->u.jingle.we_initiated = a == GW_JINGLE_SESSION_INITIATE;
  return gw_sessions_out(f->t, w);
}

/* NULL: acknowledged. Else "condition" or "condition/jingle-condition". */
static void verdict(const fixture *f, const char *expected, gboolean deliver) {
  g_autofree char *got = f->v.ack      ? NULL
                         : f->v.jingle ? g_strdup_printf("%s/%s", f->v.condition, f->v.jingle)
                                       : g_strdup(f->v.condition);
  g_assert_cmpstr(got, ==, expected);
  g_assert_cmpint(f->v.deliver, ==, deliver);
  if (!f->v.ack) g_assert_nonnull(f->v.type);
}

static void further(const fixture *f, gw_jingle_action a, const char *sid, const char *reason) {
  g_assert_nonnull(f->v.further);
  g_assert_cmpint(f->v.further->u.jingle.action, ==, a);
  g_assert_cmpstr(f->v.further->u.jingle.sid, ==, sid);
  g_assert_cmpstr(f->v.further->u.jingle.reason, ==, reason);
  g_assert_cmpstr(f->v.further->to, ==, PEER);
}

static void set_up(fixture *f, gconstpointer d) {
  f->t = gw_sessions_new(4);
}

static void tear_down(fixture *f, gconstpointer d) {
  gw_verdict_clear(&f->v);
  gw_sessions_free(f->t);
}

/* The three states a session can be in, made here. */
typedef enum { NONE, THEIRS, OURS, ACTIVE_THEIRS, ACTIVE_OURS } where;

static void make(fixture *f, where st) {
  if (st == THEIRS || st == ACTIVE_THEIRS) receive(f, GW_JINGLE_SESSION_INITIATE, "S");
  if (st == ACTIVE_THEIRS) g_assert_true(send_out(f, GW_JINGLE_SESSION_ACCEPT, "S"));
  if (st == OURS || st == ACTIVE_OURS) g_assert_true(send_out(f, GW_JINGLE_SESSION_INITIATE, "S"));
  if (st == ACTIVE_OURS) receive(f, GW_JINGLE_SESSION_ACCEPT, "S");
}

#define UNKNOWN "item-not-found/unknown-session"
#define ORDER "unexpected-request/out-of-order"
static const struct {
  where st;
  gw_jingle_action a;
  const char *error;
  gboolean deliver;
  int further; /* -1 none */
} table[] = {
    {NONE, GW_JINGLE_SESSION_ACCEPT, UNKNOWN, 0, -1},
    {NONE, GW_JINGLE_SESSION_TERMINATE, UNKNOWN, 0, -1},
    {NONE, GW_JINGLE_SESSION_INFO, UNKNOWN, 0, -1},
    {NONE, GW_JINGLE_TRANSPORT_INFO, UNKNOWN, 0, -1},
    {NONE, GW_JINGLE_CONTENT_ADD, UNKNOWN, 0, -1},
    {NONE, GW_JINGLE_SOURCE_ADD, UNKNOWN, 0, -1},
    {NONE, GW_JINGLE_UNKNOWN, "bad-request", 0, -1},
    {NONE, GW_JINGLE_ERROR, "bad-request", 0, -1},
    {NONE, GW_JINGLE_SESSION_INITIATE, NULL, 1, -1},
    /* their session stands: a terminate with its sid would end it */
    {THEIRS, GW_JINGLE_SESSION_INITIATE, "conflict", 0, -1},
    {THEIRS, GW_JINGLE_SESSION_ACCEPT, ORDER, 0, -1},
    {THEIRS, GW_JINGLE_TRANSPORT_INFO, NULL, 1, -1},
    {THEIRS, GW_JINGLE_SESSION_TERMINATE, NULL, 1, -1},
    {OURS, GW_JINGLE_SESSION_ACCEPT, NULL, 1, -1},
    {OURS, GW_JINGLE_TRANSPORT_INFO, NULL, 1, -1},
    {OURS, GW_JINGLE_SESSION_TERMINATE, NULL, 1, -1},
    {ACTIVE_THEIRS, GW_JINGLE_SESSION_INITIATE, ORDER, 0, -1},
    {ACTIVE_THEIRS, GW_JINGLE_SESSION_ACCEPT, ORDER, 0, -1},
    {ACTIVE_OURS, GW_JINGLE_SESSION_ACCEPT, NULL, 0, -1},
    {ACTIVE_OURS, GW_JINGLE_TRANSPORT_INFO, NULL, 1, -1},
    {ACTIVE_OURS, GW_JINGLE_CONTENT_ADD, NULL, 0, GW_JINGLE_CONTENT_REJECT},
    {ACTIVE_OURS, GW_JINGLE_CONTENT_ACCEPT, ORDER, 0, -1},
    {ACTIVE_OURS, GW_JINGLE_CONTENT_REJECT, ORDER, 0, -1},
    {ACTIVE_OURS, GW_JINGLE_TRANSPORT_ACCEPT, ORDER, 0, -1},
    {ACTIVE_OURS, GW_JINGLE_TRANSPORT_REJECT, ORDER, 0, -1},
    {ACTIVE_OURS, GW_JINGLE_CONTENT_MODIFY, NULL, 1, -1},
    {ACTIVE_OURS, GW_JINGLE_CONTENT_REMOVE, NULL, 0, GW_JINGLE_SESSION_TERMINATE},
    {ACTIVE_OURS, GW_JINGLE_DESCRIPTION_INFO, NULL, 0, -1},
    {ACTIVE_OURS, GW_JINGLE_SECURITY_INFO, "feature-not-implemented", 0, -1},
    {ACTIVE_OURS, GW_JINGLE_TRANSPORT_REPLACE, NULL, 0, GW_JINGLE_TRANSPORT_REJECT},
    {ACTIVE_OURS, GW_JINGLE_SOURCE_ADD, NULL, 1, -1},
    {ACTIVE_OURS, GW_JINGLE_SOURCE_REMOVE, NULL, 1, -1},
    {ACTIVE_OURS, GW_JINGLE_UNKNOWN, "bad-request", 0, -1},
};

static void the_table(void) {
  for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
    fixture f = {0};
    g_test_message("state %d action %s", table[i].st, gw_jingle_action_name(table[i].a));
    set_up(&f, NULL);
    make(&f, table[i].st);
    receive(&f, table[i].a, "S");
    verdict(&f, table[i].error, table[i].deliver);
    g_assert_cmpint(f.v.further ? (int)f.v.further->u.jingle.action : -1, ==, table[i].further);
    tear_down(&f, NULL);
  }
}

/* What is offered in place of the transport -> acknowledged and handed over, or refused by a transport-reject. */
static const struct {
  const char *name;
  where st;
  const char *mid, *ufrag, *pwd;
  const char *error;
  gboolean deliver, reject;
} replaces[] = {
    {"ICE anew", ACTIVE_OURS, "0", "u", "p", NULL, TRUE, FALSE},
    {"ICE anew, their session", ACTIVE_THEIRS, "0", "u", "p", NULL, TRUE, FALSE},
    {"no ICE", ACTIVE_OURS, "0", NULL, NULL, NULL, FALSE, TRUE},
    {"half of it", ACTIVE_OURS, "0", "u", NULL, NULL, FALSE, TRUE},
    {"before the accept", THEIRS, "0", "u", "p", NULL, FALSE, TRUE},
    {"before their accept", OURS, "0", "u", "p", NULL, FALSE, TRUE},
    {"of a content that is none", ACTIVE_OURS, "7", "u", "p", "bad-request", FALSE, FALSE},
    {"of no session", NONE, "0", "u", "p", UNKNOWN, FALSE, FALSE},
};

static gw_word *replace_word(const char *mid, const char *ufrag, const char *pwd) {
  gw_word *w = gw_word_new_jingle(GW_JINGLE_TRANSPORT_REPLACE, NULL, "S", FALSE);
  w->u.jingle.desc = gw_desc_new();
  gw_desc_media *m = gw_desc_add(w->u.jingle.desc, GW_KIND_AUDIO, mid);
  m->ufrag = g_strdup(ufrag);
  m->pwd = g_strdup(pwd);
  return w;
}

static void transport_replace(void) {
  for (guint i = 0; i < G_N_ELEMENTS(replaces); i++) {
    fixture f = {0};
    g_test_message("%s", replaces[i].name);
    set_up(&f, NULL);
    make(&f, replaces[i].st);
    receive_from(&f, PEER, replace_word(replaces[i].mid, replaces[i].ufrag, replaces[i].pwd));
    verdict(&f, replaces[i].error, replaces[i].deliver);
    if (replaces[i].reject)
      further(&f, GW_JINGLE_TRANSPORT_REJECT, "S", "failed-transport");
    else
      g_assert_null(f.v.further);
    /* the answer is for whoever runs the transport, and is given once */
    g_assert_cmpint(send_out(&f, GW_JINGLE_TRANSPORT_ACCEPT, "S"), ==, replaces[i].deliver);
    g_assert_false(send_out(&f, GW_JINGLE_TRANSPORT_ACCEPT, "S"));
    g_assert_false(send_out(&f, GW_JINGLE_TRANSPORT_REJECT, "S"));
    tear_down(&f, NULL);
  }
}

/* Another one while the first is not answered is out of order; after the answer, or a refusal, it may come again. */
static void transport_replace_again(fixture *f, gconstpointer d) {
  make(f, ACTIVE_OURS);
  receive_from(f, PEER, replace_word("0", "u", "p"));
  verdict(f, NULL, TRUE);
  receive_from(f, PEER, replace_word("0", "v", "p"));
  verdict(f, ORDER, FALSE);
  g_assert_true(send_out(f, GW_JINGLE_TRANSPORT_REJECT, "S"));
  receive_from(f, PEER, replace_word("0", "v", "p"));
  verdict(f, NULL, TRUE);
  g_assert_true(send_out(f, GW_JINGLE_TRANSPORT_ACCEPT, "S"));
  receive(f, GW_JINGLE_TRANSPORT_INFO, "S");
  verdict(f, NULL, TRUE);
}

static void ends(fixture *f, gconstpointer d) {
  make(f, ACTIVE_OURS);
  g_assert_cmpuint(gw_sessions_count(f->t), ==, 1);
  receive(f, GW_JINGLE_SESSION_TERMINATE, "S");
  g_assert_cmpuint(gw_sessions_count(f->t), ==, 0);
  receive(f, GW_JINGLE_SESSION_TERMINATE,
          "S"); /* a second signal for one end is an error to them, nothing to us */
  verdict(f, UNKNOWN, FALSE);
  g_assert_false(send_out(f, GW_JINGLE_SESSION_TERMINATE, "S"));
}

static void keyed_by_peer_and_sid(fixture *f, gconstpointer d) {
  make(f, ACTIVE_OURS);
  receive_from(f, "mallory@example/web", word(GW_JINGLE_SESSION_TERMINATE, "S"));
  verdict(f, UNKNOWN, FALSE);
  receive_from(f, "alice@example/other", word(GW_JINGLE_SESSION_TERMINATE, "S"));
  verdict(f, UNKNOWN, FALSE);
  receive_from(f, "mallory@example/web", word(GW_JINGLE_SESSION_INITIATE, "S"));
  verdict(f, NULL, TRUE); /* another session that happens to have the same sid */
  g_assert_cmpuint(gw_sessions_count(f->t), ==, 2);
  gboolean we = FALSE;
  g_assert_true(gw_sessions_known(f->t, "Alice@EXAMPLE/web", "S", &we));
  g_assert_true(we);
  g_assert_true(gw_sessions_known(f->t, "mallory@example/web", "S", &we));
  g_assert_false(we);
  g_assert_false(gw_sessions_known(f->t, PEER, "s", NULL));
}

/* XEP-0166 7.2.16: of two initiates that cross the lower sid stays. */
static void tie_break(fixture *f, gconstpointer d) {
  g_assert_true(send_out(f, GW_JINGLE_SESSION_INITIATE, "m"));
  receive(f, GW_JINGLE_SESSION_INITIATE, "z");
  verdict(f, "conflict/tie-break", FALSE);
  further(f, GW_JINGLE_SESSION_TERMINATE, "z", "alternative-session"); /* JSXC sees no IQ errors */
  g_assert_false(f->v.further->u.jingle.we_initiated);
  g_assert_true(gw_sessions_known(f->t, PEER, "m", NULL));
  receive(f, GW_JINGLE_SESSION_INITIATE, "a");
  verdict(f, NULL, TRUE);
  further(f, GW_JINGLE_SESSION_TERMINATE, "m", "alternative-session");
  g_assert_cmpint(f->v.local->u.jingle.action, ==, GW_JINGLE_ERROR);
  g_assert_cmpstr(f->v.local->u.jingle.sid, ==, "m");
  g_assert_cmpint(f->v.local->u.jingle.of, ==, GW_JINGLE_SESSION_INITIATE);
  g_assert_false(gw_sessions_known(f->t, PEER, "m", NULL));
  g_assert_true(gw_sessions_known(f->t, PEER, "a", NULL));
}

static void tie_break_of_equal_sids(void) {
  static const struct {
    const char *peer;
    gboolean ours_stays;
  } rows[] = {{"zoe@example/web", TRUE}, {"000@example/web", FALSE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    fixture f = {0};
    set_up(&f, NULL);
    g_autoptr(gw_word) out = word(GW_JINGLE_SESSION_INITIATE, "same");
    out->to = g_strdup(rows[i].peer);
    g_assert_true(gw_sessions_out(f.t, out));
    receive_from(&f, rows[i].peer, word(GW_JINGLE_SESSION_INITIATE, "same"));
    verdict(&f, rows[i].ours_stays ? "conflict/tie-break" : NULL, !rows[i].ours_stays);
    g_assert_null(f.v.further);
    gboolean we = FALSE;
    g_assert_true(gw_sessions_known(f.t, rows[i].peer, "same", &we));
    g_assert_cmpint(we, ==, rows[i].ours_stays);
    tear_down(&f, NULL);
  }
}

/* Both sids name one JMUCI call: whose offer stands hangs on the accept order, which is not known
 * here. Both go on; the owner ends one (jmuci.md 3). */
static void no_tie_within_a_call(void) {
  static const struct {
    const char *ours, *theirs;
    gboolean tie;
  } rows[] = {{"X:aaa", "X:bbb", FALSE}, {"X:bbb", "X:aaa", FALSE}, {"X:a", "X:a", TRUE},
              {"X:a", "XY:b", TRUE},     {"XY:a", "X:b", TRUE},     {":a", ":b", TRUE},
              {"X:a", "Z:a", TRUE},      {"Xa", "Xb", TRUE},        {"X:a", "X", TRUE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    fixture f = {0};
    g_test_message("%s %s", rows[i].ours, rows[i].theirs);
    set_up(&f, NULL);
    g_assert_true(send_out(&f, GW_JINGLE_SESSION_INITIATE, rows[i].ours));
    receive(&f, GW_JINGLE_SESSION_INITIATE, rows[i].theirs);
    g_assert_cmpint(gw_sessions_count(f.t) == 2, ==, !rows[i].tie);
    if (!rows[i].tie) {
      verdict(&f, NULL, TRUE);
      g_assert_null(f.v.local);
      g_assert_null(f.v.further);
      g_assert_true(send_out(&f, GW_JINGLE_SESSION_TERMINATE, rows[i].ours));
      g_assert_true(send_out(&f, GW_JINGLE_SESSION_ACCEPT, rows[i].theirs));
    }
    tear_down(&f, NULL);
  }
}

/* A second offer of ours to the same device, of another call, still ties. */
static void a_tie_beside_a_call(fixture *f, gconstpointer d) {
  g_assert_true(send_out(f, GW_JINGLE_SESSION_INITIATE, "X:a"));
  g_assert_true(send_out(f, GW_JINGLE_SESSION_INITIATE, "A:a"));
  receive(f, GW_JINGLE_SESSION_INITIATE, "X:b");
  verdict(f, "conflict/tie-break", FALSE);
}

/* Only sessions that are still pending can tie; a second call to the same device is its own matter.
 */
static void no_tie_when_active(fixture *f, gconstpointer d) {
  make(f, ACTIVE_OURS);
  receive(f, GW_JINGLE_SESSION_INITIATE, "Z");
  verdict(f, NULL, TRUE);
  g_assert_cmpuint(gw_sessions_count(f->t), ==, 2);
}

static void bounded(fixture *f, gconstpointer d) {
  static const char *const sids[] = {"1", "2", "3", "4"};
  for (guint i = 0; i < 4; i++)
    receive(f, GW_JINGLE_SESSION_INITIATE, sids[i]);
  receive(f, GW_JINGLE_SESSION_INITIATE, "5");
  verdict(f, "resource-constraint", FALSE);
  further(f, GW_JINGLE_SESSION_TERMINATE, "5", "busy");
  g_assert_false(send_out(f, GW_JINGLE_SESSION_INITIATE, "6"));
  g_assert_cmpuint(gw_sessions_count(f->t), ==, 4);
  receive(f, GW_JINGLE_SESSION_TERMINATE, "2");
  receive(f, GW_JINGLE_SESSION_INITIATE, "5");
  verdict(f, NULL, TRUE);
}

static void session_info(fixture *f, gconstpointer d) {
  static const struct {
    gw_jingle_info info;
    const char *error;
    gboolean deliver;
    const char *users; /* XEP-0298 */
  } rows[] = {{GW_INFO_NONE, NULL, 0},
              {GW_INFO_NONE, NULL, 1, "bob@x"},
              {GW_INFO_RINGING, NULL, 1},
              {GW_INFO_HOLD, NULL, 1},
              {GW_INFO_MUTE, NULL, 1},
              {GW_INFO_UNKNOWN, "feature-not-implemented/unsupported-info", 0}};
  make(f, ACTIVE_THEIRS);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    gw_word *w = word(GW_JINGLE_SESSION_INFO, "S");
    w->u.jingle.info = rows[i].info;
    w->u.jingle.users = rows[i].users ? g_strsplit(rows[i].users, ",", 0) : NULL;
    receive_from(f, PEER, w);
    verdict(f, rows[i].error, rows[i].deliver);
  }
}

static gw_word *about(gw_jingle_action a, const char *name, gw_dir dir) {
  gw_word *w = gw_word_new_jingle(a, NULL, "S", FALSE);
  w->u.jingle.desc = gw_desc_new();
  gw_desc_add(w->u.jingle.desc, GW_KIND_OTHER, name)->dir = dir;
  return w;
}

static void by_content(fixture *f, gconstpointer d) {
  make(f, ACTIVE_THEIRS);
  receive_from(f, PEER, about(GW_JINGLE_TRANSPORT_INFO, "1", GW_DIR_SENDRECV));
  verdict(f, NULL, TRUE);
  receive_from(f, PEER, about(GW_JINGLE_TRANSPORT_INFO, "9", GW_DIR_SENDRECV));
  verdict(f, "bad-request", FALSE);
  receive_from(f, PEER, about(GW_JINGLE_CONTENT_MODIFY, "0", GW_DIR_INACTIVE));
  verdict(f, NULL, TRUE);
  g_assert_null(f->v.further);
  receive_from(f, PEER, about(GW_JINGLE_CONTENT_MODIFY, "1", GW_DIR_SENDRECV));
  verdict(f, NULL, FALSE);
  further(f, GW_JINGLE_CONTENT_MODIFY, "S", NULL);
  g_assert_cmpint(gw_desc_by_mid(f->v.further->u.jingle.desc, "1")->dir, ==, GW_DIR_INACTIVE);
  receive_from(f, PEER,
               about(GW_JINGLE_CONTENT_MODIFY, "1", GW_DIR_SENDRECV)); /* said once: no loop */
  verdict(f, NULL, FALSE);
  g_assert_null(f->v.further);
}

static void content_add_is_refused_by_name(fixture *f, gconstpointer d) {
  make(f, ACTIVE_THEIRS);
  receive_from(f, PEER, about(GW_JINGLE_CONTENT_ADD, "screen", GW_DIR_SENDONLY));
  further(f, GW_JINGLE_CONTENT_REJECT, "S", "unsupported-applications");
  g_assert_nonnull(gw_desc_by_mid(f->v.further->u.jingle.desc, "screen"));
}

static void grow(fixture *f) {
  g_autoptr(gw_word) yes = word(GW_JINGLE_SESSION_ACCEPT, "S");
  yes->u.jingle.grows = TRUE;
  g_free(yes->to);
  yes->to = g_strdup(PEER);
  receive(f, GW_JINGLE_SESSION_INITIATE, "S");
  g_assert_true(gw_sessions_out(f->t, yes));
}

/* Of a session that grows its holder answers what is added, as far as there is room; and it stands when all have gone. */
static void growing(fixture *f, gconstpointer d) {
  grow(f);
  for (guint i = 2; i < GW_MAX_SFU_CONTENTS; i++) {
    g_autofree char *mid = g_strdup_printf("m%u", i);
    receive_from(f, PEER, about(GW_JINGLE_CONTENT_ADD, mid, GW_DIR_SENDONLY));
    verdict(f, NULL, TRUE);
    g_assert_null(f->v.further);
  }
  receive_from(f, PEER, about(GW_JINGLE_CONTENT_ADD, "over", GW_DIR_SENDONLY));
  further(f, GW_JINGLE_CONTENT_REJECT, "S", "unsupported-applications");
  g_assert_false(f->v.deliver);
  receive_from(f, PEER, about(GW_JINGLE_TRANSPORT_INFO, "m9", GW_DIR_SENDRECV)); /* is known now */
  verdict(f, NULL, TRUE);
  receive_from(f, PEER, about(GW_JINGLE_CONTENT_REMOVE, "m9", GW_DIR_SENDRECV));
  receive_from(f, PEER, about(GW_JINGLE_CONTENT_ADD, "next", GW_DIR_SENDONLY));
  verdict(f, NULL, TRUE);
  for (guint i = 0; i < GW_MAX_SFU_CONTENTS; i++) {
    g_autofree char *mid = i < 2 ? g_strdup_printf("%u", i) : g_strdup_printf("m%u", i);
    receive_from(f, PEER, about(GW_JINGLE_CONTENT_REMOVE, mid, GW_DIR_SENDRECV));
    g_assert_null(f->v.further);
  }
  receive_from(f, PEER, about(GW_JINGLE_CONTENT_REMOVE, "next", GW_DIR_SENDRECV));
  g_assert_null(f->v.further);
  g_assert_cmpuint(gw_sessions_count(f->t), ==, 1);
}

static void removing_contents(fixture *f, gconstpointer d) {
  make(f, ACTIVE_THEIRS);
  receive_from(f, PEER, about(GW_JINGLE_CONTENT_REMOVE, "1", GW_DIR_SENDRECV));
  verdict(f, NULL, FALSE);
  g_assert_null(f->v.further);
  g_assert_cmpuint(gw_sessions_count(f->t), ==, 1);
  receive_from(f, PEER, about(GW_JINGLE_CONTENT_REMOVE, "0", GW_DIR_SENDRECV));
  further(f, GW_JINGLE_SESSION_TERMINATE, "S", "success");
  g_assert_cmpint(f->v.local->u.jingle.action, ==, GW_JINGLE_SESSION_TERMINATE);
  g_assert_cmpstr(f->v.local->from, ==, PEER);
  g_assert_cmpuint(gw_sessions_count(f->t), ==, 0);
}

static void sending(fixture *f, gconstpointer d) {
  static const gw_jingle_action lost[] = {GW_JINGLE_SESSION_ACCEPT, GW_JINGLE_SESSION_TERMINATE,
                                          GW_JINGLE_SESSION_INFO, GW_JINGLE_TRANSPORT_INFO};
  for (guint i = 0; i < G_N_ELEMENTS(lost); i++)
    g_assert_false(send_out(f, lost[i], "S")); /* no session: nothing to say */
  make(f, OURS);
  g_assert_false(send_out(f, GW_JINGLE_SESSION_INITIATE, "S"));
  g_assert_false(send_out(f, GW_JINGLE_SESSION_ACCEPT, "S"));
  g_assert_true(send_out(f, GW_JINGLE_TRANSPORT_INFO, "S"));
  g_assert_true(send_out(f, GW_JINGLE_SESSION_TERMINATE, "S"));
  make(f, THEIRS);
  g_assert_true(send_out(f, GW_JINGLE_SESSION_INFO, "S"));
  g_assert_true(send_out(f, GW_JINGLE_SESSION_ACCEPT, "S"));
  g_assert_false(send_out(f, GW_JINGLE_SESSION_ACCEPT, "S"));
  g_assert_false(send_out(f, GW_JINGLE_ERROR, "S"));
}

/* our request, how it failed, what is told and sent, does the session go on? */
static const struct {
  where st;
  gw_jingle_action of;
  const char *condition;
  gboolean unknown, told;
  const char *terminate;
  gboolean lives;
} failures[] = {
    {OURS, GW_JINGLE_SESSION_INITIATE, "service-unavailable", 0, 1, NULL, 0},
    {OURS, GW_JINGLE_SESSION_INITIATE, "timeout", 0, 1, "timeout", 0},
    {ACTIVE_OURS, GW_JINGLE_SESSION_INITIATE, "timeout", 0, 0, NULL, 1},
    {ACTIVE_THEIRS, GW_JINGLE_SESSION_ACCEPT, "undefined-condition", 0, 1, "failed-application", 0},
    {ACTIVE_THEIRS, GW_JINGLE_SESSION_ACCEPT, "timeout", 0, 1, "timeout", 0},
    {ACTIVE_THEIRS, GW_JINGLE_SESSION_ACCEPT, "item-not-found", 1, 1, NULL, 0},
    {ACTIVE_OURS, GW_JINGLE_TRANSPORT_INFO, "timeout", 0, 0, NULL, 1},
    {ACTIVE_OURS, GW_JINGLE_TRANSPORT_INFO, "bad-request", 0, 0, NULL, 1},
    {ACTIVE_OURS, GW_JINGLE_TRANSPORT_INFO, "item-not-found", 1, 1, NULL, 0},
    {ACTIVE_OURS, GW_JINGLE_SESSION_INFO, "feature-not-implemented", 0, 1, NULL, 1},
    {ACTIVE_OURS, GW_JINGLE_SESSION_TERMINATE, "timeout", 0, 0, NULL, 1},
    {NONE, GW_JINGLE_SESSION_INITIATE, "timeout", 0, 0, NULL, 0},
};

static void failing(void) {
  for (guint i = 0; i < G_N_ELEMENTS(failures); i++) {
    fixture f = {0};
    g_test_message("row %u", i);
    set_up(&f, NULL);
    make(&f, failures[i].st);
    gw_verdict_clear(&f.v);
    gw_sessions_failed(f.t, PEER, "S", failures[i].of, failures[i].condition, failures[i].unknown,
                       &f.v);
    g_assert_cmpint(f.v.local != NULL, ==, failures[i].told);
    if (f.v.local) {
      g_assert_cmpint(f.v.local->u.jingle.action, ==, GW_JINGLE_ERROR);
      g_assert_cmpint(f.v.local->u.jingle.of, ==, failures[i].of);
      g_assert_cmpstr(f.v.local->u.jingle.error, ==, failures[i].condition);
      g_assert_cmpstr(f.v.local->from, ==, PEER);
    }
    g_assert_cmpstr(f.v.further ? f.v.further->u.jingle.reason : NULL, ==, failures[i].terminate);
    g_assert_cmpuint(gw_sessions_count(f.t), ==, failures[i].lives ? 1 : 0);
    tear_down(&f, NULL);
  }
}

static void broken(fixture *f, gconstpointer d) {
  make(f, ACTIVE_THEIRS);
  static const struct {
    const char *peer, *sid;
    gw_jingle_action a;
    const char *error;
  } rows[] = {{PEER, "S", GW_JINGLE_TRANSPORT_INFO, "bad-request"},
              {PEER, NULL, GW_JINGLE_SESSION_INITIATE, "bad-request"},
              {PEER, "T", GW_JINGLE_SESSION_INITIATE, "bad-request"},
              {PEER, "T", GW_JINGLE_TRANSPORT_INFO, UNKNOWN},
              {"mallory@example/x", "S", GW_JINGLE_TRANSPORT_INFO,
               UNKNOWN}, /* never say that the sid exists */
              {PEER, "S", GW_JINGLE_UNKNOWN, "bad-request"},
              {PEER, "S", GW_JINGLE_SESSION_INITIATE, "bad-request"}}; /* S itself stands */
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    gw_verdict_clear(&f->v);
    gw_sessions_in_broken(f->t, rows[i].peer, rows[i].sid, rows[i].a, &f->v);
    verdict(f, rows[i].error, FALSE);
    if (i == 2)
      further(f, GW_JINGLE_SESSION_TERMINATE, "T", "general-error");
    else
      g_assert_null(f->v.further);
  }
  g_assert_cmpuint(gw_sessions_count(f->t), ==, 1);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/sessions/table", the_table);
  g_test_add_func("/sessions/tie-break/equal-sids", tie_break_of_equal_sids);
  g_test_add_func("/sessions/tie-break/not-within-a-call", no_tie_within_a_call);
  g_test_add_func("/sessions/failing", failing);
  g_test_add_func("/sessions/transport-replace", transport_replace);
#define CASE(name, fn) g_test_add("/sessions/" name, fixture, NULL, set_up, fn, tear_down)
  CASE("ends", ends);
  CASE("keyed-by-peer-and-sid", keyed_by_peer_and_sid);
  CASE("tie-break/lower-sid", tie_break);
  CASE("tie-break/beside-a-call", a_tie_beside_a_call);
  CASE("tie-break/not-when-active", no_tie_when_active);
  CASE("transport-replace-again", transport_replace_again);
  CASE("bounded", bounded);
  CASE("session-info", session_info);
  CASE("by-content", by_content);
  CASE("content-add", content_add_is_refused_by_name);
  CASE("grows", growing);
  CASE("content-remove", removing_contents);
  CASE("sending", sending);
  CASE("broken", broken);
  return g_test_run();
}

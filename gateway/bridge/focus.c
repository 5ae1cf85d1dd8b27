#include "gateway/bridge/focus.h"
#include <string.h>
#include "base/jid.h"
#include "base/limits.h"

/* One session with the service: ours out, or one of its own. */
typedef struct {
  char *sid, *peer; /* peer: as it calls itself */
  gboolean ours, answered;
  gint64 due;
  char **users; /* whose it is, as far as the service says */
} stream;

typedef enum { NOTED_NO_FOCUS = 1, NOTED_NO_OWNER = 2, NOTED_FLOOD = 4 } noted;

struct gw_focus {
  const gw_focus_dialect *dialect;
  char *jid;
  gboolean in;
  GPtrArray *streams; /* stream */
  guint noted;
  /* of the step that runs */
  gint64 now;
  GArray *out;
};

const gw_focus_dialect gw_focus_xep0521 = {.kind = "xep-0521"};
const gw_focus_dialect gw_focus_tigase_meet = {
    .kind = "tigase-meet", .greets = TRUE, .grows = TRUE};

/* --- outs --- */

static void out_clear(gpointer data) {
  gw_focus_out *o = data;
  gw_word_free(o->word);
  g_free((char *)o->news.text);
  g_free((char *)o->news.sid);
  g_free((char *)o->news.jid);
  g_free((char *)o->news.who);
  g_strfreev((char **)o->news.mids);
  g_strfreev((char **)o->news.users);
  gw_desc_free((gw_desc *)o->news.desc);
}

GArray *gw_focus_outs_new(void) {
  GArray *a = g_array_new(FALSE, TRUE, sizeof(gw_focus_out));
  g_array_set_clear_func(a, out_clear);
  return a;
}

static gw_focus_out *add(gw_focus *f, gw_focus_out_type type) {
  const gw_focus_out o = {.type = type};
  g_array_append_val(f->out, o);
  return &g_array_index(f->out, gw_focus_out, f->out->len - 1);
}

static gw_fl_sfu *tell(gw_focus *f, gw_fl_sfu_news what, const stream *s) {
  gw_fl_sfu *n = &add(f, GW_FOCUS_NEWS)->news;
  n->news = what;
  if (s) {
    n->sid = g_strdup(s->sid);
    n->jid = g_strdup(s->peer);
  }
  return n;
}

static void tell_cause(gw_focus *f, gw_fl_sfu_news what, const stream *s, gw_cause cause,
                       const char *text) {
  tell(f, what, s)->text = g_strdup(text);
  g_array_index(f->out, gw_focus_out, f->out->len - 1).cause = cause;
}

static void note(gw_focus *f, noted which, const char *text) {
  if (f->noted & which) return;
  f->noted |= which;
  add(f, GW_FOCUS_NOTE)->text = text;
}

static gw_word *say(gw_focus *f, const stream *s, gw_jingle_action action) {
  gw_word *w = gw_word_new_jingle(action, s->peer, s->sid, s->ours);
  add(f, GW_FOCUS_SAY)->word = w;
  return w;
}

static void say_end(gw_focus *f, const stream *s, const char *reason) {
  say(f, s, GW_JINGLE_SESSION_TERMINATE)->u.jingle.reason = g_strdup(reason);
}

/* --- life --- */

static void stream_free(gpointer data) {
  stream *s = data;
  g_free(s->sid);
  g_free(s->peer);
  g_strfreev(s->users);
  g_free(s);
}

gw_focus *gw_focus_new(const gw_focus_dialect *dialect, const char *jid) {
  gw_focus *f = g_new0(gw_focus, 1);
  f->dialect = dialect;
  f->jid = g_strdup(jid);
  f->streams = g_ptr_array_new_with_free_func(stream_free);
  return f;
}

void gw_focus_free(gw_focus *f) {
  if (!f) return;
  g_free(f->jid);
  g_ptr_array_unref(f->streams);
  g_free(f);
}

guint gw_focus_streams(const gw_focus *f) {
  return f->streams->len;
}

const char *gw_focus_jid(const gw_focus *f) {
  return f->jid;
}

char *gw_focus_jid_for(const char *configured, const char *room) {
  g_autofree char *node = NULL;
  if (strchr(configured, '@')) return gw_jid_bare(configured);
  if (!gw_jid_split(room, &node, NULL, NULL) || !node) return NULL;
  g_autofree char *joined = g_strdup_printf("%s@%s", node, configured);
  return gw_jid_bare(joined);
}

/* Sids are compared with their holder: a service that calls from two addresses may use one twice. */
static stream *find(const gw_focus *f, const char *sid, const char *peer) {
  for (guint i = 0; sid && i < f->streams->len; i++) {
    stream *s = f->streams->pdata[i];
    if (!strcmp(s->sid, sid) && (!peer || gw_jid_same(s->peer, peer))) return s;
  }
  return NULL;
}

static const stream *published(const gw_focus *f) {
  for (guint i = 0; i < f->streams->len; i++)
    if (((stream *)f->streams->pdata[i])->ours) return f->streams->pdata[i];
  return NULL;
}

static stream *stream_new(gw_focus *f, const char *sid, const char *peer, gboolean ours) {
  stream *s = g_new0(stream, 1);
  *s = (stream){.sid = g_strdup(sid), .peer = g_strdup(peer), .ours = ours, .due = GW_NEVER};
  g_ptr_array_add(f->streams, s);
  return s;
}

static void drop(gw_focus *f, stream *s) {
  g_ptr_array_remove(f->streams, s);
}

/* Ours last: a meet takes the end of it for our leaving, and knows nothing of the others then. */
static void end_all(gw_focus *f) {
  for (guint i = 0; i < f->streams->len; i++)
    if (!((stream *)f->streams->pdata[i])->ours) say_end(f, f->streams->pdata[i], "success");
  if (published(f)) say_end(f, published(f), "success");
  g_ptr_array_set_size(f->streams, 0);
}

/* --- what the flavour asks --- */

static void join(gw_focus *f) {
  f->in = TRUE;
  f->noted = 0;
  if (f->dialect->greets) add(f, GW_FOCUS_GREET)->come = TRUE;
  tell(f, GW_SFU_SAID_JOINED, NULL);
}

static void leave(gw_focus *f) {
  if (!f->in) return;
  end_all(f);
  if (f->dialect->greets) add(f, GW_FOCUS_GREET)->come = FALSE;
  f->in = FALSE;
}

static void publish(gw_focus *f, const gw_action *a) {
  if (!f->in || published(f) || find(f, a->sid, NULL)) return;
  stream *s = stream_new(f, a->sid, f->jid, TRUE);
  s->due = f->now + GW_FOCUS_ANSWER;
  say(f, s, GW_JINGLE_SESSION_INITIATE)->u.jingle.desc = gw_desc_copy(a->desc);
}

static void say_contents(gw_focus *f, const stream *s, gw_jingle_action action,
                         const gw_action *a) {
  gw_word *w = say(f, s, action);
  w->u.jingle.desc = gw_desc_copy(a->desc);
  w->u.jingle.grows = f->dialect->grows;
  w->u.jingle.reason = g_strdup(a->text);
}

static void answer(gw_focus *f, const gw_action *a) {
  stream *s = find(f, a->sid, NULL);
  if (!s || s->ours) return;
  if (a->text && s->answered) {
    say_contents(f, s, GW_JINGLE_CONTENT_REJECT, a);
  } else if (!a->text) {
    say_contents(f, s, s->answered ? GW_JINGLE_CONTENT_ACCEPT : GW_JINGLE_SESSION_ACCEPT, a);
    s->answered = TRUE;
  } else {
    say_end(f, s, a->text);
    drop(f, s);
  }
}

static void end_stream(gw_focus *f, const gw_action *a) {
  stream *s = find(f, a->sid, NULL);
  if (!s) return;
  say_end(f, s, a->text);
  drop(f, s);
}

void gw_focus_ask(gw_focus *f, const gw_action *a, gint64 now_us, GArray *ret) {
  const stream *s = find(f, a->sid, NULL);
  f->now = now_us;
  f->out = ret;
  switch (a->ask) {
  case GW_SFU_ASK_JOIN:
    join(f);
    break;
  case GW_SFU_ASK_AGAIN:
    end_all(f);
    join(f);
    break;
  case GW_SFU_ASK_STREAM:
    publish(f, a);
    break;
  case GW_SFU_ASK_CANDIDATE:
    if (s) say(f, s, GW_JINGLE_TRANSPORT_INFO)->u.jingle.desc = gw_desc_copy(a->desc);
    break;
  case GW_SFU_ASK_LEAVE:
    leave(f);
    break;
  case GW_SFU_ASK_ANSWER:
    answer(f, a);
    break;
  case GW_SFU_ASK_CLOSE:
    end_stream(f, a);
    break;
  }
  f->out = NULL;
}

/* --- what it says --- */

/* A service that nobody answers for is down. */
static gw_cause cause_of_condition(const char *condition) {
  const gw_cause cause = gw_cause_from_condition(condition, GW_CAUSE_SFU_DOWN);
  return cause == GW_CAUSE_TIMEOUT ? GW_CAUSE_SFU_DOWN : cause;
}

static void refuse(gw_focus *f, const gw_word *w, const char *reason) {
  const stream s = {.sid = w->u.jingle.sid, .peer = w->from};
  say_end(f, &s, reason);
}

static void on_initiate(gw_focus *f, const gw_word *w) {
  const gw_jingle *j = &w->u.jingle;
  if (!f->in || !published(f)) { /* nobody of ours is there to hear it */
    refuse(f, w, "decline");
    return;
  }
  if (f->streams->len >= GW_MAX_SFU_STREAMS || !j->desc ||
      j->desc->media->len > GW_MAX_SFU_CONTENTS || find(f, j->sid, NULL)) {
    note(f, NOTED_FLOOD, "it opens more sessions or contents than one call can have: refused");
    refuse(f, w, "busy");
    return;
  }
  if (!f->dialect->grows && (!j->users || !*j->users))
    note(f, NOTED_NO_OWNER, "it does not say whose streams it sends (XEP-0298)");
  stream *s = stream_new(f, j->sid, w->from, FALSE);
  gw_fl_sfu *n = tell(f, GW_SFU_SAID_OFFER, s);
  s->users = g_strdupv(j->users);
  n->desc = gw_desc_copy(j->desc);
  n->users = (const char *const *)g_strdupv(j->users);
  n->many = f->dialect->grows;
}

static void on_accept(gw_focus *f, stream *s, const gw_jingle *j) {
  if (!s->ours || s->answered) return;
  s->answered = TRUE;
  s->due = GW_NEVER;
  if (!f->dialect->grows && !j->focus)
    note(f, NOTED_NO_FOCUS, "who took our stream does not call itself a conference (XEP-0298)");
  tell(f, GW_SFU_SAID_ANSWER, s)->desc = gw_desc_copy(j->desc);
}

/* An answer that is a no, or the end of what stood. */
static void over(gw_focus *f, stream *s, gw_cause cause, const char *text) {
  tell_cause(f, s->ours && !s->answered ? GW_SFU_SAID_ANSWER : GW_SFU_SAID_ENDED, s, cause, text);
  drop(f, s);
}

static void on_error(gw_focus *f, stream *s, const gw_jingle *j) {
  if (j->of == GW_JINGLE_SESSION_INITIATE || j->of == GW_JINGLE_SESSION_ACCEPT)
    over(f, s, cause_of_condition(j->error), j->error);
}

static gboolean is_among(char *const *users, const char *who) {
  for (; users && *users; users++)
    if (gw_jid_same_bare(*users, who) || !strcmp(*users, who)) return TRUE;
  return FALSE;
}

/* A full list is the list; of a partial one those who were there stay, unless they have left (RFC 4575 4.2, XEP-0298). */
static char **users_after(const stream *s, const gw_jingle *j) {
  g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);
  for (char **u = j->partial ? s->users : NULL; u && *u; u++)
    if (!is_among(j->gone, *u) && !is_among(j->users, *u)) g_ptr_array_add(all, g_strdup(*u));
  for (char **u = j->users; *u && all->len < GW_MAX_COIN_USERS; u++)
    g_ptr_array_add(all, g_strdup(*u));
  g_ptr_array_add(all, NULL);
  return (char **)g_ptr_array_steal(all, NULL);
}

static gboolean same_users(char *const *a, char *const *b) {
  return a && g_strv_equal((const char *const *)a, (const char *const *)b);
}

/* Whose stream it is may change while it runs. A meet says so in its own words. */
static void on_info(gw_focus *f, stream *s, const gw_jingle *j) {
  if (s->ours || f->dialect->grows || !j->users) return;
  g_auto(GStrv) users = users_after(s, j);
  if (same_users(s->users, users)) return;
  g_strfreev(s->users);
  s->users = g_strdupv(users);
  tell(f, GW_SFU_SAID_OWNERS, s)->users = (const char *const *)g_steal_pointer(&users);
}

static void on_session(gw_focus *f, stream *s, const gw_jingle *j) {
  switch (j->action) {
  case GW_JINGLE_SESSION_ACCEPT:
    on_accept(f, s, j);
    break;
  case GW_JINGLE_SESSION_TERMINATE:
    over(f, s, gw_cause_from_jingle(j->reason), j->reason);
    break;
  case GW_JINGLE_TRANSPORT_INFO:
    if (j->desc) tell(f, GW_SFU_SAID_CANDIDATE, s)->desc = gw_desc_copy(j->desc);
    break;
  case GW_JINGLE_CONTENT_ADD:
    if (s->answered && f->dialect->grows && j->desc) {
      gw_fl_sfu *n = tell(f, GW_SFU_SAID_OFFER, s);
      n->desc = gw_desc_copy(j->desc);
      n->many = TRUE;
    }
    break;
  case GW_JINGLE_SESSION_INFO:
    on_info(f, s, j);
    break;
  case GW_JINGLE_ERROR:
    on_error(f, s, j);
    break;
  default:
    break;
  }
}

static void on_meet(gw_focus *f, const gw_meet *m) {
  for (guint i = 0; i < m->who->len; i++) {
    const gw_meet_who *w = m->who->pdata[i];
    gw_fl_sfu *n = tell(f, m->left ? GW_SFU_SAID_GOES : GW_SFU_SAID_COMES, NULL);
    n->who = g_strdup(w->jid);
    n->mids = (const char *const *)g_strdupv(w->mids);
  }
}

static void on_word(gw_focus *f, const gw_word *w) {
  stream *s = w->kind == GW_WORD_JINGLE ? find(f, w->u.jingle.sid, w->from) : NULL;
  if (w->kind == GW_WORD_MEET) {
    if (f->in && f->dialect->grows) on_meet(f, &w->u.meet);
  } else if (w->kind == GW_WORD_JINGLE && w->u.jingle.action == GW_JINGLE_SESSION_INITIATE) {
    on_initiate(f, w);
  } else if (s) {
    on_session(f, s, &w->u.jingle);
  }
}

gboolean gw_focus_word(gw_focus *f, const gw_word *w, gint64 now_us, GArray *ret) {
  if (!w->from || !gw_jid_same_bare(w->from, f->jid)) return FALSE;
  f->now = now_us;
  f->out = ret;
  on_word(f, w);
  f->out = NULL;
  return TRUE;
}

/* --- time --- */

void gw_focus_tick(gw_focus *f, gint64 now_us, GArray *ret) {
  f->now = now_us;
  f->out = ret;
  for (guint i = 0; i < f->streams->len; i++) {
    stream *s = f->streams->pdata[i];
    if (now_us < s->due) continue;
    say_end(f, s, "timeout");
    over(f, s, GW_CAUSE_SFU_DOWN, "no answer in time");
    break; /* only ours has a time, and there is one of it */
  }
  f->out = NULL;
}

gint64 gw_focus_deadline(const gw_focus *f) {
  const stream *s = published(f);
  return s ? s->due : GW_NEVER;
}

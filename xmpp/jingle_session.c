#include "xmpp/jingle_session.h"
#include <string.h>
#include "base/jid.h"
#include "base/limits.h"

typedef enum { PENDING_IN, PENDING_OUT, ACTIVE } state;
typedef struct {
  char *peer, *sid;
  state state;
  gboolean we_initiated;
  gboolean replacing;      /* their transport-replace waits for our answer */
  gboolean grows;          /* contents may be added */
  gboolean video_declined; /* content-modify said once, so that two stubborn sides do not loop */
  gw_desc *contents;       /* what the initiate described: names and kinds are asked of it */
} session;
struct gw_sessions {
  guint max;
  GHashTable *table; /* key -> session */
};

static void session_free(void *p) {
  session *s = p;
  g_free(s->peer);
  g_free(s->sid);
  gw_desc_free(s->contents);
  g_free(s);
}

gw_sessions *gw_sessions_new(guint max) {
  gw_sessions *t = g_new0(gw_sessions, 1);
  t->max = max;
  t->table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, session_free);
  return t;
}

void gw_sessions_free(gw_sessions *t) {
  if (!t) return;
  g_hash_table_unref(t->table);
  g_free(t);
}

guint gw_sessions_count(const gw_sessions *t) {
  return g_hash_table_size(t->table);
}

static char *key_of(const char *peer, const char *sid) {
  g_autofree char *normal = gw_jid_normal(peer);
  return normal && sid ? g_strconcat(normal, "\n", sid, NULL) : NULL;
}

static session *find(const gw_sessions *t, const char *peer, const char *sid) {
  g_autofree char *key = key_of(peer, sid);
  return key ? g_hash_table_lookup(t->table, key) : NULL;
}

static void drop(gw_sessions *t, const session *s) {
  g_autofree char *key = key_of(s->peer, s->sid);
  g_hash_table_remove(t->table, key);
}

static session *add(gw_sessions *t, const char *peer, const gw_jingle *j, state st) {
  char *key = key_of(peer, j->sid);
  if (!key) return NULL;
  session *s = g_new0(session, 1);
  s->peer = gw_jid_normal(peer);
  s->sid = g_strdup(j->sid);
  s->state = st;
  s->we_initiated = st == PENDING_OUT;
  s->contents = gw_desc_copy(j->desc);
  g_hash_table_insert(t->table, key, s);
  return s;
}

gboolean gw_sessions_known(const gw_sessions *t, const char *peer, const char *sid,
                           gboolean *ret_we_initiated) {
  const session *s = find(t, peer, sid);
  if (s && ret_we_initiated) *ret_we_initiated = s->we_initiated;
  return s != NULL;
}

/* --- verdicts */

void gw_verdict_clear(gw_verdict *v) {
  gw_word_free(v->local);
  gw_word_free(v->further);
  *v = (gw_verdict){0};
}

static void refuse(gw_verdict *v, const char *type, const char *condition, const char *jingle) {
  *v = (gw_verdict){.type = type, .condition = condition, .jingle = jingle};
}

static void take(gw_verdict *v) {
  *v = (gw_verdict){.ack = TRUE, .deliver = TRUE};
}

static void unknown_session(gw_verdict *v) {
  refuse(v, "cancel", "item-not-found", "unknown-session");
}

static void out_of_order(gw_verdict *v) {
  refuse(v, "wait", "unexpected-request", "out-of-order");
}

static gw_word *word_for(const session *s, gw_jingle_action action, const char *reason) {
  gw_word *w = gw_word_new_jingle(action, s->peer, s->sid, s->we_initiated);
  w->u.jingle.reason = g_strdup(reason);
  return w;
}

/* The peer's names, to be said back in an answer about contents. */
static gw_desc *names_of(const gw_desc *d, gw_dir dir) {
  gw_desc *names = gw_desc_new();
  for (guint i = 0; d && i < d->media->len; i++) {
    const gw_desc_media *m = d->media->pdata[i];
    gw_desc_add(names, m->kind, m->mid)->dir = dir;
  }
  return names;
}

static gw_word *answer_about(const session *s, gw_jingle_action action, const gw_desc *contents,
                             gw_dir dir, const char *reason) {
  gw_word *w = word_for(s, action, reason);
  w->u.jingle.desc = names_of(contents, dir);
  return w;
}

static gw_word *error_word(const session *s, gw_jingle_action of, const char *condition) {
  gw_word *w = gw_word_new_jingle(GW_JINGLE_ERROR, NULL, s->sid, s->we_initiated);
  w->from = g_strdup(s->peer);
  w->u.jingle.of = of;
  w->u.jingle.error = g_strdup(condition);
  return w;
}

/* --- session-initiate */

/* JSXC ignores IQ errors: without a terminate its attempt hangs for 30 s. */
static gw_word *end_refused(const char *peer, const char *sid, const char *reason) {
  gw_word *w = gw_word_new_jingle(GW_JINGLE_SESSION_TERMINATE, peer, sid, FALSE);
  w->u.jingle.reason = g_strdup(reason);
  return w;
}

void gw_sessions_deny(const char *peer, const char *sid, gw_verdict *ret) {
  refuse(ret, "cancel", "service-unavailable", NULL);
  if (sid) ret->further = end_refused(peer, sid, "decline");
}

static void refuse_initiate(gw_verdict *v, const gw_word *in, const char *type,
                            const char *condition, const char *jingle, const char *reason) {
  refuse(v, type, condition, jingle);
  v->further = end_refused(in->from, in->u.jingle.sid, reason);
}

/* JMUCI sids are "call:something": two offers within one call. */
static gboolean same_call(const char *a, const char *b) {
  const gsize n = strcspn(a, ":");
  return n && a[n] && !strncmp(a, b, n + 1) && strcmp(a, b);
}

/* Within one JMUCI call the accept order says whose offer stands, not the sid: the owner decides. */
static session *our_pending_to(const gw_sessions *t, const char *peer, const char *sid) {
  GHashTableIter it;
  void *value;
  g_hash_table_iter_init(&it, t->table);
  while (g_hash_table_iter_next(&it, NULL, &value)) {
    session *s = value;
    if (s->state == PENDING_OUT && gw_jid_same(s->peer, peer) && !same_call(s->sid, sid)) return s;
  }
  return NULL;
}

/* XEP-0166 7.2.16: the lower sid by octets stays; of equal ones, the lower initiator. */
static gboolean ours_wins(const session *ours, const gw_word *theirs) {
  int order = strcmp(ours->sid, theirs->u.jingle.sid);
  g_autofree char *us = gw_jid_normal(theirs->to);
  if (!order) order = g_strcmp0(us, ours->peer);
  return order < 0;
}

static void initiate_in(gw_sessions *t, const gw_word *in, gw_verdict *v) {
  const char *sid = in->u.jingle.sid;
  session *same = find(t, in->from, sid), *ours = our_pending_to(t, in->from, sid);
  if (ours && ours_wins(ours, in)) {
    if (same) /* a terminate with its sid would end the session that stands; so below */
      refuse(v, "cancel", "conflict", "tie-break");
    else
      refuse_initiate(v, in, "cancel", "conflict", "tie-break", "alternative-session");
    return;
  }
  if (same && same != ours) {
    if (same->state == ACTIVE)
      out_of_order(v);
    else
      refuse(v, "cancel", "conflict", NULL);
    return;
  }
  if (!ours && gw_sessions_count(t) >= t->max) {
    refuse_initiate(v, in, "wait", "resource-constraint", NULL, "busy");
    return;
  }
  take(v);
  if (ours) {
    v->local = error_word(ours, GW_JINGLE_SESSION_INITIATE, "conflict");
    /* A terminate with the very same sid would end theirs. */
    if (!same) v->further = word_for(ours, GW_JINGLE_SESSION_TERMINATE, "alternative-session");
    drop(t, ours);
  }
  if (!add(t, in->from, &in->u.jingle, PENDING_IN)) refuse(v, "modify", "jid-malformed", NULL);
}

/* --- within a session */

static void accept_in(session *s, gw_verdict *v) {
  if (s->we_initiated && s->state == PENDING_OUT) {
    s->state = ACTIVE;
    take(v);
  } else if (s->we_initiated) {
    *v =
        (gw_verdict){.ack = TRUE}; /* Movim answers a renegotiation so; it has nothing new for us */
  } else {
    out_of_order(v);
  }
}

static gboolean names_known(const session *s, const gw_desc *d) {
  for (guint i = 0; d && s->contents && i < d->media->len; i++)
    if (!gw_desc_by_mid(s->contents, ((gw_desc_media *)d->media->pdata[i])->mid)) return FALSE;
  return TRUE;
}

static void info_in(const gw_word *in, gw_verdict *v) {
  if (in->u.jingle.info == GW_INFO_UNKNOWN) {
    refuse(v, "modify", "feature-not-implemented", "unsupported-info");
    return;
  }
  *v =
      (gw_verdict){.ack = TRUE, .deliver = in->u.jingle.info != GW_INFO_NONE || in->u.jingle.users};
}

/* Audio: whoever holds the call decides. Anything else is kept silent, said once. */
static void modify_in(session *s, const gw_word *in, gw_verdict *v) {
  gboolean audio = FALSE, sends = FALSE;
  const gw_desc *d = in->u.jingle.desc;
  for (guint i = 0; i < d->media->len; i++) {
    const gw_desc_media *m = d->media->pdata[i], *known = gw_desc_by_mid(s->contents, m->mid);
    if (known && known->kind == GW_KIND_AUDIO)
      audio = TRUE;
    else if (m->dir != GW_DIR_INACTIVE)
      sends = TRUE;
  }
  *v = (gw_verdict){.ack = TRUE, .deliver = audio};
  if (audio || !sends || s->video_declined) return;
  s->video_declined = TRUE;
  v->further = answer_about(s, GW_JINGLE_CONTENT_MODIFY, d, GW_DIR_INACTIVE, NULL);
}

static void remove_in(gw_sessions *t, session *s, const gw_word *in, gw_verdict *v) {
  const gw_desc *gone = in->u.jingle.desc;
  guint left = 0;
  *v = (gw_verdict){.ack = TRUE};
  for (guint i = s->contents ? s->contents->media->len : 0; i-- > 0;) {
    if (gw_desc_by_mid(gone, ((gw_desc_media *)s->contents->media->pdata[i])->mid))
      g_ptr_array_remove_index(s->contents->media, i);
    else
      left++;
  }
  if (left || s->grows) return; /* one that grows may be empty for a while */
  v->further = word_for(s, GW_JINGLE_SESSION_TERMINATE, "success");
  v->local = word_for(s, GW_JINGLE_SESSION_TERMINATE, "success");
  v->local->from = g_strdup(s->peer);
  drop(t, s);
}

/* XEP-0166 7.2.14. Another transport is accepted by whoever runs it, and only of the kind that we speak, in a session that
 * stands; what else is offered in its place is refused, and the session goes on as it was. */
static void replace_in(session *s, const gw_word *in, gw_verdict *v) {
  const gw_desc *d = in->u.jingle.desc;
  gboolean fit = s->state == ACTIVE;
  for (guint i = 0; i < d->media->len; i++) {
    const gw_desc_media *m = d->media->pdata[i];
    fit = fit && m->ufrag && m->pwd;
  }
  if (s->replacing) {
    out_of_order(v);
    return;
  }
  s->replacing = fit;
  *v = (gw_verdict){.ack = TRUE, .deliver = fit};
  if (!fit)
    v->further =
        answer_about(s, GW_JINGLE_TRANSPORT_REJECT, d, GW_DIR_SENDRECV, "failed-transport");
}

/* Of a session that grows its holder answers; any other stays as it was. */
static void add_in(session *s, const gw_word *in, gw_verdict *v) {
  const gw_desc *d = in->u.jingle.desc;
  *v = (gw_verdict){.ack = TRUE, .deliver = s->grows};
  if (!s->grows || s->contents->media->len + d->media->len > GW_MAX_SFU_CONTENTS) {
    v->deliver = FALSE;
    v->further =
        answer_about(s, GW_JINGLE_CONTENT_REJECT, d, GW_DIR_INACTIVE, "unsupported-applications");
    return;
  }
  for (guint i = 0; i < d->media->len; i++) {
    const gw_desc_media *m = d->media->pdata[i];
    if (!gw_desc_by_mid(s->contents, m->mid)) gw_desc_add(s->contents, m->kind, m->mid);
  }
}

static void bad_request(gw_verdict *v) {
  refuse(v, "modify", "bad-request", NULL);
}

static void in_session(gw_sessions *t, session *s, const gw_word *in, gw_verdict *v) {
  const gw_desc *d = in->u.jingle.desc;
  *v = (gw_verdict){.ack = TRUE};
  switch (in->u.jingle.action) {
  case GW_JINGLE_SESSION_ACCEPT:
    accept_in(s, v);
    break;
  case GW_JINGLE_SESSION_TERMINATE:
    take(v);
    drop(t, s);
    break;
  case GW_JINGLE_SESSION_INFO:
    info_in(in, v);
    break;
  case GW_JINGLE_TRANSPORT_INFO:
    if (names_known(s, d))
      take(v);
    else
      bad_request(v);
    break;
  case GW_JINGLE_CONTENT_ADD:
    add_in(s, in, v);
    break;
  case GW_JINGLE_CONTENT_MODIFY:
    modify_in(s, in, v);
    break;
  case GW_JINGLE_CONTENT_REMOVE:
    remove_in(t, s, in, v);
    break;
  case GW_JINGLE_TRANSPORT_REPLACE:
    if (names_known(s, d))
      replace_in(s, in, v);
    else
      bad_request(v);
    break;
  case GW_JINGLE_SOURCE_ADD:
  case GW_JINGLE_SOURCE_REMOVE:
    take(v);
    break;
  case GW_JINGLE_DESCRIPTION_INFO:
    break; /* advisory: nothing in it changes what we send */
  case GW_JINGLE_CONTENT_ACCEPT:
  case GW_JINGLE_CONTENT_REJECT:
  case GW_JINGLE_TRANSPORT_ACCEPT:
  case GW_JINGLE_TRANSPORT_REJECT:
    out_of_order(v); /* answers to what we never ask */
    break;
  case GW_JINGLE_SECURITY_INFO:
    refuse(v, "cancel", "feature-not-implemented", NULL);
    break;
  default:
    bad_request(v);
  }
}

void gw_sessions_in(gw_sessions *t, const gw_word *in, gw_verdict *ret) {
  session *s = find(t, in->from, in->u.jingle.sid);
  if (in->u.jingle.action == GW_JINGLE_SESSION_INITIATE)
    initiate_in(t, in, ret);
  else if (in->u.jingle.action >= GW_JINGLE_ERROR)
    bad_request(ret);
  else if (!s)
    unknown_session(ret);
  else
    in_session(t, s, in, ret);
}

void gw_sessions_in_broken(gw_sessions *t, const char *peer, const char *sid,
                           gw_jingle_action action, gw_verdict *ret) {
  const gboolean known = sid && find(t, peer, sid), offer = action == GW_JINGLE_SESSION_INITIATE;
  if (sid && action < GW_JINGLE_ERROR && !offer && !known)
    unknown_session(ret);
  else
    bad_request(ret);
  if (sid && offer && !known) ret->further = end_refused(peer, sid, "general-error");
}

/* --- what we send */

static gboolean initiate_out(gw_sessions *t, const gw_word *out) {
  if (find(t, out->to, out->u.jingle.sid) || gw_sessions_count(t) >= t->max) return FALSE;
  return add(t, out->to, &out->u.jingle, PENDING_OUT) != NULL;
}

gboolean gw_sessions_out(gw_sessions *t, const gw_word *out) {
  session *s = find(t, out->to, out->u.jingle.sid);
  switch (out->u.jingle.action) {
  case GW_JINGLE_SESSION_INITIATE:
    return initiate_out(t, out);
  case GW_JINGLE_SESSION_ACCEPT:
    if (!s || s->state != PENDING_IN) return FALSE;
    s->state = ACTIVE;
    s->grows = out->u.jingle.grows && s->contents;
    return TRUE;
  case GW_JINGLE_SESSION_TERMINATE:
    if (s) drop(t, s);
    return s != NULL;
  case GW_JINGLE_TRANSPORT_ACCEPT:
  case GW_JINGLE_TRANSPORT_REJECT:
    if (!s || !s->replacing) return FALSE;
    s->replacing = FALSE;
    return TRUE;
  default:
    return s && out->u.jingle.action < GW_JINGLE_ERROR;
  }
}

void gw_sessions_failed(gw_sessions *t, const char *peer, const char *sid, gw_jingle_action of,
                        const char *condition, gboolean unknown, gw_verdict *ret) {
  session *s = find(t, peer, sid);
  gboolean silent = of == GW_JINGLE_SESSION_TERMINATE || of == GW_JINGLE_TRANSPORT_INFO;
  gboolean unanswered = !strcmp(condition, "timeout");
  *ret = (gw_verdict){0};
  if (!s || (silent && !unknown)) return;
  if (of == GW_JINGLE_SESSION_INITIATE && unanswered && s->state == ACTIVE)
    return; /* the accept is answer enough */
  ret->local = error_word(s, of, condition);
  /* A peer that refuses an accept (JSXC) keeps its half open, and one that was merely slow may hold
   * a session we give up: both are told. Whoever refused the initiate, or knows nothing of the
   * session, needs no word. */
  gboolean over = of == GW_JINGLE_SESSION_INITIATE || of == GW_JINGLE_SESSION_ACCEPT;
  if (over && !unknown && (unanswered || of == GW_JINGLE_SESSION_ACCEPT))
    ret->further =
        word_for(s, GW_JINGLE_SESSION_TERMINATE, unanswered ? "timeout" : "failed-application");
  if (over || unknown) drop(t, s);
}

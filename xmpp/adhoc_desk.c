#include "xmpp/adhoc_desk.h"
#include <string.h>
#include "base/clock.h"

typedef struct {
  char *id, *who;
  int command;
  gint64 until;
} session;

struct gw_desk {
  GPtrArray *sessions; /* session*, oldest first */
};

static void session_free(void *p) {
  session *s = p;
  g_free(s->id);
  g_free(s->who);
  g_free(s);
}

gw_desk *gw_desk_new(void) {
  gw_desk *d = g_new0(gw_desk, 1);
  d->sessions = g_ptr_array_new_with_free_func(session_free);
  return d;
}

void gw_desk_free(gw_desk *d) {
  if (!d) return;
  g_ptr_array_unref(d->sessions);
  g_free(d);
}

guint gw_desk_count(const gw_desk *d) {
  return d->sessions->len;
}

gw_stage gw_stage_of(const char *action) {
  static const char *const words[] = {"execute", "next", "complete", "cancel", "prev"};
  if (!action) return GW_STAGE_EXECUTE;
  for (guint i = 0; i < G_N_ELEMENTS(words); i++)
    if (!strcmp(action, words[i])) return (gw_stage)i;
  return GW_STAGE_OTHER;
}

static void refuse(gw_desk_answer *a, const char *type, const char *condition, const char *detail) {
  *a = (gw_desk_answer){
      .verdict = GW_DESK_REFUSED, .type = type, .condition = condition, .detail = detail};
}

static void say(gw_desk_answer *a, gw_desk_verdict verdict, const char *session_id) {
  *a = (gw_desk_answer){.verdict = verdict};
  g_strlcpy(a->session, session_id ? session_id : "", sizeof a->session);
}

static void make_room(gw_desk *d, const char *who) {
  guint own = 0;
  for (guint i = d->sessions->len; i-- > 0;)
    if (!strcmp(((session *)d->sessions->pdata[i])->who, who) && ++own >= GW_DESK_OF_ONE)
      g_ptr_array_remove_index(d->sessions, i);
  if (d->sessions->len >= GW_DESK_SESSIONS) g_ptr_array_remove_index(d->sessions, 0);
}

static void begin(gw_desk *d, const gw_desk_ask *ask, gint64 now, gw_desk_answer *ret) {
  if (ask->stage == GW_STAGE_OTHER) {
    refuse(ret, "modify", "bad-request", "malformed-action");
  } else if (ask->stage != GW_STAGE_EXECUTE) {
    refuse(ret, "modify", "bad-request", "bad-action");
  } else if (!ask->form_wanted || ask->form_complete) {
    say(ret, GW_DESK_RUN, ask->fresh); /* a client that knows the form may send it at once */
  } else {
    make_room(d, ask->who);
    session *s = g_new0(session, 1);
    *s = (session){g_strdup(ask->fresh), g_strdup(ask->who), ask->command,
                   now + GW_SEC(GW_DESK_LIFE_S)};
    g_ptr_array_add(d->sessions, s);
    say(ret, GW_DESK_FORM, s->id);
  }
}

static session *find(const gw_desk *d, const gw_desk_ask *ask, guint *ret_index) {
  for (guint i = 0; i < d->sessions->len; i++) {
    session *s = d->sessions->pdata[i];
    *ret_index = i;
    if (!strcmp(s->id, ask->session) && !strcmp(s->who, ask->who) && s->command == ask->command)
      return s;
  }
  return NULL;
}

static void go_on(gw_desk *d, const gw_desk_ask *ask, gint64 now, gw_desk_answer *ret) {
  guint i;
  session *s = find(d, ask, &i);
  if (!s) {
    refuse(ret, "modify", "bad-request", "bad-sessionid");
  } else if (s->until <= now) {
    g_ptr_array_remove_index(d->sessions, i);
    refuse(ret, "cancel", "not-allowed", "session-expired");
  } else if (ask->stage == GW_STAGE_OTHER || ask->stage == GW_STAGE_PREV) {
    refuse(ret, "modify", "bad-request",
           ask->stage == GW_STAGE_PREV ? "bad-action" : "malformed-action");
  } else if (ask->stage != GW_STAGE_CANCEL && !ask->form_complete) {
    say(ret, GW_DESK_FORM, s->id);
    ret->again = TRUE;
  } else {
    say(ret, ask->stage == GW_STAGE_CANCEL ? GW_DESK_CANCELED : GW_DESK_RUN, s->id);
    g_ptr_array_remove_index(d->sessions, i);
  }
}

void gw_desk_step(gw_desk *d, const gw_desk_ask *ask, gint64 now, gw_desk_answer *ret) {
  if (!ask->may)
    refuse(ret, "auth", "forbidden", NULL);
  else if (ask->command < 0)
    refuse(ret, "cancel", "item-not-found", NULL);
  else if (ask->session)
    go_on(d, ask, now, ret);
  else
    begin(d, ask, now, ret);
}

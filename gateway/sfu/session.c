#include "gateway/sfu/session.h"
#include <string.h>
#include "base/limits.h"
#include "gateway/sfu/message.h"
#include "gateway/sfu/sio.h"

typedef enum {
  S_NEW,
  S_CONNECTING, /* no socket yet */
  S_OPENING,    /* socket, no handshake */
  S_ENTERING,   /* handshake done, our namespace asked for */
  S_JOINING,    /* join said */
  S_IN,
  S_PAUSE, /* until the next connection */
  S_OVER
} phase;

typedef struct {
  gint64 id, until;
  char *src;
} asked;

struct gw_sfu_session {
  char *room, *name;
  phase phase;
  gint64 next_id;
  gint64 due;       /* of the phase */
  gint64 give_up;   /* to be in again by then; GW_NEVER while in */
  gint64 silent_at; /* a ping should have come by then */
  gint64 backoff;
  gint64 life; /* us between two pings, with their grace */
  gsize max_payload;
  gint64 join_id;
  gboolean named; /* the service may know our name from before: we have said join, whatever became of that */
  gboolean cleared; /* a name like ours that was left there has been taken away */
  GArray *asked;   /* asked */
  guint64 ignored;
  GArray *out; /* of the step that runs */
  gint64 now;
};

/* --- actions --- */

static void out_clear(gpointer data) {
  gw_sfu_out *o = data;
  g_free(o->text);
  g_free(o->name);
  g_free(o->mid);
  g_strfreev(o->names);
}

GArray *gw_sfu_outs_new(void) {
  GArray *a = g_array_new(FALSE, TRUE, sizeof(gw_sfu_out));
  g_array_set_clear_func(a, out_clear);
  return a;
}

static gw_sfu_out *add(gw_sfu_session *s, gw_sfu_out_type type) {
  const gw_sfu_out o = {.type = type};
  g_array_append_val(s->out, o);
  return &g_array_index(s->out, gw_sfu_out, s->out->len - 1);
}

static void send_frame(gw_sfu_session *s, char *taken) {
  add(s, GW_SFU_SEND)->text = taken;
}

static gint64 emit(gw_sfu_session *s, char *taken_json, gboolean with_id) {
  g_autofree char *json = taken_json;
  const gint64 id = with_id ? s->next_id++ : -1;
  send_frame(s, gw_sio_event(id, json));
  return id;
}

/* --- life --- */

static void asked_clear(gpointer data) {
  g_free(((asked *)data)->src);
}

gw_sfu_session *gw_sfu_session_new(const char *room, const char *name) {
  gw_sfu_session *s = g_new0(gw_sfu_session, 1);
  s->room = g_strdup(room);
  s->name = g_strdup(name);
  s->due = s->give_up = s->silent_at = GW_NEVER;
  s->asked = g_array_new(FALSE, TRUE, sizeof(asked));
  g_array_set_clear_func(s->asked, asked_clear);
  return s;
}

void gw_sfu_session_free(gw_sfu_session *s) {
  if (!s) return;
  g_free(s->room);
  g_free(s->name);
  g_array_unref(s->asked);
  g_free(s);
}

gboolean gw_sfu_session_joined(const gw_sfu_session *s) {
  return s->phase == S_IN;
}

guint64 gw_sfu_session_ignored(const gw_sfu_session *s) {
  return s->ignored;
}

static void enter(gw_sfu_session *s, phase p, gint64 due) {
  s->phase = p;
  s->due = due;
}

static void drop_socket(gw_sfu_session *s) {
  if (s->phase >= S_CONNECTING && s->phase <= S_IN) add(s, GW_SFU_CLOSE);
  enter(s, S_PAUSE, GW_NEVER);
  s->silent_at = GW_NEVER;
}

/* Nothing comes after it. A join without an answer may have been heard, and a closed socket alone makes nobody forget us. */
static void finish(gw_sfu_session *s) {
  if (s->phase == S_JOINING || s->phase == S_IN) emit(s, gw_sfu_say_leave(s->room, s->name), FALSE);
  drop_socket(s);
  enter(s, S_OVER, GW_NEVER);
  s->give_up = GW_NEVER;
  g_array_set_size(s->asked, 0);
}

static void fail(gw_sfu_session *s, gw_cause cause, const char *why) {
  finish(s);
  gw_sfu_out *o = add(s, GW_SFU_FAILED);
  o->cause = cause;
  o->text = g_strdup(why);
}

static void try_again(gw_sfu_session *s) {
  s->next_id = 0;
  s->silent_at = GW_NEVER;
  enter(s, S_CONNECTING, s->now + GW_SFU_CONNECT);
  add(s, GW_SFU_CONNECTING);
}

static void lost(gw_sfu_session *s, const char *why) {
  const gboolean in = s->phase == S_IN;
  if (s->phase == S_OVER || s->phase == S_PAUSE || s->phase == S_NEW) return;
  if (in) {
    s->give_up = s->now + GW_SFU_AGAIN;
    add(s, GW_SFU_DOWN)->text = g_strdup(why);
    g_array_set_size(s->asked, 0); /* whoever asked starts afresh with JOINED */
  }
  s->backoff = s->backoff ? MIN(2 * s->backoff, GW_SFU_BACKOFF_MAX) : GW_SEC(1);
  if (s->now + s->backoff >= s->give_up) {
    fail(s, GW_CAUSE_SFU_DOWN, why);
    return;
  }
  drop_socket(s);
  enter(s, S_PAUSE, s->now + s->backoff);
}

static void say_join(gw_sfu_session *s) {
  enter(s, S_JOINING, s->now + GW_SFU_CONNECT);
  if (s->named) emit(s, gw_sfu_say_leave(s->room, s->name), FALSE);
  s->named = TRUE;
  s->join_id = emit(s, gw_sfu_say_join(s->room, s->name), TRUE);
}

/* --- frames --- */

static void on_open(gw_sfu_session *s, const char *json) {
  guint ping, wait;
  if (s->phase != S_OPENING) return;
  if (!gw_sfu_read_open(json, &ping, &wait, &s->max_payload)) {
    lost(s, "its handshake is no JSON");
    return;
  }
  s->life = GW_MS((gint64)ping + wait);
  s->silent_at = s->now + s->life;
  enter(s, S_ENTERING, s->now + GW_SFU_CONNECT);
  send_frame(s, gw_sio_connect());
}

static void on_names(gw_sfu_session *s, const char *json) {
  char **names = gw_sfu_read_names(json);
  if (!names) {
    enter(s, S_ENTERING, GW_NEVER); /* there is nobody to leave */
    fail(s, GW_CAUSE_FORBIDDEN, "it does not let us join");
    return;
  }
  enter(s, S_IN, GW_NEVER);
  s->give_up = GW_NEVER;
  s->backoff = 0;
  add(s, GW_SFU_JOINED)->names = names;
}

/* The service never forgets a name, and negotiates its stream once: when we could not say goodbye in a former life of ours,
 * our own stream is refused now. So it is left and joined again, once. */
static gboolean takes_ghost_away(gw_sfu_session *s, const asked *a, const char *answer) {
  if (answer || s->cleared || strcmp(a->src, s->name)) return FALSE;
  s->cleared = TRUE;
  g_array_set_size(s->asked, 0);
  s->give_up = s->now + GW_SFU_FIRST;
  say_join(s);
  return TRUE;
}

static void on_ack(gw_sfu_session *s, gint64 id, const char *json) {
  if (s->phase == S_JOINING && id == s->join_id) {
    on_names(s, json);
    return;
  }
  for (guint i = 0; i < s->asked->len; i++) {
    asked *a = &g_array_index(s->asked, asked, i);
    if (a->id != id) continue;
    g_autofree char *answer = gw_sfu_read_answer(json);
    if (takes_ghost_away(s, a, answer)) return;
    gw_sfu_out *o = add(s, GW_SFU_ANSWER_TO);
    o->name = g_strdup(a->src);
    o->text = g_steal_pointer(&answer);
    g_array_remove_index(s->asked, i);
    return;
  }
  s->ignored++; /* came after its time, or was never asked */
}

static void on_message(gw_sfu_session *s, const char *json) {
  gw_sfu_message m;
  const gboolean read = gw_sfu_message_read(json, &m);
  const gboolean ours = read && (!m.room || !strcmp(m.room, s->room)) && s->phase == S_IN;
  if (!ours || m.type == GW_SFU_MSG_NONE) {
    s->ignored++;
  } else if (m.type == GW_SFU_MSG_CANDIDATE) {
    gw_sfu_out *o = m.candidate && *m.candidate ? add(s, GW_SFU_REMOTE) : NULL;
    if (o) {
      o->name = g_steal_pointer(&m.name);
      o->text = g_steal_pointer(&m.candidate);
      o->mid = g_steal_pointer(&m.mid);
      o->mline = m.mline;
    }
  } else if (strcmp(m.name, s->name)) {
    add(s, m.type == GW_SFU_MSG_JOINED ? GW_SFU_COMES : GW_SFU_GOES)->name =
        g_steal_pointer(&m.name);
  }
  gw_sfu_message_clear(&m);
}

static void on_packet(gw_sfu_session *s, const gw_sio_packet *p) {
  switch (p->type) {
  case GW_SIO_OPEN:
    on_open(s, p->data);
    break;
  case GW_SIO_PING:
    send_frame(s, gw_sio_pong(strlen(p->data) < 64 ? p->data : ""));
    break;
  case GW_SIO_CONNECT:
    if (s->phase == S_ENTERING) say_join(s);
    break;
  case GW_SIO_REFUSED:
    lost(s, "it refuses the connection");
    break;
  case GW_SIO_CLOSE:
  case GW_SIO_DISCONNECT:
    lost(s, "it said goodbye");
    break;
  case GW_SIO_EVENT:
    on_message(s, p->data);
    break;
  case GW_SIO_ACK:
    on_ack(s, p->id, p->data);
    break;
  case GW_SIO_PONG:
  case GW_SIO_OTHER:
    s->ignored++;
    break;
  }
}

static void on_text(gw_sfu_session *s, const char *text) {
  gw_sio_packet packet;
  if (s->phase < S_OPENING || s->phase > S_IN) return; /* of a socket that we gave up */
  if (s->phase != S_OPENING) s->silent_at = s->now + s->life;
  if (gw_sio_read(text, &packet))
    on_packet(s, &packet);
  else
    s->ignored++;
}

/* --- from the user --- */

static void on_request(gw_sfu_session *s, const char *src, const char *sdp) {
  if (s->phase != S_IN || s->asked->len >= GW_MAX_SFU_ASKED ||
      strlen(sdp) + strlen(src) + 1024 > s->max_payload) {
    add(s, GW_SFU_ANSWER_TO)->name = g_strdup(src);
    return;
  }
  asked a = {.src = g_strdup(src), .until = s->now + GW_SFU_ANSWER};
  a.id = emit(s, gw_sfu_say_request(s->room, s->name, src, sdp), TRUE);
  g_array_append_val(s->asked, a);
}

static void start(gw_sfu_session *s) {
  if (s->phase != S_NEW) return;
  s->give_up = s->now + GW_SFU_FIRST;
  try_again(s);
}

/* --- time --- */

static void run_due(gw_sfu_session *s) {
  static const char *const slow[] = {[S_CONNECTING] = "no connection in time",
                                     [S_OPENING] = "no handshake in time",
                                     [S_ENTERING] = "no namespace in time",
                                     [S_JOINING] = "no answer to join in time"};
  for (guint i = 0; i < s->asked->len;) {
    const asked *a = &g_array_index(s->asked, asked, i);
    if (s->now < a->until) {
      i++;
      continue;
    }
    add(s, GW_SFU_ANSWER_TO)->name = g_strdup(a->src);
    g_array_remove_index(s->asked, i);
  }
  if (s->phase == S_PAUSE && s->now >= s->due)
    try_again(s);
  else if (s->phase != S_PAUSE && s->now >= s->give_up)
    fail(s, GW_CAUSE_SFU_DOWN, "it does not let us join in time");
  else if (s->phase < S_IN && s->now >= s->due)
    lost(s, slow[s->phase]);
  else if (s->now >= s->silent_at)
    lost(s, "it says nothing any more");
}

gint64 gw_sfu_session_deadline(const gw_sfu_session *s) {
  gint64 at = MIN(s->due, s->silent_at);
  if (s->phase != S_PAUSE) at = MIN(at, s->give_up);
  for (guint i = 0; i < s->asked->len; i++)
    at = MIN(at, g_array_index(s->asked, asked, i).until);
  return at;
}

static void on_event(gw_sfu_session *s, const gw_sfu_ev *ev) {
  switch (ev->type) {
  case GW_SFU_EV_START:
    start(s);
    break;
  case GW_SFU_EV_OPENED:
    if (s->phase == S_CONNECTING) enter(s, S_OPENING, s->now + GW_SFU_CONNECT);
    break;
  case GW_SFU_EV_TEXT:
    on_text(s, ev->text);
    break;
  case GW_SFU_EV_CLOSED:
    lost(s, ev->text);
    break;
  case GW_SFU_EV_REQUEST:
    on_request(s, ev->src, ev->text);
    break;
  case GW_SFU_EV_CANDIDATE:
    if (s->phase == S_IN)
      emit(s, gw_sfu_say_candidate(ev->src, ev->text, ev->mid, ev->mline), FALSE);
    break;
  case GW_SFU_EV_REJOIN:
    if (s->phase != S_IN) break;
    g_array_set_size(s->asked, 0);
    s->give_up = s->now + GW_SFU_FIRST;
    say_join(s);
    break;
  case GW_SFU_EV_LEAVE:
    finish(s);
    break;
  case GW_SFU_EV_TICK:
    break;
  }
}

void gw_sfu_session_step(gw_sfu_session *s, const gw_sfu_ev *ev, gint64 now_us, GArray *ret) {
  if (s->phase == S_OVER) return;
  s->now = now_us;
  s->out = ret;
  on_event(s, ev);
  if (s->phase != S_OVER) run_due(s);
  s->out = NULL;
}

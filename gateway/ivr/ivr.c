#include "gateway/ivr/ivr.h"
#include <string.h>
#include "base/clock.h"

#define TRIES 3
#define SILENCES 2                /* questions that are asked again before we give up */
#define SILENCE_US GW_SEC(12)     /* from the question to the next one */
#define DIGIT_US GW_SEC(5)        /* after a digit, instead of # */
#define QUESTION_US GW_SEC(90)    /* for one question in all */
#define VERDICT_US GW_MS(600)     /* from # to the answer, whatever it is */
#define PATIENCE_US GW_SEC(12)    /* longer than this nobody is kept waiting for a verdict */
#define STAR_US GW_SEC(3)         /* from * to its digit */
#define ALONE_US GW_SEC(4)        /* a running call needs a moment to take a newcomer in */
#define ALONE_AGAIN_US GW_SEC(60) /* told so at most that often */
#define TONE_EVERY_US GW_SEC(2)   /* join and leave tones */
#define STALE_US GW_MS(60)        /* an end that comes sooner is that of the prompt before */
#define QUEUE 16

typedef enum { IDLE, ROOM, PIN, VERDICT, WAIT, INSIDE, BYE } phase;
enum { T_SILENCE, T_DIGIT, T_QUESTION, T_VERDICT, T_STAR, T_ALONE, TIMERS };

struct gw_ivr {
  gw_lockout *lockout;
  char *source, *room;
  phase phase;
  char digits[GW_IVR_DIGITS + 1], pin[GW_IVR_DIGITS + 1];
  guint n, tries, silences;
  gboolean overflow;
  gint64 timers[TIMERS];
  /* speech */
  const char *queue[QUEUE];
  guint queued;
  gboolean playing, music, music_plays;
  gint64 play_us;
  const char *last_word; /* instead of that of the cause */
  /* the room */
  gboolean inside; /* in a room, whatever he is asked meanwhile */
  gboolean wants_music, alone, settled;
  guint in_call, in_room;
  gint64 alone_told_us, tone_us;
};

#define DIGIT_PROMPTS                                                                              \
  "digit-0", "digit-1", "digit-2", "digit-3", "digit-4", "digit-5", "digit-6", "digit-7",          \
      "digit-8", "digit-9"
static const char *const digit_prompts[] = {DIGIT_PROMPTS};
const char *const gw_ivr_prompts[] = {
    "enter-room", "no-such-room", "enter-pin", "wrong-pin", "locked",    "nothing-entered",
    "one-moment", "alone",        "in-call",   "in-room",   "muted",     "unmuted",
    "hand-up",    "hand-down",    "help",      "goodbye",   "not-found", "forbidden",
    "timeout",    "room-closed",  "xmpp-down", "overload",  "shutdown",  "trouble",
    "not-moved", "music", DIGIT_PROMPTS,  NULL};

typedef struct {
  gw_ivr *m;
  gw_ia *list;
  guint n;
  gint64 now;
} step;

static gw_ia *act(step *s, gw_ia_type type) {
  g_assert(s->n < GW_IA_MAX);
  s->list[s->n] = (gw_ia){.type = type};
  return &s->list[s->n++];
}

/* --- speech: one prompt after the other, music when there is nothing to say --- */

static void play(step *s, const char *prompt) {
  act(s, GW_IA_PLAY)->prompt = prompt;
  s->m->playing = prompt != NULL;
  s->m->play_us = s->now;
}

static void next(step *s) {
  gw_ivr *m = s->m;
  m->playing = m->music_plays = FALSE;
  if (m->queued) {
    const char *prompt = m->queue[0];
    memmove(m->queue, m->queue + 1, --m->queued * sizeof *m->queue);
    play(s, prompt);
  } else if (m->phase == BYE) {
    m->phase = IDLE;
    act(s, GW_IA_SPOKEN);
  } else if (m->music) {
    m->music_plays = TRUE;
    play(s, "music");
  }
}

static void say(step *s, const char *prompt) {
  gw_ivr *m = s->m;
  if (m->queued < QUEUE) m->queue[m->queued++] = prompt;
  if (!m->playing || m->music_plays) next(s);
}

static void hush(step *s) {
  gw_ivr *m = s->m;
  m->queued = 0;
  if (m->playing && !m->music_plays) play(s, NULL);
}

static void tone(step *s, guint hz, guint ms) {
  gw_ia *a = act(s, GW_IA_TONE);
  a->hz = hz;
  a->ms = ms;
}

static void set_music(step *s, gboolean on) {
  gw_ivr *m = s->m;
  const gboolean plays = m->music_plays;
  m->music = on;
  if (!on && plays) {
    m->music_plays = FALSE;
    play(s, NULL);
  } else if (on && !m->playing) {
    next(s);
  }
}

/* An end that crossed the next PLAY on its way here belongs to the prompt before. */
static void on_played(step *s, gboolean missing) {
  gw_ivr *m = s->m;
  if (!m->playing || (!missing && s->now - m->play_us < STALE_US)) return;
  if (missing && m->music_plays) m->music = FALSE; /* or it would be asked for for ever */
  next(s);
}

/* --- questions --- */

static void stop_timers(gw_ivr *m) {
  for (guint i = 0; i < TIMERS; i++)
    m->timers[i] = GW_NEVER;
}

static void clear_digits(gw_ivr *m) {
  explicit_bzero(m->digits, sizeof m->digits);
  m->n = 0;
  m->overflow = FALSE;
}

static void ask(step *s, phase p) {
  gw_ivr *m = s->m;
  m->phase = p;
  clear_digits(m);
  stop_timers(m);
  m->silences = 0;
  m->timers[T_SILENCE] = s->now + SILENCE_US;
  m->timers[T_QUESTION] = s->now + QUESTION_US;
  say(s, p == ROOM ? "enter-room" : "enter-pin");
}

/* Whoever was asked for the PIN of another room goes on in his own. */
static void back_inside(step *s) {
  gw_ivr *m = s->m;
  stop_timers(m);
  clear_digits(m);
  explicit_bzero(m->pin, sizeof m->pin);
  m->phase = INSIDE;
  m->timers[T_ALONE] = s->now + ALONE_US;
  say(s, "not-moved");
}

static gboolean is_asked_inside(const gw_ivr *m) {
  return m->inside && (m->phase == PIN || m->phase == VERDICT);
}

static void hang_up(step *s, gw_cause cause, const char *last_word) {
  if (is_asked_inside(s->m)) {
    act(s, GW_IA_STAY)->cause = cause;
    back_inside(s);
    return;
  }
  stop_timers(s->m);
  clear_digits(s->m);
  s->m->phase = IDLE;
  s->m->last_word = last_word;
  act(s, GW_IA_HANGUP)->cause = cause;
}

static void admit(step *s) {
  stop_timers(s->m);
  clear_digits(s->m);
  explicit_bzero(s->m->pin, sizeof s->m->pin);
  s->m->phase = WAIT;
  act(s, GW_IA_ADMIT);
}

static gint64 lock_wait(const step *s) {
  const gw_ivr *m = s->m;
  return MAX(gw_lockout_wait(m->lockout, GW_LOCK_SOURCE, m->source, s->now),
             gw_lockout_wait(m->lockout, GW_LOCK_ROOM, m->room, s->now));
}

static void locked(step *s) {
  act(s, GW_IA_LOCKED);
  hang_up(s, GW_CAUSE_AUTH, "locked");
}

static void take_room(step *s, const gw_ie *e) {
  gw_ivr *m = s->m;
  if (m->phase == INSIDE) {
    hush(s);
    set_music(s, FALSE);
    m->phase = PIN;
  }
  g_free(m->room);
  m->room = g_strdup(e->room);
  memset(m->pin, 0, sizeof m->pin);
  g_strlcpy(m->pin, e->pin ? e->pin : "", sizeof m->pin);
  m->tries = 0;
  if (!*m->pin)
    admit(s);
  else if (lock_wait(s) > PATIENCE_US)
    locked(s);
  else
    ask(s, PIN);
}

static void on_room(step *s, const gw_ie *e) {
  gw_ivr *m = s->m;
  if (m->phase != ROOM) return;
  if (e->room) {
    take_room(s, e);
  } else if (++m->tries >= TRIES) {
    hang_up(s, GW_CAUSE_NOT_FOUND, NULL);
  } else {
    say(s, "no-such-room");
    ask(s, ROOM);
  }
}

/* The time it takes tells nothing: all bytes are compared, and the answer waits for its moment. */
static gboolean pin_is_right(const gw_ivr *m) {
  guint different = m->overflow;
  for (guint i = 0; i < sizeof m->pin; i++)
    different |= (guint)(m->pin[i] ^ m->digits[i]);
  return !different;
}

static void on_verdict(step *s) {
  gw_ivr *m = s->m;
  const gboolean right = pin_is_right(m);
  m->timers[T_VERDICT] = GW_NEVER;
  if (right) {
    gw_lockout_right(m->lockout, GW_LOCK_SOURCE, m->source);
    gw_lockout_right(m->lockout, GW_LOCK_ROOM, m->room);
    admit(s);
    return;
  }
  act(s, GW_IA_WRONG_PIN)->tries = ++m->tries;
  if (m->tries >= TRIES) {
    if (m->inside) say(s, "wrong-pin");
    hang_up(s, GW_CAUSE_AUTH, "locked");
    return;
  }
  say(s, "wrong-pin");
  ask(s, PIN);
}

static void entered(step *s) {
  gw_ivr *m = s->m;
  stop_timers(m);
  if (m->phase == ROOM) {
    gw_ia *a = act(s, GW_IA_FIND_ROOM);
    if (!m->overflow) memcpy(a->digits, m->digits, sizeof a->digits);
    return;
  }
  const gint64 wait = lock_wait(s);
  if (wait > PATIENCE_US) {
    locked(s);
    return;
  }
  gw_lockout_try(m->lockout, GW_LOCK_SOURCE, m->source, s->now);
  gw_lockout_try(m->lockout, GW_LOCK_ROOM, m->room, s->now);
  m->phase = VERDICT;
  m->timers[T_VERDICT] = s->now + VERDICT_US + wait;
}

static void question_key(step *s, char key) {
  gw_ivr *m = s->m;
  hush(s);
  m->timers[T_SILENCE] = s->now + SILENCE_US;
  if (key == '#') {
    if (m->n) entered(s);
  } else if (key == '*') {
    clear_digits(m);
    m->timers[T_DIGIT] = GW_NEVER;
  } else if (g_ascii_isdigit(key)) {
    if (m->n < GW_IVR_DIGITS)
      m->digits[m->n++] = key;
    else
      m->overflow = TRUE;
    m->timers[T_DIGIT] = s->now + DIGIT_US;
  }
}

static void on_silence(step *s) {
  gw_ivr *m = s->m;
  m->timers[T_SILENCE] = GW_NEVER;
  if (m->n) return; /* T_DIGIT is running */
  if (m->silences++ >= SILENCES) {
    hang_up(s, GW_CAUSE_TIMEOUT, "nothing-entered");
    return;
  }
  m->timers[T_SILENCE] = s->now + SILENCE_US;
  say(s, m->phase == ROOM ? "enter-room" : "enter-pin");
}

/* --- in the room --- */

/* Digit by digit: every language has those, and no grammar of numbers is needed. */
static void say_number(step *s, guint n) {
  g_autofree char *text = g_strdup_printf("%u", n);
  for (const char *c = text; *c; c++)
    say(s, digit_prompts[*c - '0']);
}

static void command(step *s, char key) {
  gw_ivr *m = s->m;
  hush(s);
  switch (key) {
  case '6':
    act(s, GW_IA_MUTE);
    break;
  case '5':
  case '9':
    act(s, GW_IA_HAND)->flag = key == '5';
    break;
  case '1':
    say(s, "help");
    break;
  case '3':
    say(s, "in-call");
    say_number(s, m->in_call);
    say(s, "in-room");
    say_number(s, m->in_room);
    if (m->in_room) say(s, GW_IVR_NAMES);
    break;
  case '0':
    hang_up(s, GW_CAUSE_NORMAL, NULL);
    break;
  default:
    tone(s, 400, 200);
  }
}

static void room_key(step *s, char key) {
  gw_ivr *m = s->m;
  if (key == '*') {
    m->timers[T_STAR] = s->now + STAR_US;
    return;
  }
  if (m->timers[T_STAR] == GW_NEVER) return;
  m->timers[T_STAR] = GW_NEVER;
  command(s, key);
}

static void on_alone(step *s) {
  gw_ivr *m = s->m;
  m->timers[T_ALONE] = GW_NEVER;
  m->settled = TRUE;
  if (m->alone_told_us == GW_NEVER || s->now - m->alone_told_us >= ALONE_AGAIN_US) say(s, "alone");
  m->alone_told_us = s->now;
  if (m->wants_music) set_music(s, TRUE);
}

static void on_inside(step *s, gboolean music) {
  gw_ivr *m = s->m;
  stop_timers(m);
  m->phase = INSIDE;
  m->inside = TRUE;
  m->wants_music = music;
  m->alone_told_us = m->tone_us = GW_NEVER;
  m->alone = TRUE;
  m->timers[T_ALONE] = s->now + ALONE_US;
}

/* Who is there already when the caller comes in makes no tone. */
static void on_company(step *s, const gw_ie *e) {
  gw_ivr *m = s->m;
  const guint before = m->in_call;
  m->in_call = e->in_call;
  m->in_room = e->in_room;
  if (m->phase != INSIDE) {
    m->alone = e->flag;
    return;
  }
  if (e->flag != m->alone) {
    m->alone = e->flag;
    m->timers[T_ALONE] = s->now + ALONE_US;
    if (!e->flag) set_music(s, FALSE);
  }
  if (e->in_call == before || !m->settled) return;
  if (m->tone_us != GW_NEVER && s->now - m->tone_us < TONE_EVERY_US) return;
  m->tone_us = s->now;
  tone(s, e->in_call > before ? 784 : 392, 140);
}

/* The same timer says that a caller who is not alone has settled in. */
static void on_alone_timer(step *s) {
  if (s->m->alone) {
    on_alone(s);
    return;
  }
  s->m->timers[T_ALONE] = GW_NEVER;
  s->m->settled = TRUE;
}

static void confirm(step *s, gboolean on, const char *yes, const char *no) {
  if (s->m->phase != INSIDE) return;
  hush(s);
  tone(s, on ? 350 : 700, 120);
  say(s, on ? yes : no);
}

/* --- the end --- */

static const char *word_of(gw_cause cause) {
  switch (cause) {
  case GW_CAUSE_NORMAL:
    return "goodbye";
  case GW_CAUSE_NOT_FOUND:
    return "not-found";
  case GW_CAUSE_FORBIDDEN:
  case GW_CAUSE_REJECTED:
    return "forbidden";
  case GW_CAUSE_AUTH:
    return "locked";
  case GW_CAUSE_TIMEOUT:
    return "timeout";
  case GW_CAUSE_ROOM_CLOSED:
    return "room-closed";
  case GW_CAUSE_XMPP_DOWN:
  case GW_CAUSE_SFU_DOWN:
    return "xmpp-down";
  case GW_CAUSE_OVERLOAD:
    return "overload";
  case GW_CAUSE_SHUTDOWN:
    return "shutdown";
  default:
    return "trouble";
  }
}

static void on_end(step *s, gw_cause cause) {
  gw_ivr *m = s->m;
  hush(s);
  set_music(s, FALSE);
  stop_timers(m);
  m->phase = BYE;
  m->inside = FALSE;
  say(s, m->last_word ? m->last_word : word_of(cause));
}

/* --- */

static void on_key(step *s, char key) {
  const phase p = s->m->phase;
  if (p == ROOM || p == PIN)
    question_key(s, key);
  else if (p == INSIDE)
    room_key(s, key);
}

static void on_tick(step *s) {
  static void (*const due[TIMERS])(step *) = {[T_SILENCE] = on_silence,
                                              [T_DIGIT] = entered,
                                              [T_VERDICT] = on_verdict,
                                              [T_ALONE] = on_alone_timer};
  gw_ivr *m = s->m;
  if (s->now >= m->timers[T_QUESTION]) {
    hang_up(s, GW_CAUSE_TIMEOUT, "nothing-entered");
    return;
  }
  if (s->now >= m->timers[T_STAR]) m->timers[T_STAR] = GW_NEVER;
  for (guint i = 0; i < TIMERS; i++) /* one a step; what is left is due at once again */
    if (due[i] && s->now >= m->timers[i]) {
      due[i](s);
      return;
    }
}

static void dispatch(step *s, const gw_ie *e) {
  gw_ivr *m = s->m;
  switch (e->type) {
  case GW_IE_ASK_ROOM:
    ask(s, ROOM);
    break;
  case GW_IE_ASK_PIN:
    take_room(s, e);
    break;
  case GW_IE_ROOM:
    on_room(s, e);
    break;
  case GW_IE_WAIT:
    m->phase = WAIT;
    say(s, "one-moment");
    break;
  case GW_IE_INSIDE:
    on_inside(s, e->flag);
    break;
  case GW_IE_BACK:
    if (m->inside && m->phase == WAIT) back_inside(s);
    break;
  case GW_IE_COMPANY:
    on_company(s, e);
    break;
  case GW_IE_MUTED:
    confirm(s, e->flag, "muted", "unmuted");
    break;
  case GW_IE_HAND:
    confirm(s, e->flag, "hand-up", "hand-down");
    break;
  case GW_IE_KEY:
    on_key(s, e->key);
    break;
  case GW_IE_PLAYED:
  case GW_IE_MISSING:
    on_played(s, e->type == GW_IE_MISSING);
    break;
  case GW_IE_END:
    on_end(s, e->cause);
    break;
  case GW_IE_TICK:
    on_tick(s);
    break;
  }
}

gw_ivr *gw_ivr_new(gw_lockout *lockout, const char *source) {
  gw_ivr *m = g_new0(gw_ivr, 1);
  m->lockout = lockout;
  m->source = g_strdup(source ? source : "");
  stop_timers(m);
  return m;
}

void gw_ivr_free(gw_ivr *m) {
  if (!m) return;
  explicit_bzero(m->pin, sizeof m->pin);
  explicit_bzero(m->digits, sizeof m->digits);
  g_free(m->source);
  g_free(m->room);
  g_free(m);
}

guint gw_ivr_step(gw_ivr *m, const gw_ie *e, gint64 now_us, gw_ia ret[GW_IA_MAX]) {
  step s = {m, ret, 0, now_us};
  dispatch(&s, e);
  return s.n;
}

gint64 gw_ivr_deadline(const gw_ivr *m) {
  gint64 first = GW_NEVER;
  for (guint i = 0; i < TIMERS; i++)
    first = MIN(first, m->timers[i]);
  return first;
}

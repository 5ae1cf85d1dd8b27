#include "gateway/media/speech.h"
#include <stdlib.h>
#include <string.h>
#include "base/child.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/timer.h"
#include "gateway/media/speech_text.h"

#define PEAK 16383 /* as the recordings have it */
#define KEPT 8     /* texts whose speech is remembered */

/* A text to be spoken, and for whom; from the queue it becomes the running one, then it is kept. */
typedef struct {
  char *language, *text;
  GArray *whos; /* gw_handle */
  gw_prompt *spoken;
} utterance;

struct gw_speech {
  GMainContext *ctx;
  char *program; /* full path, NULL: none */
  gw_speech_fn fn;
  void *user;
  GQueue waiting, kept; /* utterance*; kept: newest first */
  utterance *now;       /* being spoken */
  gw_child *child;      /* that speaks it */
  gw_timer *soon;       /* what is known already is told from the loop */
};

static void utterance_free(void *p) {
  utterance *u = p;
  if (!u) return;
  g_free(u->language);
  g_free(u->text);
  g_array_unref(u->whos);
  gw_prompt_free(u->spoken);
  g_free(u);
}

static gw_prompt *copy_of(const gw_prompt *p) {
  if (!p) return NULL;
  gw_prompt *copy = g_new0(gw_prompt, 1);
  copy->n = p->n;
  copy->pcm = g_memdup2(p->pcm, p->n * sizeof *p->pcm);
  return copy;
}

/* --- one run of the program --- */

static void start(gw_speech *s);

static void tell(gw_speech *s, utterance *u) {
  g_autoptr(GArray) whos = g_steal_pointer(&u->whos);
  u->whos = g_array_new(FALSE, FALSE, sizeof(gw_handle));
  for (guint i = 0; i < whos->len; i++)
    s->fn(g_array_index(whos, gw_handle, i), copy_of(u->spoken), s->user);
}

static void level(gw_prompt *p) {
  gint loudest = 1;
  for (gsize i = 0; i < p->n; i++)
    loudest = MAX(loudest, abs(p->pcm[i]));
  for (gsize i = 0; i < p->n; i++)
    p->pcm[i] = (gint16)(p->pcm[i] * PEAK / loudest);
}

static void keep(gw_speech *s, utterance *u) {
  if (u->spoken)
    g_queue_push_head(&s->kept, u);
  else
    utterance_free(u);
  if (s->kept.length > KEPT) utterance_free(g_queue_pop_tail(&s->kept));
}

static void on_done(const guint8 *out, gsize n, const char *why, void *user) {
  gw_speech *s = user;
  utterance *u = g_steal_pointer(&s->now);
  u->spoken = why ? NULL : gw_prompt_parse(out, n);
  if (u->spoken) level(u->spoken);
  if (!u->spoken) /* the text is somebody's name, which is not for the log */
    gw_warn(NULL, "speech-failed", "program=%s why=%s language=%s", s->program,
            why ? why : "no sound", u->language);
  g_clear_pointer(&s->child, gw_child_free);
  tell(s, u);
  keep(s, u);
  start(s);
}

static gw_child *launch(gw_speech *s, const utterance *u, GError **error) {
  const char *const argv[] = {s->program, "-b",  "1",       "-v",       u->language,
                              "-s",       "150", "--stdin", "--stdout", NULL};
  static const char *const env[] = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=/nonexistent",
                                    NULL};
  const gw_child_params p = {argv, env, u->text, GW_MAX_SPEECH_BYTES, GW_SPEECH_LIMIT_US};
  return gw_child_new(s->ctx, &p, on_done, s, error);
}

static void start(gw_speech *s) {
  g_autoptr(GError) error = NULL;
  while (!s->now && s->waiting.length) {
    utterance *u = g_queue_pop_head(&s->waiting);
    if (!u->whos->len) { /* nobody waits for it any more */
      utterance_free(u);
      continue;
    }
    s->child = launch(s, u, &error);
    if (!s->child) {
      gw_warn(NULL, "speech-failed", "program=%s why=%s", s->program, error->message);
      g_clear_error(&error);
      tell(s, u);
      utterance_free(u);
      continue;
    }
    s->now = u;
  }
}

static void on_soon(void *user) {
  gw_speech *s = user;
  for (GList *l = s->kept.head, *next; l; l = next) {
    next = l->next;
    tell(s, l->data);
  }
  start(s);
}

/* --- from outside --- */

gw_speech *gw_speech_new(GMainContext *ctx, const char *program, gw_speech_fn fn, void *user) {
  gw_speech *s = g_new0(gw_speech, 1);
  s->ctx = ctx;
  s->program = program && *program ? g_find_program_in_path(program) : NULL;
  s->fn = fn;
  s->user = user;
  s->soon = gw_timer_new(ctx, on_soon, s);
  if (program && *program && !s->program)
    gw_info(NULL, "no-speech", "program=%s mend=%s", program,
            "install espeak-ng, and *3 says names");
  return s;
}

void gw_speech_free(gw_speech *s) {
  if (!s) return;
  gw_child_free(s->child);
  utterance_free(s->now);
  g_queue_clear_full(&s->waiting, utterance_free);
  g_queue_clear_full(&s->kept, utterance_free);
  gw_timer_free(s->soon);
  g_free(s->program);
  g_free(s);
}

static gboolean is_of(const utterance *u, const char *language, const char *text) {
  return !strcmp(u->language, language) && !strcmp(u->text, text);
}

static utterance *find(GQueue *in, const char *language, const char *text) {
  for (GList *l = in->head; l; l = l->next)
    if (is_of(l->data, language, text)) return l->data;
  return NULL;
}

static utterance *known(gw_speech *s, const char *language, const char *text) {
  if (s->now && is_of(s->now, language, text)) return s->now;
  utterance *u = find(&s->waiting, language, text);
  return u ? u : find(&s->kept, language, text);
}

static utterance *queue_up(gw_speech *s, const char *language, const char *text) {
  if (s->waiting.length >= GW_MAX_SPEECH_WAITING) return NULL;
  utterance *u = g_new0(utterance, 1);
  u->language = g_strdup(language);
  u->text = g_strdup(text);
  u->whos = g_array_new(FALSE, FALSE, sizeof(gw_handle));
  g_queue_push_tail(&s->waiting, u);
  return u;
}

gboolean gw_speech_say(gw_speech *s, gw_handle who, const char *language,
                       const char *const *words) {
  gw_speech_cancel(s, who);
  g_autofree char *text =
      s->program && gw_speech_language_ok(language) ? gw_speech_text(words) : NULL;
  if (!text) return FALSE;
  utterance *u = known(s, language, text);
  if (!u) u = queue_up(s, language, text);
  if (!u) return FALSE;
  g_array_append_val(u->whos, who);
  gw_timer_set(s->soon, gw_now_us());
  return TRUE;
}

static void strike(utterance *u, gw_handle who) {
  for (guint i = 0; u && i < u->whos->len; i++)
    if (gw_handle_is(g_array_index(u->whos, gw_handle, i), who)) g_array_remove_index(u->whos, i--);
}

void gw_speech_cancel(gw_speech *s, gw_handle who) {
  strike(s->now, who);
  for (GList *l = s->waiting.head; l; l = l->next)
    strike(l->data, who);
  for (GList *l = s->kept.head; l; l = l->next)
    strike(l->data, who);
}

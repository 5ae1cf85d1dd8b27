#include "gateway/media/speech.h"
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
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
  GPid pid;
  int out;
  GSource *reads, *ends;
  GByteArray *heard;
  gw_timer *limit, *soon; /* soon: what is known already is told from the loop */
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

static void drop_source(GSource **source) {
  if (!*source) return;
  g_source_destroy(*source);
  g_clear_pointer(source, g_source_unref);
}

static void watch(gw_speech *s, GSource *source, GSourceFunc fn, GSource **ret) {
  g_source_set_callback(source, fn, s, NULL);
  g_source_attach(source, s->ctx);
  *ret = source;
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

static void finish(gw_speech *s, const char *why_not) {
  utterance *u = g_steal_pointer(&s->now);
  drop_source(&s->reads);
  drop_source(&s->ends);
  close(s->out);
  gw_timer_set(s->limit, GW_NEVER);
  u->spoken = why_not ? NULL : gw_prompt_parse(s->heard->data, s->heard->len);
  if (u->spoken) level(u->spoken);
  if (!u->spoken) /* the text is somebody's name, which is not for the log */
    gw_warn(NULL, "speech-failed", "program=%s why=%s language=%s", s->program,
            why_not ? why_not : "no sound", u->language);
  g_byte_array_set_size(s->heard, 0);
  tell(s, u);
  keep(s, u);
  start(s);
}

static void on_ended(GPid pid, gint status, gpointer user) {
  gw_speech *s = user;
  drop_source(&s->ends);
  if (!g_spawn_check_wait_status(status, NULL))
    finish(s, "it failed");
  else if (!s->reads)
    finish(s, NULL);
}

static void bury(GPid pid, gint status, gpointer user) {}

/* Killed while nobody was told of its end, so the number is still its own; it is reaped when it has died. */
static void give_up(gw_speech *s, const char *why) {
  if (s->ends) {
    kill(s->pid, SIGKILL);
    drop_source(&s->ends);
    g_autoptr(GSource) grave = g_child_watch_source_new(s->pid);
    g_source_set_callback(grave, G_SOURCE_FUNC(bury), NULL, NULL);
    g_source_attach(grave, s->ctx);
  }
  finish(s, why);
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer user) {
  gw_speech *s = user;
  guint8 buf[16384];
  gssize n = read(fd, buf, sizeof buf);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return G_SOURCE_CONTINUE;
  if (n > 0 && s->heard->len + (gsize)n > GW_MAX_SPEECH_BYTES) {
    give_up(s, "it says too much");
    return G_SOURCE_REMOVE;
  }
  if (n > 0) {
    g_byte_array_append(s->heard, buf, (guint)n);
    return G_SOURCE_CONTINUE;
  }
  drop_source(&s->reads);
  if (!s->ends) finish(s, NULL);
  return G_SOURCE_REMOVE;
}

static void on_limit(void *user) {
  give_up(user, "it takes too long");
}

/* A file without a name: unlike a pipe it can be written to the end whatever the program does. -1: errno. */
static int file_of(const char *text) {
  gsize n = strlen(text);
  int fd = memfd_create("names", MFD_CLOEXEC);
  if (fd >= 0 && write(fd, text, n) == (gssize)n && lseek(fd, 0, SEEK_SET) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

static gboolean launch(gw_speech *s, const utterance *u, GError **error) {
  const char *const argv[] = {s->program, "-b",  "1",       "-v",       u->language,
                              "-s",       "150", "--stdin", "--stdout", NULL};
  const char *const env[] = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=/nonexistent", NULL};
  int in = file_of(u->text);
  gboolean ok = g_spawn_async_with_pipes_and_fds(
      "/", argv, env, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, in, -1,
      -1, NULL, NULL, 0, &s->pid, NULL, &s->out, NULL, error);
  if (in >= 0) close(in);
  if (ok) fcntl(s->out, F_SETFL, O_NONBLOCK);
  return ok;
}

static void start(gw_speech *s) {
  g_autoptr(GError) error = NULL;
  while (!s->now && s->waiting.length) {
    utterance *u = g_queue_pop_head(&s->waiting);
    if (!u->whos->len) { /* nobody waits for it any more */
      utterance_free(u);
      continue;
    }
    if (!launch(s, u, &error)) {
      gw_warn(NULL, "speech-failed", "program=%s why=%s", s->program, error->message);
      g_clear_error(&error);
      tell(s, u);
      utterance_free(u);
      continue;
    }
    s->now = u;
    watch(s, g_unix_fd_source_new(s->out, G_IO_IN | G_IO_HUP), G_SOURCE_FUNC(on_readable),
          &s->reads);
    watch(s, g_child_watch_source_new(s->pid), G_SOURCE_FUNC(on_ended), &s->ends);
    gw_timer_set(s->limit, gw_now_us() + GW_SPEECH_LIMIT_US);
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
  s->heard = g_byte_array_new();
  s->limit = gw_timer_new(ctx, on_limit, s);
  s->soon = gw_timer_new(ctx, on_soon, s);
  if (program && *program && !s->program)
    gw_info(NULL, "no-speech", "program=%s mend=%s", program,
            "install espeak-ng, and *3 says names");
  return s;
}

void gw_speech_free(gw_speech *s) {
  if (!s) return;
  if (s->now) {
    if (s->ends && kill(s->pid, SIGKILL) == 0) waitpid(s->pid, NULL, 0);
    drop_source(&s->reads);
    drop_source(&s->ends);
    close(s->out);
  }
  utterance_free(s->now);
  g_queue_clear_full(&s->waiting, utterance_free);
  g_queue_clear_full(&s->kept, utterance_free);
  gw_timer_free(s->limit);
  gw_timer_free(s->soon);
  g_byte_array_unref(s->heard);
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

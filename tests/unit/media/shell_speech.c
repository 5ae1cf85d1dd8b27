/* speech.c with programs that behave well and badly, and what a phone hears of them. The programs are scripts of the shell and
 * of Python that the test writes. */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include "gateway/media/speech.h"
#include "base/limits.h"
#include "shell_kit.h"

#define TONE_700                                                                                   \
  "#!/usr/bin/python3\n"                                                                           \
  "import math,struct,sys\n"                                                                       \
  "sys.stdin.read()\n"                                                                             \
  "n=22050\n"                                                                                      \
  "pcm=b''.join(struct.pack('<h',int(8000*math.sin(6.2831853*700*i/22050))) for i in range(n))\n"  \
  "sys.stdout.buffer.write(b'RIFF$\\xf0\\xff\\x7fWAVEfmt '+struct.pack('<IHHIIHH',16,1,1,22050,"   \
  "44100,2,16)+b'data\\x00\\xf0\\xff\\x7f'+pcm)\n"

typedef struct {
  char *dir, *program, *log;
  gw_speech *speech;
  guint told, spoken;
  gsize samples;
  gw_handle last;
} world;

static void on_spoken(gw_handle who, gw_prompt *p, void *user) {
  world *w = user;
  w->told++;
  w->spoken += p != NULL;
  w->samples = p ? p->n : 0;
  w->last = who;
  gw_prompt_free(p);
}

static void write_program(world *w, const char *script) {
  g_autoptr(GError) error = NULL;
  w->dir = g_dir_make_tmp("speech-XXXXXX", &error);
  w->program = g_build_filename(w->dir, "speak", NULL);
  w->log = g_build_filename(w->dir, "log", NULL);
  g_autofree char *text = g_strdup(script);
  g_assert_true(
      g_file_set_contents_full(w->program, text, -1, G_FILE_SET_CONTENTS_NONE, 0700, &error));
}

static void start(world *w, const char *script) {
  *w = (world){0};
  write_program(w, script);
  w->speech = gw_speech_new(NULL, w->program, on_spoken, w);
}

static void remove_program(world *w) {
  g_remove(w->program);
  g_remove(w->log);
  g_remove(w->dir);
  g_free(w->program);
  g_free(w->log);
  g_free(w->dir);
}

static gboolean no_children(void *user) {
  errno = 0;
  return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

static void stop(world *w) {
  gw_speech_free(w->speech);
  remove_program(w);
  g_assert_true(kit_until(no_children, NULL, 5000)); /* ended, and reaped */
}

static gboolean say(world *w, guint64 who, const char *word) {
  const char *const words[] = {word, NULL};
  return gw_speech_say(w->speech, (gw_handle){who}, "en", words);
}

typedef struct {
  world *w;
  guint n;
} wish;

static gboolean told(void *user) {
  wish *q = user;
  return q->w->told >= q->n;
}

static void wait_told(world *w, guint n) {
  wish q = {w, n};
  g_assert_true(kit_until(told, &q, 20000));
}

static void test_speaks(void) {
  world w;
  start(&w, TONE_700);
  g_assert_true(say(&w, 7, "alice"));
  g_assert_cmpuint(w.told, ==, 0); /* never from inside the call */
  wait_told(&w, 1);
  g_assert_cmpuint(w.spoken, ==, 1);
  g_assert_cmpuint(w.last.v, ==, 7);
  g_assert_cmpuint(w.samples, ==, GW_RATE);
  g_assert_cmpint(g_remove(w.program), ==, 0); /* said again it is remembered */
  g_assert_true(say(&w, 8, "alice"));
  wait_told(&w, 2);
  g_assert_cmpuint(w.spoken, ==, 2);
  g_assert_true(say(&w, 8, "bob"));
  wait_told(&w, 3);
  g_assert_cmpuint(w.spoken, ==, 2); /* the program has gone */
  stop(&w);
}

/* The name reaches the program as text on its standard input, cleaned, and nowhere else. */
static void test_hostile_name(void) {
  world w;
  g_autofree char *seen = NULL, *huge = g_strnfill(10240, 'A');
  start(&w, "#!/bin/sh\necho \"$@\" >>${0%speak}log\ncat >>${0%speak}log\necho >>${0%speak}log\n");
  g_assert_true(say(&w, 1, "; rm -rf /\n$(id) [[x]] \001 -v"));
  g_assert_true(say(&w, 2, huge));
  wait_told(&w, 2);
  g_assert_cmpuint(w.spoken, ==, 0); /* no sound came */
  g_assert_true(g_file_get_contents(w.log, &seen, NULL, NULL));
  g_autofree char *expect =
      g_strdup_printf("-b 1 -v en -s 150 --stdin --stdout\nrm rf id x v. \n"
                      "-b 1 -v en -s 150 --stdin --stdout\n%.*s. \n",
                      GW_MAX_SPOKEN_NAME, huge);
  g_assert_cmpstr(seen, ==, expect);
  stop(&w);
}

static void test_bad_programs(void) {
  static const char *const scripts[] = {
      "#!/bin/sh\nexit 3\n",                         /* fails */
      "#!/bin/sh\nexit 0\n",                         /* says nothing */
      "#!/bin/sh\nexec sleep 60\n",                  /* hangs */
      "#!/bin/sh\nexec <&- >&-\nexec sleep 60\n",    /* hangs, and has closed everything */
      "#!/bin/sh\nexec cat /dev/zero\n",             /* never stops */
      "#!/bin/sh\nprintf 'RIFF....WAVEfmt \\001'\n", /* nonsense */
      "#!/bin/sh\nkill -SEGV $$\n",                  /* crashes */
      "no program at all\n",
  };
  for (guint i = 0; i < G_N_ELEMENTS(scripts); i++) {
    world w;
    start(&w, scripts[i]);
    g_test_message("%s", scripts[i]);
    g_assert_true(say(&w, 1, "alice"));
    wait_told(&w, 1);
    g_assert_cmpuint(w.spoken, ==, 0);
    stop(&w);
  }
}

static void test_freed_while_it_speaks(void) {
  world w;
  start(&w, "#!/bin/sh\nexec sleep 60\n");
  g_assert_true(say(&w, 1, "alice"));
  kit_run(200);
  stop(&w);
  g_assert_cmpuint(w.told, ==, 0);
}

/* One at a time, a bounded number waits, and who has gone is told nothing. */
static void test_queue(void) {
  world w;
  start(&w, "#!/bin/sh\necho in >>${0%speak}log\nsleep 0.1\necho out >>${0%speak}log\n");
  guint taken = 0;
  for (guint i = 0; i < GW_MAX_SPEECH_WAITING + 9; i++) {
    g_autofree char *name = g_strdup_printf("name %u", i);
    taken += say(&w, 100 + i, name);
  }
  g_assert_cmpuint(taken, ==, GW_MAX_SPEECH_WAITING);
  for (guint i = 3; i < GW_MAX_SPEECH_WAITING; i++)
    gw_speech_cancel(w.speech, (gw_handle){100 + i});
  wait_told(&w, 3);
  kit_run(400);
  g_assert_cmpuint(w.told, ==, 3);
  g_autofree char *seen = NULL;
  g_assert_true(g_file_get_contents(w.log, &seen, NULL, NULL));
  g_assert_cmpstr(seen, ==, "in\nout\nin\nout\nin\nout\n");
  stop(&w);
}

static void test_no_program(void) {
  static const char *const none[] = {NULL, "", "there-is-no-such-program"};
  for (guint i = 0; i < G_N_ELEMENTS(none); i++) {
    world w = {.speech = gw_speech_new(NULL, none[i], on_spoken, &w)};
    g_assert_false(say(&w, 1, "alice"));
    gw_speech_free(w.speech);
  }
}

/* Its real business: two texts of different length are speech of different length. */
static void test_espeak(void) {
  world w = {.speech = gw_speech_new(NULL, "espeak-ng", on_spoken, &w)};
  if (!say(&w, 1, "alice")) {
    g_test_skip("espeak-ng is not installed");
    gw_speech_free(w.speech);
    return;
  }
  wait_told(&w, 1);
  const gsize shorter = w.samples;
  g_assert_true(say(&w, 1, "Front desk of the third floor"));
  wait_told(&w, 2);
  g_test_message("%zu and %zu samples", shorter, w.samples);
  g_assert_cmpuint(shorter, >, GW_RATE / 4);
  g_assert_cmpuint(w.samples, >, shorter + GW_RATE / 2);
  gw_speech_free(w.speech);
}

static gboolean leg_event(void *user) {
  const kit *k = user;
  for (guint i = 0; i < k->events->len; i++) {
    const kit_event *e = &g_array_index(k->events, kit_event, i);
    if (e->prompt_end || e->unspoken) return TRUE;
  }
  return FALSE;
}

static void hear(const char *script, gboolean expect) {
  static const char *const local[] = {"127.0.0.1", NULL}, *const names[] = {"alice", NULL};
  world w = {0};
  write_program(&w, script);
  gw_media_config c = {.rtp_port_min = 30000,
                       .rtp_port_max = 34999,
                       .local_addresses = local,
                       .workers = 1,
                       .speaker = w.program};
  kit *k = kit_new_config(&c);
  gw_handle leg = kit_leg(k, gw_media_room(k->media));
  phone *p = phone_new("127.0.0.1", "PCMU", 0, 440);
  phone_join(p, k, leg);
  g_assert_true(gw_media_speak(k->media, leg, "en", names));
  g_assert_true(kit_until(leg_event, k, 20000));
  const kit_event *e = &g_array_index(k->events, kit_event, k->events->len - 1);
  g_assert_true(expect ? e->prompt_end : e->unspoken);
  if (expect) g_assert_true(phone_hears(p, 700));
  g_array_set_size(k->events, 0);
  g_assert_true(gw_media_speak(k->media, leg, "en", names));
  gw_media_play(k->media, leg, NULL); /* stopped: neither end nor failure is told */
  kit_run(500);
  g_assert_false(leg_event(k));
  g_assert_true(gw_media_speak(k->media, leg, "en", names));
  gw_media_close(k->media, leg);
  kit_run(200);
  phone_free(p);
  kit_free(k);
  remove_program(&w);
}

static void test_heard(void) {
  hear(TONE_700, TRUE);
  hear("#!/bin/sh\nexit 1\n", FALSE);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/media/speech/speaks", test_speaks);
  g_test_add_func("/media/speech/hostile-name", test_hostile_name);
  g_test_add_func("/media/speech/bad-programs", test_bad_programs);
  g_test_add_func("/media/speech/freed-while-it-speaks", test_freed_while_it_speaks);
  g_test_add_func("/media/speech/queue", test_queue);
  g_test_add_func("/media/speech/no-program", test_no_program);
  g_test_add_func("/media/speech/espeak", test_espeak);
  g_test_add_func("/media/speech/heard", test_heard);
  return g_test_run();
}

/* Who of many is decoded: tables of loudness over time, with and without told levels. */
#include "gateway/media/floor.h"

#define PLACES 3
#define MANY 9

typedef struct {
  gw_floor f[MANY];
  gw_floor *all[MANY];
} crowd;

static void begin(crowd *c) {
  for (guint i = 0; i < MANY; i++) {
    gw_floor_init(&c->f[i]);
    c->all[i] = &c->f[i];
  }
}

/* A tick: everybody's told level, 127 silent. */
static void tick(crowd *c, const gint *levels) {
  for (guint i = 0; i < MANY; i++)
    gw_floor_packet(&c->f[i], levels[i], TRUE);
  gw_floor_choose(c->all, MANY, PLACES);
}

static void run(crowd *c, guint ticks, const gint *levels) {
  for (guint i = 0; i < ticks; i++)
    tick(c, levels);
}

static guint on(const crowd *c) {
  guint bits = 0;
  for (guint i = 0; i < MANY; i++) {
    g_assert_true(c->f[i].on == TRUE || c->f[i].on == FALSE);
    bits |= (guint)c->f[i].on << i;
  }
  return bits;
}

static void test_loudest(void) {
  crowd c;
  begin(&c);
  run(&c, 100, (gint[MANY]){40, 20, 60, 25, 80, 22, 127, 30, 90});
  g_assert_cmpuint(on(&c), ==, 1 << 1 | 1 << 3 | 1 << 5);
}

/* As many as fit: all, whatever they are. */
static void test_few(void) {
  crowd c;
  begin(&c);
  for (guint i = 0; i < 3; i++)
    gw_floor_packet(&c.f[i], 127, TRUE);
  gw_floor_choose(c.all, 3, PLACES);
  g_assert_cmpuint(on(&c), ==, 7);
  gw_floor_choose(c.all, 0, PLACES);
}

/* No word's start is cut: with a place free, or with somebody who has paused for 300 ms, the first packet is enough. */
static void test_word_begins(void) {
  crowd c;
  begin(&c);
  run(&c, 200, (gint[MANY]){25, 28, 127, 127, 127, 127, 127, 127, 127});
  tick(&c, (gint[MANY]){25, 28, 127, 127, 127, 127, 127, 30, 127});
  g_assert_cmpuint(on(&c), ==, 1 | 2 | 1 << 7);
  run(&c, 15, (gint[MANY]){127, 28, 127, 127, 127, 127, 127, 30, 127});
  tick(&c, (gint[MANY]){127, 28, 127, 127, 26, 127, 127, 30, 127});
  g_assert_cmpuint(on(&c), ==, 2 | 1 << 4 | 1 << 7);
}

/* Three talk with pauses between their words; a fourth who is as loud gets in only when one of them leaves off, and nobody
 * is taken in and out all the time. */
static void test_hysteresis(void) {
  crowd c;
  begin(&c);
  guint changes = 0, last = 0;
  for (guint i = 0; i < 500; i++) {
    gint word = i % 20 < 15 ? 25 : 60;
    tick(&c,
         (gint[MANY]){word, word + 2, word + 1, i < 50 ? 127 : word + 3, 127, 127, 127, 127, 127});
    changes += on(&c) != last;
    last = on(&c);
  }
  g_assert_cmpuint(last, ==, 7);
  g_assert_cmpuint(changes, <=, 3);
  run(&c, 50, (gint[MANY]){127, 25, 25, 25, 127, 127, 127, 127, 127});
  g_assert_cmpuint(on(&c), ==, 2 | 4 | 8);
}

/* ---- levels that are not told */

static void untold(crowd *c, guint voices, const gdouble *dbfs) {
  for (guint i = 0; i < MANY; i++)
    gw_floor_packet(&c->f[i], -1, voices >> i & 1);
  gw_floor_choose(c->all, MANY, PLACES);
  for (guint i = 0; i < MANY; i++)
    if (c->f[i].on) gw_floor_heard(&c->f[i], voices >> i & 1 ? dbfs[i] : -127);
}

static const gdouble same[MANY] = {-30, -30, -30, -30, -30, -30, -30, -30, -30};

static void test_untold_voice(void) {
  crowd c;
  begin(&c);
  for (guint i = 0; i < 100; i++)
    untold(&c, 1 << 2, same);
  g_assert_true(on(&c) & 1 << 2);
  untold(&c, 1 << 2 | 1 << 8, same); /* the first packet with voice */
  g_assert_cmpuint(on(&c) & (1 << 2 | 1 << 8), ==, 1 << 2 | 1 << 8);
}

/* All talk at once: the loud ones have it most of the time, everybody is tried, and each turn is longer than a word. */
static void test_untold_all(void) {
  static const gdouble dbfs[MANY] = {-45, -45, -20, -45, -22, -45, -24, -45, -45};
  crowd c;
  guint heard[MANY] = {0}, changes = 0, last = 0;
  begin(&c);
  for (guint i = 0; i < 3000; i++) {
    untold(&c, 0x1ff, dbfs);
    for (guint k = 0; k < MANY; k++)
      heard[k] += (guint)c.f[k].on;
    changes += on(&c) != last;
    last = on(&c);
  }
  for (guint k = 0; k < MANY; k++)
    g_assert_cmpuint(heard[k], >, 0);
  g_assert_cmpuint(heard[2] + heard[4] + heard[6], >, 3000 * 3 / 2);
  g_assert_cmpuint(changes, <, 120);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/floor/loudest", test_loudest);
  g_test_add_func("/floor/few", test_few);
  g_test_add_func("/floor/word-begins", test_word_begins);
  g_test_add_func("/floor/hysteresis", test_hysteresis);
  g_test_add_func("/floor/untold-voice", test_untold_voice);
  g_test_add_func("/floor/untold-all", test_untold_all);
  return g_test_run();
}

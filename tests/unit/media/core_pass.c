/* Which frames of Opus go on as they came. */
#include "gateway/media/pass.h"

static const char one[] = "1", two[] = "2";

typedef struct {
  const char *source; /* of these frames */
  int n;
  gdouble dbfs;
  guint times;
  gw_pass_way way; /* of each of them */
} step;

#define LOUD_DB (-20.0)
#define STEPS 12

/* Each row is played from the beginning; a step of 0 times is a frame that is not sent. */
static const struct {
  const char *name;
  step steps[STEPS];
} rows[] = {
    {"from the first packet on", {{one, 40, LOUD_DB, 100, GW_PASS_ON}}},
    {"also behind silence that was sent",
     {{NULL, 0, -127, 9, GW_PASS_ENCODE}, {one, 40, LOUD_DB, 100, GW_PASS_ON}}},
    {"lost packets are left out, but not many",
     {{one, 40, LOUD_DB, 5, GW_PASS_ON},
      {one, -1, LOUD_DB, 1, GW_PASS_HOLE},
      {one, 40, LOUD_DB, 1, GW_PASS_ON},
      {one, -1, LOUD_DB, GW_PASS_HOLES, GW_PASS_HOLE},
      {one, -1, LOUD_DB, 1, GW_PASS_ANEW},
      {one, -1, LOUD_DB, 3, GW_PASS_ENCODE}}},
    {"back in a quiet moment after half a second",
     {{one, 40, LOUD_DB, 5, GW_PASS_ON},
      {one, 0, LOUD_DB, 1, GW_PASS_ANEW},
      {one, 0, LOUD_DB, 7, GW_PASS_ENCODE},
      {one, 40, -60, GW_PASS_PATIENCE - 1, GW_PASS_ENCODE},
      {one, 40, LOUD_DB, 30, GW_PASS_ENCODE},
      {one, 40, -60, 1, GW_PASS_ON},
      {one, 40, LOUD_DB, 5, GW_PASS_ON}}},
    {"a loss does not make it begin anew",
     {{one, 0, LOUD_DB, 7, GW_PASS_ENCODE},
      {one, 40, LOUD_DB, GW_PASS_PATIENCE - 1, GW_PASS_ENCODE},
      {one, -1, LOUD_DB, 1, GW_PASS_ENCODE},
      {one, 40, -60, 1, GW_PASS_ON}}},
    {"back at last where nothing is quiet",
     {{one, 0, LOUD_DB, 1, GW_PASS_ENCODE},
      {one, 40, LOUD_DB, GW_PASS_LONG - 1, GW_PASS_ENCODE},
      {one, 40, LOUD_DB, 9, GW_PASS_ON}}},
    {"another source is not the same stream",
     {{one, 40, LOUD_DB, 5, GW_PASS_ON},
      {two, 40, LOUD_DB, 1, GW_PASS_ANEW},
      {two, 40, LOUD_DB, 20, GW_PASS_ENCODE},
      {one, 40, -60, GW_PASS_PATIENCE - 1, GW_PASS_ENCODE}}},
    {"several begin to speak",
     {{one, 40, LOUD_DB, 5, GW_PASS_ON},
      {NULL, 0, 0, 1, GW_PASS_ANEW},
      {NULL, 0, 0, 90, GW_PASS_ENCODE},
      {two, 40, -60, GW_PASS_PATIENCE - 1, GW_PASS_ENCODE},
      {two, 40, -60, 1, GW_PASS_ON}}},
    {"a frame not sent is silence, behind which anybody may begin",
     {{one, 0, LOUD_DB, 9, GW_PASS_ENCODE}, {.times = 0}, {two, 40, LOUD_DB, 9, GW_PASS_ON}}},
    {"what our encoder made long ago it does not go on with",
     {{one, 40, LOUD_DB, 9, GW_PASS_ON},
      {.times = 0},
      {one, 0, LOUD_DB, 1, GW_PASS_ANEW},
      {one, 0, LOUD_DB, 9, GW_PASS_ENCODE}}},
    {"nobody's packet, and a packet that is nobody's",
     {{NULL, 40, LOUD_DB, 9, GW_PASS_ENCODE}, {NULL, -1, LOUD_DB, 9, GW_PASS_ENCODE}}},
};

static void test_ways(void) {
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    gw_pass p = {0};
    g_test_message("%s", rows[i].name);
    for (guint k = 0; k < STEPS; k++) {
      const step *s = &rows[i].steps[k];
      if (!s->times) gw_pass_rest(&p);
      for (guint t = 0; t < s->times; t++)
        g_assert_cmpint(gw_pass_frame(&p, s->source, s->n, s->dbfs), ==, s->way);
    }
  }
}

static void test_fit(void) {
  /* By the first byte (RFC 6716 3.1): 0x48 SILK 20 ms mono, 0x4c stereo, 0xf8 CELT 20 ms. Then of SILK: voice, copy. */
  static const struct {
    guint8 packet[4];
    int n;
    gboolean bounded, lossy;
    int fits;
  } fits[] = {{{0x48, 0x80, 1, 1}, 4, FALSE, FALSE, 4},
              {{0x4c, 0x80, 1, 1}, 4, FALSE, FALSE, 0},
              {{0xf8, 0x80, 1, 1}, 4, FALSE, FALSE, 4},
              {{0x48, 0x80, 1, 1}, 4, TRUE, FALSE, 0},
              {{0x48, 0x80, 1, 1}, 4, FALSE, TRUE, 0},
              {{0x48, 0xc0, 1, 1}, 4, FALSE, TRUE, 4},
              {{0xf8, 0xc0, 1, 1}, 4, FALSE, TRUE, 0},
              {{0}, -1, TRUE, TRUE, -1},
              {{0}, 0, FALSE, FALSE, 0}};
  for (guint i = 0; i < G_N_ELEMENTS(fits); i++)
    g_assert_cmpint(gw_pass_fit(fits[i].packet, fits[i].n, fits[i].bounded, fits[i].lossy), ==,
                    fits[i].fits);
}

static void test_bounded(void) {
  static const struct {
    const char *fmtp;
    gboolean bounded;
  } params[] = {{NULL, FALSE},
                {"useinbandfec=1;minptime=10", FALSE},
                {"maxaveragebitrate=16000;useinbandfec=1", TRUE},
                {"minptime=10; cbr=1", TRUE},
                {"cbr=0", FALSE}};
  for (guint i = 0; i < G_N_ELEMENTS(params); i++) {
    g_autoptr(gw_desc) d = gw_desc_new();
    gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, NULL);
    g_assert_cmpint(
        gw_pass_bounded(gw_desc_media_add_codec(m, 107, "opus", 48000, 2, params[i].fmtp)), ==,
        params[i].bounded);
  }
  g_assert_false(gw_pass_bounded(NULL));
}

static void test_solo(void) {
  static const char me[] = "me";
  static const struct {
    struct {
      const char *source;
      gdouble dbfs;
    } near[8], all[3];
    const char *was, *solo;
    gboolean any;
  } mixes[] = {
      {{{0}}, {{0}}, one, NULL, FALSE},
      {{{one, -20}}, {{0}}, NULL, one, TRUE},
      {{{one, -90}}, {{0}}, NULL, one, TRUE},       /* the only one, however faint */
      {{{one, -20}}, {{me, -20}}, NULL, one, TRUE}, /* oneself does not count */
      {{{0}}, {{me, -20}}, NULL, NULL, FALSE},
      {{{one, -20}}, {{two, -20}}, one, NULL, TRUE},
      {{{one, -20}}, {{two, -70}}, two, one, TRUE},
      {{{one, -70}, {two, -70}}, {{0}}, two, two, TRUE}, /* a pause: as it was */
      {{{one, -70}, {two, -70}}, {{0}}, NULL, NULL, TRUE},
      {{{one, -20}, {"?", -127}}, {{0}}, one, NULL, TRUE}, /* a prompt, whatever it holds */
      {{{one, -20}, {two, -70}, {two, -70}, {two, -70}, {two, -70}, {two, -70}, {two, -70}},
       {{0}},
       one,
       NULL,
       TRUE},
  };
  for (guint i = 0; i < G_N_ELEMENTS(mixes); i++) {
    gw_solo near = {0}, all = {0};
    gboolean any;
    for (guint k = 0; k < 8 && mixes[i].near[k].source; k++)
      gw_solo_add(&near, mixes[i].near[k].source[0] == '?' ? NULL : mixes[i].near[k].source,
                  mixes[i].near[k].dbfs);
    for (guint k = 0; k < 3 && mixes[i].all[k].source; k++)
      gw_solo_add(&all, mixes[i].all[k].source, mixes[i].all[k].dbfs);
    g_test_message("mix %u", i);
    g_assert_true(gw_solo_of(&near, &all, me, mixes[i].was, &any) == mixes[i].solo);
    g_assert_cmpint(any, ==, mixes[i].any);
    gw_solo_clear(&near);
    g_assert_null(gw_solo_of(&near, &near, me, one, &any));
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pass-core/ways", test_ways);
  g_test_add_func("/pass-core/fit", test_fit);
  g_test_add_func("/pass-core/bounded", test_bounded);
  g_test_add_func("/pass-core/solo", test_solo);
  return g_test_run();
}

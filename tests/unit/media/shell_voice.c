/* A voice on its way to the encoder: when packets are made, and what is heard of a word after a silence. */
#include "gateway/media/mixer.h"
#include "gateway/media/tone.h"
#include "gateway/media/voice.h"

#include <string.h>

#define OPUS 0
#define PCMU 3

static void prepare(gw_voice *v) {
  gw_voice_init(v);
  gw_voice_narrow(v, TRUE);
  gw_voice_prepare(v, OPUS);
  gw_voice_prepare(v, PCMU);
}

/* Two seconds of nothing: the sizes of the packets, silence told thrice and then every 400 ms. */
static void test_rest(void) {
  gw_voice v;
  guint full = 0, empty = 0, pcmu = 0;
  prepare(&v);
  for (guint i = 0; i < GW_GATE_HANG + 100; i++) {
    const guint8 *data;
    gw_voice_frame(&v, NULL, TRUE);
    int n = gw_voice_packet(&v, OPUS, &data);
    g_assert_cmpint(gw_voice_packet(&v, OPUS, &data), ==,
                    n); /* the second listener gets the same */
    full += n > GW_VOICE_EMPTY;
    empty += n == 1;
    if (i >= GW_GATE_HANG + 3)
      g_assert_cmpint(n, ==, (i + 1 - GW_GATE_HANG) % GW_VOICE_EVERY ? 0 : 1);
    pcmu += gw_voice_packet(&v, PCMU, &data) == 160; /* has no such thing */
  }
  g_assert_cmpuint(full, ==, GW_GATE_HANG);
  g_assert_cmpuint(empty, ==, 3 + 5);
  g_assert_cmpuint(pcmu, ==, GW_GATE_HANG + 100);
  gw_voice_clear(&v);
}

static void test_never_rests_unspoken(void) {
  gw_voice v;
  const guint8 *data;
  prepare(&v);
  for (guint i = 0; i < 100; i++) /* nobody listens yet */
    gw_voice_frame(&v, NULL, TRUE);
  g_assert_cmpint(gw_voice_packet(&v, OPUS, &data), >,
                  GW_VOICE_EMPTY); /* what could a decoder settle on else? */
  gw_voice_clear(&v);
}

/* A word after three seconds of silence is heard from its start: the sound that comes out of the listener's decoder in the
 * word's first 60 ms has the level of the one that went in. */
static void test_word_after_silence(void) {
  gw_voice v;
  gw_tone tone;
  gw_decoder *d = gw_decoder_new("opus");
  gint16 in[GW_FRAME], out[GW_MAX_FRAME];
  gdouble first = -127;
  prepare(&v);
  gw_tone_init(&tone, 440, 0.2, GW_RATE);
  for (guint i = 0; i < 200; i++) {
    const guint8 *data;
    if (i >= 150) gw_tone_fill(&tone, in, GW_FRAME);
    gw_voice_frame(&v, i >= 150 ? in : NULL, TRUE);
    int n = gw_voice_packet(&v, OPUS, &data);
    if (i >= 150) g_assert_cmpint(n, >, GW_VOICE_EMPTY);
    if (n <= GW_VOICE_EMPTY) continue;
    int got = gw_decoder_packet(d, data, (gsize)n, FALSE, out, GW_MAX_FRAME);
    if (i >= 150 && i < 153) first = MAX(first, gw_level_dbfs(out, (guint)got));
  }
  g_assert_cmpfloat(first, >, gw_level_dbfs(in, GW_FRAME) - 3);
  gw_decoder_free(d);
  gw_voice_clear(&v);
}

/* What a listener that has agreed on it reads in the header. */
static void test_level(void) {
  static const struct {
    gdouble amplitude; /* 0: nothing said */
    gint level;
  } rows[] = {{0, 127}, {0.5, 9}, {0.05, 29}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(gw_ids) ids = gw_ids_new_fixed(1);
    gw_outflow out;
    gw_voice v;
    gw_tone tone;
    gw_rtp rtp;
    gint16 pcm[GW_FRAME];
    guint8 packet[64];
    prepare(&v);
    gw_outflow_init(&out, ids, "name");
    gw_outflow_codec(&out, ids, OPUS, 111);
    gw_tone_init(&tone, 440, rows[i].amplitude, GW_RATE);
    for (guint k = 0; k < 60; k++) {
      gw_tone_fill(&tone, pcm, GW_FRAME);
      gw_voice_frame(&v, rows[i].amplitude > 0 ? pcm : NULL, TRUE);
    }
    out.level = gw_voice_level(&v);
    g_assert_cmpuint(out.level >> 7, ==, rows[i].amplitude > 0);
    for (guint id = 0; id < 15; id += 7) {
      out.level_ext = id;
      gsize n = gw_outflow_packet(&out, (const guint8 *)"sound", 5, packet, sizeof packet);
      g_assert_true(gw_rtp_parse(packet, n, id, &rtp));
      g_assert_cmpint(rtp.level, ==, id ? rows[i].level : -1);
      g_assert_cmpmem(rtp.payload, rtp.payload_len, "sound", 5);
    }
    gw_voice_clear(&v);
  }
}

/* Which packets of a copy need not be opened: only what plainly is the next of the stream that has been. */
static void test_unopened(void) {
  static const struct {
    guint16 seq;
    guint8 pt;
    guint32 ssrc;
    gboolean ok;
  } rows[] = {{0, 111, 7, TRUE},   {1, 111, 7, TRUE},    {1, 111, 7, FALSE},    {0, 111, 7, FALSE},
              {51, 111, 7, TRUE},  {102, 111, 7, FALSE}, {52, 111, 8, FALSE},   {52, 0, 7, FALSE},
              {52, 101, 7, FALSE}, {52, 111, 7, TRUE},   {65000, 111, 7, FALSE}};
  g_autoptr(gw_desc) d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, NULL);
  gw_inflow in;
  gw_rtp rtp = {
      .pt = 111, .ssrc = 7, .level = -1, .payload = (const guint8 *)"xyz", .payload_len = 3};
  gw_codec_fill("opus", 111, m);
  gw_desc_media_add_codec(m, 101, "telephone-event", 48000, 1, NULL);
  gw_inflow_init(&in, FALSE);
  gw_inflow_map(&in, m, NULL);
  rtp.seq = 65535;
  g_assert_false(gw_inflow_unopened(&in, &rtp, 20, 1)); /* nothing is known yet */
  gw_inflow_follow(&in, TRUE, TRUE);
  gw_inflow_rtp(&in, &rtp, 20, 1);
  guint64 counted = 1;
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    rtp.seq = rows[i].seq;
    rtp.pt = rows[i].pt;
    rtp.ssrc = rows[i].ssrc;
    g_assert_cmpint(gw_inflow_unopened(&in, &rtp, 20, 2), ==, rows[i].ok);
    counted += (guint64)rows[i].ok;
  }
  g_assert_cmpuint(in.packets, ==, counted);
  g_assert_cmpint(in.voice_us, ==, 1); /* no proof of life */
  gw_inflow_clear(&in);
}

/* A phone that sends comfort noise in its pauses, whether that was agreed or not: nothing is lost, and nothing made up. */
static void test_comfort_noise(void) {
  g_autoptr(gw_desc) d = gw_desc_new();
  gw_inflow in;
  guint8 sound[160];
  gint64 now = 1;
  memset(sound, 0x55, sizeof sound);
  gw_codec_fill("PCMA", 0, gw_desc_add(d, GW_KIND_AUDIO, NULL));
  gw_inflow_init(&in, FALSE);
  gw_inflow_map(&in, g_ptr_array_index(d->media, 0), NULL);
  for (guint i = 0; i < 1000; i++, now += 20000) {
    gboolean pause = i % 200 > 100;
    gw_rtp rtp = {.pt = pause ? 13 : 8,
                  .ssrc = 7,
                  .seq = (guint16)i,
                  .ts = i * 160,
                  .level = -1,
                  .payload = sound,
                  .payload_len = pause ? 1 : 160};
    if (pause)
      gw_inflow_extra(&in, &rtp, now);
    else
      gw_inflow_rtp(&in, &rtp, 172, now);
    gw_inflow_play(&in, now + 1000);
  }
  gw_jitter_stats stats;
  gw_jitter_stats_get(in.jitter, &stats);
  g_assert_cmpuint(gw_rtp_stats_lost(&in.stats), ==, 0);
  g_assert_cmpuint(stats.concealed_ms + stats.late + stats.dropped, ==, 0);
  gw_rtp stranger = {.pt = 13, .ssrc = 8, .seq = 20000};
  gw_inflow_extra(&in, &stranger, now);
  g_assert_cmpuint(gw_rtp_stats_lost(&in.stats), ==, 0);
  gw_inflow_clear(&in);
}

/* A voice that is too loud, three seconds of it: softer where that was asked for, as it came where not. */
static void test_even(void) {
  for (guint even = 0; even < 2; even++) {
    g_autoptr(gw_desc) d = gw_desc_new();
    gw_inflow in;
    gw_tone tone;
    gw_encoder *encoder = gw_encoder_new("PCMA", TRUE, FALSE);
    gint64 now = 1;
    gw_codec_fill("PCMA", 0, gw_desc_add(d, GW_KIND_AUDIO, NULL));
    gw_inflow_init(&in, even);
    gw_inflow_map(&in, g_ptr_array_index(d->media, 0), NULL);
    gw_tone_init(&tone, 450, 0.5, GW_RATE);
    for (guint i = 0; i < 150; i++, now += 20000) {
      gint16 pcm[GW_FRAME];
      guint8 sound[160];
      gw_tone_fill(&tone, pcm, GW_FRAME);
      gw_rtp rtp = {.pt = 8,
                    .ssrc = 7,
                    .seq = (guint16)i,
                    .ts = i * 160,
                    .level = -1,
                    .payload = sound,
                    .payload_len = (gsize)gw_encoder_frame(encoder, pcm, sound, sizeof sound)};
      gw_inflow_rtp(&in, &rtp, 172, now);
      gw_inflow_play(&in, now + 1000);
    }
    g_assert_cmpfloat_with_epsilon(gw_level_dbfs(in.pcm, GW_FRAME), even ? -21 : -9, 1.5);
    g_assert_cmpuint(in.frames, ==, 150);
    g_assert_cmpuint(in.spoken, >, 140);
    gw_encoder_free(encoder);
    gw_inflow_clear(&in);
  }
}

/* Of so many frames of a hum, in how many packets the one before comes once more. */
static guint copies_in(gw_voice *v, guint frames) {
  guint carried = 0;
  for (guint i = 0; i < frames; i++) {
    const guint8 *data;
    gint16 pcm[GW_FRAME];
    for (guint k = 0; k < GW_FRAME; k++) /* 125 Hz with its harmonics, which swell and fade as a voice does */
      pcm[k] = (gint16)(((i % 10) + 2) * (((gint)k % 128) * 20 - 1280));
    gw_voice_frame(v, pcm, TRUE);
    int n = gw_voice_packet(v, OPUS, &data);
    carried += n > GW_VOICE_EMPTY && gw_opus_has_fec(data, (gsize)n);
  }
  return carried;
}

/* Of a voice of 8 kHz copies cost bits and work: they go along while somebody loses packets, and for half a minute on. */
static void test_copies(void) {
  gw_voice v;
  prepare(&v);
  g_assert_cmpuint(copies_in(&v, 200), ==, 0);
  gw_voice_lost(&v, GW_VOICE_LOSING - 1);
  g_assert_cmpuint(copies_in(&v, 50), ==, 0);
  gw_voice_lost(&v, GW_VOICE_LOSING);
  g_assert_cmpuint(copies_in(&v, GW_VOICE_COPIES - 1), >, GW_VOICE_COPIES / 2);
  copies_in(&v, 5);
  g_assert_cmpuint(copies_in(&v, 200), ==, 0);
  gw_voice_lost(&v, 255);
  gw_voice_narrow(&v, FALSE);
  gw_voice_narrow(&v, TRUE); /* another encoder: with copies still */
  g_assert_cmpuint(copies_in(&v, 100), >, 50);
  gw_voice_clear(&v);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/voice/level", test_level);
  g_test_add_func("/voice/unopened", test_unopened);
  g_test_add_func("/voice/comfort-noise", test_comfort_noise);
  g_test_add_func("/voice/even-levels", test_even);
  g_test_add_func("/voice/rest", test_rest);
  g_test_add_func("/voice/never-rests-unspoken", test_never_rests_unspoken);
  g_test_add_func("/voice/word-after-silence", test_word_after_silence);
  g_test_add_func("/voice/copies", test_copies);
  return g_test_run();
}

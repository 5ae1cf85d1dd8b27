#include "base/desc.h"
#include <string.h>

static gw_desc_media *plain_audio(gw_desc *d) {
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, NULL);
  gw_desc_media_add_codec(m, 8, "PCMA", 8000, 1, NULL);
  gw_desc_media_add_codec(m, 0, "PCMU", 8000, 1, NULL);
  gw_desc_media_add_codec(m, 101, "telephone-event", 8000, 1, "0-16");
  return m;
}

static gw_desc *our_phone_side(void) {
  gw_desc *d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, NULL);
  gw_desc_media_add_codec(m, 111, "opus", 48000, 2, "useinbandfec=1");
  gw_desc_media_add_codec(m, 9, "G722", 8000, 1, NULL);
  gw_desc_media_add_codec(m, 0, "PCMU", 8000, 1, NULL);
  gw_desc_media_add_codec(m, 8, "PCMA", 8000, 1, NULL);
  gw_desc_media_add_codec(m, 101, "telephone-event", 8000, 1, "0-15");
  m->ptime = 20;
  m->port = 20000;
  g_strlcpy(m->addr, "127.0.0.1", sizeof m->addr);
  return d;
}

static const gw_codec *codec_at(const gw_desc *d, guint i) {
  const gw_desc_media *m = gw_desc_audio(d);
  return i < m->codecs->len ? &g_array_index(m->codecs, gw_codec, i) : NULL;
}

static void test_order(void) {
  g_autoptr(gw_desc) offer = gw_desc_new(), caps = our_phone_side(), a = NULL, b = NULL;
  gw_cause why;
  plain_audio(offer);
  g_assert_true(gw_desc_answer(offer, caps, TRUE, &a, &why));
  g_assert_cmpstr(codec_at(a, 0)->name, ==, "PCMA");
  g_assert_cmpstr(codec_at(a, 2)->name, ==, "telephone-event");
  g_assert_cmpuint(codec_at(a, 2)->pt, ==, 101);
  g_assert_null(codec_at(a, 3));
  g_assert_true(gw_desc_answer(offer, caps, FALSE, &b, &why));
  g_assert_cmpstr(codec_at(b, 0)->name, ==, "PCMU");
  g_assert_cmpuint(gw_desc_audio(b)->port, ==, 20000);
}

static void test_direction(void) {
  static const gw_dir rows[][2] = {{GW_DIR_SENDRECV, GW_DIR_SENDRECV},
                                   {GW_DIR_SENDONLY, GW_DIR_RECVONLY},
                                   {GW_DIR_RECVONLY, GW_DIR_SENDONLY},
                                   {GW_DIR_INACTIVE, GW_DIR_INACTIVE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(gw_desc) offer = gw_desc_new(), caps = our_phone_side(), a = NULL;
    gw_cause why;
    plain_audio(offer)->dir = rows[i][0];
    g_assert_true(gw_desc_answer(offer, caps, TRUE, &a, &why));
    g_assert_cmpint(gw_desc_audio(a)->dir, ==, rows[i][1]);
  }
}

static void test_nothing_in_common(void) {
  g_autoptr(gw_desc) offer = gw_desc_new(), caps = our_phone_side(), a = NULL;
  gw_cause why = GW_CAUSE_NONE;
  gw_desc_media *m = gw_desc_add(offer, GW_KIND_AUDIO, NULL);
  gw_desc_media_add_codec(m, 18, "G729", 8000, 1, NULL);
  gw_desc_media_add_codec(m, 101, "telephone-event", 8000, 1, NULL);
  g_assert_false(gw_desc_answer(offer, caps, TRUE, &a, &why));
  g_assert_cmpint(why, ==, GW_CAUSE_NO_CODEC);
  g_assert_null(a);
  g_autoptr(gw_desc) no_audio = gw_desc_new();
  gw_desc_add(no_audio, GW_KIND_VIDEO, NULL);
  g_assert_false(gw_desc_answer(no_audio, caps, TRUE, &a, &why));
}

static void test_phone_video_refused(void) {
  g_autoptr(gw_desc) offer = gw_desc_new(), caps = our_phone_side(), a = NULL;
  gw_cause why;
  plain_audio(offer);
  gw_desc_media_add_codec(gw_desc_add(offer, GW_KIND_VIDEO, NULL), 96, "VP8", 90000, 1, NULL);
  g_assert_true(gw_desc_answer(offer, caps, TRUE, &a, &why));
  g_assert_cmpuint(a->media->len, ==, 2);
  g_assert_true(((gw_desc_media *)a->media->pdata[1])->refused);
}

static gw_desc *browser_offer(void) {
  gw_desc *d = gw_desc_new();
  d->bundle = TRUE;
  for (guint i = 0; i < 2; i++) {
    gw_desc_media *m = gw_desc_add(d, i ? GW_KIND_VIDEO : GW_KIND_AUDIO, i ? "1" : "0");
    if (i) {
      gw_desc_media_add_codec(m, 96, "VP8", 90000, 1, NULL);
      gw_desc_media_add_codec(m, 97, "rtx", 90000, 1, "apt=96");
    } else {
      gw_desc_media_add_codec(m, 111, "opus", 48000, 2, "minptime=10;useinbandfec=1");
      gw_desc_media_add_codec(m, 63, "red", 48000, 2, "111/111");
    }
    m->rtcp_mux = TRUE;
    m->ufrag = g_strdup("u");
    m->pwd = g_strdup("p");
    m->fp_hash = g_strdup("sha-256");
    m->fp_value = g_strdup("AA:BB");
    m->setup = GW_SETUP_ACTPASS;
  }
  return d;
}

static gw_desc *our_room_side(gw_setup wish) {
  gw_desc *d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, NULL);
  gw_desc_media_add_codec(m, 111, "opus", 48000, 2, "useinbandfec=1");
  m->rtcp_mux = TRUE;
  m->ufrag = g_strdup("ours");
  m->pwd = g_strdup("secret");
  m->fp_hash = g_strdup("sha-256");
  m->fp_value = g_strdup("CC:DD");
  m->setup = wish;
  gw_source s = {.ssrc = 12345, .cname = g_strdup("gw"), .msid = g_strdup("gw a0")};
  g_array_append_val(m->sources, s);
  return d;
}

/* Every content of a browser's offer comes back, video inactive with one payload type on the same
 * transport. */
static void test_browser(void) {
  g_autoptr(gw_desc) offer = browser_offer(), caps = our_room_side(GW_SETUP_PASSIVE), a = NULL;
  gw_cause why;
  g_assert_true(gw_desc_answer(offer, caps, FALSE, &a, &why));
  g_assert_true(a->bundle);
  g_assert_cmpuint(a->media->len, ==, 2);
  gw_desc_media *audio = a->media->pdata[0], *video = a->media->pdata[1];
  g_assert_cmpstr(audio->mid, ==, "0");
  g_assert_cmpuint(audio->codecs->len, ==, 1);
  g_assert_cmpuint(audio->sources->len, ==, 1);
  g_assert_cmpint(audio->setup, ==, GW_SETUP_PASSIVE);
  g_assert_cmpint(audio->dir, ==, GW_DIR_SENDRECV);
  g_assert_cmpstr(video->mid, ==, "1");
  g_assert_false(video->refused);
  g_assert_cmpint(video->dir, ==, GW_DIR_INACTIVE);
  g_assert_cmpuint(video->codecs->len, ==, 1);
  g_assert_cmpuint(video->sources->len, ==, 0);
  g_assert_cmpstr(video->ufrag, ==, "ours");
  g_assert_cmpstr(video->fp_value, ==, "CC:DD");
}

/* RFC 8285 5: the answer has the offer's id, and nothing that was not offered. */
static void test_level(void) {
  for (guint offered = 0; offered < 3; offered++) {
    for (guint able = 0; able < 2; able++) {
      g_autoptr(gw_desc) offer = browser_offer(), caps = our_room_side(GW_SETUP_PASSIVE), a = NULL;
      gw_cause why;
      gw_desc_audio(offer)->level_ext = offered * 3;
      gw_desc_audio(caps)->level_ext = able;
      g_assert_true(gw_desc_answer(offer, caps, FALSE, &a, &why));
      g_assert_cmpuint(gw_desc_audio(a)->level_ext, ==, able ? offered * 3 : 0);
      g_autoptr(gw_desc) copy = gw_desc_copy(offer);
      g_assert_cmpuint(gw_desc_audio(copy)->level_ext, ==, offered * 3);
    }
  }
}

static void test_setup(void) {
  static const struct {
    gw_setup offered, wish, got;
  } rows[] = {{GW_SETUP_ACTPASS, GW_SETUP_ACTIVE, GW_SETUP_ACTIVE},
              {GW_SETUP_ACTPASS, GW_SETUP_PASSIVE, GW_SETUP_PASSIVE},
              {GW_SETUP_NONE, GW_SETUP_NONE, GW_SETUP_ACTIVE},
              {GW_SETUP_ACTIVE, GW_SETUP_ACTIVE, GW_SETUP_PASSIVE},
              {GW_SETUP_PASSIVE, GW_SETUP_PASSIVE, GW_SETUP_ACTIVE},
              {GW_SETUP_ACTPASS, GW_SETUP_ACTPASS, GW_SETUP_ACTIVE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(gw_desc) offer = browser_offer(), caps = our_room_side(rows[i].wish), a = NULL;
    gw_cause why;
    gw_desc_audio(offer)->setup = rows[i].offered;
    g_assert_true(gw_desc_answer(offer, caps, FALSE, &a, &why));
    g_assert_cmpint(gw_desc_audio(a)->setup, ==, rows[i].got);
  }
}

static void test_unsafe_offers(void) {
  g_autoptr(gw_desc) offer = browser_offer(), caps = our_room_side(GW_SETUP_ACTIVE), a = NULL;
  gw_cause why;
  g_clear_pointer(&gw_desc_audio(offer)->fp_value, g_free);
  g_assert_false(gw_desc_answer(offer, caps, FALSE, &a, &why));
  g_assert_cmpint(why, ==, GW_CAUSE_DTLS_FAILED);
  g_autoptr(gw_desc) no_mux = browser_offer();
  gw_desc_audio(no_mux)->rtcp_mux = FALSE;
  g_assert_false(gw_desc_answer(no_mux, caps, FALSE, &a, &why));
  g_assert_cmpint(why, ==, GW_CAUSE_BAD_REQUEST);
}

static void test_copy_and_params(void) {
  g_autoptr(gw_desc) offer = browser_offer(), copy = gw_desc_copy(offer);
  gw_desc_free(g_steal_pointer(&offer));
  const gw_codec *opus = gw_desc_media_codec(gw_desc_by_mid(copy, "0"), "OPUS", 48000);
  char buf[16];
  g_assert_cmpstr(gw_codec_param(opus, "useinbandfec", buf, sizeof buf), ==, "1");
  g_assert_cmpstr(gw_codec_param(opus, "minptime", buf, sizeof buf), ==, "10");
  g_assert_null(gw_codec_param(opus, "fec", buf, sizeof buf));
  g_assert_null(gw_codec_param(opus, "minptime", buf, 2));
  g_assert_null(gw_desc_by_mid(copy, "7"));
  g_assert_cmpint(gw_dir_flip(GW_DIR_SENDONLY), ==, GW_DIR_RECVONLY);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/desc/answer/order", test_order);
  g_test_add_func("/desc/answer/direction", test_direction);
  g_test_add_func("/desc/answer/level", test_level);
  g_test_add_func("/desc/answer/nothing", test_nothing_in_common);
  g_test_add_func("/desc/answer/phone-video", test_phone_video_refused);
  g_test_add_func("/desc/answer/browser", test_browser);
  g_test_add_func("/desc/answer/setup", test_setup);
  g_test_add_func("/desc/answer/unsafe", test_unsafe_offers);
  g_test_add_func("/desc/copy", test_copy_and_params);
  return g_test_run();
}

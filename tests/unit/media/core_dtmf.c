/* RFC 4733 events: each key press is reported once, whatever the network does to its packets. */
#include "gateway/media/dtmf.h"

#include <string.h>

typedef struct {
  guint32 ts;
  gint event; /* -1: end of the script */
  gboolean end;
  guint16 duration;
  guint at_ms;
} step;

static guint feed(gw_dtmf_in *in, const step *s, guint clock, char *digits, guint *n_digits) {
  guint8 payload[4] = {(guint8)s->event, (guint8)(s->end ? 0x8a : 0x0a), (guint8)(s->duration >> 8),
                       (guint8)s->duration};
  gw_rtp rtp = {.ts = s->ts, .payload = payload, .payload_len = sizeof payload};
  char digit = 0;
  guint ms = 0;
  if (!gw_dtmf_packet(in, &rtp, clock, (gint64)s->at_ms * 1000, &digit, &ms)) return 0;
  digits[(*n_digits)++] = digit;
  return ms;
}

typedef struct {
  const char *what, *digits;
  step steps[24];
} script;

static const script scripts[] = {
    {"one press, three end packets",
     "5",
     {{1000, 5, 0, 160, 0},
      {1000, 5, 0, 320, 20},
      {1000, 5, 0, 480, 40},
      {1000, 5, 1, 640, 60},
      {1000, 5, 1, 640, 60},
      {1000, 5, 1, 640, 60},
      {0, -1, 0, 0, 0}}},
    {"only end packets came",
     "#",
     {{1000, 11, 1, 640, 60}, {1000, 11, 1, 640, 60}, {0, -1, 0, 0, 0}}},
    {"the end was lost, the same key again",
     "77",
     {{1000, 7, 0, 160, 0},
      {1000, 7, 0, 320, 20},
      {3000, 7, 0, 160, 250},
      {3000, 7, 1, 320, 270},
      {0, -1, 0, 0, 0}}},
    {"the end was lost, another key",
     "7*",
     {{1000, 7, 0, 160, 0}, {3000, 10, 0, 160, 250}, {3000, 10, 1, 320, 270}, {0, -1, 0, 0, 0}}},
    {"ends of the last press overtaken by the next",
     "12",
     {{1000, 1, 0, 160, 0},
      {1000, 1, 1, 320, 20},
      {2000, 2, 0, 160, 125},
      {1000, 1, 1, 320, 130},
      {2000, 2, 1, 320, 145},
      {1000, 1, 1, 320, 150},
      {0, -1, 0, 0, 0}}},
    {"packets of one event out of order",
     "9",
     {{1000, 9, 0, 320, 20},
      {1000, 9, 0, 160, 25},
      {1000, 9, 1, 480, 40},
      {1000, 9, 0, 400, 45},
      {0, -1, 0, 0, 0}}},
    {"held over 8 s: a second segment",
     "3",
     {{1000, 3, 0, 160, 0},
      {1000, 3, 0, 0xffff, 8190},
      {66535, 3, 0, 160, 8210},
      {66535, 3, 1, 320, 8230},
      {0, -1, 0, 0, 0}}},
    {"duration wraps",
     "3",
     {{1000, 3, 0, 0xff00, 0},
      {1000, 3, 0, 0xffff, 20},
      {1000, 3, 0, 60, 40},
      {1000, 3, 0, 200, 60},
      {0, -1, 0, 0, 0}}},
    {"timestamp wraps",
     "44",
     {{0xffffff00, 4, 1, 160, 0},
      {0x00000200, 4, 1, 160, 100},
      {0xffffff00, 4, 1, 160, 110},
      {0, -1, 0, 0, 0}}},
    {"a sender that started anew",
     "55",
     {{0xf0000000, 5, 1, 160, 0},
      {100, 5, 1, 160, 5000},
      {100, 5, 1, 160, 5000},
      {0, -1, 0, 0, 0}}},
    {"all sixteen",
     "0123456789*#ABCD",
     {{1000, 0, 1, 9, 0},
      {2000, 1, 1, 9, 99},
      {3000, 2, 1, 9, 199},
      {4000, 3, 1, 9, 299},
      {5000, 4, 1, 9, 399},
      {6000, 5, 1, 9, 499},
      {7000, 6, 1, 9, 599},
      {8000, 7, 1, 9, 699},
      {9000, 8, 1, 9, 799},
      {10000, 9, 1, 9, 899},
      {11000, 10, 1, 9, 999},
      {12000, 11, 1, 9, 1099},
      {13000, 12, 1, 9, 1199},
      {14000, 13, 1, 9, 1299},
      {15000, 14, 1, 9, 1399},
      {16000, 15, 1, 9, 1499},
      {17000, 16, 1, 9, 1599},
      {0, -1, 0, 0, 0}}},
};

static void test_scripts(void) {
  for (guint i = 0; i < G_N_ELEMENTS(scripts); i++) {
    gw_dtmf_in in = {0};
    char digits[64] = "";
    guint n = 0;
    g_test_message("%s", scripts[i].what);
    for (const step *s = scripts[i].steps; s->event >= 0; s++)
      feed(&in, s, 8000, digits, &n);
    g_assert_cmpstr(digits, ==, scripts[i].digits);
  }
}

static void test_length(void) {
  gw_dtmf_in in = {0};
  char digits[4] = "";
  guint n = 0;
  g_assert_cmpuint(feed(&in, &(step){1000, 5, TRUE, 4800, 0}, 48000, digits, &n), ==, 100);
}

static void test_never_ends(void) {
  gw_dtmf_in in = {0};
  char digits[64] = "";
  guint n = 0;
  for (guint i = 0; i < 5000; i++)
    feed(&in, &(step){1000, 1, FALSE, (guint16)(i * 160), i * 20}, 8000, digits, &n);
  g_assert_cmpstr(digits, ==, "1");
}

/* A thousand events a second: no more than 25 of each second pass. */
static void test_flood(void) {
  gw_dtmf_in in = {0};
  char digits[4096] = "";
  guint n = 0;
  for (guint i = 0; i < 3000; i++)
    feed(&in, &(step){1000 + i * 8, (gint)(i % 10), TRUE, 8, i}, 8000, digits, &n);
  g_assert_cmpuint(n, ==, 75);
}

static void test_broken(void) {
  gw_dtmf_in in = {0};
  static const guint8 payload[4] = {5, 0x8a, 0, 160};
  char digit = 'x';
  guint ms = 7;
  for (guint n = 0; n < 4; n++) {
    gw_rtp rtp = {.ts = 1, .payload = payload, .payload_len = n};
    g_assert_false(gw_dtmf_packet(&in, &rtp, 8000, 0, &digit, &ms));
  }
  gw_rtp rtp = {.ts = 1, .payload = payload, .payload_len = 4};
  g_assert_false(gw_dtmf_packet(&in, &rtp, 0, 0, &digit, &ms));
  g_assert_cmpint(digit, ==, 'x');
  g_assert_cmpuint(ms, ==, 7);
}

static void test_payload(void) {
  guint8 out[4];
  gw_dtmf_in in = {0};
  g_assert_true(gw_dtmf_payload('#', TRUE, 0x0280, out));
  g_assert_cmpmem(out, 4, "\x0b\x8a\x02\x80", 4);
  g_assert_true(gw_dtmf_payload('d', FALSE, 160, out));
  g_assert_cmpuint(out[0], ==, 15);
  g_assert_cmpuint(out[1] & 0x80, ==, 0);
  g_assert_false(gw_dtmf_payload('x', FALSE, 160, out));
  g_assert_false(gw_dtmf_payload(0, FALSE, 160, out));
  for (const char *d = "0123456789*#ABCD"; *d; d++) {
    gw_rtp rtp = {.ts = (guint32)*d * 10000, .payload = out, .payload_len = 4};
    char digit;
    guint ms;
    g_assert_true(gw_dtmf_payload(*d, TRUE, 800, out));
    g_assert_true(gw_dtmf_packet(&in, &rtp, 8000, (gint64)*d * G_USEC_PER_SEC * 100, &digit, &ms));
    g_assert_cmpint(digit, ==, *d);
    g_assert_cmpuint(ms, ==, 100);
  }
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/dtmf/scripts", test_scripts);
  g_test_add_func("/dtmf/length", test_length);
  g_test_add_func("/dtmf/never-ends", test_never_ends);
  g_test_add_func("/dtmf/flood", test_flood);
  g_test_add_func("/dtmf/broken", test_broken);
  g_test_add_func("/dtmf/payload", test_payload);
  return g_test_run();
}

#include "tools/ua_mouth.h"
#include "gateway/media/codec.h"
#include "gateway/media/dtmf.h"
#include "gateway/media/rtp.h"
#include <string.h>

#define RTP_HEADER 12
#define TICKS_DIGIT 5   /* 100 ms sounding */
#define TICKS_END 3     /* RFC 4733 2.5.1.4: the end is said three times */
#define TICKS_BETWEEN 4 /* until the next digit */
#define TICKS_COMMA 50

struct gw_ua_mouth {
  guint32 ssrc, ts, step; /* step: RTP clock units in 20 ms */
  guint16 seq;
  gboolean marker; /* the next sound begins a talk spurt */
  gw_ua_voices *voices;
  gw_ua_voice *voice; /* NULL before a codec is set */
  guint8 pt;
  int event_pt;
  guint event_step;
  GString *digits;  /* still to be sent, the first one may be under way */
  guint digit_tick; /* ticks since the first digit began */
  guint32 digit_ts;
};

gw_ua_mouth *gw_ua_mouth_new(gw_ids *ids, gw_ua_voices *voices) {
  gw_ua_mouth *m = g_new0(gw_ua_mouth, 1);
  m->ssrc = gw_ids_u32(ids);
  m->ts = gw_ids_u32(ids);
  m->seq = (guint16)gw_ids_u32(ids);
  m->voices = voices;
  m->event_pt = -1;
  m->digits = g_string_new(NULL);
  return m;
}

void gw_ua_mouth_free(gw_ua_mouth *m) {
  if (!m) return;
  g_string_free(m->digits, TRUE);
  g_free(m);
}

void gw_ua_mouth_codec(gw_ua_mouth *m, const char *name, guint8 pt, int event_pt,
                       guint event_clock) {
  gw_ua_voice *voice = gw_ua_voices_get(m->voices, name);
  m->pt = pt;
  m->event_pt = event_pt;
  m->event_step = event_clock / 50;
  if (voice == m->voice) return;
  m->voice = voice;
  m->step = gw_codec_rtp_clock(name) / 50;
  m->marker = TRUE;
}

void gw_ua_mouth_digits(gw_ua_mouth *m, const char *digits) {
  g_string_append(m->digits, digits);
}

static gsize header(gw_ua_mouth *m, guint8 *out, guint8 pt, gboolean marker, guint32 ts) {
  return gw_rtp_write_header(out, pt, marker, m->seq++, ts, m->ssrc);
}

static gsize sound_packet(gw_ua_mouth *m, guint64 tick, const gint16 *frame, guint8 *out,
                          gsize cap) {
  const guint8 *payload = NULL;
  int n = gw_ua_voice_say(m->voice, tick, frame, &payload);
  if (n <= 0 || (gsize)n > cap - RTP_HEADER) return 0;
  gsize head = header(m, out, m->pt, m->marker, m->ts);
  memcpy(out + head, payload, (gsize)n);
  m->marker = FALSE;
  return head + (gsize)n;
}

static void next_digit(gw_ua_mouth *m) {
  g_string_erase(m->digits, 0, 1);
  m->digit_tick = 0;
  m->marker = TRUE;
}

/* TRUE: this tick belongs to the digits, *ret_n says whether there is a packet; FALSE: it is free
 * for sound. */
static gboolean digit_packet(gw_ua_mouth *m, guint8 *out, gsize *ret_n) {
  char digit = m->digits->str[0];
  guint tick = m->digit_tick++;
  if (digit == ',') {
    if (m->digit_tick >= TICKS_COMMA) next_digit(m);
    return FALSE;
  }
  *ret_n = 0;
  if (tick == 0) m->digit_ts = m->ts;
  if (tick >= TICKS_DIGIT + TICKS_END) { /* a pause, so that two equal digits are two */
    if (tick + 1 >= TICKS_DIGIT + TICKS_END + TICKS_BETWEEN) next_digit(m);
    return FALSE;
  }
  guint sounding = MIN(tick + 1, TICKS_DIGIT);
  if (!gw_dtmf_payload(digit, tick >= TICKS_DIGIT, (guint16)(sounding * m->event_step),
                       out + RTP_HEADER)) {
    next_digit(m);
    return FALSE;
  }
  *ret_n = header(m, out, (guint8)m->event_pt, tick == 0, m->digit_ts) + 4;
  return TRUE;
}

gsize gw_ua_mouth_packet(gw_ua_mouth *m, guint64 tick, const gint16 *frame, guint8 *out,
                         gsize cap) {
  if (!m->voice || cap < RTP_HEADER + 4) return 0;
  gsize n = 0;
  gboolean digits = m->event_pt >= 0 && m->digits->len > 0 && digit_packet(m, out, &n);
  if (!digits) n = sound_packet(m, tick, frame, out, cap);
  m->ts += m->step;
  return n;
}

void gw_ua_mouth_skip(gw_ua_mouth *m) {
  m->ts += m->step;
  m->marker = TRUE;
}

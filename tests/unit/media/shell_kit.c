#include "shell_kit.h"
#include "base/clock.h"
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_MS 20000 /* sanitizers and a busy machine */

static guint64 *key_of(gw_handle h) {
  return g_memdup2(&h.v, sizeof h.v);
}

static void on_desc(gw_handle h, const gw_desc *d, void *user) {
  kit *k = user;
  g_assert_null(g_hash_table_lookup(k->descs, &h.v)); /* once per object */
  g_hash_table_insert(k->descs, key_of(h), gw_desc_copy(d));
}

static void on_candidate(gw_handle h, const gw_candidate *c, void *user) {
  kit_candidate k = {h, *c};
  g_array_append_val(((kit *)user)->candidates, k);
}

static void on_state(gw_handle h, gw_media_state s, gw_cause why, void *user) {
  kit_event e = {.handle = h, .state = s, .cause = why};
  g_array_append_val(((kit *)user)->events, e);
}

static void on_digit(gw_handle h, char digit, guint ms, void *user) {
  kit_event e = {.handle = h, .state = GW_MS_GATHERED, .digit = digit, .ms = ms};
  g_array_append_val(((kit *)user)->events, e);
}

static void on_prompt_end(gw_handle h, void *user) {
  kit_event e = {.handle = h, .state = GW_MS_GATHERED, .prompt_end = TRUE};
  g_array_append_val(((kit *)user)->events, e);
}

static void on_unspoken(gw_handle h, void *user) {
  kit_event e = {.handle = h, .state = GW_MS_GATHERED, .unspoken = TRUE};
  g_array_append_val(((kit *)user)->events, e);
}

kit *kit_new_config(const gw_media_config *config) {
  static const gw_media_events events = {on_desc, on_candidate, on_state, on_digit, on_prompt_end,
                                          on_unspoken};
  g_autoptr(GError) error = NULL;
  kit *k = g_new0(kit, 1);
  k->events = g_array_new(FALSE, TRUE, sizeof(kit_event));
  k->descs =
      g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, (GDestroyNotify)gw_desc_free);
  k->candidates = g_array_new(FALSE, TRUE, sizeof(kit_candidate));
  k->media = gw_media_new(config, NULL, &events, k, &error);
  g_assert_no_error(error);
  return k;
}

kit *kit_new(guint workers, const char *prompt_dir) {
  static const char *const local[] = {"127.0.0.1", NULL};
  gw_media_config c = {.rtp_port_min = 30000,
                       .rtp_port_max = 34999,
                       .local_addresses = local,
                       .workers = workers,
                       .prompt_dir = prompt_dir};
  return kit_new_config(&c);
}

void kit_free(kit *k) {
  gw_media_free(k->media);
  g_array_unref(k->events);
  g_hash_table_unref(k->descs);
  g_array_unref(k->candidates);
  g_free(k);
}

static gboolean on_deadline(gpointer user) {
  *(gboolean *)user = TRUE;
  return G_SOURCE_REMOVE;
}

gboolean kit_until(gboolean (*cond)(void *), void *user, guint ms) {
  gboolean late = FALSE, met;
  guint id = g_timeout_add(ms, on_deadline, &late);
  while (!(met = cond(user)) && !late)
    g_main_context_iteration(NULL, TRUE);
  if (!late) g_source_remove(id);
  return met;
}

static gboolean never(void *user) {
  return FALSE;
}

void kit_run(guint ms) {
  kit_until(never, NULL, ms);
}

typedef struct {
  kit *k;
  gw_handle h;
  gw_media_state state;
} question;

static const kit_event *find_state(const kit *k, gw_handle h, gw_media_state s) {
  for (guint i = 0; i < k->events->len; i++) {
    const kit_event *e = &g_array_index(k->events, kit_event, i);
    if (gw_handle_is(e->handle, h) && e->state == s && !e->digit && !e->prompt_end) return e;
  }
  return NULL;
}

guint kit_count(const kit *k, gw_handle h, gw_media_state s) {
  guint n = 0;
  for (guint i = 0; i < k->events->len; i++) {
    const kit_event *e = &g_array_index(k->events, kit_event, i);
    n += gw_handle_is(e->handle, h) && e->state == s && !e->digit && !e->prompt_end;
  }
  return n;
}

static gboolean has_desc(void *user) {
  question *q = user;
  return g_hash_table_contains(q->k->descs, &q->h.v);
}

const gw_desc *kit_desc(kit *k, gw_handle h) {
  question q = {k, h, GW_MS_UP};
  g_assert_true(kit_until(has_desc, &q, PATIENCE_MS));
  return g_hash_table_lookup(k->descs, &h.v);
}

static gboolean has_state(void *user) {
  question *q = user;
  return find_state(q->k, q->h, q->state) || find_state(q->k, q->h, GW_MS_FAILED);
}

gboolean kit_state(kit *k, gw_handle h, gw_media_state s) {
  question q = {k, h, s};
  return kit_until(has_state, &q, PATIENCE_MS) && find_state(k, h, s);
}

gw_cause kit_failed(kit *k, gw_handle h, guint ms) {
  question q = {k, h, GW_MS_FAILED};
  kit_until(has_state, &q, ms);
  const kit_event *e = find_state(k, h, GW_MS_FAILED);
  return e ? e->cause : GW_CAUSE_NONE;
}

guint kit_fds(void) {
  g_autoptr(GDir) d = g_dir_open("/proc/self/fd", 0, NULL);
  guint n = 0;
  while (d && g_dir_read_name(d))
    n++;
  return n;
}

typedef struct {
  kit *k;
  guint64 ticks;
} mark;

static guint64 ticks_of(const kit *k) {
  guint64 sum = 0;
  for (guint i = 0; i < gw_media_workers(k->media); i++) {
    gw_worker_stats w;
    gw_media_get_worker(k->media, i, &w);
    sum += w.ticks;
  }
  return sum;
}

static gboolean moved_on(void *user) {
  mark *m = user;
  return ticks_of(m->k) >= m->ticks + 100;
}

/* Two seconds' worth of ticks: every worker with rooms has reported at least once since the call.
 */
gw_media_stats kit_stats(kit *k, gw_handle h) {
  mark m = {k, ticks_of(k)};
  gw_media_stats s;
  g_assert_true(kit_until(moved_on, &m, PATIENCE_MS));
  g_assert_true(gw_media_get_stats(k->media, h, &s));
  return s;
}

gw_handle kit_leg(kit *k, gw_handle room) {
  static const char *const codecs[] = {"opus", "G722", "PCMA", "PCMU", NULL};
  gw_leg_params p = {.local_address = "127.0.0.1", .remote_hint = "127.0.0.1", .codecs = codecs};
  return gw_media_leg(k->media, room, &p);
}

void kit_settle(kit *k, gw_handle room) {
  gw_handle last = kit_leg(k, room); /* of the same worker: it obeys in order */
  kit_desc(k, last);
  gw_media_close(k->media, last);
}

/* ---- phones */

static int bound(gw_addr *a) {
  int fd = socket(a->u.sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  g_assert_cmpint(fd, >=, 0);
  g_assert_cmpint(bind(fd, &a->u.sa, a->len), ==, 0);
  g_assert_cmpint(getsockname(fd, &a->u.sa, &a->len), ==, 0);
  return fd;
}

void phone_send(phone *p, const guint8 *payload, gsize n, guint8 pt, gboolean marker) {
  guint8 packet[1600];
  if (!p->to.len) return;
  gsize head = gw_rtp_write_header(packet, pt, marker, p->seq++, p->ts, p->ssrc);
  memcpy(packet + head, payload, n);
  gsize len = head + n;
  if (!p->says_plain) g_assert_true(gw_seal_close(&p->seal, packet, &len, sizeof packet, FALSE));
  sendto(p->rtp, packet, len, 0, &p->to.u.sa, p->to.len);
}

static void speak(phone *p) {
  gint16 pcm[GW_FRAME];
  guint8 payload[1400];
  guint step = gw_codec_rtp_clock(p->codec) / 50, frames = p->frame_ms / 20;
  int n = 0;
  for (guint i = 0; i < frames; i++) {
    gw_tone_fill(&p->tone, pcm, GW_FRAME);
    n += gw_encoder_frame(p->encoder, pcm, payload + n, (int)sizeof payload - n);
  }
  if (!p->silent) phone_send(p, payload, (gsize)n, p->pt, FALSE);
  p->ts += step * frames;
}

static void note_time(phone *p, const gw_rtp *rtp) {
  const guint32 frame = gw_codec_rtp_clock(p->codec) / 50, step = rtp->ts - p->last_ts;
  const guint16 packets =
      (guint16)(rtp->seq - p->last_seq); /* more than one: our own socket was full */
  if (p->got && (step % frame || step < packets * frame))
    p->odd_ts++;
  else if (p->got)
    p->skipped += step / frame - packets;
  p->last_ts = rtp->ts;
  p->last_seq = rtp->seq;
}

static void hear(phone *p) {
  guint8 data[2048];
  gint16 pcm[GW_MAX_FRAME];
  gw_rtp rtp;
  for (ssize_t n; (n = recv(p->rtp, data, sizeof data, 0)) > 0;) {
    gsize len = (gsize)n;
    if (!gw_seal_open(&p->seal, data, &len, FALSE)) {
      p->shut++;
      continue;
    }
    if (!gw_rtp_parse(data, len, 0, &rtp) || rtp.pt != p->pt) continue;
    note_time(p, &rtp);
    p->sources += !p->got || rtp.ssrc != p->last_ssrc;
    p->last_ssrc = rtp.ssrc;
    p->got++;
    int samples =
        gw_decoder_packet(p->decoder, rtp.payload, rtp.payload_len, FALSE, pcm, GW_MAX_FRAME);
    if (samples > 0) gw_listener_feed(p->ear, pcm, (guint)samples);
  }
  for (ssize_t n; (n = recv(p->rtcp, data, sizeof data, 0)) > 0;) {
    gw_rtcp r;
    gsize len = (gsize)n;
    p->shut += !gw_seal_open(&p->seal, data, &len, TRUE);
    if (!gw_rtcp_parse(data, len, &r)) continue;
    p->got_rtcp++;
    p->got_sr += r.has_sr;
    p->got_bye += r.bye;
  }
}

static gboolean on_timer(gpointer user) {
  phone *p = user;
  for (gint64 now = gw_now_us(); p->next_us <= now; p->next_us += p->frame_ms * 1000)
    speak(p);
  hear(p);
  return G_SOURCE_CONTINUE;
}

phone *phone_new(const char *ip, const char *codec, guint8 pt, gdouble hz) {
  phone *p = g_new0(phone, 1);
  gw_addr rtcp;
  g_assert_true(gw_addr_parse(ip, 0, &p->local));
  rtcp = p->local;
  p->rtp = bound(&p->local);
  p->rtcp = bound(&rtcp);
  p->codec = codec;
  p->pt = pt;
  p->frame_ms = 20;
  p->encoder = gw_encoder_new(codec, FALSE, FALSE);
  p->decoder = gw_decoder_new(codec);
  p->ear = gw_listener_new(GW_RATE);
  p->ssrc = g_random_int();
  gw_tone_init(&p->tone, hz, 0.3, GW_RATE);
  p->next_us = gw_now_us();
  p->timer = g_timeout_source_new(5);
  g_source_set_callback(p->timer, on_timer, p, NULL);
  g_source_attach(p->timer, NULL);
  return p;
}

void phone_free(phone *p) {
  gw_seal_clear(&p->seal);
  g_source_destroy(p->timer);
  g_source_unref(p->timer);
  close(p->rtp);
  close(p->rtcp);
  gw_encoder_free(p->encoder);
  gw_decoder_free(p->decoder);
  gw_listener_free(p->ear);
  g_free(p);
}

static guint16 rtcp_port(const phone *p) {
  gw_addr a = {.len = sizeof a.u};
  getsockname(p->rtcp, &a.u.sa, &a.len);
  return gw_addr_port(&a);
}

void phone_drain(phone *p) {
  hear(p);
}

static guint64 late_of(const kit *k) {
  guint64 sum = 0;
  for (guint i = 0; i < gw_media_workers(k->media); i++) {
    gw_worker_stats w;
    gw_media_get_worker(k->media, i, &w);
    sum += w.late_ticks;
  }
  return sum;
}

void phone_check_time(phone *p, kit *k) {
  const guint skipped = p->skipped;
  g_assert_cmpuint(p->odd_ts, ==, 0);
  if (!skipped) return;
  mark m = {k, ticks_of(k)};
  g_assert_true(kit_until(moved_on, &m, PATIENCE_MS));
  g_test_message("%u frames skipped, %" G_GUINT64_FORMAT " ticks late", skipped, late_of(k));
  g_assert_cmpuint(skipped, <=, late_of(k));
}

gw_desc *phone_desc(const phone *p, gw_dir dir) {
  gw_desc *d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, NULL);
  m->proto = GW_PROTO_RTP_AVP;
  gw_addr_text(&p->local, m->addr, sizeof m->addr);
  m->port = gw_addr_port(&p->local);
  m->rtcp_port = rtcp_port(p);
  m->dir = dir;
  g_assert_true(gw_codec_fill(p->codec, p->pt, m));
  gw_desc_media_add_codec(m, 101, "telephone-event", 8000, 1, "0-16");
  return d;
}

void phone_join(phone *p, kit *k, gw_handle leg) {
  const gw_desc_media *ours = gw_desc_audio(kit_desc(k, leg));
  g_autoptr(gw_desc) remote = phone_desc(p, GW_DIR_SENDRECV);
  g_autoptr(gw_desc) agreed = phone_desc(p, GW_DIR_SENDRECV);
  g_assert_true(gw_addr_parse(ours->addr, ours->port, &p->to));
  gw_media_leg_remote(k->media, leg, remote, agreed);
}

void phone_forget(phone *p) {
  gw_listener_free(p->ear);
  p->ear = gw_listener_new(GW_RATE);
}

gboolean phone_heard(const phone *p, guint hz) {
  gw_heard heard[8];
  guint n = gw_listener_heard(p->ear, heard, G_N_ELEMENTS(heard));
  for (guint i = 0; i < n; i++)
    if (heard[i].hz + 20 > hz && heard[i].hz < hz + 20) return TRUE;
  return FALSE;
}

typedef struct {
  phone *p;
  guint hz;
} wish;

static gboolean heard_now(void *user) {
  wish *w = user;
  return phone_heard(w->p, w->hz);
}

gboolean phone_hears(phone *p, guint hz) {
  wish w = {p, hz};
  return kit_until(heard_now, &w, 5000);
}

/* Opus phones whose packets go on as they came: a room with real legs on loopback sockets, in virtual time. A speaks a tone;
 * two listeners hear it through jitter buffers of their own: a browser, from A's voice, and the phone B, from its socket. */
#include "base/clock.h"
#include "gateway/media/room.h"
#include <math.h>
#include <opus.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define OPUS 0
#define PT 107
#define RATE 48000
#define TICKS 450
#define MOST 1400 /* ticks of one test */
#define FROM 150  /* what a row is about */
#define TO 250
#define WARM 20 /* ticks for the listeners to begin */
#define FAINT 380
#define LOUD 405
#define LOWER 300 /* times as quiet */
#define KEPT 16
#define SMOOTH 0.3 /* roughness of libopus when its input begins, and of nothing else */
#define ABRUPT 0.6 /* of another tone that begins at once */
#define A_HZ 440
#define C_HZ 1000
#define AMPLITUDE 0.25

typedef struct {
  guint8 data[1000];
  int n;
} packet;

typedef struct {
  int fd;
  gw_addr here;
  gw_leg *leg;
  OpusEncoder *encoder;
  guint channels, ms; /* of a packet */
  gw_tone tone;
  guint16 seq;
  guint32 ts;
  packet sent[KEPT]; /* the last ones */
  guint n_sent;
} phone;

typedef struct {
  gw_decoder *decoder;
  gboolean came; /* a packet, in this tick */
  GArray *pcm;   /* gint16, GW_FRAME a tick */
  gboolean any;
  guint16 seq;
  guint32 ts, ssrc;
  guint passed[MOST], encoded[MOST], holes, odd;
} ear;

typedef struct row row;
typedef struct {
  const row *row;
  gw_engine engine;
  gw_env env;
  gw_room *room;
  phone a, b, c;
  gw_outflow to_browser;
  ear browser, other;
  guint at, faint, loud; /* A is very quiet between these two */
  gint64 now_us;
} world;

struct row {
  const char *name;
  void (*act)(world *);           /* before each tick */
  gboolean (*lost)(guint packet); /* of A's, or NULL */
  guint ms, channels;             /* 0: 20, 1 */
  gboolean never;                 /* nothing is ever passed on */
  gboolean pause;                 /* A is not heard between FROM and TO */
  gboolean mixed;                 /* then B hears more than A */
};

static void phone_init(world *w, phone *p, gdouble hz) {
  const row *r = w->row;
  gw_cmd *cmd = gw_cmd_new(GW_CMD_LEG, (gw_handle){(guint64)(p - &w->a) + 1});
  p->channels = r->channels ? r->channels : 1;
  p->ms = r->ms ? r->ms : 20;
  p->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  gw_addr_parse("127.0.0.1", 0, &p->here);
  g_assert_true(!bind(p->fd, &p->here.u.sa, p->here.len) &&
                !getsockname(p->fd, &p->here.u.sa, &p->here.len));
  p->encoder = opus_encoder_create(RATE, (int)p->channels, OPUS_APPLICATION_VOIP, NULL);
  opus_encoder_ctl(p->encoder, OPUS_SET_BITRATE(32000));
  opus_encoder_ctl(p->encoder, OPUS_SET_FORCE_CHANNELS((opus_int32)p->channels));
  opus_encoder_ctl(p->encoder, OPUS_SET_INBAND_FEC(1));
  opus_encoder_ctl(p->encoder, OPUS_SET_PACKET_LOSS_PERC(10));
  gw_tone_init(&p->tone, hz, AMPLITUDE, RATE);
  g_strlcpy(cmd->local_address, "127.0.0.1", sizeof cmd->local_address);
  p->leg = gw_leg_new(&w->env, cmd);
  g_assert_nonnull(p->leg);
  gw_cmd_free(&cmd->msg);
  gw_room_add_leg(w->room, p->leg);
}

static void agree(phone *p, gw_dir ours, const char *fmtp) {
  g_autoptr(gw_desc) d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, NULL);
  m->dir = ours;
  g_strlcpy(m->addr, "127.0.0.1", sizeof m->addr);
  m->port = gw_addr_port(&p->here);
  gw_desc_media_add_codec(m, PT, "opus", 48000, 2, fmtp);
  gw_leg_remote(p->leg, d, d);
}

static void phone_clear(phone *p) {
  close(p->fd);
  opus_encoder_destroy(p->encoder);
}

static void ear_init(ear *e) {
  e->decoder = gw_decoder_new("opus");
  e->pcm = g_array_new(FALSE, FALSE, sizeof(gint16));
}

static void ear_clear(ear *e) {
  gw_decoder_free(e->decoder);
  g_array_unref(e->pcm);
}

static void world_init(world *w, const row *r, guint faint, guint loud) {
  w->row = r;
  w->faint = faint;
  w->loud = loud;
  w->engine.events = gw_queue_new(1024, gw_event_free);
  w->engine.rtp_timeout_us = GW_SEC(3600);
  w->env.engine = &w->engine;
  w->env.ids = gw_ids_new_fixed(7);
  w->env.sockets = epoll_create1(EPOLL_CLOEXEC);
  w->room = gw_room_new(&w->env, (gw_handle){99});
  w->now_us = GW_SEC(10);
  phone_init(w, &w->a, A_HZ);
  phone_init(w, &w->b, A_HZ);
  phone_init(w, &w->c, C_HZ);
  agree(&w->a, GW_DIR_SENDRECV, NULL);
  agree(&w->b, GW_DIR_SENDRECV, NULL);
  agree(&w->c, GW_DIR_SENDRECV, NULL);
  gw_voice_prepare(&w->a.leg->voice, OPUS);
  gw_outflow_init(&w->to_browser, w->env.ids, "browser");
  gw_outflow_codec(&w->to_browser, w->env.ids, OPUS, 111);
  ear_init(&w->browser);
  ear_init(&w->other);
}

static void world_clear(world *w) {
  gw_room_free(w->room);
  phone_clear(&w->a);
  phone_clear(&w->b);
  phone_clear(&w->c);
  ear_clear(&w->browser);
  ear_clear(&w->other);
  gw_queue_free(w->engine.events);
  gw_ids_free(w->env.ids);
  close(w->env.sockets);
}

/* ---- one tick */

static void speak_packet(phone *p, gboolean faint, gboolean lost) {
  gint16 mono[RATE / 1000 * 60], pcm[RATE / 1000 * 60 * 2];
  guint n = RATE / 1000 * p->ms;
  packet *kept = &p->sent[p->n_sent++ % KEPT];
  guint8 wire[1100];
  gw_addr to = p->leg->local;
  gw_tone_fill(&p->tone, mono, n);
  for (guint i = 0; i < n && faint; i++)
    mono[i] /= LOWER;
  for (guint i = 0; i < n * p->channels; i++)
    pcm[i] = mono[i / p->channels];
  kept->n = opus_encode(p->encoder, pcm, (int)n, kept->data, sizeof kept->data);
  g_assert_cmpint(kept->n, >, 2);
  gw_rtp_write_header(wire, PT, FALSE, p->seq++, p->ts, 1234);
  p->ts += n;
  memcpy(wire + 12, kept->data, (gsize)kept->n);
  if (!lost) g_assert_cmpint(sendto(p->fd, wire, (gsize)kept->n + 12, 0, &to.u.sa, to.len), >, 0);
}

static void speak(world *w, phone *p) {
  guint due = (w->at + 1) * 20 / p->ms;
  for (guint i = w->at * 20 / p->ms; i < due; i++)
    speak_packet(p, w->at >= w->faint && w->at < w->loud,
                 p == &w->a && w->row->lost && w->row->lost(p->n_sent));
}

static gboolean is_of(const phone *p, const guint8 *payload, gsize n) {
  for (guint i = 0; i < KEPT; i++)
    if (p->sent[i].n == (int)n && !memcmp(p->sent[i].data, payload, n)) return TRUE;
  return FALSE;
}

/* Numbers go on one by one, and time by a frame each; a number left out is a frame left out. */
static void follow(ear *e, const gw_rtp *rtp) {
  guint16 step = (guint16)(rtp->seq - e->seq);
  guint32 frames = (rtp->ts - e->ts) / 960;
  if (e->any) {
    e->odd += rtp->ssrc != e->ssrc || !step || (rtp->ts - e->ts) % 960 || frames < step;
    e->holes += step - 1u;
  }
  e->any = TRUE;
  e->seq = rtp->seq;
  e->ts = rtp->ts;
  e->ssrc = rtp->ssrc;
}

static void hear(world *w, ear *e, const guint8 *data, gsize n) {
  gw_rtp rtp;
  gint16 pcm[GW_MAX_FRAME];
  g_assert_true(gw_rtp_parse(data, n, 0, &rtp));
  follow(e, &rtp);
  gboolean came = is_of(&w->a, rtp.payload, rtp.payload_len);
  if (rtp.payload_len > 2) (came ? e->passed : e->encoded)[w->at]++;
  if (rtp.payload_len <= 2) return;
  g_assert_cmpint(
      gw_decoder_packet(e->decoder, rtp.payload, rtp.payload_len, FALSE, pcm, GW_MAX_FRAME), ==,
      GW_FRAME);
  g_assert_false(e->came);
  e->came = TRUE;
  g_array_append_vals(e->pcm, pcm, GW_FRAME);
}

static void hear_voice(world *w) {
  const guint8 *payload;
  guint8 wire[1100];
  int n = gw_voice_packet(&w->a.leg->voice, OPUS, &payload);
  if (n == GW_VOICE_HOLE) w->to_browser.seq++;
  if (n > 0)
    hear(w, &w->browser, wire,
         gw_outflow_packet(&w->to_browser, payload, (gsize)n, wire, sizeof wire));
  gw_outflow_tick(&w->to_browser, 1);
}

static void hear_socket(world *w) {
  guint8 wire[1500];
  for (ssize_t n; (n = recv(w->b.fd, wire, sizeof wire, 0)) > 0;)
    hear(w, &w->other, wire, (gsize)n);
}

static void listen_on(ear *e) {
  gint16 pcm[GW_FRAME];
  if (!e->came) {
    gw_decoder_conceal(e->decoder, pcm, GW_FRAME);
    g_array_append_vals(e->pcm, pcm, GW_FRAME);
  }
  e->came = FALSE;
}

static void read_all(world *w) {
  struct epoll_event ready[8];
  for (guint i = 0; i < 2; i++)
    for (int n = epoll_wait(w->env.sockets, ready, 8, 0); n-- > 0;) {
      gw_watch *watch = ready[n].data.ptr;
      watch->ready(watch, w->now_us);
    }
}

static void tick(world *w) {
  if (w->row->act) w->row->act(w);
  read_all(w);
  gw_room_phones(w->room, w->now_us);
  gw_room_remotes(w->room, w->now_us);
  gw_room_say(w->room, w->now_us);
  hear_voice(w);
  gw_room_send(w->room, w->now_us);
  hear_socket(w);
  listen_on(&w->browser);
  listen_on(&w->other);
  w->env.tick++;
  w->at++;
  w->now_us += GW_TICK_US;
}

/* ---- what the rows do */

static gboolean between(const world *w) {
  return w->at >= FROM && w->at < TO;
}

static void just_talk(world *w) {
  speak(w, &w->a);
}

static void mute(world *w) {
  w->a.leg->muted = between(w);
  speak(w, &w->a);
}

static void hold(world *w) {
  if (w->at == FROM) agree(&w->a, GW_DIR_SENDONLY, NULL);
  if (w->at == TO) agree(&w->a, GW_DIR_SENDRECV, NULL);
  speak(w, &w->a);
}

static void beep(world *w) {
  if (w->at == FROM) gw_leg_tone(w->b.leg, C_HZ, (TO - FROM) * 20);
  speak(w, &w->a);
}

static void second_talker(world *w) {
  speak(w, &w->a);
  if (between(w)) speak(w, &w->c);
}

/* Discontinuous transmission: the phone goes quiet, and its clock runs on. */
static void stop(world *w) {
  if (!between(w)) {
    speak(w, &w->a);
    return;
  }
  w->a.ts += 960;
}

/* Listeners that have asked for a bit-rate. */
static void bound(world *w) {
  if (w->at == 0) agree(&w->b, GW_DIR_SENDRECV, "maxaveragebitrate=16000");
  w->a.leg->voice.bounded = TRUE;
  speak(w, &w->a);
}

/* A clock that is far too fast: the jitter buffer has to shorten what it plays. */
static void hurry(world *w) {
  speak(w, &w->a);
  if (between(w) && w->at % 20 == 0) speak_packet(&w->a, FALSE, FALSE);
}

static gboolean every_twentieth(guint i) {
  return i % 20 == 7;
}

static const row rows[] = {
    {"/pass/talk", .act = just_talk},
    {"/pass/mute", .act = mute, .pause = TRUE},
    {"/pass/hold", .act = hold, .pause = TRUE},
    {"/pass/beep", .act = beep, .mixed = TRUE},
    {"/pass/second-talker", .act = second_talker, .mixed = TRUE},
    {"/pass/stop", .act = stop, .pause = TRUE},
    {"/pass/loss", .act = just_talk, .lost = every_twentieth},
    {"/pass/bounded", .act = bound, .never = TRUE},
    {"/pass/stereo", .act = just_talk, .channels = 2, .never = TRUE},
    {"/pass/ptime-10", .act = just_talk, .ms = 10, .never = TRUE},
    {"/pass/ptime-40", .act = just_talk, .ms = 40, .never = TRUE},
    {"/pass/ptime-60", .act = just_talk, .ms = 60, .never = TRUE},
};

/* ---- what came out */

/* What is left when both tones are taken out: clicks, and the codec's own noise. Of the amplitude. */
static gdouble roughness(const ear *e, guint from, guint to) {
  const gint16 *x = (const gint16 *)(gpointer)e->pcm->data;
  gdouble k = 2 * cos(2 * G_PI * A_HZ / GW_RATE), m = 2 * cos(2 * G_PI * C_HZ / GW_RATE), worst = 0;
  for (guint i = from * GW_FRAME + 4; i < to * GW_FRAME; i++) {
    gdouble y[3];
    for (guint j = 0; j < 3; j++)
      y[j] = x[i - j] - k * x[i - j - 1] + x[i - j - 2];
    worst = MAX(worst, fabs(y[0] - m * y[1] + y[2]));
  }
  return worst / (AMPLITUDE * 32767);
}

static gdouble weakest(const ear *e, guint from, guint to) {
  const gint16 *x = (const gint16 *)(gpointer)e->pcm->data;
  gdouble least = 0;
  for (guint i = from; i < to; i++)
    least = MIN(least, gw_goertzel_dbfs(x + i * GW_FRAME, GW_FRAME, GW_RATE, A_HZ));
  return least;
}

static guint sum(const guint *of, guint from, guint to) {
  guint n = 0;
  for (guint i = from; i < to; i++)
    n += of[i];
  return n;
}

static guint lost_of(const row *r, guint from, guint to) {
  guint n = 0;
  for (guint i = from; r->lost && i < to; i++)
    n += r->lost(i - 1); /* it is played a tick after it was sent */
  return n;
}

static void assert_passed(const row *r, const ear *e, guint from, guint to) {
  g_assert_cmpuint(sum(e->passed, from, to), ==, to - from - lost_of(r, from, to));
  g_assert_cmpuint(sum(e->encoded, from, to), ==, 0);
}

static void assert_encoded(const ear *e, guint from, guint to) {
  g_assert_cmpuint(sum(e->passed, from, to), ==, 0);
  g_assert_cmpuint(sum(e->encoded, from, to), ==, to - from);
}

/* Loud enough all the time, and no click. */
static void assert_tone(const ear *e, guint from, guint to, gdouble rough) {
  g_assert_cmpfloat(weakest(e, from, to), >, 20 * log10(AMPLITUDE) - (rough > SMOOTH ? 6 : 4));
  g_assert_cmpfloat(roughness(e, from, to), <, rough);
}

static void assert_ways(const row *r, const ear *e, gboolean b) {
  if (r->never) {
    assert_encoded(e, WARM, TICKS);
    return;
  }
  assert_passed(r, e, WARM, FROM);
  assert_passed(r, e, LOUD, TICKS);
  if (r->pause)
    g_assert_cmpuint(sum(e->passed, FROM + 2, TO), ==, 0);
  else if (r->mixed && b)
    assert_encoded(e, FROM + 2, TO);
  else
    assert_passed(r, e, FROM, TO);
}

static void check(const row *r, const ear *e, gboolean b) {
  g_test_message("%s: passed %u of %u, left out %u, rough %.3f %.3f %.3f, weakest %.1f %.1f %.1f",
                 b ? "phone" : "browser", sum(e->passed, 0, TICKS), TICKS, e->holes,
                 roughness(e, WARM, FROM), roughness(e, FROM, TO), roughness(e, TO + 5, FAINT),
                 weakest(e, WARM, FROM), weakest(e, FROM, TO), weakest(e, TO + 5, FAINT));
  g_assert_cmpuint(e->odd, ==, 0);
  assert_ways(r, e, b);
  if (r->lost) return; /* what is left of a tone where it was concealed is the codec's affair */
  assert_tone(e, WARM, FROM - 1, SMOOTH);
  if (r->pause)
    g_assert_cmpfloat(roughness(e, FROM - 1, TO), <, SMOOTH);
  else
    assert_tone(e, FROM, TO, r->mixed ? ABRUPT : SMOOTH);
  assert_tone(e, TO + 5, FAINT, SMOOTH);
  if (!r->never) assert_tone(e, LOUD + 3, TICKS, SMOOTH);
}

static void test_row(gconstpointer data) {
  g_autofree world *w = g_new0(world, 1);
  world_init(w, data, FAINT, LOUD);
  while (w->at < TICKS)
    tick(w);
  check(data, &w->browser, FALSE);
  check(data, &w->other, TRUE);
  world_clear(w);
}

/* Where the jitter buffer had to shorten what it plays, packets are no frames any more, and everything is encoded; in the first
 * faint moment they are brought in step again. */
static void test_in_step(void) {
  static const row hurried = {"hurry", .act = hurry};
  guint faint = MOST - 180, loud = MOST - 120;
  g_autofree world *w = g_new0(world, 1);
  world_init(w, &hurried, faint, loud);
  while (w->at < MOST)
    tick(w);
  const ear *ears[] = {&w->browser, &w->other};
  for (guint i = 0; i < 2; i++) {
    const ear *e = ears[i];
    g_assert_cmpuint(e->odd + e->holes, ==, 0);
    assert_passed(&hurried, e, WARM, FROM);
    assert_encoded(e, faint - 50, faint);
    assert_passed(&hurried, e, MOST - 80, MOST);
    assert_tone(e, WARM, faint, SMOOTH);
    assert_tone(e, MOST - 80, MOST, ABRUPT); /* the encoder of A changes its mode */
  }
  world_clear(w);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
    g_test_add_data_func(rows[i].name, &rows[i], test_row);
  g_test_add_func("/pass/in-step", test_in_step);
  return g_test_run();
}

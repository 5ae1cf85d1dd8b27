/* Phones in a room: real sockets on loopback, real workers, tones to tell who hears whom. */
#include "shell_kit.h"
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
  kit *k;
  gw_handle room, leg[2];
  phone *p[2];
} pair;

static pair pair_new(const char *codec_a, guint8 pt_a, const char *codec_b, guint8 pt_b) {
  pair s = {.k = kit_new(1, NULL)};
  s.room = gw_media_room(s.k->media);
  for (int i = 0; i < 2; i++)
    s.leg[i] = kit_leg(s.k, s.room);
  s.p[0] = phone_new("127.0.0.1", codec_a, pt_a, 440);
  s.p[1] = phone_new("127.0.0.1", codec_b, pt_b, 1000);
  for (int i = 0; i < 2; i++)
    phone_join(s.p[i], s.k, s.leg[i]);
  return s;
}

/* Both have heard all that came before what was said last took effect. */
static void settle(pair *s) {
  kit_settle(s->k, s->room);
  phone_drain(s->p[0]);
  phone_drain(s->p[1]);
}

static void pair_free(pair *s) {
  phone_free(s->p[0]);
  phone_free(s->p[1]);
  kit_free(s->k);
}

static void check_figures(pair *s, const char *codec) {
  gw_media_stats st = kit_stats(s->k, s->leg[0]);
  g_assert_cmpstr(st.codec, ==, codec);
  g_assert_cmpuint(st.packets_in, >, 10);
  g_assert_cmpuint(st.packets_out, >, 10);
  g_assert_cmpuint(st.bytes_in, >=, st.packets_in * 172);
  g_assert_cmpuint(st.lost, ==, 0);
  g_assert_cmpuint(st.bad, ==, 0);
  g_assert_cmpfloat(st.level_dbfs, >, -30);
  g_assert_cmpfloat(st.level_dbfs, <, 0);
}

static void test_talk(void) {
  static const struct {
    const char *a, *b;
    guint8 pt_a, pt_b;
  } codecs[] = {{"PCMU", "PCMA", 0, 8}, {"G722", "PCMU", 9, 0}, {"opus", "G722", 107, 9}};
  for (gsize i = 0; i < G_N_ELEMENTS(codecs); i++) {
    pair s = pair_new(codecs[i].a, codecs[i].pt_a, codecs[i].b, codecs[i].pt_b);
    g_assert_true(phone_hears(s.p[0], 1000));
    g_assert_true(phone_hears(s.p[1], 440));
    g_assert_false(phone_heard(s.p[0], 440)); /* never itself */
    g_assert_false(phone_heard(s.p[1], 1000));
    g_assert_true(kit_state(s.k, s.leg[0], GW_MS_UP) && kit_state(s.k, s.leg[1], GW_MS_UP));
    g_assert_cmpuint(kit_count(s.k, s.leg[0], GW_MS_UP), ==, 1);
    for (int n = 0; n < 2; n++)
      phone_check_time(s.p[n], s.k);
    if (i == 0) check_figures(&s, codecs[i].a);
    pair_free(&s);
  }
}

static void test_long_packets(void) {
  pair s = pair_new("PCMU", 0, "PCMA", 8);
  s.p[0]->frame_ms = 60;
  s.p[1]->frame_ms = 40;
  g_assert_true(phone_hears(s.p[0], 1000));
  g_assert_true(phone_hears(s.p[1], 440));
  pair_free(&s);
}

static void test_mute(void) {
  pair s = pair_new("PCMU", 0, "PCMU", 0);
  g_assert_true(phone_hears(s.p[1], 440));
  gw_media_mute(s.k->media, s.leg[0], TRUE);
  settle(&s);
  phone_forget(s.p[1]);
  phone_forget(s.p[0]);
  g_assert_true(phone_hears(s.p[0], 1000)); /* it still hears */
  g_assert_false(phone_heard(s.p[1], 440));
  phone_check_time(s.p[1], s.k); /* silence is sent, not nothing */
  gw_media_mute(s.k->media, s.leg[0], FALSE);
  g_assert_true(phone_hears(s.p[1], 440));
  pair_free(&s);
}

/* While the last word is said to a phone: the others are neither bothered by it nor overheard. */
static void test_retire(void) {
  pair s = pair_new("PCMU", 0, "PCMU", 0);
  g_assert_true(phone_hears(s.p[0], 1000));
  gw_media_retire(s.k->media, s.leg[0]);
  gw_media_mute(s.k->media, s.leg[0], FALSE); /* too late to be heard again */
  settle(&s);
  phone_forget(s.p[0]);
  phone_forget(s.p[1]);
  gw_media_tone(s.k->media, s.leg[0], 1500, 700);
  g_assert_true(phone_hears(s.p[0], 1500));
  g_assert_false(phone_heard(s.p[0], 1000));
  g_assert_false(phone_heard(s.p[1], 440));
  phone_check_time(s.p[0], s.k);
  pair_free(&s);
}

static void redo(pair *s, int i, gw_dir ours) {
  g_autoptr(gw_desc) remote = phone_desc(s->p[i], gw_dir_flip(ours));
  g_autoptr(gw_desc) agreed = phone_desc(s->p[i], ours);
  gw_media_leg_remote(s->k->media, s->leg[i], remote, agreed);
}

static void test_hold(void) {
  pair s = pair_new("PCMU", 0, "PCMU", 0);
  g_assert_true(phone_hears(s.p[0], 1000));
  redo(&s, 0, GW_DIR_RECVONLY); /* it holds us: it sends (music), we are silent */
  settle(&s);
  guint before = s.p[0]->got;
  phone_forget(s.p[1]);
  g_assert_true(phone_hears(s.p[1], 440));
  g_assert_cmpuint(s.p[0]->got, ==, before);
  redo(&s, 0, GW_DIR_INACTIVE);
  settle(&s);
  phone_forget(s.p[1]);
  kit_run(700);
  g_assert_false(phone_heard(s.p[1], 440));
  redo(&s, 0, GW_DIR_SENDRECV);
  phone_forget(s.p[0]);
  g_assert_true(phone_hears(s.p[0], 1000));
  g_assert_true(phone_hears(s.p[1], 440));
  pair_free(&s);
}

static void test_codec_change(void) {
  pair s = pair_new("PCMU", 0, "PCMU", 0);
  g_assert_true(phone_hears(s.p[1], 440));
  phone *other = phone_new("127.0.0.1", "G722", 9, 700);
  phone_free(s.p[0]);
  s.p[0] = other;
  phone_join(other, s.k, s.leg[0]); /* re-INVITE: other codec, other port */
  phone_forget(s.p[1]);
  g_assert_true(phone_hears(other, 1000));
  g_assert_true(phone_hears(s.p[1], 700));
  pair_free(&s);
}

static void test_stranger(void) {
  pair s = pair_new("PCMU", 0, "PCMU", 0);
  g_assert_true(phone_hears(s.p[1], 440));
  gw_media_stats before = kit_stats(s.k, s.leg[0]);
  phone *stranger = phone_new("127.0.0.2", "PCMU", 0, 2000),
        *near = phone_new("127.0.0.1", "PCMU", 0, 2500);
  stranger->to = near->to = s.p[0]->to;
  phone_forget(s.p[0]);
  phone_forget(s.p[1]);
  g_assert_true(phone_hears(s.p[1], 440)); /* the phone keeps its call */
  g_assert_true(phone_hears(s.p[0], 1000));
  gw_media_stats after = kit_stats(s.k, s.leg[0]);
  g_assert_cmpuint(after.bad, >, before.bad + 20);
  g_assert_false(phone_heard(s.p[1], 2000));
  g_assert_false(phone_heard(s.p[1], 2500)); /* nor another socket of the same host, once locked */
  g_assert_cmpuint(stranger->got + near->got, ==, 0); /* and neither hears anything */
  phone_free(stranger);
  phone_free(near);
  pair_free(&s);
}

static void test_nat(void) {
  kit *k = kit_new(1, NULL);
  gw_handle room = gw_media_room(k->media), leg = kit_leg(k, room), other = kit_leg(k, room);
  phone *p = phone_new("127.0.0.1", "PCMU", 0, 440), *q = phone_new("127.0.0.1", "PCMU", 0, 1000);
  phone_join(q, k, other);
  const gw_desc_media *ours = gw_desc_audio(kit_desc(k, leg));
  g_autoptr(gw_desc) remote = phone_desc(p, GW_DIR_SENDRECV);
  g_autoptr(gw_desc) agreed = phone_desc(p, GW_DIR_SENDRECV);
  gw_desc_media *m = gw_desc_audio(remote);
  g_strlcpy(m->addr, "10.99.99.99", sizeof m->addr); /* the phone's own idea of its address */
  m->rtcp_port = 0;
  gw_media_leg_remote(k->media, leg, remote, agreed);
  g_assert_true(gw_addr_parse(ours->addr, ours->port, &p->to));
  g_assert_true(phone_hears(p, 1000)); /* the hint, 127.0.0.1, let it latch */
  g_assert_true(phone_hears(q, 440));
  phone_free(p);
  phone_free(q);
  kit_free(k);
}

static gboolean two_digits(void *user) {
  kit *k = user;
  guint n = 0;
  for (guint i = 0; i < k->events->len; i++)
    n += g_array_index(k->events, kit_event, i).digit != 0;
  return n >= 2;
}

static void press(phone *p, guint8 event) {
  for (guint i = 1; i <= 5; i++) {
    guint16 duration = (guint16)(i * 160);
    guint8 payload[4] = {event, (guint8)(10 | (i == 5 ? 0x80 : 0)), duration >> 8, duration & 255};
    for (guint copy = 0; copy < (i == 5 ? 3u : 1u); copy++)
      phone_send(p, payload, sizeof payload, 101, i == 1);
  }
  p->ts += 160 * 10;
}

static void test_digits(void) {
  pair s = pair_new("PCMU", 0, "PCMU", 0);
  s.p[0]->silent = TRUE;
  press(s.p[0], 5);
  kit_run(100);
  press(s.p[0], 11);
  g_assert_true(kit_until(two_digits, s.k, 5000));
  kit_run(200);
  GString *got = g_string_new(NULL);
  for (guint i = 0; i < s.k->events->len; i++) {
    const kit_event *e = &g_array_index(s.k->events, kit_event, i);
    if (e->digit) {
      g_assert_true(gw_handle_is(e->handle, s.leg[0]));
      g_string_append_c(got, e->digit);
    }
  }
  g_assert_cmpstr(got->str, ==, "5#");
  g_string_free(got, TRUE);
  pair_free(&s);
}

static gboolean got_reports(void *user) {
  phone *p = user;
  return p->got_sr >= 1;
}

static gboolean got_bye(void *user) {
  phone *p = user;
  return p->got_bye >= 1;
}

static void test_rtcp(void) {
  pair s = pair_new("PCMU", 0, "PCMU", 0);
  g_assert_true(kit_until(got_reports, s.p[0], 5000));
  g_assert_cmpuint(s.p[0]->got_bye, ==, 0);
  /* short, forged and foreign RTCP changes nothing */
  gw_addr to = s.p[0]->to;
  gw_addr_set_port(&to, (guint16)(gw_addr_port(&to) + 1));
  static const guint8 bye[] = {0x81, 203, 0, 1, 0, 0, 0, 1};
  sendto(s.p[0]->rtcp, bye, 4, 0, &to.u.sa, to.len);
  sendto(s.p[0]->rtcp, bye, sizeof bye, 0, &to.u.sa, to.len);
  phone_forget(s.p[1]);
  g_assert_true(phone_hears(s.p[1], 440));
  gw_media_close(s.k->media, s.leg[0]);
  g_assert_true(kit_until(got_bye, s.p[0], 5000));
  pair_free(&s);
}

static void test_three_and_leave(void) {
  pair s = pair_new("PCMU", 0, "PCMA", 8);
  gw_handle leg = kit_leg(s.k, s.room);
  phone *third = phone_new("127.0.0.1", "PCMU", 0, 1700);
  phone_join(third, s.k, leg);
  g_assert_true(phone_hears(third, 440));
  g_assert_true(phone_hears(third, 1000));
  g_assert_true(phone_hears(s.p[0], 1700));
  gw_media_close(s.k->media, s.leg[1]);
  guint before = s.k->events->len;
  settle(&s);
  phone_drain(third);
  phone_forget(third);
  g_assert_true(phone_hears(third, 440));
  g_assert_false(phone_heard(third, 1000));
  for (guint i = before; i < s.k->events->len; i++) /* nothing is said of a closed handle */
    g_assert_false(gw_handle_is(g_array_index(s.k->events, kit_event, i).handle, s.leg[1]));
  phone_free(third);
  pair_free(&s);
}

static void test_two_rooms(void) {
  for (guint workers = 1; workers <= 2; workers++) {
    kit *k = kit_new(workers, NULL);
    g_assert_cmpuint(gw_media_workers(k->media), ==, workers);
    phone *p[4];
    for (int r = 0; r < 2; r++) {
      gw_handle room = gw_media_room(k->media);
      for (int i = 0; i < 2; i++) {
        p[r * 2 + i] = phone_new("127.0.0.1", "PCMU", 0, 400 + 300 * (r * 2 + i));
        phone_join(p[r * 2 + i], k, kit_leg(k, room));
      }
    }
    g_assert_true(phone_hears(p[0], 700) && phone_hears(p[1], 400));
    g_assert_true(phone_hears(p[2], 1300) && phone_hears(p[3], 1000));
    g_assert_false(phone_heard(p[0], 1000) || phone_heard(p[0], 1300) || phone_heard(p[2], 400));
    gw_worker_stats w;
    gw_media_get_worker(k->media, 0, &w);
    g_assert_cmpuint(w.rooms, ==, 2 / workers);
    for (int i = 0; i < 4; i++)
      phone_free(p[i]);
    kit_free(k);
  }
}

static void test_ipv6(void) {
  int fd = socket(AF_INET6, SOCK_DGRAM, 0);
  gw_addr a;
  gw_addr_parse("::1", 0, &a);
  gboolean have = fd >= 0 && bind(fd, &a.u.sa, a.len) == 0;
  if (fd >= 0) close(fd);
  if (!have) {
    g_test_skip("no IPv6 here");
    return;
  }
  static const char *const codecs[] = {"PCMU", NULL};
  kit *k = kit_new(1, NULL);
  gw_handle room = gw_media_room(k->media);
  phone *p[2];
  for (int i = 0; i < 2; i++) {
    gw_leg_params params = {.remote_hint = "::1", .codecs = codecs};
    p[i] = phone_new("::1", "PCMU", 0, 440 + 560 * i);
    phone_join(p[i], k, gw_media_leg(k->media, room, &params));
  }
  g_assert_true(phone_hears(p[0], 1000) && phone_hears(p[1], 440));
  phone_free(p[0]);
  phone_free(p[1]);
  kit_free(k);
}

static void test_stale(void) {
  kit *k = kit_new(1, NULL);
  gw_handle room = gw_media_room(k->media), leg = kit_leg(k, room);
  gw_media_stats s;
  g_assert_true(gw_media_get_stats(k->media, leg, &s));
  gw_media_close(k->media, room);
  g_assert_false(gw_media_get_stats(k->media, leg, &s)); /* closing a room closes all in it */
  gw_media_close(k->media, leg);
  gw_media_close(k->media, room);
  gw_media_mute(k->media, leg, TRUE);
  gw_media_play(k->media, leg, "x");
  gw_media_tone(k->media, leg, 440, 100);
  g_assert_cmpuint(kit_leg(k, room).v, ==, 0);
  gw_peer_params pp = {.leg = leg, .cname = "c"};
  gw_handle again = gw_media_room(k->media);
  g_assert_cmpuint(gw_media_peer(k->media, again, &pp).v, ==, 0);
  gw_media_mute(k->media, again, TRUE); /* a room is no leg */
  kit_run(200);
  g_assert_cmpuint(g_hash_table_size(k->descs), ==, 0);
  kit_free(k);
}

static gboolean fds_are(void *user) {
  return kit_fds() == *(guint *)user;
}

static guint64 switches(void) {
  g_autoptr(GDir) d = g_dir_open("/proc/self/task", 0, NULL);
  guint64 sum = 0;
  for (const char *name; (name = g_dir_read_name(d));) {
    g_autofree char *path = g_strdup_printf("/proc/self/task/%s/status", name), *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL) || !strstr(text, "\tmedia-")) continue;
    sum += g_ascii_strtoull(strstr(text, "\nvoluntary_ctxt_switches:") + 25, NULL, 10);
  }
  return sum;
}

static void test_churn(void) {
  kit *k = kit_new(1, NULL);
  guint before = kit_fds();
  for (int i = 0; i < 200; i++) {
    gw_handle room = gw_media_room(k->media);
    gw_handle leg = kit_leg(k, room);
    gw_peer_params pp = {.leg = leg, .offerer = i & 1, .setup = GW_SETUP_ACTIVE, .cname = "c"};
    gw_handle peer = gw_media_peer(k->media, room, &pp);
    g_assert_cmpuint(peer.v, !=, 0);
    if (i % 3 == 0) kit_desc(k, peer); /* some live long enough to be described */
    if (i % 2) gw_media_close(k->media, peer);
    gw_media_close(k->media, room);
  }
  gw_handle last = gw_media_room(k->media);
  kit_desc(k, kit_leg(k, last)); /* all that came before has been obeyed */
  gw_media_close(k->media, last);
  g_assert_true(kit_until(fds_are, &before, 5000));
  kit_run(200); /* the last words of the last room */
  guint64 at = switches();
  kit_run(300);
  g_assert_cmpuint(switches(), ==, at); /* without rooms a worker never wakes */
  kit_free(k);
}

/* A phone that knows no telephone-events: keys are tones in its voice, muted or not. */
static void test_in_band(void) {
  kit *k = kit_new(1, NULL);
  gw_handle leg = kit_leg(k, gw_media_room(k->media));
  phone *p = phone_new("127.0.0.1", "PCMA", 8, 440);
  g_autoptr(gw_desc) d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, NULL);
  gw_addr_text(&p->local, m->addr, sizeof m->addr);
  m->port = gw_addr_port(&p->local);
  m->dir = GW_DIR_SENDRECV;
  gw_codec_fill("PCMA", 8, m);
  const gw_desc_media *ours = gw_desc_audio(kit_desc(k, leg));
  g_assert_true(gw_addr_parse(ours->addr, ours->port, &p->to));
  gw_media_leg_remote(k->media, leg, d, d);
  gw_media_mute(k->media, leg, TRUE);
  p->silent = TRUE;
  gw_tone low, high;
  gw_tone_init(&low, 852, 0.2, GW_RATE); /* 9 */
  gw_tone_init(&high, 1477, 0.2, GW_RATE);
  for (guint i = 0; i < 60; i++) {
    gint16 a[GW_FRAME], b[GW_FRAME];
    guint8 payload[GW_FRAME];
    gw_tone_fill(&low, a, GW_FRAME);
    gw_tone_fill(&high, b, GW_FRAME);
    for (guint n = 0; n < GW_FRAME; n++)
      a[n] = i % 30 < 15 ? (gint16)(a[n] + b[n]) : 0;
    int n = gw_encoder_frame(p->encoder, a, payload, sizeof payload);
    phone_send(p, payload, (gsize)n, 8, FALSE);
    p->ts += 160;
    kit_run(20);
  }
  g_assert_true(kit_until(two_digits, k, 5000));
  for (guint i = 0; i < k->events->len; i++) {
    const kit_event *e = &g_array_index(k->events, kit_event, i);
    g_assert_true(!e->digit || e->digit == '9');
  }
  phone_free(p);
  kit_free(k);
}

static gw_handle move(kit *k, gw_handle leg, gw_handle room, const phone *p) {
  static const char *const codecs[] = {"opus", "G722", "PCMA", "PCMU", NULL};
  gw_leg_params params = {
      .local_address = "127.0.0.1", .remote_hint = "127.0.0.1", .codecs = codecs};
  gw_handle moved = gw_media_move(k->media, leg, room, &params);
  const gw_desc *ours = kit_desc(k, moved);
  g_autoptr(gw_desc) theirs = phone_desc(p, GW_DIR_SENDRECV);
  g_assert_cmpuint(gw_desc_audio(ours)->port, ==,
                   gw_addr_port(&p->to)); /* the phone notices nothing */
  gw_media_leg_remote(k->media, moved, theirs, theirs);
  return moved;
}

/* From a lobby into the room where the other phone is, on the same worker and on another one. */
static void test_move(void) {
  for (guint workers = 1; workers <= 2; workers++) {
    kit *k = kit_new(workers, NULL);
    gw_handle room = gw_media_room(k->media), lobby = gw_media_room(k->media);
    gw_handle inside = kit_leg(k, room), outside = kit_leg(k, lobby);
    phone *a = phone_new("127.0.0.1", "PCMA", 8, 440), *b = phone_new("127.0.0.1", "PCMU", 0, 1000);
    phone_join(a, k, inside);
    phone_join(b, k, outside);
    g_assert_true(kit_state(k, outside, GW_MS_UP));
    kit_run(400);
    g_assert_false(phone_heard(b, 440) || phone_heard(a, 1000));
    guint fds = kit_fds();
    gw_handle moved = move(k, outside, room, b);
    gw_media_close(k->media, lobby);
    g_assert_true(phone_hears(b, 440) && phone_hears(a, 1000));
    g_assert_true(kit_state(k, moved, GW_MS_UP));
    g_assert_cmpuint(kit_fds(), ==, fds);
    g_assert_cmpuint(b->got_bye, ==, 0);
    gw_media_stats st;
    g_assert_false(gw_media_get_stats(k->media, outside, &st));
    phone_free(a);
    phone_free(b);
    kit_free(k);
  }
}

/* Closed before the sockets have come: they are closed with it; a leg that never was cannot move. */
static void test_move_and_close(void) {
  kit *k = kit_new(2, NULL);
  gw_leg_params params = {.local_address = "127.0.0.1"};
  gw_handle room = gw_media_room(k->media), lobby = gw_media_room(k->media),
            leg = kit_leg(k, lobby);
  guint fds = kit_fds();
  kit_desc(k, leg);
  gw_handle moved = gw_media_move(k->media, leg, room, &params);
  g_assert_true(moved.v != 0);
  gw_media_close(k->media, moved);
  g_assert_cmpuint(gw_media_move(k->media, leg, room, &params).v, ==, 0);
  kit_run(200);
  g_assert_cmpuint(kit_fds(), <=, fds);
  leg = kit_leg(k, lobby);
  gw_media_move(k->media, leg, room, &params); /* under way at the end */
  kit_free(k);
}

static void test_no_port(void) {
  static const char *const local[] = {"127.0.0.1", NULL};
  gw_media_config c = {
      .rtp_port_min = 35500, .rtp_port_max = 35503, .local_addresses = local, .workers = 1};
  kit *k = kit_new_config(&c);
  gw_handle room = gw_media_room(k->media), leg[3];
  for (int i = 0; i < 3; i++)
    leg[i] = kit_leg(k, room);
  g_assert_cmpint(kit_failed(k, leg[2], 5000), ==, GW_CAUSE_OVERLOAD);
  guint port[2];
  for (int i = 0; i < 2; i++) {
    port[i] = gw_desc_audio(kit_desc(k, leg[i]))->port;
    g_assert_cmpuint(port[i] % 2, ==, 0);
    g_assert_true(port[i] >= 35500 && port[i] <= 35502);
  }
  g_assert_cmpuint(port[0], !=, port[1]);
  gw_media_close(k->media, leg[0]); /* makes room */
  g_assert_cmpuint(gw_desc_audio(kit_desc(k, kit_leg(k, room)))->port, ==, port[0]);
  kit_free(k);
}

/* With a limit of a second: a phone that falls silent is given up, one that is held or still reports is not. */
static void test_quiet(void) {
  static const char *const local[] = {"127.0.0.1", NULL};
  gw_media_config c = {.rtp_port_min = 35600,
                       .rtp_port_max = 35699,
                       .local_addresses = local,
                       .workers = 1,
                       .rtp_timeout_s = 1};
  pair s = {.k = kit_new_config(&c)};
  s.room = gw_media_room(s.k->media);
  for (int i = 0; i < 2; i++) {
    s.leg[i] = kit_leg(s.k, s.room);
    s.p[i] = phone_new("127.0.0.1", "PCMU", 0, i ? 1000 : 440);
    phone_join(s.p[i], s.k, s.leg[i]);
  }
  g_assert_true(phone_hears(s.p[0], 1000));
  redo(&s, 0, GW_DIR_RECVONLY);
  s.p[0]->silent = TRUE;
  kit_run(1500);
  g_assert_cmpuint(kit_count(s.k, s.leg[0], GW_MS_FAILED), ==, 0); /* held */
  redo(&s, 0, GW_DIR_SENDRECV);
  g_assert_cmpint(kit_failed(s.k, s.leg[0], 5000), ==, GW_CAUSE_NO_MEDIA);
  kit_run(1200);
  g_assert_cmpuint(kit_count(s.k, s.leg[0], GW_MS_FAILED), ==, 1); /* said once */
  g_assert_cmpuint(kit_count(s.k, s.leg[1], GW_MS_FAILED), ==, 0);
  pair_free(&s);
}

int main(int argc, char **argv) {
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/media/leg/talk", test_talk);
  g_test_add_func("/media/leg/long-packets", test_long_packets);
  g_test_add_func("/media/leg/mute", test_mute);
  g_test_add_func("/media/leg/retire", test_retire);
  g_test_add_func("/media/leg/hold", test_hold);
  g_test_add_func("/media/leg/codec-change", test_codec_change);
  g_test_add_func("/media/leg/stranger", test_stranger);
  g_test_add_func("/media/leg/nat", test_nat);
  g_test_add_func("/media/leg/digits", test_digits);
  g_test_add_func("/media/leg/rtcp", test_rtcp);
  g_test_add_func("/media/leg/three-and-leave", test_three_and_leave);
  g_test_add_func("/media/leg/two-rooms", test_two_rooms);
  g_test_add_func("/media/leg/ipv6", test_ipv6);
  g_test_add_func("/media/leg/stale-handles", test_stale);
  g_test_add_func("/media/leg/churn", test_churn);
  g_test_add_func("/media/leg/in-band", test_in_band);
  g_test_add_func("/media/leg/move", test_move);
  g_test_add_func("/media/leg/move-and-close", test_move_and_close);
  g_test_add_func("/media/leg/no-port", test_no_port);
  g_test_add_func("/media/leg/quiet", test_quiet);
  return g_test_run();
}

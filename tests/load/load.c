/* load - what the media engine costs: n remote participants times m phones over loopback, with real ICE, DTLS, SRTP, Opus
 * and G.711 (phones also Opus). The engine is driven through its public door (media.h); the others are a second process that is not counted.
 *
 * usage: load -n REMOTES -m PHONES [-u] [-q] [-o] [-x] [-t TALKING] [-s SECONDS] [-b BACKEND]
 *   -u  each phone in a call of its own, with remotes of its own; else all in one call
 *   -q  the phones are silent (the faint noise of a line)
 *   -o  the phones speak Opus; else G.711
 *   -t  of the remotes of a call so many speak, the others are quiet rooms; default all
 *   -s  seconds measured, default 6
 *   -x  the remotes do not tell their level (RFC 6464)
 *   -b  who encrypts: libsrtp2, openssl (media.srtp_backend)
 * Prints "<x> ms/s": CPU of this process, all threads, per second, once set-up is over; then, of the worker's stages that
 * receive, send and keep the paths, the cost of one packet, "<y> us/packet"; then what is resident, "<z> KiB". Exit 1: set-up
 * or sound failed. */
#include "base/clock.h"
#include "base/log.h"
#include "gateway/media/media.h"
#include "load.h"
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SETUP_S 60 /* for all of it */
#define LIMIT_S 240
#define SETTLE_MS 2000
#define HEARD 0.97 /* of all packets, to count as a result */

typedef struct {
  load_plan plan;
  int fd;
  gw_media *media;
  gw_handle *rooms, *legs, *peers;
  guint ups, rtps, failed; /* legs that hear their phone; peers that hear their remote */
  gboolean counted;
  load_message count;
} load;

static void tell(load *l, const load_message *m) {
  if (send(l->fd, m, sizeof *m, MSG_NOSIGNAL) < 0) g_error("load: %s", g_strerror(errno));
}

static guint index_of(const gw_handle *all, guint n, gw_handle h) {
  guint i = 0;
  while (i < n && !gw_handle_is(all[i], h))
    i++;
  return i;
}

static void on_desc(gw_handle h, const gw_desc *d, void *user) {
  load *l = user;
  const gw_desc_media *a = gw_desc_audio(d);
  load_message m = {.what = LOAD_PHONE, .index = index_of(l->legs, l->plan.m, h), .port = a->port};
  g_strlcpy(m.ip, a->addr, sizeof m.ip);
  if (gw_handle_kind(h) == GW_MEDIA_PEER) {
    const gw_candidate *at = &g_array_index(a->candidates, gw_candidate, 0);
    m = (load_message){
        .what = LOAD_PEER, .index = index_of(l->peers, l->plan.n * l->plan.m, h), .port = at->port};
    g_strlcpy(m.ip, at->ip, sizeof m.ip);
    g_strlcpy(m.ufrag, a->ufrag, sizeof m.ufrag);
    g_strlcpy(m.pwd, a->pwd, sizeof m.pwd);
    g_strlcpy(m.fingerprint, a->fp_value, sizeof m.fingerprint);
  }
  tell(l, &m);
}

static void on_state(gw_handle h, gw_media_state s, gw_cause cause, void *user) {
  load *l = user;
  gboolean leg = gw_handle_kind(h) == GW_MEDIA_LEG;
  l->ups += leg && s == GW_MS_UP;
  l->rtps += !leg && s == GW_MS_RTP;
  l->failed += s == GW_MS_FAILED;
}

static gw_desc *audio_of(const load_message *m) {
  gw_desc *d = gw_desc_new();
  gw_desc_media *a = gw_desc_add(d, GW_KIND_AUDIO, "audio");
  a->dir = GW_DIR_SENDRECV;
  return d;
}

static const char *codec_of(const load_plan *p) {
  return p->opus ? "opus" : "PCMU";
}

static void phone_answers(load *l, const load_message *m) {
  g_autoptr(gw_desc) d = audio_of(m);
  gw_desc_media *a = gw_desc_audio(d);
  a->proto = GW_PROTO_RTP_AVP;
  g_strlcpy(a->addr, m->ip, sizeof a->addr);
  a->port = m->port;
  gw_codec_fill(codec_of(&l->plan), LOAD_OPUS_PT, a);
  gw_desc_media_add_codec(a, 101, "telephone-event", l->plan.opus ? 48000 : 8000, 1,
                          "0-15"); /* as every phone has: no ear for tones in the voice */
  gw_media_leg_remote(l->media, l->legs[m->index], d, d);
}

static void remote_answers(load *l, const load_message *m) {
  g_autoptr(gw_desc) d = audio_of(m);
  gw_desc_media *a = gw_desc_audio(d);
  a->proto = GW_PROTO_DTLS_SAVPF;
  a->rtcp_mux = TRUE;
  a->setup = GW_SETUP_ACTIVE;
  a->ufrag = g_strdup(m->ufrag);
  a->pwd = g_strdup(m->pwd);
  a->fp_hash = g_strdup("sha-256");
  a->fp_value = g_strdup(m->fingerprint);
  gw_codec_fill("opus", 111, a);
  a->level_ext = l->plan.mute_level ? 0 : 1;
  gw_candidate c = {.foundation = "1", .component = 1, .udp = TRUE, .priority = 1, .port = m->port};
  g_strlcpy(c.ip, m->ip, sizeof c.ip);
  g_array_append_val(a->candidates, c);
  gw_media_peer_remote(l->media, l->peers[m->index], d);
  gw_media_peer_agreed(l->media, l->peers[m->index], d);
}

static gboolean on_message(GIOChannel *io, GIOCondition why, gpointer user) {
  load *l = user;
  load_message m;
  if (recv(l->fd, &m, sizeof m, 0) != sizeof m) g_error("load: the crowd is gone");
  if (m.what == LOAD_PHONE)
    phone_answers(l, &m);
  else if (m.what == LOAD_PEER)
    remote_answers(l, &m);
  else
    l->count = m;
  l->counted = l->counted || m.what == LOAD_COUNT;
  return G_SOURCE_CONTINUE;
}

/* ---- the call */

static gboolean on_time(gpointer late) {
  *(gboolean *)late = TRUE;
  return G_SOURCE_REMOVE;
}

static void run_for(guint ms) {
  gboolean late = FALSE;
  g_timeout_add(ms, on_time, &late);
  while (!late)
    g_main_context_iteration(NULL, TRUE);
}

static void make_call(load *l) {
  const load_plan *p = &l->plan;
  const char *const codecs[] = {codec_of(p), NULL};
  for (guint i = 0; i < p->m; i++) {
    gw_leg_params leg = {
        .local_address = "127.0.0.1", .remote_hint = "127.0.0.1", .codecs = codecs};
    l->rooms[i] = i && !p->apart ? l->rooms[0] : gw_media_room(l->media);
    l->legs[i] = gw_media_leg(l->media, l->rooms[i], &leg);
    for (guint k = 0; k < p->n; k++) {
      g_autofree char *talker = g_strdup_printf("remote%u@example.org/x", k);
      gw_peer_params peer = {.leg = l->legs[i],
                             .offerer = TRUE,
                             .setup = GW_SETUP_ACTPASS,
                             .cname = "load",
                             .talker = talker};
      l->peers[i * p->n + k] = gw_media_peer(l->media, l->rooms[i], &peer);
    }
    run_for(30); /* not all at once: it is the running call that is measured */
  }
}

static gboolean wait_up(load *l) {
  gint64 until_us = gw_now_us() + GW_SEC(SETUP_S);
  while (l->ups < l->plan.m || l->rtps < l->plan.m * l->plan.n) {
    if (l->failed || gw_now_us() > until_us) return FALSE;
    run_for(50);
  }
  return TRUE;
}

static load_message count(load *l) {
  load_message ask = {.what = LOAD_COUNT};
  l->counted = FALSE;
  tell(l, &ask);
  while (!l->counted)
    g_main_context_iteration(NULL, TRUE);
  return l->count;
}

static gdouble cpu_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (gdouble)t.tv_sec * 1e3 + (gdouble)t.tv_nsec / 1e6;
}

/* What the worker told last, all at the same moment. */
typedef struct {
  gw_worker_stats worker;
  guint64 packets; /* both ways */
} told;

static void add_packets(const load *l, gw_handle h, told *t) {
  gw_media_stats s;
  if (gw_media_get_stats(l->media, h, &s)) t->packets += s.packets_in + s.packets_out;
}

static told last_told(const load *l) {
  told t = {.packets = 0};
  gw_media_get_worker(l->media, 0, &t.worker);
  for (guint i = 0; i < l->plan.m; i++)
    add_packets(l, l->legs[i], &t);
  for (guint i = 0; i < l->plan.n * l->plan.m; i++)
    add_packets(l, l->peers[i], &t);
  return t;
}

static void print_resident(void) {
  g_autofree char *text = NULL;
  unsigned long pages = 0;
  malloc_trim(0);
  if (g_file_get_contents("/proc/self/statm", &text, NULL, NULL)) sscanf(text, "%*u %lu", &pages);
  printf("%lu KiB\n", pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024);
}

static void print_stages(const told *from, const told *to) {
  static const gw_stage moving[] = {GW_STAGE_READ, GW_STAGE_SEND, GW_STAGE_ICE};
  gdouble ticks = (gdouble)MAX(to->worker.ticks - from->worker.ticks, 1), us = 0;
  fprintf(stderr, "load: us per tick:");
  for (gw_stage i = 0; i < GW_STAGES; i++)
    fprintf(stderr, " %s %.0f", gw_stage_word(i),
            (gdouble)(to->worker.stage_us[i] - from->worker.stage_us[i]) / ticks);
  fprintf(stderr, "; ticks by lateness:");
  for (guint i = 0; i < GW_LATENESS_BINS; i++)
    fprintf(stderr, " %" G_GUINT64_FORMAT, to->worker.lateness[i] - from->worker.lateness[i]);
  fprintf(stderr, "\n");
  for (guint i = 0; i < G_N_ELEMENTS(moving); i++)
    us += (gdouble)(to->worker.stage_us[moving[i]] - from->worker.stage_us[moving[i]]);
  printf("%.2f us/packet\n", us / (gdouble)MAX(to->packets - from->packets, 1));
}

/* FALSE: not enough sound came through for the figure to mean anything. */
static gboolean measure(load *l) {
  const load_plan *p = &l->plan;
  run_for(SETTLE_MS);
  load_message before = count(l);
  told from = last_told(l);
  gint64 from_us = gw_now_us();
  gdouble from_ms = cpu_ms();
  run_for(p->seconds * 1000);
  gdouble ms = cpu_ms() - from_ms, s = (gdouble)(gw_now_us() - from_us) / 1e6;
  load_message after = count(l);
  told to = last_told(l);
  gdouble phones = (gdouble)(after.phones - before.phones) / (s * 50 * p->m);
  gdouble remotes = (gdouble)(after.audio - before.audio) / (s * 50 * p->m * p->n);
  fprintf(stderr,
          "load: n=%u m=%u%s%s%s talking=%u: phones got %.1f %%, remotes %.1f %% of 50 packets/s; "
          "ticks %" G_GUINT64_FORMAT ", late %" G_GUINT64_FORMAT "\n",
          p->n, p->m, p->apart ? " apart" : "", p->opus ? " opus" : "", p->quiet ? " silent" : "",
          p->talking, 100 * phones, 100 * remotes, to.worker.ticks - from.worker.ticks,
          to.worker.late_ticks - from.worker.late_ticks);
  printf("%.2f ms/s\n", ms / s);
  print_stages(&from, &to);
  print_resident();
  return phones > HEARD &&
         (p->quiet || remotes > HEARD); /* of silence only a sign of life now and then */
}

static int engine(load *l) {
  static const char *const local[] = {"127.0.0.1", NULL};
  static const gw_media_events events = {.local_desc = on_desc, .state = on_state};
  gw_media_config config = {.rtp_port_min = 20000,
                            .rtp_port_max = 29999,
                            .local_addresses = local,
                            .srtp_backend = l->plan.srtp};
  g_autoptr(GError) error = NULL;
  l->media = gw_media_new(&config, NULL, &events, l, &error);
  if (!l->media) g_error("load: %s", error->message);
  l->rooms = g_new0(gw_handle, l->plan.m);
  l->legs = g_new0(gw_handle, l->plan.m);
  l->peers = g_new0(gw_handle, l->plan.m * l->plan.n);
  GIOChannel *io = g_io_channel_unix_new(l->fd);
  g_io_add_watch(io, G_IO_IN | G_IO_HUP, on_message, l);
  make_call(l);
  gboolean ok = wait_up(l);
  if (!ok)
    fprintf(stderr, "load: %u of %u phones, %u of %u remotes, %u failed\n", l->ups, l->plan.m,
            l->rtps, l->plan.m * l->plan.n, l->failed);
  ok = ok && measure(l);
  load_message end = {.what = LOAD_END};
  tell(l, &end);
  gw_media_free(l->media);
  g_io_channel_unref(io);
  g_free(l->rooms);
  g_free(l->legs);
  g_free(l->peers);
  return ok ? 0 : 1;
}

static gboolean parse(int argc, char **argv, load_plan *p) {
  gboolean talking = FALSE;
  *p = (load_plan){.n = 1, .m = 1, .seconds = 6};
  for (int o; (o = getopt(argc, argv, "n:m:uqot:s:b:x")) != -1;) {
    guint value = optarg ? (guint)g_ascii_strtoull(optarg, NULL, 10) : 0;
    if (o == '?') return FALSE;
    if (o == 'n') p->n = value;
    if (o == 'm') p->m = value;
    if (o == 't') p->talking = value;
    if (o == 's') p->seconds = value;
    if (o == 'b') p->srtp = optarg;
    talking = talking || o == 't';
    p->apart = p->apart || o == 'u';
    p->mute_level = p->mute_level || o == 'x';
    p->quiet = p->quiet || o == 'q';
    p->opus = p->opus || o == 'o';
  }
  if (!talking) p->talking = p->n;
  return p->n && p->m && p->n <= LOAD_MAX_CONNS && p->m <= LOAD_MAX_CONNS &&
         p->n * p->m <= LOAD_MAX_CONNS && p->seconds && p->seconds <= 60;
}

int main(int argc, char **argv) {
  load l = {0};
  int pair[2], status = 0;
  if (!parse(argc, argv, &l.plan)) {
    fprintf(stderr,
            "usage: load -n REMOTES -m PHONES [-u] [-q] [-o] [-x] [-t TALKING] [-s SECONDS] [-b "
            "BACKEND]; at "
            "most %d "
            "connections\n",
            LOAD_MAX_CONNS);
    return 2;
  }
  alarm(LIMIT_S);
  if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair)) return 2;
  pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(pair[0]);
    _exit(load_crowd(&l.plan, pair[1]));
  }
  close(pair[1]);
  l.fd = pair[0];
  int rc = engine(&l);
  close(l.fd);
  waitpid(child, &status, 0);
  return rc;
}

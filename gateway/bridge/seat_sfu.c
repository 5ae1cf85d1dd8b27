#include "gateway/bridge/seat_sfu.h"
#include <string.h>
#include "base/jid.h"
#include "base/timer.h"
#include "gateway/sfu/sfu.h"
#include "sip/sip.h"

struct gw_seat_sfu {
  char *url, *room, *name;
  gw_seat_feed feed;
  void *user;
  gw_sfu *sfu;        /* NULL: in no call */
  gw_timer *unserved; /* there is no service to ask: said from the loop, too */
};

/* --- from the service --- */

static void feed(gw_seat_sfu *s, const gw_fl_sfu *news, gw_cause cause) {
  s->feed(&(gw_ev){.type = GW_EV_SFU, .cause = cause, .u.sfu = news}, s->user);
}

/* NULL: no occupant of this room. */
static const char *nick_of(const gw_seat_sfu *s, const char *name) {
  const gsize n = strlen(s->room);
  return name && !g_ascii_strncasecmp(name, s->room, n) && name[n] == '/' && name[n + 1]
             ? name + n + 1
             : NULL;
}

static void feed_joined(gw_seat_sfu *s, const char *const *names) {
  g_autoptr(GPtrArray) nicks = g_ptr_array_new();
  for (guint i = 0; names[i]; i++)
    if (nick_of(s, names[i])) g_ptr_array_add(nicks, (void *)nick_of(s, names[i]));
  g_ptr_array_add(nicks, NULL);
  feed(s, &(gw_fl_sfu){.news = GW_SFU_SAID_JOINED, .nicks = (const char *const *)nicks->pdata},
       GW_CAUSE_NONE);
}

static void feed_answer(gw_seat_sfu *s, const char *nick, const char *sdp) {
  g_autoptr(gw_desc) d = sdp ? gw_sdp_parse(sdp, strlen(sdp), NULL) : NULL;
  feed(s, &(gw_fl_sfu){.news = GW_SFU_SAID_ANSWER, .nick = nick, .desc = d}, GW_CAUSE_NONE);
}

static void feed_candidate(gw_seat_sfu *s, const gw_sfu_news *n, const char *nick) {
  g_autoptr(gw_desc) d = gw_desc_new();
  gw_candidate c;
  if (!gw_sdp_parse_candidate(n->text, &c)) return; /* a name, or nothing that we could use */
  g_array_append_val(gw_desc_add(d, GW_KIND_AUDIO, n->mid)->candidates, c);
  feed(s, &(gw_fl_sfu){.news = GW_SFU_SAID_CANDIDATE, .nick = nick, .desc = d}, GW_CAUSE_NONE);
}

static void on_news(const gw_sfu_news *n, void *user) {
  gw_seat_sfu *s = user;
  const char *nick = nick_of(s, n->name);
  if (n->name && !nick) return;
  switch (n->type) {
  case GW_SFU_IS_IN:
    feed_joined(s, n->names);
    break;
  case GW_SFU_ANSWERS:
    feed_answer(s, nick, n->text);
    break;
  case GW_SFU_TRICKLES:
    feed_candidate(s, n, nick);
    break;
  case GW_SFU_ONE_COMES:
    feed(s, &(gw_fl_sfu){.news = GW_SFU_SAID_COMES, .nick = nick}, GW_CAUSE_NONE);
    break;
  case GW_SFU_ONE_GOES:
    feed(s, &(gw_fl_sfu){.news = GW_SFU_SAID_GOES, .nick = nick}, GW_CAUSE_NONE);
    break;
  case GW_SFU_IS_DOWN:
    feed(s, &(gw_fl_sfu){.news = GW_SFU_SAID_DOWN, .text = n->text}, GW_CAUSE_NONE);
    break;
  case GW_SFU_GIVES_UP:
    feed(s, &(gw_fl_sfu){.news = GW_SFU_SAID_FAILED, .text = n->text}, n->cause);
    break;
  }
}

static void on_unserved(void *user) {
  feed(user,
       &(gw_fl_sfu){.news = GW_SFU_SAID_FAILED,
                    .text = "no forwarding service is configured for this room"},
       GW_CAUSE_SFU_DOWN);
}

/* --- to the service --- */

static void join(gw_seat_sfu *s, const char *call) {
  gw_sfu_free(s->sfu);
  s->sfu = s->url ? gw_sfu_new(s->url, call, s->name, on_news, s) : NULL;
  if (!s->sfu) gw_timer_set(s->unserved, gw_now_us());
}

static void ask_stream(gw_seat_sfu *s, const char *src, const gw_desc *offer) {
  g_autofree char *sdp = gw_sdp_print(offer);
  gw_sfu_request(s->sfu, src, sdp);
}

static void say_candidates(gw_seat_sfu *s, const char *src, const gw_desc *d) {
  const gw_desc_media *m = d->media->pdata[0];
  for (guint i = 0; i < m->candidates->len; i++) {
    g_autofree char *line = gw_sdp_print_candidate(&g_array_index(m->candidates, gw_candidate, i));
    gw_sfu_candidate(s->sfu, src, line, m->mid);
  }
}

void gw_seat_sfu_ask(gw_seat_sfu *s, const gw_action *a) {
  g_autofree char *src = a->nick ? g_strconcat(s->room, "/", a->nick, NULL) : NULL;
  if (a->ask == GW_SFU_ASK_JOIN) join(s, a->text);
  if (!s->sfu) return;
  if (a->ask == GW_SFU_ASK_AGAIN)
    gw_sfu_rejoin(s->sfu);
  else if (a->ask == GW_SFU_ASK_STREAM)
    ask_stream(s, src, a->desc);
  else if (a->ask == GW_SFU_ASK_CANDIDATE)
    say_candidates(s, src, a->desc);
  else if (a->ask == GW_SFU_ASK_LEAVE)
    g_clear_pointer(&s->sfu, gw_sfu_free);
}

/* --- life --- */

gw_seat_sfu *gw_seat_sfu_new(const char *url, const char *room, const char *nick,
                             gw_seat_feed feed_fn, void *user) {
  gw_seat_sfu *s = g_new0(gw_seat_sfu, 1);
  s->url = g_strdup(url && *url ? url : NULL);
  s->room = g_strdup(room);
  s->name = g_strconcat(room, "/", nick, NULL);
  s->feed = feed_fn;
  s->user = user;
  s->unserved = gw_timer_new(NULL, on_unserved, s);
  return s;
}

void gw_seat_sfu_free(gw_seat_sfu *s) {
  if (!s) return;
  gw_sfu_free(s->sfu);
  gw_timer_free(s->unserved);
  g_free(s->url);
  g_free(s->room);
  g_free(s->name);
  g_free(s);
}

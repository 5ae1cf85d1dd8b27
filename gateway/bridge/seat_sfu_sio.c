/* The line to a service beside XMPP (gateway/sfu/sfu.h): nicks become names, descriptions SDP, and back. */
#include <string.h>
#include "gateway/bridge/seat_sfu_kind.h"
#include "gateway/sfu/sfu.h"
#include "sip/sip.h"

typedef struct {
  gw_seat_sfu *seat;
  gw_sfu *sfu;
} line;

/* --- from the service --- */

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
  gw_seat_sfu_feed(
      s, &(gw_fl_sfu){.news = GW_SFU_SAID_JOINED, .nicks = (const char *const *)nicks->pdata},
      GW_CAUSE_NONE);
}

static void feed_answer(gw_seat_sfu *s, const char *nick, const char *sdp) {
  g_autoptr(gw_desc) d = sdp ? gw_sdp_parse(sdp, strlen(sdp), NULL) : NULL;
  gw_seat_sfu_feed(s, &(gw_fl_sfu){.news = GW_SFU_SAID_ANSWER, .nick = nick, .desc = d},
                   GW_CAUSE_NONE);
}

static void feed_candidate(gw_seat_sfu *s, const gw_sfu_news *n, const char *nick) {
  g_autoptr(gw_desc) d = gw_desc_new();
  gw_candidate c;
  if (!gw_sdp_parse_candidate(n->text, &c)) return; /* a name, or nothing that we could use */
  g_array_append_val(gw_desc_add(d, GW_KIND_AUDIO, n->mid)->candidates, c);
  gw_seat_sfu_feed(s, &(gw_fl_sfu){.news = GW_SFU_SAID_CANDIDATE, .nick = nick, .desc = d},
                   GW_CAUSE_NONE);
}

static void on_news(const gw_sfu_news *n, void *user) {
  gw_seat_sfu *s = ((line *)user)->seat;
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
    gw_seat_sfu_feed(s, &(gw_fl_sfu){.news = GW_SFU_SAID_COMES, .nick = nick}, GW_CAUSE_NONE);
    break;
  case GW_SFU_ONE_GOES:
    gw_seat_sfu_feed(s, &(gw_fl_sfu){.news = GW_SFU_SAID_GOES, .nick = nick}, GW_CAUSE_NONE);
    break;
  case GW_SFU_IS_DOWN:
    gw_seat_sfu_feed(s, &(gw_fl_sfu){.news = GW_SFU_SAID_DOWN, .text = n->text}, GW_CAUSE_NONE);
    break;
  case GW_SFU_GIVES_UP:
    gw_seat_sfu_feed(s, &(gw_fl_sfu){.news = GW_SFU_SAID_FAILED, .text = n->text}, n->cause);
    break;
  }
}

/* --- to the service --- */

static void ask_stream(line *l, const char *src, const gw_desc *offer) {
  g_autofree char *sdp = gw_sdp_print(offer);
  gw_sfu_request(l->sfu, src, sdp);
}

static void say_candidates(line *l, const char *src, const gw_desc *d) {
  const gw_desc_media *m = d->media->pdata[0];
  for (guint i = 0; i < m->candidates->len; i++) {
    g_autofree char *text = gw_sdp_print_candidate(&g_array_index(m->candidates, gw_candidate, i));
    gw_sfu_candidate(l->sfu, src, text, m->mid);
  }
}

static void ask(void *data, const gw_action *a) {
  line *l = data;
  g_autofree char *src = a->nick ? g_strconcat(l->seat->room, "/", a->nick, NULL) : NULL;
  if (a->ask == GW_SFU_ASK_AGAIN)
    gw_sfu_rejoin(l->sfu);
  else if (a->ask == GW_SFU_ASK_STREAM)
    ask_stream(l, src, a->desc);
  else if (a->ask == GW_SFU_ASK_CANDIDATE)
    say_candidates(l, src, a->desc);
}

/* --- life --- */

static void *open_line(gw_seat_sfu *seat, const char *call) {
  line *l = g_new0(line, 1);
  l->seat = seat;
  l->sfu = gw_sfu_new(seat->address, call, seat->name, on_news, l);
  return l;
}

static void close_line(void *data) {
  line *l = data;
  gw_sfu_free(l->sfu);
  g_free(l);
}

const gw_sfu_kind gw_sfu_kind_sio = {
    .kind = "socket.io", .open = open_line, .ask = ask, .close = close_line};

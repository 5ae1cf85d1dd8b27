/* The line to a conference service that speaks Jingle (gateway/bridge/focus.h): its words go by our own JID. */
#include <string.h>
#include "base/clock.h"
#include "base/jid.h"
#include "base/log.h"
#include "base/timer.h"
#include "gateway/bridge/seat_sfu_kind.h"
#include "gateway/bridge/focus.h"

typedef struct {
  gw_seat_sfu *seat;
  gw_focus *focus;
  gw_timer *timer, *soon;
  GArray *news; /* gw_focus_out for the flavour, told from the loop */
} line;

/* --- what it has for us --- */

static const char *first_of(const gw_fl_sfu *n) {
  return n->users && n->users[0] ? n->users[0] : "-";
}

static void log_news(const line *l, const gw_focus_out *o) {
  const gw_fl_sfu *n = &o->news;
  const char *jid = gw_focus_jid(l->focus), *why = n->text ? n->text : "-";
  if (n->news == GW_SFU_SAID_ANSWER && n->desc)
    gw_info(NULL, "sfu-joined", "service=%s room=%s", jid, l->seat->room);
  else if (n->news == GW_SFU_SAID_ANSWER)
    gw_warn(NULL, "sfu-refused", "service=%s room=%s why=%s", jid, l->seat->room, why);
  else if (n->news == GW_SFU_SAID_OFFER)
    gw_info(NULL, "sfu-stream", "service=%s sid=%s of=%s", jid, n->sid, first_of(n));
  else if (n->news == GW_SFU_SAID_OWNERS)
    gw_info(NULL, "sfu-stream-owner", "service=%s sid=%s of=%s", jid, n->sid, first_of(n));
  else if (n->news == GW_SFU_SAID_ENDED)
    gw_info(NULL, "sfu-stream-ended", "service=%s sid=%s why=%s", jid, n->sid, why);
}

static void run(line *l, gw_focus_out *o) {
  const gw_seat_sfu_params *to = &l->seat->params;
  switch (o->type) {
  case GW_FOCUS_SAY:
    to->say(o->word, to->user);
    break;
  case GW_FOCUS_GREET: /* a room that is the conference has seen us come in */
    if (!to->in_room || !gw_jid_same(gw_focus_jid(l->focus), l->seat->room))
      to->greet(gw_focus_jid(l->focus), o->come, to->user);
    break;
  case GW_FOCUS_NOTE:
    gw_warn(NULL, "sfu-notes", "service=%s text=%s", gw_focus_jid(l->focus), o->text);
    break;
  case GW_FOCUS_NEWS:
    log_news(l, o);
    g_array_append_val(l->news, *o);
    memset(o, 0, sizeof *o); /* it has moved */
    gw_timer_set(l->soon, gw_now_us());
    break;
  }
}

static void run_all(line *l, GArray *outs) {
  for (guint i = 0; i < outs->len; i++)
    run(l, &g_array_index(outs, gw_focus_out, i));
  gw_timer_set(l->timer, gw_focus_deadline(l->focus));
}

/* What the flavour asks for meanwhile makes news for the next turn; it may also leave, and then l is no more. */
static void on_soon(void *user) {
  line *l = user;
  gw_seat_sfu *seat = l->seat;
  g_autoptr(GArray) news = l->news;
  l->news = gw_focus_outs_new();
  for (guint i = 0; i < news->len && seat->line == l; i++) {
    const gw_focus_out *o = &g_array_index(news, gw_focus_out, i);
    gw_seat_sfu_feed(seat, &o->news, o->cause);
  }
}

static void on_deadline(void *user) {
  line *l = user;
  g_autoptr(GArray) outs = gw_focus_outs_new();
  gw_focus_tick(l->focus, gw_now_us(), outs);
  run_all(l, outs);
}

/* --- what we have for it --- */

static void ask(void *data, const gw_action *a) {
  line *l = data;
  g_autoptr(GArray) outs = gw_focus_outs_new();
  gw_focus_ask(l->focus, a, gw_now_us(), outs);
  run_all(l, outs);
}

static gboolean word(void *data, const gw_word *w) {
  line *l = data;
  g_autoptr(GArray) outs = gw_focus_outs_new();
  const gboolean its = gw_focus_word(l->focus, w, gw_now_us(), outs);
  run_all(l, outs);
  return its;
}

/* --- life --- */

static void *open_line(gw_seat_sfu *seat, const gw_focus_dialect *dialect) {
  g_autofree char *jid = gw_focus_jid_for(seat->address, seat->room);
  if (!jid) return NULL;
  line *l = g_new0(line, 1);
  l->seat = seat;
  l->focus = gw_focus_new(dialect, jid);
  l->timer = gw_timer_new(NULL, on_deadline, l);
  l->soon = gw_timer_new(NULL, on_soon, l);
  l->news = gw_focus_outs_new();
  ask(l, &(gw_action){.type = GW_ACT_SFU, .ask = GW_SFU_ASK_JOIN});
  return l;
}

static void close_line(void *data) {
  line *l = data;
  ask(l, &(gw_action){.type = GW_ACT_SFU, .ask = GW_SFU_ASK_LEAVE});
  gw_timer_free(l->timer);
  gw_timer_free(l->soon);
  g_array_unref(l->news);
  gw_focus_free(l->focus);
  g_free(l);
}

static void *open_xep0521(gw_seat_sfu *seat, const char *call) {
  return open_line(seat, &gw_focus_xep0521);
}

static void *open_tigase_meet(gw_seat_sfu *seat, const char *call) {
  return open_line(seat, &gw_focus_tigase_meet);
}

const gw_sfu_kind gw_sfu_kind_xep0521 = {
    .kind = "xep-0521", .open = open_xep0521, .ask = ask, .word = word, .close = close_line};
const gw_sfu_kind gw_sfu_kind_tigase_meet = {
    .kind = "tigase-meet", .open = open_tigase_meet, .ask = ask, .word = word, .close = close_line};

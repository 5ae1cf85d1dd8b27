#include "gateway/bridge/seat_sfu.h"
#include <string.h>
#include "base/clock.h"
#include "base/timer.h"
#include "gateway/bridge/seat_sfu_kind.h"

static const gw_sfu_kind *const gw_sfu_kinds[] = {&gw_sfu_kind_sio, &gw_sfu_kind_xep0521,
                                                  &gw_sfu_kind_tigase_meet};

void gw_seat_sfu_feed(gw_seat_sfu *s, const gw_fl_sfu *news, gw_cause cause) {
  s->params.feed(&(gw_ev){.type = GW_EV_SFU, .cause = cause, .u.sfu = news}, s->params.user);
}

static void on_unserved(void *user) {
  gw_seat_sfu_feed(user,
                   &(gw_fl_sfu){.news = GW_SFU_SAID_FAILED,
                                .text = "no forwarding service is configured for this room"},
                   GW_CAUSE_SFU_DOWN);
}

static void leave(gw_seat_sfu *s) {
  if (s->line) s->kind->close(g_steal_pointer(&s->line));
}

static void join(gw_seat_sfu *s, const char *call) {
  leave(s);
  s->line = s->address ? s->kind->open(s, call) : NULL;
  if (!s->line) gw_timer_set(s->unserved, gw_now_us());
}

void gw_seat_sfu_ask(gw_seat_sfu *s, const gw_action *a) {
  if (a->ask == GW_SFU_ASK_JOIN)
    join(s, a->text);
  else if (a->ask == GW_SFU_ASK_LEAVE)
    leave(s);
  else if (s->line)
    s->kind->ask(s->line, a);
}

gboolean gw_seat_sfu_word(gw_seat_sfu *s, const gw_word *w) {
  return s->line && s->kind->word && s->kind->word(s->line, w);
}

static const gw_sfu_kind *kind_of(const char *word) {
  for (guint i = 0; word && i < G_N_ELEMENTS(gw_sfu_kinds); i++)
    if (!strcmp(gw_sfu_kinds[i]->kind, word)) return gw_sfu_kinds[i];
  return gw_sfu_kinds[0];
}

gw_seat_sfu *gw_seat_sfu_new(const gw_seat_sfu_params *params) {
  gw_seat_sfu *s = g_new0(gw_seat_sfu, 1);
  s->params = *params;
  s->kind = kind_of(params->kind);
  s->address = g_strdup(params->address && *params->address ? params->address : NULL);
  s->room = g_strdup(params->room);
  s->name = g_strconcat(params->room, "/", params->nick, NULL);
  s->unserved = gw_timer_new(NULL, on_unserved, s);
  return s;
}

void gw_seat_sfu_free(gw_seat_sfu *s) {
  if (!s) return;
  leave(s);
  gw_timer_free(s->unserved);
  g_free(s->address);
  g_free(s->room);
  g_free(s->name);
  g_free(s);
}

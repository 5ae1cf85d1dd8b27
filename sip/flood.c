/* flood.c - bounds what a flood of requests can make the library hold. It keeps the answer to each request for 32 s (RFC
 * 3261 timers H and J), about 9 KB a piece: 12 000 requests a second would fill 3 GB. While more come than the budget has
 * room for, answers are kept for a shorter time; a flood is no time to be right about retransmissions. */
#include "sip/internal.h"
#include <sofia-sip/nta_tag.h>

#define BUDGET 8000 /* transactions kept at once, about */
#define LIFE_MS 32000
#define SHORTEST_MS 1000

guint gw_flood_life_ms(guint requests_per_second) {
  if (requests_per_second == 0) return LIFE_MS;
  return (guint)CLAMP((guint64)BUDGET * 1000 / requests_per_second, SHORTEST_MS, LIFE_MS);
}

static void pulse(void *data) {
  gw_sip *sip = data;
  guint64 requests = gw_watch_requests();
  sip->rates[sip->beat++ % G_N_ELEMENTS(sip->rates)] =
      (guint)MIN(requests - sip->requests_seen, G_MAXUINT);
  sip->requests_seen = requests;
  gw_timer_set(sip->pulse, gw_now_us() + GW_SEC(1));
  gw_keepalive_beat(sip);
  gw_crowd_beat(sip);
  guint worst = 0;
  for (guint i = 0; i < G_N_ELEMENTS(sip->rates); i++)
    worst = MAX(worst, sip->rates[i]);
  guint life = gw_flood_life_ms(worst);
  if (life == sip->life_ms || sip->closing) return;
  if (life < LIFE_MS && sip->life_ms == LIFE_MS)
    gw_warn(NULL, "sip-flood", "requests_per_s=%u life_ms=%u", worst, life);
  if (life == LIFE_MS) gw_info(NULL, "sip-flood-over", "life_ms=%u", life);
  sip->life_ms = life;
  for (guint i = 0; i < sip->ports->len; i++)
    nua_set_params(((gw_sip_port *)g_ptr_array_index(sip->ports, i))->nua, NTATAG_SIP_T1X64(life),
                   TAG_END());
}

void gw_flood_start(gw_sip *sip) {
  sip->life_ms = LIFE_MS;
  sip->requests_seen = gw_watch_requests();
  sip->pulse = gw_timer_new(sip->ctx, pulse, sip);
  gw_timer_set(sip->pulse, gw_now_us() + GW_SEC(1));
}

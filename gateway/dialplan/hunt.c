#include "gateway/dialplan/hunt.h"
#include <string.h>

struct gw_hunt {
  char *by, *number;
  char *tried[GW_HUNT_TRUNKS];
  guint n;
};

gw_hunt *gw_hunt_new(const char *by, const char *number) {
  gw_hunt *h = g_new0(gw_hunt, 1);
  h->by = g_strdup(by);
  h->number = g_strdup(number);
  return h;
}

void gw_hunt_free(gw_hunt *h) {
  if (!h) return;
  for (guint i = 0; i < h->n; i++)
    g_free(h->tried[i]);
  g_free(h->by);
  g_free(h->number);
  g_free(h);
}

const char *gw_hunt_by(const gw_hunt *h) {
  return h->by;
}

const char *gw_hunt_number(const gw_hunt *h) {
  return h->number;
}

static gboolean was_tried(const gw_hunt *h, const char *trunk) {
  for (guint i = 0; i < h->n; i++)
    if (strcmp(h->tried[i], trunk) == 0) return TRUE;
  return FALSE;
}

const gw_dialplan_way *gw_hunt_find(const gw_hunt *h, const GPtrArray *ways,
                                    gw_cause (*obstacle)(const char *, void *), void *user,
                                    gw_cause *ret) {
  *ret = GW_CAUSE_PEER_GONE;
  if (h->n >= GW_HUNT_TRUNKS) return NULL;
  for (guint i = 0; i < ways->len; i++) {
    const gw_dialplan_way *way = ways->pdata[i];
    if (was_tried(h, way->trunk)) continue;
    *ret = obstacle(way->trunk, user);
    if (!*ret) return way;
  }
  return NULL;
}

void gw_hunt_tried(gw_hunt *h, const char *trunk) {
  if (h->n < GW_HUNT_TRUNKS && !was_tried(h, trunk)) h->tried[h->n++] = g_strdup(trunk);
}

gboolean gw_hunt_worth_another(gw_cause cause, guint status, gboolean rang) {
  if (rang) return FALSE;
  switch (status) {
  case 0: /* refused here (the trunk has gone down, its way is not encrypted), or silence */
    return cause == GW_CAUSE_PEER_GONE || cause == GW_CAUSE_TIMEOUT ||
           cause == GW_CAUSE_NOT_FOUND || cause == GW_CAUSE_FORBIDDEN;
  case 480: /* said by the callee's side it is an answer; by us, that no host could be reached */
    return cause == GW_CAUSE_PEER_GONE;
  case 401: /* our password there */
  case 407:
  case 408:
  case 500:
  case 502:
  case 503:
  case 504:
    return TRUE;
  default:
    return FALSE;
  }
}

/* plan.h - what the files of the dialplan share. Nobody outside includes it.
 * Thread: any (pure).  Owner: gw_dialplan owns its rows.  Calls back: never. */
#ifndef GW_DIALPLAN_PLAN_H
#define GW_DIALPLAN_PLAN_H
#include "gateway/dialplan/dialplan.h"

typedef struct {
  char *number, *jid;
  gboolean has_pin;
} gw_plan_room;

typedef struct {
  char *number, *default_room;
} gw_plan_phone;

struct gw_dialplan {
  GHashTable *rooms;  /* number -> gw_plan_room */
  GHashTable *phones; /* number -> gw_plan_phone */
  GHashTable *menus;  /* number */
  GPtrArray *trunks;  /* gw_dialplan_trunk, own copies, in the order of the file */
};

void gw_dialplan_tried(GPtrArray *steps, const char *rule, gboolean matched, const char *why, ...) G_GNUC_PRINTF(4, 5);
gw_dialplan_trunk *gw_dialplan_trunk_copy(const gw_dialplan_trunk *);
void gw_dialplan_trunk_free(gw_dialplan_trunk *);
const gw_dialplan_trunk *gw_dialplan_trunk_named(const gw_dialplan *, const char *name_or_null);

#endif

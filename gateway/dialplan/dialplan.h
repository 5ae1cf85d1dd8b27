/* dialplan.h - what a dialled number means: number -> room, or why not. Knows rooms and phones by number, nothing else.
 * Thread: any (pure).  Owner: caller frees the plan and each decision; strings passed in are copied.  Calls back: never. */
#ifndef GW_DIALPLAN_H
#define GW_DIALPLAN_H
#include <glib.h>
#include "base/cause.h"

typedef struct gw_dialplan gw_dialplan;

typedef struct { char *rule; gboolean matched; char *why; } gw_dialplan_step;
void gw_dialplan_step_free(gw_dialplan_step *);

typedef struct {
  gw_cause cause;        /* NONE: let in; else why not (NOT_FOUND, BAD_REQUEST) */
  char *number;          /* as dialled, normalised; the default room's number when nothing was dialled; NULL malformed */
  char *room;            /* JID, or NULL */
  gboolean has_pin;      /* of the room: ask before letting in */
  gboolean menu;         /* asks for the room; room is NULL */
} gw_dialplan_decision;
void gw_dialplan_decision_free(gw_dialplan_decision *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_dialplan_decision, gw_dialplan_decision_free)

gw_dialplan *gw_dialplan_new(void);
void gw_dialplan_free(gw_dialplan *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_dialplan, gw_dialplan_free)
/* FALSE: no usable number, or taken already (a room and a phone cannot share one either). */
gboolean gw_dialplan_add_room(gw_dialplan *, const char *number, const char *room_jid, gboolean has_pin);
/* A number that asks for the number of a room. */
gboolean gw_dialplan_add_menu(gw_dialplan *, const char *number);
/* default_room: number of the room that an empty number means, or NULL. */
gboolean gw_dialplan_add_phone(gw_dialplan *, const char *number, const char *default_room);

/* Number or URI -> number: a sip:, sips: or tel: before and @host, ;parameters, ?headers behind are cut off, then spaces,
 * dashes, dots, slashes and parentheses; + and * and letters stay. "" for nothing dialled. NULL: malformed (over
 * GW_MAX_NUMBER bytes, not UTF-8, control characters). Percent signs must have been decoded before. */
char *gw_dialplan_normalise(const char *number_or_uri);

/* from: number of the phone of ours that calls, or NULL (trunk). to: number or URI as dialled, "" or NULL = nothing.
 * Always returns a decision. steps: gets a gw_dialplan_step* for each rule looked at, in order, the deciding one last;
 * or NULL. Phones are not connected with each other: that is a PBX's work. */
gw_dialplan_decision *gw_dialplan_route(const gw_dialplan *, const char *from, const char *to, GPtrArray *steps);

#endif

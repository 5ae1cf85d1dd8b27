/* dialplan.h - what a dialled number means: number -> room, or why not; and which numbers may be called from here, and
 * by which way. Knows rooms, phones and trunks by number and name, nothing else.
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

/* -- trunks: their way of writing numbers, and what may leave by them -- */
typedef struct {
  const char *name;
  const char *country;       /* "49": numbers without a country code belong there; "": numbers stay as they are */
  const char *international; /* "00" */
  const char *national;      /* "0" */
  const char *format;        /* what it wants: "e164" +4930…, "plain" 4930…, "national" 030… or 0044…, "international" 004930… */
  const char *const *dial_out;    /* patterns of numbers as E.164: ? one digit, * any; "!" in front: never. First match decides */
  const char *const *dial_out_by; /* who may, besides the operator: JID, domain or number of a phone */
  const char *owner;         /* bare JID: his own account. Nobody else's calls go by it, the operator's neither, and his by no other; NULL: none's */
} gw_dialplan_trunk;
void gw_dialplan_add_trunk(gw_dialplan *, const gw_dialplan_trunk *); /* copies; NULL strings are empty */
/* A number as this trunk writes it -> E.164 ("+4930…"), or as it is when it is none (an extension). g_free. */
char *gw_dialplan_e164(const gw_dialplan_trunk *, const char *number);
char *gw_dialplan_for_trunk(const gw_dialplan_trunk *, const char *e164); /* the other way; g_free */
/* The same by name; a trunk that is not known changes nothing. */
char *gw_dialplan_trunk_e164(const gw_dialplan *, const char *trunk, const char *number);

typedef struct { char *trunk, *number /* as it wants it */; } gw_dialplan_way;
void gw_dialplan_way_free(gw_dialplan_way *);
typedef struct {
  gw_cause cause;   /* NONE: may be called; else why not (NOT_FOUND, BAD_REQUEST, FORBIDDEN) */
  char *number;     /* normalised; as E.164 where the first way's trunk makes one of it; NULL malformed */
  char *phone;      /* number of a phone of ours, or NULL. Whether this caller may ring it is not decided here */
  GPtrArray *ways;  /* gw_dialplan_way*, to be tried in this order; empty for a phone */
} gw_dialplan_out;
void gw_dialplan_out_free(gw_dialplan_out *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_dialplan_out, gw_dialplan_out_free)
/* May `by` have this number called? by: NULL the operator; else a JID (with or without resource), or the number of a
 * phone. Nothing leaves without a rule: the number must match dial_out of a trunk and `by` its dial_out_by. steps as below. */
gw_dialplan_out *gw_dialplan_outbound(const gw_dialplan *, const char *by, const char *number, GPtrArray *steps);

/* from: number of the phone of ours that calls, "trunk:NAME", or NULL. to: number or URI as dialled, "" or NULL = nothing.
 * Always returns a decision. steps: gets a gw_dialplan_step* for each rule looked at, in order, the deciding one last;
 * or NULL. Phones are not connected with each other: that is a PBX's work. */
gw_dialplan_decision *gw_dialplan_route(const gw_dialplan *, const char *from, const char *to, GPtrArray *steps);

#endif

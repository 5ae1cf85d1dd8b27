/* ivr.h - the voice that a caller talks to with keys: asks for room and PIN, obeys *1 *3 *5 *6 *9 *0
 * in the room, says how things are and why they end. Events in, actions out, time a parameter.
 * Thread: any (pure).  Owner: caller frees; strings of events are copied.  Calls back: never.
 * Contract: one step, then its actions in order, then the next step. Digits are in no action but
 * FIND_ROOM, and none may be logged. Every PLAY with a prompt is answered by one PLAYED or MISSING,
 * unless a later PLAY replaces it. */
#ifndef GW_IVR_H
#define GW_IVR_H
#include <glib.h>
#include "base/cause.h"
#include "gateway/ivr/lockout.h"

#define GW_IVR_NAMES "names" /* PLAY of this is no recording: who is in the room, by name, or MISSING */
#define GW_IVR_DIGITS 16 /* longest PIN or room number that can be keyed in */

typedef struct gw_ivr gw_ivr;

typedef enum {
  GW_IE_ASK_ROOM, /* the caller hears us; the number dialled is a menu's */
  GW_IE_ASK_PIN,  /* the caller hears us; room and pin are those of the number dialled, or, when he is in a room
                   * already, of the one he wants to be moved to */
  GW_IE_ROOM,     /* answer to FIND_ROOM; room NULL: no such number; pin "": none */
  GW_IE_WAIT,     /* the caller hears us, and the room takes its time */
  GW_IE_INSIDE,   /* in the room; flag: music while alone */
  GW_IE_BACK,     /* admitted to another room, which did not take him: he is in his own as before */
  GW_IE_COMPANY,  /* in_call, in_room: others; flag: nobody to talk to */
  GW_IE_MUTED,    /* flag: it is so now, whoever did it */
  GW_IE_HAND,     /* the same */
  GW_IE_KEY,      /* key */
  GW_IE_PLAYED,   /* the prompt has ended */
  GW_IE_MISSING,  /* there is no such prompt */
  GW_IE_END,      /* the call ends: say why, then SPOKEN */
  GW_IE_TICK
} gw_ie_type;
typedef struct {
  gw_ie_type type;
  const char *room, *pin;
  char key;
  gboolean flag;
  guint in_call, in_room;
  gw_cause cause;
} gw_ie;

typedef enum {
  GW_IA_PLAY,      /* prompt; NULL: stop */
  GW_IA_TONE,      /* hz, ms */
  GW_IA_FIND_ROOM, /* digits */
  GW_IA_ADMIT,     /* into the room */
  GW_IA_MUTE,      /* the other way than now */
  GW_IA_HAND,      /* flag: up */
  GW_IA_WRONG_PIN, /* for the log: tries of this call */
  GW_IA_LOCKED,    /* for the log: too many tries of this source or in this room */
  GW_IA_HANGUP,    /* cause; END comes back */
  GW_IA_STAY,      /* instead, for who is in a room already: he is not moved, for this cause */
  GW_IA_SPOKEN     /* all is said */
} gw_ia_type;
typedef struct {
  gw_ia_type type;
  const char *prompt; /* static */
  char digits[GW_IVR_DIGITS + 1];
  guint hz, ms, tries;
  gboolean flag;
  gw_cause cause;
} gw_ia;
#define GW_IA_MAX 8

/* lockout: shared by all calls, outlives this. source: who tries, for the lock-out. */
gw_ivr *gw_ivr_new(gw_lockout *, const char *source);
void gw_ivr_free(gw_ivr *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_ivr, gw_ivr_free)
guint gw_ivr_step(gw_ivr *, const gw_ie *, gint64 now_us, gw_ia ret[GW_IA_MAX]);
gint64 gw_ivr_deadline(const gw_ivr *); /* GW_NEVER: none */
/* Names of all prompts that can be asked for, NULL-terminated; what the catalogue must have. */
extern const char *const gw_ivr_prompts[];

#endif

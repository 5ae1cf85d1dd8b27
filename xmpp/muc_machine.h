/* muc_machine.h - one persona's stay in one room: joining with its refusals and retries, staying joined, leaving
 * (XEP-0045 7, XEP-0410). Events in, actions out; no XML, no clock.
 * Thread: any (pure).  Owner: caller frees; actions own what they point to.  Calls back: config.taken, in the step. */
#ifndef GW_XMPP_MUC_MACHINE_H
#define GW_XMPP_MUC_MACHINE_H
#include <glib.h>
#include "base/clock.h"
#include "base/limits.h"
#include "xmpp/muc_roster.h"
#include "xmpp/xmpp.h"

typedef struct {
  const char *room, *nick;         /* bare JID, nick wished for */
  const char *own_jid;             /* full JID of the persona; "" when not yet known */
  const char *resource;            /* of the persona: makes the last nick that is tried */
  gboolean (*taken)(const char *nick, void *user);  /* is this nick used by another persona of ours in this room? */
  void *user;
} gw_muc_params;

typedef enum { GW_PRES_AVAILABLE, GW_PRES_UNAVAILABLE, GW_PRES_ERROR } gw_pres_type;
#define GW_MUC_MAX_CODES 16
typedef struct {
  gw_pres_type type;
  const char *nick;                /* NULL: from the bare room */
  guint codes[GW_MUC_MAX_CODES], n_codes;
  gw_muc_item items[GW_MAX_JIDS_PER_NICK]; guint n_items;
  gboolean destroyed;
  const char *alternate;           /* destroyed, or error gone: where it went, or NULL */
  const char *condition, *text;    /* ERROR */
  const gw_muji *muji;             /* of the occupant, or NULL */
} gw_muc_presence;

typedef enum { GW_PING_JOINED, GW_PING_GONE, GW_PING_UNDECIDED } gw_ping_result;
typedef enum {
  GW_ME_START,          /* flag: the stream is up */
  GW_ME_STREAM,         /* flag: up or down */
  GW_ME_PRESENCE,       /* u.presence, only of this room */
  GW_ME_SUBJECT,
  GW_ME_WORD,           /* u.word, copied; of this room, from an occupant */
  GW_ME_SAY,            /* u.word, copied; ours, to be sent */
  GW_ME_SAY_REFUSED,    /* u.text: condition of the error that came back for a word of ours */
  GW_ME_DISCO,          /* u.disco */
  GW_ME_REGISTERED_NICK,/* u.text: the nick reserved for us, or NULL */
  GW_ME_CONFIGURED,     /* flag: went well */
  GW_ME_PINGED,         /* u.ping */
  GW_ME_LEAVE,          /* u.text: status or NULL */
  GW_ME_TICK
} gw_me_type;
typedef struct { gboolean answered, open /* muc_nonanonymous */, closed /* semi or fully anonymous */, members_only; } gw_muc_disco;
typedef struct {
  gw_me_type type;
  gboolean flag;
  union { const gw_muc_presence *presence; const gw_word *word; gw_muc_disco disco; const char *text; gw_ping_result ping; } u;
} gw_me;

typedef enum {
  GW_MA_JOIN, GW_MA_UNAVAILABLE /* text: status */, GW_MA_DISCO, GW_MA_ASK_NICK, GW_MA_CONFIGURE, GW_MA_PING,
  GW_MA_VOICE /* ask to be let speak */, GW_MA_SEND /* word */,
  GW_MA_TELL_JOINED, GW_MA_TELL_LEFT, GW_MA_TELL_BARRED, GW_MA_TELL_OCCUPANT, GW_MA_TELL_WORD,
  GW_MA_WARN            /* text, for the operator */
} gw_ma_type;
typedef struct {
  gw_ma_type type;
  char *text;
  gboolean again;       /* TELL_JOINED */
  gw_cause cause;       /* TELL_LEFT; text: detail */
  gw_occ_change change; /* TELL_OCCUPANT */
  gw_muc_occ *occ;      /* TELL_OCCUPANT: as it is now, or was last */
  char *old_nick;       /* TELL_OCCUPANT RENAMED */
  gw_word *word;        /* SEND, TELL_WORD */
} gw_ma;
GArray *gw_ma_list_new(void);                    /* of gw_ma, owning; g_array_unref */

typedef struct gw_muc_machine gw_muc_machine;
gw_muc_machine *gw_muc_machine_new(const gw_muc_params *);
void gw_muc_machine_free(gw_muc_machine *);
void gw_muc_machine_step(gw_muc_machine *, const gw_me *, gint64 now_us, GArray *acts); /* appends */
gint64 gw_muc_machine_deadline(const gw_muc_machine *);   /* us; GW_NEVER */
gw_muc_state gw_muc_machine_state(const gw_muc_machine *);
const char *gw_muc_machine_nick(const gw_muc_machine *);
const char *gw_muc_machine_room(const gw_muc_machine *);  /* changes once at most, when the room has moved */
gboolean gw_muc_machine_members_only(const gw_muc_machine *);
const gw_muc_roster *gw_muc_machine_roster(const gw_muc_machine *);
void gw_muc_machine_set_jid(gw_muc_machine *, const char *own_jid);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_muc_machine, gw_muc_machine_free)

#endif

/* adhoc_desk.h - the order of an ad-hoc command (XEP-0050 3): who may, which stage comes next, sessions that end by themselves.
 * Thread: any (pure).  Owner: caller frees; strings are copied.  Calls back: never. */
#ifndef GW_ADHOC_DESK_H
#define GW_ADHOC_DESK_H
#include <glib.h>

#define GW_DESK_SESSIONS 32   /* at once; the oldest goes for a new one */
#define GW_DESK_OF_ONE 4      /* of one who asks */
#define GW_DESK_LIFE_S 300

typedef struct gw_desk gw_desk;

typedef enum { GW_STAGE_EXECUTE, GW_STAGE_NEXT, GW_STAGE_COMPLETE, GW_STAGE_CANCEL, GW_STAGE_PREV, GW_STAGE_OTHER } gw_stage;
gw_stage gw_stage_of(const char *action_or_null); /* none: execute */

typedef struct {
  const char *who;        /* full JID */
  gboolean may;
  int command;            /* -1: no such */
  const char *session;    /* NULL: begins */
  gw_stage stage;
  gboolean form_wanted;   /* this command has something to fill in */
  gboolean form_complete; /* and that has come */
  const char *fresh;      /* a name for a new session, not to be guessed */
} gw_desk_ask;

typedef enum { GW_DESK_FORM, GW_DESK_RUN, GW_DESK_CANCELED, GW_DESK_REFUSED } gw_desk_verdict;
typedef struct {
  gw_desk_verdict verdict;
  gboolean again;         /* FORM: what came lacked something */
  char session[64];       /* FORM, RUN, CANCELED */
  const char *type, *condition, *detail; /* REFUSED: of the stanza error, and of XEP-0050 4.4 or NULL */
} gw_desk_answer;

gw_desk *gw_desk_new(void);
void gw_desk_free(gw_desk *);
void gw_desk_step(gw_desk *, const gw_desk_ask *, gint64 now_us, gw_desk_answer *ret);
guint gw_desk_count(const gw_desk *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_desk, gw_desk_free)

#endif

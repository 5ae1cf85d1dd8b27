/* focus.h - one participant at one conference service that speaks Jingle: our stream goes to it in a session of ours, it
 * calls back with what others say, and only from its own address. Two dialects: XEP-0521 (a session per stream, XEP-0298
 * says whose it is) and Tigase Meet (one session that grows, `joined` and `left` say whose contents they are).
 * Asks and news are those of flavour.h. Pure: words in, words and news out, time a parameter.
 * Thread: any (one at a time).  Owner: caller frees; outs own what they hold.  Calls back: never. */
#ifndef GW_FOCUS_H
#define GW_FOCUS_H
#include <glib.h>
#include "gateway/flavour/flavour.h"

#define GW_FOCUS_ANSWER GW_SEC(20)   /* to our offer; its IQ may be unanswered for that long too */

typedef struct {
  const char *kind;     /* as in tipring.conf */
  gboolean greets;      /* lets in only whom it has seen present */
  gboolean grows;       /* one session brings all */
} gw_focus_dialect;
extern const gw_focus_dialect gw_focus_xep0521, gw_focus_tigase_meet;

typedef enum {
  GW_FOCUS_SAY,         /* word, to be sent */
  GW_FOCUS_GREET,       /* presence for it only; come */
  GW_FOCUS_NEWS,        /* news, cause */
  GW_FOCUS_NOTE         /* text: for the operator, each once */
} gw_focus_out_type;
typedef struct {
  gw_focus_out_type type;
  gboolean come;
  gw_word *word;
  gw_fl_sfu news;       /* its pointers are owned by the out */
  gw_cause cause;
  const char *text;     /* static */
} gw_focus_out;
GArray *gw_focus_outs_new(void); /* gw_focus_out; g_array_unref frees all */

typedef struct gw_focus gw_focus;
/* jid: of the conference, bare and normal. */
gw_focus *gw_focus_new(const gw_focus_dialect *, const char *jid);
void gw_focus_free(gw_focus *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_focus, gw_focus_free)
void gw_focus_ask(gw_focus *, const gw_action *, gint64 now_us, GArray *ret /* appended */);
gboolean gw_focus_word(gw_focus *, const gw_word *, gint64 now_us, GArray *ret); /* FALSE: not from there */
void gw_focus_tick(gw_focus *, gint64 now_us, GArray *ret);
gint64 gw_focus_deadline(const gw_focus *); /* us, GW_NEVER */
guint gw_focus_streams(const gw_focus *);
const char *gw_focus_jid(const gw_focus *);

/* Where the conference of a room is: a JID of its own, or a service's, which has one of the same name for each room. */
char *gw_focus_jid_for(const char *configured, const char *room);

#endif

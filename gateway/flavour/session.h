/* session.h - one Jingle session of a flavour with one other, and its transport: opened, described, trickled, muted, ended.
 * When and with whom is the flavour's own; its pair or member has a gw_fl_session and a state of its own.
 * Private to flavour/.
 * Thread: any (pure).  Owner: the pair or member that it is in.  Calls back: never. */
#ifndef GW_FL_SESSION_H
#define GW_FL_SESSION_H
#include "gateway/flavour/common.h"

typedef struct {
  guint peer;           /* transport, 0 none */
  char *jid, *sid;      /* NULL: no session */
  gboolean offerer, up; /* offerer: set before gw_fl_session_open */
  gw_desc *offer;       /* theirs, until it is answered */
  char *mid, *ufrag, *pwd; /* our audio's, once it has been said: for transport-info */
  GArray *local;        /* gw_candidate that came before we could say them */
  GPtrArray *remote;    /* gw_desc: their candidates before their session-accept */
} gw_fl_session;

void gw_fl_session_init(gw_fl_session *);
void gw_fl_session_clear(gw_fl_session *); /* frees what is in it, says and closes nothing */
void gw_fl_session_carry(gw_fl_session *, const gw_fl_running *); /* it runs already, and is this one from now on */
gboolean gw_fl_session_is(const gw_fl_session *, const char *jid, const char *sid);

/* PEER_OPEN, sid taken; setup: see gw_action. */
void gw_fl_session_open(gw_fl_common *, gw_fl_session *, const char *nick, const char *jid, char *sid, gw_setup setup);
void gw_fl_session_take(gw_fl_common *, gw_fl_session *, const char *nick, const gw_word *offer); /* as answerer */
/* PEER_CLOSE, and all is as after init; says nothing. */
void gw_fl_session_close(gw_fl_common *, gw_fl_session *);

gw_word *gw_fl_session_word(const gw_fl_session *, gw_jingle_action);
void gw_fl_session_terminate(gw_fl_common *, const gw_fl_session *, const char *reason);
void gw_fl_refuse(gw_fl_common *, const char *jid, const char *sid, const char *reason); /* an offer that no session is made of */
void gw_fl_session_initiate(gw_fl_common *, gw_fl_session *, gw_desc *offer /* taken */, const char *muji_room_or_null);
void gw_fl_session_accept(gw_fl_common *, gw_fl_session *, gw_desc *answer /* taken */);
void gw_fl_session_mute(gw_fl_common *, const gw_fl_session *); /* session-info, as we are now */

/* Their session-accept. A Jingle reason (static): it cannot be used; NULL: it is in force. */
const char *gw_fl_session_accepted(gw_fl_common *, gw_fl_session *, const gw_desc *);
void gw_fl_session_remote(gw_fl_common *, const gw_fl_session *, const gw_desc *); /* for the transport, now */
gboolean gw_fl_session_keep(gw_fl_session *, const gw_desc *); /* their candidates, for after the accept; FALSE: too many */
/* One more of ours: said when our description has been, else kept for it. */
void gw_fl_session_candidate(gw_fl_common *, gw_fl_session *, const gw_candidate *);

/* --- offers that cannot be taken yet */
typedef struct {
  gw_word *offer;
  GPtrArray *infos;     /* gw_word: its transport-info */
  gint64 until;
} gw_fl_early;
GPtrArray *gw_fl_earlies_new(void); /* of gw_fl_early */
gw_fl_early *gw_fl_early_find(const GPtrArray *, const gw_word *of_session);
void gw_fl_early_add(GPtrArray *, const gw_word *offer, gint64 until);
void gw_fl_early_info(gw_fl_common *, gw_fl_early *, const gw_word *info);
void gw_fl_earlies_shift(GPtrArray *, gint64 by);
gint64 gw_fl_earlies_deadline(const GPtrArray *);
void gw_fl_earlies_refuse(gw_fl_common *, GPtrArray *, const char *reason); /* all */

#endif

/* internal.h - what the files of this room know of each other's objects.
 * Thread: control.  Owner: as in xmpp.h; personas and mucs are held while a callback of theirs runs.
 * Calls back: never by itself. */
#ifndef GW_XMPP_INTERNAL_H
#define GW_XMPP_INTERNAL_H
#include "base/ids.h"
#include "base/timer.h"
#include "xmpp/iq.h"
#include "xmpp/jingle_session.h"
#include "xmpp/muc_machine.h"
#include "xmpp/stream.h"
#include "xmpp/watchers.h"
#include "xmpp/xmpp.h"

#define GW_IQ_WAIT 15 /* s */

typedef struct { guint no; char *own_bare, *peer_bare; gint64 until; gw_answer otherwise; void (*fn)(gw_answer, void *); void *user; gw_persona *owner; } gw_roster_question;
typedef struct { void *owner; void (*fn)(void *data); void *data; GDestroyNotify destroy; } gw_later_job;

struct gw_xmpp {
  GMainContext *ctx;
  gboolean client, started, stopping;
  char *domain, *account, *jid, *secret, *host, *ca_file, *name, *version;
  guint16 port;
  gw_tls_mode tls;
  guint max_streams, n_streams;
  char **features;          /* sorted, ours and the configured ones */
  char *caps_ver;
  gboolean callable;
  xmpp_stanza_t *disco_query; /* the answer of every persona, made once */
  xmpp_stanza_t *standing_query; /* of a phone that is in no call */
  char *standing_ver;
  gw_watchers *watchers;
  struct gw_adhoc *adhoc;
  struct gw_rosters *rosters;
  struct gw_register *registry;
  char **visible_to;        /* patterns of bare JIDs */
  GHashTable *asked;        /* "ours\ntheirs": whose presence we have asked for */
  gw_timer *standing_timer;
  gboolean standing_armed;
  gw_xmpp_events events;
  void *user;
  gw_stream *main;
  GPtrArray *personas;      /* gw_persona* */
  GHashTable *by_jid;       /* full JID -> gw_persona */
  gw_ids *ids;
  gw_iqs *iqs;
  GQueue later;             /* gw_later_job */
  gw_timer *later_timer, *roster_timer, *stop_timer;
  GArray *roster_questions; /* gw_roster_question */
  guint roster_no;
  void (*stop_done)(void *);
  void *stop_data;
  gw_xmpp_counters counters;
  struct gw_extdisco *extdisco; /* NULL: not wanted */
};

typedef struct gw_devices gw_devices; /* devices.c */

struct gw_persona {
  gw_xmpp *x;
  guint refs;
  gboolean dead, has_stream;
  char *local, *resource, *jid, *bare;
  gw_stream *stream;        /* client: its own, or NULL; component: x->main */
  gw_persona_events events;
  void *user;
  gw_sessions *sessions;
  GPtrArray *mucs;          /* gw_muc* */
  gw_devices *devices;      /* of whom it wants to know which are there, or NULL */
  char *shown;              /* to whom, beside its rooms, it has shown presence; or NULL */
};

struct gw_muc {
  gw_persona *p;
  guint refs;
  gboolean dead;
  gw_muc_machine *machine;
  gw_muc_events events;
  void *user;
  gw_timer *timer;
  char *password, *show, *status;
  gw_muji *muji;
  gboolean for_a_call, members_only; /* if our join makes the room */
};

/* xmpp.c */
gboolean gw_xmpp_send(gw_xmpp *, gw_stream *, xmpp_stanza_t * /* taken */, gboolean keep);
gboolean gw_xmpp_is_ours(const gw_xmpp *, const char *jid);      /* in our domain, or of our account */
gw_persona *gw_xmpp_persona(const gw_xmpp *, const char *full_jid);
gboolean gw_xmpp_has_bare(const gw_xmpp *, const char *bare_jid);
void gw_xmpp_later(gw_xmpp *, void *owner, void (*fn)(void *), void *data, GDestroyNotify);
void gw_xmpp_forget(gw_xmpp *, void *owner);                     /* answers and later jobs of this owner */
gw_stream *gw_xmpp_new_stream(gw_xmpp *, const char *jid, const gw_stream_events *, void *user);
void gw_xmpp_check_stopped(gw_xmpp *);
void gw_xmpp_stanza(gw_xmpp *, gw_stream *, xmpp_stanza_t *, gw_persona *of_stream_or_null);

/* persona.c */
char *gw_xmpp_node(const char *local);                              /* what is no word already is escaped (XEP-0106) */
void gw_persona_hold(gw_persona *);
void gw_persona_drop(gw_persona *);
void gw_persona_stream_changed(gw_persona *, gboolean up);
void gw_persona_jingle(gw_persona *, xmpp_stanza_t *iq);
void gw_persona_meet(gw_persona *, xmpp_stanza_t *iq);
gw_muc *gw_persona_muc(const gw_persona *, const char *room_bare);
gboolean gw_persona_send(gw_persona *, xmpp_stanza_t * /* taken */, gboolean keep);

/* disco.c */
void gw_disco_init(gw_xmpp *, const char *const *features);
void gw_disco_clear(gw_xmpp *);
void gw_disco_add_caps(const gw_xmpp *, xmpp_stanza_t *presence);
typedef enum { GW_DISCO_OTHER, GW_DISCO_PERSONA, GW_DISCO_STANDING } gw_disco_who;
gboolean gw_disco_serve(gw_xmpp *, gw_stream *, xmpp_stanza_t *iq, gw_disco_who); /* disco, ping, version */
void gw_disco_add_standing_caps(const gw_xmpp *, xmpp_stanza_t *presence);

/* adhoc.c */
void gw_adhoc_init(gw_xmpp *);
void gw_adhoc_clear(gw_xmpp *);
gboolean gw_adhoc_is_operator(const gw_xmpp *, const char *jid);
gboolean gw_adhoc_on(const gw_xmpp *);                             /* there is somebody who may */
gboolean gw_adhoc_serve(gw_xmpp *, gw_stream *, xmpp_stanza_t *iq); /* FALSE: not its affair */

/* gateway.c */
gboolean gw_gateway_serve(gw_xmpp *, gw_stream *, xmpp_stanza_t *iq); /* FALSE: not its affair */
gboolean gw_gateway_may_see(const gw_xmpp *, const char *jid);
void gw_gateway_add_features(const gw_xmpp *, xmpp_stanza_t *disco_query, const char *asker);
char **gw_patterns_folded(const char *const *patterns);               /* lower case; NULL is none; g_strfreev */
gboolean gw_patterns_match(char *const *folded, const char *bare_jid);

/* register.c */
typedef struct gw_register gw_register;
void gw_register_init(gw_xmpp *);
void gw_register_clear(gw_xmpp *);
gboolean gw_register_serve(gw_xmpp *, gw_stream *, xmpp_stanza_t *iq); /* FALSE: not its affair */
void gw_register_unsubscribed(gw_xmpp *, const char *us, const char *them);
void gw_register_stand(const gw_xmpp *, const char *to, gw_stand *);   /* the gateway's, as this person sees it */

/* rosters.c */
void gw_rosters_init(gw_xmpp *);
void gw_rosters_clear(gw_xmpp *);
void gw_rosters_stream_down(gw_xmpp *);
gboolean gw_rosters_message_in(gw_xmpp *, xmpp_stanza_t *); /* TRUE: it was about privileges */

/* presence.c */
void gw_presence_in(gw_xmpp *, gw_stream *, xmpp_stanza_t *);      /* not of a room that we are in */
void gw_presence_initial(gw_persona *);                            /* client mode, after binding */
void gw_presence_expire(void *xmpp);
void gw_presence_forget(gw_xmpp *, gw_persona *);

/* devices.c */
void gw_devices_free(gw_devices *);
void gw_devices_seen(gw_xmpp *, const char *us, const char *them, const char *from); /* them: bare; available */

/* standing.c */
void gw_standing_init(gw_xmpp *);
void gw_standing_clear(gw_xmpp *);
void gw_standing_stream_up(gw_xmpp *);
void gw_standing_leave(gw_xmpp *);
gboolean gw_standing_is(const gw_xmpp *, const char *jid);         /* the full JID of a phone's own presence */
gboolean gw_standing_show(gw_xmpp *, const char *ours, const char *to); /* FALSE: no phone */
void gw_standing_watch(gw_xmpp *, const char *ours, const char *theirs); /* bare JIDs */
void gw_standing_unwatch(gw_xmpp *, const char *ours, const char *theirs);

/* extdisco.c: the server's STUN and TURN servers (XEP-0215); all but new take NULL */
typedef struct gw_extdisco gw_extdisco;
gw_extdisco *gw_extdisco_new(gw_xmpp *, const char *domain); /* NULL of NULL */
void gw_extdisco_free(gw_extdisco *);
void gw_extdisco_stream(gw_extdisco *, gboolean up);
gboolean gw_extdisco_push(gw_extdisco *, gw_stream *, xmpp_stanza_t *iq); /* TRUE: it was one, and is answered */

/* muc.c */
void gw_muc_stream_changed(gw_muc *, gboolean up);
void gw_muc_stanza(gw_muc *, xmpp_stanza_t *);
void gw_muc_say(gw_muc *, const gw_word *);
void gw_muc_depart(gw_muc *, const char *status);                  /* unavailable, without freeing */

#endif

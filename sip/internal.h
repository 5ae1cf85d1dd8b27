/* internal.h - what the files of this room share. Nobody outside includes it; the SIP library's types end here.
 * Thread: control.  Owner: see each struct.  Calls back: -. */
#ifndef GW_SIP_INTERNAL_H
#define GW_SIP_INTERNAL_H

/* typed magics for the library's callbacks; they must be known before its headers */
typedef struct gw_sip_port gw_sip_port;
typedef struct gw_sip_owner gw_sip_owner;
#define SU_ROOT_MAGIC_T struct gw_sip
#define NUA_MAGIC_T gw_sip_port
#define NUA_HMAGIC_T gw_sip_owner
#include <sofia-sip/nua.h>
#include <sofia-sip/nua_tag.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/su_glib.h>

#include "base/clock.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/timer.h"
#include "sip/bindings.h"
#include "sip/digest.h"
#include "sip/guard.h"
#include "sip/replaces.h"
#include "sip/sip.h"
#include "sip/tls_identity.h"

typedef struct gw_trunk gw_trunk;
typedef struct gw_trunk_try gw_trunk_try;
typedef struct gw_resolver gw_resolver;

typedef enum { GW_UDP, GW_TCP, GW_TLS } gw_transport;

#define GW_SIP_METHODS "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, INFO, PRACK"
#define GW_SIP_FEATURES "timer, 100rel, replaces, norefersub"

/* One listening socket with its own stack instance on the common root: the library takes one address per instance, and
 * given a wildcard it sends from whichever of its sockets comes first. So a wildcard is one of these per address. */
struct gw_sip_port {
  gw_sip *sip;
  guint index;
  char *spec;             /* "udp:0.0.0.0": as configured, without the port; NULL when another one shows it already */
  gw_transport transport;
  gboolean v6;
  char bound[64];         /* address without brackets */
  char shown[256];        /* host for Contact and Via */
  guint port;             /* real one, 0 until known */
  gboolean known, down;   /* port asked for; stack shut down */
  nua_t *nua;
  gw_tls_context *tls;    /* of a TLS socket: takes new certificates; NULL: the library keeps what it read */
};

/* Whom an event of a handle is for. First member of gw_sip_leg and gw_sip_line. */
struct gw_sip_owner {
  void (*event)(gw_sip_owner *, nua_event_t, int status, const char *phrase, const sip_t *, tagi_t *tags);
};

/* One dialog, or one branch of a fork. Outlives its call until the stack has done with it. */
typedef struct {
  gw_sip_owner owner;
  gw_sip *sip;
  gw_sip_call *call;      /* NULL: the call is over or another branch won; only the goodbye is missing */
  gw_sip_port *port;
  nua_handle_t *nh;
  guint status;           /* final response of this branch, 0 none */
  gboolean answered;      /* 2xx seen or sent */
  gboolean owes_ack;      /* for a 2xx with an offer: the ACK carries the answer */
  gboolean tried_auth;
  gboolean unreachable;   /* its address did not answer, or said 503 */
  gboolean takes_no_text; /* has refused a MESSAGE of ours */
  guint texts_out;        /* MESSAGEs of ours without an answer yet */
  char *realm;            /* that challenged our INVITE */
  char *number;           /* outbound: whose contact this is, NULL: nobody of ours */
  char *early_sdp;        /* body of the last 18x */
} gw_sip_leg;

typedef struct gw_sip_referral gw_sip_referral; /* a REFER of theirs: refer.c */

/* What the other side waits for an answer to. */
typedef enum { GW_OFFER_NONE, GW_OFFER_INVITE, GW_OFFER_REINVITE, GW_OFFER_UPDATE, GW_OFFER_IN_200 } gw_sip_offer;

struct gw_sip_call {
  guint refs;
  gw_sip *sip;            /* memory kept while referenced; sip->freed says whether it lives */
  void *user_data;
  char *id;               /* Call-ID */
  char *source;           /* inbound: where INVITE came from */
  char *source_ip;
  char *phone;            /* number of our phone at the other end, NULL: nobody of ours */
  char *trunk;            /* name of the trunk at the other end, NULL: none */
  gw_trunk_try *try;      /* outbound by a trunk, until somebody has answered: where else to go */
  char *contact;          /* our Contact in this dialog */
  gboolean inbound;
  gboolean late;          /* inbound without an offer, outbound without one of ours */
  gw_sip_state state;
  guint last_18x;
  gboolean hanging;       /* hang-up said; nothing goes out any more */
  gboolean ended;
  gw_sip_call *mate;      /* of two ends inside this gateway: the other one, until either ends; such a call has no legs */
  GPtrArray *legs;        /* gw_sip_leg*, not owned: sip->legs owns */
  gw_sip_leg *leg;        /* the dialog: inbound from the start, outbound once a branch has won */
  gw_sip_offer theirs;    /* an offer of theirs that awaits gw_sip_call_answer */
  gboolean ours;          /* an offer of ours is out: in an INVITE, or with unacked in a 200 */
  gboolean unacked;       /* inbound (re-)INVITE: our 200 awaits its ACK */
  nua_saved_event_t update[1]; /* the UPDATE that awaits its answer */
  GQueue updates;         /* descriptions of gw_sip_call_reinvite that wait for their turn: at most one */
  guint retries;          /* of a re-INVITE after 491 */
  gw_timer *retry;
  guint64 sdp_id, sdp_version;
  char *sdp_sent;         /* last body we sent */
  gw_desc *desc_sent;
  gw_cause end_cause;     /* noted on the way to the end */
  guint end_status;
  char *user, *password;  /* outbound: answers one challenge */
  gboolean reliable;      /* inbound: provisional responses must be acknowledged */
  char *reason;           /* of their BYE or CANCEL, in words; NULL none */
  gw_sip_referral *referral;
  /* outbound to a phone of ours: what a branch to another one needs. numbers: that were rung, NULL: not such a call */
  GPtrArray *numbers;
  guint branches;         /* started so far */
  char *from_number, *from_name;
  gw_desc *offer;
};

struct gw_sip {
  guint refs;             /* the user's and one per call */
  GMainContext *ctx;
  gw_sip_events on;
  void *user_data;
  char *realm, *public_address;
  guint max_calls;
  guint session_s;
  gboolean open, refreshes;
  gboolean draining, closing, freed;
  su_root_t *root;
  GSource *source;
  char *tls_folder;       /* for the library to read while sockets are being opened */
  guint tls_policy;       /* whose certificates are checked */
  GPtrArray *ports;       /* gw_sip_port, owned */
  gboolean listening_told;
  GPtrArray *legs;        /* gw_sip_leg, owned */
  GHashTable *calls;      /* gw_sip_call that have not ended, as a set */
  GPtrArray *lines;       /* gw_sip_line, owned */
  GPtrArray *trunks;      /* gw_trunk, owned; in the order of the configuration, those that say goodbye behind */
  gw_resolver *resolver;  /* of the trunks' hosts */
  gw_digest *digest;
  gw_guard *guard;
  gw_bindings *bindings;
  gw_timer *expiry, *deadline;
  gw_ids *ids;
  guint64 auth_failed, refused;
  gw_timer *pulse;        /* once a second: flood.c */
  guint64 requests_seen;
  guint rates[5], beat;   /* requests in each of the last seconds */
  GHashTable *probes;     /* source -> question that keeps its way in open: keepalive.c */
  gint64 probed_s;
  guint life_ms;          /* how long the library keeps answers now */
  void (*done)(void *);
  void *done_data;
  gboolean done_told;
  guint phase;            /* of shutting down */
};

/* -- endpoint.c -- */
gw_sip *gw_sip_ref(gw_sip *);
void gw_sip_unref(gw_sip *);
void gw_sip_post(gw_sip *, void (*fn)(void *), void *data, GDestroyNotify free_data); /* from the loop, soon */
void gw_sip_leg_gone(gw_sip *);           /* shutting down: one less to wait for */
gboolean gw_sip_alive(const gw_sip *);    /* may call back */

/* -- pair.c: what an end with a mate says -- */
void gw_pair_ring(gw_sip_call *);
void gw_pair_answer(gw_sip_call *, gw_sip_offer what, const gw_desc *);
void gw_pair_offer(gw_sip_call *, const gw_desc *);
void gw_pair_part(gw_sip_call *, gw_cause, guint status); /* its mate ends, too; without one a no-op */

/* -- port.c -- */
gboolean gw_sip_ports_open(gw_sip *, const char *listen, GError **); /* appends to sip->ports */
void gw_sip_port_free(void *);
void gw_sip_port_event(gw_sip_port *, nua_event_t, int status, tagi_t *tags);
/* The socket that faces this peer, or NULL. peer NULL: the world. */
gw_sip_port *gw_sip_port_for(const gw_sip *, gw_transport, gboolean v6, const char *peer_ip_or_null);
gw_sip_port *gw_sip_port_for_source(const gw_sip *, const char *source, guint index);
char *gw_sip_port_contact(const gw_sip_port *, const char *user, gboolean sips); /* "<sip:user@host:port>", for anybody */
char *gw_sip_port_contact_for(const gw_sip_port *, const char *user, gboolean sips, const char *peer_ip_or_null);
const char *gw_transport_word(gw_transport);   /* "udp" */
gw_transport gw_transport_of(const char *text); /* "tls:192.0.2.7:5061", "TLS"; anything unknown: UDP */
char *gw_sip_port_host(const gw_sip_port *); /* for a URI: IPv6 in brackets */
void gw_sip_port_source(const gw_sip_port *, char *source, gsize n, char *ip, gsize ip_n); /* of the current request */
char *gw_sip_source_ip(const char *source);  /* "udp:192.0.2.7:5060" -> "192.0.2.7" */
char *gw_sip_source_uri(const char *source); /* "udp:192.0.2.7:5060" -> "sip:192.0.2.7:5060;transport=udp" */
void gw_sip_on_event(nua_event_t, int, char const *, nua_t *, gw_sip_port *, nua_handle_t *, gw_sip_owner *,
                     sip_t const *, tagi_t[]);

/* -- flood.c -- */
void gw_flood_start(gw_sip *);
guint gw_flood_life_ms(guint requests_per_second); /* pure */

/* -- crowd.c -- */
void gw_crowd_beat(gw_sip *);             /* about once a second */

/* -- keepalive.c -- */
void gw_keepalive_beat(gw_sip *);         /* about once a second */
void gw_keepalive_stop(gw_sip *);         /* before the stack ends */

/* -- request.c: what comes in outside of dialogs -- */
void gw_sip_request(gw_sip_port *, nua_event_t, nua_handle_t *, const sip_t *);
/* The phone that sent this, g_free; NULL: it has been answered. */
char *gw_sip_authorize(gw_sip_port *, nua_handle_t *, const sip_t *, const char *source, const char *ip);
gboolean gw_sip_brings_reply(const gw_sip *, const sip_t *); /* has an answer to a challenge of ours */
gboolean gw_sip_contact_usable(const sip_t *);
gboolean gw_sip_takes_update(const sip_t *);
gboolean gw_sip_is_sips(const sip_t *);   /* the Request-URI is */

/* -- reliable.c -- */
gboolean gw_sip_requires(const sip_t *, const char *feature);
void gw_sip_prack_in(gw_sip_leg *, const sip_t *);
gboolean gw_sip_prack_out(gw_sip_leg *, const sip_t *); /* FALSE: the branch is given up */

/* -- history.c -- */
char *gw_sip_history(const sip_t *);
gw_cause gw_sip_reason_of(const sip_t *, gw_cause otherwise, char **ret_text_or_null);

/* -- refer.c -- */
void gw_sip_refer_in(gw_sip_leg *, const sip_t *, tagi_t *tags);
void gw_sip_refer_out_done(gw_sip_leg *, int status);
void gw_sip_notify_in(gw_sip_leg *, const sip_t *);
void gw_sip_referral_free(gw_sip_referral *);
gboolean gw_sip_is_ours(const gw_sip *, const gw_refer_to *);
gw_sip_call *gw_sip_named_call(const gw_sip *, const gw_replaces *); /* NULL: no such live call */

/* -- message.c -- */
void gw_sip_message_in(gw_sip_port *, nua_handle_t *, const sip_t *, gw_sip_call *in_dialog_or_null); /* answers */
void gw_sip_message_out_done(gw_sip_leg *, int status);

/* -- forward.c -- */
gboolean gw_sip_follow(gw_sip_leg *, guint status, const sip_t *); /* a 3xx. TRUE: another phone of ours rings instead */

/* -- registrar.c -- */
void gw_sip_register(gw_sip_port *, nua_handle_t *, const sip_t *);
void gw_sip_bindings_watch(gw_sip *);     /* after a change: set the timer */

/* -- dial.c -- */
gboolean gw_sip_ring_number(gw_sip_call *, const char *number); /* more branches; FALSE: none */
gw_sip_port *gw_sip_port_for_url(const gw_sip *, const url_t *); /* or NULL: no socket of that kind */
typedef struct {
  gw_sip_port *port;
  const char *uri;   /* Request-URI */
  const char *proxy; /* where it is sent, or NULL: where the URI says */
  const char *to, *from;
  const char *user;  /* of our Contact */
  const char *peer;  /* its address, or NULL: not known yet */
  const char *extra; /* header lines, or NULL */
  const char *number; /* of the phone of ours whose contact it is, or NULL */
  const char *replaces; /* or NULL */
} gw_sip_branch;
gw_sip_call *gw_sip_call_out(gw_sip *, const gw_desc *offer);
/* FALSE, with a line in the log: its addresses cannot be read, and there is no such branch. */
gboolean gw_sip_start_branch(gw_sip_call *, const gw_sip_branch *, const char *sdp);
char *gw_sip_from_header(const char *name, const char *user, const char *host);
/* Keys go only where nobody else can read them. *ret NULL: without an offer. FALSE: this offer is nothing for there. */
gboolean gw_sip_offer_for(gw_sip_call *, const gw_desc *offer, gboolean secure, char **ret);

/* -- call.c -- */
gw_sip_call *gw_sip_call_new(gw_sip *, gboolean inbound);
void gw_sip_call_set_state(gw_sip_call *, gw_sip_state, gw_cause, guint status); /* tells, from the loop only */
void gw_sip_call_end(gw_sip_call *, gw_cause, guint status);                     /* tells once */
void gw_sip_call_remote(gw_sip_call *, const gw_desc *, gboolean is_offer);
char *gw_sip_call_sdp(gw_sip_call *, const gw_desc *); /* body with our o= line; kept as the last one sent */
char *gw_sip_reason(gw_cause);                         /* Reason header, RFC 3326 */

/* -- leg.c -- */
gw_sip_leg *gw_sip_leg_new(gw_sip_call *, gw_sip_port *, nua_handle_t *);
void gw_sip_leg_free(void *);             /* memory only */
void gw_sip_leg_detach(gw_sip_leg *);     /* its call no longer cares */
void gw_sip_leg_close(gw_sip_leg *, gw_cause); /* CANCEL or BYE */
void gw_sip_leg_ack(gw_sip_leg *, const sip_t *ok, const char *sdp_or_null);
const char *gw_sip_body(const sip_t *, gsize *ret_n);  /* of type application/sdp, or NULL */
gboolean gw_sip_authenticate(nua_handle_t *, const sip_t *, const char *user, const char *password, char **realm);

/* -- offer.c: offers and answers within a dialog -- */
gboolean gw_sip_acceptable(gw_sip_leg *, const sip_t *); /* a request that may move the dialog. FALSE: answered */
gboolean gw_sip_same_speaker(gw_sip_leg *, const sip_t *); /* of a live call: who speaks in it, or proves to be. FALSE: answered */
void gw_sip_reinvite_in(gw_sip_leg *, const sip_t *);
void gw_sip_update_in(gw_sip_leg *, const sip_t *);
void gw_sip_reinvite_out_done(gw_sip_leg *, int status, const sip_t *);
void gw_sip_ack_in(gw_sip_leg *, const sip_t *);
void gw_sip_reinvite_next(gw_sip_call *); /* sends a waiting one if now it may */

/* -- line.c -- */
void gw_sip_line_discard(void *);         /* memory only */

/* -- text.c -- */
char *gw_sip_clean(const char *text, gsize max); /* valid UTF-8, no control characters, at most max bytes */
char *gw_sip_unescape(const char *user);         /* %-decoded and cleaned */
char *gw_sip_escape(const char *user);           /* fit for the user part of a URI */
char *gw_sip_display(const char *name);          /* "\"Anna\" " or "" */

/* -- watch.c: the library's own log, the only witness of what it refuses by itself -- */
void gw_watch_start(void);
void gw_watch_event(void);                /* an event reached us: what was received is our affair now */
const char *gw_watch_bind_error(void);
guint gw_watch_tls_failures(void);        /* handshakes that came to nothing, so far */
void gw_watch_ask(const char *ip);        /* an INVITE of ours goes there: whether it says 100 is remembered */
gboolean gw_watch_trying(const char *ip, gint64 since_us); /* asked, it has said 100 to an INVITE of ours */
guint64 gw_watch_requests(void);          /* received so far */
void gw_watch_counters(guint64 *ret_refused, guint64 *ret_bad);

#endif

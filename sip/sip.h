/* sip.h - the telephone world: endpoint, registrar and calls (RFC 3261), without any type of the SIP library.
 * Thread: control only (GW_ON_CONTROL in every function; gw_sdp_* are pure, any thread).
 * Owner: gw_sip owns everything; a gw_sip_call lives while somebody holds a reference (one is given by on_invite's
 *   gw_sip_call_ref or by gw_sip_dial) and the pointer stays valid until the last unref, also after it has ended.
 *   A call whose last holder lets go of it is hung up, and no event of it follows.
 * Calls back: from the loop, never from inside the call that caused them; after gw_sip_free() never again.
 * Refused requests (wrong digest, malformed, unknown methods) are answered in here with the right code and one log line. */
#ifndef GW_SIP_H
#define GW_SIP_H
#include <glib.h>
#include "base/cause.h"
#include "base/desc.h"

typedef struct gw_sip gw_sip;
typedef struct gw_sip_call gw_sip_call;
typedef struct gw_sip_line gw_sip_line;   /* a registration of ours at somebody else's registrar (trunk, test phone) */

typedef enum {
  GW_SIP_CALLING,     /* out: INVITE sent */
  GW_SIP_RINGING,     /* out: 18x seen; in: we sent 180 */
  GW_SIP_ANSWERED,    /* 200 seen or sent */
  GW_SIP_CONFIRMED,   /* ACK seen or sent */
  GW_SIP_ENDED        /* final: no event of this call follows */
} gw_sip_state;

typedef struct {
  const char *const *listen;    /* NULL-terminated: "udp:0.0.0.0:5060", "tcp:[::1]:5060", "tls:…:5061"; port 0 = choose. A wildcard
                                   stands for the addresses that this host has now */
  const char *realm;            /* digest realm (RFC 7616; MD5) */
  const char *public_address;   /* for Contact and Via behind 1:1 NAT, "" = none */
  guint max_calls;              /* above: 503 + Retry-After */
  gboolean refreshes;           /* and for calls of ours: we refresh, not the other side */
  guint session_s;              /* RFC 4028: what we ask for; 0: 1800. Below 90 only for tests */
  /* TLS, only looked at when something listens on it. PEM files; "" or NULL: none. They are read at start
   * and by gw_sip_renew_tls. */
  const char *certificate, *key; /* ours, with the certificates between it and its root; none: one that we sign ourselves */
  const char *client_ca;        /* who must have signed the certificate of whoever connects; none: nobody is asked for one */
  const char *server_ca;        /* who must have signed the certificate of a server that we call; none: any will do. Not both */
  const char *hep_server;       /* "ADDRESS:PORT": gets a copy of each message, secrets masked (HEP 3, UDP); "" or NULL: none */
  guint hep_id; const char *hep_password;
  gboolean open;                /* TRUE: take INVITEs without digest and route everything (test user agent), no registrar */
} gw_sip_config;

/* A call that asks to come in. All strings live until the handler returns. */
typedef struct {
  const char *phone;            /* number of the phone that authenticated; NULL from a trunk, or when config.open */
  const char *trunk;            /* name of the trunk that it came from; NULL: none */
  const char *from_user;        /* user part of From; of a trusted trunk's P-Asserted-Identity or Remote-Party-ID, if there */
  const char *from_name;        /* display name beside it, "" when none */
  gboolean anonymous;           /* who calls must not be shown (RFC 3323, RFC 3325 7); from_user is for the operator only */
  const char *to_user;          /* dialled: user part of the Request-URI, %-decoded, of To when that names only our own
                                   account at the trunk; "" when none */
  const char *to_host;          /* domain of the Request-URI when that is a name, and neither ours nor the realm; else NULL */
  const char *source;           /* "udp:192.0.2.7:5060", "tls:…": where it came from */
  const char *call_id;
  const gw_desc *offer;         /* NULL: late offer, answer with an offer of ours */
  gw_sip_call *replaces;        /* RFC 3891: the call, of the same phone, whose place this one takes; or NULL */
  const char *history;          /* Diversion and History-Info as written, for the record; "" none. Nobody gets a right by it */
} gw_sip_invite;

/* A phone in a call asks for a transfer. All strings live until the handler returns. */
typedef struct {
  const char *target;           /* user part of Refer-To, %-decoded; "" when none */
  const char *uri;              /* Refer-To, for the log */
  gboolean ours;                /* it is an address of this gateway */
  gboolean names_call;          /* attended: it has a Replaces */
  gw_sip_call *replaces;        /* and this is that call, another one than this; NULL: there is none */
} gw_sip_refer;

/* A text of a phone of ours, which has shown its password (RFC 3428). All strings live until the handler returns. */
typedef struct {
  const char *phone;
  const char *to_user;          /* to whom: user part of the Request-URI, %-decoded; "" when none */
  gw_sip_call *call;            /* in whose dialog it came; NULL: outside of one */
  const char *text;             /* UTF-8, not empty, at most GW_MAX_CHAT bytes; no control characters but line ends and tabs */
} gw_sip_message;

typedef struct {
  const char *number;           /* whose */
  const char *contact;          /* URI as registered */
  const char *source;           /* "udp:192.0.2.7:49152" where REGISTER came from: requests go there (RFC 3581, 5626-like) */
  const char *user_agent;       /* "" when absent */
  gint64 expires_wall_us;       /* 0: gone */
} gw_sip_binding;

/* -- trunks: providers that we register at, and peers (a PBX) that we know by their addresses -- */
typedef struct {
  const char *name;
  const char *proxy;              /* "HOST" or "HOST:PORT": the domain of From, To and REGISTER, and where they are sent.
                                     Without a port: by NAPTR and SRV (RFC 3263), else its addresses */
  const char *outbound_proxy;     /* they are sent there instead, "HOST" or "HOST:PORT"; "" or NULL: none */
  const char *transport;          /* "udp", "tcp", "tls"; "" or NULL: what DNS says, else UDP */
  gboolean registers;
  const char *user, *password;    /* for REGISTER and when an INVITE is challenged */
  guint expires_s;                /* asked for; 0: 600 */
  const char *const *addresses;   /* "192.0.2.0/24": where its calls come from. NULL or empty: the addresses of its hosts,
                                     which count in any case when it registers */
  gboolean trusted;               /* read its P-Asserted-Identity, Remote-Party-ID and Privacy, and send ours */
  const char *caller;             /* user part of From of our calls; "" or NULL: `user`, else who calls */
  guint keepalive_s;              /* OPTIONS that often; 0: never, it counts as up */
  gboolean personal;              /* somebody's own account, not the operator's word: what comes from there is its call only when it is
                                     for `user`, and only while the registrar has taken the password */
} gw_sip_trunk;

typedef enum { GW_TRUNK_TRYING, GW_TRUNK_UP, GW_TRUNK_DOWN } gw_sip_trunk_state;
typedef struct {
  const char *name, *host /* "udp:192.0.2.7:5060" in use, "" none */, *reason /* why not up, "" */;
  gw_sip_trunk_state state;
  gint64 since_wall_us;
  gboolean registers, personal;
} gw_sip_trunk_info;

typedef struct {
  /* Secret of a user of ours. TRUE and *ret_password (const, lives until the next loop turn) when known. An unknown
   * user costs the same time and gives the same answers as a wrong password. */
  gboolean (*credential)(gw_sip *, const char *user, const char **ret_password, void *user_data);
  void (*binding)(gw_sip *, const gw_sip_binding *, void *user_data);  /* added, refreshed, or gone (expires 0) */
  /* The handler takes a reference (gw_sip_call_ref) and says progress/answer/hangup later, or the call is refused 480. */
  void (*invite)(gw_sip *, gw_sip_call *, const gw_sip_invite *, void *user_data);
  void (*state)(gw_sip_call *, gw_sip_state, gw_cause, guint sip_status, void *user_data); /* status: final or 18x code, 0 */
  /* is_offer: a new offer in the dialog (re-INVITE, UPDATE): answer with gw_sip_call_answer or gw_sip_call_refuse_offer,
   * also later. Else: the answer to an offer of ours (200 of a dial, ACK of a late offer, 200 of gw_sip_call_reinvite). */
  void (*remote)(gw_sip_call *, const gw_desc *, gboolean is_offer, void *user_data);
  void (*digit)(gw_sip_call *, char digit, guint ms, void *user_data);  /* by SIP INFO: 0-9 * # A-D */
  /* Answer with gw_sip_call_refer_answer, now or later. NULL: 603. */
  void (*refer)(gw_sip_call *, const gw_sip_refer *, void *user_data);
  /* Is answered with this status: 202 taken, else refused, and *ret_why (static) says why. NULL: 403. */
  guint (*message)(gw_sip *, const gw_sip_message *, const char **ret_why, void *user_data);
  /* How our gw_sip_call_refer goes: 1xx, then a final status. */
  void (*referred)(gw_sip_call *, guint status, void *user_data);
  void (*listening)(gw_sip *, gboolean ok, const char *detail, void *user_data); /* once, soon after start */
  void (*trunk)(gw_sip *, const gw_sip_trunk_info *, void *user_data); /* its state has changed */
} gw_sip_events;

gw_sip *gw_sip_new(GMainContext *, const gw_sip_config *, const gw_sip_events *, void *user_data, GError **);
/* Stops taking calls, ends those that run, then calls done (at most 3 s later). After done: gw_sip_free. */
void gw_sip_shutdown(gw_sip *, void (*done)(void *), void *done_data);
void gw_sip_free(gw_sip *);
void gw_sip_set_draining(gw_sip *, gboolean);                 /* new calls: 503 with Retry-After */
char **gw_sip_listening(const gw_sip *);                      /* g_strfreev; "udp:127.0.0.1:5060" with the real ports */
void gw_sip_restore_binding(gw_sip *, const gw_sip_binding *);/* at start, from the store */
void gw_sip_forget_phone(gw_sip *, const char *number);       /* drops its bindings */
gboolean gw_sip_is_foreign(const gw_sip *, const char *host); /* a name, and neither ours nor the realm: gw_sip_invite.to_host */
guint gw_sip_contacts(const gw_sip *, const char *number);    /* how many live bindings */
char *gw_sip_phone_source(const gw_sip *, const char *number); /* "udp:192.0.2.7:49152" of its newest live binding, NULL none; g_free */
/* refused and bad_messages count the whole process: the library answers most of them without saying for which socket. */
typedef struct { guint64 auth_failed, refused, bad_messages, copied, copies_lost; guint bindings, calls; } gw_sip_counters;
void gw_sip_get_counters(const gw_sip *, gw_sip_counters *ret);
/* Who gave too many wrong passwords: as one user from there (user), or as many ("": everybody from there is refused). */
typedef struct { char source[64], user[128]; guint seconds; } gw_sip_ban;
guint gw_sip_bans(const gw_sip *, gw_sip_ban *ret, guint max);  /* at most max into ret; how many in all */

gw_sip_call *gw_sip_call_ref(gw_sip_call *);
void gw_sip_call_unref(gw_sip_call *);
void gw_sip_call_set_user_data(gw_sip_call *, void *);        /* own pointer of the bridge */
void *gw_sip_call_user_data(const gw_sip_call *);
const char *gw_sip_call_id(const gw_sip_call *);              /* Call-ID */
gboolean gw_sip_call_secure(const gw_sip_call *);             /* its dialog goes by TLS; out: known from the answer on */
void gw_sip_call_ringing(gw_sip_call *);                      /* 180 */
void gw_sip_call_progress(gw_sip_call *, const gw_desc *early); /* 183 with SDP */
/* Initial INVITE: 200 with this answer (or offer, when it came without one). Offer in dialog: its answer. */
void gw_sip_call_answer(gw_sip_call *, const gw_desc *);
void gw_sip_call_refuse_offer(gw_sip_call *, gw_cause);       /* 488 and so on; the call goes on as it was */
void gw_sip_call_reinvite(gw_sip_call *, const gw_desc *offer);
/* Before the answer: final response of the cause (out: CANCEL). After: BYE with Reason. Twice is a no-op. */
void gw_sip_call_hangup(gw_sip_call *, gw_cause);
/* Text for people, UTF-8, in the dialog of a call that is up (RFC 3428). FALSE: not sent, since the phone has refused one, or
 * GW_MAX_TEXTS_OUT are on their way. */
gboolean gw_sip_call_send_text(gw_sip_call *, const char *text);
void gw_sip_call_send_info(gw_sip_call *, char digit, guint ms);
/* RFC 3515. 202: it is being done, and gw_sip_call_refer_progress tells how it goes until a status from 200 on ends it.
 * Else refused, with one line of reason in the log; a status that would end the call (RFC 5057) is told as the outcome. Without a REFER that waits both are no-ops. */
void gw_sip_call_refer_answer(gw_sip_call *, guint status, const char *why);
void gw_sip_call_refer_progress(gw_sip_call *, guint status);
void gw_sip_call_refer(gw_sip_call *, const char *uri); /* ours: sends one, once the call is confirmed */
const char *gw_sip_call_reason(const gw_sip_call *);    /* of their BYE or CANCEL (RFC 3326), "Q.850 16"; NULL none */

/* Rings every live binding of a phone of ours (all contacts at once; the first 200 wins, the rest are cancelled). One that
 * answers 3xx is followed to other phones of ours, a few times, and nowhere else.
 * NULL and *ret_why NOT_FOUND when it has none. The caller owns one reference. */
gw_sip_call *gw_sip_dial_phone(gw_sip *, const char *number, const char *from_number, const char *from_name,
                               const gw_desc *offer, gw_cause *ret_why);
/* The two ends of a call inside this gateway, without any SIP. The callee's rings, answers, hangs up as one that came in, with the
 * offer that whoever dials hands over himself; the caller's is one that went out. Both end together. A reference of each is given. */
void gw_sip_pair(gw_sip *, gw_sip_call **ret_caller, gw_sip_call **ret_callee);
/* Calls any URI ("sip:8000@127.0.0.1:5060;transport=tcp"); user/password answer a challenge; proxy "host:port" or NULL. */
typedef struct {
  const char *uri, *from_user, *from_name, *user, *password, *proxy;
  const char *replaces; /* "call-id;to-tag=…;from-tag=…" of the call whose place this one takes (RFC 3891), or NULL */
} gw_sip_target;
gw_sip_call *gw_sip_dial(gw_sip *, const gw_sip_target *, const gw_desc *offer_or_null, GError **);

/* Reads the PEM files of the configuration (certificate, key, *_ca) again for connections that are made from now on; those
 * that are up, and their calls, keep what they have. Nothing else of the configuration is looked at; who must show a
 * certificate stays as it was at the start. FALSE with an error that names the file: everything stays as it was. Blocks. */
gboolean gw_sip_renew_tls(gw_sip *, const gw_sip_config *, GError **);
/* These and no others from now on; copied. One that has not changed is left alone, also its registration; one that is gone
 * unregisters; running calls go on. Also before anything listens. */
void gw_sip_set_trunks(gw_sip *, const gw_sip_trunk *list, guint n);
guint gw_sip_trunk_count(const gw_sip *);
/* The i-th in the order given; its strings live until the next question. FALSE: no such. */
gboolean gw_sip_get_trunk(const gw_sip *, guint i, gw_sip_trunk_info *ret);
gboolean gw_sip_find_trunk(const gw_sip *, const char *name, gw_sip_trunk_info *ret);
/* Asks each host of a trunk with OPTIONS from a socket of its own, without a gw_sip. Blocks for seconds. gw_sip_probe*, with
 * free function; empty: its name leads nowhere. */
typedef struct { char *host /* "udp:192.0.2.7:5060" */; gboolean ok; char *said /* "200 OK", or why not */; } gw_sip_probe;
void gw_sip_probe_free(gw_sip_probe *);
GPtrArray *gw_sip_trunk_probe(const gw_sip_trunk *);
/* Calls a number by a trunk, at the next of its hosts when one does not answer. NULL and *ret_why at once when there is no
 * such trunk (NOT_FOUND), it is down (PEER_GONE) or the offer must be encrypted and the way is not TLS (FORBIDDEN).
 * number: as the trunk wants it. from_number NULL or "": a caller who must not be shown. The caller owns one reference.
 * Redirections (3xx) are never followed; the password goes to the trunk's own hosts only. */
gw_sip_call *gw_sip_dial_trunk(gw_sip *, const char *trunk, const char *number, const char *from_number,
                               const char *from_name, const gw_desc *offer, gw_cause *ret_why);
/* There is another trunk that would take this call: it ends with TIMEOUT when this one's hosts have all been silent for 4 s
 * each, and not after the 32 s of RFC 3261 17.1.1.2. */
void gw_sip_call_hurry(gw_sip_call *);

/* Looks at PEM files as they would be used: missing, expired, not a pair... *ret_expires: s since 1970, or NULL. Blocks. */
gboolean gw_sip_tls_check(const char *certificate, const char *key, const char *ca_or_null, gint64 *ret_expires, GError **);

/* Registers us elsewhere and refreshes it. state: up with the granted seconds, or down with the status. */
gw_sip_line *gw_sip_line_new(gw_sip *, const char *registrar_uri, const char *user, const char *password, guint expires_s,
                             void (*state)(gw_sip_line *, gboolean up, guint status, void *), void *user_data);
void gw_sip_line_free(gw_sip_line *);                         /* unregisters */

/* SDP (RFC 8866) by our own bounded parser; the SIP library's is never called (it can be made to eat all memory). Pure.
 * Errors name the line. A session-level c=, direction, fingerprint, setup, ufrag and pwd are copied to each media. */
gw_desc *gw_sdp_parse(const char *text, gsize n, GError **);
char *gw_sdp_print(const gw_desc *);                          /* g_free; CRLF lines */
/* One candidate as browsers pass it on: "candidate:1 1 UDP ...", with or without "a=" (RFC 8839 5.1). FALSE: malformed, or a
 * name instead of an address. */
gboolean gw_sdp_parse_candidate(const char *text, gw_candidate *ret);
char *gw_sdp_print_candidate(const gw_candidate *);           /* g_free */

#endif

/* bridge.h - where the two worlds meet: calls, rooms, seats. What the daemon and its control
 * commands see. Thread: control.  Owner: gw_bridge owns calls and rooms; infos are snapshots freed
 * by the caller. Calls back: gw_bridge_store functions and on_idle, from the loop. */
#ifndef GW_BRIDGE_H
#define GW_BRIDGE_H
#include <glib.h>
#include "base/cause.h"
#include "sip/sip.h"
#include "xmpp/xmpp.h"
#include "gateway/dialplan/dialplan.h"
#include "gateway/ivr/lockout.h"
#include "gateway/dialplan/invite_policy.h"
#include "gateway/media/media.h"

typedef struct gw_bridge gw_bridge;

/* What must survive a crash; carried out by the daemon's store. Strings are copied. Never blocks.
 */
typedef struct {
  void (*session_add)(const char *our_jid, const char *peer_jid, const char *sid, void *user);
  void (*session_remove)(const char *our_jid, const char *peer_jid, const char *sid, void *user);
  void (*occupant_add)(const char *our_jid, const char *room_slash_nick, void *user);
  void (*occupant_remove)(const char *our_jid, const char *room_slash_nick, void *user);
  void (*ledger_save)(const char *room, const char *text, void *user);
  void (*record)(const char *call_id, const char *json, gint64 started_wall_us,
                 void *user); /* ended call, as `call show` */
} gw_bridge_store;

typedef struct {
  char *number, *password, *name, *room /* default room's number */;
  guint max_calls;
  gw_sdes_policy srtp;
  gboolean from_file;
  gboolean messages; /* wants the text of the room it is in */
} gw_phone_conf;
typedef struct {
  char *number, *room, *flavour, *pin, *password, *identity, *alone, *sfu /* URL or NULL */, **ring /* NULL-terminated */;
  char *conference, *conference_kind; /* of a service that speaks Jingle: JID, and which dialect; NULL: none */
  gboolean conference_named;          /* for this very room, not as the first of the list */
  gboolean propose_when_idle, watch, roster_check, from_file;
  gboolean occupants_invite; /* who is in the room may invite phones */
  gboolean private_calls; /* a call that a phone starts is in a room, or meet, of its own, to which the others are invited */
  gboolean no_room;       /* there is but the conference, and `room` is its JID: of an invitation */
  char **people; /* bare JIDs invited to it, too; NULL-terminated or NULL */
  guint alone_limit; /* s, 0 = never */
} gw_room_conf;
typedef struct {
  char *number, *language;
} gw_menu_conf;
typedef struct {
  char *name, *country, *international, *national, *format;
  char **dial_out, **dial_out_by; /* NULL-terminated */
  gboolean number_jid;            /* callers appear under their number, not as guest */
  gw_sdes_policy srtp;
  guint max_calls;                /* 0 = no own limit */
  char *owner;                    /* bare JID of whose account it is: its calls are his, and go by it alone; NULL: the operator's trunk */
  char *caller, *caller_name;     /* the same: who calls */
} gw_trunk_conf;
void gw_trunk_conf_free(gw_trunk_conf *);
void gw_menu_conf_free(gw_menu_conf *);
void gw_phone_conf_free(gw_phone_conf *);
void gw_room_conf_free(gw_room_conf *);
gw_room_conf *gw_room_conf_new(void); /* all defaults of tipring.conf(5) */

/* Immutable snapshot: swapped at reload, running calls keep what they took. */
typedef struct {
  char *domain; /* JIDs of phones: number@domain */
  gboolean client_mode;
  guint max_calls;
  char **codecs;
  GPtrArray *phones; /* gw_phone_conf */
  GPtrArray *rooms;  /* gw_room_conf */
  GPtrArray *menus;  /* gw_menu_conf */
  GPtrArray *trunks; /* gw_trunk_conf, in the order of the file */
  char *language;    /* of prompts, where no menu says another */
  guint ring_limit;  /* s, of calls that are dialled here or invited */
  gw_invite_policy *invites;
  gboolean transfer; /* phones may transfer calls, among rooms and phones of ours */
  gboolean spoken_refusals; /* why a call is refused is said before, as early media */
  char **callers;    /* patterns of bare JIDs: who may call phones directly; "local": users of the server above our domain */
  char **dial_users; /* the same: whom phones may call by address */
} gw_bridge_conf;
gw_bridge_conf *gw_bridge_conf_new(void);
void gw_bridge_conf_free(gw_bridge_conf *);

/* sip, xmpp and media are made by the daemon with the event tables below and the bridge as user
 * data. */
gw_bridge *gw_bridge_new(GMainContext *, gw_bridge_conf *conf /* taken */, const gw_bridge_store *,
                         void *store_user);
void gw_bridge_free(gw_bridge *);
void gw_bridge_connect(gw_bridge *, gw_sip *, gw_xmpp *,
                       gw_media *); /* once, before anything runs */
void gw_bridge_start(gw_bridge *);  /* watchers join */
void gw_bridge_restore_ledger(gw_bridge *, const char *room, const char *text); /* before start */
void gw_bridge_reconfigure(gw_bridge *, gw_bridge_conf *conf /* taken */);
void gw_bridge_drain(gw_bridge *, gboolean on);
void gw_bridge_stop(gw_bridge *, void (*done)(void *),
                    void *user); /* ends all calls politely, then done (<= 4 s) */
extern const gw_media_events gw_bridge_media_events; /* user = gw_bridge */
/* Hooks for the daemon's gw_sip_events / gw_xmpp_events (user = gw_bridge). */
gboolean gw_bridge_credential(gw_sip *, const char *user, const char **ret_password, void *bridge);
void gw_bridge_invite(gw_sip *, gw_sip_call *, const gw_sip_invite *, void *bridge);
void gw_bridge_sip_state(gw_sip_call *, gw_sip_state, gw_cause, guint status, void *bridge);
void gw_bridge_sip_remote(gw_sip_call *, const gw_desc *, gboolean is_offer, void *bridge);
void gw_bridge_sip_refer(gw_sip_call *, const gw_sip_refer *, void *bridge);
void gw_bridge_sip_digit(gw_sip_call *, char digit, guint ms, void *bridge);
guint gw_bridge_sip_message(gw_sip *, const gw_sip_message *, const char **ret_why, void *bridge);
void gw_bridge_stream(gw_xmpp *, gw_xmpp_state, const char *detail, void *bridge);
void gw_bridge_invited(gw_xmpp *, const gw_word *, void *bridge);
void gw_bridge_call_invited(gw_xmpp *, const gw_word *, void *bridge);
void gw_bridge_items(gw_xmpp *, gw_items *, void *bridge); /* our phones and rooms */
void gw_bridge_jmi(gw_xmpp *, const gw_word *, void *bridge);
gw_cause gw_bridge_offered(gw_xmpp *, const char *our_full_jid, const char *from, void *bridge);
void gw_bridge_phone_changed(gw_bridge *, const char *number); /* registered, or no longer */

/* --- for control commands. Times are wall us, 0 = not known. */
typedef struct {
  char *jid, *nick, *codec;
  const char *state; /* signalling ice dtls up ended */
  gw_media_stats media;
  gboolean have_stats;
  double mos; /* estimated, of what came from there; 0 = not known */
} gw_peer_info;
void gw_peer_info_free(gw_peer_info *);
typedef struct {
  char *event;
  gint64 ms; /* since the call began */
} gw_hop;
void gw_hop_free(gw_hop *);
typedef struct {
  char *id, *phone, *name, *number, *room, *nick, *flavour;
  char *trunk;  /* that it came or went by, NULL */
  char *caller; /* from or to a trunk: the other side's number in full, for the operator */
  const char *direction; /* in out */
  const char *state;     /* ringing menu joining waiting connecting talking closing ended */
  gboolean muted, hand;
  gint64 since_wall_us, ended_wall_us;
  gw_cause cause; /* ended */
  char *sip_codec;
  gw_media_stats sip;
  gboolean have_sip, srtp;
  guint sip_status;    /* final answer or request that ended it, 0 = none but BYE */
  char *sip_reason;    /* of the phone's BYE or CANCEL, as "Q.850 16"; NULL */
  char *history;       /* Diversion and History-Info of its INVITE; NULL */
  char *jingle_reason; /* of the last session that ended, either side's; NULL */
  GPtrArray *peers;    /* gw_peer_info */
  GPtrArray *hops;     /* gw_hop */
  struct gw_trace *trace;
} gw_call_info;
void gw_call_info_free(gw_call_info *);
GPtrArray *gw_bridge_calls(gw_bridge *);                   /* gw_call_info*, with free function */
gw_call_info *gw_bridge_call(gw_bridge *, const char *id); /* live or lately ended; NULL unknown */
/* The newest of this phone to this number (as dialled) that began at that time or later, live or lately ended; or NULL. */
gw_call_info *gw_bridge_latest(gw_bridge *, const char *phone, const char *number,
                               gint64 since_wall_us);
guint gw_bridge_call_count(const gw_bridge *);
/* Of all streams that come in from one side, of running calls; jitter and buffer of the worst. */
typedef struct {
  guint streams;
  guint64 lost, concealed_ms, listened_ms, spoken_ms;
  guint jitter_ms, buffer_ms;
} gw_stream_sums;
void gw_bridge_sum_streams(const gw_bridge *, gw_stream_sums *ret_phones, gw_stream_sums *ret_room);
/* Since the start, of ended calls. */
#define GW_MOS_BUCKETS 6
extern const double gw_mos_bounds[GW_MOS_BUCKETS]; /* upper, growing */
typedef struct {
  guint64 ended[GW_N_CAUSES];
  guint64 mos_buckets[GW_MOS_BUCKETS],
      mos_count; /* of what came from the phones; each in all that hold it */
  double mos_sum;
} gw_bridge_counters;
void gw_bridge_get_counters(const gw_bridge *, gw_bridge_counters *ret);
guint gw_bridge_slowed(const gw_bridge *, gw_lockout_slow *ret, guint max); /* gw_lockout_slowed, of PINs, now */
/* Calls a number and puts it into a room (its number or JID); not asked for a PIN. The new call's id (g_free), or NULL with
 * *ret_why, a line for the operator (g_free). What becomes of it shows in its record. */
char *gw_bridge_dial(gw_bridge *, const char *number, const char *room, char **ret_why);
gboolean gw_bridge_hangup(gw_bridge *, const char *id); /* FALSE: unknown id */
gboolean gw_bridge_mute(gw_bridge *, const char *id, gboolean on);
typedef struct {
  char *number, *room, *flavour;
  char *problem; /* why the watcher is not in the room, NULL */
  gboolean watching, from_file;
  guint participants, calls;
} gw_room_info;
void gw_room_info_free(gw_room_info *);
GPtrArray *gw_bridge_rooms(gw_bridge *); /* gw_room_info* */
typedef gw_dialplan_step gw_route_step;  /* rule, matched, why */
typedef struct {
  gboolean allowed;
  char *number, *room; /* normalised; room's JID */
  gboolean has_pin;
  gboolean menu; /* asks for the room */
  char *trunk;   /* it goes out by this one, NULL */
  guint code;    /* SIP status of the refusal, 0 */
  gw_cause cause;
  GPtrArray *tried; /* gw_route_step */
  gw_room_conf *person; /* it is a call to one person, who is `room`; NULL: it is none */
} gw_route;
/* from: number of a phone, "trunk:NAME", "" nobody that we know; a JID or "operator" asks for a call that goes out. to: a number, or
 * an address with a domain. */
gw_route *gw_bridge_route(gw_bridge *, const char *from, const char *to);
void gw_route_free(gw_route *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_route, gw_route_free)
/* JSON of one call: the shape of `call list`; full adds hops and cause (`call show`). g_free. */
char *gw_call_info_json(const gw_call_info *, gboolean full);
/* What is stored of an ended call: `call show` and a member "trace". */
char *gw_call_record_json(const gw_call_info *);
/* {"id","events":[{"ms","lane","from","to","text"}],"dropped"} (`call trace`); dropped: events that fell out between the
 * first and the last ones. */
char *gw_call_trace_json(const gw_call_info *);

#endif

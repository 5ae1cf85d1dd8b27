/* private.h - what the files of the bridge share among themselves.
 * Thread: control.  Owner: gw_bridge owns conferences and calls; a conference owns its watcher, a
 * call owns its seat. Calls back: from the loop. */
#ifndef GW_BRIDGE_PRIVATE_H
#define GW_BRIDGE_PRIVATE_H
#include "base/ids.h"
#include "base/jid.h"
#include "base/log.h"
#include "base/pace.h"
#include "base/timer.h"
#include "gateway/bridge/bridge.h"
#include "gateway/bridge/call_machine.h"
#include "gateway/bridge/emodel.h"
#include "gateway/bridge/roster_check.h"
#include "gateway/bridge/trace.h"
#include "gateway/dialplan/dialplan.h"
#include "gateway/dialplan/hunt.h"
#include "gateway/flavour/flavour.h"
#include "gateway/flavour/jmuci_ledger.h"
#include "gateway/ivr/ivr.h"
#include "gateway/ivr/keys.h"

typedef struct gw_conference gw_conference;
typedef struct gw_seat gw_seat;
typedef struct gw_call gw_call;
typedef struct gw_attendant gw_attendant;
typedef struct gw_successor gw_successor;
typedef struct gw_transfer gw_transfer;
typedef struct gw_own_room gw_own_room;
typedef struct gw_upgrade gw_upgrade;
typedef struct gw_own_meet gw_own_meet;
typedef struct {
  char *peer; /* full JID of the person who calls */
  char *sid;  /* id of his propose; NULL: he sent a session-initiate at once */
} gw_direct;

typedef struct gw_coin_line gw_coin_line;
typedef struct {
  gboolean there;     /* the call in the room; else his */
  char *to;           /* his: the number of the room; there: his bare JID */
  char *other;        /* id of the other half, NULL: not yet */
  gw_coin_line *line; /* his: who is there, as he is told, or NULL (coin.c) */
} gw_dial_in_half;

struct gw_bridge {
  GMainContext *ctx;
  gw_bridge_conf *conf;
  gw_dialplan *dialplan;
  gw_bridge_store store;
  void *store_user;
  gw_sip *sip;
  gw_xmpp *xmpp;
  gw_media *media;
  gw_ids *ids;
  GPtrArray *conferences; /* gw_conference*, owned */
  GPtrArray *calls;       /* gw_call*, owned, alive */
  GQueue ended;           /* gw_call_info*, newest first, bounded */
  GHashTable *ledgers;    /* room JID -> text, from the store, until its conference is made */
  GHashTable *owners;     /* handle.v -> gw_owner* */
  gw_bridge_counters counters;
  gw_lockout *lockout;    /* of PINs */
  gw_pace *invite_pace;   /* by inviter who may */
  gw_pace *refusal_pace;  /* by domain of those who may not: invite.c */
  gw_pace *notice_pace;   /* by room: what the watcher says for people to read */
  gw_pace *said_pace, *shown_pace; /* texts, by phone and by call: chat.c */
  gw_pace *call_pace;     /* by person who may call phones directly */
  gboolean draining, started;
  void (*stopped)(void *);
  void *stopped_user;
  gw_timer *stop_timer;
};

/* Whose media object a handle is: a call's leg or a seat's peer. */
typedef struct {
  gw_call *call;
  gw_seat *seat; /* NULL: the leg of call */
  guint peer;
} gw_owner;
void gw_bridge_own(gw_bridge *, gw_handle, gw_call *, gw_seat *, guint peer);
void gw_bridge_disown(gw_bridge *, gw_handle); /* and closes it */

/* --- conference.c: one room as this gateway sees it */
struct gw_conference {
  gw_bridge *bridge;
  gw_room_conf *conf; /* own copy */
  gw_persona *watcher;
  gw_muc *watch_muc;
  gw_ledger *ledger;
  gw_handle room;   /* media, while there are calls */
  GPtrArray *seats; /* gw_seat*, not owned */
  gw_seat *shared;  /* of all phones with identity = "shared", NULL: none yet (seat_shared.c) */
  char *proposer;   /* full JID of the last one asked */
  char *problem;    /* why the watcher is not in, NULL */
  gw_answer proposer_is_jsxc;
  gboolean save_due; /* the ledger has changed since it was stored */
  GPtrArray *absent; /* nicks that a stream loss took out of the room, owned */
  gw_timer *absent_timer;
  gw_call_invite *invite; /* the newest into a call room, or NULL (call_room.c) */
  char *inviter;          /* his nick, NULL: it is our own */
  gw_own_room *own;       /* of the call that a phone of ours has started, or NULL (own_room.c) */
  gw_own_meet *meet;      /* the same, at a service of meets (own_meet.c) */
  GPtrArray *clients; /* of the occupants, which.c */
  GPtrArray *grants; /* questions about membership under way, owned */
  GPtrArray *inquiries; /* what proposers' clients are, the same */
  gw_timer *save_timer, *watch_timer;
};
gw_conference *gw_conference_new(gw_bridge *, const gw_room_conf *);
void gw_conference_free(gw_conference *);
const gw_flavour_class *gw_room_conf_flavour(const gw_room_conf *); /* NULL: not built in */
/* The same, where "auto" looks at what the room is doing now. */
const gw_flavour_class *gw_conference_flavour(const gw_conference *, const gw_room_conf *);
void gw_conference_set_conf(gw_conference *, const gw_room_conf *);
void gw_conference_become(gw_conference *, const gw_room_conf *); /* a person's: that room from now on; no watcher */
void gw_conference_watch(gw_conference *); /* the watcher joins, if the room wants one */
void gw_conference_leave(gw_conference *); /* the watcher leaves */
gboolean
gw_conference_take_room(gw_conference *); /* makes sure there is a media room; FALSE: overloaded */
/* Is this proposer a JSXC? The watcher has asked when it saw the proposal, so that no caller waits
 * for the answer. */
gw_answer gw_conference_is_jsxc(const gw_conference *, const char *proposer_jid);
gboolean gw_conference_grant(gw_conference *,
                             gw_seat *); /* asks the watcher to make it a member; FALSE: cannot */
void gw_conference_add_seat(gw_conference *, gw_seat *);
void gw_conference_remove_seat(gw_conference *, gw_seat *);
void gw_conference_changed(
    gw_conference *); /* who of ours is there has changed: states are told again */
guint gw_conference_active_seats(const gw_conference *, const gw_seat *but);
gboolean gw_conference_is_ours(const gw_conference *, const char *const *jids, const char *nick,
                               gboolean *ret_watcher);
void gw_conference_learn(gw_conference *, const gw_seat *, const char *id,
                         const char *nick_or_null); /* GW_ACT_LEDGER */
void gw_conference_touch_ledger(gw_conference *);   /* saved soon */
void gw_conference_ring(gw_conference *, const char *id); /* its `ring` phones, for that proposal or invite */
void gw_conference_stop_ringing(gw_conference *, const char *id);

/* --- call_room.c: calls that are invited to here and take place elsewhere */
void gw_call_room_word(gw_conference *, const gw_word *); /* a call invite's, not historic, not ours */
void gw_call_room_left(gw_conference *, const char *nick); /* whoever is gone invites nobody any more */
const char *gw_call_room(const gw_conference *);          /* where phones go that dial this room's number, or NULL: here */
void gw_call_room_forget(gw_conference *);                /* it is no more */
void gw_call_room_set(gw_conference *, const gw_call_invite *); /* ours; copied */

/* --- own_room.c: a private room for a call that a phone starts */
const char *gw_own_room_begin(gw_conference *, gw_seat *maker); /* the room to be made; NULL: none is wanted */
gboolean gw_own_room_is_for(const gw_conference *, const gw_seat *); /* the seat is in it, or is to be */
void gw_own_room_again(gw_conference *, gw_seat *owner); /* it has made the room anew: the others are let in again */
void gw_own_room_joined(gw_conference *, gw_seat *); /* the maker is in: the others are let in, and invited */
gboolean gw_own_room_wait(gw_conference *, gw_seat *); /* TRUE: it is being made; gw_seat_find_room then */
void gw_own_room_left(gw_conference *, gw_seat *);   /* the seat is no more */
void gw_own_room_clear(gw_conference *);
void gw_own_room_answered(gw_bridge *, const gw_word *, const char *bare); /* accept, reject, left of somebody who was asked */

/* --- own_meet.c: a meet for a call that a phone starts */
gboolean gw_own_meet_wait(gw_conference *, gw_seat *); /* TRUE: it is looked for or made; gw_seat_found_meet then */
const char *gw_own_meet_jid(const gw_conference *);    /* bare JID, or NULL */
void gw_own_meet_met(gw_conference *, const gw_occupant *); /* somebody has come into the room */
void gw_own_meet_left(gw_conference *, gw_seat *);     /* the seat is no more; its persona is */
void gw_own_meet_answered(gw_bridge *, const gw_word *, const char *bare);
void gw_own_meet_clear(gw_conference *);

/* --- call_invite.c: phones that are invited to a call by a message to themselves */
gboolean gw_call_invite_is(const gw_call *);     /* that is why it rang */
void gw_call_invite_answered(gw_call *);         /* the phone was picked up */
void gw_call_invite_over(gw_call *);             /* only if gw_call_invite_is, which it is not any more */

gw_room_conf *gw_call_invite_conf(const char *room); /* of a room that is for one call; free it */

/* --- devices.c: a person's devices that cannot be asked first */
void gw_devices_watch(gw_seat *); /* of a call to him that has begun */

/* --- upgrade.c: a person's call becomes a group call. Where TRUE is returned: it was about that, and is dealt with */
gboolean gw_upgrade_invited(gw_bridge *, const gw_word *invite, const char *number, const char *bare);
gboolean gw_upgrade_left(gw_seat *, gw_cause);
gboolean gw_upgrade_joined(gw_seat *);
void gw_upgrade_retracted(gw_bridge *, const gw_word *);
void gw_upgrade_look(gw_seat *); /* the room's occupants have changed */
void gw_upgrade_lost(gw_seat *); /* the stream */
void gw_upgrade_drop(gw_seat *); /* the call stays with the person */

/* --- which.c: flavour = "auto" */
GPtrArray *gw_which_clients_new(void);
void gw_which_occupant(gw_conference *, const gw_fl_occupant *); /* seen by the watcher */
void gw_which_forget_all(gw_conference *);
gboolean gw_which_muji_runs(const gw_conference *); /* in the room itself */
/* The flavour of a seat that sits in muc (or NULL) now; of the others of ours there, but is not asked. */
const gw_flavour_class *gw_which_flavour(const gw_conference *, const gw_room_conf *, const gw_seat *but,
                                         const gw_muc *);

/* --- seat.c: one persona in a room with one flavour */
/* Joins at once. While a call moves it has two of them; room_conf: of the number that leads here, copied. */
gw_seat *gw_seat_new(gw_call *, gw_conference *, const gw_room_conf *room_conf);
void gw_seat_free(gw_seat *);                     /* leaves */
void gw_seat_find_room(gw_seat *); /* where its call takes place, and goes there */
void gw_seat_begin(gw_seat *); /* let in, and to start: unless its call has to be found first */
/* --- seat_meet.c: calls at a conference service, where it takes more than the room */
void gw_seat_found_meet(gw_seat *, const char *jid_or_null, gw_cause); /* there its call is */
const char *gw_seat_meet(const gw_seat *); /* that was found for it, or NULL */
gw_persona *gw_seat_persona(const gw_seat *);
gboolean gw_seat_is_shared(const gw_seat *);
void gw_seat_start(gw_seat *);
void gw_seat_stop(gw_seat *, gw_cause);
void gw_seat_mute(gw_seat *, gboolean);
void gw_seat_step(gw_seat *, const gw_ev *); /* to its flavour, and does what that says */
void gw_seat_set_status(gw_seat *, const char *text_or_null); /* shown in the room */
void gw_seat_company(const gw_seat *, guint *ret_in_call,
                     guint *ret_in_room); /* others, watcher not counted */
void gw_seat_media_desc(gw_seat *, guint peer, const gw_desc *);
void gw_seat_media_candidate(gw_seat *, guint peer, const gw_candidate *);
void gw_seat_media_restarted(gw_seat *, guint peer, const gw_desc *transport);
void gw_seat_media_state(gw_seat *, guint peer, gw_media_state, gw_cause);
void gw_seat_names(const gw_seat *,
                   GPtrArray *ret); /* char*, owned: the others in the room, no watcher */
gw_muc *gw_seat_muc(const gw_seat *); /* NULL: not joined yet */
const char *gw_seat_nick(const gw_seat *);
const char *gw_seat_jid(const gw_seat *);
gw_call *gw_seat_call(const gw_seat *);
const char *gw_seat_room(const gw_seat *); /* the conference's, or a call room */
const gw_room_conf *gw_seat_conf(const gw_seat *); /* of the number that led here */
/* What its call rang for, as far as that is here: a seat that the call is still to move to knows nothing of it. */
const char *gw_seat_answer_id(const gw_seat *); /* NULL: for no proposal */
gboolean gw_seat_is_invited(const gw_seat *);   /* gw_call_invite_is, to a call in a room */
gboolean gw_seat_started(const gw_seat *);
void gw_seat_expect(const gw_seat *); /* it comes in: sessions are likely, as far as is known of the call there (seat_ahead.c) */
gboolean gw_seat_had_company(const gw_seat *); /* here, of others than our phones; known when its sessions have ended */
const gw_flavour_class *gw_seat_flavour(const gw_seat *);
void gw_seat_granted(gw_seat *, gw_answer, const char *detail);
void gw_seat_tell(gw_seat *, gw_cause); /* its state to the call, again */
gboolean gw_seat_stream(const gw_seat *, guint i, gw_handle *ret); /* its i-th; NONE for one that brings nothing. FALSE: no more */
void gw_seat_peers(const gw_seat *, GPtrArray *ret /* gw_peer_info */);
double gw_stats_mos(const gw_media_stats *, const char *codec); /* 0 = not known (info.c) */
guint gw_seat_participants(const gw_seat *);

/* --- seat_trace.c: a seat's lines of `call trace`; muc: where names are looked up, or NULL */
void gw_seat_trace_word(gw_call *, const gw_muc *, const char *own_nick, const gw_word *, gw_trace_dir);
void gw_seat_trace_media(gw_call *, const char *who, gw_media_state, gw_cause);
void gw_seat_trace_why(gw_call *, gw_cause, const char *text); /* why a flavour leaves */
void gw_seat_trace_sfu(gw_call *, const char *own_nick, const gw_fl_sfu *);
void gw_seat_trace_sfu_ask(gw_call *, const gw_action *); /* hops too */

/* --- call_srtp.c: encryption towards the phone */
gboolean gw_call_srtp_params(gw_call *, gw_leg_params *); /* FALSE: the phone must come by TLS */
void gw_call_srtp_answered(gw_call *); /* out: we know now which of its contacts it is */
void gw_call_srtp_agreed(gw_call *, const gw_desc *agreed);

/* --- route.c */
/* Of a call that comes in; to_host: as of gw_sip_invite. */
gw_route *gw_bridge_route_in(gw_bridge *, const char *from, const char *to, const char *to_host);

/* --- caller.c: who is at the other end, and under which name the room sees it */
void gw_call_from_phone(gw_call *, const char *phone);
void gw_call_from_trunk(gw_call *, const gw_sip_invite *);
void gw_call_to_trunk(gw_call *, const gw_trunk_conf *, const char *e164);
gw_cause gw_bridge_trunk_admission(const gw_bridge *, const char *trunk); /* NONE: one more call may come or go by it */
gw_cause gw_bridge_trunk_lines(const gw_bridge *, const char *trunk); /* the same, of its own limit alone */

/* --- hunt.c: which trunk takes a call that leaves, and the next one when it fails */
const gw_dialplan_way *gw_hunt_free_way(gw_bridge *, const gw_hunt *, const gw_dialplan_out *, gw_cause *ret); /* gw_hunt_find */
void gw_call_take_way(gw_call *, const gw_dialplan_way *, const char *e164); /* counts as tried */
gw_sip_call *gw_call_dial_trunk(gw_call *, const gw_desc *offer, gw_cause *ret_why); /* gw_sip_dial_trunk */
/* Its call has ended so before an answer. TRUE: another trunk is tried, and this is not the end. */
gboolean gw_call_next_trunk(gw_call *, gw_cause, guint status);

/* --- successor.c: another dialog takes the place of a call's own (RFC 3891); the room does not notice */
void gw_successor_invited(gw_call *, gw_sip_call *, const gw_sip_invite *);
gboolean gw_successor_is(const gw_call *, const gw_sip_call *); /* events of that dialog are for here */
gboolean gw_successor_is_leg(const gw_call *, gw_handle);
void gw_successor_sip_state(gw_call *, gw_sip_state);
void gw_successor_sip_remote(gw_call *, const gw_desc *answer); /* to our offer, where it had none */
void gw_successor_leg_desc(gw_call *, const gw_desc *);
void gw_successor_leg_state(gw_call *, gw_media_state);
gboolean gw_successor_steps_in(gw_call *); /* the old dialog has ended: TRUE when the new one goes on in its place, now or
                                            * as soon as it can */
/* The phone of `from` goes on as that of c, which keeps its seat; from ends. Both are of one phone. */
void gw_successor_adopt(gw_call *c, gw_call *from);
void gw_successor_drop(gw_call *, gw_cause);

/* --- transfer.c: what a REFER of a phone means here */
void gw_transfer_asked(gw_call *, const gw_sip_refer *);
void gw_transfer_seat_event(gw_seat *, const gw_ce *); /* of a seat that is not (or no longer) its call's own */
void gw_transfer_leg_ready(gw_call *);
void gw_transfer_unheld(gw_call *);
void gw_transfer_admitted(gw_call *);        /* the PIN was right */
void gw_transfer_stays(gw_call *, gw_cause); /* it was not, or nothing was entered */
void gw_transfer_watch(gw_call *); /* after each step */
void gw_transfer_supersede(gw_call *); /* one that only waits for the call to come off hold gives way to what is asked for now */
const char *gw_transfer_number(const gw_call *); /* of the room that it is to be moved to, by a call that has a transfer */
void gw_transfer_drop(gw_call *);

/* --- call.c: the shell around one call machine */
struct gw_call {
  gw_bridge *bridge;
  char *id, *phone, *name, *number, *sip_name; /* number: as dialled; sip_name: "Front desk" */
  char *trunk, *caller; /* of a call by a trunk: its name, and the other side's number in full, for the operator only */
  char *away;           /* out by a trunk: the number as the trunk wants it, NULL else */
  gw_hunt *hunt;        /* the same: where else it may go */
  gboolean rang;        /* out: the telephone there has */
  char *node;           /* of its JID in rooms: the phone's number, "guest", or the caller's number */
  gw_call_machine machine;
  gw_timer *timer;
  GArray *pending; /* gw_ce posted and not stepped yet */
  gw_timer *soon;  /* steps them from the loop, so that no action runs inside anybody's callback */
  gboolean gone;
  gw_sip_call *sip;
  gw_conference *conference; /* the three: NULL while a menu asks for the room */
  gw_room_conf *room_conf;   /* of the number that was dialled, as it was then */
  const gw_flavour_class *flavour;
  gw_seat *seat;
  gw_handle leg, lobby; /* lobby: media room of its own while room or PIN are asked for */
  gw_attendant *attendant;
  gw_desc *leg_caps;   /* media's description of our side */
  gw_desc *offer;      /* the phone's last offer or answer */
  gw_sdes_policy srtp; /* of the phone, when the call began */
  gboolean encrypted;
  gboolean offer_is_ours; /* late offer or dial: we offer */
  char *remote_hint, *answer_id;
  char *codec;
  guint64 session_id, version;
  gboolean moving; /* the leg is on its way from the lobby into the room */
  gboolean muted, hand, held;
  gboolean asked; /* in a room, for the PIN of another: what is keyed in is nobody's business here */
  const char *status; /* shown in the room; static or NULL */
  gint64 began_us, since_wall_us, ended_wall_us;
  GPtrArray *hops; /* gw_hop* */
  gw_trace *trace;
  guint sip_status;
  char *jingle_reason;
  GPtrArray *last_peers; /* gw_peer_info of all that were, each from its end */
  gw_media_stats last_stats;
  gboolean have_last_stats;
  char *last_nick;
  gw_word *invitation; /* that asked for it, NULL none */
  gw_direct *direct;   /* out: the person who calls the phone, NULL none */
  gw_direct *crossed;  /* in: the person's propose that met ours, NULL none */
  gw_dial_in_half *dial_in; /* one of the two calls by which a person is in a room, NULL: none (dial_in.c) */
  gw_successor *successor; /* or NULL */
  gw_transfer *transfer;   /* or NULL */
  char *referrer;          /* id of the call whose REFER made this one; NULL when it has been told all */
  char *sip_reason, *history;
};
gw_call *gw_call_new_in(gw_bridge *, gw_sip_call *, const gw_sip_invite *,
                        const gw_room_conf *or_null, const char *number, const char *language);
void gw_call_set_room(gw_call *, const gw_room_conf *); /* of a room that has a conference */
gw_call *gw_call_new_out(gw_bridge *, const gw_phone_conf *, const gw_room_conf *,
                         const char *answer_id_or_null);
/* By a trunk, and others when that fails; hunt is taken. e164: whom, in full. */
gw_call *gw_call_new_away(gw_bridge *, gw_hunt *hunt, const gw_dialplan_way *, const char *e164, const gw_room_conf *);
void gw_call_free(gw_call *);
void gw_call_post(gw_call *, const gw_ce *);
void gw_call_move_leg(gw_call *);   /* into the call's room */
void gw_call_enter(gw_call *);      /* in the room: the flavour starts */
void gw_call_reoffer(gw_call *, gw_desc *offer); /* a new description of our side, to an answered phone */
gboolean gw_call_leg_params(gw_call *, gw_leg_params *ret); /* FALSE: the call ends */
/* This dialog with this leg is the call's own from now on. Takes the reference and the descriptions; the old ones must be
 * gone. agreed: of the new one. */
typedef struct {
  gw_sip_call *sip;
  gw_handle leg;
  gw_desc *offer, *caps, *agreed;
  char *hint;
} gw_call_end;
void gw_call_take_end(gw_call *, gw_call_end *taken);
gw_call *gw_call_new_inside(gw_bridge *, const char *number, const gw_room_conf *); /* out, to a room here */
char *gw_host_of_source(const char *source); /* "udp:192.0.2.7:5060" -> "192.0.2.7" */
void gw_call_hop(gw_call *, const char *event); /* first time of each event only */
/* One line of `call trace`; who: see gw_trace_add. */
void gw_call_trace(gw_call *, gw_lane, gw_trace_dir, const char *who, const char *fmt, ...)
    G_GNUC_PRINTF(5, 6);
void gw_call_sip_state(gw_call *, gw_sip_state, gw_cause, guint status);
void gw_call_sip_remote(gw_call *, const gw_desc *, gboolean is_offer);
void gw_call_leg_desc(gw_call *, const gw_desc *);
void gw_call_leg_state(gw_call *, gw_media_state, gw_cause);
void gw_call_set_muted(gw_call *, gboolean);
void gw_call_set_asked(gw_call *, gboolean);
void gw_call_set_hand(gw_call *, gboolean);

gw_log_ctx gw_call_ctx(const gw_call *);
gw_call_info *gw_call_info_of(const gw_call *);
void gw_call_count(gw_bridge_counters *, const gw_call_info *ended);
gw_call_info *gw_call_info_copy(const gw_call_info *); /* peers are shown as ended */

/* --- bridge.c */
gw_conference *gw_bridge_conference(const gw_bridge *, const char *room_jid);
gw_cause gw_bridge_capacity(const gw_bridge *); /* NONE: neither draining nor full nor without a stream */
gw_call *gw_bridge_call_by_id(const gw_bridge *, const char *id); /* a live one, or NULL */
gw_cause gw_bridge_admission(const gw_bridge *,
                             const char *phone); /* NONE: one more call may come or be rung */
void gw_bridge_drop_rooms(gw_bridge *);          /* that are neither configured nor in use */

gw_conference *gw_bridge_conference_for(gw_bridge *, const gw_room_conf *); /* made when there is none */

/* --- dial.c: calls that begin here */
char *gw_dial_name(const gw_bridge *, const char *number); /* of who is called, for people */
const char *gw_dial_phrase(gw_cause); /* "did not answer": what became of it */
/* Rings number for room by the wish of `by` (bare JID, or a phone's number; NULL the operator). NULL: *ret_why says what is in the way ("is not
 * registered"). */
gw_call *gw_dial(gw_bridge *, const char *by, const char *number, const gw_room_conf *,
                 gw_cause *ret_cause, const char **ret_why);
gboolean gw_dial_allowed(const gw_bridge *, const char *by, const char *number); /* a phone, or the rules of a trunk let it leave */

/* --- invite.c */
void gw_invite_init(gw_bridge *);
void gw_invite_clear(gw_bridge *);
char *gw_invite_number(const gw_bridge *, const gw_word *); /* who is asked, by w->to; NULL: no phone */
#define GW_INVITED_TOO_OFTEN "was invited too often: wait a while"
/* Somebody who may not is refused: TRUE: he is told, and the log; *ret_last: for the last time, his domain has had enough of it. */
gboolean gw_refusal_due(gw_bridge *, const char *jid, gboolean *ret_last);
void gw_invite_over(gw_call *); /* tells the inviter and the room when nobody came */

/* --- chat.c: text */
void gw_chat_init(gw_bridge *);
void gw_chat_clear(gw_bridge *);
void gw_chat_heard(gw_seat *, const char *nick, const char *body); /* somebody else has said that in its room */

/* --- directory.c: who of ours there is */
void gw_directory_met(const gw_bridge *, const gw_occupant *); /* the watcher sees somebody: his contact list is helped */
/* --- direct.c: calls between one phone and one person */
void gw_direct_init(gw_bridge *);
void gw_direct_clear(gw_bridge *);
gboolean gw_direct_is(const gw_room_conf *); /* "room" is the person's JID */
void gw_direct_free(gw_direct *);
void gw_direct_held(gw_call *, gboolean);    /* by the person */
gboolean gw_direct_lets(const gw_call *, const gw_word *); /* FALSE: of somebody who may not call, and for nobody else to see */
char *gw_direct_resource(const gw_call *);   /* of its JID; g_free */
gw_flavour *gw_direct_flavour(const gw_call *, const char *own_jid);
void gw_direct_begin(gw_call *); /* its JOIN: the person is called; or the phone was picked up for him */
void gw_direct_picked_up(gw_seat *);
/* The person whose address a phone has dialled; free it. NULL: no address (*ret_jid NULL), or one whom phones must not call. */
gw_room_conf *gw_direct_dialled(const gw_bridge *, const char *to, const char *to_host, char **ret_jid);
gw_room_conf *gw_direct_owner(const gw_bridge *, const char *trunk); /* whose account it is; free it. NULL: nobody's */
/* Why this person (bare JID) may call phones; static. NULL: he may not. */
const char *gw_direct_rule(const gw_bridge *, const char *bare);
char *gw_direct_number(const gw_bridge *, const char *to); /* that a JID of ours stands for; g_free. NULL: none */

/* --- dial_in.c: a person calls the number of a room */
/* The room; NULL: the number leads to none, or *ret_why says (static) why he (bare JID; NULL: anybody) cannot get into it by such a call. */
const gw_room_conf *gw_dial_in_room(const gw_bridge *, const char *number, const char *bare, const char **ret_why);
/* His call, which waits for the room to let him in; person: whom it is with. NULL: *ret_why says what is in the way. */
gw_call *gw_dial_in(gw_bridge *, const char *number, const gw_room_conf *person, gw_cause *ret_cause, const char **ret_why);
gw_sip_call *gw_dial_in_call(gw_call *, const gw_desc *offer, gw_cause *ret_why); /* the call in the room, for its DIAL */
void gw_dial_in_leg(const gw_call *, gw_leg_params *); /* what is different about its leg */
gw_dial_in_half *gw_dial_in_half_new(gboolean there, const char *to, const char *other_or_null);
void gw_dial_in_half_free(gw_dial_in_half *);

/* --- coin.c: he is told who is there */
void gw_coin_line_free(gw_coin_line *);
void gw_coin_changed(gw_call *); /* who is in its call may have changed; nothing for other calls */
gw_word *gw_coin_mark(const gw_call *, const gw_word *); /* what is to be said instead, free it; NULL: the word as it is */

/* --- stand.c: presence of phones */
void gw_bridge_show_phones(gw_bridge *);
void gw_bridge_hide_phones(gw_bridge *, const gw_bridge_conf *before); /* that are configured no more */

/* --- attendant.c: the shell around one ivr */
gw_attendant *gw_attendant_new(gw_call *, const char *source, const char *language);
void gw_attendant_free(gw_attendant *);
void gw_attendant_tell(gw_attendant *, const gw_ie *);
void gw_attendant_ask(gw_attendant *, const gw_room_conf *or_null); /* its PIN; NULL: which room */
void gw_attendant_inside(gw_attendant *);
void gw_attendant_key(gw_attendant *, gw_key_source, char digit);
void gw_attendant_company(gw_attendant *); /* who is there may have changed */
void gw_attendant_leg_ready(gw_attendant *);
gboolean gw_attendant_has_voice(const gw_attendant *);

/* --- conf.c */
const gw_menu_conf *gw_bridge_conf_menu(const gw_bridge_conf *, const char *number);
const gw_trunk_conf *gw_bridge_conf_trunk(const gw_bridge_conf *, const char *name);
const gw_phone_conf *gw_bridge_conf_phone(const gw_bridge_conf *, const char *number);
gw_sdes_policy gw_bridge_conf_srtp(const gw_bridge_conf *, const char *phone);
const gw_room_conf *gw_bridge_conf_room(const gw_bridge_conf *, const char *number);
const gw_room_conf *gw_bridge_conf_by_jid(const gw_bridge_conf *, const char *room); /* its first number */
/* What all numbers of one room together want of its watcher: ring is joined, watch is anybody's. Free it. */
gw_room_conf *gw_bridge_conf_joined(const gw_bridge_conf *, const char *room);
gw_room_conf *gw_room_conf_copy(const gw_room_conf *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_room_conf, gw_room_conf_free)
gw_dialplan *gw_bridge_conf_dialplan(const gw_bridge_conf *);

#endif

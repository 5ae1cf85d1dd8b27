/* media.h - control thread's view of the media engine. The objects live on workers; here they are handles: a stale or
 * wrong-kind handle is refused, never a dangling pointer. This is the only header of media/ for others.
 * Thread: control.  Owner: handles are values; gw_media_close frees; closing a room closes all in it.
 * Calls back: events on the control thread, from the loop; none for a handle after gw_media_close of it returned.
 * Workers never block and never share state; messages to them are bounded (full: OVERLOAD), closing always gets through. */
#ifndef GW_MEDIA_H
#define GW_MEDIA_H
#include <glib.h>
#include "base/cause.h"
#include "base/desc.h"
#include "base/handle.h"
#include "base/sdes.h"
#include "gateway/media/relays.h"

typedef struct gw_media gw_media;
typedef enum { GW_MEDIA_ROOM = 1, GW_MEDIA_LEG = 2, GW_MEDIA_PEER = 3 } gw_media_kind;

typedef struct {
  guint16 rtp_port_min, rtp_port_max;   /* inclusive; RTP to phones and ICE */
  const char *public_address;           /* replaces the address in local descriptions, "" = none */
  const char *const *local_addresses;   /* ICE host addresses, NULL-terminated; NULL: all but loopback, loopback if that is all */
  const char *turn_ca;                  /* PEM file: who must have signed certificates of TURN servers; NULL or "": the system's */
  guint workers;                        /* 0 = cores - 1, at least 1 */
  guint rtp_timeout_s;                  /* 0: GW_RTP_TIMEOUT_S (quiet.h). A leg from which nothing comes fails with NO_MEDIA */
  const char *srtp_backend;             /* "libsrtp2", "openssl", "auto" or NULL: the cheapest */
  gboolean even_levels;                 /* quiet voices are made louder and loud ones softer, slowly (leveller.h) */
  const char *prompt_dir;               /* WAV files (16 bit mono, 8 to 48 kHz), read once at start; NULL or "": none */
  const char *speaker;                  /* program that says names, as espeak-ng does; NULL or "": none */
} gw_media_config;

typedef enum {
  GW_MS_GATHERED,       /* peer: local candidates complete */
  GW_MS_ICE,            /* peer: a pair works */
  GW_MS_UP,             /* peer: DTLS done, fingerprint right, SRTP keys in; leg: first RTP came from the phone */
  GW_MS_RTP,            /* peer: first authentic RTP came */
  GW_MS_FAILED,         /* cause; the handle is still to be closed */
  GW_MS_QUIET           /* peer that only receives: no RTP any more for GW_PEER_QUIET_S; RTP follows when it is back */
} gw_media_state;

typedef struct {
  void (*local_desc)(gw_handle, const gw_desc *, void *user);   /* once per leg or peer: ports / ICE / DTLS / ssrc, first candidates */
  void (*candidate)(gw_handle, const gw_candidate *, void *user);
  void (*state)(gw_handle, gw_media_state, gw_cause, void *user);
  void (*digit)(gw_handle leg, char digit, guint ms, void *user); /* RFC 4733, each once */
  void (*prompt_end)(gw_handle leg, void *user);
  void (*unspoken)(gw_handle leg, void *user);                  /* what gw_media_speak took on could not be said */
  /* Peer: the other side began ICE anew, and so did we: our transport (credentials, candidates), to be told to it. */
  void (*restarted)(gw_handle, const gw_desc *transport, void *user);
} gw_media_events;

typedef struct {
  const char *local_address;      /* literal address to bind and to write into SDP; NULL: 0.0.0.0 and the address towards remote_hint */
  const char *remote_hint;        /* address the phone's SIP came from, or NULL: RTP may latch onto it (NAT) */
  const char *const *codecs;      /* our order of preference: "opus", "G722", "PCMA", "PCMU" */
  gw_sdes_policy srtp;            /* not OFF: the description has a crypto line with a fresh key, with REQUIRED as RTP/SAVP; what
                                     gw_media_leg_remote then agrees decides. Encrypted once, a leg never goes back */
} gw_leg_params;
/* PUBLISH: audio, and a constant picture, go out; nothing comes in. RECEIVE: the other way round, audio only.
 * RECEIVE_MANY: the same of several people, told apart by the sources that descriptions announce. */
typedef enum { GW_MEDIA_BOTH, GW_MEDIA_PUBLISH, GW_MEDIA_RECEIVE, GW_MEDIA_RECEIVE_MANY } gw_media_use;
typedef struct {
  gw_handle leg;                  /* whose voice it carries, and who hears it; NONE: all legs of the room (identity shared) */
  gboolean offerer;               /* controlling ICE role; else controlled */
  gw_media_use use;
  gw_setup setup;                 /* answerer: ACTIVE or PASSIVE; offerer: ACTPASS */
  const char *cname;              /* NULL: one of its own (RFC 7022); two of one name are one person to a receiver, who plays them in step */
  const char *talker;             /* who is at the other end (compared within the room): peers of one talker bring the same voice
                                     to several phones, and it is decoded once. NULL: somebody else each time */
} gw_peer_params;

gw_media *gw_media_new(const gw_media_config *, GMainContext *control, const gw_media_events *, void *user, GError **);
void gw_media_free(gw_media *);                          /* closes everything, ends the workers */
/* The STUN and TURN servers of all peers made from now on (copied); NULL: none. Running ones keep theirs. */
void gw_media_set_relays(gw_media *, const gw_relays *);
gw_handle gw_media_room(gw_media *);                     /* picks the worker with the least load; NONE when overloaded */
gw_handle gw_media_leg(gw_media *, gw_handle room, const gw_leg_params *); /* NONE: stale, or the room's worker is full */
gw_handle gw_media_peer(gw_media *, gw_handle room, const gw_peer_params *);
/* So many peers, or we do not know better than one, are likely to be made in this room soon: where there are STUN or TURN servers, transports
 * for them gather ahead (spare_plan.h). offerer: as theirs will be. Without effect where that brings nothing. */
void gw_media_expect(gw_media *, gw_handle room, gboolean offerer, guint peers);
/* Leg: negotiated = the phone's description (address, port) and agreed = our answer (codecs chosen, direction).
 * Direction (ours): RECVONLY/INACTIVE means the phone hears nothing (hold). Again at each re-negotiation. */
void gw_media_leg_remote(gw_media *, gw_handle leg, const gw_desc *remote, const gw_desc *agreed);
/* Peer: the remote description (ICE credentials, fingerprint, candidates, codecs), then further ones with candidates.
 * Other credentials than before restart ICE (RFC 8445 9): sound goes on over the old pair until there is a new one. With
 * RECEIVE_MANY each one that has codecs says anew who is to be heard. */
void gw_media_peer_remote(gw_media *, gw_handle peer, const gw_desc *remote);
/* Peer: how it is to be encoded and which payload type to send: first codec of agreed's audio. */
void gw_media_peer_agreed(gw_media *, gw_handle peer, const gw_desc *agreed);
/* Peer: whose voice it brings from now on, as `talker` of gw_peer_params. */
void gw_media_peer_talker(gw_media *, gw_handle peer, const char *talker_or_null);
void gw_media_mute(gw_media *, gw_handle leg, gboolean); /* nothing of this phone is encoded or heard by anybody */
/* The room is through with it: nobody hears it, and it hears nothing but its own prompts and beeps. For good. */
void gw_media_retire(gw_media *, gw_handle leg);
/* A WAV file of the prompt folder, with or without ".wav"; one level of sub-folders ("en/welcome"). It replaces a running
 * prompt, whose prompt_end never comes; NULL or "" only stops. An unknown name is logged and ends at once. */
void gw_media_play(gw_media *, gw_handle leg, const char *prompt);
gboolean gw_media_has_prompt(const gw_media *, const char *prompt);
/* Says words that nobody recorded (speech.h: cleaned, bounded, by a program beside us), as soon as they are there: as a prompt,
 * whose prompt_end comes, or unspoken instead. gw_media_play takes its place. FALSE: cannot, and nothing will come. */
gboolean gw_media_speak(gw_media *, gw_handle leg, const char *language, const char *const *words);
void gw_media_tone(gw_media *, gw_handle leg, guint hz, guint ms); /* a beep for this phone only */
/* The phone's sockets go on in another room, also on another worker; ports, addresses, keys and the stream that the phone
 * is sent stay. The old handle is closed (a prompt under way ends without prompt_end); the new one says local_desc when it
 * is there, and gw_media_leg_remote has to be said again then. NONE when overloaded: the old one stays as it was. */
gw_handle gw_media_move(gw_media *, gw_handle leg, gw_handle room, const gw_leg_params *);
/* Whether that room's worker would take this leg; room NONE: whether any takes a new room. */
gboolean gw_media_has_place(const gw_media *, gw_handle leg, gw_handle room);
/* The peers of one leg are another's from now on, in the same room: it is heard by them and hears them in the old one's
 * place, and nobody outside notices. The old one stays until it is closed. */
void gw_media_inherit(gw_media *, gw_handle leg, gw_handle old_leg);
void gw_media_close(gw_media *, gw_handle);

typedef struct {
  char codec[16];                 /* "" until known */
  guint64 packets_in, packets_out, bytes_in, bytes_out;
  guint64 unread;                 /* of packets_in: copies of a voice that the kernel counted and dropped */
  guint64 lost, late, concealed_ms, bad;  /* bad: failed authentication, junk, wrong source */
  guint jitter_ms, buffer_ms, rtt_ms;
  guint64 listened_ms, spoken_ms; /* time that it was decoded in, and of that with somebody speaking */
  gdouble level_dbfs;             /* of the last second received, -127 silence */
} gw_media_stats;
/* Last figures (workers send them every second). FALSE: stale handle. */
gboolean gw_media_get_stats(const gw_media *, gw_handle, gw_media_stats *ret);
/* What a worker does in a tick, in this order. */
typedef enum {
  GW_STAGE_READ,    /* sockets, decryption */
  GW_STAGE_PHONES,  /* jitter buffers and decoders of phones */
  GW_STAGE_REMOTES, /* the same of remote participants: those that are chosen */
  GW_STAGE_SAY,     /* mixing for phones, encoding, sending */
  GW_STAGE_ENCODE,  /* phones' voices, once each */
  GW_STAGE_SEND,    /* encryption and sending to remote participants; reports */
  GW_STAGE_ICE,     /* paths looked after, handshakes */
  GW_STAGES
} gw_stage;
const char *gw_stage_word(gw_stage);
#define GW_LATENESS_BINS 8
extern const guint gw_lateness_us[GW_LATENESS_BINS]; /* upper bounds, the last one without */
typedef struct {
  guint rooms;
  gdouble load; /* busy share of the last seconds, 0..1 */
  guint64 ticks, late_ticks;
  guint64 stage_us[GW_STAGES];         /* CPU since the start */
  guint64 lateness[GW_LATENESS_BINS]; /* ticks by how late they began */
  guint64 lateness_us;                /* sum */
} gw_worker_stats;
guint gw_media_workers(const gw_media *);
void gw_media_get_worker(const gw_media *, guint i, gw_worker_stats *ret);

#endif

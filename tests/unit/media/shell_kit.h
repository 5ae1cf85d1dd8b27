/* shell_kit.h - for tests of the media engine: an engine with its events written down, and phones
 * made of UDP sockets that speak and hear tones. Everything runs in the default main context;
 * nothing sleeps, everything has a deadline. */
#ifndef SHELL_KIT_H
#define SHELL_KIT_H
#include "gateway/media/addr.h"
#include "gateway/media/codec.h"
#include "gateway/media/media.h"
#include "gateway/media/rtp.h"
#include "gateway/media/seal.h"
#include "gateway/media/tone.h"

typedef struct {
  gw_handle handle;
  gw_media_state state;
  gw_cause cause;
  char digit; /* or 0 */
  guint ms;
  gboolean prompt_end, unspoken;
} kit_event;

typedef struct {
  gw_handle handle;
  gw_candidate candidate;
} kit_candidate;

typedef struct {
  gw_media *media;
  GArray *events;     /* kit_event */
  GHashTable *descs;  /* guint64* -> gw_desc, last one of each handle */
  GArray *candidates; /* kit_candidate: those that came after the description */
} kit;

kit *kit_new(guint workers, const char *prompt_dir);
kit *kit_new_config(const gw_media_config *);
void kit_free(kit *);
gboolean kit_until(gboolean (*cond)(void *), void *user, guint ms); /* runs the loop */
void kit_run(guint ms);                                             /* the same, without an aim */
const gw_desc *kit_desc(kit *, gw_handle);                          /* waits for it */
gboolean kit_state(kit *, gw_handle, gw_media_state); /* waits for it, or for FAILED */
gw_cause kit_failed(kit *, gw_handle, guint ms); /* waits for it: its cause, NONE: did not fail */
guint kit_count(const kit *, gw_handle, gw_media_state);
guint kit_fds(void);
gw_media_stats kit_stats(kit *, gw_handle); /* waits for a second's figures */
/* Returns when the worker of this room has obeyed all that it was told before; what it sends from now on follows it. */
void kit_settle(kit *, gw_handle room);

typedef struct phone {
  int rtp, rtcp;
  gw_addr local, to;
  const char *codec;
  guint8 pt;
  gw_encoder *encoder;
  gw_decoder *decoder;
  gw_tone tone;
  gw_listener *ear;
  guint16 seq;
  guint32 ts, ssrc, last_ts;
  guint frame_ms; /* 20, or two codec frames a packet: 40 (G.711 and G.722 only) */
  gboolean silent;
  gint64 next_us;
  guint got, got_rtcp, got_bye, got_sr;
  guint odd_ts;  /* timestamps that did not go on by whole frames, one for each packet at least */
  guint skipped; /* frames in between that were not sent: of a worker that the machine held up */
  guint16 last_seq;
  gw_seal seal;  /* off until the test turns it on */
  guint sources; /* how many streams it was sent one after the other */
  guint32 last_ssrc;
  guint shut;          /* what came and could not be opened */
  gboolean says_plain; /* sends unencrypted all the same */
  GSource *timer;
} phone;

phone *phone_new(const char *ip, const char *codec, guint8 pt, gdouble hz);
void phone_free(phone *);
gw_desc *phone_desc(const phone *, gw_dir); /* its SDP */
void phone_join(phone *, kit *,
                gw_handle leg); /* answers the engine's offer: both know each other now */
void phone_send(phone *, const guint8 *payload, gsize n, guint8 pt, gboolean marker);
void phone_drain(phone *); /* takes in all that has come so far */
/* Its timestamps went on by one frame for each packet, but for frames that the worker says it was too late for. */
void phone_check_time(phone *, kit *);
void phone_forget(phone *);                    /* listens anew */
gboolean phone_hears(phone *, guint hz);       /* within 20 Hz; waits up to 5 s */
gboolean phone_heard(const phone *, guint hz); /* does not wait */

gw_handle kit_leg(kit *, gw_handle room); /* on 127.0.0.1, all codecs */
#endif

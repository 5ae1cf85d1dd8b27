/* stream.h - the two halves of an RTP session that legs and peers share: what comes in (payload
 * types, jitter buffer, statistics) and what goes out (sequence, timestamps, reports). Pure apart
 * from the decoder it owns: no sockets. Thread: the owner's worker.  Owner: embedded in legs and
 * peers; gw_inflow_clear frees.  Calls back: never. Allocates only when the codec of a stream
 * changes (at most five times a second). */
#ifndef GW_STREAM_H
#define GW_STREAM_H
#include "base/desc.h"
#include "base/ids.h"
#include "gateway/media/codec.h"
#include "gateway/media/floor.h"
#include "gateway/media/jitter.h"
#include "gateway/media/leveller.h"
#include "gateway/media/media.h"
#include "gateway/media/rtp.h"

/* The codecs that we can speak, as small numbers; -1: none. */
#define GW_CODECS 4
int gw_codec_index(const char *name);
const char *gw_codec_word(int index);
gboolean gw_codec_narrow(int index);                        /* 8 kHz audio */
const gw_codec *gw_desc_first_voice(const gw_desc_media *); /* first codec we can speak, or NULL */

typedef enum { GW_IN_NONE, GW_IN_VOICE, GW_IN_DIGIT } gw_in_use;

/* What every tick looks at comes first: a room has many streams that only wait. */
typedef struct {
  gboolean follows;        /* another stream brings the same voice: counted, not decoded */
  gboolean lazy;           /* and that one is there: nor need each packet be opened */
  int codec;               /* of the jitter buffer, -1 none */
  gboolean live;           /* FALSE: pcm is silence */
  gboolean deaf, was_deaf; /* too quiet among many: not decoded */
  gint64 voice_us;         /* when the last voice packet came */
  gw_jitter *jitter;
  gw_floor floor;    /* how loud its packets are */
  gboolean whole;    /* nothing in pcm was made up for lost packets */
  guint level_ext;   /* id of the audio level in its headers, 0: none */
  gint64 changed_us; /* when the codec was last changed */
  gw_rtp_stats stats;
  guint32 sr_mid; /* middle of the last SR's NTP time, 0 none */
  gint64 sr_us;   /* when it came */
  guint64 packets, bytes, bad, unread;
  gdouble loudest;      /* dBFS of the loudest frame since the last figures */
  guint64 frames, spoken; /* played since sound first came; of them, with somebody speaking */
  gboolean align;       /* Opus packets are played as frames, where that can be had */
  gdouble dbfs;         /* of pcm, as it was played */
  gboolean touched;     /* pcm was changed since, by its owner */
  gboolean even;        /* brought to the level of the others */
  gw_leveller leveller;
  guint8 use[128];      /* of each payload type: 0 none, 1 + codec index, or GW_IN_EVENT | kHz */
  gint16 pcm[GW_FRAME]; /* the frame of this tick */
} gw_inflow;

void gw_inflow_init(gw_inflow *, gboolean even);
void gw_inflow_clear(gw_inflow *);
/* Takes the payload types of one or two descriptions; where they disagree the first counts. */
void gw_inflow_map(gw_inflow *, const gw_desc_media *first, const gw_desc_media *second_or_null);
/* What a payload type is; *ret_clock: RTP clock of a DIGIT. */
gw_in_use gw_inflow_use(const gw_inflow *, guint8 pt, guint *ret_clock);
/* An authentic packet of a known payload type: counted; voice goes to the jitter buffer. */
void gw_inflow_rtp(gw_inflow *, const gw_rtp *, gsize wire_bytes, gint64 now_us);
/* A packet of the same sender that is neither sound nor keys, comfort noise (RFC 3389) above all: its number is not a loss. */
void gw_inflow_extra(gw_inflow *, const gw_rtp *, gint64 now_us);
/* A packet that was not opened: counted when it plainly is the next of the stream that is known. FALSE: open it. */
gboolean gw_inflow_unopened(gw_inflow *, const gw_rtp *, gsize wire_bytes, gint64 now_us);
/* So many packets of that size came, and were only counted by the kernel. */
void gw_inflow_unseen(gw_inflow *, guint n, gsize wire_bytes);
void gw_inflow_follow(gw_inflow *, gboolean follows, gboolean lazy);
void gw_inflow_deafen(gw_inflow *, gboolean deaf); /* with the next frame: fades out, begins anew */
void gw_inflow_play(gw_inflow *, gint64 now_us);   /* one frame into pcm */
void gw_inflow_align(gw_inflow *, gboolean);       /* gw_jitter_align, for Opus */
/* The Opus packet that pcm is, valid for this tick; else 0, or -1: exactly one is missing (gw_jitter_packet). */
int gw_inflow_packet(const gw_inflow *, const guint8 **ret);
void gw_fade(gint16 *pcm, gboolean in);            /* one frame in from, or out to, silence */

typedef struct {
  guint32 ssrc, ts;
  guint16 seq;
  guint8 pt;
  int codec; /* -1: not known yet */
  gboolean marker;
  guint level_ext; /* id of the audio level in its headers, 0: none */
  guint8 level;    /* of the next packet (RFC 6464): bit 7 voice, -dBov */
  guint32 packets, payload_bytes;
  guint64 bytes;
  guint rtt_ms;
  guint8 loss;      /* of 256, as the listener reported it last */
  gboolean bounded; /* the listener has asked for a bit-rate (pass.h) */
  guint64 report_tick; /* when the next RTCP report is due */
  char cname[64];
} gw_outflow;

void gw_outflow_init(gw_outflow *, gw_ids *, const char *cname);
void gw_outflow_codec(gw_outflow *, gw_ids *, int codec,
                      guint8 pt); /* another clock: another SSRC (RFC 7160) */
/* Header and payload into out (cap bytes). Returns the length, 0 when it does not fit. */
gsize gw_outflow_packet(gw_outflow *, const guint8 *payload, gsize n, guint8 *out, gsize cap);
void gw_outflow_tick(gw_outflow *, guint ticks); /* time goes on, packet or not */

/* RTCP: a compound report about in, by out; bye appends BYE (RFC 3550 6.6). 0: nothing to say yet.
 */
gsize gw_flow_report(gw_outflow *, gw_inflow *, gboolean bye, gint64 now_us, gint64 wall_us,
                     guint8 *out, gsize cap);
/* A parsed report of the other side: its SR time, and our round trip when it is about us. BYE is
 * not believed: calls end by signalling. */
void gw_flow_heard(gw_outflow *, gw_inflow *, const gw_rtcp *, gint64 now_us, gint64 wall_us);
void gw_flow_figures(const gw_outflow *, gw_inflow *,
                     gw_media_stats *ret); /* starts a new second */

#endif

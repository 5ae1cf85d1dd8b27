/* desc.h - neutral session description: the only thing that SDP (RFC 8866) and Jingle (XEP-0167/0176/0320) share.
 * Thread: any (pure values).  Owner: gw_desc_free frees the whole tree; setters copy.  Calls back: never. */
#ifndef GW_DESC_H
#define GW_DESC_H
#include <glib.h>
#include "base/cause.h"
#include "base/limits.h"

/* Direction as seen by the side that the description describes (SDP sense). Bits: 1 sends, 2 receives. */
typedef enum { GW_DIR_INACTIVE = 0, GW_DIR_SENDONLY = 1, GW_DIR_RECVONLY = 2, GW_DIR_SENDRECV = 3 } gw_dir;
typedef enum { GW_KIND_AUDIO, GW_KIND_VIDEO, GW_KIND_OTHER } gw_kind;
typedef enum { GW_PROTO_RTP_AVP, GW_PROTO_RTP_SAVP, GW_PROTO_DTLS_SAVPF /* UDP/TLS/RTP/SAVPF */, GW_PROTO_OTHER } gw_proto;
typedef enum { GW_SETUP_NONE, GW_SETUP_ACTPASS, GW_SETUP_ACTIVE, GW_SETUP_PASSIVE } gw_setup;   /* RFC 5763 5 */
typedef enum { GW_CAND_HOST, GW_CAND_SRFLX, GW_CAND_PRFLX, GW_CAND_RELAY } gw_cand_type;

typedef struct {
  guint8 pt;            /* 0..127 */
  char name[24];        /* "opus", "PCMU", "telephone-event"; compared without case */
  guint32 clock;        /* Hz */
  guint8 channels;      /* 1 when absent */
  char *fmtp;           /* "useinbandfec=1;minptime=10" or NULL */
} gw_codec;

typedef struct {
  char foundation[33];
  guint component;      /* 1 RTP */
  gboolean udp;         /* FALSE: TCP, kept out by those who read it */
  guint32 priority;
  char ip[64];          /* literal address; ".local" names are dropped by the parsers */
  guint16 port;
  gw_cand_type type;
  char rel_ip[64];      /* "" when absent */
  guint16 rel_port;
  guint generation;
} gw_candidate;

typedef struct {
  guint32 ssrc;
  char *cname;          /* or NULL */
  char *msid;           /* or NULL */
} gw_source;

typedef struct {
  guint tag;
  char suite[40];       /* "AES_CM_128_HMAC_SHA1_80" (RFC 4568) */
  char *key;            /* base64 behind "inline:" */
} gw_crypto;

typedef struct {
  gw_kind kind;
  char *media;          /* the word of the m-line or description@media: "audio", "image"... */
  char *mid;            /* SDP a=mid, Jingle content name; never NULL in Jingle */
  gw_proto proto;
  char *proto_text;     /* proto and fmt list as received, for writing back a refused m-line */
  gboolean refused;     /* SDP port 0 */
  char addr[64];        /* SDP connection address, "" in Jingle */
  guint16 port;
  gw_dir dir;           /* as seen by the described side; set even when ICE is used */
  GArray *codecs;       /* gw_codec, order = preference; fmtp owned */
  guint ptime;          /* ms, 0 = absent */
  guint maxptime;
  gboolean rtcp_mux;
  guint16 rtcp_port;    /* 0 = port + 1 */
  char *ufrag, *pwd;    /* ICE, or NULL */
  GArray *candidates;   /* gw_candidate */
  char *fp_hash;        /* "sha-256", or NULL */
  char *fp_value;       /* "AB:CD:...", upper case */
  gw_setup setup;
  GArray *sources;      /* gw_source */
  GArray *cryptos;      /* gw_crypto */
  guint level_ext;      /* RFC 8285 id of the audio level (RFC 6464) in RTP headers, 1 to 14; 0: none */
} gw_desc_media;

typedef struct gw_desc {
  guint64 session_id, version; /* SDP o=; 0 in Jingle */
  gboolean bundle;             /* a BUNDLE group was present (RFC 8843, XEP-0338) */
  GPtrArray *media;            /* gw_desc_media*, owned */
} gw_desc;

gw_desc *gw_desc_new(void);
gw_desc *gw_desc_copy(const gw_desc *);
void gw_desc_free(gw_desc *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_desc, gw_desc_free)

gw_desc_media *gw_desc_add(gw_desc *, gw_kind, const char *mid_or_null);  /* appended, owned by the desc */
gw_desc_media *gw_desc_audio(const gw_desc *);       /* first audio that is not refused, or NULL */
gw_desc_media *gw_desc_by_mid(const gw_desc *, const char *mid);
gw_codec *gw_desc_media_add_codec(gw_desc_media *, guint8 pt, const char *name, guint32 clock, guint8 channels, const char *fmtp_or_null);
const gw_codec *gw_desc_media_codec(const gw_desc_media *, const char *name, guint32 clock_or_0); /* or NULL */
const gw_codec *gw_desc_media_codec_pt(const gw_desc_media *, guint pt);
gboolean gw_codec_is(const gw_codec *, const char *name);
const char *gw_codec_param(const gw_codec *, const char *name, char *buf, gsize n);  /* value of one fmtp parameter or NULL */
gw_dir gw_dir_flip(gw_dir);                          /* sendonly <-> recvonly */

/* Answers an offer (RFC 3264 6; XEP-0166 with the all-contents rule of browsers). Pure.
 * caps: what we can do now: its first audio media gives codecs in our order of preference, address, port, ICE, DTLS,
 * sources and the direction we want (usually sendrecv).
 * The answer has every media of the offer in its order. The first usable audio is accepted: codecs = the common ones in
 * the order of the offer's preference when prefer_offer, else of caps, with the offer's payload types; telephone-event
 * kept for the clock of the first codec when both have it; direction per RFC 3264 6.1; rtcp-mux when offered; setup by
 * RFC 5763 5 (actpass, none -> setup wished in caps, default active).
 * Encryption by SDES (RFC 4568; base/sdes.h): caps with crypto lines answers a usable crypto line of the offer with its tag
 * and our key, whether the offer says RTP/SAVP or RTP/AVP ("best effort"). RTP/SAVP without a usable line, or in caps with
 * nothing usable in the offer: NO_CODEC.
 * All other media: with bundle set, kept with one payload type, direction inactive and the same transport; without,
 * refused (SDP port 0).
 * FALSE with *ret_why: NO_CODEC (no common codec or no audio), DTLS_FAILED (caps wants DTLS, offer has no fingerprint),
 * BAD_REQUEST (caps wants ICE/DTLS and the offer has no rtcp-mux). */
gboolean gw_desc_answer(const gw_desc *offer, const gw_desc *caps, gboolean prefer_offer, gw_desc **ret, gw_cause *ret_why);

#endif

/* load.h - what the two processes of the load test share: how it is to be, and what they tell each other.
 * Thread: one in the crowd; control in the measuring process.  Owner: values.  Calls back: never. */
#ifndef LOAD_H
#define LOAD_H
#include "base/desc.h"
#include "gateway/media/codec.h"

#define LOAD_LOOP 512 /* frames of speech, repeated */
#define LOAD_MAX_CONNS 2000
#define LOAD_FP 128
#define LOAD_OPUS_PT 107 /* of the phones that speak it */

typedef struct {
  guint n, m;          /* remote participants, phones */
  gboolean apart;      /* each phone in a call of its own, with n remotes of its own */
  gboolean quiet;      /* the phones are silent: a line's faint noise, no speech */
  guint talking;       /* of the remotes of one call, those that speak */
  gboolean opus;       /* the phones speak Opus, as a browser does; else G.711 */
  gboolean mute_level; /* the remotes do not tell how loud they are */
  guint seconds;       /* measured */
  const char *srtp;    /* back end of the measured process, NULL: auto */
} load_plan;

typedef enum {
  LOAD_PEER,  /* to the crowd: who we are; back: who answers */
  LOAD_PHONE, /* to the crowd: where the leg is; back: where the phone is */
  LOAD_COUNT, /* to the crowd: begin to count; back: what has come since the last one */
  LOAD_END
} load_what;

typedef struct {
  load_what what;
  guint index; /* of the connection or phone */
  char ufrag[64], pwd[128], fingerprint[LOAD_FP], ip[64];
  guint16 port;
  guint64 audio, phones; /* packets the remotes, and the phones, have got */
} load_message;

/* Speech as browsers send it (Opus, 48 kHz, 32 kbit/s, with FEC) and as a G.711 phone does; without a recording. */
typedef struct {
  guint8 data[400];
  int n;
} load_packet;
typedef struct {
  load_packet talk[LOAD_LOOP],
      still[LOAD_LOOP];                 /* Opus: speech, an open microphone in a quiet room */
  guint8 level[LOAD_LOOP], still_level; /* RFC 6464, -dBov */
  guint8 phone[LOAD_LOOP][160], faint[LOAD_LOOP][160]; /* PCMU */
  guint hybrid;                                        /* of talk: packets of both layers */
} load_sound;
load_sound *load_sound_new(void);

/* The process with all remote participants and phones; returns when told so, or when the other end is gone. */
int load_crowd(const load_plan *, int fd);

#endif

/* leg.h - one phone: a pair of UDP sockets, its codec, whom it believes (latch.h), digits, prompts.
 * Thread: its worker.  Owner: its room.  Calls back: through env.h. */
#ifndef GW_LEG_H
#define GW_LEG_H
#include "gateway/media/door.h"
#include "gateway/media/dtmf.h"
#include "gateway/media/dtmf_ear.h"
#include "gateway/media/env.h"
#include "gateway/media/latch.h"
#include "gateway/media/mixer.h"
#include "gateway/media/pass.h"
#include "gateway/media/quiet.h"
#include "gateway/media/seal.h"
#include "gateway/media/tone.h"
#include "gateway/media/voice.h"

typedef struct gw_leg gw_leg;

typedef struct {
  gw_watch watch;
  gw_leg *leg;
} gw_leg_socket;

struct gw_leg {
  gw_handle handle;
  gw_env *env;
  gw_leg_socket rtp, rtcp;
  gw_addr local; /* bound RTP address */
  gw_latch latch;
  gw_seal seal;
  gw_addr rtcp_to; /* from the SDP; used while RTP goes where the SDP said */
  gboolean rtcp_mux;
  gw_dir dir;         /* ours: bit 1 the phone hears, bit 2 it is heard */
  gboolean heard_any; /* GW_MS_UP was said */
  guint64 alive;      /* packets that were believed, of any kind */
  gw_quiet quiet;
  gboolean given_up; /* GW_MS_FAILED was said */
  gw_inflow in;
  gw_outflow out;
  gw_dtmf_in dtmf;
  gw_dtmf_ear *ear; /* G.711 without telephone-events; else NULL */
  gw_encoder *encoder;
  gw_voice voice; /* what its peers get */
  gboolean muted, was_silenced;
  gboolean retired; /* hears nobody but us */
  const gw_prompt *prompt;
  gw_prompt *spoken; /* what prompt points to when it was made for this once */
  gsize prompt_at;
  gw_tone tone;
  guint tone_left, tone_played; /* frames */
  gw_pass pass;                 /* of what it hears */
  gint16 last[GW_FRAME];        /* that was said to it, while packets are passed on */
  gw_solo near_by;              /* who is in near */
  gw_mix near; /* what only this phone hears: its peers, also the last frame of closed ones */
};

gw_leg *gw_leg_new(gw_env *, gw_cmd *); /* takes the command's estate; NULL: no port free */
void gw_leg_free(gw_leg *);             /* says RTCP BYE */
gw_estate *gw_leg_release(gw_leg *);    /* it is deaf and dumb then */
gw_desc *gw_leg_describe(const gw_leg *, const gw_cmd *);
void gw_leg_remote(gw_leg *, const gw_desc *remote, const gw_desc *agreed);
void gw_leg_play(gw_leg *, const gw_prompt *or_null,
                 gw_prompt *spoken); /* spoken: taken, and played instead; NULL: none */
void gw_leg_tone(gw_leg *, guint hz, guint ms);
gboolean gw_leg_hears(const gw_leg *); /* wants a frame each tick */
void gw_leg_listen(
    gw_leg *, gint64 now_us);  /* one frame of the phone into in.pcm: silence while muted or held */
void gw_leg_mix_own(gw_leg *); /* adds prompt and beep to near */
/* One frame to the phone. silent: nobody is in it. one: who alone is in it; his packet goes on as it came, if it may (pass.h). */
void gw_leg_say(gw_leg *, const gint16 *pcm, gboolean silent, const gw_inflow *one_or_null);
void gw_leg_report(gw_leg *, gint64 now_us); /* RTCP when due */
void gw_leg_pass(gw_leg *, guint ticks);     /* time goes on */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_leg, gw_leg_free)

#endif

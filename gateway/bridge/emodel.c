#include "gateway/bridge/emodel.h"

#define R_BEST 93.2   /* G.107 with its default values, rounded as in the reduced form */
#define PACKET_MS 20  /* gathering a packet on the sender's side */
#define KNEE_MS 177.3 /* where conversation begins to suffer from delay */

/* Equipment impairment and robustness against random loss. G.711 with concealment: ITU-T G.113 appendix I. The others
 * have no narrow-band row there; theirs are chosen between it and their wideband rows. */
static const struct {
  const char *codec;
  double ie, bpl, delay_ms;
} codecs[] = {
    {"opus", 0, 20, 6.5}, {"PCMU", 0, 25.1, 0}, {"PCMA", 0, 25.1, 0}, {"G722", 0, 10, 1.5}};

static double loss_percent(const gw_emodel_in *in) {
  guint64 sent = in->received + in->lost;
  double missed = (double)in->lost + (double)MIN(in->late, in->received);
  return sent ? MIN(100.0 * missed / (double)sent, 100.0) : 0;
}

double gw_emodel_r(const gw_emodel_in *in) {
  guint k = 0;
  for (guint i = 0; i < G_N_ELEMENTS(codecs); i++)
    if (in->codec && !g_ascii_strcasecmp(codecs[i].codec, in->codec)) k = i;
  double delay = in->rtt_ms / 2.0 + in->buffer_ms + PACKET_MS + codecs[k].delay_ms;
  double loss = loss_percent(in);
  double id = 0.024 * delay + (delay > KNEE_MS ? 0.11 * (delay - KNEE_MS) : 0);
  double ie = codecs[k].ie + (95 - codecs[k].ie) * loss / (loss + codecs[k].bpl);
  return CLAMP(R_BEST - id - ie, 0, R_BEST);
}

double gw_emodel_mos(const gw_emodel_in *in) {
  double r = gw_emodel_r(in);
  if (!in->received) return 0;
  return CLAMP(1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6, 1.0, 4.5);
}

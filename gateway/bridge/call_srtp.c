#include "gateway/bridge/private.h"

/* Keys in a description are worth as much as the way it goes: without TLS there are none. */
gboolean gw_call_srtp_params(gw_call *c, gw_leg_params *params) {
  gboolean secure = c->machine.out || (c->sip && gw_sip_call_secure(c->sip));
  gw_log_ctx ctx = gw_call_ctx(c);
  params->srtp = c->encrypted ? GW_SDES_REQUIRED : secure ? c->srtp : GW_SDES_OFF;
  if (secure || !c->sip || c->srtp != GW_SDES_REQUIRED) return TRUE;
  gw_warn(&ctx, "srtp-needs-tls", "phone=%s trunk=%s", c->phone ? c->phone : "-",
          c->trunk ? c->trunk : "-");
  return FALSE;
}

/* A phone that was rung without TLS got an offer without our key: whatever it says, nothing is encrypted. */
void gw_call_srtp_answered(gw_call *c) {
  gw_desc_media *ours = gw_desc_audio(c->leg_caps);
  if (ours && !gw_sip_call_secure(c->sip)) gw_sdes_strip(ours);
}

/* Encrypted once, a call stays so: a later offer without keys is refused. */
void gw_call_srtp_agreed(gw_call *c, const gw_desc *agreed) {
  const gw_desc_media *audio = gw_desc_audio(agreed);
  gw_desc_media *ours = gw_desc_audio(c->leg_caps);
  gw_log_ctx ctx = gw_call_ctx(c);
  if (c->encrypted || !audio || !audio->cryptos->len || !ours) return;
  c->encrypted = TRUE;
  ours->proto = GW_PROTO_RTP_SAVP;
  gw_info(&ctx, "srtp", "suite=%s", GW_SDES_SUITE);
}

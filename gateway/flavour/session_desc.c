#include "gateway/flavour/session_desc.h"

void gw_sd_dress_sources(gw_desc_media *m) {
  for (guint i = 0; i < m->sources->len; i++) {
    gw_source *s = &g_array_index(m->sources, gw_source, i);
    if (!s->cname) s->cname = g_strdup("tipring");
    if (!s->msid) s->msid = g_strdup_printf("%s a%u", s->cname, i);
  }
}

void gw_sd_add_candidates(gw_desc_media *m, const GArray *candidates) {
  const guint room =
      m->candidates->len < GW_MAX_CANDIDATES ? GW_MAX_CANDIDATES - m->candidates->len : 0;
  g_array_append_vals(m->candidates, candidates->data, MIN(candidates->len, room));
}

gw_desc *gw_sd_offer(const gw_desc *local, const char *mid, gboolean bundle,
                     const GArray *candidates) {
  g_autoptr(gw_desc) d = gw_desc_copy(local);
  gw_desc_media *m = gw_desc_audio(d);
  if (!m) return NULL;
  while (d->media->len > 1)
    g_ptr_array_remove_index(d->media, d->media->pdata[0] == m ? 1 : 0);
  d->bundle = bundle;
  g_free(m->mid);
  m->mid = g_strdup(mid);
  m->proto = GW_PROTO_DTLS_SAVPF;
  m->dir = GW_DIR_SENDRECV;
  m->rtcp_mux = TRUE;
  m->setup = GW_SETUP_ACTPASS;
  gw_sd_dress_sources(m);
  gw_sd_add_candidates(m, candidates);
  return g_steal_pointer(&d);
}

gw_setup gw_sd_answer_setup(const gw_desc *offer) {
  const gw_desc_media *m = gw_desc_audio(offer);
  if (m->setup == GW_SETUP_ACTIVE) return GW_SETUP_PASSIVE;
  if (m->setup == GW_SETUP_PASSIVE) return GW_SETUP_ACTIVE;
  return offer->bundle ? GW_SETUP_PASSIVE : GW_SETUP_ACTIVE;
}

gw_desc *gw_sd_answer(const gw_desc *offer, const gw_desc *local, gboolean prefer_offer,
                      const GArray *candidates, const char **ret_reason) {
  g_autoptr(gw_desc) caps = gw_desc_copy(local);
  gw_desc_media *m = gw_desc_audio(caps);
  gw_cause why = GW_CAUSE_INTERNAL;
  gw_desc *answer = NULL;
  if (m) {
    m->setup = gw_sd_answer_setup(offer);
    m->rtcp_mux = TRUE;
    gw_sd_dress_sources(m);
    gw_sd_add_candidates(m, candidates);
  }
  if (gw_desc_answer(offer, caps, prefer_offer, &answer, &why)) return answer;
  *ret_reason = why == GW_CAUSE_BAD_REQUEST ? "incompatible-parameters" : gw_cause_jingle(why);
  return NULL;
}

void gw_sd_leave_out_refused(gw_desc *answer) {
  for (guint i = answer->media->len; i-- > 0;)
    if (((gw_desc_media *)answer->media->pdata[i])->refused)
      g_ptr_array_remove_index(answer->media, i);
}

gw_desc_media *gw_sd_only_audio_candidates(gw_desc *answer) {
  gw_desc_media *audio = NULL;
  for (guint i = 0; i < answer->media->len; i++) {
    gw_desc_media *m = answer->media->pdata[i];
    if (!audio && m->kind == GW_KIND_AUDIO && !m->refused)
      audio = m;
    else
      g_array_set_size(m->candidates, 0);
  }
  return audio;
}

const char *gw_sd_unfit(const gw_desc *offer) {
  const gw_desc_media *m = offer ? gw_desc_audio(offer) : NULL;
  if (!m) return "unsupported-applications";
  if (!m->fp_value) return "security-error";
  return m->rtcp_mux && m->ufrag && m->pwd ? NULL : "incompatible-parameters";
}

gw_desc *gw_sd_trickle(const char *mid, const char *ufrag, const char *pwd, const gw_candidate *c) {
  gw_desc *d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, mid);
  m->ufrag = g_strdup(ufrag);
  m->pwd = g_strdup(pwd);
  g_array_append_val(m->candidates, *c);
  return d;
}

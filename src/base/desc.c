#include "base/desc.h"
#include "base/sdes.h"
#include <string.h>

static void codec_clear(void *p) {
  g_free(((gw_codec *)p)->fmtp);
}

static void source_clear(void *p) {
  gw_source *s = p;
  g_free(s->cname);
  g_free(s->msid);
}

static void crypto_clear(void *p) {
  gw_crypto *c = p;
  if (c->key) explicit_bzero(c->key, strlen(c->key));
  g_free(c->key);
}

static GArray *array(gsize size, GDestroyNotify clear) {
  GArray *a = g_array_new(FALSE, TRUE, (guint)size);
  if (clear) g_array_set_clear_func(a, clear);
  return a;
}

static gw_desc_media *media_new(void) {
  gw_desc_media *m = g_new0(gw_desc_media, 1);
  m->dir = GW_DIR_SENDRECV;
  m->codecs = array(sizeof(gw_codec), codec_clear);
  m->candidates = array(sizeof(gw_candidate), NULL);
  m->sources = array(sizeof(gw_source), source_clear);
  m->cryptos = array(sizeof(gw_crypto), crypto_clear);
  return m;
}

static void media_free(void *p) {
  gw_desc_media *m = p;
  g_array_unref(m->codecs);
  g_array_unref(m->candidates);
  g_array_unref(m->sources);
  g_array_unref(m->cryptos);
  g_free(m->media);
  g_free(m->mid);
  g_free(m->proto_text);
  g_free(m->ufrag);
  g_free(m->pwd);
  g_free(m->fp_hash);
  g_free(m->fp_value);
  g_free(m);
}

gw_desc *gw_desc_new(void) {
  gw_desc *d = g_new0(gw_desc, 1);
  d->media = g_ptr_array_new_with_free_func(media_free);
  return d;
}

void gw_desc_free(gw_desc *d) {
  if (!d) return;
  g_ptr_array_unref(d->media);
  g_free(d);
}

static const char *kind_word(gw_kind kind) {
  return kind == GW_KIND_AUDIO ? "audio" : kind == GW_KIND_VIDEO ? "video" : "application";
}

gw_desc_media *gw_desc_add(gw_desc *d, gw_kind kind, const char *mid) {
  gw_desc_media *m = media_new();
  m->kind = kind;
  m->media = g_strdup(kind_word(kind));
  m->mid = g_strdup(mid);
  g_ptr_array_add(d->media, m);
  return m;
}

gw_codec *gw_desc_media_add_codec(gw_desc_media *m, guint8 pt, const char *name, guint32 clock,
                                  guint8 channels, const char *fmtp) {
  gw_codec c = {
      .pt = pt, .clock = clock, .channels = channels ? channels : 1, .fmtp = g_strdup(fmtp)};
  g_strlcpy(c.name, name, sizeof c.name);
  g_array_append_val(m->codecs, c);
  return &g_array_index(m->codecs, gw_codec, m->codecs->len - 1);
}

static void add_source(gw_desc_media *m, const gw_source *s) {
  gw_source c = {s->ssrc, g_strdup(s->cname), g_strdup(s->msid)};
  g_array_append_val(m->sources, c);
}

static void copy_codecs(gw_desc_media *to, const gw_desc_media *from) {
  for (guint i = 0; i < from->codecs->len; i++) {
    const gw_codec *c = &g_array_index(from->codecs, gw_codec, i);
    gw_desc_media_add_codec(to, c->pt, c->name, c->clock, c->channels, c->fmtp);
  }
}

/* ICE, DTLS and address: all that belongs to the transport and not to the codecs. */
static void copy_transport(gw_desc_media *to, const gw_desc_media *from) {
  g_strlcpy(to->addr, from->addr, sizeof to->addr);
  to->port = from->port;
  to->rtcp_port = from->rtcp_port;
  to->ufrag = g_strdup(from->ufrag);
  to->pwd = g_strdup(from->pwd);
  to->fp_hash = g_strdup(from->fp_hash);
  to->fp_value = g_strdup(from->fp_value);
  to->setup = from->setup;
  g_array_append_vals(to->candidates, from->candidates->data, from->candidates->len);
}

static gw_desc_media *media_copy(const gw_desc_media *m) {
  gw_desc_media *c = media_new();
  c->kind = m->kind;
  c->media = g_strdup(m->media);
  c->mid = g_strdup(m->mid);
  c->proto = m->proto;
  c->proto_text = g_strdup(m->proto_text);
  c->refused = m->refused;
  c->dir = m->dir;
  c->ptime = m->ptime;
  c->maxptime = m->maxptime;
  c->rtcp_mux = m->rtcp_mux;
  c->level_ext = m->level_ext;
  copy_transport(c, m);
  copy_codecs(c, m);
  for (guint i = 0; i < m->sources->len; i++)
    add_source(c, &g_array_index(m->sources, gw_source, i));
  for (guint i = 0; i < m->cryptos->len; i++) {
    gw_crypto k = g_array_index(m->cryptos, gw_crypto, i);
    k.key = g_strdup(k.key);
    g_array_append_val(c->cryptos, k);
  }
  return c;
}

gw_desc *gw_desc_copy(const gw_desc *d) {
  if (!d) return NULL;
  gw_desc *c = gw_desc_new();
  c->session_id = d->session_id;
  c->version = d->version;
  c->bundle = d->bundle;
  for (guint i = 0; i < d->media->len; i++)
    g_ptr_array_add(c->media, media_copy(d->media->pdata[i]));
  return c;
}

gw_desc_media *gw_desc_audio(const gw_desc *d) {
  for (guint i = 0; d && i < d->media->len; i++) {
    gw_desc_media *m = d->media->pdata[i];
    if (m->kind == GW_KIND_AUDIO && !m->refused) return m;
  }
  return NULL;
}

gw_desc_media *gw_desc_by_mid(const gw_desc *d, const char *mid) {
  for (guint i = 0; d && mid && i < d->media->len; i++) {
    gw_desc_media *m = d->media->pdata[i];
    if (m->mid && !strcmp(m->mid, mid)) return m;
  }
  return NULL;
}

gboolean gw_codec_is(const gw_codec *c, const char *name) {
  return !g_ascii_strcasecmp(c->name, name);
}

const gw_codec *gw_desc_media_codec(const gw_desc_media *m, const char *name, guint32 clock) {
  for (guint i = 0; i < m->codecs->len; i++) {
    const gw_codec *c = &g_array_index(m->codecs, gw_codec, i);
    if (gw_codec_is(c, name) && (!clock || c->clock == clock)) return c;
  }
  return NULL;
}

const gw_codec *gw_desc_media_codec_pt(const gw_desc_media *m, guint pt) {
  for (guint i = 0; i < m->codecs->len; i++) {
    const gw_codec *c = &g_array_index(m->codecs, gw_codec, i);
    if (c->pt == pt) return c;
  }
  return NULL;
}

const char *gw_codec_param(const gw_codec *c, const char *name, char *buf, gsize n) {
  gsize len = strlen(name);
  for (const char *p = c->fmtp; p && *p;) {
    p += strspn(p, "; ");
    gsize part = strcspn(p, ";");
    if (part > len && !g_ascii_strncasecmp(p, name, len) && p[len] == '=') {
      gsize v = part - len - 1;
      if (v >= n) return NULL;
      memcpy(buf, p + len + 1, v);
      buf[v] = 0;
      return g_strstrip(buf);
    }
    p += part;
  }
  return NULL;
}

gw_dir gw_dir_flip(gw_dir d) {
  return (gw_dir)(((d & GW_DIR_SENDONLY) << 1) | ((d & GW_DIR_RECVONLY) >> 1));
}

/* --- answer --- */

static gboolean is_event(const gw_codec *c) {
  return gw_codec_is(c, "telephone-event");
}

static gboolean same_codec(const gw_codec *a, const gw_codec *b) {
  return gw_codec_is(a, b->name) && a->clock == b->clock;
}

static const gw_codec *in_common(const gw_desc_media *m, const gw_codec *c) {
  for (guint i = 0; i < m->codecs->len; i++) {
    const gw_codec *o = &g_array_index(m->codecs, gw_codec, i);
    if (same_codec(o, c)) return o;
  }
  return NULL;
}

/* fmtp is ours (what we want to receive), payload type and channels are the offer's (RFC 3264 6.1).
 */
static void add_common(gw_desc_media *answer, const gw_codec *offered, const gw_codec *ours) {
  if (!gw_desc_media_codec_pt(answer, offered->pt))
    gw_desc_media_add_codec(answer, offered->pt, offered->name, offered->clock, offered->channels,
                            ours->fmtp);
}

/* telephone-event runs on the clock of the audio codec beside it (RFC 4733 2.1); a phone that
 * offers only 8000 beside Opus gets 8000 all the same: every phone that does so means it. */
static void add_event(gw_desc_media *answer, const gw_desc_media *offer,
                      const gw_desc_media *caps) {
  if (!answer->codecs->len || !gw_desc_media_codec(caps, "telephone-event", 0)) return;
  const gw_codec *first = &g_array_index(answer->codecs, gw_codec, 0);
  const gw_codec *ev = gw_desc_media_codec(offer, "telephone-event", first->clock);
  if (!ev) ev = gw_desc_media_codec(offer, "telephone-event", 8000);
  if (ev) gw_desc_media_add_codec(answer, ev->pt, ev->name, ev->clock, 1, ev->fmtp ? "0-15" : NULL);
}

static gboolean choose_codecs(gw_desc_media *answer, const gw_desc_media *offer,
                              const gw_desc_media *caps, gboolean prefer_offer) {
  const gw_desc_media *order = prefer_offer ? offer : caps, *other = prefer_offer ? caps : offer;
  for (guint i = 0; i < order->codecs->len; i++) {
    const gw_codec *c = &g_array_index(order->codecs, gw_codec, i), *o;
    if (is_event(c) || !(o = in_common(other, c))) continue;
    add_common(answer, prefer_offer ? c : o, prefer_offer ? o : c);
  }
  gboolean any = answer->codecs->len > 0;
  add_event(answer, offer, caps);
  return any;
}

static gw_setup choose_setup(gw_setup offered, gw_setup wish) {
  if (offered == GW_SETUP_ACTIVE) return GW_SETUP_PASSIVE;
  if (offered == GW_SETUP_PASSIVE) return GW_SETUP_ACTIVE;
  return wish == GW_SETUP_PASSIVE ? GW_SETUP_PASSIVE : GW_SETUP_ACTIVE;
}

static void answer_transport(gw_desc_media *answer, const gw_desc_media *offer,
                             const gw_desc_media *caps) {
  copy_transport(answer, caps);
  answer->rtcp_mux = offer->rtcp_mux && caps->rtcp_mux;
  answer->setup = caps->fp_value ? choose_setup(offer->setup, caps->setup) : GW_SETUP_NONE;
}

static void answer_head(gw_desc_media *answer, const gw_desc_media *offer) {
  g_free(answer->media);
  answer->media = g_strdup(offer->media);
  answer->proto = offer->proto;
  answer->proto_text = g_strdup(offer->proto_text);
}

static void answer_other(gw_desc *ret, const gw_desc *offer, const gw_desc_media *m,
                         const gw_desc_media *caps) {
  gw_desc_media *a = gw_desc_add(ret, m->kind, m->mid);
  answer_head(a, m);
  a->dir = GW_DIR_INACTIVE;
  a->refused = !offer->bundle || m->refused;
  if (a->refused) {
    copy_codecs(a, m);
    return;
  }
  /* browsers and their relatives want every content back, on the bundled transport, with at least
   * one payload type */
  answer_transport(a, m, caps);
  if (m->codecs->len) {
    const gw_codec *c = &g_array_index(m->codecs, gw_codec, 0);
    gw_desc_media_add_codec(a, c->pt, c->name, c->clock, c->channels, c->fmtp);
  }
}

static gw_cause check_transport(const gw_desc_media *offer, const gw_desc_media *caps) {
  if (!caps->fp_value)
    return offer->proto == GW_PROTO_DTLS_SAVPF || offer->proto == GW_PROTO_OTHER ? GW_CAUSE_NO_CODEC
                                                                                 : GW_CAUSE_NONE;
  if (!offer->fp_value) return GW_CAUSE_DTLS_FAILED;
  return offer->rtcp_mux ? GW_CAUSE_NONE : GW_CAUSE_BAD_REQUEST;
}

gboolean gw_desc_answer(const gw_desc *offer, const gw_desc *caps, gboolean prefer_offer,
                        gw_desc **ret, gw_cause *ret_why) {
  const gw_desc_media *audio = gw_desc_audio(offer), *ours = gw_desc_audio(caps);
  gw_cause why = !audio || !ours ? GW_CAUSE_NO_CODEC : check_transport(audio, ours);
  if (why) {
    *ret_why = why;
    return FALSE;
  }
  g_autoptr(gw_desc) a = gw_desc_new();
  a->session_id = caps->session_id;
  a->version = caps->version;
  a->bundle = offer->bundle;
  for (guint i = 0; i < offer->media->len; i++) {
    const gw_desc_media *m = offer->media->pdata[i];
    if (m != audio) {
      answer_other(a, offer, m, ours);
      continue;
    }
    gw_desc_media *out = gw_desc_add(a, GW_KIND_AUDIO, m->mid);
    answer_head(out, m);
    answer_transport(out, m, ours);
    out->dir = (gw_dir)(ours->dir & gw_dir_flip(m->dir));
    out->ptime = ours->ptime;
    out->level_ext = ours->level_ext ? m->level_ext : 0; /* RFC 8285 5: the id of the offer */
    for (guint k = 0; k < ours->sources->len; k++)
      add_source(out, &g_array_index(ours->sources, gw_source, k));
    gboolean keys = ours->fp_value || gw_sdes_answer(out, m, ours);
    if (keys && choose_codecs(out, m, ours, prefer_offer)) continue;
    *ret_why = GW_CAUSE_NO_CODEC;
    return FALSE;
  }
  *ret = g_steal_pointer(&a);
  return TRUE;
}

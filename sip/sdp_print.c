/* sdp_print.c - writes a gw_desc as SDP (RFC 8866). */
#include "sip/sdp.h"
#include <string.h>

static const char *family_of(const char *addr) {
  return strchr(addr, ':') ? "IP6" : "IP4";
}

static const char *addr_or_none(const gw_desc_media *m) {
  return *m->addr ? m->addr : "0.0.0.0";
}

static const char *proto_word(gw_proto proto) {
  switch (proto) {
  case GW_PROTO_RTP_SAVP:
    return "RTP/SAVP";
  case GW_PROTO_DTLS_SAVPF:
    return "UDP/TLS/RTP/SAVPF";
  default:
    return "RTP/AVP";
  }
}

/* "RTP/AVP 0 8 101". The protocol word goes back as it came as long as it still means the same (RTP/AVPF stays RTP/AVPF,
 * RFC 3264 6); a media without codecs of ours keeps the list it came with, as an answer must (RFC 3264 6). */
static void print_protocol(GString *out, const gw_desc_media *m) {
  const char *rest = m->proto_text ? strchr(m->proto_text, ' ') : NULL;
  g_autofree char *word = NULL;
  if (m->proto_text) word = g_strndup(m->proto_text, strcspn(m->proto_text, " "));
  if (m->proto == GW_PROTO_OTHER) {
    g_string_append(out, m->proto_text ? m->proto_text : "RTP/AVP 0");
    return;
  }
  g_string_append(out, word && gw_sdp_proto(word) == m->proto ? word : proto_word(m->proto));
  for (guint i = 0; i < m->codecs->len; i++)
    g_string_append_printf(out, " %u", g_array_index(m->codecs, gw_codec, i).pt);
  if (m->codecs->len == 0) g_string_append(out, rest ? rest : " 0");
}

static void print_codecs(GString *out, const gw_desc_media *m) {
  for (guint i = 0; i < m->codecs->len; i++) {
    const gw_codec *c = &g_array_index(m->codecs, gw_codec, i);
    g_string_append_printf(out, "a=rtpmap:%u %s/%u", c->pt, c->name, c->clock);
    if (c->channels > 1) g_string_append_printf(out, "/%u", c->channels);
    g_string_append(out, "\r\n");
    if (c->fmtp) g_string_append_printf(out, "a=fmtp:%u %s\r\n", c->pt, c->fmtp);
  }
}

char *gw_sdp_print_candidate(const gw_candidate *c) {
  static const char *const types[] = {"host", "srflx", "prflx", "relay"};
  g_autofree char *related =
      *c->rel_ip ? g_strdup_printf(" raddr %s rport %u", c->rel_ip, c->rel_port) : g_strdup("");
  return g_strdup_printf("candidate:%s %u %s %u %s %u typ %s%s generation %u", c->foundation,
                         c->component, c->udp ? "UDP" : "TCP", c->priority, c->ip, c->port,
                         types[c->type], related, c->generation);
}

static void print_candidates(GString *out, const gw_desc_media *m) {
  for (guint i = 0; i < m->candidates->len; i++) {
    g_autofree char *line = gw_sdp_print_candidate(&g_array_index(m->candidates, gw_candidate, i));
    g_string_append_printf(out, "a=%s\r\n", line);
  }
}

static void print_sources(GString *out, const gw_desc_media *m) {
  for (guint i = 0; i < m->sources->len; i++) {
    const gw_source *s = &g_array_index(m->sources, gw_source, i);
    if (s->cname) g_string_append_printf(out, "a=ssrc:%u cname:%s\r\n", s->ssrc, s->cname);
    if (s->msid) g_string_append_printf(out, "a=ssrc:%u msid:%s\r\n", s->ssrc, s->msid);
  }
}

static void print_security(GString *out, const gw_desc_media *m) {
  static const char *const setups[] = {
      [GW_SETUP_ACTPASS] = "actpass", [GW_SETUP_ACTIVE] = "active", [GW_SETUP_PASSIVE] = "passive"};
  for (guint i = 0; i < m->cryptos->len; i++) {
    const gw_crypto *c = &g_array_index(m->cryptos, gw_crypto, i);
    g_string_append_printf(out, "a=crypto:%u %s inline:%s\r\n", c->tag, c->suite, c->key);
  }
  if (m->ufrag) g_string_append_printf(out, "a=ice-options:trickle\r\na=ice-ufrag:%s\r\n", m->ufrag);
  if (m->pwd) g_string_append_printf(out, "a=ice-pwd:%s\r\n", m->pwd);
  if (m->fp_hash && m->fp_value)
    g_string_append_printf(out, "a=fingerprint:%s %s\r\n", m->fp_hash, m->fp_value);
  if (m->setup != GW_SETUP_NONE) g_string_append_printf(out, "a=setup:%s\r\n", setups[m->setup]);
}

static void print_media(GString *out, const gw_desc_media *m, const char *session_addr) {
  static const char *const dirs[] = {"inactive", "sendonly", "recvonly", "sendrecv"};
  g_string_append_printf(out, "m=%s %u ", m->media ? m->media : "audio", m->refused ? 0 : m->port);
  print_protocol(out, m);
  g_string_append(out, "\r\n");
  if (strcmp(addr_or_none(m), session_addr) != 0)
    g_string_append_printf(out, "c=IN %s %s\r\n", family_of(m->addr), addr_or_none(m));
  print_codecs(out, m);
  if (m->ptime) g_string_append_printf(out, "a=ptime:%u\r\n", m->ptime);
  if (m->maxptime) g_string_append_printf(out, "a=maxptime:%u\r\n", m->maxptime);
  g_string_append_printf(out, "a=%s\r\n", dirs[m->dir]);
  if (m->mid) g_string_append_printf(out, "a=mid:%s\r\n", m->mid);
  if (m->rtcp_mux) g_string_append(out, "a=rtcp-mux\r\n");
  if (m->rtcp_port) g_string_append_printf(out, "a=rtcp:%u\r\n", m->rtcp_port);
  print_security(out, m);
  print_candidates(out, m);
  print_sources(out, m);
}

static void print_group(GString *out, const gw_desc *d) {
  g_string_append(out, "a=group:BUNDLE");
  for (guint i = 0; i < d->media->len; i++) {
    const gw_desc_media *m = g_ptr_array_index(d->media, i);
    if (m->mid && !m->refused) g_string_append_printf(out, " %s", m->mid);
  }
  g_string_append(out, "\r\n");
}

char *gw_sdp_print(const gw_desc *d) {
  GString *out = g_string_new("v=0\r\n");
  const char *addr = d->media->len ? addr_or_none(g_ptr_array_index(d->media, 0)) : "0.0.0.0";
  g_string_append_printf(out, "o=- %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " IN %s %s\r\n",
                         d->session_id, d->version, family_of(addr), addr);
  g_string_append_printf(out, "s=-\r\nc=IN %s %s\r\nt=0 0\r\n", family_of(addr), addr);
  if (d->bundle) print_group(out, d);
  for (guint i = 0; i < d->media->len; i++)
    print_media(out, g_ptr_array_index(d->media, i), addr);
  return g_string_free(out, FALSE);
}

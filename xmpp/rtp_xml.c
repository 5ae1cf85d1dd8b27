#include "xmpp/rtp_xml.h"
#include <arpa/inet.h>
#include <string.h>
#include "base/limits.h"
#include "xmpp/ns.h"

#define MAX_LABEL 256 /* bytes of a content name, ICE credential, cname or msid */

static const char *const senders_words[] = {"none", "initiator", "responder", "both"};
#define LEVEL_URI "urn:ietf:params:rtp-hdrext:ssrc-audio-level" /* RFC 6464 */

static const char *const setup_words[] = {"", "actpass", "active", "passive"};
static const char *const type_words[] = {"host", "srflx", "prflx", "relay"};

static int word_index(const char *word, const char *const *words, guint n) {
  for (guint i = 0; word && i < n; i++)
    if (!strcmp(word, words[i])) return (int)i;
  return -1;
}

/* Printable, not empty, within bounds: such text can be logged, sent back and put into SDP. */
static gboolean label_ok(const char *s, gboolean blanks) {
  if (!s || !*s || strlen(s) > MAX_LABEL) return FALSE;
  for (const char *p = s; *p; p++)
    if ((guchar)*p < (blanks ? 0x20 : 0x21) || *p == 0x7f) return FALSE;
  return TRUE;
}

/* --- directions: senders names absolute parties (XEP-0166 7.3), a description's direction is its
 * writer's. */

static gboolean senders_parse(const char *senders, gboolean writer_is_initiator, gw_dir *ret) {
  int i = senders ? word_index(senders, senders_words, 4) : GW_DIR_SENDRECV;
  if (i < 0) return FALSE;
  *ret = writer_is_initiator ? (gw_dir)i : gw_dir_flip((gw_dir)i);
  return TRUE;
}

static const char *senders_print(gw_dir dir, gboolean writer_is_initiator) {
  return senders_words[writer_is_initiator ? dir : gw_dir_flip(dir)];
}

/* --- payload types */

static const struct {
  guint pt;
  const char *name;
  guint clock;
} fixed_types[] = {
    {0, "PCMU", 8000}, {3, "GSM", 8000}, {8, "PCMA", 8000},
    {9, "G722", 8000}, {13, "CN", 8000}, {18, "G729", 8000},
};

static gboolean fmtp_add(GString *fmtp, xmpp_stanza_t *parameter) {
  const char *name = gw_xml_get(parameter, "name"), *value = gw_xml_get(parameter, "value");
  if (!value || !*value) return TRUE;
  if (!label_ok(value, TRUE) || (name && *name && !label_ok(name, TRUE))) return FALSE;
  if (fmtp->len) g_string_append_c(fmtp, ';');
  if (name && *name) g_string_append_printf(fmtp, "%s=", name);
  g_string_append(fmtp, value);
  return fmtp->len <= GW_MAX_FMTP;
}

static gboolean ptime_parse(xmpp_stanza_t *s, gw_desc_media *m) {
  guint64 v;
  if (!m->ptime && gw_xml_get_uint(s, "ptime", 1000, &v)) m->ptime = (guint)v;
  if (!m->maxptime && gw_xml_get_uint(s, "maxptime", 1000, &v)) m->maxptime = (guint)v;
  return TRUE;
}

static gboolean payload_parse(xmpp_stanza_t *s, gw_desc_media *m) {
  guint64 pt, clock = 0, channels = 1;
  const char *name = gw_xml_get(s, "name");
  if (m->codecs->len >= GW_MAX_CODECS || !gw_xml_get_uint(s, "id", 127, &pt)) return FALSE;
  gw_xml_get_uint(s, "clockrate", G_MAXUINT32, &clock);
  gw_xml_get_uint(s, "channels", 255, &channels);
  for (guint i = 0; i < G_N_ELEMENTS(fixed_types); i++)
    if (fixed_types[i].pt == pt) {
      if (!name) name = fixed_types[i].name;
      if (!clock) clock = fixed_types[i].clock;
    }
  /* A name we have no room for is a codec we do not have. */
  if (!name || !clock || strlen(name) >= sizeof(((gw_codec *)0)->name)) return TRUE;
  if (!label_ok(name, FALSE)) return FALSE;
  g_autoptr(GString) fmtp = g_string_new(NULL);
  GW_XML_EACH(c, s)
  if (gw_xml_is(c, "parameter", NULL) && !fmtp_add(fmtp, c)) return FALSE;
  gw_desc_media_add_codec(m, (guint8)pt, name, (guint32)clock, (guint8)channels,
                          fmtp->len ? fmtp->str : NULL);
  return ptime_parse(s, m);
}

static void payload_build(xmpp_stanza_t *description, const gw_desc_media *m, const gw_codec *c) {
  xmpp_stanza_t *s = gw_xml_add(description, "payload-type", GW_NS_RTP);
  gw_xml_set_uint(s, "id", c->pt);
  gw_xml_set(s, "name", c->name);
  gw_xml_set_uint(s, "clockrate", c->clock);
  if (c->channels > 1) gw_xml_set_uint(s, "channels", c->channels);
  if (m->ptime) gw_xml_set_uint(s, "ptime", m->ptime);
  if (m->maxptime) gw_xml_set_uint(s, "maxptime", m->maxptime);
  g_auto(GStrv) parts = c->fmtp ? g_strsplit(c->fmtp, ";", -1) : NULL;
  for (guint i = 0; parts && parts[i]; i++) {
    char *value = strchr(g_strstrip(parts[i]), '=');
    if (!*parts[i]) continue;
    xmpp_stanza_t *p = gw_xml_add(s, "parameter", GW_NS_RTP);
    if (value) *value++ = 0;
    gw_xml_set(p, "name", value ? parts[i] : ""); /* XEP-0167 wants both attributes */
    gw_xml_set(p, "value", value ? value : parts[i]);
  }
}

/* --- sources (XEP-0339) */

static gboolean source_parse(xmpp_stanza_t *s, gw_desc_media *m) {
  guint64 ssrc;
  if (m->sources->len >= GW_MAX_SSRCS) return FALSE;
  if (!gw_xml_get_uint(s, "ssrc", G_MAXUINT32, &ssrc)) return TRUE; /* Jitsi has sources by rid */
  gw_source src = {.ssrc = (guint32)ssrc};
  GW_XML_EACH(c, s) {
    const char *name = gw_xml_get(c, "name"), *value = gw_xml_get(c, "value");
    if (!gw_xml_is(c, "parameter", NULL) || !name || !label_ok(value, TRUE)) continue;
    if (!strcmp(name, "cname") && !src.cname) src.cname = g_strdup(value);
    if (!strcmp(name, "msid") && !src.msid) src.msid = g_strdup(value);
  }
  g_array_append_val(m->sources, src);
  return TRUE;
}

static void source_parameter(xmpp_stanza_t *source, const char *name, const char *value) {
  if (!value) return;
  xmpp_stanza_t *p = gw_xml_add(source, "parameter", GW_NS_SSMA);
  gw_xml_set(p, "name", name);
  gw_xml_set(p, "value", value);
}

static void source_build(xmpp_stanza_t *description, const gw_source *src) {
  xmpp_stanza_t *s = gw_xml_add(description, "source", GW_NS_SSMA);
  gw_xml_set_uint(s, "ssrc", src->ssrc);
  source_parameter(s, "cname", src->cname);
  source_parameter(s, "msid", src->msid);
}

/* --- description */

/* Header extensions (XEP-0294): of all there are only the audio level is ours, and only for both directions. */
static void extension_parse(xmpp_stanza_t *s, gw_desc_media *m) {
  guint64 id;
  const char *senders = gw_xml_get(s, "senders");
  if (g_strcmp0(gw_xml_get(s, "uri"), LEVEL_URI) || (senders && strcmp(senders, "both"))) return;
  if (gw_xml_get_uint(s, "id", 14, &id)) m->level_ext = (guint)id;
}

static void extension_build(xmpp_stanza_t *description, const gw_desc_media *m) {
  if (!m->level_ext) return;
  xmpp_stanza_t *s = gw_xml_add(description, "rtp-hdrext", GW_NS_HDREXT);
  gw_xml_set_uint(s, "id", m->level_ext);
  gw_xml_set(s, "uri", LEVEL_URI);
}

static gboolean description_parse(xmpp_stanza_t *s, gw_desc_media *m) {
  guint64 ssrc;
  gboolean sdes = FALSE;
  GW_XML_EACH(c, s) {
    if (gw_xml_is(c, "payload-type", NULL) && !payload_parse(c, m)) return FALSE;
    if (gw_xml_is(c, "source", GW_NS_SSMA) && !source_parse(c, m)) return FALSE;
    if (gw_xml_is(c, "rtcp-mux", NULL)) m->rtcp_mux = TRUE;
    if (gw_xml_is(c, "rtp-hdrext", GW_NS_HDREXT)) extension_parse(c, m);
    if (gw_xml_is(c, "encryption", NULL)) sdes = TRUE;
  }
  ptime_parse(s, m); /* Movim writes it here */
  if (!m->sources->len && gw_xml_get_uint(s, "ssrc", G_MAXUINT32, &ssrc)) {
    gw_source src = {.ssrc = (guint32)ssrc};
    g_array_append_val(m->sources, src);
  }
  m->proto = sdes ? GW_PROTO_RTP_SAVP : GW_PROTO_RTP_AVP;
  return TRUE;
}

static void description_build(xmpp_stanza_t *content, const gw_desc_media *m) {
  xmpp_stanza_t *s = gw_xml_add(content, "description", GW_NS_RTP);
  gw_xml_set(s, "media", m->media);
  if (m->sources->len) gw_xml_set_uint(s, "ssrc", g_array_index(m->sources, gw_source, 0).ssrc);
  for (guint i = 0; i < m->codecs->len; i++)
    payload_build(s, m, &g_array_index(m->codecs, gw_codec, i));
  if (m->rtcp_mux) gw_xml_add(s, "rtcp-mux", GW_NS_RTP);
  extension_build(s, m);
  for (guint i = 0; i < m->sources->len; i++)
    source_build(s, &g_array_index(m->sources, gw_source, i));
}

/* --- transport */

/* A literal address that a datagram could be sent to. Names (mDNS), link-local and group addresses
 * are useless here. */
static gboolean address_ok(const char *ip) {
  struct in_addr v4;
  struct in6_addr v6;
  if (!ip || strlen(ip) >= sizeof(((gw_candidate *)0)->ip)) return FALSE;
  if (inet_pton(AF_INET, ip, &v4) == 1) {
    guint first = ntohl(v4.s_addr) >> 24;
    return first > 0 && first < 224;
  }
  return inet_pton(AF_INET6, ip, &v6) == 1 && !IN6_IS_ADDR_LINKLOCAL(&v6) &&
         !IN6_IS_ADDR_MULTICAST(&v6) && !IN6_IS_ADDR_UNSPECIFIED(&v6);
}

/* FALSE: not usable for us, which is no error of the peer: TCP, component 2, .local names. */
static gboolean candidate_read(xmpp_stanza_t *s, gw_candidate *c) {
  guint64 component, priority, port, v;
  const char *foundation = gw_xml_get(s, "foundation"), *protocol = gw_xml_get(s, "protocol");
  const char *ip = gw_xml_get(s, "ip"), *rel = gw_xml_get(s, "rel-addr");
  int type = word_index(gw_xml_get(s, "type"), type_words, 4);
  if (!foundation || strlen(foundation) >= sizeof c->foundation || !label_ok(foundation, FALSE))
    return FALSE;
  if (!protocol || g_ascii_strcasecmp(protocol, "udp") || type < 0 || !address_ok(ip)) return FALSE;
  if (!gw_xml_get_uint(s, "component", 256, &component) || component != 1) return FALSE;
  if (!gw_xml_get_uint(s, "priority", G_MAXUINT32, &priority) || !priority) return FALSE;
  if (!gw_xml_get_uint(s, "port", 65535, &port) || !port) return FALSE;
  *c = (gw_candidate){.component = 1,
                      .udp = TRUE,
                      .priority = (guint32)priority,
                      .port = (guint16)port,
                      .type = (gw_cand_type)type};
  g_strlcpy(c->foundation, foundation, sizeof c->foundation);
  g_strlcpy(c->ip, ip, sizeof c->ip);
  if (address_ok(rel)) g_strlcpy(c->rel_ip, rel, sizeof c->rel_ip);
  if (*c->rel_ip && gw_xml_get_uint(s, "rel-port", 65535, &v)) c->rel_port = (guint16)v;
  if (gw_xml_get_uint(s, "generation", G_MAXUINT16, &v)) c->generation = (guint)v;
  return TRUE;
}

static guint hash_size(const char *hash) {
  static const struct {
    const char *name;
    guint bytes;
  } hashes[] = {{"sha-256", 32}, {"sha-1", 20}, {"sha-224", 28}, {"sha-384", 48}, {"sha-512", 64}};
  for (guint i = 0; hash && i < G_N_ELEMENTS(hashes); i++)
    if (!g_ascii_strcasecmp(hash, hashes[i].name)) return hashes[i].bytes;
  return 0;
}

static gboolean hex_ok(const char *v, guint bytes) {
  if (!v || strlen(v) != bytes * 3 - 1) return FALSE;
  for (guint i = 0; v[i]; i++)
    if (i % 3 == 2 ? v[i] != ':' : !g_ascii_isxdigit(v[i])) return FALSE;
  return TRUE;
}

/* Several may be there: sha-256 is the one to take, a hash we do not know is passed over. */
static gboolean fingerprint_parse(xmpp_stanza_t *s, gw_desc_media *m) {
  const char *hash = gw_xml_get(s, "hash"), *setup = gw_xml_get(s, "setup");
  guint bytes = hash_size(hash);
  int role = setup ? word_index(setup, setup_words, 4) : GW_SETUP_NONE;
  if (!bytes) return TRUE;
  g_autofree char *text = gw_xml_text(s, 256);
  if (text) g_strstrip(text);
  if (!hex_ok(text, bytes) || role < 0) return FALSE;
  if (m->fp_hash && (!strcmp(m->fp_hash, "sha-256") || bytes != 32)) return TRUE;
  g_free(m->fp_hash);
  g_free(m->fp_value);
  m->fp_hash = g_ascii_strdown(hash, -1);
  m->fp_value = g_ascii_strup(text, -1);
  m->setup = (gw_setup)role;
  m->proto = GW_PROTO_DTLS_SAVPF;
  return TRUE;
}

static gboolean transport_parse(xmpp_stanza_t *s, gw_desc_media *m) {
  const char *ufrag = gw_xml_get(s, "ufrag"), *pwd = gw_xml_get(s, "pwd");
  if ((ufrag && !label_ok(ufrag, FALSE)) || (pwd && !label_ok(pwd, FALSE))) return FALSE;
  m->ufrag = g_strdup(ufrag);
  m->pwd = g_strdup(pwd);
  GW_XML_EACH(c, s) {
    gw_candidate cand;
    if (gw_xml_is(c, "fingerprint", GW_NS_DTLS) && !fingerprint_parse(c, m)) return FALSE;
    /* More than the ICE agent keeps are passed over, not refused: a host with many addresses is not
     * broken. */
    if (gw_xml_is(c, "candidate", NULL) && m->candidates->len < GW_MAX_CANDIDATES &&
        candidate_read(c, &cand))
      g_array_append_val(m->candidates, cand);
  }
  return TRUE;
}

static void candidate_build(xmpp_stanza_t *transport, const gw_candidate *c) {
  xmpp_stanza_t *s = gw_xml_add(transport, "candidate", GW_NS_ICE);
  g_autofree char *key = g_strdup_printf("%s %u %s %u %s", c->ip, c->port, c->rel_ip, c->rel_port,
                                         type_words[c->type & 3]);
  g_autofree char *id = g_strdup_printf("c%08x", g_str_hash(key));
  gw_xml_set(s, "id", id);
  gw_xml_set(s, "foundation", c->foundation);
  gw_xml_set_uint(s, "component", c->component);
  gw_xml_set(s, "protocol", "udp");
  gw_xml_set_uint(s, "priority", c->priority);
  gw_xml_set(s, "ip", c->ip);
  gw_xml_set_uint(s, "port", c->port);
  gw_xml_set(s, "type", type_words[c->type & 3]);
  if (*c->rel_ip) {
    gw_xml_set(s, "rel-addr", c->rel_ip);
    gw_xml_set_uint(s, "rel-port", c->rel_port);
  }
  gw_xml_set_uint(s, "network", 0);
  gw_xml_set_uint(s, "generation", c->generation);
}

static void transport_build(xmpp_stanza_t *content, const gw_desc_media *m, gboolean candidates) {
  xmpp_stanza_t *s = gw_xml_add(content, "transport", GW_NS_ICE);
  gw_xml_set(s, "ufrag", m->ufrag);
  gw_xml_set(s, "pwd", m->pwd);
  if (m->fp_hash && m->fp_value) {
    xmpp_stanza_t *f = gw_xml_add(s, "fingerprint", GW_NS_DTLS);
    gw_xml_set(f, "hash", m->fp_hash);
    if (m->setup != GW_SETUP_NONE) gw_xml_set(f, "setup", setup_words[m->setup & 3]);
    gw_xml_set_text(f, m->fp_value);
  }
  for (guint i = 0; candidates && i < m->candidates->len; i++) {
    const gw_candidate *c = &g_array_index(m->candidates, gw_candidate, i);
    if (c->udp) candidate_build(s, c);
  }
}

/* --- contents */

static gw_kind kind_of(const char *media) {
  return !g_strcmp0(media, "audio")   ? GW_KIND_AUDIO
         : !g_strcmp0(media, "video") ? GW_KIND_VIDEO
                                      : GW_KIND_OTHER;
}

static const char *content_parse(xmpp_stanza_t *s, gboolean writer_is_initiator, gw_desc *d) {
  const char *name = gw_xml_get(s, "name");
  xmpp_stanza_t *description = gw_xml_child(s, "description", GW_NS_RTP);
  xmpp_stanza_t *transport = gw_xml_child(s, "transport", GW_NS_ICE);
  if (!label_ok(name, TRUE) || !g_utf8_validate(name, -1, NULL))
    return "content without a usable name";
  if (gw_desc_by_mid(d, name)) return "two contents of one name";
  if (d->media->len >= GW_MAX_MEDIA) return "too many contents";
  gw_desc_media *m =
      gw_desc_add(d, kind_of(description ? gw_xml_get(description, "media") : NULL), name);
  m->proto = GW_PROTO_OTHER;
  if (!senders_parse(gw_xml_get(s, "senders"), writer_is_initiator, &m->dir))
    return "unknown senders";
  if (description && !description_parse(description, m)) return "broken description";
  if (transport && !transport_parse(transport, m)) return "broken transport";
  return NULL;
}

gw_desc *gw_rtp_xml_parse(xmpp_stanza_t *jingle, gboolean writer_is_initiator,
                          const char **ret_why) {
  g_autoptr(gw_desc) d = gw_desc_new();
  *ret_why = NULL;
  GW_XML_EACH(c, jingle) {
    if (gw_xml_is(c, "content", GW_NS_JINGLE))
      *ret_why = content_parse(c, writer_is_initiator, d);
    else if (gw_xml_is(c, "group", GW_NS_GROUPING))
      d->bundle |= !g_strcmp0(gw_xml_get(c, "semantics"), "BUNDLE");
    if (*ret_why) return NULL;
  }
  return d->media->len ? g_steal_pointer(&d) : NULL;
}

static void group_build(xmpp_stanza_t *jingle, const gw_desc *d) {
  xmpp_stanza_t *g = gw_xml_add(jingle, "group", GW_NS_GROUPING);
  gw_xml_set(g, "semantics", "BUNDLE");
  for (guint i = 0; i < d->media->len; i++)
    gw_xml_set(gw_xml_add(g, "content", GW_NS_GROUPING), "name",
               ((gw_desc_media *)d->media->pdata[i])->mid);
}

void gw_rtp_xml_build(xmpp_stanza_t *jingle, const gw_desc *d, gboolean writer_is_initiator,
                      gw_rtp_extent extent) {
  for (guint i = 0; i < d->media->len; i++) {
    const gw_desc_media *m = d->media->pdata[i];
    xmpp_stanza_t *c = gw_xml_add(jingle, "content", GW_NS_JINGLE);
    /* Every content of ours is one of the initiator's: we neither add contents nor accept added
     * ones. */
    gw_xml_set(c, "creator", "initiator");
    gw_xml_set(c, "name", m->mid);
    if (extent == GW_RTP_NAMES || extent == GW_RTP_WHOLE)
      gw_xml_set(c, "senders", senders_print(m->dir & 3, writer_is_initiator));
    if (extent >= GW_RTP_WHOLE) description_build(c, m);
    /* Bundled contents share the first one's transport: its candidates are said once. */
    if (extent == GW_RTP_TRANSPORT || extent == GW_RTP_WHOLE)
      transport_build(c, m, !d->bundle || i == 0 || extent == GW_RTP_TRANSPORT);
  }
  if (d->bundle && extent == GW_RTP_WHOLE) group_build(jingle, d);
}

/* sdp.c - reads SDP (RFC 8866) into a gw_desc. Own and bounded, because the SIP library's parser can be made to
 * allocate without end by one line. Limits: base/limits.h. */
#include "sip/sdp.h"
#include <arpa/inet.h>
#include <string.h>

#define MAX_TOKEN 64  /* bytes of a mid, a foundation or a hash name */
#define MAX_VALUE 256 /* bytes of an ice-pwd, a fingerprint, a cname */
#define MAX_CRYPTOS 8
#define MAX_PTIME 500 /* ms; anything else is as good as absent */

/* What a session-level line sets for every media that does not say otherwise. */
typedef struct {
  char addr[64];
  gw_dir dir;
  gw_setup setup;
  char *ufrag, *pwd, *fp_hash, *fp_value;
} defaults;

typedef struct {
  gw_desc *desc;
  gw_desc_media *media; /* NULL: still at session level */
  defaults session;
  guint line;
  gboolean listed[128]; /* payload types of the current m-line */
  GError **error;
} reader;

static const struct {
  guint8 pt;
  const char *name;
} fixed_types[] = {{0, "PCMU"}, {3, "GSM"}, {8, "PCMA"}, {9, "G722"}, {18, "G729"}};

static GQuark sdp_error_quark(void) {
  return g_quark_from_static_string("gw-sdp");
}

static gboolean fail(reader *r, const char *what) {
  g_set_error(r->error, sdp_error_quark(), 1, "SDP line %u: %s", r->line, what);
  return FALSE;
}

/* -- small readers: each takes from *s and moves it forward; none ever reads past the NUL -- */

static void skip_blanks(const char **s) {
  while (**s == ' ')
    (*s)++;
}

static gboolean take_number(const char **s, guint64 max, guint64 *ret) {
  const char *p = *s;
  guint64 n = 0;
  guint digits = 0;
  for (; g_ascii_isdigit(*p) && digits < 20; p++, digits++) {
    guint64 d = (guint64)(*p - '0');
    if (n > (G_MAXUINT64 - d) / 10) return FALSE;
    n = n * 10 + d;
  }
  if (!digits || g_ascii_isdigit(*p) || n > max) return FALSE;
  *s = p;
  *ret = n;
  return TRUE;
}

static gboolean number(const char *s, guint64 max, guint64 *ret) {
  return take_number(&s, max, ret) && (*s == 0 || *s == ' ');
}

/* One word up to a blank; FALSE when empty or longer than the buffer. */
static gboolean take_word(const char **s, char *buf, gsize size) {
  skip_blanks(s);
  gsize n = strcspn(*s, " ");
  if (n == 0 || n >= size) return FALSE;
  memcpy(buf, *s, n);
  buf[n] = 0;
  *s += n;
  return TRUE;
}

static gboolean is_token(const char *s) {
  if (!*s) return FALSE;
  for (; *s; s++)
    if (!g_ascii_isalnum(*s) && !strchr("!#$%&'*+-.^_`{|}~", *s)) return FALSE;
  return TRUE;
}

static gboolean is_address(const char *s) {
  struct in6_addr bytes;
  return inet_pton(AF_INET, s, &bytes) == 1 || inet_pton(AF_INET6, s, &bytes) == 1;
}

/* Copies a value into *slot unless it is set already or out of bounds. */
static void keep(char **slot, const char *value, gsize min, gsize max) {
  gsize n = strlen(value);
  if (*slot || n < min || n > max) return;
  *slot = g_strdup(value);
}

/* -- lines -- */

/* Phones exist that write no numbers here; nothing of ours depends on them. */
static void read_origin(reader *r, const char *v) {
  char user[MAX_VALUE];
  guint64 id, version;
  if (!take_word(&v, user, sizeof user)) return;
  skip_blanks(&v);
  if (!take_number(&v, G_MAXUINT64, &id)) return;
  skip_blanks(&v);
  if (!take_number(&v, G_MAXUINT64, &version)) return;
  r->desc->session_id = id;
  r->desc->version = version;
}

static gboolean read_connection(reader *r, const char *v) {
  char net[8], type[8], addr[64];
  if (!take_word(&v, net, sizeof net) || !take_word(&v, type, sizeof type) ||
      !take_word(&v, addr, sizeof addr))
    return fail(r, "c= is incomplete");
  char *slash = strchr(addr, '/'); /* multicast TTL: the address is enough to refuse it later */
  if (slash) *slash = 0;
  if (strcmp(net, "IN") != 0 || !is_address(addr)) return fail(r, "c= is not an IP address");
  g_strlcpy(r->media ? r->media->addr : r->session.addr, addr, sizeof r->session.addr);
  return TRUE;
}

static gw_kind kind_of(const char *media) {
  if (g_ascii_strcasecmp(media, "audio") == 0) return GW_KIND_AUDIO;
  if (g_ascii_strcasecmp(media, "video") == 0) return GW_KIND_VIDEO;
  return GW_KIND_OTHER;
}

gw_proto gw_sdp_proto(const char *word) {
  static const struct {
    const char *word;
    gw_proto proto;
  } known[] = {{"RTP/AVP", GW_PROTO_RTP_AVP},
               {"RTP/AVPF", GW_PROTO_RTP_AVP},
               {"RTP/SAVP", GW_PROTO_RTP_SAVP},
               {"RTP/SAVPF", GW_PROTO_RTP_SAVP},
               {"UDP/TLS/RTP/SAVPF", GW_PROTO_DTLS_SAVPF},
               {"UDP/TLS/RTP/SAVP", GW_PROTO_DTLS_SAVPF}};
  for (guint i = 0; i < G_N_ELEMENTS(known); i++)
    if (g_ascii_strcasecmp(word, known[i].word) == 0) return known[i].proto;
  return GW_PROTO_OTHER;
}

/* The format list of an RTP m-line: payload types, each once. A type without a fixed meaning gets its name from rtpmap
 * later, or is dropped at the end. */
static gboolean read_payload_types(reader *r, const char *v) {
  memset(r->listed, 0, sizeof r->listed);
  guint n = 0;
  for (skip_blanks(&v); *v; skip_blanks(&v)) {
    guint64 pt;
    if (!take_number(&v, 127, &pt) || (*v && *v != ' '))
      return fail(r, "m= has a payload type that is none");
    if (r->listed[pt]) continue;
    if (++n > GW_MAX_CODECS) return fail(r, "m= has too many payload types");
    r->listed[pt] = TRUE;
    const char *name = "";
    for (guint i = 0; i < G_N_ELEMENTS(fixed_types); i++)
      if (fixed_types[i].pt == pt) name = fixed_types[i].name;
    gw_desc_media_add_codec(r->media, (guint8)pt, name, 8000, 1, NULL);
  }
  return n ? TRUE : fail(r, "m= has no payload type");
}

static gboolean read_media(reader *r, const char *v) {
  char word[MAX_TOKEN], proto[MAX_TOKEN];
  guint64 port, pairs;
  if (r->desc->media->len >= GW_MAX_MEDIA) return fail(r, "too many m= lines");
  if (!take_word(&v, word, sizeof word) || !is_token(word)) return fail(r, "m= has no media type");
  skip_blanks(&v);
  if (!take_number(&v, 65535, &port)) return fail(r, "m= has no port");
  if (*v == '/' && (v++, !take_number(&v, 65535, &pairs)))
    return fail(r, "m= has a bad port count");
  if (*v != ' ') return fail(r, "m= has no protocol");
  skip_blanks(&v);
  const char *proto_text = v;
  if (!take_word(&v, proto, sizeof proto)) return fail(r, "m= has no protocol");

  r->media = gw_desc_add(r->desc, kind_of(word), NULL);
  g_free(r->media->media);
  r->media->media = g_strdup(word);
  g_free(r->media->proto_text);
  r->media->proto_text = g_strdup(proto_text);
  r->media->proto = gw_sdp_proto(proto);
  r->media->port = (guint16)port;
  r->media->refused = port == 0;
  r->media->dir = r->session.dir;
  r->media->setup = r->session.setup;
  g_strlcpy(r->media->addr, r->session.addr, sizeof r->media->addr);
  return r->media->proto == GW_PROTO_OTHER || read_payload_types(r, v);
}

/* -- attributes; a bad one is ignored: what it would have said is then absent -- */

static gw_codec *codec_of(reader *r, const char **v) {
  guint64 pt;
  if (!take_number(v, 127, &pt) || **v != ' ' || r->media->proto == GW_PROTO_OTHER) return NULL;
  skip_blanks(v);
  for (guint i = 0; i < r->media->codecs->len; i++) {
    gw_codec *c = &g_array_index(r->media->codecs, gw_codec, i);
    if (c->pt == pt) return c;
  }
  return NULL;
}

static void read_rtpmap(reader *r, const char *v) {
  gw_codec *c = codec_of(r, &v);
  char name[sizeof c->name];
  guint64 clock, channels = 1;
  gsize n = strcspn(v, "/");
  if (!c || n == 0 || n >= sizeof name || v[n] != '/') return;
  memcpy(name, v, n);
  name[n] = 0;
  v += n + 1;
  if (!is_token(name) || !take_number(&v, 768000, &clock) || clock == 0) return;
  if (*v == '/' && (v++, !take_number(&v, 255, &channels) || channels == 0)) return;
  g_strlcpy(c->name, name, sizeof c->name);
  c->clock = (guint32)clock;
  c->channels = (guint8)channels;
}

static void read_fmtp(reader *r, const char *v) {
  gw_codec *c = codec_of(r, &v);
  if (c) keep(&c->fmtp, v, 1, GW_MAX_FMTP);
}

static void read_ms(guint *slot, const char *v) {
  guint64 ms;
  if (number(v, MAX_PTIME, &ms)) *slot = (guint)ms;
}

static void read_ptime(reader *r, const char *v) {
  read_ms(&r->media->ptime, v);
}

static void read_maxptime(reader *r, const char *v) {
  read_ms(&r->media->maxptime, v);
}

static void read_rtcp(reader *r, const char *v) {
  guint64 port;
  if (number(v, 65535, &port)) r->media->rtcp_port = (guint16)port;
}

static void read_rtcp_mux(reader *r, const char *v) {
  r->media->rtcp_mux = TRUE;
}

static void read_mid(reader *r, const char *v) {
  if (is_token(v)) keep(&r->media->mid, v, 1, MAX_TOKEN);
}

static void read_ufrag(reader *r, const char *v) {
  if (!strchr(v, ' ')) keep(r->media ? &r->media->ufrag : &r->session.ufrag, v, 4, MAX_VALUE);
}

static void read_pwd(reader *r, const char *v) {
  if (!strchr(v, ' ')) keep(r->media ? &r->media->pwd : &r->session.pwd, v, 22, MAX_VALUE);
}

static void read_fingerprint(reader *r, const char *v) {
  char hash[MAX_TOKEN], value[MAX_VALUE];
  char **to_hash = r->media ? &r->media->fp_hash : &r->session.fp_hash;
  char **to_value = r->media ? &r->media->fp_value : &r->session.fp_value;
  if (*to_hash || !take_word(&v, hash, sizeof hash) || !take_word(&v, value, sizeof value)) return;
  if (!is_token(hash) || strspn(value, "0123456789abcdefABCDEF:") != strlen(value)) return;
  *to_hash = g_ascii_strdown(hash, -1);
  *to_value = g_ascii_strup(value, -1);
}

static void read_setup(reader *r, const char *v) {
  static const char *const words[] = {
      [GW_SETUP_ACTPASS] = "actpass", [GW_SETUP_ACTIVE] = "active", [GW_SETUP_PASSIVE] = "passive"};
  for (guint i = GW_SETUP_ACTPASS; i < G_N_ELEMENTS(words); i++)
    if (strcmp(v, words[i]) == 0) *(r->media ? &r->media->setup : &r->session.setup) = i;
}

static void set_dir(reader *r, gw_dir dir) {
  *(r->media ? &r->media->dir : &r->session.dir) = dir;
}

static void read_sendrecv(reader *r, const char *v) {
  set_dir(r, GW_DIR_SENDRECV);
}

static void read_sendonly(reader *r, const char *v) {
  set_dir(r, GW_DIR_SENDONLY);
}

static void read_recvonly(reader *r, const char *v) {
  set_dir(r, GW_DIR_RECVONLY);
}

static void read_inactive(reader *r, const char *v) {
  set_dir(r, GW_DIR_INACTIVE);
}

static void read_group(reader *r, const char *v) {
  char semantics[MAX_TOKEN];
  if (!r->media && take_word(&v, semantics, sizeof semantics) && strcmp(semantics, "BUNDLE") == 0)
    r->desc->bundle = TRUE;
}

/* RFC 4568 6.3: a parameter that is not understood makes the line unusable; WSH is a hint for the replay window, and
 * "-..." may be ignored. */
static gboolean ignorable_parameters(const char *v) {
  char word[MAX_TOKEN];
  for (skip_blanks(&v); *v; skip_blanks(&v))
    if (!take_word(&v, word, sizeof word) || (word[0] != '-' && !g_str_has_prefix(word, "WSH=")))
      return FALSE;
  return TRUE;
}

/* "inline:KEY|lifetime|MKI:length session-parameters": the key alone is kept. A line with an MKI, with a second key or
 * with parameters that would change the encryption is left out: we could not do what it says. */
static void read_crypto(reader *r, const char *v) {
  guint64 tag;
  gw_crypto c = {0};
  if (r->media->cryptos->len >= MAX_CRYPTOS || !take_number(&v, 999999999, &tag)) return;
  if (!take_word(&v, c.suite, sizeof c.suite) || !is_token(c.suite)) return;
  skip_blanks(&v);
  if (!g_str_has_prefix(v, "inline:")) return;
  v += strlen("inline:");
  gsize n = strcspn(v, "| ;");
  gsize rest = strcspn(v, " ;");
  if (n == 0 || n > MAX_VALUE || v[rest] == ';' || memchr(v + n, ':', rest - n) ||
      !ignorable_parameters(v + rest))
    return;
  c.tag = (guint)tag;
  c.key = g_strndup(v, n);
  g_array_append_val(r->media->cryptos, c);
}

static gw_source *source_of(gw_desc_media *m, guint32 ssrc) {
  for (guint i = 0; i < m->sources->len; i++) {
    gw_source *s = &g_array_index(m->sources, gw_source, i);
    if (s->ssrc == ssrc) return s;
  }
  if (m->sources->len >= GW_MAX_SSRCS) return NULL;
  gw_source fresh = {.ssrc = ssrc};
  g_array_append_val(m->sources, fresh);
  return &g_array_index(m->sources, gw_source, m->sources->len - 1);
}

static void read_ssrc(reader *r, const char *v) {
  guint64 ssrc;
  if (!take_number(&v, G_MAXUINT32, &ssrc) || *v != ' ') return;
  skip_blanks(&v);
  gw_source *s = source_of(r->media, (guint32)ssrc);
  if (!s) return;
  if (g_str_has_prefix(v, "cname:")) keep(&s->cname, v + strlen("cname:"), 1, MAX_VALUE);
  if (g_str_has_prefix(v, "msid:")) keep(&s->msid, v + strlen("msid:"), 1, MAX_VALUE);
}

static gboolean candidate_type(const char *word, gw_cand_type *ret) {
  static const char *const words[] = {"host", "srflx", "prflx", "relay"};
  for (guint i = 0; i < G_N_ELEMENTS(words); i++)
    if (strcmp(word, words[i]) == 0) return *ret = (gw_cand_type)i, TRUE;
  return FALSE;
}

static void read_candidate_extras(gw_candidate *c, const char *v) {
  char name[32], value[64];
  guint64 n;
  while (take_word(&v, name, sizeof name) && take_word(&v, value, sizeof value)) {
    if (strcmp(name, "raddr") == 0 && is_address(value))
      g_strlcpy(c->rel_ip, value, sizeof c->rel_ip);
    if (strcmp(name, "rport") == 0 && number(value, 65535, &n)) c->rel_port = (guint16)n;
    if (strcmp(name, "generation") == 0 && number(value, 65535, &n)) c->generation = (guint)n;
  }
}

/* RFC 8839 5.1. Names (".local", RFC 8828) are left out: nobody here resolves them. */
static gboolean take_candidate(const char *v, gw_candidate *ret) {
  gw_candidate c = {0};
  char transport[16], typ[8], type[16];
  guint64 component, priority, port;
  if (!take_word(&v, c.foundation, sizeof c.foundation) || !is_token(c.foundation)) return FALSE;
  skip_blanks(&v);
  if (!take_number(&v, 256, &component) || component == 0) return FALSE;
  if (!take_word(&v, transport, sizeof transport)) return FALSE;
  skip_blanks(&v);
  if (!take_number(&v, G_MAXUINT32, &priority)) return FALSE;
  if (!take_word(&v, c.ip, sizeof c.ip) || !is_address(c.ip)) return FALSE;
  skip_blanks(&v);
  if (!take_number(&v, 65535, &port)) return FALSE;
  if (!take_word(&v, typ, sizeof typ) || strcmp(typ, "typ") != 0) return FALSE;
  if (!take_word(&v, type, sizeof type) || !candidate_type(type, &c.type)) return FALSE;
  c.component = (guint)component;
  c.udp = g_ascii_strcasecmp(transport, "udp") == 0;
  c.priority = (guint32)priority;
  c.port = (guint16)port;
  read_candidate_extras(&c, v);
  *ret = c;
  return TRUE;
}

static void read_candidate(reader *r, const char *v) {
  gw_candidate c;
  if (r->media->candidates->len < GW_MAX_CANDIDATES && take_candidate(v, &c))
    g_array_append_val(r->media->candidates, c);
}

gboolean gw_sdp_parse_candidate(const char *text, gw_candidate *ret) {
  if (g_str_has_prefix(text, "a=")) text += strlen("a=");
  if (g_str_has_prefix(text, "candidate:")) text += strlen("candidate:");
  return strnlen(text, GW_MAX_SDP_LINE) < GW_MAX_SDP_LINE && take_candidate(text, ret);
}

static const struct {
  const char *name;
  void (*read)(reader *, const char *value);
  gboolean at_session; /* also means something before the first m= */
} attributes[] = {
    {"rtpmap", read_rtpmap, FALSE},    {"fmtp", read_fmtp, FALSE},
    {"ptime", read_ptime, FALSE},      {"maxptime", read_maxptime, FALSE},
    {"rtcp", read_rtcp, FALSE},        {"rtcp-mux", read_rtcp_mux, FALSE},
    {"mid", read_mid, FALSE},          {"crypto", read_crypto, FALSE},
    {"ssrc", read_ssrc, FALSE},        {"candidate", read_candidate, FALSE},
    {"ice-ufrag", read_ufrag, TRUE},   {"ice-pwd", read_pwd, TRUE},
    {"setup", read_setup, TRUE},       {"fingerprint", read_fingerprint, TRUE},
    {"group", read_group, TRUE},       {"sendrecv", read_sendrecv, TRUE},
    {"sendonly", read_sendonly, TRUE}, {"recvonly", read_recvonly, TRUE},
    {"inactive", read_inactive, TRUE},
};

static void read_attribute(reader *r, const char *v) {
  gsize n = strcspn(v, ":");
  const char *value = v[n] ? v + n + 1 : "";
  for (guint i = 0; i < G_N_ELEMENTS(attributes); i++)
    if (strlen(attributes[i].name) == n && g_ascii_strncasecmp(v, attributes[i].name, n) == 0) {
      if (r->media || attributes[i].at_session) attributes[i].read(r, value);
      return;
    }
}

/* Text that may travel on to a log or to XML. */
static gboolean is_clean(const char *s) {
  if (!g_utf8_validate(s, -1, NULL)) return FALSE;
  for (; *s; s++)
    if (g_ascii_iscntrl(*s) && *s != '\t') return FALSE;
  return TRUE;
}

static gboolean read_line(reader *r, const char *line) {
  if (r->line == 1) return strcmp(line, "v=0") == 0 ? TRUE : fail(r, "v=0 expected");
  if (!g_ascii_isalpha(line[0]) || line[1] != '=') return fail(r, "not of the form x=value");
  gboolean clean = is_clean(line);
  if (!clean && strchr("ocm", line[0])) return fail(r, "bytes that are no text");
  switch (line[0]) {
  case 'o':
    read_origin(r, line + 2);
    return TRUE;
  case 'c':
    return read_connection(r, line + 2);
  case 'm':
    return read_media(r, line + 2);
  case 'a':
    if (clean) read_attribute(r, line + 2);
    return TRUE;
  default:
    return TRUE;
  }
}

static gboolean read_lines(reader *r, const char *text, gsize n) {
  if (n > GW_MAX_SDP_BYTES) return fail(r, "body too long");
  if (n == 0) return fail(r, "body empty");
  if (memchr(text, 0, n)) return fail(r, "NUL byte in the body");
  const char *end = text + n;
  while (text < end) {
    char line[GW_MAX_SDP_LINE + 1];
    gsize len = 0;
    while (text + len < end && text[len] != '\r' && text[len] != '\n')
      len++;
    if (++r->line > GW_MAX_SDP_LINES) return fail(r, "too many lines");
    if (len > GW_MAX_SDP_LINE) return fail(r, "line too long");
    memcpy(line, text, len);
    line[len] = 0;
    text += len;
    if (text < end && *text == '\r') text++;
    if (text < end && *text == '\n') text++;
    if (len && !read_line(r, line)) return FALSE;
  }
  return TRUE;
}

/* Payload types that never got a name say nothing: out they go. */
static void drop_nameless(gw_desc_media *m) {
  for (guint i = m->codecs->len; i-- > 0;) {
    gw_codec *c = &g_array_index(m->codecs, gw_codec, i);
    if (!*c->name) g_array_remove_index(m->codecs, i);
  }
}

static void inherit(char **slot, const char *session) {
  if (!*slot && session) *slot = g_strdup(session);
}

static gboolean complete(reader *r) {
  for (guint i = 0; i < r->desc->media->len; i++) {
    gw_desc_media *m = g_ptr_array_index(r->desc->media, i);
    drop_nameless(m);
    inherit(&m->ufrag, r->session.ufrag);
    inherit(&m->pwd, r->session.pwd);
    if (!m->fp_hash) {
      inherit(&m->fp_hash, r->session.fp_hash);
      inherit(&m->fp_value, r->session.fp_value);
    }
    if (!m->refused && !*m->addr) return fail(r, "a media without c=");
  }
  return TRUE;
}

gw_desc *gw_sdp_parse(const char *text, gsize n, GError **error) {
  reader r = {.desc = gw_desc_new(), .error = error, .session = {.dir = GW_DIR_SENDRECV}};
  gboolean ok = read_lines(&r, text, n) && complete(&r);
  g_free(r.session.ufrag);
  g_free(r.session.pwd);
  g_free(r.session.fp_hash);
  g_free(r.session.fp_value);
  if (ok) return r.desc;
  gw_desc_free(r.desc);
  return NULL;
}

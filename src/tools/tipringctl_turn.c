/* tipringctl_turn.c - the doctor's look at TURN servers (RFC 8656): an allocation with the credentials, given back at once; or,
 * where only the running daemon knows the credentials, whether a TURN server answers at all. */
#include <gio/gio.h>
#include <string.h>
#include "base/ids.h"
#include "tools/tipringctl.h"

#define LIMIT 3   /* s for one answer */
#define RESENDS 2 /* of a request by UDP */
#define HEAD 20
#define MESSAGE 1500
#define MAX_XMPP 16 /* servers that the XMPP server names */

#define ALLOCATE 0x0003
#define REFRESH 0x0004
#define SUCCESS 0x0100
#define FAILURE 0x0110
#define A_USERNAME 0x0006
#define A_INTEGRITY 0x0008
#define A_ERROR 0x0009
#define A_LIFETIME 0x000d
#define A_REALM 0x0014
#define A_NONCE 0x0015
#define A_RELAYED 0x0016
#define A_TRANSPORT 0x0019

typedef struct {
  const gw_doctor_turn *server;
  GSocketConnection *connection; /* TCP and TLS: the plain one */
  GIOStream *stream;             /* NULL: UDP */
  GSocket *socket;               /* UDP */
  gw_ids *ids;
  char *realm, *nonce;
} talk;

static void talk_clear(talk *t) {
  g_clear_object(&t->stream);
  g_clear_object(&t->connection);
  g_clear_object(&t->socket);
  gw_ids_free(t->ids);
  g_free(t->realm);
  g_free(t->nonce);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(talk, talk_clear)

/* --- messages (RFC 8489 5, 14) */

static void put16(GByteArray *m, gsize at, gsize v) {
  m->data[at] = (guint8)(v >> 8);
  m->data[at + 1] = (guint8)v;
}

static guint get16(const guint8 *p) {
  return (guint)p[0] << 8 | p[1];
}

static void add(GByteArray *m, guint type, const void *value, gsize n) {
  static const guint8 zero[4] = {0};
  gsize at = m->len;
  g_byte_array_append(m, zero, 4);
  put16(m, at, type);
  put16(m, at + 2, n);
  g_byte_array_append(m, value, (guint)n);
  if (n % 4) g_byte_array_append(m, zero, 4 - n % 4);
  put16(m, 2, m->len - HEAD);
}

static void add_text(GByteArray *m, guint type, const char *text) {
  add(m, type, text, strlen(text));
}

/* Over all before it, with the length as if it were there already (14.5); the key of 9.2.2. */
static void seal(GByteArray *m, const talk *t) {
  g_autofree char *secret =
      g_strdup_printf("%s:%s:%s", t->server->user, t->realm, t->server->password);
  guint8 key[16], proof[20];
  gsize n = sizeof key, k = sizeof proof;
  g_autoptr(GChecksum) md5 = g_checksum_new(G_CHECKSUM_MD5);
  g_checksum_update(md5, (const guchar *)secret, -1);
  g_checksum_get_digest(md5, key, &n);
  put16(m, 2, m->len - HEAD + 4 + sizeof proof);
  g_autoptr(GHmac) hmac = g_hmac_new(G_CHECKSUM_SHA1, key, sizeof key);
  g_hmac_update(hmac, m->data, m->len);
  g_hmac_get_digest(hmac, proof, &k);
  add(m, A_INTEGRITY, proof, sizeof proof);
}

static GByteArray *request(talk *t, guint method) {
  static const guint8 udp[4] = {17}, never[4] = {0};
  guint8 head[HEAD] = {0, 0, 0, 0, 0x21, 0x12, 0xa4, 0x42};
  gw_ids_bytes(t->ids, head + 8, 12);
  head[1] = (guint8)method;
  GByteArray *m = g_byte_array_new();
  g_byte_array_append(m, head, sizeof head);
  if (method == ALLOCATE) add(m, A_TRANSPORT, udp, sizeof udp);
  if (method == REFRESH) add(m, A_LIFETIME, never, sizeof never);
  if (!t->realm || !t->nonce) return m;
  add_text(m, A_USERNAME, t->server->user);
  add_text(m, A_REALM, t->realm);
  add_text(m, A_NONCE, t->nonce);
  seal(m, t);
  return m;
}

/* NULL: not there. */
static const guint8 *attribute(const guint8 *m, gsize n, guint type, gsize *ret_n) {
  for (gsize at = HEAD; at + 4 <= n;) {
    gsize size = get16(m + at + 2);
    if (at + 4 + size > n) return NULL;
    *ret_n = size;
    if (get16(m + at) == type) return m + at + 4;
    at += 4 + ((size + 3) & ~(gsize)3);
  }
  return NULL;
}

static char *text_of(const guint8 *m, gsize n, guint type) {
  gsize size;
  const guint8 *value = attribute(m, n, type, &size);
  return value && size <= 763 ? g_strndup((const char *)value, size) : NULL;
}

/* 14.8; 0: no error in it. */
static guint error_of(const guint8 *m, gsize n) {
  gsize size;
  const guint8 *value = attribute(m, n, A_ERROR, &size);
  return value && size >= 4 ? (value[2] & 7u) * 100 + value[3] % 100u : 0;
}

/* --- the way there */

static GSocketAddress *look_up(const gw_doctor_turn *s, GError **error) {
  g_autoptr(GResolver) resolver = g_resolver_get_default();
  GList *found = g_resolver_lookup_by_name(resolver, s->host, NULL, error);
  if (!found) return NULL;
  GSocketAddress *at = g_inet_socket_address_new(found->data, s->port);
  g_resolver_free_addresses(found);
  return at;
}

static gboolean shake_hands(talk *t, GError **error) {
  const gw_doctor_turn *s = t->server;
  g_autoptr(GSocketConnectable) name = g_network_address_new(s->host, s->port);
  g_autoptr(GTlsDatabase) ca = *s->ca ? g_tls_file_database_new(s->ca, error) : NULL;
  if (*s->ca && !ca) return FALSE;
  GIOStream *tls = g_tls_client_connection_new(G_IO_STREAM(t->connection), name, error);
  if (!tls) return FALSE;
  t->stream = tls;
  if (ca) g_tls_connection_set_database(G_TLS_CONNECTION(tls), ca);
  return g_tls_connection_handshake(G_TLS_CONNECTION(tls), NULL, error);
}

static gboolean reach(talk *t, GError **error) {
  g_autoptr(GSocketAddress) at = look_up(t->server, error);
  if (!at) return FALSE;
  if (g_str_equal(t->server->transport, "udp")) {
    t->socket = g_socket_new(g_socket_address_get_family(at), G_SOCKET_TYPE_DATAGRAM, 0, error);
    if (!t->socket || !g_socket_connect(t->socket, at, NULL, error)) return FALSE;
    g_socket_set_timeout(t->socket, LIMIT);
    return TRUE;
  }
  g_autoptr(GSocketClient) client = g_socket_client_new();
  g_socket_client_set_timeout(client, LIMIT);
  t->connection = g_socket_client_connect(client, G_SOCKET_CONNECTABLE(at), NULL, error);
  if (!t->connection) return FALSE;
  if (g_str_equal(t->server->transport, "tls")) return shake_hands(t, error);
  t->stream = g_object_ref(G_IO_STREAM(t->connection));
  return TRUE;
}

static gssize from_stream(talk *t, const GByteArray *m, guint8 *answer, GError **error) {
  GInputStream *in = g_io_stream_get_input_stream(t->stream);
  gsize n = 0;
  if (!g_output_stream_write_all(g_io_stream_get_output_stream(t->stream), m->data, m->len, NULL,
                                 NULL, error) ||
      !g_input_stream_read_all(in, answer, HEAD, &n, NULL, error))
    return -1;
  gsize rest = n == HEAD ? get16(answer + 2) : 0, got = 0;
  if (n != HEAD || rest > MESSAGE - HEAD ||
      !g_input_stream_read_all(in, answer + HEAD, rest, &got, NULL, error))
    return error && *error ? -1 : (gssize)n;
  return (gssize)(HEAD + got);
}

static gssize from_socket(talk *t, const GByteArray *m, guint8 *answer, GError **error) {
  for (guint i = 0; i <= RESENDS; i++) {
    g_clear_error(error);
    if (g_socket_send(t->socket, (const char *)m->data, m->len, NULL, error) < 0) return -1;
    gssize n = g_socket_receive(t->socket, (char *)answer, MESSAGE, NULL, error);
    if (n >= 0) return n;
    if (!g_error_matches(*error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)) return -1;
  }
  return -1;
}

/* Bytes of the answer; -1 with the error. */
static gssize say(talk *t, guint method, guint8 *answer, GError **error) {
  g_autoptr(GByteArray) m = request(t, method);
  gssize n = t->stream ? from_stream(t, m, answer, error) : from_socket(t, m, answer, error);
  if (n < 0) return -1;
  guint type = n >= HEAD ? get16(answer) : 0;
  if (n >= HEAD && get16(answer + 2) == (gsize)n - HEAD && !memcmp(answer + 4, m->data + 4, 16) &&
      (type == (method | SUCCESS) || type == (method | FAILURE)))
    return n;
  g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "what answers there is no TURN server");
  return -1;
}

/* --- the examination */

static char *relayed(const guint8 *m, gsize n) {
  gsize size;
  const guint8 *v = attribute(m, n, A_RELAYED, &size);
  guint8 raw[16];
  if (!v || !(size == 8 || size == 20)) return NULL;
  for (gsize i = 0; i < size - 4; i++)
    raw[i] = v[4 + i] ^ m[4 + i];
  g_autoptr(GInetAddress) a =
      g_inet_address_new_from_bytes(raw, size == 8 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);
  return g_inet_address_to_string(a);
}

static const char *mend_of(guint code) {
  switch (code) {
  case 401:
    return "look at its user and password; if they are made from a shared secret, at that and the "
           "clocks";
  case 403:
    return "the server forbids us: look at its access rules";
  case 486:
  case 508:
    return "the server has no room left: look at its quotas and its range of ports";
  default:
    return "look at the server's log";
  }
}

static const char *way_mend(const gw_doctor_turn *s) {
  return g_str_equal(s->transport, "tls")
             ? "look at its address, its certificate (media.turn_ca) and the firewall"
             : "look at its address, its log and the firewall";
}

static void allocated(gw_doctor *d, talk *t, const guint8 *answer, gsize n) {
  const gw_doctor_turn *s = t->server;
  guint8 bye[MESSAGE];
  g_autofree char *at = relayed(answer, n);
  gw_doctor_note(d, "TURN", TRUE, NULL, "%s:%u by %s lets us relay%s%s", s->host, s->port,
                 s->transport, at ? " from " : "", at ? at : "");
  g_autoptr(GError) unheard = NULL;
  say(t, REFRESH, bye, &unheard); /* not answered: it ends by itself */
}

/* The first answer has realm and nonce; the second says whether the credentials are good. */
static gboolean challenge(talk *t, guint8 *answer, gssize *ret_n, GError **error) {
  gssize n = say(t, ALLOCATE, answer, error);
  if (n < 0) return FALSE;
  if (error_of(answer, (gsize)n) == 401) {
    t->realm = text_of(answer, (gsize)n, A_REALM);
    t->nonce = text_of(answer, (gsize)n, A_NONCE);
  }
  *ret_n = n;
  return TRUE;
}

void gw_doctor_turn_server(gw_doctor *d, const gw_doctor_turn *s) {
  guint8 answer[MESSAGE];
  gssize n = 0;
  g_autoptr(GError) error = NULL;
  g_auto(talk) t = {.server = s, .ids = gw_ids_new()};
  gboolean ok = reach(&t, &error) && challenge(&t, answer, &n, &error);
  if (ok && t.realm && t.nonce && s->user) {
    n = say(&t, ALLOCATE, answer, &error);
    ok = n >= 0;
  }
  if (!ok) {
    gw_doctor_note(d, "TURN", FALSE, way_mend(s), "%s:%u by %s: %s", s->host, s->port, s->transport,
                   error ? error->message : "no answer");
    return;
  }
  guint code = error_of(answer, (gsize)n);
  if (!code)
    allocated(d, &t, answer, (gsize)n);
  else if (!s->user && code == 401)
    gw_doctor_note(d, "TURN", TRUE, NULL,
                   "%s:%u by %s answers; the running daemon has its credentials", s->host, s->port,
                   s->transport);
  else
    gw_doctor_note(d, "TURN", FALSE, mend_of(code), "%s:%u by %s refuses (%u)", s->host, s->port,
                   s->transport, code);
}

/* --- which servers */

static void of_file(gw_doctor *d) {
  for (guint i = 0; i < gw_conf_count(d->conf, "media.turn"); i++) {
    g_autofree char *host = g_strdup_printf("media.turn[%u].host", i),
                    *port = g_strdup_printf("media.turn[%u].port", i),
                    *transport = g_strdup_printf("media.turn[%u].transport", i),
                    *user = g_strdup_printf("media.turn[%u].user", i),
                    *password = g_strdup_printf("media.turn[%u].password", i);
    const char *secret = gw_conf_secret(d->conf, password);
    gw_doctor_turn_server(d, &(gw_doctor_turn){.host = gw_conf_str(d->conf, host),
                                               .port = (guint16)gw_conf_int(d->conf, port),
                                               .transport = gw_conf_str(d->conf, transport),
                                               .user = gw_conf_str(d->conf, user),
                                               .password = secret ? secret : "",
                                               .ca = gw_conf_str(d->conf, "media.turn_ca")});
  }
}

/* Those that the XMPP server named to the daemon, whose credentials it keeps to itself. */
static void of_daemon(gw_doctor *d) {
  JsonNode *list = gw_json_get(d->status, "relays");
  JsonArray *array = list && JSON_NODE_HOLDS_ARRAY(list) ? json_node_get_array(list) : NULL;
  for (guint i = 0; array && i < MIN(json_array_get_length(array), MAX_XMPP); i++) {
    JsonNode *one = json_array_get_element(array, i);
    if (g_strcmp0(gw_json_get_string(one, "source"), "xmpp") ||
        g_strcmp0(gw_json_get_string(one, "type"), "turn"))
      continue;
    gw_doctor_turn_server(d, &(gw_doctor_turn){.host = gw_json_get_string(one, "host"),
                                               .port = (guint16)gw_json_get_int(one, "port", 0),
                                               .transport = gw_json_get_string(one, "transport"),
                                               .ca = gw_conf_str(d->conf, "media.turn_ca")});
  }
}

void gw_doctor_turns(gw_doctor *d) {
  of_file(d);
  of_daemon(d);
}

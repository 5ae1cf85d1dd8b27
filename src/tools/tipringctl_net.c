/* tipringctl_net.c - the doctor's look at ports, addresses and STUN. */
#include <gio/gio.h>
#include <string.h>
#include "base/ids.h"
#include "base/clock.h"
#include "sip/sip.h"
#include "tools/tipringctl.h"

#define SAMPLES 16       /* RTP ports tried */
#define PORTS_PER_CALL 4 /* RTP and RTCP of the phone, ICE of at least one participant */
#define STUN_LIMIT 2     /* s */

/* NULL: could be bound (and was given back), else the error. */
static GError *try_bind(const char *address, guint16 port, gboolean udp) {
  g_autoptr(GSocketAddress) at = g_inet_socket_address_new_from_string(address, port);
  GError *error = NULL;
  if (!at) return g_error_new(G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "not an address");
  g_autoptr(GSocket) s =
      g_socket_new(g_socket_address_get_family(at),
                   udp ? G_SOCKET_TYPE_DATAGRAM : G_SOCKET_TYPE_STREAM, 0, &error);
  /* Not with SO_REUSEADDR on UDP: that would let two programs share the port. */
  if (s) g_socket_bind(s, at, !udp, &error);
  return error;
}

/* "udp:[::]:5060" taken apart; the form was checked by the configuration. */
static char *host_of(const char *listen, guint16 *ret_port) {
  const char *host = listen + strlen("udp:"), *colon = strrchr(host, ':');
  char *copy = g_strndup(host, (gsize)(colon - host));
  gsize n = strlen(copy);
  *ret_port = (guint16)g_ascii_strtoull(colon + 1, NULL, 10);
  if (n < 2 || copy[0] != '[') return copy;
  char *bare = g_strndup(copy + 1, n - 2);
  g_free(copy);
  return bare;
}

/* The running daemon says which listeners are its own. */
static gboolean daemon_listens(const gw_doctor *d, const char *listen) {
  JsonNode *list = gw_json_get(gw_json_get(d->status, "sip"), "listen");
  JsonArray *array = list && JSON_NODE_HOLDS_ARRAY(list) ? json_node_get_array(list) : NULL;
  const char *port = strrchr(listen, ':');
  for (guint i = 0; array && i < json_array_get_length(array); i++) {
    const char *own = json_array_get_string_element(array, i);
    if (strncmp(own, listen, 4) == 0 && g_str_has_suffix(own, port)) return TRUE;
  }
  return FALSE;
}

static void sip_port(gw_doctor *d, const char *listen) {
  guint16 port;
  g_autofree char *host = host_of(listen, &port);
  g_autoptr(GError) error = try_bind(host, port, g_str_has_prefix(listen, "udp:"));
  g_autofree char *mend =
      g_strdup_printf("who has it: ss -lnp | grep :%u; or change sip.listen", port);
  if (!error)
    gw_doctor_note(d, "SIP port", TRUE, NULL, "%s is free", listen);
  else if (daemon_listens(d, listen))
    gw_doctor_note(d, "SIP port", TRUE, NULL, "%s is the running daemon's", listen);
  else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    gw_doctor_note(d, "SIP port", FALSE, mend, "%s is taken by another program", listen);
  else
    gw_doctor_note(d, "SIP port", FALSE, "change sip.listen to an address of this machine",
                   "%s: %s", listen, error->message);
}

#define WARN_DAYS 14

void gw_doctor_certificate(gw_doctor *d) {
  g_autoptr(GError) error = NULL;
  const char *file = gw_conf_str(d->conf, "sip.certificate");
  gint64 expires = 0;
  if (!*file) return;
  gboolean ok = gw_sip_tls_check(file, gw_conf_str(d->conf, "sip.key"),
                                 gw_conf_str(d->conf, "sip.client_ca"), &expires, &error);
  gint64 days = (expires - gw_wall_us() / GW_SEC(1)) / 86400;
  if (!ok)
    gw_doctor_note(d, "SIP certificate", FALSE, "put a valid pair there, then restart the daemon",
                   "%s", error->message);
  else
    gw_doctor_note(d, "SIP certificate", days >= WARN_DAYS,
                   days >= WARN_DAYS ? NULL : "renew it, then restart the daemon",
                   "%s: valid for %" G_GINT64_FORMAT " days", file, days);
}

void gw_doctor_sip_ports(gw_doctor *d) {
  g_auto(GStrv) listen = gw_conf_strv(d->conf, "sip.listen");
  for (char **one = listen; *one; one++)
    sip_port(d, *one);
}

void gw_doctor_rtp_ports(gw_doctor *d) {
  guint first = (guint)gw_conf_int(d->conf, "media.rtp_ports[0]");
  guint last = (guint)gw_conf_int(d->conf, "media.rtp_ports[1]");
  guint calls = (guint)gw_conf_int(d->conf, "sip.max_calls"), taken = 0, tried = 0;
  guint step = MAX((last - first) / SAMPLES, 1);
  for (guint port = first; port <= last && tried < SAMPLES; port += step, tried++) {
    g_autoptr(GError) error = try_bind("0.0.0.0", (guint16)port, TRUE);
    taken += error != NULL;
  }
  if (last - first + 1 < calls * PORTS_PER_CALL)
    gw_doctor_note(d, "RTP ports", TRUE, "widen media.rtp_ports or lower sip.max_calls",
                   "%u..%u are too few for %u calls", first, last, calls);
  else if (!d->status && taken > tried / 2)
    gw_doctor_note(d, "RTP ports", FALSE, "who has them: ss -lnup; or change media.rtp_ports",
                   "%u of %u tried in %u..%u are taken", taken, tried, first, last);
  else
    gw_doctor_note(d, "RTP ports", TRUE, NULL, "%u..%u, %u of %u tried are free", first, last,
                   tried - taken, tried);
}

/* --- public address */
/* Blocks that stand in manuals and belong to nobody (RFC 5737, RFC 3849). */
static gboolean of_manuals(GInetAddress *a) {
  static const char *const blocks[] = {"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24",
                                       "2001:db8::/32"};
  for (guint i = 0; i < G_N_ELEMENTS(blocks); i++) {
    g_autoptr(GInetAddressMask) mask = g_inet_address_mask_new_from_string(blocks[i], NULL);
    if (g_inet_address_mask_matches(mask, a)) return TRUE;
  }
  return FALSE;
}

static gboolean beyond_reach(GInetAddress *a) {
  return g_inet_address_get_is_loopback(a) || g_inet_address_get_is_any(a) ||
         g_inet_address_get_is_multicast(a) || g_inet_address_get_is_link_local(a) || of_manuals(a);
}

static void public_address(gw_doctor *d, const char *key) {
  const char *text = gw_conf_str(d->conf, key);
  g_autoptr(GInetAddress) a = *text ? g_inet_address_new_from_string(text) : NULL;
  if (!*text) {
    gw_doctor_note(d, "public address", TRUE, NULL,
                   "%s is not set: right without NAT in front of this machine", key);
    return;
  }
  gboolean odd = !a || beyond_reach(a), near = a && g_inet_address_get_is_site_local(a);
  g_autofree char *mend =
      odd ? g_strdup_printf("set %s to the address that the other side sees", key) : NULL;
  gw_doctor_note(d, "public address", !odd, mend, "%s = %s%s", key, text,
                 odd    ? " cannot be reached from outside"
                 : near ? ", a private address: right only if everybody is behind the same NAT"
                        : "");
}

void gw_doctor_public_address(gw_doctor *d) {
  public_address(d, "sip.public_address");
  public_address(d, "media.public_address");
}

/* What a server outside sees of us against what we tell others. */
static void seen_as(gw_doctor *d, const char *server, GInetAddress *seen) {
  g_autofree char *text = g_inet_address_to_string(seen);
  const char *said = gw_conf_str(d->conf, "media.public_address");
  g_autofree char *mend = g_strdup_printf("set media.public_address = \"%s\"", text);
  g_autoptr(GError) not_ours = try_bind(text, 0, TRUE);
  /* A server in our own network sees an address of that network. */
  if (g_inet_address_get_is_loopback(seen) || g_inet_address_get_is_site_local(seen)) return;
  if (*said && !g_str_equal(said, text))
    gw_doctor_note(d, "public address", FALSE, mend,
                   "media.public_address = %s, but %s sees this machine as %s", said, server, text);
  else if (!*said && not_ours)
    gw_doctor_note(d, "public address", TRUE, mend,
                   "%s sees this machine as %s: NAT; set it if that NAT is 1:1, else callers rely "
                   "on STUN and TURN",
                   server, text);
  else
    gw_doctor_note(d, "public address", TRUE, NULL, "%s sees this machine as %s", server, text);
}

/* --- STUN (RFC 8489): a Binding request, and any answer with its transaction id. */
/* XOR-MAPPED-ADDRESS (14.2), or MAPPED-ADDRESS (14.1) of an old server; NULL: neither. */
static GInetAddress *mapped_address(const guint8 *msg, gsize n) {
  for (gsize at = 20; at + 4 <= n;) {
    guint type = (guint)msg[at] << 8 | msg[at + 1], size = (guint)msg[at + 2] << 8 | msg[at + 3];
    const guint8 *value = msg + at + 4;
    if (at + 4 + size > n) return NULL;
    gsize bytes = size == 8 && value[1] == 1 ? 4 : size == 20 && value[1] == 2 ? 16 : 0;
    if (bytes && (type == 0x20 || type == 0x01)) {
      guint8 raw[16];
      for (gsize i = 0; i < bytes; i++)
        raw[i] = value[4 + i] ^ (type == 0x20 ? msg[4 + i] : 0); /* cookie, then transaction id */
      return g_inet_address_new_from_bytes(raw, bytes == 4 ? G_SOCKET_FAMILY_IPV4
                                                           : G_SOCKET_FAMILY_IPV6);
    }
    at += 4 + ((size + 3) & ~3u);
  }
  return NULL;
}

static gboolean stun_answers(GSocketAddress *at, GInetAddress **ret_seen, GError **error) {
  guint8 request[20] = {0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42}, answer[1500];
  g_autoptr(gw_ids) ids = gw_ids_new();
  gw_ids_bytes(ids, request + 8, 12);
  g_autoptr(GSocket) s =
      g_socket_new(g_socket_address_get_family(at), G_SOCKET_TYPE_DATAGRAM, 0, error);
  if (!s || !g_socket_connect(s, at, NULL, error)) return FALSE;
  g_socket_set_timeout(s, STUN_LIMIT);
  if (g_socket_send(s, (const char *)request, sizeof request, NULL, error) < 0) return FALSE;
  gssize n = g_socket_receive(s, (char *)answer, sizeof answer, NULL, error);
  if (n < 0) return FALSE;
  if (n >= 20 && memcmp(answer + 4, request + 4, 16) == 0) {
    *ret_seen = mapped_address(answer, (gsize)n);
    return TRUE;
  }
  g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "what answers there does not speak STUN");
  return FALSE;
}

static GSocketAddress *resolve(const char *host, guint16 port, GError **error) {
  g_autoptr(GResolver) resolver = g_resolver_get_default();
  GList *found = g_resolver_lookup_by_name(resolver, host, NULL, error);
  if (!found) return NULL;
  GSocketAddress *at = g_inet_socket_address_new(found->data, port);
  g_resolver_free_addresses(found);
  return at;
}

static void helper(gw_doctor *d, const char *host, guint16 port) {
  g_autoptr(GError) error = NULL;
  g_autoptr(GSocketAddress) at = resolve(host, port, &error);
  g_autoptr(GInetAddress) seen = NULL;
  gboolean ok = at && stun_answers(at, &seen, &error);
  gw_doctor_note(d, "STUN", ok, ok ? NULL : "look at its address, its log and the firewall",
                 "%s:%u %s", host, port, ok ? "answers" : error->message);
  if (seen) seen_as(d, host, seen);
}

void gw_doctor_stun(gw_doctor *d) {
  g_auto(GStrv) stun = gw_conf_strv(d->conf, "media.stun");
  for (char **one = stun; *one; one++) {
    g_autoptr(GSocketConnectable) at = g_network_address_parse(*one, 3478, NULL);
    if (at)
      helper(d, g_network_address_get_hostname(G_NETWORK_ADDRESS(at)),
             g_network_address_get_port(G_NETWORK_ADDRESS(at)));
  }
}

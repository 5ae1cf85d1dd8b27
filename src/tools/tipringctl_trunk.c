/* tipringctl_trunk.c - the doctor's look at trunks: each proxy is sent an OPTIONS of its own (RFC 3261 11), by UDP and, when
 * that is silent, by TCP. Any SIP answer to it means that somebody is there. */
#include <gio/gio.h>
#include <string.h>
#include "base/clock.h"
#include "base/ids.h"
#include "tools/tipringctl.h"

#define TRIES 3 /* datagrams, half a second apart: RFC 3261 T1 */
#define TRY_US GW_MS(500)
#define TCP_US GW_SEC(2)
#define MAX_ADDRESSES 4 /* of one proxy */
#define MAX_ANSWER 4096
#define SIP_PORT 5060

typedef struct {
  char *text;    /* the request */
  char *call_id; /* that its answer repeats */
} options_request;

static void options_clear(options_request *r) {
  g_free(r->text);
  g_free(r->call_id);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(options_request, options_clear)

static char *address_text(GSocketAddress *at) {
  g_autofree char *host =
      g_inet_address_to_string(g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(at)));
  guint port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(at));
  return g_strdup_printf(strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
}

static options_request options_new(GSocket *s, const char *host, gboolean udp) {
  g_autoptr(gw_ids) ids = gw_ids_new();
  g_autoptr(GSocketAddress) local = g_socket_get_local_address(s, NULL);
  g_autofree char *own = address_text(local), *branch = gw_ids_hex(ids, 8),
                  *tag = gw_ids_hex(ids, 4);
  options_request r = {.call_id = gw_ids_hex(ids, 12)};
  r.text = g_strdup_printf("OPTIONS sip:%s SIP/2.0\r\n"
                           "Via: SIP/2.0/%s %s;branch=z9hG4bK%s;rport\r\n"
                           "Max-Forwards: 70\r\n"
                           "From: <sip:doctor@%s>;tag=%s\r\n"
                           "To: <sip:%s>\r\n"
                           "Call-ID: %s\r\n"
                           "CSeq: 1 OPTIONS\r\n"
                           "Contact: <sip:doctor@%s>\r\n"
                           "Content-Length: 0\r\n\r\n",
                           host, udp ? "UDP" : "TCP", own, branch, own, tag, host, r.call_id, own);
  return r;
}

/* The status of an answer to this request; 0: it is none. */
static guint status_of(const char *answer, const options_request *r) {
  if (strncmp(answer, "SIP/2.0 ", 8) != 0 || !strstr(answer, r->call_id)) return 0;
  guint64 status = g_ascii_strtoull(answer + 8, NULL, 10);
  return status >= 200 && status <= 699 ? (guint)status : 0;
}

static guint no_sip(GError **error) {
  g_clear_error(error);
  g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "what answers there does not speak SIP");
  return 0;
}

/* Reads until an answer comes; others' words and 1xx do not count. 0 and the error: none in time. */
static guint await(GSocket *s, const options_request *r, gint64 until, GError **error) {
  char answer[MAX_ANSWER + 1];
  gboolean stream = g_socket_get_socket_type(s) == G_SOCKET_TYPE_STREAM, any = FALSE;
  for (gsize n = 0;;) {
    gint64 left = until - gw_now_us();
    if (!g_socket_condition_timed_wait(s, G_IO_IN, MAX(left, 0), NULL, error))
      return any ? no_sip(error) : 0;
    if (!stream || n == MAX_ANSWER) n = 0;
    gssize got = g_socket_receive(s, answer + n, MAX_ANSWER - n, NULL, error);
    if (got < 0) return 0;
    if (got == 0 && stream) return no_sip(error);
    any = TRUE;
    n += (gsize)got;
    answer[n] = 0;
    guint status = status_of(answer, r);
    if (status) return status;
  }
}

static GSocket *reach(GSocketAddress *at, gboolean udp, GError **error) {
  g_autoptr(GSocket) s =
      g_socket_new(g_socket_address_get_family(at),
                   udp ? G_SOCKET_TYPE_DATAGRAM : G_SOCKET_TYPE_STREAM, 0, error);
  if (!s) return NULL;
  g_socket_set_timeout(s, TCP_US / GW_SEC(1));
  return g_socket_connect(s, at, NULL, error) ? g_steal_pointer(&s) : NULL;
}

static guint ask_udp(GSocketAddress *at, const char *host, GError **error) {
  g_autoptr(GSocket) s = reach(at, TRUE, error);
  if (!s) return 0;
  g_auto(options_request) r = options_new(s, host, TRUE);
  guint status = 0;
  for (guint i = 0; i < TRIES && !status; i++) {
    g_clear_error(error);
    if (g_socket_send(s, r.text, strlen(r.text), NULL, error) < 0) return 0;
    status = await(s, &r, gw_now_us() + TRY_US, error);
    if (!status && !g_error_matches(*error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)) return 0;
  }
  return status;
}

static guint ask_tcp(GSocketAddress *at, const char *host, GError **error) {
  g_autoptr(GSocket) s = reach(at, FALSE, error);
  if (!s) return 0;
  g_auto(options_request) r = options_new(s, host, FALSE);
  if (g_socket_send(s, r.text, strlen(r.text), NULL, error) < 0) return 0;
  return await(s, &r, gw_now_us() + TCP_US, error);
}

/* RFC 3263 in short: SRV when the proxy has neither port nor digits, else its address. */
static GSocketConnectable *find(const char *proxy, GError **error) {
  g_autoptr(GSocketConnectable) at = g_network_address_parse(proxy, SIP_PORT, error);
  if (!at) return NULL;
  const char *host = g_network_address_get_hostname(G_NETWORK_ADDRESS(at));
  if (strchr(proxy, ':') || g_hostname_is_ip_address(host)) return g_steal_pointer(&at);
  g_autoptr(GResolver) resolver = g_resolver_get_default();
  GList *found = g_resolver_lookup_service(resolver, "sip", "udp", host, NULL, NULL);
  if (!found) return g_steal_pointer(&at);
  g_resolver_free_targets(found);
  return g_network_service_new("sip", "udp", host);
}

static void note_answer(gw_doctor *d, const char *what, const char *where, guint status,
                        const char *by, gint64 us) {
  gboolean well = status != 503;
  gw_doctor_note(d, what, well,
                 well ? NULL : "the provider is out of service for us: ask it, or wait",
                 "%s answers OPTIONS by %s with %u in %" G_GINT64_FORMAT " ms", where, by, status,
                 us / GW_MS(1));
}

/* TRUE: it has answered, and that is noted. */
static gboolean ask_address(gw_doctor *d, const char *what, const char *proxy, GSocketAddress *at,
                            GString *why) {
  g_autofree char *where = address_text(at);
  gint64 began = gw_now_us();
  g_autoptr(GError) by_udp = NULL, by_tcp = NULL;
  guint status = ask_udp(at, proxy, &by_udp);
  gboolean udp = status != 0;
  if (!udp) {
    began = gw_now_us();
    status = ask_tcp(at, proxy, &by_tcp);
  }
  if (status)
    note_answer(d, what, where, status, udp ? "UDP" : "TCP", gw_now_us() - began);
  else
    g_string_append_printf(why, "%s%s gives no answer to OPTIONS (UDP: %s; TCP: %s)",
                           why->len ? "; " : "", where, by_udp->message, by_tcp->message);
  return status != 0;
}

static void ask_proxy(gw_doctor *d, const char *what, const char *proxy) {
  g_autoptr(GError) error = NULL;
  g_autoptr(GSocketConnectable) to = find(proxy, &error);
  g_autoptr(GSocketAddressEnumerator) all = to ? g_socket_connectable_enumerate(to) : NULL;
  g_autoptr(GString) why = g_string_new(NULL);
  for (guint i = 0; all && i < MAX_ADDRESSES; i++) {
    g_autoptr(GSocketAddress) at = g_socket_address_enumerator_next(all, NULL, &error);
    if (!at) break;
    if (ask_address(d, what, proxy, at, why)) return;
  }
  if (why->len)
    gw_doctor_note(d, what, FALSE,
                   "is trunks[].proxy right, and does the firewall let SIP out and its answers in?",
                   "%s", why->str);
  else
    gw_doctor_note(d, what, FALSE, "mend trunks[].proxy or the resolver of this machine", "%s: %s",
                   proxy, error ? error->message : "no address");
}

void gw_doctor_trunks(gw_doctor *d) {
  for (guint i = 0; i < gw_conf_count(d->conf, "trunks"); i++) {
    g_autofree char *name = g_strdup_printf("trunks[%u].name", i);
    g_autofree char *proxy = g_strdup_printf("trunks[%u].proxy", i);
    g_autofree char *what = g_strdup_printf("trunk %s", gw_conf_str(d->conf, name));
    ask_proxy(d, what, gw_conf_str(d->conf, proxy));
  }
}

/* watch.c - listens to the SIP library's own log. Requests that it answers by itself (malformed, 405, 481, 501 ...)
 * never become events, but an operator wants one line for each. Only the few formats named here are looked at; all
 * others cost one comparison. When a newer library words them otherwise, lines are missing and nothing else breaks:
 * the unit test says so. One per process, as the library's log is. */
#include "sip/internal.h"
#include "sip/capture.h"
#include "sip/tls.h"
#include <sofia-sip/su_log.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

extern su_log_t tport_log[], nta_log[], nua_log[];

#define TLS_REMEMBERED 16   /* connections whose handshake may still fail */
#define HOSTS_REMEMBERED 64 /* that were asked by an INVITE, and may say 100 */
#define LINES_PER_SECOND 50 /* a flood is not written down packet by packet */

static struct {
  gboolean started;
  char source[96]; /* of the message that is being handled */
  char method[32];
  gboolean open; /* it is a request, and nobody has answered it yet */
  char bind_error[256];
  guint64 requests, refused, bad;
  struct {
    const void *connection;
    char source[96];
  } tls[TLS_REMEMBERED];
  guint tls_next;
  guint tls_failures;
  struct {
    char ip[64];
    gint64 asked_us, heard_us;
  } trying[HOSTS_REMEMBERED];
  gint64 second;
  guint lines;
} watch;

static gboolean may_write(void) {
  gint64 second = gw_now_us() / GW_SEC(1);
  if (second != watch.second) {
    watch.second = second;
    watch.lines = 0;
  }
  return ++watch.lines <= LINES_PER_SECOND;
}

static void refused(guint status, const char *reason) {
  watch.open = FALSE;
  watch.refused++;
  if (may_write())
    gw_info(NULL, "sip-refused", "method=%s status=%u reason=%s source=%s", watch.method, status,
            reason, watch.source);
}

static void bad_message(guint status, const char *reason) {
  watch.bad++;
  refused(status, reason);
}

/* "tport_deliver(0x..): msg 0x.. (412 bytes) from udp/192.0.2.7:5060/sip next=(nil)" */
static void note_source(const char *fmt, va_list ap) {
  char line[512];
  vsnprintf(line, sizeof line, fmt, ap);
  watch.open = FALSE;
  watch.source[0] = 0;
  const char *from = strstr(line, " from ");
  if (!from) return;
  from += strlen(" from ");
  gsize proto = strcspn(from, "/");
  const char *host = from + proto + (from[proto] == '/');
  gsize n = strcspn(host, "/; ");
  if (proto == 3 && strncmp(from, "udp", 3) == 0) /* the port in this line is our own */
    while (n > 0 && host[--n] != ':')
      continue;
  g_snprintf(watch.source, sizeof watch.source, "%.*s:%.*s", (int)proto, from, (int)n, host);
}

/* "%s(%p): new connection from tls/192.0.2.7:49152/sips": only the lines of TLS connections come here */
static void note_connection(const char *fmt, va_list ap) {
  char line[256];
  va_list again;
  va_copy(again, ap);
  vsnprintf(line, sizeof line, fmt, again);
  va_end(again);
  if (strstr(line, " connecting to tls/")) gw_tls_mend_connection();
  const char *from = strstr(line, " from tls/");
  if (!from) return;
  gw_tls_mend_connection();
  from += strlen(" from tls/");
  (void)va_arg(ap, const char *);
  guint i = watch.tls_next++ % TLS_REMEMBERED;
  watch.tls[i].connection = va_arg(ap, const void *);
  g_snprintf(watch.tls[i].source, sizeof watch.tls[i].source, "tls:%.*s", (int)strcspn(from, "/"),
             from);
}

/* "%s(%p): ...": a handshake that came to nothing, or a certificate that was not the right one */
static void note_tls_failed(const char *why, va_list ap) {
  (void)va_arg(ap, const char *);
  const void *connection = va_arg(ap, const void *);
  const char *source = "";
  for (guint i = 0; i < TLS_REMEMBERED; i++)
    if (watch.tls[i].connection == connection) source = watch.tls[i].source;
  watch.bad++;
  watch.refused++;
  watch.tls_failures++;
  if (may_write()) gw_info(NULL, "sip-tls-failed", "reason=%s source=%s", why, source);
}

/* "  err %i:%s": what OpenSSL says of the other side's certificate */
static void note_certificate(va_list ap) {
  (void)va_arg(ap, int);
  const char *why = va_arg(ap, const char *);
  watch.bad++;
  watch.refused++;
  watch.tls_failures++;
  if (may_write()) gw_info(NULL, "sip-tls-failed", "reason=%s source=%s", why, "");
}

/* "udp:192.0.2.7", "tcp:[::1]:5060" */
static void ip_of_source(char *ret, gsize n) {
  const char *host = strchr(watch.source, ':');
  gboolean v6 = host && host[1] == '[';
  host = host ? host + 1 + v6 : "";
  g_snprintf(ret, n, "%.*s", (int)strcspn(host, v6 ? "]" : ":"), host);
}

static guint find_host(const char *ip) {
  guint at = 0;
  while (at < HOSTS_REMEMBERED && strcmp(watch.trying[at].ip, ip) != 0)
    at++;
  return at;
}

/* "nta: received %03d %s for %s (%u)": a 100 never becomes an event (what could make it one loses memory with each), and
 * tells all the same that somebody is there. Of whoever was not asked nothing is kept: he would only push out the others. */
static void note_response(va_list ap) {
  int status = va_arg(ap, int);
  (void)va_arg(ap, const char *);
  const char *method = va_arg(ap, const char *);
  char ip[sizeof watch.trying[0].ip];
  if (status != 100 || strcmp(method, "INVITE") != 0) return;
  ip_of_source(ip, sizeof ip);
  const guint at = find_host(ip);
  if (*ip && at < HOSTS_REMEMBERED) watch.trying[at].heard_us = gw_now_us();
}

static void note_request(va_list ap) {
  g_strlcpy(watch.method, va_arg(ap, const char *), sizeof watch.method);
  watch.open = TRUE;
  watch.requests++;
}

static void note_sent(va_list ap) {
  (void)va_arg(ap, const char *); /* "sent" or "not sending" */
  guint status = va_arg(ap, guint);
  const char *phrase = va_arg(ap, const char *);
  if (watch.open && status >= 400) refused(status, phrase);
}

/* "%s (%u) is %s": method, CSeq, why it is answered 400 or 413 */
static void note_bad(va_list ap) {
  (void)va_arg(ap, const char *);
  (void)va_arg(ap, guint);
  const char *why = va_arg(ap, const char *);
  if (watch.open) bad_message(400, why);
}

static void note_other(va_list ap) {
  (void)va_arg(ap, const char *);
  (void)va_arg(ap, guint);
  const char *what = va_arg(ap, const char *);
  if (watch.open && strcmp(what, "has invalid Via") == 0) bad_message(0, what);
  /* there are no reliable provisional responses here for it to confirm */
  if (watch.open && strcmp(watch.method, "PRACK") == 0) refused(481, "No such response");
}

static void on_line(void *stream, char const *fmt, va_list ap) {
  if (gw_capture_line(fmt, ap)) return;
  if (g_str_has_prefix(fmt, "nta: received %s ")) {
    note_request(ap);
  } else if (g_str_has_prefix(fmt, "nta: received %03d %s for ")) {
    note_response(ap);
  } else if (strcmp(fmt, "nta: %s %u %s for %s (%u)\n") == 0) {
    note_sent(ap);
  } else if (strcmp(fmt, "nta: %s (%u) is %s\n") == 0) {
    note_bad(ap);
  } else if (strcmp(fmt, "nta: %s (%u) %s\n") == 0) {
    note_other(ap);
  } else if (g_str_has_prefix(fmt, "nta: bad version %s for %s")) {
    if (watch.open) bad_message(505, "bad version");
  } else if (g_str_has_prefix(fmt, "nta: proceeding queue full")) {
    if (watch.open) refused(503, "too many open requests");
  } else if (strstr(fmt, "msg %p (") && strstr(fmt, " from ") && strstr(fmt, " next=")) {
    note_source(fmt, ap);
  } else if (g_str_has_prefix(fmt, "nua(%p): recv signal")) {
    watch.open = FALSE; /* an answer of ours is on its way: not the library's own */
  } else if (g_str_has_prefix(fmt, "%s(%p): new connection from ") ||
             g_str_has_prefix(fmt, "%s(%p): connecting to ")) {
    note_connection(fmt, ap);
  } else if (g_str_has_prefix(fmt, "%s(%p): TLS setup failed")) {
    note_tls_failed("no handshake", ap);
  } else if (g_str_has_prefix(fmt, "%s(%p): Peer Subject Mismatch")) {
    note_tls_failed("certificate of another name", ap);
  } else if (g_str_has_prefix(fmt, "  err %i:%s")) {
    note_certificate(ap);
  } else if (g_str_has_prefix(fmt, "nta: bind(")) {
    vsnprintf(watch.bind_error, sizeof watch.bind_error, fmt, ap);
    g_strchomp(watch.bind_error);
  }
}

void gw_watch_start(void) {
  watch.bind_error[0] = 0;
  if (watch.started) return;
  watch.started = TRUE;
  su_log_redirect(NULL, on_line, NULL);
  su_log_set_level(NULL, 0);
  su_log_set_level(tport_log, 7);
  su_log_set_level(nta_log, 5);
  su_log_set_level(nua_log, 5);
}

void gw_watch_event(void) {
  watch.open = FALSE;
}

const char *gw_watch_bind_error(void) {
  const char *reason = strstr(watch.bind_error, "): ");
  return reason ? reason + strlen("): ") : NULL;
}

void gw_watch_ask(const char *ip) {
  guint at = find_host(ip);
  if (at == HOSTS_REMEMBERED) {
    at = 0;
    for (guint i = 1; i < HOSTS_REMEMBERED; i++)
      if (watch.trying[i].asked_us < watch.trying[at].asked_us) at = i;
    watch.trying[at].heard_us = 0;
    g_strlcpy(watch.trying[at].ip, ip, sizeof watch.trying[at].ip);
  }
  watch.trying[at].asked_us = gw_now_us();
}

gboolean gw_watch_trying(const char *ip, gint64 since_us) {
  const guint at = find_host(ip);
  return at < HOSTS_REMEMBERED && watch.trying[at].heard_us >= since_us;
}

guint gw_watch_tls_failures(void) {
  return watch.tls_failures;
}

guint64 gw_watch_requests(void) {
  return watch.requests;
}

void gw_watch_counters(guint64 *ret_refused, guint64 *ret_bad) {
  *ret_refused = watch.refused;
  *ret_bad = watch.bad;
}

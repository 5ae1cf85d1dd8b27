#include "base/log.h"
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024
#define RECORDS 1024

typedef struct {
  char text[LINE_MAX_BYTES];
  gsize n;
} record;

static const char *const level_words[] = {"error", "warn", "info", "debug", "trace"};
static atomic_int max_level = GW_LOG_INFO;
static atomic_ullong dropped;

/* guarded by lock */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static record *ring;
static guint ring_head, ring_count;
static gboolean running;
static pthread_t writer;
static void (*hook)(const char *, void *);
static void *hook_user;

/* --- one line --- */

static void put(record *r, const char *s, gsize n) {
  gsize room = LINE_MAX_BYTES - 2 - r->n; /* keeps space for the newline */
  if (n > room) n = room;
  memcpy(r->text + r->n, s, n);
  r->n += n;
}

static void put_str(record *r, const char *s) {
  put(r, s, strlen(s));
}

static gboolean plain(const char *s) {
  if (!*s) return FALSE;
  for (; *s; s++)
    if ((guchar)*s <= ' ' || *s == '"' || *s == '\\' || *s == '=' || *s == 0x7f) return FALSE;
  return TRUE;
}

/* C1 controls and invalid bytes can drive a terminal as well as ESC can. */
static void put_escaped(record *r, const char *value) {
  if (plain(value) && g_utf8_validate(value, -1, NULL) && g_str_is_ascii(value)) {
    put_str(r, value);
    return;
  }
  put(r, "\"", 1);
  for (const char *p = value; *p;) {
    gunichar c = g_utf8_get_char_validated(p, -1);
    char esc[16];
    if (c == (gunichar)-1 || c == (gunichar)-2) {
      put(r, esc, (gsize)g_snprintf(esc, sizeof esc, "\\x%02x", (guchar)*p++));
      continue;
    }
    const char *next = g_utf8_next_char(p);
    if (c == '"' || c == '\\')
      put(r, esc, (gsize)g_snprintf(esc, sizeof esc, "\\%c", (char)c));
    else if (g_unichar_iscntrl(c) || g_unichar_type(c) == G_UNICODE_FORMAT)
      put(r, esc, (gsize)g_snprintf(esc, sizeof esc, "\\u%04x", c));
    else
      put(r, p, (gsize)(next - p));
    p = next;
  }
  put(r, "\"", 1);
}

static gboolean is_secret(const char *key, gsize n) {
  static const char *const secret[] = {"password", "secret",        "pin", "digit",
                                       "digits",   "authorization", "key", "pwd"};
  for (guint i = 0; i < G_N_ELEMENTS(secret); i++)
    if (strlen(secret[i]) == n && !g_ascii_strncasecmp(key, secret[i], n)) return TRUE;
  return FALSE;
}

/* The key in front of position p of fmt: "... key=%s". */
static gboolean key_is_secret(const char *fmt, const char *p) {
  if (p == fmt || p[-1] != '=') return FALSE;
  const char *end = p - 1, *start = end;
  while (start > fmt && start[-1] != ' ')
    start--;
  return is_secret(start, (gsize)(end - start));
}

typedef struct {
  char text[24]; /* "%-5.2" with the length modifier normalised away */
  char conv;
  guint longs; /* number of l; z, j and t count as two */
} spec;

static const char *read_spec(const char *p, spec *ret) {
  gsize n = strspn(p + 1, "-+ #0123456789.") + 1;
  if (n > sizeof ret->text - 4) n = sizeof ret->text - 4;
  memcpy(ret->text, p, n);
  ret->text[n] = 0;
  p += n;
  for (ret->longs = 0; *p && strchr("lhzjt", *p); p++)
    if (*p == 'l')
      ret->longs++;
    else if (*p != 'h')
      ret->longs = 2;
  ret->conv = *p;
  return *p ? p + 1 : p;
}

/* The only place that formats by a text made at run time: the spec was checked by the compiler at
 * the call of gw_log. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void put_number(record *r, spec *s, va_list *ap) {
  char buf[64];
  gsize n = strlen(s->text);
  char *tail = s->text + n;
  if (strchr("di", s->conv)) {
    long long v = s->longs > 1 ? va_arg(*ap, long long)
                  : s->longs   ? va_arg(*ap, long)
                               : va_arg(*ap, int);
    g_strlcpy(tail, "lld", sizeof s->text - n);
    g_snprintf(buf, sizeof buf, s->text, v);
  } else if (strchr("uxX", s->conv)) {
    unsigned long long v = s->longs > 1 ? va_arg(*ap, unsigned long long)
                           : s->longs   ? va_arg(*ap, unsigned long)
                                        : va_arg(*ap, unsigned);
    g_snprintf(tail, sizeof s->text - n, "ll%c", s->conv);
    g_snprintf(buf, sizeof buf, s->text, v);
  } else {
    g_snprintf(tail, sizeof s->text - n, "%c", s->conv);
    g_snprintf(buf, sizeof buf, s->text, va_arg(*ap, double));
  }
  put_str(r, buf);
}
#pragma GCC diagnostic pop

static void put_args(record *r, const char *fmt, va_list *ap) {
  for (const char *p = fmt; *p;) {
    gsize literal = strcspn(p, "%");
    put(r, p, literal);
    p += literal;
    if (!*p) return;
    const char *at = p;
    spec s;
    p = read_spec(p, &s);
    gboolean hide = key_is_secret(fmt, at);
    gsize before = r->n;
    if (s.conv == '%')
      put(r, "%", 1);
    else if (s.conv == 'c')
      put(r, &(char){(char)va_arg(*ap, int)}, 1);
    else if (s.conv == 's') {
      const char *v = va_arg(*ap, const char *);
      put_escaped(r, v ? v : "-");
    } else if (strchr("diuxXfgeG", s.conv))
      put_number(r, &s, ap);
    else
      g_assert_not_reached(); /* a format of ours that this writer does not know */
    if (hide) r->n = before, put_str(r, "***");
  }
}

/* --- writing --- */

static void write_out(const char *s, gsize n) {
  while (n) {
    gssize got = write(STDERR_FILENO, s, n);
    if (got <= 0) return; /* nobody reads our stderr: there is nowhere to complain */
    s += got;
    n -= (gsize)got;
  }
}

static void *write_loop(void *arg) {
  pthread_mutex_lock(&lock);
  for (;;) {
    while (!ring_count && running)
      pthread_cond_wait(&more, &lock);
    if (!ring_count) break;
    record r = ring[ring_head];
    ring_head = (ring_head + 1) % RECORDS;
    ring_count--;
    pthread_mutex_unlock(&lock);
    write_out(r.text, r.n);
    pthread_mutex_lock(&lock);
  }
  pthread_mutex_unlock(&lock);
  return NULL;
}

static void submit(const record *r) {
  pthread_mutex_lock(&lock);
  if (!running) {
    pthread_mutex_unlock(&lock);
    write_out(r->text, r->n);
    return;
  }
  if (ring_count < RECORDS) {
    ring[(ring_head + ring_count++) % RECORDS] = *r;
    pthread_cond_signal(&more);
  } else {
    atomic_fetch_add(&dropped, 1);
  }
  pthread_mutex_unlock(&lock);
}

void gw_log(gw_log_level level, const gw_log_ctx *ctx, const char *event, const char *fmt, ...) {
  if (!gw_log_enabled(level)) return;
  record r = {.n = 0};
  put_str(&r, level_words[level]);
  put(&r, " ", 1);
  put_str(&r, event);
  if (ctx && ctx->call) put_str(&r, " call="), put_escaped(&r, ctx->call);
  if (ctx && ctx->room) put_str(&r, " room="), put_escaped(&r, ctx->room);
  if (*fmt) put(&r, " ", 1);
  va_list ap;
  va_start(ap, fmt);
  put_args(&r, fmt, &ap);
  va_end(ap);
  if (hook) {
    r.text[r.n] = 0;
    hook(r.text, hook_user);
  }
  r.text[r.n++] = '\n';
  submit(&r);
}

/* --- life --- */

void gw_log_start(gw_log_level max) {
  gw_log_set_level(max);
  pthread_mutex_lock(&lock);
  if (!running) {
    ring = g_new0(record, RECORDS);
    ring_head = ring_count = 0;
    running = TRUE;
    if (pthread_create(&writer, NULL, write_loop, NULL)) running = FALSE;
  }
  pthread_mutex_unlock(&lock);
}

void gw_log_stop(void) {
  pthread_mutex_lock(&lock);
  gboolean was = running;
  running = FALSE;
  pthread_cond_signal(&more);
  pthread_mutex_unlock(&lock);
  if (!was) return;
  pthread_join(writer, NULL);
  g_clear_pointer(&ring, g_free);
}

void gw_log_set_level(gw_log_level max) {
  atomic_store(&max_level, (int)max);
}

gboolean gw_log_enabled(gw_log_level level) {
  return (int)level <= atomic_load(&max_level);
}

gboolean gw_log_level_parse(const char *word, gw_log_level *ret) {
  for (guint i = 0; i < G_N_ELEMENTS(level_words); i++)
    if (!strcmp(word, level_words[i])) {
      *ret = (gw_log_level)i;
      return TRUE;
    }
  return FALSE;
}

guint64 gw_log_dropped(void) {
  return atomic_load(&dropped);
}

void gw_log_set_hook(void (*fn)(const char *, void *), void *user) {
  hook = fn;
  hook_user = user;
}

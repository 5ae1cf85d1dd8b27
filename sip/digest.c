#include "sip/digest.h"
#include "base/clock.h"
#include <string.h>

#define NONCE_LEN (16 + 16 + 32) /* time, serial, signature; hex */
#define MAX_PARAM 256

/* A nonce that was used: the highest nc seen. Kept in order of use, oldest at the head. */
typedef struct {
  guint64 serial;
  guint32 nc;
  GList link;
} used_nonce;

struct gw_digest {
  char *realm;
  guint8 secret[32];
  guint64 next_serial;
  guint64
      forgotten; /* nonces up to this serial count as used up: their place in the table was needed */
  GHashTable *used; /* &serial -> used_nonce */
  GQueue order;
};

gw_digest *gw_digest_new(const char *realm, const guint8 secret[32]) {
  gw_digest *d = g_new0(gw_digest, 1);
  d->realm = g_strdup(realm);
  memcpy(d->secret, secret, sizeof d->secret);
  d->next_serial = 1;
  d->used = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
  g_queue_init(&d->order);
  return d;
}

void gw_digest_free(gw_digest *d) {
  if (!d) return;
  g_hash_table_unref(d->used);
  g_free(d->realm);
  memset(d->secret, 0, sizeof d->secret);
  g_free(d);
}

guint gw_digest_remembered(const gw_digest *d) {
  return g_hash_table_size(d->used);
}

/* -- nonces -- */

static char *nonce_make(const gw_digest *d, guint64 time_us, guint64 serial, const char *source) {
  g_autofree char *head =
      g_strdup_printf("%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x", time_us, serial);
  g_autofree char *signed_text = g_strdup_printf("%s %s", head, source);
  g_autofree char *mac = g_compute_hmac_for_data(G_CHECKSUM_SHA256, d->secret, sizeof d->secret,
                                                 (const guchar *)signed_text, strlen(signed_text));
  return g_strdup_printf("%s%.32s", head, mac);
}

/* Compares without telling by its duration where the difference is. */
static gboolean same_secret(const char *a, const char *b) {
  gsize n = strlen(a);
  if (strlen(b) != n) return FALSE;
  volatile guint8 diff = 0;
  for (gsize i = 0; i < n; i++)
    diff |= (guint8)(a[i] ^ b[i]);
  return diff == 0;
}

static gboolean nonce_read(const gw_digest *d, const char *nonce, const char *source,
                           gint64 *ret_time, guint64 *ret_serial) {
  char part[17] = {0};
  if (strlen(nonce) != NONCE_LEN || strspn(nonce, "0123456789abcdef") != NONCE_LEN) return FALSE;
  memcpy(part, nonce, 16);
  guint64 time_us = g_ascii_strtoull(part, NULL, 16);
  memcpy(part, nonce + 16, 16);
  guint64 serial = g_ascii_strtoull(part, NULL, 16);
  g_autofree char *ours = nonce_make(d, time_us, serial, source);
  if (!same_secret(ours, nonce)) return FALSE;
  *ret_time = (gint64)time_us;
  *ret_serial = serial;
  return TRUE;
}

static void forget_oldest(gw_digest *d) {
  used_nonce *u = g_queue_peek_head(&d->order);
  if (u->serial > d->forgotten) d->forgotten = u->serial;
  g_queue_unlink(&d->order, &u->link);
  g_hash_table_remove(d->used, &u->serial);
}

/* TRUE when this use of the nonce is the first with this or a higher count (RFC 7616 3.3: nc defeats replay). */
static gboolean nonce_use(gw_digest *d, guint64 serial, guint32 nc) {
  used_nonce *u = g_hash_table_lookup(d->used, &serial);
  if (u && nc <= u->nc) return FALSE;
  if (!u && serial <= d->forgotten) return FALSE;
  if (!u) {
    if (g_hash_table_size(d->used) >= GW_NONCES_REMEMBERED) forget_oldest(d);
    u = g_new0(used_nonce, 1);
    u->serial = serial;
    u->link.data = u;
    g_hash_table_insert(d->used, &u->serial, u);
  } else {
    g_queue_unlink(&d->order, &u->link);
  }
  u->nc = nc;
  g_queue_push_tail_link(&d->order, &u->link);
  return TRUE;
}

char *gw_digest_challenge(gw_digest *d, const char *source, gint64 now_us, gboolean stale) {
  g_autofree char *nonce = nonce_make(d, (guint64)now_us, d->next_serial++, source);
  return g_strdup_printf("Digest realm=\"%s\", nonce=\"%s\", algorithm=MD5, qop=\"auth\"%s",
                         d->realm, nonce, stale ? ", stale=true" : "");
}

/* -- replies -- */

static char *unquote(const char *v) {
  gsize n = strlen(v);
  if (n < 2 || v[0] != '"' || v[n - 1] != '"') return g_strdup(v);
  GString *out = g_string_new(NULL);
  for (gsize i = 1; i < n - 1; i++) {
    if (v[i] == '\\' && i + 1 < n - 1) i++;
    g_string_append_c(out, v[i]);
  }
  return g_string_free(out, FALSE);
}

void gw_digest_reply_parse(const char *const *params, gw_digest_reply *ret) {
  memset(ret, 0, sizeof *ret);
  const struct {
    const char *name;
    char **slot;
  } known[] = {{"username", &ret->username},
               {"realm", &ret->realm},
               {"nonce", &ret->nonce},
               {"uri", &ret->uri},
               {"response", &ret->response},
               {"algorithm", &ret->algorithm},
               {"cnonce", &ret->cnonce},
               {"nc", &ret->nc},
               {"qop", &ret->qop}};
  for (; params && *params; params++) {
    const char *eq = strchr(*params, '=');
    if (!eq || strlen(eq) > MAX_PARAM) continue;
    gsize n = (gsize)(eq - *params);
    for (guint i = 0; i < G_N_ELEMENTS(known); i++)
      if (!*known[i].slot && strlen(known[i].name) == n &&
          g_ascii_strncasecmp(*params, known[i].name, n) == 0)
        *known[i].slot = unquote(eq + 1);
  }
}

void gw_digest_reply_clear(gw_digest_reply *r) {
  char **slots[] = {&r->username,  &r->realm,  &r->nonce, &r->uri, &r->response,
                    &r->algorithm, &r->cnonce, &r->nc,    &r->qop};
  for (guint i = 0; i < G_N_ELEMENTS(slots); i++)
    g_clear_pointer(slots[i], g_free);
}

static char *md5(const char *text) {
  return g_compute_checksum_for_string(G_CHECKSUM_MD5, text, -1);
}

char *gw_digest_response(const gw_digest_reply *r, const char *method, const char *password) {
  g_autofree char *t1 = g_strdup_printf("%s:%s:%s", r->username, r->realm, password);
  g_autofree char *t2 = g_strdup_printf("%s:%s", method, r->uri);
  g_autofree char *a1 = md5(t1), *a2 = md5(t2);
  g_autofree char *t3 =
      r->qop ? g_strdup_printf("%s:%s:%s:%s:%s:%s", a1, r->nonce, r->nc, r->cnonce, r->qop, a2)
             : g_strdup_printf("%s:%s:%s", a1, r->nonce, a2);
  return md5(t3);
}

static gboolean wellformed(const gw_digest *d, const gw_digest_reply *r, guint32 *ret_nc) {
  if (!r->username || !r->realm || !r->nonce || !r->uri || !r->response) return FALSE;
  if (strcmp(r->realm, d->realm) != 0 || strlen(r->response) != 32) return FALSE;
  if (r->algorithm && g_ascii_strcasecmp(r->algorithm, "MD5") != 0) return FALSE;
  *ret_nc = G_MAXUINT32; /* without qop a nonce serves once */
  if (!r->qop) return TRUE;
  if (g_ascii_strcasecmp(r->qop, "auth") != 0 || !r->cnonce || !r->nc) return FALSE;
  if (strlen(r->nc) != 8 || strspn(r->nc, "0123456789abcdefABCDEF") != 8) return FALSE;
  *ret_nc = (guint32)g_ascii_strtoull(r->nc, NULL, 16);
  return *ret_nc > 0;
}

/* "sip:8000@192.0.2.1:5060;transport=udp" -> "8000@192.0.2.1": what phones write into uri= differs from the
 * Request-URI in everything else. */
static char *who_at_host(const char *uri) {
  const char *colon = strchr(uri, ':');
  const char *p = colon ? colon + 1 : uri;
  g_autofree char *core = g_strndup(p, strcspn(p, ";?>"));
  char *at = strrchr(core, '@');
  char *host = at ? at + 1 : core;
  char *end = *host == '[' ? strchr(host, ']') : strchr(host, ':');
  if (end) *end = 0;
  for (char *h = host; *h; h++)
    *h = g_ascii_tolower(*h);
  return g_steal_pointer(&core);
}

/* Some testers and phones name the host alone. */
static gboolean same_target(const char *said, const char *uri) {
  g_autofree char *x = who_at_host(said), *y = who_at_host(uri);
  const char *host = strrchr(y, '@');
  return strcmp(x, y) == 0 || (host && !strchr(x, '@') && strcmp(x, host + 1) == 0);
}

gw_digest_result gw_digest_check(gw_digest *d, const gw_digest_reply *r, const char *method,
                                 const char *uri, const char *password, const char *source,
                                 gint64 now_us) {
  guint32 nc;
  gint64 issued;
  guint64 serial;
  if (!wellformed(d, r, &nc)) return GW_DIGEST_BAD;
  if (!same_target(r->uri, uri)) return GW_DIGEST_BAD;
  /* Not of ours: no word about the password, or a made-up nonce would be a way to guess without being counted. */
  if (!nonce_read(d, r->nonce, source, &issued, &serial)) return GW_DIGEST_STALE;
  g_autofree char *want = gw_digest_response(r, method, password ? password : "no such user");
  g_autofree char *got = g_ascii_strdown(r->response, -1);
  gboolean right = same_secret(want, got) && password;
  if (!right) return GW_DIGEST_WRONG;
  gboolean fresh = now_us >= issued && now_us - issued < GW_SEC(GW_NONCE_SECONDS);
  return fresh && nonce_use(d, serial, nc) ? GW_DIGEST_OK : GW_DIGEST_STALE;
}

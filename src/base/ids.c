#include "base/ids.h"
#include <string.h>
#include <sys/random.h>

struct gw_ids {
  GRand *fixed; /* NULL: the kernel's source */
};

gw_ids *gw_ids_new(void) {
  return g_new0(gw_ids, 1);
}

gw_ids *gw_ids_new_fixed(guint32 seed) {
  gw_ids *s = g_new0(gw_ids, 1);
  s->fixed = g_rand_new_with_seed(seed);
  return s;
}

void gw_ids_free(gw_ids *s) {
  if (!s) return;
  if (s->fixed) g_rand_free(s->fixed);
  g_free(s);
}

void gw_ids_bytes(gw_ids *s, guint8 *ret, gsize n) {
  if (s->fixed) {
    for (gsize i = 0; i < n; i++)
      ret[i] = (guint8)g_rand_int_range(s->fixed, 0, 256);
    return;
  }
  for (gsize done = 0; done < n;) {
    gssize got = getrandom(ret + done, n - done, 0);
    if (got > 0) done += (gsize)got;
  }
}

guint32 gw_ids_u32(gw_ids *s) {
  guint8 b[4];
  gw_ids_bytes(s, b, sizeof b);
  return (guint32)b[0] << 24 | (guint32)b[1] << 16 | (guint32)b[2] << 8 | b[3];
}

static char *hex(const guint8 *b, gsize n) {
  char *out = g_malloc(2 * n + 1);
  for (gsize i = 0; i < n; i++)
    g_snprintf(out + 2 * i, 3, "%02x", b[i]);
  out[2 * n] = 0;
  return out;
}

char *gw_ids_hex(gw_ids *s, guint bytes) {
  g_autofree guint8 *b = g_malloc(bytes + 1);
  gw_ids_bytes(s, b, bytes);
  return hex(b, bytes);
}

char *gw_ids_uuid(gw_ids *s) {
  guint8 b[16];
  gw_ids_bytes(s, b, sizeof b);
  b[6] = (b[6] & 0x0f) | 0x40; /* RFC 4122 4.4: version 4, variant 10 */
  b[8] = (b[8] & 0x3f) | 0x80;
  g_autofree char *h = hex(b, sizeof b);
  return g_strdup_printf("%.8s-%.4s-%.4s-%.4s-%.12s", h, h + 8, h + 12, h + 16, h + 20);
}

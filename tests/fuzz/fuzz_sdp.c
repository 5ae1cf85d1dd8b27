/* fuzz_sdp.c - any bytes as an SDP body: bounded, and what was understood once is understood again the same way. */
#include "base/limits.h"
#include "sip/sip.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_bounds(const gw_desc *d) {
  g_assert_cmpuint(d->media->len, <=, GW_MAX_MEDIA);
  for (guint i = 0; i < d->media->len; i++) {
    const gw_desc_media *m = g_ptr_array_index(d->media, i);
    g_assert_cmpuint(m->codecs->len, <=, GW_MAX_CODECS);
    g_assert_cmpuint(m->candidates->len, <=, GW_MAX_CANDIDATES);
    g_assert_cmpuint(m->sources->len, <=, GW_MAX_SSRCS);
    g_assert_true(g_utf8_validate(m->proto_text, -1, NULL));
    g_assert_true(!m->mid || g_utf8_validate(m->mid, -1, NULL));
    g_assert_true(m->refused || *m->addr);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  g_autoptr(GError) error = NULL;
  g_autoptr(gw_desc) one = gw_sdp_parse((const char *)data, n, &error);
  if (!one) {
    g_assert_nonnull(error);
    return 0;
  }
  check_bounds(one);
  g_autofree char *first = gw_sdp_print(one);
  /* what fits only because it was written tersely may not fit when written out */
  if (strlen(first) > GW_MAX_SDP_BYTES) return 0;
  g_autoptr(gw_desc) two = gw_sdp_parse(first, strlen(first), &error);
  g_assert_no_error(error);
  g_autofree char *second = gw_sdp_print(two);
  g_assert_cmpstr(first, ==, second);
  return 0;
}

/* A stand-in for the line to a forwarding service: nothing is said, and nothing comes. Tests of the real one: test_seat_sfu.c, test_published.c. */
#include "gateway/bridge/seat_sfu.h"

gw_seat_sfu *gw_seat_sfu_new(const gw_seat_sfu_params *params) {
  return g_malloc0(1);
}

void gw_seat_sfu_free(gw_seat_sfu *s) {
  g_free(s);
}

void gw_seat_sfu_ask(gw_seat_sfu *s, const gw_action *a) {
}

gboolean gw_seat_sfu_word(gw_seat_sfu *s, const gw_word *w) {
  return FALSE;
}

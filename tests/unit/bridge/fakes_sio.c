/* The line to a socket.io service, where no test calls one: those of services that speak Jingle link this. */
#include "gateway/sfu/sfu.h"


gw_sfu *gw_sfu_new(const char *url, const char *room, const char *name, gw_sfu_listener listener,
                   void *user) {
  g_assert_not_reached();
}

void gw_sfu_free(gw_sfu *s) {}

void gw_sfu_rejoin(gw_sfu *s) {}

void gw_sfu_request(gw_sfu *s, const char *src, const char *offer) {}

void gw_sfu_candidate(gw_sfu *s, const char *src, const char *candidate, const char *mid) {}

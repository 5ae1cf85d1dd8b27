/* direct_rig.h - the flavour for calls to one person, driven by lines: what it does comes back as text.
 * Thread: the test's.  Owner: dr_new makes, dr_free frees.  Calls back: never. */
#ifndef DIRECT_RIG_H
#define DIRECT_RIG_H
#include "gateway/flavour/direct.h"
#include "gateway/flavour/flavour.h"

typedef struct {
  gw_flavour *f;
  gw_ids *ids;
  gint64 now;
  GString *said; /* since the last dr_expect */
  char *sid;     /* of our last propose or session-initiate */
} dr;

void dr_new(dr *, const char *peer, const char *incoming_sid_or_null, gboolean incoming);
void dr_free(dr *);
void dr_feed(dr *, const gw_ev *);
void dr_jmi(dr *, gw_jmi_action, const char *from, const char *id, const char *reason);
/* desc of a usable offer or answer where the action needs one */
void dr_jingle(dr *, gw_jingle_action, const char *from, const char *sid, const char *reason_or_error);
void dr_info(dr *, gw_jingle_info);
void dr_local(dr *, guint peer);
void dr_state(dr *, guint peer, gw_fl_peer_state, gw_cause);
void dr_wait(dr *, gint64 us); /* TICKs where it wants them */
void dr_flag(dr *, gw_ev_type, gboolean);
gw_desc *dr_desc(void);
#define dr_expect(d, text)                                                                         \
  G_STMT_START {                                                                                   \
    g_assert_cmpstr((d)->said->str, ==, text);                                                     \
    g_string_truncate((d)->said, 0);                                                               \
  }                                                                                                \
  G_STMT_END

#endif

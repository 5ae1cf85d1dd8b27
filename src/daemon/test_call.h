/* test_call.h - a real call from outside in, to see whether callers would get through: tipring-ua, a phone like any other,
 * dials health.number with the account of health.phone. Nobody who asks chooses whom it calls, and however many ask, there is
 * one at a time and one in health.every seconds; in between the last result is told.
 * Thread: control.  Owner: the caller frees; env outlives it.  Calls back: once for each gw_test_call_ask, from inside it when
 * the result is known, else from the loop; not after gw_test_call_forget. */
#ifndef GW_TEST_CALL_H
#define GW_TEST_CALL_H
#include "daemon/control.h"

#define GW_TEST_CALL_LIMIT_US GW_SEC(15)

typedef struct gw_test_call gw_test_call;
/* json: {"ready","call":{"ok","why","at","phone","number","status","reason","setup_ms","first_audio_ms",
 * "packets_received","hops":[{"event","ms"}]}}; ok: answered, in the room, and packets of sound came. */
typedef void (*gw_test_call_fn)(gboolean ok, const char *json, void *user);

gw_test_call *gw_test_call_new(GMainContext *, const gw_control_env *);
void gw_test_call_free(gw_test_call *);
gboolean gw_test_call_configured(const gw_test_call *);
void gw_test_call_ask(gw_test_call *, gw_test_call_fn, void *user);
void gw_test_call_forget(gw_test_call *, void *user);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_test_call, gw_test_call_free)

#endif

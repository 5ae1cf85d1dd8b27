/* caps.h - what a set of features is called in one word (XEP-0115 5).
 * Thread: any (pure).  Owner: caller frees with g_free / g_strfreev.  Calls back: never. */
#ifndef GW_XMPP_CAPS_H
#define GW_XMPP_CAPS_H
#include <glib.h>

/* Both lists together, sorted by octets, each once. */
char **gw_caps_sorted(const char *const *a, const char *const *b_or_null);
/* Verification string of one identity without language and the sorted features: base64 of SHA-1. */
char *gw_caps_ver(const char *category, const char *type, const char *name, const char *const *sorted);

#endif

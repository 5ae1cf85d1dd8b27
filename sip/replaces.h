/* replaces.h - what a Refer-To (RFC 3515) and a Replaces (RFC 3891) name. Both come from whoever is in a call with us, so
 * they are read with bounds, and everything that is not understood is no target at all.
 * Thread: any (pure).  Owner: caller frees.  Calls back: never. */
#ifndef GW_REPLACES_H
#define GW_REPLACES_H
#include <glib.h>

typedef struct {
  char *call_id, *to_tag, *from_tag; /* seen from whoever gets it: to_tag is ours */
  gboolean early_only;
} gw_replaces;
/* "call-id;to-tag=a;from-tag=b;early-only". NULL: malformed, or longer than GW_MAX_REPLACES. */
gw_replaces *gw_replaces_parse(const char *text);
void gw_replaces_free(gw_replaces *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_replaces, gw_replaces_free)

typedef struct {
  char *user; /* %-decoded; "" when none */
  char *host; /* IPv6 without its brackets */
  guint port; /* 0: none said */
  gw_replaces *replaces; /* or NULL */
} gw_refer_to;
/* A sip: or sips: URI, without angle brackets. NULL: another scheme, another method than INVITE, malformed, a Replaces that
 * is, or longer than GW_MAX_REFER_TO. Headers in it other than Replaces are not looked at. */
gw_refer_to *gw_refer_to_parse(const char *uri);
void gw_refer_to_free(gw_refer_to *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_refer_to, gw_refer_to_free)

#endif

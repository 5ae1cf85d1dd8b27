/* identity.h - who calls: From, or what a trusted trunk asserts (RFC 3323, RFC 3325; Remote-Party-ID as PBXs speak it).
 * Thread: any.  Owner: caller clears.  Calls back: never. */
#ifndef GW_IDENTITY_H
#define GW_IDENTITY_H
#include <glib.h>
#include "sip/internal.h"

typedef struct {
  char *user, *name; /* "" when absent; cleaned */
  gboolean anonymous;
} gw_identity;
void gw_identity_clear(gw_identity *);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(gw_identity, gw_identity_clear)

/* Of an INVITE. trusted: what the headers assert counts more than From. */
void gw_identity_read(const sip_t *, gboolean trusted, gw_identity *ret);
/* The first SIP or tel address of a header's value: "\"Anna\" <sip:+4930@host>;party=calling, <tel:+4930>". FALSE: none. */
gboolean gw_identity_parse(const char *value, char **ret_user, char **ret_name,
                           char **ret_parameters);
/* Header lines for a call to a trusted trunk, g_free. user NULL or "": one who must not be shown. */
char *gw_identity_print(const char *user, const char *name, const char *host);

#endif

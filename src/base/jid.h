/* jid.h - JIDs as strings (RFC 7622), without stringprep: domain and node are lower-cased (ASCII and simple Unicode).
 * Thread: any (pure).  Owner: caller frees results.  Calls back: never. */
#ifndef GW_JID_H
#define GW_JID_H
#include <glib.h>

/* Splits; each ret_ may be NULL. FALSE and nothing touched when jid has no domain, is over GW_MAX_JID bytes, is not
 * UTF-8 or has control characters. ret_node and ret_resource become NULL when absent. */
gboolean gw_jid_split(const char *jid, char **ret_node, char **ret_domain, char **ret_resource);
char *gw_jid_bare(const char *jid);             /* normalised bare JID, NULL if invalid */
char *gw_jid_normal(const char *jid);           /* normalised full JID, NULL if invalid */
char *gw_jid_join(const char *node_or_null, const char *domain, const char *resource_or_null);
const char *gw_jid_resource(const char *jid);   /* points behind the first '/', NULL if none */
const char *gw_jid_domain_above(const char *domain); /* of a component: its server, as far as the names tell; points into it, NULL if none */
gboolean gw_jid_same(const char *a, const char *b);       /* both normalised before comparing */
gboolean gw_jid_same_bare(const char *a, const char *b);
char *gw_jid_escape(const char *node);          /* XEP-0106 */
char *gw_jid_unescape(const char *node);
char *gw_nick_clean(const char *display);       /* control characters and bidi overrides out, trimmed, <= GW_MAX_NICK; NULL if empty */
char *gw_number_mask(const char *number);       /* "+49 30 ••• 47": all but the first five and last two digits */

#endif

/* xml.h - small bounded helpers over the library's stanza tree; everything in this room reads and writes XML with these.
 * Thread: control.  Owner: elements belong to their tree; the root is released with xmpp_stanza_release; text results are
 * freed with g_free.  Calls back: never. */
#ifndef GW_XMPP_XML_H
#define GW_XMPP_XML_H
#include <glib.h>
#include <strophe.h>

/* The one library context of the process: the library's XML parser keeps a process-global pointer to it. */
xmpp_ctx_t *gw_xml_ctx(void);

xmpp_stanza_t *gw_xml_new(const char *name, const char *ns_or_null);
/* New last child; the parent owns it. ns is written wherever it differs from the parent's. */
xmpp_stanza_t *gw_xml_add(xmpp_stanza_t *parent, const char *name, const char *ns_or_null);
/* Values and text are made valid XML 1.0 characters first: one bad byte would cost the whole stream. NULL: no-op. */
void gw_xml_set(xmpp_stanza_t *, const char *key, const char *value);
void gw_xml_set_uint(xmpp_stanza_t *, const char *key, guint64 value);
void gw_xml_set_text(xmpp_stanza_t *, const char *text);

const char *gw_xml_get(xmpp_stanza_t *, const char *key);         /* NULL: absent */
gboolean gw_xml_get_uint(xmpp_stanza_t *, const char *key, guint64 max, guint64 *ret); /* FALSE: absent, no number, > max */
gboolean gw_xml_is(xmpp_stanza_t *, const char *name_or_null, const char *ns_or_null);
xmpp_stanza_t *gw_xml_child(xmpp_stanza_t *, const char *name_or_null, const char *ns_or_null); /* first match or NULL */
xmpp_stanza_t *gw_xml_first(xmpp_stanza_t *);                      /* first child that is an element */
xmpp_stanza_t *gw_xml_next(xmpp_stanza_t *);
#define GW_XML_EACH(c, parent) for (xmpp_stanza_t *c = gw_xml_first(parent); c; c = gw_xml_next(c))
char *gw_xml_text(xmpp_stanza_t *, gsize max);                     /* own text, cut at max bytes; NULL when empty */

/* Within GW_MAX_XML_DEPTH and GW_MAX_XML_BYTES? Stops walking as soon as it is not. */
gboolean gw_xml_bounded(xmpp_stanza_t *);
/* One element from text, refused before parsing when too long, too deep, or with anything that XMPP forbids
 * (RFC 6120 11.1: comments, processing instructions, DTD). NULL: refused or not well-formed. */
xmpp_stanza_t *gw_xml_parse(const char *text, gsize len);
char *gw_xml_print(xmpp_stanza_t *);

#endif

/* form_xml.h - data forms (XEP-0004): what is to be filled in, what was, and tables of results.
 * Thread: control.  Owner: gw_form_value owns its strings; built elements belong to their parent.  Calls back: never. */
#ifndef GW_FORM_XML_H
#define GW_FORM_XML_H
#include "xmpp/adhoc.h"
#include "xmpp/xml.h"

#define GW_FORM_FIELDS 32    /* of what comes in; the rest is not looked at */
#define GW_FORM_VALUES 32    /* of one field */
#define GW_FORM_VALUE 1024   /* bytes of one */

void gw_form_xml_add(xmpp_stanza_t *parent, const char *title, const char *instructions, const GPtrArray *fields /* gw_field* */);
void gw_form_xml_add_result(xmpp_stanza_t *parent, const char *title, const gw_adhoc_result *);
/* The values of each of these fields, in their order: char** each, empty ones left out. NULL: there is no submitted form, or it
 * is over a limit. *ret_complete: nothing that is required is missing. */
GPtrArray *gw_form_xml_read(xmpp_stanza_t *parent, const GPtrArray *fields, gboolean *ret_complete);

#endif

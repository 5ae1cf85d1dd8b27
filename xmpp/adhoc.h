/* adhoc.h - commands for operators (XEP-0050) at the component's own JID. What commands there are, and what they do, is the
 * daemon's affair; who may, the stages and the XML are in here.
 * Thread: control.  Owner: gw_field_free and gw_adhoc_result_clear free everything.  Calls back: as said, from the loop. */
#ifndef GW_ADHOC_H
#define GW_ADHOC_H
#include <glib.h>
#include "xmpp/xmpp.h"

typedef enum { GW_FIELD_TEXT, GW_FIELD_LIST, GW_FIELD_LINES, GW_FIELD_PRIVATE, GW_FIELD_HIDDEN } gw_field_type;
typedef struct {
  char *var, *label;
  gw_field_type type;
  gboolean required;
  char **options, **option_labels; /* of a LIST */
  char *value;                     /* filled in already, or NULL */
} gw_field;
gw_field *gw_field_new(const char *var, const char *label, gw_field_type, gboolean required);
void gw_field_free(gw_field *);

typedef struct {
  gboolean failed;
  char *text;      /* for people, may have several lines; "" none */
  char **heads;    /* of a table, or NULL */
  GPtrArray *rows; /* char**, as many cells each */
} gw_adhoc_result;
void gw_adhoc_result_clear(gw_adhoc_result *);

typedef struct {
  const char *node, *name;
} gw_adhoc_command;

typedef struct {
  /* What is to be filled in, as things stand: gw_field*, with free function; empty: nothing. */
  GPtrArray *(*form)(guint command, void *user);
  /* values: char** for each field of the form. Ends in gw_xmpp_adhoc_done with the ticket, at once or later. who: bare JID. */
  void (*run)(guint command, const char *who, const GPtrArray *values, guint ticket, void *user);
} gw_adhoc_events;

/* The commands are not copied. Component mode only. */
void gw_xmpp_set_commands(gw_xmpp *, const gw_adhoc_command *, guint n, const gw_adhoc_events *,
                          void *user);
void gw_xmpp_set_operators(gw_xmpp *, const char *const *bare_jids); /* copied; none: nobody */
void gw_xmpp_adhoc_done(gw_xmpp *, guint ticket, const gw_adhoc_result *);

#endif

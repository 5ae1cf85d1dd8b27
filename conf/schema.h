/* schema.h - the table behind parser, checker and man page: one row per key. Internal to conf/.
 * Thread: any (const tables, pure checks).  Owner: all strings are static unless returned as char*.
 * Calls back: never. */
#ifndef GW_CONF_SCHEMA_H
#define GW_CONF_SCHEMA_H
#include <glib.h>
#include "conf/conf.h"

typedef enum {
  GW_KEY_RELOAD = 1,      /* a reload takes a new value into use; else it needs a restart */
  GW_KEY_REQUIRED = 2,    /* in each group of its list */
  GW_KEY_SECRET = 4,      /* masked when shown; the file must not be open to others */
  GW_KEY_SECRET_FILE = 8, /* names a file that holds the secret of the key without _file */
  GW_KEY_UNIQUE = 16      /* no two groups of the list with the same value */
} gw_key_flags;

typedef struct {
  const char *name; /* "sip.max_calls", "rooms[].pin"; lists of groups: "rooms" */
  gw_conf_type type;
  const char *def; /* as text; lists parted by commas; NULL = none */
  guint flags;
  gint64 min, max;                      /* GW_CONF_INT, GW_CONF_INTS */
  const char *unit;                     /* "s", or NULL */
  const char *choices;                  /* words parted by blanks, or NULL: any */
  gboolean (*check)(const char *value); /* of a string, or of each of a list; NULL: any */
  const char *form;                     /* what check accepts, for people */
  const char
      *later; /* words that have no effect in this version, "*" = the whole key; NULL: all work */
  const char *help;
} gw_key;

typedef struct {
  const char *name, *help;
} gw_section;

extern const gw_key gw_keys[];
extern const guint gw_n_keys;
extern const gw_section
    gw_sections[]; /* groups at the top of the file, in order; ends with a NULL name */

const gw_key *gw_key_find(const char *schema_name); /* "rooms[].pin"; NULL unknown */
const char *gw_key_leaf(const gw_key *);            /* "pin" */
char *gw_key_accepted(const gw_key *);              /* "one of a, b", "1..10000", ... */
char *gw_key_names_in(
    const char *prefix); /* "mode, domain, host": keys right below "xmpp.", "rooms[]." */
gboolean gw_word_in(const char *words, const char *word, gsize n); /* words parted by blanks */

/* Forms of single values (conf/forms.c). */
gboolean gw_form_sip_listen(const char *);
gboolean gw_form_listen(const char *);  /* "" or ADDRESS:PORT */
gboolean gw_form_address(const char *); /* "" or a literal address */
gboolean gw_form_literal(const char *); /* a literal address */
gboolean gw_form_network(const char *); /* ADDRESS or ADDRESS/BITS */
gboolean gw_form_host(const char *);
gboolean gw_form_host_port_or_none(const char *);
gboolean gw_form_digits(const char *);
gboolean gw_form_pattern(const char *);
gboolean gw_form_host_port(const char *); /* HOST or HOST:PORT */
gboolean gw_form_domain(const char *);
gboolean gw_form_services(const char *); /* "", "off" or a domain */
gboolean gw_form_jid(const char *); /* NODE@DOMAIN without resource */
gboolean gw_form_number(const char *);
gboolean gw_form_pin(const char *);
gboolean gw_form_text(const char *); /* no control characters */
gboolean gw_form_word(const char *);
gboolean gw_form_ws(const char *);         /* "", ws://HOST:PORT or wss://HOST:PORT */
gboolean gw_form_conference(const char *); /* "", NODE@DOMAIN or DOMAIN */

#endif

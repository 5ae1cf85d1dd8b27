/* conf.h - the configuration file: schema table, loader, checker. One row per key drives parser,
 * check and man page. Thread: control (start and reload).  Owner: caller frees.  Calls back: never.
 * All errors of a file are collected, each with file:line, key and the accepted values. */
#ifndef GW_CONF_H
#define GW_CONF_H
#include <glib.h>

#define GW_CONF_DEFAULT_FILE "/etc/tipring/tipring.conf"

typedef struct gw_conf gw_conf;
/* NULL and *errors (char*, "FILE:LINE: key: what is wrong; accepted: ...") when anything is wrong.
 * errors may be NULL. */
gw_conf *gw_conf_load(const char *path, GPtrArray *errors);
/* The same from memory; file names it in messages and is what relative files are relative to. Its
 * mode is not looked at. */
gw_conf *gw_conf_parse(const char *text, gsize n, const char *file, GPtrArray *errors);
void gw_conf_free(gw_conf *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_conf, gw_conf_free)

/* path: "sip.max_calls", "rooms[2].pin"; the key must be in the schema (programming error else).
 * Defaults are filled in. */
const char *gw_conf_str(const gw_conf *, const char *path);
gint64 gw_conf_int(const gw_conf *, const char *path); /* also "media.rtp_ports[1]" */
gboolean gw_conf_bool(const gw_conf *, const char *path);
char **gw_conf_strv(const gw_conf *, const char *path); /* g_strfreev */
guint gw_conf_count(const gw_conf *, const char *list); /* "phones", "rooms", "media.turn" */
const char *gw_conf_file(const gw_conf *);
/* password / password_file, secret / secret_file: the value, whichever was given; files relative to
 * the configuration. base: "xmpp.secret", "phones[0].password". NULL when none. */
const char *gw_conf_secret(const gw_conf *, const char *base);
/* The domain that is asked for STUN and TURN servers (XEP-0215), g_free; NULL: nobody. A component belongs to the server of the
 * domain above its own: no question would tell. */
char *gw_conf_services_domain(const gw_conf *);
/* "FILE:LINE: key: ..." of what is right but has no effect in this version; char*, owned by the
 * conf. */
const GPtrArray *gw_conf_warnings(const gw_conf *);

/* Phones and rooms that were added while running (list: "phones", "rooms") live behind those of the
 * file. keys: char* -> char*, "number" among them, as in the file; lists are parted by commas.
 * Unknown keys, values out of range and numbers that exist are errors. */
gboolean gw_conf_add_item(gw_conf *, const char *list, GHashTable *keys, GError **);
/* FALSE with the error: unknown number, or one that the file names. */
gboolean gw_conf_remove_item(gw_conf *, const char *list, const char *number, GError **);
gboolean gw_conf_item_from_file(const gw_conf *, const char *list, guint i);
int gw_conf_find(const gw_conf *, const char *list, const char *number); /* index, -1 */

/* Everything in force, in the schema's order, secrets masked. */
typedef enum {
  GW_CONF_STRING,
  GW_CONF_INT,
  GW_CONF_BOOL,
  GW_CONF_STRINGS,
  GW_CONF_INTS,
  GW_CONF_GROUPS
} gw_conf_type;
typedef struct {
  char *path;
  gw_conf_type type;
  char *text /* as in the file */;
  gboolean is_default;
} gw_conf_value;
GPtrArray *gw_conf_dump(const gw_conf *); /* gw_conf_value*, with free function */

/* One file name of a configuration that may be broken elsewhere (control.socket for tipringctl),
 * made relative to its folder; NULL when it is not there. */
char *gw_conf_peek(const char *path, const char *key);
char *gw_conf_man(void); /* tipring.conf(5) in man format */

#endif

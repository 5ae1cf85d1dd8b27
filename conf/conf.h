/* conf.h - the configuration file: schema table, loader, checker. One row per key drives parser, check and man page.
 * Thread: control (start and reload).  Owner: caller frees.  Calls back: never.
 * All errors of a file are collected, each with file:line, key and the accepted values. */
#ifndef GW_CONF_H
#define GW_CONF_H
#include <glib.h>

typedef struct gw_conf gw_conf;
/* NULL and *errors (char*, "FILE:LINE: key: what is wrong; accepted: ...") when anything is wrong. errors may be NULL. */
gw_conf *gw_conf_load(const char *path, GPtrArray *errors);
void gw_conf_free(gw_conf *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_conf, gw_conf_free)

/* path: "sip.max_calls", "rooms[2].pin"; the key must be in the schema (programming error else). Defaults are filled in. */
const char *gw_conf_str(const gw_conf *, const char *path);
gint64 gw_conf_int(const gw_conf *, const char *path);
gboolean gw_conf_bool(const gw_conf *, const char *path);
char **gw_conf_strv(const gw_conf *, const char *path);                 /* g_strfreev */
guint gw_conf_count(const gw_conf *, const char *list);                 /* "phones", "rooms", "media.turn" */
const char *gw_conf_file(const gw_conf *);
/* password / password_file, secret / secret_file: the value, whichever was given; files relative to the configuration.
 * base: "xmpp.secret", "phones[0].password". NULL when none. */
const char *gw_conf_secret(const gw_conf *, const char *base);
char *gw_conf_man(void);                                                /* tipring.conf(5) in man format */

#endif

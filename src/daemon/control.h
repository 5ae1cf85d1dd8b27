/* control.h - the Unix socket that tipringctl talks to: one JSON line in, one JSON line out.
 * Request {"cmd":["call","show","ID"]}, answer {"exit":0,"out":"text for people","json":...}.
 * Thread: control.  Owner: the caller frees; env stays the daemon's and must outlive the
 * gw_control. Calls back: the functions of env, from the loop. */
#ifndef GW_CONTROL_H
#define GW_CONTROL_H
#include "daemon/json.h"
#include <glib.h>
#include "conf/conf.h"
#include "daemon/store.h"
#include "gateway/bridge/bridge.h"

/* What commands and HTTP read and do. The daemon fills it and keeps it current (after a reload:
 * conf). Any pointer may be NULL while that part is not up: commands then show it as down or say
 * so. */
typedef struct gw_control_env {
  gw_bridge *bridge;
  gw_sip *sip;
  gw_xmpp *xmpp;
  gw_media *media;
  gw_store *store;
  struct gw_accounts *accounts;
  gw_conf *conf; /* the file's and the store's phones and rooms: gw_items_load */
  gint64 started_wall_us;
  gint64 xmpp_since_wall_us; /* last change of the stream's state, 0 = never */
  gboolean sip_listening;
  gboolean draining;
  gint64 loop_lag_us;    /* worst of the last minute */
  guint64 slow_handlers; /* loop turns over 20 ms */
  /* Takes the file into use; a sentence for the operator (g_free), or NULL with the error and
   * nothing changed. */
  char *(*reload)(void *user, GError **);
  void (*drain)(void *user); /* no new calls; ends the daemon when the last call has */
  void (*conf_changed)(
      void *user); /* a phone or room was added to or removed from conf: rebuild the bridge's */
  void (*relays)(void *user, JsonBuilder *); /* STUN and TURN servers in use, an array; or NULL */
  void *user;
} gw_control_env;

typedef struct gw_control gw_control;
/* Takes over a dead daemon's socket file; refuses one that still answers. Mode 0660. */
gw_control *gw_control_new(GMainContext *, const char *socket_path, gw_control_env *, GError **);
void gw_control_free(gw_control *); /* closes connections, removes the socket file */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_control, gw_control_free)

/* SIP listens and the XMPP stream is up: what `status --wait` and /health mean. */
gboolean gw_env_ready(const gw_control_env *);

/* Adds the store's phones and rooms to a conf fresh from its file (start, reload). What the file
 * names by now stays the file's; each one left out gets a log line. */
void gw_items_load(gw_conf *, gw_store *);

#endif

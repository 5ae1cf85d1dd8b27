/* sfu.h - one participant at one forwarding service: a WebSocket on the GLib loop around the session of session.h. Names
 * and streams are the service's words (socket.io of the JSXC prototype); docs/jmuci.md 6.
 * Thread: control (its default main context).  Owner: maker frees.  Calls back: from the loop, never inside a call; nothing
 * after gw_sfu_free. The news' strings live until the callback returns, and the callback may free. */
#ifndef GW_SFU_H
#define GW_SFU_H
#include <glib.h>
#include "base/cause.h"

typedef struct gw_sfu gw_sfu;
typedef enum {
  GW_SFU_IS_IN,         /* names: who else is; streams of before are no more */
  GW_SFU_ANSWERS,       /* name: whose stream; text: SDP, or NULL: refused or not answered */
  GW_SFU_TRICKLES,      /* name, text: one candidate of the service, mid or NULL */
  GW_SFU_ONE_COMES, GW_SFU_ONE_GOES, /* name */
  GW_SFU_IS_DOWN,       /* connection lost, text why; IS_IN or GIVES_UP follows */
  GW_SFU_GIVES_UP       /* cause, text why; the last one */
} gw_sfu_news_type;
typedef struct {
  gw_sfu_news_type type;
  const char *name, *text, *mid;
  const char *const *names;
  gw_cause cause;
} gw_sfu_news;
typedef void (*gw_sfu_listener)(const gw_sfu_news *, void *user);

/* url: ws:// or wss://, with a path of its own or that of socket.io. Connects, and joins `room` as `name`. */
gw_sfu *gw_sfu_new(const char *url, const char *room, const char *name, gw_sfu_listener, void *user);
void gw_sfu_free(gw_sfu *);                   /* leaves; the goodbye goes out behind the caller's back, at most 2 s */
void gw_sfu_rejoin(gw_sfu *);                 /* leave and join: IS_IN follows */
void gw_sfu_request(gw_sfu *, const char *src, const char *offer); /* src == own name: publish; ANSWERS follows */
void gw_sfu_candidate(gw_sfu *, const char *src, const char *candidate, const char *mid);
char *gw_sfu_address(const char *url);        /* what is connected to; NULL: no such URL (g_free) */
/* Is there a service? Blocks (the default main context runs) for so long at most. NULL: yes; else why not (g_free). */
char *gw_sfu_probe(const char *url, guint seconds);

#endif

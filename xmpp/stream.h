/* stream.h - one XML stream that mends itself: component (XEP-0114) or client (RFC 6120), through the library's traps.
 * Thread: control.  Owner: maker frees.  Calls back: from the loop, never from inside a call; none after free. */
#ifndef GW_XMPP_STREAM_H
#define GW_XMPP_STREAM_H
#include "xmpp/xml.h"
#include "xmpp/xmpp.h"

typedef struct gw_stream gw_stream;
typedef struct {
  gboolean client;
  const char *jid;          /* component's domain, or full JID with the resource wished for */
  const char *secret, *host;
  guint16 port;
  gw_tls_mode tls;
  const char *ca_file;
  gint64 silence_us, ping_wait_us;  /* 0: 30 s, 15 s: when the server is asked whether it lives, and how long it may take */
  gint64 retry_us;          /* 0: gw_stream_backoff; else always this, for tests */
} gw_stream_config;
typedef struct {
  void (*state)(gw_stream *, gw_xmpp_state, const char *detail, void *user);
  void (*stanza)(gw_stream *, xmpp_stanza_t *, void *user);   /* iq, message or presence */
} gw_stream_events;

gw_stream *gw_stream_new(GMainContext *, const gw_stream_config *, const gw_stream_events *, void *user);
void gw_stream_start(gw_stream *);       /* from then on connected again and again until close or free */
void gw_stream_close(gw_stream *);       /* politely; DOWN is told when done, or at once from the loop */
/* Polite close whose end nobody waits for: what was queued goes out, then it frees itself. No callback comes any more. */
void gw_stream_retire(gw_stream *);
void gw_stream_free(gw_stream *);
gw_xmpp_state gw_stream_state(const gw_stream *);
const char *gw_stream_jid(const gw_stream *);   /* bound; NULL while a client is not up */
/* Takes the stanza. While the stream is down it is dropped (FALSE), or kept for the next one when keep is set. */
gboolean gw_stream_send(gw_stream *, xmpp_stanza_t *, gboolean keep);
guint gw_stream_reconnects(const gw_stream *);
/* Wait before attempt n (0 first) in us: 1 s doubling to 60 s, a quarter either way by random; refused secret: 60 s. */
gint64 gw_stream_backoff(guint n, gboolean refused, guint32 random);
gboolean gw_stream_is_loopback(const char *host);

#endif

/* fake_server.h - a scripted XEP-0114 server on loopback, in the test's own main loop.
 * Thread: control.  Owner: maker frees.  Calls back: never. */
#ifndef GW_TEST_FAKE_SERVER_H
#define GW_TEST_FAKE_SERVER_H
#include <glib.h>

typedef struct {
  int listener, client;
  guint listen_source, client_source;
  guint16 port;
  guint connections;       /* accepted so far */
  gboolean refuse;         /* answer the handshake with not-authorized */
  gboolean mute;           /* accept and never say a word */
  GString *got;            /* all that came on the present connection */
  guint handshakes;
} fake_server;

fake_server *fake_server_new(void);
void fake_server_free(fake_server *);
void fake_server_say(fake_server *, const char *text);
void fake_server_drop(fake_server *);     /* closes the present connection */
#endif

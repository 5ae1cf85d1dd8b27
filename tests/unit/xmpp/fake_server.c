#include "fake_server.h"
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include "kit.h"

static const char header[] =
    "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
    "xmlns:stream='http://etherx.jabber.org/streams' from='phone.localhost' id='77'>";
static const char refusal[] =
    "<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
    "</stream:error></stream:stream>";

void fake_server_say(fake_server *s, const char *text) {
  gsize left = strlen(text);
  gint64 end = g_get_monotonic_time() + 5000000;
  while (left && s->client >= 0 && g_get_monotonic_time() < end) {
    gssize n = send(s->client, text, left, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) break;
    if (n < 0) {
      g_main_context_iteration(NULL,
                               FALSE); /* the other side must read, and lives in the same loop */
      continue;
    }
    text += n;
    left -= (gsize)n;
  }
}

void fake_server_drop(fake_server *s) {
  if (s->client < 0) return;
  g_clear_handle_id(&s->client_source, g_source_remove);
  close(s->client);
  s->client = -1;
}

static void answer(fake_server *s, gsize old) {
  const char *fresh = s->got->str + old;
  if (strstr(fresh, "<stream:stream")) fake_server_say(s, header);
  if (strstr(fresh, "<stream:error")) { /* RFC 6120 4.9.1.1: it closes, so do we */
    fake_server_drop(s);
    return;
  }
  if (!strstr(fresh, "</handshake>")) return;
  s->handshakes++;
  fake_server_say(s, s->refuse ? refusal : "<handshake/>");
}

static gboolean on_readable(int fd, GIOCondition cond, void *user) {
  fake_server *s = user;
  static char buf[65536];
  gssize n = read(fd, buf, sizeof buf);
  if (n < 0 && errno == EAGAIN) return G_SOURCE_CONTINUE;
  if (n <= 0) {
    s->client_source = 0;
    close(s->client);
    s->client = -1;
    return G_SOURCE_REMOVE;
  }
  gsize old = s->got->len;
  g_string_append_len(s->got, buf, n);
  if (!s->mute) answer(s, old);
  return s->client == fd ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static gboolean on_connect(int fd, GIOCondition cond, void *user) {
  fake_server *s = user;
  int client = accept(fd, NULL, NULL);
  if (client < 0) return G_SOURCE_CONTINUE;
  fake_server_drop(s);
  fcntl(client, F_SETFL, O_NONBLOCK);
  s->client = client;
  s->connections++;
  g_string_truncate(s->got, 0);
  s->client_source = g_unix_fd_add(client, G_IO_IN | G_IO_HUP, on_readable, s);
  return G_SOURCE_CONTINUE;
}

fake_server *fake_server_new(void) {
  fake_server *s = g_new0(fake_server, 1);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t n = sizeof a;
  s->got = g_string_new(NULL);
  s->client = -1;
  s->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  g_assert_cmpint(bind(s->listener, (struct sockaddr *)&a, sizeof a), ==, 0);
  g_assert_cmpint(listen(s->listener, 8), ==, 0);
  g_assert_cmpint(getsockname(s->listener, (struct sockaddr *)&a, &n), ==, 0);
  s->port = ntohs(a.sin_port);
  s->listen_source = g_unix_fd_add(s->listener, G_IO_IN, on_connect, s);
  return s;
}

void fake_server_free(fake_server *s) {
  fake_server_drop(s);
  g_source_remove(s->listen_source);
  close(s->listener);
  g_string_free(s->got, TRUE);
  g_free(s);
}

#include "world.h"
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

static const char conf_text[] =
    "xmpp = { domain = \"p.example.org\"; secret = \"s3cret\"; };\n"
    "phones = ( { number = \"100\"; password = \"p100\"; name = \"Front desk\"; } );\n"
    "rooms = ( { number = \"8000\"; room = \"a@c.x\"; pin = \"4711\"; } );\n"
    "trunks = ( { name = \"provider\"; proxy = \"sip.example.net\"; } );\n";

static char *reload(void *user, GError **error) {
  world *w = user;
  if (!w->reload_error) return g_strdup("taken into use");
  g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s", w->reload_error);
  return NULL;
}

static void drain(void *user) {
  ((world *)user)->drains++;
}

static void changed(void *user) {
  ((world *)user)->changes++;
}

void world_up(world *w, gconstpointer data) {
  g_autoptr(GError) error = NULL;
  fake_reset();
  w->dir = g_dir_make_tmp("tipring-world-XXXXXX", NULL);
  w->socket = g_build_filename(w->dir, "c.sock", NULL);
  g_autofree char *db = g_build_filename(w->dir, "t.db", NULL);
  w->store = gw_store_open(db, NULL, &error);
  g_assert_no_error(error);
  w->env =
      (gw_control_env){/* The fakes never look behind these. */
                       .bridge = (gw_bridge *)w,
                       .sip = (gw_sip *)w,
                       .xmpp = (gw_xmpp *)w,
                       .media = (gw_media *)w,
                       .store = w->store,
                       .conf = gw_conf_parse(conf_text, strlen(conf_text), "/etc/t.conf", NULL),
                       .started_wall_us = G_GINT64_CONSTANT(1790000000000000),
                       .reload = reload,
                       .drain = drain,
                       .conf_changed = changed,
                       .user = w};
  w->control = gw_control_new(NULL, w->socket, &w->env, &error);
  g_assert_no_error(error);
  w->http = gw_http_new(NULL, "127.0.0.1:0", &w->env, &error);
  g_assert_no_error(error);
}

static void empty(const char *dir) {
  const char *name;
  g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
  while (d && (name = g_dir_read_name(d))) {
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_unlink(path);
  }
}

void world_down(world *w, gconstpointer data) {
  gw_http_free(w->http);
  gw_control_free(w->control);
  g_assert_false(g_file_test(w->socket, G_FILE_TEST_EXISTS));
  gw_store_close(w->store);
  gw_conf_free(w->env.conf);
  while (g_main_context_iteration(NULL, FALSE))
    continue;
  empty(w->dir);
  g_rmdir(w->dir);
  g_free(w->dir);
  g_free(w->socket);
  fake_reset();
}

/* world.h - a daemon without its rooms: configuration, store, control socket and HTTP, on the
 * fakes. */
#ifndef WORLD_H
#define WORLD_H
#include "daemon/http.h"
#include "daemon/json.h"
#include "fakes.h"

typedef struct {
  char *dir, *socket;
  gw_store *store;
  gw_control_env env;
  gw_control *control;
  gw_http *http;
  guint changes, drains; /* calls of env's functions */
  const char *reload_error;
} world;

void world_up(world *, gconstpointer);
void world_down(world *, gconstpointer);

#endif

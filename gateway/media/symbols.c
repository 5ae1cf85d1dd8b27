#include "gateway/media/symbols.h"
#include <dlfcn.h>
#include <gio/gio.h>
#include <nice/agent.h>

/* The file that a function lives in; "" when the linker does not know. */
static const char *home_of(void *function) {
  Dl_info info;
  return function && dladdr(function, &info) && info.dli_fname ? info.dli_fname : "";
}

gboolean gw_symbols_check(GError **error) {
  const char *nice = home_of((void *)nice_agent_new),
             *stun = home_of(dlsym(RTLD_DEFAULT, "stun_message_length"));
  if (!*stun || g_str_equal(nice, stun)) return TRUE;
  g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
              "libnice would call %s for its STUN messages: link libnice before Sofia-SIP", stun);
  return FALSE;
}

/* tipringctl_sfu.c - the doctor looks at forwarding services: does one answer where the configuration says? Those that are
 * spoken to in Jingle are the XMPP server's to reach. */
#include <string.h>
#include "gateway/sfu/sfu.h"
#include "tools/tipringctl.h"

#define LIMIT_S 5

static const char *leaf(const gw_conf *c, guint i, const char *key) {
  g_autofree char *path = g_strdup_printf("sfu[%u].%s", i, key);
  return gw_conf_str(c, path);
}

static const char *mend_of(const char *why) {
  if (strstr(why, "HTTP"))
    return "look at the path of its url (socket.io's is /socket.io/), and whether a proxy in front of it lets WebSockets through";
  if (strstr(why, "TLS"))
    return "look at ws:// or wss://, and at its certificate";
  if (strstr(why, "Engine.IO"))
    return "name the service of the JMUCI calls there";
  return "look whether it runs, at its url, and whether a firewall is between";
}

void gw_doctor_services(gw_doctor *d) {
  for (guint i = 0; i < gw_conf_count(d->conf, "sfu"); i++) {
    const char *url = leaf(d->conf, i, "url");
    if (!*url) continue;
    g_autofree char *why = gw_sfu_probe(url, LIMIT_S);
    gw_doctor_note(d, "forwarding service", !why, why ? mend_of(why) : NULL, "%s: %s: %s", leaf(d->conf, i, "name"), url,
                   why ? why : "answers");
  }
}

/* tipringctl_trunk.c - the doctor looks at trunks: what the running daemon says of each, else an OPTIONS of its own. */
#include <string.h>
#include "sip/sip.h"
#include "tools/tipringctl.h"

#define LOOK_AT_PROXY                                                                              \
  "look at its proxy and port, at DNS, and whether the firewall lets SIP through"

static const char *leaf(const gw_conf *c, guint i, const char *key) {
  g_autofree char *path = g_strdup_printf("trunks[%u].%s", i, key);
  return gw_conf_str(c, path);
}

/* What the daemon says of this trunk; NULL: not running, or it does not know it yet. */
static JsonNode *told(const gw_doctor *d, const char *name) {
  JsonArray *list =
      d->trunks && JSON_NODE_HOLDS_ARRAY(d->trunks) ? json_node_get_array(d->trunks) : NULL;
  for (guint i = 0; list && i < json_array_get_length(list); i++) {
    JsonNode *t = json_array_get_element(list, i);
    if (!g_strcmp0(gw_json_get_string(t, "name"), name)) return t;
  }
  return NULL;
}

static const char *mend_of(const char *reason) {
  if (g_str_has_prefix(reason, "401") || g_str_has_prefix(reason, "403") ||
      g_str_has_prefix(reason, "407"))
    return "look at its user and password; the provider may also want to unlock the account";
  if (strstr(reason, "TLS"))
    return "look at sip.server_ca and at the name in the other side's certificate";
  if (strstr(reason, "transport") || strstr(reason, "socket"))
    return "add a listener of that kind to sip.listen";
  return LOOK_AT_PROXY;
}

static void judge(gw_doctor *d, const char *name, JsonNode *t) {
  const char *state = gw_json_get_string(t, "state"), *reason = gw_json_get_string(t, "reason"),
             *host = gw_json_get_string(t, "host");
  gboolean ok = !g_strcmp0(state, "up");
  gw_doctor_note(d, "trunk", ok, ok ? NULL : mend_of(reason ? reason : ""), "%s: %s%s%s%s%s", name,
                 state ? state : "?", host ? " at " : "", host ? host : "", reason ? ", " : "",
                 reason ? reason : "");
}

static void probe(gw_doctor *d, const char *name, const gw_sip_trunk *t) {
  g_autoptr(GPtrArray) hosts = gw_sip_trunk_probe(t);
  g_autoptr(GString) said = g_string_new(NULL);
  gboolean any = FALSE;
  for (guint i = 0; i < hosts->len; i++) {
    const gw_sip_probe *p = g_ptr_array_index(hosts, i);
    g_string_append_printf(said, "%s%s: %s", i ? ", " : "", p->host, p->said);
    any |= p->ok;
  }
  if (!hosts->len) g_string_append_printf(said, "%s leads to no address", t->proxy);
  gw_doctor_note(d, "trunk", any, any ? NULL : LOOK_AT_PROXY, "%s: %s", name, said->str);
}

void gw_doctor_trunks(gw_doctor *d) {
  for (guint i = 0; i < gw_conf_count(d->conf, "trunks"); i++) {
    const char *name = leaf(d->conf, i, "name"), *transport = leaf(d->conf, i, "transport");
    gw_sip_trunk t = {.proxy = leaf(d->conf, i, "proxy"),
                      .outbound_proxy = leaf(d->conf, i, "outbound_proxy"),
                      .transport = g_strcmp0(transport, "auto") ? transport : ""};
    JsonNode *state = told(d, name);
    if (state && g_strcmp0(gw_json_get_string(state, "state"), "trying"))
      judge(d, name, state);
    else
      probe(d, name, &t);
  }
}

#include "xmpp/jmi.h"

static const char *const names[] = {
    [GW_JMI_PROPOSE] = "propose", [GW_JMI_RINGING] = "ringing", [GW_JMI_PROCEED] = "proceed",
    [GW_JMI_ACCEPT] = "accept",   [GW_JMI_REJECT] = "reject",   [GW_JMI_RETRACT] = "retract",
    [GW_JMI_FINISH] = "finish",   [GW_JMI_ERROR] = "error",
};

void gw_jmi_copy(gw_jmi *to, const gw_jmi *from) {
  *to = *from;
  to->id = g_strdup(from->id);
  to->reason = g_strdup(from->reason);
  to->error = g_strdup(from->error);
}

void gw_jmi_clear(gw_jmi *j) {
  g_free(j->id);
  g_free(j->reason);
  g_free(j->error);
  *j = (gw_jmi){0};
}

const char *gw_jmi_action_name(gw_jmi_action action) {
  return (guint)action < G_N_ELEMENTS(names) ? names[action] : "unknown";
}

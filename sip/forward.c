/* forward.c - a phone that answers 3xx wants its calls elsewhere. Elsewhere is another phone of ours, or nowhere: whoever
 * can set a call forward on a desk phone must not be able to make us call the world. */
#include "sip/internal.h"
#include "sip/replaces.h"
#include <sofia-sip/su_alloc.h>
#include <sofia-sip/url.h>
#include <string.h>

static gw_refer_to *first_target(const sip_t *msg) {
  if (!msg || !msg->sip_contact) return NULL;
  su_home_t home[1] = {SU_HOME_INIT(home)};
  const char *text = url_as_string(home, msg->sip_contact->m_url);
  gw_refer_to *to = gw_refer_to_parse(text);
  su_home_deinit(home);
  return to;
}

/* NULL: it may be rung. */
static const char *objection(const gw_sip_call *call, const gw_refer_to *to) {
  if (!to) return "no target that we understand";
  if (!gw_sip_is_ours(call->sip, to)) return "not followed to another place";
  for (guint i = 0; i < call->numbers->len; i++)
    if (strcmp(g_ptr_array_index(call->numbers, i), to->user) == 0) return "a loop";
  if (call->numbers->len > GW_MAX_FORWARDS) return "forwarded too often";
  return gw_sip_contacts(call->sip, to->user) ? NULL : "no phone of ours";
}

gboolean gw_sip_follow(gw_sip_leg *leg, guint status, const sip_t *msg) {
  gw_sip_call *call = leg->call;
  if (!call->numbers || call->leg) return FALSE;
  g_autoptr(gw_refer_to) to = first_target(msg);
  const char *why = objection(call, to);
  gw_log_ctx ctx = {.call = call->id};
  gw_info(&ctx, why ? "sip-forward-refused" : "sip-forward", "status=%u from=%s to=%s reason=%s",
          status, leg->number, to ? to->user : "-", why ? why : "phone of ours");
  return !why && gw_sip_ring_number(call, to->user);
}

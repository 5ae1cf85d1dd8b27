/* ua_caller.c - tipring-ua call: one call, one result. */
#include "tools/ua_call.h"
#include "tools/ua_modes.h"
#include <stdio.h>

typedef struct {
  gw_ua_phone *phone;
  gw_ua_call *call;
} caller;

static void ended(gw_ua_call *call, void *user) {
  caller *me = user;
  const gw_ua_result *r = gw_ua_call_result(call);
  gboolean json = gw_ua_phone_options(me->phone)->json;
  g_autofree char *text = json ? gw_ua_result_json(r) : gw_ua_result_text(r);
  printf("%s%s", text, json ? "\n" : "");
  if (!gw_ua_result_answered(r))
    gw_ua_complain("the call was not answered: %u %s", r->status, gw_ua_phrase(r->status));
  else if (!gw_ua_result_good(r))
    gw_ua_complain("the call was answered, but no sound was received (%" G_GUINT64_FORMAT
                   " packets)",
                   r->heard.received);
  gw_ua_phone_end(me->phone, gw_ua_result_good(r) ? 0 : 1);
  g_clear_pointer(&me->call, gw_ua_call_free);
}

static void ready(gw_ua_phone *phone, void *user) {
  caller *me = user;
  g_autoptr(GError) error = NULL;
  gw_ua_call_params params = {
      .thorough = TRUE, .record = gw_ua_phone_options(phone)->record, .ended = ended, .user = me};
  me->phone = phone;
  me->call = gw_ua_call_dial(phone, &params, &error);
  if (me->call) return;
  gw_ua_complain("%s", error->message);
  gw_ua_phone_end(phone, 1);
}

static void interrupted(gw_ua_phone *phone, void *user) {
  caller *me = user;
  if (me->call)
    gw_ua_call_hangup(me->call);
  else
    gw_ua_phone_end(phone, 1);
}

static void closing(void *user) {
  caller *me = user;
  g_clear_pointer(&me->call, gw_ua_call_free);
}

int gw_ua_run_call(const gw_ua_options *options) {
  static const gw_ua_mode mode = {.ready = ready, .interrupted = interrupted, .closing = closing};
  caller me = {0};
  return gw_ua_phone_run(options, &mode, &me);
}

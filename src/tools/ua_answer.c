/* ua_answer.c - tipring-ua answer: takes every call, one result each. */
#include "tools/ua_call.h"
#include "tools/ua_modes.h"
#include <stdio.h>
#include <string.h>

typedef struct {
  gw_ua_phone *phone;
  GPtrArray *calls; /* gw_ua_call, owned */
  guint taken, over;
  gboolean bad, leaving;
} answerer;

static gboolean all_over(const answerer *me) {
  guint wanted = gw_ua_phone_options(me->phone)->calls;
  return me->calls->len == 0 && (me->leaving || (wanted && me->over >= wanted));
}

static void ended(gw_ua_call *call, void *user) {
  answerer *me = user;
  const gw_ua_result *r = gw_ua_call_result(call);
  g_autofree char *text =
      gw_ua_phone_options(me->phone)->json ? gw_ua_result_json(r) : gw_ua_result_text(r);
  printf("%s\n", text);
  fflush(stdout); /* others read line by line while we go on */
  me->over++;
  if (!gw_ua_result_good(r)) me->bad = TRUE;
  g_ptr_array_remove_fast(me->calls, call);
  if (all_over(me)) gw_ua_phone_end(me->phone, me->bad ? 1 : 0);
}

/* "x.wav", "x-2.wav", "x-3.wav" */
static char *record_name(const char *name, guint n) {
  const char *dot = strrchr(name, '.'), *slash = strrchr(name, '/');
  if (!dot || (slash && dot < slash)) dot = name + strlen(name);
  return n < 2 ? g_strdup(name) : g_strdup_printf("%.*s-%u%s", (int)(dot - name), name, n, dot);
}

static void invite(gw_ua_phone *phone, gw_sip_call *sip, const gw_sip_invite *what, void *user) {
  answerer *me = user;
  const gw_ua_options *o = gw_ua_phone_options(phone);
  if (o->calls && me->taken >= o->calls) return; /* no more are wanted: SIP refuses it */
  g_autofree char *record = o->record ? record_name(o->record, me->taken + 1) : NULL;
  gw_ua_call_params params = {.thorough = TRUE, .record = record, .ended = ended, .user = me};
  gw_ua_call *call = gw_ua_call_take(phone, sip, what, &params);
  if (!call) {
    me->bad = TRUE;
    return;
  }
  me->taken++;
  g_ptr_array_add(me->calls, call);
}

static void ready(gw_ua_phone *phone, void *user) {
  answerer *me = user;
  me->phone = phone;
}

static void interrupted(gw_ua_phone *phone, void *user) {
  answerer *me = user;
  me->phone = phone;
  me->leaving = TRUE;
  for (guint i = 0; i < me->calls->len; i++)
    gw_ua_call_hangup(me->calls->pdata[i]);
  if (all_over(me)) gw_ua_phone_end(phone, me->bad ? 1 : 0);
}

static void closing(void *user) {
  answerer *me = user;
  g_ptr_array_set_size(me->calls, 0);
}

int gw_ua_run_answer(const gw_ua_options *options) {
  static const gw_ua_mode mode = {
      .ready = ready, .invite = invite, .interrupted = interrupted, .closing = closing};
  answerer me = {.calls = g_ptr_array_new_with_free_func((GDestroyNotify)gw_ua_call_free)};
  int code = gw_ua_phone_run(options, &mode, &me);
  g_ptr_array_unref(me.calls);
  return code;
}

/* ua_load.c - tipring-ua load: many calls at a steady rate, one result in all. */
#include "base/clock.h"
#include "tools/ua_call.h"
#include "tools/ua_modes.h"
#include "tools/ua_totals.h"
#include <stdio.h>
#include <unistd.h>

#define PACE_MS 10
#define PROGRESS_US GW_SEC(1)

typedef struct {
  gw_ua_phone *phone;
  GPtrArray *calls; /* gw_ua_call that run, owned */
  gw_ua_totals *totals;
  gint64 start_us, progress_us;
  guint made, pace;
  gboolean leaving;
} load;

static const gw_ua_options *options_of(const load *me) {
  return gw_ua_phone_options(me->phone);
}

static void progress(load *me, gint64 now_us) {
  const gw_ua_options *o = options_of(me);
  gboolean terminal = isatty(STDERR_FILENO);
  if (o->json || now_us < me->progress_us) return;
  me->progress_us = now_us + PROGRESS_US;
  fprintf(
      stderr,
      "%s%3.0f s: %u of %u calls made, %u running, %u over, %u of these answered, %u heard sound%s",
      terminal ? "\r" : "", (double)(now_us - me->start_us) / G_USEC_PER_SEC, me->made, o->calls,
      me->calls->len, gw_ua_totals_calls(me->totals), gw_ua_totals_answered(me->totals),
      gw_ua_totals_audio(me->totals), terminal ? " " : "\n");
}

static void print_totals(load *me) {
  const gw_ua_options *o = options_of(me);
  me->progress_us = 0;
  progress(me, gw_now_us());
  if (!o->json && isatty(STDERR_FILENO)) fputc('\n', stderr);
  g_autofree char *text = o->json ? gw_ua_totals_json(me->totals) : gw_ua_totals_text(me->totals);
  printf("%s%s", text, o->json ? "\n" : "");
}

static void leave_if_over(load *me) {
  guint wanted = options_of(me)->calls;
  if (me->calls->len || (me->made < wanted && !me->leaving)) return;
  g_clear_handle_id(&me->pace, g_source_remove);
  print_totals(me);
  gw_ua_phone_end(me->phone, gw_ua_totals_audio(me->totals) == wanted ? 0 : 1);
}

static void ended(gw_ua_call *call, void *user) {
  load *me = user;
  gw_ua_totals_add(me->totals, gw_ua_call_result(call));
  g_ptr_array_remove_fast(me->calls, call);
  leave_if_over(me);
}

static void make_one(load *me) {
  g_autoptr(GError) error = NULL;
  gw_ua_call_params params = {.shared = TRUE, .ended = ended, .user = me};
  gw_ua_call *call = gw_ua_call_dial(me->phone, &params, &error);
  me->made++;
  if (call) {
    g_ptr_array_add(me->calls, call);
    return;
  }
  gw_ua_result failed;
  gw_ua_result_init(&failed);
  gw_ua_totals_add(me->totals, &failed);
  gw_ua_result_clear(&failed);
  gw_ua_complain("call %u: %s", me->made, error->message);
}

static gboolean on_pace(gpointer user) {
  load *me = user;
  const gw_ua_options *o = options_of(me);
  gint64 now_us = gw_now_us();
  guint due = (guint)MIN(1 + (double)(now_us - me->start_us) / G_USEC_PER_SEC * o->rate, o->calls);
  while (me->made < due && !me->leaving && (!o->concurrency || me->calls->len < o->concurrency))
    make_one(me);
  progress(me, now_us);
  leave_if_over(me);
  return me->pace ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void ready(gw_ua_phone *phone, void *user) {
  load *me = user;
  me->phone = phone;
  me->start_us = gw_now_us();
  me->progress_us = me->start_us + PROGRESS_US;
  me->pace = g_timeout_add(PACE_MS, on_pace, me);
}

static void interrupted(gw_ua_phone *phone, void *user) {
  load *me = user;
  me->phone = phone;
  me->leaving = TRUE;
  for (guint i = 0; i < me->calls->len; i++)
    gw_ua_call_hangup(me->calls->pdata[i]);
  leave_if_over(me);
}

static void closing(void *user) {
  load *me = user;
  g_clear_handle_id(&me->pace, g_source_remove);
  g_ptr_array_set_size(me->calls, 0);
}

int gw_ua_run_load(const gw_ua_options *options) {
  static const gw_ua_mode mode = {.ready = ready, .interrupted = interrupted, .closing = closing};
  load me = {.calls = g_ptr_array_new_with_free_func((GDestroyNotify)gw_ua_call_free),
             .totals = gw_ua_totals_new()};
  int code = gw_ua_phone_run(options, &mode, &me);
  g_ptr_array_unref(me.calls);
  gw_ua_totals_free(me.totals);
  return code;
}

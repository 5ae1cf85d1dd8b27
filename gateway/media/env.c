#include "gateway/media/env.h"
#include "base/log.h"
#include "gateway/media/door.h"
#include <errno.h>
#include <sys/epoll.h>

void gw_env_watch(gw_env *env, gw_watch *w) {
  struct epoll_event ev = {.events = EPOLLIN, .data.ptr = w};
  if (epoll_ctl(env->sockets, EPOLL_CTL_ADD, w->fd, &ev) == 0)
    env->n_watches++;
  else
    gw_warn(NULL, "media-watch-failed", "error=%s", g_strerror(errno));
}

void gw_env_unwatch(gw_env *env, gw_watch *w) {
  if (epoll_ctl(env->sockets, EPOLL_CTL_DEL, w->fd, NULL) == 0) env->n_watches--;
}

guint gw_env_reads(const gw_env *env, gw_watch *w, guint most) {
  gboolean again = w->tick == env->tick;
  w->tick = env->tick;
  return again ? most : 1;
}

void gw_env_state(gw_env *env, gw_handle h, gw_media_state state, gw_cause cause) {
  gw_event *e = gw_event_new(GW_EVENT_STATE, h);
  e->state = state;
  e->cause = cause;
  gw_queue_push_always(env->engine->events, &e->msg);
}

static void push_desc(gw_env *env, gw_event_type type, gw_handle h, gw_desc *taken) {
  gw_event *e = gw_event_new(type, h);
  e->desc = taken;
  gw_queue_push_always(env->engine->events, &e->msg);
}

void gw_env_desc(gw_env *env, gw_handle h, gw_desc *taken) {
  push_desc(env, GW_EVENT_DESC, h, taken);
}

void gw_env_restarted(gw_env *env, gw_handle h, gw_desc *taken) {
  push_desc(env, GW_EVENT_RESTARTED, h, taken);
}

static void push_or_drop(gw_env *env, gw_event *e) {
  if (!gw_queue_push(env->engine->events, &e->msg)) gw_event_free(&e->msg);
}

void gw_env_candidate(gw_env *env, gw_handle h, const gw_candidate *c) {
  gw_event *e = gw_event_new(GW_EVENT_CANDIDATE, h);
  e->candidate = *c;
  push_or_drop(env, e);
}

void gw_env_digit(gw_env *env, gw_handle h, char digit, guint ms) {
  gw_event *e = gw_event_new(GW_EVENT_DIGIT, h);
  e->digit = digit;
  e->ms = ms;
  push_or_drop(env, e);
}

void gw_env_prompt_end(gw_env *env, gw_handle h) {
  gw_event *e = gw_event_new(GW_EVENT_PROMPT_END, h);
  gw_queue_push_always(env->engine->events, &e->msg);
}

void gw_env_handed_over(gw_env *env, gw_handle heir, gw_estate *taken) {
  gw_event *e = gw_event_new(GW_EVENT_HANDED_OVER, heir);
  e->estate = taken;
  gw_queue_push_always(env->engine->events, &e->msg);
}

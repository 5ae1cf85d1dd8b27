#include "gateway/media/media.h"
#include "gateway/media/quiet.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "gateway/media/codec.h"
#include "gateway/media/door.h"
#include "gateway/media/dtmf_ear.h"
#include "gateway/media/env.h"
#include "gateway/media/ice.h"
#include "gateway/media/speech.h"
#include "gateway/media/spread.h"
#include "gateway/media/stream.h"
#include "gateway/media/symbols.h"
#include "gateway/media/tunnel.h"
#include "gateway/media/worker.h"
#include <string.h>
#include <unistd.h>

#define WORKERS 64

typedef struct object {
  gw_handle handle;
  struct object *room; /* NULL: it is one */
  guint worker;
  GPtrArray *members; /* object, of a room */
  gw_media_stats stats;
  gw_cmd *waiting; /* leg: made when the sockets of the one before are there */
} object;

struct gw_media {
  gw_engine engine;
  gw_media_events events;
  void *user;
  GSource *source;
  gw_speech *speech;
  gw_tunnels *tunnels;
  gw_relays *relays; /* of new peers; TLS servers as the ports of their tunnels */
  gw_handles *handles;
  GPtrArray *open; /* object: rooms */
  gw_worker *workers[WORKERS];
  gw_worker_stats load[WORKERS];
  guint rooms[WORKERS]; /* as control counts them */
  guint n_workers;
};

/* ---- start and end */

static char *text_or_null(const char *s) {
  return s && *s ? g_strdup(s) : NULL;
}

/* Codecs and the ear for keys make their tables when they are first used: here, and not in two workers at once. */
static void warm_codecs(void) {
  gint16 pcm[GW_FRAME] = {0};
  guint8 packet[GW_FRAME];
  gw_dtmf_ear_free(gw_dtmf_ear_new());
  for (int i = 0; i < GW_CODECS; i++) {
    for (int narrow = 0; narrow < 2; narrow++) {
      gw_encoder *e = gw_encoder_new(gw_codec_word(i), narrow, TRUE);
      gw_decoder *d = gw_decoder_new(gw_codec_word(i));
      int n = gw_encoder_frame(e, pcm, packet, sizeof packet);
      if (n > 0) gw_decoder_packet(d, packet, (gsize)n, FALSE, pcm, GW_FRAME);
      gw_encoder_free(e);
      gw_decoder_free(d);
    }
  }
}

static gboolean engine_init(gw_engine *e, const gw_media_config *c, GError **error) {
  e->port_min = c->rtp_port_min;
  e->port_max = c->rtp_port_max;
  e->rtp_timeout_us = GW_SEC((gint64)(c->rtp_timeout_s ? c->rtp_timeout_s : GW_RTP_TIMEOUT_S));
  e->even_levels = c->even_levels;
  e->public_address = text_or_null(c->public_address);
  e->local_addresses = g_strdupv((char **)c->local_addresses);
  e->events = gw_queue_new(GW_DOOR_EVENTS, gw_event_free);
  gw_srtp_init();
  g_return_val_if_fail(gw_srtp_use(c->srtp_backend), FALSE);
  gw_ice_prepare();
  warm_codecs();
  e->identity = gw_identity_new(error);
  e->prompts = e->identity ? gw_prompts_load(c->prompt_dir, error) : NULL;
  return e->prompts && gw_symbols_check(error);
}

static void engine_clear(gw_engine *e) {
  g_free(e->public_address);
  g_strfreev(e->local_addresses);
  gw_queue_free(e->events);
  gw_prompts_free(e->prompts);
  gw_identity_free(e->identity);
}

static guint worker_count(guint wanted) {
  glong cores = sysconf(_SC_NPROCESSORS_ONLN);
  return CLAMP(wanted ? wanted : (guint)MAX(cores - 1, 1), 1, WORKERS);
}

static void on_event(gw_msg *msg, void *user);
static void on_spoken(gw_handle leg, gw_prompt *spoken, void *user);

gw_media *gw_media_new(const gw_media_config *config, GMainContext *control,
                       const gw_media_events *events, void *user, GError **error) {
  GW_ON_CONTROL();
  gw_media *m = g_new0(gw_media, 1);
  m->events = *events;
  m->user = user;
  m->handles = gw_handles_new(GW_MAX_MEDIA_OBJECTS);
  m->open = g_ptr_array_new();
  gboolean ok = engine_init(&m->engine, config, error) &&
                (m->tunnels = gw_tunnels_new(config->turn_ca, error));
  /* Before the workers: a main context must not be made by one thread and used by another. */
  m->source = gw_queue_attach(m->engine.events, control, on_event, m);
  m->speech = gw_speech_new(control, config->speaker, on_spoken, m);
  guint wanted = worker_count(config->workers);
  while (ok && m->n_workers < wanted) {
    m->workers[m->n_workers] = gw_worker_new(&m->engine, m->n_workers, error);
    ok = m->workers[m->n_workers] != NULL;
    m->n_workers += ok;
  }
  if (ok) return m;
  gw_media_free(m);
  return NULL;
}

static void free_object(object *o) {
  if (o->waiting) gw_cmd_free(&o->waiting->msg);
  g_free(o);
}

/* Out of the table and freed; the worker is not told. */
static void forget(gw_media *m, object *o) {
  if (m->speech) gw_speech_cancel(m->speech, o->handle);
  gw_handles_remove(m->handles, o->handle, gw_handle_kind(o->handle));
  for (guint i = 0; o->members && i < o->members->len; i++) {
    object *member = g_ptr_array_index(o->members, i);
    gw_handles_remove(m->handles, member->handle, gw_handle_kind(member->handle));
    free_object(member);
  }
  if (o->room) {
    g_ptr_array_remove_fast(o->room->members, o);
  } else {
    g_ptr_array_unref(o->members);
    g_ptr_array_remove_fast(m->open, o);
    m->rooms[o->worker]--;
  }
  free_object(o);
}

void gw_media_free(gw_media *m) {
  if (!m) return;
  GW_ON_CONTROL();
  if (m->source) {
    g_source_destroy(m->source);
    g_source_unref(m->source);
  }
  g_clear_pointer(&m->speech, gw_speech_free);
  for (guint i = 0; i < m->n_workers; i++)
    gw_worker_free(m->workers[i]);
  while (m->open->len)
    forget(m, g_ptr_array_index(m->open, 0));
  g_ptr_array_unref(m->open);
  gw_handles_free(m->handles);
  gw_tunnels_free(m->tunnels);
  gw_relays_free(m->relays);
  engine_clear(&m->engine);
  g_free(m);
}

/* libnice cannot speak TLS: it goes to the tunnel by TCP. */
static void add_relay(gw_media *m, const gw_turn_server *t) {
  gw_turn_server through = *t;
  const char *address = t->host;
  if (t->tls) {
    const char *name = t->name && *t->name ? t->name : t->host;
    through.port = gw_tunnels_to(m->tunnels, t->host, t->port, name, &address);
    through.tcp = TRUE;
    through.tls = FALSE;
  }
  through.host = (char *)address;
  if (through.port) gw_relays_add(m->relays, &through);
}

void gw_media_set_relays(gw_media *m, const gw_relays *relays) {
  GW_ON_CONTROL();
  g_clear_pointer(&m->relays, gw_relays_free);
  if (relays) m->relays = gw_relays_new(relays->stun_host, relays->stun_port);
  for (guint i = 0; relays && i < relays->n_turn; i++)
    add_relay(m, &relays->turn[i]);
  gw_tunnels_sweep(m->tunnels);
}

gw_identity *gw_media_identity(gw_media *m) {
  return m->engine.identity;
}

/* ---- objects */

static object *find(const gw_media *m, gw_handle h, guint kind) {
  return gw_handles_get(m->handles, h, kind);
}

static object *add(gw_media *m, guint kind, object *room, guint worker) {
  object *o = g_new0(object, 1);
  o->handle = gw_handles_add(m->handles, kind, o);
  if (gw_handle_is(o->handle, GW_HANDLE_NONE)) {
    g_free(o);
    return NULL;
  }
  o->room = room;
  o->worker = worker;
  o->stats.level_dbfs = -127;
  if (room) {
    g_ptr_array_add(room->members, o);
    return o;
  }
  o->members = g_ptr_array_new();
  g_ptr_array_add(m->open, o);
  m->rooms[worker]++;
  return o;
}

/* A new object exists when its worker took the command. */
static gw_handle begin(gw_media *m, object *o, gw_cmd *taken) {
  if (gw_worker_tell(m->workers[o->worker], taken)) return o->handle;
  gw_warn(NULL, "media-overload", "what=%s worker=%u", "commands", o->worker);
  forget(m, o);
  return GW_HANDLE_NONE;
}

gw_handle gw_media_room(gw_media *m) {
  GW_ON_CONTROL();
  gint worker = gw_spread_choose(m->load, m->rooms, m->n_workers);
  object *o = worker < 0 ? NULL : add(m, GW_MEDIA_ROOM, NULL, (guint)worker);
  if (o) return begin(m, o, gw_cmd_new(GW_CMD_ROOM, o->handle));
  gw_warn(NULL, "media-overload", "what=%s", worker < 0 ? "all-workers-busy" : "handles");
  return GW_HANDLE_NONE;
}

static object *add_member(gw_media *m, guint kind, gw_handle room) {
  object *r = find(m, room, GW_MEDIA_ROOM);
  if (r) return add(m, kind, r, r->worker);
  gw_warn(NULL, "media-stale-handle", "what=%s", "room");
  return NULL;
}

static gw_cmd *leg_command(const object *o, gw_handle room, const gw_leg_params *params) {
  gw_cmd *c = gw_cmd_new(GW_CMD_LEG, o->handle);
  c->room = room;
  g_strlcpy(c->local_address, params->local_address ? params->local_address : "",
            sizeof c->local_address);
  g_strlcpy(c->remote_hint, params->remote_hint ? params->remote_hint : "", sizeof c->remote_hint);
  c->srtp = params->srtp;
  for (guint i = 0, n = 0; params->codecs && params->codecs[i] && n < GW_LEG_CODECS; i++)
    if (gw_codec_known(params->codecs[i]))
      g_strlcpy(c->codecs[n++], params->codecs[i], sizeof c->codecs[0]);
  return c;
}

static gboolean reached_ceiling(const gw_media *m, gw_handle room, const object *from) {
  const object *r = find(m, room, GW_MEDIA_ROOM);
  if (!r || gw_spread_takes(m->load, r->worker, from ? (gint)from->worker : -1)) return FALSE;
  gw_warn(NULL, "media-overload", "what=%s worker=%u load=%.2f", "room-has-reached-its-ceiling",
          r->worker, m->load[r->worker].load);
  return TRUE;
}

gboolean gw_media_has_place(const gw_media *m, gw_handle leg, gw_handle room) {
  GW_ON_CONTROL();
  if (!room.v) return gw_spread_choose(m->load, m->rooms, m->n_workers) >= 0;
  return !reached_ceiling(m, room, find(m, leg, GW_MEDIA_LEG));
}

gw_handle gw_media_leg(gw_media *m, gw_handle room, const gw_leg_params *params) {
  GW_ON_CONTROL();
  if (reached_ceiling(m, room, NULL)) return GW_HANDLE_NONE;
  object *o = add_member(m, GW_MEDIA_LEG, room);
  return o ? begin(m, o, leg_command(o, room, params)) : GW_HANDLE_NONE;
}

gw_handle gw_media_move(gw_media *m, gw_handle leg, gw_handle room, const gw_leg_params *params) {
  GW_ON_CONTROL();
  object *old = find(m, leg, GW_MEDIA_LEG);
  if (reached_ceiling(m, room, old)) return GW_HANDLE_NONE;
  object *o = old ? add_member(m, GW_MEDIA_LEG, room) : NULL;
  if (!o) return GW_HANDLE_NONE;
  gw_cmd *give = gw_cmd_new(GW_CMD_HAND_OVER, leg);
  give->heir = o->handle;
  if (!gw_worker_tell(m->workers[old->worker], give)) {
    gw_warn(NULL, "media-overload", "what=%s worker=%u", "commands", old->worker);
    forget(m, o);
    return GW_HANDLE_NONE;
  }
  o->waiting = leg_command(o, room, params);
  forget(m, old);
  return o->handle;
}

static void failed(gw_media *m, gw_handle h) {
  gw_event *e = gw_event_new(GW_EVENT_STATE, h);
  e->state = GW_MS_FAILED;
  e->cause = GW_CAUSE_OVERLOAD;
  gw_queue_push_always(m->engine.events, &e->msg);
}

/* A worker that is so far behind loses the call, not the process. */
static void tell(gw_media *m, gw_cmd *taken) {
  gw_handle h = taken->handle;
  object *o = find(m, h, gw_handle_kind(h));
  if (gw_worker_tell(m->workers[o->worker], taken)) return;
  gw_warn(NULL, "media-overload", "what=%s worker=%u", "commands", o->worker);
  failed(m, h);
}

/* The estate has come: the leg goes on. If it was closed meanwhile it goes with the event. */
static void handed_over(gw_media *m, gw_event *e) {
  object *o = find(m, e->handle, GW_MEDIA_LEG);
  if (!o || !o->waiting) return;
  gw_cmd *c = g_steal_pointer(&o->waiting);
  if (!e->estate) { /* the one before never had any */
    gw_cmd_free(&c->msg);
    failed(m, e->handle);
    return;
  }
  c->estate = g_steal_pointer(&e->estate);
  tell(m, c);
}

gw_handle gw_media_peer(gw_media *m, gw_handle room, const gw_peer_params *params) {
  GW_ON_CONTROL();
  object *o = add_member(m, GW_MEDIA_PEER, room);
  if (!o) return GW_HANDLE_NONE;
  if (!gw_handle_is(params->leg, GW_HANDLE_NONE)) {
    object *leg = find(m, params->leg, GW_MEDIA_LEG);
    if (!leg || leg->room != o->room) {
      gw_warn(NULL, "media-stale-handle", "what=%s", "leg");
      forget(m, o);
      return GW_HANDLE_NONE;
    }
  }
  gw_cmd *c = gw_cmd_new(GW_CMD_PEER, o->handle);
  c->room = room;
  c->leg = params->leg;
  c->offerer = params->offerer;
  c->use = params->use;
  c->setup = params->setup;
  if (params->cname) g_strlcpy(c->cname, params->cname, sizeof c->cname);
  c->talker = g_strdup(params->talker);
  c->relays = gw_relays_copy(m->relays);
  return begin(m, o, c);
}

void gw_media_expect(gw_media *m, gw_handle room, gboolean offerer, guint peers) {
  GW_ON_CONTROL();
  object *o = find(m, room, GW_MEDIA_ROOM);
  if (!o || !m->relays || !(m->relays->stun_host || m->relays->n_turn)) return;
  gw_cmd *c = gw_cmd_new(GW_CMD_EXPECT, room);
  c->offerer = offerer;
  c->sessions = peers;
  c->relays = gw_relays_copy(m->relays);
  gw_worker_tell(m->workers[o->worker], c); /* too busy to hear it: then it is not the moment */
}

/* ---- changes */

/* The command for an object, or NULL when its handle is stale. */
static gw_cmd *change(gw_media *m, gw_handle h, guint kind, gw_cmd_type type) {
  GW_ON_CONTROL();
  return find(m, h, kind) ? gw_cmd_new(type, h) : NULL;
}

void gw_media_leg_remote(gw_media *m, gw_handle leg, const gw_desc *remote, const gw_desc *agreed) {
  gw_cmd *c = change(m, leg, GW_MEDIA_LEG, GW_CMD_LEG_REMOTE);
  if (!c) return;
  c->remote = gw_desc_copy(remote);
  c->agreed = gw_desc_copy(agreed);
  tell(m, c);
}

void gw_media_peer_remote(gw_media *m, gw_handle peer, const gw_desc *remote) {
  gw_cmd *c = change(m, peer, GW_MEDIA_PEER, GW_CMD_PEER_REMOTE);
  if (!c) return;
  c->remote = gw_desc_copy(remote);
  tell(m, c);
}

void gw_media_peer_agreed(gw_media *m, gw_handle peer, const gw_desc *agreed) {
  gw_cmd *c = change(m, peer, GW_MEDIA_PEER, GW_CMD_PEER_AGREED);
  if (!c) return;
  c->agreed = gw_desc_copy(agreed);
  tell(m, c);
}

void gw_media_peer_talker(gw_media *m, gw_handle peer, const char *talker) {
  gw_cmd *c = change(m, peer, GW_MEDIA_PEER, GW_CMD_PEER_TALKER);
  if (!c) return;
  c->talker = g_strdup(talker);
  tell(m, c);
}

void gw_media_retire(gw_media *m, gw_handle leg) {
  gw_cmd *c = change(m, leg, GW_MEDIA_LEG, GW_CMD_RETIRE);
  if (c) tell(m, c);
}

void gw_media_mute(gw_media *m, gw_handle leg, gboolean muted) {
  gw_cmd *c = change(m, leg, GW_MEDIA_LEG, GW_CMD_MUTE);
  if (!c) return;
  c->muted = muted;
  tell(m, c);
}

void gw_media_play(gw_media *m, gw_handle leg, const char *name) {
  gw_cmd *c = change(m, leg, GW_MEDIA_LEG, GW_CMD_PLAY);
  if (!c) return;
  gboolean stop = !name || !*name;
  gw_speech_cancel(m->speech, leg);
  c->prompt = stop ? NULL : gw_prompts_find(m->engine.prompts, name);
  if (!stop && !c->prompt) {
    gw_warn(NULL, "prompt-unknown", "name=%s", name);
    gw_queue_push_always(m->engine.events, &gw_event_new(GW_EVENT_PROMPT_END, leg)->msg);
  }
  tell(m, c);
}

gboolean gw_media_speak(gw_media *m, gw_handle leg, const char *language,
                        const char *const *words) {
  GW_ON_CONTROL();
  return find(m, leg, GW_MEDIA_LEG) && gw_speech_say(m->speech, leg, language, words);
}

static void on_spoken(gw_handle leg, gw_prompt *spoken, void *user) {
  gw_media *m = user;
  gw_cmd *c = spoken ? change(m, leg, GW_MEDIA_LEG, GW_CMD_PLAY) : NULL;
  if (c) {
    c->spoken = spoken;
    tell(m, c);
    return;
  }
  gw_prompt_free(spoken);
  if (m->events.unspoken) m->events.unspoken(leg, m->user);
}

gboolean gw_media_has_prompt(const gw_media *m, const char *name) {
  return gw_prompts_find(m->engine.prompts, name) != NULL;
}

void gw_media_inherit(gw_media *m, gw_handle leg, gw_handle old_leg) {
  gw_cmd *c = change(m, leg, GW_MEDIA_LEG, GW_CMD_INHERIT);
  if (!c) return;
  c->leg = old_leg;
  tell(m, c);
}

void gw_media_tone(gw_media *m, gw_handle leg, guint hz, guint ms) {
  gw_cmd *c = change(m, leg, GW_MEDIA_LEG, GW_CMD_TONE);
  if (!c) return;
  c->hz = hz;
  c->ms = ms;
  tell(m, c);
}

void gw_media_close(gw_media *m, gw_handle h) {
  GW_ON_CONTROL();
  object *o = find(m, h, gw_handle_kind(h));
  if (!o) return;
  gw_worker_tell_always(m->workers[o->worker], gw_cmd_new(GW_CMD_CLOSE, h));
  forget(m, o);
}

/* ---- figures and events */

gboolean gw_media_get_stats(const gw_media *m, gw_handle h, gw_media_stats *ret) {
  GW_ON_CONTROL();
  object *o = find(m, h, gw_handle_kind(h));
  if (!o) return FALSE;
  *ret = o->stats;
  return TRUE;
}

guint gw_media_workers(const gw_media *m) {
  return m->n_workers;
}

void gw_media_get_worker(const gw_media *m, guint i, gw_worker_stats *ret) {
  GW_ON_CONTROL();
  g_assert(i < m->n_workers);
  *ret = m->load[i];
  ret->rooms = m->rooms[i];
}

static void take_figures(gw_media *m, const gw_event *e) {
  m->load[e->worker] = e->load;
  for (guint i = 0; i < e->n_rows; i++) {
    gw_handle h = e->rows[i].handle;
    object *o = find(m, h, gw_handle_kind(h));
    if (o) o->stats = e->rows[i].stats;
  }
}

/* The callback may close handles or free the engine: nothing of it is touched afterwards. */
static void deliver(gw_media *m, const gw_event *e) {
  const gw_media_events *ev = &m->events;
  gw_handle h = e->handle;
  if (e->type == GW_EVENT_DESC && ev->local_desc)
    ev->local_desc(h, e->desc, m->user);
  else if (e->type == GW_EVENT_CANDIDATE && ev->candidate)
    ev->candidate(h, &e->candidate, m->user);
  else if (e->type == GW_EVENT_RESTARTED && ev->restarted)
    ev->restarted(h, e->desc, m->user);
  else if (e->type == GW_EVENT_STATE && ev->state)
    ev->state(h, e->state, e->cause, m->user);
  else if (e->type == GW_EVENT_DIGIT && ev->digit)
    ev->digit(h, e->digit, e->ms, m->user);
  else if (e->type == GW_EVENT_PROMPT_END && ev->prompt_end)
    ev->prompt_end(h, m->user);
}

static void on_event(gw_msg *msg, void *user) {
  gw_media *m = user;
  gw_event *e = (gw_event *)msg;
  if (e->type == GW_EVENT_STATS)
    take_figures(m, e);
  else if (e->type == GW_EVENT_HANDED_OVER)
    handed_over(m, e);
  else if (find(m, e->handle, gw_handle_kind(e->handle)))
    deliver(m, e);
  gw_event_free(msg);
}

/* Snapshots for control commands and records. */
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>
#include "gateway/bridge/private.h"

void gw_peer_info_free(gw_peer_info *p) {
  if (!p) return;
  g_free(p->jid);
  g_free(p->nick);
  g_free(p->codec);
  g_free(p);
}

void gw_hop_free(gw_hop *h) {
  if (!h) return;
  g_free(h->event);
  g_free(h);
}

static GPtrArray *copy_hops(const GPtrArray *hops) {
  GPtrArray *a = g_ptr_array_new_with_free_func((GDestroyNotify)gw_hop_free);
  for (guint i = 0; i < hops->len; i++) {
    const gw_hop *h = hops->pdata[i];
    gw_hop *n = g_new0(gw_hop, 1);
    *n = (gw_hop){g_strdup(h->event), h->ms};
    g_ptr_array_add(a, n);
  }
  return a;
}

double gw_stats_mos(const gw_media_stats *s, const char *codec) {
  return gw_emodel_mos(&(gw_emodel_in){.codec = codec ? codec : s->codec,
                                       .received = s->packets_in,
                                       .lost = s->lost,
                                       .late = s->late,
                                       .rtt_ms = s->rtt_ms,
                                       .buffer_ms = s->buffer_ms});
}

static double phone_mos(const gw_call_info *i) {
  return i->have_sip ? gw_stats_mos(&i->sip, i->sip_codec) : 0;
}

const double gw_mos_bounds[GW_MOS_BUCKETS] = {2, 3, 3.6, 4, 4.3, 4.5};

void gw_call_count(gw_bridge_counters *c, const gw_call_info *i) {
  double mos = phone_mos(i);
  c->ended[i->cause]++;
  if (mos == 0) return;
  c->mos_count++;
  c->mos_sum += mos;
  for (guint k = 0; k < GW_MOS_BUCKETS; k++)
    c->mos_buckets[k] += mos <= gw_mos_bounds[k];
}

static void *copy_peer(const void *p, void *user) {
  gw_peer_info *n = g_new0(gw_peer_info, 1);
  const gw_peer_info *o = p;
  *n = *o;
  n->jid = g_strdup(o->jid);
  n->nick = g_strdup(o->nick);
  n->codec = g_strdup(o->codec);
  n->state = "ended";
  return n;
}

gw_call_info *gw_call_info_of(const gw_call *c) {
  gw_call_info *i = g_new0(gw_call_info, 1);
  i->id = g_strdup(c->id);
  i->phone = g_strdup(c->phone);
  i->trunk = g_strdup(c->trunk);
  i->caller = g_strdup(c->caller);
  i->name = g_strdup(c->name ? c->name : c->sip_name);
  i->number = g_strdup(c->number);
  i->room = c->conference ? g_strdup(c->conference->conf->room) : NULL;
  i->nick = g_strdup(c->seat ? gw_seat_nick(c->seat) : c->last_nick);
  i->flavour = c->flavour ? g_strdup(c->flavour->name) : NULL;
  i->direction = c->machine.out ? "out" : "in";
  i->state = gw_call_state_word(c->machine.state);
  i->muted = c->muted;
  i->hand = c->hand;
  i->since_wall_us = c->since_wall_us;
  i->ended_wall_us = c->ended_wall_us;
  i->cause = c->machine.cause;
  i->sip_codec = g_strdup(c->codec);
  i->srtp = c->encrypted;
  i->sip_status = c->sip_status;
  i->jingle_reason = g_strdup(c->jingle_reason);
  i->sip_reason = g_strdup(c->sip_reason);
  i->history = g_strdup(c->history);
  i->have_sip =
      c->have_last_stats || (c->leg.v && gw_media_get_stats(c->bridge->media, c->leg, &i->sip));
  if (c->have_last_stats) i->sip = c->last_stats;
  if (c->seat) {
    i->peers = g_ptr_array_new();
    gw_seat_peers(c->seat, i->peers);
  } else {
    i->peers = g_ptr_array_copy(c->last_peers, copy_peer, NULL);
  }
  g_ptr_array_set_free_func(i->peers, (GDestroyNotify)gw_peer_info_free);
  i->hops = copy_hops(c->hops);
  i->trace = gw_trace_ref(c->trace);
  return i;
}

gw_call_info *gw_call_info_copy(const gw_call_info *o) {
  gw_call_info *i = g_memdup2(o, sizeof *o);
  i->id = g_strdup(o->id);
  i->phone = g_strdup(o->phone);
  i->trunk = g_strdup(o->trunk);
  i->caller = g_strdup(o->caller);
  i->name = g_strdup(o->name);
  i->number = g_strdup(o->number);
  i->room = g_strdup(o->room);
  i->nick = g_strdup(o->nick);
  i->flavour = g_strdup(o->flavour);
  i->sip_codec = g_strdup(o->sip_codec);
  i->jingle_reason = g_strdup(o->jingle_reason);
  i->sip_reason = g_strdup(o->sip_reason);
  i->history = g_strdup(o->history);
  i->peers = g_ptr_array_copy(o->peers, copy_peer, NULL);
  g_ptr_array_set_free_func(i->peers, (GDestroyNotify)gw_peer_info_free);
  i->hops = copy_hops(o->hops);
  i->trace = gw_trace_ref(o->trace);
  return i;
}

void gw_call_info_free(gw_call_info *i) {
  if (!i) return;
  g_free(i->id);
  g_free(i->phone);
  g_free(i->trunk);
  g_free(i->caller);
  g_free(i->name);
  g_free(i->number);
  g_free(i->room);
  g_free(i->nick);
  g_free(i->flavour);
  g_free(i->sip_codec);
  g_free(i->jingle_reason);
  g_free(i->sip_reason);
  g_free(i->history);
  g_ptr_array_unref(i->peers);
  g_ptr_array_unref(i->hops);
  gw_trace_unref(i->trace);
  g_free(i);
}

/* --- JSON --- */

static void text(JsonBuilder *b, const char *name, const char *value) {
  json_builder_set_member_name(b, name);
  if (value)
    json_builder_add_string_value(b, value);
  else
    json_builder_add_null_value(b);
}

static void number(JsonBuilder *b, const char *name, gint64 value, gboolean known) {
  json_builder_set_member_name(b, name);
  if (known)
    json_builder_add_int_value(b, value);
  else
    json_builder_add_null_value(b);
}

static void flag(JsonBuilder *b, const char *name, gboolean value) {
  json_builder_set_member_name(b, name);
  json_builder_add_boolean_value(b, value);
}

static void time_of(JsonBuilder *b, const char *name, gint64 wall_us) {
  g_autofree char *t = wall_us ? gw_rfc3339(wall_us) : NULL;
  text(b, name, t);
}

static void hundredths(JsonBuilder *b, const char *name, double value, gboolean known) {
  json_builder_set_member_name(b, name);
  if (known)
    json_builder_add_double_value(b, round(value * 100) / 100);
  else
    json_builder_add_null_value(b);
}

static void figures(JsonBuilder *b, const gw_media_stats *s, double mos, gboolean known) {
  number(b, "packets_in", (gint64)s->packets_in, known);
  number(b, "packets_out", (gint64)s->packets_out, known);
  number(b, "lost", (gint64)s->lost, known);
  number(b, "jitter_ms", s->jitter_ms, known);
  hundredths(b, "mos", mos, known && mos > 0);
  number(b, "late", (gint64)s->late, known);
  number(b, "concealed_ms", (gint64)s->concealed_ms, known);
  number(b, "buffer_ms", s->buffer_ms, known);
  number(b, "rtt_ms", s->rtt_ms, known && s->rtt_ms);
  hundredths(b, "talk_ratio", (double)s->spoken_ms / (double)MAX(s->listened_ms, 1),
             known && s->listened_ms);
}

static void peers(JsonBuilder *b, const GPtrArray *list) {
  json_builder_set_member_name(b, "peers");
  json_builder_begin_array(b);
  for (guint i = 0; i < list->len; i++) {
    const gw_peer_info *p = list->pdata[i];
    json_builder_begin_object(b);
    text(b, "jid", p->jid);
    text(b, "nick", p->nick);
    text(b, "state", p->state);
    text(b, "codec", p->codec);
    figures(b, &p->media, p->mos, p->have_stats);
    json_builder_end_object(b);
  }
  json_builder_end_array(b);
}

static void hops(JsonBuilder *b, const GPtrArray *list) {
  json_builder_set_member_name(b, "hops");
  json_builder_begin_array(b);
  for (guint i = 0; i < list->len; i++) {
    const gw_hop *h = list->pdata[i];
    json_builder_begin_object(b);
    text(b, "event", h->event);
    number(b, "ms", h->ms, TRUE);
    json_builder_end_object(b);
  }
  json_builder_end_array(b);
}

static void head(JsonBuilder *b, const gw_call_info *i) {
  text(b, "id", i->id);
  text(b, "direction", i->direction);
  text(b, "phone", i->phone);
  text(b, "trunk", i->trunk);
  text(b, "caller", i->caller);
  text(b, "name", i->name);
  text(b, "number", i->number);
  text(b, "room", i->room);
  text(b, "nick", i->nick);
  text(b, "flavour", i->flavour);
  text(b, "state", i->state);
  flag(b, "muted", i->muted);
  flag(b, "hand", i->hand);
  time_of(b, "since", i->since_wall_us);
}

static void trace_event(JsonBuilder *b, const gw_trace_event *e) {
  g_autofree char *again =
      e->times > 1 ? g_strdup_printf("%s (%u times)", e->text, e->times) : NULL;
  json_builder_begin_object(b);
  number(b, "ms", e->ms, TRUE);
  text(b, "lane", gw_lane_word(e->lane));
  text(b, "from", e->dir == GW_TRACE_OUT ? "gateway" : e->who);
  text(b, "to", e->dir == GW_TRACE_IN ? "gateway" : e->who);
  text(b, "text", again ? again : e->text);
  json_builder_end_object(b);
}

static void trace_events(JsonBuilder *b, const gw_trace *t) {
  json_builder_set_member_name(b, "events");
  json_builder_begin_array(b);
  for (guint i = 0; i < gw_trace_count(t); i++)
    trace_event(b, gw_trace_at(t, i));
  json_builder_end_array(b);
  number(b, "dropped", gw_trace_dropped(t), TRUE);
}

static char *done(JsonBuilder *b) {
  json_builder_end_object(b);
  g_autoptr(JsonNode) root = json_builder_get_root(b);
  return json_to_string(root, FALSE);
}

char *gw_call_trace_json(const gw_call_info *i) {
  g_autoptr(JsonBuilder) b = json_builder_new();
  json_builder_begin_object(b);
  text(b, "id", i->id);
  trace_events(b, i->trace);
  return done(b);
}

static void document(JsonBuilder *b, const gw_call_info *i, gboolean full) {
  head(b, i);
  json_builder_set_member_name(b, "sip");
  json_builder_begin_object(b);
  text(b, "codec", i->sip_codec);
  flag(b, "srtp", i->srtp);
  figures(b, &i->sip, phone_mos(i), i->have_sip);
  json_builder_end_object(b);
  peers(b, i->peers);
  if (full) {
    hops(b, i->hops);
    text(b, "cause", i->cause ? gw_cause_word(i->cause) : NULL);
    number(b, "sip_status", i->sip_status, i->sip_status);
    text(b, "jingle_reason", i->jingle_reason);
    text(b, "sip_reason", i->sip_reason);
    text(b, "history", i->history);
    time_of(b, "ended", i->ended_wall_us);
  }
}

char *gw_call_info_json(const gw_call_info *i, gboolean full) {
  g_autoptr(JsonBuilder) b = json_builder_new();
  json_builder_begin_object(b);
  document(b, i, full);
  return done(b);
}

char *gw_call_record_json(const gw_call_info *i) {
  g_autoptr(JsonBuilder) b = json_builder_new();
  json_builder_begin_object(b);
  document(b, i, TRUE);
  json_builder_set_member_name(b, "trace");
  json_builder_begin_object(b);
  trace_events(b, i->trace);
  json_builder_end_object(b);
  return done(b);
}

#include "daemon/metrics.h"
#include "base/log.h"
#include "daemon/commands.h"

typedef enum { GAUGE, COUNTER, HISTOGRAM } metric_type;

static void head(GString *out, const char *name, metric_type type, const char *help) {
  static const char *const words[] = {"gauge", "counter", "histogram"};
  g_string_append_printf(out, "# HELP tipring_%s %s\n# TYPE tipring_%s %s\n", name, help, name,
                         words[type]);
}

/* g_ascii_dtostr: a comma of the locale would break the format. */
static void sample(GString *out, const char *name, const char *labels, double value) {
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_formatd(number, sizeof number, "%.15g", value);
  g_string_append_printf(out, "tipring_%s%s %s\n", name, labels, number);
}

static void metric(GString *out, const char *name, metric_type type, const char *help,
                   double value) {
  head(out, name, type, help);
  sample(out, name, "", value);
}

static void metrics_daemon(const gw_control_env *env, GString *out) {
  metric(out, "start_time_seconds", GAUGE, "Start of the daemon, seconds since 1970.",
         (double)env->started_wall_us / 1e6);
  metric(out, "ready", GAUGE, "1: SIP listens and the XMPP stream is up.", gw_env_ready(env));
  metric(out, "draining", GAUGE, "1: no new calls are taken.", env->draining);
  metric(out, "calls", GAUGE, "Calls that run.",
         env->bridge ? gw_bridge_call_count(env->bridge) : 0);
  metric(out, "calls_max", GAUGE, "Calls at once that are allowed.",
         env->conf ? (double)gw_conf_int(env->conf, "sip.max_calls") : 0);
  metric(out, "phones_known", GAUGE, "Phones of the configuration and the store.",
         env->conf ? gw_conf_count(env->conf, "phones") : 0);
  metric(out, "phones_registered", GAUGE, "Phones with at least one contact.",
         gw_phones_registered(env));
  metric(out, "loop_lag_seconds", GAUGE, "Worst delay of the control loop in the last minute.",
         (double)env->loop_lag_us / 1e6);
  metric(out, "slow_handlers_total", COUNTER, "Turns of the control loop over 20 ms.",
         (double)env->slow_handlers);
  metric(out, "log_dropped_total", COUNTER, "Log lines that could not be written in time.",
         (double)gw_log_dropped());
  metric(out, "store_dropped_total", COUNTER, "Writes to the store that were lost.",
         env->store ? (double)gw_store_dropped(env->store) : 0);
  metric(out, "store_failing", GAUGE, "1: the store cannot be written at the moment.",
         env->store ? gw_store_failing(env->store) : 1);
}

static void metrics_ended(const gw_control_env *env, GString *out) {
  gw_bridge_counters c = {0};
  if (env->bridge) gw_bridge_get_counters(env->bridge, &c);
  head(out, "calls_ended_total", COUNTER, "Ended calls by cause.");
  for (guint i = GW_CAUSE_NORMAL; i < GW_N_CAUSES; i++) {
    g_autofree char *labels = g_strdup_printf("{cause=\"%s\"}", gw_cause_word(i));
    sample(out, "calls_ended_total", labels, (double)c.ended[i]);
  }
  head(out, "call_mos", HISTOGRAM,
       "Estimated quality (E-model) of what came from the phone, of ended calls.");
  for (guint i = 0; i < GW_MOS_BUCKETS; i++) {
    g_autofree char *labels = g_strdup_printf("{le=\"%g\"}", gw_mos_bounds[i]);
    sample(out, "call_mos_bucket", labels, (double)c.mos_buckets[i]);
  }
  sample(out, "call_mos_bucket", "{le=\"+Inf\"}", (double)c.mos_count);
  sample(out, "call_mos_sum", "", c.mos_sum);
  sample(out, "call_mos_count", "", (double)c.mos_count);
}

static void metrics_sound(const gw_control_env *env, GString *out) {
  gw_stream_sums phones = {0}, room = {0};
  if (env->bridge) gw_bridge_sum_streams(env->bridge, &phones, &room);
  const struct {
    const char *name, *help;
    double phones, room;
  } rows[] = {
      {"streams", "Streams of sound that come in, of running calls.", phones.streams, room.streams},
      {"stream_lost_packets", "Packets that they have lost.", (double)phones.lost,
       (double)room.lost},
      {"stream_concealed_seconds", "Sound that was made up for what was lost or late.",
       (double)phones.concealed_ms / 1000, (double)room.concealed_ms / 1000},
      {"stream_jitter_seconds", "The worst one's jitter.", phones.jitter_ms / 1000.0,
       room.jitter_ms / 1000.0},
      {"stream_buffer_seconds", "The deepest jitter buffer.", phones.buffer_ms / 1000.0,
       room.buffer_ms / 1000.0},
      {"stream_talk_ratio", "Part of the time in which somebody speaks.",
       (double)phones.spoken_ms / (double)MAX(phones.listened_ms, 1),
       (double)room.spoken_ms / (double)MAX(room.listened_ms, 1)},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    head(out, rows[i].name, GAUGE, rows[i].help);
    sample(out, rows[i].name, "{side=\"phones\"}", rows[i].phones);
    sample(out, rows[i].name, "{side=\"room\"}", rows[i].room);
  }
}

static void metrics_xmpp(const gw_control_env *env, GString *out) {
  gw_xmpp_counters c = {0};
  if (env->xmpp) gw_xmpp_get_counters(env->xmpp, &c);
  metric(out, "xmpp_up", GAUGE, "1: the stream to the XMPP server is up.",
         env->xmpp && gw_xmpp_get_state(env->xmpp) == GW_XMPP_UP);
  head(out, "xmpp_stanzas_total", COUNTER, "Stanzas by direction.");
  sample(out, "xmpp_stanzas_total", "{direction=\"in\"}", (double)c.stanzas_in);
  sample(out, "xmpp_stanzas_total", "{direction=\"out\"}", (double)c.stanzas_out);
  metric(out, "xmpp_reconnects_total", COUNTER, "Streams lost and begun again.",
         (double)c.reconnects);
  metric(out, "xmpp_strangers_total", COUNTER, "Stanzas from senders that we have no call with.",
         (double)c.strangers);
  metric(out, "xmpp_dropped_total", COUNTER, "Stanzas dropped because a limit was reached.",
         (double)c.dropped);
}

static void metrics_sip(const gw_control_env *env, GString *out) {
  gw_sip_counters c = {0};
  if (env->sip) gw_sip_get_counters(env->sip, &c);
  metric(out, "sip_listening", GAUGE, "1: SIP listens.", env->sip_listening);
  metric(out, "sip_calls", GAUGE, "SIP calls that run.", c.calls);
  metric(out, "sip_bindings", GAUGE, "Contacts of phones.", c.bindings);
  metric(out, "sip_auth_failed_total", COUNTER, "Requests with wrong credentials.",
         (double)c.auth_failed);
  metric(out, "sip_refused_total", COUNTER, "Requests refused.", (double)c.refused);
  metric(out, "sip_bad_messages_total", COUNTER, "Malformed messages.", (double)c.bad_messages);
  metric(out, "hep_sent_total", COUNTER, "Messages copied to the capture server.",
         (double)c.copied);
  metric(out, "hep_lost_total", COUNTER, "Copies that could not be sent.", (double)c.copies_lost);
}

static void metrics_trunks(const gw_control_env *env, GString *out) {
  gw_sip_trunk_info t;
  head(out, "trunk_up", GAUGE, "1: the trunk can be used (registered, or its host answers).");
  for (guint i = 0; env->sip && gw_sip_get_trunk(env->sip, i, &t); i++) {
    if (t.personal) continue; /* whose account that is does not belong here */
    g_autofree char *labels = g_strdup_printf("{trunk=\"%s\"}", t.name);
    sample(out, "trunk_up", labels, t.state == GW_TRUNK_UP);
  }
}

static void metrics_workers(const gw_control_env *env, GString *out) {
  static const struct {
    const char *name, *help;
    metric_type type;
  } rows[] = {{"worker_rooms", "Rooms on a media worker.", GAUGE},
              {"worker_load", "Busy share of a media worker, 0..1.", GAUGE},
              {"worker_ticks_total", "20 ms rounds of a media worker.", COUNTER},
              {"worker_late_ticks_total", "Rounds that began late.", COUNTER}};
  guint n = env->media ? gw_media_workers(env->media) : 0;
  for (guint k = 0; k < G_N_ELEMENTS(rows); k++) {
    head(out, rows[k].name, rows[k].type, rows[k].help);
    for (guint i = 0; i < n; i++) {
      gw_worker_stats s = {0};
      gw_media_get_worker(env->media, i, &s);
      g_autofree char *labels = g_strdup_printf("{worker=\"%u\"}", i);
      const double values[] = {s.rooms, s.load, (double)s.ticks, (double)s.late_ticks};
      sample(out, rows[k].name, labels, values[k]);
    }
  }
}

static void lateness_of(GString *out, guint worker, const gw_worker_stats *s) {
  guint64 ticks = 0;
  for (guint i = 0; i < GW_LATENESS_BINS; i++) {
    char bound[G_ASCII_DTOSTR_BUF_SIZE] = "+Inf";
    if (i < GW_LATENESS_BINS - 1)
      g_ascii_formatd(bound, sizeof bound, "%g", gw_lateness_us[i] / 1e6);
    g_autofree char *labels = g_strdup_printf("{worker=\"%u\",le=\"%s\"}", worker, bound);
    ticks += s->lateness[i];
    sample(out, "worker_tick_late_seconds_bucket", labels, (double)ticks);
  }
  g_autofree char *labels = g_strdup_printf("{worker=\"%u\"}", worker);
  sample(out, "worker_tick_late_seconds_sum", labels, (double)s->lateness_us / 1e6);
  sample(out, "worker_tick_late_seconds_count", labels, (double)ticks);
}

static void metrics_ticks(const gw_control_env *env, GString *out) {
  guint n = env->media ? gw_media_workers(env->media) : 0;
  gw_worker_stats s = {0};
  head(out, "worker_stage_seconds_total", COUNTER,
       "CPU time of a media worker by stage of its rounds.");
  for (guint i = 0; i < n; i++) {
    gw_media_get_worker(env->media, i, &s);
    for (gw_stage k = 0; k < GW_STAGES; k++) {
      g_autofree char *labels =
          g_strdup_printf("{worker=\"%u\",stage=\"%s\"}", i, gw_stage_word(k));
      sample(out, "worker_stage_seconds_total", labels, (double)s.stage_us[k] / 1e6);
    }
  }
  head(out, "worker_tick_late_seconds", HISTOGRAM, "How late a round of a media worker began.");
  for (guint i = 0; i < n; i++) {
    gw_media_get_worker(env->media, i, &s);
    lateness_of(out, i, &s);
  }
}

char *gw_metrics_text(const gw_control_env *env) {
  GString *out = g_string_new(NULL);
  head(out, "info", GAUGE, "Version of the daemon.");
  sample(out, "info", "{version=\"" TIPRING_VERSION "\"}", 1);
  metrics_daemon(env, out);
  metrics_ended(env, out);
  metrics_sound(env, out);
  metrics_xmpp(env, out);
  metrics_sip(env, out);
  metrics_trunks(env, out);
  metrics_workers(env, out);
  metrics_ticks(env, out);
  return g_string_free(out, FALSE);
}

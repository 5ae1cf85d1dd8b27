/* commands_daemon.c - the daemon itself: status, configuration, log, reload, drain. */
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "daemon/commands.h"
#include "daemon/commands_guard.h"

gboolean gw_env_ready(const gw_control_env *env) {
  return env->sip_listening && env->xmpp && gw_xmpp_get_state(env->xmpp) == GW_XMPP_UP;
}

guint gw_phones_registered(const gw_control_env *env) {
  guint n = env->conf ? gw_conf_count(env->conf, "phones") : 0, registered = 0;
  for (guint i = 0; env->sip && i < n; i++) {
    g_autofree char *path = g_strdup_printf("phones[%u].number", i);
    registered += gw_sip_contacts(env->sip, gw_conf_str(env->conf, path)) > 0;
  }
  return registered;
}

guint gw_trunks_up(const gw_control_env *env) {
  gw_sip_trunk_info t;
  guint n = 0;
  for (guint i = 0; env->sip && gw_sip_get_trunk(env->sip, i, &t); i++)
    n += t.state == GW_TRUNK_UP && !t.personal;
  return n;
}

static const char *stream_word(const gw_control_env *env) {
  switch (env->xmpp ? gw_xmpp_get_state(env->xmpp) : GW_XMPP_DOWN) {
  case GW_XMPP_UP:
    return "up";
  case GW_XMPP_CONNECTING:
    return "connecting";
  default:
    return "down";
  }
}

static void begin(JsonBuilder *b, const char *name) {
  json_builder_set_member_name(b, name);
  json_builder_begin_object(b);
}

static void counted(JsonBuilder *b, const char *name, const char *all, guint n_all,
                    const char *some, guint n_some) {
  begin(b, name);
  gw_json_int(b, all, n_all);
  gw_json_int(b, some, n_some);
  json_builder_end_object(b);
}

static void status_streams(const gw_control_env *env, JsonBuilder *b) {
  g_auto(GStrv) listen = env->sip ? gw_sip_listening(env->sip) : NULL;
  begin(b, "xmpp");
  gw_json_string(b, "state", stream_word(env));
  gw_json_string(b, "jid", env->xmpp ? gw_xmpp_jid(env->xmpp) : NULL);
  gw_json_time(b, "since", env->xmpp_since_wall_us);
  json_builder_end_object(b);
  begin(b, "sip");
  json_builder_set_member_name(b, "listen");
  json_builder_begin_array(b);
  for (char **one = listen; one && *one; one++)
    json_builder_add_string_value(b, *one);
  json_builder_end_array(b);
  json_builder_end_object(b);
}

/* CPU of each stage in us per tick, and ticks by how late they began. */
static void status_ticks(const gw_worker_stats *stats, JsonBuilder *b) {
  begin(b, "stages_us");
  for (gw_stage i = 0; i < GW_STAGES; i++)
    gw_json_real(b, gw_stage_word(i), stats->ticks ? (double)stats->stage_us[i] / (double)stats->ticks : 0);
  json_builder_end_object(b);
  begin(b, "late_ms");
  for (guint i = 0; i < GW_LATENESS_BINS; i++) {
    g_autofree char *bound =
        i < GW_LATENESS_BINS - 1 ? g_strdup_printf("%u", gw_lateness_us[i] / 1000) : g_strdup("more");
    gw_json_int(b, bound, (gint64)stats->lateness[i]);
  }
  json_builder_end_object(b);
}

static void status_workers(const gw_control_env *env, JsonBuilder *b) {
  guint n = env->media ? gw_media_workers(env->media) : 0;
  json_builder_set_member_name(b, "workers");
  json_builder_begin_array(b);
  for (guint i = 0; i < n; i++) {
    gw_worker_stats stats = {0};
    gw_media_get_worker(env->media, i, &stats);
    json_builder_begin_object(b);
    gw_json_int(b, "rooms", stats.rooms);
    gw_json_real(b, "load", stats.load);
    gw_json_int(b, "ticks", (gint64)stats.ticks);
    status_ticks(&stats, b);
    json_builder_end_object(b);
  }
  json_builder_end_array(b);
}

JsonNode *gw_status_json(const gw_control_env *env) {
  JsonBuilder *b = json_builder_new();
  json_builder_begin_object(b);
  gw_json_string(b, "version", TIPRING_VERSION);
  gw_json_time(b, "up_since", env->started_wall_us);
  gw_json_bool(b, "ready", gw_env_ready(env));
  gw_json_bool(b, "draining", env->draining);
  status_streams(env, b);
  counted(b, "phones", "known", env->conf ? gw_conf_count(env->conf, "phones") : 0, "registered",
          gw_phones_registered(env));
  counted(b, "trunks", "known", env->conf ? gw_conf_count(env->conf, "trunks") : 0, "registered",
          gw_trunks_up(env));
  counted(b, "calls", "now", env->bridge ? gw_bridge_call_count(env->bridge) : 0, "max",
          env->conf ? (guint)gw_conf_int(env->conf, "sip.max_calls") : 0);
  status_workers(env, b);
  if (env->relays) {
    json_builder_set_member_name(b, "relays");
    env->relays(env->user, b);
  }
  gw_status_guard_json(env, b);
  json_builder_end_object(b);
  return gw_json_done(b);
}

#define LATE_BINS 3 /* up to 5 ms */
static guint64 late_ticks(const gw_worker_stats *stats) {
  guint64 sum = 0;
  for (guint i = LATE_BINS; i < GW_LATENESS_BINS; i++)
    sum += stats->lateness[i];
  return sum;
}

static void text_workers(const gw_control_env *env, GString *out) {
  guint n = env->media ? gw_media_workers(env->media) : 0;
  for (guint i = 0; i < n; i++) {
    gw_worker_stats stats = {0};
    gw_media_get_worker(env->media, i, &stats);
    g_string_append_printf(out, "worker %u  %u rooms, %.0f %% busy", i, stats.rooms, stats.load * 100);
    for (gw_stage k = 0; k < GW_STAGES && stats.ticks; k++)
      g_string_append_printf(out, "%s %s %.0f", k ? "," : "; us per tick:", gw_stage_word(k),
                             (double)stats.stage_us[k] / (double)stats.ticks);
    g_string_append_printf(out, "; late by over 5 ms: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT "\n",
                           late_ticks(&stats), stats.ticks);
  }
}

static char *status_text(const gw_control_env *env) {
  GString *out = g_string_new(NULL);
  g_autofree char *up = env->started_wall_us ? gw_rfc3339(env->started_wall_us) : g_strdup("-");
  g_autofree char *since =
      env->xmpp_since_wall_us ? gw_rfc3339(env->xmpp_since_wall_us) : g_strdup("-");
  g_auto(GStrv) listen = env->sip ? gw_sip_listening(env->sip) : NULL;
  g_autofree char *joined = listen ? g_strjoinv(" ", listen) : g_strdup("-");
  g_string_append_printf(out, "tipringd  %s, up since %s%s\n", TIPRING_VERSION, up,
                         env->draining ? ", draining" : "");
  g_string_append_printf(out, "ready     %s\n", gw_env_ready(env) ? "yes" : "no");
  g_string_append_printf(out, "xmpp      %s since %s\n", stream_word(env), since);
  g_string_append_printf(out, "sip       %s\n", joined);
  g_string_append_printf(out, "phones    %u of %u registered\n", gw_phones_registered(env),
                         env->conf ? gw_conf_count(env->conf, "phones") : 0);
  if (env->conf && gw_conf_count(env->conf, "trunks"))
    g_string_append_printf(out, "trunks    %u of %u up\n", gw_trunks_up(env),
                           gw_conf_count(env->conf, "trunks"));
  g_string_append_printf(out, "calls     %u of %" G_GINT64_FORMAT "\n",
                         env->bridge ? gw_bridge_call_count(env->bridge) : 0,
                         env->conf ? gw_conf_int(env->conf, "sip.max_calls") : 0);
  text_workers(env, out);
  gw_status_guard_text(env, out);
  if (env->store && gw_store_failing(env->store))
    g_string_append(out, "store     cannot be written: look at the log and at the disk\n");
  return g_string_free(out, FALSE);
}

void gw_do_status(gw_request *request, gw_control_env *env, const char *const *rest) {
  /* --wait is the client's: it asks again. */
  if (rest[0])
    gw_request_usage(request, "usage: tipringctl status [--wait SECONDS]");
  else
    gw_request_reply(request, 0, status_text(env), gw_status_json(env));
}

/* --- configuration */
/* The file's way of writing a value is JSON's, too, but for lists of groups: an empty one is all
 * that comes here. */
static void config_json(JsonBuilder *b, const gw_conf_value *v) {
  const char *text = v->type == GW_CONF_GROUPS ? "[]" : v->text;
  JsonNode *node = gw_json_parse(text, strlen(text), 1, NULL);
  json_builder_set_member_name(b, v->path);
  if (node)
    json_builder_add_value(b, node);
  else
    json_builder_add_null_value(b);
}

void gw_do_config(gw_request *request, gw_control_env *env, const char *const *rest) {
  if (!env->conf) {
    gw_request_fail(request, "the daemon is still starting: try again");
    return;
  }
  g_autoptr(GPtrArray) values = gw_conf_dump(env->conf);
  JsonBuilder *b = json_builder_new();
  GString *out = g_string_new(NULL);
  g_string_append_printf(out, "# %s\n", gw_conf_file(env->conf));
  json_builder_begin_object(b);
  for (guint i = 0; i < values->len; i++) {
    const gw_conf_value *v = g_ptr_array_index(values, i);
    g_string_append_printf(out, "%c %s = %s\n", v->is_default ? ' ' : '*', v->path, v->text);
    config_json(b, v);
  }
  json_builder_end_object(b);
  gw_request_reply(request, 0, g_string_free(out, FALSE), gw_json_done(b));
}

void gw_do_log(gw_request *request, gw_control_env *env, const char *const *rest) {
  gw_log_level level;
  if (!gw_log_level_parse(rest[0], &level)) {
    gw_request_usage(request, "\"%s\" is no level: error, warn, info, debug, trace", rest[0]);
    return;
  }
  gw_log_set_level(level);
  gw_info(NULL, "log-level", "level=%s", rest[0]);
  gw_request_reply(request, 0, g_strdup_printf("logging %s\n", rest[0]), NULL);
}

void gw_do_reload(gw_request *request, gw_control_env *env, const char *const *rest) {
  g_autoptr(GError) error = NULL;
  g_autofree char *done = env->reload ? env->reload(env->user, &error) : NULL;
  if (done)
    gw_request_reply(request, 0, g_strconcat(done, "\n", NULL), NULL);
  else
    gw_request_fail(request, "the old configuration stays in force: %s",
                    error ? error->message : "this daemon cannot reload");
}

void gw_do_drain(gw_request *request, gw_control_env *env, const char *const *rest) {
  guint calls = env->bridge ? gw_bridge_call_count(env->bridge) : 0;
  JsonBuilder *b = json_builder_new();
  json_builder_begin_object(b);
  gw_json_int(b, "calls", calls);
  json_builder_end_object(b);
  gw_request_reply(request, 0, g_strdup_printf("no new calls; %u to go\n", calls), gw_json_done(b));
  if (env->drain) env->drain(env->user);
}

void gw_do_version(gw_request *request, gw_control_env *env, const char *const *rest) {
  JsonBuilder *b = json_builder_new();
  json_builder_begin_object(b);
  gw_json_string(b, "version", TIPRING_VERSION);
  json_builder_end_object(b);
  gw_request_reply(request, 0, g_strdup(TIPRING_VERSION "\n"), gw_json_done(b));
}

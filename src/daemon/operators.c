#include "daemon/operators.h"
#include <string.h>
#include "base/log.h"
#include "daemon/request.h"

#define MOST_OPTIONS 50 /* calls or rooms to choose from */

/* Which commands go by XMPP: none that makes or shows a password, none that ends the daemon. */
static const gw_command exposed[] = {GW_CMD_STATUS,        GW_CMD_CALL_LIST,   GW_CMD_CALL_SHOW,
                                     GW_CMD_CALL_DIAL,     GW_CMD_CALL_HANGUP, GW_CMD_CALL_MUTE,
                                     GW_CMD_CALL_UNMUTE,   GW_CMD_ROOM_LIST,   GW_CMD_ROOM_ADD,
                                     GW_CMD_ROOM_REMOVE,   GW_CMD_PHONE_LIST,  GW_CMD_TRUNK_LIST,
                                     GW_CMD_ACCOUNT_LIST,  GW_CMD_ACCOUNT_REMOVE,
                                     GW_CMD_ROUTE_EXPLAIN, GW_CMD_HISTORY,     GW_CMD_RELOAD};

typedef struct {
  gw_operators *operators;
  gw_request *request; /* NULL: answered */
  guint ticket;
} running;

struct gw_operators {
  gw_control_env *env;
  gw_adhoc_command commands[G_N_ELEMENTS(exposed)];
  char *nodes[G_N_ELEMENTS(exposed)];
  GPtrArray *running; /* running* */
};

/* --- forms */

static void add_option(GPtrArray *values, GPtrArray *names, const char *value, char *name_taken) {
  if (values->len < MOST_OPTIONS) {
    g_ptr_array_add(values, g_strdup(value));
    g_ptr_array_add(names, name_taken);
  } else {
    g_free(name_taken);
  }
}

static void live_calls(const gw_operators *o, GPtrArray *values, GPtrArray *names) {
  g_autoptr(GPtrArray) calls = o->env->bridge ? gw_bridge_calls(o->env->bridge) : g_ptr_array_new();
  for (guint i = 0; i < calls->len; i++) {
    const gw_call_info *c = calls->pdata[i];
    const char *who = c->phone ? c->phone : c->name;
    add_option(values, names, c->id,
               g_strdup_printf("%s: %s in %s (%s)", c->id, who ? who : "?", c->room ? c->room : "-",
                               c->state));
  }
}

static void room_numbers(const gw_operators *o, GPtrArray *values, GPtrArray *names) {
  g_autoptr(GPtrArray) rooms = o->env->bridge ? gw_bridge_rooms(o->env->bridge) : g_ptr_array_new();
  for (guint i = 0; i < rooms->len; i++) {
    const gw_room_info *r = rooms->pdata[i];
    add_option(values, names, r->number, g_strdup_printf("%s: %s", r->number, r->room));
  }
}

/* Nothing to choose from: the field stays one to write in, and the command says what is wrong with it. */
static void offer(const gw_operators *o, gw_field *f,
                  void (*list)(const gw_operators *, GPtrArray *, GPtrArray *)) {
  GPtrArray *values = g_ptr_array_new(), *names = g_ptr_array_new();
  list(o, values, names);
  gboolean any = values->len > 0;
  g_ptr_array_add(values, NULL);
  g_ptr_array_add(names, NULL);
  f->options = (char **)g_ptr_array_free(values, FALSE);
  f->option_labels = (char **)g_ptr_array_free(names, FALSE);
  if (any) f->type = GW_FIELD_LIST;
}

static GPtrArray *form(guint command, void *user) {
  gw_operators *o = user;
  GPtrArray *fields = gw_operator_fields(&gw_command_table[exposed[command]]);
  for (guint i = 0; i < fields->len; i++) {
    gw_field *f = fields->pdata[i];
    if (!strcmp(f->var, "id") && exposed[command] != GW_CMD_CALL_SHOW) offer(o, f, live_calls);
    if (!strcmp(f->var, "room")) offer(o, f, room_numbers);
  }
  return fields;
}

/* --- running */

static void on_reply(int exit, const char *out, JsonNode *json, void *user) {
  running *r = user;
  gw_operators *o = r->operators;
  gw_adhoc_result result;
  gw_operator_result(exit, out, json, &result);
  r->request = NULL;
  gw_xmpp_adhoc_done(o->env->xmpp, r->ticket, &result);
  gw_adhoc_result_clear(&result);
  g_ptr_array_remove(o->running, r);
}

static void run(guint command, const char *who, const GPtrArray *values, guint ticket, void *user) {
  gw_operators *o = user;
  g_auto(GStrv) words = gw_operator_words(&gw_command_table[exposed[command]], values);
  running *r = g_new0(running, 1);
  *r = (running){.operators = o, .ticket = ticket};
  g_ptr_array_add(o->running, r);
  r->request = gw_request_new(on_reply, r);
  gw_command_run(r->request, o->env, (const char *const *)words);
}

static void running_free(void *p) {
  running *r = p;
  if (r->request) gw_request_orphan(r->request);
  g_free(r);
}

gw_operators *gw_operators_new(gw_control_env *env) {
  static const gw_adhoc_events events = {.form = form, .run = run};
  gw_operators *o = g_new0(gw_operators, 1);
  o->env = env;
  o->running = g_ptr_array_new_with_free_func(running_free);
  for (guint i = 0; i < G_N_ELEMENTS(exposed); i++) {
    const char *name = gw_command_table[exposed[i]].name;
    o->nodes[i] = g_strdelimit(g_strconcat("tipring:", name, NULL), " ", '-');
    o->commands[i] = (gw_adhoc_command){o->nodes[i], name};
  }
  gw_xmpp_set_commands(env->xmpp, o->commands, G_N_ELEMENTS(exposed), &events, o);
  return o;
}

void gw_operators_free(gw_operators *o) {
  if (!o) return;
  gw_xmpp_set_commands(o->env->xmpp, NULL, 0, &(gw_adhoc_events){0}, NULL);
  g_ptr_array_unref(o->running);
  for (guint i = 0; i < G_N_ELEMENTS(exposed); i++)
    g_free(o->nodes[i]);
  g_free(o);
}

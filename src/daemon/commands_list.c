/* commands_list.c - rooms, phones, trunks, routes. */
#include "base/clock.h"
#include "daemon/commands.h"

void gw_do_room_list(gw_request *request, gw_control_env *env, const char *const *rest) {
  JsonBuilder *b = json_builder_new();
  gw_table *table = gw_table_new((const char *const[]){"NUMBER", "ROOM", "FLAVOUR", "WATCHING",
                                                       "PARTICIPANTS", "CALLS", "SOURCE", NULL});
  g_autoptr(GPtrArray) rooms = env->bridge ? gw_bridge_rooms(env->bridge) : g_ptr_array_new();
  json_builder_begin_array(b);
  for (guint i = 0; i < rooms->len; i++) {
    const gw_room_info *room = g_ptr_array_index(rooms, i);
    g_autofree char *participants = g_strdup_printf("%u", room->participants);
    g_autofree char *calls = g_strdup_printf("%u", room->calls);
    const char *source = room->from_file ? "file" : "store";
    json_builder_begin_object(b);
    gw_json_string(b, "number", room->number);
    gw_json_string(b, "room", room->room);
    gw_json_string(b, "flavour", room->flavour);
    gw_json_bool(b, "watching", room->watching);
    gw_json_int(b, "participants", room->participants);
    gw_json_int(b, "calls", room->calls);
    gw_json_string(b, "source", source);
    gw_json_string(b, "problem", room->problem);
    json_builder_end_object(b);
    gw_table_row(table, (const char *const[]){room->number, room->room, room->flavour,
                                              room->watching ? "yes" : "no", participants, calls,
                                              source, NULL});
  }
  json_builder_end_array(b);
  gw_request_reply(request, 0, gw_table_text(table), gw_json_done(b));
}

static void phone_contacts(JsonBuilder *b, char **contacts) {
  json_builder_set_member_name(b, "contacts");
  json_builder_begin_array(b);
  for (char **contact = contacts; *contact; contact++)
    json_builder_add_string_value(b, *contact);
  json_builder_end_array(b);
}

static void list_phone(gw_control_env *env, guint i, JsonBuilder *b, gw_table *table) {
  g_autofree char *number_path = g_strdup_printf("phones[%u].number", i);
  g_autofree char *name_path = g_strdup_printf("phones[%u].name", i);
  const char *number = gw_conf_str(env->conf, number_path);
  const char *name = gw_conf_str(env->conf, name_path);
  const char *source = gw_conf_item_from_file(env->conf, "phones", i) ? "file" : "store";
  gboolean registered = env->sip && gw_sip_contacts(env->sip, number) > 0;
  g_auto(GStrv) contacts =
      registered && env->store ? gw_store_contacts(env->store, number) : g_new0(char *, 1);
  g_autofree char *joined = g_strjoinv(" ", contacts);
  json_builder_begin_object(b);
  gw_json_string(b, "number", number);
  gw_json_string(b, "name", name);
  gw_json_bool(b, "registered", registered);
  phone_contacts(b, contacts);
  gw_json_string(b, "source", source);
  json_builder_end_object(b);
  gw_table_row(
      table, (const char *const[]){number, name, registered ? "yes" : "no", joined, source, NULL});
}

void gw_do_phone_list(gw_request *request, gw_control_env *env, const char *const *rest) {
  JsonBuilder *b = json_builder_new();
  gw_table *table = gw_table_new(
      (const char *const[]){"NUMBER", "NAME", "REGISTERED", "CONTACTS", "SOURCE", NULL});
  guint n = env->conf ? gw_conf_count(env->conf, "phones") : 0;
  json_builder_begin_array(b);
  for (guint i = 0; i < n; i++)
    list_phone(env, i, b, table);
  json_builder_end_array(b);
  gw_request_reply(request, 0, gw_table_text(table), gw_json_done(b));
}

void gw_do_trunk_list(gw_request *request, gw_control_env *env, const char *const *rest) {
  static const char *const states[] = {"trying", "up", "down"};
  JsonBuilder *b = json_builder_new();
  gw_table *table =
      gw_table_new((const char *const[]){"NAME", "STATE", "SINCE", "HOST", "REASON", NULL});
  gw_sip_trunk_info t;
  json_builder_begin_array(b);
  for (guint i = 0; env->sip && gw_sip_get_trunk(env->sip, i, &t); i++) {
    if (t.personal) continue; /* account list */
    g_autofree char *since = gw_rfc3339(t.since_wall_us);
    json_builder_begin_object(b);
    gw_json_string(b, "name", t.name);
    gw_json_string(b, "state", states[t.state]);
    gw_json_time(b, "since", t.since_wall_us);
    gw_json_string(b, "reason", *t.reason ? t.reason : NULL);
    gw_json_string(b, "host", *t.host ? t.host : NULL);
    gw_json_bool(b, "registers", t.registers);
    json_builder_end_object(b);
    gw_table_row(table,
                 (const char *const[]){t.name, states[t.state], since, t.host, t.reason, NULL});
  }
  json_builder_end_array(b);
  gw_request_reply(request, 0, gw_table_text(table), gw_json_done(b));
}

static char *route_text(const gw_route *route) {
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < route->tried->len; i++) {
    const gw_route_step *step = g_ptr_array_index(route->tried, i);
    g_string_append_printf(out, "%s %s: %s\n", step->matched ? "*" : " ", step->rule, step->why);
  }
  if (route->menu)
    g_string_append(out, "allowed: asks for the room\n");
  else if (route->trunk)
    g_string_append_printf(out, "allowed: %s goes out by trunk %s\n", route->number, route->trunk);
  else if (route->allowed && !route->room)
    g_string_append_printf(out, "allowed: rings phone %s\n", route->number);
  else if (route->person)
    g_string_append_printf(out, "allowed: calls %s\n", route->room);
  else if (route->allowed)
    g_string_append_printf(out, "allowed: into %s\n", route->room);
  else
    g_string_append_printf(out, "refused: SIP %u\n", route->code);
  return g_string_free(out, FALSE);
}

static JsonNode *route_json(const gw_route *route) {
  JsonBuilder *b = json_builder_new();
  json_builder_begin_object(b);
  gw_json_bool(b, "allowed", route->allowed);
  gw_json_string(b, "room", route->room);
  gw_json_string(b, "trunk", route->trunk);
  if (route->code)
    gw_json_int(b, "code", route->code);
  else
    gw_json_null(b, "code");
  json_builder_set_member_name(b, "tried");
  json_builder_begin_array(b);
  for (guint i = 0; i < route->tried->len; i++) {
    const gw_route_step *step = g_ptr_array_index(route->tried, i);
    json_builder_begin_object(b);
    gw_json_string(b, "rule", step->rule);
    gw_json_bool(b, "matched", step->matched);
    gw_json_string(b, "why", step->why);
    json_builder_end_object(b);
  }
  json_builder_end_array(b);
  json_builder_end_object(b);
  return gw_json_done(b);
}

void gw_do_route_explain(gw_request *request, gw_control_env *env, const char *const *rest) {
  gw_route *route = env->bridge ? gw_bridge_route(env->bridge, rest[0], rest[1]) : NULL;
  if (!route) {
    gw_request_fail(request, "the daemon is still starting: try again");
    return;
  }
  gw_request_reply(request, 0, route_text(route), route_json(route));
  gw_route_free(route);
}

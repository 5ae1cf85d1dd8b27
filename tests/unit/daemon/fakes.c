/* fakes.c - stand-ins for the rooms below the daemon: what they tell is set by the tests. */
#include "fakes.h"
#include "xmpp/register.h"

fake_world fake;

void fake_reset(void) {
  g_free(fake.hung_up);
  g_free(fake.muted);
  g_free(fake.forgotten);
  fake = (fake_world){.stream = GW_XMPP_DOWN};
}

static gw_call_info *a_call(const char *id) {
  gw_call_info *call = g_new0(gw_call_info, 1);
  call->id = g_strdup(id);
  call->phone = g_strdup("100");
  call->name = g_strdup("Front \033[31mdesk");
  call->direction = "in";
  call->state = "talking";
  call->peers = g_ptr_array_new();
  call->have_sip = TRUE;
  call->sip = (gw_media_stats){.lost = 3, .concealed_ms = 60, .jitter_ms = 7, .buffer_ms = 45, .listened_ms = 4000, .spoken_ms = 1000};
  return call;
}

void gw_call_info_free(gw_call_info *call) {
  if (!call) return;
  g_free(call->id);
  g_free(call->phone);
  g_free(call->name);
  g_ptr_array_unref(call->peers);
  for (guint i = 0; call->hops && i < call->hops->len; i++) {
    gw_hop *hop = call->hops->pdata[i];
    g_free(hop->event);
    g_free(hop);
  }
  if (call->hops) g_ptr_array_unref(call->hops);
  g_free(call);
}

GPtrArray *gw_bridge_calls(gw_bridge *bridge) {
  GPtrArray *calls = g_ptr_array_new_with_free_func((GDestroyNotify)gw_call_info_free);
  for (guint i = 0; i < fake.calls; i++) {
    g_autofree char *id = g_strdup_printf("c%u", i);
    g_ptr_array_add(calls, a_call(id));
  }
  return calls;
}

static gboolean known(const char *id) {
  return g_str_has_prefix(id, "c") && g_ascii_strtoull(id + 1, NULL, 10) < fake.calls;
}

void gw_bridge_sum_streams(const gw_bridge *bridge, gw_stream_sums *ret_phones, gw_stream_sums *ret_room) {
  *ret_phones = *ret_room = (gw_stream_sums){0};
  g_autoptr(GPtrArray) calls = gw_bridge_calls((gw_bridge *)bridge);
  for (guint i = 0; i < calls->len; i++) {
    const gw_media_stats *s = &((gw_call_info *)calls->pdata[i])->sip;
    ret_phones->streams++;
    ret_phones->lost += s->lost;
    ret_phones->concealed_ms += s->concealed_ms;
    ret_phones->listened_ms += s->listened_ms;
    ret_phones->spoken_ms += s->spoken_ms;
    ret_phones->jitter_ms = s->jitter_ms;
  }
}

gw_call_info *gw_bridge_call(gw_bridge *bridge, const char *id) {
  return known(id) ? a_call(id) : NULL;
}

gw_call_info *gw_bridge_latest(gw_bridge *bridge, const char *phone, const char *number,
                               gint64 since_wall_us) {
  if (!fake.let_in) return NULL;
  gw_call_info *call = a_call("test");
  gw_hop *hop = g_new0(gw_hop, 1);
  hop->event = g_strdup("muc-joined");
  hop->ms = 7;
  call->hops = g_ptr_array_new();
  g_ptr_array_add(call->hops, hop);
  return call;
}

gboolean gw_bridge_credential(gw_sip *sip, const char *user, const char **ret_password,
                              void *bridge) {
  *ret_password = "p100";
  return !strcmp(user, "100");
}

guint gw_bridge_call_count(const gw_bridge *bridge) {
  return fake.calls;
}

gboolean gw_bridge_hangup(gw_bridge *bridge, const char *id) {
  if (known(id)) fake.hung_up = g_strdup(id);
  return known(id);
}

char *gw_bridge_dial(gw_bridge *bridge, const char *number, const char *room, char **ret_why) {
  if (g_str_equal(number, "100") && g_str_equal(room, "8000")) return g_strdup("c9");
  *ret_why = g_strdup_printf("%s is not registered", number);
  return NULL;
}

gboolean gw_bridge_mute(gw_bridge *bridge, const char *id, gboolean on) {
  if (known(id)) fake.muted = g_strdup_printf("%s %d", id, on);
  return known(id);
}

char *gw_call_info_json(const gw_call_info *call, gboolean full) {
  return g_strdup_printf("{\"id\":\"%s\",\"state\":\"%s\"%s}", call->id, call->state,
                         full ? ",\"hops\":[],\"cause\":null" : "");
}

char *gw_call_trace_json(const gw_call_info *call) {
  return g_strdup_printf("{\"id\":\"%s\",\"events\":[{\"ms\":4,\"lane\":\"sip\",\"from\":\"phone\","
                         "\"to\":\"gateway\",\"text\":\"INVITE 8000\"}],\"dropped\":0}",
                         call->id);
}

const double gw_mos_bounds[GW_MOS_BUCKETS] = {2, 3, 3.6, 4, 4.3, 4.5};

guint gw_bridge_slowed(const gw_bridge *bridge, gw_lockout_slow *ret, guint max) {
  ret[0] = (gw_lockout_slow){GW_LOCK_ROOM, "standup@rooms.example.org", 7, 10};
  return fake.slowed;
}

void gw_bridge_get_counters(const gw_bridge *bridge, gw_bridge_counters *ret) {
  *ret = (gw_bridge_counters){.ended = {[GW_CAUSE_BUSY] = 3},
                              .mos_buckets = {0, 0, 1, 1, 2, 2},
                              .mos_sum = 7.75,
                              .mos_count = 2};
}

static void room_free(void *data) {
  gw_room_info *room = data;
  g_free(room->number);
  g_free(room->room);
  g_free(room->flavour);
  g_free(room);
}

GPtrArray *gw_bridge_rooms(gw_bridge *bridge) {
  GPtrArray *rooms = g_ptr_array_new_with_free_func(room_free);
  gw_room_info *room = g_new0(gw_room_info, 1);
  *room = (gw_room_info){.number = g_strdup("8000"),
                         .room = g_strdup("a@c.x"),
                         .flavour = g_strdup("auto"),
                         .watching = TRUE,
                         .from_file = TRUE,
                         .participants = 3,
                         .calls = 1};
  g_ptr_array_add(rooms, room);
  return rooms;
}

static void step_free(void *data) {
  gw_route_step *step = data;
  g_free(step->rule);
  g_free(step->why);
  g_free(step);
}

gw_route *gw_bridge_route(gw_bridge *bridge, const char *from, const char *to) {
  gw_route *route = g_new0(gw_route, 1);
  gw_route_step *step = g_new0(gw_route_step, 1);
  route->allowed = g_str_equal(to, "8000");
  route->room = route->allowed ? g_strdup("a@c.x") : NULL;
  route->code = route->allowed ? 0 : 404;
  route->tried = g_ptr_array_new_with_free_func(step_free);
  *step = (gw_route_step){g_strdup("rooms"), route->allowed, g_strdup("because")};
  g_ptr_array_add(route->tried, step);
  return route;
}

void gw_route_free(gw_route *route) {
  g_ptr_array_unref(route->tried);
  g_free(route->room);
  g_free(route);
}

gboolean gw_sip_find_trunk(const gw_sip *sip, const char *name, gw_sip_trunk_info *ret) {
  return FALSE;
}

void gw_xmpp_set_register_events(gw_xmpp *x, const gw_register_events *events, void *user) {
}

void gw_xmpp_set_registration(gw_xmpp *x, const char *const *patterns, const char *const *registrars) {
}

gboolean gw_xmpp_may_register(const gw_xmpp *x, const char *jid) {
  return FALSE;
}

gboolean gw_xmpp_tell_account(gw_xmpp *x, const char *bare, const char *status, const char *text) {
  return FALSE;
}

gboolean gw_sip_get_trunk(const gw_sip *sip, guint i, gw_sip_trunk_info *ret) {
  *ret = (gw_sip_trunk_info){.name = "provider",
                             .host = "udp:192.0.2.7:5060",
                             .reason = "403 Forbidden",
                             .state = GW_TRUNK_DOWN,
                             .since_wall_us = G_GINT64_CONSTANT(1790000000000000)};
  return i == 0;
}

guint gw_sip_contacts(const gw_sip *sip, const char *number) {
  return g_strcmp0(number, fake.registered) == 0;
}

char **gw_sip_listening(const gw_sip *sip) {
  return g_strsplit("udp:127.0.0.1:5060", ",", -1);
}

void gw_sip_forget_phone(gw_sip *sip, const char *number) {
  fake.forgotten = g_strdup(number);
}

guint gw_sip_bans(const gw_sip *sip, gw_sip_ban *ret, guint max) {
  ret[0] = (gw_sip_ban){"192.0.2.7", "100", 30};
  ret[1] = (gw_sip_ban){"198.51.100.0", "", 3600};
  return fake.bans;
}

void gw_sip_get_counters(const gw_sip *sip, gw_sip_counters *ret) {
  *ret = (gw_sip_counters){.auth_failed = 5, .calls = fake.calls};
}

gw_xmpp_state gw_xmpp_get_state(const gw_xmpp *xmpp) {
  if (fake.up_after && --fake.up_after == 0) fake.stream = GW_XMPP_UP;
  return fake.stream;
}

const char *gw_xmpp_jid(const gw_xmpp *xmpp) {
  return "p.example.org";
}

void gw_xmpp_get_counters(const gw_xmpp *xmpp, gw_xmpp_counters *ret) {
  *ret = (gw_xmpp_counters){.stanzas_in = 11, .stanzas_out = 12};
}

guint gw_media_workers(const gw_media *media) {
  return 2;
}

void gw_media_get_worker(const gw_media *media, guint i, gw_worker_stats *ret) {
  *ret = (gw_worker_stats){.rooms = i, .load = 0.25, .ticks = 100, .lateness = {97, 0, 0, 3}, .lateness_us = 23000};
  ret->stage_us[GW_STAGE_READ] = 200;
}

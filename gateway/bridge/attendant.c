/* attendant.c - carries out what the ivr of one call wants: prompts of its language, keys, the room. */
#include "gateway/bridge/private.h"

typedef enum { NOTHING, A_FILE, NAMES } saying;

struct gw_attendant {
  gw_call *call;
  gw_ivr *ivr;
  char *language;
  gw_keys keys;
  gw_timer *timer;
  saying now;    /* what the caller is told, or will be when the moved leg is there */
  char *file;    /* A_FILE: which */
  GQueue events; /* gw_ie_type answers to actions of a running step: a step is never nested */
  gboolean busy;
  gboolean inside, waiting; /* as told last */
  guint in_call, in_room;
};

/* Own language, English, none (music). NULL: there is no such prompt. */
static char *file_of(const gw_attendant *a, const char *prompt) {
  const char *const languages[] = {a->language, "en"};
  for (guint i = 0; i < G_N_ELEMENTS(languages); i++) {
    g_autofree char *name = g_strdup_printf("%s/%s", languages[i], prompt);
    if (gw_media_has_prompt(a->call->bridge->media, name)) return g_steal_pointer(&name);
  }
  return gw_media_has_prompt(a->call->bridge->media, prompt) ? g_strdup(prompt) : NULL;
}

static void later(gw_attendant *a, gw_ie_type type) {
  g_queue_push_tail(&a->events, GINT_TO_POINTER(type));
}

/* One thing at a time: whatever was said before is over. */
static void now(gw_attendant *a, saying what, const char *file) {
  g_free(a->file);
  a->file = g_strdup(file);
  a->now = what;
}

static void play(gw_attendant *a, const char *prompt) {
  g_autofree char *file = prompt ? file_of(a, prompt) : NULL;
  now(a, file ? A_FILE : NOTHING, file);
  if (prompt && !file)
    later(a, GW_IE_MISSING);
  else if (!a->call->moving)
    gw_media_play(a->call->bridge->media, a->call->leg, file);
}

/* Without a speaker it stays at the numbers. */
static void play_names(gw_attendant *a) {
  const gw_call *c = a->call;
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  if (c->seat) gw_seat_names(c->seat, names);
  g_ptr_array_add(names, NULL);
  const gboolean said = !c->moving && gw_media_speak(c->bridge->media, c->leg, a->language,
                                                     (const char *const *)names->pdata);
  now(a, said ? NAMES : NOTHING, NULL);
  if (!said) later(a, GW_IE_MISSING);
}

/* What was being said stayed behind with the old leg, and its end would never be told: a prompt is said again, names are
 * those of the room that was left. */
void gw_attendant_leg_ready(gw_attendant *a) {
  if (a->now == A_FILE) gw_media_play(a->call->bridge->media, a->call->leg, a->file);
  if (a->now == NAMES) gw_attendant_tell(a, &(gw_ie){.type = GW_IE_MISSING});
}

static void warn(const gw_attendant *a, const char *event, guint tries) {
  const gw_call *c = a->call;
  gw_log_ctx ctx = gw_call_ctx(c);
  gw_warn(&ctx, event, "phone=%s trunk=%s number=%s tries=%u", c->phone ? c->phone : "-",
          c->trunk ? c->trunk : "-", c->transfer ? gw_transfer_number(c) : c->number, tries);
}

/* As keyed in; a caller of a trunk may key it in as he would dial it, for no telephone has a key "+". */
static const gw_room_conf *room_of(const gw_call *c, const char *number) {
  const gw_room_conf *room = *number ? gw_bridge_conf_room(c->bridge->conf, number) : NULL;
  if (room || !*number || !c->trunk) return room;
  g_autofree char *e164 = gw_dialplan_trunk_e164(c->bridge->dialplan, c->trunk, number);
  return gw_bridge_conf_room(c->bridge->conf, e164);
}

static void find_room(gw_attendant *a, const char *number) {
  gw_call *c = a->call;
  const gw_room_conf *room = room_of(c, number);
  if (room && gw_room_conf_flavour(room) &&
      (gw_direct_is(room) || gw_bridge_conference(c->bridge, room->room))) {
    gw_call_set_room(c, room);
    gw_log_ctx ctx = gw_call_ctx(c);
    gw_info(&ctx, "menu-room", "pin=%d", *room->pin != 0);
  }
  later(a, GW_IE_ROOM);
}

static void run(gw_attendant *a, const gw_ia *i) {
  gw_call *c = a->call;
  switch (i->type) {
  case GW_IA_PLAY:
    if (!g_strcmp0(i->prompt, GW_IVR_NAMES))
      play_names(a);
    else
      play(a, i->prompt);
    break;
  case GW_IA_TONE:
    gw_media_tone(c->bridge->media, c->leg, i->hz, i->ms);
    break;
  case GW_IA_FIND_ROOM:
    find_room(a, i->digits);
    break;
  case GW_IA_ADMIT:
    gw_call_hop(c, "admitted");
    if (c->transfer)
      gw_transfer_admitted(c);
    else
      gw_call_post(c, &(gw_ce){.type = GW_CE_ADMITTED});
    break;
  case GW_IA_MUTE:
    gw_call_set_muted(c, !c->muted);
    break;
  case GW_IA_HAND:
    gw_call_set_hand(c, i->flag);
    break;
  case GW_IA_WRONG_PIN:
    warn(a, "pin-wrong", i->tries);
    break;
  case GW_IA_LOCKED:
    warn(a, "pin-locked", i->tries);
    break;
  case GW_IA_HANGUP:
    gw_call_post(c, &(gw_ce){.type = GW_CE_HANGUP, .cause = i->cause});
    break;
  case GW_IA_STAY:
    gw_transfer_stays(c, i->cause);
    break;
  case GW_IA_SPOKEN:
    gw_call_post(c, &(gw_ce){.type = GW_CE_SPOKEN});
    break;
  }
}

static void step(gw_attendant *a, const gw_ie *e) {
  gw_ia actions[GW_IA_MAX];
  guint n = gw_ivr_step(a->ivr, e, gw_now_us(), actions);
  for (guint i = 0; i < n; i++)
    run(a, &actions[i]);
  explicit_bzero(actions, sizeof actions);
}

/* What the event is about is looked up when its turn has come. */
static void step_later(gw_attendant *a, gw_ie_type type) {
  const gw_call *c = a->call;
  gw_ie e = {.type = type,
             .room = c->room_conf ? c->room_conf->room : NULL,
             .pin = c->room_conf ? c->room_conf->pin : NULL,
             .flag = type == GW_IE_MUTED ? c->muted : c->hand};
  step(a, &e);
}

void gw_attendant_tell(gw_attendant *a, const gw_ie *e) {
  if (e->type == GW_IE_PLAYED || e->type == GW_IE_MISSING) now(a, NOTHING, NULL);
  if (a->busy) {
    later(a, e->type);
    return;
  }
  a->busy = TRUE;
  step(a, e);
  while (a->events.length)
    step_later(a, (gw_ie_type)GPOINTER_TO_INT(g_queue_pop_head(&a->events)));
  a->busy = FALSE;
  gw_timer_set(a->timer, gw_ivr_deadline(a->ivr));
}

static void on_deadline(void *user) {
  gw_attendant_tell(user, &(gw_ie){.type = GW_IE_TICK});
}

/* The PIN is that of the number: another number may lead to the same room with another one. */
void gw_attendant_ask(gw_attendant *a, const gw_room_conf *room) {
  if (room)
    gw_attendant_tell(a, &(gw_ie){.type = GW_IE_ASK_PIN, .room = room->room, .pin = room->pin});
  else
    gw_attendant_tell(a, &(gw_ie){.type = GW_IE_ASK_ROOM});
}

void gw_attendant_key(gw_attendant *a, gw_key_source source, char digit) {
  if (gw_keys_take(&a->keys, source, digit, gw_now_us()))
    gw_attendant_tell(a, &(gw_ie){.type = GW_IE_KEY, .key = digit});
}

void gw_attendant_inside(gw_attendant *a) {
  const gw_room_conf *room = a->call->room_conf;
  if (a->call->machine.direct) return; /* there is no room to be told about */
  a->inside = a->waiting = TRUE;
  gw_attendant_tell(a, &(gw_ie){.type = GW_IE_INSIDE, .flag = g_str_equal(room->alone, "music")});
  gw_attendant_company(a);
}

void gw_attendant_company(gw_attendant *a) {
  const gw_call *c = a->call;
  guint in_call = 0, in_room = 0;
  if (!a->inside || !c->seat || c->machine.state >= GW_CS_CLOSING || a->busy) return;
  gw_seat_company(c->seat, &in_call, &in_room);
  gboolean waiting = c->machine.state == GW_CS_WAITING && !in_call;
  if (in_call == a->in_call && in_room == a->in_room && waiting == a->waiting) return;
  a->in_call = in_call;
  a->in_room = in_room;
  a->waiting = waiting;
  gw_attendant_tell(
      a, &(gw_ie){.type = GW_IE_COMPANY, .in_call = in_call, .in_room = in_room, .flag = waiting});
}

gboolean gw_attendant_has_voice(const gw_attendant *a) {
  g_autofree char *file = file_of(a, "goodbye");
  return file != NULL;
}

gw_attendant *gw_attendant_new(gw_call *c, const char *source, const char *language) {
  gw_attendant *a = g_new0(gw_attendant, 1);
  a->call = c;
  a->language = g_strdup(language);
  a->ivr = gw_ivr_new(c->bridge->lockout, source);
  a->timer = gw_timer_new(c->bridge->ctx, on_deadline, a);
  return a;
}

void gw_attendant_free(gw_attendant *a) {
  if (!a) return;
  gw_timer_free(a->timer);
  gw_ivr_free(a->ivr);
  g_queue_clear(&a->events);
  g_free(a->language);
  g_free(a->file);
  g_free(a);
}

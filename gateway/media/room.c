#include "gateway/media/room.h"
#include "base/clock.h"
#include <string.h>

#define OPUS 0 /* gw_codec_index("opus") */

/* A remote party that several seats lead to. Each of them receives its voice; one is decoded for
 * all. */
typedef struct {
  char *name;
  gw_peer *leader; /* NULL: none has brought anything yet */
  guint seats;
} talker;

typedef struct {
  gw_peer *peer;
  gw_leg *leg; /* whose voice it carries; NULL: shared, or its phone has left */
  gboolean shared;
  talker *talker; /* or NULL */
} seat;

#define LOUDEST 3            /* remote voices decoded at once */
#define THERE_US GW_MS(100) /* a leader that was heard since is no reason to look at the others */
#define BEHIND_US GW_MS(500) /* a leader this much behind another has stalled */

struct gw_room {
  gw_handle handle;
  gw_env *env;
  GPtrArray *legs; /* gw_leg */
  gw_spares *spares;
  GArray *seats;
  GHashTable *talkers; /* name -> talker */
  GPtrArray *voices;   /* gw_floor: of this tick's choice */
  gw_solo all_by;      /* who is in all */
  gw_mix all;          /* what everybody hears: phones, shared peers, last frames of closed ones */
  gw_voice voice;      /* all phones together, for shared peers */
};

static void talker_free(gpointer data) {
  talker *t = data;
  g_free(t->name);
  g_free(t);
}

gw_room *gw_room_new(gw_env *env, gw_handle handle) {
  gw_room *r = g_new0(gw_room, 1);
  r->handle = handle;
  r->env = env;
  r->legs = g_ptr_array_new();
  r->spares = gw_spares_new(env);
  r->voices = g_ptr_array_new();
  r->seats = g_array_new(FALSE, TRUE, sizeof(seat));
  r->talkers = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, talker_free);
  gw_mix_clear(&r->all);
  gw_voice_init(&r->voice);
  return r;
}

static seat *seat_at(const gw_room *r, guint i) {
  return &g_array_index(r->seats, seat, i);
}

static gw_leg *leg_at(const gw_room *r, guint i) {
  return g_ptr_array_index(r->legs, i);
}

void gw_room_free(gw_room *r) {
  if (!r) return;
  for (guint i = 0; i < r->seats->len; i++)
    gw_peer_free(seat_at(r, i)->peer);
  for (guint i = 0; i < r->legs->len; i++)
    gw_leg_free(leg_at(r, i));
  gw_spares_free(r->spares);
  g_array_unref(r->seats);
  g_ptr_array_unref(r->voices);
  g_hash_table_unref(r->talkers);
  g_ptr_array_unref(r->legs);
  gw_voice_clear(&r->voice);
  g_free(r);
}

gw_spares *gw_room_spares(gw_room *r) {
  return r->spares;
}

void gw_room_add_leg(gw_room *r, gw_leg *taken) {
  g_ptr_array_add(r->legs, taken);
}

static talker *talker_join(gw_room *r, const char *name) {
  talker *t = name ? g_hash_table_lookup(r->talkers, name) : NULL;
  if (name && !t) {
    t = g_new0(talker, 1);
    t->name = g_strdup(name);
    g_hash_table_insert(r->talkers, t->name, t);
  }
  if (t) t->seats++;
  return t;
}

static void talker_leave(gw_room *r, talker *t, const gw_peer *peer) {
  if (t->leader == peer) t->leader = NULL;
  if (!--t->seats) g_hash_table_remove(r->talkers, t->name);
}

void gw_room_add_peer(gw_room *r, gw_peer *taken, const char *talker_or_null) {
  gw_handle h = gw_peer_leg(taken);
  seat s = {taken, NULL, gw_handle_is(h, GW_HANDLE_NONE), talker_join(r, talker_or_null)};
  for (guint i = 0; i < r->legs->len; i++)
    if (gw_handle_is(leg_at(r, i)->handle, h)) s.leg = leg_at(r, i);
  g_array_append_val(r->seats, s);
}

void gw_room_name_peer(gw_room *r, const gw_peer *peer, const char *talker_or_null) {
  for (guint i = 0; i < r->seats->len; i++) {
    seat *s = seat_at(r, i);
    if (s->peer != peer) continue;
    talker *was = s->talker;
    s->talker = talker_join(r, talker_or_null);
    if (was) talker_leave(r, was, peer);
    if (!s->talker) gw_inflow_follow(gw_peer_inflow(s->peer), FALSE, FALSE);
  }
}

/* The stream that a seat is heard by. */
static gw_inflow *voice_of(const seat *s) {
  gboolean led = s->talker && s->talker->leader;
  return gw_peer_inflow(led ? s->talker->leader : s->peer);
}

/* To all who hear that seat. source: what of it could be passed on, or NULL. */
static void add_voice(gw_room *r, const seat *s, const gint16 *pcm, const gw_inflow *source) {
  if (!s->shared && !s->leg) return;
  gw_mix_add(s->shared ? &r->all : &s->leg->near, pcm);
  gw_solo_add(s->shared ? &r->all_by : &s->leg->near_by, source, source ? source->dbfs : 0);
}

void gw_room_inherit(gw_room *r, gw_leg *heir, const gw_leg *old) {
  for (guint i = 0; i < r->seats->len; i++)
    if (seat_at(r, i)->leg == old) seat_at(r, i)->leg = heir;
}

void gw_room_drop_leg(gw_room *r, gw_leg *leg, gint64 now_us) {
  gw_leg_listen(leg, now_us); /* its next frame, faded out, still goes to those who heard it */
  if (leg->in.live) {
    gw_fade(leg->in.pcm, FALSE);
    gw_mix_add(&r->all, leg->in.pcm);
    gw_solo_add(&r->all_by, NULL, 0);
  }
  for (guint i = 0; i < r->seats->len; i++)
    if (seat_at(r, i)->leg == leg) seat_at(r, i)->leg = NULL;
  g_ptr_array_remove_fast(r->legs, leg);
  gw_leg_free(leg);
}

/* Of a voice that others still bring, its last frame has to do. */
static void fade_seat(gw_room *r, const seat *s, gint64 now_us) {
  gw_inflow *in = voice_of(s);
  gint16 pcm[GW_FRAME];
  if (in == gw_peer_inflow(s->peer)) gw_peer_play(s->peer, now_us);
  if (!in->live) return;
  memcpy(pcm, in->pcm, sizeof pcm);
  gw_fade(pcm, FALSE);
  add_voice(r, s, pcm, NULL);
}

void gw_room_drop_peer(gw_room *r, gw_peer *peer, gint64 now_us) {
  for (guint i = 0; i < r->seats->len; i++) {
    seat *s = seat_at(r, i);
    if (s->peer != peer) continue;
    fade_seat(r, s, now_us);
    if (s->talker) talker_leave(r, s->talker, peer);
    g_array_remove_index_fast(r->seats, i);
    break;
  }
  gw_peer_free(peer);
}

static gw_voice *voice_for(gw_room *r, const seat *s) {
  return s->shared ? &r->voice : s->leg ? &s->leg->voice : NULL;
}

void gw_room_codecs(gw_room *r) {
  gboolean narrow = TRUE, opus = FALSE;
  for (guint i = 0; i < r->legs->len; i++) {
    narrow = narrow && leg_at(r, i)->voice.narrow;
    opus = opus || leg_at(r, i)->out.codec == OPUS;
  }
  gw_voice_narrow(&r->voice, narrow);
  for (guint i = 0; i < r->seats->len; i++) {
    gw_voice *v = voice_for(r, seat_at(r, i));
    if (v) gw_voice_prepare(v, gw_peer_codec(seat_at(r, i)->peer));
    gw_inflow_align(gw_peer_inflow(seat_at(r, i)->peer), opus); /* for a phone that could be given its packets */
  }
}

/* ---- the tick */

static void offer_packet(gw_voice *v, const gw_leg *leg) {
  const guint8 *packet = NULL;
  int n = gw_inflow_packet(&leg->in, &packet);
  gw_voice_came(v, leg, packet, n);
}

void gw_room_phones(gw_room *r, gint64 now_us) {
  gw_mix phones;
  gint16 pcm[GW_FRAME];
  guint any = 0;
  gboolean whole = TRUE;
  const gw_leg *one = NULL;
  gw_mix_clear(&phones);
  for (guint i = 0; i < r->legs->len; i++) {
    gw_leg *leg = leg_at(r, i);
    gw_leg_listen(leg, now_us);
    gw_voice_frame(&leg->voice, leg->in.live ? leg->in.pcm : NULL, leg->in.whole);
    if (!leg->in.live) continue;
    offer_packet(&leg->voice, leg);
    gw_mix_add(&phones, leg->in.pcm);
    gw_mix_add(&r->all, leg->in.pcm);
    gw_solo_add(&r->all_by, &leg->in, leg->in.dbfs);
    any++;
    one = leg;
    whole = whole && leg->in.whole;
  }
  gw_mix_out(&phones, NULL, pcm);
  gw_voice_frame(&r->voice, any ? pcm : NULL, whole);
  if (any == 1) offer_packet(&r->voice, one);
}

static gint64 heard_us(gw_peer *p) {
  return gw_peer_inflow(p)->voice_us;
}

static void choose_leaders(gw_room *r, gint64 now_us) {
  for (guint i = 0; i < r->seats->len; i++) {
    const seat *s = seat_at(r, i);
    if (!s->talker || !heard_us(s->peer)) continue;
    gw_peer *leader = s->talker->leader;
    if (!leader || heard_us(s->peer) - heard_us(leader) > BEHIND_US) s->talker->leader = s->peer;
  }
  for (guint i = 0; i < r->seats->len; i++) {
    const seat *s = seat_at(r, i);
    gw_peer *leader = s->talker ? s->talker->leader : NULL;
    if (s->talker)
      gw_inflow_follow(gw_peer_inflow(s->peer), leader && leader != s->peer,
                       leader && now_us - heard_us(leader) < THERE_US);
  }
}

/* Only what costs something to decode takes part. */
static gboolean competes(const gw_inflow *in) {
  return !in->follows && in->codec == OPUS;
}

static void choose_voices(gw_room *r) {
  g_ptr_array_set_size(r->voices, 0);
  for (guint i = 0; i < r->seats->len; i++) {
    gw_inflow *in = gw_peer_inflow(seat_at(r, i)->peer);
    if (competes(in)) g_ptr_array_add(r->voices, &in->floor);
  }
  gw_floor_choose((gw_floor **)r->voices->pdata, r->voices->len, LOUDEST);
  for (guint i = 0; i < r->seats->len; i++) {
    gw_inflow *in = gw_peer_inflow(seat_at(r, i)->peer);
    gw_inflow_deafen(in, competes(in) && !in->floor.on);
  }
}

void gw_room_remotes(gw_room *r, gint64 now_us) {
  choose_leaders(r, now_us);
  choose_voices(r);
  for (guint i = 0; i < r->seats->len; i++) {
    gw_inflow *in = gw_peer_inflow(seat_at(r, i)->peer);
    if (!in->follows) gw_peer_play(seat_at(r, i)->peer, now_us);
  }
  for (guint i = 0; i < r->seats->len; i++) {
    const seat *s = seat_at(r, i);
    const gw_inflow *in = voice_of(s);
    if (in->live) add_voice(r, s, in->pcm, in);
  }
}

static void say_mix(gw_room *r, gw_leg *leg) {
  static const gw_solo nobody;
  gint16 pcm[GW_FRAME];
  gboolean any;
  const gw_inflow *one =
      gw_solo_of(&leg->near_by, leg->retired ? &nobody : &r->all_by, &leg->in, leg->pass.source, &any);
  for (int i = 0; i < GW_FRAME && !leg->retired; i++)
    leg->near.sum[i] += r->all.sum[i];
  gw_mix_out(&leg->near, leg->in.live && !leg->retired ? leg->in.pcm : NULL, pcm);
  gw_leg_say(leg, pcm, !any, leg->out.codec == OPUS ? one : NULL);
}

static void speak_to_leg(gw_room *r, gw_leg *leg) {
  if (leg->retired) {
    gw_mix_clear(&leg->near);
    gw_solo_clear(&leg->near_by);
  }
  gw_leg_mix_own(leg);
  if (gw_leg_hears(leg)) say_mix(r, leg);
  gw_mix_clear(&leg->near);
  gw_solo_clear(&leg->near_by);
}

void gw_room_say(gw_room *r, gint64 now_us) {
  for (guint i = 0; i < r->legs->len; i++) {
    speak_to_leg(r, leg_at(r, i));
    gw_leg_report(leg_at(r, i), now_us);
  }
}

/* What a peer hears now; the first that asks has it encoded. */
static int packet_for(gw_room *r, const seat *s, const guint8 **ret) {
  gw_voice *v = voice_for(r, s);
  return v && gw_peer_hears(s->peer) ? gw_voice_packet(v, gw_peer_codec(s->peer), ret) : 0;
}

void gw_room_encode(gw_room *r, gint64 now_us) {
  const guint8 *payload;
  for (guint i = 0; i < r->seats->len; i++)
    packet_for(r, seat_at(r, i), &payload);
}

/* What the next packets of this voice must be like, for all who hear it. */
static void note_wishes(gw_voice *v, const gw_outflow *out) {
  if (!v) return;
  v->bounded = v->bounded || out->bounded;
  v->lossy = v->lossy || out->loss > GW_PASS_LOSSY;
  gw_voice_lost(v, out->loss);
}

static void speak_to_peer(gw_room *r, const seat *s) {
  const guint8 *payload;
  int n = packet_for(r, s, &payload);
  if (n == GW_VOICE_HOLE) gw_peer_skip(s->peer);
  if (n > 0) gw_peer_say(s->peer, payload, (gsize)n, gw_voice_level(voice_for(r, s)));
  if (gw_peer_hears(s->peer)) note_wishes(voice_for(r, s), gw_peer_outflow(s->peer));
}

void gw_room_send(gw_room *r, gint64 now_us) {
  r->voice.bounded = r->voice.lossy = FALSE;
  for (guint i = 0; i < r->legs->len; i++)
    leg_at(r, i)->voice.bounded = leg_at(r, i)->voice.lossy = FALSE;
  for (guint i = 0; i < r->seats->len; i++) {
    speak_to_peer(r, seat_at(r, i));
    gw_peer_watch(seat_at(r, i)->peer, now_us);
    gw_peer_report(seat_at(r, i)->peer, now_us);
  }
  gw_mix_clear(&r->all);
  gw_solo_clear(&r->all_by);
  gw_room_skip(r, 1);
}

void gw_room_skip(gw_room *r, guint ticks) {
  for (guint i = 0; i < r->legs->len; i++)
    gw_leg_pass(leg_at(r, i), ticks);
  for (guint i = 0; i < r->seats->len; i++)
    gw_peer_pass(seat_at(r, i)->peer, ticks);
}

guint gw_room_drive(gw_room *r, gboolean only_busy, gint64 now_us) {
  guint busy = gw_spares_drive(r->spares, now_us);
  for (guint i = 0; i < r->seats->len; i++) {
    gw_peer *p = seat_at(r, i)->peer;
    gboolean is_busy = gw_peer_busy(p);
    if (is_busy || !only_busy) gw_peer_drive(p, is_busy, now_us);
    busy += gw_peer_busy(p);
  }
  return busy;
}

void gw_room_read(gw_room *r, gint64 now_us) {
  if (!r->env->n_turned) return; /* without TURN all sockets are watched */
  for (guint i = 0; i < r->seats->len; i++)
    gw_peer_read(seat_at(r, i)->peer, now_us);
}

const GPtrArray *gw_room_legs(const gw_room *r) {
  return r->legs;
}

guint gw_room_peer_count(const gw_room *r) {
  return r->seats->len;
}

gw_peer *gw_room_peer(const gw_room *r, guint i) {
  return seat_at(r, i)->peer;
}

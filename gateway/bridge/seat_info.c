/* seat_info.c - what others want to know of a seat: who is there, how well they are heard. */
#include "base/limits.h"
#include "gateway/bridge/seat_priv.h"

static const char *peer_state_word(const seat_peer *p) {
  if (p->state == GW_PEER_UP || p->state == GW_PEER_RTP) return "up";
  if (p->state == GW_PEER_ICE) return "dtls";
  if (p->state == GW_PEER_FAILED) return "ended";
  if (p->state == GW_PEER_QUIET) return "quiet";
  return p->negotiated ? "ice" : "signalling";
}

static void add_remote(const gw_seat *s, const seat_peer *p, GPtrArray *ret) {
  gw_peer_info *info = g_new0(gw_peer_info, 1);
  info->jid = g_strdup(p->jid);
  info->nick = g_strdup(p->nick);
  info->codec = g_strdup(p->codec);
  info->state = peer_state_word(p);
  info->have_stats = p->media.v && gw_media_get_stats(s->call->bridge->media, p->media, &info->media);
  if (info->have_stats) info->mos = gw_stats_mos(&info->media, p->codec);
  g_ptr_array_add(ret, info);
}

void gw_seat_add_local(const gw_seat *s, GPtrArray *ret) {
  for (guint i = 0; i < s->conference->seats->len; i++) {
    gw_seat *other = s->conference->seats->pdata[i];
    if (other == s || !gw_seat_started(other) || !gw_seat_started(s)) continue;
    gw_peer_info *info = g_new0(gw_peer_info, 1);
    info->jid = g_strdup(gw_seat_jid(other));
    info->nick = g_strdup(gw_seat_is_shared(other) ? other->call->sip_name : gw_seat_nick(other));
    info->codec = g_strdup("local");
    info->state = "up";
    g_ptr_array_add(ret, info);
  }
}

static void remember(const gw_seat *s, const seat_peer *p, gw_call *call) {
  GPtrArray *kept = call->last_peers;
  if (kept->len >= GW_MAX_SESSIONS_PER_SEAT) gw_peer_info_free(g_ptr_array_remove_index(kept, 0));
  add_remote(s, p, kept);
}

/* For the record, which tells of everybody who was there; the oldest go when somebody comes and goes for hours. */
void gw_seat_remember_peer(gw_seat *s, const seat_peer *p) {
  s->had_company = TRUE;
  remember(s, p, s->call);
}

void gw_seat_remember_all(const gw_seat *s, gw_call *call) {
  for (guint i = 0; i < s->peers->len; i++)
    if (((const seat_peer *)s->peers->pdata[i])->use != GW_USE_PUBLISH)
      remember(s, s->peers->pdata[i], call);
}

void gw_seat_company(const gw_seat *of, guint *ret_in_call, guint *ret_in_room) {
  const gw_seat *s = gw_seat_main(of);
  const gw_muc *watch = s->conference->watch_muc;
  guint nobodies = 1 + (watch && !s->call_room && gw_muc_get_state(watch) == GW_MUC_IN),
        in_room = s->muc ? gw_muc_count(s->muc) : 0;
  *ret_in_room = in_room > nobodies ? in_room - nobodies : 0;
  *ret_in_call = gw_seat_started(of) ? gw_conference_active_seats(s->conference, of) : 0;
  for (guint i = 0; i < s->peers->len; i++) {
    const seat_peer *p = s->peers->pdata[i];
    *ret_in_call += p->use != GW_USE_PUBLISH && (p->state == GW_PEER_UP || p->state == GW_PEER_RTP);
  }
}

typedef struct {
  const gw_seat *seat;
  GPtrArray *names;
} name_list;

static void add_name(const gw_occupant *o, void *user) {
  name_list *l = user;
  gboolean watcher = FALSE;
  gw_conference_is_ours(l->seat->conference, o->jids, o->nick, &watcher);
  if (!o->self && !watcher) g_ptr_array_add(l->names, g_strdup(o->nick));
}

void gw_seat_names(const gw_seat *s, GPtrArray *ret) {
  name_list l = {s, ret};
  s = gw_seat_main(s);
  if (s->muc) gw_muc_foreach(s->muc, add_name, &l);
}

guint gw_seat_participants(const gw_seat *s) {
  s = gw_seat_main(s);
  return s->muc ? gw_muc_count(s->muc) : 0;
}

const gw_room_conf *gw_seat_conf(const gw_seat *s) {
  return s->conf;
}

gboolean gw_seat_had_company(const gw_seat *s) {
  return s->had_company;
}

static gboolean is_to_come(const gw_seat *s) {
  return s->call->seat && s->call->seat != s;
}

const char *gw_seat_answer_id(const gw_seat *s) {
  return is_to_come(s) ? NULL : s->call->answer_id;
}

gboolean gw_seat_is_invited(const gw_seat *s) {
  return !is_to_come(s) && gw_call_invite_is(s->call) &&
         !s->call->invitation->u.call_invite.in_meet;
}

gboolean gw_seat_stream(const gw_seat *s, guint i, gw_handle *ret) {
  if (i >= s->peers->len) return FALSE;
  const seat_peer *p = s->peers->pdata[i];
  *ret = p->use == GW_USE_PUBLISH ? GW_HANDLE_NONE : p->media;
  return TRUE;
}

void gw_seat_peers(const gw_seat *of, GPtrArray *ret) {
  const gw_seat *s = gw_seat_main(of);
  for (guint i = 0; i < s->peers->len; i++) {
    const seat_peer *p = s->peers->pdata[i];
    if (p->use != GW_USE_PUBLISH) add_remote(s, p, ret); /* our own stream is nobody */
  }
  gw_seat_add_local(of, ret);
}

#include "direct_rig.h"
#include <string.h>

gw_desc *dr_desc(void) {
  gw_desc *d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, "audio");
  gw_desc_media_add_codec(m, 111, "opus", 48000, 2, NULL);
  m->fp_hash = g_strdup("sha-256");
  m->fp_value = g_strdup("AB:CD");
  m->ufrag = g_strdup("u");
  m->pwd = g_strdup("p");
  m->rtcp_mux = TRUE;
  m->setup = GW_SETUP_ACTPASS;
  return d;
}

static void remember(dr *d, const char *sid) {
  g_free(d->sid);
  d->sid = g_strdup(sid);
}

static gboolean has_more(const gw_desc *d) {
  return d && d->media->len > 1;
}

static void tell_word(dr *d, const gw_word *w) {
  if (w->kind == GW_WORD_JMI) {
    const gw_jmi *j = &w->u.jmi;
    if (j->action == GW_JMI_PROPOSE) remember(d, j->id);
    g_string_append_printf(d->said, "%s %s%s%s%s; ", gw_jmi_action_name(j->action), w->to,
                           j->reason ? " " : "", j->reason ? j->reason : "",
                           j->tie_break ? " tie" : "");
    return;
  }
  static const char *const infos[] = {
      [GW_INFO_RINGING] = "ringing", [GW_INFO_ACTIVE] = "active", [GW_INFO_HOLD] = "hold",
      [GW_INFO_UNHOLD] = "unhold",   [GW_INFO_MUTE] = "mute",     [GW_INFO_UNMUTE] = "unmute"};
  const gw_jingle *j = &w->u.jingle;
  if (j->action == GW_JINGLE_SESSION_INITIATE) remember(d, j->sid);
  g_string_append_printf(d->said, "%s %s%s%s%s%s%s; ", gw_jingle_action_name(j->action), w->to,
                         j->reason ? " " : "", j->reason ? j->reason : "", j->info ? " " : "",
                         j->info ? infos[j->info] : "", has_more(j->desc) ? " and more" : "");
}

static void tell(dr *d, const gw_action *a) {
  static const char *const calls[] = {"waiting", "connecting", "talking", "ended", "ringing"};
  switch (a->type) {
  case GW_ACT_SAY:
    tell_word(d, a->word);
    break;
  case GW_ACT_PEER_OPEN:
    g_string_append_printf(d->said, "open %u %s; ", a->peer, a->offerer ? "offerer" : "answerer");
    break;
  case GW_ACT_PEER_REMOTE:
    g_string_append_printf(d->said, "remote %u; ", a->peer);
    break;
  case GW_ACT_PEER_CLOSE:
    g_string_append_printf(d->said, "close %u; ", a->peer);
    break;
  case GW_ACT_CALL:
    g_string_append_printf(d->said, "%s%s%s; ", calls[a->call], a->call == GW_CALL_ENDED ? " " : "",
                           a->call == GW_CALL_ENDED ? gw_cause_word(a->cause) : "");
    break;
  case GW_ACT_HELD:
    g_string_append_printf(d->said, "held %d; ", a->flag);
    break;
  default:
    g_assert_not_reached();
  }
}

void dr_new(dr *d, const char *peer, const char *sid, gboolean incoming) {
  *d = (dr){.now = GW_SEC(1000), .said = g_string_new(NULL), .ids = gw_ids_new_fixed(7)};
  const gw_flavour_params p = {.own_jid = "100@gw.test/a",
                               .peer = peer,
                               .sid = sid,
                               .incoming = incoming,
                               .ring_us = GW_SEC(45),
                               .ids = d->ids};
  d->f = gw_flavour_direct.make(&p);
}

void dr_free(dr *d) {
  gw_flavour_direct.free(d->f);
  gw_ids_free(d->ids);
  g_string_free(d->said, TRUE);
  g_free(d->sid);
}

void dr_feed(dr *d, const gw_ev *ev) {
  gw_actions actions;
  gw_actions_init(&actions);
  gw_flavour_direct.step(d->f, ev, d->now, &actions);
  for (guint i = 0; i < gw_actions_count(&actions); i++)
    tell(d, gw_actions_at(&actions, i));
  gw_actions_clear(&actions);
}

void dr_jmi(dr *d, gw_jmi_action a, const char *from, const char *id, const char *reason) {
  g_autoptr(gw_word) w = gw_word_new_jmi(a, "100@gw.test", id);
  w->from = g_strdup(from);
  if (a == GW_JMI_ERROR)
    w->u.jmi.error = g_strdup(reason);
  else if (reason && g_str_has_prefix(reason, "tie"))
    w->u.jmi.tie_break = TRUE;
  else
    w->u.jmi.reason = g_strdup(reason);
  dr_feed(d, &(gw_ev){.type = GW_EV_WORD, .u.word = w});
}

/* As Dino offers it, or as browsers do. */
static void add_video(gw_desc *d, const char *how) {
  gw_desc_media *m = gw_desc_add(d, GW_KIND_VIDEO, "video");
  gw_desc_media_add_codec(m, 98, "VP8", 90000, 1, NULL);
  d->bundle = !strcmp(how, "video-bundled");
}

void dr_jingle(dr *d, gw_jingle_action a, const char *from, const char *sid, const char *reason) {
  g_autoptr(gw_word) w = gw_word_new_jingle(a, "100@gw.test/a", sid, FALSE);
  w->from = g_strdup(from);
  if (a == GW_JINGLE_ERROR) {
    w->u.jingle.error = g_strdup(reason);
    w->u.jingle.of = GW_JINGLE_SESSION_INITIATE;
  } else {
    w->u.jingle.reason = g_strdup(reason);
  }
  if (a == GW_JINGLE_SESSION_INITIATE || a == GW_JINGLE_SESSION_ACCEPT ||
      a == GW_JINGLE_TRANSPORT_INFO || a == GW_JINGLE_CONTENT_MODIFY)
    w->u.jingle.desc = dr_desc();
  if (a == GW_JINGLE_SESSION_ACCEPT) gw_desc_audio(w->u.jingle.desc)->setup = GW_SETUP_ACTIVE;
  if (a == GW_JINGLE_CONTENT_MODIFY)
    gw_desc_audio(w->u.jingle.desc)->dir = reason ? GW_DIR_INACTIVE : GW_DIR_SENDRECV;
  if (reason && g_str_has_prefix(reason, "video")) add_video(w->u.jingle.desc, reason);
  if (reason && !strcmp(reason, "no-audio")) gw_desc_audio(w->u.jingle.desc)->kind = GW_KIND_VIDEO;
  dr_feed(d, &(gw_ev){.type = GW_EV_WORD, .u.word = w});
}

void dr_info(dr *d, gw_jingle_info info) {
  g_autoptr(gw_word) w = gw_word_new_jingle(GW_JINGLE_SESSION_INFO, "100@gw.test/a", d->sid, TRUE);
  w->from = g_strdup("alice@x.test/phone");
  w->u.jingle.info = info;
  dr_feed(d, &(gw_ev){.type = GW_EV_WORD, .u.word = w});
}

void dr_local(dr *d, guint peer) {
  g_autoptr(gw_desc) desc = dr_desc();
  dr_feed(d, &(gw_ev){.type = GW_EV_LOCAL_DESC, .peer = peer, .u.desc = desc});
}

void dr_state(dr *d, guint peer, gw_fl_peer_state state, gw_cause cause) {
  dr_feed(d, &(gw_ev){.type = GW_EV_PEER_STATE, .peer = peer, .cause = cause, .u.state = state});
}

void dr_wait(dr *d, gint64 us) {
  const gint64 until = d->now + us;
  for (guint guard = 0; guard < 100 && gw_flavour_direct.deadline(d->f) <= until; guard++) {
    d->now = gw_flavour_direct.deadline(d->f);
    dr_feed(d, &(gw_ev){.type = GW_EV_TICK});
  }
  d->now = until;
}

void dr_flag(dr *d, gw_ev_type type, gboolean on) {
  dr_feed(d, &(gw_ev){.type = type, .u.flag = on});
}

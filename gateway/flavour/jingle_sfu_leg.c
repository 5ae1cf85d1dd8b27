/* One session with the conference service: opened, described, answered, heard. */
#include <string.h>
#include "base/jid.h"
#include "gateway/flavour/jingle_sfu.h"
#include "gateway/flavour/session_desc.h"

/* --- life --- */

void gw_jsfu_leg_free(gpointer data) {
  gw_jsfu_leg *l = data;
  g_free(l->sid);
  g_free(l->jid);
  g_free(l->who);
  gw_desc_free(l->contents);
  gw_desc_free(l->local);
  g_free(l->mid);
  g_free(l->ufrag);
  g_free(l->pwd);
  g_array_unref(l->waiting);
  g_ptr_array_unref(l->early);
  g_free(l);
}

gw_jsfu_leg *gw_jsfu_leg_of(const gw_flavour *f, const char *sid) {
  for (guint i = 0; sid && i < f->legs->len; i++) {
    gw_jsfu_leg *l = f->legs->pdata[i];
    if (!strcmp(l->sid, sid)) return l;
  }
  return NULL;
}

gw_jsfu_leg *gw_jsfu_leg_by_peer(const gw_flavour *f, guint peer) {
  for (guint i = 0; peer && i < f->legs->len; i++) {
    gw_jsfu_leg *l = f->legs->pdata[i];
    if (l->peer == peer) return l;
  }
  return NULL;
}

static gw_action *act(gw_flavour *f, gw_act_type type, const gw_jsfu_leg *l) {
  gw_action *a = gw_actions_add(f->out, type);
  a->peer = l->peer;
  return a;
}

/* Whose voice it is: of one who sends twice, only the first session counts as it, or the second would stay unheard. */
static char *voice_of(const gw_flavour *f, const gw_jsfu_leg *l) {
  if (l->many) return g_strdup(l->jid); /* the same mix to each phone of ours */
  for (guint i = 0; l->who && i < f->legs->len; i++) {
    const gw_jsfu_leg *other = f->legs->pdata[i];
    if (other != l && !g_strcmp0(other->who, l->who)) return g_strconcat(l->jid, " ", l->sid, NULL);
  }
  return l->who ? g_strdup(l->who) : g_strconcat(l->jid, " ", l->sid, NULL);
}

static gw_jsfu_leg *leg_new(gw_flavour *f, char *taken_sid) {
  gw_jsfu_leg *l = g_new0(gw_jsfu_leg, 1);
  l->sid = taken_sid;
  l->state = GW_JLEG_OPENING;
  l->due = f->now + GW_JSFU_LOCAL;
  l->peer = ++f->last_peer;
  l->waiting = g_array_new(FALSE, FALSE, sizeof(gw_candidate));
  l->early = g_ptr_array_new_with_free_func((GDestroyNotify)gw_desc_free);
  g_ptr_array_add(f->legs, l);
  return l;
}

static void open_leg(gw_flavour *f, const gw_jsfu_leg *l) {
  gw_action *a = act(f, GW_ACT_PEER_OPEN, l);
  a->offerer = l->publish;
  a->use = l->publish ? GW_USE_PUBLISH : l->many ? GW_USE_RECEIVE_MANY : GW_USE_RECEIVE;
  a->jid = g_strdup(l->publish ? f->own_jid : l->jid);
  a->nick = g_strdup(l->publish ? f->own_nick : l->many ? l->jid : gw_jsfu_name(f, l->who));
  if (l->publish) return;
  a->setup = gw_sd_answer_setup(l->contents);
  a->sid = g_strdup(l->sid);
  a->text = voice_of(f, l);
}

void gw_jsfu_leg_drop(gw_flavour *f, gw_jsfu_leg *l, const char *reason) {
  if (reason && l->state == GW_JLEG_OPENING && !l->publish)
    gw_jsfu_ask(f, GW_SFU_ASK_ANSWER, l->sid)->text = g_strdup(reason);
  else if (reason && l->state != GW_JLEG_OPENING)
    gw_jsfu_ask(f, GW_SFU_ASK_CLOSE, l->sid)->text = g_strdup(reason);
  act(f, GW_ACT_PEER_CLOSE, l);
  g_ptr_array_remove(f->legs, l);
}

void gw_jsfu_legs_drop_all(gw_flavour *f) {
  while (f->legs->len)
    gw_jsfu_leg_drop(f, f->legs->pdata[0], NULL);
}

/* --- ours --- */

void gw_jsfu_leg_publish(gw_flavour *f) {
  gw_jsfu_leg *l = leg_new(f, gw_ids_uuid(f->ids));
  l->publish = TRUE;
  open_leg(f, l);
}

static void remember(gw_jsfu_leg *l, const gw_desc_media *m) {
  l->mid = g_strdup(m->mid);
  l->ufrag = g_strdup(m->ufrag);
  l->pwd = g_strdup(m->pwd);
  g_array_set_size(l->waiting, 0);
}

static void say_offer(gw_flavour *f, gw_jsfu_leg *l, const gw_desc *local) {
  gw_desc *offer = gw_sd_offer(local, "audio", FALSE, l->waiting);
  if (!offer) {
    gw_jsfu_lost(f, GW_CAUSE_INTERNAL, "no sound of ours");
    return;
  }
  gw_desc_audio(offer)->dir = GW_DIR_SENDONLY;
  remember(l, gw_desc_audio(offer));
  gw_action *a = gw_jsfu_ask(f, GW_SFU_ASK_STREAM, l->sid);
  a->nick = g_strdup(f->own_nick);
  a->desc = offer;
  l->state = GW_JLEG_ASKED;
  l->due = GW_NEVER; /* the service's side keeps the time */
}

static void say_remote(gw_flavour *f, const gw_jsfu_leg *l, const gw_desc *d) {
  act(f, GW_ACT_PEER_REMOTE, l)->desc = gw_desc_copy(d);
}

void gw_jsfu_leg_answer(gw_flavour *f, gw_jsfu_leg *l, const gw_desc *answer, gw_cause cause,
                        const char *why) {
  const gw_desc_media *m = answer ? gw_desc_audio(answer) : NULL;
  if (!l->publish || l->state != GW_JLEG_ASKED) return;
  if (!m || !m->codecs->len || !m->fp_value || !m->ufrag) {
    gw_jsfu_lost(f,
                 answer  ? GW_CAUSE_NO_CODEC
                 : cause ? cause
                         : GW_CAUSE_SFU_DOWN,
                 why ? why : "its answer cannot be used");
    return;
  }
  l->state = GW_JLEG_ACTIVE;
  say_remote(f, l, answer);
  for (guint i = 0; i < l->early->len; i++)
    say_remote(f, l, l->early->pdata[i]);
  g_ptr_array_set_size(l->early, 0);
}

/* --- theirs --- */

static void refuse(gw_flavour *f, const char *sid, const char *reason) {
  gw_jsfu_ask(f, GW_SFU_ASK_ANSWER, sid)->text = g_strdup(reason);
}

/* Our own phones are in the same mix of the gateway: what the service brings of them is not to be heard again. */
void gw_jsfu_leg_heard(gw_flavour *f, gw_jsfu_leg *l) {
  if (!l->many) return;
  gw_action *a = act(f, GW_ACT_PEER_REMOTE, l);
  gboolean any = FALSE;
  a->desc = gw_desc_copy(l->contents);
  for (guint i = 0; i < a->desc->media->len; i++) {
    gw_desc_media *m = a->desc->media->pdata[i];
    any |= m->kind == GW_KIND_AUDIO && m->sources->len;
    if (gw_jsfu_content_is_ours(f, m->mid)) g_array_set_size(m->sources, 0);
  }
  if (!any)
    gw_fl_note(&f->common, &f->silent_noted,
               "the service names no sources (XEP-0339): whom it forwards cannot be told apart");
}

/* Of several he who was there before, else somebody who is not heard here anyway: for him alone the stream is wanted. */
static const char *owner_of(const gw_flavour *f, const char *const *users, const char *before) {
  const char *found = NULL;
  for (const char *const *u = users; u && *u; u++) {
    if (gw_jsfu_is_ours(f, *u)) continue;
    if (!g_strcmp0(*u, before)) return *u;
    if (!found) found = *u;
  }
  return found ? found : users ? users[0] : NULL;
}

void gw_jsfu_leg_owners(gw_flavour *f, gw_jsfu_leg *l, const char *const *users) {
  const char *who = owner_of(f, users, l->who);
  if (l->publish || l->many || !g_strcmp0(who, l->who)) return;
  g_free(l->who);
  l->who = g_strdup(who);
  if (gw_jsfu_is_ours(f, who)) {
    gw_jsfu_leg_drop(f, l, "decline");
    return;
  }
  gw_action *a = act(f, GW_ACT_PEER_NAMED, l);
  a->nick = g_strdup(gw_jsfu_name(f, who));
  a->text = voice_of(f, l);
}

void gw_jsfu_leg_offered(gw_flavour *f, const gw_fl_sfu *s) {
  const char *unfit = gw_sd_unfit(s->desc);
  if (unfit || f->phase == GW_JSFU_PAUSE) {
    refuse(f, s->sid, unfit ? unfit : "gone");
    return;
  }
  const char *who = owner_of(f, s->users, NULL);
  if (gw_jsfu_is_ours(f, who)) {
    refuse(f, s->sid, "decline");
    return;
  }
  gw_jsfu_leg *l = leg_new(f, g_strdup(s->sid));
  l->jid = g_strdup(s->jid);
  l->who = g_strdup(who);
  l->many = s->many;
  l->contents = gw_desc_copy(s->desc);
  open_leg(f, l);
  if (l->many)
    gw_jsfu_leg_heard(f, l);
  else
    say_remote(f, l, l->contents);
}

/* gw_desc_answer takes one audio of an offer; of many each is answered by itself, everything else stays inactive. */
static gw_desc *answer_to(const gw_jsfu_leg *l, const gw_desc *offer, const char **ret_reason) {
  *ret_reason = "unsupported-applications";
  if (!gw_desc_audio(offer)) return NULL;
  g_autoptr(gw_desc) whole = gw_sd_answer(offer, l->local, TRUE, l->waiting, ret_reason);
  if (!whole || !l->many) return g_steal_pointer(&whole);
  for (guint i = 0; i < offer->media->len; i++) {
    const gw_desc_media *m = offer->media->pdata[i];
    if (m->kind != GW_KIND_AUDIO || m == gw_desc_audio(offer)) continue;
    g_autoptr(gw_desc) one = gw_desc_copy(offer), answer = NULL;
    for (guint k = one->media->len; k-- > 0;)
      if (k != i) g_ptr_array_remove_index(one->media, k);
    const char *why;
    if (!(answer = gw_sd_answer(one, l->local, TRUE, l->waiting, &why))) continue;
    gw_desc_media *old = whole->media->pdata[i];
    whole->media->pdata[i] = answer->media->pdata[0];
    answer->media->pdata[0] = old;
  }
  return g_steal_pointer(&whole);
}

static void say_answer(gw_flavour *f, gw_jsfu_leg *l, const gw_desc *local) {
  const char *reason = NULL;
  l->local = gw_desc_copy(local);
  gw_desc *answer = answer_to(l, l->contents, &reason);
  if (!answer) {
    gw_jsfu_leg_drop(f, l, reason);
    return;
  }
  remember(l, gw_sd_only_audio_candidates(answer));
  gw_jsfu_ask(f, GW_SFU_ASK_ANSWER, l->sid)->desc = answer;
  l->state = GW_JLEG_ACTIVE;
  l->due = GW_NEVER;
}

void gw_jsfu_leg_added(gw_flavour *f, gw_jsfu_leg *l, const gw_desc *added) {
  const char *reason = NULL;
  if (!l->many || l->state != GW_JLEG_ACTIVE) {
    f->ignored++;
    return;
  }
  g_autoptr(gw_desc) answer = answer_to(l, added, &reason);
  g_autoptr(gw_desc) copy = gw_desc_copy(added);
  while (copy->media->len) {
    const gw_desc_media *m = copy->media->pdata[0];
    for (guint i = l->contents->media->len; i-- > 0;)
      if (!strcmp(((gw_desc_media *)l->contents->media->pdata[i])->mid, m->mid))
        g_ptr_array_remove_index(l->contents->media, i);
    g_ptr_array_add(l->contents->media, g_ptr_array_steal_index(copy->media, 0));
  }
  gw_action *a = gw_jsfu_ask(f, GW_SFU_ASK_ANSWER, l->sid);
  if (answer) gw_sd_only_audio_candidates(answer);
  if (!answer) a->text = g_strdup(reason);
  a->desc = answer ? g_steal_pointer(&answer) : gw_desc_copy(added);
  gw_jsfu_leg_heard(f, l);
}

/* --- both --- */

void gw_jsfu_leg_local(gw_flavour *f, gw_jsfu_leg *l, const gw_desc *local) {
  if (l->state != GW_JLEG_OPENING) return;
  if (l->publish)
    say_offer(f, l, local);
  else
    say_answer(f, l, local);
}

void gw_jsfu_leg_candidate(gw_flavour *f, gw_jsfu_leg *l, const gw_candidate *c) {
  if (l->state == GW_JLEG_OPENING) {
    if (l->waiting->len < GW_MAX_CANDIDATES) g_array_append_val(l->waiting, *c);
    return;
  }
  gw_jsfu_ask(f, GW_SFU_ASK_CANDIDATE, l->sid)->desc = gw_sd_trickle(l->mid, l->ufrag, l->pwd, c);
}

void gw_jsfu_leg_remote(gw_flavour *f, gw_jsfu_leg *l, const gw_desc *d) {
  if (!l->publish || l->state == GW_JLEG_ACTIVE)
    say_remote(f, l, d);
  else if (l->early->len < GW_MAX_CANDIDATES)
    g_ptr_array_add(l->early, gw_desc_copy(d));
}

void gw_jsfu_leg_due(gw_flavour *f, gw_jsfu_leg *l) {
  if (f->now < l->due) return;
  if (l->publish)
    gw_jsfu_lost(f, GW_CAUSE_INTERNAL, "our transport does not get ready");
  else
    gw_jsfu_leg_drop(f, l, "general-error");
}

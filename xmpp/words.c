#include "xmpp/words.h"

static const char *const jingle_names[] = {
    [GW_JINGLE_SESSION_INITIATE] = "session-initiate",
    [GW_JINGLE_SESSION_ACCEPT] = "session-accept",
    [GW_JINGLE_SESSION_TERMINATE] = "session-terminate",
    [GW_JINGLE_SESSION_INFO] = "session-info",
    [GW_JINGLE_TRANSPORT_INFO] = "transport-info",
    [GW_JINGLE_CONTENT_ADD] = "content-add",
    [GW_JINGLE_CONTENT_REJECT] = "content-reject",
    [GW_JINGLE_CONTENT_MODIFY] = "content-modify",
    [GW_JINGLE_CONTENT_REMOVE] = "content-remove",
    [GW_JINGLE_DESCRIPTION_INFO] = "description-info",
    [GW_JINGLE_TRANSPORT_REPLACE] = "transport-replace",
    [GW_JINGLE_TRANSPORT_REJECT] = "transport-reject",
    [GW_JINGLE_SOURCE_ADD] = "source-add",
    [GW_JINGLE_SOURCE_REMOVE] = "source-remove",
    [GW_JINGLE_CONTENT_ACCEPT] = "content-accept",
    [GW_JINGLE_TRANSPORT_ACCEPT] = "transport-accept",
    [GW_JINGLE_SECURITY_INFO] = "security-info",
    [GW_JINGLE_ERROR] = "error",
    [GW_JINGLE_UNKNOWN] = "unknown",
};

static const char *const jmuci_names[] = {
    [GW_JMUCI_PROPOSE] = "propose", [GW_JMUCI_ACCEPT] = "accept", [GW_JMUCI_REJECT] = "reject",
    [GW_JMUCI_RETRACT] = "retract", [GW_JMUCI_ENDED] = "ended",
};

const char *gw_jingle_action_name(gw_jingle_action action) {
  return (guint)action < G_N_ELEMENTS(jingle_names) ? jingle_names[action] : "unknown";
}

const char *gw_jmuci_action_name(gw_jmuci_action action) {
  return (guint)action < G_N_ELEMENTS(jmuci_names) ? jmuci_names[action] : "unknown";
}

gw_word *gw_word_new_jmuci(gw_jmuci_action action, gboolean sfu, const char *id) {
  gw_word *w = g_new0(gw_word, 1);
  w->kind = GW_WORD_JMUCI;
  w->u.jmuci.action = action;
  w->u.jmuci.sfu = sfu;
  w->u.jmuci.id = g_strdup(id);
  return w;
}

gw_word *gw_word_new_jingle(gw_jingle_action action, const char *to, const char *sid,
                            gboolean we_initiated) {
  gw_word *w = g_new0(gw_word, 1);
  w->kind = GW_WORD_JINGLE;
  w->to = g_strdup(to);
  w->u.jingle.action = action;
  w->u.jingle.sid = g_strdup(sid);
  w->u.jingle.we_initiated = we_initiated;
  return w;
}

gw_word *gw_word_new_jmi(gw_jmi_action action, const char *to, const char *id) {
  gw_word *w = g_new0(gw_word, 1);
  w->kind = GW_WORD_JMI;
  w->to = g_strdup(to);
  w->u.jmi.action = action;
  w->u.jmi.id = g_strdup(id);
  return w;
}

gw_word *gw_word_new_invite(gboolean mediated, const char *room, const char *inviter) {
  gw_word *w = g_new0(gw_word, 1);
  w->kind = GW_WORD_INVITE;
  w->u.invite.mediated = mediated;
  w->u.invite.room = g_strdup(room);
  w->u.invite.inviter = g_strdup(inviter);
  return w;
}

static void copy_invite(gw_invite *to, const gw_invite *from) {
  *to = *from;
  to->room = g_strdup(from->room);
  to->inviter = g_strdup(from->inviter);
  to->password = g_strdup(from->password);
  to->reason = g_strdup(from->reason);
}

static void clear_invite(gw_invite *i) {
  g_free(i->room);
  g_free(i->inviter);
  g_free(i->password);
  g_free(i->reason);
}

gw_word *gw_word_new_meet(gboolean left) {
  gw_word *w = g_new0(gw_word, 1);
  w->kind = GW_WORD_MEET;
  gw_meet_init(&w->u.meet, left);
  return w;
}

static void copy_jmuci(gw_jmuci *to, const gw_jmuci *from) {
  *to = *from;
  to->id = g_strdup(from->id);
  to->jid = g_strdup(from->jid);
}

static void copy_jingle(gw_jingle *to, const gw_jingle *from) {
  *to = *from;
  to->sid = g_strdup(from->sid);
  to->reason = g_strdup(from->reason);
  to->reason_text = g_strdup(from->reason_text);
  to->info_name = g_strdup(from->info_name);
  to->desc = gw_desc_copy(from->desc);
  to->error = g_strdup(from->error);
  to->muji_room = g_strdup(from->muji_room);
  to->users = g_strdupv(from->users);
  to->gone = g_strdupv(from->gone);
}

gw_word *gw_word_copy(const gw_word *w) {
  if (!w) return NULL;
  gw_word *c = g_new0(gw_word, 1);
  c->kind = w->kind;
  c->from = g_strdup(w->from);
  c->to = g_strdup(w->to);
  c->historic = w->historic;
  if (w->kind == GW_WORD_JMUCI)
    copy_jmuci(&c->u.jmuci, &w->u.jmuci);
  else if (w->kind == GW_WORD_INVITE)
    copy_invite(&c->u.invite, &w->u.invite);
  else if (w->kind == GW_WORD_CALL_INVITE)
    gw_call_invite_copy(&c->u.call_invite, &w->u.call_invite);
  else if (w->kind == GW_WORD_MEET)
    gw_meet_copy(&c->u.meet, &w->u.meet);
  else if (w->kind == GW_WORD_JMI)
    gw_jmi_copy(&c->u.jmi, &w->u.jmi);
  else
    copy_jingle(&c->u.jingle, &w->u.jingle);
  return c;
}

void gw_word_free(gw_word *w) {
  if (!w) return;
  if (w->kind == GW_WORD_JMUCI) {
    g_free(w->u.jmuci.id);
    g_free(w->u.jmuci.jid);
  } else if (w->kind == GW_WORD_INVITE) {
    clear_invite(&w->u.invite);
  } else if (w->kind == GW_WORD_CALL_INVITE) {
    gw_call_invite_clear(&w->u.call_invite);
  } else if (w->kind == GW_WORD_MEET) {
    gw_meet_clear(&w->u.meet);
  } else if (w->kind == GW_WORD_JMI) {
    gw_jmi_clear(&w->u.jmi);
  } else {
    g_free(w->u.jingle.sid);
    g_free(w->u.jingle.reason);
    g_free(w->u.jingle.reason_text);
    g_free(w->u.jingle.info_name);
    gw_desc_free(w->u.jingle.desc);
    g_free(w->u.jingle.error);
    g_free(w->u.jingle.muji_room);
    g_strfreev(w->u.jingle.users);
    g_strfreev(w->u.jingle.gone);
  }
  g_free(w->from);
  g_free(w->to);
  g_free(w);
}

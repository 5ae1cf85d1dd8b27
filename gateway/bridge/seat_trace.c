/* What a seat says and hears, as lines of `call trace`. */
#include "gateway/bridge/private.h"

typedef struct {
  const char *jid;
  char *nick;
} search;

static void match_occupant(const gw_occupant *o, void *user) {
  search *find = user;
  for (guint i = 0; !find->nick && o->jids && o->jids[i]; i++)
    if (gw_jid_same(o->jids[i], find->jid)) find->nick = g_strdup(o->nick);
}

/* Who a JID is on the ladder: a nick if the room knows one. */
static char *name_of(const gw_muc *muc, const char *jid) {
  search find = {jid, NULL};
  const char *nick = muc && gw_jid_same_bare(jid, gw_muc_room(muc)) ? gw_jid_resource(jid) : NULL;
  if (nick) return g_strdup(nick);
  if (muc) gw_muc_foreach(muc, match_occupant, &find);
  return find.nick ? find.nick : g_strdup(jid);
}

static void trace_jmuci(gw_call *c, const char *own_nick, const gw_word *word, gw_trace_dir dir,
                        const char *who) {
  const char *action = gw_jmuci_action_name(word->u.jmuci.action);
  gboolean echo = dir == GW_TRACE_IN && !g_strcmp0(who, own_nick);
  gw_call_trace(c, GW_LANE_JMUCI, dir, echo || dir == GW_TRACE_OUT ? NULL : who, "%s%s", action,
                echo ? " of ours, as the room orders it" : "");
}

void gw_seat_trace_word(gw_call *c, const gw_muc *muc, const char *own_nick, const gw_word *word,
                        gw_trace_dir dir) {
  const gw_jingle *j = &word->u.jingle;
  const char *other = dir == GW_TRACE_OUT ? word->to : word->from;
  g_autofree char *who = other ? name_of(muc, other) : NULL;
  if (word->historic || word->kind == GW_WORD_CALL_INVITE) return;
  if (word->kind == GW_WORD_JMI) {
    gw_call_trace(c, GW_LANE_JINGLE, dir, who, "%s%s%s", gw_jmi_action_name(word->u.jmi.action),
                  word->u.jmi.reason ? ": " : "", word->u.jmi.reason ? word->u.jmi.reason : "");
    return;
  }
  if (word->kind == GW_WORD_JMUCI) {
    trace_jmuci(c, own_nick, word, dir, who);
    return;
  }
  if (j->action == GW_JINGLE_SESSION_TERMINATE && j->reason) {
    g_free(c->jingle_reason);
    c->jingle_reason = g_strdup(j->reason);
  }
  gboolean failed = j->action == GW_JINGLE_ERROR;
  const char *detail = failed ? j->error : j->reason;
  gw_call_trace(c, GW_LANE_JINGLE, dir, who, "%s%s%s%s", failed ? "error of " : "",
                gw_jingle_action_name(failed ? j->of : j->action), detail ? ": " : "",
                detail ? detail : "");
}

void gw_seat_trace_media(gw_call *c, const char *who, gw_media_state state, gw_cause cause) {
  static const struct {
    gw_lane lane;
    const char *text;
  } rows[] = {[GW_MS_ICE] = {GW_LANE_ICE, "a pair works"},
              [GW_MS_UP] = {GW_LANE_DTLS, "keys agreed"},
              [GW_MS_RTP] = {GW_LANE_MEDIA, "first RTP"},
              [GW_MS_QUIET] = {GW_LANE_MEDIA, "no RTP any more"}};
  gw_lane lane = cause == GW_CAUSE_DTLS_FAILED  ? GW_LANE_DTLS
                 : cause == GW_CAUSE_ICE_FAILED ? GW_LANE_ICE
                                                : GW_LANE_MEDIA;
  if (state == GW_MS_FAILED)
    gw_call_trace(c, lane, GW_TRACE_NOTE, who, "failed: %s", gw_cause_word(cause));
  else
    gw_call_trace(c, rows[state].lane, state == GW_MS_RTP ? GW_TRACE_IN : GW_TRACE_NOTE, who, "%s",
                  rows[state].text);
}

/* Why the flavour leaves a call, in its words. */
void gw_seat_trace_why(gw_call *c, gw_cause cause, const char *text) {
  gw_call_trace(c, cause == GW_CAUSE_SFU_DOWN ? GW_LANE_SFU : GW_LANE_MUC, GW_TRACE_NOTE, NULL, "%s", text);
}

/* --- the forwarding service */

void gw_seat_trace_sfu(gw_call *call, const char *own_nick, const gw_fl_sfu *n) {
  static const char *const words[] = {
      "joined",       "answer for", "candidate for",       "joins:",        "leaves:",
      "out of reach", "given up",   "brings the sound of", "ends a stream", "a stream is now of"};
  const gboolean answer = n->news == GW_SFU_SAID_ANSWER;
  const char *who = n->nick                   ? n->nick
                    : n->who                  ? n->who
                    : n->users && n->users[0] ? n->users[0]
                    : answer                  ? own_nick
                                              : NULL;
  const gboolean down = n->news == GW_SFU_SAID_DOWN && n->text;
  if (n->news == GW_SFU_SAID_CANDIDATE) return;
  gw_call_trace(call, GW_LANE_SFU, GW_TRACE_IN, "sfu", "%s%s%s%s%s", words[n->news], who ? " " : "",
                who ? who : "", answer && !n->desc ? ": refused" : down ? ": " : "", down ? n->text : "");
}

void gw_seat_trace_sfu_ask(gw_call *call, const gw_action *a) {
  static const char *const words[] = {"join",  "leave and join", "ask for",     "candidate",
                                      "leave", "answer",         "end a stream"};
  if (a->ask == GW_SFU_ASK_CANDIDATE) return;
  gw_call_trace(call, GW_LANE_SFU, GW_TRACE_OUT, "sfu", "%s%s%s", words[a->ask], a->nick ? " " : "",
                a->nick ? a->nick : "");
  if (!a->nick && !a->sid) gw_call_hop(call, a->ask == GW_SFU_ASK_JOIN ? "sfu-join" : "sfu-leave");
}

#include "fakes.h"
#include <string.h>
#include "base/jid.h"

#define note fake_note

static GString *text;

void fake_clear(void) {
  if (!text) text = g_string_new(NULL);
  g_string_truncate(text, 0);
}

const char *fake_log(void) {
  return text->str;
}

gboolean fake_said(const char *part) {
  return strstr(text->str, part) != NULL;
}

void fake_note(const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  g_string_append_vprintf(text, fmt, ap);
  g_string_append_c(text, '\n');
  va_end(ap);
}

/* --- SIP --- */

struct gw_sip_call {
  guint refs;
  void *user_data;
};
gw_sip_call *fake_dialled;

gw_sip_call *fake_sip_call(void) {
  gw_sip_call *c = g_new0(gw_sip_call, 1);
  c->refs = 1;
  return c;
}

guint fake_sip_refs(const gw_sip_call *c) {
  return c->refs;
}

gw_sip_call *gw_sip_call_ref(gw_sip_call *c) {
  c->refs++;
  return c;
}

void gw_sip_call_unref(gw_sip_call *c) {
  g_assert_cmpuint(c->refs, >, 0);
  if (!--c->refs) g_free(c);
}

gboolean fake_sip_secure;

gboolean gw_sip_call_secure(const gw_sip_call *c) {
  return fake_sip_secure;
}

void gw_sip_call_set_user_data(gw_sip_call *c, void *p) {
  c->user_data = p;
}

void *gw_sip_call_user_data(const gw_sip_call *c) {
  return c->user_data;
}

void gw_sip_call_ringing(gw_sip_call *c) {
  g_assert_nonnull(c);
  note("sip ringing");
}

void gw_sip_call_answer(gw_sip_call *c, const gw_desc *d) {
  g_assert_nonnull(c);
  note("sip answer dir=%d codecs=%u version=%d", gw_desc_audio(d)->dir,
       gw_desc_audio(d)->codecs->len, (int)d->version);
}

void gw_sip_call_reinvite(gw_sip_call *c, const gw_desc *d) {
  note("sip reinvite dir=%d", gw_desc_audio(d)->dir);
}

void gw_sip_call_refuse_offer(gw_sip_call *c, gw_cause cause) {
  note("sip refuse-offer %s", gw_cause_word(cause));
}

void gw_sip_call_hangup(gw_sip_call *c, gw_cause cause) {
  note("sip hangup %s", gw_cause_word(cause));
}

gboolean gw_sip_find_trunk(const gw_sip *s, const char *name, gw_sip_trunk_info *ret) {
  *ret = (gw_sip_trunk_info){.name = name,
                             .reason = "no answer",
                             .state = strcmp(name, "dead") ? GW_TRUNK_UP : GW_TRUNK_DOWN};
  return TRUE;
}

void gw_sip_call_progress(gw_sip_call *c, const gw_desc *d) {
  note("sip progress dir=%d", gw_desc_audio(d)->dir);
}

gboolean gw_sip_call_send_text(gw_sip_call *c, const char *line) {
  note("sip text %s", line);
  return TRUE;
}

void gw_sip_call_refer_answer(gw_sip_call *c, guint status, const char *why) {
  note("sip refer-answer %u", status);
}

void gw_sip_call_refer_progress(gw_sip_call *c, guint status) {
  note("sip refer-progress %u", status);
}

const char *gw_sip_call_reason(const gw_sip_call *c) {
  return NULL;
}

char *gw_sip_phone_source(const gw_sip *s, const char *number) {
  return strcmp(number, "100") ? NULL : g_strdup("udp:127.0.0.1:5070");
}

guint fake_contacts;
gboolean fake_all_registered;
gw_cause fake_trunk_refuses;

gboolean gw_sip_is_foreign(const gw_sip *s, const char *host) {
  return strcmp(host, "gw.example.test") != 0;
}

guint gw_sip_contacts(const gw_sip *s, const char *number) {
  return strcmp(number, "100") && !fake_all_registered ? 0 : fake_contacts;
}

gw_sip_call *gw_sip_dial_phone(gw_sip *s, const char *number, const char *from, const char *name,
                               const gw_desc *offer, gw_cause *why) {
  note("sip dial %s", number);
  if (strcmp(number, "100") && !fake_all_registered) {
    *why = GW_CAUSE_NOT_FOUND;
    return NULL;
  }
  fake_dialled = gw_sip_call_ref(fake_sip_call());
  return fake_dialled;
}

gw_sip_call *fake_inside[2];

void gw_sip_pair(gw_sip *s, gw_sip_call **ret_caller, gw_sip_call **ret_callee) {
  note("sip pair");
  fake_inside[0] = *ret_caller = fake_sip_call();
  fake_inside[1] = *ret_callee = fake_sip_call();
}

gw_sip_call *gw_sip_dial_trunk(gw_sip *s, const char *trunk, const char *number, const char *from,
                               const char *name, const gw_desc *offer, gw_cause *why) {
  note("sip dial %s by %s from %s%s%s", number, trunk, from ? from : "nobody", name ? " as " : "", name ? name : "");
  if (fake_trunk_refuses) {
    *why = fake_trunk_refuses;
    return NULL;
  }
  if (fake_dialled) gw_sip_call_unref(fake_dialled);
  fake_dialled = gw_sip_call_ref(fake_sip_call());
  return fake_dialled;
}

void gw_sip_call_hurry(gw_sip_call *c) {
  note("sip hurry");
}

/* --- XMPP --- */

struct gw_persona {
  char *jid;
  const gw_persona_events *events;
  void *user;
};
struct gw_muc {
  gw_persona *persona;
  char *room, *nick;
  const gw_muc_events *events;
  void *user;
  gw_muc_state state;
  GPtrArray *nicks, *jids;
};
typedef struct {
  int kind;
  void *fn, *user;
} question;
static GPtrArray *personas, *mucs;
static GArray *questions;
gw_xmpp_state fake_stream;
gw_answer fake_roster_answer, fake_grant_answer;
gboolean fake_members_only;
const char *fake_disco_name;
const char *const *fake_disco_features;

void fake_reset(void) {
  fake_clear();
  if (personas) g_ptr_array_unref(personas), g_ptr_array_unref(mucs), g_array_unref(questions);
  personas = g_ptr_array_new();
  mucs = g_ptr_array_new();
  questions = g_array_new(FALSE, FALSE, sizeof(question));
  fake_stream = GW_XMPP_UP;
  fake_contacts = 1;
  fake_all_registered = FALSE;
  fake_trunk_refuses = GW_CAUSE_NONE;
  fake_roster_answer = GW_ANSWER_YES;
  fake_grant_answer = GW_ANSWER_YES;
  fake_disco_name = "";
  fake_disco_features = NULL;
  fake_muji_nick = NULL;
  fake_media_full = fake_worker_full = fake_members_only = fake_prompts = fake_speaks = FALSE;
  fake_status = NULL;
  fake_roster_help = FALSE;
}

gw_xmpp_state gw_xmpp_get_state(const gw_xmpp *x) {
  return fake_stream;
}

gw_persona *gw_persona_new(gw_xmpp *x, const char *local, const char *resource,
                           const gw_persona_events *e, void *user) {
  gw_persona *p = g_new0(gw_persona, 1);
  p->jid = g_strdup_printf("%s@gw.test/%s", local, resource);
  p->events = e;
  p->user = user;
  g_ptr_array_add(personas, p);
  return p;
}

void gw_persona_free(gw_persona *p) {
  if (!p) return;
  fake_meet_forget(p);
  g_ptr_array_remove(personas, p);
  g_free(p->jid);
  g_free(p);
}

const char *gw_persona_jid(const gw_persona *p) {
  return p->jid;
}

void gw_persona_say(gw_persona *p, gw_muc *m, const gw_word *w) {
  if (w->kind == GW_WORD_JMI)
    note("jmi %s %s%s%s from=%s to=%s", gw_jmi_action_name(w->u.jmi.action), w->u.jmi.id,
         w->u.jmi.reason ? " " : "", w->u.jmi.reason ? w->u.jmi.reason : "", p->jid, w->to);
  else if (w->kind == GW_WORD_JMUCI)
    note("say %s %s", gw_jmuci_action_name(w->u.jmuci.action), w->u.jmuci.id);
  else if (w->kind == GW_WORD_CALL_INVITE)
    note("invite %s in %s to %s", gw_invite_action_name(w->u.call_invite.action), m->room, w->u.call_invite.muji_room);
  else
    note("jingle %s to=%s sid=%s %s%s", gw_jingle_action_name(w->u.jingle.action), w->to, w->u.jingle.sid,
         w->u.jingle.reason ? w->u.jingle.reason : "-", w->u.jingle.focus ? " focus" : "");
}

gw_muc *gw_muc_join(gw_persona *p, const char *room, const char *nick, const char *password,
                    const gw_muc_events *e, void *user) {
  gw_muc *m = g_new0(gw_muc, 1);
  m->persona = p;
  m->room = g_strdup(room);
  m->nick = g_strdup(nick);
  m->events = e;
  m->user = user;
  m->state = GW_MUC_JOINING;
  m->nicks = g_ptr_array_new_with_free_func(g_free);
  m->jids = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(mucs, m);
  note("join %s as %s", room, nick);
  return m;
}

void gw_muc_leave(gw_muc *m, const char *status) {
  if (!m) return;
  note("leave %s as %s", m->room, m->nick);
  g_ptr_array_remove(mucs, m);
  g_free(m->room);
  g_free(m->nick);
  g_ptr_array_unref(m->nicks);
  g_ptr_array_unref(m->jids);
  g_free(m);
}

void gw_muc_set_muji(gw_muc *m, const gw_muji *muji) {
  note("muji %s", !muji ? "none" : muji->preparing ? "preparing" : "in");
}

const char *fake_status;
gboolean fake_roster_help;

void gw_muc_tell(gw_muc *m, const char *body) {
  note("tell %s: %s", m->room, body);
}

gboolean gw_xmpp_roster_help_due(const gw_xmpp *x, const char *jid) {
  return fake_roster_help;
}

void gw_xmpp_help_roster(gw_xmpp *x, const char *jid, const gw_items *contacts) {
  for (guint i = 0; i < gw_items_count(contacts); i++)
    note("contact %s for %s: %s", gw_items_name(contacts, i), jid, gw_items_jid(contacts, i));
}

void gw_xmpp_decline(gw_xmpp *x, const gw_word *invite, const char *reason) {
  note("decline %s: %s", invite->u.invite.inviter, reason);
}

void gw_xmpp_say_call_invite(gw_xmpp *x, const gw_word *w) {
  const gw_call_invite *v = &w->u.call_invite;
  note("call %s %s from=%s to=%s%s%s%s%s", gw_invite_action_name(v->action), v->ids[0], w->from,
       w->to, v->in_new ? " new" : "", v->in_old ? " old" : "", v->in_meet ? " meet=" : "",
       v->meet ? v->meet : "");
}

void gw_muc_make_for_call(gw_muc *m, gboolean members_only) {
  note("%s %s", members_only ? "private" : "temporary", m->room);
}

void gw_xmpp_reject(gw_xmpp *x, const gw_word *propose, const char *reason) {
  note("reject %s: %s", propose->u.jmi.id, reason);
}

void gw_xmpp_stand(gw_xmpp *x, const char *local, const gw_stand *s) {
  note("stand %s %s", local, !s ? "none" : !s->available ? "gone" : s->status ? s->status : "here");
}

void gw_muc_set_status(gw_muc *m, const char *show, const char *status) {
  fake_status = status;
  note("status %s", status ? status : "-");
}

gw_muc_state gw_muc_get_state(const gw_muc *m) {
  return m->state;
}

const char *gw_muc_nick(const gw_muc *m) {
  return m->nick;
}

gboolean gw_muc_is_members_only(const gw_muc *m) {
  return fake_members_only;
}

const char *gw_muc_room(const gw_muc *m) {
  return m->room;
}

guint gw_muc_count(const gw_muc *m) {
  return m->nicks->len;
}

const char *fake_affiliation;
static gw_muji muji_in = {.contents = TRUE};
const char *fake_muji_nick;

static const gw_muji *muji_of(const char *nick) {
  return g_strcmp0(nick, fake_muji_nick) ? NULL : &muji_in;
}

static void told(const gw_muc *m, const char *nick, const char *jid,
                 void (*fn)(const gw_occupant *, void *), void *user) {
  const char *jids[] = {jid, NULL};
  const gboolean self = !strcmp(nick, m->nick);
  fn(&(gw_occupant){.nick = nick, .jids = jids, .self = self, .affiliation = self ? fake_affiliation : NULL, .muji = muji_of(nick)}, user);
}

void gw_muc_foreach(const gw_muc *m, void (*fn)(const gw_occupant *, void *), void *user) {
  for (guint i = 0; i < m->nicks->len; i++)
    told(m, m->nicks->pdata[i], m->jids->pdata[i], fn, user);
}

static void (*told_fn)(gboolean, void *);
static void *told_user;

void gw_persona_tell_conference(gw_persona *p, const char *jid, const gw_coin *c, void (*fn)(gboolean, void *), void *user) {
  note("coin to=%s version=%u all=%u", jid, c->version, c->all);
  for (guint i = 0; i < c->users->len; i++) {
    const gw_coin_user *u = c->users->pdata[i];
    note("coin user %s %s", u->uri, u->name);
  }
  told_fn = fn;
  told_user = user;
}

void fake_told(gboolean taken) {
  told_fn(taken, told_user);
}

static void ask(int kind, void *fn, void *user) {
  question q = {kind, fn, user};
  g_array_append_val(questions, q);
}

void gw_persona_ask_roster(gw_persona *p, const char *jid, void (*fn)(gw_answer, void *),
                           void *user) {
  ask(0, fn, user);
}

static void (*device_fn)(const char *, void *);
static void *device_user;

void gw_persona_watch_devices(gw_persona *p, const char *bare, void (*fn)(const char *, void *), void *user) {
  note("watch devices of %s", bare);
  device_fn = fn;
  device_user = user;
}

void fake_device(const char *jid) {
  device_fn(jid, device_user);
}

void gw_persona_ask_disco(gw_persona *p, const char *jid,
                          void (*fn)(const char *, const char *const *, void *), void *user) {
  ask(1, fn, user);
}

void gw_persona_grant_member(gw_persona *p, const char *room, const char *jid,
                             void (*fn)(gw_answer, const char *, void *), void *user) {
  note("grant %s", jid);
  ask(2, fn, user);
}

void gw_persona_grant_owner(gw_persona *p, const char *room, const char *jid,
                            void (*fn)(gw_answer, const char *, void *), void *user) {
  note("grant owner %s", jid);
  ask(2, fn, user);
}

void fake_answer_questions(void) {
  for (guint i = 0; i < questions->len; i++) {
    question q = g_array_index(questions, question, i);
    if (q.kind == 0) ((void (*)(gw_answer, void *))q.fn)(fake_roster_answer, q.user);
    if (q.kind == 1)
      ((void (*)(const char *, const char *const *, void *))q.fn)(
          fake_disco_name, fake_disco_features, q.user);
    if (q.kind == 2)
      ((void (*)(gw_answer, const char *, void *))q.fn)(fake_grant_answer, "forbidden", q.user);
  }
  g_array_set_size(questions, 0);
}

gw_muc *fake_muc(const char *part) {
  for (guint i = 0; i < mucs->len; i++) {
    gw_muc *m = mucs->pdata[i];
    if (strstr(m->persona->jid, part)) return m;
  }
  return NULL;
}

gw_muc *fake_muc_at(const char *part, const char *room) {
  for (guint i = 0; i < mucs->len; i++) {
    gw_muc *m = mucs->pdata[i];
    if (strstr(m->persona->jid, part) && !strcmp(m->room, room)) return m;
  }
  return NULL;
}

void fake_muc_in(gw_muc *m, gboolean again) {
  m->state = GW_MUC_IN;
  if (!again) {
    g_ptr_array_add(m->nicks, g_strdup(m->nick));
    g_ptr_array_add(m->jids, g_strdup(m->persona->jid));
  }
  m->events->joined(m, again, m->user);
}

void fake_muc_barred(gw_muc *m) {
  m->state = GW_MUC_JOINING;
  m->events->barred(m, m->user);
}

void fake_muc_text(gw_muc *m, const char *nick, const char *body) {
  m->events->text(m, nick, body, m->user);
}

void fake_muc_out(gw_muc *m, gw_cause cause, const char *detail) {
  m->state = GW_MUC_OUT;
  m->events->left(m, cause, detail, m->user);
}

void fake_occupant(gw_muc *m, const char *nick, const char *jid, gw_occ_change change) {
  const char *jids[] = {jid, NULL};
  if (change == GW_OCC_JOINED) {
    g_ptr_array_add(m->nicks, g_strdup(nick));
    g_ptr_array_add(m->jids, g_strdup(jid));
  }
  const gw_occupant o = {
      .nick = nick, .jids = jids, .self = !strcmp(nick, m->nick), .muji = muji_of(nick)};
  m->events->occupant(m, &o, change, m->user);
}

void fake_word(gw_muc *m, gw_word *w) {
  m->events->word(m, w, m->user);
  gw_word_free(w);
}

static gw_persona *persona(const char *part) {
  for (guint i = 0; i < personas->len; i++) {
    gw_persona *p = personas->pdata[i];
    if (strstr(p->jid, part)) return p;
  }
  g_assert_not_reached();
}

void fake_jingle(const char *part, gw_word *w) {
  gw_persona *p = persona(part);
  p->events->word(p, w, p->user);
  gw_word_free(w);
}

void fake_persona_stream(const char *part, gboolean up) {
  gw_persona *p = persona(part);
  p->events->stream(p, up, p->user);
}

/* --- media --- */

gboolean fake_media_full, fake_worker_full;
static guint64 next_slot[4], last[4];
static int open_count[4];

static gw_handle made(gw_media_kind kind) {
  if (fake_media_full) return GW_HANDLE_NONE;
  open_count[kind]++;
  last[kind] = (guint64)kind << 56 | ++next_slot[kind];
  return (gw_handle){last[kind]};
}

gw_handle gw_media_room(gw_media *m) {
  note("media room");
  return made(GW_MEDIA_ROOM);
}

gw_handle gw_media_leg(gw_media *m, gw_handle room, const gw_leg_params *p) {
  note("media leg hint=%s", p->remote_hint ? p->remote_hint : "-");
  return fake_worker_full ? GW_HANDLE_NONE : made(GW_MEDIA_LEG);
}

gw_handle gw_media_peer(gw_media *m, gw_handle room, const gw_peer_params *p) {
  note("media peer offerer=%d", p->offerer);
  if (!room.v) return GW_HANDLE_NONE; /* a stale handle */
  return made(GW_MEDIA_PEER);
}

void gw_media_expect(gw_media *m, gw_handle room, gboolean offerer, guint peers) {
  note("media expect offerer=%d peers=%u", offerer, peers);
}

void gw_media_leg_remote(gw_media *m, gw_handle h, const gw_desc *remote, const gw_desc *agreed) {
  note("media leg-remote dir=%d codec=%s", gw_desc_audio(agreed)->dir,
       g_array_index(gw_desc_audio(agreed)->codecs, gw_codec, 0).name);
}

gboolean fake_prompts, fake_speaks;
static guint64 moved;

gboolean gw_media_has_prompt(const gw_media *m, const char *name) {
  return fake_prompts && g_str_has_prefix(name, "en/");
}

void gw_media_play(gw_media *m, gw_handle h, const char *name) {
  note("play %s", name ? name : "-");
}

gboolean gw_media_speak(gw_media *m, gw_handle h, const char *language, const char *const *words) {
  g_autofree char *line = g_strjoinv(", ", (char **)words);
  note("speak %s: %s", language, line);
  return fake_speaks;
}

void gw_media_tone(gw_media *m, gw_handle h, guint hz, guint ms) {
  note("tone %u", hz);
}

gw_handle gw_media_move(gw_media *m, gw_handle leg, gw_handle room, const gw_leg_params *p) {
  note("media move");
  if (fake_worker_full) return GW_HANDLE_NONE;
  moved = leg.v;
  open_count[GW_MEDIA_LEG]--;
  return made(GW_MEDIA_LEG);
}

gboolean gw_media_has_place(const gw_media *m, gw_handle leg, gw_handle room) {
  return room.v ? !fake_worker_full : !fake_media_full;
}

void gw_media_inherit(gw_media *m, gw_handle leg, gw_handle old) {
  note("media inherit");
}

void gw_media_peer_remote(gw_media *m, gw_handle h, const gw_desc *d) {
  const gw_desc_media *audio = gw_desc_audio(d);
  note("media peer-remote%s", audio && audio->sources->len ? " with sources" : "");
}

void gw_media_peer_talker(gw_media *m, gw_handle h, const char *talker) {
  note("media peer-talker %s", talker);
}

void gw_media_peer_agreed(gw_media *m, gw_handle h, const gw_desc *d) {
  note("media peer-agreed %s", g_array_index(gw_desc_audio(d)->codecs, gw_codec, 0).name);
}

void gw_media_mute(gw_media *m, gw_handle h, gboolean on) {
  note("media mute=%d", on);
}

void gw_media_retire(gw_media *m, gw_handle h) {
  note("media retire");
}

void gw_media_close(gw_media *m, gw_handle h) {
  if (h.v == moved) return; /* dead since it was moved */
  note("media close %u", gw_handle_kind(h));
  open_count[gw_handle_kind(h)]--;
}

gboolean gw_media_get_stats(const gw_media *m, gw_handle h, gw_media_stats *ret) {
  *ret = (gw_media_stats){.packets_in = 50, .packets_out = 49, .concealed_ms = 20, .listened_ms = 1000, .spoken_ms = 250};
  return TRUE;
}

gw_handle fake_last(gw_media_kind kind) {
  return (gw_handle){last[kind]};
}

guint fake_open(gw_media_kind kind) {
  return (guint)open_count[kind];
}

void fake_local_desc(gw_handle h, void *bridge) {
  g_autoptr(gw_desc) d = gw_desc_new();
  gw_desc_media *m = gw_desc_add(d, GW_KIND_AUDIO, NULL);
  if (gw_handle_kind(h) == GW_MEDIA_LEG) {
    gw_desc_media_add_codec(m, 0, "PCMU", 8000, 1, NULL);
    gw_desc_media_add_codec(m, 8, "PCMA", 8000, 1, NULL);
    m->port = 20000;
  } else {
    gw_desc_media_add_codec(m, 111, "opus", 48000, 2, "useinbandfec=1");
    m->rtcp_mux = TRUE;
    m->ufrag = g_strdup("uuuu");
    m->pwd = g_strdup("pppppppppppppppppppppp");
    m->fp_hash = g_strdup("sha-256");
    m->fp_value = g_strdup("AA:BB");
    m->setup = GW_SETUP_ACTPASS;
  }
  gw_bridge_media_events.local_desc(h, d, bridge);
}

void gw_persona_greet(gw_persona *p, const char *jid, gboolean come) {
}

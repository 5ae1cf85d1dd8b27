/* fakes.h - stand-ins for the SIP, XMPP and media rooms: they write down what the bridge asks for,
 * and the test plays their events. Thread: the test's.  Owner: the fakes live as long as the
 * program.  Calls back: only when told to. */
#ifndef FAKES_H
#define FAKES_H
#include "gateway/bridge/bridge.h"

void fake_reset(void);
const char *fake_log(void); /* one line per call of the bridge since the last fake_clear */
void fake_clear(void);
gboolean fake_said(const char *line_part);

void fake_note(const char *fmt, ...) G_GNUC_PRINTF(1, 2); /* a line more of the log */

/* --- SIP */
gw_sip_call *fake_sip_call(void); /* one reference is the test's */
guint fake_sip_refs(const gw_sip_call *);
extern gw_sip_call *fake_dialled; /* the last outgoing call */
extern gw_sip_call *fake_inside[2]; /* the ends of the last pair, the bridge's own: who calls, who is called */
extern gw_cause fake_trunk_refuses; /* to dial, at once */
extern guint fake_contacts;       /* of phone 100; the others have none */
extern gboolean fake_all_registered; /* but that */

/* --- XMPP */
extern gw_xmpp_state fake_stream;
gw_muc *fake_muc(const char *jid_part);     /* the joined or joining room of the persona whose JID
                                               contains jid_part */
gw_muc *fake_muc_at(const char *jid_part, const char *room);
void fake_muc_in(gw_muc *, gboolean again); /* self-presence and subject */
void fake_muc_barred(gw_muc *);             /* it was in, and is refused as no member */
extern const char *fake_affiliation;        /* ours, in every room */
extern gboolean fake_roster_help; /* whoever comes lacks our contacts */
void fake_muc_text(gw_muc *, const char *nick, const char *body);
void fake_muc_out(gw_muc *, gw_cause, const char *detail);
void fake_occupant(gw_muc *, const char *nick, const char *jid, gw_occ_change);
void fake_word(gw_muc *, gw_word *);               /* as the room reflects it; takes the word */
void fake_jingle(const char *jid_part, gw_word *); /* to that persona; takes the word */
void fake_device(const char *jid); /* to the persona that asked last */
void fake_persona_stream(const char *jid_part, gboolean up);
extern gw_answer fake_roster_answer;
extern const char *fake_disco_name;
extern const char *const *fake_disco_features; /* NULL: no answer */
extern const char *fake_muji_nick; /* whoever has this nick takes part in a Muji call */
extern gw_answer fake_grant_answer;
extern gboolean fake_members_only;
void fake_answer_meet(const char *condition_or_null); /* the oldest question to a service of meets; NULL: yes. A new one is
                                                       * called m1, m2 and so on */
guint fake_meet_questions(void);  /* that have no answer yet */
void fake_meet_forget(const gw_persona *);
void fake_told(gboolean taken); /* the answer to what a person was told of the call */
void fake_answer_questions(void); /* the roster, disco and grant questions asked so far */

extern const char *fake_status; /* shown in a room, the last one */

/* --- media */
extern gboolean fake_prompts, fake_speaks; /* there are English ones */
extern gboolean fake_media_full, fake_worker_full; /* no rooms any more; no phones in rooms that there are */
gw_handle fake_last(gw_media_kind);
guint fake_open(gw_media_kind); /* how many are open now */
void fake_local_desc(gw_handle, void *bridge);

#endif

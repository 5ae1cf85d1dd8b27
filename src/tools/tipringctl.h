/* tipringctl.h - parts of tipringctl: the talk with the daemon, help, the doctor.
 * Thread: one.  Owner: caller frees what is returned.  Calls back: never. Everything blocks,
 * bounded by time. */
#ifndef GW_TIPRINGCTL_H
#define GW_TIPRINGCTL_H
#include <glib.h>
#include "conf/conf.h"
#include "daemon/json.h"

/* --- talk (tipringctl_talk.c) */
typedef struct {
  int exit;
  char *out;
  JsonNode *json; /* NULL: null */
} gw_answer;
void gw_answer_clear(gw_answer *);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(gw_answer, gw_answer_clear)
/* One command to the daemon. FALSE and the error: nobody answers (what to do is in its message). */
gboolean gw_talk(const char *socket, const char *const *words, gw_answer *ret, GError **);

/* --- help (tipringctl_help.c) */
char *gw_ctl_help(void);
char *gw_ctl_man(void); /* tipringctl(1), roff */

/* --- the doctor (tipringctl_doctor.c): one row per thing looked at */
typedef struct {
  char *what;
  gboolean ok;
  char *detail;
  char *mend; /* what to do, or NULL */
} gw_finding;
typedef struct {
  const char *file;
  gw_conf *conf;       /* NULL: broken */
  JsonNode *status;    /* of the running daemon, or NULL */
  JsonNode *rooms;     /* its `room list`, or NULL */
  JsonNode *trunks;    /* its `trunk list`, or NULL */
  GPtrArray *findings; /* gw_finding */
} gw_doctor;
gw_doctor *gw_doctor_examine(const char *file, const char *socket);
void gw_doctor_free(gw_doctor *);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gw_doctor, gw_doctor_free)
gboolean gw_doctor_well(const gw_doctor *); /* nothing failed */
char *gw_doctor_text(const gw_doctor *);    /* "ok what: detail", "FAIL what: detail -- mend" */
JsonNode *gw_doctor_json(const gw_doctor *);
void gw_doctor_note(gw_doctor *, const char *what, gboolean ok, const char *mend_or_null,
                    const char *detail, ...) G_GNUC_PRINTF(5, 6);

/* Its parts, each adding findings: tipringctl_net.c, tipringctl_sfu.c, tipringctl_trunk.c,
 * tipringctl_turn.c, tipringctl_xmpp.c */
void gw_doctor_sip_ports(gw_doctor *);
void gw_doctor_certificate(gw_doctor *);
void gw_doctor_rtp_ports(gw_doctor *);
void gw_doctor_public_address(gw_doctor *);
void gw_doctor_stun(gw_doctor *);
void gw_doctor_turns(gw_doctor *); /* those of the file, and those of the running daemon */
typedef struct {
  const char *host;
  guint16 port;
  const char *transport;       /* "udp", "tcp", "tls" */
  const char *user, *password; /* user NULL: not known, only whether it answers is looked at */
  const char *ca;              /* PEM file, "": the system's */
} gw_doctor_turn;
void gw_doctor_turn_server(gw_doctor *, const gw_doctor_turn *);
void gw_doctor_trunks(gw_doctor *);
void gw_doctor_services(gw_doctor *);
void gw_doctor_stream(gw_doctor *);

#endif

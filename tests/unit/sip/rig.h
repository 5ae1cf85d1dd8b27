/* rig.h - two ends on loopback for the tests of the SIP room: a server with phones and an open client, both on one main
 * context, and a bare UDP or TCP socket that speaks SIP by hand.
 * Thread: the test's.  Owner: rig_new / rig_free.  Calls back: -. */
#ifndef RIG_H
#define RIG_H
#include <glib.h>
#include "base/log.h"
#include "sip/sip.h"

typedef struct rig rig;

/* One end of a call, with what has happened to it. */
typedef struct {
  rig *rig;
  gw_sip_call *call;
  char *phone, *trunk, *to_user, *from_user, *from_name, *source;
  gboolean anonymous;
  gboolean had_offer;
  guint states[5];      /* how often each state was told */
  guint ringing_status;
  gw_cause cause;       /* of the end */
  guint status;
  guint remotes, offers;
  gw_desc *remote;      /* the newest */
  gboolean remote_is_offer;
  char digits[16];
  char *history;
  gw_sip_call *replaces, *refer_call; /* only compared */
  char *refer_target;
  gboolean refer_ours, refer_names_call;
  guint refers;
  GString *referred;    /* "100 200 ": how a transfer of ours went */
} end;

/* What a server or client does with an INVITE by itself. */
typedef enum { DO_NOTHING, DO_RING, DO_ANSWER, DO_RING_ANSWER, DO_DROP, DO_REFUSE_BUSY, DO_PROGRESS } habit;

typedef struct {
  rig *rig;
  gw_sip *sip;
  habit on_invite;
  guint answer_refer;      /* a REFER is answered so at once; 0: not */
  gboolean answer_offers;  /* re-INVITE and UPDATE are answered at once */
  GPtrArray *ends;         /* end*, of calls that came in */
  guint text_status;       /* what a MESSAGE is answered with */
  GPtrArray *texts;        /* "100 8000 in call: hi", of each that was offered */
  guint bindings_told, bindings_gone;
  char *last_source, *last_contact;
  gboolean listening;
  guint udp, tcp, tls;     /* real ports */
} side;

struct rig {
  GMainContext *ctx;
  side server, client;
  GPtrArray *lines;        /* all log lines */
  GPtrArray *made;         /* end*, of calls that went out */
  gboolean in_call;        /* a function of the room is running: no callback may come now */
};

rig *rig_new(void);
rig *rig_new_with(const gw_sip_config *server, const gw_sip_config *client);
void rig_free(rig *);
side *rig_side(rig *, gw_sip *);
void rig_spin(rig *, guint ms);
#define RIG_WAIT(r, expr) /* statement expression: TRUE as soon as expr holds, FALSE after 5 s */                       \
  G_GNUC_EXTENSION({                                                                                                   \
    gint64 until_ = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;                                                       \
    while (!(expr) && g_get_monotonic_time() < until_) rig_turn(r);                                                    \
    (expr);                                                                                                            \
  })
void rig_turn(rig *); /* one iteration, at most 20 ms */

gw_desc *rig_desc(guint16 port, gw_dir dir);          /* PCMU and telephone-event on 127.0.0.1 */
end *rig_dial(rig *, const char *uri, const char *user, const char *password, const gw_desc *offer); /* from the client */
end *rig_dial_phone(rig *, const char *number, const gw_desc *offer, gw_cause *ret_why);              /* from the server */
end *rig_dial_trunk(rig *, const char *trunk, const char *number, const char *from, const gw_desc *offer,
                    gw_cause *ret_why); /* from the client, as "Anna" */
void rig_pair(rig *, end **ret_caller, end **ret_callee); /* of a call inside the server */
end *rig_in(side *, guint n);                         /* n-th call that came in, or NULL */
guint rig_count_lines(rig *, const char *part);
gw_sip_line *rig_register(rig *, const char *user, const char *password, gboolean tcp, guint *ret_up, guint *ret_down);

gw_sip_line *rig_register_at(rig *, const char *uri, const char *user, const char *password, guint *ret_up,
                             guint *ret_down);

/* A socket that speaks for itself. */
typedef struct {
  int fd;
  gboolean tcp;
  guint port, peer;
  guint32 branch; /* of the last request that was no ACK */
} wire;
wire *wire_udp(rig *, guint peer_port);
wire *wire_udp_from(rig *, guint peer_port, const char *own_ip); /* 127.0.0.2 and so on */
char *wire_outer_address(void);   /* an IPv4 address of this host that is not loopback, or NULL */
wire *wire_tcp(rig *, guint peer_port);
void wire_free(wire *);
void wire_send(wire *, const char *text);
void wire_send_bytes(wire *, const void *bytes, gsize n);
char *wire_read(rig *, wire *, guint ms);             /* next message, NULL: none came */
guint wire_status(rig *, wire *, guint ms);           /* of the next final response; 0: none */
char *wire_final(rig *, wire *, guint ms);            /* the next final response itself */
char *wire_header(const char *message, const char *name);
/* A request with all the usual headers. extra: more header lines, each with CRLF; body may be NULL. */
char *wire_request(wire *, const char *method, const char *uri, const char *call_id, guint cseq, const char *to_tag,
                   const char *extra, const char *body);
/* "Authorization: ..." for a challenge; nc 0: without qop. */
char *wire_authorization(const char *challenge, const char *method, const char *uri, const char *user,
                         const char *password, guint nc);
#endif
